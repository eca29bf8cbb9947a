"""Sound that is kept: gathered while a talk is heard, packed as Opus, and made into one recording again.

Nothing is gathered without a grant for it; what is gathered lies in memory until it is sealed and stored.
"""

import io
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.sound import SoundPlace
from consent.grants import ConsentGrant
from consent.notices import Purpose
from interview.errors import TandaoError
from speech.audio import RATE, Samples, blocks, need

PIECE_S = 20.0
BIT_RATE = 32_000
JUMP_S = 1.0
"""Sound that does not go on where the last ended begins a new piece."""
GAP_S = 2.0
"""A longer stretch without any sound is this long in the recording."""
Store = Callable[[int, float, float, bytes], None]
"""Takes lane, start, length in seconds, packed sound."""


class Recorder:
    """Gathers the sound of one session and stores it piece by piece. Thread-safe."""

    def __init__(self, grant: ConsentGrant, store: Store) -> None:
        """Raises ConsentError unless both granted that sound is kept."""
        need(grant, Purpose.KEEP_AUDIO)
        self._store = store
        self._lanes: dict[int, _Lane] = {}
        self._lock = threading.RLock()
        self._closed = False

    def add(self, lane: int, start_s: float, samples: Samples) -> None:
        """Sound of a lane from a moment of the talk on; whole pieces are stored at once."""
        with self._lock:
            if self._closed:
                return
            found = self._lanes.get(lane)
            if found is not None and (found.seconds >= PIECE_S or abs(found.end_s - start_s) > JUMP_S):
                self._put(lane)
                found = None
            if self._closed:  # storing was refused just now
                return
            if found is None:
                found = self._lanes[lane] = _Lane(start_s, [])
            found.kept.append(samples)

    def close(self) -> None:
        """Store what is left."""
        with self._lock:
            for lane in list(self._lanes):
                self._put(lane)
            self._closed = True

    def drop(self) -> None:
        """Consent was withdrawn: forget what was not stored, take nothing more."""
        with self._lock:
            self._lanes.clear()
            self._closed = True

    def _put(self, lane: int) -> None:
        found = self._lanes.pop(lane)
        if self._closed:
            return
        sound = np.concatenate(found.kept)
        try:
            self._store(lane, round(found.start_s, 2), len(sound) / RATE, packed(sound))
        except TandaoError:  # withdrawn, over or no room: hearing goes on, nothing more is kept
            self.drop()


@dataclass(slots=True)
class _Lane:
    start_s: float
    kept: list[Samples]

    @property
    def seconds(self) -> float:
        return sum(len(samples) for samples in self.kept) / RATE

    @property
    def end_s(self) -> float:
        return self.start_s + self.seconds


def packed(samples: Samples) -> bytes:
    """Opus in Ogg; ``samples``: int16 at 16 kHz, shape (n,)."""
    import av

    buffer = io.BytesIO()
    opened: Any = av.open(buffer, "w", format="ogg")
    with opened as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return buffer.getvalue()


def unpacked(grant: ConsentGrant, raw: bytes, seconds: float) -> Samples:
    """The sound again, exactly as long as it was."""
    sound = np.concatenate([block.samples for block in blocks(grant, io.BytesIO(raw))])
    length = round(seconds * RATE)
    return np.pad(sound[:length], (0, max(0, length - len(sound))))


def wav(grant: ConsentGrant, places: Sequence[SoundPlace], piece: Callable[[int], bytes]) -> Iterator[bytes]:
    """One WAV file from kept pieces, a channel for each lane, in parts of 20 s; long stretches without sound are cut.

    Memory does not grow with the length of the talk.
    """
    placed = _closer(places)
    lanes = sorted({place.lane for place in places})
    length = round(max((place.start_s + place.seconds for place in placed), default=0.0) * RATE)
    size = length * 2 * len(lanes)
    yield struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, len(lanes), RATE, RATE * 2 * len(lanes),
        2 * len(lanes), 16, b"data", size,
    )  # fmt: skip
    step = round(PIECE_S * RATE)
    opened: dict[int, Samples] = {}
    for begin in range(0, length, step):
        out = np.zeros((min(step, length - begin), len(lanes)), np.int32)
        used: set[int] = set()
        for place in placed:
            at = round(place.start_s * RATE) - begin
            if at >= len(out) or at + round(place.seconds * RATE) <= 0:
                continue
            used.add(place.number)
            if place.number not in opened:
                opened[place.number] = unpacked(grant, piece(place.number), place.seconds)
            sound = opened[place.number][max(0, -at) : len(out) - at]
            start = max(0, at)
            out[start : start + len(sound), lanes.index(place.lane)] += sound
        opened = {number: sound for number, sound in opened.items() if number in used}
        yield np.clip(out, -32_768, 32_767).astype("<i2").tobytes()


def _closer(places: Sequence[SoundPlace]) -> list[SoundPlace]:
    """From zero on, in order of time, with stretches without sound shortened to `GAP_S`."""
    out: list[SoundPlace] = []
    shift, end = 0.0, None
    for place in sorted(places, key=lambda p: p.start_s):
        if end is None:
            shift = place.start_s
        elif place.start_s - end > GAP_S:
            shift += place.start_s - end - GAP_S
        end = max(end or 0.0, place.start_s + place.seconds)
        out.append(SoundPlace(place.number, place.lane, place.start_s - shift, place.seconds))
    return out
