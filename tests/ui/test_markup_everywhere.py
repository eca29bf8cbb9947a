"""Markup in every text that people, tables, personas and speech bring in: shown as words on each page, print and export."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.after_html import minutes_document
from app.pictures import shared_page
from app.reports import build_report
from app.settings import Settings
from app.ui.cycle.pack_html import pack_document
from app.ui.live_html import minutes_document as live_minutes
from app.ui.live_html import talk_html
from app.ui.report import document
from app.ui.trainer.cohorting import csv_file, printable
from app.wiring import Services, single_user
from consent.notices import Purpose
from cycle.assessments import Answers
from cycle.minutes import entries_of
from cycle.packs import Feedback, Incident, Judgement, Pack, new_id
from cycle.packs import Role as Contribution
from cycle.plans import ActionItem, Skill
from cycle.records import Kind, Record
from cycle.resources import SCHEMA
from cycle.talks import Talk
from cycle.team import Figure, Figures, KeyEvent, KeyEvents, Person
from interview.actor import Role
from interview.conversation import Lang
from interview.steps import Step
from review.reviews import TOTAL
from tests.fakes.talks import DECENT
from tests.fakes.talks import filled as filled_talk
from tests.ui.conftest import Server, open_page

pytestmark = pytest.mark.real

MARK = "\"'><svg onload=__x=1><script>__x=1</script>"
"""Ends an attribute in either quote, then brings an element that acts by itself; fits every field from 43 characters."""
ACTED = """() => [window.__x, document.querySelectorAll('svg[onload], [onload*="__x"], [onerror*="__x"]').length,
    [...document.scripts].filter(s => s.textContent.trim() === '__x=1').length]"""
MANAGER, TRAINER = single_user("zh"), single_user("zh", Role.TRAINER)
PURPOSES = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS, Purpose.KEEP_TRANSCRIPT)
TODAY = dt.date.today()


@dataclass(frozen=True)
class Filled:
    """What was made: ids and the addresses of the pages without an account."""

    talk: str
    cohort: str
    rehearsal: str
    person: str
    links: tuple[str, ...]


def untouched(page: Page) -> None:
    """Nothing that was written has become an element or run."""
    assert page.evaluate(ACTED) == [None, 0, 0], page.url


def fill_everything(services: Services, base: str) -> Filled:
    """The mark in every text field of a team, a talk, both preparations, minutes, a plan, a live talk, practice, a class."""
    person = cycle_of(services)
    talk = services.talks.all(MANAGER)[0].id
    visit_link = services.visits.make(MANAGER, talk)
    visit = services.visits.open(visit_link)
    three = [{"what": MARK, "why": MARK}] * 3
    sheet = Answers.model_validate({"proud": three, "improve": three, "support": three, "for_practice": True})
    services.assessments.send(visit, sheet, services.assessments.own(visit)[1])
    services.minutes.save(MANAGER, talk, entries_of("agreed", f"7. {MARK}") + entries_of("disputed", f"6. {MARK}"), 0)
    services.minutes.confirm(MANAGER, talk, 1)
    services.minutes.confirm_as_employee(visit, 1, MARK)
    action = ActionItem(
        id="", what=MARK, how=MARK, support=MARK, know=MARK, by=TODAY + dt.timedelta(days=30), since=TODAY, skill=MARK
    )
    services.plans.put_action(MANAGER, talk, action)
    services.plans.set_skills(MANAGER, talk, (Skill(name=MARK, now=2, goal=4),))
    services.plans.share(MANAGER, talk)
    consent_link = live_talk(services)
    edited(services)
    cohort, rehearsal = practised(services)
    room = services.classrooms.open(TRAINER, "expert-open", "year-end-below", Step.DIFFERENCES, "zh")
    services.classrooms.answer(room.id, MARK)
    links = (f"me/{visit_link}", f"consent/{consent_link}", f"join/{room.id}", f"flow-card?talk={talk}")
    return Filled(talk, cohort, rehearsal, person, tuple(base + link for link in links))


def cycle_of(services: Services) -> str:
    """One employee with numbers, events, a talk and the manager's preparation; returns whose."""
    whole = Person(name=MARK, number=MARK[:40], role=MARK, department=MARK, email=MARK, expectations=(MARK,))
    (record,) = services.team.add(MANAGER, whole)
    months = [
        Figure(metric=MARK, unit="%", month=f"{TODAY.year - 1}-{m:02d}", actual=80 + m, target=90) for m in range(1, 11)
    ]
    event = KeyEvent(date=TODAY, kind="complaint", what=MARK, source=MARK)
    for kind, body in ((Kind.FIGURES, Figures(figures=tuple(months))), (Kind.EVENTS, KeyEvents(events=(event,)))):
        made = Record(f"{kind}{record.id}"[:40], kind, MANAGER.id, record.id, body.model_dump(mode="json"))
        services._store.records.add(made)
    about = Talk(host=MARK, place=MARK, purpose=MARK, rating=MARK, bring=(MARK,), host_email=MARK)
    talk = services.talks.plan(MANAGER, record.id, TODAY, about).id
    opened = services.packs.open(MANAGER, talk)
    incident = Incident(id=new_id("e"), date=TODAY, side="bad", what=MARK, source=MARK, kept=True)
    pack = Pack(
        numbers=tuple(n.id for n in opened.numbers), incidents=(incident,), rating=MARK, level=2, text=MARK,
        feedback=(Feedback(id=new_id("f"), source=MARK, what=MARK),), judgements=(Judgement(text=MARK),),
        role=Contribution(contribution=MARK, strategy=MARK, gap=MARK),
    )  # fmt: skip
    services.packs.save(MANAGER, talk, pack, opened.version)
    return record.id


