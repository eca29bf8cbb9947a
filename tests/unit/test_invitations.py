"""The calendar file is read back with the library, line by line, and as other calendars demand it."""

import datetime as dt
from dataclasses import replace

import icalendar
import pytest

from cycle.invitations import Form
from cycle.rounds import Round
from cycle.talks import Stage
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import InputError, NotFoundError

ANNA = Actor("a", Role.MANAGER, "zh")
TODAY = dt.datetime.now().astimezone().date()
YEAR = TODAY.year + 1
CLOCKS_CHANGE = max(d for n in range(25, 32) if (d := dt.date(YEAR, 3, n)).weekday() == 6)
FORM = Form(
    when=f"{YEAR}-06-03 14:00", zone="Asia/Shanghai", place="三楼, 会议室; \\2", minutes=90, purpose="回顾上半年",
    bring=("目标表",), host="王岚", host_email="lan.wang@example.com", checked=("phone_silent", "unknown"),
)  # fmt: skip


@pytest.fixture
def talk(services):
    (person,) = services.team.add(ANNA, Person(name='许"愿', email="yuan.xu@example.com"))
    return services.talks.plan(ANNA, person.id, TODAY)


def read(ics: bytes) -> tuple[icalendar.Calendar, icalendar.Event]:
    """Parsed, after what every client demands: CRLF, lines of 75 octets, UTF-8 cut between characters."""
    assert ics.endswith(b"\r\n") and b"\n" not in ics.replace(b"\r\n", b"")
    for line in ics.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    parsed = icalendar.Calendar.from_ical(ics)
    assert not parsed.errors
    (event,) = parsed.walk("VEVENT")
    assert not event.errors
    for name in ("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE"):
        assert isinstance(event[name], list) is False
    return parsed, event


def test_what_was_filled_in_comes_back_from_the_file(services, talk):
    given = services.invitations.invite(ANNA, talk.id, FORM)
    whole, event = read(given.ics)
    assert (whole["METHOD"], whole["VERSION"], event["STATUS"], event["CLASS"]) == (
        "REQUEST", "2.0", "CONFIRMED", "PRIVATE",
    )  # fmt: skip
    assert event.decoded("dtstart") == dt.datetime(YEAR, 6, 3, 6, 0, tzinfo=dt.UTC)
    assert event.decoded("dtend") - event.decoded("dtstart") == dt.timedelta(minutes=90)
    assert event["LOCATION"] == FORM.place
    assert event["ORGANIZER"] == "mailto:lan.wang@example.com" and event["ORGANIZER"].params["CN"] == "王岚"
    assert event["ATTENDEE"] == "mailto:yuan.xu@example.com" and event["ATTENDEE"].params["CN"] == "许'愿"
    assert event["ATTENDEE"].params["RSVP"] == "TRUE" and event["SEQUENCE"] == 0
    assert "9. " in event["DESCRIPTION"] and "回顾上半年" in event["DESCRIPTION"]
    record, kept = services.talks.talk(ANNA, talk.id)
    assert (record.status, kept.checked, kept.minutes) == (Stage.INVITED, ("phone_silent",), 90)


def test_a_change_keeps_the_uid_and_counts_up_and_the_same_again_does_not(services, talk):
    first = read(services.invitations.invite(ANNA, talk.id, FORM).ics)[1]
    same = services.invitations.invite(ANNA, talk.id, FORM)
    assert same.ics == services.invitations.again(ANNA, talk.id).ics
    assert read(same.ics)[1]["SEQUENCE"] == 0
    moved = services.invitations.invite(ANNA, talk.id, replace(FORM, when=f"{YEAR}-06-04 09:30"))
    changed = read(moved.ics)[1]
    assert (changed["UID"], changed["SEQUENCE"]) == (first["UID"], 1)
    assert "改期" in moved.subject and changed.decoded("dtstart").hour == 1


