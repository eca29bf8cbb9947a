"""The preparation in a real browser: opened, ticked, written, saved as typed, checked and placed."""

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from app.settings import Settings
from app.wiring import Services, single_user
from cycle.numbers import shift
from cycle.team import Figure, KeyEvent
from tests.ui.conftest import Server, open_page

pytestmark = pytest.mark.real
ME = single_user("zh")


@pytest.fixture
def services(server: Server) -> Services:
    """Seven people; the first has numbers, incidents and a talk that is due."""
    services = Services(Settings(home=server.home))
    people = {str(n): {"name": f"许愿{n}", "number": str(n)} for n in range(1, 8)}
    figures = {
        number: [
            Figure(metric="回访量", unit="个", month=shift("2026-10", -k), actual=50.0 + 4 * int(number), target=80)
            for k in range(12)
        ]
        for number in people
    }
    events = [
        KeyEvent(date=dt.date(2026, 6, 3), kind="praise", what="华东客户来信感谢"),
        KeyEvent(date=dt.date(2026, 9, 9), kind="complaint", what="客户投诉回访漏了两次"),
    ]
    services.team.take(ME, people, figures, {"1": events})
    person = next(r for r, p in services.team.people(ME) if p.number == "1")
    services.talks.plan(ME, person.id, dt.date.today() + dt.timedelta(days=7))
    return services


def prepare(page: Page, tab: str = "绩效周期") -> None:
    page.get_by_role("tab", name=tab, exact=True).click()
    page.locator("button[data-do='prepare']").first.click()
    expect(page.locator("#pack-numbers-table")).to_be_visible()
    page.wait_for_timeout(700)


def pack(services: Services):
    (talk,) = services.talks.all(ME)
    return services.packs.open(ME, talk.id)


def write(page: Page, name: str, text: str) -> None:
    page.fill(f"#pack-{name} textarea, #pack-{name} input", text)
    page.locator(f"#pack-{name} textarea, #pack-{name} input").blur()
    page.wait_for_timeout(600)


def test_prepared_checked_placed_and_still_there_after_a_reload(page: Page, server: Server, services: Services):
    prepare(page)
    expect(page.locator("#pack-numbers-table")).to_contain_text("第 7 / 7")
    page.click("#pack-good label:has-text('华东客户来信感谢')")
    expect(page.locator("#pack-saved")).to_contain_text("已存")
    write(page, "text", "整体不错，他太懒了。")
    write(page, "judgement-1", "回访不稳")
    page.click("#pack-do-check")
    findings = page.locator("#pack-findings-list")
    for rule in ("vague", "label", "no_evidence", "no_bad", "few", "no_gap"):
        expect(findings.locator(f"li[data-rule='{rule}']").first).to_be_visible()
    expect(findings).to_contain_text("他太懒了")
    page.click("#pack-level label:has-text('2 低于')")
    page.wait_for_timeout(600)
    page.get_by_role("button", name="这次怎么谈").click()
    page.click("#pack-signs label >> nth=0")
    expect(page.locator("#pack-placed")).to_contain_text("困局")
    page.click("#pack-decided label:has-text('璞玉')")
    expect(page.locator("#pack-advice-text")).to_contain_text("找原因、给机会、看行动")
    page.click("#pack-do-ready")
    expect(page.locator(".toast-body").filter(has_text="备谈完成").first).to_be_visible()
    opened = pack(services)
    assert opened.is_ready and opened.talk.status == "prepared"
    assert [i.what for i in opened.pack.incidents if i.kept] == ["华东客户来信感谢"]
    assert opened.pack.placement.decided == "rough_jade" and opened.pack.judgements[0].text == "回访不稳"
    with page.expect_download() as saved:
        page.click("#pack-do-print")
    sheet = saved.value.path().read_text(encoding="utf-8")
    assert "华东客户来信感谢" in sheet and "整体不错，他太懒了。" in sheet
    assert not any(words in sheet for words in ("回访漏了两次", "璞玉", "困局"))
    printed = page.context.new_page()
    printed.set_content(sheet)
    assert len(re.findall(rb"/Type\s*/Page\b", printed.pdf(prefer_css_page_size=True))) == 1
    printed.close()
    open_page(page, server)
    page.get_by_role("tab", name="绩效周期", exact=True).click()
    page.get_by_role("tab", name="团队", exact=True).click()
    page.click("#team-people label:has-text('许愿1')")
    page.get_by_role("tab", name="备谈", exact=True).click()
    expect(page.locator("#pack-text textarea")).to_have_value("整体不错，他太懒了。")


def test_incidents_and_feedback_are_added_changed_and_taken_out(page: Page, services: Services):
    prepare(page)
    page.get_by_role("button", name="补一件事").click()
    page.fill("#pack-date textarea, #pack-date input", "九月")
    page.fill("#pack-what textarea, #pack-what input", "提前一周交付看板")
    page.click("#pack-do-add-incident")
    expect(page.locator(".toast-body").first).to_be_visible()
    expect(page.locator("#pack-what textarea, #pack-what input")).to_have_value("提前一周交付看板")
    page.fill("#pack-date textarea, #pack-date input", "2026-09-30")
    page.click("#pack-do-add-incident")
    expect(page.locator("#pack-good label:has-text('提前一周交付看板') input")).to_be_checked()
    page.get_by_role("button", name="改一条已有的事或反馈").click()
    page.click("#pack-item input")
    page.get_by_role("option", name="华东客户").click()
    expect(page.locator("#pack-item-what textarea, #pack-item-what input")).to_have_value("华东客户来信感谢")
    page.click("#pack-item-side label:has(input[value='bad'])")
    page.fill("#pack-item-what textarea, #pack-item-what input", "华东客户来信，谢的是整个组")
    page.click("#pack-do-change-item")
    expect(page.locator("#pack-bad label:has-text('谢的是整个组')")).to_be_visible()
    page.fill("#pack-said textarea, #pack-said input", "回访很及时")
    page.click("#pack-do-add-feedback")
    expect(page.locator("#pack-feedback label:has-text('回访很及时') input")).to_be_checked()
    found = pack(services).pack
    assert {(i.what, i.side, i.kept) for i in found.incidents} >= {
        ("提前一周交付看板", "good", True), ("华东客户来信，谢的是整个组", "bad", False),
    }  # fmt: skip
    assert [f.what for f in found.feedback] == ["回访很及时"]
    for name in ("回访很及时", "谢的是整个组"):
        page.click("#pack-item input")
        page.get_by_role("option", name=name).click()
        page.click("#pack-do-remove-item")
        expect(page.locator(f"#pack-body label:has-text('{name}')")).to_have_count(0)
    found = pack(services).pack
    assert found.feedback == () and ("华东客户来信感谢", "good", False) in {
        (i.what, i.side, i.kept) for i in found.incidents
    }, "what the team's records say comes back as recorded"


def test_the_rehearsal_of_the_talk_begins_from_its_preparation(page: Page, services: Services):
    prepare(page)
    page.click("#pack-good label:has-text('华东客户来信感谢')")
    expect(page.locator("#pack-saved")).to_contain_text("已存")
    page.click("#pack-rehearse")
    expect(page.locator("#tabs").get_by_role("tab", name="谈话", exact=True)).to_have_attribute(
        "aria-selected", "true", timeout=20_000
    )
    assert len(services.rehearsals.mine(ME)) == 1
