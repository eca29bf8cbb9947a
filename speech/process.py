"""The local model in a process of its own, so that pages never stall.

The process keeps nothing: each job carries its sound and is answered with words. One that dies is started again by the
queue. Closing our end of the pipe ends it.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from interview.conversation import Lang
from interview.errors import StorageError, TandaoError
from speech.audio import Samples
from speech.whisper import Mode, Recognizer, Spoken, Words
from speech.worker import STOPPED, Asked

STUCK_S = 60.0
START_S = 120.0


class Hears(Protocol):
    """What the process does; `Recognizer` in the product."""

    def hear(
        self, samples: Samples, voiced_s: float, lang: Spoken, mode: Mode, hotwords: str, before: Lang | None
    ) -> Words:
        """See `Recognizer.hear`."""
        ...


class Process:
    """See `speech.worker.Engine`."""

    lanes = 1

    def __init__(self, make: Callable[[], Hears]) -> None:
        """``make`` builds what hears, in the process; it must be picklable. Nothing starts before `begin`."""
        self._make = make
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    @classmethod
    def of_model(cls, folder: Path, threads: int = 2, small: Path | None = None) -> "Process":
        """With Whisper from a folder of weights; ``small``: a smaller one for when the machine does not keep up."""
        return cls(partial(Recognizer, folder, threads, small))

    @property
    def pid(self) -> int | None:
        """Of the process, for measuring."""
        return self._process.pid if self._process is not None else None

    def begin(self) -> None:
        """A new process with a loaded model, or StorageError."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._make), name="tandao-speech", daemon=True)
        process.start()
        theirs.close()
        self._process, self._pipe = process, ours
        try:
            first = ours.recv() if ours.poll(START_S) else _Failure("no answer", STOPPED)
        except (EOFError, OSError) as error:
            self.end()
            raise StorageError("no answer", message_key=STOPPED) from error
        if isinstance(first, _Failure):
            self.end()
            raise StorageError(first.detail, message_key=first.message_key, **dict(first.params))

    def ask(self, asked: Asked, wanted: Callable[[], bool]) -> Words | None:
        """Raises EOFError or OSError where the process is gone or hangs."""
        pipe = self._pipe
        if pipe is None:
            raise EOFError
        pipe.send((asked.samples, asked.voiced_s, asked.lang, asked.mode, asked.hotwords, asked.before))
        until = time.monotonic() + STUCK_S
        while not pipe.poll(0.2):
            if not wanted():
                return None
            if time.monotonic() > until:
                raise EOFError
        answer = pipe.recv()
        return answer if isinstance(answer, Words) else None

    def end(self) -> None:
        """The process is gone."""
        if self._pipe is not None:
            with suppress(OSError):
                self._pipe.close()
        if self._process is not None:
            self._process.join(0.5)
            if self._process.is_alive():
                self._process.kill()
                self._process.join(5)
        self._pipe = self._process = None


@dataclass(frozen=True, slots=True)
class _Failure:
    """An error on its way through the pipe."""

    detail: str
    message_key: str
    params: tuple[tuple[str, str | int | float], ...] = ()


def _work(pipe: Connection, make: Callable[[], Hears]) -> None:
    """The process: build, say so, then answer job after job until the pipe ends. Ctrl-C is for the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(AttributeError, OSError):
        os.nice(5)
    try:
        hears = make()
    except TandaoError as error:
        pipe.send(_Failure(str(error), error.message_key, tuple(error.params.items())))
        return
    except ImportError as error:
        pipe.send(_Failure(str(error), "error.speech_extra"))
        return
    pipe.send("ready")
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            pipe.send(hears.hear(*job))
        except (ValueError, RuntimeError, MemoryError) as error:
            pipe.send(_Failure(type(error).__name__, "error.unexpected"))
