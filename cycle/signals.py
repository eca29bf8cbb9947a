"""Lights to look closer, never a decision: from monthly numbers, dated complaints and days of leaving alone.

A manager sees those of their own people, HR those of departments only. Off until each switches them on. Nothing is built from what was said in a talk. Each light carries its rule's
numbers, how many of the team show it (base rate) and what speaks against it. Groups are told from five people up.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from statistics import fmean, quantiles
from typing import Any

import yaml

from cycle.numbers import shift
from cycle.records import Kind, Record, Records
from cycle.talks import Stage, Talk
from cycle.team import Person, Team
from interview.actor import Actor, Role
from interview.errors import NotFoundError
from interview.ports import Clock
from people.permissions import Action, check

Numbers = Sequence[Mapping[str, Any]]
HELD = (Stage.HELD, Stage.CONFIRMED, Stage.FOLLOWED)


class SignalKind(StrEnum):
    """What may deserve a look."""

    BURNOUT = "burnout"
    RISE = "rise"
    COMPLAINTS = "complaints"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Against:
    """Something that speaks against the light; ``key`` is the end of a text key ``signal.against.*``."""

    key: str
    values: Mapping[str, str | float] | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One light. ``base_count`` of ``base_all`` people (or departments) show the same.

    ``values`` are the numbers of the rule; ``person_id`` is empty for a group.
    """

    kind: SignalKind
    name: str
    values: Mapping[str, str | float]
    base_count: int
    base_all: int
    against: tuple[Against, ...]
    person_id: str = ""


@cache
def rules() -> Mapping[str, Mapping[str, Any]]:
    """Thresholds of ``data/signals.yaml``."""
    return yaml.safe_load(files("cycle").joinpath("data", "signals.yaml").read_text(encoding="utf-8"))


class Signals:
    """Lights of one's own team, and of departments for HR."""

    def __init__(self, records: Records, team: Team, clock: Clock) -> None:
        self._records = records
        self._team = team
        self._clock = clock

    def is_on(self, actor: Actor) -> bool:
        """Whether this person has switched the lights on."""
        check(actor, _action(actor))
        found = self._setting(actor)
        return found is not None and found.status == "on"

    def switch(self, actor: Actor, *, on: bool) -> None:
        """Switch them on or off."""
        check(actor, _action(actor))
        found, status = self._setting(actor), "on" if on else "off"
        if found is None:
            made = _setting_id(actor)
            self._records.add(Record(made, Kind.SETTING, actor.id, made, status=status))
        elif found.status != status:
            self._records.put(replace(found, status=status))

    def all(self, actor: Actor) -> tuple[Signal, ...]:
        """Every light of one's own team, groups first; nothing while switched off."""
        check(actor, Action.TEAM_LEAD)
        if not self.is_on(actor):
            return ()
        today = self._clock.now().astimezone().date()
        everybody = {record.id: person for record, person in self._team.people(actor)}
        people = {i: p for i, p in everybody.items() if not p.has_left(today)}
        figures = {i: f for i, f in self._team.all_figures(actor).items() if i in people}
        names = {i: p.name for i, p in people.items()}
        return (*self._groups(everybody, today, actor.id), *burnout(figures, names), *rise(figures, names))

    def departments(self, actor: Actor) -> tuple[Signal, ...]:
        """The lights of departments over the whole firm, for HR; nothing while switched off."""
        check(actor, Action.ROUND_LEAD)
        if not self.is_on(actor):
            return ()
        everybody = {r.id: Person.model_validate(r.body) for r in self._records.find(Kind.PERSON)}
        return self._groups(everybody, self._clock.now().astimezone().date())

    def _groups(self, people: Mapping[str, Person], today: dt.date, owner_id: str | None = None) -> tuple[Signal, ...]:
        held = [
            (record.key_id, at.date())
            for record in self._records.find(Kind.TALK, owner_id=owner_id, status=HELD)
            if (at := Talk.model_validate(record.body).at) is not None
        ]
        complaints = {
            r.key_id: [dt.date.fromisoformat(e["date"]) for e in r.body["events"] if e["kind"] == "complaint"]
            for r in self._records.find(Kind.EVENTS, owner_id=owner_id)
        }
        leaving = {i: [p.left] for i, p in people.items() if p.left is not None and p.has_left(today)}
        departments = {i: p.department for i, p in people.items()}
        return (
            *group(SignalKind.COMPLAINTS, departments, held, complaints),
            *group(SignalKind.LEAVING, departments, held, leaving),
        )

    def _setting(self, actor: Actor) -> Record | None:
        try:
            return self._records.get(Kind.SETTING, _setting_id(actor))
        except NotFoundError:
            return None


