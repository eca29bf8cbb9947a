"""The product's own server, started as anybody starts it, and a device that streams sound to its WebSocket."""

import contextlib
import datetime as dt
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from consent.grants import Consents
from consent.notices import OFFERED
from interview.actor import Actor, Role
from interview.conversation import Lang
from speech.audio import BLOCK, BLOCK_S, Samples
from storage.database import open_database
from storage.store import Store
from storage.vault import Vault

MANAGER = Actor("local", Role.MANAGER, "zh")
PATIENCE_S = 120.0
"""How long the last words may take after the last frame."""


class Clock:
    """The machine's."""

    def now(self) -> dt.datetime:
        """Aware UTC time."""
        return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and its records, which this machine may read like any manager's page does."""

    url: str
    pid: int
    store: Store
    consents: Consents

    def talk(self, lang: Lang) -> tuple[str, str]:
        """An interview both agreed to, and the employee's secret, which opens their device's socket."""
        interview, secret = self.consents.invite(MANAGER, "eval", lang)
        self.consents.manager_grants(MANAGER, interview.id, OFFERED, "eval")
        self.consents.answer(secret, OFFERED, "eval", lang)
        return interview.id, secret

    def cpu_s(self) -> float:
        """Processor seconds of the server and its speech process so far."""
        return sum(_cpu_s(pid) for pid in self._pids())

    def rss_mb(self) -> dict[str, float]:
        """Memory of the server and of everything it started, megabytes."""
        own, *others = self._pids()
        return {"server": _rss_mb(own), "speech": round(sum(_rss_mb(pid) for pid in others), 1)}

    def _pids(self) -> list[int]:
        """The server first, then its descendants."""
        found = [self.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    found += [int(child) for child in task.read_text().split()]
        return found


@contextlib.contextmanager
def serving() -> Generator[Server]:
    """A server on a free port with an empty data folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TANDAO_LLM")} | {"TANDAO_HOME": home}
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1])
        try:
            url = f"127.0.0.1:{port}"
            _wait_for(url, process)
            store = Store(
                open_database(f"sqlite:///{Path(home) / 'tandao.db'}"),
                Vault.from_file(Path(home) / "master.key"),
                Clock(),
            )
            yield Server(url, process.pid, store, Consents(store.interviews, store.ledger, Clock()))
            store.engine.dispose()
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{url}/health", timeout=2):
            return
        time.sleep(0.2)
    raise SystemExit("the server did not start")


@dataclass(slots=True)
class Streamed:
    """What came of one stream. Times of events are wall seconds since its first frame; ``speed``: sound to wall.

    ``base_s``: what the record counts before the first sound.
    """

    speed: float
    frames: int = 0
    acknowledged: int = 0
    lost: int = 0
    base_s: float = 0.0
    refused: str = ""
    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list[tuple[float, dict[str, Any]]])

    def of(self, kind: str) -> Iterator[tuple[float, dict[str, Any]]]:
        """Events of one kind with their times."""
        return ((at, event) for at, event in self.events if event["type"] == kind)


def stream(
    server: Server,
    interview_id: str,
    secret: str,
    samples: Samples,
    *,
    speed: float = 1.0,
    told: Callable[[float, dict[str, Any]], None] = lambda _at, _event: None,
) -> Streamed:
    """Send a talk by the clock, ``speed`` times as fast as it was spoken, and collect what the server says meanwhile."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    result = Streamed(speed)
    with connect(f"ws://{server.url}/live/audio", max_size=None) as line:
        line.send(json.dumps({"token": secret}))
        first = json.loads(line.recv(timeout=PATIENCE_S))
        if first["type"] != "ready":
            result.refused = str(first.get("why", first))
            return result
        result.base_s = (dt.datetime.now(dt.UTC) - server.consents.began(interview_id)).total_seconds()
        began = time.monotonic()

        def listen() -> None:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    event = json.loads(line.recv())
                    at = time.monotonic() - began
                    result.events.append((at, event))
                    if event["type"] == "ack":
                        result.acknowledged = event["next"]
                    elif event["type"] == "lost":
                        result.lost = event["frames"]
                    told(at, event)

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        padded = np.concatenate((samples, np.zeros(-len(samples) % BLOCK, np.int16)))
        for number, at in enumerate(range(0, len(padded), BLOCK)):
            time.sleep(max(0.0, began + (number + 1) * BLOCK_S / speed - time.monotonic()))
            line.send(number.to_bytes(4, "little") + padded[at : at + BLOCK].astype("<i2").tobytes())
            result.frames = number + 1
        _settled(result)
        server.store.interviews.end(interview_id)
        listener.join(10)
    return result


def _settled(result: Streamed) -> None:
    """Wait until frames are acknowledged and nothing new has been heard for a while."""
    until = time.monotonic() + PATIENCE_S
    seen, since = -1, time.monotonic()
    while time.monotonic() < until:
        if len(result.events) != seen:
            seen, since = len(result.events), time.monotonic()
        if result.acknowledged >= result.frames - 5 and time.monotonic() - since > 6:
            return
        time.sleep(0.1)


def _cpu_s(pid: int) -> float:
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    try:
        return round(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
    except OSError:
        return 0.0
