"""The rubric file and the arithmetic it asks for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """One dimension: ``score`` 0–100, or None where what it needs is not known; ``weight`` before renormalising."""

    id: str
    score: float | None
    weight: float


@cache
def rubric() -> Mapping[str, Any]:
    """The packaged rubric."""
    text = files("scoring").joinpath("rubric.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def dimension_scores(measures: Mapping[str, float], known: Collection[str]) -> tuple[DimensionScore, ...]:
    """Every dimension; those whose ``needs`` are not all ``known`` are left unscored, not zero."""
    found: list[DimensionScore] = []
    for name, entry in rubric()["dimensions"].items():
        missing = [need for need in entry.get("needs", ()) if need not in known]
        score = None if missing else round(100 * _value(entry, measures), 1)
        found.append(DimensionScore(name, score, float(entry["weight"])))
    return tuple(found)


def _value(entry: Mapping[str, Any], measures: Mapping[str, float]) -> float:
    gains: Mapping[str, Sequence[float]] = entry.get("gains", {})
    losses: Mapping[str, Sequence[float]] = entry.get("losses", {})
    value = float(entry.get("base", 0.0))
    if gains:
        total = sum(weight for _, _, weight in gains.values())
        value += (
            sum(_reached(measures[name], least, full) * weight for name, (least, full, weight) in gains.items()) / total
        )
    if "earned_by" in entry:
        value *= _reached(measures[entry["earned_by"][0]], *entry["earned_by"][1:])
    value -= sum(_reached(measures[name], least, full) * cost for name, (least, full, cost) in losses.items())
    return min(1.0, max(0.0, value))


def _reached(measure: float, least: float, full: float) -> float:
    """How far a measure is on its way from ``least`` to ``full``, 0–1."""
    return min(1.0, max(0.0, (measure - least) / (full - least)))


def total_score(
    dimensions: Collection[DimensionScore], measures: Mapping[str, float], known: Collection[str]
) -> tuple[float | None, tuple[str, ...]]:
    """Weighted mean over the scored dimensions under the gates that apply, and the names of those gates."""
    scored = [d for d in dimensions if d.score is not None]
    if not scored:
        return None, ()
    total = sum((d.score or 0.0) * d.weight for d in scored) / sum(d.weight for d in scored)
    applied: list[str] = []
    for name, gate in rubric()["gates"].items():
        if any(need not in known for need in gate.get("needs", ())):
            continue
        value = measures[gate["measure"]]
        low = gate.get("at_least", float("-inf")) <= value < gate.get("below", float("-inf"))
        if low or value > gate.get("above", float("inf")):
            total = max(0.0, min(total, gate["ceiling"]) - gate.get("cost", 0.0))
            applied.append(name)
    return round(total, 1), tuple(applied)


def band_of(score: float, lang: str) -> str:
    """The name of the band a score falls in."""
    return next(str(names[lang]) for floor, names in rubric()["bands"] if score >= floor)
