"""Records around the talk, each body sealed with its person's key, and the private links to them."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from cycle.records import Kind, Link, Record
from interview.errors import ConflictError, NotFoundError
from interview.ports import Clock
from storage.database import transaction
from storage.erasing import erase
from storage.tables import links, records, rehearsals, sealing_keys
from storage.vault import DataKey, Vault


class SqlRecords:
    """``cycle.records.Records`` over one database."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def add(self, *new: Record) -> tuple[Record, ...]:
        """See ``Records.add``."""
        return self.store(new, ())

    def put(self, *changed: Record) -> tuple[Record, ...]:
        """See ``Records.put``."""
        return self.store((), changed)

    def store(self, new: Sequence[Record], changed: Sequence[Record]) -> tuple[Record, ...]:
        """See ``Records.store``."""
        added = tuple(replace(r, version=1, changed_at=self._clock.now()) for r in new)
        stored = tuple(replace(r, version=r.version + 1, changed_at=self._clock.now()) for r in changed)
        if not added and not stored:
            return ()
        with transaction(self._engine) as db:
            keys = self._keys(db, {r.key_id for r in stored}, make=False)
            if any(record.key_id not in keys for record in stored):
                raise NotFoundError("forgotten meanwhile")
            if added:
                keys |= self._keys(db, {r.key_id for r in added})
                db.execute(insert(records), [_row(r, keys[r.key_id]) for r in added])
            for record in stored:
                same = (records.c.id == record.id) & (records.c.version == record.version - 1)
                if db.execute(update(records).where(same).values(_row(record, keys[record.key_id]))).rowcount != 1:
                    raise ConflictError("somebody else changed it first", message_key="error.changed_meanwhile")
        return added + stored

    def get(self, kind: Kind, record_id: str) -> Record:
        """See ``Records.get``."""
        found = self._select((records.c.id == record_id) & (records.c.kind == str(kind)), bodies=True)
        if not found:
            raise NotFoundError(f"no {kind} of this id")
        return found[0]

    def find(
        self,
        kind: Kind,
        *,
        owner_id: str | None = None,
        parent_id: str | None = None,
        key_id: str | None = None,
        status: Sequence[str] | None = None,
        due_until: dt.date | None = None,
        bodies: bool = True,
    ) -> tuple[Record, ...]:
        """See ``Records.find``."""
        where: Any = records.c.kind == str(kind)
        for column, wanted in (("owner_id", owner_id), ("parent_id", parent_id), ("key_id", key_id)):
            if wanted is not None:
                where &= records.c[column] == wanted
        if status is not None:
            where &= records.c.status.in_(status)
        if due_until is not None:
            where &= records.c.due <= due_until.isoformat()
        return self._select(where, bodies=bodies)

    def drop(self, *record_ids: str) -> None:
        """See ``Records.drop``."""
        with transaction(self._engine) as db:
            made_from = (records.c.kind == str(Kind.PERSONA)) & records.c.parent_id.in_(record_ids)
            ids = [*record_ids, *db.execute(select(records.c.id).where(made_from)).scalars()]
            _drop_rehearsals(db, ids)
            db.execute(delete(links).where(links.c.record_id.in_(ids)))
            erase(db, "record", records.c.id.in_(ids))

    def forget(self, key_id: str) -> None:
        """See ``Records.forget``."""
        with transaction(self._engine) as db:
            personas = (records.c.kind == str(Kind.PERSONA)) & (records.c.key_id == key_id)
            _drop_rehearsals(db, list(db.execute(select(records.c.id).where(personas)).scalars()))
            db.execute(delete(links).where(links.c.key_id == key_id))
            db.execute(delete(records).where(records.c.key_id == key_id))
            erase(db, "key", sealing_keys.c.id == key_id)

    def new_link(self, purpose: str, record: Record, until: dt.datetime) -> str:
        """See ``Records.new_link``."""
        secret = secrets.token_urlsafe(24)
        row = {
            "digest": _digest(secret),
            "purpose": purpose,
            "record_id": record.id,
            "key_id": record.key_id,
            "until": until.astimezone(dt.UTC).isoformat(),
        }
        with transaction(self._engine) as db:
            db.execute(insert(links).values(row))
        return secret

    def open_link(self, secret: str, purpose: str) -> Link:
        """See ``Records.open_link``."""
        with transaction(self._engine) as db:
            row = db.execute(select(links).where(links.c.digest == _digest(secret))).one_or_none()
        if row is None or row.purpose != purpose:
            raise NotFoundError("no such link", message_key="error.link")
        until = dt.datetime.fromisoformat(row.until)
        if until <= self._clock.now():
            raise NotFoundError("the link has run out", message_key="error.link")
        return Link(purpose, row.record_id, row.key_id, until)

    def close_links(self, record_id: str, purpose: str | None = None) -> None:
        """See ``Records.close_links``."""
        where = links.c.record_id == record_id
        if purpose is not None:
            where &= links.c.purpose == purpose
        with transaction(self._engine) as db:
            db.execute(delete(links).where(where))

    def _select(self, where: Any, *, bodies: bool) -> tuple[Record, ...]:
        columns = list(records.columns) if bodies else [c for c in records.columns if c.name != "body"]
        query = select(*columns).where(where).order_by(records.c.created_at, records.c.id)
        with transaction(self._engine) as db:
            rows = db.execute(query).all()
            if not bodies:
                return tuple(_record(row, None) for row in rows)
            keys = self._keys(db, {row.key_id for row in rows}, make=False)
        # somebody forgotten between the two questions is gone, not a record without words
        return tuple(_record(row, keys[row.key_id]) for row in rows if row.key_id in keys)

    def _keys(self, db: Connection, ids: set[str], *, make: bool = True) -> dict[str, DataKey]:
        found = {
            row.id: self._vault.unwrap(row.id, row.wrapped)
            for part in _parts(sorted(ids))
            for row in db.execute(select(sealing_keys).where(sealing_keys.c.id.in_(part)))
        }
        missing = sorted(ids - set(found)) if make else []
        if missing:
            made = {key_id: self._vault.new_key(key_id) for key_id in missing}
            db.execute(insert(sealing_keys), [{"id": key_id, "wrapped": made[key_id][1]} for key_id in missing])
            found |= {key_id: key for key_id, (key, _) in made.items()}
        return found


