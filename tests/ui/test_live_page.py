"""A live interview in a real browser, both devices: consent first, text mode, a hint, withdrawal in the middle, minutes."""

import pathlib
import time

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.real


def invite(page: Page, browser: Browser) -> Page:
    """A new interview; the employee's page opened on a phone."""
    page.get_by_role("tab", name="真实面谈").click()
    expect(page.locator("#live-create")).to_be_visible()
    page.fill("#live-title input, #live-title textarea", "李工十一月面谈")
    page.click("#live-create")
    link = page.get_attribute("#consent-link", "href") or ""
    phone = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
    phone.set_default_timeout(15_000)
    phone.goto(link)
    return phone


def consent(page: Page, phone: Page, *purposes: str) -> None:
    page.fill("#live-name input, #live-name textarea", "王岚")
    if "keep_transcript" in purposes:
        page.locator("#live-purposes label", has_text="保留文字").click()
    page.click("#live-agree")
    expect(page.locator("#live-state")).to_contain_text("不能使用")
    for purpose in purposes:
        phone.check(f"input[value='{purpose}']")
    phone.fill("#name", "李工")
    phone.click("button[value='agree']")
    expect(phone.locator("main")).to_contain_text("已记下，谢谢")
    expect(page.locator("#live-state")).to_contain_text("可以使用")


def type_in(page: Page, box: str, text: str) -> None:
    """Into a box just opened: what is typed in the very frame it appears in, quicker than any hand, isn't kept."""
    field = page.locator(f"{box} input, {box} textarea")
    for _ in range(20):
        field.fill(text)
        page.wait_for_timeout(200)
        if field.input_value() == text:
            return
    raise AssertionError(f"{box} keeps nothing")


def say(page: Page, speaker: str, line: str, count: int) -> None:
    page.click(f"#live-speaker label:has(input[value='{speaker}'])")
    page.fill("#live-line textarea", line)
    page.press("#live-line textarea", "Enter")
    expect(page.locator("#live-talk li")).to_have_count(count)


def test_consent_text_mode_hint_minutes(page: Page, browser: Browser):
    phone = invite(page, browser)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.locator("input[type=checkbox]:checked").count() == 0, "nothing is ticked beforehand"
    page.fill("#live-line textarea", "现在就听")
    page.press("#live-line textarea", "Enter")
    expect(page.locator(".toast-body").last).to_contain_text("不能使用")
    consent(page, phone, "transcribe", "cues", "hints", "keep_transcript")
    say(page, "manager", "今天先听听你自己怎么看这一年？", 1)
    say(page, "employee", "说实话，这个评级对我不公平。<b>", 2)
    expect(page.locator("#live-talk mark")).to_contain_text("不公平")
    wording = page.locator("#whisper")
    expect(wording).to_be_visible()
    assert len(wording.inner_text()) < 30
    page.click("#live-helpful")
    expect(wording).to_have_count(0)
    say(page, "manager", "我每周四下午跟你过一次进度，月底一起看结果。", 3)
    expect(page.locator("#live-side")).to_contain_text("每周四下午")
    phone.reload()
    expect(phone.locator("ol li")).to_have_count(1)
    expect(phone.locator("main")).not_to_contain_text("每周四下午")
    phone.click("button[value='strike']")
    expect(phone.locator("mark")).to_have_count(0)
    page.click("#live-after button >> nth=0")
    page.click("#live-finish")
    expect(page.locator("#minutes-promised textarea")).to_have_value(
        "我 · 每周四下午 · 我每周四下午跟你过一次进度，月底一起看结果。"
    )
    expect(page.locator("#live-report .report")).to_be_visible()
    expect(page.locator("#live-state")).to_contain_text("已结束")
    with page.expect_download() as download:
        page.click("#live-download-minutes")
    text = pathlib.Path(download.value.path()).read_text(encoding="utf-8")
    assert "每周四下午" in text
    assert "不公平。&lt;b&gt;" in text, "escaped, and the cue that was struck out is gone"
    phone.context.close()


