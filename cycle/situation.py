"""Performance, potential and communication place a person in one of four situations: a proposal with its reasons.

The manager decides. The result prepares the talk and appears in nothing an employee is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from cycle.packs import Grade, Opened
from interview.conversation import Lang
from interview.situations import Situation, Style
from interview.steps import Step
from interview.texts import situation_text
from phrasing.library import PhrasingLibrary

ENOUGH_SIGNS = 3
"""Ticked signs that speak for potential."""
MATRIX: Mapping[tuple[Grade, Grade], Situation] = {
    ("high", "high"): Situation.CHALLENGER,
    ("high", "low"): Situation.EXPERT,
    ("low", "high"): Situation.ROUGH_JADE,
    ("low", "low"): Situation.STUCK,
}
STEPS = (Step.OPENING, Step.FEEDBACK, Step.DIFFERENCES, Step.PLAN)
"""Steps for which wordings are shown."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why; ``key`` of ``reasons`` in ``data/situation.yaml``."""

    axis: str
    key: str
    values: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Placed:
    """The proposal; grades are empty and ``proposed`` None where the material cannot tell. ``decided``: the manager's."""

    performance: Grade
    potential: Grade
    style: Style | None
    proposed: Situation | None
    decided: Situation | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What a situation means for the talk. ``wordings``: step, what could be said, why it works."""

    name: str
    goal: str
    approach: tuple[str, ...]
    risks: tuple[str, ...]
    samples: tuple[str, ...]
    style: str
    wordings: tuple[tuple[Step, str, str], ...]


def signs() -> tuple[str, ...]:
    """Names of the signs of potential."""
    return tuple(_data()["signs"])


def sign_text(name: str, lang: Lang) -> str:
    """A sign in words."""
    return str(_data()["signs"][name][lang])


def style_text(style: Style, lang: Lang) -> str:
    """What was seen of how somebody takes feedback."""
    return str(_data()["styles"][style][lang])


def reason_text(reason: Reason, lang: Lang) -> str:
    """A reason in words."""
    return str(_data()["reasons"][reason.key][lang]).format(**reason.values)


def caution(lang: Lang) -> str:
    """What this is not."""
    return str(_data()["cautions"][lang])


def place(opened: Opened) -> Placed:
    """Read rating, kept numbers and ticked signs; what the manager set themselves stands. Nothing of transcripts."""
    chosen = opened.pack.placement
    performance, why_performance = _performance(opened)
    potential, why_potential = _potential(opened)
    own = Reason("performance", "own"), Reason("potential", "own")
    if chosen.performance:
        performance, why_performance = chosen.performance, (*why_performance, own[0])
    if chosen.potential:
        potential, why_potential = chosen.potential, (*why_potential, own[1])
    proposed = MATRIX.get((performance, potential))
    willing = (Reason("situation", "unwilling"),) if proposed is Situation.STUCK else ()
    reasons = (*why_performance, *why_potential, *willing)
    return Placed(performance, potential, chosen.style, proposed, chosen.decided, reasons)


def advice(situation: Situation, style: Style | None, lang: Lang, phrasing: PhrasingLibrary) -> Advice:
    """Goal, approach, risks and our own sample wordings for the talk."""
    text = situation_text(situation, lang)
    words = ((step, phrasing.for_step(step, lang, situation=situation)) for step in STEPS)
    return Advice(
        text.name,
        text.goal,
        text.approach,
        text.risks,
        text.samples,
        str(_data()["styles_advice"][style][lang]) if style else "",
        tuple((step, word.text, word.why) for step, word in words if word is not None),
    )


def _performance(opened: Opened) -> tuple[Grade, tuple[Reason, ...]]:
    level = opened.pack.level
    kept = [n for n in opened.numbers if n.id in opened.pack.numbers and n.is_met is not None]
    met = sum(bool(n.is_met) for n in kept)
    reasons: list[Reason] = []
    grades: set[Grade] = set()
    if level is not None:
        reasons.append(Reason("performance", "level", {"level": level}))
        grades.add("high" if level >= 3 else "low")
    if kept:
        reasons.append(Reason("performance", "met", {"count": len(kept), "met": met}))
        if met * 2 != len(kept):
            grades.add("high" if met * 2 > len(kept) else "low")
    if len(grades) == 1:
        return grades.pop(), tuple(reasons)
    missing = Reason("performance", "at_odds" if reasons else "no_performance")
    return "", (*reasons, missing)


def _potential(opened: Opened) -> tuple[Grade, tuple[Reason, ...]]:
    ticked = [name for name in opened.pack.placement.signs if name in _data()["signs"]]
    reasons: list[Reason] = []
    rising = falling = 0
    for n in opened.numbers:
        if n.id not in opened.pack.numbers or n.before is None or n.before == n.actual:
            continue
        is_better = (n.actual > n.before) == n.higher_is_better
        rising, falling = rising + is_better, falling + (not is_better)
        values = {"metric": n.metric, "before": f"{n.before:.4g}", "actual": f"{n.actual:.4g}"}
        reasons.append(Reason("potential", "rising" if is_better else "falling", values))
    if ticked:
        count = {"count": len(ticked), "all": len(_data()["signs"])}
        reasons.insert(0, Reason("potential", "signs", count))
    if len(ticked) >= ENOUGH_SIGNS or (len(ticked) == ENOUGH_SIGNS - 1 and rising > falling):
        return "high", tuple(reasons)
    if not ticked:
        return "", (*reasons, Reason("potential", "no_signs"))
    return "low", tuple(reasons)


@cache
def _data() -> Mapping[str, Any]:
    return yaml.safe_load(files("cycle").joinpath("data", "situation.yaml").read_text(encoding="utf-8"))
