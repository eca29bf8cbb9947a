"""What comes of a talk: an action plan and, for one or two skills, an individual development plan (IDP).

Each action has an owner and a day; who owns it ticks it off, by week or month where it repeats. What became of it opens
the next preparation. The employee sees the plan once their manager has shared it.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from cycle.employee import Visit, check_shareable
from cycle.minutes import Minutes
from cycle.records import Kind, Record, Records
from cycle.talks import Stage, Talks
from cycle.team import Body
from cycle.when import Every
from interview.actor import Actor
from interview.errors import InputError, NotFoundError
from interview.ports import Clock

MAX_ACTIONS = 20
MAX_SKILLS = 2
MAX_PERIODS = 120
Owner = Literal["employee", "manager"]
Text = Annotated[str, StringConstraints(max_length=400)]
LEVELS = (1, 2, 3, 4, 5)
"""How well a skill is mastered: 1 needs guidance at every step, 3 works alone, 5 teaches others."""


class Tick(Body):
    """Something done. ``period``: the week (2026-W48) or month (2026-12) of a repeating action, else empty."""

    period: str = Field(default="", max_length=8)
    at: AwareDatetime
    note: Text = ""


class ActionItem(Body):
    """One thing to be done. ``skill``: the focus skill it serves; ``difference``: made from a point of dispute."""

    id: str
    what: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    how: Text = ""
    by: dt.date | None = None
    every: Every = ""
    support: Text = ""
    know: Text = ""
    owner: Owner = "employee"
    skill: str = Field(default="", max_length=60)
    difference: bool = False
    since: dt.date
    ticks: tuple[Tick, ...] = ()


class Skill(Body):
    """A focus skill: where it stands and where it should stand, 1-5, each None where nobody has said."""

    name: str = Field(min_length=1, max_length=60)
    now: int | None = Field(default=None, ge=1, le=5)
    goal: int | None = Field(default=None, ge=1, le=5)


class Plan(Body):
    """Actions and one or two focus skills of one talk."""

    actions: tuple[ActionItem, ...] = Field(default=(), max_length=MAX_ACTIONS)
    skills: tuple[Skill, ...] = Field(default=(), max_length=MAX_SKILLS)
    shared_at: AwareDatetime | None = None


class State(StrEnum):
    """Where an action stands on a day."""

    DONE = "done"
    ON_TRACK = "on-track"
    OVERDUE = "overdue"
    OPEN_ENDED = "open-ended"


@dataclass(frozen=True, slots=True)
class Progress:
    """One action on one day. ``missed``: weeks or months that are over without a tick."""

    action: ActionItem
    state: State
    done_periods: int
    missed: tuple[str, ...]
    all_periods: int

    @property
    def share(self) -> float:
        """How much of it is done, 0-1."""
        if self.action.every:
            return self.done_periods / self.all_periods if self.all_periods else 0.0
        return 1.0 if self.state is State.DONE else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an earlier plan, for the next preparation."""

    talk_id: str
    progress: tuple[Progress, ...]
    skills: tuple[Skill, ...]

    def count(self, state: State) -> int:
        """How many actions stand so."""
        return sum(p.state is state for p in self.progress)


def period_of(day: dt.date, every: Every) -> str:
    """The week or month a day lies in; empty for what does not repeat."""
    if every == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{day:%Y-%m}" if every == "month" else ""


def periods(action: ActionItem) -> tuple[str, ...]:
    """Every week or month from the beginning to the day it ends; none for what happens once or has no end."""
    if not action.every or action.by is None:
        return ()
    found: list[str] = []
    day = action.since
    while day <= action.by and len(found) < MAX_PERIODS:
        name = period_of(day, action.every)
        if name not in found:
            found.append(name)
        day += dt.timedelta(days=1)
    return tuple(found)


def progress(action: ActionItem, today: dt.date) -> Progress:
    """Where an action stands today."""
    ticked = {t.period for t in action.ticks}
    every = periods(action)
    if not action.every:
        if action.ticks:
            state = State.DONE
        elif action.by is None:
            state = State.OPEN_ENDED
        else:
            state = State.OVERDUE if action.by < today else State.ON_TRACK
        return Progress(action, state, 0, (), 0)
    current = period_of(today, action.every)
    over = every if action.by and action.by < today else tuple(p for p in every if p < current)
    missed = tuple(p for p in over if p not in ticked)
    done = len(ticked & set(every)) if every else len(ticked)
    if not every:
        state = State.OPEN_ENDED
    elif done == len(every):
        state = State.DONE
    else:
        state = State.OVERDUE if missed else State.ON_TRACK
    return Progress(action, state, done, missed, len(every))


