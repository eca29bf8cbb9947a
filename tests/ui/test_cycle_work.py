"""A manager's list of work and HR's rounds in a real browser."""

import datetime as dt
import pathlib
import re

import icalendar
import pytest
from playwright.sync_api import Page, expect

from app.settings import Settings
from app.wiring import Services, single_user
from cycle.packs import Incident, Pack, new_id
from cycle.records import Kind, Record
from cycle.team import Person
from tests.fakes.mailbox import mailbox
from tests.ui.conftest import Server, open_page

pytestmark = pytest.mark.real
WHEN = f"{dt.date.today().year + 1}-06-03 14:00"


def staff(server: Server, count: int, department: str = "销售部") -> None:
    people = [Person(name=f"员工{n:02d}", department=department, email=f"p{n}@example.com") for n in range(count)]
    Services(Settings(home=server.home)).team.add(single_user("zh"), *people)


def work(page: Page) -> None:
    page.get_by_role("tab", name="绩效周期", exact=True).click()
    page.get_by_role("tab", name="待办", exact=True).click()
    expect(page.locator("#work-summary a")).to_be_visible()
    page.wait_for_timeout(500)


def told(page: Page, text: str) -> None:
    expect(page.locator(".toast-body").filter(has_text=text).first).to_be_visible()


def show(page: Page, name: str) -> None:
    page.click(f"#work-show label:has(input[value='{name}'])")
    page.wait_for_timeout(900)


def fill(page: Page, name: str, value: str) -> None:
    page.fill(f"#invite-{name} textarea, #invite-{name} input", value)


def invite(page: Page) -> None:
    show(page, "unplanned")
    page.locator("button[data-do='plan-talk']").first.click()
    expect(page.locator("#cycle-chosen")).to_contain_text("员工00")
    expect(page.locator("#invite-box")).to_be_visible()
    fill(page, "when", WHEN)
    fill(page, "place", "三楼, 小会议室")
    fill(page, "host", "王岚")
    fill(page, "email", "lan@example.com")
    page.click("#invite-checks label >> nth=2")


def test_from_the_list_to_an_invitation_and_back(page: Page, server: Server):
    staff(server, 3)
    work(page)
    expect(page.locator("#work-list")).to_contain_text("这里没有要做的")
    expect(page.locator("#work-after")).to_be_hidden()
    invite(page)
    fill(page, "when", "下周三")
    page.click("#invite-save")
    told(page, "2026-12-03 14:00")
    expect(page.locator("#invite-place textarea, #invite-place input")).to_have_value("三楼, 小会议室")
    fill(page, "when", WHEN)
    page.click("#invite-save")
    expect(page.locator("#invite-text textarea")).to_have_value(re.compile("员工00，你好.*三楼, 小会议室.*9. ", re.S))
    with page.expect_download() as download:
        page.click("#invite-file")
    ics = icalendar.Calendar.from_ical(pathlib.Path(download.value.path()).read_bytes())
    (event,) = ics.walk("VEVENT")
    assert ics["METHOD"] == "REQUEST" and event["LOCATION"] == "三楼, 小会议室"
    page.click("#invite-mail")
    told(page, "邮件服务器")
    show(page, "open")
    expect(page.locator("#work-table")).to_contain_text("已约好")
    page.locator("button[data-do='hold']").click()
    expect(page.get_by_role("tab", name="真实面谈", exact=True)).to_have_attribute("aria-selected", "true")
    work(page)
    page.click("#invite-cancel")
    told(page, "勾选")
    page.click("#invite-sure input")
    page.click("#invite-cancel")
    expect(page.locator("#work-table")).to_contain_text("已准备")


def test_an_invitation_and_its_change_arrive_by_mail(browser, tmp_path):
    with mailbox() as box:
        mail = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(box.port),
            "SMTP_SECURITY": "none",
            "SMTP_FROM": "t@example.com",
        }
        server = Server(tmp_path / "home", **{f"TANDAO_{k}": v for k, v in mail.items()}).start()
        context = browser.new_context(viewport={"width": 1200, "height": 950})
        page = context.new_page()
        try:
            staff(server, 1)
            open_page(page, server)
            work(page)
            invite(page)
            page.click("#invite-mail")
            expect(page.locator("#invite-sendings")).to_contain_text("p0@example.com")
            for _ in range(90):
                if box.taken:
                    break
                page.wait_for_timeout(500)
            (sent,) = box.taken
            assert sent["To"] == "p0@example.com" and any(p.get_filename() == "invite.ics" for p in sent.walk())
        finally:
            context.close()
            server.kill()


