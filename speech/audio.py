"""Recordings into blocks of 16 kHz mono int16, as a stream: memory does not grow with the length of the recording.

``av`` (PyAV, LGPL libraries of FFmpeg inside) reads wav, mp3, m4a, flac, ogg and opus.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from consent.grants import ConsentGrant
from consent.notices import Purpose
from interview.errors import ConsentError, InputError

RATE = 16_000
BLOCK_S = 0.2
BLOCK = round(RATE * BLOCK_S)
"""Samples in a block or a frame of 200 ms."""
FORMATS = ("wav", "w64", "mp3", "mov", "flac", "ogg", "aac", "aiff", "caf", "matroska,webm")
"""Demuxers that are tried. Playlists are not among them: a file must not make the server open other files or addresses."""
MAX_HOURS = 8
_MAX_DAMAGE = 2_000

Samples = NDArray[np.int16]
Warned = Literal["truncated"]


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file says of itself. ``seconds``: 0 where it does not say."""

    seconds: float
    rate: int
    channels: int
    format: str


@dataclass(frozen=True, slots=True)
class Block:
    """200 ms (the last one of a channel may be shorter). ``samples``: int16, shape (n,). ``start_s``: in the file."""

    samples: Samples
    channel: int
    start_s: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Seconds read so far of all; ``total_s`` 0 where the file does not say."""

    done_s: float
    total_s: float


Told = Callable[[Progress], None]
Cancelled = Callable[[], bool]


def need(grant: ConsentGrant, purpose: Purpose = Purpose.TRANSCRIBE) -> None:
    """Raise ConsentError unless both people granted this; called before a byte is read."""
    if not isinstance(grant, ConsentGrant) or not grant.covers(purpose):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConsentError(purpose, message_key="error.no_grant")


def recording(grant: ConsentGrant, source: Path | IO[bytes]) -> Recording:
    """Look at a file's head; raises InputError where it is no audio."""
    need(grant)
    with _opened(source) as container:
        return _described(container)


def blocks(
    grant: ConsentGrant,
    source: Path | IO[bytes],
    *,
    split: bool = False,
    told: Told = lambda _: None,
    warned: Callable[[Warned], None] = lambda _: None,
    cancelled: Cancelled = lambda: False,
) -> Iterator[Block]:
    """The sound of a file, block by block; channels mixed into one, or with ``split`` each of the first two by itself.

    What can be read of a cut or damaged file is given, then ``warned("truncated")``. Stops early once ``cancelled()``.
    Raises ConsentError before anything is read, and InputError for what is no audio or longer than MAX_HOURS.
    """
    need(grant)
    return _blocks(source, split, told, warned, cancelled)


def _blocks(
    source: Path | IO[bytes], split: bool, told: Told, warned: Callable[[Warned], None], cancelled: Cancelled
) -> Iterator[Block]:
    with _opened(source) as container:
        about = _described(container)
        if about.seconds > MAX_HOURS * 3600:
            raise InputError("too long", message_key="error.audio_long", hours=MAX_HOURS)
        lanes = 2 if split and about.channels >= 2 else 1
        cutter = _Cutter(lanes)
        count = 0
        for samples in _decoded(container, lanes, about, warned):
            if cancelled():
                return
            count += samples.shape[1]
            if count > MAX_HOURS * 3600 * RATE:
                raise InputError("too long", message_key="error.audio_long", hours=MAX_HOURS)
            yield from cutter.add(samples)
            told(Progress(count / RATE, max(about.seconds, count / RATE) if about.seconds else 0))
        yield from cutter.rest()
        if count == 0:
            raise InputError("no sound", message_key="error.audio_empty")
        told(Progress(count / RATE, count / RATE))


@contextmanager
def _opened(source: Path | IO[bytes]) -> Generator[Any]:
    import av
    from av.error import FFmpegError

    options = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file,pipe"}
    try:
        file = source.open("rb") if isinstance(source, Path) else source
    except OSError as error:
        raise InputError("unreadable", message_key="error.audio_format") from error
    try:
        try:
            container = av.open(file, mode="r", options=options, metadata_errors="ignore")
        except (FFmpegError, ValueError, OSError) as error:
            raise InputError("no audio", message_key="error.audio_format") from error
        with container:
            yield container
    finally:
        if isinstance(source, Path):
            file.close()


def _described(container: Any) -> Recording:
    streams = container.streams.audio
    if not streams or not streams[0].rate:
        raise InputError("no audio", message_key="error.audio_format")
    stream = streams[0]
    seconds = 0.0
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        seconds = container.duration / 1_000_000
    return Recording(max(0.0, seconds), stream.rate, stream.channels, container.format.name)


def _decoded(
    container: Any, lanes: int, about: Recording, warned: Callable[[Warned], None]
) -> Iterator[NDArray[np.int16]]:
    """Resampled sound, shape (lanes, n). What can't be decoded is passed over and told once, at the end."""
    import av
    from av.error import FFmpegError

    def resampler() -> Any:
        return av.AudioResampler(format="s16p", layout="stereo" if lanes == 2 else "mono", rate=RATE)

    damage: list[str] = []
    current, read = resampler(), 0
    for frame in _frames(container, damage):
        try:
            pieces = current.resample(frame)
        except (FFmpegError, ValueError):  # the layout or rate changed on the way
            current = resampler()
            pieces = current.resample(frame)
        for piece in pieces:
            read += piece.samples
            yield piece.to_ndarray()
    for piece in current.resample(None) if read else ():
        read += piece.samples
        yield piece.to_ndarray()
    if read and (damage or read / RATE < about.seconds - max(1.0, about.seconds * 0.02)):
        warned("truncated")


def _frames(container: Any, damage: list[str]) -> Iterator[Any]:
    """Decoded frames; each place that could not be read or decoded is noted in ``damage``."""
    from av.error import EOFError as Ended
    from av.error import FFmpegError

    stream = container.streams.audio[0]
    packets = container.demux(stream)
    while len(damage) < _MAX_DAMAGE:
        try:
            packet = next(packets)
        except (StopIteration, Ended):
            return
        except (FFmpegError, ValueError) as error:
            damage.append(str(error))
            packets = container.demux(stream)
            continue
        try:
            yield from packet.decode()
        except Ended:
            return
        except (FFmpegError, ValueError) as error:
            damage.append(str(error))


class _Cutter:
    """Cuts sound of shape (lanes, n) into blocks of 200 ms for each lane."""

    def __init__(self, lanes: int) -> None:
        self._kept: NDArray[np.int16] = np.zeros((lanes, 0), np.int16)
        self._done = 0

    def add(self, samples: NDArray[np.int16]) -> Iterator[Block]:
        """Whole blocks that are there by now."""
        self._kept = np.concatenate((self._kept, samples), axis=1)
        while self._kept.shape[1] >= BLOCK:
            head, self._kept = self._kept[:, :BLOCK], self._kept[:, BLOCK:]
            yield from self._out(head)

    def rest(self) -> Iterator[Block]:
        """The last, shorter one."""
        if self._kept.shape[1]:
            yield from self._out(self._kept)

    def _out(self, samples: NDArray[np.int16]) -> Iterator[Block]:
        for lane in range(samples.shape[0]):
            yield Block(np.ascontiguousarray(samples[lane]), lane, self._done / RATE)
        self._done += samples.shape[1]
