"""The words of a recording come in whole and once, after what is there, under the consent of that moment."""

import pytest

from app.settings import Settings
from app.wiring import Services
from assistant.live import Line
from interview.errors import ConsentError
from interview.ports import Utterance
from tests.unit.test_live import BOSS, begin

LINES = [
    Line(0, 0.0, Utterance(0, "manager", "你先说说看。", False, 0.0, 1.5)),
    Line(1, 2.0, Utterance(0, "employee", "我觉得这个结果对我不公平。", False, 2.0, 4.0)),
]


def hear(services, grant, digest, lines=LINES):
    return services.live.hear_recording(grant, digest, lines, services.live.reached(grant, digest))


@pytest.fixture
def services(tmp_path):
    return Services(Settings(home=tmp_path / "home"))


def test_a_recording_comes_after_what_is_there_with_its_cues_and_only_once(services):
    interview_id, _, grant = begin(services)
    services.live.hear(grant, "manager", "开始吧。", start_s=1, end_s=3)
    assert len(hear(services, grant, "digest")) == 2
    assert hear(services, grant, "digest") == ()
    services.live.correct(BOSS, interview_id, 1, "改过的话。", "manager")
    services.live.correct(BOSS, interview_id, 2, "这不公平。", "employee")
    assert hear(services, grant, "digest") == (), "corrected words are its words all the same"
    heard = services.live.heard(BOSS, interview_id)
    assert [u.number for u in heard] == [0, 1, 2] and heard[2].start_s == 5.0
    assert heard[2].cues[0]["kind"] == "unfairness"
    assert len(hear(services, grant, "another")) == 2


def test_nothing_of_a_recording_is_stored_once_the_consent_is_gone(services):
    interview_id, secret, grant = begin(services)
    services.consents.withdraw(secret)
    with pytest.raises(ConsentError):
        hear(services, grant, "digest")
    assert services.live.heard(BOSS, interview_id) == ()


def test_a_recording_that_stopped_goes_on_in_its_place_and_lines_of_another_talk_stay_between(services):
    interview_id, _, grant = begin(services)
    services.live.hear(grant, "manager", "开始吧。", start_s=1, end_s=3)
    assert len(hear(services, grant, "digest", LINES[:1])) == 1
    services.live.hear(grant, "manager", "再听一遍。", start_s=8, end_s=9)
    reached = services.live.reached(grant, "digest")
    assert reached.base_s == 3.0 and reached.lines == {(0, 0.0)}
    services.live.correct(BOSS, interview_id, 1, "改过的话。", "employee")
    (added,) = hear(services, grant, "digest")
    assert (added.start_s, added.end_s) == (5.0, 7.0)
    assert services.live.reached(grant, "digest").lines == {(0, 0.0), (1, 2.0)}
    assert services.live.reached(grant, "other").base_s == 9.0
