"""Recordings handed in afterwards through the page: progress, an estimate, cancelling, and files that are odd, cut off or none."""

import wave
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.microphones import AUDIO, HEARD
from tests.ui.test_live_page import consent, invite

pytestmark = pytest.mark.real
STATE = "#recording .state"


@pytest.fixture
def agreed(page: Page, browser: Browser) -> Iterator[Page]:
    pytest.importorskip("faster_whisper", reason="the speech extra is not installed")
    phone = invite(page, browser)
    consent(page, phone, "transcribe", "cues", "hints", "keep_transcript")
    phone.context.close()
    page.click("#live-recording button >> nth=0")
    yield page


def talk(name: str, rate: int) -> np.ndarray:
    """A committed talk, mono int16."""
    resampler = av.AudioResampler("s16", "mono", rate)
    with av.open(str(AUDIO / f"{name}.ogg")) as file:
        return np.concatenate([b.to_ndarray()[0] for f in file.decode(audio=0) for b in resampler.resample(f)])


def wav(path: Path, samples: np.ndarray, rate: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def encoded(path: Path, codec: str, samples: np.ndarray, rate: int) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        step = 10 * rate
        for at in range(0, len(samples), step):
            frame = av.AudioFrame.from_ndarray(samples[None, at : at + step].astype("<i2"), format="s16", layout="mono")
            frame.sample_rate = rate
            resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.frame_size or 0)
            for block in (*resampler.resample(frame), *resampler.resample(None)):
                block.pts = None
                file.mux(stream.encode(block))
        file.mux(stream.encode(None))
    return path


def hand_in(page: Page, path: Path) -> None:
    page.set_input_files("#recording input[type=file]", path)
    page.click("#live-upload")


def test_three_hours_have_a_bar_and_an_estimate_and_cancelling_keeps_what_was_heard(agreed: Page, tmp_path: Path):
    samples = np.zeros(3 * 3600 * 8_000, np.int16)
    spoken = talk("unfair_zh", 8_000)
    samples[: len(spoken)] = spoken
    hand_in(agreed, encoded(tmp_path / "long.flac", "flac", samples, 8_000))
    bar = agreed.locator("#recording progress")
    expect(agreed.locator(STATE)).to_contain_text("大约还要", timeout=HEARD)
    agreed.wait_for_function("document.querySelector('#recording progress').value > 30", timeout=HEARD)
    assert abs(float(bar.get_attribute("max") or 0) - 3 * 3600) < 5
    agreed.click("#live-cancel")
    expect(agreed.locator(STATE)).to_contain_text("已取消", timeout=HEARD)
    expect(agreed.locator("#live-talk")).to_contain_text("不公平", timeout=HEARD)


def test_a_truncated_mp3_is_heard_as_far_as_it_goes_and_said_to_be_cut(agreed: Page, tmp_path: Path):
    whole = encoded(tmp_path / "whole.mp3", "libmp3lame", talk("unfair_zh", 16_000), 16_000).read_bytes()
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(whole[: len(whole) * 6 // 10 + 7])
    hand_in(agreed, cut)
    expect(agreed.locator(STATE)).to_contain_text("听完了", timeout=HEARD)
    expect(agreed.locator("#live-talk")).to_contain_text("不公平", timeout=HEARD)
    expect(agreed.locator("#live-talk")).not_to_contain_text("核对一遍")


@pytest.mark.parametrize("rate", [11_025, 44_100])
def test_an_odd_sample_rate_makes_no_difference(agreed: Page, tmp_path: Path, rate: int):
    hand_in(agreed, wav(tmp_path / "odd.wav", talk("unfair_zh", rate)[: 9 * rate], rate))
    expect(agreed.locator(STATE)).to_contain_text("听完了", timeout=HEARD)
    expect(agreed.locator("#live-talk")).to_contain_text("不公平", timeout=HEARD)


def test_two_at_once_are_heard_as_far_as_they_can_be_and_nobody_is_named(agreed: Page, tmp_path: Path):
    spoken = talk("unfair_zh", 16_000).astype(np.int32)
    one, other = spoken[: 9 * 16_000], spoken[14 * 16_000 : 23 * 16_000]
    both = np.clip(one + other, -32_768, 32_767)
    hand_in(agreed, wav(tmp_path / "both.wav", both, 16_000))
    expect(agreed.locator(STATE)).to_contain_text("听完了", timeout=HEARD)
    expect(agreed.locator("#live-talk li").first).to_contain_text("不确定", timeout=HEARD)
    expect(agreed.locator("#live-talk mark")).to_have_count(0)


@pytest.mark.parametrize(("content", "told"), [(b"", "文件是空的"), ("这不是声音".encode(), "不是能读的录音")])
def test_a_file_that_is_no_sound_is_said_so_and_another_may_be_picked(
    agreed: Page, tmp_path: Path, content: bytes, told: str
):
    path = tmp_path / "talk.wav"
    path.write_bytes(content)
    hand_in(agreed, path)
    expect(agreed.locator(STATE)).to_contain_text(told, timeout=HEARD)
    hand_in(agreed, wav(tmp_path / "short.wav", talk("short_zh", 16_000), 16_000))
    expect(agreed.locator(STATE)).to_contain_text("听完了", timeout=HEARD)
