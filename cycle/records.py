"""The one shape in which everything around a talk is kept, and the store that keeps it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Kind(StrEnum):
    """What a record is; its body is validated by the module named."""

    PERSON = "person"  # team: name, staff number, role, department, what is expected
    FIGURES = "figures"  # team: KPIs by month with targets, one record a person
    EVENTS = "events"  # team: dated praise, complaints, deliveries, one record a person
    ROUND = "round"  # rounds: dates, texts, rules; no person's
    TALK = "talk"  # talks: one person, one manager, one round or none
    PACK = "pack"  # packs: the manager's preparation of one talk
    SELF_ASSESSMENT = "self-assessment"  # assessments: the employee's, of one talk
    MINUTES = "minutes"  # minutes: of one talk, versions kept
    PLAN = "plan"  # plans: action plan and IDP of one talk
    RESOURCES = "resources"  # resources: an imported catalogue, nobody's
    PULSE = "pulse"  # pulse: an answer without a name
    PERSONA = "persona"  # rehearsing tomorrow's talk: private, dies with the pack
    SETTING = "setting"  # signals: a switch, nobody's
    MESSAGE = "message"  # messages: what was or will be sent, to whom, how it went


@dataclass(frozen=True, slots=True)
class Record:
    """``key_id`` names whose key seals the body: the person's id, or for what is nobody's the record's own.

    ``status`` and ``due`` are plain and can be asked for; words and names belong into ``body``. ``version`` counts
    from 1; storing an older one over a newer raises ConflictError.
    """

    id: str
    kind: Kind
    owner_id: str
    key_id: str
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    parent_id: str = ""
    status: str = ""
    due: dt.date | None = None
    version: int = 0
    changed_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A private link's grant: what its bearer may open, and until when."""

    purpose: str
    record_id: str
    key_id: str
    until: dt.datetime


class Records(Protocol):
    """Where records are kept. Nothing here checks who asks: services do."""

    def add(self, *records: Record) -> tuple[Record, ...]:
        """Store new records, all or none; their version becomes 1. Raises ConflictError where an id exists."""
        ...

    def put(self, *records: Record) -> tuple[Record, ...]:
        """Store changed records, all or none; raises ConflictError if somebody else's change came first."""
        ...

    def store(self, new: Sequence[Record], changed: Sequence[Record]) -> tuple[Record, ...]:
        """``add`` and ``put`` in one step, all or none."""
        ...

    def get(self, kind: Kind, record_id: str) -> Record:
        """Raises NotFoundError."""
        ...

    def find(
        self,
        kind: Kind,
        *,
        owner_id: str | None = None,
        parent_id: str | None = None,
        key_id: str | None = None,
        status: Sequence[str] | None = None,
        due_until: dt.date | None = None,
        bodies: bool = True,
    ) -> tuple[Record, ...]:
        """All that match, oldest first; ``bodies`` False leaves them sealed and the bodies empty."""
        ...

    def drop(self, *record_ids: str) -> None:
        """Remove records and the links to them."""
        ...

    def forget(self, key_id: str) -> None:
        """Destroy a person's key and everything sealed with it, links included."""
        ...

    def new_link(self, purpose: str, record: Record, until: dt.datetime) -> str:
        """A secret for a URL; only its hash is stored."""
        ...

    def open_link(self, secret: str, purpose: str) -> Link:
        """Raises NotFoundError where it was never made, was taken back or has run out."""
        ...

    def close_links(self, record_id: str, purpose: str | None = None) -> None:
        """Take links back."""
        ...
