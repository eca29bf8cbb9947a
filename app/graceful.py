"""A server that, told to stop, finishes what it is doing first: turns, last words of live talks; then it goes."""

import logging
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from app.stopping import Work

CLOSE_S = 2
"""After the work is finished: how long streams that only keep a page up to date may take to close."""


class GracefulServer(uvicorn.Server):
    """The first SIGTERM or Ctrl-C begins nothing new and finishes what runs; a second one ends it at once."""

    def __init__(
        self, config: uvicorn.Config, work: Work, seconds: float, notice: Callable[[], None], busy: Callable[[], bool]
    ) -> None:
        super().__init__(config)
        config.timeout_graceful_shutdown = CLOSE_S
        self._work, self._seconds, self._notice, self._busy = work, seconds, notice, busy

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by the signal, in the main thread."""
        if self._work.stopping.is_set():
            self.should_exit = self.force_exit = True
            return
        self._work.stop()
        threading.Thread(target=self._finish, name="stopping", daemon=True).start()

    def _finish(self) -> None:
        log = logging.getLogger("tandao.server")
        began = time.monotonic()
        try:
            self._notice()
            if not self._work.finish(max(0.0, self._seconds - (time.monotonic() - began)), self._busy):
                log.warning("stopping with %d turns unfinished", self._work.running)
        except Exception as error:  # it stops all the same
            log.warning("stopping: %s", type(error).__name__)
        finally:
            logging.getLogger("uvicorn.error").addFilter(_quiet)
            self.should_exit = True


def _quiet(record: logging.LogRecord) -> bool:
    """Streams of open pages are cut at the end; that is no error to be read of in the log."""
    return "graceful shutdown exceeded" not in record.getMessage() and "Exception in ASGI" not in record.getMessage()


def queue_is_busy(queue: Any) -> bool:
    """Whether a function of the page is running; False where Gradio's queue can no longer be asked."""
    jobs = getattr(queue, "active_jobs", None) or ()
    return any(job for job in jobs)