def test_withdrawal_on_the_phone_stops_and_erases_within_a_second(page: Page, browser: Browser):
    phone = invite(page, browser)
    consent(page, phone, "transcribe", "cues", "hints")
    say(page, "employee", "这件事我只跟您说。", 1)
    phone.reload()
    began = time.monotonic()
    phone.click("button[value='withdraw']")
    expect(phone.locator("main")).to_contain_text("已撤回")
    page.fill("#live-line textarea", "还能记吗？")
    page.press("#live-line textarea", "Enter")
    expect(page.locator("#live-state")).to_contain_text("不能使用")
    expect(page.locator("#live-talk li")).to_have_count(0)
    print(f"gone from both pages after {time.monotonic() - began:.1f} s")
    phone.context.close()


def test_a_refusal_is_as_easy_and_tells_the_manager_nothing(page: Page, browser: Browser):
    phone = invite(page, browser)
    phone.click("button[value='refuse']")
    expect(phone.locator("main")).to_contain_text("面谈照常进行")
    page.fill("#live-name input, #live-name textarea", "王岚")
    page.click("#live-agree")
    expect(page.locator(".toast-body").last).to_contain_text("已记下")
    expect(page.locator("#live-state")).to_have_text("助手现在不能使用。")
    page.wait_for_timeout(2_500)  # two more looks: nothing changes
    expect(page.locator("#live-state")).to_have_text("助手现在不能使用。")
    assert "拒绝" not in page.locator("body").inner_text()
    phone.context.close()


def test_a_guessed_link_says_so_and_waits(page: Page, browser: Browser, server):
    phone = browser.new_context().new_page()
    for _ in range(20):
        assert phone.goto(f"{server.url}consent/{'A' * 32}").status == 404
    assert phone.goto(f"{server.url}consent/{'A' * 32}").status == 429
    phone.context.close()


def test_afterwards_words_are_put_right_minutes_kept_and_a_trainer_sees_the_report(page: Page, browser: Browser):
    phone = invite(page, browser)
    page.locator("#live-purposes label", has_text="给培训师看").click()
    consent(page, phone, "transcribe", "cues", "hints", "keep_transcript", "share_trainer")
    say(page, "manager", "今天先听听你自己怎么看这一年？", 1)
    say(page, "employee", "这个评级对我不公平。", 2)
    first = page.locator("#whisper").inner_text()
    page.click("#live-another")
    expect(page.locator("#whisper")).not_to_have_text(first)
    say(page, "manager", "你觉得不公平，我听到了。这两单我周三之前去核实。", 3)
    page.click("#live-after button >> nth=0")
    type_in(page, "#live-number", "2")
    type_in(page, "#live-words", "这个季度的评级对我不公平。")
    page.click("#live-correct")
    expect(page.locator("#live-talk li").nth(1)).to_contain_text("这个季度的评级")
    page.click("#live-finish")
    expect(page.locator("#minutes-promised textarea")).to_have_value("我 · 周三之前 · 这两单我周三之前去核实。")
    expect(page.locator("#minutes-disputed textarea")).to_have_value("对方 · 这个季度的评级对我不公平。")
    page.fill("#minutes-agreed textarea", "周三前核实两单。")
    page.click("#live-save-minutes")
    expect(page.locator(".toast-body").last).to_contain_text("已保存")
    with page.expect_download() as download:
        page.click("#live-download-report")
    assert "<script" not in pathlib.Path(download.value.path()).read_text(encoding="utf-8")
    page.reload()
    page.wait_for_timeout(2_000)
    page.get_by_role("tab", name="真实面谈").click()
    page.wait_for_timeout(1_500)  # the list comes with the tab
    page.click("#live-pick input")
    page.get_by_role("option").nth(1).click()
    page.click("#live-after button >> nth=0")
    expect(page.locator("#minutes-agreed textarea")).to_have_value("周三前核实两单。")
    page.click("#role label:has(input[value='trainer'])")
    page.get_by_role("tab", name="培训").last.click()
    page.click("#trainer-tabs button[role=tab] >> nth=1")
    page.click("#shared-talks label")
    expect(page.locator("#shared-talk")).to_contain_text("不判合格与否")
    phone.context.close()
