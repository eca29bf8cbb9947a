"""An interview held from the list of work is known to its talk, and ends it."""

import datetime as dt

import pytest

from app.ui.live_for import arrived, held, link, talk_of, talks_open
from cycle.talks import Stage
from cycle.team import Person
from interview.errors import NotFoundError


@pytest.fixture
def two(services, actor):
    people = services.team.add(actor, Person(name="许愿"), Person(name="赵敏"))
    return [services.talks.plan(actor, p.id, dt.date(2026, 12, day)) for p, day in zip(people, (2, 1), strict=True)]


def live_id_of(services, actor, talk):
    return services.talks.talk(actor, talk.id)[1].live_id


def test_an_interview_is_held_for_one_talk_and_can_be_moved(services, actor, two):
    interview, _ = services.consents.invite(actor, "面谈", "zh")
    link(services, actor, two[0].id, interview.id)
    assert live_id_of(services, actor, two[0]) == interview.id
    assert talk_of(services, actor, interview.id) == two[0].id
    link(services, actor, two[1].id, interview.id)
    assert (live_id_of(services, actor, two[0]), talk_of(services, actor, interview.id)) == ("", two[1].id)
    link(services, actor, "", interview.id)
    assert talk_of(services, actor, interview.id) == ""
    with pytest.raises(NotFoundError):
        link(services, actor, two[0].id, "no-such")


def test_the_end_of_the_interview_ends_the_talk_once(services, actor, two):
    interview, _ = services.consents.invite(actor, "面谈", "zh")
    held(services, actor, interview.id)
    assert services.talks.talk(actor, two[0].id)[0].status == Stage.DUE, "held for no talk of the list"
    link(services, actor, two[0].id, interview.id)
    held(services, actor, interview.id)
    assert services.talks.talk(actor, two[0].id)[0].status == Stage.HELD
    services.talks.move(actor, two[0].id, Stage.CONFIRMED)
    held(services, actor, interview.id)
    assert services.talks.talk(actor, two[0].id)[0].status == Stage.CONFIRMED, "never back"
    open_now = [value for _, value in talks_open(services, "zh")]
    assert open_now == ["", two[1].id]
    assert two[0].id in [value for _, value in talks_open(services, "zh", two[0].id)]


def test_coming_from_the_list_fills_in_whom_it_is_for_once(services, actor, two):
    person = two[0].key_id
    chosen, came, title, picked = arrived(services, person, two[0].id, "", "", "", "zh")
    assert (chosen["value"], came, title, picked["value"]) == (two[0].id, two[0].id, "许愿的面谈", "")
    assert [label for label, _ in chosen["choices"]][1:] == ["赵敏 · 2026-12-01", "许愿 · 2026-12-02"]
    again = arrived(services, person, two[0].id, came, "", "", "zh")
    assert "value" not in again[0], "what the manager chose in between stays"
    interview, _ = services.consents.invite(actor, "面谈", "zh")
    link(services, actor, two[0].id, interview.id)
    assert arrived(services, person, two[0].id, "", "", "", "en")[3]["value"] == interview.id
