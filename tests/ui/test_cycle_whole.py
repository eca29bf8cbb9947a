"""One whole cycle in real browsers: from a table of people to the next preparation, which opens with what became of it."""

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.settings import Settings
from app.wiring import Services
from tests.ui.conftest import Server
from tests.ui.test_cycle_after import fill as fill_after
from tests.ui.test_cycle_after import phone, told
from tests.ui.test_cycle_team import ME, choose_file, fits, team, workbook
from tests.ui.test_cycle_work import fill as fill_invitation
from tests.ui.test_cycle_work import work

pytestmark = pytest.mark.real
SLOW_MS = 30_000
WHEN = f"{dt.date.today().year + 1}-06-03 14:00"


def sub_tab(page: Page, name: str) -> None:
    page.locator("#cycle-tabs").get_by_role("tab", name=name, exact=True).click()


def test_a_whole_cycle_and_the_next_one(page: Page, server: Server, browser: Browser, tmp_path: Path):
    team(page)
    page.click("#team-intake > button")
    choose_file(page, workbook(tmp_path / "团队.xlsx"))
    page.click("#intake-take")
    page.locator("#team-people label", has_text="许晓楠").click()
    expect(page.locator("#cycle-chosen")).to_contain_text("许晓楠", timeout=SLOW_MS)
    page.click("#team-prepare")
    expect(page.locator("#pack-numbers-table")).to_contain_text("回款", timeout=SLOW_MS)
    page.click("#pack-good label:has-text('客户来信感谢')")
    expect(page.locator("#pack-saved")).to_contain_text("已存", timeout=SLOW_MS)
    page.click("#pack-do-ready")
    told(page, "备谈完成")

    work(page)
    expect(page.locator("#invite-box")).to_be_visible(timeout=SLOW_MS)
    fill_invitation(page, "when", WHEN)
    fill_invitation(page, "place", "三楼小会议室")
    fill_invitation(page, "host", "王岚")
    fill_invitation(page, "email", "lan@example.com")
    page.click("#invite-save")
    expect(page.locator("#cycle-chosen")).to_contain_text("许晓楠")
    expect(page.locator("#work-table")).to_contain_text("已约好", timeout=SLOW_MS)

    page.click("#invite-link")
    link = page.locator("#invite-link-shown .me-link").get_attribute("href") or ""
    expect(page.locator("#invite-link-copy textarea, #invite-link-copy input")).to_have_value(link)
    sub_tab(page, "谈后")
    mine = phone(browser, link)
    mine.locator("details summary").first.click()
    drawn = mine.locator("figure.picture svg").first.bounding_box()
    assert drawn and drawn["width"] >= 500 and drawn["height"] < drawn["width"], "read by moving it sideways, not tiny"
    assert fits(mine)
    mine.fill("#proud-1-what", "三个月回款没有一笔出错")
    expect(mine.locator("#kept")).to_contain_text("已保存", timeout=SLOW_MS)
    mine.click("button[value=send]")
    expect(mine.locator("[role=status]").first).to_contain_text("已发送给主管", timeout=SLOW_MS)
    sub_tab(page, "备谈")
    expect(page.locator("#pack-before")).to_contain_text("三个月回款没有一笔出错", timeout=SLOW_MS)

    work(page)
    page.locator("button[data-do='held']").click()
    sub_tab(page, "谈后")
    expect(page.locator("#after-state")).to_contain_text("还没有纪要", timeout=SLOW_MS)
    fill_after(page, "agreed", "7. 每周复盘一次客户拜访")
    page.click("#after-confirm")
    expect(page.locator("#after-state")).to_contain_text("等员工确认", timeout=SLOW_MS)
    mine.reload()
    mine.click("button[value=confirm]")
    expect(mine.locator("[role=status]").first).to_contain_text("已确认这份纪要", timeout=SLOW_MS)
    fill_after(page, "sentence", "每周复盘1次客户拜访，并在下个月底提交复盘总结")
    page.click("#after-sort")
    expect(page.locator("#after-what textarea")).to_have_value("每周复盘1次客户拜访", timeout=SLOW_MS)
    page.click("#after-put")
    expect(page.locator("#after-view")).to_contain_text("每周复盘1次客户拜访", timeout=SLOW_MS)
    page.click("#after-share")
    expect(page.locator("#after-view")).to_contain_text("员工已经能看到", timeout=SLOW_MS)
    mine.reload()
    mine.locator("#plan button[value=tick]").first.click()
    expect(mine.locator("#plan")).to_contain_text("✓", timeout=SLOW_MS)
    assert fits(mine)

    sub_tab(page, "团队")
    page.click("#team-prepare")
    before = page.locator("#pack-before")
    expect(before).to_contain_text("每周复盘1次客户拜访", timeout=SLOW_MS)
    expect(before).not_to_contain_text("三个月回款没有一笔出错")
    talks = Services(Settings(home=server.home)).talks.all(ME)
    assert sorted(talk.status for talk in talks)[0] != sorted(talk.status for talk in talks)[1]
    mine.context.close()
