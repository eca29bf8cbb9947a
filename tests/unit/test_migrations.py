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
