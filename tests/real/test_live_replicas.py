"""Two devices of one talk that reach two servers are heard by one of them; when it is killed, the other goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from app.audio_socket import AudioRoom, CaptureTokens
from app.places import COME_AGAIN, LEASE_S
from app.settings import Settings
from app.wiring import Services
from consent.notices import Purpose
from interview.actor import Actor, Role
from tests.fakes.postgres import running
from tests.real.test_replicas import ROOT, Replica
from tests.unit.test_audio_socket import frame

pytestmark = pytest.mark.real
BOSS = Actor("local", Role.MANAGER, "zh")
ALL = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS, Purpose.KEEP_TRANSCRIPT)


class Hearing(Replica):
    """A replica with scripted ears, whose address the others know."""

    def start(self, home: Path, url: str) -> "Hearing":
        self.address = f"127.0.0.1:{self.port}"
        environment = os.environ | {
            "TANDAO_HOME": str(home), "TANDAO_DATABASE_URL": url, "TANDAO_REPLICA_ADDRESS": self.address,
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.hearing_replica", str(self.port)],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __init__(self, home: Path, url: str) -> None:
        super().__init__(home, url)
        self.process.kill()
        self.process.communicate()
        self.start(home, url)


class Device:
    """What a phone does: says its token, sends frames, reads what it is told."""

    def __init__(self, replica: Hearing, token: str) -> None:
        self._whole = ExitStack()
        self.socket: ClientConnection = self._whole.enter_context(
            connect(f"ws://{replica.address}/live/audio", proxy=None)
        )
        self.socket.send(json.dumps({"token": token}))
        self.ready = self.until("ready")

    def until(self, kind: str) -> dict[str, object]:
        while (told := json.loads(self.socket.recv(30)))["type"] != kind:
            assert told["type"] != "stopped", told
        return told

    def speak(self, first: int, count: int = 10) -> None:
        for number in range(first, first + count):
            self.socket.send(frame(number))

    def closed(self) -> int:
        with pytest.raises(ConnectionClosed):
            while True:
                self.socket.recv(60)
        return self.socket.close_code or 0


def met(replica: Hearing, token: str, seconds: float) -> Device:
    """Connected anew, as often as it takes; the page does the same."""
    until = time.monotonic() + seconds
    while True:
        try:
            return Device(replica, token)
        except ConnectionClosed as error:
            assert error.rcvd is not None and error.rcvd.code == COME_AGAIN
            assert time.monotonic() < until, "nobody took the talk over"
            time.sleep(0.5)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Services, Hearing, Hearing]]:
    with running() as server:
        url, home = server.new_url(), tmp_path / "home"
        made = [Hearing(home, url) for _ in range(2)]
        services = Services(Settings(home=home, database_url=url, replica_address="127.0.0.1:1"))
        try:
            for one in made:
                one.wait()
            yield services, made[0], made[1]
        finally:
            services.engine.dispose()
            for one in made:
                if one.process.poll() is None:
                    one.end(signal.SIGKILL)


def begun(services: Services) -> tuple[str, str, str]:
    """Interview, the manager's token, the employee's secret."""
    interview, secret = services.consents.invite(BOSS, "面谈", "zh")
    services.consents.manager_grants(BOSS, interview.id, ALL, "王岚")
    services.consents.answer(secret, ALL, "李工", "zh")
    return interview.id, CaptureTokens(services.capture_links).issue(services, BOSS, interview.id), secret


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "not in time"
        time.sleep(0.1)


def test_two_replicas_hear_one_talk_in_one_place(pair: tuple[Services, Hearing, Hearing]):
    services, one, two = pair
    interview, token, secret = begun(services)

    def lines() -> list[tuple[str, str]]:
        return [(u.speaker, u.text) for u in services.live.heard(BOSS, interview)]

    manager, employee = Device(one, token), Device(two, secret)
    for count, (device, first) in enumerate([(manager, 0), (employee, 0), (manager, 10)], 1):
        device.speak(first)
        wait_for(lambda count=count: len(lines()) == count)
    heard = [("manager", 10), ("employee", 20), ("manager", 30)]  # one count of frames: one process hears both
    assert lines() == [(speaker, f"这对我不公平，第{count}次说了。") for speaker, count in heard]
    employee.socket.close()
    again = Device(two, secret)
    assert again.ready["next"] == 10, "a cut is taken up where it was, through the other replica too"

    one.end(signal.SIGKILL)
    assert again.closed() == COME_AGAIN
    alone = met(two, secret, LEASE_S + 30)
    alone.speak(10)
    wait_for(lambda: len(lines()) == 4)
    assert lines()[3] == ("employee", "这对我不公平，第10次说了。"), "another process counts anew"

    AudioRoom(services, services.ears, CaptureTokens(services.capture_links)).finish(interview)
    assert lines()[-1][1] == "最后一句也听见了。", "ended at a third, it is heard to its end first"
    services.live.finish(BOSS, interview)
    alone.closed()


def test_a_withdrawal_reaches_a_device_at_the_other_replica(pair: tuple[Services, Hearing, Hearing]):
    services, one, two = pair
    interview, token, secret = begun(services)
    manager, employee = Device(one, token), Device(two, secret)
    employee.speak(0)
    employee.until("committed")
    services.consents.withdraw(secret)
    for device in (manager, employee):
        told: list[object] = []
        with pytest.raises(ConnectionClosed):
            while True:
                told.append(json.loads(device.socket.recv(30)))
        assert {"type": "stopped", "why": "withdrawn"} in told and device.socket.close_code == 4001
    assert services.live.heard(BOSS, interview) == ()


def test_a_talk_of_a_guessed_owner_is_not_carried_in_circles(pair: tuple[Services, Hearing, Hearing]):
    """What says that it was carried here is heard here or sent away; a stranger is refused before anything is carried."""
    services, one, two = pair
    _, token, secret = begun(services)
    manager = Device(one, token)
    with connect(f"ws://{two.address}/live/audio", proxy=None, additional_headers={"x-tandao-passed": "1"}) as socket:
        socket.send(json.dumps({"token": secret}))
        with pytest.raises(ConnectionClosed) as caught:
            socket.recv(30)
        assert caught.value.rcvd is not None and caught.value.rcvd.code == COME_AGAIN
    with connect(f"ws://{two.address}/live/audio", proxy=None) as socket:
        socket.send(json.dumps({"token": "guess"}))
        assert json.loads(socket.recv(30)) == {"type": "stopped", "why": "no_token"}
    manager.speak(0)
    manager.until("committed")
