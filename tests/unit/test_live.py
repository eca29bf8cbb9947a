"""The live session: cues from the employee's sure words only, one hint at a time, minutes in their own words."""

import pytest

from app.settings import Settings
from app.wiring import Services
from assistant.hints import HintState
from consent.notices import Purpose
from interview.actor import Actor, Role
from interview.errors import ConsentError, InputError, NotFoundError
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
