"""The employee's own sheet: theirs until sent, changeable until the talk, reached by a link that can be closed."""

import datetime as dt

import pytest

from cycle.assessments import Answers, Entry
from cycle.employee import MAX_DAYS
from cycle.talks import Stage, Talk
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import ConflictError, InputError, NotFoundError, TandaoError

DUE = dt.date(2026, 12, 1)
WRITTEN = Answers(proud=(Entry(what="三个月零返工", why="提前对齐需求"), Entry(), Entry()))


@pytest.fixture
def talk(services, actor):
    (person,) = services.team.add(actor, Person(name="许愿", number="7"))
    return services.talks.plan(actor, person.id, DUE, Talk(place="小会议室", purpose="年终面谈"))


@pytest.fixture
def secret(services, actor, talk):
    return services.visits.make(actor, talk.id)


def test_nothing_reaches_the_manager_before_it_is_sent(services, actor, talk, secret):
    visit = services.visits.open(secret)
    assert (visit.profile.name, visit.about.place) == ("许愿", "小会议室")
    version = services.assessments.save(visit, WRITTEN, 0)
    assert services.assessments.of_talk(actor, talk.id) is None
    version = services.assessments.send(visit, WRITTEN, version)
    assert services.assessments.of_talk(actor, talk.id).answers == WRITTEN
    later = Answers(proud=(Entry(what="改了主意"), Entry(), Entry()))
    services.assessments.save(visit, later, version)
    assert services.assessments.of_talk(actor, talk.id).answers == WRITTEN, "changes are typed, not sent"
    assert services.assessments.own(visit)[0].typed == later


def test_rehearsing_with_it_needs_the_employees_word(services, actor, talk, secret):
    visit = services.visits.open(secret)
    version = services.assessments.send(visit, WRITTEN, 0)
    assert services.assessments.for_practice(actor, talk.id) is None
    agreed = WRITTEN.model_copy(update={"for_practice": True})
    services.assessments.send(visit, agreed, version)
    assert services.assessments.for_practice(actor, talk.id) == agreed


def test_an_older_window_does_not_overwrite(services, secret):
    visit = services.visits.open(secret)
    services.assessments.save(visit, WRITTEN, 0)
    for version in (0, 7):
        with pytest.raises(ConflictError) as caught:
            services.assessments.save(visit, Answers(), version)
        assert caught.value.message_key == "error.assessment_elsewhere"
    assert services.assessments.own(visit)[0].typed == WRITTEN


def test_closed_after_the_talk_and_empty_is_not_sent(services, actor, talk, secret):
    with pytest.raises(InputError):
        services.assessments.send(services.visits.open(secret), Answers(), 0)
    services.talks.change(actor, talk, Talk(), Stage.HELD)
    with pytest.raises(ConflictError) as caught:
        services.assessments.save(services.visits.open(secret), WRITTEN, 0)
    assert caught.value.message_key == "error.assessment_closed"


def test_links_end(services, actor, talk, secret):
    second = services.visits.make(actor, talk.id, 1)
    assert services.visits.open(second).talk.id == services.visits.open(secret).talk.id == talk.id
    services.visits.take_back(actor, talk.id)
    for wrong in (secret, second, "x" * 32):
        with pytest.raises(NotFoundError) as caught:
            services.visits.open(wrong)
        assert caught.value.message_key == "error.me_link"
    for days in (0, -1, MAX_DAYS + 1):
        with pytest.raises(InputError):
            services.visits.make(actor, talk.id, days)


def test_nobody_else_makes_links_or_reads(services, talk, secret):
    services.assessments.send(services.visits.open(secret), WRITTEN, 0)
    for other in (Actor("other", Role.MANAGER, "zh"), Actor("h", Role.HR, "zh"), Actor("t", Role.TRAINER, "zh")):
        for call in (services.visits.make, services.visits.take_back, services.assessments.of_talk):
            with pytest.raises(TandaoError):
                call(other, talk.id)


def test_a_forgotten_person_leaves_no_sheet(services, actor, talk, secret):
    services.assessments.save(services.visits.open(secret), WRITTEN, 0)
    services.team.forget(actor, talk.key_id)
    with pytest.raises(NotFoundError):
        services.visits.open(secret)


@pytest.mark.parametrize("purpose", ["和她谈谈困局", "Plan for a LOW\n potential person"])
def test_a_link_never_carries_the_managers_classification(services, actor, talk, purpose):
    changed = services.talks.change(actor, talk, Talk(purpose=purpose))
    with pytest.raises(InputError) as caught:
        services.visits.make(actor, changed.id)
    assert caught.value.message_key == "error.private_word"
    services.talks.change(actor, changed, Talk(purpose="聊聊专家评审怎么排期，发布卡住了 (stuck)"))
    assert services.visits.make(actor, changed.id)
