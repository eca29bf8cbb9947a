"""One file with everything but the master key, and the way back, the same from SQLite and PostgreSQL and into either.

The copy is an SQLite database in a zip file, whatever it was made from.
"""

import datetime as dt
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from consent.ledger import first_broken
from interview.errors import ConflictError, InputError, StorageError
from storage.database import open_database, plain_engine, settle, storage_errors, transaction
from storage.erasing import Receipt, add_receipts, erase_again, receipts_in, receipts_of
from storage.live import entries_of
from storage.master import MasterKeys
from storage.tables import HEAD, metadata, sealing_keys
from storage.vault import open_vault

_DATABASE, _MANIFEST = "tandao.db", "manifest.json"
_FORMAT = 1
_CHUNK = 1 << 20
_ROWS = 500
"""Carried at a time between two databases."""


@dataclass(frozen=True, slots=True)
class Restored:
    """``made_at``: when the copy was made, ISO 8601; ``keys``: things it holds; ``again``: erased since, and erased again."""

    made_at: str
    keys: int
    again: int


def back_up(engine: Engine, to: Path) -> int:
    """Write a copy while others go on writing; how many sealed things it holds.

    Raises InputError where the file is there already, StorageError where it can't be written.
    """
    if to.exists():
        raise InputError("there already", message_key="error.backup_there", path=str(to))
    copy = to.with_name(f".{to.name}.{secrets.token_hex(6)}.db")
    draft = copy.with_suffix(".zip")
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        if engine.dialect.name == "sqlite":
            with storage_errors(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
                db.exec_driver_sql("VACUUM INTO ?", (str(copy),))
        else:
            _take_rows(engine, copy)
        count = _count(copy)
        made = {"format": _FORMAT, "made_at": _now(), "tables": HEAD, "keys": count}
        with (
            os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
        ):
            packed.writestr(_MANIFEST, json.dumps(made))
            packed.write(copy, _DATABASE)
        os.link(draft, to)
    except FileExistsError as error:
        raise InputError("there already", message_key="error.backup_there", path=str(to)) from error
    except OSError as error:
        raise StorageError(type(error).__name__, message_key="error.backup_write", path=str(to)) from error
    finally:
        for left in (copy, draft):
            left.unlink(missing_ok=True)
    return count


def restore(file: Path, into: URL, keys: MasterKeys, receipts: Path, head: Path, *, replace: bool) -> Restored:
    """Put a copy in place of the database ``into``, after it was opened with the key, looked through and forgotten in again.

    Nothing is changed where anything is wrong: InputError for a file that is no whole copy, for a database that is there
    (unless ``replace``); StorageError for another master key; ConflictError where a server still runs on it. ``receipts``
    and ``head``: the files of the data folder, where also the copy is unpacked for a database server.
    """
    place = Path(into.database or "") if into.get_backend_name() == "sqlite" else None
    draft = (place or receipts).with_name(f".{(place or receipts).name}.{secrets.token_hex(6)}")
    server = None
    try:
        if place is not None:
            if place.exists() and not replace:
                raise InputError("there already", message_key="error.restore_there", path=str(place))
            made_at, before = _unpack(file, draft), _free(place) if place.exists() else []
        else:
            server = create_engine(plain_engine(into.render_as_string(hide_password=False)).url, poolclass=NullPool)
            made_at, before = _unpack(file, draft), _free_server(server, into, replace=replace)
        since = [*receipts_in(receipts), *before]
        again, last = _proved(draft, keys, since)
        add_receipts(receipts, since)
        count = _count(draft)
        if server is not None:
            _put_rows(draft, server)
        elif place is not None:
            for beside in ("-wal", "-shm"):
                place.with_name(place.name + beside).unlink(missing_ok=True)
            draft.replace(place)
        head.write_text(last, "ascii")
        return Restored(made_at, count, again)
    except OSError as error:
        raise StorageError(type(error).__name__, message_key="error.home", path=str(draft.parent)) from error
    finally:
        if server is not None:
            server.dispose()
        for end in ("", "-wal", "-shm"):
            draft.with_name(draft.name + end).unlink(missing_ok=True)


def _take_rows(engine: Engine, copy: Path) -> None:
    """Every row of every table as of one moment, into a new SQLite file."""
    into = open_database(f"sqlite:///{copy}")
    try:
        with (
            storage_errors(),
            engine.connect().execution_options(isolation_level="REPEATABLE READ") as source,
            into.begin() as db,
        ):
            _carry(source, db)
        settle(into)
    finally:
        into.dispose()


def _put_rows(draft: Path, server: Engine) -> None:
    """The rows of a copy in place of the server's, all or none."""
    source_engine = open_database(f"sqlite:///{draft}")
    names = ", ".join(table.name for table in metadata.sorted_tables)
    try:
        with transaction(server) as db, source_engine.connect() as source:
            db.execute(text(f"TRUNCATE {names}"))  # unlike DELETE it leaves no old rows in the files
            _carry(source, db)
            numbered = "SELECT setval(pg_get_serial_sequence('erasures', 'number'), max(number)) FROM erasures"
            db.execute(text(f"{numbered} HAVING max(number) IS NOT NULL"))
    finally:
        source_engine.dispose()


def _carry(source: Connection, into: Connection) -> None:
    for table in metadata.sorted_tables:
        found = source.execution_options(stream_results=True).execute(select(table))
        for rows in found.mappings().partitions(_ROWS):
            into.execute(insert(table), [dict(row) for row in rows])


def _free_server(server: Engine, where: URL, *, replace: bool) -> list[Receipt]:
    """What the server's database has erased, its tables made where it has none; raises ConflictError where somebody uses it."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    with storage_errors(), server.connect() as db:
        if db.execute(others).scalar_one():
            raise ConflictError("in use", message_key="error.restore_running")
    open_database(where.render_as_string(hide_password=False)).dispose()
    with transaction(server) as db:
        if not replace and db.execute(select(sealing_keys.c.id).limit(1)).first() is not None:
            raise InputError("there already", message_key="error.restore_there", path=str(where.database))
        return receipts_of(db)


def _unpack(file: Path, to: Path) -> str:
    """The database of a copy; when the copy was made."""
    try:
        with zipfile.ZipFile(file) as packed:
            made = json.loads(packed.read(_MANIFEST))
            if made["format"] != _FORMAT:
                raise ValueError("format")
            handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with packed.open(_DATABASE) as source, os.fdopen(handle, "wb") as out:
                while piece := source.read(_CHUNK):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            return str(made["made_at"])
    except FileNotFoundError as error:
        raise InputError("no such file", message_key="error.file_missing", path=str(file)) from error
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError, NotImplementedError) as error:
        raise InputError(type(error).__name__, message_key="error.restore_damaged", path=str(file)) from error


def _proved(database: Path, keys: MasterKeys, since: Iterable[Receipt]) -> tuple[int, str]:
    """How many things were erased again, and the line of the ledger's last entry."""
    engine = open_database(f"sqlite:///{database}")
    try:
        with storage_errors(), engine.connect() as db:
            sound = db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            entries = entries_of(db, None)
        if not sound or first_broken(entries) is not None:
            raise InputError("not whole", message_key="error.restore_damaged", path=_DATABASE)
        open_vault(keys, engine, make=False)
        again = erase_again(engine, list(since))
        settle(engine)
        return again, f"{entries[-1].number} {entries[-1].digest}\n" if entries else ""
    finally:
        engine.dispose()


def _free(database: Path) -> list[Receipt]:
    """What the database about to be replaced has erased; raises ConflictError where somebody has it open."""
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": 2})
    try:
        with engine.connect() as db:
            db.exec_driver_sql("PRAGMA locking_mode=EXCLUSIVE")
            db.exec_driver_sql("BEGIN EXCLUSIVE")
            db.rollback()
    except SQLAlchemyError as error:
        if "locked" in str(error):
            raise ConflictError("in use", message_key="error.restore_running") from error
        return []  # a damaged one is what a copy is for
    try:
        with transaction(engine) as db:
            return receipts_of(db)
    except StorageError:  # one from before there were receipts
        return []
    finally:
        engine.dispose()


def _count(database: Path) -> int:
    engine = create_engine(f"sqlite:///{database}")
    try:
        with transaction(engine) as db:
            return int(db.execute(select(func.count()).select_from(sealing_keys)).scalar_one())
    finally:
        engine.dispose()


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
