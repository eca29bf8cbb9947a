"""The move reader: every example and counter-example of the data file, fairness rules, offsets, speed of growth."""

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.conversation import Lang
from interview.moves import HARMS, MoveKind
from interview.reading.moves import RuleMoveReader, is_talk
from tests.conftest import ROOT

READER = RuleMoveReader()
MOVES = yaml.safe_load((ROOT / "interview" / "data" / "moves.yaml").read_text(encoding="utf-8"))["moves"]
EXAMPLES = [(k, lang, s) for k, v in MOVES.items() for lang in ("zh", "en") for s in v[lang]["examples"]]
COUNTERS = [(k, lang, s) for k, v in MOVES.items() for lang in ("zh", "en") for s in v[lang]["counter"]]


def kinds(text: str, lang: str = "zh", before: str = "") -> set[str]:
    return {str(m.kind) for m in READER.read(text, lang, before).moves if m.strength >= 0.5}


def test_every_kind_is_defined():
    assert set(MOVES) == set(MoveKind)


@pytest.mark.parametrize(("kind", "lang", "text"), EXAMPLES)
def test_examples_are_read(kind, lang, text):
    assert kind in kinds(text, lang)


@pytest.mark.parametrize(("kind", "lang", "text"), COUNTERS)
def test_counter_examples_are_not(kind, lang, text):
    assert kind not in kinds(text, lang)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("我理解你的感受。", "zh"), ("我能理解。", "zh"), ("我懂，但是规定就是规定。", "zh"),
        ("I understand how you feel.", "en"), ("I get it.", "en"), ("I hear you, but the rule is the rule.", "en"),
    ],
)  # fmt: skip
def test_bare_empathy_is_hollow(text, lang):
    found = [m for m in READER.read(text, lang).moves if m.kind is MoveKind.EMPATHY]
    assert found
    assert all(m.detail == "hollow" for m in found)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("如果到6月30日仍没有达到标准，公司会按制度先安排培训或者调岗。", "zh"),
        ("接下来六十天是改进期，标准是每周二十单，我每周一跟你过一次，到期我们一起评估。", "zh"),
        ("If the standard isn't met by 31 March, the next step would be a formal capability meeting.", "en"),
        ("The plan runs for sixty days; I'll meet you every Monday, and on 30 June we review it together.", "en"),
    ],
)  # fmt: skip
def test_a_consequence_with_process_is_no_threat(text, lang):
    assert "threat" not in kinds(text, lang)


def test_a_team_average_is_evidence_and_no_comparison():
    for text, lang in (("团队平均是11%，你是9%。", "zh"), ("The team average is 11%, yours is 9%.", "en")):
        assert "evidence" in kinds(text, lang)
        assert "comparison" not in kinds(text, lang)


def test_repeating_their_words_is_no_reflection():
    before = "需求一直在变，我根本排不出时间。"
    assert "reflection" not in kinds("听起来需求一直在变，你根本排不出时间。", "zh", before)
    assert "reflection" in kinds("听起来计划刚定就被推翻，难的是没人替你挡一下需求。", "zh", before)
    before = "The plan kept changing and I had no time to test."
    assert "reflection" not in kinds("It sounds like the plan kept changing and you had no time to test.", "en", before)
    assert "reflection" in kinds("So testing was what gave way each time the plan moved.", "en", before)


@pytest.mark.parametrize("text", ["", "   ", "%%%%", "asdf qwer zxcv hjkl", "<script>alert(1)</script>", "🙂🙂"])
def test_what_is_no_talk_is_unreadable(text):
    reading = READER.read(text, "zh")
    assert not reading.readable
    assert reading.moves == ()


@pytest.mark.parametrize(
    "text", ["我看一下资料。", "资料在共享盘里。", "The report is on the shared drive.", "Mm-hmm.", "嗯。", "好的"]
)
def test_ordinary_words_are_readable(text):
    assert is_talk(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["zh", "en"]), st.text(max_size=80))
def test_quotes_and_places_are_right_for_any_text(text, lang, before):
    for move in READER.read(text, lang, before).moves:
        assert text[move.start : move.end] == move.quote
        assert 0 < move.strength <= 1


def test_time_grows_with_length_only():
    def seconds(text: str) -> float:
        began = time.perf_counter()
        READER.read(text, "zh")
        return time.perf_counter() - began

    unit = "你今年的目标是十二单，实际九单，我想先听听你怎么看。"
    short = min(seconds(unit * 20) for _ in range(3))
    long = min(seconds(unit * 400) for _ in range(2))
    assert long < short * 20 * 4


@pytest.mark.parametrize(
    ("lang", "line", "kind"),
    [
        ("zh", "夜里电话啊，谁让您本事大呢，先扛着吧。", "dismissal"), ("zh", "录个数据有什么难的，多练练不就会了？", "dismissal"),
        ("zh", "你就是太老实，这点事都争不过人家。", "label"), ("zh", "写个报告写了八天，说出去谁信啊？", "blame"),
        ("zh", "你别再让我替你挨骂了。", "blame"),
        ("en", "You are acting like a child about this.", "insult"), ("en", "My kid could close more tickets than that.", "insult"),
        ("en", "Everybody has problems, Sam.", "dismissal"), ("en", "Are you drinking?", "pries"),
        ("en", "I would start looking around for something else if I were you.", "threat"),
    ],
)  # fmt: skip
def test_harm_in_plain_words_is_seen(lang: Lang, line: str, kind: str):
    assert kind in [str(move.kind) for move in RuleMoveReader().read(line, lang).moves]


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("zh", "我不想再让你能者多劳了，夜里的电话我们排个班。"), ("zh", "这个系统难在哪一步？我陪你走一遍。"),
        ("zh", "你为人老实，客户都信你。"), ("zh", "我替你向上面说明过，停线不是你一个人的事。"),
        ("en", "When you were a child your father taught you to weld, you said."), ("en", "My kid starts school on Monday, so I leave at three."),
        ("en", "You have a lot going on at home, take the Friday off."), ("en", "Who is on call tonight?"),
        ("en", "Shall we look around for something else to try?"),
    ],
)  # fmt: skip
def test_ordinary_words_near_it_are_no_harm(lang: Lang, line: str):
    assert not [m for m in RuleMoveReader().read(line, lang).moves if m.kind in HARMS and m.strength >= 0.5]
