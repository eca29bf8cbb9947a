"""Scores of whole talks: what good and poor talk are worth, what quotes they rest on, and what can't raise them."""

import random
import time
from functools import cache

import pytest

from interview.conversation import Lang, Speaker, Transcript
from interview.cues import Cue
from interview.employee import EmployeeState
from interview.persona import Persona, Scenario
from interview.reading.cues import RuleCueReader
from interview.reading.moves import RuleMoveReader
from phrasing.library import PhrasingLibrary
from scoring.report import Reporter
from scoring.rubric import rubric
from simulator.reaction import first_state
from simulator.rehearsal import variant_for
from tests.fakes.talks import DECENT, HARMFUL, filled
from tests.unit.test_engine import LIBRARY, PERSONAS, every_persona, talk

REPORTER = Reporter(RuleMoveReader(), RuleCueReader(), PhrasingLibrary())
SCENARIO = "year-end-below"
both = pytest.mark.parametrize("lang", ["zh", "en"])

REPLIES: dict[Lang, list[str]] = {
    "zh": ["嗯，您说。", "我觉得今年挺累的，新系统上线那阵天天加班。", "说实话结果我没想到。", "可能是方法不对吧。", "那我试试。"],
    "en": ["Right.", "It was a heavy year, the migration took every evening I had.", "I didn't expect that.",
           "Maybe I went about it the wrong way.", "I can try that."],
}  # fmt: skip
WARM: dict[Lang, list[str]] = {
    "zh": ["坐，喝点水。谢谢你今天抽时间过来。", "这一年你自己怎么看？", "听起来新系统上线那阵你一直绷着，很想被人看见。",
           "我能理解你会觉得累，天天加班，家里也顾不上。", "你把客户那次投诉接下来，处理得很稳。", "接下来你最想做什么？",
           "我能感觉到你对这份工作是真的上心。", "谢谢你跟我说这些，今天先聊到这里。"],
    "en": ["Hi, have a seat, thanks for making the time.", "How do you see the year yourself?",
           "It sounds like the migration kept you on edge, and you wanted somebody to notice.",
           "I can see why you're worn out, with every evening gone and no time at home.",
           "You took that customer complaint on and handled it calmly.", "What would you most like to do next?",
           "I can tell how much this work matters to you.", "Thank you for telling me all this."],
}  # fmt: skip
VAGUE: dict[Lang, list[str]] = {
    "zh": ["坐，最近怎么样？", "今年总体还不错，你的评级是{rating}。", "继续保持，再加把劲。", "有些地方再注意一下就行。",
           "别有压力，慢慢来。", "你一直很努力，大家都看在眼里。", "明年肯定会更好的。", "没别的事，加油！"],
    "en": ["Hi, how are things?", "All in all a fine year, your rating is {rating}.", "Keep it up and try a bit harder.",
           "Just watch a few areas here and there.", "No pressure, take your time.", "You work hard and everybody sees it.",
           "Next year will be better for sure.", "That's all, keep going!"],
}  # fmt: skip


def transcript(lang: Lang, lines: list[str], replies: list[str] | None = None) -> Transcript:
    """The manager's lines with plain replies between them."""
    said = replies or REPLIES[lang]
    pairs = [p for i, m in enumerate(lines) for p in ((Speaker.MANAGER, m), (Speaker.EMPLOYEE, said[i % len(said)]))]
    return Transcript.of(lang, pairs)


def score(lang: Lang, lines: list[str], persona: Persona | None = None, *, manager_only: bool = False) -> float:
    scenario = LIBRARY.scenario(SCENARIO, lang) if persona else None
    result = REPORTER.report(transcript(lang, lines), persona, scenario, manager_only=manager_only)
    assert result["score"] is not None
    return result["score"]


def held(persona: Persona, lines: list[str]) -> tuple[Transcript, list[EmployeeState], Scenario]:
    """A talk held with the simulated employee, and the path of its state."""
    scenario = LIBRARY.scenario(SCENARIO, persona.lang)
    outcomes = talk(persona, lines)
    turns = [
        p
        for line, o in zip(lines, outcomes, strict=False)
        for p in ((Speaker.MANAGER, line), (Speaker.EMPLOYEE, o.draft.text))
    ]
    start = first_state(persona, scenario, variant_for(persona, 3, exam=False))
    return Transcript.of(persona.lang, turns), [start, *(o.state for o in outcomes)], scenario


def report(persona: Persona, lines: list[str]):
    spoken, path, scenario = held(persona, lines)
    return REPORTER.report(spoken, persona, scenario, path), spoken


@cache
def expert(lang: Lang) -> Persona:
    return LIBRARY.persona("expert-open", lang)


