"""A database of any earlier release, with something in every table, is brought to today's with nothing lost."""

import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    create_engine,
    event,
    inspect,
    select,
    text,
)

import storage
from interview.errors import StorageError
from storage.database import is_current, migrate, open_database
from storage.tables import HEAD, metadata

SCRIPTS = ScriptDirectory(str(Path(storage.__file__).parent / "migrations"))
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()][::-1]
"""From the first release on."""
VALUES = {Boolean: True, Float: 1.5, Integer: 1, JSON: {"a": [1, "二"]}, LargeBinary: b"\x00sealed\xff"}


@pytest.fixture
def engine(url):
    made = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    yield made
    made.dispose()


def value(column: Any) -> Any:
    return next((v for kind, v in VALUES.items() if isinstance(column.type, kind)), "x")


def fill(engine: Engine, seen: dict[str, dict[str, Any]]) -> None:
    """One row into every table that is not filled yet."""
    found = MetaData()
    found.reflect(engine)
    with engine.begin() as db:
        for table in found.sorted_tables:
            if table.name not in seen and table.name != "alembic_version":
                row = {c.name: value(c) for c in table.columns}
                seen[table.name] = row
                db.execute(table.insert().values(row))


@pytest.mark.parametrize("start", REVISIONS)
def test_every_row_of_an_earlier_release_is_still_there(engine, url, start):
    """Filled as it stood at ``start`` and again after each step from there."""
    rows: dict[str, dict[str, Any]] = {}
    for revision in REVISIONS[REVISIONS.index(start) :]:
        migrate(engine, revision)
        fill(engine, rows)
    opened = open_database(url)
    assert is_current(opened)
    with opened.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
        for name, row in rows.items():
            kept = metadata.tables.get(name)
            if kept is not None:
                now = db.execute(select(kept)).mappings().one()
                assert {key: now[key] for key in row if key in now} == {k: v for k, v in row.items() if k in now}
    opened.dispose()


def test_replicas_that_start_together_make_the_tables_once(url):
    gate, failed = threading.Barrier(4), list[Exception]()

    def start() -> None:
        gate.wait()
        try:
            open_database(url).dispose()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    engine = open_database(url)
    with engine.connect() as db:
        assert list(db.execute(text("select version_num from alembic_version")).scalars()) == [HEAD]
    engine.dispose()


def test_replicas_that_start_together_upgrade_once(engine, url):
    migrate(engine, REVISIONS[0])
    rows: dict[str, dict[str, Any]] = {}
    fill(engine, rows)
    test_replicas_that_start_together_make_the_tables_once(url)
    with engine.connect() as db:
        assert db.execute(text("select opening from rehearsals")).scalar_one() == rows["rehearsals"]["opening"]


def test_a_step_that_fails_leaves_the_database_as_it_was(engine):
    """The tables and the version they claim change together or not at all."""
    migrate(engine, REVISIONS[0])

    def fails(_connection, _cursor, statement, *_):
        if statement.startswith("UPDATE alembic_version") and REVISIONS[2] in statement:
            raise RuntimeError("power cut")

    event.listen(engine, "before_cursor_execute", fails)
    with pytest.raises(RuntimeError):
        migrate(engine)
    event.remove(engine, "before_cursor_execute", fails)
    with engine.connect() as db:
        assert db.execute(text("select version_num from alembic_version")).scalar_one() == REVISIONS[0]
        assert not inspect(db).has_table("cohorts")
    migrate(engine)
    with engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_a_database_of_a_newer_release_is_left_alone(engine, url):
    migrate(engine)
    with engine.begin() as db:
        db.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StorageError) as raised:
        open_database(url)
    assert raised.value.message_key == "error.database_newer"