def lacking(action: ActionItem) -> tuple[str, ...]:
    """Which of how, by, support and know nobody has said yet."""
    return tuple(part for part in ("how", "by", "support", "know") if not getattr(action, part))


def next_due(plan: Plan, today: dt.date) -> dt.date | None:
    """The first day by which something that is not done has to be done."""
    open_days = [a.by for a in plan.actions if a.by and progress(a, today).state is not State.DONE]
    return min(open_days, default=None)


def differences(minutes: Minutes, plan: Plan) -> tuple[str, ...]:
    """Points of dispute in the newest minutes that no action has taken up yet."""
    taken = {a.what for a in plan.actions if a.difference}
    latest = minutes.latest
    found = [e.text[:400] for e in latest.entries if e.part == "disputed"] if latest else []
    return tuple(text for text in dict.fromkeys(found) if text not in taken)


class Plans:
    """Plans by talk. The record's status is ``draft``, ``running`` or ``done``, its due day the next open one."""

    def __init__(
        self, records: Records, talks: Talks, clock: Clock, new_id: Callable[[], str] = lambda: secrets.token_hex(4)
    ) -> None:
        self._records = records
        self._talks = talks
        self._clock = clock
        self._new_id = new_id

    def today(self) -> dt.date:
        """This machine's day."""
        return self._clock.now().astimezone().date()

    def of_talk(self, actor: Actor, talk_id: str) -> Plan:
        """The plan of a talk, empty where there is none."""
        talk, _ = self._talks.talk(actor, talk_id)
        return self._read(talk)[1]

    def put_action(self, actor: Actor, talk_id: str, action: ActionItem) -> ActionItem:
        """Add an action, or change the one of the same id, whose ticks stay; an empty id is given one.

        Raises InputError where there are too many, or for a day that has gone by when it is added.
        """
        talk, _ = self._talks.talk(actor, talk_id)
        record, plan = self._read(talk)
        made = action if action.id else action.model_copy(update={"id": self._new_id(), "since": self.today()})
        before = next((a for a in plan.actions if a.id == made.id), None)
        if before is None and made.by is not None and made.by < self.today():
            raise InputError("in the past", message_key="error.plan_past")
        if before is None and len(plan.actions) >= MAX_ACTIONS:
            raise InputError("too many", message_key="error.plan_many", limit=MAX_ACTIONS)
        if plan.shared_at:
            _check_action(made)
        if before is not None:
            made = made.model_copy(update={"ticks": before.ticks, "since": before.since})
        actions = tuple(made if a.id == made.id else a for a in plan.actions) + (() if before else (made,))
        self._store(talk, record, plan.model_copy(update={"actions": actions}))
        return made

    def remove_action(self, actor: Actor, talk_id: str, action_id: str) -> None:
        """Take an action out; raises NotFoundError."""
        talk, _ = self._talks.talk(actor, talk_id)
        record, plan = self._read(talk)
        _action(plan, action_id)
        left = tuple(a for a in plan.actions if a.id != action_id)
        self._store(talk, record, plan.model_copy(update={"actions": left}))

    def set_skills(self, actor: Actor, talk_id: str, skills: Sequence[Skill]) -> None:
        """The one or two focus skills; raises InputError for more, or for the same twice."""
        if len(skills) > MAX_SKILLS or len({s.name for s in skills}) != len(skills):
            raise InputError("skills", message_key="error.plan_skills", limit=MAX_SKILLS)
        talk, _ = self._talks.talk(actor, talk_id)
        record, plan = self._read(talk)
        if plan.shared_at:
            check_shareable(s.name for s in skills)
        self._store(talk, record, plan.model_copy(update={"skills": tuple(skills)}))

    def share(self, actor: Actor, talk_id: str) -> None:
        """Let the employee see it and tick off; the talk counts as followed up from now on.

        Raises InputError for an empty plan, an action without a day, a focus skill without an action, or words of the
        manager's private preparation.
        """
        talk, _ = self._talks.talk(actor, talk_id)
        record, plan = self._read(talk)
        if not plan.actions:
            raise InputError("empty", message_key="error.plan_empty")
        for action in plan.actions:
            _check_action(action)
        check_shareable(s.name for s in plan.skills)
        idle = next((s for s in plan.skills if all(a.skill != s.name for a in plan.actions)), None)
        if idle is not None:
            raise InputError("skill without action", message_key="error.plan_skill_idle")
        self._store(talk, record, plan.model_copy(update={"shared_at": plan.shared_at or self._clock.now()}))
        now = self._records.get(Kind.TALK, talk.id)
        if now.status != Stage.FOLLOWED:
            self._records.put(replace(now, status=Stage.FOLLOWED))

    def tick(self, actor: Actor, talk_id: str, action_id: str, period: str = "", note: str = "") -> None:
        """The manager's own action is done, for a week or month where it repeats; again takes it back."""
        talk, _ = self._talks.talk(actor, talk_id)
        self._tick(talk, "manager", action_id, period, note)

    def shown_to(self, visit: Visit) -> Plan | None:
        """The employee's view: the plan, once shared."""
        _, plan = self._read(visit.talk)
        return plan if plan.shared_at else None

    def tick_as_employee(self, visit: Visit, action_id: str, period: str = "", note: str = "") -> None:
        """As ``tick``, for the employee's own actions of a shared plan."""
        if self.shown_to(visit) is None:
            raise NotFoundError("not shared")
        self._tick(visit.talk, "employee", action_id, period, note)

    def outcome(self, actor: Actor, person_id: str, *, before_talk: str = "") -> Outcome | None:
        """What became of the person's latest shared plan, of a talk before the one named; None where there is none."""
        earlier: list[Record] = []
        for talk in self._talks.of_person(actor, person_id):
            if talk.id == before_talk:
                break
            earlier.append(talk)
        for talk in reversed(earlier):
            plan = self._read(talk)[1]
            if plan.shared_at:
                today = self.today()
                return Outcome(talk.id, tuple(progress(a, today) for a in plan.actions), plan.skills)
        return None

    def skills_over_talks(self, actor: Actor, person_id: str) -> tuple[tuple[Record, tuple[Skill, ...]], ...]:
        """The focus skills of every talk with a person, oldest first; for the picture over cycles."""
        found = [(talk, self._read(talk)[1].skills) for talk in self._talks.of_person(actor, person_id)]
        return tuple((talk, skills) for talk, skills in found if skills)

    def _tick(self, talk: Record, owner: Owner, action_id: str, period: str, note: str) -> None:
        record, plan = self._read(talk)
        action = _action(plan, action_id)
        if action.owner != owner:
            raise InputError("not the owner", message_key="error.plan_owner")
        today = self.today()
        allowed = (*(periods(action) or ()), period_of(today, action.every)) if action.every else ("",)
        if period not in allowed or (period and period > period_of(today, action.every)):
            raise InputError("period", message_key="error.plan_period")
        if len(note) > 400:
            raise InputError("too long", message_key="error.long_field", limit=400)
        left = tuple(t for t in action.ticks if t.period != period)
        if len(left) == len(action.ticks):
            left = (*left, Tick(period=period, at=self._clock.now(), note=note))
        changed = action.model_copy(update={"ticks": left})
        actions = tuple(changed if a.id == action_id else a for a in plan.actions)
        self._store(talk, record, plan.model_copy(update={"actions": actions}))

    def _read(self, talk: Record) -> tuple[Record | None, Plan]:
        try:
            record = self._records.get(Kind.PLAN, _id(talk))
        except NotFoundError:
            return None, Plan()
        return record, Plan.model_validate(record.body)

    def _store(self, talk: Record, record: Record | None, plan: Plan) -> None:
        today = self.today()
        body, due = plan.model_dump(mode="json"), next_due(plan, today) if plan.shared_at else None
        done = bool(plan.actions) and all(progress(a, today).state is State.DONE for a in plan.actions)
        status = "draft" if not plan.shared_at else "done" if done else "running"
        if record is None:
            self._records.add(Record(_id(talk), Kind.PLAN, talk.owner_id, talk.key_id, body, talk.id, status, due))
        else:
            self._records.put(replace(record, body=body, status=status, due=due))


def _id(talk: Record) -> str:
    """One plan a talk."""
    return f"plan-{talk.id}"


def _action(plan: Plan, action_id: str) -> ActionItem:
    found = next((a for a in plan.actions if a.id == action_id), None)
    if found is None:
        raise NotFoundError("no such action", message_key="error.plan_gone")
    return found


def _check_action(action: ActionItem) -> None:
    check_shareable([action.what, action.how, action.support, action.know, action.skill])
    if action.by is None:
        key = "error.plan_difference_undated" if action.difference else "error.plan_undated"
        raise InputError("undated", message_key=key)