@every_persona
def test_a_decent_talk_scores_well_and_says_why(persona):
    result, spoken = report(persona, filled(DECENT[persona.lang], persona))
    assert result["score"] >= 70
    assert len(result["strengths"]) >= 3
    for found in [*result["strengths"], *(f for f in result["findings"] if f["turn"] is not None)]:
        assert found["quote"] in spoken.turns[found["turn"]].text
        assert spoken.turns[found["turn"]].speaker is Speaker.MANAGER
    assert all(part["turn"] is not None for part in result["message"])
    assert sum(step["turn"] is not None for step in result["steps"]) >= 5
    assert not result["risk_flags"]
    assert max((f["severity"] for f in result["findings"]), default=0) <= 3


@every_persona
def test_a_harmful_talk_scores_badly_and_is_quoted(persona):
    result, spoken = report(persona, filled(HARMFUL[persona.lang], persona))
    if result["score"] is None:
        assert result["unscorable_reason"] == "too_short"  # the employee walked out
        return
    assert result["score"] <= 40
    codes = {f["code"] for f in result["findings"]}
    assert {"label", "comparison"} <= codes
    for finding in result["findings"]:
        if finding["turn"] is not None:
            assert finding["quote"] in spoken.turns[finding["turn"]].text
        assert finding["text"]


@every_persona
def test_decent_lines_in_shuffled_order_score_worse(persona):
    lines = filled(DECENT[persona.lang], persona)
    best = report(persona, lines)[0]["score"]
    for seed in range(4):
        order = lines[:]
        random.Random(seed).shuffle(order)
        assert report(persona, order)[0]["score"] < best - 1


@every_persona
def test_a_warm_talk_without_the_rating_loses_to_a_plain_decent_one(persona):
    warm = report(persona, WARM[persona.lang])[0]
    assert warm["score"] < report(persona, filled(DECENT[persona.lang], persona))[0]["score"] - 15
    assert warm["score"] <= 45
    assert "message_missing" in {f["code"] for f in warm["findings"]}


@every_persona
def test_kind_but_vague_can_not_score_well(persona):
    assert report(persona, filled(VAGUE[persona.lang], persona))[0]["score"] < 50


@pytest.mark.parametrize("name", sorted({p.id for p in PERSONAS}))
def test_twins_in_both_languages_are_close(name):
    zh, en = (LIBRARY.persona(name, lang) for lang in ("zh", "en"))
    for lines in (DECENT, WARM, VAGUE):
        a, b = (report(p, filled(lines[p.lang], p))[0]["score"] for p in (zh, en))
        assert abs(a - b) <= 5, (a, b)
    assert abs(score("zh", filled(DECENT["zh"], zh)) - score("en", filled(DECENT["en"], en))) <= 5


BASES = {"decent": DECENT, "warm": WARM, "vague": VAGUE, "harmful": HARMFUL}
QUESTIONS: dict[Lang, list[str]] = {
    "zh": [f"你怎么看{x}？" for x in ["客户", "进度", "质量", "团队", "流程", "沟通", "工具", "预算", "排期", "需求", "方案", "会议", "文档", "培训", "目标", "分工", "合作", "风险", "成本", "未来"]],
    "en": [f"What do you think about {x}?" for x in ["clients", "progress", "quality", "teamwork", "process", "tools", "budget", "planning", "scope", "design", "meetings", "papers", "training", "goals", "roles", "partners", "risk", "cost", "hiring", "future"]],
}  # fmt: skip


def brief_text(persona: Persona, scenario: Scenario) -> str:
    parts = [
        *persona.knows,
        *(i.what for i in persona.incidents),
        *(p.text for p in scenario.message if "{" not in p.text),
    ]
    return "\n".join(parts)


def rubric_text(lang: Lang) -> str:
    entries = [*rubric()["dimensions"].values()]
    return "\n".join([*(f"{e['name'][lang]}: {e['about'][lang]}" for e in entries), *(s[lang] for s in rubric()["strengths"].values())])  # fmt: skip


