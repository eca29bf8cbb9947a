"""What has run out goes by itself, on either database; what has not stays."""

import datetime as dt

from cycle.messages import State
from cycle.records import Kind, Record
from interview.steps import Step
from people.accounts import digest
from storage.erasing import receipts_of
from storage.retention import DAYS, sweep
from storage.tables import account_sessions, class_answers, links, sealing_keys
from tests.unit.test_planted_words import ROOT


def count(services, table) -> int:
    with services.engine.connect() as db:
        return len(db.execute(table.select()).all())


def test_what_is_over_goes_and_what_holds_stays(services):
    now = dt.datetime.now(dt.UTC)
    trainer = services.accounts.add(ROOT, "tia", "田", "trainer")[0]
    secret = services.accounts.open_session(trainer).secret
    actor = ROOT.__class__(trainer.id, trainer.role, "zh")
    room = services.classrooms.open(actor, "expert-open", "year-end-below", Step.OPENING, "zh")
    services.classrooms.answer(room.id, "先听对方说完")
    for state in State:
        services.capture_links.add(Record(f"m-{state}", Kind.MESSAGE, "local", "k", {"text": "蓝鲸"}, status=state))
    record = services.capture_links.get(Kind.MESSAGE, "m-sent")
    for days in (1, DAYS + 30):
        services.capture_links.new_link("employee", record, now + dt.timedelta(days=days))
    keys, links_then = count(services, sealing_keys), count(services, links)

    assert sweep(services.engine, now) == 0
    assert count(services, links) == links_then and services.accounts.of_session(secret)
    assert sweep(services.engine, now + dt.timedelta(days=DAYS - 1)) == 0
    assert count(services, links) == links_then - 1 and count(services, account_sessions) == 0
    assert services.classrooms.answers(actor, room.id) == ("先听对方说完",)

    assert sweep(services.engine, now + dt.timedelta(days=DAYS + 1)) == 3, "the class, what was sent, what has failed"
    left = {r.id for r in services.capture_links.find(Kind.MESSAGE)}
    assert left == {f"m-{state}" for state in State if state not in (State.SENT, State.FAILED)}
    assert count(services, class_answers) == 0 and count(services, sealing_keys) == keys - 1
    with services.engine.connect() as db:
        assert len(receipts_of(db)) == 3
    assert services.accounts.of_session(digest(secret)) is None
