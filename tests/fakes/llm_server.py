"""A real HTTP server that speaks the OpenAI chat protocol, well or in every bad way we know of."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """What the server answers: one text a request, the last one for ever. ``mode`` says how it goes wrong.

    ``piece_chars`` and ``piece_s`` are the pace; ``first_s`` the wait before the first piece; ``fields`` are sent as
    deltas of their own first, such as ``reasoning_content``.
    """

    texts: list[str] = field(default_factory=lambda: [""])
    mode: str | int = "good"
    piece_chars: int = 5
    piece_s: float = 0.0
    first_s: float = 0.0
    finish: str = "stop"
    fields: dict[str, str] = field(default_factory=dict)
    key: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    done_at: dict[int, float] = field(default_factory=dict)


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    """One server-sent event."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    event = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


class Handler(BaseHTTPRequestHandler):
    """Serves the script of its server."""

    server: "Server"

    def do_GET(self) -> None:
        script = self.server.script
        script.paths.append(self.path)
        if isinstance(script.mode, int):
            self._json(script.mode, {"error": {"message": "no"}})
        elif script.mode == "html":
            self._html()
        elif self._authorised():
            self._json(200, {"object": "list", "data": [{"id": "m", "object": "model", "created": 0, "owned_by": "t"}]})

    def do_POST(self) -> None:
        script = self.server.script
        script.paths.append(self.path)
        script.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if isinstance(script.mode, int):
            self._json(script.mode, {"error": {"message": "no"}})
        elif script.mode == "html":
            self._html()
        elif self._authorised():
            with suppress(OSError):
                getattr(self, f"_{script.mode}", self._good)(script)

    def _good(self, script: Script, *, last: bool = True) -> None:
        self._begin()
        for name, text in script.fields.items():
            self._send(chunk({name: text}))
        time.sleep(script.first_s)
        text = script.texts[min(len(script.asked), len(script.texts)) - 1]
        for start in range(0, len(text), script.piece_chars):
            self._send(chunk({"content": text[start : start + script.piece_chars]}))
            script.done_at[start] = time.monotonic()
            time.sleep(script.piece_s)
        if last:
            self._send(chunk({}, script.finish) + b"data: [DONE]\n\n")

    def _cut(self, script: Script) -> None:
        self._good(script, last=False)

    def _garbage(self, script: Script) -> None:
        self._begin()
        self._send(b"data: {not json\n\n")

    def _binary(self, script: Script) -> None:
        self._begin()
        self._send(bytes(range(256)) * 40 + b"\n")

    def _error_event(self, script: Script) -> None:
        self._begin()
        self._send(b'data: {"error": {"message": "overloaded"}}\n\n')

    def _silent(self, script: Script) -> None:
        self.server.stopped.wait(60)

    def _headers_drip(self, script: Script) -> None:
        self._send(b"HTTP/1.1 200 OK\r\nX-A: ")
        self._forever(b"a", 0.05)

    def _comments(self, script: Script) -> None:
        self._begin()
        self._forever(b": ping\n\n", 0.05)

    def _endless(self, script: Script) -> None:
        self._begin()
        self._forever(chunk({"content": "还有还有还有还有还有还有"}), 0.0)

    def _endless_thought(self, script: Script) -> None:
        self._begin()
        self._send(chunk({"content": "<think>"}))
        self._forever(chunk({"content": "他为什么这么说呢，我得想想"}), 0.0)

    def _endless_line(self, script: Script) -> None:
        self._begin()
        self._forever(b"data: " + b"x" * 65_536, 0.0)

    def _forever(self, data: bytes, pause_s: float) -> None:
        while not self.server.stopped.wait(pause_s):
            self._send(data)

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _authorised(self) -> bool:
        wanted = self.server.script.key
        if wanted and self.headers.get("Authorization") != f"Bearer {wanted}":
            self._json(401, {"error": {"message": "wrong key"}})
            return False
        return True

    def _json(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _html(self) -> None:
        body = b"<!doctype html><title>It works!</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """On a free port of this machine."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = Script()
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def play(self, *texts: str, **options: Any) -> Script:
        """Begin a new script."""
        self.script = Script(texts=list(texts) or [""], **options)
        return self.script

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up is part of the tests


@contextmanager
def llm_server() -> Iterator[Server]:
    """A running server."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
