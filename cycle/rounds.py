"""Rounds: HR says who is talked to by when and with which company texts, and sees how far departments are, no more."""

import datetime as dt
import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from pydantic import Field, field_validator, model_validator

from cycle.employee import Visit
from cycle.records import Kind, Record, Records
from cycle.talks import OPEN as STILL_OPEN
from cycle.talks import Stage, Talk
from cycle.team import Body, Person
from interview.actor import Actor
from interview.errors import ConflictError, InputError
from interview.ports import Clock
from people.permissions import Action, check

SMALLEST_GROUP = 5
"""People; what fewer did would say who did it."""
OPEN, CLOSED = "open", "closed"


class Round(Body):
    """What HR sets for everybody it is for. No departments: everybody."""

    name: str = Field(min_length=1, max_length=80)
    opens: dt.date
    due: dt.date
    departments: tuple[str, ...] = Field(default=(), max_length=200)
    card: str = Field(default="", max_length=4_000, description="the company's own words on the flow card")
    form: str = Field(
        default="", max_length=4_000, description="the company's own words in invitation, pack and the employee's form"
    )
    ratings_published: bool = False
    appeal: str = Field(default="", max_length=1_000, description="where somebody goes who disagrees with the rating")

    @field_validator("departments")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.strip() for name in value if name.strip()))

    @model_validator(mode="after")
    def _in_order(self) -> "Round":
        if self.due < self.opens:
            raise ValueError("the round is due before it opens")
        return self


@dataclass(frozen=True, slots=True)
class Completion:
    """How far one department is; ``department`` is None for small ones taken together.

    ``reached`` counts people who are at a stage or past it.
    """

    department: str | None
    people: int
    reached: Mapping[Stage, int]


