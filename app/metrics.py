"""Figures for whoever runs the server: how long each stage takes, how much waits, what fails. No words, names or ids.

Labels are fixed words of this file and the product's own message keys; nothing a person entered can become one.
"""

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)  # fmt: skip
from sqlalchemy import Engine, event
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.stopping import Work
from assistant.hints import HintState
from assistant.live import LiveInterviews
from consent.grants import ConsentGrant
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import LanguageModelError, TandaoError
from interview.gestures import Gesture
from interview.moves import MoveReading
from interview.ports import MoveReader, Utterance
from interview.situations import Situation
from interview.steps import Step
from simulator.rehearsal import Event, Rehearsals, ReplyDone, Sentence, TurnStored

Stage = Literal["read", "stored", "first_sentence", "reply", "line", "hint", "report", "transcribe", "transcribe_wait"]
FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
PLACES = (
    ("/gradio_api/queue/join", "call"), ("/gradio_api/queue/data", "answers"), ("/gradio_api/heartbeat", "heartbeat"),
    ("/gradio_api", "page"), ("/assets", "files"), ("/static", "files"), ("/svelte", "files"), ("/live/audio", "sound"),
    ("/live/recording", "recording"), ("/live", "files"), ("/join", "class"), ("/consent", "consent"), ("/me", "employee"),
    ("/health", "health"), ("/ready", "health"), ("/metrics", "health"),
)  # fmt: skip
"""Beginnings of paths and what they are counted as; anything else is ``page`` or, where nothing is there, ``nothing``."""
STREAMS = ("answers", "heartbeat", "sound")
"""Open for as long as somebody looks at the page; their duration says nothing."""


class Metrics:
    """All figures of one process."""

    def __init__(self, work: Work) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        of = self.registry
        self._stages = Histogram(
            "tandao_stage_seconds",
            "Seconds of a stage: read (what the manager's sentence did), stored (from the sentence to its commit),"
            " first_sentence (to the first of the reply), reply (to its last, the pauses of the page included),"
            " line (something heard in a live talk, its cues read and stored), hint (what is suggested after it), report (of a"
            " rehearsal), transcribe (one piece of sound, in the speech model), transcribe_wait (before it came to that)",
            ["stage"], buckets=FAST, registry=of)  # fmt: skip
        self._statements = Histogram(
            "tandao_database_seconds", "Seconds of a database statement", ["statement"], buckets=FAST, registry=of
        )
        self._answers = Counter("tandao_requests", "Requests answered", ["place", "status"], registry=of)
        self._request_s = Histogram(
            "tandao_request_seconds", "Seconds to a whole answer", ["place"], buckets=FAST, registry=of
        )
        self._errors = Counter("tandao_errors", "Errors told to people, by message key", ["where", "key"], registry=of)
        self._turns = Counter("tandao_turns", "Turns committed", registry=of)
        running = Gauge("tandao_turns_running", "Turns on their way now", registry=of)
        running.set_function(lambda: work.running)
        self.stopping = Gauge("tandao_stopping", "1 once the server is finishing its work to stop", registry=of)
        self.stopping.set_function(lambda: float(work.stopping.is_set()))

    def gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """A figure that is asked for when it is read."""
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def took(self, stage: Stage, seconds: float) -> None:
        """Note how long a stage took."""
        self._stages.labels(stage).observe(seconds)

    def heard(self, waited_s: float, worked_s: float, given_up: bool) -> None:
        """Note one piece of sound, whether it became words or was given up."""
        self.took("transcribe_wait", waited_s)
        self.took("transcribe", worked_s)
        if given_up:
            self._errors.labels("speech", "lost").inc()

    @contextlib.contextmanager
    def timed(self, stage: Stage) -> Generator[None]:
        """Note how long the block takes, however it ends."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.took(stage, time.perf_counter() - began)

    @contextlib.contextmanager
    def watched(self, stage: Stage) -> Generator[None]:
        """The same, and count what goes wrong in it."""
        with self.timed(stage):
            try:
                yield
            except Exception as error:
                self.failed(stage, error)
                raise

    def failed(self, where: str, error: Exception) -> None:
        """Count an error by its message key, an unforeseen one by nothing but that."""
        key = error.message_key if isinstance(error, TandaoError) else "error.unexpected"
        self._errors.labels(where, key).inc()

    def turn_committed(self) -> None:
        """Count a turn."""
        self._turns.inc()

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count an answer; the path is counted as one of a few places."""
        place = place_of(path) if status != 404 else "nothing"
        self._answers.labels(place, str(status)).inc()
        if place not in STREAMS:
            self._request_s.labels(place).observe(seconds)

    def watch(self, engine: Engine) -> None:
        """Time every statement of a database."""

        def before(*given: Any) -> None:
            given[4].tandao_began = time.perf_counter()

        def after(*given: Any) -> None:
            word = str(given[2])[:6].upper()
            kind = word.lower() if word in ("SELECT", "INSERT", "UPDATE", "DELETE") else "other"
            self._statements.labels(kind).observe(time.perf_counter() - given[4].tandao_began)

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)


