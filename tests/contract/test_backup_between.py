"""A copy made from either kind of database goes back into either kind, whole, and what was erased since stays erased."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from app.backup_command import backup, put_back
from app.settings import Settings
from app.wiring import Services
from interview.actor import Actor, Role
from interview.errors import ConflictError, InputError, NotFoundError
from storage.database import open_database
from storage.erasing import receipts_in
from storage.tables import metadata
from tests.unit.test_planted_words import ROOT, used


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'elsewhere.db'}"
    return request.getfixturevalue("postgres").new_url()


@pytest.fixture
def filled(url: str, tmp_path: Path) -> Iterator[tuple[Services, str, str]]:
    services = Services(Settings(home=tmp_path / "home", database_url=url, accounts="on"))
    manager = services.accounts.add(ROOT, "ann", "安", Role.MANAGER)[0].id
    trainer = services.accounts.add(ROOT, "tia", "田", Role.TRAINER)[0].id
    used(services, manager, trainer)
    yield services, manager, trainer
    services.engine.dispose()


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = open_database(url)
    try:
        with engine.connect() as db:
            return {t.name: sorted(map(tuple, db.execute(select(t))), key=repr) for t in metadata.sorted_tables}
    finally:
        engine.dispose()


def test_a_copy_goes_from_either_to_either_and_forgets_again(filled, url: str, other_url: str, tmp_path: Path):
    services, manager, trainer = filled
    before, copy = rows(url), tmp_path / "copy.zip"
    assert sum(bool(found) for found in before.values()) >= 14, "nearly every table has something"
    backup(services, copy)
    there = Settings(home=tmp_path / "home", database_url=other_url, accounts="on")
    put_back(there, copy, replace=False)
    assert rows(other_url) == before
    with pytest.raises(InputError):
        put_back(there, copy, replace=False)
    moved = Services(there)
    (held,) = moved.rehearsals.mine(Actor(manager, Role.MANAGER, "zh"))
    assert moved.rehearsals.turns(Actor(manager, Role.MANAGER, "zh"), held.id)[0].payload["text"]
    with pytest.raises(ConflictError):  # this one is running
        put_back(there, copy, replace=True)
    moved.accounts.delete(ROOT, manager)
    moved.engine.dispose()
    assert len(list(receipts_in(there.receipts))) >= 5
    put_back(there, copy, replace=True)
    after = Services(there)
    with pytest.raises(NotFoundError):
        after.rehearsals.get(Actor(manager, Role.MANAGER, "zh"), held.id)
    assert [a.login for a in after.accounts.all(ROOT)] == ["tia"]
    made = after.rehearsals.start(Actor(trainer, Role.TRAINER, "zh"), "expert-open", lang="zh")
    after.rehearsals.delete(Actor(trainer, Role.TRAINER, "zh"), made.id)  # receipts count on where they were
    after.engine.dispose()
    numbers = [receipt.number for receipt in receipts_in(there.receipts)]
    assert len(set(numbers)) == len(numbers)
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()], "no unpacked copy is left"


def test_a_copy_is_of_one_moment_and_a_damaged_one_changes_nothing(filled, url: str, tmp_path: Path):
    services, _, _ = filled
    copy = tmp_path / "copy.zip"
    backup(services, copy)
    raw = bytearray(copy.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    copy.write_bytes(bytes(raw))
    before = rows(url)
    with pytest.raises(InputError):
        put_back(services.settings, copy, replace=True)
    assert rows(url) == before and make_url(url).database
