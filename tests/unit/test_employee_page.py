"""What a phone gets from ``/me/SECRET``: without script, in both languages, and nothing that isn't the bearer's."""

import datetime as dt
import re
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.consent_page import WRONG_LINKS
from app.employee_page import mount_employee
from app.gate import MAX_SHEET_BYTES
from cycle.assessments import MAX_TEXT, PARTS
from cycle.minutes import entries_of
from cycle.plans import ActionItem
from cycle.rounds import Round
from cycle.talks import Stage, Talk
from cycle.team import Figure, KeyEvent, Person
from interview.actor import Actor, Role
from tests.unit.test_bad_input import ask

NASTY = "<script>alert(1)</script>'\"><img src=x onerror=alert(2)>"


@pytest.fixture
def talk(services, actor):
    (person,) = services.team.add(actor, Person(name=f"许愿{NASTY}"))
    at = dt.datetime(2026, 12, 1, 7, 0, tzinfo=dt.UTC)
    return services.talks.plan(actor, person.id, at.date(), Talk(at=at, place=f"小会议室{NASTY}", purpose=NASTY))


@pytest.fixture
def secret(services, actor, talk):
    return services.visits.make(actor, talk.id)


@pytest.fixture
def client(services):
    app = FastAPI()
    mount_employee(app, services)
    with TestClient(app) as made:
        yield made


def version_in(html: str) -> str:
    return re.search(r"name='version' value='(\d+)'", html)[1]


def test_typed_kept_sent_and_read_without_script(client, secret, services, actor, talk):
    first = client.get(f"/me/{secret}")
    assert (
        first.status_code == 200 and "最值得骄傲的三件事" in first.text and first.headers["cache-control"] == "no-store"
    )
    fields = {"version": version_in(first.text), "proud-1-what": "三个月零返工" + NASTY, "what": "save"}
    kept = client.post(f"/me/{secret}?lang=en", data=fields)
    assert kept.status_code == 200 and "Saved. Your manager does not see it yet." in kept.text
    assert "三个月零返工&lt;script&gt;" in kept.text and NASTY not in kept.text
    assert services.assessments.of_talk(actor, talk.id) is None
    fields |= {"version": version_in(kept.text), "what": "send", "for_practice": "yes"}
    sent = client.post(f"/me/{secret}", data=fields)
    assert "已发送给主管" in sent.text
    answers = services.assessments.of_talk(actor, talk.id).answers
    assert answers.proud[0].what == "三个月零返工" + NASTY and answers.for_practice


def test_autosave_answers_in_json(client, secret):
    fields = {"version": "0", "improve-2-why": "排期太满", "what": "autosave"}
    assert client.post(f"/me/{secret}", data=fields).json()["version"] == 1
    again = client.post(f"/me/{secret}", data=fields)
    assert again.status_code == 409 and "另一个窗口" in again.json()["text"]
    for bad in ("", "x", "-1", "９", "1" * 400):
        assert client.post(f"/me/{secret}", data=fields | {"version": bad}).status_code == 400


def test_what_is_refused_stays_on_the_page(client, secret):
    long = "长" * 401
    answer = client.post(
        f"/me/{secret}", data={"version": "0", "proud-1-what": long, "support-3-why": "懂了", "what": "save"}
    )
    assert answer.status_code == 400 and long in answer.text and "懂了" in answer.text and "最多 400" in answer.text
    kept = client.post(f"/me/{secret}", data={"version": "0", "proud-1-what": "一", "what": "save"})
    other = client.post(f"/me/{secret}", data={"version": "0", "proud-1-what": "二", "what": "save"})
    assert other.status_code == 409 and ">二</textarea>" in other.text
    assert version_in(other.text) == version_in(kept.text), "a second press keeps it"


def test_every_wrong_link_says_so_and_guessing_is_slowed(client, secret, services, actor, talk):
    services.visits.take_back(actor, talk.id)
    gone = client.get(f"/me/{secret}")
    assert gone.status_code == 404 and "收回" in gone.text and "许愿" not in gone.text
    assert client.post(f"/me/{secret}", data={"what": "autosave", "version": "0"}).status_code == 404
    for _ in range(WRONG_LINKS):
        last = client.get("/me/" + "x" * 32)
    assert last.status_code == 429
    assert client.get(f"/me/{services.visits.make(actor, talk.id)}").status_code == 429


