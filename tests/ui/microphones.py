"""A microphone the tests speak into: a browser's capture plays committed recordings when it is told to.

Chromium's own fake device begins to play when it is opened; who reads aloud after pressing a button needs this one.
"""

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route

from tests.conftest import ROOT
from tests.ui.conftest import FLAGS, Server, open_page
from tests.ui.test_live_page import consent, invite

AUDIO = ROOT / "tests" / "audio"
HEARD = 120_000
"""Milliseconds to wait for words on a machine that does other work."""
MICROPHONE_JS = """(() => {
  let context, out;
  const ready = () => {
    if (!context) { context = new AudioContext(); out = context.createMediaStreamDestination(); }
    return out;
  };
  navigator.mediaDevices.getUserMedia = async () => { const open = ready(); await context.resume(); return open.stream.clone(); };
  window.say = async (name, from, seconds) => {
    ready();
    const sound = await context.decodeAudioData(await (await fetch('/test-sound/' + name)).arrayBuffer());
    const source = context.createBufferSource();
    source.buffer = sound;
    source.connect(out);
    await new Promise((done) => { source.onended = done; source.start(0, from, seconds); });
  };
  const Real = window.WebSocket;
  window.sockets = [];
  window.told = [];
  window.sent = [];
  window.WebSocket = class extends Real {
    constructor(...where) {
      super(...where);
      if (!String(where[0]).endsWith('/live/audio')) return;
      window.sockets.push(this);
      this.addEventListener('message', (m) => window.told.push({...JSON.parse(m.data), at: Date.now(), sent: window.sent.length}));
    }
    send(data) {
      if (data instanceof Uint8Array) window.sent.push(new DataView(data.buffer).getUint32(0, true));
      super.send(data);
    }
  };
})()"""
"""``say`` plays into the microphone; ``told`` and ``sent`` keep what the sound's socket said and which frames it was given."""
TALK = {"manager": (0.3, 4.9), "employee": (5.3, 8.2)}
"""From which second of the spoken talk on, and how long, one speaks: the employee, “说实话，我觉得这个评级对我很不公平。”"""


def speaking(playwright: Playwright, chromium_path: str) -> Browser:
    return playwright.chromium.launch(
        executable_path=chromium_path, args=[*FLAGS, "--autoplay-policy=no-user-gesture-required"]
    )


def with_microphone(context: BrowserContext) -> Page:
    """A page of a device that has the tests' microphone."""

    def sound(route: Route) -> None:
        route.fulfill(path=AUDIO / Path(route.request.url).name, content_type="audio/ogg")

    context.route("**/test-sound/*", sound)
    context.add_init_script(MICROPHONE_JS)
    page = context.new_page()
    page.set_default_timeout(30_000)
    return page


def two_devices(browser: Browser, server: Server, *purposes: str) -> tuple[Page, Page]:
    """The manager's page and the employee's phone, both agreed, a microphone each."""
    page = with_microphone(browser.new_context(viewport={"width": 1200, "height": 950}))
    open_page(page, server)
    address = invite(page, browser)
    phone = with_microphone(browser.new_context(viewport={"width": 390, "height": 800}))
    phone.goto(address.url)
    address.context.close()
    if "voices" in purposes:
        page.locator("#live-purposes label", has_text="用声音分清").click()
    consent(page, phone, *purposes)
    return page, phone


def say(page: Page, name: str, start: float = 0.0, seconds: float = 60.0) -> None:
    page.evaluate("([name, start, seconds]) => window.say(name, start, seconds)", [name, start, seconds])
