"""Simulated managers: three crude ways of holding the talk, so that personas, scenarios and rubric can be tried in bulk.

They say their lines in order and listen to nothing; what they show is how a persona and a rubric answer to a style, not
how a good manager talks.
"""

import calendar
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files

import yaml

from interview.conversation import Lang, Speaker, Transcript
from interview.employee import EmployeeState
from interview.persona import MonthNumber, Persona, Scenario
from interview.ports import MoveReader
from simulator.engine import Stage, take_turn
from simulator.intent import IntentKind
from simulator.reaction import first_state
from simulator.voices.authored import opening_line


class Style(StrEnum):
    """How a simulated manager talks."""

    SKILLED = "skilled"
    VAGUE = "vague"
    HARSH = "harsh"


@dataclass(frozen=True, slots=True)
class Held:
    """A simulated talk. ``path``: the employee's state before the first line and after each turn."""

    transcript: Transcript
    path: tuple[EmployeeState, ...]
    variant: str
    walked_out: bool


def lines(style: Style, persona: Persona, scenario: Scenario, lang: Lang, seed: int) -> Iterator[str]:
    """What this manager says, one line a turn; the same for the same arguments."""
    pick, filled = random.Random(f"{style}:{seed}"), _own(persona, scenario, lang)
    for wordings in _wordings(lang)[style]:
        yield pick.choice(wordings).format_map(filled)


def hold(persona: Persona, scenario: Scenario, lang: Lang, style: Style, seed: int, reader: MoveReader) -> Held:
    """The whole talk with the built-in voice. Deterministic; stores nothing."""
    variant = persona.variants[seed % len(persona.variants)]
    stage = Stage(persona, scenario, variant, seed)
    state = first_state(persona, scenario, variant)
    opening = opening_line(persona, scenario, state, seed)
    state, before = replace(state, memory=replace(state.memory, said=opening.used)), opening.text
    said, path, left = [(Speaker.EMPLOYEE, before)], [state], False
    for line in lines(style, persona, scenario, lang, seed):
        outcome = take_turn(stage, state, line, reader.read(line, lang, before), before=before)
        state, before = outcome.state, outcome.draft.text
        said += [(Speaker.MANAGER, line), (Speaker.EMPLOYEE, before)]
        path.append(state)
        left = outcome.intent.kind is IntentKind.WALK_OUT
        if left:
            break
    return Held(Transcript.of(lang, said), tuple(path), variant.id, left)


def _own(persona: Persona, scenario: Scenario, lang: Lang) -> Mapping[str, str]:
    """The persona's own figures for the braces: of the month that fell shortest of its target, else the first."""
    metrics = {m.id: m for m in persona.metrics}

    def shortfall(number: MonthNumber) -> float:
        missing = (number.target - number.actual) / (abs(number.target) or 1)
        return missing if metrics[number.metric].better == "higher" else -missing

    worst = max(persona.numbers, key=shortfall)
    return {
        "rating": persona.rating.given, "metric": metrics[worst.metric].name,
        "month": _month(worst.month, lang), "target": f"{worst.target:g}", "actual": f"{worst.actual:g}",
    }  # fmt: skip


def _month(month: str, lang: Lang) -> str:
    """``2026-08`` as it is said."""
    number = int(month[5:7])
    return f"{number}月" if lang == "zh" else calendar.month_name[number]


@cache
def _wordings(lang: Lang) -> Mapping[str, Sequence[Sequence[str]]]:
    return yaml.safe_load(files("simulator.managers").joinpath(f"{lang}.yaml").read_text(encoding="utf-8"))
