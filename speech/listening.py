"""What a live session and an upload use: sound in, words out, under a grant.

A `Listener` cuts the sound of each channel where it arrives (about 2 ms of work for 200 ms of sound) and sends segments
to the `Transcriber`. Nothing is written anywhere, and words leave only through `Listener.events`.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

import numpy as np

from consent.grants import ConsentGrant
from interview.conversation import Lang
from interview.errors import InputError
from speech.audio import BLOCK, RATE, Block, Cancelled, Progress, Samples, Warned, blocks, need
from speech.doubt import Verdict
from speech.segmenting import Piece, Segmenter, Silero, Vad
from speech.voices import Enrolment, Party, Speaker, Voices
from speech.whisper import Spoken, Words
from speech.worker import Job, Load, Stage, Transcriber

Kind = Literal["tentative", "committed", "notice", "enrolling", "enrolled"]
Notice = Literal["behind", "lighter", "caught_up", "restarted", "stopped", "gap", "lost", "truncated", "away", "back"]
MOST_FRAME_BYTES = 64_000
FILLED_S = 2.0
"""A shorter gap is heard as silence, a longer one closes the segment."""
MOST_GAP_S = 4 * 3600.0
_NOBODY = Speaker(None, False)


@dataclass(frozen=True, slots=True)
class Heard:
    """Something heard. ``start_s``, ``end_s``: seconds since the talk, or the file, began.

    A tentative text stands until another of the same ``channel`` and ``number`` takes its place, tentative or
    committed; an empty one takes it back. A notice has a `Notice` as its text and is for the page to word. ``behind``:
    tentative text is off for a while; ``lighter``: finals are made with less care; ``lost``: what was said there could not
    be transcribed; ``gap``: no sound arrived there; ``away``: the service that hears can't be reached, sound waits; ``back``: it can.

    ``enrolling`` and ``enrolled``: the person named in ``text`` reads aloud, ``end_s`` voiced seconds of what is needed
    so far. ``speaker``: by the voice, None where voices are not told apart; ``unsure``: the speaker before was taken.
    """

    kind: Kind
    text: str
    start_s: float
    end_s: float
    channel: int = 0
    doubtful: bool = False
    lang: Lang | None = None
    number: int = -1
    speaker: Party | None = None
    unsure: bool = False


class Listener:
    """One live talk. Give frames as they arrive, from any thread; take `events` in another; then `finish` or `abort`."""

    def __init__(
        self,
        grant: ConsentGrant,
        transcriber: Transcriber,
        lang: Spoken,
        *,
        hotwords: str = "",
        voices: Voices | None = None,
        vad: Callable[[], Vad] = Silero,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConsentError without a grant for transcription, StorageError where the worker can't be started.

        ``hotwords``: names and terms of this talk. ``voices``: tells the speakers of channel 0 apart.
        """
        need(grant)
        if transcriber.failed is not None:
            transcriber.start()
        self._transcriber = transcriber
        self._lang: Spoken = lang
        self._hotwords = hotwords
        self._voices = voices
        self._compare = ThreadPoolExecutor(1, "voices") if voices is not None else None
        self._vad = vad
        self._clock = clock
        self._began = clock()
        self._lock = threading.RLock()
        self._ears: dict[int, _Ear] = {}
        self._out: queue.SimpleQueue[Heard | None] = queue.SimpleQueue()
        self._open = 0
        self._idle = threading.Condition(self._lock)
        self._ending = False
        self._closed = False
        self._told_load = Load.FINE
        self._told_restarts = transcriber.restarts
        self._told_stop = False
        self._told_away = False

    def feed(self, frame: bytes, seq: int, channel: int = 0) -> None:
        """A frame of 16 kHz mono int16 little-endian, 200 ms by agreement; ``seq`` counts the frames of a channel.

        A frame that came already is passed over; missing ones become silence or a notice. Once closed, nothing is taken.
        Raises InputError for what can't be a frame.
        """
        if not frame or len(frame) % 2 or len(frame) > MOST_FRAME_BYTES or seq < 0:
            raise InputError("frame", message_key="error.audio_frame")
        with self._lock:
            if self._closed or self._ending:
                return
            ear = self._ears.get(channel)
            if ear is None:
                ear = self._ears[channel] = _Ear(channel, self._offset(), seq, Segmenter(self._vad()))
            if seq < ear.due:
                return
            missing = (seq - ear.due) * BLOCK / RATE
            if missing > MOST_GAP_S:
                raise InputError("gap", message_key="error.audio_frame")
            ear.due = seq + 1
            if missing:
                self._missed(ear, missing)
            samples = np.frombuffer(frame, "<i2").astype(np.int16, copy=False)
            if self._read_aloud(channel, samples):
                samples = np.zeros_like(samples)
            self._pieces(ear, ear.segmenter.feed(samples))
            self._tell_load()

    @property
    def voices(self) -> Voices | None:
        """The voices of this talk, if they are told apart."""
        return self._voices

    def without_voices(self) -> None:
        """The purpose was withdrawn: the voiceprints are gone and nothing is compared any more."""
        voices, self._voices = self._voices, None
        if voices is not None:
            voices.forget()

    def _read_aloud(self, channel: int, samples: Samples) -> bool:
        """Whether somebody is reading aloud; then it is no part of the talk, and silence takes its place."""
        if self._voices is None or channel != 0:
            return False
        found: Enrolment | None = self._voices.listen(samples)
        if found is None:
            return False
        kind: Kind = "enrolled" if found.done else "enrolling"
        self._out.put(Heard(kind, found.who, 0.0, found.voiced_s))
        return True

    def events(self) -> Iterator[Heard]:
        """What is heard, as it comes; blocks; ends after `finish` or `abort`."""
        while (heard := self._out.get()) is not None:
            yield heard

    def take(self, wait_s: float) -> Heard | None:
        """One thing heard, or None if there is none in time or no more will come."""
        try:
            return self._out.get(timeout=wait_s)
        except queue.Empty:
            return None

    def finish(self, wait_s: float = 60.0) -> None:
        """The talk is over: close what is open, wait until everything is heard, end `events`."""
        with self._lock:
            if self._closed or self._ending:
                return
            self._ending = True
            for ear in self._ears.values():
                self._pieces(ear, ear.segmenter.finish())
            if not self._idle.wait_for(lambda: self._open == 0, wait_s) and not self._closed:
                now = max((ear.offset + ear.segmenter.heard_s for ear in self._ears.values()), default=0.0)
                self._out.put(Heard("notice", "lost", now, now))
            self._closed = True
        self._end()
        self._out.put(None)

    def abort(self) -> None:
        """Consent was withdrawn: take nothing more, drop sound and words that wait, end `events` at once."""
        with self._lock:
            self._closed = True
            self._ears.clear()
            self._open = 0
            self._idle.notify_all()
        self._end()
        while not self._out.empty():
            self._out.get_nowait()
        self._out.put(None)

    def _end(self) -> None:
        """Voiceprints die with the session, as does what waits."""
        self.without_voices()
        if self._compare is not None:
            self._compare.shutdown(wait=False, cancel_futures=True)
        self._transcriber.forget(self)

    def _offset(self) -> float:
        """When a channel began: the first one is the beginning of the talk, another may join later."""
        if not self._ears:
            self._began = self._clock()
            return 0.0
        return max(0.0, self._clock() - self._began)

    def _missed(self, ear: "_Ear", seconds: float) -> None:
        at = ear.offset + ear.segmenter.heard_s
        if seconds <= FILLED_S:
            self._pieces(ear, ear.segmenter.feed(np.zeros(round(seconds * RATE), np.int16)))
        else:
            self._pieces(ear, ear.segmenter.skip(seconds))
        self._out.put(Heard("notice", "gap", at, at + seconds, ear.channel))

    def _pieces(self, ear: "_Ear", pieces: Iterator[Piece]) -> None:
        for piece in pieces:
            if piece.why == "nothing":
                self._out.put(Heard("tentative", "", piece.start_s, piece.end_s, ear.channel, number=piece.number))
                continue
            stage: Stage = "final" if piece.kind == "closed" else "tentative"
            speaker = self._compared(ear, piece) if stage == "final" else None
            if stage == "final":
                self._open += 1
                ear.closed = piece.number
            job = Job(
                self, ear.channel, stage, piece.samples, piece.voiced_s, self._lang,
                lambda words, ear=ear, piece=piece, speaker=speaker: self._answered(ear, piece, words, speaker),
                self._hotwords, lambda ear=ear: ear.lang,
            )  # fmt: skip
            if not self._transcriber.submit(job) and stage == "final":
                self._answered(ear, piece, None)

    def _compared(self, ear: "_Ear", piece: Piece) -> "Future[Speaker] | None":
        """Who says this, worked out while its words are."""
        if self._voices is None or self._compare is None or ear.channel != 0:
            return None
        return self._compare.submit(self._voices.who, piece.samples, piece.voiced_s)

    def _answered(
        self, ear: "_Ear", piece: Piece, words: Words | None, compared: "Future[Speaker] | None" = None
    ) -> None:
        """From the queue's thread: hand out the words of a piece."""
        said = _NOBODY
        if compared is not None and words is not None and words.text:
            with suppress(CancelledError):
                said = compared.result()
        with self._lock:
            if self._closed:
                return
            start, end = ear.offset + piece.start_s, ear.offset + piece.end_s
            if piece.kind == "tentative":
                if words is not None and words.text and piece.number > ear.closed:
                    self._out.put(_heard("tentative", words, start, end, ear.channel, piece.number))
                return
            if words is None:
                self._out.put(Heard("tentative", "", start, end, ear.channel, number=piece.number))
                self._out.put(Heard("notice", "lost", start, end, ear.channel))
            elif not words.text:
                self._out.put(Heard("tentative", "", start, end, ear.channel, number=piece.number))
            else:
                if words.verdict is Verdict.GOOD:
                    ear.lang = words.lang
                heard = _heard("committed", words, start, end, ear.channel, piece.number)
                self._out.put(replace(heard, speaker=said.who, unsure=said.unsure))
            self._open -= 1
            self._tell_load()
            self._idle.notify_all()

    def _tell_load(self) -> None:
        """Notices about the worker: said once for each change, never hidden."""
        now = max((ear.offset + ear.segmenter.heard_s for ear in self._ears.values()), default=0.0)
        away = self._transcriber.away is not None
        if away is not self._told_away:
            self._told_away = away
            self._out.put(Heard("notice", "away" if away else "back", now, now))
        load = Load.FINE if away else self._transcriber.load
        if load is not self._told_load:
            texts: dict[Load, Notice] = {Load.FINE: "caught_up", Load.BEHIND: "behind", Load.LIGHTER: "lighter"}
            self._out.put(Heard("notice", texts[load], now, now))
            self._told_load = load
        if self._transcriber.restarts != self._told_restarts:
            self._told_restarts = self._transcriber.restarts
            self._out.put(Heard("notice", "restarted", now, now))
        if self._transcriber.failed is not None and not self._told_stop:
            self._told_stop = True
            self._out.put(Heard("notice", "stopped", now, now))


