"""The doctor's look at a database server: reached with the driver we bring, its version, its key, its clock."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.settings import Settings
from app.wiring import Services, single_user
from tests.fakes.postgres import PostgresServer, running
from tests.unit.test_doctor import said


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running() as made:
        yield made


@pytest.fixture
def url(server, tmp_path, monkeypatch) -> str:
    for name in list(os.environ):
        if name.startswith("TANDAO_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    made = server.new_url()
    monkeypatch.setenv("TANDAO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TANDAO_DATABASE_URL", made)
    return made


def use(url: str, home: Path) -> None:
    services = Services(Settings(home=home, database_url=url))
    services.rehearsals.start(single_user("zh"), "expert-open", lang="zh")
    services.engine.dispose()


def change(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        for statement in statements:
            db.execute(statement)  # type: ignore[arg-type]


def test_a_server_in_use_another_key_another_release(url, tmp_path):
    assert said("database") == ("ok", "new")
    use(url, tmp_path / "home")
    assert said("database") == ("ok", "ok") and said("key") == ("ok", "ok") and said("clock") == ("ok", "ok")
    key = tmp_path / "home" / "master.key"
    key.unlink()
    assert said("key") == ("broken", "lost")
    use(f"sqlite:///{tmp_path}/other.db", tmp_path / "home")
    assert said("key") == ("broken", "other")
    change(url, "update alembic_version set version_num = '9999'")
    assert said("database") == ("broken", "newer")


def test_a_clock_apart_from_the_servers(url, tmp_path):
    use(url, tmp_path / "home")
    name = url.rpartition("/")[2]
    change(
        url,
        "create function public.clock_timestamp() returns timestamptz language sql"
        " as $$ select pg_catalog.clock_timestamp() - interval '5 minutes' $$",
        f"alter database {name} set search_path = public, pg_catalog",
    )
    assert said("clock") == ("broken", "apart")


def test_a_server_that_is_away_is_said(url, server, tmp_path, monkeypatch):
    use(url, tmp_path / "home")
    server.stop()
    try:
        assert said("database") == ("broken", "closed")
        assert said("clock") == ("ok", "ok")
    finally:
        server.start()
    assert said("database") == ("ok", "ok")
