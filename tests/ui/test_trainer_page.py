"""A trainer in a real browser: shared sessions, overruling, a cohort, calibration, a class on phones, an edited persona."""

import pathlib
import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from app.reports import build_report
from app.settings import Settings
from app.wiring import Services
from interview.actor import Actor, Role
from tests.fakes.talks import DECENT, HARMFUL, filled
from tests.ui.conftest import Server
from tests.ui.test_rehearsal_page import LIBRARY, choose, say

pytestmark = pytest.mark.real


FILLED = {
    "班组": "#cohort-persona", "课堂": "#class-persona", "编辑人物": "#edit-persona", "校准": "#calibration .report",
}  # fmt: skip
"""What stands on a tab once it is drawn."""


def on_tab(page: Page, name: str) -> None:
    """Open one of the trainer's tabs and wait until it is drawn."""
    tab = page.locator("#trainer-tabs").get_by_role("tab", name=name, exact=True)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(page.locator(FILLED.get(name, "#sessions"))).to_be_visible()


def as_trainer(page: Page, tab: str) -> None:
    page.click("#role label:has(input[value='trainer'])")
    outer = page.get_by_role("tab", name="培训师", exact=True)
    outer.click()
    expect(outer).to_have_attribute("aria-selected", "true")
    on_tab(page, tab)


def choose_named(page: Page, field: str, name: str) -> None:
    """Take an entry of a dropdown by what it says."""
    take(page, field, page.locator("ul[role=listbox] li", has_text=name))


def pick(page: Page, field: str, number: int) -> None:
    """Take an entry of a dropdown by its place."""
    take(page, field, page.locator("ul[role=listbox] li").nth(number))


def take(page: Page, field: str, entry: Locator) -> None:
    """Open a dropdown, again where its entries had not come yet, and take one."""
    for _ in range(20):
        page.click(f"#{field} input")
        try:
            entry.wait_for(timeout=1_000)
            break
        except PlaywrightTimeout:
            page.keyboard.press("Escape")
    entry.click()
    expect(page.locator("ul[role=listbox]")).to_have_count(0)


def session(page: Page, number: int) -> None:
    """Open a shared session."""
    page.locator("#sessions label").nth(number).click()
    expect(page.locator("#session .report")).to_be_visible()


def fill(page: Page, field: str, value: str) -> None:
    """Type into a field and leave it."""
    page.fill(f"#{field} input, #{field} textarea", value)
    page.press(f"#{field} input, #{field} textarea", "Tab")


def test_nothing_is_seen_until_it_is_shared_then_it_is_overruled(page: Page):
    choose(page, "expert-open")
    for turn, line in enumerate(filled(DECENT["zh"], LIBRARY.persona("expert-open", "zh"))[:7], 1):
        say(page, line, turn)
    page.click("#finish")
    expect(page.locator("#report .report")).to_be_visible()
    as_trainer(page, "班组")
    on_tab(page, "审阅")
    expect(page.locator("#sessions label")).to_have_count(0)
    page.get_by_role("tab", name="我的演练").click()
    expect(page.locator("#mine label")).to_have_count(1)
    expect(page.locator("#mine input").first).to_be_checked()
    page.click("#share input")
    expect(page.locator(".toast-body").last).to_contain_text("已分享")
    as_trainer(page, "班组")
    on_tab(page, "审阅")
    session(page, 0)
    page.click("#overrule")
    expect(page.locator(".toast-body").last).to_contain_text("0 到 100")
    page.fill("#human-score input, #human-score textarea", "33")
    page.fill("#note-words textarea", "<b>结果</b>说得太晚")
    page.fill("#note-turn input, #note-turn textarea", "2")
    page.click("#overrule")
    expect(page.locator("#notes")).to_contain_text("<b>结果</b>说得太晚")
    expect(page.locator("#session #score")).to_have_text("33")
    expect(page.locator("#sessions label").first).to_contain_text("得分 33 · 已有人评")
    on_tab(page, "校准")
    expect(page.locator("#calibration")).to_contain_text("→ 33")
    on_tab(page, "班组")
    page.fill("#cohort-name input, #cohort-name textarea", "十一月班")
    pick(page, "cohort-persona", 0)
    pick(page, "cohort-scenario", 0)
    page.fill("#cohort-members textarea", "local =王岚")
    page.click("#cohort-create")
    expect(page.locator("#cohort-table")).to_contain_text("=王岚")
    with page.expect_download() as download:
        page.click("#cohort-csv")
    assert "'=王岚" in pathlib.Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.get_by_role("tab", name="我的演练").click()
    expect(page.locator("#assigned-table")).to_contain_text("十一月班")
    expect(page.locator("#mine label").first).to_contain_text("再练练")


