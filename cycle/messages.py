"""Messages to people: by mail or to a group by webhook, each sent once, failures kept and tried again.

A message is a record before it is sent. Whoever sends it claims it first, so that two processes never send the same;
what may have arrived although nobody said so is left to the manager, not sent again by itself.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, Protocol

from pydantic import AwareDatetime, Field

from cycle.invitations import Invitation
from cycle.records import Kind, Record, Records
from cycle.team import Body
from interview.actor import Actor
from interview.errors import ConflictError, DeliveryError, InputError, NotFoundError
from interview.ports import Clock
from people.permissions import Action, check

ChannelName = Literal["mail", "webhook"]
WAITS_MIN = (1, 5, 30, 120, 480)
"""Minutes before each next try; after the last it has failed."""
STALE_MIN = 15
"""A sender that says nothing for so long has died."""


class State(StrEnum):
    """Where a message is; the record's status."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"


class Message(Body):
    """One message. Its words and file are emptied once it is sent."""

    channel: ChannelName
    about: str = Field(max_length=40, description="what kind of message, a key of a text in the page")
    to: str = Field(default="", max_length=200)
    reply_to: str = Field(default="", max_length=200)
    subject: str = Field(default="", max_length=300)
    text: str = Field(default="", max_length=20_000)
    ics: str = ""
    method: str = Field(default="", max_length=20)
    next_at: AwareDatetime
    attempts: int = 0
    error: str = Field(default="", max_length=80, description="message key of what went wrong last")


class Channel(Protocol):
    """A way to send."""

    def send(self, message: Message, message_id: str) -> None:
        """Raises DeliveryError, which says whether it may be tried again."""
        ...


@dataclass(frozen=True, slots=True)
class Sending:
    """One message as its owner sees it."""

    id: str
    message: Message
    state: State
    changed_at: dt.datetime | None


class Outbox:
    """What was and will be sent, and the sending."""

    def __init__(self, records: Records, channels: Mapping[ChannelName, Channel], clock: Clock) -> None:
        self._records = records
        self._channels = channels
        self._clock = clock

    def can(self, channel: ChannelName) -> bool:
        """Whether this way is set up."""
        return channel in self._channels

    def put(self, message: Message, once: str, *, owner_id: str, key_id: str = "", parent_id: str = "") -> bool:
        """Keep a message to be sent; False if one for the same occasion ``once`` was already kept, by whomever."""
        made = _id(once)
        record = Record(
            made, Kind.MESSAGE, owner_id, key_id or made, message.model_dump(mode="json"), parent_id,
            State.WAITING, message.next_at.astimezone().date(),
        )  # fmt: skip
        try:
            self._records.add(record)
        except ConflictError:
            return False
        return True

    def knows(self, once: str) -> bool:
        """Whether a message for this occasion is kept already."""
        try:
            self._records.get(Kind.MESSAGE, _id(once))
        except NotFoundError:
            return False
        return True

    def mail_invitation(self, actor: Actor, given: Invitation, reply_to: str) -> bool:
        """Send an invitation, a change or a cancelling; False if this very one was given to the outbox before."""
        check(actor, Action.TEAM_LEAD, given.talk.owner_id)
        if not self.can("mail"):
            raise InputError("no mail server", message_key="error.no_mail")
        if not given.to:
            raise InputError("no address", message_key="error.no_address")
        message = Message(
            channel="mail", about="invitation", to=given.to, reply_to=reply_to, subject=given.subject,
            text=given.text, ics=given.ics.decode(), method=given.method, next_at=self._clock.now(),
        )  # fmt: skip
        once = f"invitation:{given.talk.id}:{given.talk.body['sequence']}:{given.to}"
        return self.put(message, once, owner_id=actor.id, key_id=given.talk.key_id, parent_id=given.talk.id)

    def mine(self, actor: Actor, talk_id: str = "") -> tuple[Sending, ...]:
        """What was and will be sent for one's team or for one talk, oldest first."""
        check(actor, Action.TEAM_LEAD)
        found = self._records.find(Kind.MESSAGE, owner_id=actor.id, parent_id=talk_id or None)
        return tuple(Sending(r.id, Message.model_validate(r.body), State(r.status), r.changed_at) for r in found)

    def again(self, actor: Actor, message_id: str) -> None:
        """Try a failed or doubtful one once more."""
        record = self._records.get(Kind.MESSAGE, message_id)
        check(actor, Action.TEAM_LEAD, record.owner_id)
        if record.status not in (State.FAILED, State.UNSURE):
            raise InputError("not failed", message_key="error.message_running")
        self._store(record, Message.model_validate(record.body), State.WAITING, next_at=self._clock.now(), attempts=0)

    def send_due(self) -> int:
        """Send what is due; how many arrived. Never raises for a message that doesn't."""
        now = self._clock.now()
        self._give_up_on_dead_senders(now)
        sent = 0
        for record in self._records.find(Kind.MESSAGE, status=[State.WAITING], due_until=now.astimezone().date()):
            message = Message.model_validate(record.body)
            if message.next_at <= now and message.channel in self._channels:
                sent += self._send(record, message)
        return sent

    def _send(self, record: Record, message: Message) -> bool:
        try:
            (claimed,) = self._records.put(replace(record, status=State.SENDING))
        except (ConflictError, NotFoundError):  # another process has it, or the person was forgotten
            return False
        try:
            self._channels[message.channel].send(message, record.id)
        except DeliveryError as error:
            self._failed(claimed, message, error)
            return False
        self._store(claimed, message, State.SENT, text="", ics="", error="")
        return True

    def _failed(self, record: Record, message: Message, error: DeliveryError) -> None:
        changes = {"attempts": message.attempts + 1, "error": error.message_key}
        if error.unsure:
            self._store(record, message, State.UNSURE, **changes)
        elif not error.retryable or message.attempts >= len(WAITS_MIN):
            self._store(record, message, State.FAILED, **changes)
        else:
            later = self._clock.now() + dt.timedelta(minutes=WAITS_MIN[message.attempts])
            self._store(record, message, State.WAITING, **changes, next_at=later)

    def _store(self, record: Record, message: Message, state: State, **changes: object) -> None:
        changed = message.model_copy(update=changes)
        due = changed.next_at.astimezone().date()
        try:
            self._records.put(replace(record, body=changed.model_dump(mode="json"), status=state, due=due))
        except NotFoundError:  # the person was forgotten while it was being sent
            return

    def _give_up_on_dead_senders(self, now: dt.datetime) -> None:
        for record in self._records.find(Kind.MESSAGE, status=[State.SENDING]):
            if record.changed_at and record.changed_at < now - dt.timedelta(minutes=STALE_MIN):
                message = Message.model_validate(record.body)
                try:
                    self._store(record, message, State.UNSURE, error="error.delivery_unsure")
                except ConflictError:  # it has spoken up meanwhile
                    continue


def _id(once: str) -> str:
    return hashlib.sha256(once.encode()).hexdigest()[:16]
