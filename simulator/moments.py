"""Moments outside the ordinary exchange: how the room receives them, a drill's start, a pause, a break and what it does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from interview.conversation import Lang
from interview.employee import ConcernStatus, EmployeeState
from interview.intent import Intent, IntentKind
from interview.persona import Persona, Scenario, Variant
from interview.preparation import Preparation, judged
from interview.steps import SPOKEN_STEPS, STEPS, Step
from simulator.hearing import Heard
from simulator.reaction import Change, first_state, rules

DRILL_STEPS: tuple[Step, ...] = SPOKEN_STEPS
DRILL_TURNS = 8
"""What five minutes of talk hold; after this many exchanges a drill is over."""
CALM_ENOUGH = 0.5
"""Below this tension there was no need to break off."""


@cache
def moment_lines(lang: Lang) -> Mapping[str, Any]:
    """The lines of this module in one language."""
    text = files("simulator").joinpath("voices", "lines", f"moments.{lang}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def enter(state: EmployeeState, preparation: Preparation) -> tuple[EmployeeState, tuple[Change, ...]]:
    """How this person comes in after that invitation, into that room; each change says what did it."""
    changes: list[Change] = []
    for chosen in judged(preparation):
        for gauge, delta in (("tension", chosen.tension), ("trust", chosen.trust)):
            if delta:
                changes.append(Change(gauge, delta, f"room_{chosen.kind}"))
    tension = state.tension + sum(c.delta for c in changes if c.gauge == "tension")
    trust = state.trust + sum(c.delta for c in changes if c.gauge == "trust")
    return replace(state, tension=_unit(tension), trust=_unit(trust)), tuple(changes)


def drill_state(persona: Persona, scenario: Scenario, variant: Variant, step: Step) -> EmployeeState:
    """The employee at the start of a step whose earlier steps went decently."""
    state = first_state(persona, scenario, variant)
    reached = STEPS.index(step)
    memory = replace(state.memory, turns=max(0, 2 * (reached - STEPS.index(Step.OPENING))))
    if reached > STEPS.index(Step.SELF_REVIEW):
        memory = replace(memory, asked_first=True, topics=("self-review",))
        state = replace(state, voice=_unit(state.voice + 0.1), trust=_unit(state.trust + 0.05))
    if reached > STEPS.index(Step.FEEDBACK):
        told = tuple(part.id for part in scenario.message)
        memory = replace(memory, delivered=told, evidence=(persona.metrics[0].id,))
        state = replace(
            state, tension=_unit(state.tension + 0.14), fairness=_unit(state.fairness - 0.06), agree_facts=0.4
        )
    if reached > STEPS.index(Step.DIFFERENCES):
        memory = replace(memory, disputes=1, appeal=True, cause=True)
        first = next(iter(state.concerns))
        state = replace(
            state, tension=_unit(state.tension - 0.12), trust=_unit(state.trust + 0.05), agree_rating=0.35,
            fairness=_unit(state.fairness + 0.08), concerns={**state.concerns, first: ConcernStatus.REVEALED},
        )  # fmt: skip
    if reached > STEPS.index(Step.PLAN):
        memory = replace(memory, plan_parts=("what",))
        state = replace(state, agree_plan=0.4, commitment=0.4)
    if reached > STEPS.index(Step.COMMITMENT):
        memory = replace(memory, plan_parts=("what", "who", "when", "how", "support"), follow_up=True)
        state = replace(state, agree_plan=0.6, commitment=0.55)
    return replace(state, step=step, memory=memory)


def drill_lines(persona: Persona, scenario: Scenario, step: Step) -> Sequence[str]:
    """What the employee may say where a drill begins."""
    if step is Step.DIFFERENCES:
        return tuple(getattr(scenario.lines.doubt, persona.style))
    if step is Step.PLAN:
        return tuple(getattr(scenario.lines.what_next, persona.style))
    return tuple(moment_lines(persona.lang)["drill"][step][persona.style])


def fills_silence(state: EmployeeState, heard: Heard, persona: Persona) -> Intent | None:
    """What comes of a pause: those who trust say more, those who don't let it hang."""
    if not heard.pauses:
        return None
    if heard.pauses > 1 or state.trust < 0.28:
        return Intent(IntentKind.GO_QUIET if state.memory.turns % 2 else IntentKind.SHORT_ANSWER)
    open_concern = next(
        (c for c, s in state.concerns.items() if s in (ConcernStatus.REVEALED, ConcernStatus.NAMED)), ""
    )
    if open_concern:
        return Intent(IntentKind.ELABORATE_CONCERN, about=open_concern)
    hinted = next((c for c, s in state.concerns.items() if s is ConcernStatus.HINTED), "")
    if hinted:
        return Intent(IntentKind.HINT_CONCERN, about=hinted)
    if state.memory.delivered:
        return Intent(IntentKind.QUESTION_RATING if state.agree_rating < 0.3 else IntentKind.ASK_WHAT_NEXT)
    return Intent(IntentKind.ANSWER if "self-review" in state.memory.topics else IntentKind.SELF_REVIEW)


def take_break(
    before: EmployeeState, now: EmployeeState, heard: Heard, persona: Persona, scenario: Scenario, variant: Variant
) -> tuple[EmployeeState, tuple[Change, ...]]:
    """What a break does: heat goes out of it, but putting off without a date, too early or too often costs trust."""
    changes: list[Change] = []
    start = first_state(persona, scenario, variant).tension
    if now.tension > start:
        changes.append(Change("tension", round(0.6 * (start - now.tension), 4), "adjourned"))
    if now.patience < 0.9:
        changes.append(Change("patience", round(0.9 - now.patience, 4), "adjourned"))
    if not heard.has_time:
        changes += _costs("adjourned_undated")
    if max(before.tension, now.tension) < CALM_ENOUGH:
        changes += _costs("adjourned_calm")
    if now.memory.breaks:
        changes += _costs("adjourned_again")
    values = {
        gauge: round(_unit(getattr(now, gauge) + sum(c.delta for c in changes if c.gauge == gauge)), 4)
        for gauge in {c.gauge for c in changes}
    }
    memory = replace(now.memory, breaks=now.memory.breaks + 1, harm=round(now.memory.harm * 0.8, 4))
    return replace(now, **values, memory=memory), tuple(changes)


def break_lines(
    persona: Persona, before: EmployeeState, after: EmployeeState
) -> tuple[Sequence[str], str, Sequence[str]]:
    """What is said on breaking off, the narrator's sentence, and what is said on sitting down again."""
    lines = moment_lines(persona.lang)
    calm = before.tension < CALM_ENOUGH or after.memory.breaks > 1
    return (
        lines["calm_break" if calm else "take_break"][persona.style],
        lines["narrator"],
        lines["again"][persona.style],
    )


def _costs(code: str) -> Iterator[Change]:
    for gauge, delta in rules()["context"][code].items():
        if isinstance(delta, float):
            yield Change(gauge, delta, code)


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
