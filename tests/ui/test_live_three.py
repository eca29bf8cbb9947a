"""Three talks at once in real browsers: every one gets its words, and a fourth is told why not, in its own language."""

import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from app.texts import t
from tests.conftest import ROOT
from tests.ui.conftest import Server, open_page
from tests.ui.test_live_page import consent, invite
from tests.ui.test_live_trouble import STATE, microphone

pytestmark = pytest.mark.real
SLOW_MS = 120_000
"""For a machine that does other work beside three talks."""


@pytest.fixture
def speaking(playwright: Playwright, chromium_path: str, tmp_path: Path) -> Iterator[Browser]:
    """A browser whose microphones play eight seconds of a talk over and over."""
    pytest.importorskip("faster_whisper", reason="the speech extra is not installed")
    import av

    resampler = av.AudioResampler("s16", "mono", 48_000)
    with av.open(str(ROOT / "tests" / "audio" / "short_zh.ogg")) as talk:
        blocks = [b.to_ndarray()[0] for f in talk.decode(audio=0) for b in resampler.resample(f)]
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(np.concatenate(blocks).astype("<i2").tobytes())
    browser = microphone(playwright, chromium_path, path)
    yield browser
    browser.close()


def agreed(browser: Browser, server: Server) -> Page:
    page = browser.new_context(viewport={"width": 1200, "height": 950}).new_page()
    page.set_default_timeout(SLOW_MS)
    open_page(page, server)
    phone = invite(page, browser)
    consent(page, phone, "transcribe", "cues", "hints")
    phone.context.close()
    page.click("#live-speaker label:has(input[value='employee'])")
    return page


def test_three_talks_at_once_and_a_fourth(speaking: Browser, server: Server):
    pages = [agreed(speaking, server) for _ in range(3)]
    for page in pages:
        page.click("#live-listen")
    for page in pages:
        expect(page.locator("#live-talk li").first).to_be_visible(timeout=SLOW_MS)
        expect(page.locator("#live-talk li").first.locator("> b")).to_have_text(
            "对方"
        )  # the name, no button; said before listening began, and kept
    fourth = agreed(speaking, server)
    fourth.locator("#language label", has_text="English").click()
    fourth.wait_for_timeout(3_000)
    fourth.click("#live-listen")
    expect(fourth.locator(STATE)).to_have_text(t("hearing.busy", "en"), timeout=SLOW_MS)
    lines = [page.locator("#live-talk li").count() for page in pages]
    began = time.monotonic()
    for page, before in zip(pages, lines, strict=True):
        expect(page.locator("#live-talk li").nth(before)).to_be_visible(timeout=SLOW_MS)
    print(f"the next words of all three after {time.monotonic() - began:.1f} s, lines {lines}")
