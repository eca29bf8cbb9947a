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
from scoring.catalogue import catalogue
from scoring.report import Reporter
from scoring.rubric import rubric
from scoring.worth import lists_facts
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
    """The manager's lines, each with a plain reply that is the same wherever the line stands."""
    said = replies or REPLIES[lang]
    pairs = [p for m in lines for p in ((Speaker.MANAGER, m), (Speaker.EMPLOYEE, said[sum(map(ord, m)) % len(said)]))]
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
    return "\n".join([*(f"{e['name'][lang]}: {e['about'][lang]}" for e in entries), *(s[lang] for s in catalogue()["strengths"].values())])  # fmt: skip


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
    for known in (persona, None):
        for manager_only in (False, True):
            plain = score(lang, lines, known, manager_only=manager_only)
            allowed = 0.05 if manager_only else 0.5  # the replies to what was added are heard too
            assert score(lang, longer, known, manager_only=manager_only) <= plain + allowed


@every_persona
@pytest.mark.parametrize("base", list(BASES))
def test_reading_the_brief_aloud_raises_no_score(persona, base):
    scenario = LIBRARY.scenario(SCENARIO, persona.lang)
    lines, brief = filled(BASES[base][persona.lang], persona), brief_text(persona, scenario)
    card = [persona.card, scenario.card, scenario.consequence, scenario.appeal]
    for known in (persona, None):
        plain = score(persona.lang, lines, known)
        for added in ([brief], brief.splitlines(), card):
            assert score(persona.lang, [*lines, *added], known) <= plain + 0.5
            assert score(persona.lang, [*added, *lines], known) <= plain + 0.5


SPOKEN_FIGURES: dict[Lang, str] = {
    "zh": "你这一年我一项项跟你对。交付率四月百分之九十，你自己也认。七月掉到八十二，你说是换了供应商。"
    "九月返工六次，你跟我提过人手。十月缺陷十二个。十一月你提了两次延期，我都看了。",
    "en": "Let me go through your year with you. In April you delivered 90 percent, and you know it. In July it fell to 82, "
    "and you told me why. In September there were 6 reworks. You asked me for two more weeks in November, and I agreed.",
}
LISTED_FIGURES: dict[Lang, str] = {
    "zh": "交付率四月百分之九十。七月八十二。九月返工六次。十月缺陷十二个。十一月延期两次。",
    "en": "Delivery in April 90 percent. July 82 percent. September 6 reworks. October 12 defects. November 2 delays.",
}


@both
def test_figures_told_to_a_person_are_no_list_and_a_list_is_one(lang):
    assert not lists_facts(SPOKEN_FIGURES[lang], 5)
    assert lists_facts(SPOKEN_FIGURES[lang], 10)
    assert lists_facts(LISTED_FIGURES[lang], 5)
    assert not lists_facts(LISTED_FIGURES[lang], 4)


NOTHING: dict[Lang, list[str]] = {
    "zh": ["你好，坐。", "今天天气不错，路上堵不堵？", "最近公司活动挺多的。", "食堂换了新菜。", "时间过得真快。", "好的，那我们继续。",
           "这个事情就是这样的。", "那就这样吧。", "咱们边走边看。", "大家都挺忙的。"],
    "en": ["Hi, have a seat.", "Nice weather today, was the traffic bad?", "There's a lot going on at the company.",
           "The canteen has a new menu.", "Time really flies.", "Okay, let's carry on.", "Well, that's how things are.",
           "So that's that.", "We'll take it as it comes.", "Everybody is pretty busy."],
}  # fmt: skip


@both
@pytest.mark.parametrize("manager_only", [False, True])
def test_a_talk_that_does_nothing_is_worth_next_to_nothing(lang, manager_only):
    hollow = {"zh": "我理解你的感受。", "en": "I understand how you feel."}[lang]
    for lines in (NOTHING[lang], [hollow] * 8, [*NOTHING[lang], *[hollow] * 6], QUESTIONS[lang]):
        for known in (expert(lang), None):
            assert score(lang, lines, known, manager_only=manager_only) <= 15


@both
def test_a_review_without_its_result_is_held_down_even_where_no_scenario_is_named(lang):
    opening = {
        "zh": "今天是年终绩效面谈，也看看你的自评。",
        "en": "This is your year-end performance review, and we'll look at your self-assessment.",
    }[lang]
    warm = score(lang, [opening, *WARM[lang]])
    assert warm <= 50
    assert warm < score(lang, [opening, *filled(DECENT[lang], expert(lang))]) - 15


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


