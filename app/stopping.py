"""Stopping without cutting anything: what runs is finished, what is new is told to come again."""

import contextlib
import threading
import time
from collections.abc import Callable, Generator

from interview.errors import TandaoError


class StoppingError(TandaoError):
    """The server is about to stop and begins nothing new; the same may be asked of another, or of this one soon."""

    message_key = "error.stopping"
    retryable = True


class Work:
    """What runs now. ``stopping`` is set once and for good."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._count = 0
        self._changed = threading.Condition()

    @property
    def running(self) -> int:
        """How many turns are on their way."""
        return self._count

    @contextlib.contextmanager
    def turn(self) -> Generator[None]:
        """Something that is not to be cut off; raises StoppingError where it is too late to begin."""
        with self._changed:
            if self.stopping.is_set():
                raise StoppingError
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def stop(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self.stopping.set()

    def finish(self, seconds: float, others: Callable[[], bool] = lambda: False) -> bool:
        """Wait until nothing runs, ``others`` included, at most so long; whether all was finished."""
        until = time.monotonic() + seconds
        while self._count or others():
            left = until - time.monotonic()
            if left <= 0:
                return False
            with self._changed:
                self._changed.wait(min(left, 0.1))
        return True
