"""The queue before whatever turns segments into words: a local model in its process, or a service elsewhere.

An engine that dies is started again and gets the unanswered job once more; a job that kills it twice is given up. An engine
that is `Away` is asked again until it answers: sound waits in memory, up to MOST_WAITING_S of it, and nothing is lost.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, Protocol

from interview.conversation import Lang
from interview.errors import StorageError, TandaoError
from speech.audio import RATE, Samples
from speech.whisper import Mode, Spoken, Words

Stage = Literal["final", "tentative", "file"]
_ORDER: tuple[Stage, ...] = ("final", "tentative", "file")
BEHIND_S, LIGHTER_S, CAUGHT_UP_S = 5.0, 10.0, 1.5
"""Waiting time of the oldest final from which tentative work is dropped, finals get lighter, all is well again."""
STOPPED = "error.speech_stopped"
MOST_WAITING_S = 1800.0
AGAIN_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Pauses before asking an engine again that was away; the last one goes on."""
FILE_PATIENCE_S = 120.0
"""So long a file waits for one that is away; whoever has the file can give it again, a live talk can't be said again."""
_RESTARTS = 5
"""In a row without one answer between them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an engine is asked: the words of one segment. See `speech.whisper.Recognizer.hear`."""

    samples: Samples
    voiced_s: float
    lang: Spoken
    mode: Mode
    hotwords: str
    before: Lang | None


class Away(Exception):
    """An engine can't answer now and may later. ``error`` says why, for people."""

    def __init__(self, error: TandaoError) -> None:
        super().__init__(str(error))
        self.error = error


class Engine(Protocol):
    """What gives the words. ``lanes``: how many segments at once; one that can die has one lane."""

    lanes: int

    @property
    def pid(self) -> int | None:
        """Of its process, where it has one."""
        ...

    def begin(self) -> None:
        """Get ready; raises TandaoError with what to do."""
        ...

    def ask(self, asked: Asked, wanted: Callable[[], bool]) -> Words | None:
        """Words of a segment; None where it can't be heard. ``wanted``: whether anybody still waits for them.

        Raises EOFError or OSError where it died, Away where it may answer later, TandaoError where it never will.
        """
        ...

    def end(self) -> None:
        """Let go."""
        ...


class Load(IntEnum):
    """How the queue stands."""

    FINE = 0
    BEHIND = 1
    LIGHTER = 2


@dataclass(slots=True, eq=False)
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
    forgotten: bool = field(default=False, init=False)
    answered: bool = field(default=False, init=False)


