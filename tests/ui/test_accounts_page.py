"""Signing in, in a real browser: the one-time link, the administrator's page, each role's own rooms."""

import contextlib
import pathlib
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from app.reports import build_report
from app.settings import Settings
from app.texts import message, t
from app.wiring import Services
from interview.actor import Actor, Role
from interview.conversation import Lang
from interview.errors import InputError
from tests.fakes.talks import DECENT, filled
from tests.ui.conftest import Server
from tests.ui.test_trainer_page import on_tab, pick

pytestmark = pytest.mark.real
GOOD = "一句我记得住的话 2026"
WRONG = "一句我记错了的话 2025"
ROOMS = {
    "manager": ("choose", {"choose", "brief", "talk", "report", "mine", "live", "cycle"}),
    "trainer": ("trainer", {"choose", "brief", "talk", "report", "mine", "trainer"}),
    "hr": ("rounds", {"rounds"}),
}
Fresh = Callable[[], Page]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("accounts") / "home", TANDAO_ACCOUNTS="on").start()
    yield server
    server.kill()


@pytest.fixture
def fresh(browser: Browser) -> Iterator[Fresh]:
    """Another person's browser."""
    contexts: list[BrowserContext] = []

    def new() -> Page:
        contexts.append(browser.new_context(viewport={"width": 390, "height": 800}, locale="zh-CN"))
        page = contexts[-1].new_page()
        page.set_default_timeout(30_000)
        return page

    yield new
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def boss(house: Server, browser: Browser) -> Iterator[Page]:
    """The first administrator, come in by the link, on ``/accounts``."""
    page = browser.new_page(viewport={"width": 390, "height": 800}, locale="zh-CN")
    page.goto(house.url)
    assert "/sign-in" in page.url
    page.goto(f"{house.url}welcome/{Services(Settings(home=house.home)).accounts.first_link()}")
    for name, text in (("login", "root"), ("name", "赵"), ("new", GOOD)):
        page.fill(f"#{name}", text)
    page.click("form button")
    page.wait_for_url("**/accounts")
    yield page
    page.close()


def added(boss: Page, login: str, name: str, role: str) -> str:
    """The link for a new account, by the form."""
    form = boss.locator("form:has(#role-new)")
    boss.locator("details:has(#role-new) > summary").click()
    form.locator("#login").fill(login)
    form.locator("#name").fill(name)
    form.locator("#role-new").select_option(role)
    form.locator("button").click()
    return boss.input_value("#link")


def doing(boss: Page, login: str, what: str) -> None:
    """One of the forms of an account."""
    card = boss.locator(f"details[data-login='{login}']")
    if card.get_attribute("open") is None:
        card.locator("summary").click()
    card.locator(f"form:has(input[value='{what}']) button").click()


def sign_in(page: Page, house: Server, login: str, password: str) -> None:
    if "/sign-in" not in page.url:
        page.goto(house.url + "sign-in")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("form button")


def left(page: Page, house: Server, why: str) -> None:
    """Signed out: also where the page, which is told so by its own calls, goes there by itself meanwhile."""
    with contextlib.suppress(PlaywrightError):
        page.goto(house.url)
    page.wait_for_url("**/sign-in**")
    assert "/sign-in" in page.url, why


def warned(page: Page, key: str, lang: Lang = "zh", **params: int) -> None:
    expect(page.locator("body")).to_contain_text(message(InputError("", message_key=key, **params), lang))


def fits(page: Page) -> bool:
    return not page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("role", ROOMS)
def test_each_role_comes_in_by_its_link_to_its_own_rooms(house: Server, boss: Page, fresh: Fresh, role: str):
    person, (first, tabs) = fresh(), ROOMS[role]
    person.set_viewport_size({"width": 1200, "height": 900})
    person.goto(added(boss, f"a-{role}", "<b>甲</b>", role))
    person.fill("#new", GOOD)
    person.click("form button")
    person.wait_for_selector("#brand a[href='/account']")
    assert "<b>甲</b>" in person.inner_text("#brand")
    person.wait_for_selector(f"#tabs > .tab-wrapper [data-tab-id={first}][aria-selected=true]")
    shown = person.locator("#tabs > .tab-wrapper [data-tab-id]:visible").all()
    assert {tab.get_attribute("data-tab-id") for tab in shown} == tabs
    assert person.locator("#role:visible").count() == 0
    assert "/accounts" not in person.goto(house.url + "accounts").url or person.locator("#role-new").count() == 0
    person.goto(house.url + "account")
    person.click("button[value=here]")
    person.wait_for_url("**/sign-in")
    person.goto(house.url)
    assert "/sign-in" in person.url, "signed out is signed out"
    assert fits(boss)


