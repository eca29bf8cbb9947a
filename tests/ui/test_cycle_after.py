"""From the link to the confirmed minutes and the ticked plan: manager and employee in a real browser."""

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.settings import Settings
from app.wiring import Services, single_user
from cycle.team import Person
from tests.ui.conftest import Server, open_page

pytestmark = pytest.mark.real
SLOW_MS = 30_000
"""Other work may keep the machine busy; what is waited for comes in a second otherwise."""
NASTY = "<img src=x onerror=\"document.title='pwned'\">"


@pytest.fixture
def talk(server: Server) -> str:
    services = Services(Settings(home=server.home))
    (person,) = services.team.add(single_user("zh"), Person(name="许愿", number="7", department="销售部"))
    return services.talks.plan(single_user("zh"), person.id, dt.date.today() + dt.timedelta(days=7)).id


def after(page: Page) -> None:
    page.get_by_role("tab", name="绩效周期", exact=True).click()
    page.get_by_role("tab", name="团队", exact=True).click()
    page.locator("#team-people label").first.click()
    expect(page.locator("#cycle-chosen")).to_contain_text("许愿", timeout=SLOW_MS)
    page.get_by_role("tab", name="谈后", exact=True).click()
    expect(page.locator("#after-state")).to_contain_text("还没有纪要", timeout=SLOW_MS)


def fill(page: Page, name: str, value: str) -> None:
    box = page.locator(f"#after-{name} textarea, #after-{name} input").first
    box.fill(value)
    box.blur()
    page.wait_for_timeout(150)


def told(page: Page, text: str) -> None:
    expect(page.locator(".toast-body").filter(has_text=text).first).to_be_visible(timeout=SLOW_MS)


def phone(browser: Browser, link: str) -> Page:
    opened = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    opened.set_default_timeout(20_000)
    opened.goto(link)
    return opened


def test_link_sheet_minutes_plan(page: Page, server: Server, browser: Browser, talk: str):
    after(page)
    page.click("#after-make_link")
    expect(page.locator("#after-link svg.segno")).to_be_visible(timeout=SLOW_MS)
    link = page.locator("#after-link .me-link").get_attribute("href") or ""
    mine = phone(browser, link)
    assert mine.evaluate("document.documentElement.scrollWidth") <= 390
    mine.fill("#proud-1-what", f"三个月零返工{NASTY}")
    expect(mine.locator("#kept")).to_contain_text("已保存", timeout=SLOW_MS)
    mine.reload()
    assert mine.input_value("#proud-1-what") == f"三个月零返工{NASTY}"
    expect(page.locator("#after-sheet")).to_contain_text("还没有发送", timeout=SLOW_MS)
    mine.click("button[value=send]")
    expect(mine.locator("[role=status]").first).to_contain_text("已发送给主管", timeout=SLOW_MS)

    fill(page, "agreed", f"7. 每周复盘一次客户拜访{NASTY}")
    fill(page, "disputed", "6. 任务分配不均")
    page.click("#after-confirm")
    told(page, "已确认")
    expect(page.locator("#after-state")).to_contain_text("等员工确认", timeout=SLOW_MS)
    mine.goto(link)
    expect(mine.locator("#minutes")).to_contain_text("任务分配不均", timeout=SLOW_MS)
    mine.fill("#view", "分配的事请尽快")
    mine.click("button[value=confirm]")
    expect(mine.locator("[role=status]").first).to_contain_text("已确认这份纪要", timeout=SLOW_MS)

    fill(page, "agreed", f"7. 每周五复盘一次客户拜访{NASTY}")
    page.click("#after-confirm")
    expect(page.locator("#after-state")).to_contain_text("第 2 版：等员工确认", timeout=SLOW_MS)
    mine.reload()
    mine.click("button[value=confirm]")
    expect(mine.locator("[role=status]").first).to_contain_text("已确认这份纪要", timeout=SLOW_MS)

    fill(page, "sentence", "我要更努力")
    page.click("#after-sort")
    expect(page.locator("#after-asked")).to_contain_text("更努力", timeout=SLOW_MS)
    expect(page.locator("#after-asked")).to_contain_text("怎么算做到", timeout=SLOW_MS)
    fill(page, "sentence", "每周复盘1次客户拜访，并在下个月底提交复盘总结")
    page.click("#after-sort")
    expect(page.locator("#after-what textarea")).to_have_value("每周复盘1次客户拜访", timeout=SLOW_MS)
    fill(page, "skill_1", "客户沟通")
    page.click("#after-keep_skills")
    expect(page.locator("#after-resources")).to_contain_text("客户沟通”相符", timeout=SLOW_MS)
    page.click("#after-put")
    expect(page.locator("#after-view")).to_contain_text("每周复盘1次客户拜访", timeout=SLOW_MS)
    page.click("#after-share")
    told(page, "还没有任何行动")
    fill(page, "skill_1", "")
    page.click("#after-keep_skills")
    page.wait_for_timeout(1_000)
    page.click("#after-share")
    expect(page.locator("#after-view")).to_contain_text("员工已经能看到", timeout=SLOW_MS)
    with page.expect_download() as download:
        page.click("#after-print_plan")
    sheet = Path(download.value.path()).read_text(encoding="utf-8")
    assert "每周复盘1次客户拜访" in sheet and "<script" not in sheet and "@page{size:A4" in sheet
    mine.goto(link)
    mine.locator("#plan button[value=tick]").first.click()
    expect(mine.locator("#plan")).to_contain_text("✓", timeout=SLOW_MS)
    mine.check("input[name=heard][value='5']")
    mine.check("input[name=fair][value='4']")
    mine.check("input[name=next][value='3']")
    mine.click("button[value=pulse]")
    expect(mine.locator("[role=status]").first).to_contain_text("匿名计入", timeout=SLOW_MS)
    assert mine.evaluate("document.documentElement.scrollWidth") <= 390
    assert "pwned" not in (mine.title() + page.title())

    page.click("#after-close_link")
    told(page, "已失效")
    mine.goto(link)
    expect(mine.locator("[role=alert]")).to_contain_text("收回", timeout=SLOW_MS)