def _action(actor: Actor) -> Action:
    """What the lights need: HR's are of departments, everybody else's of a team."""
    return Action.ROUND_LEAD if actor.role is Role.HR else Action.TEAM_LEAD


def _setting_id(actor: Actor) -> str:
    whose = (
        f"{actor.id} as {Role.HR}" if actor.role is Role.HR else actor.id
    )  # one person alone is both, on one machine
    return f"signals-{hashlib.sha256(whose.encode()).hexdigest()[:24]}"


def burnout(figures: Mapping[str, Numbers], names: Mapping[str, str]) -> tuple[Signal, ...]:
    """High load and all other targets met in the same months, in most of the last ones."""
    rule = rules()["burnout"]
    upper = _upper_quarter([f for found in figures.values() for f in found if is_load(f["metric"])])
    found: list[tuple[str, Signal]] = []
    looked_at = 0
    for person_id, own in figures.items():
        by_month = _last_months(own, int(rule["months"]))
        loads = [f for month in by_month.values() for f in month if is_load(f["metric"])]
        if len(by_month) < rule["least_months"] or not loads:
            continue
        looked_at += 1
        both = [month for month, f in by_month.items() if _high_load(f, upper) and _all_met(f)]
        if len(both) < rule["least_months"]:
            continue
        against: list[Against] = []
        load = [f["actual"] for month in sorted(by_month) for f in by_month[month] if is_load(f["metric"])]
        if len(load) >= 4 and fmean(load[-2:]) < fmean(load[:2]):
            against.append(Against("load_falls"))
        if len(by_month) < int(rule["months"]):
            against.append(Against("short", {"months": len(by_month)}))
        against.append(Against("load_chosen"))
        values = {
            "months": len(both),
            "all": len(by_month),
            "load": round(fmean(load), 1),
            "metric": loads[0]["metric"],
        }
        found.append((person_id, Signal(SignalKind.BURNOUT, names[person_id], values, 0, 0, tuple(against), person_id)))
    return tuple(replace(s, base_count=len(found), base_all=looked_at) for _, s in found)


def rise(figures: Mapping[str, Numbers], names: Mapping[str, str]) -> tuple[Signal, ...]:
    """A metric that gets better nearly every month and by a fair share in all."""
    rule = rules()["rise"]
    months = int(rule["months"])
    found: list[Signal] = []
    looked_at: set[str] = set()
    moved: dict[str, list[float]] = defaultdict(list)
    rising: list[tuple[str, str, float, int, bool]] = []
    for person_id, own in figures.items():
        for metric in sorted({f["metric"] for f in own if not is_load(f["metric"])}):
            series = sorted((f for f in own if f["metric"] == metric), key=lambda f: f["month"])[-months:]
            if len(series) < months or series[0]["month"] != shift(series[-1]["month"], 1 - months):
                continue
            looked_at.add(person_id)
            sign = 1 if series[-1].get("higher_is_better", True) else -1
            actuals = [f["actual"] for f in series]
            ups = sum(sign * (b - a) > 0 for a, b in pairwise(actuals))
            start, end = fmean(actuals[:2]), fmean(actuals[-2:])
            change = sign * (end - start) / abs(start) if start else 0.0
            moved[metric].append(change)
            if ups >= rule["least_up"] and change >= rule["least_change"]:
                target = series[-1]["target"]
                met = target is None or sign * (actuals[-1] - target) >= 0
                rising.append((person_id, metric, change, ups, met))
    people = {person_id for person_id, *_ in rising}
    for person_id, metric, change, ups, met in rising:
        against = (
            [Against("all_rise", {"share": round(fmean(moved[metric]) * 100)})] if _team_rises(moved[metric]) else []
        )
        if not met:
            against.append(Against("below_target"))
        against.append(Against("six_months"))
        values: dict[str, str | float] = {
            "metric": metric, "change": round(change * 100), "ups": ups, "steps": months - 1
        }  # fmt: skip
        found.append(
            Signal(SignalKind.RISE, names[person_id], values, len(people), len(looked_at), tuple(against), person_id)
        )
    return tuple(found)


