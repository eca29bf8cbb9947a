"""A manager's people: who they are, what is expected of them, their numbers by month and dated key events."""

import datetime as dt
import secrets
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cycle.records import Kind, Record, Records
from interview.actor import Actor
from interview.conversation import Lang
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
