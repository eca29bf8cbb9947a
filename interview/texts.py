"""Names and texts of steps, situations, moves and cues in both languages, read once from ``data/*.yaml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from interview.conversation import Lang
from interview.situations import Situation
from interview.steps import Step


@dataclass(frozen=True, slots=True)
class StepText:
    """One of the nine steps in one language."""

    name: str
    key_action: str
    common_mistake: str
    digital_support: str


@dataclass(frozen=True, slots=True)
class SituationText:
    """One of the four situations in one language."""

    name: str
    goal: str
    approach: tuple[str, ...]
    risks: tuple[str, ...]
    samples: tuple[str, ...]


@cache
def _data(name: str) -> Mapping[str, Any]:
    text = files("interview").joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def step_text(step: Step, lang: Lang) -> StepText:
    """Name, key action, common mistake and digital support of a step."""
    return StepText(**_data("steps")["steps"][step][lang])


@cache
def situation_text(situation: Situation, lang: Lang) -> SituationText:
    """Name, goal, approach, risks and sample wordings of a situation."""
    raw: Mapping[str, Any] = _data("situations")["situations"][situation][lang]
    return SituationText(raw["name"], raw["goal"], tuple(raw["approach"]), tuple(raw["risks"]), tuple(raw["samples"]))


@cache
def move_name(kind: str, lang: Lang) -> str:
    """The short name of a move."""
    return str(_data("moves")["moves"][kind]["name"][lang])


@cache
def cue_meaning(kind: str, lang: Lang) -> str:
    """What a cue means, in a sentence."""
    return str(_data("cues")["kinds"][kind][lang]["definition"])