def test_role_lock_unlock_and_delete_by_their_forms(house: Server, boss: Page, fresh: Fresh):
    person = fresh()
    person.goto(added(boss, "liwen", "李雯", "manager"))
    person.fill("#new", GOOD)
    person.click("form button")
    person.wait_for_selector("#brand a[href='/account']")
    card = boss.locator("details[data-login='liwen']")
    boss.goto(house.url + "accounts")
    card.locator("summary").click()
    card.locator("select").select_option("hr")
    doing(boss, "liwen", "role")
    expect(boss.locator("body")).to_contain_text(t("account.done_role", "zh", name="李雯"))
    expect(card.locator("summary")).to_contain_text(t("account.role_hr", "zh"))
    left(person, house, "another role signs in again")
    sign_in(person, house, "liwen", GOOD)
    person.wait_for_selector("#tabs > .tab-wrapper [data-tab-id=rounds][aria-selected=true]")
    doing(boss, "liwen", "locked")
    expect(boss.locator("body")).to_contain_text(t("account.done_locked", "zh", name="李雯"))
    left(person, house, "shut out at once")
    sign_in(person, house, "liwen", GOOD)
    warned(person, "error.sign_in_wrong")
    doing(boss, "liwen", "unlocked")
    expect(boss.locator("body")).to_contain_text(t("account.done_unlocked", "zh", name="李雯"))
    sign_in(person, house, "liwen", GOOD)
    person.wait_for_selector("#tabs > .tab-wrapper [data-tab-id=rounds]")
    for typed, done in (("somebody", False), ("LiWen", True)):
        if card.get_attribute("open") is None:
            card.locator("summary").click()
        card.locator("input[name=login]").fill(typed)
        doing(boss, "liwen", "deleted")
        said = t("account.done_deleted", "zh", name="李雯") if done else t("account.delete_typed", "zh")
        expect(boss.locator("body")).to_contain_text(said)
        assert card.count() == (not done)
    sign_in(person, house, "liwen", GOOD)
    warned(person, "error.sign_in_wrong")
    assert boss.locator("details[data-login='root'] form").count() == 0, "one's own account is changed by others"


def test_wrong_passwords_lock_out_and_an_old_form_asks_again(house: Server, boss: Page, fresh: Fresh):
    person, other = fresh(), fresh()
    person.goto(added(boss, "wang", "王", "manager"))
    person.fill("#new", "kurz")
    person.click("form button")
    assert "/welcome/" in person.url, "too short, and the link stays good"
    assert fits(person)
    person.fill("#new", GOOD)
    person.click("form button")
    person.wait_for_selector("#brand a[href='/account']")
    for _ in range(5):
        sign_in(other, house, "wang", WRONG)
        warned(other, "error.sign_in_wrong")
        assert other.input_value("#login") == "wang" and other.input_value("#password") == ""
    sign_in(other, house, "wang", GOOD)
    warned(other, "error.sign_in_locked", minutes=1)
    assert "/sign-in" in other.url
    person.reload()
    person.wait_for_selector("#brand a[href='/account']")  # who is in stays in
    third = fresh()
    third.goto(house.url + "sign-in")
    third.fill("#login", "root")
    third.fill("#password", GOOD)
    third.evaluate("document.querySelector('input[name=form]').value = 'x'.repeat(64)")
    third.click("form button")
    expect(third.locator("body")).to_contain_text(t("account.form_old", "zh"))
    assert third.input_value("#login") == "root"


def test_the_language_is_switched_and_stays(house: Server, boss: Page, fresh: Fresh):
    person = fresh()
    person.goto(house.url + "sign-in")
    expect(person.locator("form button")).to_have_text(t("account.sign_in", "zh"))
    person.click("text=English")
    expect(person.locator("form button")).to_have_text(t("account.sign_in", "en"))
    person.fill("#login", "nobody")
    person.fill("#password", WRONG)
    person.click("form button")
    warned(person, "error.sign_in_wrong", "en")
    sign_in(person, house, "root", GOOD)
    person.wait_for_url("**/accounts")
    expect(person.locator("h1")).to_have_text(t("account.title", "en"))
    assert fits(person)
    person.click("text=中文")
    expect(person.locator("h1")).to_have_text(t("account.title", "zh"))


