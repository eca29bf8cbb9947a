"""How the manager places somebody is for the manager alone: nothing that leaves the preparation says it."""

import datetime as dt

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.after_html import minutes_document
from app.employee_page import mount_employee
from app.pictures import shared_page
from app.ui.cycle.pack_html import pack_document
from cycle.employee import for_both
from cycle.minutes import entries_of
from cycle.packs import Pack, Placement
from cycle.plans import ActionItem, Skill
from cycle.resources import write_idp
from cycle.situation import sign_text, signs, style_text
from cycle.talks import Stage
from cycle.team import KeyEvent
from interview.conversation import LANGS
from interview.situations import Situation, Style
from interview.texts import situation_text
from tests.unit.test_reminders import ANNA, NOW, World

WHY = "只写给自己看的缘由九七三"
LINK = "https://x.example/me/SECRET"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("situation", Situation)
def test_nothing_that_leaves_the_preparation_says_the_situation(services, situation, lang):
    world = World(services, link=LINK)
    ticked = tuple(signs())[:3]
    placed = Placement(
        performance="low", potential="low", style=Style.DEFENSIVE, signs=ticked, decided=situation, why=WHY
    )
    event = KeyEvent(date=dt.date(2026, 9, 9), kind="complaint", what="回访晚了两天", source="华东客户")
    at = NOW + dt.timedelta(days=1)
    record = world.talk(Stage.DUE, 1, purpose="看看这半年，商量下半年")
    secret = services.visits.make(ANNA, record.id)
    services.packs.save(ANNA, record.id, Pack(rating="B", text="回访不够稳", placement=placed), 0, ready=True)
    given = services.invitations.again(ANNA, record.id, LINK)
    outside = [given.text, given.ics.decode(), shared_page(world.person.body["name"], (), for_both((event,)), lang)]
    world.told(0.1)
    sent = list(world.way.taken)
    assert sent, "a reminder of the self-assessment goes out a day before"

    record = services.talks.move(ANNA, record.id, Stage.HELD)
    services.minutes.save(ANNA, record.id, entries_of("agreed", "每周五一起看清单"), 0)
    services.minutes.confirm(ANNA, record.id, 1)
    plans = services.plans
    by = plans.today() + dt.timedelta(days=30)
    plans.put_action(
        ANNA, record.id, ActionItem(id="", what="列清单", how="每周五导出", by=by, support="同事看", know="没有超期的", skill="条理", since=by)
    )  # fmt: skip
    plans.set_skills(ANNA, record.id, [Skill(name="条理", now=2, goal=4)])
    plans.share(ANNA, record.id)
    _, person = services.team.person(ANNA, record.key_id)
    minutes = services.minutes.of_talk(ANNA, record.id)[0]
    outside.append(write_idp(person, plans.of_talk(ANNA, record.id)))
    outside.append(minutes_document(person.name, minutes.latest, minutes, "", lang))
    outside.append(pack_document(services.packs.open(ANNA, record.id), lang))
    for days in (3.5, 8, 15, 30):
        world.told((at - NOW).days + days)
        sent += world.way.taken
    app = FastAPI()
    mount_employee(app, services)
    with TestClient(app) as client:
        page = client.get(f"/me/{secret}?lang={lang}")
        assert page.status_code == 200 and "每周五一起看清单" in page.text and "列清单" in page.text
        outside.append(page.text)
    outside += [f"{m.subject}\n{m.text}\n{m.ics}" for m in sent]

    private = [WHY, *(situation_text(s, other).name for s in Situation for other in LANGS)]
    private += [style_text(Style.DEFENSIVE, other) for other in LANGS]
    private += [sign_text(name, other) for name in ticked for other in LANGS]
    private += ["绩效低", "潜力低", "低潜力", "low potential"]
    for text in outside:
        found = [word for word in private if word.casefold() in text.casefold()]
        assert not found, (found, text[:200])


def test_who_complained_is_in_no_shared_picture():
    event = KeyEvent(date=dt.date(2026, 9, 9), kind="complaint", what="回访晚了两天", source="华东客户王总")
    assert "华东客户王总" not in shared_page("许愿", (), for_both((event,)), "zh")
