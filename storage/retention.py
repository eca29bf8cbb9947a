"""What goes by its age, whoever made it: links and sessions that have run out, messages long sent, classes long held."""

import datetime as dt

from sqlalchemy import Engine, delete, select

from cycle.messages import State
from cycle.records import Kind
from storage.database import transaction
from storage.erasing import erase
from storage.tables import (
    account_links,
    account_sessions,
    classrooms,
    leases,
    links,
    records,
    sealing_keys,
    sign_in_tries,
)

DAYS = 90
"""Messages that were sent or have failed, and classes with their answers, are kept for so long."""


def sweep(engine: Engine, now: dt.datetime) -> int:
    """Take away what is over by ``now`` (aware); how many classes and messages that were."""
    over, long_ago = (at.astimezone(dt.UTC).isoformat() for at in (now, now - dt.timedelta(days=DAYS)))
    with transaction(engine) as db:
        for column in (
            links.c.until, account_links.c.until, account_sessions.c.until, sign_in_tries.c.forget_at, leases.c.until,
        ):  # fmt: skip
            db.execute(delete(column.table).where(column <= over))
        closed = records.c.status.in_([State.SENT, State.FAILED])
        old = (records.c.kind == str(Kind.MESSAGE)) & closed & (records.c.changed_at <= long_ago)
        gone = erase(db, "record", old)
        held = list(db.execute(select(classrooms.c.id).where(classrooms.c.created_at <= long_ago)).scalars())
        if held:
            erase(db, "key", sealing_keys.c.id.in_(held))
            db.execute(delete(classrooms).where(classrooms.c.id.in_(held)))
    return gone + len(held)
