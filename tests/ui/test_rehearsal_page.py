"""A new manager in a real browser: choose, talk eight turns, report, reload and go on, phone width."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from interview.library import FileLibrary
from tests.conftest import ROOT
from tests.fakes.talks import DECENT, filled
from tests.ui.conftest import Server, open_page

pytestmark = pytest.mark.real
LIBRARY = FileLibrary(ROOT / "personas")


def choose(page: Page, persona: str, scenario: str = "year-end-below", mode: str = "practice") -> None:
    page.click(f"#persona label:has(input[value='{persona}'])")
    page.wait_for_timeout(600)
    page.click(f"#scenario label:has(input[value='{scenario}'])")
    page.click(f"#mode label:has(input[value='{mode}'])")
    page.wait_for_timeout(400)
    page.click("#prepare")
    page.wait_for_selector("#brief .brief", state="visible")
    page.click("#begin")
    page.wait_for_selector("#chat .message", state="visible")
    page.wait_for_timeout(600)


def say(page: Page, line: str, turns: int) -> None:
    """Type a line, send it with Enter, wait until the reply to it is complete."""
    page.fill("#line textarea", line)
    page.press("#line textarea", "Enter")
    expect(page.locator("#chat .user-row")).to_have_count(turns, timeout=20_000)
    expect(page.locator("#chat .bot-row").last).not_to_have_text(re.compile(r"\s…\s*$"), timeout=20_000)
    expect(page.locator("#line textarea")).to_have_value("", timeout=20_000)
    page.wait_for_timeout(500)


def replies(page: Page) -> list[str]:
    return page.locator("#chat .bot-row").all_inner_texts()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_choose_talk_eight_turns_report(page: Page, lang):
    if lang == "en":
        page.click("#language label:has(input[value='en'])")
        expect(page.locator("#prepare")).to_have_text("Read the brief")
        page.wait_for_timeout(800)
    persona = LIBRARY.persona("expert-open", lang)
    choose(page, persona.id)
    lines = [line for n, line in enumerate(filled(DECENT[lang], persona)) if n in (0, 1, 2, 4, 6, 7, 10, 12)]
    for turn, line in enumerate(lines, 1):
        say(page, line, turn)
    spoken = replies(page)
    assert len(set(spoken)) == len(spoken) == 9
    expect(page.locator("#gauge .gauge")).to_have_count(2)
    expect(page.locator("#feedback .feedback")).to_be_visible()
    page.click("#ask-hint")
    expect(page.locator("#hint .better")).to_be_visible()
    page.click("#finish")
    expect(page.locator("#report .report")).to_be_visible()
    score = int(page.locator("#score").text_content() or "")
    assert 30 <= score <= 100
    report = page.locator("#report").inner_text()
    assert persona.name in report
    assert persona.rating.given in report
    expect(page.locator("#path-plot")).to_be_visible()
    quotes = page.locator("#report .report > ul q").all_inner_texts()
    assert quotes
    assert all(any(q.strip("“” ") in line for line in lines) for q in quotes)


def test_reload_and_go_on_after_the_server_was_killed(page: Page, server: Server):
    choose(page, "challenger-open")
    say(page, "你好，请坐，谢谢你今天抽时间过来。", 1)
    say(page, "我想先听听你自己怎么看这一年？", 2)
    before = replies(page)
    server.kill()
    server.start()
    open_page(page, server)
    page.get_by_role("tab", name="我的演练").click()
    page.wait_for_selector("#mine label")
    page.click("#go-on")
    page.wait_for_selector("#chat .message", state="visible")
    page.wait_for_timeout(800)
    assert replies(page) == before
    say(page, "那这一年里最让你费劲的是什么？", 3)
    assert len(replies(page)) == 4


def test_the_language_switch_keeps_the_talk_and_what_is_being_typed(page: Page):
    choose(page, "expert-open")
    say(page, "你好，请坐。", 1)
    before = replies(page)
    page.fill("#line textarea", "还没说完的话")
    page.click("#language label:has(input[value='en'])")
    expect(page.locator("#send")).to_have_text("Send")
    page.wait_for_timeout(1_000)
    assert replies(page) == before
    expect(page.locator("#line textarea")).to_have_value("还没说完的话")
    expect(page.locator("#gauge")).to_contain_text("Trust")


def test_exam_mode_shows_no_gauge_and_no_hint(page: Page):
    choose(page, "expert-open", mode="exam")
    say(page, "你好，请坐。", 1)
    expect(page.locator("#gauge .gauge")).to_have_count(0)
    expect(page.locator("#ask-hint")).to_be_disabled()


def test_bad_input_gets_a_message_and_loses_nothing(page: Page):
    choose(page, "expert-open")
    for bad, word in (("?", "一个字符"), ("长" * 5_000, "4000")):
        page.fill("#line textarea", bad)
        page.press("#line textarea", "Enter")
        expect(page.locator(".toast-body").last).to_contain_text(word)
        expect(page.locator("#line textarea")).to_have_value(bad)
    say(page, "<script>document.title='owned'</script><b>粗体</b> 你怎么看这一年？", 1)
    assert page.title() != "owned"
    expect(page.locator("#chat")).to_contain_text("<b>粗体</b>")
    assert "Traceback" not in page.content()


def test_two_tabs_in_one_rehearsal(page: Page, browser: Browser, server: Server):
    choose(page, "expert-open")
    other = browser.new_page()
    other.set_default_timeout(20_000)
    open_page(other, server)
    other.get_by_role("tab", name="我的演练").click()
    other.wait_for_selector("#mine label")
    other.click("#go-on")
    other.wait_for_selector("#chat .message", state="visible")
    other.wait_for_timeout(800)
    say(page, "你好，请坐。", 1)
    other.fill("#line textarea", "另一个窗口说的话")
    other.press("#line textarea", "Enter")
    expect(other.locator(".toast-body").last).to_contain_text("另一个窗口")
    expect(other.locator("#line textarea")).to_have_value("另一个窗口说的话")
    expect(other.locator("#chat")).to_contain_text("你好，请坐。")
    say(other, "另一个窗口说的话", 2)
    other.close()


def test_a_phone_is_wide_enough(browser: Browser, server: Server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone = context.new_page()
    phone.set_default_timeout(20_000)
    open_page(phone, server)
    choose(phone, "expert-open")
    say(phone, "你好，请坐，谢谢你过来。", 1)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 392
    for button in ("#send", "#finish", "#ask-hint"):
        box = phone.locator(button).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 392
    context.close()


def test_nothing_is_fetched_from_outside(browser: Browser, server: Server):
    context = browser.new_context()
    watched = context.new_page()
    asked: list[str] = []
    watched.on("request", lambda request: asked.append(request.url))
    open_page(watched, server)
    outside = [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]
    assert outside == []
    context.close()


def test_deleting_a_rehearsal_takes_a_confirmation(page: Page):
    choose(page, "expert-open")
    say(page, "你好，请坐。", 1)
    page.get_by_role("tab", name="我的演练").click()
    page.wait_for_selector("#mine label")
    page.click("#delete")
    expect(page.locator(".toast-body").last).to_contain_text("勾选")
    page.check("#sure input")
    page.click("#delete")
    expect(page.locator("#mine label")).to_have_count(0)
