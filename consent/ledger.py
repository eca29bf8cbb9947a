"""The ledger: who agreed to what, when and how; every entry carries the hash of the one before it.

Names are sealed with a key of their own per person, and the chain runs over the sealed bytes, so that a name can be
forgotten and the chain still verifies. The plain part names no one.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from consent.notices import Purpose, supported
from interview.conversation import Lang

Party = Literal["manager", "employee"]
Kind = Literal["grant", "refuse", "withdraw", "erased"]
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``name``: sealed; empty for receipts. ``at``: ISO 8601 in UTC. ``digest`` covers everything and ``before``."""

    number: int
    interview_id: str
    party: Party
    kind: Kind
    purposes: tuple[Purpose, ...]
    notice_version: str
    notice_digest: str
    lang: Lang
    way: str
    at: str
    name: bytes
    before: str = ""
    digest: str = ""


class LedgerRepository(Protocol):
    """Keeps the entries; only appending is possible."""

    def append(self, draft: Entry, name: str) -> Entry:
        """Seal the name, number and chain the entry, store it; ``number``, ``before``, ``digest`` of the draft are ignored.

        What was stored under purposes that no longer hold is destroyed in the same transaction, and a receipt follows.
        """
        ...

    def entries(self, interview_id: str | None = None) -> tuple[Entry, ...]:
        """Of one interview or all, in order."""
        ...

    def name_of(self, entry: Entry) -> str | None:
        """The name, or None where it was forgotten."""
        ...

    def head(self) -> "Head | None":
        """The entry written last, as kept outside the table; None where nothing is kept."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds now. ``purposes``: granted by both; ``answered``: the parties that have said anything."""

    purposes: frozenset[Purpose]
    answered: frozenset[Party]


def digest_of(entry: Entry) -> str:
    """SHA-256 over the entry before it and everything in this one."""
    plain = [
        entry.before, entry.number, entry.interview_id, entry.party, entry.kind, [str(p) for p in entry.purposes],
        entry.notice_version, entry.notice_digest, entry.lang, entry.way, entry.at, entry.name.hex(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(plain, separators=(",", ":")).encode()).hexdigest()


def chained(entry: Entry, number: int, before: str) -> Entry:
    """The entry in its place."""
    placed = replace(entry, number=number, before=before)
    return replace(placed, digest=digest_of(placed))


Head = tuple[int, str]
"""Number and digest of the entry written last, kept outside the table."""


def first_broken(entries: Iterable[Entry], head: Head | None = None) -> int | None:
    """The number of the first entry that was changed or is missing, or None for a whole chain from 1 on.

    ``head`` shows entries missing at the end, which the chain alone can't; an entry after it is as good as any other.
    """
    before, expected = GENESIS, 1
    for entry in entries:
        if entry.number != expected or entry.before != before or entry.digest != digest_of(entry):
            return expected
        if head is not None and entry.number == head[0] and entry.digest != head[1]:
            return expected
        before, expected = entry.digest, expected + 1
    return expected if head is not None and head[0] >= expected else None


def standing(entries: Sequence[Entry]) -> Standing:
    """What the last word of each party adds up to, for the entries of one interview."""
    last: dict[Party, frozenset[Purpose]] = {}
    for entry in entries:
        if entry.kind == "grant":
            last[entry.party] = frozenset(entry.purposes)
        elif entry.kind in ("refuse", "withdraw"):
            last[entry.party] = frozenset()
    both = last.get("manager", frozenset[Purpose]()) & last.get("employee", frozenset[Purpose]())
    return Standing(supported(both), frozenset(last))
