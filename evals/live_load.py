"""How many live talks one server hears while its own share of the delay stays under a second.

    python -m evals.live_load [--talks 1,3,10,20] [--seconds 40] [--service-ms 100]

What turns sound into words is a stand-in elsewhere that always takes ``--service-ms``, so that what is left is ours: the
socket, finding voice, waiting our turn, reading cues, storing, telling the device. Each talk is the spoken talk of six
sentences in thirty seconds in ``tests/audio``, over and over, sent by the clock through a WebSocket of the real server. ``own``: from the last voice of
a sentence to its text at the device, less the service's time and less the pause that shows a sentence is over. The
stand-in and the devices run on the same machine. Prints one JSON object a line.
"""

import argparse
import json
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from consent.grants import Consents
from consent.notices import offered
from evals.grants import recorded
from evals.live_server import MANAGER, Clock, Server, Streamed, serving, stream
from evals.load import LINES, figures, numbers
from speech.audio import RATE, Samples, blocks
from speech.segmenting import Limits

SPOKEN = Path(__file__).parents[1] / "tests" / "audio" / "unfair_zh.ogg"
BETWEEN_S = 2.0
SERVICE = "stand-in"


def service(spent_s: float) -> ThreadingHTTPServer:
    """Takes its time, then answers with a sentence no other answer has."""
    numbers = count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            time.sleep(spent_s)
            number = next(numbers)
            body = json.dumps({"text": f"{LINES[number % len(LINES)]}第{number}句。"}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return made


@contextmanager
def hearing(spent_s: float, most: int) -> Generator[tuple[Server, Consents]]:
    """A server that hears through the stand-in, and the door to consents that name it."""
    elsewhere = service(spent_s)
    os.environ |= {
        "TANDAO_SPEECH_URL": f"http://127.0.0.1:{elsewhere.server_port}/v1",
        "TANDAO_SPEECH_SERVICE_MODEL": SERVICE,
        "TANDAO_LIVE_TALKS": str(most),
    }
    try:
        with serving() as server:
            named = f"{SERVICE} (127.0.0.1)"
            yield server, Consents(server.store.interviews, server.store.ledger, Clock(), speech=named)
    finally:
        elsewhere.shutdown()
        elsewhere.server_close()


def talk(seconds: float) -> Samples:
    """Speech and silence in turn."""
    spoken = np.concatenate([block.samples for block in blocks(recorded(), SPOKEN)])
    once = np.concatenate((spoken, np.zeros(round(BETWEEN_S * RATE), np.int16)))
    return np.tile(once, max(1, round(seconds * RATE / len(once))))


def own_s(server: Server, interview_id: str, result: Streamed, spent_s: float) -> list[float]:
    """Our own seconds of every sentence."""
    limits = Limits()
    ends = [said.end_s - result.base_s - limits.tail_s for said in server.store.interviews.heard(interview_id)]
    shown = [at for at, _ in result.of("committed")]
    return [at - end - limits.pause_s - spent_s for at, end in zip(shown, ends, strict=False)]


def measure(server: Server, consents: Consents, talks: int, seconds: float, spent_s: float) -> dict[str, Any]:
    """So many at once, begun over one sentence's length."""
    sound, found, lost, refused = talk(seconds), list[float](), list[int](), list[str]()
    named = offered(speech=f"{SERVICE} (127.0.0.1)")

    def one() -> None:
        interview, secret = consents.invite(MANAGER, "eval", "zh")
        consents.manager_grants(MANAGER, interview.id, named, "eval")
        consents.answer(secret, named, "eval", "zh")
        result = stream(server, interview.id, secret, sound)
        refused.extend([result.refused] if result.refused else [])
        found.extend(own_s(server, interview.id, result, spent_s))
        lost.append(result.lost + max(0, result.frames - result.acknowledged - 4))

    before, began = server.cpu_s(), time.monotonic()
    devices = [threading.Thread(target=one) for _ in range(talks)]
    for device in devices:
        device.start()
        time.sleep(5 / talks)
    memory = server.rss_mb()["server"]
    for device in devices:
        device.join()
    share = (server.cpu_s() - before) / (time.monotonic() - began)
    told: dict[str, Any] = {"talks": talks, "sentences": len(found), "refused": refused, "frames_lost": sum(lost)}
    return told | {"own": figures(found) if len(found) > 1 else {}} | {
        "server_cpu_share": round(share, 2), "mb": memory, "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def main() -> None:
    """See the module."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--talks", type=numbers, default=[1, 3, 10, 20])
    options.add_argument("--seconds", type=float, default=40.0)
    options.add_argument("--service-ms", type=float, default=100.0)
    chosen = options.parse_args()
    spent_s = chosen.service_ms / 1_000
    with hearing(spent_s, max(chosen.talks)) as (server, consents):
        for talks in chosen.talks:
            print(json.dumps(measure(server, consents, talks, chosen.seconds, spent_s)), flush=True)


if __name__ == "__main__":
    main()
