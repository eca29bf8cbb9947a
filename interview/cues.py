"""What an employee's words show. Definitions, examples and homes of shared words: ``data/cues.yaml``."""

from dataclasses import dataclass
from enum import StrEnum


class CueKind(StrEnum):
    """The closed set of employee cues."""

    UNFAIRNESS = "unfairness"
    ANGER = "anger"
    HURT = "hurt"
    ANXIETY = "anxiety"
    RESISTANCE = "resistance"
    WITHDRAWAL = "withdrawal"
    SURPRISE = "surprise"
    HARDSHIP = "hardship"
    LEAVING = "leaving"
    ACCEPTANCE = "acceptance"


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue with the words it rests on. ``text[start:end] == quote``; from strength 0.5 on it is a cue."""

    kind: CueKind
    strength: float
    quote: str
    start: int
    end: int
