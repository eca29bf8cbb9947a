"""Answers go to the question that was asked, and what is let out is said."""

import pytest

from interview.conversation import Lang
from interview.employee import ConcernStatus
from interview.intent import IntentKind
from interview.library import FileLibrary
from interview.reading.moves import RuleMoveReader
from interview.reading.patterns import fold
from simulator.asking import Asked, about_work, asked_about
from simulator.engine import Outcome, Stage, take_turn
from simulator.reaction import first_state
from simulator.rehearsal import variant_for
from simulator.voices.authored import general_lines
from tests.conftest import ROOT

LIBRARY = FileLibrary(ROOT / "personas")
READER = RuleMoveReader()
OPENING: dict[Lang, list[str]] = {
    "zh": ["你好，坐。最近怎么样？", "你自己怎么看这一年？", "你最自豪的是哪件事？"],
    "en": ["Hi, come in. How was the weekend?", "How do you see the year yourself?", "What are you proudest of?"],
}
QUESTIONS = [
    ("How was the weekend?", Asked.SMALL_TALK), ("How are you?", Asked.SMALL_TALK), ("How are you on the target?", None),
    ("What were you expecting?", Asked.EXPECTED), ("What are you proudest of?", Asked.PROUD),
    ("Which part was hardest?", Asked.IMPROVE), ("What would you do differently?", Asked.IMPROVE),
    ("What would help most?", Asked.WANT), ("What do you need from me?", Asked.WANT),
    ("So who does what by when?", Asked.PLAN), ("Any questions?", Asked.FLOOR), ("Your rating is Good.", None),
    ("最近怎么样？", Asked.SMALL_TALK), ("你原来预期是多少？", Asked.EXPECTED), ("你最自豪的是哪件事？", Asked.PROUD),
    ("哪一块最难？", Asked.IMPROVE), ("你需要我做什么？", Asked.WANT), ("谁来做什么？", Asked.PLAN),
    ("你还有什么想说的吗？", Asked.FLOOR), ("你的评级是B。", None),
]  # fmt: skip


def talk(name: str, lang: Lang, lines: list[str], seed: int = 3) -> list[Outcome]:
    persona = LIBRARY.persona(name, lang)
    stage = Stage(persona, LIBRARY.scenario("year-end-below", lang), variant_for(persona, seed, exam=False), seed)
    state, before = first_state(persona, stage.scenario, stage.variant), ""
    outcomes: list[Outcome] = []
    for line in lines:
        outcomes.append(take_turn(stage, state, line, READER.read(line, lang, before), before=before))
        state, before = outcomes[-1].state, outcomes[-1].draft.text
    return outcomes


@pytest.mark.parametrize(("text", "about"), QUESTIONS)
def test_what_is_asked_about(text: str, about: Asked | None) -> None:
    assert asked_about(fold(text)) is about


def test_talk_of_the_work_is_told_from_the_rest() -> None:
    assert about_work(fold("The numbers were what they were."))
    assert about_work(fold("数据就摆在那里。"))
    assert not about_work(fold("Rain again."))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(LIBRARY.persona_ids("en")))
def test_an_opening_is_answered_and_opens_nothing(name: str, lang: Lang) -> None:
    hello, year, proud = talk(name, lang, OPENING[lang])
    assert hello.intent.kind is IntentKind.GREET
    assert year.intent.kind is IntentKind.SELF_REVIEW
    texts = [p.text for p in LIBRARY.persona(name, lang).self_assessment.proud]
    assert any(text in proud.draft.text for text in texts)
    assert {*proud.state.concerns.values()} == {ConcernStatus.HIDDEN}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(LIBRARY.persona_ids("en")))
def test_what_changed_was_said(name: str, lang: Lang) -> None:
    probe = {
        "zh": ["卡在哪一步？", "听起来这段时间你一个人扛了很多。", "我能理解你觉得委屈，换了我也会。", "还有什么地方让你费劲？"],
        "en": ["What got in the way?", "It sounds like you have been carrying a lot of this alone.",
               "I can see why that was frustrating, after all the hours.", "What else made it hard?"],
    }[lang] * 2  # fmt: skip
    before: dict[str, ConcernStatus] = {}
    opened = 0
    for outcome in talk(name, lang, [*OPENING[lang], *probe]):
        changed = {c for c, s in outcome.state.concerns.items() if s is not before.get(c, ConcernStatus.HIDDEN)}
        before = dict(outcome.state.concerns)
        said = {outcome.intent.about, outcome.intent.also_about} | {
            e.partition(":")[2] for e in outcome.reaction.events if e.startswith(("named:", "addressed:"))
        }
        assert changed <= said
        opened += len(changed)
    assert opened


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_smaller_lines_are_there_for_both_styles(lang: Lang) -> None:
    for part in ("bridges", "expected", "let_off", "nods", "floor", "felt"):
        for style in ("open", "defensive"):
            lines = general_lines(lang)[part][style]
            assert len(set(lines)) == len(lines) >= 3


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_wrong_rating_is_put_right_with_the_right_one(services, actor, library, lang):
    words = {"zh": "你今年的评级是{}。", "en": "Your rating this year is {}."}[lang]
    grades = {"zh": ["D", "3.0", "1.0"], "en": ["Exceeds", "Excellent", "Outstanding", "Exceeding"]}[lang]
    passed: list[str] = []
    for persona in library.personas(lang):
        for wrong in {*grades} - {persona.rating.given, persona.rating.expected}:
            record = services.rehearsals.start(actor, persona.id, "year-end-below", lang=lang, seed=2)
            list(services.rehearsals.say(actor, record.id, words.format(wrong)))
            (turn,) = services.rehearsals.turns(actor, record.id)
            if turn.payload["intent"] == {"kind": "correct_fact", "about": "rating", "also": None, "also_about": ""}:
                assert persona.rating.given in " ".join(turn.reply)
                break
        else:
            passed.append(persona.id)
    assert len(passed) <= 2, f"{passed} let a wrong rating pass"


SETTLED = {
    "zh": (
        "下周三之前我把评审流程改掉，你下个月底把按时率做到90%，可以吗？",
        "那你总结一下咱们今天说定的事吧。",
        "最后你再复述一遍我们定了哪几条？",
        "评审流程",
    ),
    "en": (
        "By next Wednesday I'll change the review process, and you'll bring on-time to 90% by the end of March, okay?",
        "Could you sum up what we've agreed?",
        "In your own words, what did we agree?",
        "review process",
    ),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_asked_to_sum_up_the_employee_says_what_was_settled_or_that_nothing_was(services, actor, library, lang):
    plan, first, last, said = SETTLED[lang]
    for persona in library.personas(lang):
        record = services.rehearsals.start(actor, persona.id, lang=lang, seed=4)
        rating = {"zh": "你今年的评级是{}。", "en": "Your rating this year is {}."}[lang].format(persona.rating.given)
        for line in (rating, first, plan, last):
            list(services.rehearsals.say(actor, record.id, line))
        replies = [" ".join(turn.reply) for turn in services.rehearsals.turns(actor, record.id)]
        assert said not in replies[1] and said in replies[3], (persona.id, replies)
