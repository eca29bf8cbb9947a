"""A lease has one holder at a time, on every database."""

import datetime as dt

from storage.leases import SqlLeases
from tests.contract.conftest import NOW
from tests.contract.test_rehearsal_repository import at_once


def test_one_holder_until_it_runs_out_or_is_given_back(store, clock):
    one, two = (SqlLeases(store.engine, clock, name) for name in ("one", "two"))
    assert one.take("send", 60) and not two.take("send", 60) and one.take("send", 60)
    assert two.take("forget", 60), "another lease"
    clock.at = NOW + dt.timedelta(seconds=61)
    assert two.take("send", 60) and not one.take("send", 60)
    one.release("send")
    assert not one.take("send", 60), "not theirs to give back"
    two.release("send")
    assert one.take("send", 60)


def test_of_many_that_ask_at_once_one_gets_it(store, clock):
    holders = [SqlLeases(store.engine, clock) for _ in range(6)]
    for _ in range(3):
        assert sum(at_once(*[lambda h=h: h.take("send", 60) for h in holders])) == 1
        clock.at += dt.timedelta(seconds=61)
        assert sum(at_once(*[lambda h=h: h.take("send", 60) for h in holders])) == 1, "run out"
        clock.at += dt.timedelta(seconds=61)
