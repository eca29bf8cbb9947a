"""What somebody is given as their data: all of it, nobody else's, and the same in the page, the file and the command."""

import datetime as dt
import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.cli import main
from app.employee_page import mount_employee
from app.gate import Gate
from app.my_data import as_page, mount_my_data, of_employee, of_listener, of_person
from app.settings import Settings
from app.texts import t
from app.wiring import Services
from consent.notices import Purpose
from cycle.assessments import Answers, Entry
from cycle.packs import Pack
from cycle.records import Kind, Record
from cycle.talks import Talk
from cycle.team import Person
from interview.actor import Actor, Role
from storage.own import KINDS
from tests.unit.test_planted_words import ROOT, SAID, WORDS, used

ME = Actor("local", Role.MANAGER, "zh")


@pytest.fixture
def services(tmp_path):
    made = Services(Settings(home=tmp_path / "home"))
    yield made
    made.engine.dispose()


def test_everything_written_is_given_to_its_owner_and_nothing_to_anybody_else(tmp_path):
    services = Services(Settings(home=tmp_path / "home", accounts="on"))
    manager, trainer, other = (
        services.accounts.add(ROOT, login, login, role)[0]
        for login, role in (("ann", Role.MANAGER), ("tia", Role.TRAINER), ("bob", Role.MANAGER))
    )
    shown = used(services, manager.id, trainer.id)
    data = of_person(services, Actor(manager.id, Role.MANAGER, "zh"), manager)
    text = json.dumps(data, ensure_ascii=False)
    assert text.count(SAID) >= 6 and shown
    for section in ("account", "rehearsals", "live", "cohorts_joined", "person", "talk", "minutes"):
        assert len(data[section]) == 1, section
    (talk,) = data["rehearsals"]
    assert talk["turns"][0]["text"] == SAID and talk["turns"][0]["reply"] and talk["report"]["dimensions"]
    assert {note["text"] for note in talk["notes"]} == {SAID} and len(talk["notes"]) == 2
    (live,) = data["live"]
    assert live["words"][0]["text"] == SAID and live["minutes"]["agreed"][0]["words"] == SAID
    assert [entry["kind"] for entry in live["consents"]] == ["grant"] and live["consents"][0]["name"] == WORDS[2]
    theirs = of_person(services, Actor(trainer.id, Role.TRAINER, "zh"), trainer)
    assert len(theirs["written_reviews"]) == 2 and theirs["classes_led"][0]["answers"] == [SAID]
    assert not theirs["rehearsals"] and not theirs["live"] and not theirs["person"]
    nobody = of_person(services, Actor(other.id, Role.MANAGER, "zh"), other)
    assert not any(word in json.dumps(nobody, ensure_ascii=False) for word in WORDS)
    services.engine.dispose()


def test_every_kind_of_record_is_asked_for_but_what_has_no_name(services: Services):
    assert set(Kind) - set(KINDS) == {Kind.PULSE, Kind.SETTING}
    for kind in Kind:
        services.capture_links.add(Record(f"r-{kind}", kind, ME.id, "k", {"text": f"words of {kind}"}))
    text = json.dumps(of_person(services, ME, None))
    assert {kind for kind in Kind if f"words of {kind}" in text} == set(KINDS)


def test_an_unsent_sheet_and_links_are_not_given_to_the_manager(services: Services):
    (person,) = services.team.add(ME, Person(name="李工"))
    talk = services.talks.plan(ME, person.id, dt.date(2026, 12, 1), Talk())
    secret = services.visits.make(ME, talk.id)
    services.assessments.save(
        services.visits.open(secret), Answers(proud=(Entry(what="只写给自己看的一句"), Entry(), Entry())), 0
    )
    services.capture_links.add(
        Record("m-1", Kind.MESSAGE, ME.id, person.id, {"text": f"https://tandao.example/me/{secret}"}, talk.id)
    )
    text = json.dumps(of_person(services, ME, None), ensure_ascii=False)
    assert "只写给自己看的一句" not in text and secret not in text and "/me/…" in text
    own = json.dumps(of_employee(services, services.visits.open(secret)), ensure_ascii=False)
    assert "只写给自己看的一句" in own


def test_the_employee_gets_what_is_theirs_and_none_of_the_preparation(services: Services):
    (person,) = services.team.add(ME, Person(name="李工", expectations=("守住交期",)))
    talk = services.talks.plan(ME, person.id, dt.date(2026, 12, 1), Talk(purpose="年终面谈", rating="C"))
    services.packs.save(ME, talk.id, Pack(text="低潜力，只给经理看", rating="C"), 0)
    secret = services.visits.make(ME, talk.id)
    data = of_employee(services, services.visits.open(secret))
    text = json.dumps(data, ensure_ascii=False)
    assert "年终面谈" in text and "守住交期" in text
    assert "低潜力" not in text and '"rating"' not in text and "pack" not in data


