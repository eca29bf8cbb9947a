"""A manager's people: who they are, what is expected of them, their numbers by month and dated key events."""

import datetime as dt
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cycle.records import Kind, Record, Records
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import NotFoundError
from people.permissions import Action, check


class Body(BaseModel):
    """Base of every record's body: frozen, unknown keys are errors, texts stripped."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Person(Body):
    """One member of a team."""

    name: str = Field(min_length=1, max_length=80)
    number: str = Field(default="", max_length=40, description="staff number, unique within one manager's team")
    role: str = Field(default="", max_length=120)
    department: str = Field(default="", max_length=120)
    email: str = Field(default="", max_length=200)
    lang: Lang = "zh"
    expectations: tuple[str, ...] = ()
    left: dt.date | None = Field(default=None, description="the day somebody left the firm; nobody talks to them then")

    def has_left(self, today: dt.date) -> bool:
        """Whether they are gone by this day."""
        return self.left is not None and self.left <= today


class Figure(Body):
    """One metric of one month."""

    metric: str = Field(min_length=1, max_length=80)
    unit: str = Field(default="", max_length=20)
    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    actual: float
    target: float | None = None
    higher_is_better: bool = True


class Figures(Body):
    """All numbers of one person."""

    figures: tuple[Figure, ...] = ()


class KeyEvent(Body):
    """Something dated that happened."""

    date: dt.date
    kind: Literal["praise", "complaint", "delivery"]
    what: str = Field(min_length=1, max_length=500)
    source: str = Field(default="", max_length=120, description="who said or measured it")


class KeyEvents(Body):
    """All key events of one person."""

    events: tuple[KeyEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """How much an import took over."""

    added: int
    updated: int
    figures: int
    events: int


class Team:
    """People and their records; a manager reaches their own only."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, actor: Actor, *people: Person) -> tuple[Record, ...]:
        """Store new people, all or none."""
        check(actor, Action.TEAM_LEAD)
        ids = [secrets.token_hex(8) for _ in people]
        return self._records.add(
            *(
                Record(made, Kind.PERSON, actor.id, made, person.model_dump(mode="json"))
                for made, person in zip(ids, people, strict=True)
            )
        )

    def person(self, actor: Actor, person_id: str) -> tuple[Record, Person]:
        """Raises NotFoundError, also for another manager's."""
        record = self._records.get(Kind.PERSON, person_id)
        check(actor, Action.TEAM_LEAD, record.owner_id)
        return record, Person.model_validate(record.body)

    def people(self, actor: Actor) -> tuple[tuple[Record, Person], ...]:
        """One's whole team."""
        check(actor, Action.TEAM_LEAD)
        found = self._records.find(Kind.PERSON, owner_id=actor.id)
        return tuple((record, Person.model_validate(record.body)) for record in found)

    def forget(self, actor: Actor, person_id: str) -> None:
        """Destroy the person's key and everything kept of them in the cycle."""
        record, _ = self.person(actor, person_id)
        self._records.forget(record.key_id)

    def figures(self, actor: Actor, person_id: str) -> tuple[Figure, ...]:
        """A person's numbers in the order of months, then metrics."""
        record, _ = self.person(actor, person_id)
        found = self._one(Kind.FIGURES, record)
        return Figures.model_validate(found.body).figures if found else ()

    def events(self, actor: Actor, person_id: str) -> tuple[KeyEvent, ...]:
        """A person's key events, oldest first."""
        record, _ = self.person(actor, person_id)
        found = self._one(Kind.EVENTS, record)
        return KeyEvents.model_validate(found.body).events if found else ()

    def all_figures(self, actor: Actor) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """Everybody's numbers by person id, as stored (``Figure`` dumped): two thousand people in well under a second."""
        check(actor, Action.TEAM_LEAD)
        found = self._records.find(Kind.FIGURES, owner_id=actor.id)
        return {record.key_id: tuple(record.body["figures"]) for record in found}

    def take(
        self,
        actor: Actor,
        people: Mapping[str, Mapping[str, Any]],
        figures: Mapping[str, Iterable[Figure]],
        events: Mapping[str, Iterable[KeyEvent]],
    ) -> Taken:
        """Take an import over, all or nothing: people by staff number (as ``key`` gives it), new or changed.

        Fields of a person that are not given stay; a number of the same metric and month is replaced; an event that is
        known is not doubled. Raises NotFoundError for numbers or events of nobody.
        """
        known = {key(person.number): (record, person) for record, person in self.people(actor) if person.number}
        new: list[Record] = []
        changed: list[Record] = []
        ids = {number: record.id for number, (record, _) in known.items()}
        updated = 0
        for number, given in people.items():
            if number in known:
                record, person = known[number]
                body = Person.model_validate({**person.model_dump(), **given}).model_dump(mode="json")
                if body != record.body:
                    changed.append(replace(record, body=body))
                    updated += 1
            else:
                ids[number] = secrets.token_hex(8)
                body = Person.model_validate(given).model_dump(mode="json")
                new.append(Record(ids[number], Kind.PERSON, actor.id, ids[number], body))
        added = len(new)
        dumped = (
            (Kind.FIGURES, {n: _FIGURES.dump_python(tuple(f), mode="json") for n, f in figures.items()}, _with_figures),
            (Kind.EVENTS, {n: _EVENTS.dump_python(tuple(e), mode="json") for n, e in events.items()}, _with_events),
        )
        for kind, given, merged in dumped:
            if not given:
                continue
            old = {record.key_id: record for record in self._records.find(kind, owner_id=actor.id)}
            for number, items in given.items():
                if number not in ids:
                    raise NotFoundError("nobody of this number")
                person_id = ids[number]
                record = old.get(person_id) or Record(secrets.token_hex(8), kind, actor.id, person_id)
                body = merged(record.body, items)
                if person_id not in old:
                    new.append(replace(record, body=body))
                elif body != record.body:
                    changed.append(replace(record, body=body))
        self._records.store(new, changed)
        counts = [sum(map(len, given.values())) for _, given, _ in dumped]
        return Taken(added, updated, counts[0], counts[1])

    def _one(self, kind: Kind, person: Record) -> Record | None:
        found = self._records.find(kind, owner_id=person.owner_id, key_id=person.key_id)
        return found[-1] if found else None


def key(number: str) -> str:
    """A staff number as it is compared: ``Ａ－０１`` and ``a-01`` are the same."""
    return unicodedata.normalize("NFKC", number).strip().casefold()


_FIGURES = TypeAdapter(tuple[Figure, ...])
_EVENTS = TypeAdapter(tuple[KeyEvent, ...])


def _with_figures(body: Mapping[str, Any], new: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    figures = {(f["metric"], f["month"]): f for f in body.get("figures", ())}
    figures |= {(f["metric"], f["month"]): f for f in new}
    return {"figures": sorted(figures.values(), key=lambda f: (f["month"], f["metric"]))}


def _with_events(body: Mapping[str, Any], new: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    events = {(e["date"], e["kind"], e["what"]): e for e in body.get("events", ())}
    events |= {(e["date"], e["kind"], e["what"]): e for e in new}
    return {"events": [events[place] for place in sorted(events)]}
