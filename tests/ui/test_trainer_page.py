"""A trainer in a real browser: shared sessions, overruling, a cohort, calibration, a class on phones, an edited persona."""

import pathlib

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fakes.talks import DECENT, filled
from tests.ui.conftest import Server
from tests.ui.test_practice_page import pick
from tests.ui.test_rehearsal_page import LIBRARY, choose, say

pytestmark = pytest.mark.real


def as_trainer(page: Page, tab: str) -> None:
    page.click("#role label:has(input[value='trainer'])")
    page.wait_for_timeout(600)
    page.get_by_role("tab", name="培训师", exact=True).click()
    page.wait_for_timeout(600)
    page.get_by_role("tab", name=tab, exact=True).click()
    page.wait_for_timeout(800)


def test_nothing_is_seen_until_it_is_shared_then_it_is_overruled(page: Page):
    choose(page, "expert-open")
    for turn, line in enumerate(filled(DECENT["zh"], LIBRARY.persona("expert-open", "zh"))[:7], 1):
        say(page, line, turn)
    page.click("#finish")
    expect(page.locator("#report .report")).to_be_visible()
    as_trainer(page, "班组")
    page.get_by_role("tab", name="审阅", exact=True).click()
    page.wait_for_timeout(800)
    expect(page.locator("#sessions label")).to_have_count(0)
    page.get_by_role("tab", name="我的演练").click()
    page.wait_for_timeout(1_000)
    page.click("#share input")
    expect(page.locator(".toast-body").last).to_contain_text("已分享")
    as_trainer(page, "班组")
    page.get_by_role("tab", name="审阅", exact=True).click()
    page.locator("#sessions label").first.click()
    expect(page.locator("#session .report")).to_be_visible()
    page.click("#overrule")
    expect(page.locator(".toast-body").last).to_contain_text("0 到 100")
    page.fill("#human-score input, #human-score textarea", "33")
    page.fill("#note-words textarea", "<b>结果</b>说得太晚")
    page.fill("#note-turn input, #note-turn textarea", "2")
    page.click("#overrule")
    expect(page.locator("#notes")).to_contain_text("<b>结果</b>说得太晚")
    expect(page.locator("#session #score")).to_have_text("33")
    page.get_by_role("tab", name="校准", exact=True).click()
    expect(page.locator("#calibration")).to_contain_text("→ 33")
    page.get_by_role("tab", name="班组", exact=True).click()
    page.wait_for_timeout(600)
    page.fill("#cohort-name input, #cohort-name textarea", "十一月班")
    pick(page, "cohort-persona", 0)
    pick(page, "cohort-scenario", 0)
    page.fill("#cohort-members textarea", "local =王岚")
    page.click("#cohort-create")
    expect(page.locator("#cohort-table")).to_contain_text("=王岚")
    with page.expect_download() as download:
        page.click("#cohort-csv")
    assert "'=王岚" in pathlib.Path(download.value.path()).read_text(encoding="utf-8-sig")


def test_a_class_answers_on_phones(page: Page, browser: Browser):
    as_trainer(page, "课堂")
    pick(page, "class-persona", 1)
    pick(page, "class-scenario", 0)
    page.click("#class-start")
    expect(page.locator("#class-qr svg")).to_be_visible()
    link = page.get_attribute("#class-link", "href") or ""
    phone = browser.new_context(viewport={"width": 390, "height": 760}).new_page()
    phone.goto(link)
    for answer in ("我听到的是你不服这个结果，是哪一点？", "<script>document.title='owned'</script>别想太多。"):
        phone.fill("#answer", answer)
        phone.click("button")
        expect(phone.locator("main")).to_contain_text("收到了")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#class-answers .finding")).to_have_count(2, timeout=15_000)
    expect(page.locator("#class-answers")).to_contain_text("<script>")
    assert page.title() != "owned"
    page.click("#class-close")
    expect(page.locator(".toast-body").last).to_contain_text("停止")
    phone.goto(link)
    expect(phone.locator("#answer")).to_have_count(0)
    phone.context.close()


def test_an_edited_persona_is_met_in_the_next_rehearsal(page: Page, server: Server):
    as_trainer(page, "编辑人物")
    pick(page, "edit-persona", 0)
    page.click("#edit-persona-fields button >> nth=0")
    name = page.locator("#persona-name textarea, #persona-name input")
    expect(name).not_to_have_value("")
    page.fill("#persona-goal textarea, #persona-goal input", "")
    page.click("#check-persona")
    expect(page.locator("#verdict-persona .flag")).to_be_visible()
    expect(page.locator("#verdict-persona")).to_contain_text("goal")
    page.fill("#persona-goal textarea, #persona-goal input", "想要一个说法")
    name.fill("改名的人")
    page.click("#save-persona")
    expect(page.locator(".toast-body").last).to_contain_text("已保存")
    page.reload()
    page.wait_for_selector("#persona label")
    expect(page.locator("#persona")).to_contain_text("改名的人")
