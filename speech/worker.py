"""A process of its own that holds the model, so that pages never stall, and the queue before it.

The process keeps nothing: each job carries its sound and is answered with words. One that dies is started again and gets
the unanswered job once more; a job that kills it twice is given up. Closing our end of the pipe ends it.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal, Protocol

from interview.conversation import Lang
from interview.errors import StorageError, TandaoError
from speech.audio import RATE, Samples
from speech.whisper import Mode, Recognizer, Spoken, Words

Stage = Literal["final", "tentative", "file"]
_ORDER: tuple[Stage, ...] = ("final", "tentative", "file")
BEHIND_S, LIGHTER_S, CAUGHT_UP_S = 5.0, 10.0, 1.5
"""Waiting time of the oldest final from which tentative work is dropped, finals get lighter, all is well again."""
STUCK_S = 60.0
STOPPED = "error.speech_stopped"
START_S = 120.0
MOST_WAITING_S = 1800.0
_RESTARTS = 5
"""In a row without one answer between them."""


class Hears(Protocol):
    """What the process does; `Recognizer` in the product."""

    def hear(
        self, samples: Samples, voiced_s: float, lang: Spoken, mode: Mode, hotwords: str, before: Lang | None
    ) -> Words:
        """See `Recognizer.hear`."""
        ...


class Load(IntEnum):
    """How the queue stands."""

    FINE = 0
    BEHIND = 1
    LIGHTER = 2


@dataclass(slots=True)
class Job:
    """One segment to be heard. ``done`` gets its words, or None if it was given up; it is called by the queue's thread.

    ``owner``, ``channel``: any new job takes the place of a tentative one of the same that still waits, whose segment has
    grown or is closed. A tentative job that was replaced or dropped, and any that was forgotten, is never answered.
    """

    owner: object
    channel: int
    stage: Stage
    samples: Samples
    voiced_s: float
    lang: Spoken
    done: Callable[[Words | None], None]
    hotwords: str = ""
    before: Callable[[], Lang | None] = lambda: None
    since: float = 0.0
    tries: int = field(default=0, init=False)


class Transcriber:
    """The process and its queue; one serves every listener and file of this server. Thread-safe."""

    def __init__(self, make: Callable[[], Hears], clock: Callable[[], float] = time.monotonic) -> None:
        """``make`` builds what hears, in the process; it must be picklable. Nothing starts before `start`."""
        self._make = make
        self._clock = clock
        self._wake = threading.Condition()
        self._jobs: list[Job] = []
        self._current: Job | None = None
        self._closed = False
        self._load = Load.FINE
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._thread: threading.Thread | None = None
        self._row = 0
        self.restarts = 0
        self.failed: TandaoError | None = None
        self.answered: Callable[[float, float, bool], None] = lambda _waited_s, _worked_s, _given_up: None
        """Called for each piece with the seconds it waited and took, and whether it was given up; for figures."""

    @classmethod
    def of_model(cls, folder: Path, threads: int = 2, small: Path | None = None) -> "Transcriber":
        """With Whisper from a folder of weights; ``small``: a smaller one for when the machine does not keep up."""
        return cls(partial(Recognizer, folder, threads, small))

    def start(self) -> None:
        """Start the process and wait for the model; raises StorageError with what to do.

        Does nothing where it runs; after it had failed for good, this is a new try.
        """
        if self.failed is not None and self._thread is not None:
            self._thread.join()  # it is on its way out; two of them must never share a pipe
        with self._wake:
            if self._closed or (self._thread is not None and self.failed is None):
                return
            self._begin()
            self.failed, self._row = None, 0
            self._thread = threading.Thread(target=self._run, name="speech", daemon=True)
            self._thread.start()

    @property
    def pid(self) -> int | None:
        """Of the process, for measuring."""
        return self._process.pid if self._process is not None else None

    @property
    def waiting_s(self) -> float:
        """Seconds of sound that wait to be heard."""
        with self._wake:
            return sum(len(job.samples) for job in self._jobs) / RATE

    @property
    def load(self) -> Load:
        """How the queue stands now."""
        with self._wake:
            return self._weigh()

    def submit(self, job: Job) -> bool:
        """Take a job; False if it can't be: closed, failed, too much waiting, or tentative while behind."""
        with self._wake:
            job.since = self._clock()
            if self._closed or self.failed is not None:
                return False
            self._jobs = [j for j in self._jobs if not (j.stage == "tentative" and _same(j, job))]
            if job.stage == "tentative":
                if self._weigh() is not Load.FINE:
                    return False
            elif sum(len(j.samples) for j in self._jobs) > MOST_WAITING_S * RATE:
                return False
            self._jobs.append(job)
            self._wake.notify_all()
            return True

    def forget(self, owner: object) -> None:
        """Drop what waits of an owner; what is being heard now is answered, and its answer is the owner's to ignore."""
        with self._wake:
            self._jobs = [job for job in self._jobs if job.owner is not owner]

    def close(self, wait_s: float = 5.0) -> None:
        """End the process; jobs that wait are given up."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(wait_s)
        self._end()

    def _weigh(self) -> Load:
        """With the lock held."""
        current = [self._current] if self._current is not None else []
        waiting = [job.since for job in (*current, *self._jobs) if job.stage == "final"]
        late = self._clock() - min(waiting) if waiting else 0.0
        if late > LIGHTER_S:
            self._load = Load.LIGHTER
        elif late > BEHIND_S:
            self._load = max(self._load, Load.BEHIND)
        elif late < CAUGHT_UP_S:
            self._load = Load.FINE
        return self._load

    def _run(self) -> None:
        while (job := self._next()) is not None:
            began = self._clock()
            words = self._answer(job)
            self.answered(began - job.since, self._clock() - began, words is None)
            with self._wake:
                self._current = None
            job.done(words)
        with self._wake:
            given_up, self._jobs = self._jobs, []
        for job in given_up:
            job.done(None)

    def _next(self) -> Job | None:
        """The job that comes first: finals, then tentative ones, then files; None once closed or failed."""
        with self._wake:
            while not self._jobs and not self._closed and self.failed is None:
                self._wake.wait()
            if self._closed or self.failed is not None:
                return None
            if self._weigh() is not Load.FINE:
                self._jobs = [job for job in self._jobs if job.stage != "tentative"]
            self._current = min(self._jobs, key=lambda job: _ORDER.index(job.stage))
            self._jobs.remove(self._current)
            return self._current

    def _answer(self, job: Job) -> Words | None:
        """Ask the process, start it again if it died or hangs; None where the job has to be given up."""
        while job.tries < 2 and self.failed is None and not self._closed:
            job.tries += 1
            try:
                return self._ask(job)
            except (EOFError, OSError):
                self._again()
        return None

    def _ask(self, job: Job) -> Words | None:
        """Raises EOFError or OSError where the process is gone or hangs."""
        pipe = self._pipe
        if pipe is None:
            raise EOFError
        light = job.stage == "final" and self.load is Load.LIGHTER
        mode: Mode = "tentative" if job.stage == "tentative" else "light" if light else "final"
        pipe.send((job.samples, job.voiced_s, job.lang, mode, job.hotwords, job.before()))
        until = time.monotonic() + STUCK_S
        while not pipe.poll(0.2):
            if self._closed:
                return None
            if time.monotonic() > until:
                raise EOFError
        answer = pipe.recv()
        self._row = 0
        return answer if isinstance(answer, Words) else None

    def _again(self) -> None:
        """Start the process once more, unless that has failed too often in a row."""
        while not self._closed:
            self._row += 1
            self.restarts += 1
            self._end()
            try:
                self._begin()
            except TandaoError as error:
                # one that dies while it loads may be tried again; a model that can't be loaded will not get better
                if self._row >= _RESTARTS or error.message_key != STOPPED:
                    self.failed = error
                    return
            else:
                if self._row > _RESTARTS:
                    self.failed = StorageError("the speech process keeps dying", message_key=STOPPED)
                return

    def _begin(self) -> None:
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
            self._end()
            raise StorageError("no answer", message_key=STOPPED) from error
        if isinstance(first, _Failure):
            self._end()
            raise StorageError(first.detail, message_key=first.message_key, **dict(first.params))

    def _end(self) -> None:
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


def _same(one: Job, other: Job) -> bool:
    return one.owner is other.owner and one.channel == other.channel
