"""One person's numbers over a cycle: against target, against the cycle before and within the team, without names."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from cycle.rounds import SMALLEST_GROUP
from cycle.team import Figure


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mean lies among colleagues: how many of ``others`` did worse and better; the rest did the same."""

    worse: int
    better: int
    others: int
    median: float

    @property
    def rank(self) -> int:
        """1 is best; equals share a rank."""
        return self.better + 1

    @property
    def share(self) -> float:
        """Part of the colleagues who did worse, 0-1."""
        return self.worse / self.others


@dataclass(frozen=True, slots=True)
class Number:
    """One metric over one cycle; all values are monthly means in ``unit``.

    ``reached`` of ``with_target`` months met their target. ``before`` is the cycle before, ``place`` None where fewer
    than five colleagues have the metric.
    """

    id: str
    metric: str
    unit: str
    higher_is_better: bool
    months: tuple[str, ...]
    actual: float
    target: float | None
    reached: int
    with_target: int
    before: float | None
    place: Place | None

    @property
    def is_met(self) -> bool | None:
        """Whether the mean reaches the mean target; None without one."""
        return None if self.target is None else _reaches(self.actual, self.target, self.higher_is_better)


def shift(month: str, by: int) -> str:
    """A month (``2026-03``) so many months later."""
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + by
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def window(figures: Sequence[Figure], length: int, last: str = "") -> tuple[str, ...]:
    """The months of a cycle, oldest first; ends with ``last`` or the latest month that has a number; () for none."""
    end = last or max((f.month for f in figures), default="")
    return tuple(shift(end, -back) for back in reversed(range(length))) if end else ()


def numbers(
    figures: Sequence[Figure], months: Sequence[str], others: Iterable[Sequence[Mapping[str, Any]]] = ()
) -> tuple[Number, ...]:
    """Every metric that has a value in the cycle, by name. ``others``: colleagues' figures as stored."""
    if not months:
        return ()
    now, earlier = frozenset(months), frozenset(shift(m, -len(months)) for m in months)
    by_metric: dict[str, list[Figure]] = {}
    for figure in figures:
        by_metric.setdefault(figure.metric, []).append(figure)
    team = _team_means({m: f[-1].unit for m, f in by_metric.items()}, now, others)
    return tuple(
        made
        for metric in sorted(by_metric)
        if (made := _number(metric, by_metric[metric], months, now, earlier, team.get(metric, ()))) is not None
    )


def _number(
    metric: str,
    figures: Sequence[Figure],
    months: Sequence[str],
    now: frozenset[str],
    earlier: frozenset[str],
    team: Sequence[float],
) -> Number | None:
    inside = [f for f in figures if f.month in now]
    if not inside:
        return None
    up, unit = inside[-1].higher_is_better, inside[-1].unit
    actual, before = fmean(f.actual for f in inside), [f.actual for f in figures if f.month in earlier]
    targets = [(f.actual, f.target) for f in inside if f.target is not None]
    return Number(
        "n-" + hashlib.sha256(metric.encode()).hexdigest()[:8],
        metric,
        unit,
        up,
        tuple(m for m in months if any(f.month == m for f in inside)),
        actual,
        fmean(target for _, target in targets) if targets else None,
        sum(_reaches(value, target, up) for value, target in targets),
        len(targets),
        fmean(before) if before else None,
        _place(actual, team, up),
    )


def _place(actual: float, team: Sequence[float], up: bool) -> Place | None:
    if len(team) < SMALLEST_GROUP:
        return None
    below, above = sum(value < actual for value in team), sum(value > actual for value in team)
    return Place(below if up else above, above if up else below, len(team), median(team))


def _reaches(value: float, target: float, up: bool) -> bool:
    return value >= target if up else value <= target


def _team_means(
    units: Mapping[str, str], now: frozenset[str], others: Iterable[Sequence[Mapping[str, Any]]]
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {metric: [] for metric in units}
    for figures in others:
        sums: dict[str, list[float]] = {}
        for figure in figures:
            metric = figure["metric"]
            if metric in units and figure["month"] in now and figure.get("unit", "") == units[metric]:
                sums.setdefault(metric, []).append(figure["actual"])
        for metric, values in sums.items():
            found[metric].append(fmean(values))
    return found
