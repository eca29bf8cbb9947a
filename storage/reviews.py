"""What trainers work with, over SQL: shares and notes, cohorts, classes. Words and names are sealed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from interview.errors import ConflictError, NotFoundError
from interview.ports import Classroom, Clock, Cohort, Note, RehearsalRecord
from storage.database import transaction
from storage.erasing import erase
from storage.repositories import PLAIN, record_of
from storage.tables import (
    class_answers,
    classrooms,
    cohort_members,
    cohorts,
    rehearsals,
    review_notes,
    sealing_keys,
    shares,
)  # fmt: skip
from storage.vault import DataKey, Vault

MAX_ANSWERS = 500


def _key(db: Connection, vault: Vault, key_id: str, message_key: str) -> DataKey:
    wrapped = db.execute(select(sealing_keys.c.wrapped).where(sealing_keys.c.id == key_id)).scalar_one_or_none()
    if wrapped is None:
        raise NotFoundError("not there", message_key=message_key)
    return vault.unwrap(key_id, wrapped)


class SqlReviews:
    """Shares and notes."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def share(self, rehearsal_id: str, shared: bool) -> None:
        """Share or stop sharing."""
        with transaction(self._engine) as db:
            _key(db, self._vault, rehearsal_id, "error.no_rehearsal")
            db.execute(delete(shares).where(shares.c.rehearsal_id == rehearsal_id))
            if shared:
                now = self._clock.now().isoformat()
                db.execute(insert(shares).values(rehearsal_id=rehearsal_id, shared_at=now))

    def is_shared(self, rehearsal_id: str) -> bool:
        """Whether its owner shares it."""
        with transaction(self._engine) as db:
            query = select(shares.c.rehearsal_id).where(shares.c.rehearsal_id == rehearsal_id)
            return db.execute(query).first() is not None

    def shared_of(self, owner_ids: Sequence[str]) -> tuple[RehearsalRecord, ...]:
        """Shared rehearsals of these people, newest first."""
        query = (
            select(*PLAIN)
            .join(shares, shares.c.rehearsal_id == rehearsals.c.id)
            .where(rehearsals.c.owner_id.in_(list(owner_ids)))
            .order_by(rehearsals.c.updated_at.desc())
        )
        with transaction(self._engine) as db:
            return tuple(record_of(row) for row in db.execute(query))

    def scores(self) -> tuple[Note, ...]:
        """Every overruling, without its words; nothing is unsealed."""
        query = select(review_notes).where(review_notes.c.dimension.is_not(None))
        with transaction(self._engine) as db:
            return tuple(
                Note(
                    row.id, row.rehearsal_id, row.author_id, dt.datetime.fromisoformat(row.created_at), "",
                    row.turn_index, row.dimension, row.machine, row.score,
                )
                for row in db.execute(query)
            )  # fmt: skip

    def add_note(self, note: Note) -> None:
        """Append a note."""
        with transaction(self._engine) as db:
            key = _key(db, self._vault, note.rehearsal_id, "error.no_rehearsal")
            db.execute(
                insert(review_notes).values(
                    id=note.id, rehearsal_id=note.rehearsal_id, author_id=note.author_id, turn_index=note.turn,
                    dimension=note.dimension, machine=note.machine, score=note.score,
                    note=key.seal(note.text, f"note:{note.id}"), created_at=note.created_at.isoformat(),
                )
            )  # fmt: skip

    def notes(self, rehearsal_id: str) -> tuple[Note, ...]:
        """All notes in the order they were written."""
        query = (
            select(review_notes)
            .where(review_notes.c.rehearsal_id == rehearsal_id)
            .order_by(review_notes.c.created_at, review_notes.c.id)
        )
        with transaction(self._engine) as db:
            rows = list(db.execute(query))
            if not rows:
                return ()
            key = _key(db, self._vault, rehearsal_id, "error.no_rehearsal")
        return tuple(
            Note(
                row.id, row.rehearsal_id, row.author_id, dt.datetime.fromisoformat(row.created_at),
                key.open(row.note, f"note:{row.id}"), row.turn_index, row.dimension, row.machine, row.score,
            )
            for row in rows
        )  # fmt: skip


