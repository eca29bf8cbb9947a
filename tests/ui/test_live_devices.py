"""Two people, real capture in a real browser: a device each, voices told apart after reading aloud, a network that is cut."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.ui.conftest import Server
from tests.ui.microphones import HEARD, TALK, say, speaking, two_devices

pytestmark = pytest.mark.real
STATE = "#live-hearing .state"
ALL = ("transcribe", "cues", "hints")


@pytest.fixture
def devices(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    pytest.importorskip("faster_whisper", reason="the speech extra is not installed")
    browser = speaking(playwright, chromium_path)
    yield browser
    browser.close()


def test_the_employees_phone_is_the_second_microphone_and_a_withdrawal_in_mid_sentence_stops_both(
    devices: Browser, server: Server
):
    page, phone = two_devices(devices, server, *ALL)
    page.click("#live-listen")
    expect(page.locator(STATE)).to_have_text("正在听。", timeout=HEARD)
    phone.reload()
    phone.click("#listen")
    expect(phone.locator("#hearing")).to_have_text("正在听。", timeout=HEARD)
    lines = page.locator("#live-talk li")
    say(page, "unfair_zh.ogg", *TALK["manager"])
    expect(lines.first).to_contain_text("我:", timeout=HEARD)
    expect(lines.first).to_contain_text("评级")
    say(phone, "unfair_zh.ogg", *TALK["employee"])
    expect(page.locator("#live-talk mark").first).to_contain_text("不公平", timeout=HEARD)
    expect(lines.nth(1)).to_contain_text("对方:")
    expect(page.locator("#whisper")).to_be_visible(timeout=HEARD)
    expect(page.locator("#live-talk")).not_to_contain_text("不确定")

    other = devices.new_context().new_page()
    other.goto(phone.url)
    phone.evaluate("window.say('unfair_zh.ogg', 5.3, 20)".join(("(() => { ", "; })()")))
    page.wait_for_timeout(1_500)
    asked = time.time()
    other.click("button[value='withdraw']")
    expect(page.locator(STATE)).to_contain_text("已撤回", timeout=HEARD)
    expect(phone.locator("#hearing")).to_contain_text("已撤回", timeout=HEARD)
    for device in (page, phone):
        stopped = device.evaluate("window.told.find((event) => event.type === 'stopped')")
        assert stopped["why"] == "withdrawn"
        print(f"told {stopped['at'] / 1000 - asked:.2f} s after the press")
        device.wait_for_timeout(600)
        assert device.evaluate("window.sent.length") <= stopped["sent"], "nothing is sent after it"
    expect(lines).to_have_count(0, timeout=HEARD)


def test_voices_are_learned_by_reading_aloud_and_then_told_apart(devices: Browser, server: Server):
    page, phone = two_devices(devices, server, *ALL, "voices")
    phone.context.close()
    page.click("#live-listen")
    expect(page.locator(STATE)).to_have_text("正在听。", timeout=HEARD)
    expect(page.locator("#live-voices")).to_contain_text("今天我们聊聊")
    for who in ("manager", "employee"):
        button = page.locator(f"#live-voices button[data-who={who}]")
        button.click()
        say(page, f"enrol_zh_{who}.ogg")
        expect(button).to_contain_text("✓", timeout=HEARD)
    expect(page.locator("#live-talk li")).to_have_count(0)
    say(page, "unfair_zh.ogg", 0.3, 13.5)
    lines = page.locator("#live-talk li")
    expect(lines.first).to_contain_text("我:", timeout=HEARD)
    expect(page.locator("#live-talk li", has=page.locator("mark")).first).to_contain_text("对方:", timeout=HEARD)


def test_cut_ten_times_no_frame_is_lost_or_heard_twice(devices: Browser, server: Server):
    page, phone = two_devices(devices, server, *ALL)
    phone.context.close()
    page.click("#live-speaker label:has(input[value='employee'])")
    page.click("#live-listen")
    expect(page.locator(STATE)).to_have_text("正在听。", timeout=HEARD)
    page.evaluate("(() => { window.say('unfair_zh.ogg', 5.3, 8.2); })()")
    for cut in range(1, 11):
        page.wait_for_timeout(500)
        page.evaluate("window.sockets.at(-1).close()")
        page.wait_for_function(f"window.told.filter((event) => event.type === 'ready').length > {cut}", timeout=HEARD)
    expect(page.locator("#live-talk mark").first).to_contain_text("不公平", timeout=HEARD)
    page.wait_for_timeout(1_500)
    told, sent = page.evaluate("window.told"), page.evaluate("window.sent")
    ready = [event for event in told if event["type"] == "ready"]
    assert len(ready) == 11 and not [event for event in told if event["type"] == "lost"]
    assert sorted(set(sent)) == list(range(max(sent) + 1)), "every frame was sent"
    for event in ready[1:]:
        assert sent[event["sent"]] == event["next"], "it goes on where the server left off"
