"""A blocking stream read in a thread of its own, so that no endpoint can hold a turn beyond its time.

The client's own time limits are per read: a server that drips one byte a second, or comments for ever, never meets them.
"""

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from interview.errors import LanguageModelError


class Line:
    """The connection of one call, which another thread can cut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.is_cut = False

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """The client's trace hook: remembers the newest connection."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
            if self.is_cut:
                self.cut()

    def cut(self) -> None:
        """Wake whoever reads from it, with an error."""
        with self._lock:
            self.is_cut = True
            if self._socket is not None:
                with suppress(OSError, ValueError):
                    self._socket.shutdown(socket.SHUT_RDWR)


def bounded(read: Callable[[Line], Iterator[str]], timeout_s: float) -> Iterator[str]:
    """The pieces of ``read`` until ``timeout_s`` after the first request for one; then LanguageModelError.

    Closing this iterator early cuts the connection too.
    """
    deadline = time.monotonic() + timeout_s
    line = Line()
    arrived: queue.SimpleQueue[tuple[float, str | Exception | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            for piece in read(line):
                arrived.put((time.monotonic(), piece))
                if line.is_cut:
                    return
            arrived.put((time.monotonic(), None))
        except Exception as error:  # handed to the reader, who raises it
            arrived.put((time.monotonic(), error))

    threading.Thread(target=work, name="llm-stream", daemon=True).start()
    try:
        while True:
            try:
                at, piece = arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise LanguageModelError("too slow", message_key="error.llm_slow") from None
            if at > deadline:  # the reader was slow too, and this came after the end
                raise LanguageModelError("too slow", message_key="error.llm_slow")
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise piece
            yield piece
    finally:
        line.cut()
