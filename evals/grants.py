"""A grant for published recordings: the ledger's own way, with a ledger in memory that holds two yeses."""

import datetime as dt
from typing import Any, cast

from consent.grants import ConsentGrant, Consents
from consent.ledger import Entry, Party
from consent.notices import Purpose, notice


class _Published:
    """The speakers of a published recording have agreed to its licence; this is how that is said to the ledger."""

    def entries(self, interview_id: str | None = None) -> tuple[Entry, ...]:
        """A yes of each party, to transcription alone."""
        read = notice("zh")
        parties: tuple[Party, ...] = ("manager", "employee")
        return tuple(
            Entry(number, interview_id or "eval", party, "grant", (Purpose.TRANSCRIBE,), read.version, read.digest, "zh",
                  "page", dt.datetime(2026, 1, 1, tzinfo=dt.UTC).isoformat(), b"")
            for number, party in enumerate(parties)
        )  # fmt: skip


def recorded() -> ConsentGrant:
    """For transcribing published recordings; nothing else is covered."""
    nothing = cast(Any, None)  # no interview is stored and no time is asked
    return Consents(nothing, cast(Any, _Published()), nothing).grant("eval")
