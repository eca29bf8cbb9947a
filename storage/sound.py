"""Pieces of a talk's sound, sealed under ``sound:INTERVIEW``; the consent is checked in the transaction that stores."""

import base64
from collections.abc import Sequence

from sqlalchemy import Engine, func, insert, select

from assistant.sound import SoundPlace
from consent.grants import ConsentGrant
from consent.ledger import standing
from consent.notices import Purpose
from interview.errors import ConsentError, InputError, NotFoundError
from storage.database import transaction
from storage.live import entries_of, hold, key_of, key_or_new
from storage.tables import live_interviews, live_sound
from storage.vault import Vault


class SqlSound:
    """Kept sound."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def add(self, grant: ConsentGrant, lane: int, start_s: float, seconds: float, packed: bytes) -> None:
        """Store one; raises ConsentError without consent at this moment, InputError once the interview is over."""
        interview_id = grant.interview_id
        with transaction(self._engine) as db:
            hold(db, interview_id)
            if not grant.covers(Purpose.KEEP_AUDIO) or (
                Purpose.KEEP_AUDIO not in standing(entries_of(db, interview_id)).purposes
            ):
                raise ConsentError("no consent to keep sound", message_key="error.withdrawn")
            over = select(live_interviews.c.ended).where(live_interviews.c.id == interview_id)
            if db.execute(over).scalar_one_or_none() is not False:
                raise InputError("over", message_key="error.ended")
            last = select(func.max(live_sound.c.number)).where(live_sound.c.interview_id == interview_id)
            number = (db.execute(last).scalar_one() or 0) + 1
            key = key_or_new(db, self._vault, f"sound:{interview_id}")
            sealed = key.seal(base64.b64encode(packed).decode(), f"sound:{interview_id}:{number}")
            values = {
                "interview_id": interview_id,
                "number": number,
                "lane": lane,
                "start_s": start_s,
                "seconds": seconds,
            }
            db.execute(insert(live_sound).values(sound=sealed, **values))

    def places(self, interview_id: str) -> Sequence[SoundPlace]:
        """In order of time."""
        c = live_sound.c
        query = select(c.number, c.lane, c.start_s, c.seconds).where(c.interview_id == interview_id)
        with transaction(self._engine) as db:
            return [SoundPlace(*row) for row in db.execute(query.order_by(c.start_s, c.lane, c.number))]

    def piece(self, interview_id: str, number: int) -> bytes:
        """Opened; raises NotFoundError where it was destroyed."""
        query = select(live_sound.c.sound).where(
            live_sound.c.interview_id == interview_id, live_sound.c.number == number
        )
        with transaction(self._engine) as db:
            key = key_of(db, self._vault, f"sound:{interview_id}")
            sealed = db.execute(query).scalar_one_or_none()
        if key is None or sealed is None:
            raise NotFoundError("no such sound", message_key="error.no_sound")
        return base64.b64decode(str(key.open(sealed, f"sound:{interview_id}:{number}")))
