"""The employee's inner state and its path through a talk."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, cast

from interview.steps import Step


class ConcernStatus(StrEnum):
    """How far a concern has come into the open, in order."""

    HIDDEN = "hidden"
    HINTED = "hinted"
    REVEALED = "revealed"
    NAMED = "named"
    ADDRESSED = "addressed"

    @property
    def rank(self) -> int:
        """0 for hidden … 4 for addressed."""
        return list(ConcernStatus).index(self)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the employee remembers of the talk beyond the gauges. Counts are over the whole talk."""

    turns: int = 0
    hollow_empathy: int = 0
    questions_in_a_row: int = 0
    unreadable: int = 0
    harm: float = 0.0
    """Unrepaired harm, 0–1; while it is above 0.15 trust hardly grows."""
    harms: int = 0
    delivered: tuple[str, ...] = ()
    """Ids of the scenario's message parts that have been said."""
    asked_first: bool = False
    """The employee was invited to speak before the rating was given."""
    evidence: tuple[str, ...] = ()
    """Metric ids and incident ids the manager has brought, true ones only."""
    false_evidence: int = 0
    disputes: int = 0
    plan_parts: tuple[str, ...] = ()
    """Of ``what, who, when, how, support``: what the plan has so far."""
    agreed: tuple[str, ...] = ()
    """The manager's last sentences that set a step, a promise or support, clipped; for when one asks to sum up."""
    cause: bool = False
    appeal: bool = False
    follow_up: bool = False
    money_asked: bool = False
    money_answered: bool = False
    topics: tuple[str, ...] = ()
    """What the employee has already told, so that they do not tell it the same way twice."""
    repeats: int = 0
    """Turns in which the manager said what they had said before."""
    breaks: int = 0
    """Times the talk was adjourned and taken up again."""
    heard: tuple[str, ...] = ()
    """Fingerprints of the manager's last turns."""
    said: tuple[str, ...] = ()
    """Fingerprints of the lines the employee has spoken, so that none is said twice."""


@dataclass(frozen=True, slots=True)
class EmployeeState:
    """All gauges are 0–1. ``fairness`` and ``voice``: how fairly treated and how heard the person feels."""

    tension: float
    trust: float
    fairness: float
    voice: float
    patience: float
    commitment: float
    agree_facts: float
    agree_rating: float
    agree_plan: float
    step: Step
    concerns: Mapping[str, ConcernStatus]
    memory: Memory = field(default_factory=Memory)

    @property
    def resigned(self) -> bool:
        """Calm on the surface without trust: given up, not agreed."""
        return self.tension < 0.45 and self.trust < 0.3

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, rounded to four places so that text and memory agree."""
        data = asdict(self)
        for key, value in data.items():
            if isinstance(value, float):
                data[key] = round(value, 4)
        data["step"] = str(self.step)
        data["concerns"] = {key: str(value) for key, value in self.concerns.items()}
        data["resigned"] = self.resigned
        data["memory"]["harm"] = round(self.memory.harm, 4)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "EmployeeState":
        """The inverse of ``to_dict``; unknown keys of older records are ignored."""
        names = {f.name for f in fields(cls)} - {"concerns", "memory", "step"}
        known = {f.name for f in fields(Memory)}
        raw = cast("dict[str, Any]", data["memory"])
        kept: dict[str, Any] = {}
        for key, value in raw.items():
            if key in known:
                kept[key] = tuple(cast("list[str]", value)) if isinstance(value, list) else value
        memory = Memory(**kept)
        concerns = {key: ConcernStatus(value) for key, value in data["concerns"].items()}
        return cls(**{name: data[name] for name in names}, step=Step(data["step"]), concerns=concerns, memory=memory)