def test_cancelled_it_says_so_and_can_be_asked_for_anew(services, talk):
    services.invitations.invite(ANNA, talk.id, FORM)
    back = services.invitations.cancel(ANNA, talk.id)
    whole, event = read(back.ics)
    assert (whole["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)
    assert not event.walk("VALARM") and "取消" in back.subject
    assert services.talks.talk(ANNA, talk.id)[0].status == Stage.PREPARED
    with pytest.raises(InputError):
        services.invitations.cancel(ANNA, talk.id)
    assert services.invitations.form(ANNA, talk.id).when == ""
    anew = services.invitations.invite(ANNA, talk.id, FORM)
    assert read(anew.ics)[1]["SEQUENCE"] == 2 and anew.method == "REQUEST"


@pytest.mark.parametrize("missing", ["host_email", "email"])
def test_without_both_addresses_it_is_a_date_to_be_taken_over(services, missing):
    (person,) = services.team.add(ANNA, Person(name="许愿", email="" if missing == "email" else "x@example.com"))
    talk = services.talks.plan(ANNA, person.id, TODAY)
    form = replace(FORM, host_email="" if missing == "host_email" else FORM.host_email)
    whole, event = read(services.invitations.invite(ANNA, talk.id, form).ics)
    assert whole["METHOD"] == "PUBLISH" and "ATTENDEE" not in event


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"when": "明天下午"}, "error.when"),
        ({"when": "2026-13-01 10:00"}, "error.when"),
        ({"when": "2001-01-01 10:00"}, "error.time_past"),
        ({"zone": "Mars/Base"}, "error.zone"),
        ({"when": f"{CLOCKS_CHANGE} 02:30", "zone": "Europe/Berlin"}, "error.time_skipped"),
        ({"place": " \u202e\n"}, "error.no_place"),
        ({"minutes": 5}, "error.talk_length"),
        ({"host_email": "a@b.com\r\nBcc: c@d.com"}, "error.address"),
        ({"host_email": "a@b.com,c@d.com"}, "error.address"),
        ({"purpose": "字" * 501}, "error.field_long"),
        ({"bring": tuple("abcdefghijklm")}, "error.bring_many"),
        ({"purpose": "谈谈你这种低绩效低潜力的情况"}, "error.private_word"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_changes(services, talk, wrong, key):
    with pytest.raises(InputError) as caught:
        services.invitations.invite(ANNA, talk.id, replace(FORM, **wrong))
    assert caught.value.message_key == key
    assert services.talks.talk(ANNA, talk.id)[0].version == talk.version


def test_no_typed_text_makes_a_line_of_its_own(services, talk):
    form = replace(FORM, place="A\r\nATTENDEE:mailto:evil@example.com", host="王\r\nX-EVIL:1", bring=("b\nX-EVIL:2",))
    given = services.invitations.invite(ANNA, talk.id, form)
    _, event = read(given.ics)
    assert event["ATTENDEE"] == "mailto:yuan.xu@example.com" and "X-EVIL" not in event
    assert "\n" not in given.subject


def test_the_private_link_is_in_the_mail_and_not_in_calendars_others_may_see(services, talk):
    given = services.invitations.invite(ANNA, talk.id, FORM, link="https://x.example/me/SECRET")
    assert "/me/SECRET" in given.text and b"SECRET" not in given.ics.replace(b"\r\n ", b"")


@pytest.mark.parametrize(("lang", "word"), [("zh", "星期"), ("en", "June")])
def test_each_language_reads_as_its_own(services, lang, word):
    (person,) = services.team.add(ANNA, Person(name="Xu", lang=lang, email="x@example.com"))
    talk = services.talks.plan(ANNA, person.id, TODAY)
    form = replace(services.invitations.form(ANNA, talk.id), when=FORM.when, place="Room 3")
    given = services.invitations.invite(ANNA, talk.id, form)
    assert word in given.text and "{" not in given.text + given.subject
    assert any("\u4e00" <= c <= "\u9fff" for c in given.text) is (lang == "zh")


def test_the_round_s_texts_and_way_of_appeal_are_in_it(services, talk):
    hr = Actor("h", Role.HR, "zh")
    what = Round(name="年终", opens=TODAY, due=TODAY, form="请先看公司制度第 7 页。", appeal="申诉信箱 a@example.com")
    services.talks.drop(ANNA, talk.id)
    services.rounds.open(hr, what)
    (asked,) = services.talks.all(ANNA)
    text = services.invitations.invite(ANNA, asked.id, FORM).text
    assert what.form in text and what.appeal in text and "评分会在面谈时" in text


def test_only_one_s_own_talks(services, talk):
    with pytest.raises(NotFoundError):
        services.invitations.invite(Actor("b", Role.MANAGER, "zh"), talk.id, FORM)


def test_a_held_talk_is_not_invited_to(services, talk):
    services.talks.move(ANNA, talk.id, Stage.HELD)
    with pytest.raises(InputError):
        services.invitations.invite(ANNA, talk.id, FORM)
