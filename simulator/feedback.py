"""After a turn: what the sentence did, to which feeling, why, and one better wording, or that nothing needs it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from interview.conversation import Lang
from interview.moves import HARMS, MoveKind
from interview.ports import RehearsalRecord
from interview.situations import Situation
from interview.steps import Step
from phrasing.library import PhrasingLibrary, Wording
from simulator.reaction import Change

MAX_EFFECTS = 4
FULL_FEEDBACK_FOR = 2
"""Whole practice talks in which every sentence gets its feedback; after them it comes at the end of each step."""
WHOLE_TALK = 6
"""Manager turns from which a rehearsal counts as one."""

Pace = Literal["turn", "step"]
"""How often feedback is shown."""

_WEAK = (
    MoveKind.PROMISE_BEYOND_AUTHORITY, MoveKind.DISOWNS_DECISION, MoveKind.LETS_OFF, MoveKind.KIND_BUT_VAGUE,
    MoveKind.ADVICE,
)  # fmt: skip
_GOOD = frozenset(
    {
        MoveKind.OPEN_QUESTION, MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.AFFIRMATION, MoveKind.EVIDENCE,
        MoveKind.AGREE_BEFORE_DIFFER, MoveKind.DIAGNOSES_CAUSE, MoveKind.PLAN, MoveKind.SUPPORT_OFFER,
        MoveKind.COMMITMENT, MoveKind.OFFERS_APPEAL, MoveKind.DELIVERS_MESSAGE, MoveKind.APOLOGY,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feedback:
    """``moves``: what the turn did (kinds that count). ``effects``: the biggest changes with their reasons.

    ``problem`` names what a better wording is for (a key of the phrasing library), empty where nothing needs one;
    ``better`` is that wording and ``why`` its reason.
    """

    moves: tuple[str, ...]
    effects: tuple[str, ...]
    problem: str = ""
    better: str = ""
    why: str = ""


def pace_of(record: RehearsalRecord, own: Iterable[RehearsalRecord]) -> Pace:
    """How often a rehearsal shows feedback, given all of the person's rehearsals: it fades, so that people learn the
    talk and not the gauge. Drills and branches are for trying one sentence, so they keep it."""
    if record.drill is not None or record.parent_id is not None:
        return "turn"
    before = [
        r
        for r in own
        if r.created_at < record.created_at and r.mode == "practice" and r.turn_count >= WHOLE_TALK
        and r.drill is None and r.parent_id is None
    ]  # fmt: skip
    return "turn" if len(before) < FULL_FEEDBACK_FOR else "step"


def feedback_for(
    payload: Mapping[str, Any],
    lang: Lang,
    situation: Situation,
    phrasing: PhrasingLibrary,
    *,
    reasons_in: Lang,
    turn: int = 0,
) -> Feedback:
    """Feedback on a stored turn. ``lang`` is the talk's language, in which the wording is offered.

    ``turn`` lets the wording change from one turn to the next where the same thing goes wrong again.
    """
    moves = [m for m in payload["moves"] if m["strength"] >= 0.5]
    changes = sorted((Change(**c) for c in payload["changes"]), key=lambda c: -abs(c.delta))
    problem = problem_of(payload)
    wording: Wording | None = None
    if problem:
        step, seen = Step(payload["state"]["step"]), set[str]()
        for _ in range(1 + turn % 4):
            found = phrasing.for_move(problem, lang, situation=situation, step=step, avoid=seen)
            wording = found or wording
            seen.add(found.id if found else "")
    return Feedback(
        moves=tuple(dict.fromkeys(str(m["kind"]) for m in moves)),
        effects=tuple(c.text(reasons_in) for c in changes[:MAX_EFFECTS]),
        problem=problem,
        better=wording.text if wording else "",
        why=wording.why if wording else "",
    )


def problem_of(payload: Mapping[str, Any]) -> str:
    """The gravest thing a turn did wrong, as a key of the phrasing library; empty if nothing."""
    moves = [m for m in payload["moves"] if m["strength"] >= 0.5]
    kinds = {m["kind"] for m in moves}
    for kind in MoveKind:
        if kind in HARMS and kind in kinds:
            return str(kind)
    if any(f["verdict"] == "false" for f in payload["facts"]):
        return (
            "rating_wrong"
            if any(f["about"] == "rating" and f["verdict"] == "false" for f in payload["facts"])
            else "false_evidence"
        )
    for kind in _WEAK[:-1]:
        if kind in kinds:
            return str(kind)
    if any(m["kind"] == MoveKind.EVIDENCE and m["detail"] == "blaming" for m in moves):
        return "evidence_blaming"
    good = any(m["kind"] in _GOOD and m["detail"] not in ("hollow", "generic", "parrot") for m in moves)
    if good:
        return ""
    if any(m["kind"] == MoveKind.EMPATHY and m["detail"] == "hollow" for m in moves):
        return "hollow_empathy"
    if MoveKind.ADVICE in kinds:
        return str(MoveKind.ADVICE)
    if kinds == {MoveKind.CLOSED_QUESTION}:
        return str(MoveKind.CLOSED_QUESTION)
    if not payload["readable"]:
        return "unread"
    return ""