class Rounds:
    """Rounds for HR, and what follows from them for managers."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def open(self, actor: Actor, new: Round) -> Record:
        """Store a round and make the talks it asks for; raises InputError for a day that is over."""
        check(actor, Action.ROUND_LEAD)
        if new.due < self._today():
            raise InputError("due in the past", message_key="error.round_past")
        made = secrets.token_hex(8)
        record = Record(made, Kind.ROUND, actor.id, made, new.model_dump(mode="json"), status=OPEN, due=new.due)
        (stored,) = self._records.add(record)
        self._ask(stored, new, self._records.find(Kind.PERSON))
        return stored

    def change(self, actor: Actor, record: Record, new: Round) -> Record:
        """Store changed texts, days or departments; talks not held yet follow the new day, nobody's talk is removed."""
        check(actor, Action.ROUND_LEAD, record.owner_id)
        (stored,) = self._records.put(replace(record, body=new.model_dump(mode="json"), due=new.due))
        talks = self._records.find(Kind.TALK, parent_id=record.id)
        self._records.put(*(replace(r, due=new.due) for r in talks if r.due != new.due and r.status not in _HELD))
        self._ask(stored, new, self._records.find(Kind.PERSON))
        return stored

    def close(self, actor: Actor, record: Record) -> Record:
        """No more talks follow from it; what was planned stays."""
        check(actor, Action.ROUND_LEAD, record.owner_id)
        return self._records.put(replace(record, status=CLOSED))[0]

    def all(self, actor: Actor) -> tuple[tuple[Record, Round], ...]:
        """Every round, the newest last."""
        check(actor, Action.ROUND_LEAD)
        return tuple((r, Round.model_validate(r.body)) for r in self._records.find(Kind.ROUND))

    def of_talk(self, actor: Actor, talk: Record) -> Round | None:
        """The round a talk of one's own belongs to, with the company's texts; None for a talk outside rounds."""
        check(actor, Action.TEAM_LEAD, talk.owner_id)
        return self._round(talk)

    def of_visit(self, visit: Visit) -> Round | None:
        """The same for the bearer of a talk's private link."""
        return self._round(visit.talk)

    def _round(self, talk: Record) -> Round | None:
        return Round.model_validate(self._records.get(Kind.ROUND, talk.parent_id).body) if talk.parent_id else None

    def ask_for_team(self, actor: Actor) -> int:
        """Make the talks that open rounds ask of this manager for people who came to the team later; how many."""
        check(actor, Action.TEAM_LEAD)
        running = self._records.find(Kind.ROUND, status=[OPEN])
        if not running:
            return 0
        team = self._records.find(Kind.PERSON, owner_id=actor.id)
        return sum(self._ask(record, Round.model_validate(record.body), team) for record in running)

    def departments(self, actor: Actor) -> tuple[str, ...]:
        """The names of all departments."""
        check(actor, Action.ROUND_LEAD)
        return tuple(sorted({d for r in self._records.find(Kind.PERSON) if (d := str(r.body["department"]))}))

    def completion(self, actor: Actor, round_id: str) -> tuple[Completion, ...]:
        """How far departments are: counts alone, and none for fewer than ``SMALLEST_GROUP`` people.

        Small departments are put together, with the smallest of the others if they are still too few.
        """
        check(actor, Action.ROUND_LEAD)
        self._records.get(Kind.ROUND, round_id)
        department = {r.id: str(r.body["department"]) for r in self._records.find(Kind.PERSON)}
        groups: dict[str, list[Stage]] = {}
        for talk in self._records.find(Kind.TALK, parent_id=round_id, bodies=False):
            groups.setdefault(department.get(talk.key_id, ""), []).append(Stage(talk.status))
        return fold(groups)

    def _ask(self, record: Record, what: Round, people: Iterable[Record]) -> int:
        """Talks that are missing, each with an id made of round and person, so that two askers make one.

        A talk the manager had planned and not held yet becomes the round's, on the earlier of both days.
        """
        there = {r.key_id for r in self._records.find(Kind.TALK, parent_id=record.id, bodies=False)}
        asked = [
            p for p in people if p.id not in there and _is_asked(what, Person.model_validate(p.body), self._today())
        ]
        if not asked:
            return 0
        taken = self._take_over(record, what, {p.id for p in asked})
        body = Talk().model_dump(mode="json")
        wanted = [
            Record(
                _id(record.id, p.id), Kind.TALK, p.owner_id, p.key_id, body,
                parent_id=record.id, status=Stage.DUE, due=what.due,
            )
            for p in asked
            if p.id not in taken
        ]  # fmt: skip
        try:
            return len(self._records.add(*wanted))
        except ConflictError:  # somebody else was asking at the same moment
            return sum(map(self._ask_one, wanted))

    def _take_over(self, record: Record, what: Round, people: set[str]) -> set[str]:
        """People whose own planned talk now counts for the round."""
        own = {
            r.key_id: r
            for r in self._records.find(Kind.TALK, parent_id="", status=[str(s) for s in STILL_OPEN])
            if r.key_id in people
        }
        for talk in own.values():
            with suppress(ConflictError):  # being changed at this moment: looked at again the next time somebody asks
                self._records.put(replace(talk, parent_id=record.id, due=min(talk.due or what.due, what.due)))
        return set(own)

    def _ask_one(self, talk: Record) -> int:
        try:
            return len(self._records.add(talk))
        except ConflictError:
            return 0

    def _today(self) -> dt.date:
        return self._clock.now().astimezone().date()


def _is_asked(what: Round, person: Person, today: dt.date) -> bool:
    return not person.has_left(today) and (not what.departments or person.department in what.departments)


_HELD = (Stage.HELD, Stage.CONFIRMED, Stage.FOLLOWED)
_ORDER = tuple(Stage)


def fold(groups: Mapping[str, Iterable[Stage]]) -> tuple[Completion, ...]:
    """Completion by department, largest first, small ones and people without a department together at the end.

    Empty where all of them together are too few.
    """
    named = sorted(((name, list(stages)) for name, stages in groups.items()), key=lambda g: (-len(g[1]), g[0]))
    large = [(name, stages) for name, stages in named if name and len(stages) >= SMALLEST_GROUP]
    kept = {name for name, _ in large}
    small = [stage for name, stages in named if name not in kept for stage in stages]
    while small and len(small) < SMALLEST_GROUP and large:
        small += large.pop()[1]
    rows = [_completion(name, stages) for name, stages in large]
    return (*rows, _completion(None, small)) if len(small) >= SMALLEST_GROUP else tuple(rows)


def _completion(department: str | None, stages: list[Stage]) -> Completion:
    count = Counter(stages)
    reached = {stage: sum(count[s] for s in _ORDER[at:]) for at, stage in enumerate(_ORDER)}
    return Completion(department, len(stages), reached)


def _id(round_id: str, person_id: str) -> str:
    return hashlib.sha256(f"{round_id}:{person_id}".encode()).hexdigest()[:16]