def place_of(path: str) -> str:
    """What a path is counted as."""
    return next((place for start, place in PLACES if path == start or path.startswith(start + "/")), "page")


class MeasuredReader:
    """A reader of moves whose time is noted."""

    def __init__(self, reader: MoveReader, metrics: Metrics) -> None:
        self._reader = reader
        self._metrics = metrics

    def read(self, text: str, lang: Lang, before: str = "") -> MoveReading:
        """See ``MoveReader.read``."""
        with self._metrics.timed("read"):
            return self._reader.read(text, lang, before)


class MeasuredRehearsals(Rehearsals):
    """Rehearsals whose turns are timed, and finished before the server stops."""

    metrics: Metrics
    work: Work

    def say(
        self,
        actor: Actor,
        rehearsal_id: str,
        text: str,
        *,
        interrupted: bool = False,
        expected_turn: int | None = None,
        gesture: Gesture = Gesture.SPEAK,
        shows: str = "",
    ) -> Iterator[Event]:
        """See ``Rehearsals.say``; raises StoppingError, with nothing stored, where the server is about to stop."""
        return self._measured(
            super().say(
                actor, rehearsal_id, text, interrupted=interrupted, expected_turn=expected_turn, gesture=gesture,
                shows=shows,
            )
        )  # fmt: skip

    def _measured(self, events: Iterator[Event]) -> Iterator[Event]:
        try:
            with self.work.turn():
                began, spoken = time.perf_counter(), False
                for found in events:
                    if isinstance(found, TurnStored):
                        self.metrics.turn_committed()
                        self.metrics.took("stored", time.perf_counter() - began)
                    elif isinstance(found, Sentence) and not spoken:
                        spoken = True
                        self.metrics.took("first_sentence", time.perf_counter() - began)
                    elif isinstance(found, ReplyDone) and "instead_of" in found.voice:
                        self.metrics.failed("voice", LanguageModelError(message_key=str(found.voice["why"])))
                    yield found
                self.metrics.took("reply", time.perf_counter() - began)
        except Exception as error:
            self.metrics.failed("turn", error)
            raise


class MeasuredLive(LiveInterviews):
    """Live interviews whose lines and hints are timed."""

    metrics: Metrics

    def hear(
        self,
        grant: ConsentGrant,
        speaker: str,
        text: str,
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        doubtful: bool = False,
        unsure: bool = False,
    ) -> Utterance:
        """See ``LiveInterviews.hear``."""
        with self.metrics.watched("line"):
            return super().hear(grant, speaker, text, start_s=start_s, end_s=end_s, doubtful=doubtful, unsure=unsure)

    def hint_after(
        self,
        grant: ConsentGrant,
        state: HintState,
        utterance: Utterance,
        lang: Lang,
        *,
        situation: Situation,
        step: Step,
    ) -> HintState:
        """See ``LiveInterviews.hint_after``."""
        with self.metrics.watched("hint"):
            return super().hint_after(grant, state, utterance, lang, situation=situation, step=step)


class CountRequests:
    """ASGI middleware outside of the gate: what is refused there is counted too."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._metrics.answered(str(scope["path"]), status, time.perf_counter() - began)
