"""Three anonymous questions after a talk: was I heard, was it fair, do I know what comes next.

Answers are added up and never kept one by one; docs/pulse.md says what that does and does not protect against.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace

from pydantic import Field

from cycle.employee import Visit
from cycle.records import Kind, Record, Records
from cycle.team import Body
from interview.actor import Actor
from interview.errors import ConflictError, InputError, NotFoundError
from interview.ports import Clock
from people.permissions import Action, check

QUESTIONS = ("heard", "fair", "next")
SCALE = (1, 2, 3, 4, 5)
"""1: not at all, 5: fully."""
BATCH = 5
"""Answers shown at once: the first five, then every further five."""
_TRIES = 20


class WeekClock:
    """A clock that only ever says Monday of the week, so that what is stored by it tells no more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> dt.datetime:
        """Monday, midnight UTC, of this week."""
        now = self._clock.now().astimezone(dt.UTC)
        monday = now.date() - dt.timedelta(days=now.weekday())
        return dt.datetime.combine(monday, dt.time(), dt.UTC)


class Batch(Body):
    """Added-up answers: ``counts[question]`` says how often 1, 2, 3, 4 and 5 were chosen."""

    first_week: dt.date
    last_week: dt.date
    answers: int = 0
    counts: Mapping[str, tuple[int, int, int, int, int]] = Field(
        default_factory=lambda: dict.fromkeys(QUESTIONS, (0, 0, 0, 0, 0))
    )

    def with_answer(self, answer: Mapping[str, int], week: dt.date) -> "Batch":
        """One more."""
        counts = {
            q: tuple(n + (value == answer[q]) for value, n in zip(SCALE, self.counts[q], strict=True))
            for q in QUESTIONS
        }
        body = {"first_week": self.first_week, "last_week": week, "answers": self.answers + 1, "counts": counts}
        return Batch.model_validate(body)

    def mean(self, question: str) -> float:
        """The mean of a question, 1-5; raises ZeroDivisionError where nobody answered."""
        return sum(v * n for v, n in zip(SCALE, self.counts[question], strict=True)) / self.answers


class Tally(Body):
    """All of one manager's answers: full batches, which may be shown, and the one that is filling up, which may not."""

    full: tuple[Batch, ...] = ()
    filling: Batch | None = None


class Pulses:
    """``records`` has to stamp what it stores by a ``WeekClock``: a finer time would tie an answer to a person."""

    def __init__(self, records: Records, clock: WeekClock) -> None:
        self._records = records
        self._clock = clock

    def may_answer(self, visit: Visit) -> bool:
        """Whether the talk was held and no answer was given by its links yet."""
        if visit.is_before_talk:
            return False
        try:
            self._records.get(Kind.PULSE, _marker(visit))
        except NotFoundError:
            return True
        return False

    def answer(self, visit: Visit, answer: Mapping[str, int]) -> None:
        """Count an answer, once a talk.

        Raises InputError for anything but three values of the scale, ConflictError before the talk and the second time.
        """
        if set(answer) != set(QUESTIONS) or any(value not in SCALE for value in answer.values()):
            raise InputError("answer", message_key="error.pulse_answer")
        if visit.is_before_talk:
            raise ConflictError("not held", message_key="error.pulse_early")
        marker = Record(_marker(visit), Kind.PULSE, visit.talk.owner_id, visit.talk.key_id, {}, visit.talk.id, "given")
        try:
            self._records.add(marker)
        except ConflictError as error:
            raise ConflictError("answered before", message_key="error.pulse_again") from error
        for attempt in range(_TRIES):
            try:
                self._count(visit.talk.owner_id, answer)
            except ConflictError:
                if attempt == _TRIES - 1:
                    self._records.drop(marker.id)  # nothing was counted, so it may be tried again
                    raise
            else:
                return

    def shown(self, actor: Actor) -> tuple[Batch, ...]:
        """The manager's own full batches, oldest first; what is filling up is not told, not even how far."""
        check(actor, Action.TEAM_LEAD, actor.id)
        record = self._tally(actor.id)
        return Tally.model_validate(record.body).full if record else ()

    def _count(self, owner_id: str, answer: Mapping[str, int]) -> None:
        week = self._clock.now().date()
        record = self._tally(owner_id)
        tally = Tally.model_validate(record.body) if record else Tally()
        filling = (tally.filling or Batch(first_week=week, last_week=week)).with_answer(answer, week)
        if filling.answers == BATCH:
            tally = Tally(full=(*tally.full, filling))
        else:
            tally = Tally(full=tally.full, filling=filling)
        body = tally.model_dump(mode="json")
        if record is None:
            own_key = secrets.token_hex(8)
            self._records.add(Record(_tally_id(owner_id), Kind.PULSE, owner_id, own_key, body, status="tally"))
        else:
            self._records.put(replace(record, body=body))

    def _tally(self, owner_id: str) -> Record | None:
        try:
            return self._records.get(Kind.PULSE, _tally_id(owner_id))
        except NotFoundError:
            return None


def _marker(visit: Visit) -> str:
    return f"pulse-{visit.talk.id}"


def _tally_id(owner_id: str) -> str:
    """At most 40 characters for any owner."""
    return "tally-" + hashlib.sha256(owner_id.encode()).hexdigest()[:32]
