"""The employee's own preparation after the three-three rule: three things to be proud of, three to get better at and
three kinds of support, each with what lies behind it. What is being typed is theirs alone until they send it."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import AwareDatetime, StringConstraints

from cycle.employee import Visit
from cycle.records import Kind, Record, Records
from cycle.talks import Talks
from cycle.team import Body
from interview.actor import Actor
from interview.errors import ConflictError, InputError, NotFoundError
from interview.ports import Clock

MAX_TEXT = 400
"""Characters in one field."""
PARTS = ("proud", "improve", "support")
Short = Annotated[str, StringConstraints(max_length=MAX_TEXT)]


class Entry(Body):
    """One of three. ``why``: what made it succeed, what caused it, or what the support would be used for."""

    what: Short = ""
    why: Short = ""


Three = tuple[Entry, Entry, Entry]
_NOTHING: Three = (Entry(), Entry(), Entry())


class Answers(Body):
    """Three times three. ``for_practice``: whether the manager may rehearse the talk with them."""

    proud: Three = _NOTHING
    improve: Three = _NOTHING
    support: Three = _NOTHING
    for_practice: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been said yet."""
        return not any(entry.what or entry.why for part in (self.proud, self.improve, self.support) for entry in part)


class Assessment(Body):
    """``typed`` is the employee's, ``sent`` the copy the manager may read."""

    typed: Answers = Answers()
    sent: Answers | None = None
    sent_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What reaches the manager."""

    answers: Answers
    at: dt.datetime


class Assessments:
    """Self-assessments of talks; the record's status is ``draft`` or ``sent``."""

    def __init__(self, records: Records, talks: Talks, clock: Clock) -> None:
        self._records = records
        self._talks = talks
        self._clock = clock

    def own(self, visit: Visit) -> tuple[Assessment, int]:
        """The employee's own sheet and its version, 0 where nothing was written yet."""
        record = self._record(visit.talk)
        return (Assessment.model_validate(record.body), record.version) if record else (Assessment(), 0)

    def save(self, visit: Visit, answers: Answers, version: int) -> int:
        """Keep what was typed, unread by anybody else; the new version.

        Raises ConflictError after the talk (``error.assessment_closed``) and where another window saved meanwhile.
        """
        _check_open(visit)
        before, _ = self.own(visit)
        return self._store(visit, before.model_copy(update={"typed": answers}), version)

    def send(self, visit: Visit, answers: Answers, version: int) -> int:
        """Keep it and hand it to the manager; may be repeated until the talk. Raises as ``save``, InputError if empty."""
        _check_open(visit)
        if answers.is_empty:
            raise InputError("nothing written", message_key="error.assessment_empty")
        return self._store(visit, Assessment(typed=answers, sent=answers, sent_at=self._clock.now()), version)

    def of_talk(self, actor: Actor, talk_id: str) -> Sent | None:
        """What the employee sent to their manager, None before that."""
        talk, _ = self._talks.talk(actor, talk_id)
        record = self._record(talk)
        found = Assessment.model_validate(record.body) if record else Assessment()
        return Sent(found.sent, found.sent_at) if found.sent and found.sent_at else None

    def for_practice(self, actor: Actor, talk_id: str) -> Answers | None:
        """The same where the employee agreed to its use in a rehearsal, else None."""
        sent = self.of_talk(actor, talk_id)
        return sent.answers if sent and sent.answers.for_practice else None

    def _store(self, visit: Visit, found: Assessment, version: int) -> int:
        body, status = found.model_dump(mode="json"), "sent" if found.sent else "draft"
        before = self._record(visit.talk)
        if before is None:
            talk = visit.talk
            made = Record(_id(talk), Kind.SELF_ASSESSMENT, talk.owner_id, talk.key_id, body, talk.id, status)
            return self._records.add(made)[0].version
        if before.version != version:
            raise ConflictError("written in another window", message_key="error.assessment_elsewhere")
        return self._records.put(replace(before, body=body, status=status))[0].version

    def _record(self, talk: Record) -> Record | None:
        try:
            return self._records.get(Kind.SELF_ASSESSMENT, _id(talk))
        except NotFoundError:
            return None


def _id(talk: Record) -> str:
    """One sheet a talk."""
    return f"self-{talk.id}"


def _check_open(visit: Visit) -> None:
    if not visit.is_before_talk:
        raise ConflictError("the talk was held", message_key="error.assessment_closed")
