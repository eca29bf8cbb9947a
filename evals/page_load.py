"""How many rehearsals one server holds with its page: what a browser asks for, by people who pause to think.

    python -m evals.page_load [--people 10,25,50,100] [--pause 10] [--seconds 40]

A real server with the authored voice and no pauses between sentences. Each person opens the page (document and config, as
a browser with a warm cache does), begins a rehearsal and sends a line every ``--pause`` seconds on average. Measured is
the time from sending to the first answer that shows the line as said (``shown``) and to the end of the reply (``whole``).
The people run on the same machine. Prints one JSON object a line.
"""

import argparse
import json
import os
import random
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evals.live_server import Server, serving
from evals.load import LINES, figures, numbers

PATIENCE_S = 60


@dataclass(slots=True)
class Seen:
    """Seconds of everybody's calls, and how many failed."""

    opened: list[float] = field(default_factory=list[float])
    shown: list[float] = field(default_factory=list[float])
    whole: list[float] = field(default_factory=list[float])
    failed: int = 0


class Person:
    """A browser's page: calls functions by number, reads the answers as they come."""

    def __init__(self, server: Server, name: str, seen: Seen) -> None:
        self._base, self._name, self._seen = f"http://{server.url}", name, seen

    def open(self) -> None:
        """Load the page and begin a rehearsal."""
        began = time.perf_counter()
        self._get("/")
        config = json.loads(self._get("/config"))
        self._components = {c["id"]: c for c in config["components"]}
        self._functions = config["dependencies"]
        begin = self._by_button("begin")
        list(self._call(begin, self._defaults(begin)))
        self._send = self._by_button("send")
        self._seen.opened.append(time.perf_counter() - began)

    def say(self, text: str) -> None:
        """Send a line and read the reply."""
        began, shown, over = time.perf_counter(), False, False
        for told in self._call(self._send, [text, *self._defaults(self._send)[1:]]):
            if not shown and text in json.dumps(told.get("output", {}), ensure_ascii=False):
                shown = True
                self._seen.shown.append(time.perf_counter() - began)
            over = told.get("msg") == "process_completed" and bool(told.get("success"))
        if over and shown:
            self._seen.whole.append(time.perf_counter() - began)
        else:
            self._seen.failed += 1

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self._base + path, timeout=PATIENCE_S) as answer:
            return answer.read()

    def _by_button(self, elem_id: str) -> Any:
        button = next(i for i, c in self._components.items() if c["props"].get("elem_id") == elem_id)
        return next(f for f in self._functions if [button, "click"] in [list(target) for target in f["targets"]])

    def _defaults(self, function: Any) -> list[Any]:
        return [self._components[i]["props"].get("value") for i in function["inputs"]]

    def _call(self, function: Any, data: list[Any]) -> Iterator[dict[str, Any]]:
        body = {"fn_index": function["id"], "data": data, "session_hash": self._name, "trigger_id": None}
        request = urllib.request.Request(
            f"{self._base}/gradio_api/queue/join", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=PATIENCE_S).read()
        where = f"{self._base}/gradio_api/queue/data?session_hash={self._name}"
        with urllib.request.urlopen(where, timeout=PATIENCE_S) as stream:
            for line in stream:
                if line.startswith(b"data:"):
                    told = json.loads(line[5:])
                    yield told
                    if told.get("msg") in ("process_completed", "close_stream"):
                        return


def rehearse(person: Person, seen: Seen, pause_s: float, until: float, seed: int) -> None:
    """Somebody who opens the page, then talks until the time is over, pausing half to one and a half times ``pause_s``."""
    chance = random.Random(seed)
    try:
        person.open()
        number = 0
        while True:
            time.sleep(min(pause_s * (0.5 + chance.random()), max(0.0, until - time.monotonic())))
            if time.monotonic() >= until:
                return
            person.say(f"{LINES[number % len(LINES)]}（{number}）")
            number += 1
    except (OSError, ValueError):
        seen.failed += 1


def measure(server: Server, people: int, pause_s: float, seconds: float) -> dict[str, Any]:
    """So many at once, come in one after the other within ten seconds."""
    seen, before = Seen(), server.cpu_s()
    began = time.monotonic()
    until = began + 10 + seconds
    talkers = [
        threading.Thread(
            target=rehearse, args=(Person(server, f"p{people}x{n}", seen), seen, pause_s, until, n), daemon=True
        )
        for n in range(people)
    ]
    for talker in talkers:
        talker.start()
        time.sleep(10 / people)
    for talker in talkers:
        talker.join(PATIENCE_S + 10 + seconds)
    spent, took = server.cpu_s() - before, time.monotonic() - began
    found: dict[str, Any] = {"people": people, "pause_s": pause_s, "turns": len(seen.whole), "failed": seen.failed}
    for what, values in (("opened", seen.opened), ("shown", seen.shown), ("whole", seen.whole)):
        if len(values) > 1:
            found[what] = figures(values)
    found["server_cpu_share"] = round(spent / took, 2)
    found["server_cpu_ms_a_turn"] = round(1_000 * spent / max(1, len(seen.whole)))
    return found | {"mb": server.rss_mb()["server"], "load": round(os.getloadavg()[0], 1)}


def main() -> None:
    """See the module."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=numbers, default=[10, 25, 50, 100])
    options.add_argument("--pause", type=float, default=10.0)
    options.add_argument("--seconds", type=float, default=40.0)
    chosen = options.parse_args()
    os.environ["TANDAO_PACE_S"] = "0"
    with serving() as server:
        print(json.dumps({"people": 0, "mb": server.rss_mb()["server"]}), flush=True)
        for people in chosen.people:
            print(json.dumps(measure(server, people, chosen.pause, chosen.seconds)), flush=True)


if __name__ == "__main__":
    main()
