"""The pack's editor: every rule fires on what it names, stays quiet on careful words, and says why in both languages."""

import datetime as dt

import pytest

from cycle.numbers import Number
from cycle.pack_checks import Finding, review, text_of
from cycle.packs import Feedback, Incident, Judgement, Opened, Pack, Role
from cycle.records import Kind, Record
from cycle.team import Person
from interview.conversation import LANGS
from interview.reading.moves import RuleMoveReader

READER = RuleMoveReader()
MONTHS = ("2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10")


def number(actual: float = 90, target: float = 80, name: str = "1") -> Number:
    return Number(f"n-0000000{name}", f"指标{name}", "个", True, MONTHS, actual, target, 6, 6, None, None)


def incident(n: int, side: str, month: int = 6, what: str = "") -> Incident:
    words = what or f"第 {n} 次评审提前两天发出材料"
    return Incident(id=f"e-0000000{n}", date=dt.date(2026, month, n), side=side, what=words, kept=True)  # pyright: ignore[reportArgumentType]


GOOD = Pack(
    numbers=("n-00000001",),
    incidents=(incident(1, "good", 5), incident(2, "good", 8), incident(3, "bad", 7), incident(4, "bad", 10)),
    feedback=(Feedback(id="f-00000001", source="华东客户", what="回访及时"),),
    role=Role(gap="明年要能独立带一个三人项目"),
    rating="B",
    level=3,
    text="目标每月 80 个回访，六个月平均 90 个。8 月 2 日的评审提前两天发出材料，会上一次通过。",
    judgements=(Judgement(text="回访量六个月都到了 80 个", evidence=("n-00000001",)),),
)


def opened(pack: Pack, *numbers: Number) -> Opened:
    talk = Record("t", Kind.TALK, "local", "p")
    return Opened(talk, Person(name="许愿"), pack, 1, False, numbers or (number(),), None, None)


def rules(pack: Pack, *numbers: Number) -> set[str]:
    return {f.rule for f in review(opened(pack, *numbers), READER)}


def with_text(text: str) -> Pack:
    return GOOD.model_copy(update={"text": text})


def test_a_careful_preparation_passes():
    assert review(opened(GOOD), READER) == ()


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("vague", "整体不错，有待提高。"),
        ("vague", "Good job overall, needs improvement."),
        ("label", "他太懒了。"),
        ("label", "许愿就是不负责任。"),
        ("label", "他这个人就是不靠谱。"),
        ("label", "She is careless."),
        ("label", "He is just not a team player"),
        ("always", "材料总是不提前发。"),
        ("always", "He never sends papers ahead."),
        ("motive", "他就是不想好好做。"),
        ("motive", "She doesn't care about the customer."),
        ("private", "休完产假回来，节奏慢了。"),
        ("private", "She was slower after her maternity leave."),
    ],
)
def test_wording_is_quoted(rule: str, text: str):
    found = [f for f in review(opened(with_text(text)), READER) if f.rule == rule]
    assert found and found[0].quote in text and found[0].part == "text"


@pytest.mark.parametrize(
    "text",
    [
        "9 月 12 日的联调晚了三天，测试少了一轮。",
        "两次评审没有提前发材料，会上只能现看。",
        "客户认为回访一般，9 月打了两次 3 分。",
        "The 12 September build came three days late; testing lost a round.",
        "Response time needs improvement: 9 hours against 4 agreed.",
    ],
)
def test_facts_are_left_alone(text: str):
    assert rules(with_text(text)).isdisjoint({"label", "vague", "always", "motive", "private"})


def test_a_judgement_needs_kept_evidence():
    loose = Judgement(text="评审准备得早", evidence=("e-00000001", "e-00000009"))
    pack = GOOD.model_copy(update={"judgements": (loose,)})
    assert "no_evidence" not in rules(pack)
    dropped = tuple(i.model_copy(update={"kept": i.id != "e-00000001"}) for i in pack.incidents)
    found = review(opened(pack.model_copy(update={"incidents": dropped})), READER)
    assert [(f.quote, f.number) for f in found if f.rule == "no_evidence"] == [("评审准备得早", 1)]


@pytest.mark.parametrize(
    ("expected", "incidents"),
    [
        ({"no_good", "no_bad"}, ()),
        ({"no_bad"}, (incident(1, "good", 5), incident(2, "good", 8))),
        ({"few"}, (incident(1, "good", 5), incident(2, "bad", 6), incident(3, "bad", 9))),
        ({"few", "many", "one_sided"}, (*(incident(n, "bad", 5) for n in range(1, 5)), incident(5, "good", 6))),
        ({"recent"}, tuple(incident(n, "good" if n < 3 else "bad", 10) for n in range(1, 5))),
    ],
)
def test_balance(expected: set[str], incidents: tuple[Incident, ...]):
    assert rules(GOOD.model_copy(update={"incidents": incidents})) == expected


@pytest.mark.parametrize(
    ("level", "text", "actual", "expected"),
    [
        (5, "9 月两个节点延期，客户投诉 1 次。", 90, "text_below"),
        (5, "4 月和 6 月都没有按时对账。", 90, "text_below"),
        (4, "Twice did not reconcile the accounts on time in 2026.", 90, "text_below"),
        (1, "提前两周交付看板，回访量超出目标 10 个。", 70, "text_above"),
        (4, "Shipped 2 weeks ahead of plan.", 70, "numbers_below"),
        (2, "9 月 12 日的联调晚了三天。", 90, "numbers_above"),
        (3, "", 90, "no_text"),
    ],
)
def test_rating_at_odds(level: int, text: str, actual: float, expected: str):
    pack = GOOD.model_copy(update={"level": level, "text": text, "judgements": ()})
    assert rules(pack, number(actual)) == {expected}


def test_feedback_without_source_and_a_missing_gap():
    nameless = Feedback(id="f-00000001", what="回访及时")
    assert rules(GOOD.model_copy(update={"feedback": (nameless,), "role": Role()})) == {"no_source", "no_gap"}


def test_every_rule_has_its_words_in_both_languages():
    from cycle import pack_checks

    data = pack_checks._data()
    for lang in LANGS:
        for rule in data["rules"]:
            values = {"count": 4, "missed": 2, "good": 3, "bad": 1}
            said = text_of(Finding(rule, "judgement", "x", 2, values), lang)
            assert said.reason and said.better and "2" in said.where and "{" not in said.reason
