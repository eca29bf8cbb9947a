"""Who is to be talked to, by when, how far each talk has come, and what to do next."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from cycle.records import Kind, Record, Records
from cycle.rounds import Round
from cycle.talks import OPEN, Stage, Talk
from cycle.team import Person
from interview.actor import Actor
from interview.errors import NotFoundError
from interview.ports import Clock
from interview.steps import Step
from people.permissions import Action, check

PAGE_SIZE = 25
Show = Literal["open", "late", "unplanned", "done", "all"]
"""``open``: something is left to do; ``late``: of these, past their day; ``unplanned``: people with no talk to come."""


class Next(StrEnum):
    """What the manager does next for one person."""

    PLAN_TALK = "plan-talk"
    PREPARE = "prepare"
    INVITE = "invite"
    HOLD = "hold"
    MINUTES = "minutes"
    CONFIRM = "confirm"
    AGREE = "agree"
    FOLLOW = "follow"
    NOTHING = "nothing"


_DONE = (Next.NOTHING, Next.PLAN_TALK)
_STEP: dict[Stage, Step] = {
    Stage.DUE: Step.NOTICE,
    Stage.PREPARED: Step.NOTICE,
    Stage.INVITED: Step.SETTING,
    Stage.HELD: Step.CLOSING,
    Stage.CONFIRMED: Step.CLOSING,
    Stage.FOLLOWED: Step.CLOSING,
}


@dataclass(frozen=True, slots=True)
class Around:
    """What hangs on one talk, as plain facts: how each record stands, and the day something of the plan is due."""

    pack: str | None = None
    self_assessment: str | None = None
    minutes: str | None = None
    plan: str | None = None
    plan_due: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. ``talk_id`` is empty where no talk was ever planned; ``late_days`` is 0 in time."""

    person_id: str
    name: str
    department: str
    talk_id: str
    stage: Stage | None
    step: Step | None
    due: dt.date | None
    late_days: int
    next: Next
    at: dt.datetime | None = None
    self_assessment: str | None = None
    round_id: str = ""
    round_name: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """One page of the list and the figures above it."""

    rows: tuple[Row, ...]
    found: int
    page: int
    pages: int
    stages: Mapping[Stage, int] = field(default_factory=dict[Stage, int])
    late: int = 0
    unplanned: int = 0
    departments: tuple[str, ...] = ()


