"""The manager's preparation of one talk: numbers, incidents, feedback, role, rating and judgements with their evidence.

Private to the manager. Only what the manager keeps goes on: ``Packs.kept`` is what a rehearsal and the talk may use.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cycle.assessments import Assessments, Sent
from cycle.numbers import Number, numbers, window
from cycle.plans import Outcome, Plans
from cycle.records import Kind, Record, Records
from cycle.talks import Stage, Talks
from cycle.team import Body, KeyEvent, Person, Team
from interview.actor import Actor
from interview.errors import ConflictError, InputError, NotFoundError
from interview.situations import Situation, Style

MAX_TEXT = 1_000
"""Characters in one field."""
MAX_ITEMS = 40
DRAFT, READY = "draft", "ready"
Side = Literal["good", "bad"]
Grade = Literal["", "high", "low"]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Required = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
Id = Annotated[str, StringConstraints(pattern=r"^[nef]-[0-9a-f]{8}$")]
"""``n-``: a number, ``e-``: an incident, ``f-``: feedback."""


class Incident(Body):
    """Something dated that speaks for or against; from a key event of the same id, or the manager's own."""

    id: Id
    date: dt.date
    side: Side
    what: Required
    source: str = Field(default="", max_length=120)
    kept: bool = False


class Feedback(Body):
    """What a colleague, a customer or another manager said."""

    id: Id
    source: str = Field(default="", max_length=120)
    what: Required
    kept: bool = True


class Role(Body):
    """What the job contributes to the department's and company's goals, and how far the person is from its next demands."""

    contribution: Text = ""
    strategy: Text = ""
    gap: Text = ""


class Judgement(Body):
    """One thing the manager means to say, and the ids of the evidence it stands on."""

    text: Required
    evidence: tuple[Id, ...] = Field(default=(), max_length=MAX_ITEMS)


class Placement(Body):
    """How the manager places the person for this talk; empty where undecided. Goes nowhere but the preparation."""

    performance: Grade = ""
    potential: Grade = ""
    style: Style | None = None
    signs: tuple[str, ...] = Field(default=(), max_length=12, description="ticked signs, see cycle/situation.py")
    decided: Situation | None = None
    why: Text = ""


