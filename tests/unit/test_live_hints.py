"""Hints: quiet by default, several wordings, and a model's wording only when it is in time, good and agreed to."""

import time
from collections.abc import Iterator

import pytest

from app.consent_page import _body
from app.settings import Settings
from app.texts import t
from app.ui.live_html import hint_html
from app.ui.live_watch import STALE_S, Watch
from app.wiring import Services
from assistant.ahead import confirmed, grown
from assistant.hints import QUIET_S, VARIATIONS, HintState, consider
from consent.notices import OFFERED, Purpose, notice
from interview.actor import Actor, Role
from interview.cues import CueKind
from interview.ports import Utterance
from interview.reading.moves import RuleMoveReader
from interview.situations import Situation
from interview.steps import Step
from llms.hint_writer import LlmHintWriter, few_words
from llms.openai_compatible import ChatEndpoint
from phrasing.checks import fault
from phrasing.library import PhrasingLibrary, _lines
from tests.fakes.llm_server import Server, llm_server

BOSS = Actor("boss", Role.MANAGER, "zh")
WHERE = {"situation": Situation.EXPERT, "step": Step.FEEDBACK}
RULES, LIBRARY = RuleMoveReader(), PhrasingLibrary()
TEXT = "这半年我拿着18000块干两个人的活，这个评级对我不公平，我爱人也这么说。"
GOOD = "一个人顶两个人，换谁都不好受。哪一块你觉得没算进去？"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with llm_server() as running:
        yield running


def cue(strength=0.9, kind="unfairness", quote="不公平", start=0, end=3):
    return {"kind": kind, "strength": strength, "quote": quote, "start": start, "end": end}


def after(state, at_s, *cues, **how):
    return consider(state, cues or (cue(),), at_s, LIBRARY, "zh", **WHERE, **how)


def test_at_most_one_new_hint_in_thirty_seconds_and_one_on_screen():
    first = after(HintState(), 10)
    assert first.shown is not None and first.shown.quote == "不公平"
    assert after(first, 10 + QUIET_S - 0.1) == first
    second = after(first, 10 + QUIET_S)
    assert second.shown.wording != first.shown.wording


@pytest.mark.parametrize("how", [{"manager_speaking": True}, {"unsure": True}])
def test_never_over_the_manager_nor_for_unsure_words(how):
    assert after(HintState(), 10, **how) == HintState()


@pytest.mark.parametrize("weak", [cue(0.4), cue(0.9, kind="acceptance")])
def test_a_faint_cue_or_agreement_brings_none(weak):
    assert after(HintState(), 10, weak).shown is None


def test_the_strongest_of_several_cues_is_answered():
    assert after(HintState(), 10, cue(0.6), cue(0.8, kind="anger")).shown.kind is CueKind.ANGER


def services(tmp_path, server: Server | None = None, **settings) -> Services:
    where = (
        {"llm_base_url": server.url, "llm_model": "small", "llm_provider": "vllm", "llm_hints_timeout_s": 20}
        if server
        else {}
    )
    return Services(Settings(home=tmp_path / "home", **where, **settings))


def begin(made: Services, *more: Purpose, employee: tuple[Purpose, ...] | None = None):
    interview, secret = made.consents.invite(BOSS, "面谈", "zh")
    made.consents.manager_grants(BOSS, interview.id, (*OFFERED, *more), "王岚")
    made.consents.answer(secret, employee or (*OFFERED, *more), "李工", "zh")
    return interview.id, made.consents.grant(interview.id)


def hint(made: Services, grant, state: HintState | None = None, at_s: float = 5.0) -> HintState:
    said = made.live.hear(grant, "employee", TEXT, start_s=at_s, end_s=at_s)
    return made.live.hint_after(grant, state or HintState(), said, "zh", **WHERE)


def test_other_words_for_the_same_hint_are_three_and_differ(tmp_path):
    made = services(tmp_path)
    _, grant = begin(made)
    state = hint(made, grant)
    seen = [state.shown.wording]
    for _ in range(5):
        state = made.live.another_wording(state, "zh", **WHERE)
        seen.append(state.shown.wording)
    assert len(set(seen)) == VARIATIONS and state.shown.variation == VARIATIONS
    assert made.live.another_wording(HintState(), "zh", **WHERE) == HintState()


