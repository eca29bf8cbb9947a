"""A talk that is to be held, is held or was held: the thread on which packs, invitations, minutes and plans hang."""

import datetime as dt
import secrets
from dataclasses import replace
from enum import StrEnum

from pydantic import AwareDatetime, Field

from cycle.records import Kind, Record, Records
from cycle.team import Body, Team
from interview.actor import Actor
from people.permissions import Action, check


class Stage(StrEnum):
    """How far one talk has come; the record's status."""

    DUE = "due"
    PREPARED = "prepared"
    INVITED = "invited"
    HELD = "held"
    CONFIRMED = "confirmed"  # both have confirmed the minutes
    FOLLOWED = "followed"  # the plan runs or is done


class Talk(Body):
    """When, where and what for. The person is the record's key."""

    at: AwareDatetime | None = None
    place: str = Field(default="", max_length=200)
    minutes: int = Field(default=60, ge=10, le=240)
    purpose: str = Field(default="", max_length=500)
    rating: str = Field(default="", max_length=60)
    live_id: str = Field(default="", max_length=40, description="the live interview held for it, if one was")


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