@dataclass(slots=True)
class _Ear:
    """A channel of a listener. ``due``: the next frame's number; ``closed``: the last segment that was closed."""

    channel: int
    offset: float
    due: int
    segmenter: Segmenter
    lang: Lang | None = None
    closed: int = -1


def transcribe_file(
    grant: ConsentGrant,
    source: Path | IO[bytes],
    transcriber: Transcriber,
    lang: Spoken,
    *,
    split: bool = False,
    hotwords: str = "",
    told: Callable[[Progress], None] = lambda _: None,
    cancelled: Cancelled = lambda: False,
    kept: Callable[[Block], None] = lambda _: None,
    known: Callable[[int, float], bool] = lambda _channel, _start_s: False,
    vad: Callable[[], Vad] = Silero,
) -> Iterator[Heard]:
    """Committed texts of a recording, each as its segment ends, and the notices ``truncated`` and ``lost``.

    ``split``: the first two channels are a speaker each. The file is read no faster than it is heard, so that with ``told``
    the time left is (elapsed / done_s) * (total_s - done_s). ``kept`` gets every block that is read. Segments that begin where ``known`` says are passed over: they were heard before, and
    the same sound gives the same segments. Live talks go first. Raises ConsentError before the file is touched, InputError
    for what is no audio, StorageError where the worker has stopped for good.
    """
    need(grant)
    if transcriber.failed is not None:
        transcriber.start()
    return _transcribed(grant, source, transcriber, lang, split, hotwords, told, cancelled, kept, known, vad)


