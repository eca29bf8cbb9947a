"""A talk that is to be held, is held or was held: the thread on which packs, invitations, minutes and plans hang."""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from pydantic import AwareDatetime, Field

from cycle.records import Kind, Record, Records
from cycle.team import Body, Team
from interview.actor import Actor
from interview.errors import InputError
from people.permissions import Action, check


class Stage(StrEnum):
    """How far one talk has come; the record's status."""

    DUE = "due"
    PREPARED = "prepared"
    INVITED = "invited"
    HELD = "held"
    CONFIRMED = "confirmed"  # both have confirmed the minutes
    FOLLOWED = "followed"  # the plan runs or is done


OPEN: tuple[Stage, ...] = (Stage.DUE, Stage.PREPARED, Stage.INVITED)
"""Not held yet."""
HANGING: tuple[Kind, ...] = (
    Kind.PACK, Kind.SELF_ASSESSMENT, Kind.MINUTES, Kind.PLAN, Kind.PERSONA, Kind.MESSAGE,
)  # fmt: skip
"""What names a talk as its parent and goes with it."""


class Talk(Body):
    """When, where and what for. The person is the record's key."""

    at: AwareDatetime | None = None
    zone: str = Field(default="", max_length=60, description="IANA time zone in which the time was set")
    place: str = Field(default="", max_length=200)
    minutes: int = Field(default=60, ge=10, le=240)
    purpose: str = Field(default="", max_length=500)
    rating: str = Field(default="", max_length=60)
    live_id: str = Field(default="", max_length=40, description="the live interview held for it, if one was")
    bring: tuple[str, ...] = Field(default=(), max_length=12, description="what the employee is asked to bring")
    checked: tuple[str, ...] = Field(default=(), max_length=12, description="done of the room and telephone list")
    host: str = Field(default="", max_length=80, description="who invites, as the invitation says it")
    host_email: str = Field(default="", max_length=200)
    sequence: int = Field(default=-1, ge=-1, description="of the last invitation given out; -1: none yet")
    cancelled: bool = Field(default=False, description="the last invitation given out took the time back")


class Talks:
    """Talks of one's own team. ``due`` of the record is the day by which it should be held."""

    def __init__(self, records: Records, team: Team) -> None:
        self._records = records
        self._team = team

    def plan(self, actor: Actor, person_id: str, due: dt.date, talk: Talk | None = None, round_id: str = "") -> Record:
        """A new talk with a person of one's team, in a round or not."""
        person, _ = self._team.person(actor, person_id)
        record = Record(
            secrets.token_hex(8),
            Kind.TALK,
            actor.id,
            person.key_id,
            (talk or Talk()).model_dump(mode="json"),
            parent_id=round_id,
            status=Stage.DUE,
            due=due,
        )
        return self._records.add(record)[0]

    def plan_all(
        self, actor: Actor, person_ids: Sequence[str], due: dt.date, talk: Talk | None = None
    ) -> tuple[Record, ...]:
        """One talk for each of these people who has none open; all or none. Raises InputError for nobody."""
        if not person_ids:
            raise InputError("nobody chosen", message_key="error.nobody_chosen")
        team = {record.id: record for record, _ in self._team.people(actor)}
        busy = {r.key_id for r in self.all(actor, bodies=False) if r.status in OPEN}
        body = (talk or Talk()).model_dump(mode="json")
        chosen = [team[i] for i in dict.fromkeys(person_ids) if i in team and team[i].key_id not in busy]
        return self._records.add(
            *(
                Record(secrets.token_hex(8), Kind.TALK, actor.id, p.key_id, body, status=Stage.DUE, due=due)
                for p in chosen
            )
        )

    def all(self, actor: Actor, *, bodies: bool = True) -> tuple[Record, ...]:
        """Every talk of one's team, oldest first."""
        check(actor, Action.TEAM_LEAD)
        return self._records.find(Kind.TALK, owner_id=actor.id, bodies=bodies)

    def move(self, actor: Actor, talk_id: str, stage: Stage) -> Record:
        """Say how far a talk has come, from whatever stage it is at."""
        record, talk = self.talk(actor, talk_id)
        return self.change(actor, record, talk, stage)

    def drop(self, actor: Actor, talk_id: str) -> None:
        """Take back a talk that was planned and not held; raises InputError for one that was."""
        record, _ = self.talk(actor, talk_id)
        if record.status not in OPEN:
            raise InputError("already held", message_key="error.talk_held")
        hanging = [r.id for kind in HANGING for r in self._records.find(kind, parent_id=record.id, bodies=False)]
        self._records.drop(record.id, *hanging)

    def talk(self, actor: Actor, talk_id: str) -> tuple[Record, Talk]:
        """Raises NotFoundError, also for another manager's."""
        record = self._records.get(Kind.TALK, talk_id)
        check(actor, Action.TEAM_LEAD, record.owner_id)
        return record, Talk.model_validate(record.body)

    def change(self, actor: Actor, record: Record, talk: Talk, stage: Stage | None = None) -> Record:
        """Store a changed talk; raises ConflictError if somebody else's change came first."""
        check(actor, Action.TEAM_LEAD, record.owner_id)
        body = talk.model_dump(mode="json")
        return self._records.put(replace(record, body=body, status=stage or record.status))[0]

    def of_person(self, actor: Actor, person_id: str) -> tuple[Record, ...]:
        """All talks with one person, oldest first."""
        person, _ = self._team.person(actor, person_id)
        return self._records.find(Kind.TALK, owner_id=actor.id, key_id=person.key_id)
