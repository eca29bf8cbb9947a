"""What goes wrong when a talk is to be heard is said in the user's language with what to do; words noted before stay."""

import wave
from collections.abc import Iterator
from pathlib import Path
from socket import gethostname

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from speech.whisper import FILES
from tests.ui.conftest import FLAGS, Server, open_page
from tests.ui.test_live_page import consent, invite, say

pytestmark = pytest.mark.real
STATE = "#live-hearing .state"


def noted(page: Page, browser: Browser) -> None:
    """Both agreed, and one line is in the record."""
    phone = invite(page, browser)
    consent(page, phone, "transcribe", "cues", "hints")
    say(page, "employee", "这句先记下。", 1)
    phone.context.close()


def still_there(page: Page) -> None:
    """The line is still there, and typing goes on."""
    say(page, "employee", "打字还能用。", 2)
    expect(page.locator("#live-talk li").first).to_contain_text("这句先记下")


def test_without_permission_for_the_microphone(page: Page, browser: Browser):
    noted(page, browser)
    page.click("#live-listen")
    expect(page.locator(STATE)).to_contain_text("没有得到麦克风", timeout=20_000)
    expect(page.locator(STATE)).to_contain_text("允许")
    still_there(page)


def microphone(playwright: Playwright, chromium_path: str, sound: Path) -> Browser:
    flags = [*FLAGS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
             f"--use-file-for-fake-audio-capture={sound}"]  # fmt: skip
    return playwright.chromium.launch(executable_path=chromium_path, args=flags)


@pytest.fixture
def silence(tmp_path: Path) -> Path:
    path = tmp_path / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 16_000 * 5))
    return path


@pytest.fixture
def listening(playwright: Playwright, chromium_path: str, silence: Path) -> Iterator[Browser]:
    browser = microphone(playwright, chromium_path, silence)
    yield browser
    browser.close()


def opened(browser: Browser, server: Server) -> Page:
    page = browser.new_context(viewport={"width": 1200, "height": 950}).new_page()
    page.set_default_timeout(30_000)
    open_page(page, server)
    return page


def test_silence_is_told_after_a_while_and_hearing_goes_on(listening: Browser, server: Server):
    pytest.importorskip("faster_whisper", reason="the speech extra is not installed")
    page = opened(listening, server)
    noted(page, listening)
    page.click("#live-listen")
    expect(page.locator(STATE)).to_have_text("正在听。", timeout=90_000)
    expect(page.locator(STATE)).to_contain_text("没听到人说话", timeout=90_000)
    expect(page.locator("#live-talk li")).to_have_count(1)
    still_there(page)


@pytest.mark.parametrize(("damaged", "told"), [(False, "tandao models pull"), (True, "文件坏了")])
def test_a_model_that_is_missing_or_damaged(listening: Browser, tmp_path: Path, damaged: bool, told: str):
    pytest.importorskip("faster_whisper", reason="the speech extra is not installed")
    folder = tmp_path / "model"
    folder.mkdir()
    if damaged:
        for name in FILES:
            (folder / name).write_bytes(b"this is no model")
    server = Server(tmp_path / "home", TANDAO_SPEECH_MODEL=str(folder)).start()
    try:
        page = opened(listening, server)
        noted(page, listening)
        page.click("#live-listen")
        expect(page.locator(STATE)).to_contain_text(told, timeout=90_000)
        still_there(page)
    finally:
        server.kill()


def test_the_employees_phone_is_told_in_plain_words_when_the_machine_cannot_listen(
    listening: Browser, tmp_path: Path
) -> None:
    pytest.importorskip("faster_whisper", reason="the speech extra is not installed")
    (tmp_path / "model").mkdir()
    server = Server(tmp_path / "home", TANDAO_SPEECH_MODEL=str(tmp_path / "model")).start()
    try:
        page = opened(listening, server)
        phone = invite(page, listening)
        consent(page, phone, "transcribe", "cues", "hints")
        phone.reload()
        phone.click("#listen")
        expect(phone.locator("#hearing")).to_contain_text("跟你的上级说一声", timeout=90_000)
        phone.goto(phone.url.split("?")[0] + "?lang=en")
        phone.click("#listen")
        expect(phone.locator("#hearing")).to_contain_text("can't listen right now", timeout=90_000)
    finally:
        server.kill()


@pytest.fixture
def plain_http(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """A browser to which this machine has a name, as to a phone in the same network."""
    browser = playwright.chromium.launch(
        executable_path=chromium_path, args=[*FLAGS, f"--host-resolver-rules=MAP {gethostname()} 127.0.0.1"]
    )
    yield browser
    browser.close()


def test_without_https_the_phone_agrees_and_is_told_why_it_is_no_microphone(
    plain_http: Browser, page: Page, browser: Browser, server: Server
):
    here = invite(page, browser)
    link = here.url.replace("127.0.0.1", gethostname())
    here.context.close()
    phone = plain_http.new_context(viewport={"width": 390, "height": 800}).new_page()
    phone.goto(link)
    assert not phone.evaluate("window.isSecureContext")
    consent(page, phone, "transcribe", "cues", "hints")
    phone.click("#listen")
    expect(phone.locator("#hearing")).to_contain_text("https")
    expect(phone.locator("#hearing")).to_contain_text("跟你的上级说一声")
    phone.goto(link + "?lang=en")
    phone.click("#listen")
    expect(phone.locator("#hearing")).to_contain_text("encrypted page")


def test_without_https_the_managers_page_says_what_to_do(browser: Browser, server: Server):
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page = context.new_page()
    page.set_default_timeout(30_000)
    open_page(page, server)
    noted(page, browser)
    page.click("#live-listen")
    expect(page.locator(STATE)).to_contain_text("tandao serve --self-signed")
    still_there(page)
    context.close()