def _transcribed(
    grant: ConsentGrant,
    source: Path | IO[bytes],
    transcriber: Transcriber,
    lang: Spoken,
    split: bool,
    hotwords: str,
    told: Callable[[Progress], None],
    cancelled: Cancelled,
    kept: Callable[[Block], None],
    known: Callable[[int, float], bool],
    vad: Callable[[], Vad],
) -> Iterator[Heard]:
    ears: dict[int, _Ear] = {}
    warnings: list[Warned] = []
    at = Progress(0.0, 0.0)

    def read(progress: Progress) -> None:
        nonlocal at
        at = progress
        told(progress)

    def heard(ear: _Ear, piece: Piece) -> Iterator[Heard]:
        if piece.kind == "tentative" or piece.why == "nothing" or known(ear.channel, piece.start_s) or cancelled():
            return
        words = _waited(transcriber, ear, piece, lang, hotwords, cancelled)
        if words is None:
            if (error := transcriber.failed or transcriber.away) is not None and not cancelled():
                raise error
            if not cancelled():
                yield Heard("notice", "lost", piece.start_s, piece.end_s, ear.channel)
        elif words.text:
            if words.verdict is Verdict.GOOD:
                ear.lang = words.lang
            yield _heard("committed", words, piece.start_s, piece.end_s, ear.channel, piece.number)

    for block in blocks(grant, source, split=split, told=read, warned=warnings.append, cancelled=_seldom(cancelled)):
        kept(block)
        ear = ears.setdefault(block.channel, _Ear(block.channel, 0.0, 0, Segmenter(vad())))
        for piece in ear.segmenter.feed(block.samples):
            yield from heard(ear, piece)
    for ear in ears.values():
        for piece in ear.segmenter.finish():
            yield from heard(ear, piece)
    if not cancelled():
        yield from (Heard("notice", warning, at.done_s, at.done_s) for warning in warnings)


def _seldom(cancelled: Cancelled, every_s: float = 0.25) -> Cancelled:
    """Asks four times a second at most: whoever answers may have to look into a database."""
    last = -every_s
    found = False

    def asked() -> bool:
        nonlocal last, found
        if not found and time.monotonic() - last >= every_s:
            found, last = cancelled(), time.monotonic()
        return found

    return asked


def _waited(
    transcriber: Transcriber, ear: _Ear, piece: Piece, lang: Spoken, hotwords: str, cancelled: Cancelled
) -> Words | None:
    """One segment of a file, heard as soon as no live talk needs the model."""
    answers: queue.SimpleQueue[Words | None] = queue.SimpleQueue()
    job = Job(ear, ear.channel, "file", piece.samples, piece.voiced_s, lang, answers.put, hotwords, lambda: ear.lang)
    if not transcriber.submit(job):
        return None
    while not cancelled():
        try:
            return answers.get(timeout=0.2)
        except queue.Empty:
            continue
    transcriber.forget(ear)
    return None


def _heard(kind: Kind, words: Words, start: float, end: float, channel: int, number: int) -> Heard:
    return Heard(kind, words.text, start, end, channel, words.verdict is not Verdict.GOOD, words.lang, number)
