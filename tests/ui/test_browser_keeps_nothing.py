"""What a browser keeps of a talk once its person has deleted it: a profile on disk, searched for planted words."""

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from app.settings import Settings
from app.texts import t
from app.wiring import Services, single_user
from cycle.talks import Talk
from cycle.team import Person
from tests.ui.conftest import FLAGS, Server, open_page
from tests.unit.test_planted_words import SAID, WORDS, found

pytestmark = pytest.mark.real
ME = single_user("zh")


def test_after_a_talk_was_deleted_the_browsers_profile_holds_no_word_of_it(
    playwright: Playwright, chromium_path: str, server: Server, tmp_path: Path
):
    profile = tmp_path / "profile"
    context = playwright.chromium.launch_persistent_context(profile, executable_path=chromium_path, args=FLAGS)
    page = context.pages[0]
    page.set_default_timeout(20_000)
    open_page(page, server)
    page.click("#prepare")
    page.click("#begin")
    page.fill("#line textarea", SAID)
    page.press("#line textarea", "Enter")
    expect(page.locator("#chat")).to_contain_text(SAID)
    expect(page.locator("#chat .bot.message").last).not_to_be_empty()
    page.get_by_role("tab", name="我的演练").click()
    page.locator("#mine label").first.click()
    page.click("#read-report")
    expect(page.locator("#report")).to_contain_text(SAID[:6])
    page.goto(server.url + "my-data")
    expect(page.locator("body")).to_contain_text(SAID)
    with page.expect_download() as download:
        page.click("a.button")
    assert SAID in Path(download.value.path()).read_text(encoding="utf-8")
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])").count(SAID) == 0
    open_page(page, server)
    page.get_by_role("tab", name="我的演练").click()
    page.locator("#mine label").first.click()
    page.check("#sure input")
    page.click("#delete")
    expect(page.locator("#mine label")).to_have_count(0)
    page.goto("about:blank")
    download.value.delete()  # a file that was saved is its person's own
    context.close()
    assert len(list(profile.rglob("*"))) > 20, "a profile was kept"
    assert found(profile, server.home) == []


def test_what_an_employee_typed_on_a_phone_is_not_left_in_it(
    playwright: Playwright, chromium_path: str, server: Server, tmp_path: Path
):
    services = Services(Settings(home=server.home))
    (person,) = services.team.add(ME, Person(name="李工"))
    talk = services.talks.plan(ME, person.id, dt.date(2026, 12, 1), Talk())
    secret = services.visits.make(ME, talk.id)
    profile = tmp_path / "profile"
    context = playwright.chromium.launch_persistent_context(profile, executable_path=chromium_path, args=FLAGS)
    page = context.pages[0]
    page.set_default_timeout(20_000)
    page.goto(f"{server.url}me/{secret}")
    page.fill("textarea >> nth=0", SAID)
    page.click("button[value='save']")
    expect(page.locator("main")).to_contain_text(t("me.done_saved", "zh"))
    page.fill("textarea >> nth=1", WORDS[0])
    page.wait_for_timeout(1_500)  # kept as typed
    context.close()
    assert services.assessments.own(services.visits.open(secret))[0].typed.proud[0].why == WORDS[0]
    services.engine.dispose()
    assert found(profile, server.home) == []