def test_a_model_words_the_hint_from_half_a_sentence_only(tmp_path, server):
    made = services(tmp_path, server, llm_hints=True)
    _, grant = begin(made, Purpose.MODEL_HINTS)
    asked = server.play(f"“{GOOD}”\n").asked
    state = hint(made, grant)
    assert state.shown.wording == GOOD and state.shown.quote in TEXT
    (request,) = asked
    sent = "".join(m["content"] for m in request["messages"] if m["role"] == "user")
    assert "不公平" in sent and len(sent) <= 40
    for private in ("18000", "爱人", "李工", "王岚", "两个人的活"):
        assert private not in sent
    again = hint(made, grant, state, at_s=60)
    assert again.shown.wording != GOOD, "the model may not repeat itself: the authored wording stands"


BAD = {
    "long": "你这半年一个人干了两个人的活而且一句怨言都没有说过真的非常不容易。你觉得哪里没有被看见？",
    "no question": "你觉得不公平，我听到了。",
    "no acknowledgement": "评级是委员会统一定的。你还有什么问题？",
    "argument": "你应该往前看。你打算怎么办？",
    "argument after": "我理解你，但是大家都一样。你怎么看？",
    "guilt": "是我没看到，对不起。哪件事漏了？",
    "promise": "我听到了，我会帮你争取。你想要什么？",
    "promise of pay": "你辛苦了，下回给你加。还想要什么？",
    "english": "That sounds unfair to you. Which part?",
    "figure": "你扛了30%的活，不容易。哪块没算？",
    "label": "提示：你觉得不公平。是哪一处？",
    "two lines": "你觉得不公平，我听到了。\n是哪一处？",
    "insult": "你太玻璃心了，我听到了。哪里不公平？",
    "empty": " ",
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_a_models_wording_that_fails_a_check_is_not_shown(tmp_path, server, answer):
    made = services(tmp_path, server, llm_hints=True)
    _, grant = begin(made, Purpose.MODEL_HINTS)
    server.play(answer)
    assert hint(made, grant).shown.id.startswith("cues.unfairness.")


@pytest.mark.parametrize(
    "mode", ["cut", "garbage", "binary", "error_event", "html", "endless", "endless_thought", 401, 500]
)
def test_a_broken_endpoint_leaves_the_authored_wording(tmp_path, server, mode):
    made = services(tmp_path, server, llm_hints=True)
    _, grant = begin(made, Purpose.MODEL_HINTS)
    server.play(GOOD, mode=mode)
    assert hint(made, grant).shown.id.startswith("cues.unfairness.")


@pytest.mark.parametrize(
    "pace", [{"mode": "silent"}, {"mode": "comments"}, {"first_s": 30.0}, {"piece_chars": 1, "piece_s": 2.0}]
)
def test_a_slow_model_is_not_waited_for(server, pace):
    server.play(GOOD, **pace)
    writer = LlmHintWriter(ChatEndpoint(server.url, "m"), RULES, timeout_s=0.2)
    began = time.monotonic()
    assert writer.write(CueKind.UNFAIRNESS, TEXT, (20, 23), "zh", step=Step.FEEDBACK) is None
    assert time.monotonic() - began < 20, "the server would have taken longer"


def test_nothing_is_sent_unless_both_agreed_to_just_that(tmp_path, server):
    made = services(tmp_path, server, llm_hints=True)
    for employee in (OFFERED, (*OFFERED[:2], Purpose.MODEL_HINTS)):
        _, grant = begin(made, Purpose.MODEL_HINTS, employee=employee)
        asked = server.play(GOOD).asked
        hint(made, grant)
        assert not asked


def test_the_authored_wording_comes_after_a_second_and_a_half():
    assert Settings().llm_hints_timeout_s == 1.5


def test_without_the_switch_nobody_is_asked_and_no_notice_speaks_of_it(tmp_path, server):
    made = services(tmp_path, server)
    assert Purpose.MODEL_HINTS not in made.consents.offered
    assert made.live._writer is None
    assert made.consents.notice("zh").digest == notice("zh").digest
    assert "语言模型" not in str(made.consents.notice("zh").words)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_notice_names_the_model_and_the_ledger_keeps_which(tmp_path, server, lang):
    made = services(tmp_path, server, llm_hints=True)
    read = made.consents.notice(lang)
    assert "small (127.0.0.1)" in read.words["sections"][-1]["text"]
    assert read.purpose(Purpose.MODEL_HINTS)[0] and read.digest != notice(lang).digest
    interview, _ = begin(made, Purpose.MODEL_HINTS)
    entries = made.consents.entries(interview)
    assert all(e.notice_digest == made.consents.notice("zh").digest for e in entries)
    assert all(Purpose.MODEL_HINTS in e.purposes for e in entries)


def test_words_do_not_go_to_another_model_than_the_one_agreed_to(tmp_path, server):
    made = services(tmp_path, server, llm_hints=True)
    interview, grant = begin(made, Purpose.MODEL_HINTS)
    assert grant.covers(Purpose.MODEL_HINTS)
    other = Services(made.settings.model_copy(update={"llm_model": "another"}))
    assert not other.consents.grant(interview).covers(Purpose.MODEL_HINTS)
    assert other.consents.grant(interview).covers(Purpose.HINTS)


@pytest.mark.parametrize(
    ("text", "quote", "lang", "kept"),
    [
        (TEXT, "不公平", "zh", "这个评级对我不公平"),
        ("工资18000，太不公平了", "不公平", "zh", "太不公平了"),
        ("涨到18000也不公平", "不公平", "zh", "涨到…也不公平"),
        ("I told you in May. This is unfair to me and 3 others. Ask Tom.", "unfair", "en", "This is unfair to me and … others"),
    ],
)  # fmt: skip
def test_only_the_clause_around_the_quote_leaves(text, quote, lang, kept):
    start = text.index(quote)
    assert few_words(text, (start, start + len(quote)), lang) == kept
    long = "啊" * 500 + quote + "哦" * 500
    assert len(few_words(long, (500, 500 + len(quote)), lang)) <= 120


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", list(CueKind))
def test_the_authored_library_passes_the_same_checks(kind, lang):
    for situation in Situation:
        for step in Step:
            used: set[str] = set()
            while (w := LIBRARY.for_cue(kind, lang, situation=situation, step=step, avoid=used)) is not None:
                assert fault(w.text, lang, RULES) is None, w.text
                used.add(w.id)
            assert len(used) >= 12
    for entry in _lines(LIBRARY._root, lang)["cues"][kind]:  # those for particular words too
        assert fault(entry["text"], lang, RULES) is None, entry["text"]


@pytest.mark.parametrize(
    ("kind", "said", "where", "part"),
    [("unfairness", "凭什么他拿A我拿C", WHERE, "跟别人一比"), ("hardship", "孩子住院了，我顾不过来", WHERE, "家里的事"),
     ("unfairness", "这不公平", {"situation": Situation.CHALLENGER, "step": Step.FEEDBACK}, "看重公道"),
     ("resistance", "这不行", {"situation": Situation.EXPERT, "step": Step.PLAN}, "现在说正好")],
)  # fmt: skip
def test_a_hint_fits_what_was_said_the_situation_and_the_step(kind, said, where, part):
    assert part in LIBRARY.for_cue(kind, "zh", said=said, **where).text


@pytest.mark.parametrize("on", [True, False])
def test_the_employees_page_names_the_model_before_anybody_agrees(tmp_path, server, on):
    made = services(tmp_path, server, llm_hints=on)
    interview, secret = made.consents.invite(BOSS, "面谈", "zh")
    shown = _body(made, interview.id, secret, "zh", "", "")
    assert ("small (127.0.0.1)" in shown) is on
    assert ("value='model_hints'" in shown) is on


@pytest.mark.parametrize(("reply", "kept"), [("嗯，嗯。", True), ("这件事我当时也没想到。", False)])
def test_nothing_is_whispered_once_the_manager_has_begun_to_answer(tmp_path, reply, kept):
    made = services(tmp_path)
    interview_id, grant = begin(made)
    watch, found = Watch(made), made.consents.interview(BOSS, interview_id)

    def look() -> HintState:
        return watch.look(found, made.live.heard(BOSS, interview_id), Situation.EXPERT, lambda: Step.FEEDBACK)

    assert look().shown is None
    made.live.hear(grant, "employee", "这个评级对我不公平。", start_s=1, end_s=3)
    made.live.hear(grant, "manager", reply, start_s=3, end_s=4)
    assert (look().shown is not None) is kept


def test_a_verdict_holds_for_the_session_whichever_page_looks(tmp_path):
    made = services(tmp_path)
    interview_id, grant = begin(made)
    watch, found = Watch(made), made.consents.interview(BOSS, interview_id)

    def look() -> HintState:
        return watch.look(found, made.live.heard(BOSS, interview_id), Situation.EXPERT, lambda: Step.FEEDBACK)

    look()
    made.live.hear(grant, "employee", "这个评级对我不公平。", start_s=1, end_s=3)
    assert look().shown is not None and look() == look(), "a second look makes no second hint"
    watch.judge(interview_id, "wrong", 4)
    assert look().shown is None and look().doubted == {"unfairness"}
    watch.forget(interview_id)
    assert look() == HintState(), "what was said before is not whispered about again"


@pytest.mark.parametrize(("later", "hinted"), [(0, True), (5, False)])
def test_a_line_whose_speaker_is_put_right_at_once_still_brings_its_hint(tmp_path, later, hinted):
    made = services(tmp_path)
    interview_id, grant = begin(made)
    watch, found = Watch(made), made.consents.interview(BOSS, interview_id)

    def look() -> HintState:
        return watch.look(found, made.live.heard(BOSS, interview_id), Situation.EXPERT, lambda: Step.FEEDBACK)

    look()
    made.live.hear(grant, "unsure", "这个评级对我不公平。", start_s=1, end_s=3)
    for number in range(later):
        made.live.hear(grant, "unsure", "嗯。", start_s=4 + number, end_s=5 + number)
    assert look().shown is None, "nobody knows yet whose words these are"
    made.live.put_right(BOSS, interview_id, 0, "employee")
    assert (look().shown is not None) is hinted
    assert look() == look(), "once"


@pytest.mark.parametrize(("answer", "hinted"), [("", True), ("这件事我当时也没想到。", False)])
def test_a_hint_waits_while_the_manager_speaks(tmp_path, answer, hinted):
    made = services(tmp_path)
    interview_id, grant = begin(made)
    speaking = False
    watch = Watch(made, lambda asked: asked == interview_id and speaking)
    found = made.consents.interview(BOSS, interview_id)

    def look() -> HintState:
        return watch.look(found, made.live.heard(BOSS, interview_id), Situation.EXPERT, lambda: Step.FEEDBACK)

    look()
    made.live.hear(grant, "employee", "这个评级对我不公平。", start_s=1, end_s=3)
    speaking = True
    assert look().shown is None and look().shown is None
    speaking = False
    if answer:
        made.live.hear(grant, "manager", answer, start_s=3, end_s=6)
    assert (look().shown is not None) is hinted


class Talk:
    """A talk whose employee is in the middle of a sentence."""

    def __init__(self, tmp_path):
        self.made = services(tmp_path)
        self.id, self.grant = begin(self.made)
        self.speaking, self.unfinished, self.number = False, None, 0
        self.watch = Watch(self.made, lambda _: self.speaking)
        self.look()

    def look(self) -> HintState:
        found = self.made.consents.interview(BOSS, self.id)
        heard = self.made.live.heard(BOSS, self.id)
        return self.watch.look(found, heard, Situation.EXPERT, lambda: Step.FEEDBACK, self.unfinished)

    def saying(self, *texts: str, at_s: float = 2.0, doubtful: bool = False) -> HintState:
        for text in texts:
            said = self.made.live.in_the_middle(self.grant, text, at_s, doubtful=doubtful)
            self.unfinished = grown(self.unfinished, 1, self.number, said)
        return self.look()

    def said(self, text: str, end_s: float = 3.0, **how) -> HintState:
        self.unfinished, self.number = None, self.number + 1
        self.made.live.hear(self.grant, "employee", text, start_s=1, end_s=end_s, **how)
        return self.look()


UNFAIR = ("这个评级对我不公平", "这个评级对我不公平，我觉得")


def test_a_hint_for_a_sentence_that_is_not_over_is_marked_and_confirmed_by_its_end(tmp_path):
    talk = Talk(tmp_path)
    assert talk.saying(UNFAIR[0]).shown is None, "one text is not enough"
    ahead = talk.saying(UNFAIR[1])
    assert ahead.shown.tentative and "tentative" in hint_html(ahead, "zh")
    assert talk.look() == ahead and talk.watch.hints(talk.id).shown is None
    after = talk.said("这个评级对我不公平，我觉得得说一说。")
    assert after.shown.wording == ahead.shown.wording and not after.shown.tentative
    assert "tentative" not in hint_html(after, "zh") and talk.look() == after
    assert len(talk.made.live.heard(BOSS, talk.id)) == 1


@pytest.mark.parametrize("how", [{}, {"doubtful": True}, {"unsure": True}])
def test_a_hint_whose_words_were_others_in_the_end_goes_and_counts_for_its_half_minute(tmp_path, how):
    talk = Talk(tmp_path)
    assert talk.saying(*UNFAIR).shown is not None
    words = "这个评级对我不公平。" if how else "这个评级我觉得还可以。"
    assert talk.said(words, **how).shown is None
    assert talk.said("我真的很委屈。", end_s=10).shown is None, "one new hint in half a minute"
    assert talk.said("我真的很委屈。", end_s=2 + QUIET_S).shown is not None


def test_a_hint_is_put_right_in_its_place_by_the_words_as_they_were_said(tmp_path):
    talk = Talk(tmp_path)
    talk.saying(*UNFAIR)
    after = talk.said("我在考虑离职。")
    assert after.shown.kind is CueKind.LEAVING and not after.shown.tentative
    assert talk.said("这个评级对我不公平。", end_s=20) == after


def test_a_confirmed_hint_quotes_the_words_that_say_it_most_plainly():
    ahead = after(HintState(), 10, cue(0.9, quote="不公平"))
    said = Utterance(0, "employee", "真的不公平", cues=(cue(0.4, quote="真的"), cue(0.9), cue(0.6, quote="的")))
    assert confirmed(ahead, said).shown.quote == "不公平"


def test_words_that_are_taken_back_before_the_end_take_the_hint_along(tmp_path):
    talk = Talk(tmp_path)
    assert talk.saying(*UNFAIR).shown is not None
    assert talk.saying("这个评级对我还算公平").shown is None


def test_no_hint_ahead_for_doubtful_words_nor_while_the_manager_speaks_nor_without_the_purpose(tmp_path):
    talk = Talk(tmp_path)
    assert talk.saying(*UNFAIR, doubtful=True).shown is None
    talk.speaking = True
    assert talk.saying(*UNFAIR).shown is None
    talk.speaking = False
    assert talk.look().shown is not None
    talk.speaking = True
    assert talk.look().shown is None
    other = Talk(tmp_path / "other")
    other.made.consents.manager_grants(BOSS, other.id, (Purpose.TRANSCRIBE, Purpose.HINTS), "王岚")
    assert other.saying(*UNFAIR).shown is None, "cues were withdrawn meanwhile"


def test_a_verdict_on_a_hint_ahead_holds_however_the_sentence_ends(tmp_path):
    talk = Talk(tmp_path)
    talk.saying(*UNFAIR)
    talk.watch.judge(talk.id, "wrong", 2.5)
    assert talk.look().shown is None and talk.look().doubted == {"unfairness"}
    assert talk.said("这个评级对我不公平。").shown is None


def test_a_hint_nobody_has_judged_goes_once_the_talk_has_moved_on(tmp_path):
    made = services(tmp_path)
    interview_id, grant = begin(made)
    watch, found = Watch(made), made.consents.interview(BOSS, interview_id)

    def look() -> HintState:
        return watch.look(found, made.live.heard(BOSS, interview_id), Situation.EXPERT, lambda: Step.FEEDBACK)

    look()
    made.live.hear(grant, "employee", "这个评级对我不公平。", start_s=1, end_s=3)
    shown = look()
    made.live.hear(grant, "manager", "我们先看看依据。", start_s=60, end_s=3 + STALE_S)
    assert look() == shown
    made.live.hear(grant, "manager", "下一件事是年底的计划。", start_s=95, end_s=4 + STALE_S)
    assert look().shown is None and look().used == shown.used


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_employee_sees_which_cue_each_button_strikes(tmp_path, lang):
    made = services(tmp_path)
    interview, secret = made.consents.invite(BOSS, "面谈", "zh")
    made.consents.manager_grants(BOSS, interview.id, OFFERED, "王岚")
    made.consents.answer(secret, OFFERED, "李工", "zh")
    made.live.hear(made.consents.grant(interview.id), "employee", "我真的很委屈，努力了半年，没有人看见。")
    (own,) = made.live.own_words(secret)
    kinds = {str(c["kind"]) for c in own.cues if c["strength"] >= 0.5}
    shown = _body(made, interview.id, secret, lang, "", "")
    assert ("、" in shown.partition("<button")[0]) is (lang == "zh"), "a list as that language writes it"
    assert len(kinds) > 1 and shown.count("value='strike'") == len(kinds)
    assert all(t(f"cue.{kind}", lang) + ": <mark>" in shown for kind in kinds)