def test_after_the_talk_the_sheet_is_to_read_only(client, secret, services, actor, talk):
    client.post(f"/me/{secret}", data={"version": "0", "proud-1-what": "零返工", "what": "send"})
    services.talks.change(actor, talk, Talk(), Stage.HELD)
    page = client.get(f"/me/{secret}").text
    assert "零返工" in page and "<textarea id='proud" not in page
    late = client.post(f"/me/{secret}", data={"version": "1", "proud-1-what": "晚了", "what": "send"})
    assert late.status_code == 409 and "不能再改" in late.text


def number_in(html: str) -> str:
    return re.search(r"name='number' value='(\d+)'", html)[1]


def test_minutes_are_read_confirmed_and_confirmed_again_after_a_change(client, secret, services, actor, talk):
    services.minutes.save(actor, talk.id, entries_of("agreed", f"6. 每周复盘{NASTY}"), 0)
    assert "面谈纪要" not in client.get(f"/me/{secret}").text, "a draft is the manager's"
    services.minutes.confirm(actor, talk.id, 1)
    shown = client.get(f"/me/{secret}").text
    assert "6 " in shown and "每周复盘&lt;script&gt;" in shown and NASTY not in shown
    mute = client.post(f"/me/{secret}", data={"number": "1", "view": " ", "what": "differ"})
    assert mute.status_code == 400 and "有什么不同" in mute.text
    answer = client.post(
        f"/me/{secret}", data={"number": number_in(shown), "view": f"我补充{NASTY}", "what": "confirm"}
    )
    assert "已确认这份纪要" in answer.text and "我补充&lt;script&gt;" in answer.text and NASTY not in answer.text
    minutes, version = services.minutes.of_talk(actor, talk.id)
    assert minutes.status == "confirmed"
    services.minutes.save(actor, talk.id, entries_of("agreed", "改过"), version)
    stale = client.post(f"/me/{secret}", data={"number": "1", "view": "想说的话还在", "what": "confirm"})
    assert stale.status_code == 409 and "已经改过" in stale.text and "正在修改" in stale.text
    services.minutes.confirm(actor, talk.id, 2)
    assert number_in(client.get(f"/me/{secret}").text) == "2"
    services.visits.take_back(actor, talk.id)
    closed = client.post(f"/me/{secret}", data={"number": "2", "what": "confirm"})
    assert closed.status_code == 404 and services.minutes.of_talk(actor, talk.id)[0].status == "proposed"


def test_own_actions_are_ticked_off_and_taken_back(client, secret, services, actor, talk):
    today = services.plans.today()
    own = ActionItem(id="", what=f"交总结{NASTY}", by=today, since=today)
    made = services.plans.put_action(actor, talk.id, own)
    other = services.plans.put_action(actor, talk.id, own.model_copy(update={"owner": "manager", "what": "给名额"}))
    assert "行动计划" not in client.get(f"/me/{secret}").text
    services.plans.share(actor, talk.id)
    shown = client.get(f"/me/{secret}?lang=en").text
    assert shown.count("value='tick'") == 1 and "交总结&lt;script&gt;" in shown and NASTY not in shown
    done = client.post(f"/me/{secret}", data={"action": made.id, "period": "", "note": NASTY, "what": "tick"})
    assert "✓ 已完成" in done.text and NASTY not in done.text
    assert client.post(f"/me/{secret}", data={"action": other.id, "period": "", "what": "tick"}).status_code == 400
    client.post(f"/me/{secret}", data={"action": made.id, "period": "", "what": "tick"})
    assert services.plans.of_talk(actor, talk.id).actions[0].ticks == ()


