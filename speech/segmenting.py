"""Sound into segments: closed at a pause, looked at about every second before. No model in here but behind `Vad`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, Protocol

import numpy as np

from speech.audio import RATE, Samples

WINDOW = 512
"""Samples that one voice probability is about: 32 ms."""
_S = RATE / WINDOW
"""Windows in a second."""


class Vad(Protocol):
    """Tells voice from other sound. Keeps state: one for each channel."""

    def probabilities(self, samples: Samples) -> Sequence[float]:
        """Of voice, 0–1, one for each whole WINDOW; ``samples``: int16, shape (n * WINDOW,)."""
        ...

    def rest(self) -> None:
        """Nobody speaks: what was heard before counts no more."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """When a segment begins, is looked at and closes; seconds, except the two probabilities."""

    begin: float = 0.5
    go_on: float = 0.35
    narrow_begin: float = 0.3
    narrow_go_on: float = 0.2
    """The same for sound in the band of a telephone, in which the detector is less sure. Errors there (300 to 3,400 Hz, zh and en)
    .27 and .24 with the usual ones, .23 and .10 with these; on other sound they did no good."""
    onset_s: float = 0.064
    lead_s: float = 0.3
    tail_s: float = 0.2
    pause_s: float = 0.5
    long_s: float = 8.0
    short_pause_s: float = 0.16
    most_s: float = 12.0
    search_s: float = 1.5
    least_voiced_s: float = 0.12
    tentative_s: float = 1.0
    rest_s: float = 2.0
    """So often in silence the detector begins anew. Silero's state drifts: without, it missed up to a fifteenth of the
    voice in 210 s of recordings, whole sentences of a fainter speaker; with, none of it in four orders and loudnesses."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment, closed or so far. ``samples``: int16, shape (n,); ``number`` counts segments of a channel from 0.

    ``voiced_s``: time in it that the voice detector took for voice; ``heard_s``: how far the sound had been read when
    it was made, so that delays can be measured.
    """

    number: int
    kind: Literal["tentative", "closed"]
    why: Literal["so far", "pause", "short pause", "limit", "end", "nothing"]
    start_s: float
    end_s: float
    voiced_s: float
    heard_s: float
    samples: Samples


class Band:
    """Whether sound comes in the band of a telephone: next to nothing above 4.2 kHz in what is loud enough to tell."""

    _EDGE = round(4_200 / RATE * WINDOW)
    _LEAST = 300
    """Loudness of a window, of 32,768, below which it tells nothing."""
    _FEW = 2.5e-5
    """-46 dB of all energy; recordings of speech had -16 to -44 dB there, the same through a telephone -46 to -85."""
    _KEEP = 0.998
    """For each window: about 15 s of voice count, so that another device is noticed."""
    _ENOUGH = 15

    def __init__(self) -> None:
        self._shape = np.hanning(WINDOW)
        self._low = self._high = 0.0
        self._told = 0

    @property
    def narrow(self) -> bool:
        """As far as is known; False for the first half second of sound."""
        return self._told >= self._ENOUGH and self._high < self._FEW * self._low

    def add(self, window: Samples) -> None:
        """``window``: int16, shape (WINDOW,)."""
        if int(np.abs(window.astype(np.int32)).max()) < self._LEAST:
            return
        power = np.abs(np.fft.rfft(window * self._shape)) ** 2
        self._low = self._low * self._KEEP + float(power[: self._EDGE].sum())
        self._high = self._high * self._KEEP + float(power[self._EDGE :].sum())
        self._told += 1


class Segmenter:
    """A state machine over frames of any length. Give frames in order, take pieces, call `finish` at the end.

    A closed piece with ``why == "nothing"`` takes back what was tentative: it was no voice. Memory is bounded by
    ``most_s``. Deterministic: the same sound in other frames gives the same segments.
    """

    def __init__(self, vad: Vad, limits: Limits = Limits()) -> None:
        self._vad = vad
        self._limits = limits
        self._band = Band()
        self._rest: Samples = np.zeros(0, np.int16)
        self._windows: list[Samples] = []
        self._chances: list[float] = []
        self._voiced: list[bool] = []
        self._inside = False
        self._read = 0
        self._silent = 0
        self._run = 0
        self._looked = 0
        self._number = 0

    @property
    def heard_s(self) -> float:
        """How far the sound has been read."""
        return (self._read * WINDOW + len(self._rest)) / RATE

    def feed(self, frame: Samples) -> Iterator[Piece]:
        """Pieces that this frame completes; all of them must be taken before the next frame."""
        sound = np.concatenate((self._rest, frame))
        whole = len(sound) // WINDOW * WINDOW
        head, self._rest = sound[:whole], sound[whole:]
        for window in head.reshape(-1, WINDOW):
            if not self._inside and self._silent and self._silent % self._count(self._limits.rest_s) == 0:
                self._vad.rest()
            yield from self._step(window, self._vad.probabilities(window)[0])

    def finish(self) -> Iterator[Piece]:
        """Close what is open."""
        if len(self._rest):
            yield from self.feed(np.zeros(WINDOW - len(self._rest), np.int16))
        if self._inside:
            yield self._close("end", len(self._windows) - max(0, self._silent - self._count(self._limits.tail_s)))
        self._inside = False
        self._windows, self._chances, self._voiced = [], [], []

    def skip(self, seconds: float) -> Iterator[Piece]:
        """Sound of this length is missing: close what is open and go on behind the gap."""
        yield from self.finish()
        self._read += self._count(seconds)

    def _step(self, window: Samples, chance: float) -> Iterator[Piece]:
        limits = self._limits
        self._read += 1
        self._band.add(window)
        begin, go_on = limits.begin, limits.go_on
        if self._band.narrow:
            begin, go_on = limits.narrow_begin, limits.narrow_go_on
        voiced = chance >= (go_on if self._inside else begin)
        self._windows.append(window)
        self._chances.append(chance)
        self._voiced.append(voiced)
        self._run = self._run + 1 if voiced else 0
        self._silent = 0 if voiced else self._silent + 1
        if not self._inside:
            self._wait()
            return
        length = len(self._windows)
        if self._silent >= self._count(limits.pause_s):
            yield self._close("pause", length - self._silent + self._count(limits.tail_s))
        elif length >= self._count(limits.long_s) and self._silent >= self._count(limits.short_pause_s):
            yield self._close("short pause", length)
        elif length >= self._count(limits.most_s):
            yield self._close("limit", self._weakest())
        elif length - self._looked >= self._count(limits.tentative_s) and self._silent == 0:
            self._looked = length
            yield self._piece("tentative", "so far", length)

    def _wait(self) -> None:
        """Outside a segment: keep the lead, begin once there is voice for long enough."""
        lead = self._count(self._limits.lead_s)
        if self._run >= self._count(self._limits.onset_s):
            self._inside, self._looked = True, 0
            lead += self._run
        del self._windows[:-lead], self._chances[:-lead], self._voiced[:-lead]

    def _close(self, why: Literal["pause", "short pause", "limit", "end"], length: int) -> Piece:
        """Close the first ``length`` windows; what follows them stays as the lead, or the beginning, of the next.

        A short pause belongs to both sides: a word that begins right behind it is heard badly without any silence before.
        """
        piece = self._piece("closed", why, length)
        self._number += 1
        rest = length - self._silent if why == "short pause" else length
        self._windows, self._chances, self._voiced = self._windows[rest:], self._chances[rest:], self._voiced[rest:]
        self._inside = why == "limit"
        self._looked, self._run = 0, 0
        if piece.voiced_s >= self._limits.least_voiced_s:
            return piece
        return replace(piece, why="nothing", samples=piece.samples[:0])

    def _weakest(self) -> int:
        """Where in the last seconds the voice is weakest; a cut there harms a word least."""
        back = self._count(self._limits.search_s)
        smooth = np.convolve(self._chances[-back:], np.ones(3) / 3, mode="same")
        return len(self._windows) - back + int(smooth[1:-1].argmin()) + 1

    def _piece(
        self,
        kind: Literal["tentative", "closed"],
        why: Literal["so far", "pause", "short pause", "limit", "end"],
        length: int,
    ) -> Piece:
        begin = self._read - len(self._windows)
        return Piece(
            self._number, kind, why, begin / _S, (begin + length) / _S, sum(self._voiced[:length]) / _S,
            self._read / _S, np.concatenate(self._windows[:length]),
        )  # fmt: skip

    @staticmethod
    def _count(seconds: float) -> int:
        return round(seconds * _S)


class Silero:
    """Silero VAD (MIT), the ONNX file that faster-whisper carries; state goes on from call to call."""

    _CONTEXT = 64

    def __init__(self) -> None:
        self._session = _session()
        self._before = np.zeros(self._CONTEXT, np.float32)
        self.rest()

    def rest(self) -> None:
        """See `Vad`."""
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)

    def probabilities(self, samples: Samples) -> Sequence[float]:
        """See `Vad`."""
        sound = np.concatenate((self._before, samples.astype(np.float32) / 32768))
        self._before = sound[-self._CONTEXT :]
        rows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW + self._CONTEXT)[::WINDOW]
        out, self._h, self._c = self._session.run(
            None, {"input": np.ascontiguousarray(rows), "h": self._h, "c": self._c}
        )
        return [float(chance) for chance in np.ravel(out)]


@cache
def _session() -> Any:
    """One for all channels; it keeps no state of its own and may be used by several threads."""
    from faster_whisper.vad import get_vad_model  # pyright: ignore[reportMissingTypeStubs]

    return get_vad_model().session
