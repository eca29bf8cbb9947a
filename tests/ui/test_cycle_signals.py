"""Lights in the browser: off at first, switched on by the manager for people and by HR for departments, kept so."""

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from app.settings import Settings
from app.wiring import Services
from cycle.talks import Stage, Talk
from cycle.team import Figure, KeyEvent
from tests.ui.conftest import Server, open_page
from tests.ui.test_cycle_team import ME, fits

pytestmark = pytest.mark.real
SLOW_MS = 30_000
TALKED = dt.date.today() - dt.timedelta(days=30)


def a_team(services: Services) -> None:
    """Ten people in two departments, all talked to; complaints in one, and one person with much to do."""
    months = [f"2026-{m:02d}" for m in range(5, 11)]
    load = tuple(Figure(metric="加班", month=m, actual=48, target=36, higher_is_better=False) for m in months)
    done = tuple(Figure(metric="回款", month=m, actual=95, target=90) for m in months)
    people = {f"{d}{n}": {"number": f"{d}{n}", "name": f"{d}{n}号", "department": d} for d in "东西" for n in range(5)}
    late = KeyEvent(date=TALKED + dt.timedelta(days=9), kind="complaint", what="交付晚了两天")
    services.team.take(ME, people, {"西0": load + done}, {f"东{n}": (late,) for n in range(3)})
    at = dt.datetime.combine(TALKED, dt.time(9), dt.UTC)
    for record, _ in services.team.people(ME):
        talk = services.talks.plan(ME, record.id, TALKED, Talk(at=at))
        services.talks.move(ME, talk.id, Stage.HELD)


def test_lights_are_off_until_each_switches_on_their_own(page: Page, server: Server):
    a_team(Services(Settings(home=server.home)))
    page.get_by_role("tab", name="绩效周期", exact=True).click()
    page.locator("#cycle-tabs").get_by_role("tab", name="信号", exact=True).click()
    expect(page.locator("#signals-lights")).to_contain_text("信号关着", timeout=SLOW_MS)
    page.click("#signals-on label")
    lights = page.locator("#signals-lights")
    expect(lights).to_contain_text("可能累过头 · 西0号", timeout=SLOW_MS)
    expect(lights).to_contain_text("谈后投诉偏多 · 东")
    for said in ("规则：", "对照：", "还应当想到：", "可以做的："):
        expect(lights).to_contain_text(said)

    page.click("#role label:has(input[value='hr'])")
    page.click("#hr-signals > button")
    departments = page.locator("#hr-signals-lights")
    expect(departments).to_contain_text("信号关着", timeout=SLOW_MS)
    page.click("#hr-signals-on label")
    expect(departments).to_contain_text("谈后投诉偏多 · 东", timeout=SLOW_MS)
    expect(departments).not_to_contain_text("西0号")

    open_page(page, server)
    page.click("#language label:has(input[value='en'])")
    page.get_by_role("tab", name="Cycle", exact=True).click()
    page.locator("#cycle-tabs").get_by_role("tab", name="Signals", exact=True).click()
    expect(page.locator("#signals-lights")).to_contain_text("May be overstretched · 西0号", timeout=SLOW_MS)
    expect(page.locator("#signals-on input")).to_be_checked()
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)
    page.click("#signals-on label")
    expect(page.locator("#signals-lights")).to_contain_text("Signals are switched off", timeout=SLOW_MS)
