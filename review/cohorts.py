"""Cohorts: people who practise the same talk by a day, how far they have come, and where they all find it hard."""

import datetime as dt
import importlib
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from interview.actor import Actor
from interview.errors import InputError
from interview.ports import (
    Clock,
    Cohort,
    CohortRepository,
    Note,
    RehearsalRecord,
    RehearsalRepository,
    ReviewRepository,
)
from people.permissions import Action, check
from review.reviews import effective

MAX_MEMBERS = 500
MAX_NAME = 80
_WEAK_STEPS, _WEAK_FINDINGS = 3, 5


@dataclass(frozen=True, slots=True)
class Change:
    """After minus before, in points of 100, with its 95 % interval; None where one side has fewer than two talks."""

    points: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class MemberProgress:
    """One person's shared talks for this cohort. ``reached``: None until a human has settled a score."""

    person_id: str
    name: str
    talks: int
    first: float | None
    last: float | None
    best: float | None
    change: Change | None
    reached: bool | None


@dataclass(frozen=True, slots=True)
class Progress:
    """A cohort as it stands. ``weak_steps`` and ``weak_findings``: ``(id or code, share of talks)``, most common first."""

    cohort: Cohort
    members: tuple[MemberProgress, ...]
    weak_steps: tuple[tuple[str, float], ...]
    weak_findings: tuple[tuple[str, float], ...]
    overdue: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one member was given and how far they are: a cohort without its other members."""

    cohort: Cohort
    mine: MemberProgress
    overdue: bool


class Cohorts:
    """What trainers do with cohorts, and what members see of theirs."""

    def __init__(
        self,
        cohorts: CohortRepository,
        reviews: ReviewRepository,
        rehearsals: RehearsalRepository,
        clock: Clock,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._cohorts = cohorts
        self._reviews = reviews
        self._rehearsals = rehearsals
        self._clock = clock
        self._new_id = new_id

    def create(
        self,
        actor: Actor,
        name: str,
        persona_id: str,
        scenario_id: str,
        members: Mapping[str, str],
        *,
        due_on: dt.date | None = None,
        required: float = 70,
    ) -> Cohort:
        """A new cohort; raises InputError that says what is wrong."""
        check(actor, Action.COHORT_LEAD, actor.id)
        cohort = Cohort(
            self._new_id(), actor.id, name.strip(), persona_id, scenario_id, due_on, float(required), self._clock.now(),
            _checked(members),
        )  # fmt: skip
        self._cohorts.save(_valid(cohort))
        return cohort

    def change(self, actor: Actor, cohort_id: str, **values: Any) -> Cohort:
        """Change name, members, day or required level."""
        cohort = self._led(actor, cohort_id)
        if "members" in values:
            values["members"] = _checked(values["members"])
        changed = _valid(replace(cohort, **values))
        self._cohorts.save(changed)
        return changed

    def delete(self, actor: Actor, cohort_id: str) -> None:
        """Destroy it; the members' rehearsals stay theirs."""
        self._led(actor, cohort_id)
        self._cohorts.delete(cohort_id)

    def led(self, actor: Actor) -> tuple[Cohort, ...]:
        """This trainer's own."""
        check(actor, Action.COHORT_LEAD, actor.id)
        return self._cohorts.led_by(actor.id)

    def joined(self, actor: Actor) -> tuple[Cohort, ...]:
        """The cohorts this person is in, without the other members."""
        check(actor, Action.REHEARSAL_START)
        return tuple(
            replace(c, members={actor.id: c.members.get(actor.id, "")}) for c in self._cohorts.joined_by(actor.id)
        )

    def progress(self, actor: Actor, cohort_id: str) -> Progress:
        """Where everybody stands. Only shared talks count; a level is reached only where a human settled the score."""
        cohort = self._led(actor, cohort_id)
        reports: list[Mapping[str, Any]] = []
        members: list[MemberProgress] = []
        by_owner = self._held(cohort, list(cohort.members))
        for person_id, name in cohort.members.items():
            held = by_owner.get(person_id, [])
            reports += [report for report, _ in held]
            members.append(_member(person_id, name, held, cohort.required))
        late = self._is_late(cohort, members)
        return Progress(cohort, tuple(members), _weak_steps(reports), _weak_findings(reports), late)

    def assigned(self, actor: Actor) -> tuple[Assignment, ...]:
        """What this person was given to practise and how far their own shared talks have come."""
        found: list[Assignment] = []
        for cohort in self.joined(actor):
            held = self._held(cohort, [actor.id]).get(actor.id, [])
            mine = _member(actor.id, cohort.members[actor.id], held, cohort.required)
            found.append(Assignment(cohort, mine, self._is_late(cohort, [mine])))
        return tuple(found)

    def _held(self, cohort: Cohort, people: Sequence[str]) -> dict[str, list[tuple[Mapping[str, Any], Sequence[Note]]]]:
        """Reports in force and their notes of each person's shared talks that count here, oldest first."""
        found: dict[str, list[tuple[Mapping[str, Any], Sequence[Note]]]] = {}
        for record in self._reviews.shared_of(people)[::-1]:
            if _counts(record, cohort):
                report, notes = self._rehearsals.report(record.id), self._reviews.notes(record.id)
                counted = effective(report, notes) if report is not None else None
                if counted is not None and counted["score"] is not None:
                    found.setdefault(record.owner_id, []).append((counted, notes))
        return found

    def _is_late(self, cohort: Cohort, members: Sequence[MemberProgress]) -> bool:
        today = self._clock.now().astimezone().date()
        return cohort.due_on is not None and today > cohort.due_on and any(m.reached is not True for m in members)

    def _led(self, actor: Actor, cohort_id: str) -> Cohort:
        cohort = self._cohorts.get(cohort_id)
        check(actor, Action.COHORT_LEAD, cohort.trainer_id)
        return cohort


