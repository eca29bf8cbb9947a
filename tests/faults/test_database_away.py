"""The database server is stopped under a running service and started again: said, retried, nothing acknowledged lost.

``AWAY_S=60`` keeps it away for a minute.
"""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from app.health import Readiness
from app.settings import Settings
from app.texts import t
from app.wiring import Services
from assistant.hints import HintState
from interview.errors import StorageError
from tests.fakes.postgres import PostgresServer, running
from tests.faults.speaker import ACTOR, PERSONA, line
from tests.unit.test_live import WHERE, begin

pytestmark = pytest.mark.real
AWAY_S = float(os.environ.get("AWAY_S", "3"))


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with running() as made:
        yield made


@pytest.fixture
def services(server, tmp_path) -> Iterator[Services]:
    found = Services(Settings(home=tmp_path / "home", database_url=server.new_url(), pace_s=0))
    yield found
    found.engine.dispose()


def refused(act) -> str:
    """It fails as ours, in time, with a sentence in each language, and may be tried again."""
    began = time.monotonic()
    with pytest.raises(StorageError) as caught:
        act()
    assert time.monotonic() - began < 20
    assert caught.value.retryable
    assert t(caught.value.message_key, "zh") != t(caught.value.message_key, "en")
    return caught.value.message_key


def test_a_turn_a_consent_and_a_line_while_it_is_away(server, services, tmp_path):
    rehearsal = services.rehearsals.start(ACTOR, PERSONA, lang="zh", seed=7)
    list(services.rehearsals.say(ACTOR, rehearsal.id, line(0)))
    interview_id, _, grant = begin(services)
    services.live.hear(grant, "employee", "这对我不公平。", start_s=1, end_s=2)
    other, secret = services.consents.invite(ACTOR, "年度面谈", "zh")
    ready = Readiness(services, services.running)
    assert ready.state()[0]
    server.stop()
    attempts = (
        lambda: list(services.rehearsals.say(ACTOR, rehearsal.id, line(1), expected_turn=1)),
        lambda: services.live.hear(grant, "employee", "我不同意。", start_s=3, end_s=4),
        lambda: services.consents.answer(secret, ("transcribe",), "沈一苇", "zh"),
        lambda: services.consents.withdraw(secret),
        lambda: services.rehearsals.delete(ACTOR, rehearsal.id),
        lambda: services.leases.take("x", 60),
    )
    until = time.monotonic() + AWAY_S
    for act in attempts:
        assert refused(act) == "error.storage"
    time.sleep(max(0.0, until - time.monotonic(), 2.1))  # an answer about the database is used for two seconds
    assert ready.state() == (False, ready.state()[1]) and ready.state()[1]["database"] == "away"
    server.start()
    list(services.rehearsals.say(ACTOR, rehearsal.id, line(1), expected_turn=1))
    assert [turn.payload["text"] for turn in services.rehearsals.turns(ACTOR, rehearsal.id)] == [line(0), line(1)]
    heard = services.live.hear(grant, "employee", "我还是觉得不公平。", start_s=5, end_s=6)
    assert heard.number == 1 and services.live.hint_after(grant, HintState(), heard, "zh", **WHERE).shown
    services.consents.answer(secret, ("transcribe",), "沈一苇", "zh")
    assert services.consents.verify() is None and services.consents.granted_by(other.id, "employee")
    assert services.consents.grant(interview_id)
    time.sleep(2.1)
    assert ready.state()[0]


def test_under_load_every_acknowledged_turn_is_there_and_each_talk_goes_on(server, services):
    told: dict[str, list[str]] = {
        services.rehearsals.start(ACTOR, PERSONA, lang="zh", seed=seed).id: [] for seed in range(3)
    }
    whys, over = list[str](), threading.Event()

    def talk(rehearsal_id: str) -> None:
        """Like somebody who presses send again when told that it could not be saved."""
        number = 0
        while not over.is_set():
            try:
                list(services.rehearsals.resume(ACTOR, rehearsal_id))
                kept = len(services.rehearsals.turns(ACTOR, rehearsal_id))
                if kept == number:
                    list(services.rehearsals.say(ACTOR, rehearsal_id, line(number), expected_turn=number))
                told[rehearsal_id].append(line(number))
                number += 1
            except StorageError as error:
                whys.append(error.message_key)
                time.sleep(0.1)

    talkers = [threading.Thread(target=talk, args=(one,)) for one in told]
    for talker in talkers:
        talker.start()

    def said(more: int) -> None:
        goal = {one: len(texts) + more for one, texts in told.items()}
        until = time.monotonic() + 60
        while any(len(told[one]) < count for one, count in goal.items()) and time.monotonic() < until:
            time.sleep(0.02)
        assert all(len(told[one]) >= count for one, count in goal.items())

    said(3)
    for _ in range(3):
        server.stop()
        time.sleep(AWAY_S / 3)
        server.start()
        said(2)
    over.set()
    for talker in talkers:
        talker.join(60)
    assert whys and set(whys) == {"error.storage"}
    for rehearsal_id, texts in told.items():
        kept = services.rehearsals.turns(ACTOR, rehearsal_id)
        assert [turn.payload["text"] for turn in kept][: len(texts)] == texts
        assert all(turn.reply_done for turn in kept)
