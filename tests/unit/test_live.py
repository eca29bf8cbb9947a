"""The live session: cues from the employee's sure words only, one hint at a time, minutes in their own words."""

import pytest

from app.settings import Settings
from app.ui.live_watch import Watch
from app.wiring import Services
from assistant.hints import HintState
from assistant.session import when_in
from consent.notices import Purpose
from interview.actor import Actor, Role
from interview.errors import ConsentError, InputError, NotFoundError, PermissionDeniedError
from interview.situations import Situation
from interview.steps import Step

BOSS = Actor("boss", Role.MANAGER, "zh")
ALL = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS, Purpose.KEEP_TRANSCRIPT)
WHERE = {"situation": Situation.EXPERT, "step": Step.FEEDBACK}


@pytest.fixture
def services(tmp_path):
    return Services(Settings(home=tmp_path / "home"))


def begin(services, purposes=ALL, lang="zh"):
    interview, secret = services.consents.invite(BOSS, "十一月面谈", lang)
    services.consents.manager_grants(BOSS, interview.id, purposes, "王岚")
    services.consents.answer(secret, purposes, "李工", lang)
    return interview.id, secret, services.consents.grant(interview.id)


def test_an_unfair_word_brings_one_short_hint_with_its_quote(services):
    _interview, _, grant = begin(services)
    state = HintState()
    said = services.live.hear(grant, "employee", "我觉得这个结果对我不公平。", start_s=10, end_s=12)
    assert said.cues[0]["kind"] == "unfairness"
    state = services.live.hint_after(grant, state, said, "zh", **WHERE)
    assert "不公平" in state.shown.quote and 0 < len(state.shown.wording) < 30
    soon = services.live.hear(grant, "employee", "真的太不公平了！", start_s=20, end_s=22)
    assert services.live.hint_after(grant, state, soon, "zh", **WHERE).shown == state.shown, "one in thirty seconds"
    later = services.live.hear(grant, "employee", "我还是觉得不公平。", start_s=50, end_s=52)
    again = services.live.hint_after(grant, state, later, "zh", **WHERE).shown
    assert again.wording != state.shown.wording


@pytest.mark.parametrize(("speaker", "doubtful"), [("manager", False), ("unsure", False), ("employee", True)])
def test_other_words_raise_no_cue_and_no_hint(services, speaker, doubtful):
    _, _, grant = begin(services)
    said = services.live.hear(grant, speaker, "这对我不公平。", start_s=1, end_s=2, doubtful=doubtful)
    assert said.cues == ()
    assert services.live.hint_after(grant, HintState(), said, "zh", **WHERE).shown is None


def test_what_the_manager_says_of_a_hint_is_remembered(services):
    _, _, grant = begin(services)

    def hear(at, words="我觉得不公平。"):
        return services.live.hear(grant, "employee", words, start_s=at, end_s=at)

    state = services.live.hint_after(grant, HintState(), hear(10), "zh", **WHERE)
    wrong = services.live.judge(state, "wrong", 11)
    assert wrong.shown is None and wrong.counts == {"wrong": 1} and "unfairness" in wrong.doubted
    not_now = services.live.judge(state, "not_now", 11)
    assert services.live.hint_after(grant, not_now, hear(100), "zh", **WHERE).shown is None
    assert services.live.hint_after(grant, not_now, hear(200), "zh", **WHERE).shown is not None


def test_hints_need_their_own_grant(services):
    _, _, grant = begin(services, (Purpose.TRANSCRIBE, Purpose.CUES))
    said = services.live.hear(grant, "employee", "这对我不公平。")
    assert said.cues and services.live.hint_after(grant, HintState(), said, "zh", **WHERE).shown is None


def test_wordings_begin_again_rather_than_run_out(services):
    _, _, grant = begin(services)
    state, wordings = HintState(), []
    for n in range(14):
        said = services.live.hear(grant, "employee", f"第{n}次了，这对我不公平。", start_s=40 * n, end_s=40 * n)
        state = services.live.hint_after(grant, state, said, "zh", **WHERE)
        wordings.append(state.shown.wording)
    assert len(set(wordings[:12])) == 12 and wordings[12] in wordings[:12]


def test_the_page_shows_step_share_and_promises(services):
    interview, _, grant = begin(services)
    for speaker, words in (
        ("manager", "今天主要聊三件事，先听听你自己怎么看这一年？"),
        ("employee", "我觉得还行。"),
        ("manager", "我每周四下午跟你过一次进度。"),
    ):
        services.live.hear(grant, speaker, words)
    found = services.live.standing(BOSS, interview)
    assert found.manager_share > 0.7
    assert "每周四下午" in found.promises[0].words