def group(
    kind: SignalKind,
    departments: Mapping[str, str],
    held: Sequence[tuple[str, dt.date]],
    dated: Mapping[str, Sequence[dt.date]],
) -> tuple[Signal, ...]:
    """Departments where something follows talks (a complaint, leaving) much more often than in other departments.

    ``held``: person and day of each talk. ``dated``: the days on which it happened to somebody. A department of fewer than five people with a talk is neither told nor the
    only one compared with.
    """
    rule = {**rules()["group"], **rules()[kind]}
    span = dt.timedelta(days=int(rule["least_after"]))
    talked: dict[str, set[str]] = defaultdict(set)
    count: dict[str, int] = defaultdict(int)
    by_person: dict[str, list[dt.date]] = defaultdict(list)
    for who, day in held:
        by_person[who].append(day)
    for person_id, department in departments.items():
        days = by_person.get(person_id, [])
        if days and department:
            talked[department].add(person_id)
            count[department] += sum(any(d < c <= d + span for d in days) for c in dated.get(person_id, ()))
    found: list[Signal] = []
    large = [name for name, who in talked.items() if len(who) >= rule["least_people"]]
    for name in sorted(large):
        others = sum(len(who) for other, who in talked.items() if other != name)
        elsewhere = sum(n for other, n in count.items() if other != name)
        if others < rule["least_people"] or count[name] < rule["least_events"]:
            continue
        rate, base = count[name] / len(talked[name]), elsewhere / others
        if rate < rule["times_base"] * base or rate == 0:
            continue
        values: dict[str, str | float] = {
            "events": count[name], "people": len(talked[name]), "rate": round(rate * 100), "base": round(base * 100),
            "days": int(rule["least_after"]),
        }  # fmt: skip
        found.append(
            Signal(
                kind,
                name,
                values,
                0,
                len(large),
                (Against("small", {"people": len(talked[name])}), Against("coincide")),
            )
        )
    return tuple(replace(s, base_count=len(found)) for s in found)


@lru_cache(4_096)
def is_load(metric: str) -> bool:
    """Whether a metric says how much somebody works rather than what came of it."""
    return any(word in metric.casefold() for word in rules()["burnout"]["load_words"])


def _last_months(own: Numbers, months: int) -> dict[str, list[Mapping[str, Any]]]:
    last = max((f["month"] for f in own), default="")
    inside = {shift(last, -n) for n in range(months)} if last else set[str]()
    found: dict[str, list[Mapping[str, Any]]] = {}
    for figure in own:
        if figure["month"] in inside:
            found.setdefault(figure["month"], []).append(figure)
    return dict(sorted(found.items()))


def _high_load(month: Numbers, upper: Callable[[str], float | None]) -> bool:
    times = rules()["burnout"]["over_target"]
    for figure in month:
        if is_load(figure["metric"]):
            target = figure["target"]
            line = upper(figure["metric"]) if target is None else times * target
            if line is not None and figure["actual"] >= line > 0:
                return True
    return False


def _all_met(month: Numbers) -> bool:
    results = [f for f in month if not is_load(f["metric"]) and f["target"] is not None]
    return bool(results) and all(
        f["actual"] >= f["target"] if f.get("higher_is_better", True) else f["actual"] <= f["target"] for f in results
    )


def _upper_quarter(loads: Numbers) -> Callable[[str], float | None]:
    by_metric: dict[str, list[float]] = defaultdict(list)
    for figure in loads:
        by_metric[figure["metric"]].append(figure["actual"])
    lines = {m: quantiles(v, n=4)[2] for m, v in by_metric.items() if len(v) >= 20}
    return lines.get


def _team_rises(changes: Sequence[float]) -> bool:
    return len(changes) >= rules()["group"]["least_people"] and fmean(changes) >= rules()["rise"]["least_change"] / 2