class Transcriber:
    """The queue; one serves every listener and file of this server. Thread-safe. Answers of a channel keep their order."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing starts before `start`."""
        self._engine = engine
        self._clock = clock
        self._wake = threading.Condition()
        self._jobs: list[Job] = []
        self._current: list[Job] = []
        self._closed = False
        self._load = Load.FINE
        self._threads: list[threading.Thread] = []
        self._row = 0
        self.restarts = 0
        self.failed: TandaoError | None = None
        self.away: TandaoError | None = None
        """Why nothing can be heard just now, though it will be."""
        self.answered: Callable[[float, float, bool], None] = lambda _waited_s, _worked_s, _given_up: None
        """Called for each piece with the seconds it waited and took, and whether it was given up; for figures."""

    def start(self) -> None:
        """Start the engine and wait until it is ready; raises TandaoError with what to do.

        Does nothing where it runs; after it had failed for good, this is a new try.
        """
        if self.failed is not None:
            for thread in self._threads:
                thread.join()  # they are on their way out; an engine must never be asked by old and new ones
        with self._wake:
            if self._closed or (self._threads and self.failed is None):
                return
            self._engine.begin()
            self.failed, self.away, self._row = None, None, 0
            self._threads = [
                threading.Thread(target=self._run, name="speech", daemon=True) for _ in range(self._engine.lanes)
            ]
            for thread in self._threads:
                thread.start()

    @property
    def pid(self) -> int | None:
        """Of the engine's process, for measuring."""
        return self._engine.pid

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
                if self._weigh() is not Load.FINE or self.away is not None:
                    return False
            elif sum(len(j.samples) for j in self._jobs) > MOST_WAITING_S * RATE:
                return False
            self._jobs.append(job)
            self._wake.notify_all()
            return True

    def forget(self, owner: object) -> None:
        """Drop what waits of an owner; what is being heard now may be answered, and its answer is the owner's to ignore."""
        with self._wake:
            self._jobs = [job for job in self._jobs if job.owner is not owner]
            for job in self._current:
                job.forgotten = job.forgotten or job.owner is owner
            self._wake.notify_all()

    def close(self, wait_s: float = 5.0) -> None:
        """End the engine; jobs that wait are given up."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(wait_s)
        self._engine.end()

    def _weigh(self) -> Load:
        """With the lock held."""
        waiting = [job.since for job in (*self._current, *self._jobs) if job.stage == "final" and not job.answered]
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
            job.answered = True
            job.done(words)
            with self._wake:
                self._current.remove(job)
                self._wake.notify_all()
        with self._wake:
            given_up, self._jobs = self._jobs, []
        for job in given_up:
            job.done(None)

    def _next(self) -> Job | None:
        """The job that comes first: finals, then tentative ones, then files; None once closed or failed.

        A channel whose last segment is not answered yet waits, so that nothing is said out of order.
        """
        with self._wake:
            while not self._closed and self.failed is None:
                if self._weigh() is not Load.FINE:
                    self._jobs = [job for job in self._jobs if job.stage != "tentative"]
                free = [job for job in self._jobs if not any(_same(job, other) for other in self._current)]
                if free:
                    job = min(free, key=lambda job: _ORDER.index(job.stage))
                    self._jobs.remove(job)
                    self._current.append(job)
                    return job
                self._wake.wait()
            return None

    def _answer(self, job: Job) -> Words | None:
        """Ask the engine, start it again if it died or hangs; None where the job has to be given up."""
        since, pauses = self._clock(), iter(AGAIN_S)
        while job.tries < 2 and self._wants(job):
            try:
                words = self._ask(job)
            except Away as away:
                self.away = away.error
                late = job.stage == "file" and self._clock() - since > FILE_PATIENCE_S
                if job.stage == "tentative" or late:
                    return None
                with self._wake:
                    self._wake.wait_for(lambda: not self._wants(job), next(pauses, AGAIN_S[-1]))
            except (EOFError, OSError):
                job.tries += 1
                self._again()
            except TandaoError as error:
                self.failed = error
            else:
                self._row, self.away = 0, None
                return words
        return None

    def _wants(self, job: Job) -> bool:
        return not (job.forgotten or self._closed or self.failed is not None)

    def _ask(self, job: Job) -> Words | None:
        """See `Engine.ask`."""
        light = job.stage == "final" and self.load is Load.LIGHTER
        mode: Mode = "tentative" if job.stage == "tentative" else "light" if light else "final"
        asked = Asked(job.samples, job.voiced_s, job.lang, mode, job.hotwords, job.before())
        return self._engine.ask(asked, lambda: not self._closed)

    def _again(self) -> None:
        """Start the engine once more, unless that has failed too often in a row."""
        while not self._closed:
            self._row += 1
            self.restarts += 1
            self._engine.end()
            try:
                self._engine.begin()
            except TandaoError as error:
                # one that dies while it loads may be tried again; a model that can't be loaded will not get better
                if self._row >= _RESTARTS or error.message_key != STOPPED:
                    self.failed = error
                    return
            else:
                if self._row > _RESTARTS:
                    self.failed = StorageError("the speech process keeps dying", message_key=STOPPED)
                return


def _same(one: Job, other: Job) -> bool:
    return one.owner is other.owner and one.channel == other.channel
