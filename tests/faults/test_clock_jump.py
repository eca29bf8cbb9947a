"""The machine's clock jumps a year, back and forth: order, consent, links, leases and what is kept stay right."""

import datetime as dt
from collections.abc import Iterator

import pytest

import app.wiring
from app.settings import Settings
from app.steady import Steady
from app.wiring import Services
from consent.notices import Purpose
from interview.errors import ConsentError, TandaoError
from storage.leases import SqlLeases
from tests.faults.speaker import ACTOR, PERSONA, line
from tests.unit.test_live import BOSS, begin

NOW = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
YEAR = dt.timedelta(days=365)


class Wrong:
    """A clock that can be set."""

    at = NOW

    def now(self) -> dt.datetime:
        return Wrong.at


@pytest.fixture
def services(tmp_path, monkeypatch) -> Iterator[Services]:
    monkeypatch.setattr(app.wiring, "SystemClock", Wrong)
    Wrong.at = NOW
    found = Services(Settings(home=tmp_path / "home", pace_s=0))
    yield found
    found.engine.dispose()


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_a_talk_and_its_consent_go_by_order_not_by_the_clock(services, jump):
    rehearsal = services.rehearsals.start(ACTOR, PERSONA, lang="zh", seed=7)
    list(services.rehearsals.say(ACTOR, rehearsal.id, line(0)))
    interview_id, secret, grant = begin(services)
    first = services.live.hear(grant, "employee", "我觉得不公平。")
    Wrong.at = NOW + jump
    list(services.rehearsals.say(ACTOR, rehearsal.id, line(1)))
    assert [turn.payload["text"] for turn in services.rehearsals.turns(ACTOR, rehearsal.id)] == [line(0), line(1)]
    second = services.live.hear(grant, "manager", "你说说看。")
    assert second.number == 1 and second.start_s >= first.start_s >= 0
    services.consents.withdraw(BOSS, interview_id)
    assert Purpose.TRANSCRIBE not in services.consents.standing(interview_id).purposes, "the last word counts"
    with pytest.raises(ConsentError):
        services.live.hear(grant, "employee", "还在听吗？")
    Wrong.at = NOW
    assert services.consents.verify() is None
    assert services.consents.linked(secret).id == interview_id, "a link is not used up by a wrong clock"


def test_a_link_runs_out_by_the_clock_in_force_and_works_again_once_that_is_right(services):
    _, secret, _ = begin(services)
    Wrong.at = NOW + YEAR
    with pytest.raises(TandaoError) as caught:
        services.consents.linked(secret)
    assert caught.value.message_key
    Wrong.at = NOW
    services.consents.linked(secret)


def test_a_lease_taken_in_the_future_holds_nobody_up(services):
    dead, alive = (SqlLeases(services.engine, Wrong(), name) for name in ("dead", "alive"))
    Wrong.at = NOW + YEAR
    assert dead.take("messages", 120)
    Wrong.at = NOW
    assert alive.take("messages", 120) and not dead.take("messages", 120)
    Wrong.at = NOW - dt.timedelta(seconds=100)
    assert not dead.take("messages", 120), "clocks of two machines may differ by less than the time"


def test_nothing_is_destroyed_by_its_age_on_the_word_of_a_clock_that_jumped():
    wall, even = [1_000_000.0], [50.0]
    steady = Steady(lambda: wall[0], lambda: even[0])
    wall[0] += 7_200
    even[0] += 7_200
    assert steady(), "two hours went by"
    wall[0] += 2
    assert steady(), "put right by a time server"
    wall[0] += YEAR.total_seconds()
    assert not steady()
    even[0] += 3_600
    wall[0] += 3_600
    assert not steady(), "not an hour later either"
    wall[0] -= YEAR.total_seconds()
    assert steady()
    wall[0] -= YEAR.total_seconds()
    assert not steady()