def test_a_trainer_chooses_members_by_name_and_one_who_left_is_in_no_cohort(
    house: Server, boss: Page, browser: Browser
):
    boss.goto(house.url + "accounts")
    for login, name in (("anruo", "安若"), ("bowen", "博文"), ("bowen2", "博文")):
        added(boss, login, name, "manager")
    link = added(boss, "coach", "田", "trainer")
    page = browser.new_page(viewport={"width": 1200, "height": 950}, locale="zh-CN")
    page.set_default_timeout(30_000)
    page.goto(link)
    page.fill("#new", GOOD)
    page.click("form button")
    page.wait_for_selector("#tabs > .tab-wrapper [data-tab-id=trainer][aria-selected=true]")
    on_tab(page, "班组")
    expect(page.locator("#cohort-members")).to_have_count(0)
    page.fill("#cohort-name input, #cohort-name textarea", "十一月班")
    pick(page, "cohort-persona", 0)
    pick(page, "cohort-scenario", 0)
    for name in ("安若", "博文 (bowen2)"):
        page.fill("#cohort-people input", name)
        page.locator("ul[role=listbox] li", has_text=name).click()
    page.keyboard.press("Tab")
    page.click("#cohort-create")
    expect(page.locator("#cohort-table")).to_contain_text("安若")
    expect(page.locator("#cohort-table")).to_contain_text("博文 (bowen2)")
    expect(page.locator("#cohorts")).to_contain_text("2 人")
    card = boss.locator("details[data-login='anruo']")
    card.locator("summary").click()
    card.locator("input[name=login]").fill("anruo")
    doing(boss, "anruo", "deleted")
    expect(boss.locator("body")).to_contain_text(t("account.done_deleted", "zh", name="安若"))
    page.reload()
    page.wait_for_selector("#tabs > .tab-wrapper [data-tab-id=trainer][aria-selected=true]")
    on_tab(page, "班组")
    page.locator("#cohorts label").first.click()
    expect(page.locator("#cohort-table")).to_contain_text("博文 (bowen2)")
    expect(page.locator("#cohort-table")).not_to_contain_text("安若")
    expect(page.locator("#cohorts")).to_contain_text("1 人")
    page.close()


def test_the_manager_reads_what_the_trainer_wrote_with_the_trainers_name(house: Server, boss: Page, browser: Browser):
    services = Services(Settings(home=house.home, pace_s=0))
    root = next(a for a in services.accounts.all(Actor("system", Role.ADMINISTRATOR, "zh")) if a.login == "root")
    asking = Actor(root.id, Role.ADMINISTRATOR, "zh")
    made = {
        login: services.accounts.add(asking, login, name, role)
        for login, name, role in (("mei", "梅", Role.MANAGER), ("shi", "石老师", Role.TRAINER))
    }
    for _, secret in made.values():
        services.accounts.use_link(secret, GOOD)
    mei, shi = Actor(made["mei"][0].id, Role.MANAGER, "zh"), Actor(made["shi"][0].id, Role.TRAINER, "zh")
    talk = services.rehearsals.start(mei, "expert-open", "year-end-below", lang="zh", seed=4)
    for line in filled(DECENT["zh"], services.library.persona("expert-open", "zh"))[:6]:
        list(services.rehearsals.say(mei, talk.id, line))
    build_report(services, mei, talk.id)
    services.reviews.share(mei, talk.id, True)
    services.cohorts.create(shi, "班", "expert-open", "year-end-below", {mei.id: "梅"})
    services.reviews.comment(shi, talk.id, "<b>这句</b>接得好", 1)
    services.reviews.overrule(shi, talk.id, "listening", 35, "中间没有接住")
    page = browser.new_page(viewport={"width": 390, "height": 800}, locale="zh-CN")
    page.set_default_timeout(30_000)
    sign_in(page, house, "mei", GOOD)
    page.wait_for_selector("#tabs > .tab-wrapper [data-tab-id=choose][aria-selected=true]")
    for _ in range(10):  # a page still being drawn on a busy machine may go back to its first tab
        page.locator("#tabs > .tab-wrapper [data-tab-id=mine]:visible").click()
        try:
            page.locator("#read-report").wait_for(timeout=3_000)
            break
        except PlaywrightTimeout:
            continue
    expect(page.locator("#mine input").first).to_be_checked()
    page.click("#read-report")
    words = page.locator("#report .trainer-notes")
    expect(words).to_contain_text("<b>这句</b>接得好")
    expect(words).to_contain_text("→ 35 中间没有接住")
    expect(words).to_contain_text("石老师")
    assert fits(page)
    with page.expect_download() as download:
        page.click("#download-report")
    assert "中间没有接住" in pathlib.Path(download.value.path()).read_text(encoding="utf-8")
    page.close()