def tricks(lang: Lang, lines: list[str]) -> dict[str, list[str]]:
    """The talk made longer by things that are worth nothing."""
    empty = {
        "zh": ["嗯。", "好的", "好的，嗯嗯。", "ok", "我明白了。"],
        "en": ["ok", "I see.", "Mm-hm.", "Okay, I see.", "Right, got it."],
    }
    hollow = {"zh": "我理解你的感受。", "en": "I understand how you feel."}[lang]
    persona, scenario = expert(lang), LIBRARY.scenario(SCENARIO, lang)
    brief, rules = brief_text(persona, scenario), rubric_text(lang)
    replies = [REPLIES[lang][(len(lines) + n - 1) % 5] for n in range(6)]
    return {
        "padding at the end": [*lines, *(empty[lang] * 3)],
        "padding between": [p for n, line in enumerate(lines) for p in (line, empty[lang][n % 5])],
        "hollow": [*lines, *([hollow] * 8)],
        "hollow, varied": [*lines, *(hollow[:-1] + end for end in ("！", "…", "，嗯。", "啊。", "."))],
        "rubric at once": [*lines, rules],
        "rubric by line": [*lines, *rules.splitlines()],
        "brief at once": [*lines, brief],
        "brief by line": [*lines, *brief.splitlines()],
        "questions after": [*lines, *QUESTIONS[lang]],
        "questions before": [*QUESTIONS[lang], *lines],
        "parroting": [*lines, *replies],
        "itself again": [*lines, *lines],
        "itself three times": lines * 3,
        "itself, reworded at the edges": [*lines, *(f"{line[:-1]}。。" for line in lines)],
    }


TRICKS = list(tricks("zh", ["好"]))


@both
@pytest.mark.parametrize("base", list(BASES))
@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_empty_raises_a_score(lang, base, trick):
    persona = expert(lang)
    lines = filled(BASES[base][lang], persona)
    longer = tricks(lang, lines)[trick]
    for known in (persona,) if trick.startswith("brief") else (persona, None):  # no brief is known without a persona
        for manager_only in (False, True):
            plain = score(lang, lines, known, manager_only=manager_only)
            assert score(lang, longer, known, manager_only=manager_only) <= plain + 0.3


@both
def test_padding_does_not_dilute(lang):
    lines = filled(DECENT[lang], expert(lang))
    for trick in ("padding at the end", "padding between"):
        padded = score(lang, tricks(lang, lines)[trick], expert(lang), manager_only=True)
        assert abs(padded - score(lang, lines, expert(lang), manager_only=True)) <= 3


@both
def test_the_same_talk_has_the_same_report(lang):
    spoken = transcript(lang, filled(DECENT[lang], expert(lang)))
    again = Reporter(RuleMoveReader(), RuleCueReader(), PhrasingLibrary())
    assert REPORTER.report(spoken) == again.report(spoken)


@both
@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([], "empty"),
        ([("employee", "你好")] * 8, "no_manager"),
        ([("manager", "  ")] * 8, "no_manager"),
        ([("manager", "你怎么看？"), ("employee", "还行")] * 3, "too_short"),
        ([("manager", "asdf qwer zxcv hjkl"), ("employee", "?")] * 8, "unreadable"),
        ([("manager", "<b>x</b> function(){}"), ("employee", "?")] * 8, "unreadable"),
    ],
)
def test_what_can_not_be_scored_is_none_with_its_reason(lang, turns, reason):
    result = REPORTER.report(Transcript.of(lang, [(Speaker(who), text) for who, text in turns]))
    assert result["score"] is None
    assert result["band"] is None
    assert result["unscorable_reason"] == reason
    assert all(d["score"] is None for d in result["dimensions"])


class _NoCues:
    def read(self, text: str, lang: Lang, before: str = "") -> tuple[Cue, ...]:
        raise AssertionError("the employee's words were read for scoring")


@both
def test_manager_only_never_scores_the_employees_words(lang):
    lines = filled(DECENT[lang], expert(lang))
    deaf = Reporter(RuleMoveReader(), _NoCues(), PhrasingLibrary())
    results = [
        deaf.report(transcript(lang, lines, [reply]), manager_only=True)
        for reply in {
            "zh": ["太不公平了！我要走！", "太好了，没问题！"],
            "en": ["So unfair! I quit!", "Thanks, great!"],
        }[lang]
    ]
    assert results[0]["score"] == results[1]["score"]
    for result in results:
        assert {d["id"]: d["score"] for d in result["dimensions"]}["emotion"] is None


@both
def test_unknown_dimensions_are_none_and_the_rest_renormalised(lang):
    result = REPORTER.report(transcript(lang, filled(DECENT[lang], expert(lang))))
    unknown = {d["id"] for d in result["dimensions"] if d["score"] is None}
    assert unknown == {
        i for i, d in rubric()["dimensions"].items() if {"persona", "scenario"} & set(d.get("needs", []))
    }
    known = [d for d in result["dimensions"] if d["score"] is not None]
    mean = sum(d["score"] * d["weight"] for d in known) / sum(d["weight"] for d in known)
    assert result["score"] == pytest.approx(mean, abs=0.1)


@both
def test_three_thousand_turns_run_in_seconds(lang):
    lines = [f"{line}{n}" for n in range(100) for line in filled(DECENT[lang], expert(lang))]
    started = time.perf_counter()
    assert REPORTER.report(transcript(lang, lines))["score"] is not None
    assert time.perf_counter() - started < 10