def test_english_and_a_catalogue_from_a_file(page: Page, server: Server, talk: str, tmp_path):
    page.click("#language label:has(input[value='en'])")
    expect(page.get_by_role("tab", name="Cycle", exact=True)).to_be_visible(timeout=60_000)
    page.wait_for_timeout(2_500)
    page.get_by_role("tab", name="Cycle", exact=True).click()
    page.get_by_role("tab", name="Team", exact=True).click()
    page.locator("#team-people label").first.click()
    page.get_by_role("tab", name="After the talk", exact=True).click()
    expect(page.locator("#after-state")).to_contain_text("no minutes yet", timeout=SLOW_MS)
    wrong, right = tmp_path / "wrong.json", tmp_path / "right.json"
    wrong.write_text("{}", encoding="utf-8")
    right.write_text(
        '{"schema":"tandao.resources/1","resources":[{"id":"a","kind":"course","name":"Welding II","skills":["welding"]}]}',
        encoding="utf-8",
    )
    for path, text in ((wrong, "does not fit"), (right, "1 entries imported")):
        with page.expect_file_chooser() as chooser:
            page.click("#after-load")
        chooser.value.set_files(path)
        told(page, text)
    fill(page, "skill_1", "Welding")
    page.click("#after-keep_skills")
    expect(page.locator("#after-resources")).to_contain_text("Welding II", timeout=SLOW_MS)
    with page.expect_download() as saved:
        page.click("#after-idp")
    assert '"name": "Welding"' in saved.value.path().read_text(encoding="utf-8")
    open_page(page, server)


def test_what_is_typed_survives_a_look_elsewhere(page: Page, server: Server, talk: str):
    after(page)
    fill(page, "promised", "没存的一行")
    page.get_by_role("tab", name="团队", exact=True).click()
    page.wait_for_timeout(500)
    page.get_by_role("tab", name="谈后", exact=True).click()
    page.wait_for_timeout(2_000)
    expect(page.locator("#after-promised textarea")).to_have_value("没存的一行", timeout=SLOW_MS)
    page.click("#after-save")
    expect(page.locator("#after-state")).to_contain_text("没存的一行", timeout=SLOW_MS)
