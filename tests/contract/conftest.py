"""Every contract is run on SQLite and on a real PostgreSQL server."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services
from storage.database import open_database
from storage.store import Store
from storage.vault import Vault
from tests.fakes.postgres import PostgresServer, running

NOW = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)


class FixedClock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> dt.datetime:
        return self.at


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tandao.db'}"
    return request.getfixturevalue("postgres").new_url()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(url: str, home: Path, clock: FixedClock) -> Iterator[Store]:
    engine = open_database(url)
    yield Store(engine, Vault.from_file(home / "master.key"), clock)
    engine.dispose()


@pytest.fixture
def services(url: str, home: Path) -> Iterator[Services]:
    """The whole product on the database of the hour."""
    made = Services(Settings(home=home / "home", database_url=url, pace_s=0))
    yield made
    made._store.engine.dispose()
