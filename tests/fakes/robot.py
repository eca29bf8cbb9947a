"""A webhook's other end on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """What came in; ``replies`` are ``(status, body)`` for the next calls, then ``usual``."""

    def __init__(self, usual: tuple[int, str]) -> None:
        self.usual = usual
        self.taken: list[dict] = []
        self.replies: list[tuple[int, str]] = []
        self.url = ""


@contextmanager
def receiver(usual: tuple[int, str] = (200, "ok")) -> Iterator[Receiver]:
    """A server on a free port for as long as it is needed."""
    seen = Receiver(usual)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            status, body = seen.replies.pop(0) if seen.replies else seen.usual
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", seen.url + "elsewhere")
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen.url = f"http://127.0.0.1:{server.server_port}/key/SECRET"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
