"""Leases: of several processes on one database, one at a time does what only one should do."""

import datetime as dt
import secrets

from sqlalchemy import Engine, delete, insert, or_, select, update

from interview.errors import ConflictError
from interview.ports import Clock
from storage.database import transaction
from storage.tables import leases


class SqlLeases:
    """Taken for a while by one holder, who takes it again before it runs out. Whoever dies loses it by the clock.

    The clocks of the machines may differ by less than the time it is taken for; a lease that seems to last more than twice
    as long as it is asked for was taken while the clock was wrong, and counts for nothing. What is done under a lease must not be
    harmful when it is done twice, only wasteful or unwelcome.
    """

    def __init__(self, engine: Engine, clock: Clock, holder: str = "") -> None:
        self._engine = engine
        self._clock = clock
        self.holder = holder or secrets.token_hex(16)

    def take(self, name: str, seconds: float) -> bool:
        """Whether it is ours for so long from now: it was free, had run out, or was ours already."""
        now = self._clock.now().astimezone(dt.UTC)
        values = {"holder": self.holder, "until": (now + dt.timedelta(seconds=seconds)).isoformat()}
        beyond = (now + dt.timedelta(seconds=2 * seconds)).isoformat()  # taken by a clock that was wrong
        ours = or_(leases.c.holder == self.holder, leases.c.until <= now.isoformat(), leases.c.until > beyond)
        try:
            with transaction(self._engine) as db:
                if db.execute(update(leases).where(leases.c.name == name, ours).values(**values)).rowcount == 1:
                    return True
                db.execute(insert(leases).values(name=name, **values))
        except ConflictError:  # somebody else's
            return False
        return True

    def holder_of(self, name: str) -> str | None:
        """Who has it now; None where nobody has, by the same clock and the same doubt of it as ``take``'s."""
        now = self._clock.now().astimezone(dt.UTC).isoformat()
        with transaction(self._engine) as db:
            held = select(leases.c.holder).where(leases.c.name == name, leases.c.until > now)
            return db.execute(held).scalar_one_or_none()

    def release(self, name: str) -> None:
        """Give it back, if it is ours."""
        with transaction(self._engine) as db:
            db.execute(delete(leases).where(leases.c.name == name, leases.c.holder == self.holder))
