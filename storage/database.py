"""The engine for a database URL, brought to the newest migration when first used."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from interview.errors import ConflictError, SettingsError, StorageError
from storage.tables import HEAD, metadata

_VERSION_TABLE = "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


def open_database(url: str) -> Engine:
    """An engine whose schema is current.

    Raises SettingsError for a URL nothing can be made of, StorageError where the database can't be reached or written.
    """
    try:
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"), connect_args=_connect_args(url))
    except (SQLAlchemyError, ImportError, ValueError) as error:  # no such form, no such driver
        raise SettingsError(type(error).__name__, message_key="error.database_url") from error
    if url.startswith("sqlite"):
        event.listen(engine, "connect", _sqlite_settings)
    with storage_errors():
        _bring_up_to_date(engine)
    return engine


@contextmanager
def storage_errors() -> Generator[None]:
    """Turn the database library's errors into ours."""
    try:
        yield
    except IntegrityError as error:
        raise ConflictError("somebody else was first") from error
    except DBAPIError as error:
        full = "full" in str(error.orig).lower() or "no space" in str(error.orig).lower()
        key = "error.disk_full" if full else "error.storage"
        raise StorageError(type(error.orig).__name__, message_key=key) from error
    except SQLAlchemyError as error:
        raise StorageError(type(error).__name__) from error


@contextmanager
def transaction(engine: Engine) -> Generator[Connection]:
    """One transaction, with errors as ours."""
    with storage_errors(), engine.begin() as connection:
        yield connection


def _connect_args(url: str) -> dict[str, Any]:
    return {"timeout": 15} if url.startswith("sqlite") else {}


def _sqlite_settings(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "busy_timeout=15000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _bring_up_to_date(engine: Engine) -> None:
    """A new database gets today's tables at once; an older one goes through the migrations."""
    with engine.connect() as connection:
        version = _version(connection)
    if version == HEAD:
        return
    if version is None:
        with engine.begin() as connection:
            metadata.create_all(connection)
            connection.execute(
                text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            )
            if _version(connection) is None:
                connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
        return
    migrate(engine)


def migrate(engine: Engine, target: str = "head") -> None:
    """Run the packaged migrations up to ``target``."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, target)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
