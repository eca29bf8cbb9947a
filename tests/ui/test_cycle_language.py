"""The language switch: what is on screen follows at once, every other tab when it is opened, and nothing stays behind."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.settings import Settings
from app.wiring import Services
from cycle.team import Person
from interview.actor import Role
from tests.ui.conftest import Server
from tests.ui.test_cycle_team import ME

pytestmark = pytest.mark.real
CHINESE = re.compile(r"[\u3400-\u9fff]+")
OUTER = ("Choose", "Brief", "Talk", "Report", "My rehearsals", "Live interview", "Cycle")
INNER = ("Team", "Preparation", "Pictures", "After the talk", "To do")


def stays_chinese(page: Page, where: str) -> list[str]:
    """Chinese words among what can be seen and typed over (placeholders), after what is under way has arrived."""
    found: list[str] = []
    for _ in range(20):
        shown = page.evaluate(
            """(where) => { const box = document.querySelector(where);
            return box.innerText + [...box.querySelectorAll('[placeholder]')].filter((x) => x.offsetParent)
              .map((x) => x.placeholder).join(' '); }""",
            where,
        )
        found = CHINESE.findall(shown)
        if not found:
            return []
        page.wait_for_timeout(250)
    return found


def test_every_tab_is_english_after_the_switch(page: Page, server: Server):
    services = Services(Settings(home=server.home))
    services.team.add(ME, Person(name="Nora", number="7", department="Sales", lang="en"))
    page.get_by_role("tab", name="绩效周期", exact=True).click()
    page.get_by_role("tab", name="备谈", exact=True).click()
    page.click("#language label:has(input[value='en'])")
    expect(page.get_by_role("tab", name="Cycle", exact=True)).to_be_visible(timeout=60_000)
    assert stays_chinese(page, "#tabs") == []
    for name in OUTER:
        page.locator("#tabs > .tab-wrapper").get_by_role("tab", name=name, exact=True).click()
        assert (name, stays_chinese(page, "#tabs")) == (name, [])
    page.locator("#cycle-tabs").get_by_role("tab", name="Team", exact=True).click()
    page.locator("#team-people label", has_text="Nora").click()
    page.click("#team-prepare")
    expect(page.locator("#pack-body")).to_be_visible()
    for name in INNER:
        page.locator("#cycle-tabs").get_by_role("tab", name=name, exact=True).click()
        page.wait_for_timeout(300)
        assert (name, stays_chinese(page, "#tabs")) == (name, [])
    for role in (Role.HR, Role.TRAINER):
        page.click(f"#role label:has(input[value='{role}'])")
        assert (role, stays_chinese(page, "#tabs")) == (role, [])
    page.click("#language label:has(input[value='zh'])")
    expect(page.get_by_role("tab", name="培训师", exact=True)).to_be_visible(timeout=60_000)
    page.click("#role label:has(input[value='manager'])")
    expect(page.locator("#tabs > .tab-wrapper [data-tab-id=choose][aria-selected=true]")).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="绩效周期", exact=True).click()
    expect(page.locator("#cycle-chosen")).to_contain_text("待准备")


def test_after_a_restart_an_old_page_is_told_so_in_its_language(page: Page, server: Server):
    Services(Settings(home=server.home)).team.add(ME, *(Person(name=name) for name in ("许愿", "王岚")))
    assert page.evaluate("navigator.language") == "zh-CN"
    page.get_by_role("tab", name="绩效周期", exact=True).click()
    page.get_by_role("tab", name="团队", exact=True).click()
    page.locator("#team-people label").first.click()
    expect(page.locator("#cycle-chosen")).not_to_contain_text("还没有选人")
    server.kill()
    server.start()
    page.locator("#team-people label").nth(1).click()
    told = page.locator(".toast-body").last
    expect(told).to_contain_text("请刷新页面再试", timeout=30_000)
    expect(told).not_to_contain_text("choices")


def test_the_language_chosen_in_a_browser_is_kept_when_the_page_is_loaded_again(page: Page):
    page.click("#language label:has(input[value='en'])")
    expect(page.locator("#tabs")).to_contain_text("My rehearsals")
    page.reload()
    expect(page.locator("#tabs")).to_contain_text("My rehearsals", timeout=20_000)
    expect(page.locator("#brand")).to_contain_text("a rehearsal room")
    expect(page.locator("#language input[value='en']")).to_be_checked()
