"""A real recording through a real browser's microphone, consent first: words on the page, withdrawal in the middle."""

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.conftest import ROOT
from tests.ui.conftest import FLAGS, Server, open_page
from tests.ui.test_live_page import consent, invite

pytestmark = pytest.mark.real
AUDIO = ROOT.parent / "shared" / "audio"
_MARKS = re.compile(r"[^\w]")


def recording(name: str) -> Path:
    path = AUDIO / name
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs the recording {name}")
        pytest.skip("the shared recordings are not on this machine")
    return path


@pytest.fixture
def speaking(tmp_path: Path, request: pytest.FixtureRequest, playwright: Playwright, chromium_path: str):
    """A server, and a browser whose microphone plays a recording."""
    pytest.importorskip("faster_whisper", reason="the speech extra is not installed")
    path = recording(request.param)
    server = Server(tmp_path / "home").start()
    flags = [*FLAGS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
             f"--use-file-for-fake-audio-capture={path}%noloop"]  # fmt: skip
    browser = playwright.chromium.launch(executable_path=chromium_path, args=flags)
    page = browser.new_context(viewport={"width": 1200, "height": 950}).new_page()
    page.set_default_timeout(20_000)
    open_page(page, server)
    yield browser, page
    browser.close()
    server.kill()


@pytest.mark.parametrize("speaking", ["zh_funasr.wav"], indirect=True)
def test_a_recording_becomes_words_and_a_withdrawal_stops_it(speaking: tuple[Browser, Page]):
    browser, page = speaking
    phone = invite(page, browser)
    page.click("#live-listen")
    expect(page.locator(".toast-body").last).to_contain_text("不能使用")
    consent(page, phone, "transcribe", "cues", "hints")
    page.click("#live-speaker label:has(input[value='employee'])")
    page.click("#live-listen")
    expect(page.locator("#live-hearing .state")).to_have_text("正在听。", timeout=60_000)
    expect(page.locator("#live-talk li").first).to_be_visible(timeout=60_000)
    words = _MARKS.sub("", page.locator("#live-talk").inner_text())
    assert re.search(r"[\u4e00-\u9fff]{4,}", words)
    phone.reload()
    began = time.monotonic()
    phone.click("button[value='withdraw']")
    expect(page.locator("#live-hearing .state")).to_contain_text("已撤回", timeout=5_000)
    assert time.monotonic() - began < 4, "a second for the server, the rest for two browsers"
    expect(page.locator("#live-talk li")).to_have_count(0, timeout=8_000)
    phone.context.close()


STALL_JS = """() => {
  const real = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'bufferedAmount');
  Object.defineProperty(WebSocket.prototype, 'bufferedAmount', {configurable: true, get: () => 2000000});
  setTimeout(() => Object.defineProperty(WebSocket.prototype, 'bufferedAmount', real), 4000);
  window.sent = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (data instanceof Uint8Array) window.sent.push(new DataView(data.buffer).getUint32(0, true));
    return send.call(this, data);
  };
}"""
"""Four seconds in which the network takes nothing; the numbers of the frames sent are written down."""


@pytest.mark.parametrize("speaking", ["zh_funasr.wav"], indirect=True)
def test_sound_that_has_to_wait_for_the_network_is_sent_in_order_later(speaking: tuple[Browser, Page]):
    browser, page = speaking
    phone = invite(page, browser)
    consent(page, phone, "transcribe")
    page.evaluate(STALL_JS)
    page.click("#live-listen")
    expect(page.locator("#live-hearing .state")).to_have_text("正在听。", timeout=60_000)
    page.wait_for_function("window.sent.length > 30", timeout=30_000)
    sent = page.evaluate("window.sent")
    assert sent == list(range(len(sent))), "every frame once, in order"
    phone.context.close()


@pytest.mark.parametrize("speaking", ["zh_funasr.wav"], indirect=True)
def test_a_recording_uploaded_afterwards_and_a_file_that_is_none(speaking: tuple[Browser, Page], tmp_path: Path):
    browser, page = speaking
    phone = invite(page, browser)
    consent(page, phone, "transcribe", "keep_transcript")
    page.click("#live-recording button >> nth=0")
    state = page.locator("#recording .state")
    page.click("#live-upload")
    expect(state).to_contain_text("先选一个")
    fake = tmp_path / "talk.wav"
    fake.write_text("这不是声音")
    page.set_input_files("#recording input[type=file]", fake)
    page.click("#live-upload")
    expect(state).to_contain_text("不是能读的录音", timeout=60_000)
    page.set_input_files("#recording input[type=file]", recording("zh_moon2.wav"))
    page.click("#live-upload")
    expect(state).to_contain_text("听完了", timeout=90_000)
    expect(page.locator("#live-talk")).to_contain_text("直播", timeout=8_000)
    phone.context.close()
