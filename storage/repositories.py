"""The repositories of ``interview.ports`` over SQL, with words sealed. Every method is one transaction."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from interview.errors import ConflictError, NotFoundError
from interview.ports import Clock, RehearsalRecord, TurnRecord
from storage.database import transaction
from storage.erasing import erase
from storage.tables import rehearsals, reply_sentences, sealing_keys, turns
from storage.vault import DataKey, Vault

PLAIN = [c for c in rehearsals.columns if c.name not in ("opening", "report")]
"""The columns of a rehearsal that are not sealed."""


class SqlRehearsals:
    """Rehearsals in any database SQLAlchemy knows; SQLite and PostgreSQL are tested."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def create(self, record: RehearsalRecord, opening: Mapping[str, Any], begun: Sequence[TurnRecord] = ()) -> None:
        """Store a new rehearsal, and the turns it begins with, under a key of its own."""
        key, wrapped = self._vault.new_key(record.id)
        row = {c.name: getattr(record, c.name) for c in PLAIN}
        row["created_at"], row["updated_at"] = record.created_at.isoformat(), record.updated_at.isoformat()
        row["versions"] = dict(record.versions)
        row["opening"] = key.seal(opening, f"opening:{record.id}")
        with transaction(self._engine) as db:
            db.execute(insert(sealing_keys).values(id=record.id, wrapped=wrapped))
            db.execute(insert(rehearsals).values(**row))
            for turn in begun:
                self._insert_turn(db, key, record.id, turn, turn.created_at or record.created_at)

    def get(self, rehearsal_id: str) -> RehearsalRecord:
        """Raises NotFoundError."""
        with transaction(self._engine) as db:
            row = db.execute(select(*PLAIN).where(rehearsals.c.id == rehearsal_id)).one_or_none()
        if row is None:
            raise NotFoundError("no such rehearsal", message_key="error.no_rehearsal")
        return record_of(row)

    def opening(self, rehearsal_id: str) -> Mapping[str, Any]:
        """What ``create`` was given."""
        with transaction(self._engine) as db:
            key = self._key(db, rehearsal_id)
            sealed = db.execute(select(rehearsals.c.opening).where(rehearsals.c.id == rehearsal_id)).scalar_one()
        return key.open(sealed, f"opening:{rehearsal_id}")

    def turns(self, rehearsal_id: str) -> tuple[TurnRecord, ...]:
        """All turns in order."""
        return self._turns(rehearsal_id, None)

    def last_turns(self, rehearsal_id: str, count: int) -> tuple[TurnRecord, ...]:
        """The last ``count`` turns in order."""
        return self._turns(rehearsal_id, count)

    def owned_by(self, owner_id: str, limit: int = 100) -> tuple[RehearsalRecord, ...]:
        """Newest first."""
        query = (
            select(*PLAIN)
            .where(rehearsals.c.owner_id == owner_id)
            .order_by(rehearsals.c.updated_at.desc())
            .limit(limit)
        )
        with transaction(self._engine) as db:
            return tuple(record_of(row) for row in db.execute(query))

    def reported(self, after: str = "", limit: int = 1_000) -> tuple[tuple[str, str], ...]:
        """Ids and owners of rehearsals that have a report, by id, those that follow ``after``."""
        query = (
            select(rehearsals.c.id, rehearsals.c.owner_id)
            .where(rehearsals.c.report.is_not(None), rehearsals.c.id > after)
            .order_by(rehearsals.c.id)
            .limit(limit)
        )
        with transaction(self._engine) as db:
            return tuple((row.id, row.owner_id) for row in db.execute(query))

    def add_turn(self, rehearsal_id: str, turn: TurnRecord) -> None:
        """Append; the count in the rehearsal's row decides who was first."""
        now = self._clock.now()
        with transaction(self._engine) as db:
            key = self._key(db, rehearsal_id)
            counted = db.execute(
                update(rehearsals)
                .where(
                    rehearsals.c.id == rehearsal_id,
                    rehearsals.c.turn_count == turn.index,
                    rehearsals.c.ended.is_(None),
                )
                .values(turn_count=turn.index + 1, updated_at=now.isoformat())
            )
            if counted.rowcount != 1:
                raise ConflictError("another tab or process went on with this rehearsal first")
            self._insert_turn(db, key, rehearsal_id, turn, now)

    def add_sentence(self, rehearsal_id: str, turn_index: int, sentence_index: int, text: str) -> None:
        """Commit one reply sentence."""
        with transaction(self._engine) as db:
            key = self._key(db, rehearsal_id)
            open_turn = (turns.c.rehearsal_id == rehearsal_id) & (turns.c.turn_index == turn_index)
            held = update(turns).where(open_turn, turns.c.reply_done.is_(False)).values(reply_done=False)
            if db.execute(held).rowcount != 1:  # the row stays ours to the commit, so that nobody finishes it meanwhile
                raise ConflictError("the reply was cut off or finished elsewhere")
            there = db.execute(
                select(reply_sentences.c.sentence).where(
                    reply_sentences.c.rehearsal_id == rehearsal_id,
                    reply_sentences.c.turn_index == turn_index,
                    reply_sentences.c.sentence_index == sentence_index,
                )
            ).scalar_one_or_none()
            if there is None:
                self._insert_sentence(db, key, rehearsal_id, turn_index, sentence_index, text)
            elif key.open(there, _place(rehearsal_id, turn_index, sentence_index)) != text:
                raise ConflictError("another sentence is already there")

    def finish_reply(self, rehearsal_id: str, turn_index: int, voice: Mapping[str, Any]) -> None:
        """Mark the reply complete."""
        with transaction(self._engine) as db:
            key = self._key(db, rehearsal_id)
            db.execute(
                update(turns)
                .where(turns.c.rehearsal_id == rehearsal_id, turns.c.turn_index == turn_index)
                .values(reply_done=True, voice=key.seal(voice, f"voice:{rehearsal_id}:{turn_index}"))
            )

    def end(self, rehearsal_id: str, ended: str) -> None:
        """Record why it ended, once."""
        with transaction(self._engine) as db:
            db.execute(
                update(rehearsals)
                .where(rehearsals.c.id == rehearsal_id, rehearsals.c.ended.is_(None))
                .values(ended=ended, updated_at=self._clock.now().isoformat())
            )

    def save_report(self, rehearsal_id: str, report: Mapping[str, Any], score: float | None) -> None:
        """Replace the sealed report."""
        with transaction(self._engine) as db:
            key = self._key(db, rehearsal_id)
            db.execute(
                update(rehearsals)
                .where(rehearsals.c.id == rehearsal_id)
                .values(report=key.seal(report, f"report:{rehearsal_id}"), score=score)
            )

    def report(self, rehearsal_id: str) -> Mapping[str, Any] | None:
        """The last saved report, or None."""
        with transaction(self._engine) as db:
            key = self._key(db, rehearsal_id)
            sealed = db.execute(select(rehearsals.c.report).where(rehearsals.c.id == rehearsal_id)).scalar_one()
        return None if sealed is None else key.open(sealed, f"report:{rehearsal_id}")

    def delete(self, rehearsal_id: str) -> None:
        """Destroy the key, then the rows."""
        with transaction(self._engine) as db:
            self._key(db, rehearsal_id)
            erase(db, "key", sealing_keys.c.id == rehearsal_id)
            db.execute(delete(rehearsals).where(rehearsals.c.id == rehearsal_id))

    def _key(self, db: Connection, rehearsal_id: str) -> DataKey:
        wrapped = db.execute(
            select(sealing_keys.c.wrapped).where(sealing_keys.c.id == rehearsal_id)
        ).scalar_one_or_none()
        if wrapped is None:
            raise NotFoundError("no such rehearsal", message_key="error.no_rehearsal")
        return self._vault.unwrap(rehearsal_id, wrapped)

    def _insert_turn(
        self, db: Connection, key: DataKey, rehearsal_id: str, turn: TurnRecord, when: dt.datetime
    ) -> None:
        payload = dict(turn.payload)
        voice = payload.pop("voice", None)
        db.execute(
            insert(turns).values(
                rehearsal_id=rehearsal_id,
                turn_index=turn.index,
                payload=key.seal(payload, f"turn:{rehearsal_id}:{turn.index}"),
                reply_done=turn.reply_done,
                voice=None if voice is None else key.seal(voice, f"voice:{rehearsal_id}:{turn.index}"),
                created_at=when.isoformat(),
            )
        )
        for number, sentence in enumerate(turn.reply):
            self._insert_sentence(db, key, rehearsal_id, turn.index, number, sentence)

    def _insert_sentence(
        self, db: Connection, key: DataKey, rehearsal_id: str, turn_index: int, sentence_index: int, text: str
    ) -> None:
        db.execute(
            insert(reply_sentences).values(
                rehearsal_id=rehearsal_id,
                turn_index=turn_index,
                sentence_index=sentence_index,
                sentence=key.seal(text, _place(rehearsal_id, turn_index, sentence_index)),
            )
        )

    def _turns(self, rehearsal_id: str, count: int | None) -> tuple[TurnRecord, ...]:
        query = select(turns).where(turns.c.rehearsal_id == rehearsal_id).order_by(turns.c.turn_index.desc())
        spoken = select(reply_sentences).where(reply_sentences.c.rehearsal_id == rehearsal_id)
        with transaction(self._engine) as db:
            key = self._key(db, rehearsal_id)
            rows = list(db.execute(query if count is None else query.limit(count)))[::-1]
            if rows:
                spoken = spoken.where(reply_sentences.c.turn_index >= rows[0].turn_index)
            replies: dict[int, list[str]] = {}
            for row in db.execute(spoken.order_by(reply_sentences.c.turn_index, reply_sentences.c.sentence_index)):
                sentence = key.open(row.sentence, _place(rehearsal_id, row.turn_index, row.sentence_index))
                replies.setdefault(row.turn_index, []).append(sentence)
        return tuple(_turn(row, key, rehearsal_id, replies.get(row.turn_index, [])) for row in rows)


def _place(rehearsal_id: str, turn_index: int, sentence_index: int) -> str:
    return f"sentence:{rehearsal_id}:{turn_index}:{sentence_index}"


def _turn(row: Row[Any], key: DataKey, rehearsal_id: str, reply: list[str]) -> TurnRecord:
    payload = dict(key.open(row.payload, f"turn:{rehearsal_id}:{row.turn_index}"))
    if row.voice is not None:
        payload["voice"] = key.open(row.voice, f"voice:{rehearsal_id}:{row.turn_index}")
    return TurnRecord(row.turn_index, payload, tuple(reply), row.reply_done, dt.datetime.fromisoformat(row.created_at))


def record_of(row: Row[Any]) -> RehearsalRecord:
    """A row of ``PLAIN`` as a record."""
    values = {c.name: row[number] for number, c in enumerate(PLAIN)}
    for name in ("created_at", "updated_at"):
        values[name] = dt.datetime.fromisoformat(values[name])
    return RehearsalRecord(**values)
