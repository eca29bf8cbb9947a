"""What the report says: every kind of finding in both languages, with its quote, its step and better words."""

import calendar
import re
from functools import cache
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from app.report_command import save_html
from app.texts import t
from app.ui.report_html import report_document, report_html
from app.wiring import build_services, single_user
from interview.conversation import LANGS, Lang, Speaker, Transcript
from interview.errors import InputError, NotFoundError
from interview.persona import Persona
from interview.situations import Situation
from interview.steps import Step
from scoring.catalogue import catalogue, discriminates, kinds
from tests.fakes.talks import DECENT, HARMFUL, filled
from tests.unit.test_engine import LIBRARY, every_persona
from tests.unit.test_scoring import REPORTER, VAGUE, WARM, held, report, transcript

both = pytest.mark.parametrize("lang", list(LANGS))
WHO = {"challenger": "challenger-open", "expert": "expert-open", "rough_jade": "rough-jade-open", "stuck": "stuck-open"}
UPSET = {"zh": "这不公平，我不服，凭什么是我？", "en": "That's so unfair. I don't accept it. Why me?"}


@cache
def person(situation: str, lang: Lang) -> Persona:
    return LIBRARY.persona(WHO[situation], lang)


def made(lang: Lang, lines: list[str], situation: str = "rough_jade", reply: str = "", **more: Any) -> dict[str, Any]:
    who = person(situation, lang)
    spoken = transcript(lang, filled(lines, who), [reply] if reply else None)
    return REPORTER.report(spoken, who, LIBRARY.scenario("year-end-below", lang), **more)


def codes(result: dict[str, Any]) -> set[str]:
    return {f["code"] for f in result["findings"]}


