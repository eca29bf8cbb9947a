"""The migrations lead to the same tables as the code's metadata."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import storage
from storage.database import migrate, open_database
from storage.tables import HEAD, metadata


def test_head_is_the_newest_migration():
    scripts = ScriptDirectory(str(Path(storage.__file__).parent / "migrations"))
    assert scripts.get_current_head() == HEAD


def test_migrations_and_metadata_agree(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'm.db'}")
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_new_database_is_stamped_and_reopened(tmp_path):
    url = f"sqlite:///{tmp_path / 'n.db'}"
    for _ in range(2):
        engine = open_database(url)
        with engine.connect() as connection:
            assert connection.execute(text("select version_num from alembic_version")).scalar() == HEAD
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        engine.dispose()


def test_a_filled_database_of_the_first_version_keeps_its_rehearsals(tmp_path):
    """Made as the first version made it: migrated to 0001 only, with a row in it."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = create_engine(url)
    migrate(engine, "0001")
    row = {
        "id": "r1", "owner_id": "local", "persona_id": "p", "scenario_id": "s", "lang": "zh", "mode": "practice", "seed": 1,
        "variant": "a", "voice": "authored", "created_at": "2026-11-23T08:00:00+00:00",
        "updated_at": "2026-11-23T08:00:00+00:00", "turn_count": 0, "versions": "{}", "opening": b"sealed",
    }  # fmt: skip
    with engine.begin() as connection:
        columns = ", ".join(row)
        connection.execute(text(f"insert into rehearsals ({columns}) values (:{', :'.join(row)})"), row)
    engine.dispose()
    engine = open_database(url)
    with engine.connect() as connection:
        assert connection.execute(text("select opening, drill from rehearsals")).one() == (b"sealed", None)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
