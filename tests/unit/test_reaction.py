"""What the engine promises, over all personas and many states."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interview.employee import ConcernStatus, EmployeeState, Memory
from interview.library import FileLibrary
from interview.moves import HARMS, MoveKind
from interview.persona import Persona
from interview.reading.facts import FactCheck
from interview.steps import Step
from simulator.disclosure import disclose
from simulator.reaction import GAUGES, first_state, react, rules
from tests.conftest import ROOT
from tests.fakes.heard import heard

LIBRARY = FileLibrary(ROOT / "personas")
PERSONAS = [LIBRARY.persona(p, lang) for lang in ("zh", "en") for p in LIBRARY.persona_ids(lang)]
SCENARIOS = {lang: LIBRARY.scenarios(lang) for lang in ("zh", "en")}
gauge = st.floats(0, 1)
kinds = st.lists(
    st.one_of(
        st.sampled_from(list(MoveKind)),
        st.just((MoveKind.EMPATHY, "hollow")),
        st.just((MoveKind.REFLECTION, "parrot")),
        st.just((MoveKind.EVIDENCE, "blaming")),
    ),
    max_size=5,
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Persona, EmployeeState]:
    persona = draw(st.sampled_from(PERSONAS))
    variant = draw(st.sampled_from(persona.variants))
    memory = Memory(
        turns=draw(st.integers(0, 60)), hollow_empathy=draw(st.integers(0, 12)), harm=draw(gauge),
        questions_in_a_row=draw(st.integers(0, 8)), delivered=draw(st.sampled_from([(), ("rating",)])),
        asked_first=draw(st.booleans()), cause=draw(st.booleans()), plan_parts=draw(st.sampled_from([(), ("what", "when")])),
    )  # fmt: skip
    state = EmployeeState(
        **{name: draw(gauge) for name in GAUGES},
        step=draw(st.sampled_from(list(Step))),
        concerns={c: draw(st.sampled_from(list(ConcernStatus))) for c in variant.concerns},
        memory=memory,
    )
    return persona, state


def scenario_for(persona: Persona):
    return SCENARIOS[persona.lang][0]


fast = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@fast
@given(situations(), st.sampled_from(sorted(HARMS)), kinds)
def test_harm_never_calms_and_never_wins_trust(situation, harm, others):
    persona, state = situation
    after = react(state, heard(harm, *others), persona, scenario_for(persona)).state
    assert after.tension >= state.tension
    assert after.trust <= state.trust


@fast
@given(situations())
def test_respectful_evidence_never_costs_more_than_blaming_evidence(situation):
    persona, state = situation
    fact = (FactCheck("true", persona.metrics[0].id, "x"),)
    fair = react(state, heard(MoveKind.EVIDENCE, facts=fact), persona, scenario_for(persona)).state
    blaming = react(state, heard((MoveKind.EVIDENCE, "blaming"), facts=fact), persona, scenario_for(persona)).state
    assert fair.tension <= blaming.tension
    assert fair.trust >= blaming.trust


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda p: f"{p.id}-{p.lang}")
def test_the_tenth_hollow_empathy_gains_nothing(persona):
    scenario = scenario_for(persona)
    state = first_state(persona, scenario, persona.variants[0])
    turn = heard((MoveKind.EMPATHY, "hollow"))
    states = [state]
    for number in range(10):
        states.append(react(states[-1], replace(turn, fingerprint=str(number)), persona, scenario).state)
    for before, after in pairwise(states[1:]):
        assert after.trust <= before.trust
        assert after.tension >= before.tension
        assert after.commitment <= before.commitment
    assert states[5].tension > states[4].tension - 1e-9
    assert states[10].patience < states[3].patience


@fast
@given(situations(), kinds)
def test_changes_are_bounded_but_for_what_ends_trust(situation, chosen):
    persona, state = situation
    turn = heard(*chosen)
    after = react(state, turn, persona, scenario_for(persona)).state
    at_once = turn.has(MoveKind.INSULT, MoveKind.THREAT, MoveKind.PRIES)
    for name, (low, high) in rules()["bounds"].items():
        if (name == "trust" and at_once) or name == "commitment":
            continue
        assert low - 1e-3 <= getattr(after, name) - getattr(state, name) <= high + 1e-3, name


@fast
@given(situations(), kinds, st.booleans())
def test_no_concern_opens_under_its_gate(situation, chosen, touch):
    persona, state = situation
    touched = tuple(state.concerns) if touch else ()
    turn = heard(*chosen, touched=touched)
    reaction = react(state, turn, persona, scenario_for(persona))
    found = disclose(reaction.state, turn, persona)
    if found.revealed:
        gate = next(c.trust_gate for c in persona.concerns if c.id == found.revealed)
        assert found.state.trust >= gate
        assert not turn.harms


@fast
@given(situations(), kinds)
def test_no_easy_compliance(situation, chosen):
    persona, state = situation
    hidden = dict.fromkeys(state.concerns, ConcernStatus.HIDDEN)
    state = replace(state, commitment=0.1, concerns=hidden, memory=replace(state.memory, plan_parts=()))
    chosen = [k for k in chosen if k not in (MoveKind.PLAN, MoveKind.COMMITMENT, MoveKind.EXPECTATION)]
    for number in range(12):
        turn = heard(*chosen, fingerprint=str(number))
        state = react(state, turn, persona, scenario_for(persona)).state
    assert state.commitment <= 0.3


@fast
@given(situations())
def test_recovery_after_harm_needs_repair(situation):
    persona, state = situation
    scenario = scenario_for(persona)
    start = replace(state, trust=0.5, tension=0.4, concerns={}, memory=Memory())
    hurt = react(start, heard(MoveKind.LABEL), persona, scenario).state
    kind = heard(MoveKind.AFFIRMATION, MoveKind.OPEN_QUESTION)
    without, repaired = hurt, react(hurt, heard(MoveKind.APOLOGY), persona, scenario).state
    for number in range(3):
        without = react(without, replace(kind, fingerprint=str(number)), persona, scenario).state
        repaired = react(repaired, replace(kind, fingerprint=str(number)), persona, scenario).state
    assert repaired.trust > without.trust
    assert repaired.memory.harm < without.memory.harm


@fast
@given(situations(), kinds)
def test_every_change_carries_its_reason_in_both_languages(situation, chosen):
    persona, state = situation
    for change in react(state, heard(*chosen), persona, scenario_for(persona)).changes:
        for lang in ("zh", "en"):
            assert f"{change.delta:+.2f}" in change.text(lang)


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda p: f"{p.id}-{p.lang}")
def test_a_pried_secret_ends_trust_at_once(persona):
    secret = next((c for c in persona.concerns if c.protected), None)
    if secret is None:
        return
    variant = next(v for v in persona.variants if secret.id in v.concerns)
    state = replace(first_state(persona, scenario_for(persona), variant), trust=0.8)
    turn = heard(MoveKind.PRIES, touched=(secret.id,))
    assert react(state, turn, persona, scenario_for(persona)).state.trust <= 0.1