def test_the_employee_sees_their_own_words_and_strikes_a_cue(services):
    _interview, secret, grant = begin(services)
    services.live.hear(grant, "manager", "你说说看。")
    services.live.hear(grant, "employee", "这对我不公平。")
    (own,) = services.live.own_words(secret)
    services.live.strike(secret, own.number, "unfairness")
    assert services.live.own_words(secret)[0].cues == ()
    with pytest.raises(NotFoundError):
        services.live.strike(secret, 0, "unfairness")  # the manager's words are not theirs


def test_the_end_drafts_minutes_in_their_own_words(services):
    interview, _, grant = begin(services)
    services.live.hear(grant, "manager", "我每周四下午跟你过一次进度。")
    services.live.hear(grant, "employee", "这个评级我觉得不公平。")
    minutes = services.live.finish(BOSS, interview)
    assert [e["words"] for e in minutes["disputed"]] == ["这个评级我觉得不公平。"]
    assert minutes["promised"]
    assert services.live.minutes(BOSS, interview) == minutes
    assert services.live.transcript(BOSS, interview).turns


def test_correcting_words_reads_their_cues_again(services):
    interview, _, grant = begin(services)
    services.live.hear(grant, "unsure", "这对我不公平。")
    services.live.correct(BOSS, interview, 0, "这对我不公平。", "employee")
    assert services.live.heard(BOSS, interview)[0].cues
    with pytest.raises(InputError):
        services.live.correct(BOSS, interview, 0, " ", "employee")


def test_nothing_is_heard_without_consent(services):
    interview, secret, grant = begin(services)
    services.consents.withdraw(secret)
    with pytest.raises(ConsentError):
        services.live.hear(grant, "employee", "还在听吗？")
    assert services.live.heard(BOSS, interview) == ()


TALK = [
    ("manager", "今天聊聊你这半年，先听你自己怎么看？"), ("employee", "我觉得评级对我不公平。"),
    ("manager", "你觉得不公平，我听到了。"), ("manager", "是哪一处？"), ("employee", "华东那两单算我头上了。"),
    ("manager", "这两单我周三前去核实，核完跟你说。"), ("employee", "行。"),
]  # fmt: skip
TRAINER, HR = Actor("coach", Role.TRAINER, "zh"), Actor("hr", Role.HR, "zh")
PEOPLE = {"boss": "王岚"}


def test_a_trainer_sees_an_ended_talk_only_while_both_let_them(services):
    interview, secret, grant = begin(services, (*ALL, Purpose.SHARE_TRAINER))
    for speaker, words in TALK:
        services.live.hear(grant, speaker, words)
    assert services.live.shared(TRAINER, PEOPLE) == (), "not before it is over"
    services.live.finish(BOSS, interview)
    assert [i.id for i in services.live.shared(TRAINER, PEOPLE)] == [interview]
    assert services.live.shared_transcript(TRAINER, interview, PEOPLE).turns
    assert services.live.shared(TRAINER, {}) == (), "another trainer's people"
    for role in (HR, BOSS):
        with pytest.raises(PermissionDeniedError):
            services.live.shared(role, PEOPLE)
    services.consents.answer(secret, ALL, "李工", "zh")
    assert services.live.shared(TRAINER, PEOPLE) == ()
    with pytest.raises(NotFoundError):
        services.live.shared_transcript(TRAINER, interview, PEOPLE)


def test_one_yes_is_not_enough_to_show_a_trainer(services):
    interview, secret = services.consents.invite(BOSS, "面谈", "zh")
    services.consents.manager_grants(BOSS, interview.id, (*ALL, Purpose.SHARE_TRAINER), "王岚")
    services.consents.answer(secret, ALL, "李工", "zh")
    services.live.hear(services.consents.grant(interview.id), "manager", "你好")
    services.live.finish(BOSS, interview.id)
    assert services.live.shared(TRAINER, PEOPLE) == ()


def test_a_trainers_report_of_a_real_talk_gives_no_verdict(tmp_path):
    from app.ui.trainer.live_talks import shared_report

    services = Services(Settings(home=tmp_path / "home"))
    boss = Actor("local", Role.MANAGER, "zh")
    interview, secret = services.consents.invite(boss, "面谈", "zh")
    services.consents.manager_grants(boss, interview.id, (*ALL, Purpose.SHARE_TRAINER), "王岚")
    services.consents.answer(secret, (*ALL, Purpose.SHARE_TRAINER), "李工", "zh")
    grant = services.consents.grant(interview.id)
    for speaker, words in TALK:
        services.live.hear(grant, speaker, words)
    services.live.finish(boss, interview.id)
    shown = shared_report(services, interview.id, "zh")
    assert "不判合格与否" in shown and "id='band'" not in shown and 'id="score"' not in shown
    assert "dimbar'><div style" not in shown.split('class="dimensions"')[1].split("</section>")[0]