class SqlCohorts:
    """Cohorts with their members."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def save(self, cohort: Cohort) -> None:
        """Add or replace."""
        row = {
            "trainer_id": cohort.trainer_id, "persona_id": cohort.persona_id, "scenario_id": cohort.scenario_id,
            "due_on": cohort.due_on.isoformat() if cohort.due_on else None, "required": cohort.required,
            "created_at": cohort.created_at.isoformat(),
        }  # fmt: skip
        names = {"name": cohort.name, "members": dict(cohort.members)}
        with transaction(self._engine) as db:
            wrapped = db.execute(
                select(sealing_keys.c.wrapped).where(sealing_keys.c.id == cohort.id)
            ).scalar_one_or_none()
            if wrapped is None:
                key, wrapped = self._vault.new_key(cohort.id)
                db.execute(insert(sealing_keys).values(id=cohort.id, wrapped=wrapped))
                db.execute(insert(cohorts).values(id=cohort.id, names=key.seal(names, f"cohort:{cohort.id}"), **row))
            else:
                key = self._vault.unwrap(cohort.id, wrapped)
                sealed = key.seal(names, f"cohort:{cohort.id}")
                db.execute(update(cohorts).where(cohorts.c.id == cohort.id).values(names=sealed, **row))
                db.execute(delete(cohort_members).where(cohort_members.c.cohort_id == cohort.id))
            if cohort.members:
                people = [{"cohort_id": cohort.id, "person_id": person} for person in cohort.members]
                db.execute(insert(cohort_members), people)

    def get(self, cohort_id: str) -> Cohort:
        """Raises NotFoundError."""
        with transaction(self._engine) as db:
            key = _key(db, self._vault, cohort_id, "error.no_cohort")
            return _cohort(db.execute(select(cohorts).where(cohorts.c.id == cohort_id)).one(), key)

    def led_by(self, trainer_id: str) -> tuple[Cohort, ...]:
        """Newest first."""
        query = select(cohorts).where(cohorts.c.trainer_id == trainer_id).order_by(cohorts.c.created_at.desc())
        with transaction(self._engine) as db:
            return tuple(_cohort(row, _key(db, self._vault, row.id, "error.no_cohort")) for row in db.execute(query))

    def joined_by(self, person_id: str) -> tuple[Cohort, ...]:
        """Newest first."""
        query = (
            select(cohorts)
            .join(cohort_members, cohort_members.c.cohort_id == cohorts.c.id)
            .where(cohort_members.c.person_id == person_id)
            .order_by(cohorts.c.created_at.desc())
        )
        with transaction(self._engine) as db:
            return tuple(_cohort(row, _key(db, self._vault, row.id, "error.no_cohort")) for row in db.execute(query))

    def leave(self, person_id: str) -> None:
        """Somebody is a member of no cohort any more, and their name in none."""
        for cohort in self.joined_by(person_id):
            left = {person: name for person, name in cohort.members.items() if person != person_id}
            self.save(replace(cohort, members=left))

    def delete(self, cohort_id: str) -> None:
        """Destroy its key and rows."""
        with transaction(self._engine) as db:
            _key(db, self._vault, cohort_id, "error.no_cohort")
            erase(db, "key", sealing_keys.c.id == cohort_id)
            db.execute(delete(cohorts).where(cohorts.c.id == cohort_id))


def _classroom(row: Row[Any]) -> Classroom:
    return Classroom(
        row.id, row.trainer_id, row.persona_id, row.scenario_id, row.step, row.lang, row.seed, row.is_open,
        dt.datetime.fromisoformat(row.created_at),
    )  # fmt: skip


class SqlClassrooms:
    """Classes and their answers."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def create(self, classroom: Classroom) -> None:
        """Store a new one under a key of its own."""
        _, wrapped = self._vault.new_key(classroom.id)
        row = {c.name: getattr(classroom, c.name) for c in classrooms.columns}
        row["created_at"] = classroom.created_at.isoformat()
        with transaction(self._engine) as db:
            db.execute(insert(sealing_keys).values(id=classroom.id, wrapped=wrapped))
            db.execute(insert(classrooms).values(**row))

    def get(self, classroom_id: str) -> Classroom:
        """Raises NotFoundError."""
        with transaction(self._engine) as db:
            row = db.execute(select(classrooms).where(classrooms.c.id == classroom_id)).one_or_none()
        if row is None:
            raise NotFoundError("no such class", message_key="error.no_class")
        return _classroom(row)

    def led_by(self, trainer_id: str) -> tuple[Classroom, ...]:
        """Newest first."""
        query = select(classrooms).where(classrooms.c.trainer_id == trainer_id).order_by(classrooms.c.created_at.desc())
        with transaction(self._engine) as db:
            return tuple(_classroom(row) for row in db.execute(query))

    def close(self, classroom_id: str) -> None:
        """No more answers."""
        with transaction(self._engine) as db:
            db.execute(update(classrooms).where(classrooms.c.id == classroom_id).values(is_open=False))

    def answer(self, classroom_id: str, text: str) -> int:
        """Append while it is open; the row lock of the update keeps the numbers in order."""
        with transaction(self._engine) as db:
            key = _key(db, self._vault, classroom_id, "error.no_class")
            still = update(classrooms).where(classrooms.c.id == classroom_id, classrooms.c.is_open).values(is_open=True)
            if db.execute(still).rowcount != 1:
                raise ConflictError("the class is closed", message_key="error.class_closed")
            counted = (
                select(func.count()).select_from(class_answers).where(class_answers.c.classroom_id == classroom_id)
            )
            number = int(db.execute(counted).scalar_one())
            if number >= MAX_ANSWERS:
                raise ConflictError("the class is full", message_key="error.class_closed")
            db.execute(
                insert(class_answers).values(
                    classroom_id=classroom_id, number=number, answer=key.seal(text, f"answer:{classroom_id}:{number}"),
                    created_at=self._clock.now().isoformat(),
                )
            )  # fmt: skip
        return number

    def answers(self, classroom_id: str) -> tuple[str, ...]:
        """All answers in order."""
        query = select(class_answers).where(class_answers.c.classroom_id == classroom_id)
        with transaction(self._engine) as db:
            key = _key(db, self._vault, classroom_id, "error.no_class")
            rows = list(db.execute(query.order_by(class_answers.c.number)))
        return tuple(key.open(row.answer, f"answer:{classroom_id}:{row.number}") for row in rows)

    def delete(self, classroom_id: str) -> None:
        """Destroy its key and rows."""
        with transaction(self._engine) as db:
            _key(db, self._vault, classroom_id, "error.no_class")
            erase(db, "key", sealing_keys.c.id == classroom_id)
            db.execute(delete(classrooms).where(classrooms.c.id == classroom_id))


def _cohort(row: Row[Any], key: DataKey) -> Cohort:
    names = key.open(row.names, f"cohort:{row.id}")
    return Cohort(
        row.id, row.trainer_id, names["name"], row.persona_id, row.scenario_id,
        dt.date.fromisoformat(row.due_on) if row.due_on else None, row.required,
        dt.datetime.fromisoformat(row.created_at), names["members"],
    )  # fmt: skip
