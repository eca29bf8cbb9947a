"""How far machine and trainers, and two trainers, agree; where they drift apart, and over which sentences.

Weighted kappa (quadratic) after Cohen 1968 and ICC(2,1) after Shrout and Fleiss 1979, both computed with statsmodels.
"""

import datetime as dt
import importlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from interview.ports import Note

LEVELS = 5
MIN_PAIRS = 5
"""Fewer pairs say nothing about agreement."""
GOOD_KAPPA = 0.6
"""Substantial agreement on the scale of Landis and Koch 1977; from here on points may be shown instead of bands."""

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Agreement:
    """``kappa`` with its 95 % interval and ``icc``; None where there are fewer than ``MIN_PAIRS`` or no spread."""

    pairs: int
    kappa: float | None
    low: float | None
    high: float | None
    icc: float | None
    mean_difference: float | None
    """Mean of second minus first, in points of 100."""


def level(score: float) -> int:
    """1–5 from 0–100."""
    return min(LEVELS, int(score // (100 / LEVELS)) + 1)


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """Agreement of two raters over pairs of 0–100 scores."""
    if not pairs:
        return Agreement(0, None, None, None, None, None)
    difference = round(sum(b - a for a, b in pairs) / len(pairs), 1)
    if len(pairs) < MIN_PAIRS:
        return Agreement(len(pairs), None, None, None, None, difference)
    kappa, low, high = _kappa(pairs)
    return Agreement(len(pairs), kappa, low, high, _icc(pairs), difference)


def _kappa(pairs: Sequence[Pair]) -> tuple[float | None, float | None, float | None]:
    import numpy as np

    cohens_kappa = _untyped("statsmodels.stats.inter_rater").cohens_kappa
    table: Any = np.zeros((LEVELS, LEVELS))
    for first, second in pairs:
        table[level(first) - 1, level(second) - 1] += 1
    if (table.sum(axis=0) > 0).sum() < 2 and (table.sum(axis=1) > 0).sum() < 2:
        return None, None, None  # everybody gave everything the same level
    with np.errstate(invalid="ignore", divide="ignore"):  # a variance that rounds below 0: no width, told apart below
        found: Any = cohens_kappa(table, wt="quadratic")
        kappa, low, high = float(found.kappa), float(found.kappa_low), float(found.kappa_upp)
    if math.isnan(kappa):
        return None, None, None
    low, high = (kappa if math.isnan(low) else low), (kappa if math.isnan(high) else high)
    return round(kappa, 3), round(max(-1.0, low), 3), round(min(1.0, high), 3)


def _icc(pairs: Sequence[Pair]) -> float | None:
    import numpy as np
    import pandas as pd

    ols, anova_lm = _untyped("statsmodels.formula.api").ols, _untyped("statsmodels.stats.anova").anova_lm
    rows = [(n, rater, score) for n, pair in enumerate(pairs) for rater, score in enumerate(pair)]
    frame = pd.DataFrame(rows, columns=["talk", "rater", "score"])
    with np.errstate(invalid="ignore", divide="ignore"):  # the F values of a perfect agreement, not used here
        squares: Any = anova_lm(ols("score ~ C(talk) + C(rater)", frame).fit())["mean_sq"]
    talks, raters, rest = (float(squares[name]) for name in ("C(talk)", "C(rater)", "Residual"))
    below = talks + rest + 2 * (raters - rest) / len(pairs)
    return None if below < 1e-6 else round((talks - rest) / below, 3)  # scores run to 100: below is only rounding


def _untyped(name: str) -> Any:
    """A module of a library that carries no types; imported where it is used."""
    return importlib.import_module(name)


def machine_and_human(notes: Iterable[Note]) -> list[Pair]:
    """``(machine, human)`` of the last overruling of each dimension by each trainer."""
    return [(note.machine or 0.0, note.score or 0.0) for note in in_force(notes)]


def in_force(notes: Iterable[Note]) -> list[Note]:
    """The last overruling of each dimension of each talk by each trainer, where the machine had a score too."""
    last: dict[tuple[str, str | None, str], Note] = {}
    for note in notes:
        if note.dimension and note.machine is not None and note.score is not None:
            last[note.rehearsal_id, note.dimension, note.author_id] = note
    return list(last.values())


def two_trainers(notes: Iterable[Note]) -> list[Pair]:
    """Pairs of two trainers' scores of the same dimension of the same talk, in a fixed order of trainers."""
    scores: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for note in notes:
        if note.dimension and note.score is not None:
            scores[note.rehearsal_id, note.dimension][note.author_id] = note.score
    pairs: list[Pair] = []
    for given in scores.values():
        trainers = sorted(given)
        pairs += [(given[a], given[b]) for n, a in enumerate(trainers) for b in trainers[n + 1 :]]
    return pairs


def drift(notes: Iterable[Note]) -> list[tuple[str, int, float]]:
    """``(month, number, mean of human minus machine)`` in order of time."""
    months: dict[str, list[float]] = defaultdict(list)
    for note in in_force(notes):
        months[month_of(note.created_at)].append((note.score or 0.0) - (note.machine or 0.0))
    return [(month, len(found), round(sum(found) / len(found), 1)) for month, found in sorted(months.items())]


def month_of(when: dt.datetime) -> str:
    """``2026-11``."""
    return when.strftime("%Y-%m")


def disagreements(notes: Iterable[Note], limit: int = 10) -> list[Note]:
    """The overrulings furthest from the machine, furthest first."""
    found = [n for n in in_force(notes) if n.score != n.machine]
    return sorted(found, key=lambda n: -abs((n.score or 0) - (n.machine or 0)))[:limit]


def points_may_be_shown(notes: Sequence[Note]) -> bool:
    """Whether two trainers agree with the machine well enough that points mean something; until then bands are shown."""
    trainers = {n.author_id for n in notes if n.dimension}
    found = agreement(machine_and_human(notes))
    return len(trainers) >= 2 and found.kappa is not None and found.kappa >= GOOD_KAPPA and (found.low or 0) >= 0.4
