"""Who speaks, where two share one microphone: each reads a sentence aloud at the start, every segment is compared.

Only under a grant for this purpose. A voiceprint is 256 numbers in memory; it dies with the session, with a withdrawal
and with `Voices.forget`, and is never written, sent or returned. It tells two people of one talk apart and nothing else:
no feeling, no identity, no comparison across talks.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from consent.grants import ConsentGrant
from consent.notices import Purpose
from interview.errors import StorageError
from speech.audio import RATE, Samples, need
from speech.segmenting import WINDOW, Silero, Vad

Party = Literal["manager", "employee"]
WEIGHTS = Path(__file__).with_name("voice_encoder.npz")
"""Weights of the speaker encoder of Resemblyzer (Apache-2.0), made by evals/make_voice_encoder.py."""
SHA256 = "c9e266e50cb189952725c8ff115be896ac63c47152bb8c894a8057d7e2383264"
LAYERS, HIDDEN = 3, 256
ENROL_S = 4.0
"""Voiced seconds that a voiceprint needs."""
MOST_ENROL, END_S = 3, 0.5
"""A reading is over at a pause this long once there is enough, or at the latest at so many times what is needed."""
LEAST_VOICED_S = 1.0
LEAST_MARGIN = 0.05
"""Below either the speaker before is taken and marked unsure."""
_FFT, _HOP, _MELS = 400, 160, 40
_PARTIAL, _STEP = 160, 80
"""Frames of 10 ms that the encoder looks at at once, and from one look to the next."""
_LOUD_DBFS = -30.0

Print = NDArray[np.float32]
"""A voice: unit length, shape (256,)."""


class VoiceEncoder(Protocol):
    """Turns sound into a voiceprint."""

    def voiceprint(self, samples: Samples) -> Print:
        """``samples``: int16 at 16 kHz, mostly voice, shape (n,), n > 0."""
        ...


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who probably said something. ``who`` is None where nobody can be named; ``unsure``: the speaker before was taken."""

    who: Party | None
    unsure: bool


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How far the reading of one person is. ``voiced_s`` of `ENROL_S` were heard."""

    who: Party
    voiced_s: float
    done: bool


class Voices:
    """The two voices of one session. Thread-safe."""

    def __init__(
        self, grant: ConsentGrant, encoder: VoiceEncoder, vad: Callable[[], Vad] = Silero, enrol_s: float = ENROL_S
    ) -> None:
        """Raises ConsentError unless both granted that voices are told apart."""
        need(grant, Purpose.VOICES)
        self._encoder = encoder
        self._make_vad = vad
        self._enrol_s = enrol_s
        self._prints: dict[Party, Print] = {}
        self._before: Party | None = None
        self._reading: Party | None = None
        self._vad: Vad = vad()
        self._rest: Samples = np.zeros(0, np.int16)
        self._voiced: list[Samples] = []
        self._quiet = 0
        self._lock = threading.RLock()

    @property
    def ready(self) -> bool:
        """Whether both have read."""
        with self._lock:
            return len(self._prints) == 2

    @property
    def reading(self) -> Party | None:
        """Who is reading now: what is heard meanwhile is no part of the talk."""
        with self._lock:
            return self._reading

    def read(self, who: Party | None) -> None:
        """Somebody begins to read, again if they had read before; None breaks it off."""
        with self._lock:
            self._reading = who
            self._vad, self._rest, self._voiced, self._quiet = self._make_vad(), np.zeros(0, np.int16), [], 0

    def listen(self, frame: Samples) -> Enrolment | None:
        """Take sound of the one who reads; how far it is, or None if nobody does."""
        with self._lock:
            who = self._reading
            if who is None:
                return None
            sound = np.concatenate((self._rest, frame))
            whole = len(sound) // WINDOW * WINDOW
            head, self._rest = sound[:whole], sound[whole:]
            if whole:
                chances = self._vad.probabilities(head)
                windows = head.reshape(-1, WINDOW)
                for window, chance in zip(windows, chances, strict=True):
                    self._quiet = 0 if chance >= 0.5 else self._quiet + 1
                    if chance >= 0.5:
                        self._voiced.append(window)
            voiced_s = len(self._voiced) * WINDOW / RATE
            over = self._quiet * WINDOW / RATE >= END_S or voiced_s >= MOST_ENROL * self._enrol_s
            done = voiced_s >= self._enrol_s and over
            if done:
                self._prints[who] = self._encoder.voiceprint(np.concatenate(self._voiced))
                self.read(None)
            return Enrolment(who, round(min(voiced_s, self._enrol_s), 1), done)

    def who(self, samples: Samples, voiced_s: float) -> Speaker:
        """Who said a segment; nobody can be named before both have read."""
        with self._lock:
            if len(self._prints) < 2:
                return Speaker(None, False)
            if voiced_s >= LEAST_VOICED_S:
                heard = self._encoder.voiceprint(samples)
                margin = float(heard @ self._prints["manager"] - heard @ self._prints["employee"])
                if abs(margin) >= LEAST_MARGIN:
                    self._before = "manager" if margin > 0 else "employee"
                    return Speaker(self._before, False)
            return Speaker(self._before, True)

    def put_right(self, who: Party) -> None:
        """The manager said who spoke last."""
        with self._lock:
            self._before = who

    def forget(self) -> None:
        """Both voiceprints, and what was read so far, are gone."""
        with self._lock:
            self._prints.clear()
            self._before = None
            self.read(None)


class LstmEncoder:
    """Three LSTM layers over mel frames, in numpy: about 0.05 s of one core for 2 s of sound. No torch."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        """Raises StorageError where the weights are missing or not the ones we know."""
        self._weights = _weights(path)

    def voiceprint(self, samples: Samples) -> Print:
        """See `VoiceEncoder`."""
        frames = mel(samples)
        starts = range(0, max(1, len(frames) - _PARTIAL + _STEP // 2), _STEP)
        short = max(0, starts[-1] + _PARTIAL - len(frames))
        padded = np.pad(frames, ((0, short), (0, 0)))
        found = self._encoded(np.stack([padded[at : at + _PARTIAL] for at in starts]))
        mean = found.mean(axis=0)
        return (mean / max(1e-9, float(np.linalg.norm(mean)))).astype(np.float32)

    def _encoded(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """``frames``: shape (parts, time, 40); unit vectors of shape (parts, 256)."""
        w = self._weights
        x: NDArray[Any] = frames.transpose(1, 0, 2)
        hidden = np.zeros((x.shape[1], HIDDEN), np.float32)
        for layer in range(LAYERS):
            weight, bias = w[f"weight{layer}"], w[f"bias{layer}"]
            width = x.shape[2]
            into = x @ weight[:, :width].T + bias
            again = np.ascontiguousarray(weight[:, width:].T)
            hidden = np.zeros((x.shape[1], HIDDEN), np.float32)
            cell = np.zeros_like(hidden)
            out = np.empty((*x.shape[:2], HIDDEN), np.float32)
            for at in range(len(x)):
                gates = into[at] + hidden @ again
                keep, forget, new, show = np.split(gates, 4, axis=1)
                cell = _sigmoid(forget) * cell + _sigmoid(keep) * np.tanh(new)
                hidden = _sigmoid(show) * np.tanh(cell)
                out[at] = hidden
            x = out
        raw = np.maximum(hidden @ w["linear"].T + w["linear_bias"], 0)
        return raw / np.maximum(1e-9, np.linalg.norm(raw, axis=1, keepdims=True))


def mel(samples: Samples) -> NDArray[np.float32]:
    """Mel power of 25 ms every 10 ms, shape (n, 40), after faint sound was made louder; as the encoder was trained."""
    sound = samples.astype(np.float32) / 32768
    level = 20 * np.log10(max(1e-9, float(np.sqrt(np.mean(sound**2)))))
    if level < _LOUD_DBFS:
        sound = sound * np.float32(10 ** ((_LOUD_DBFS - level) / 20))
    padded = np.pad(sound, _FFT // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)
    power = np.abs(np.fft.rfft(windows * hann, axis=1)) ** 2
    return (power @ _filters().T).astype(np.float32)


@cache
def _filters() -> NDArray[np.float64]:
    """Triangles on Slaney's mel scale, each of the same area; shape (40, 201)."""
    # linear below 1 kHz (200/3 Hz a mel), 27 steps for each factor of 6.4 above it
    step = float(np.log(6.4)) / 27
    top = 15 + float(np.log(RATE / 2 / 1000)) / step
    mels: NDArray[np.float64] = np.linspace(0.0, float(top), _MELS + 2)
    hertz: NDArray[np.float64] = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (mels - 15)))
    bins = np.fft.rfftfreq(_FFT, 1 / RATE)
    rising = (bins - hertz[:-2, None]) / (hertz[1:-1] - hertz[:-2])[:, None]
    falling = (hertz[2:, None] - bins) / (hertz[2:] - hertz[1:-1])[:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return triangles * (2 / (hertz[2:] - hertz[:-2]))[:, None]


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.float32(0.5) * (np.tanh(np.float32(0.5) * x) + np.float32(1))


@cache
def _weights(path: Path) -> Mapping[str, Any]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StorageError(path.name, message_key="error.model_missing", model=path.name) from error
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise StorageError(path.name, message_key="error.model_damaged", file=path.name)
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name].astype(np.float32) for name in found.files}
