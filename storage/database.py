"""The engine for a database URL, brought to the newest migration when first used."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from interview.errors import ConflictError, SettingsError, StorageError
from storage.tables import HEAD, metadata

_VERSION_TABLE = "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
_BUSY_MS = 15_000
AFTER_ERASING = "tandao_after_erasing"
"""Execution option of an engine: called once something erased is committed."""
ERASED = "tandao_erased"
"""Set in a connection's ``info`` by a transaction that took away something sealed, or the key to it."""
_SCHEMA_LOCK = 7_420_613_358
"""PostgreSQL's advisory lock under which one of several starting replicas makes or changes the tables."""


def open_database(url: str) -> Engine:
    """An engine whose schema is current.

    Raises SettingsError for a URL nothing can be made of, StorageError where the database can't be reached or written.
    """
    engine = plain_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_settings)
    try:
        with storage_errors():
            _bring_up_to_date(engine)
    except StorageError:
        engine.dispose()
        raise
    return engine


def plain_engine(url: str) -> Engine:
    """An engine that has not looked at the database yet; raises SettingsError for a URL nothing can be made of."""
    try:
        where = _with_driver(make_url(url))
        return create_engine(where, **_engine_settings(where))
    except (SQLAlchemyError, ImportError, ValueError) as error:  # no such form, no such driver
        raise SettingsError(type(error).__name__, message_key="error.database_url") from error


@contextmanager
def storage_errors() -> Generator[None]:
    """Turn the database library's errors into ours."""
    try:
        yield
    except IntegrityError as error:
        raise ConflictError("somebody else was first") from error
    except DBAPIError as error:
        raise StorageError(type(error.orig).__name__, message_key=_why(str(error.orig).lower())) from error
    except SQLAlchemyError as error:
        raise StorageError(type(error).__name__) from error


def _why(said: str) -> str:
    """The sentence for what the database said."""
    if "full" in said or "no space" in said:
        return "error.disk_full"
    shut = ("readonly", "read-only", "unable to open database file")
    return "error.read_only" if any(one in said for one in shut) else "error.storage"


@contextmanager
def transaction(engine: Engine) -> Generator[Connection]:
    """One transaction, with errors as ours. Where it deleted something sealed, no copy stays behind in the log."""
    with storage_errors():
        with engine.begin() as connection:
            connection.info.pop(ERASED, None)
            yield connection
            erased = connection.info.pop(ERASED, False)
        if erased:
            settle(engine)
            after = engine.get_execution_options().get(AFTER_ERASING)
            if after is not None:
                after()


def settle(engine: Engine) -> bool:
    """Empty SQLite's write-ahead log, which keeps pages as they were before; whether nothing of it is left.

    Where others are reading it is left for the next time: it never makes anybody wait for longer than two seconds.
    """
    if engine.dialect.name != "sqlite":
        return True
    with suppress(SQLAlchemyError), engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=2000")
        try:
            row = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_MS}")
        return row[0] == 0
    return False


def _with_driver(url: URL) -> URL:
    """``postgres://`` and ``postgresql://`` mean the driver that comes with the extra [postgres]."""
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


def _engine_settings(url: URL) -> dict[str, Any]:
    """A connection that a server dropped is replaced unseen; a server that is away is reported within ten seconds."""
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 15}}
    waits = {"connect_timeout": 10} if url.drivername == "postgresql+psycopg" else {}
    return {"pool_pre_ping": True, "pool_size": 8, "max_overflow": 16, "pool_timeout": 15, "connect_args": waits}


def _sqlite_settings(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={_BUSY_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def is_current(engine: Engine) -> bool:
    """Whether the database answers and has today's tables; raises StorageError where it does not answer."""
    with storage_errors(), engine.connect() as connection:
        return _version(connection) == HEAD


def _bring_up_to_date(engine: Engine) -> None:
    """A new database gets today's tables at once; an older one goes through the migrations.

    Of several processes that start together one does it, the others wait for it and look again.
    """
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    with engine.begin() as connection:
        _alone(connection)
        version = _version(connection)
        if version is None:
            metadata.create_all(connection)
            connection.execute(text(_VERSION_TABLE))
            connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
        elif version != HEAD:
            _upgrade(connection, "head")


def migrate(engine: Engine, target: str = "head") -> None:
    """Run the packaged migrations up to ``target``."""
    with engine.begin() as connection:
        _alone(connection)
        _upgrade(connection, target)


def _alone(connection: Connection) -> None:
    """Take the schema for this transaction: whoever else wants to change it waits."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _SCHEMA_LOCK})


def _upgrade(connection: Connection, target: str) -> None:
    """Raises StorageError for a database that a newer release has changed already."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, target)
    except CommandError as error:
        raise StorageError("unknown version of the tables", message_key="error.database_newer") from error


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
