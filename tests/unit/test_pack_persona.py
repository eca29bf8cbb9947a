"""Tomorrow's talk is rehearsed with a persona made from the pack: true in its facts, open about its guesses, private."""

import datetime as dt
import json
from dataclasses import replace

import pytest

from cycle.assessments import Answers
from cycle.employee import Visits
from cycle.packs import Feedback, Incident, Pack, Placement, new_id
from cycle.records import Kind, Record
from cycle.rehearsal_persona import OwnPersonas, assumptions
from cycle.talks import Talk
from cycle.team import Figure, Figures, Person
from interview.actor import Actor, Role
from interview.errors import InputError, NotFoundError
from interview.persona import OWN
from interview.persona_checks import persona_problems
from interview.situations import Situation, Style
from simulator.rehearsal import ReplyDone

ANNA, BO = Actor("a", Role.MANAGER, "zh"), Actor("b", Role.MANAGER, "zh")
TODAY = dt.date(2026, 11, 23)
TEXT = {
    "zh": ("按时办结率", ["主动接下春节值班", "带会了实习生小魏"], ["答应的清单只交了两回", "把花园路店的单派错了门店"]),
    "en": ("On-time rate", ["Took the holiday shift by choice", "Trained the new intern"], ["Delivered the promised list only twice", "Sent an order to the wrong store"]),
}  # fmt: skip


class World:
    """One manager, one employee with half a year of numbers, and a pack."""

    def __init__(self, services, lang="zh", months=8, **pack):
        self.services, self.lang = services, lang
        name = "许小愿" if lang == "zh" else "Ann Lee"
        (person,) = services.team.add(ANNA, Person(name=name, role="专员" if lang == "zh" else "Clerk", lang=lang))
        self.person = person.id
        metric, good, bad = TEXT[lang]
        figures = [
            Figure(metric=metric, unit="%", month=f"2026-{m:02d}", actual=80 + m, target=85)
            for m in range(1, months + 1)
        ]
        services._store.records.add(
            Record(
                f"f{person.id}"[:40],
                Kind.FIGURES,
                "a",
                person.id,
                Figures(figures=tuple(figures)).model_dump(mode="json"),
            )
        )
        self.talk = services.talks.plan(ANNA, person.id, TODAY, Talk(host="王岚", rating="B-")).id
        opened = services.packs.open(ANNA, self.talk)
        incidents = [
            Incident(id=new_id("e"), date=dt.date(2026, 3 + n, 12), side=side, what=what, kept=True)
            for side, whats in (("good", good), ("bad", bad))
            for n, what in enumerate(whats)
        ]
        self.pack = Pack(
            **{
                "months": 12, "numbers": tuple(n.id for n in opened.numbers), "incidents": tuple(incidents),
                "feedback": (Feedback(id=new_id("f"), source="x", what="{rating} 100%" if lang == "zh" else "fine"),),
                "rating": "B-", "placement": Placement(decided=Situation.STUCK, style=Style.DEFENSIVE),
            } | pack
        )  # fmt: skip
        services.packs.save(ANNA, self.talk, self.pack, opened.version)

    def make(self):
        return self.services.own_personas.make(ANNA, self.talk, TODAY)

    def agree(self, **answers):
        visits = Visits(self.services._store.records, self.services.talks, self.services.assessments._clock)
        visit = visits.open(visits.make(ANNA, self.talk))
        entries = [{"what": f"我的{n}", "why": "因为"} for n in range(3)]
        sent = Answers.model_validate({"proud": entries, "improve": entries, "support": entries} | answers)
        self.services.assessments.send(visit, sent, self.services.assessments.own(visit)[1])

    def rehearse(self):
        persona = self.make()
        return self.services.rehearsals.start(ANNA, persona.id, lang=persona.lang, seed=1)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("situation", list(Situation))
def test_it_passes_what_every_persona_passes(services, lang, style, situation):
    persona = World(services, lang, placement=Placement(decided=situation, style=style)).make()
    scenarios = [s.id for s in services.library.scenarios(lang)]
    assert list(persona_problems(persona, persona.id, lang, scenarios)) == []
    assert situation in services.library.scenario(persona.default_scenario, lang).fits
    assert (persona.situation, persona.style) == (situation, style)
    assert "%" not in "".join(persona.lines.opening + persona.incidents[0].account + persona.metrics[0].guarded)


def test_facts_are_the_pack_s_and_reasons_say_that_they_are_guesses(services):
    persona = World(services).make()
    whats = [i.what for i in persona.incidents]
    assert {"主动接下春节值班", "答应的清单只交了两回"} < set(whats)
    assert "1月按时办结率实际 81%，目标 85%。" in whats and len(whats) == 6
    assert [n.actual for n in persona.numbers] == [80 + m for m in range(1, 9)]
    assert all(c.text.startswith("（假设）") for c in persona.concerns)
    assert not {c.about for c in persona.concerns} & {"family", "health"} and not any(
        c.protected for c in persona.concerns
    )
    assert len(assumptions("zh")) == len(assumptions("en")) == 3
    assert persona.rating.given == "B-" and persona.address.calls_manager == ("王经理",)
    assert persona.feedback[0].what == "(rating) 100%"


