"""Everything that is kept of one person, opened, as plain JSON values: what ``erase_owned`` would destroy, and their records.

A sheet the employee has not sent, and answers of a pulse, which carry no name, are nobody's to be given out.
"""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from sqlalchemy import select

from cycle.records import Kind, Record
from interview.ports import RehearsalRecord
from storage.database import transaction
from storage.store import Store
from storage.tables import review_notes

KINDS = tuple(kind for kind in Kind if kind not in (Kind.PULSE, Kind.SETTING))
MOST = 1_000_000
_LINK = re.compile(r"/(me|consent|welcome|join)/[0-9A-Za-z_-]{4,60}")


class Own:
    """Reads over all repositories; whoever calls has asked who acts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, owner_id: str) -> dict[str, list[dict[str, Any]]]:
        """By section, oldest or newest first as the lists of the page; sections without anything are empty lists."""
        found = {
            "rehearsals": [self._rehearsal(r) for r in self._store.rehearsals.owned_by(owner_id, MOST)],
            "live": [self._live(i.id) for i in self._store.interviews.owned_by(owner_id)],
            "written_reviews": list(self._written(owner_id)),
            "cohorts_joined": [
                {"name": c.name, "persona_id": c.persona_id, "scenario_id": c.scenario_id, "due_on": c.due_on,
                 "required": c.required}
                for c in self._store.cohorts.joined_by(owner_id)
            ],
            "cohorts_led": [_plain(c, "id", "trainer_id") for c in self._store.cohorts.led_by(owner_id)],
            "classes_led": [
                _plain(c, "trainer_id") | {"answers": list(self._store.classrooms.answers(c.id))}
                for c in self._store.classrooms.led_by(owner_id)
            ],
            "edited": [_plain(f, "editor_id") for f in self._store.custom_files.all() if f.editor_id == owner_id],
        }  # fmt: skip
        for kind in KINDS:
            found[str(kind)] = [_record(r) for r in self._store.records.find(kind, owner_id=owner_id)]
        return {section: [_json(entry) for entry in entries] for section, entries in found.items()}

    def _rehearsal(self, record: RehearsalRecord) -> dict[str, Any]:
        store, key = self._store, record.id
        opening = store.rehearsals.opening(key)
        turns: list[dict[str, Any]] = []
        for turn in store.rehearsals.turns(key):
            turns.append(
                {"at": turn.created_at, "text": turn.payload.get("text", ""), "moves": turn.payload.get("moves", []),
                 "reply": "".join(turn.reply) if record.lang == "zh" else " ".join(turn.reply)}
            )  # fmt: skip
        notes = [_plain(note, "id", "rehearsal_id", "author_id") for note in store.reviews.notes(key)]
        report = store.rehearsals.report(key)
        return {"title": (report or {}).get("title", "")} | _plain(record, "owner_id", "seed", "variant", "versions") | {
            "preparation": opening.get("preparation", {}), "first_line": opening.get("line", ""), "turns": turns,
            "shared": store.reviews.is_shared(key), "notes": notes, "report": report,
        }  # fmt: skip

    def _live(self, interview_id: str) -> dict[str, Any]:
        interview = self._store.interviews.get(interview_id)
        sound = sum(place.seconds for place in self._store.sound.places(interview_id))
        return _plain(interview, "owner_id", "link_hash") | {
            "consents": self.consents(interview_id, "manager"),
            "words": [_plain(said) for said in self._store.interviews.heard(interview_id)],
            "minutes": self._store.interviews.minutes(interview_id), "kept_sound_s": round(sound, 1),
        }  # fmt: skip

    def consents(self, interview_id: str, party: str) -> list[dict[str, Any]]:
        """What one side has said, with the notice it was shown; of the other side nothing."""
        ledger = self._store.ledger
        return [
            {"number": e.number, "kind": e.kind, "purposes": [str(p) for p in e.purposes], "at": e.at,
             "notice_version": e.notice_version, "notice_digest": e.notice_digest, "way": e.way,
             "name": ledger.name_of(e) or ""}
            for e in ledger.entries(interview_id)
            if e.party == party
        ]  # fmt: skip

    def _written(self, author_id: str) -> Iterator[dict[str, Any]]:
        """What a trainer wrote about others' talks, as long as these exist."""
        query = select(review_notes.c.rehearsal_id).where(review_notes.c.author_id == author_id).distinct()
        with transaction(self._store.engine) as db:
            talks = sorted(db.execute(query).scalars())
        for talk in talks:
            for note in self._store.reviews.notes(talk):
                if note.author_id == author_id:
                    yield _plain(note, "id", "author_id")


def _record(record: Record) -> dict[str, Any]:
    body = dict(record.body)
    if record.kind is Kind.SELF_ASSESSMENT:
        body.pop("typed", None)
    return {
        "status": record.status, "due": record.due, "version": record.version, "changed_at": record.changed_at,
    } | body  # fmt: skip


def _plain(item: Any, *left_out: str) -> dict[str, Any]:
    """A dataclass by its fields, without what only the machine needs."""
    return {f.name: getattr(item, f.name) for f in dataclasses.fields(item) if f.name not in left_out}


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _json(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, str):
        return _LINK.sub(r"/\1/…", str(value))  # links of others are keys, not data
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_json(v) for v in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return value