# One talk a kind and language that shows it, and the situation it is about where it has one.
SHOWN: dict[str, tuple[str, list[str], list[str]]] = {
    "insult": ("", ["你真是个废物。"], ["You're useless."]),
    "threat": ("", ["不想干就走人。"], ["Do it or you're out."]),
    "discrimination": ("", ["你年纪大了，学不动新东西。"], ["At your age you won't pick up a new system."]),
    "pries": ("", ["你是不是怀孕了？"], ["Are you pregnant?"]),
    "promise_beyond_authority": ("", ["我保证明年给你升。"], ["I guarantee you'll be promoted next year."]),
    "disowns_decision": ("", ["这是HR定的，我也没办法。"], ["HR decided, not me."]),
    "label": ("", ["你这个人态度有问题。"], ["Your attitude is the problem."]),
    "comparison": ("", ["你看看人家小李。"], ["Why can't you be more like Sarah?"]),
    "dismissal": ("", ["有什么好委屈的？"], ["You're overreacting."]),
    "blame": ("", ["你怎么搞的？都怪你。"], ["This is your fault."]),
    "interruption": ("", ["打住，你先别说。"], ["Stop right there."]),
    "hollow_empathy": ("", ["我理解你的感受。"], ["I understand how you feel."]),
    "interrogation": (
        "",
        [f"你怎么看{x}？" for x in ("客户", "进度", "质量", "团队", "流程", "工具")],
        [f"What do you think about {x}?" for x in ("clients", "progress", "quality", "teamwork", "tools", "scope")],
    ),
    "advice": ("", ["你应该多跟产品沟通。"], ["You should talk to product more often."]),
    "unread": ("", ["asdf qwer zxcv hjkl", "你好，请坐。"], ["asdf qwer zxcv hjkl", "Hi, have a seat."]),
    "message_missing": ("", ["你好，请坐。"], ["Hi, have a seat."]),
    "rating_wrong": ("", ["你今年的评级是A。"], ["Your rating this year is Exceeds."]),
    "evidence_blaming": ("", ["8月份转化率只有9.5%，都怪你。"], ["In August the rate was 9.5% because of you."]),
    "kind_but_vague": ("", ["整体还可以，再加把劲。"], ["Overall you're fine, just try a bit harder."]),
    "lets_off": ("stuck", ["没事没事，下次注意就好。"], ["It's fine, just do better next time."]),
    "no_cause": ("", ["你好，请坐。"], ["Hi, have a seat."]),
    "small_talk_long": (
        "",
        ["你好，请坐。", "谢谢你今天抽时间过来。", "要不要喝点水？", "坐，喝点水。"],
        ["Hi, have a seat.", "Thanks for making the time today.", "Good to see you.", "Thanks for coming in."],
    ),
    "score_first": ("", ["你今年的评级是{rating}。"], ["Your rating this year is {rating}."]),
    "no_purpose": ("", ["你自己怎么看这一年？"], ["How do you see the year yourself?"]),
    "unheard_first": (
        "",
        ["今天主要聊三件事。", "先看年初的目标。", "你今年的评级是{rating}。"],
        ["Today I'd like us to look at three things.", "First the goals.", "Your rating this year is {rating}."],
    ),
    "lecture": (
        "",
        ["你应该早点说。", "你应该多跟产品沟通。", "我建议你把任务拆小。", "你应该每天看数据。"],
        ["You should have said so.", "You should talk to product.", "I'd suggest breaking it down.",
         "You should look at the data daily."],
    ),
    "no_self_review": ("", ["你今年的评级是{rating}。"], ["Your rating this year is {rating}."]),
    "verdict_without_grounds": ("", ["你今年的评级是{rating}。"], ["Your rating this year is {rating}."]),
    "vague_verdict": ("", ["你今年的表现一般。"], ["Your results this year were a bit mixed."]),
    "taste_as_standard": ("", ["我就不喜欢你这种做法。"], ["I just don't like the way you present."]),
    "vague_plan": ("", ["以后多沟通，主动一点。"], ["You need to be more proactive."]),
    "no_plan": ("", ["你好，请坐。"], ["Hi, have a seat."]),
    "plan_incomplete": ("", ["我们先集中解决这两件事。"], ["Let's start with the two biggest accounts."]),
    "spoken_only": ("", ["我们先集中解决这两件事。"], ["Let's start with the two biggest accounts."]),
    "no_follow_up": ("", ["我们先集中解决这两件事。"], ["Let's start with the two biggest accounts."]),
    "ends_on_criticism": ("", ["你好，请坐。", "你这个人态度有问题。"], ["Hi, have a seat.", "Your attitude is the problem."]),
    "no_closing": ("", ["8月份转化率只有9.5%。"], ["In August the conversion rate was 9.5%."]),
    "keep_it_up": ("challenger", ["今年不错，继续保持。"], ["Good year, keep it up."]),
    "load_without_room": ("challenger", ["下半年再给你加一个项目，你来牵头。"], ["I'd like you to take on another project as well."]),
    "cog": ("expert", ["你就负责把活干好，别的不用管。"], ["Just stick to your job and leave the thinking to us."]),
    "push_to_manage": ("expert", ["你干得这么好，应该去带团队做主管了。"], ["You should really move into management now."]),
    "potential_over_numbers": ("rough_jade", ["你很聪明，潜力也大，我一直看好。"], ["You're bright and you've got so much potential."]),
    "encouraged_only": ("rough_jade", ["没事没事，下次注意就好。"], ["It's fine, just do better next time."]),
    "tolerated_again": ("stuck", ["这次就算了，再观察一段吧。"], ["Let's just wait and see how it goes."]),
    "person_and_matter": ("stuck", ["你就是太懒。"], ["You're lazy."]),
}  # fmt: skip
SHOWN_OTHERWISE = {
    "parroting", "false_evidence", "heated", "dispute_left_open", "notice_poor", "setting_poor",
}  # fmt: skip


def test_every_kind_of_finding_is_shown_by_a_talk():
    assert set(SHOWN) | SHOWN_OTHERWISE == set(kinds())


