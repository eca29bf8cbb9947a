"""All repositories over one database and one vault."""

from functools import cached_property

from sqlalchemy import Engine

from interview.ports import Clock
from storage.custom_files import SqlCustomFiles
from storage.live import SqlInterviews, SqlLedger
from storage.repositories import SqlRehearsals
from storage.reviews import SqlClassrooms, SqlCohorts, SqlReviews
from storage.vault import Vault


class Store:
    """What ``app/wiring.py`` hands to the services."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock) -> None:
        self.engine = engine
        self._vault = vault
        self._clock = clock

    @cached_property
    def rehearsals(self) -> SqlRehearsals:
        """Rehearsals, turns, sentences."""
        return SqlRehearsals(self.engine, self._vault, self._clock)

    @cached_property
    def reviews(self) -> SqlReviews:
        """Shares and notes."""
        return SqlReviews(self.engine, self._vault, self._clock)

    @cached_property
    def cohorts(self) -> SqlCohorts:
        """Groups of people."""
        return SqlCohorts(self.engine, self._vault)

    @cached_property
    def classrooms(self) -> SqlClassrooms:
        """Classes and answers."""
        return SqlClassrooms(self.engine, self._vault, self._clock)

    @cached_property
    def interviews(self) -> SqlInterviews:
        """Live interviews and what was heard in them."""
        return SqlInterviews(self.engine, self._vault, self._clock)

    @cached_property
    def ledger(self) -> SqlLedger:
        """Who agreed to what."""
        return SqlLedger(self.engine, self._vault)

    @cached_property
    def custom_files(self) -> SqlCustomFiles:
        """Edited personas and scenarios."""
        return SqlCustomFiles(self.engine, self._vault, self._clock)
