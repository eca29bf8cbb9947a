"""Three real servers on one database: turns under load, one killed in the middle, and nothing acknowledged is lost."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from app.wiring import Services
from interview.actor import Actor, Role
from tests.fakes.postgres import running

ROOT = Path(__file__).parent.parent.parent
ACTOR = Actor("local", Role.MANAGER, "zh")
pytestmark = pytest.mark.real


class Replica:
    """One ``tandao serve`` on a port of its own."""

    def __init__(self, home: Path, url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        environment = os.environ | {
            "TANDAO_HOME": str(home), "TANDAO_DATABASE_URL": url, "TANDAO_PACE_S": "0.2", "TANDAO_LANGUAGE": "zh",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait(self) -> None:
        while self.get("/ready")[0] != 200:
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.2)

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        code = self.process.wait(60)
        self.process.communicate()
        return code


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[tuple[str, Path, list[Replica]]]:
    with running() as server:
        url, home = server.new_url(), tmp_path / "home"
        made = [Replica(home, url) for _ in range(3)]
        try:
            for one in made:
                one.wait()
            yield url, home, made
        finally:
            for one in made:
                if one.process.poll() is None:
                    one.end(signal.SIGKILL)
                one.process.communicate()


class Page:
    """What a browser's page does: calls a function of the page by its number and reads the answers as they come."""

    def __init__(self, replica: Replica, name: str) -> None:
        self._replica, self._session = replica, name
        config = json.loads(replica.get("/config")[1])
        self._functions = config["dependencies"]
        self._components = {c["id"]: c for c in config["components"]}

    def by_button(self, elem_id: str) -> Any:
        """The function that the click of a button calls."""
        button = next(i for i, c in self._components.items() if c["props"].get("elem_id") == elem_id)
        return next(f for f in self._functions if [button, "click"] in [list(target) for target in f["targets"]])

    def call(self, function: Any, data: list[Any]) -> Iterator[dict[str, Any]]:
        base = f"http://127.0.0.1:{self._replica.port}/gradio_api/queue"
        body = {"fn_index": function["id"], "data": data, "session_hash": self._session, "trigger_id": None}
        request = urllib.request.Request(
            f"{base}/join", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=20).read()
        with urllib.request.urlopen(f"{base}/data?session_hash={self._session}", timeout=30) as stream:
            for line in stream:
                if line.startswith(b"data:"):
                    told = json.loads(line[5:])
                    yield told
                    if told.get("msg") in ("process_completed", "close_stream"):
                        return

    def defaults(self, function: Any) -> list[Any]:
        return [self._components[i]["props"].get("value") for i in function["inputs"]]

    def begin(self) -> None:
        function = self.by_button("begin")
        assert [told for told in self.call(function, self.defaults(function)) if told.get("success")]

    def say(self, text: str) -> Iterator[dict[str, Any]]:
        function = self.by_button("send")
        return self.call(function, [text, *self.defaults(function)[1:]])


def talk(page: Page, name: str, shown: list[str], over: threading.Event) -> None:
    """Say one thing after the other, noting each that was shown as said, until told to stop or the server is gone."""
    number = 0
    try:
        page.begin()
        while not over.is_set():
            text = f"我想先听听你自己怎么看这一年？（{name}-{number}）"
            for told in page.say(text):
                if text in json.dumps(told.get("output", {}), ensure_ascii=False) and text not in shown:
                    shown.append(text)
            number += 1
    except (OSError, ValueError, urllib.error.URLError):
        return  # this one's server was killed


def said(services: Services) -> dict[str, list[str]]:
    """What the database holds of every rehearsal."""
    mine = services.rehearsals.mine(ACTOR)
    return {r.id: [str(t.payload["text"]) for t in services.rehearsals.turns(ACTOR, r.id)] for r in mine}


def test_one_of_three_is_killed_and_every_rehearsal_goes_on(replicas):
    url, home, servers = replicas
    over = threading.Event()
    shown = {f"{number}{letter}": list[str]() for number in range(3) for letter in "ab"}
    talkers = [
        threading.Thread(target=talk, args=(Page(servers[int(name[0])], f"page{name}"), name, shown[name], over))
        for name in shown
    ]
    for talker in talkers:
        talker.start()
    until = time.monotonic() + 90
    while any(len(texts) < 3 for texts in shown.values()) and time.monotonic() < until:
        time.sleep(0.02)
    assert servers[0].end(signal.SIGKILL) == -signal.SIGKILL
    counts = {name: len(texts) for name, texts in shown.items() if name[0] != "0"}
    while any(len(shown[name]) < count + 2 for name, count in counts.items()) and time.monotonic() < until:
        time.sleep(0.02)
    over.set()
    for talker in talkers:
        talker.join(60)
    assert all(len(shown[name]) >= count + 2 for name, count in counts.items()), "the others went on"
    services = Services(Settings(home=home, database_url=url, pace_s=0))
    stored = said(services)
    assert len(stored) == 6
    for name, texts in shown.items():
        assert len(texts) >= 3
        held = next(found for found in stored.values() if texts[0] in found)
        assert held[: len(texts)] == texts, f"{name}: no acknowledged turn is lost, none is there twice"
    for rehearsal_id in stored:  # at another process than the one that began it
        list(services.rehearsals.resume(ACTOR, rehearsal_id))
        list(services.rehearsals.say(ACTOR, rehearsal_id, "我们接着谈。"))
        turns = services.rehearsals.turns(ACTOR, rehearsal_id)
        assert turns[-1].payload["text"] == "我们接着谈。" and all(turn.reply_done for turn in turns)
        assert [turn.index for turn in turns] == list(range(len(turns)))
    services.engine.dispose()


def test_a_server_told_to_stop_finishes_the_turn_and_takes_no_other(replicas):
    url, home, servers = replicas
    one, text = servers[1], "坐，喝点水。谢谢你今天抽时间过来。"
    page = Page(one, "stoppage")
    page.begin()
    events = []
    for told in page.say(text):
        events.append(told)
        if len(events) == 3:  # the turn is stored, its reply is on its way
            one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(60) == 0
    assert events[-1]["msg"] == "process_completed" and events[-1]["success"], "told to its end"
    services = Services(Settings(home=home, database_url=url, pace_s=0))
    (rehearsal,) = services.rehearsals.mine(ACTOR)
    (turn,) = services.rehearsals.turns(ACTOR, rehearsal.id)
    assert turn.payload["text"] == text and turn.reply_done
    list(services.rehearsals.say(ACTOR, rehearsal.id, "我们接着谈。"))
    assert servers[2].get("/ready")[0] == 200
    services.engine.dispose()