def live_talk(services: Services) -> str:
    """A live talk whose title, names, words and minutes are marked; returns the employee's link."""
    interview, link = services.consents.invite(MANAGER, MARK, "zh")
    services.consents.manager_grants(MANAGER, interview.id, PURPOSES, MARK)
    services.consents.answer(link, PURPOSES, MARK, "zh")
    grant = services.consents.grant(interview.id)
    for n, speaker in enumerate(("manager", "employee", "employee", "unsure")):
        services.live.hear(grant, speaker, f"我觉得这个结果对我不公平。{MARK}", start_s=40.0 * n, end_s=40.0 * n + 2)
    services.live.save_minutes(MANAGER, interview.id, {part: [MARK] for part in ("agreed", "disputed", "promised")})
    return link


def edited(services: Services) -> None:
    """A persona and a scenario whose free words are marked, as a trainer may save them."""
    persona = services.library.persona("expert-open", "zh").model_dump(mode="json")
    for field in ("name", "role", "company", "card"):
        persona[field] = MARK
    persona["knows"] = [MARK] * 4
    persona["address"]["manager_name"] = MARK
    services.editing.save(TRAINER, "persona", persona, "zh")
    scenario = services.library.scenario("year-end-below", "zh").model_dump(mode="json")
    services.editing.save(TRAINER, "scenario", scenario | {"title": MARK}, "zh")


def practised(services: Services) -> tuple[str, str]:
    """A shared rehearsal full of marks with a trainer's notes, in a cohort; ids of both."""
    cohort = services.cohorts.create(
        TRAINER, MARK, "expert-open", "year-end-below", {MANAGER.id: MARK, "f": "=1+1"}, due_on=TODAY
    )
    record = services.rehearsals.start(MANAGER, "expert-open", "year-end-below", lang="zh", seed=3)
    talk = filled_talk(DECENT["zh"], services.library.persona("stuck-open", "zh"))[:12]
    for said, line in enumerate((*talk, "你就是态度不行，别人怎么都能做到？")):
        if services.rehearsals.get(MANAGER, record.id).ended is None:
            list(services.rehearsals.say(MANAGER, record.id, line + (MARK if said % 4 == 1 else "")))
    build_report(services, MANAGER, record.id)
    services.reviews.share(MANAGER, record.id, True)
    services.reviews.comment(TRAINER, record.id, MARK, 1)
    services.reviews.overrule(TRAINER, record.id, TOTAL, 33, MARK, 1)
    return cohort.id, record.id


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[tuple[Server, Services, Filled]]:
    """A running server on a home in which everything is marked."""
    running = Server(tmp_path / "home")
    services = Services(Settings(home=running.home, pace_s=0))
    made = fill_everything(services, running.url)
    running.start()
    yield running, services, made
    running.kill()


def seen(page: Page, inside: str) -> None:
    """The mark stands there as words, and nothing has become of it."""
    expect(page.locator(inside).filter(has_text=MARK).first).to_be_visible(timeout=30_000)
    untouched(page)


def tab(page: Page, name: str, within: str = "#tabs") -> None:
    """Open a tab by its name."""
    found = page.get_by_role("tab", name=name, exact=True)
    (found if within == "#tabs" else page.locator(within).get_by_role("tab", name=name, exact=True)).first.click()