def test_words_without_a_break_are_one_turn_of_the_report(services):
    interview, _, grant = begin(services)
    for speaker, words in TALK:
        services.live.hear(grant, speaker, words)
    turns = services.live.transcript(BOSS, interview).turns
    assert [t.speaker.value for t in turns] == ["manager", "employee"] * 3
    assert turns[2].text == "你觉得不公平，我听到了。是哪一处？"


def test_a_promise_says_who_and_when(services):
    interview, _, grant = begin(services)
    for speaker, words in TALK:
        services.live.hear(grant, speaker, words)
    (promise,) = services.live.standing(BOSS, interview).promises
    assert (promise.speaker, promise.when) == ("manager", "周三前")
    assert services.live.finish(BOSS, interview)["promised"][0]["when"] == "周三前"


@pytest.mark.parametrize(
    ("words", "when"),
    [("我每周四下午跟你过一次进度", "每周四下午"), ("12月5号前给你", "12月5号前"), ("两周内答复你", "两周内"),
     ("我来想办法", ""), ("I'll send it by Friday morning", "by Friday morning"), ("Let me look at it", ""),
     ("I'll have it by the end of next month", "by the end of next month"), ("we meet every two weeks", "every two weeks")],
)  # fmt: skip
def test_when_is_found_in_the_words(words, when):
    assert when_in(words) == when


def test_a_withdrawal_takes_the_minutes_with_it(services):
    interview, secret, grant = begin(services)
    for speaker, words in TALK:
        services.live.hear(grant, speaker, words)
    services.live.finish(BOSS, interview)
    assert services.live.minutes(BOSS, interview)
    services.consents.withdraw(secret)
    assert services.live.minutes(BOSS, interview) is None


def test_the_manager_says_what_is_spoken_and_words_are_read_in_it(services):
    interview_id, _, grant = begin(services)
    assert services.consents.spoken(interview_id) == "zh"
    services.consents.speak(BOSS, interview_id, "auto")
    assert services.consents.spoken(interview_id) == "auto"
    for text in ("这个评级对我不公平。", "This rating is not fair to me."):
        assert "unfairness" in {c["kind"] for c in services.live.hear(grant, "employee", text).cues}, text
    services.consents.speak(BOSS, interview_id, "en")
    assert services.consents.spoken(interview_id) == "en"
    assert services.live.hear(grant, "employee", "That is not fair.").cues
    services.live.finish(BOSS, interview_id)
    with pytest.raises(InputError):
        services.consents.speak(BOSS, interview_id, "zh")


ENGLISH = (
    ("manager", "I know you carried two people's work this half, and that was hard."),
    ("employee", "Then why is the rating so low?"),
    ("manager", "What do you think was missed?"),
    ("employee", "王工那边的事没有人算。"),
    ("manager", "I will send you the list by Friday."),
)


@pytest.mark.parametrize("mixed", [True, False])
def test_a_talk_in_two_languages_is_scored_in_the_one_the_manager_spoke_most(services, mixed):
    interview, _, grant = begin(services)
    if mixed:
        services.consents.speak(BOSS, interview, "auto")
    for speaker, text in ENGLISH:
        services.live.hear(grant, speaker, text)
    found = services.live.transcript(BOSS, interview)
    assert found.lang == ("en" if mixed else "zh")
    if mixed:
        promised = services.live.finish(BOSS, interview)["promised"]
        assert [p["words"] for p in promised] == [ENGLISH[-1][1]], "each line is read in its own language"


def test_a_hint_is_in_the_language_it_answers(services):
    interview_id, _, grant = begin(services)
    services.consents.speak(BOSS, interview_id, "auto")
    watch, interview = Watch(services), services.consents.interview(BOSS, interview_id)

    def look():
        heard = services.live.heard(BOSS, interview_id)
        return watch.look(interview, heard, Situation.EXPERT, lambda: Step.FEEDBACK).shown

    look()
    services.live.hear(grant, "employee", "This rating is not fair to me.", start_s=1, end_s=2)
    assert look().wording.isascii()
    other = watch.another(interview, Situation.EXPERT, Step.FEEDBACK).shown
    assert other.wording.isascii() and other.variation == 2