def test_what_the_manager_did_not_keep_is_not_in_it(services):
    good = TEXT["zh"][1]
    world = World(services)
    incidents = tuple(i.model_copy(update={"kept": i.what != good[0]}) for i in world.pack.incidents)
    services.packs.save(ANNA, world.talk, world.pack.model_copy(update={"incidents": incidents}), 1)
    assert good[0] not in world.make().model_dump_json()


def test_the_sheet_is_used_only_where_the_employee_agreed(services):
    world = World(services)
    world.agree(for_practice=False)
    assert "我的0" not in world.make().model_dump_json()


def test_with_agreement_their_own_words_are_used(services):
    world = World(services)
    world.agree(for_practice=True)
    persona = world.make()
    assert [p.short for p in persona.self_assessment.proud] == ["我的0", "我的1", "我的2"]


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"numbers": ()}, "error.rehearse_numbers"),
        ({"months": 3}, "error.rehearse_incidents"),
    ],
)
def test_what_the_pack_still_needs_is_said(services, changed, key):
    world = World(services, months=5 if "numbers" not in changed else 8)
    if key == "error.rehearse_incidents":
        world = World(services, months=6)
        good = tuple(i for i in world.pack.incidents if i.side == "good")
        figures = services._store.records.find(Kind.FIGURES, key_id=world.person)[0]
        body = json.loads(json.dumps(figures.body))
        for figure in body["figures"]:
            figure["target"] = 0.0
        services._store.records.put(replace(figures, body=body))
        changed = {"incidents": good}
    services.packs.save(ANNA, world.talk, world.pack.model_copy(update=changed), 1)
    with pytest.raises(InputError) as caught:
        world.make()
    assert caught.value.message_key == key


def test_chinese_notes_about_an_english_speaker_are_told_not_garbled(services):
    world = World(services, "en")
    figures = services._store.records.find(Kind.FIGURES, key_id=world.person)[0]
    body = json.loads(json.dumps(figures.body).replace("On-time rate", "\\u6309\\u65f6"))
    services._store.records.put(replace(figures, body=body))
    numbers = tuple(n.id for n in services.packs.open(ANNA, world.talk).numbers)
    services.packs.save(ANNA, world.talk, world.pack.model_copy(update={"numbers": numbers}), 1)
    with pytest.raises(InputError) as caught:
        world.make()
    assert caught.value.message_key == "error.rehearse_words"


def test_a_rehearsal_with_it_goes_from_opening_to_reply(services):
    world = World(services)
    record = world.rehearse()
    assert record.persona_id == f"{OWN}{world.talk}" and record.scenario_id == "year-end-below"
    lines = [
        "小愿，今天谈谈今年的结果，你先说说自己怎么看？",
        "3月12日你主动接下春节值班，这件事我记着。",
        "按时办结率前四个月没到 85%，评级是 B-。",
    ]
    for line in lines:
        done = [e for e in services.rehearsals.say(ANNA, record.id, line) if isinstance(e, ReplyDone)]
        assert len(done) == 1
    talk = services.rehearsals.transcript(ANNA, record.id)
    assert "{" not in " ".join(turn.text for turn in talk.turns)


def test_nobody_else_meets_it(services):
    world = World(services)
    record = world.rehearse()
    persona_id = record.persona_id
    assert persona_id not in [p.id for lang in ("zh", "en") for p in services.library.personas(lang)]
    with pytest.raises(NotFoundError):
        services.library.persona(persona_id, "zh")
    for actor in (BO, Actor("t", Role.TRAINER, "zh")):
        with pytest.raises(NotFoundError):
            services.rehearsals.start(actor, persona_id, lang="zh")
    with pytest.raises(InputError) as caught:
        services.reviews.share(ANNA, record.id, True)
    assert caught.value.message_key == "error.share_own"
    with pytest.raises(NotFoundError):
        services.own_personas.make(BO, world.talk, TODAY)


def test_it_never_speaks_through_a_language_model(services):
    world = World(services)
    services.rehearsals._voices = {**services.rehearsals._voices, "llm": object()}
    with pytest.raises(InputError) as caught:
        services.rehearsals.start(ANNA, world.make().id, lang="zh", voice="llm")
    assert caught.value.message_key == "error.own_voice"


@pytest.mark.parametrize("way", ["pack", "talk", "person", "persona"])
def test_it_goes_with_pack_talk_and_person_and_so_do_its_rehearsals(services, way):
    world, other = World(services), World(services)
    record, stays = world.rehearse(), other.rehearse()
    match way:
        case "pack":
            services.packs.delete(ANNA, world.talk)
        case "talk":
            services.talks.drop(ANNA, world.talk)
        case "person":
            services.team.forget(ANNA, world.person)
        case "persona":
            services.own_personas.drop(ANNA, world.talk)
    with pytest.raises(NotFoundError):
        services.rehearsals.get(ANNA, record.id)
    assert [r.id for r in services._store.records.find(Kind.PERSONA)] == [stays.persona_id]
    assert [r.id for r in services.rehearsals.mine(ANNA)] == [stays.id]


def test_made_again_it_follows_the_pack_and_earlier_rehearsals_stay(services):
    world = World(services)
    first = world.rehearse()
    services.packs.save(ANNA, world.talk, world.pack.model_copy(update={"rating": "C"}), 1)
    second = world.rehearse()
    assert services.rehearsals.stage(second).persona.rating.given == "C"
    assert {r.id for r in services.rehearsals.mine(ANNA)} == {first.id, second.id}
    assert isinstance(services.own_personas, OwnPersonas)