class Pack(Body):
    """Everything the manager prepared. ``level``: 1 far below what was agreed, 3 meets it, 5 far above it."""

    months: Literal[1, 3, 6, 12] = 6
    last_month: str = Field(default="", pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?$", description="empty: the latest known")
    numbers: tuple[Id, ...] = Field(default=(), max_length=MAX_ITEMS, description="kept numbers")
    incidents: tuple[Incident, ...] = Field(default=(), max_length=200)
    feedback: tuple[Feedback, ...] = Field(default=(), max_length=MAX_ITEMS)
    role: Role = Role()
    rating: str = Field(default="", max_length=60, description="as the company words it")
    level: Literal[1, 2, 3, 4, 5] | None = None
    text: Annotated[str, StringConstraints(max_length=4_000)] = Field(default="", description="the rating's reasons")
    judgements: tuple[Judgement, ...] = Field(default=(), max_length=12)
    placement: Placement = Placement()


@dataclass(frozen=True, slots=True)
class Kept:
    """What goes on: kept evidence, and the judgements with the kept part of theirs."""

    person: Person
    numbers: tuple[Number, ...]
    incidents: tuple[Incident, ...]
    feedback: tuple[Feedback, ...]
    role: Role
    rating: str
    text: str
    judgements: tuple[Judgement, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A pack as it is worked on. ``version`` 0: nothing stored yet; ``sent``: the employee's sheet once it came."""

    talk: Record
    person: Person
    pack: Pack
    version: int
    is_ready: bool
    numbers: tuple[Number, ...]
    sent: Sent | None
    outcome: Outcome | None

    @property
    def evidence(self) -> frozenset[str]:
        """Ids of all that the manager keeps."""
        known = {n.id for n in self.numbers}
        return frozenset(
            {i for i in self.pack.numbers if i in known}
            | {i.id for i in self.pack.incidents if i.kept}
            | {f.id for f in self.pack.feedback if f.kept}
        )


def new_id(kind: Literal["e", "f"]) -> str:
    """For an incident or a piece of feedback that the manager writes."""
    return f"{kind}-{secrets.token_hex(4)}"


def candidates(events: Iterable[KeyEvent], known: Iterable[Incident] = ()) -> tuple[Incident, ...]:
    """Key events as incidents, newest first, joined to those already worked on; a complaint counts as bad.

    What the manager did to an incident stays: it is known again by its event's id.
    """
    found = {i.id: i for i in known}
    for event in events:
        made = _incident(event)
        found.setdefault(made.id, made)
    return tuple(sorted(found.values(), key=lambda i: (i.date, i.id), reverse=True))


class Packs:
    """Packs of one's own talks. The record's status is ``draft`` or ``ready``."""

    def __init__(self, records: Records, team: Team, talks: Talks, assessments: Assessments, plans: Plans) -> None:
        self._records = records
        self._team = team
        self._talks = talks
        self._assessments = assessments
        self._plans = plans

    def open(self, actor: Actor, talk_id: str) -> Opened:
        """The pack as last saved, with today's numbers, events, self-assessment and what became of the last plan."""
        talk, about = self._talks.talk(actor, talk_id)
        _, person = self._team.person(actor, talk.key_id)
        record = self._record(talk)
        pack = Pack.model_validate(record.body) if record else Pack(rating=about.rating)
        figures = self._team.figures(actor, talk.key_id)
        months = window(figures, pack.months, pack.last_month)
        everybody = self._team.all_figures(actor)
        shown = numbers(figures, months, [f for key, f in everybody.items() if key != talk.key_id])
        if record is None:
            pack = pack.model_copy(update={"numbers": tuple(n.id for n in shown)})
        incidents = candidates(self._team.events(actor, talk.key_id), pack.incidents)
        return Opened(
            talk,
            person,
            pack.model_copy(update={"incidents": incidents[:200]}),
            record.version if record else 0,
            bool(record and record.status == READY),
            shown,
            self._assessments.of_talk(actor, talk_id),
            self._plans.outcome(actor, talk.key_id, before_talk=talk_id),
        )

    def save(self, actor: Actor, talk_id: str, pack: Pack, version: int, *, ready: bool = False) -> int:
        """Keep it; the new version. Raises ConflictError (``error.pack_elsewhere``) where another window saved first.

        ``ready`` moves a talk that is due on to prepared.
        """
        talk, _ = self._talks.talk(actor, talk_id)
        _check_ids(pack)
        record, body = self._record(talk), pack.model_dump(mode="json")
        if (record.version if record else 0) != version:
            raise ConflictError("written in another window", message_key="error.pack_elsewhere")
        if record is None:
            status = READY if ready else DRAFT
            made = Record(_id(talk), Kind.PACK, talk.owner_id, talk.key_id, body, talk.id, status)
            (stored,) = self._records.add(made)
        elif body == record.body and (record.status == READY or not ready):
            return record.version
        else:
            (stored,) = self._records.put(replace(record, body=body, status=READY if ready else record.status))
        if ready and talk.status == Stage.DUE:
            self._talks.move(actor, talk_id, Stage.PREPARED)
        return stored.version

    def delete(self, actor: Actor, talk_id: str) -> None:
        """Remove the pack and the rehearsal persona that was made from it."""
        talk, _ = self._talks.talk(actor, talk_id)
        gone = [r.id for k in (Kind.PACK, Kind.PERSONA) for r in self._records.find(k, parent_id=talk.id, bodies=False)]
        self._records.drop(*gone)

    def kept(self, actor: Actor, talk_id: str) -> Kept:
        """What the manager keeps, for a rehearsal or the talk."""
        opened = self.open(actor, talk_id)
        pack, evidence = opened.pack, opened.evidence
        return Kept(
            opened.person,
            tuple(n for n in opened.numbers if n.id in evidence),
            tuple(i for i in pack.incidents if i.kept),
            tuple(f for f in pack.feedback if f.kept),
            pack.role,
            pack.rating,
            pack.text,
            tuple(
                j.model_copy(update={"evidence": tuple(e for e in j.evidence if e in evidence)})
                for j in pack.judgements
            ),
        )

    def _record(self, talk: Record) -> Record | None:
        try:
            return self._records.get(Kind.PACK, _id(talk))
        except NotFoundError:
            return None


def _id(talk: Record) -> str:
    """One pack a talk."""
    return f"pack-{talk.id}"


def _incident(event: KeyEvent) -> Incident:
    same = hashlib.sha256(f"{event.date}|{event.kind}|{event.what}".encode()).hexdigest()[:8]
    side: Side = "bad" if event.kind == "complaint" else "good"
    return Incident(id=f"e-{same}", date=event.date, side=side, what=event.what, source=event.source)


def _check_ids(pack: Pack) -> None:
    ids = [i.id for i in pack.incidents] + [f.id for f in pack.feedback]
    if len(set(ids)) != len(ids):
        raise InputError("an id twice", message_key="error.input")