@both
@pytest.mark.parametrize("code", list(SHOWN))
def test_each_kind_is_found_and_rests_on_something(lang, code):
    situation, zh, en = SHOWN[code]
    lines = zh if lang == "zh" else en
    result = made(lang, lines, situation or "rough_jade")
    assert code in codes(result), (codes(result), lines)
    for finding in result["findings"]:
        assert finding["better"], finding["code"]
        assert finding["step"] in list(Step)
        if finding["turn"] is None:
            assert not finding["quote"]
            assert ("没有说到" if lang == "zh" else "not said") in finding["text"], finding
        else:
            assert finding["quote"] in filled(lines, person(situation or "rough_jade", lang))[finding["turn"] // 2]
            assert finding["quote"]


@both
@pytest.mark.parametrize("code", [c for c, (situation, _, _) in SHOWN.items() if kinds()[c].situations])
def test_the_risks_of_a_situation_are_found_there_alone(lang, code):
    _, zh, en = SHOWN[code]
    own = {str(s) for s in kinds()[code].situations}
    for situation in WHO:
        assert (code in codes(made(lang, zh if lang == "zh" else en, situation))) == (situation in own)


@every_persona
def test_a_decent_talk_has_no_finding_that_is_grave(persona):
    result, _ = report(persona, filled(DECENT[persona.lang], persona))
    assert max((f["severity"] for f in result["findings"]), default=0) <= 3, result["findings"]
    assert not {"discrimination", "vague_plan", "taste_as_standard", "keep_it_up", "cog"} & codes(result)
    assert [line["kept"] for line in result["lines"]] == [True, True, True]
    assert result["cause"]["found"]


COUNTER: dict[str, tuple[list[str], list[str]]] = {
    "discrimination": (
        ["你上个月带孩子看病请的假，不会因为这个影响评级。", "女装线的数据比男装线好。", "年纪不是问题，我们看标准。"],
        ["Your leave was not because of the baby, and it doesn't matter here.", "The women's line sold better.",
         "That change has nothing to do with your age."],
    ),
    "push_to_manage": (["你想不想试试带团队？不想也完全可以。"], ["Would you want to move into management? You don't have to."]),
    "vague_plan": (["每周五你跟产品多沟通一次，具体看排期。"], ["Every Friday, step up to product with two questions."]),
    "keep_it_up": (["每天八十个电话，你保持住了，下个月看转化。"], ["You kept all nine accounts."]),
    "tolerated_again": (["再观察三个月，标准是每月八十单，期满一起看。"], ["We wait and see until 31 March, and the standard is 80."]),
    "taste_as_standard": (["客户不喜欢这个配色，邮件在这里。"], ["The client didn't like the second draft; here is the mail."]),
    "promise_beyond_authority": (["我不能保证给你改评级。"], ["I can't guarantee you'll be promoted."]),
}  # fmt: skip


@both
@pytest.mark.parametrize("code", list(COUNTER))
def test_what_only_looks_like_it_is_left_alone(lang, code):
    for line in COUNTER[code][0 if lang == "zh" else 1]:
        for situation in WHO:
            assert code not in codes(made(lang, [line], situation)), line


@both
def test_answers_to_somebody_upset(lang):
    hit = {"zh": "你这个人态度有问题。", "en": "Your attitude is the problem."}[lang]
    result = made(lang, [{"zh": "你自己怎么看？", "en": "How do you see it?"}[lang], hit], reply=UPSET[lang])
    assert {"heated", "dispute_left_open"} <= codes(result)
    assert not {"heated", "dispute_left_open"} & codes(made(lang, [hit, hit], reply=UPSET[lang], manager_only=True))
    way_out = {"zh": "有异议的话，你可以书面申请复核。", "en": "You can ask for a second review in writing."}[lang]
    assert "dispute_left_open" not in codes(made(lang, [hit, way_out], reply=UPSET[lang]))


@both
def test_parroting_and_invented_figures(lang):
    reply = {
        "zh": "我觉得今年特别累，天天加班到十点。",
        "en": "This year was exhausting, I worked until ten every day.",
    }[lang]
    parrot = {
        "zh": "你觉得今年特别累，天天加班到十点。",
        "en": "It sounds like this year was exhausting, you worked until ten every day.",
    }[lang]
    assert "parroting" in codes(made(lang, [parrot, parrot], reply=reply))
    who = person("expert", lang)
    row = who.numbers[0]
    metric = next(m.words[0] for m in who.metrics if m.id == row.metric)
    month = int(row.month[5:])
    name = calendar.month_name[month]
    said = (
        f"{month}月{metric}是{row.actual * 3 + 7:g}。"
        if lang == "zh"
        else f"In {name} your {metric} was {row.actual * 3 + 7:g}."
    )
    assert "false_evidence" in codes(made(lang, [said], "expert"))


@both
def test_choices_before_the_talk_are_judged_and_better_ones_named(lang):
    poor = {"invitation": ("alarming",), "place": ("desk",)}
    result = made(lang, filled(DECENT[lang], person("rough_jade", lang)), preparation=poor)
    found = {f["code"]: f for f in result["findings"]}
    assert found["notice_poor"]["step"] == "notice"
    assert found["setting_poor"]["step"] == "setting"
    assert all(found[code]["better"] and found[code]["turn"] is None for code in ("notice_poor", "setting_poor"))
    good = made(lang, DECENT[lang], preparation={"invitation": ("full",), "place": ("quiet_room",)})
    assert not {"notice_poor", "setting_poor"} & codes(good)


@both
def test_the_report_speaks_the_readers_language_and_quotes_the_talks(lang):
    other: Lang = "en" if lang == "zh" else "zh"
    result = made(lang, HARMFUL[lang], words_in=other)
    assert result["words_in"] == other
    for finding in result["findings"]:
        assert any("\u4e00" <= c <= "\u9fff" for c in finding["text"].split("：")[0].split(": ")[0]) == (other == "zh")
        assert any("\u4e00" <= c <= "\u9fff" for c in finding["better"]) == (lang == "zh")
    plain = made(lang, HARMFUL[lang])
    assert (plain["score"], codes(plain)) == (result["score"], codes(result))


@both
def test_a_drill_misses_only_what_belongs_to_its_step(lang):
    line = {"zh": "我们先集中解决这两件事。", "en": "Let's start with the two biggest accounts."}[lang]
    unsaid = {f["step"] for f in made(lang, [line], drill=Step.COMMITMENT)["findings"] if f["turn"] is None}
    assert unsaid == {"commitment"}


@both
def test_bottom_lines_name_what_broke_them(lang):
    for lines in (HARMFUL, VAGUE, WARM):
        result = made(lang, lines[lang])
        for line in result["lines"]:
            broken = [f for f in result["findings"] if f"line.{line['line']}" in f["about"]]
            assert not (broken and line["kept"])
            assert line["text"]
    harmful = {line["line"]: line for line in made(lang, HARMFUL[lang])["lines"]}
    assert not harmful["matter"]["kept"]
    assert harmful["matter"]["turn"] is not None


@both
def test_risks_are_flagged_and_hold_the_score_down(lang):
    line = {"zh": "你年纪大了，学不动新东西。", "en": "At your age you won't pick up a new system."}[lang]
    decent = DECENT[lang]
    result = made(lang, [*decent[:8], line, *decent[8:]])
    assert result["risk_flags"] == ["discrimination"]
    assert result["score"] <= 40 < made(lang, decent)["score"]


@every_persona
def test_goal_checks_are_those_of_the_situation(persona):
    spoken, path, scenario = held(persona, filled(DECENT[persona.lang], persona))
    result = REPORTER.report(spoken, persona, scenario, path, annotate=True)
    end = next(e for e in scenario.good_ends if persona.situation in e.situations)
    assert [c["check"] for c in result["goal"]["checks"]] == list(end.needs)
    assert result["goal"]["text"] == end.text
    for turn in spoken.turns:
        note = result["annotations"][str(turn.index)]
        quotes = [n["quote"] for n in note["moves" if turn.speaker is Speaker.MANAGER else "cues"]]
        assert all(quote in turn.text for quote in quotes)


@both
def test_all_words_of_the_catalogue_exist_in_both_languages(lang):
    for section in ("kinds", "strengths", "lines", "goals", "parts"):
        for entry in catalogue()[section].values():
            assert entry[lang].strip()
            assert any("\u4e00" <= c <= "\u9fff" for c in entry[lang]) == (lang == "zh")


@both
@pytest.mark.parametrize("situation", list(Situation))
def test_better_words_fit_the_situation_and_differ(lang, situation):
    result = made(lang, HARMFUL[lang], str(situation))
    better = [f["better"] for f in result["findings"]]
    assert all(better)
    assert len(set(better)) == len(better)


def test_unread_sentences_are_counted_and_shown():
    lines = ["asdf qwer zxcv hjkl", *DECENT["en"][:7]]
    result = made("en", lines)
    assert result["unread_share"] == round(1 / 8, 3)
    assert REPORTER.report(Transcript.of("en", [(Speaker.MANAGER, line) for line in lines]))["unread_share"] == 0.125


class _Whole(HTMLParser):
    """Open and closed tags of a document, and what its attributes name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "line", "circle", "rect", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:])
        self.open.pop()


def full(lang: Lang, lines: list[str], words_in: Lang) -> tuple[dict[str, Any], Transcript]:
    who = person("stuck", lang)
    spoken, path, scenario = held(who, filled(lines, who))
    result = REPORTER.report(spoken, who, scenario, path, words_in=words_in, annotate=True)
    return result | {"title": "<b>标题</b>", "ended": "finished"}, spoken


@both
@pytest.mark.parametrize("words_in", list(LANGS))
def test_the_document_is_whole_needs_nothing_and_says_everything(lang, words_in):
    evil = {
        "zh": "你这个人<img src=x onerror=alert(1)>态度有问题。",
        "en": "Your attitude </td><script>x()</script> is the problem.",
    }
    lines = [*DECENT[lang][:8], evil[lang], *DECENT[lang][8:]]
    result, spoken = full(lang, lines, words_in)
    text = report_document(result, spoken, words_in)
    page = _Whole(text)
    assert page.open == []
    assert not re.search(r"https?:|//|@import|url\(", text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "link", "iframe", "object", "button"}
    assert not any(name.startswith("on") or name in ("src", "href") for _, attrs in page.tags for name in attrs)
    assert "@page {size: A4" in text and text.startswith("<!doctype html>")
    assert f'lang="{"zh-CN" if words_in == "zh" else "en"}"' in text
    shown = unescape(re.sub(r"<style.*?</style>|<[^>]+>", "", text, flags=re.S))
    assert all(turn.text in shown for turn in spoken.turns)
    for part in ("findings", "strengths", "lines", "dimensions"):
        for item in result[part]:
            assert item.get("text", item.get("name")) in shown
    for key in ("findings", "lines", "goal", "steps", "path", "transcript"):
        assert t(f"report.{key}", words_in) in shown
    assert result["band"] in shown and f"{result['score']:.0f}" in shown


@both
def test_the_page_carries_turns_and_buttons(lang):
    result, spoken = full(lang, HARMFUL[lang], lang)
    page = _Whole(report_html(result, spoken, lang))
    managers = [turn for turn in spoken.turns if turn.speaker is Speaker.MANAGER]
    numbers = {turn.index: str(n) for n, turn in enumerate(managers, 1)}
    expected = [numbers[f["turn"]] for f in result["findings"] if f["turn"] is not None]
    assert expected
    buttons = [attrs for tag, attrs in page.tags if tag == "button"]
    assert [b["data-turn"] for b in buttons] == expected
    assert all(b["class"] == "redo" and b["type"] == "button" for b in buttons)
    cards = [attrs for _, attrs in page.tags if attrs.get("class") == "finding"]
    assert [c.get("data-turn") for c in cards] == [numbers.get(f["turn"]) for f in result["findings"]]
    rows = [attrs for tag, attrs in page.tags if tag == "tr" and attrs.get("class") == "manager"]
    assert [r["data-turn"] for r in rows] == list(numbers.values())


def test_a_file_from_the_command_line(tmp_path, monkeypatch):
    home = tmp_path
    monkeypatch.setenv("TANDAO_HOME", str(home / "kept"))
    services = build_services()
    record = services.rehearsals.start(single_user("zh"), "expert-open", lang="zh", seed=3)
    for line in filled(DECENT["zh"], person("expert", "zh")):
        list(services.rehearsals.say(single_user("zh"), record.id, line))
    path = home / "报告.html"
    save_html(record.id, "en", path)
    text = path.read_text(encoding="utf-8")
    assert "What could be better" in text
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError):
        save_html(record.id, "en", path)
    with pytest.raises(InputError):
        save_html(record.id, "en", home / "no" / "such.html")
    with pytest.raises(NotFoundError):
        save_html("nosuchid", "en", home / "b.html")
    assert not (home / "b.html").exists()


JUDGES_BY_ORIGIN = [
    "女人毕竟要顾家，这个岗位出差多，不适合你。",
    "你生了孩子以后心思就不在工作上了。",
    "你都一把年纪了，别折腾新系统了。",
    "年龄大了反应慢，学不会也正常。",
    "你们90后就是吃不了苦。",
    "未婚的不稳定，这个项目不放心给你。",
    "Now that you have a baby you can't commit to this.",
    "Women can't handle this kind of client.",
    "You're too old to change.",
    "With your accent you can't present to clients.",
    "Your generation doesn't get hard work, your generation won't work.",
]
NAMES_IT_WITHOUT_JUDGING = [
    "女装线的数据比男装线好。",
    "我知道你带孩子不容易，时间上我们可以调。",
    "你年纪轻轻就做到这个程度，不容易。",
    "我们年纪差不多。",
    "Now that your baby has arrived, how would you like to arrange the hours?",
    "The kids' line sold better than the women's.",
    "As a woman-led team you did great.",
    "After your leave the workload had shifted, so I adjusted the target.",
    "Old habits die hard; the audit found two.",
]


def test_discrimination_is_read_in_its_plain_forms_only():
    assert [line for line in JUDGES_BY_ORIGIN if not discriminates(line)] == []
    assert [line for line in NAMES_IT_WITHOUT_JUDGING if discriminates(line)] == []
