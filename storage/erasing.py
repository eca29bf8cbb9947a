"""Forgetting that outlives a restored copy: every erasure leaves a receipt in the database and in a file beside it.

A receipt names nobody: a running number, what kind of thing it was, the SHA-256 of its id, and when. Where a database is
older than the file, it is a copy from before: what was erased since is erased again before anybody reads it.
"""

import datetime as dt
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Table, delete, exists, func, insert, select, text

from interview.errors import StorageError
from storage.database import AFTER_ERASING, ERASED, settle, transaction
from storage.tables import (
    accounts,
    classrooms,
    cohorts,
    custom_files,
    erasures,
    links,
    live_interviews,
    live_sound,
    records,
    rehearsals,
    sealing_keys,
    utterances,
)

Kind = Literal["key", "record"]
_COLUMNS: dict[Kind, Any] = {"key": sealing_keys.c.id, "record": records.c.id}
_BEHIND = 500
"""Receipts looked back for: several replicas may commit theirs in another order than they are numbered."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """``digest``: SHA-256 of the id in hexadecimal; ``at``: ISO 8601 in UTC, to the second."""

    number: int
    kind: Kind
    digest: str
    at: str

    def line(self) -> str:
        """As it stands in the file."""
        return f"{self.number} {self.kind} {self.digest} {self.at}\n"


def erase(db: Connection, kind: Kind, where: Any) -> int:
    """Delete sealing keys or records and leave a receipt for each, in the caller's transaction; how many there were."""
    column = _COLUMNS[kind]
    gone = list(db.execute(delete(column.table).where(where).returning(column)).scalars())
    if gone:
        at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        db.execute(insert(erasures), [{"kind": kind, "digest": _digest(one), "at": at} for one in gone])
        db.info[ERASED] = True
    return len(gone)


def erase_owned(db: Connection, owner_id: str, *, records_too: bool) -> None:
    """Everything that is somebody's own goes, with its keys: rehearsals, live interviews and their own name in the ledger,
    cohorts and classes they lead; with ``records_too`` their team's records as well."""
    talks = list(db.execute(select(live_interviews.c.id).where(live_interviews.c.owner_id == owner_id)).scalars())
    keys = [f"{what}:{one}" for one in talks for what in ("words", "cues", "sound", "name:manager")] + talks
    for table, owner in ((rehearsals, "owner_id"), (cohorts, "trainer_id"), (classrooms, "trainer_id")):
        keys += db.execute(select(table.c.id).where(table.c[owner] == owner_id)).scalars()
    for part in _parts(keys):
        erase(db, "key", sealing_keys.c.id.in_(part))
        for table in (rehearsals, cohorts, classrooms, live_interviews):
            _delete(db, table, table.c.id, part)
    for part in _parts(talks):
        _delete(db, utterances, utterances.c.interview_id, part)
        _delete(db, live_sound, live_sound.c.interview_id, part)
    if not records_too:
        return
    own = records.c.owner_id == owner_id
    people = list(db.execute(select(records.c.key_id).where(own).distinct()).scalars())
    gone = list(db.execute(select(records.c.id).where(own)).scalars())
    for part in _parts(gone):
        _delete(db, links, links.c.record_id, part)
        erase(db, "record", records.c.id.in_(part))
    for part in _parts(people):  # somebody whom nobody else leads is forgotten
        unused = ~exists().where(records.c.key_id == sealing_keys.c.id)
        erase(db, "key", sealing_keys.c.id.in_(part) & unused)


def keep_forgotten(engine: Engine, file: Path) -> int:
    """At a start: erase again what the file knows and an older database does not, and keep the file from now on.

    How many things were erased again. Raises StorageError where the file is there and can't be read.
    """
    with transaction(engine) as db:
        last = db.execute(select(func.max(erasures.c.number))).scalar() or 0
    behind = any(receipt.number > last for receipt in _tail(file))
    count = erase_again(engine, list(receipts_in(file))) if behind else 0
    keep_receipts(engine, file)
    engine.update_execution_options(**{AFTER_ERASING: partial(keep_receipts, engine, file)})
    return count


def keep_receipts(engine: Engine, file: Path) -> int:
    """Append to the file what it does not have yet; how many. Where it can't be written, the next erasure tries again."""
    with suppress(OSError, StorageError):
        known = {receipt.number for receipt in _tail(file)}
        after = max(known, default=0) - _BEHIND
        with transaction(engine) as db:
            rows = db.execute(select(erasures).where(erasures.c.number > after).order_by(erasures.c.number)).all()
        new = [Receipt(*row) for row in rows if row.number not in known]
        _append(file, new)
        return len(new)
    return 0


def receipts_of(db: Connection) -> list[Receipt]:
    """Every receipt of a database, in order."""
    return [Receipt(*row) for row in db.execute(select(erasures).order_by(erasures.c.number))]


