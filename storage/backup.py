"""One file with everything but the master key, and the way back. SQLite; a database server has tools of its own."""

import datetime as dt
import json
import os
import secrets
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from consent.ledger import first_broken
from interview.errors import ConflictError, InputError, StorageError
from storage.database import open_database, settle, storage_errors, transaction
from storage.erasing import Receipt, add_receipts, erase_again, receipts_in, receipts_of
from storage.live import entries_of
from storage.master import MasterKeys
from storage.tables import HEAD, sealing_keys
from storage.vault import open_vault

_DATABASE, _MANIFEST = "tandao.db", "manifest.json"
_FORMAT = 1
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Restored:
    """``made_at``: when the copy was made, ISO 8601; ``keys``: things it holds; ``again``: erased since, and erased again."""

    made_at: str
    keys: int
    again: int


def back_up(engine: Engine, to: Path) -> int:
    """Write a copy while others go on writing; how many sealed things it holds.

    Raises InputError where the file is there already or the database is not SQLite, StorageError where it can't be written.
    """
    if engine.dialect.name != "sqlite":
        raise InputError("not SQLite", message_key="error.backup_server")
    if to.exists():
        raise InputError("there already", message_key="error.backup_there", path=str(to))
    copy = to.with_name(f".{to.name}.{secrets.token_hex(6)}.db")
    draft = copy.with_suffix(".zip")
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with storage_errors(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("VACUUM INTO ?", (str(copy),))
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


def restore(file: Path, into: Path, keys: MasterKeys, receipts: Path, head: Path, *, replace: bool) -> Restored:
    """Put the database of a copy in place, after it was opened with the key, looked through and forgotten in again.

    Nothing is changed where anything is wrong: InputError for a file that is no whole copy, for a database that is there
    (unless ``replace``); StorageError for another master key; ConflictError where a server still runs on it.
    """
    if into.exists() and not replace:
        raise InputError("there already", message_key="error.restore_there", path=str(into))
    draft = into.with_name(f".{into.name}.{secrets.token_hex(6)}")
    try:
        made_at = _unpack(file, draft)
        since = [*receipts_in(receipts), *(_free(into) if into.exists() else [])]
        again, last = _proved(draft, keys, since)
        add_receipts(receipts, since)
        for beside in ("-wal", "-shm"):
            into.with_name(into.name + beside).unlink(missing_ok=True)
        draft.replace(into)
        head.write_text(last, "ascii")
        return Restored(made_at, _count(into), again)
    except OSError as error:
        raise StorageError(type(error).__name__, message_key="error.home", path=str(into.parent)) from error
    finally:
        for end in ("", "-wal", "-shm"):
            draft.with_name(draft.name + end).unlink(missing_ok=True)


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
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, NotImplementedError) as error:
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
