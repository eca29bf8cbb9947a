"""All repositories over one database and one vault."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from interview.ports import Clock
from storage.vault import Vault

if TYPE_CHECKING:
    from storage.accounts import SqlAccounts
    from storage.custom_files import SqlCustomFiles
    from storage.leases import SqlLeases
    from storage.live import SqlInterviews, SqlLedger
    from storage.records import SqlRecords
    from storage.repositories import SqlRehearsals
    from storage.reviews import SqlClassrooms, SqlCohorts, SqlReviews
    from storage.sound import SqlSound


class Store:
    """What ``app/wiring.py`` hands to the services."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock, head: Path | None = None) -> None:
        """``head``: the file that says which entry of the consent ledger was the last."""
        self._head = head
        self.engine = engine
        self._vault = vault
        self._clock = clock

    @cached_property
    def rehearsals(self) -> "SqlRehearsals":
        """Rehearsals, turns, sentences."""
        from storage.repositories import SqlRehearsals

        return SqlRehearsals(self.engine, self._vault, self._clock)

    @cached_property
    def reviews(self) -> "SqlReviews":
        """Shares and notes."""
        from storage.reviews import SqlReviews

        return SqlReviews(self.engine, self._vault, self._clock)

    @cached_property
    def cohorts(self) -> "SqlCohorts":
        """Groups of people."""
        from storage.reviews import SqlCohorts

        return SqlCohorts(self.engine, self._vault)

    @cached_property
    def classrooms(self) -> "SqlClassrooms":
        """Classes and answers."""
        from storage.reviews import SqlClassrooms

        return SqlClassrooms(self.engine, self._vault, self._clock)

    @cached_property
    def sound(self) -> "SqlSound":
        """Kept sound of live interviews."""
        from storage.sound import SqlSound

        return SqlSound(self.engine, self._vault)

    @cached_property
    def interviews(self) -> "SqlInterviews":
        """Live interviews and what was heard in them."""
        from storage.live import SqlInterviews

        return SqlInterviews(self.engine, self._vault, self._clock)

    @cached_property
    def ledger(self) -> "SqlLedger":
        """Who agreed to what."""
        from storage.live import SqlLedger

        return SqlLedger(self.engine, self._vault, self._head)

    @cached_property
    def custom_files(self) -> "SqlCustomFiles":
        """Edited personas and scenarios."""
        from storage.custom_files import SqlCustomFiles

        return SqlCustomFiles(self.engine, self._vault, self._clock)

    @cached_property
    def records(self) -> "SqlRecords":
        """What surrounds the talk."""
        from storage.records import SqlRecords

        return SqlRecords(self.engine, self._vault, self._clock)

    @cached_property
    def accounts(self) -> "SqlAccounts":
        """Who may come in."""
        from storage.accounts import SqlAccounts

        return SqlAccounts(self.engine, self._vault)

    @cached_property
    def leases(self) -> "SqlLeases":
        """What one replica at a time does; one holder for each process."""
        from storage.leases import SqlLeases

        return SqlLeases(self.engine, self._clock)

    def records_by(self, clock: Clock) -> "SqlRecords":
        """The same records stamped by another clock; a coarse one for what must not be told by its time."""
        from storage.records import SqlRecords

        return SqlRecords(self.engine, self._vault, clock)