def add_receipts(file: Path, receipts: Sequence[Receipt]) -> None:
    """Append those the file does not have."""
    known = {receipt.number for receipt in receipts_in(file)}
    _append(file, [receipt for receipt in receipts if receipt.number not in known])


def receipts_in(file: Path) -> Iterator[Receipt]:
    """Every receipt of the file, once; a line cut off by a fault is passed over."""
    seen: set[int] = set()
    try:
        with file.open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                receipt = _parsed(line)
                if receipt and receipt.number not in seen:
                    seen.add(receipt.number)
                    yield receipt
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(type(error).__name__, message_key="error.receipts", path=str(file)) from error


def erase_again(engine: Engine, receipts: Sequence[Receipt]) -> int:
    """Erase what these receipts name if the database still has it, and take them over; how many things there were.

    Only receipts newer than the database's own count: what was made anew since an erasure stays.
    """
    with transaction(engine) as db:
        last = db.execute(select(func.max(erasures.c.number))).scalar() or 0
        own = {(r.number, r.digest) for r in db.execute(select(erasures).where(erasures.c.number > last - _BEHIND))}
        new = [r for r in receipts if r.number > last - _BEHIND and (r.number, r.digest) not in own]
        if not new:
            return 0
        count = _forget(db, {r.digest for r in new if r.kind == "key"}, {r.digest for r in new if r.kind == "record"})
        taken = {number for number, _ in own}
        add = {r.number: asdict(r) for r in new if r.number not in taken}
        if add:
            db.execute(insert(erasures), list(add.values()))
        if db.dialect.name == "postgresql":
            db.execute(text("SELECT setval(pg_get_serial_sequence('erasures', 'number'), max(number)) FROM erasures"))
        db.info[ERASED] = True
    settle(engine)
    return count


def _forget(db: Connection, keys: set[str], bodies: set[str]) -> int:
    """Whatever hangs on these keys, then the keys; and these records."""
    lost = [one for one in db.execute(select(sealing_keys.c.id)).scalars() if _digest(one) in keys]
    gone = [one for one in db.execute(select(records.c.id)).scalars() if _digest(one) in bodies]
    for part in _parts(lost):
        named = {prefix: [k.removeprefix(prefix) for k in part if k.startswith(prefix)] for prefix in _PREFIXES}
        for table, column, ids in (
            (links, links.c.key_id, part), (records, records.c.key_id, part), (rehearsals, rehearsals.c.id, part),
            (cohorts, cohorts.c.id, part), (classrooms, classrooms.c.id, part),
            (custom_files, custom_files.c.key_id, part), (accounts, accounts.c.id, named["account-"]),
            (utterances, utterances.c.interview_id, [*named["words:"], *part]),
            (live_sound, live_sound.c.interview_id, [*named["sound:"], *part]),
            (live_interviews, live_interviews.c.id, part),
        ):  # fmt: skip
            _delete(db, table, column, ids)
        if named["words:"]:
            emptied = live_interviews.c.id.in_(named["words:"])
            db.execute(live_interviews.update().where(emptied).values(minutes=None))
        if named["cues:"]:
            db.execute(utterances.update().where(utterances.c.interview_id.in_(named["cues:"])).values(cues=None))
        _delete(db, sealing_keys, sealing_keys.c.id, part)
    for part in _parts(gone):
        _delete(db, links, links.c.record_id, part)
        _delete(db, records, records.c.id, part)
    return len(lost) + len(gone)


_PREFIXES = ("words:", "cues:", "sound:", "account-")


def _delete(db: Connection, table: Table, column: Any, ids: Sequence[str]) -> None:
    if ids:
        db.execute(delete(table).where(column.in_(ids)))


def _parts(ids: Sequence[str], size: int = 400) -> Iterator[Sequence[str]]:
    return (ids[n : n + size] for n in range(0, len(ids), size))


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _tail(file: Path) -> list[Receipt]:
    """The last receipts of the file, at least as many as are looked back for."""
    try:
        with file.open("rb") as raw:
            raw.seek(max(0, file.stat().st_size - 2 * _BEHIND * 120))
            lines = raw.read().decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(type(error).__name__, message_key="error.receipts", path=str(file)) from error
    return [receipt for line in lines if (receipt := _parsed(line))]


def _append(file: Path, new: Sequence[Receipt]) -> None:
    if not new:
        return
    lines = "".join(receipt.line() for receipt in new)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, ("\n" + lines).encode("ascii"))  # a line that a fault cut off must not swallow the next
        os.fsync(handle)
    finally:
        os.close(handle)


def _parsed(line: str) -> Receipt | None:
    parts = line.split()
    if len(parts) != 4 or not parts[0].isdecimal() or len(parts[2]) != 64:
        return None
    number, kind, digest, at = parts
    return Receipt(int(number), kind, digest, at) if kind in ("key", "record") else None