def test_hr_opens_a_round_and_sees_counts_only_and_no_other_room(page: Page, server: Server):
    staff(server, 6)
    staff(server, 2, "法务")
    page.click("#role label:has(input[value='hr'])")
    expect(page.locator("#round-open")).to_be_visible()
    expect(page.locator("#tabs > .tab-wrapper [role=tab]:visible")).to_have_text(["面谈轮次"], timeout=30_000)
    page.click("#round-open")
    told(page, "名字")
    page.fill("#round-name textarea, #round-name input", "年终<b>")
    page.fill("#round-card textarea", "本公司：先问再说")
    page.fill("#round-form textarea", "请带上目标表<b>")
    page.fill("#round-appeal textarea, #round-appeal input", "先找人事")
    page.click("#round-open")
    expect(page.locator("#round-table")).to_contain_text("较小的部门合计")
    expect(page.locator("#round-table")).not_to_contain_text("法务")
    expect(page.locator("body")).not_to_contain_text("员工0")
    page.click("#role label:has(input[value='manager'])")
    expect(page.locator("#tabs > .tab-wrapper [data-tab-id=choose][aria-selected=true]")).to_be_visible(timeout=60_000)
    work(page)
    expect(page.locator("#work-summary")).to_contain_text("待准备 8")
    expect(page.locator("#work-table")).to_contain_text("员工00")
    page.locator("button[data-do='prepare']").first.click()
    expect(page.locator("#pack-before")).to_contain_text("请带上目标表<b>")
    expect(page.locator("#pack-before")).to_contain_text("先找人事")
    work(page)
    expect(page.locator("#invite-company")).to_contain_text("年终<b>")
    expect(page.locator("#invite-company")).to_contain_text("先问再说")
    expect(page.locator("#invite-company a")).to_have_attribute("href", re.compile("/flow-card.*talk="))


def test_the_list_in_english_fits_a_phone(page: Page, server: Server):
    staff(server, 30)
    work(page)
    page.click("#work-plan")
    expect(page.locator("#work-summary")).to_contain_text("待准备 30")
    expect(page.locator("#work-before")).to_be_disabled()
    page.click("#work-after")
    expect(page.locator("#work-table")).to_contain_text("员工29")
    expect(page.locator("#work-after")).to_be_disabled()
    page.click("#language label:has(input[value='en'])")
    expect(page.locator("#work-summary")).to_contain_text("to prepare 30", timeout=120_000)
    expect(page.locator("#work-list")).to_contain_text("Page 2 of 2 · 30 in the list")
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_tomorrow_s_talk_is_rehearsed_with_one_button(page: Page, server: Server):
    services, actor = Services(Settings(home=server.home)), single_user("zh")
    (person,) = services.team.add(actor, Person(name="许小愿"))
    figures = [{"metric": "按时办结率", "month": f"2026-{m:02d}", "actual": 80 + m, "target": 85} for m in range(3, 11)]
    services._store.records.add(Record("f", Kind.FIGURES, actor.id, person.id, {"figures": figures}))
    talk = services.talks.plan(actor, person.id, dt.date.today()).id
    numbers = tuple(n.id for n in services.packs.open(actor, talk).numbers)
    incidents = tuple(
        Incident(id=new_id("e"), date=dt.date(2026, 3, n + 1), side=side, what=f"第{n}件事", kept=True)
        for n, side in enumerate(("good", "good", "bad", "bad"))
    )
    services.packs.save(actor, talk, Pack(months=12, numbers=numbers, incidents=incidents, rating="B"), 0)
    work(page)
    page.click("#rehearse-own")
    told(page, "先在名单里选")
    page.locator("button[data-do='prepare']").click()
    expect(page.locator("#cycle-chosen")).to_contain_text("许小愿")
    work(page)
    page.click("#rehearse-own")
    expect(page.get_by_role("tab", name="谈话", exact=True)).to_have_attribute("aria-selected", "true", timeout=30_000)
    expect(page.locator("#chat")).to_contain_text("我", timeout=30_000)
    page.get_by_role("tab", name="我的演练", exact=True).click()
    expect(page.locator("#mine")).to_contain_text("许小愿")
    page.get_by_role("tab", name="选择", exact=True).click()
    expect(page.locator("#persona")).not_to_contain_text("许小愿")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_flow_card_prints_on_one_page(browser, server: Server, lang):
    context = browser.new_context()
    card = context.new_page()
    card.goto(f"{server.url}flow-card?lang={lang}")
    assert card.locator("tbody tr").count() == 9
    assert len(re.findall(rb"/Type\s*/Page\b", card.pdf(prefer_css_page_size=True))) == 1
    context.close()
