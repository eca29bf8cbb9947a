"""A real HTTP server that speaks the OpenAI transcription protocol, well or in every bad way we know of."""

import io
import json
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

Hear = Callable[[np.ndarray, dict[str, str]], dict[str, Any]]


def loudest(samples: np.ndarray, fields: dict[str, str]) -> dict[str, Any]:
    """Says the loudest sample."""
    return {"text": f"{samples.max()} 说", "segments": [{"no_speech_prob": 0.01, "avg_logprob": -0.2}]}


class Handler(BaseHTTPRequestHandler):
    """Does what ``modes`` of its server say, request by request, then ``mode``."""

    server: "Server"

    def do_POST(self) -> None:
        fields, samples = self._form()
        server = self.server
        server.asked.append(fields)
        server.sound_s.append(len(samples) / 16_000)
        mode = server.modes.pop(0) if server.modes else server.mode
        with suppress(OSError):
            if isinstance(mode, int):
                self._answer(mode, b'{"error": {"message": "no"}}')
            elif self.path != "/v1/audio/transcriptions":
                self._answer(404, b'{"error": {"message": "no such path"}}')
            elif server.key and self.headers.get("Authorization") != f"Bearer {server.key}":
                self._answer(401, b'{"error": {"message": "wrong key"}}')
            elif server.only_plain and fields["response_format"] != "json":
                self._answer(400, b'{"error": {"message": "response_format"}}')
            elif mode == "silent":
                server.stopped.wait(60)
            elif mode == "drip":
                self._begin(1_000_000)
                while not server.stopped.wait(0.05):
                    self.wfile.write(b" ")
            elif mode == "cut":
                self._begin(1_000)
                self.wfile.write(b'{"text": "half')
            elif mode == "html":
                self._answer(200, b"<!doctype html><title>It works!</title>", "text/html")
            elif mode == "huge":
                self._answer(200, b'{"text": "' + b"x" * 3_000_000 + b'"}')
            elif isinstance(mode, bytes):
                self._answer(200, mode)
            else:
                self._answer(200, json.dumps(server.hear(samples, fields)).encode())

    def _form(self) -> tuple[dict[str, str], np.ndarray]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + self.rfile.read(int(self.headers["Content-Length"])))
        fields, samples = {}, np.zeros(0, np.int16)
        for part in message.iter_parts():
            body = part.get_payload(decode=True)
            if part.get_filename():
                with wave.open(io.BytesIO(body)) as file:
                    assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
                    samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            else:
                fields[part.get_param("name", header="content-disposition")] = body.decode()
        return fields, samples

    def _begin(self, length: int, kind: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """On a free port of this machine. ``asked``: the fields of each request, ``sound_s`` its seconds."""

    daemon_threads = True

    def __init__(self, hear: Hear) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hear = hear
        self.mode: str | int | bytes = "good"
        self.modes: list[str | int | bytes] = []
        self.key = ""
        self.only_plain = False
        self.asked: list[dict[str, str]] = []
        self.sound_s: list[float] = []
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up is part of the tests


@contextmanager
def transcription_server(hear: Hear = loudest) -> Iterator[Server]:
    """A running server."""
    server = Server(hear)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