class WorkList:
    """The list of one manager's team. Reads only; names are opened, talks' words only for the page shown."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def overview(
        self, actor: Actor, *, show: Show = "open", department: str = "", text: str = "", page: int = 0
    ) -> Overview:
        """The people that match, most urgent first. ``text`` is looked for in name and staff number, in any case."""
        check(actor, Action.TEAM_LEAD)
        people = {r.id: Person.model_validate(r.body) for r in self._records.find(Kind.PERSON, owner_id=actor.id)}
        today = self._today()
        here = people if show in ("done", "all") else {i: p for i, p in people.items() if not p.has_left(today)}
        rows = self._rows(actor, here)
        unplanned = _unplanned(rows)
        wanted = text.strip().casefold()
        found = [
            row
            for row in (unplanned if show == "unplanned" else rows)
            if _shown(row, show)
            and (not department or row.department == department)
            and (not wanted or wanted in f"{row.name}\n{people[row.person_id].number}".casefold())
        ]
        found.sort(key=_urgency)
        pages = max(1, -(-len(found) // PAGE_SIZE))
        at = min(max(page, 0), pages - 1)
        return Overview(
            rows=tuple(self._with_time(row) for row in found[at * PAGE_SIZE : (at + 1) * PAGE_SIZE]),
            found=len(found),
            page=at,
            pages=pages,
            stages=Counter(row.stage for row in rows if row.stage is not None),
            late=sum(_shown(row, "late") for row in rows),
            unplanned=len(unplanned),
            departments=tuple(sorted({p.department for p in people.values() if p.department})),
        )

    def row(self, actor: Actor, talk_id: str) -> Row:
        """One talk's line; raises NotFoundError, also for another manager's."""
        record = self._records.get(Kind.TALK, talk_id)
        check(actor, Action.TEAM_LEAD, record.owner_id)
        person = Person.model_validate(self._records.get(Kind.PERSON, record.key_id).body)
        around = self._around(actor.id).get(record.id, Around())
        return self._with_time(_row(record.key_id, person, record, around, self._today()))

    def _rows(self, actor: Actor, people: Mapping[str, Person]) -> list[Row]:
        around, today = self._around(actor.id), self._today()
        last: dict[str, list[Record]] = {}
        for record in self._records.find(Kind.TALK, owner_id=actor.id, bodies=False):
            last.setdefault(record.key_id, []).append(record)
        rows: list[Row] = []
        for person_id, person in people.items():
            mine = [_row(person_id, person, r, around.get(r.id, Around()), today) for r in last.get(person_id, ())]
            left = [row for row in mine if row.next not in _DONE]
            rows += left or mine[-1:] or [_row(person_id, person, None, Around(), today)]
        return rows

    def _around(self, owner_id: str) -> dict[str, Around]:
        found: dict[str, dict[str, str]] = {}
        due: dict[str, dt.date] = {}
        names = {
            Kind.PACK: "pack", Kind.SELF_ASSESSMENT: "self_assessment", Kind.MINUTES: "minutes", Kind.PLAN: "plan",
        }  # fmt: skip
        for kind, name in names.items():
            for record in self._records.find(kind, owner_id=owner_id, bodies=False):
                found.setdefault(record.parent_id, {})[name] = record.status
                if kind is Kind.PLAN and record.due is not None:
                    due[record.parent_id] = min(record.due, due.get(record.parent_id, record.due))
        return {talk: Around(**parts, plan_due=due.get(talk)) for talk, parts in found.items()}

    def _with_time(self, row: Row) -> Row:
        if not row.talk_id:
            return row
        talk = Talk.model_validate(self._records.get(Kind.TALK, row.talk_id).body)
        return replace(row, at=None if talk.cancelled else talk.at, round_name=self._round_name(row.round_id))

    def _round_name(self, round_id: str) -> str:
        """Of two open rounds each has its line for a person: this tells them apart. "" for none, and for one deleted."""
        if not round_id:
            return ""
        try:
            return Round.model_validate(self._records.get(Kind.ROUND, round_id).body).name
        except NotFoundError:
            return ""

    def _today(self) -> dt.date:
        return self._clock.now().astimezone().date()


def next_thing(stage: Stage, around: Around) -> Next:
    """What is left to do at this stage."""
    match stage:
        case Stage.DUE:
            return Next.PREPARE
        case Stage.PREPARED:
            return Next.INVITE
        case Stage.INVITED:
            return Next.HOLD
        case Stage.HELD:
            return Next.MINUTES if around.minutes is None else Next.CONFIRM
        case Stage.CONFIRMED:
            return Next.AGREE if around.plan in (None, "draft") else Next.FOLLOW
        case Stage.FOLLOWED:
            return Next.NOTHING if around.plan_due is None else Next.FOLLOW


def _row(person_id: str, person: Person, record: Record | None, around: Around, today: dt.date) -> Row:
    if record is None:
        return Row(person_id, person.name, person.department, "", None, None, None, 0, Next.PLAN_TALK)
    stage = Stage(record.status)
    due = record.due if stage in OPEN else around.plan_due
    return Row(
        person_id, person.name, person.department, record.id, stage, _STEP[stage], due,
        max(0, (today - due).days) if due else 0, next_thing(stage, around),
        self_assessment=around.self_assessment, round_id=record.parent_id,
    )  # fmt: skip


def _unplanned(rows: Sequence[Row]) -> list[Row]:
    """One line for each person who has no talk to come, whatever is left to do about earlier ones."""
    planned = {row.person_id for row in rows if row.stage in OPEN}
    return list({row.person_id: row for row in rows if row.person_id not in planned}.values())


def _shown(row: Row, show: Show) -> bool:
    match show:
        case "open":
            return row.next not in _DONE
        case "late":
            return row.late_days > 0 and row.next not in _DONE
        case "done":
            return row.next is Next.NOTHING
        case "unplanned" | "all":
            return True


def _urgency(row: Row) -> tuple[dt.date, str, str]:
    return row.due or dt.date.max, row.name, row.person_id
