"""What surrounds the talk is kept sealed, whole, and forgotten when asked."""

import datetime as dt
from dataclasses import replace

import pytest

from cycle.records import Kind, Record
from cycle.talks import Stage, Talk
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import ConflictError, NotFoundError, PermissionDeniedError

LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=7)


@pytest.fixture
def records(services):
    return services._store.records


def test_a_record_comes_back_as_it_was_and_lies_sealed(records, services):
    made = Record("a1", Kind.PERSON, "m", "a1", {"name": "许愿"}, status="x", due=dt.date(2026, 12, 1))
    (stored,) = records.add(made)
    assert records.get(Kind.PERSON, "a1") == stored and stored.version == 1
    assert stored == replace(made, version=1, changed_at=stored.changed_at)
    assert "许愿".encode() not in b"".join(p.read_bytes() for p in services.settings.home.rglob("*") if p.is_file())
    with pytest.raises(NotFoundError):
        records.get(Kind.PACK, "a1")


def test_all_or_none(records):
    records.add(Record("a1", Kind.PERSON, "m", "a1"))
    with pytest.raises(ConflictError):
        records.add(Record("a2", Kind.PERSON, "m", "a2"), Record("a1", Kind.PERSON, "m", "a1"))
    assert [r.id for r in records.find(Kind.PERSON)] == ["a1"]


def test_the_later_of_two_changes_to_the_same_version_is_refused(records):
    (first,) = records.add(Record("a1", Kind.PERSON, "m", "a1", {"n": 1}))
    records.put(replace(first, body={"n": 2}))
    with pytest.raises(ConflictError):
        records.put(replace(first, body={"n": 3}))
    assert records.get(Kind.PERSON, "a1").body == {"n": 2}


def test_found_by_owner_parent_person_status_and_day(records):
    day = dt.date(2026, 12, 1)
    records.add(
        Record("p", Kind.PERSON, "m", "p"),
        Record("t1", Kind.TALK, "m", "p", {"place": "x"}, parent_id="r", status="due", due=day),
        Record("t2", Kind.TALK, "n", "q", parent_id="r", status="held", due=day + dt.timedelta(days=1)),
    )

    def ids(**wanted):
        return [r.id for r in records.find(Kind.TALK, **wanted)]

    assert ids() == ids(parent_id="r") == ["t1", "t2"]
    assert ids(owner_id="m") == ids(key_id="p") == ids(status=["due"]) == ids(due_until=day) == ["t1"]
    assert records.find(Kind.TALK, owner_id="m", bodies=False)[0].body == {}


def test_to_forget_a_person_leaves_nothing_to_open(records):
    (person, talk, other) = records.add(
        Record("p", Kind.PERSON, "m", "p"), Record("t", Kind.TALK, "m", "p"), Record("q", Kind.PERSON, "m", "q")
    )
    secret = records.new_link("self-assessment", talk, LATER)
    records.forget("p")
    assert records.find(Kind.TALK) == () and records.find(Kind.PERSON) == (other,)
    with pytest.raises(NotFoundError):
        records.open_link(secret, "self-assessment")
    with pytest.raises(NotFoundError):
        records.put(replace(person, body={"name": "back"}))


def test_a_link_opens_its_purpose_until_it_runs_out_or_is_taken_back(records):
    (talk,) = records.add(Record("t", Kind.TALK, "m", "p"))
    secret = records.new_link("employee", talk, LATER)
    assert records.open_link(secret, "employee").record_id == "t"
    old = records.new_link("employee", talk, dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
    for wrong, purpose in ((secret, "hr"), (secret[:-1], "employee"), ("", "employee"), (old, "employee")):
        with pytest.raises(NotFoundError):
            records.open_link(wrong, purpose)
    records.close_links("t")
    with pytest.raises(NotFoundError):
        records.open_link(secret, "employee")


def test_a_manager_reaches_their_own_people_and_talks_only(services, actor):
    (record,) = services.team.add(actor, Person(name="许愿", number="0007"))
    talk = services.talks.plan(actor, record.id, dt.date(2026, 12, 1), Talk(place="小会议室"))
    held = services.talks.change(actor, talk, Talk(place="大会议室"), Stage.HELD)
    assert services.talks.talk(actor, talk.id) == (held, Talk(place="大会议室"))
    assert services.talks.of_person(actor, record.id) == (held,)
    for other in (Actor("other", Role.MANAGER, "zh"), Actor("h", Role.HR, "zh"), Actor("t", Role.TRAINER, "zh")):
        for call in (
            lambda o=other: services.team.person(o, record.id),
            lambda o=other: services.talks.talk(o, talk.id),
            lambda o=other: services.talks.plan(o, record.id, dt.date(2026, 12, 1)),
            lambda o=other: services.team.forget(o, record.id),
        ):
            with pytest.raises((NotFoundError, PermissionDeniedError)):
                call()
    services.team.forget(actor, record.id)
    assert services.team.people(actor) == ()