def _drop_rehearsals(db: Connection, persona_ids: Sequence[str]) -> None:
    """What was rehearsed with a persona made of somebody's pack goes with it, keys first."""
    held = list(db.execute(select(rehearsals.c.id).where(rehearsals.c.persona_id.in_(persona_ids))).scalars())
    erase(db, "key", sealing_keys.c.id.in_(held))
    db.execute(delete(rehearsals).where(rehearsals.c.id.in_(held)))


def _parts(ids: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    return [ids[n : n + size] for n in range(0, len(ids), size)]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _place(kind: str, record_id: str) -> str:
    return f"record:{kind}:{record_id}"


def _row(record: Record, key: DataKey) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": record.id,
        "kind": str(record.kind),
        "owner_id": record.owner_id,
        "key_id": record.key_id,
        "parent_id": record.parent_id,
        "status": record.status,
        "due": record.due.isoformat() if record.due else None,
        "version": record.version,
        "changed_at": record.changed_at.isoformat() if record.changed_at else "",
        "body": key.seal(record.body, _place(record.kind, record.id)),
    }
    return row | ({"created_at": row["changed_at"]} if record.version == 1 else {})


_KINDS = {str(kind): kind for kind in Kind}


def _record(row: Row[Any], key: DataKey | None) -> Record:
    """Called thousands of times for one list, hence by place and not by name; the order is the table's."""
    values: tuple[Any, ...] = tuple(row)
    record_id, kind, owner_id, key_id, parent_id, status, due, version, _, changed_at, *sealed = values
    return Record(
        id=record_id,
        kind=_KINDS[kind],
        owner_id=owner_id,
        key_id=key_id,
        body=key.open(sealed[0], _place(kind, record_id)) if key and sealed else {},
        parent_id=parent_id,
        status=status,
        due=dt.date.fromisoformat(due) if due else None,
        version=version,
        changed_at=dt.datetime.fromisoformat(changed_at),
    )
