"""The sound of a talk, where both granted that it is kept: pieces sealed under a key of their own, played back to the manager.

Without that purpose nothing of it is ever stored. A withdrawal, a deletion and the end of the promised time destroy the key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from consent.grants import ConsentGrant, Consents
from consent.notices import Purpose
from interview.actor import Actor


@dataclass(frozen=True, slots=True)
class SoundPlace:
    """Where a piece belongs. ``lane``: 0 manager's or shared device, 1 employee's; seconds since the talk began."""

    number: int
    lane: int
    start_s: float
    seconds: float


class SoundRepository(Protocol):
    """Keeps pieces of sound; each store checks the consent in its own transaction."""

    def add(self, grant: ConsentGrant, lane: int, start_s: float, seconds: float, packed: bytes) -> None:
        """Store one; raises ConsentError where the consent no longer holds."""
        ...

    def places(self, interview_id: str) -> Sequence[SoundPlace]:
        """All that is kept, in order of time."""
        ...

    def piece(self, interview_id: str, number: int) -> bytes:
        """One, as it was packed; raises NotFoundError."""
        ...


class KeptSound:
    """What the audio route and the live page call."""

    def __init__(self, consents: Consents, repository: SoundRepository) -> None:
        self._consents = consents
        self._repository = repository

    def keep(self, grant: ConsentGrant, lane: int, start_s: float, seconds: float, packed: bytes) -> None:
        """Store a piece under a grant for it."""
        self._repository.add(grant, lane, start_s, seconds, packed)

    def all_places(self, grant: ConsentGrant) -> Sequence[SoundPlace]:
        """Everything kept of the interview of a grant, as long as the grant is for keeping it."""
        return self._repository.places(grant.interview_id) if grant.covers(Purpose.KEEP_AUDIO) else ()

    def piece(self, grant: ConsentGrant, number: int) -> bytes:
        """One, packed; raises NotFoundError where it was destroyed meanwhile."""
        return self._repository.piece(grant.interview_id, number)

    def seconds(self, actor: Actor, interview_id: str) -> float:
        """How much is kept, for the manager's page."""
        self._consents.interview(actor, interview_id)
        return sum(place.seconds for place in self._repository.places(interview_id))