def _counts(record: RehearsalRecord, cohort: Cohort) -> bool:
    return (
        record.persona_id == cohort.persona_id
        and record.scenario_id == cohort.scenario_id
        and record.drill is None
        and record.parent_id is None
    )


def _checked(members: Mapping[str, str]) -> dict[str, str]:
    kept = {person.strip(): (name.strip() or person.strip())[:MAX_NAME] for person, name in members.items()}
    if "" in kept or len(kept) > MAX_MEMBERS or any(len(person) > MAX_NAME for person in kept):
        raise InputError("members", message_key="error.cohort_members", limit=MAX_MEMBERS)
    return kept


def _valid(cohort: Cohort) -> Cohort:
    if not cohort.name or len(cohort.name) > MAX_NAME:
        raise InputError("name", message_key="error.cohort_name", limit=MAX_NAME)
    if not 0 <= cohort.required <= 100:
        raise InputError("required", message_key="error.score_range")
    return cohort


def _member(
    person_id: str, name: str, held: Sequence[tuple[Mapping[str, Any], Sequence[Note]]], required: float
) -> MemberProgress:
    scores = [float(report["score"]) for report, _ in held]
    settled = [float(report["score"]) for report, notes in held if any(n.dimension for n in notes)]
    reached = None if not settled else max(settled) >= required
    if not scores:
        return MemberProgress(person_id, name, 0, None, None, None, None, None)
    return MemberProgress(
        person_id, name, len(scores), scores[0], scores[-1], max(scores), change_of(scores), reached
    )  # fmt: skip


def change_of(scores: Sequence[float]) -> Change | None:
    """The later half of somebody's talks against the earlier half, with Welch's interval from two talks a side on."""
    half = len(scores) // 2
    if half == 0:
        return None
    before, after = scores[:half], scores[-half:]
    points = round(sum(after) / half - sum(before) / half, 1)
    if half < 2 or len({*before}) == len({*after}) == 1:
        return Change(points, None, None)
    stats: Any = importlib.import_module("statsmodels.stats.weightstats")
    compared = stats.CompareMeans(stats.DescrStatsW(list(after)), stats.DescrStatsW(list(before)))
    low, high = compared.tconfint_diff(usevar="unequal")
    return Change(points, round(max(-100.0, float(low)), 1), round(min(100.0, float(high)), 1))


def _weak_steps(reports: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, float], ...]:
    missed = Counter(step["step"] for report in reports for step in report["steps"] if step["turn"] is None)
    return tuple((step, round(count / len(reports), 2)) for step, count in missed.most_common(_WEAK_STEPS))


def _weak_findings(reports: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, float], ...]:
    codes = Counter(code for report in reports for code in {finding["code"] for finding in report["findings"]})
    return tuple((code, round(count / len(reports), 2)) for code, count in codes.most_common(_WEAK_FINDINGS))
