"""The words of a recording come in whole and once, after what is there, under the consent of that moment."""

import pytest

from app.settings import Settings
from app.wiring import Services
from interview.errors import ConsentError
from interview.ports import Utterance
from tests.unit.test_live import BOSS, begin

LINES = [
    Utterance(0, "manager", "你先说说看。", False, 0.0, 1.5),
    Utterance(0, "employee", "我觉得这个结果对我不公平。", False, 2.0, 4.0),
]


@pytest.fixture
def services(tmp_path):
    return Services(Settings(home=tmp_path / "home"))


def test_a_recording_comes_after_what_is_there_with_its_cues_and_only_once(services):
    interview_id, _, grant = begin(services)
    services.live.hear(grant, "manager", "开始吧。", start_s=1, end_s=3)
    assert len(services.live.hear_recording(grant, "digest", LINES)) == 2
    assert services.live.hear_recording(grant, "digest", LINES) == ()
    services.live.correct(BOSS, interview_id, 1, "改过的话。", "manager")
    services.live.correct(BOSS, interview_id, 2, "这不公平。", "employee")
    assert services.live.hear_recording(grant, "digest", LINES) == (), "corrected words are its words all the same"
    heard = services.live.heard(BOSS, interview_id)
    assert [u.number for u in heard] == [0, 1, 2] and heard[2].start_s == 5.0
    assert heard[2].cues[0]["kind"] == "unfairness"
    assert len(services.live.hear_recording(grant, "another", LINES)) == 2


def test_nothing_of_a_recording_is_stored_once_the_consent_is_gone(services):
    interview_id, secret, grant = begin(services)
    services.consents.withdraw(secret)
    with pytest.raises(ConsentError):
        services.live.hear_recording(grant, "digest", LINES)
    assert services.live.heard(BOSS, interview_id) == ()
