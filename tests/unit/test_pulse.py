"""Anonymous answers: counted once, shown by fives, and nothing in the store ties one to a person."""

import datetime as dt
import json

import pytest

from cycle.pulse import BATCH, QUESTIONS, WeekClock
from cycle.records import Kind
from cycle.talks import Stage, Talk
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import ConflictError, InputError, PermissionDeniedError

ANSWER = {"heard": 4, "fair": 2, "next": 5}


def visits(services, actor, count, stage=Stage.HELD):
    people = services.team.add(actor, *(Person(name=f"员工{n}") for n in range(count)))
    for person in people:
        talk = services.talks.plan(actor, person.id, dt.date(2026, 12, 1))
        services.talks.change(actor, talk, Talk(), stage)
        yield services.visits.open(services.visits.make(actor, talk.id))


def test_shown_from_five_on_and_by_fives(services, actor):
    given = list(visits(services, actor, 2 * BATCH))
    for n, visit in enumerate(given, 1):
        services.pulses.answer(visit, ANSWER | {"fair": 1 + n % 2})
        assert sum(b.answers for b in services.pulses.shown(actor)) == n // BATCH * BATCH, n
    first, _ = services.pulses.shown(actor)
    assert first.counts["fair"] == (2, 3, 0, 0, 0) and first.mean("heard") == 4
    assert services.pulses.shown(Actor("other", Role.MANAGER, "zh")) == ()
    with pytest.raises(PermissionDeniedError):
        services.pulses.shown(Actor("h", Role.HR, "zh"))


def test_once_a_talk_and_only_after_it(services, actor):
    (before,) = visits(services, actor, 1, Stage.INVITED)
    assert not services.pulses.may_answer(before)
    with pytest.raises(ConflictError):
        services.pulses.answer(before, ANSWER)
    (visit,) = visits(services, actor, 1)
    assert services.pulses.may_answer(visit)
    for bad in ({}, {"heard": 4}, ANSWER | {"fair": 6}, ANSWER | {"more": 1}):
        with pytest.raises(InputError):
            services.pulses.answer(visit, bad)
    services.pulses.answer(visit, ANSWER)
    assert not services.pulses.may_answer(visit)
    with pytest.raises(ConflictError) as caught:
        services.pulses.answer(visit, ANSWER)
    assert caught.value.message_key == "error.pulse_again"


def test_nothing_kept_tells_who_said_what_or_when(services, actor):
    given = list(visits(services, actor, 3))
    for visit in given:
        services.pulses.answer(visit, ANSWER)
    kept = services._store.records.find(Kind.PULSE)
    tally = [r for r in kept if r.status == "tally"]
    assert len(tally) == 1 and len(kept) == 4
    assert tally[0].key_id not in {v.talk.key_id for v in given}
    whole = json.dumps(tally[0].body, ensure_ascii=False)
    for visit in given:
        assert visit.talk.id not in whole and visit.person.id not in whole and visit.profile.name not in whole
    for record in kept:
        at = record.changed_at
        assert (at.weekday(), at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0, 0)
    for record in kept:
        assert record.status == "tally" or record.body == {}, "who answered is marked without the answer"
    assert set(tally[0].body["filling"]["counts"]) == set(QUESTIONS)


def test_answers_stay_when_a_person_is_forgotten(services, actor):
    given = list(visits(services, actor, BATCH))
    for visit in given:
        services.pulses.answer(visit, ANSWER)
    services.team.forget(actor, given[0].person.id)
    assert services.pulses.shown(actor)[0].answers == BATCH


def test_the_week_clock_says_monday():
    class Sunday:
        def now(self):
            return dt.datetime(2026, 11, 29, 23, 59, 59, 999, tzinfo=dt.UTC)

    assert WeekClock(Sunday()).now() == dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
