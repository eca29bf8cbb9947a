"""Reviews, cohorts, classes, edited files, records, interviews, sound and the ledger, on every database."""

import datetime as dt
import threading
from dataclasses import replace

import pytest
from sqlalchemy import event, func, select

from app.wiring import Services
from consent.ledger import first_broken
from consent.notices import Purpose
from cycle.records import Kind, Record
from interview.actor import Actor, Role
from interview.errors import ConflictError, ConsentError, InputError, NotFoundError
from interview.ports import Classroom, Cohort, CustomFile, Note
from storage.tables import metadata
from tests.contract.conftest import NOW
from tests.contract.test_rehearsal_repository import at_once, record

BOSS = Actor("boss", Role.MANAGER, "zh")
ALL = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS, Purpose.KEEP_TRANSCRIPT, Purpose.KEEP_AUDIO)
LONG = "l" * 80


def test_sharing_and_notes(store):
    store.rehearsals.create(record(), {"line": "您好"})
    store.rehearsals.create(record("r2", "other"), {})
    for shared in (True, True, False, True):
        store.reviews.share("r1", shared)
        assert store.reviews.is_shared("r1") is shared
    assert [r.id for r in store.reviews.shared_of(["local", "other"])] == ["r1"]
    notes = [
        Note("n1", "r1", LONG, NOW, "开头太急", 0),
        Note("n2", "r1", "t", NOW, "证据充分", None, "evidence", 41.25, 70.0),
    ]
    for note in notes:
        store.reviews.add_note(note)
    assert store.reviews.notes("r1") == tuple(notes)
    assert store.reviews.scores() == (replace(notes[1], text=""),)
    store.rehearsals.delete("r1")
    assert not store.reviews.is_shared("r1") and store.reviews.notes("r1") == ()
    with pytest.raises(NotFoundError):
        store.reviews.share("r1", True)


def test_cohorts(store):
    made = Cohort("c1", "t", "一期", LONG, LONG, dt.date(2026, 12, 31), 62.5, NOW, {"a": "甲", LONG: "乙"})
    store.cohorts.save(made)
    assert store.cohorts.get("c1") == made
    changed = replace(made, members={"a": "甲"}, due_on=None)
    store.cohorts.save(changed)
    assert store.cohorts.get("c1") == changed
    assert store.cohorts.led_by("t") == store.cohorts.joined_by("a") == (changed,)
    assert store.cohorts.joined_by(LONG) == ()
    store.cohorts.delete("c1")
    with pytest.raises(NotFoundError):
        store.cohorts.get("c1")


def test_a_class_numbers_its_answers_whoever_is_first(store):
    store.classrooms.create(Classroom("k1", "t", "p", "s", "feedback", "zh", 7, True, NOW))
    found = at_once(*[lambda n=n: store.classrooms.answer("k1", f"答{n}") for n in range(8)])
    assert sorted(found) == list(range(8))
    assert sorted(store.classrooms.answers("k1")) == [f"答{n}" for n in range(8)]
    store.classrooms.close("k1")
    with pytest.raises(ConflictError):
        store.classrooms.answer("k1", "晚了")
    assert store.classrooms.get("k1").is_open is False
    store.classrooms.delete("k1")
    with pytest.raises(NotFoundError):
        store.classrooms.answers("k1")


def test_edited_files(store):
    made = CustomFile("persona", LONG, "zh", LONG, "姓名: 沈一苇\n")
    store.custom_files.save(made)
    store.custom_files.save(replace(made, text="姓名: 沈二苇\n"))
    assert store.custom_files.all() == (store.custom_files.get("persona", LONG, "zh"),)
    assert store.custom_files.all()[0].text == "姓名: 沈二苇\n"
    store.custom_files.delete("persona", LONG, "zh")
    assert store.custom_files.get("persona", LONG, "zh") is None
    with pytest.raises(NotFoundError):
        store.custom_files.delete("persona", LONG, "zh")


def test_records_and_links(store, clock):
    first = Record("p1", Kind.PERSON, LONG, "p1", {"name": "许愿", "n": 1.5}, status="x", due=dt.date(2026, 12, 1))
    (stored,) = store.records.add(first)
    assert store.records.get(Kind.PERSON, "p1") == stored
    with pytest.raises(ConflictError):
        store.records.add(Record("p2", Kind.PERSON, "m", "p2"), first)
    (second,) = store.records.put(replace(stored, body={"name": "许愿", "n": 2}))
    with pytest.raises(ConflictError):
        store.records.put(replace(stored, body={}))
    assert store.records.find(Kind.PERSON, owner_id=LONG, status=["x"], due_until=dt.date(2026, 12, 1)) == (second,)
    assert store.records.find(Kind.PERSON, key_id="p1", bodies=False) == (replace(second, body={}),)
    secret = store.records.new_link("visit", second, NOW + dt.timedelta(days=1))
    assert store.records.open_link(secret, "visit").record_id == "p1"
    clock.at = NOW + dt.timedelta(days=1)
    with pytest.raises(NotFoundError):
        store.records.open_link(secret, "visit")
    store.records.forget("p1")
    assert store.records.find(Kind.PERSON) == ()
    with pytest.raises(NotFoundError):
        store.records.put(second)


