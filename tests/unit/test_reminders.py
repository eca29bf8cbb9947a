"""Reminders: at the right time, to the right person, once, and with nothing in them that is not theirs to read."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import pytest

from cycle.messages import Outbox
from cycle.records import Kind, Record
from cycle.reminders import MINUTES_DAYS, Reminders
from cycle.talks import Stage, Talk
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import InputError

ANNA = Actor("a", Role.MANAGER, "zh")
NOW = dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC)


class Clock:
    at = NOW

    def now(self):
        return self.at


class Takes:
    def __init__(self):
        self.taken = []

    def send(self, message, message_id):
        self.taken.append(message)


class World:
    """One manager, one employee, a clock, mail and a group."""

    def __init__(self, services, ways=("mail", "webhook"), link="https://x.example/me/SECRET"):
        self.services, self.clock, self.way, self.link = services, Clock(), Takes(), link
        self.records = services._store.records
        self.records._clock = self.clock
        self.outbox = Outbox(self.records, dict.fromkeys(ways, self.way), self.clock)
        self.reminders = self.another()
        (self.person,) = services.team.add(ANNA, Person(name="许愿", email="xu@example.com"))

    def another(self):
        return Reminders(self.records, self.outbox, lambda _talk: self.link, "zh", self.clock)

    def talk(self, stage, days=0.0, **about):
        body = Talk(
            at=NOW + dt.timedelta(days=days),
            zone="Asia/Shanghai",
            place="三楼",
            host_email="m@example.com",
            sequence=0,
            **about,
        )
        record = self.services.talks.plan(ANNA, self.person.id, (NOW + dt.timedelta(days=30)).date(), body)
        return self.services.talks.change(ANNA, record, body, stage)

    def told(self, days=0.0):
        """What was sent by this day: ``(about, to)``."""
        self.clock.at = NOW + dt.timedelta(days=days)
        self.way.taken.clear()
        self.reminders.plan()
        self.another().plan()
        self.outbox.send_due()
        self.outbox.send_due()
        return sorted((m.about, m.to) for m in self.way.taken)


@pytest.fixture
def world(services):
    return World(services, ("mail",))


ASKED = [("self_assessment", "xu@example.com")]
SOON = [("soon", "xu@example.com"), ("soon_manager", "m@example.com")]


def test_a_missing_self_assessment_is_asked_for_twice_and_the_day_before_both_are_told(world):
    world.talk(Stage.INVITED, days=5)
    assert [world.told(d) for d in (0, 1.9, 2.1, 3.9, 4.1, 4.5, 4.99, 5.1)] == [
        [], [], ASKED, [], ASKED + SOON, [], [], [],
    ]  # fmt: skip


def test_one_that_was_sent_is_not_asked_for(world):
    talk = world.talk(Stage.INVITED, days=2.5)
    world.records.add(Record("s", Kind.SELF_ASSESSMENT, "a", world.person.id, parent_id=talk.id, status="sent"))
    assert world.told() == []


@pytest.mark.parametrize("stage", [Stage.DUE, Stage.PREPARED, Stage.CONFIRMED])
def test_nobody_is_reminded_of_what_they_were_not_invited_to(world, stage):
    world.talk(stage, days=0.5)
    assert world.told() == []


def test_a_cancelled_time_is_not_called_to_mind_and_a_new_one_is(world):
    talk = world.talk(Stage.INVITED, days=0.9)
    body = Talk.model_validate(talk.body)
    talk = world.services.talks.change(ANNA, talk, body.model_copy(update={"cancelled": True}))
    assert world.told() == []
    world.services.talks.change(ANNA, talk, body.model_copy(update={"sequence": 2}))
    assert world.told(0.01) == ASKED + SOON


def test_minutes_are_called_to_mind_with_whoever_has_the_next_word(world):
    talk = world.talk(Stage.HELD, days=-1)
    assert world.told() == [] and world.told(2.5) == [("minutes_manager", "m@example.com")]
    world.records.add(Record("m", Kind.MINUTES, "a", world.person.id, parent_id=talk.id, status="proposed"))
    assert [world.told(d) for d in (3, 6.5, 13.5, 60)] == [
        [("minutes", "xu@example.com")], [("minutes", "xu@example.com")], [("minutes", "xu@example.com")], [],
    ]  # fmt: skip
    assert len(MINUTES_DAYS) == 3


def test_a_running_plan_is_pushed_to_both_every_two_weeks(world):
    talk = world.talk(Stage.CONFIRMED, days=-9)
    plan = Record("p", Kind.PLAN, "a", world.person.id, parent_id=talk.id, status="running", due=dt.date(2026, 12, 24))
    world.records.add(plan)
    days = [d for d in range(42) if world.told(d)]
    assert len(days) == 4 and all(b - a == 14 for a, b in pairwise(days[1:]))
    assert world.told(43) == []
    (stored,) = world.records.find(Kind.PLAN)
    world.records.put(replace(stored, due=None))
    assert world.told(60) == []


def test_a_draft_of_a_plan_is_nobody_s_business_yet(world):
    talk = world.talk(Stage.CONFIRMED, days=-9)
    world.records.add(
        Record("p", Kind.PLAN, "a", world.person.id, parent_id=talk.id, status="draft", due=dt.date(2026, 12, 24))
    )
    assert [world.told(d) for d in (0, 14, 28)] == [[], [], []]


def test_the_group_gets_counts_once_a_week_and_no_name(services):
    world = World(services, ("webhook",))
    world.talk(Stage.INVITED, days=0.5)
    late = services.talks.plan(ANNA, world.person.id, (NOW - dt.timedelta(days=1)).date())
    assert late.due < NOW.date()
    assert [len(world.told(d)) for d in (0, 1, 2, 3, 4, 9, 10)] == [1, 0, 0, 1, 0, 0, 1]
    world.told(17)
    text = world.way.taken[0].text
    assert "逾期 1" in text and "已约 1" in text and "许愿" not in text and "{" not in text


def test_nothing_to_say_nothing_said(services):
    assert World(services, ("webhook",)).told() == []


def test_without_an_address_or_a_link_nobody_is_bothered(services):
    def no_link(_talk):
        raise InputError

    world = World(services, ("mail",))
    world.talk(Stage.INVITED, days=0.9)
    world.link = ""
    world.reminders._link_for = no_link
    world.reminders.plan()
    world.outbox.send_due()
    assert sorted((m.about, m.to) for m in world.way.taken) == SOON


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_speaks_the_reader_s_language_and_is_whole(services, lang):
    world = World(services, ("mail",))
    (world.person,) = services.team.add(ANNA, Person(name="Xu", email="xu@example.com", lang=lang))
    world.talk(Stage.INVITED, days=0.9)
    assert world.told() == ASKED + SOON
    theirs = [m for m in world.way.taken if m.to == "xu@example.com"]
    for message in theirs:
        whole = message.subject + message.text
        assert "{" not in whole and "/me/SECRET" in whole
        assert any("\u4e00" <= c <= "\u9fff" for c in whole.replace("三楼", "")) is (lang == "zh")
        assert message.reply_to == "m@example.com"
    assert not any("SECRET" in m.text for m in world.way.taken if m not in theirs)