def test_every_filter_narrows_the_list(page: Page, server: Server):
    shared(server)
    as_trainer(page, "审阅")
    cards = page.locator("#sessions label")
    expect(cards).to_have_count(3)
    for field, value, left in (
        ("by-below", "50", 1), ("by-below", "", 3), ("by-above", "50", 2), ("by-above", "", 3),
        ("by-since", "2999-01-01", 0), ("by-since", "", 3), ("by-until", "2000-01-01", 0), ("by-until", "", 3),
    ):  # fmt: skip
        fill(page, field, value)
        expect(cards).to_have_count(left)
    for field, name, left in (("by-person", "安若", 2), ("by-persona", "丁慧娟", 1), ("by-flag", "推卸决定", 1)):
        choose_named(page, field, name)
        expect(cards).to_have_count(left)
        choose_named(page, field, "全部")
        expect(cards).to_have_count(3)
    fill(page, "by-since", "昨天")
    expect(page.locator(".toast-body").last).to_contain_text("日期")
    fill(page, "by-since", "")
    session(page, 0)
    fill(page, "note-turn", "999")
    fill(page, "note-words", "这句说早了")
    page.click("#comment")
    expect(page.locator(".toast-body").last).to_contain_text("999")
    fill(page, "note-turn", "2")
    page.click("#comment")
    expect(page.locator("#notes")).to_contain_text(re.compile(r"这句说早了\s*第 2 句"))
    other = Services(Settings(home=server.home, pace_s=0))
    tia = Actor("tia", Role.TRAINER, "zh")
    other.cohorts.create(tia, "另一班", "expert-open", "year-end-below", {"ann": "安若", "bo": "博文"})
    for seen in other.reviews.sessions(tia):
        other.reviews.overrule(tia, seen.record.id, "listening", 7, "听得不够")
    session(page, 1)
    expect(page.locator("#notes")).to_contain_text("别的培训师的评分")
    expect(page.locator("#notes")).not_to_contain_text("听得不够")
    fill(page, "note-turn", "")
    fill(page, "note-words", "没接住")
    fill(page, "human-score", "30")
    choose_named(page, "dimension", "听与接住")
    page.click("#overrule")
    expect(page.locator("#notes")).to_contain_text("听得不够")
    on_tab(page, "校准")
    expect(page.locator("#calibration")).to_contain_text("没指明哪一句")
    page.click("#language label:has(input[value='en'])")
    expect(page.locator("#calibration")).to_contain_text("No sentence named")
    page.locator("#trainer-tabs").get_by_role("tab").first.click()
    expect(page.locator("#by-person input")).to_have_value("All")
    expect(page.locator("#sessions label").first).to_contain_text("Score")


def shared(server: Server) -> None:
    """Three finished talks of two people in the trainer's cohort, all shared; the harmful one carries a flag."""
    services = Services(Settings(home=server.home, pace_s=0))
    trainer = Actor("local", Role.TRAINER, "zh")
    services.cohorts.create(trainer, "班", "expert-open", "year-end-below", {"ann": "安若", "bo": "博文"})
    for who, persona, lines in (
        ("ann", "expert-open", HARMFUL),
        ("ann", "stuck-open", DECENT),
        ("bo", "expert-open", DECENT),
    ):
        actor = Actor(who, Role.MANAGER, "zh")
        record = services.rehearsals.start(actor, persona, "year-end-below", lang="zh", seed=4)
        for line in filled(lines["zh"], services.library.persona(persona, "zh")):
            if services.rehearsals.get(actor, record.id).ended is None:
                list(services.rehearsals.say(actor, record.id, line))
        build_report(services, actor, record.id)
        services.reviews.share(actor, record.id, True)


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
    page.reload()
    page.wait_for_selector("#prepare")
    as_trainer(page, "课堂")
    pick(page, "class-earlier", 0)
    expect(page.locator("#class-answers .finding")).to_have_count(2, timeout=15_000)
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


def test_an_english_class_of_three_phones_and_an_edited_scenario(page: Page, browser: Browser):
    page.click("#language label:has(input[value='en'])")
    expect(page.get_by_role("tab", name="My rehearsals")).to_be_visible()
    page.click("#role label:has(input[value='trainer'])")
    page.get_by_role("tab", name="Trainer", exact=True).click()
    tabs = page.locator("#trainer-tabs")
    tabs.get_by_role("tab", name="Class", exact=True).click()
    pick(page, "class-persona", 1)
    pick(page, "class-scenario", 0)
    page.click("#class-start")
    expect(page.locator("#class-qr svg")).to_be_visible()
    link = page.get_attribute("#class-link", "href") or ""
    answers = ("So you were left out of it.", "Keep it up!", "Which part do you disagree with?")
    for said in answers:
        phone = browser.new_context(viewport={"width": 390, "height": 760}, locale="en-GB").new_page()
        phone.goto(link)
        phone.fill("#answer", said)
        phone.click("button")
        expect(phone.locator("main")).to_contain_text("Received")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        phone.context.close()
    expect(page.locator("#class-answers .finding")).to_have_count(3, timeout=15_000)
    for said in answers:
        expect(page.locator("#class-answers")).to_contain_text(said)
    tabs.get_by_role("tab", name="Edit scenarios", exact=True).click()
    expect(page.locator("#edit-scenario-lang label:has(input:checked)")).to_have_text("English")
    pick(page, "edit-scenario", 0)
    page.click("#edit-scenario-fields button >> nth=0")
    card = page.locator("#scenario-card textarea, #scenario-card input")
    expect(card).not_to_have_value("")
    card.fill("")
    page.click("#check-scenario")
    expect(page.locator("#verdict-scenario .flag")).to_be_visible()
    card.fill("A year-end talk after a hard autumn.")
    page.click("#save-scenario")
    expect(page.locator(".toast-body").last).to_contain_text("Saved")
    page.reload()
    page.wait_for_selector("#scenario label")
    expect(page.locator("#scenario")).to_contain_text("A year-end talk after a hard autumn.")