def test_of_two_that_add_the_same_record_one_does(store):
    found = at_once(
        *[lambda n=n: store.records.add(Record("one", Kind.MESSAGE, "m", "one", {"n": n})) for n in range(6)]
    )
    assert sum(isinstance(one, ConflictError) for one in found) == 5
    assert len(store.records.find(Kind.MESSAGE)) == 1


def talk(services: Services, name: str = "十一月面谈"):
    interview, secret = services.consents.invite(BOSS, name, "zh")
    services.consents.manager_grants(BOSS, interview.id, ALL, "王岚")
    services.consents.answer(secret, ALL, "李工", "zh")
    return interview.id, secret, services.consents.grant(interview.id)


def test_a_talk_from_consent_to_withdrawal(services):
    talk_id, secret, grant = talk(services)
    heard = services.live.hear(grant, "employee", "我觉得这个结果对我不公平。", start_s=10, end_s=12.5)
    assert heard.cues[0]["kind"] == "unfairness"
    services.kept_sound.keep(grant, 1, 0.0, 4.0, b"\x00\xff sound")
    store = services._store
    assert store.interviews.heard(talk_id) == (heard,)
    place = store.sound.places(talk_id)[0]
    assert store.sound.piece(talk_id, place.number) == b"\x00\xff sound"
    services.live.save_minutes(BOSS, talk_id, {"agreed": ["月底回顾"], "disputed": [], "promised": []})
    assert store.interviews.minutes(talk_id)["agreed"] == ["月底回顾"]
    services.consents.withdraw(secret)
    assert store.interviews.heard(talk_id) == () and store.interviews.minutes(talk_id) is None
    assert store.sound.places(talk_id) == []
    with pytest.raises(NotFoundError):
        store.sound.piece(talk_id, place.number)
    with pytest.raises(ConsentError):
        services.live.hear(grant, "employee", "还有一句", start_s=20, end_s=21)
    entries = store.ledger.entries()
    assert [e.kind for e in entries] == ["grant", "grant", "withdraw", "erased"]
    assert first_broken(entries) is None
    assert {store.ledger.name_of(e) for e in entries if e.name} == {"王岚", "李工"}


def test_an_ended_talk_takes_no_word(services):
    talk_id, _, grant = talk(services)
    services.live.hear(grant, "manager", "我们开始吧。", start_s=1, end_s=2)
    services._store.interviews.end(talk_id)
    with pytest.raises(InputError):
        services.live.hear(grant, "manager", "还有。", start_s=3, end_s=4)
    assert len(services._store.interviews.heard(talk_id)) == 1, "both let it be kept"


def test_many_write_the_ledger_at_once_and_the_chain_is_whole(services):
    talks = [talk(services, f"第{n}场") for n in range(6)]
    store = services._store
    at_once(*[lambda secret=secret: services.consents.withdraw(secret) for _, secret, _ in talks])
    entries = store.ledger.entries()
    assert first_broken(entries) is None
    assert sum(e.kind == "withdraw" for e in entries) == 6


def test_a_word_and_a_withdrawal_cannot_cross(services):
    """The word that is being stored goes with the withdrawal that comes meanwhile; none stays behind."""
    talk_id, secret, grant = talk(services)
    services.live.hear(grant, "employee", "第一句。", start_s=1, end_s=2)
    going = threading.Thread(target=services.consents.withdraw, args=(secret,))
    waited = []

    def meanwhile(_connection, _cursor, statement, *_):
        if statement.startswith("INSERT INTO utterances") and not waited:
            going.start()
            going.join(0.3)
            waited.append(going.is_alive())

    engine = services._store.engine
    event.listen(engine, "before_cursor_execute", meanwhile)
    services.live.hear(grant, "employee", "第二句。", start_s=3, end_s=4)
    going.join()
    event.remove(engine, "before_cursor_execute", meanwhile)
    assert waited == [True]
    assert services._store.interviews.heard(talk_id) == ()


def test_no_word_lies_open_in_any_column(services):
    _, _, grant = talk(services, "标题里的秘密")
    services.live.hear(grant, "employee", "谁也不该读到的秘密。", start_s=1, end_s=2)
    with services._store.engine.connect() as db:
        for table in metadata.sorted_tables:
            for row in db.execute(select(table)):
                for value in row:
                    raw = bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                    assert "秘密".encode() not in raw and "李工".encode() not in raw, table.name
        assert db.execute(select(func.count()).select_from(metadata.tables["utterances"])).scalar_one() == 1