# Talks of other kinds, written for these tests: the helper's lines of a counselling or help-desk talk.
GOOD_ELSEWHERE: list[tuple[Lang, list[str]]] = [
    ("zh", ["你好，今天想从哪里说起？", "听起来你既想帮家里，又觉得自己快被掏空了。", "这种两头为难，确实会让人很疲惫。",
            "最难熬的是哪些时候？", "你是说，真正让你难受的不是累，而是没有人问过你一句。", "你能把这些说出来，很不容易。",
            "如果可以改变一点点，你希望先从哪里开始？", "那我们先试试每天晚上留半小时给自己，下周三再来看看怎么样。"]),
    ("zh", ["您好，请问遇到了什么情况？", "听起来您等了三天，还耽误了给客户交货，换谁都会着急。",
            "我查了记录，订单是八月三日付款的，仓库五日漏了扫描。", "您最希望我们先解决哪一件？",
            "也就是说，时间比退款更要紧。", "我现在联系仓库，今天下午五点前给您回电话。",
            "如果明天还没有收到，您可以直接申请补发，我来跟进。", "谢谢您把单号都准备好了，省了很多时间。"]),
    ("zh", ["最近睡得怎么样？愿意多说一点吗？", "听起来，考试没过这件事让你开始怀疑自己了。", "我能感受到你的失望，准备了那么久。",
            "当时脑子里在想什么？", "你其实很在意，只是不想让爸妈担心。", "你还坚持每天去图书馆，这很了不起。",
            "你觉得什么会让这周稍微好过一点？", "那这周你先约一次老师，周五我们再聊聊结果。"]),
    ("en", ["Hi, what would you like to talk about today?", "It sounds like you've been holding everything together for everyone else.",
            "I can see why that leaves you exhausted, with nobody asking how you are.", "What has been the hardest part of it?",
            "So what really hurts is not the work but being taken for granted.", "It took courage to tell your sister that.",
            "What would a slightly better week look like?", "Let's try one free evening this week, and we'll review it next Tuesday."]),
    ("en", ["Hello, what happened when you tried to log in?", "I can understand how frustrating that is with a deadline tonight.",
            "I checked our records: the account was locked on May 3 after four attempts.", "What would you need first, the files or the account?",
            "So it sounds like getting the files before six matters most.", "I'll send you a link to them by 5 pm and I'll follow up tomorrow.",
            "You did well to keep the error message, that saves us time.", "How does that plan sound to you?"]),
    ("en", ["How have things been since we last spoke?", "You felt left out when they moved on without you, and it still stings.",
            "That must have been lonely, especially after the move.", "What did you tell yourself afterwards?",
            "It seems like part of you wants to call her and part of you is afraid of the answer.",
            "You've kept going to class every day, and that says a lot about your strength.",
            "What might help you make that call?", "So we agreed: you write to her by Friday and we'll talk it over next week."]),
]  # fmt: skip
POOR_ELSEWHERE: list[tuple[Lang, list[str]]] = [
    ("zh", ["说吧，什么事。", "这有什么好难过的，想开点就行了。", "你应该早点睡，别玩手机。", "你就是太敏感了。", "你吃药了吗？",
            "听我的，换个工作就好了。", "别人都能过去，你怎么就不行？", "行了，时间差不多了。"]),
    ("zh", ["你好，订单号多少？", "这个不归我们管。", "我理解您的心情。", "系统就是这样显示的，我也没办法。", "您是不是自己填错了？",
            "我理解您的心情。", "您再等等吧。", "还有别的问题吗？"]),
    ("zh", ["你多大了？", "结婚了吗？", "工作几年了？", "你要学会坚强。", "你应该多出去走走，多运动。", "不要想那么多。",
            "我跟你说，我当年比你苦多了。", "你必须改变自己的态度。"]),
    ("en", ["What's the problem?", "You shouldn't feel that way.", "You just need to get more sleep.", "Everyone goes through this.",
            "You're overreacting, honestly.", "You should find another job.", "Have you tried exercise?", "Anyway, our time is up."]),
    ("en", ["Ticket number?", "That's not our department.", "I understand.", "Did you read the manual?", "You must have typed it wrong.",
            "You need to restart it.", "I understand.", "Nothing I can do about it."]),
    ("en", ["How old are you?", "Are you married?", "You should stop thinking about it.", "Let me tell you about my divorce, it was much worse.",
            "You have to be stronger than that.", "Just be positive.", "You ought to talk to your mother.", "Don't worry about it."]),
]  # fmt: skip


@pytest.mark.parametrize("manager_only", [False, True])
@pytest.mark.parametrize("turns", [8, 6])
def test_good_counselling_and_help_desk_talk_scores_above_poor(manager_only, turns):
    def all_of(talks: list[tuple[Lang, list[str]]]) -> list[float]:
        return [score(lang, lines[:turns], manager_only=manager_only) for lang, lines in talks]

    good, poor = all_of(GOOD_ELSEWHERE), all_of(POOR_ELSEWHERE)
    assert sum(g > p for g in good for p in poor) >= 35, (good, poor)
    assert sum(good) / 6 > sum(poor) / 6 + 15, (good, poor)