def test_the_same_figures_and_events_as_the_manager_sees(client, services, actor):
    event = {"kind": "complaint", "source": "仓库老周"}
    services.team.take(
        actor,
        {"0009": {"name": "林", "number": "0009"}},
        {"0009": [Figure(metric=f"回款{NASTY}", month="2026-10", actual=3, target=4)]},
        {
            "0009": [
                KeyEvent(date=dt.date(2026, 10, 8), what=w, **event) for w in (f"客户来信{NASTY}", "讨论她是不是困局")
            ]
        },
    )
    (person,) = [r for r, p in services.team.people(actor) if p.number == "0009"]
    talk = services.talks.plan(actor, person.id, dt.date(2026, 12, 1))
    for lang in ("zh", "en"):
        shown = client.get(f"/me/{services.visits.make(actor, talk.id)}?lang={lang}").text
        assert "回款&lt;" in shown and "客户来信&lt;" in shown and NASTY not in shown
        assert "困局" not in shown, "words of the manager's classification never get here"
        assert "仓库老周" not in shown, "who complained is not told"


def test_three_questions_once_after_the_talk(client, secret, services, actor, talk):
    assert "三个匿名问题" not in client.get(f"/me/{secret}").text
    answer = {"heard": "5", "fair": "4", "next": "3", "what": "pulse"}
    assert client.post(f"/me/{secret}", data=answer).status_code == 409
    services.talks.change(actor, services.talks.talk(actor, talk.id)[0], Talk(), Stage.HELD)
    assert "三个匿名问题" in client.get(f"/me/{secret}").text
    assert client.post(f"/me/{secret}", data={"heard": "5", "what": "pulse"}).status_code == 400
    assert "已匿名计入" in client.post(f"/me/{secret}", data=answer).text
    again = client.post(f"/me/{secret}", data=answer)
    assert again.status_code == 409 and "三个匿名问题" not in again.text


@pytest.mark.parametrize("body", [b"\xff\xfe=\x00", b"&".join(b"a%d=1" % n for n in range(500)), b"what=nonsense", b""])
def test_odd_forms_do_no_harm(client, secret, body):
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post(f"/me/{secret}", content=body, headers=kind).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "size", "status"),
    [
        ("GET", "/me/" + "a" * 32, 0, 200),
        ("POST", "/me/" + "a" * 32, 90_000, 200),
        ("POST", "/me/" + "a" * 32, 100_001, 413),
        ("POST", "/consent/" + "a" * 32, 90_000, 413),
        ("GET", "/me/short", 0, 404),
        ("GET", "/me/" + "a" * 32 + "/more", 0, 404),
        ("DELETE", "/me/" + "a" * 32, 0, 404),
    ],
)
def test_the_gate_lets_a_whole_sheet_in_and_no_more(method, path, size, status):
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert ask(method, path, form, b"x" * size)[0] == status


def test_a_full_sheet_of_chinese_fits_through_the_gate():
    fields = {f"{p}-{n}-{f}": "汉" * MAX_TEXT for p in PARTS for n in (1, 2, 3) for f in ("what", "why")}
    assert len(urlencode(fields | {"what": "autosave", "version": "999999999"})) < MAX_SHEET_BYTES


@pytest.mark.parametrize(
    ("published", "zh", "en"),
    [(True, "评分在面谈前已经公布", "published before the talk"), (False, "评分会在面谈时告诉您", "in the talk")],
)
def test_what_hr_set_for_the_round_stands_on_the_employee_s_page(client, services, actor, published, zh, en):
    services.team.add(actor, Person(name="林一"))
    assert "id='company'" not in client.get(f"/me/{_link_of_newest(services, actor, plan=True)}").text
    today = dt.datetime.now().astimezone().date()
    services.rounds.open(
        Actor("hr", Role.HR, "zh"),
        Round(
            name="年终", opens=today, due=today, form=f"请带上目标表{NASTY}", appeal="写信到 hr@example.com",
            ratings_published=published,
        ),
    )  # fmt: skip
    secret = _link_of_newest(services, actor)
    shown = client.get(f"/me/{secret}").text
    assert zh in shown and "写信到 hr@example.com" in shown and "请带上目标表&lt;script&gt;" in shown
    assert NASTY not in shown and en in client.get(f"/me/{secret}?lang=en").text


def _link_of_newest(services, actor, *, plan=False):
    record, _ = services.team.people(actor)[-1]
    if plan:
        services.talks.plan(actor, record.id, dt.date(2027, 1, 1))
    return services.visits.make(actor, services.talks.of_person(actor, record.id)[-1].id)