def test_by_the_link_of_a_live_talk_ones_own_words_and_consent_only(services: Services):
    interview, link = services.consents.invite(ME, "给经理自己看的名字", "zh")
    both = (Purpose.TRANSCRIBE, Purpose.CUES)
    services.consents.manager_grants(ME, interview.id, both, "王岚")
    services.consents.answer(link, both, "李工", "zh")
    for who, words in (("manager", "经理说的话。"), ("employee", "这对我不公平。")):
        services.live.hear(services.consents.grant(interview.id), who, words)
    data = of_listener(services, link)
    assert [said["text"] for said in data["words"]] == ["这对我不公平。"] and data["words"][0]["cues"]
    assert data["consents"][0]["name"] == "李工" and set(data["consents"][0]["purposes"]) == set(both)
    text = json.dumps(data, ensure_ascii=False)
    assert "经理说的话" not in text and "王岚" not in text and "给经理自己看的名字" not in text
    services.consents.withdraw(link)
    after = of_listener(services, link)
    assert after["words"] == [] and {entry["kind"] for entry in after["consents"]} >= {"grant", "withdraw"}


def test_the_page_is_escaped_named_in_both_languages_and_complete(services: Services):
    held = services.rehearsals.start(ME, "expert-open", "year-end-below", lang="zh")
    list(services.rehearsals.say(ME, held.id, "<script>alert(1)</script>你自己怎么看？"))
    data = of_person(services, ME, None)
    for lang, titles in (("zh", ("我的演练", "对话")), ("en", ("My rehearsals", "Turns"))):
        page = as_page(data, lang)
        assert all(title in page for title in titles) and f"lang='{lang}'" in page
        assert "&lt;script&gt;alert(1)" in page and "<script" not in page
    assert "没有保存任何内容" in as_page({"format": "x", "made_at": "2026-11-23T00:00:00+00:00", "live": []}, "zh")


def test_every_field_that_people_wrote_has_a_name_in_both_languages():
    names = yaml.safe_load(Path("app/locales/fields.yaml").read_text(encoding="utf-8"))
    assert {"account", "rehearsals", "live", *map(str, KINDS)} <= set(names["sections"])
    written = {
        "text", "reply", "title", "what", "why", "proud", "improve", "support", "view", "note", "purpose", "evidence",
        "judgements", "incidents", "feedback", "expectations", "name", "minutes", "answers", "content", "subject",
    }  # fmt: skip
    assert written <= set(names["fields"])
    assert {*map(str, Purpose)} <= set(names["values"])
    assert all(len(named) == 2 and all(named) for table in names.values() for named in table.values())


def test_page_file_and_links_by_http(services: Services):
    held = services.rehearsals.start(ME, "expert-open", "year-end-below", lang="zh")
    list(services.rehearsals.say(ME, held.id, SAID))
    (person,) = services.team.add(ME, Person(name="李工"))
    talk = services.talks.plan(ME, person.id, dt.date(2026, 12, 1), Talk())
    secret = services.visits.make(ME, talk.id)
    app = FastAPI()
    mount_employee(app, services)
    mount_my_data(app, services)
    app.add_middleware(Gate, functions={}, allowed="", lang="zh")
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5)) as client:
        page = client.get("/my-data?lang=en")
        assert page.status_code == 200 and SAID in page.text and "My rehearsals" in page.text
        assert page.headers["cache-control"] == "no-store" and t("app.single_user", "en") in page.text
        file = client.get("/my-data.json")
        assert "attachment" in file.headers["content-disposition"]
        assert file.json()["rehearsals"][0]["turns"][0]["text"] == SAID
        assert f"/me/{secret}/my-data" in client.get(f"/me/{secret}?lang=en").text
        mine = client.get(f"/me/{secret}/my-data?lang=zh")
        assert mine.status_code == 200 and "李工" in mine.text and SAID not in mine.text
        assert t("app.single_user", "zh") not in mine.text, "the employee's page is nobody's room"
        assert client.get(f"/me/{secret}/my-data.json").json()["person"][0]["name"] == "李工"
        assert client.get(f"/me/{'x' * 32}/my-data").status_code == 404
        assert client.get(f"/consent/{'x' * 32}/my-data.json").status_code == 404
        assert client.post("/my-data").status_code in (404, 405)
    with TestClient(app, base_url="http://localhost", client=("10.0.0.7", 5)) as phone:
        assert phone.get("/my-data").status_code == 403, "another device reaches its link only"
        assert phone.get(f"/me/{secret}/my-data").status_code == 200


def test_the_command_writes_both_and_overwrites_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TANDAO_HOME", str(tmp_path / "home"))
    first = CliRunner().invoke(main, ["my-data", "--out", str(tmp_path / "out"), "--lang", "en"])
    assert first.exit_code == 0 and "tandao-my-data.json" in first.output
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["tandao-my-data.html", "tandao-my-data.json"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "out").iterdir())
    assert CliRunner().invoke(main, ["my-data", "--out", str(tmp_path / "out")]).exit_code == 1
    monkeypatch.setenv("TANDAO_ACCOUNTS", "on")
    refused = CliRunner().invoke(main, ["my-data", "--out", str(tmp_path / "other")])
    assert refused.exit_code == 1 and not (tmp_path / "other" / "tandao-my-data.json").exists()
