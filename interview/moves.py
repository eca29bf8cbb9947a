"""What a manager's sentence does. Definitions, examples and counter-examples: ``data/moves.yaml``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class MoveKind(StrEnum):
    """The closed set of manager moves."""

    # listening
    OPEN_QUESTION = "open_question"
    CLOSED_QUESTION = "closed_question"
    ENCOURAGER = "encourager"
    REFLECTION = "reflection"
    EMPATHY = "empathy"
    AFFIRMATION = "affirmation"
    RAPPORT = "rapport"
    APOLOGY = "apology"
    # the matter
    STEP_MARKER = "step_marker"
    DELIVERS_MESSAGE = "delivers_message"
    EVIDENCE = "evidence"
    EXPECTATION = "expectation"
    AGREE_BEFORE_DIFFER = "agree_before_differ"
    DIAGNOSES_CAUSE = "diagnoses_cause"
    PLAN = "plan"
    SUPPORT_OFFER = "support_offer"
    COMMITMENT = "commitment"
    OFFERS_APPEAL = "offers_appeal"
    ADVICE = "advice"
    # harm
    LABEL = "label"
    INSULT = "insult"
    BLAME = "blame"
    COMPARISON = "comparison"
    INTERRUPTION = "interruption"
    THREAT = "threat"
    DISMISSAL = "dismissal"
    PROMISE_BEYOND_AUTHORITY = "promise_beyond_authority"
    DISOWNS_DECISION = "disowns_decision"
    KIND_BUT_VAGUE = "kind_but_vague"
    LETS_OFF = "lets_off"
    PRIES = "pries"


HARMS = frozenset(
    {
        MoveKind.LABEL,
        MoveKind.INSULT,
        MoveKind.BLAME,
        MoveKind.COMPARISON,
        MoveKind.INTERRUPTION,
        MoveKind.THREAT,
        MoveKind.DISMISSAL,
        MoveKind.PRIES,
    }
)
"""Moves that hurt the person and are remembered until repaired."""


EMPTY_DETAILS = frozenset({"hollow", "generic", "parrot"})
"""Details of moves that only look like what they are: empathy and praise that name nothing, words merely given back."""


@dataclass(frozen=True, slots=True)
class Move:
    """One move found in a sentence. ``text[start:end] == quote``; ``strength`` is 0–1, from 0.5 on it counts.

    ``detail`` carries what the kind needs: the step id of a ``step_marker``; ``hollow`` for an ``empathy`` that
    names nothing; ``blaming`` for ``evidence`` said as an accusation; otherwise empty.
    """

    kind: MoveKind
    strength: float
    quote: str
    start: int
    end: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MoveReading:
    """All moves of one manager turn. ``readable`` is False where the reader could make nothing of the words.

    ``likely``: how likely the words as a whole make each kind of move, 0–1, where a reader can say so; good for rates over a
    talk, too coarse to be shown or answered. Kinds that are missing are unlikely.
    """

    moves: tuple[Move, ...]
    readable: bool
    likely: Mapping[MoveKind, float] = field(default_factory=dict[MoveKind, float])

    def has(self, *kinds: MoveKind) -> bool:
        """Whether any move of these kinds counts (strength ≥ 0.5)."""
        return any(move.kind in kinds and move.strength >= 0.5 for move in self.moves)

    def first(self, kind: MoveKind) -> Move | None:
        """The strongest move of a kind that counts, or None."""
        found = [move for move in self.moves if move.kind is kind and move.strength >= 0.5]
        return max(found, key=lambda move: move.strength) if found else None
