"""Recordings into blocks: every format, damage, odd rates, length without memory; no grant, no reading."""

import io
import os
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from consent.notices import Purpose
from interview.errors import ConsentError, InputError
from speech.audio import BLOCK, RATE, Progress, blocks, recording
from tests.fakes.grants import granted

CONTAINERS = {
    "wav": ("pcm_s16le", 16_000), "mp3": ("libmp3lame", 44_100), "m4a": ("aac", 48_000), "flac": ("flac", 22_050),
    "ogg": ("vorbis", 44_100), "opus": ("libopus", 48_000),
}  # fmt: skip


def tone(seconds: float, hz: float = 440, rate: int = RATE) -> np.ndarray:
    return (8_000 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


def written(path: Path, channels: list[np.ndarray], rate: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.stack(channels, axis=1).tobytes())
    return path


def encoded(path: Path, seconds: float) -> Path:
    codec, rate = CONTAINERS[path.suffix[1:]]
    with av.open(str(path), "w", format="mp4" if path.suffix == ".m4a" else None) as out:
        stream = out.add_stream(
            codec, rate=rate, layout="stereo" if codec == "vorbis" else "mono", options={"strict": "-2"}
        )
        resampler = av.AudioResampler(format=stream.format, layout=stream.layout, rate=rate, frame_size=1024)
        frame = av.AudioFrame.from_ndarray(tone(seconds, rate=rate)[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return path


def pitch(samples: np.ndarray) -> float:
    """Hertz of the loudest frequency."""
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return float(np.fft.rfftfreq(len(samples), 1 / RATE)[int(spectrum.argmax())])


def sound(path: Path | io.BytesIO, **options) -> np.ndarray:
    return np.concatenate([block.samples for block in blocks(granted(), path, **options)])


@pytest.mark.parametrize("kind", CONTAINERS)
def test_every_format_comes_out_as_the_same_sound(kind, tmp_path):
    path = encoded(tmp_path / f"talk.{kind}", 3.0)
    told: list[Progress] = []
    heard = sound(path, told=told.append)
    assert heard.dtype == np.int16
    assert len(heard) / RATE == pytest.approx(3.0, abs=0.15)
    assert pitch(heard) == pytest.approx(440, abs=3)
    assert told[-1].done_s == pytest.approx(3.0, abs=0.15)
    if kind != "ogg":  # the encoder used here writes no true length
        assert told[0].total_s == pytest.approx(3.0, abs=0.15)


@pytest.mark.parametrize("rate", [8_000, 11_025, 37_800, 96_000])
def test_odd_rates_keep_pitch_and_length(rate, tmp_path):
    heard = sound(written(tmp_path / "odd.wav", [tone(2, rate=rate)], rate))
    assert len(heard) / RATE == pytest.approx(2, abs=0.02)
    assert pitch(heard) == pytest.approx(440, abs=2)


def test_blocks_are_200_ms_and_carry_their_place(tmp_path):
    found = list(blocks(granted(), written(tmp_path / "a.wav", [tone(1.1)], RATE)))
    assert [len(block.samples) for block in found] == [BLOCK] * 5 + [BLOCK // 2]
    assert [round(block.start_s, 3) for block in found] == [0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_a_channel_each_stays_apart_and_otherwise_they_are_mixed(tmp_path):
    path = written(tmp_path / "two.wav", [tone(2, 300), tone(2, 900)], RATE)
    apart = list(blocks(granted(), path, split=True))
    by = {c: np.concatenate([b.samples for b in apart if b.channel == c]) for c in (0, 1)}
    assert [round(pitch(by[c])) for c in (0, 1)] == [300, 900]
    assert {b.channel for b in blocks(granted(), path)} == {0}
    assert recording(granted(), path).channels == 2


def test_a_cut_mp3_gives_what_can_be_read_and_says_so(tmp_path):
    path = encoded(tmp_path / "talk.mp3", 20)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    warnings: list[str] = []
    heard = sound(path, warned=warnings.append)
    assert 8 < len(heard) / RATE < 12
    assert warnings == ["truncated"]


def test_noise_in_the_middle_of_an_mp3_is_passed_over(tmp_path):
    path = encoded(tmp_path / "talk.mp3", 20)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 4_000] = np.random.default_rng(1).bytes(4_000)
    path.write_bytes(bytes(whole))
    assert len(sound(path)) / RATE > 17


@pytest.mark.parametrize(
    "content",
    [b"this is a plain text file\n" * 200, b"", b"RIFF\x00\x00\x00\x00WAVE", b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/\n",
     b"ffconcat version 1.0\nfile /etc/hostname\n"],
    ids=["text", "empty", "head only", "playlist", "concat"],
)  # fmt: skip
def test_what_is_no_audio_is_refused_with_a_reason(content, tmp_path):
    path = tmp_path / "talk.wav"
    path.write_bytes(content)
    with pytest.raises(InputError) as told:
        list(blocks(granted(), path))
    assert told.value.message_key in ("error.audio_format", "error.audio_empty")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError):
        recording(granted(), tmp_path / "none.wav")


def test_without_a_grant_nothing_is_read(tmp_path):
    class Untouchable(io.RawIOBase):
        def read(self, *_):  # pyright: ignore
            raise AssertionError("read before the grant was checked")

    for grant in (granted(Purpose.KEEP_AUDIO), None):
        with pytest.raises(ConsentError):
            blocks(grant, Untouchable())  # pyright: ignore
        with pytest.raises(ConsentError):
            recording(grant, Untouchable())  # pyright: ignore


class Endless(io.RawIOBase):
    """A wav of three hours that is made while it is read."""

    HOURS = 3

    def __init__(self) -> None:
        body = self.HOURS * 3600 * RATE * 2
        head = io.BytesIO()
        with wave.open(head, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(b"")
        raw = bytearray(head.getvalue())
        raw[4:8] = (36 + body).to_bytes(4, "little")
        raw[40:44] = body.to_bytes(4, "little")
        self._head, self._at, self._size = bytes(raw), 0, len(raw) + body

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        given = (self._head[self._at : self._at + size] or bytes(size))[: self._size - self._at]
        self._at += len(given)
        return given


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_three_hours_pass_through_in_bounded_memory():
    samples, before, peak = 0, resident(), 0
    for number, block in enumerate(blocks(granted(), Endless())):  # pyright: ignore
        samples += len(block.samples)
        if number % 500 == 0:
            peak = max(peak, resident())
    assert samples == 3 * 3600 * RATE
    assert peak - before < 30e6


def test_cancelling_stops_the_reading():
    seen: list[Progress] = []
    found = list(blocks(granted(), Endless(), told=seen.append, cancelled=lambda: len(seen) >= 5))  # pyright: ignore
    assert len(seen) == 5
    assert len(found) < 50
