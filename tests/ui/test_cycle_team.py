"""The team page in a real browser: a table is taken over whole or not at all, and a phone reaches everything."""

import datetime as dt
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from app.settings import Settings
from app.wiring import Services, single_user
from cycle import exporting
from tests.ui.conftest import Server, open_page

pytestmark = pytest.mark.real
ME = single_user("zh")
NAMES = ("许晓楠", "王岚", "陈博", "李雨桐", "赵启明", "周可")


def workbook(path: Path, *, amount: str | float = 88) -> Path:
    """Six people on the product's own template, with a year of one figure and one event each."""
    book = load_workbook(io.BytesIO(exporting.template("zh")))
    people, figures, events = book.worksheets[:3]
    for sheet in (people, figures, events):
        sheet.delete_rows(2, 5)
    for n, name in enumerate(NAMES):
        people.append([f"0{n}", name, "客户经理", "华东销售部", f"p{n}@example.com", "中文", "按月核对回款"])
        for month in range(1, 11):
            figures.append([f"0{n}", "回款", f"2026-{month:02d}", 80 + n + month, 90, "万元", "越高越好"])
        events.append([f"0{n}", dt.date(2026, 3, 12), "表扬", "客户来信感谢", "客户来信"])
    figures.cell(5, 4, amount)
    book.save(path)
    return path


def team(page: Page) -> None:
    page.get_by_role("tab", name="绩效周期", exact=True).click()
    page.get_by_role("tab", name="团队", exact=True).click()
    expect(page.locator("#team-count")).to_contain_text("位" if page.locator("#team-people label").count() else "团队")


def choose_file(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.click("#intake-read")
    chooser.value.set_files(path)
    expect(page.locator("#intake-result")).to_contain_text(path.name)


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_bad_cell_stops_the_whole_file_and_the_repaired_one_is_taken(page: Page, server: Server, tmp_path: Path):
    services = Services(Settings(home=server.home))
    team(page)
    expect(page.locator("#team-count")).to_contain_text("还没有人")
    expect(page.locator("#team-prepare")).to_have_count(0)
    page.click("#team-intake > button")
    choose_file(page, workbook(tmp_path / "坏.xlsx", amount="很多"))
    problem = page.locator("#intake-problems li")
    expect(problem).to_have_count(1)
    expect(problem).to_contain_text("月度指标 · 第 5 行 · D 列")
    expect(page.locator("#intake-take")).to_be_disabled()
    assert services.team.people(ME) == ()
    (tmp_path / "破.xlsx").write_bytes(b"PK not a workbook")
    with page.expect_file_chooser() as chooser:
        page.click("#intake-read")
    chooser.value.set_files(tmp_path / "破.xlsx")
    expect(page.locator(".toast-body").last).to_be_visible()
    expect(page.locator("#intake-result")).not_to_contain_text("坏.xlsx", timeout=30_000)
    expect(page.locator("#intake-take")).to_have_count(0)
    choose_file(page, workbook(tmp_path / "好.xlsx"))
    expect(page.locator("#intake-result")).to_contain_text("检查通过：人员 6 位，月度指标 60 条，关键事件 6 条")
    page.click("#intake-take")
    expect(page.locator("#intake-result")).to_contain_text("新增 6 位")
    expect(page.locator("#team-people label")).to_have_count(6)
    assert {person.name for _, person in services.team.people(ME)} == set(NAMES)
    expect(page.locator("#intake-take")).to_have_count(0)

    page.locator("#team-people label", has_text="许晓楠").click()
    expect(page.locator("#cycle-chosen")).to_contain_text("许晓楠")
    page.get_by_role("tab", name="图表", exact=True).click()
    pictures = page.locator("#pictures figure.picture")
    expect(pictures).to_have_count(3)
    for n in range(3):
        expect(pictures.nth(n).locator("svg")).to_be_visible()
        assert pictures.nth(n).locator("table tr").count() > 1
    expect(pictures.nth(2)).to_contain_text("5 位同事")
    expect(pictures.nth(2)).not_to_contain_text("王岚")
    page.get_by_role("tab", name="团队", exact=True).click()
    page.click("#team-prepare")
    expect(page.get_by_role("tab", name="备谈", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#pack-numbers-table")).to_contain_text("回款")
    (talk,) = services.talks.all(ME)
    assert talk.status == "due"


def test_every_tab_is_reached_on_a_phone_and_nothing_is_wider(page: Page, server: Server, tmp_path: Path):
    Services(Settings(home=server.home)).team.take(ME, {"1": {"name": "许愿", "number": "1"}}, {}, {})
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, server)
    for name in ("简报", "谈话", "报告", "我的演练", "真实面谈", "选择", "绩效周期"):
        tab = page.locator("#tabs > .tab-wrapper").get_by_role("tab", name=name, exact=True)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        assert fits(page)
    for name in ("团队", "备谈", "图表", "谈后", "待办"):
        tab = page.locator("#cycle-tabs").get_by_role("tab", name=name, exact=True)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        assert fits(page)
    page.get_by_role("tab", name="团队", exact=True).click()
    page.click("#team-intake > button")
    choose_file(page, workbook(tmp_path / "一.xlsx"))
    assert fits(page)
