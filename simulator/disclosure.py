"""What the employee lets out, and when: never a concern under its trust gate, one at a time, a hint before the whole."""

from dataclasses import dataclass, replace

from interview.employee import ConcernStatus, EmployeeState
from interview.moves import MoveKind
from interview.persona import Concern, Persona
from interview.steps import Step
from simulator.asking import Asked, asked_about
from simulator.hearing import Heard

HINT_MARGIN = 0.12
"""A hint may come this much trust before the concern itself."""
EARLIEST_HINT, EARLIEST_REVEAL = 2, 4
"""Turns before which nobody opens up to a manager, unless the manager is already at the point."""
VOICE_GATE = 0.4
"""Nobody opens up who does not feel heard at all."""


_LISTENING = frozenset(
    {
        MoveKind.OPEN_QUESTION, MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.DIAGNOSES_CAUSE, MoveKind.APOLOGY,
        MoveKind.ENCOURAGER, MoveKind.SUPPORT_OFFER, MoveKind.AFFIRMATION,
    }
)  # fmt: skip
"""People open up to somebody who listens or helps, not to somebody who is summing up."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The state after letting something out, and what: ``hinted`` or ``revealed`` name a concern, or are empty."""

    state: EmployeeState
    hinted: str = ""
    revealed: str = ""


def disclose(state: EmployeeState, heard: Heard, persona: Persona) -> Disclosure:
    """Decide whether this turn opened something. A turn that hurts, or that can't be read, opens nothing."""
    if heard.harms or not heard.readable or heard.repeated or heard.false_facts:
        return Disclosure(state)
    if not _open_floor(state, heard):
        return Disclosure(state)
    turn = state.memory.turns
    waiting = [c for c in _closed(state, persona) if _invited(c, heard)]
    for concern in sorted(waiting, key=lambda c: (c.id not in heard.touched, _rank(state, c), c.trust_gate)):
        status = state.concerns[concern.id]
        touched = concern.id in heard.touched and not concern.protected
        if (
            state.trust >= concern.trust_gate
            and state.voice >= VOICE_GATE
            and (status is ConcernStatus.HINTED or touched)
            and (turn >= EARLIEST_REVEAL or touched)
        ):
            return Disclosure(_with(state, concern, ConcernStatus.REVEALED), revealed=concern.id)
        early = turn < EARLIEST_HINT and not touched
        if status is ConcernStatus.HIDDEN and state.trust >= concern.trust_gate - HINT_MARGIN and not early:
            return Disclosure(_with(state, concern, ConcernStatus.HINTED), hinted=concern.id)
    return Disclosure(state)


def _open_floor(state: EmployeeState, heard: Heard) -> bool:
    """Whether this turn leaves room to say something of one's own: not a greeting, a goodbye or another question."""
    marker = heard.first(MoveKind.STEP_MARKER)
    if marker is not None and marker.detail == Step.CLOSING:
        return False
    if marker is not None and marker.detail == Step.SELF_REVIEW and "self-review" not in state.memory.topics:
        return False
    if heard.has(MoveKind.PLAN, MoveKind.COMMITMENT) and not heard.touched:
        return False
    asked = asked_about(heard.folded)
    if asked is Asked.WANT and state.memory.plan_parts:
        return False
    return asked not in (Asked.SMALL_TALK, Asked.PROUD, Asked.EXPECTED, Asked.PLAN)


def _closed(state: EmployeeState, persona: Persona) -> list[Concern]:
    return [c for c in persona.concerns if c.id in state.concerns and state.concerns[c.id].rank < 2]


def _rank(state: EmployeeState, concern: Concern) -> int:
    return -state.concerns[concern.id].rank


def _invited(concern: Concern, heard: Heard) -> bool:
    openers = {*concern.opened_by, MoveKind.ENCOURAGER} & _LISTENING
    real = any(
        m.kind in openers and m.strength >= 0.5 and m.detail not in ("hollow", "parrot", "generic") for m in heard.moves
    )
    return real or (concern.id in heard.touched and heard.has(MoveKind.OPEN_QUESTION, MoveKind.EMPATHY))


def _with(state: EmployeeState, concern: Concern, status: ConcernStatus) -> EmployeeState:
    return replace(state, concerns={**state.concerns, concern.id: status})
