"""A deleted account takes what is its own with it and nothing of anybody else."""

import pytest
from sqlalchemy import select

from app.settings import Settings
from app.wiring import Services
from consent.notices import Purpose
from cycle.records import Kind, Record
from interview.actor import Actor, Role
from interview.errors import NotFoundError
from storage.tables import metadata, sealing_keys

ROOT = Actor("root", Role.ADMINISTRATOR, "zh")
TRAINER = Actor("tia", Role.TRAINER, "zh")


@pytest.fixture
def services(tmp_path):
    made = Services(Settings(home=tmp_path / "home", accounts="on"))
    yield made
    made.engine.dispose()


def full(services: Services, person: str) -> tuple[str, str]:
    """A person who has used everything; their rehearsal and interview."""
    me = Actor(person, Role.MANAGER, "zh")
    talk = services.rehearsals.start(me, "expert-open", "year-end-below", lang="zh").id
    list(services.rehearsals.say(me, talk, "今天想听听你自己怎么看这一年。"))
    services.reviews.share(me, talk, True)
    interview, secret = services.consents.invite(me, "面谈", "zh")
    every = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.KEEP_TRANSCRIPT)
    services.consents.manager_grants(me, interview.id, every, f"名字{person}")
    services.consents.answer(secret, every, "李工", "zh")
    services.capture_links.add(
        Record(f"p-{person}", Kind.PERSON, person, f"key-{person}", {"name": "许愿"}),
        Record(f"q-{person}", Kind.PACK, person, "key-both", {"text": "蓝鲸"}),
    )
    return talk, interview.id


def plain(services: Services) -> str:
    """Every row of every table as the database shows it."""
    with services.engine.connect() as db:
        return "\n".join(str(tuple(row)) for table in metadata.sorted_tables for row in db.execute(select(table)))


def test_everything_of_one_goes_and_nothing_of_another(services):
    made = {name: services.accounts.add(ROOT, name, name, Role.MANAGER)[0].id for name in ("ann", "bo")}
    ann, bo = (full(services, made[name]) for name in ("ann", "bo"))
    services.accounts.delete(ROOT, made["ann"])
    left = plain(services)
    assert made["ann"] not in left and ann[0] not in left and f"key-{made['ann']}" not in left
    me = Actor(made["bo"], Role.MANAGER, "zh")
    assert len(services.rehearsals.turns(me, bo[0])) == 1 and services.consents.interview(me, bo[1]).title == "面谈"
    kept = services.capture_links.get(Kind.PACK, f"q-{made['bo']}")
    assert kept.body == {"text": "蓝鲸"}, "a key both used is kept for the other"
    with services.engine.connect() as db:
        keys = set(db.execute(select(sealing_keys.c.id)).scalars())
    assert {f"name:employee:{ann[1]}", f"name:employee:{bo[1]}", "key-both", bo[0]} <= keys
    assert not {f"name:manager:{ann[1]}", f"words:{ann[1]}", ann[0], ann[1]} & keys
    entries = services.ledger.entries()
    assert [services.ledger.name_of(e) for e in entries if e.interview_id == ann[1]] == [None, "李工"]
    with pytest.raises(NotFoundError):
        services.accounts.one(ROOT, made["ann"])


def test_a_trainers_cohort_goes_and_hrs_round_stays(services):
    trainer = services.accounts.add(ROOT, "tia", "田", Role.TRAINER)[0].id
    hr = services.accounts.add(ROOT, "hr", "何", Role.HR)[0].id
    actor = Actor(trainer, Role.TRAINER, "zh")
    cohort = services.cohorts.create(actor, "班", "expert-open", "year-end-below", {"x": "安"}, required=60)
    services.capture_links.add(Record("round-1", Kind.ROUND, hr, "round-1", {"name": "年终"}))
    services.accounts.delete(ROOT, trainer)
    services.accounts.delete(ROOT, hr)
    left = plain(services)
    assert cohort.id not in left and trainer not in left
    assert services.capture_links.get(Kind.ROUND, "round-1").body == {"name": "年终"}
