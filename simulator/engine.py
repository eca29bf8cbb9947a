"""One turn of the employee's mind, without storage or time: what was said in, new state, intent and written reply out."""

from dataclasses import asdict, dataclass
from typing import Any

from interview.employee import EmployeeState
from interview.gestures import Gesture
from interview.intent import Intent, IntentKind
from interview.moves import MoveReading
from interview.persona import Persona, Scenario, Variant
from simulator.disclosure import Disclosure, disclose
from simulator.hearing import Heard, hear
from simulator.intent import decide, remember_intent
from simulator.moments import break_lines, take_break
from simulator.reaction import Reaction, react
from simulator.voices.authored import Draft, compose, compose_break


@dataclass(frozen=True, slots=True)
class Stage:
    """Who and what a rehearsal is about; does not change while it lasts."""

    persona: Persona
    scenario: Scenario
    variant: Variant
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything one manager turn brought about."""

    heard: Heard
    reaction: Reaction
    state: EmployeeState
    intent: Intent
    draft: Draft

    def payload(self) -> dict[str, Any]:
        """Plain JSON values for the record."""
        return {
            "text": self.heard.text,
            "moves": [asdict(m) for m in self.heard.moves],
            "readable": self.heard.readable,
            "facts": [asdict(f) for f in self.heard.facts],
            "changes": [asdict(c) for c in self.reaction.changes],
            "events": list(self.reaction.events),
            "state": self.state.to_dict(),
            "intent": asdict(self.intent),
            "draft": list(self.draft.sentences),
        }


def take_turn(
    stage: Stage,
    state: EmployeeState,
    text: str,
    reading: MoveReading,
    *,
    before: str = "",
    interrupted: bool = False,
    gesture: Gesture = Gesture.SPEAK,
) -> Outcome:
    """Hear, react, disclose, decide, word it. Deterministic in its arguments.

    An adjournment brings the break within this turn: the reply ends with the two sitting down again.
    """
    heard = hear(
        text,
        reading,
        state,
        stage.persona,
        stage.scenario,
        stage.variant,
        before=before,
        interrupted=interrupted,
    )
    reaction = react(state, heard, stage.persona, stage.scenario)
    disclosure = disclose(reaction.state, heard, stage.persona)
    intent = decide(reaction, disclosure, heard, stage.persona, stage.scenario)
    after = disclosure.state if _voiced(intent, disclosure) else reaction.state
    draft = compose(intent, after, heard, reaction, stage.persona, stage.scenario, stage.variant, stage.seed)
    if gesture is Gesture.ADJOURN and intent.kind is not IntentKind.WALK_OUT:
        return _break(stage, state, heard, reaction)
    return Outcome(heard, reaction, remember_intent(after, intent, draft.used), intent, draft)


def _voiced(intent: Intent, disclosure: Disclosure) -> bool:
    """Whether the reply says what was to be let out; what goes unsaid stays where it was."""
    opening = (IntentKind.HINT_CONCERN, IntentKind.REVEAL_CONCERN)
    return not (disclosure.hinted or disclosure.revealed) or intent.kind in opening or intent.also in opening


def _break(stage: Stage, before: EmployeeState, heard: Heard, reaction: Reaction) -> Outcome:
    """The talk is broken off and taken up again, all in one turn."""
    state, changes = take_break(before, reaction.state, heard, stage.persona, stage.scenario, stage.variant)
    leaving, narrator, again = break_lines(stage.persona, before, state)
    draft = compose_break(leaving, narrator, again, state, heard, stage.persona, stage.seed)
    intent = Intent(IntentKind.TAKE_BREAK)
    told = Reaction(state, (*reaction.changes, *changes), (*reaction.events, "adjourned"))
    return Outcome(heard, told, remember_intent(state, intent, draft.used), intent, draft)