def test_every_page_shows_markup_as_words(filled: tuple[Server, Services, Filled], browser: Browser):
    server, _, made = filled
    page = browser.new_context(viewport={"width": 1200, "height": 950}).new_page()
    page.set_default_timeout(30_000)
    open_page(page, server)
    seen(page, "#persona label")
    page.locator("#persona label").filter(has_text=MARK).first.click()
    page.click("#prepare")
    seen(page, "#brief")
    tab(page, "我的演练")
    seen(page, "#assigned-table")
    seen(page, "#mine label")
    page.click("#read-report")
    seen(page, "#report .report")
    tab(page, "真实面谈")
    expect(page.locator("#live-pick input")).to_be_visible()
    page.click("#live-pick input")
    page.locator("ul[role=listbox] li", has_text=MARK).first.click()
    seen(page, "#live-talk")
    tab(page, "绩效周期")
    tab(page, "团队", "#cycle-tabs")
    seen(page, "#team-people label")
    page.locator("#team-people label").first.click()
    seen(page, "#cycle-chosen")
    for name, inside in (("备谈", "#cycle-pack"), ("谈后", "#after-view"), ("待办", "#work-table")):
        tab(page, name, "#cycle-tabs")
        seen(page, inside)
    tab(page, "谈后", "#cycle-tabs")
    with page.expect_file_chooser() as chooser:
        page.click("#after-load")
    wrong = json.dumps({"schema": SCHEMA, "resources": [], MARK: 1})
    chooser.value.set_files([{"name": "c.json", "mimeType": "application/json", "buffer": wrong.encode()}])
    seen(page, ".toast-body")
    as_role(page, "trainer", "培训师")
    seen(page, "#sessions label")
    page.locator("#sessions label").first.click()
    seen(page, "#session .report")
    seen(page, "#notes")
    tab(page, "班组", "#trainer-tabs")
    page.locator("#cohorts label").first.click()
    seen(page, "#cohort-table")
    tab(page, "校准", "#trainer-tabs")
    seen(page, "#calibration")
    tab(page, "课堂", "#trainer-tabs")
    page.wait_for_timeout(1_000)
    page.click("#class-earlier input")
    page.locator("ul[role=listbox] li").first.click()
    seen(page, "#class-answers")
    as_role(page, "hr", "面谈轮次")
    page.wait_for_timeout(1_500)
    untouched(page)
    phone = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    for link in made.links:
        phone.goto(link)
        untouched(phone)
        said = phone.evaluate(
            "document.body.innerText + [...document.querySelectorAll('input,textarea')].map(e => e.value)"
        )
        assert MARK in said or "flow-card" in link, link


def as_role(page: Page, role: str, name: str) -> None:
    """Switch the role and open its tab."""
    page.click(f"#role label:has(input[value='{role}'])")
    tab(page, name)


def test_every_print_and_export_shows_markup_as_words(tmp_path: Path, browser: Browser):
    services = Services(Settings(home=tmp_path / "home", pace_s=0))
    made = fill_everything(services, "http://127.0.0.1/")
    page = browser.new_page()
    for name, text in exports(services, made).items():
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(text.replace("\ufeff", ""))) for cell in row]
            assert "'=1+1" in cells and not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
            continue
        page.set_content(text)
        assert MARK in page.evaluate("document.body.textContent"), name
        untouched(page)
    page.close()


def exports(services: Services, made: Filled) -> dict[str, str]:
    """File name to contents of all that can be saved or printed."""
    found: dict[str, str] = {}
    langs: tuple[Lang, ...] = ("zh", "en")
    for lang in langs:
        progress = services.cohorts.progress(TRAINER, made.cohort)
        found |= dict([csv_file(services, progress, lang), printable(services, progress, lang)])
        found[f"report-{lang}.html"] = document(services, made.rehearsal, lang)[1]
        found[f"pack-{lang}.html"] = pack_document(services.packs.open(MANAGER, made.talk), lang)
        minutes, _ = services.minutes.of_talk(MANAGER, made.talk)
        assert minutes.latest is not None
        found[f"minutes-{lang}.html"] = minutes_document(MARK, minutes.latest, minutes, MARK, lang)
        figures = services.team.figures(MANAGER, made.person)
        found[f"shared-{lang}.html"] = shared_page(MARK, figures, services.team.events(MANAGER, made.person), lang)
        live = services.consents.mine(MANAGER)[0]
        body = talk_html(services.live.heard(MANAGER, live.id), lang)
        found[f"live-{lang}.html"] = live_minutes(live.title, body, lang)
    return found
