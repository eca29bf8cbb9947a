"""Minutes of a talk: what was agreed, disputed and promised, by step, until both have confirmed the same version.

Drafted from what a live assistant heard or typed. Every saved version is kept; what the employee sees is the newest
one their manager has confirmed. A change afterwards is a new version, which both have to confirm again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from cycle.employee import Visit, check_shareable
from cycle.records import Kind, Record, Records
from cycle.talks import Stage, Talks
from cycle.team import Body
from interview.actor import Actor
from interview.errors import ConflictError, InputError, NotFoundError
from interview.ports import Clock
from interview.steps import STEPS, Step

Part = Literal["agreed", "disputed", "promised"]
PARTS: tuple[Part, ...] = ("agreed", "disputed", "promised")
USUAL: Mapping[Part, Step] = {"agreed": Step.PLAN, "disputed": Step.DIFFERENCES, "promised": Step.COMMITMENT}
"""The step an entry belongs to where nothing else is said."""
MAX_ENTRIES = 60
MAX_TEXT = 500
MAX_VIEW = 2_000
MAX_VERSIONS = 200
Party = Literal["manager", "employee"]
Status = Literal["draft", "proposed", "differs", "confirmed"]
_NUMBERED = re.compile(r"([1-9])(?:[.．](?:\s+|(?=[^\s\d]))|[、)）]\s*)(?=\S)")


class Entry(Body):
    """One point of the minutes."""

    part: Part
    step: Step
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]


class Version(Body):
    """What the minutes said at one time. ``live_id``: of the interview whose words it was drafted from, if any."""

    number: int
    at: AwareDatetime
    entries: tuple[Entry, ...] = Field(default=(), max_length=MAX_ENTRIES)
    live_id: str = Field(default="", max_length=40)


class Word(Body):
    """What one of the two said to one version; an employee may confirm it or differ, both with a view of their own."""

    party: Party
    number: int
    at: AwareDatetime
    agrees: bool = True
    view: Annotated[str, StringConstraints(max_length=MAX_VIEW)] = ""


class Minutes(Body):
    """All versions, oldest first, and every word said to them. ``last``: the highest number ever given, so that none
    comes twice, not even after one was destroyed."""

    last: int = 0
    versions: tuple[Version, ...] = ()
    words: tuple[Word, ...] = ()

    @property
    def latest(self) -> Version | None:
        """The newest version."""
        return self.versions[-1] if self.versions else None

    def said(self, party: Party, number: int) -> Word | None:
        """The last word of one party to one version."""
        return next((w for w in reversed(self.words) if w.party == party and w.number == number), None)

    @property
    def proposed(self) -> Version | None:
        """The newest version confirmed by the manager: the only one the employee gets to see."""
        return next((v for v in reversed(self.versions) if self.said("manager", v.number)), None)

    @property
    def status(self) -> Status:
        """Where the newest version stands."""
        latest = self.latest
        if latest is None or not self.said("manager", latest.number):
            return "draft"
        word = self.said("employee", latest.number)
        return "proposed" if word is None else "confirmed" if word.agrees else "differs"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the employee is given: one version, whether it is the newest, and what they said to it."""

    version: Version
    is_latest: bool
    word: Word | None
    confirmed: bool


def entries_of(part: Part, text: str) -> tuple[Entry, ...]:
    """One entry a line; a line may begin with its step's number, as in ``6. 评分口径``.

    Raises InputError for a line or a list that is too long.
    """
    found: list[Entry] = []
    for line in text.splitlines():
        words = "".join(c for c in line if c.isprintable()).strip().lstrip("-•·* ").strip()
        if not words:
            continue
        numbered = _NUMBERED.match(words)
        step = STEPS[int(numbered[1]) - 1] if numbered else USUAL[part]
        words = words[numbered.end() :] if numbered else words
        if len(words) > MAX_TEXT:
            raise InputError("too long", message_key="error.long_field", limit=MAX_TEXT)
        found.append(Entry(part=part, step=step, text=words))
    return tuple(found)


def lines_of(part: Part, entries: Sequence[Entry]) -> str:
    """The way back: numbered lines to be edited."""
    return "\n".join(f"{e.step.number}. {e.text}" for e in entries if e.part == part)


def drafted(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Entry, ...]:
    """Entries from a live assistant's draft, ``{part: [{"words": …}]}``."""
    found: list[Entry] = []
    for part in PARTS:
        for each in parts.get(part, ()):
            words = " ".join(str(each["words"]).split())[:MAX_TEXT]
            if words:
                found.append(Entry(part=part, step=USUAL[part], text=words))
    return tuple(found[:MAX_ENTRIES])


class MinutesOfTalks:
    """Minutes kept by talk. The record's status is the newest version's.

    ``withdrawn`` tells whether consent to a live interview was taken back. Words drawn from it that both have not
    confirmed are then destroyed at the next look and can't be confirmed any more.
    """

    def __init__(self, records: Records, talks: Talks, clock: Clock, withdrawn: Callable[[str], bool]) -> None:
        self._records = records
        self._talks = talks
        self._clock = clock
        self._withdrawn = withdrawn

    def of_talk(self, actor: Actor, talk_id: str) -> tuple[Minutes, int]:
        """The manager's view, and what ``save`` wants to hear of it, 0 where there are none."""
        talk, _ = self._talks.talk(actor, talk_id)
        record, minutes = self._read(talk)
        return minutes, _seen(record, minutes)

    def save(self, actor: Actor, talk_id: str, entries: Sequence[Entry], version: int, live_id: str = "") -> int:
        """Keep a new version, unless nothing changed; what the next ``save`` wants to hear.

        Raises ConflictError where another window saved meanwhile, InputError for too many entries. Somebody's word on
        the version that was seen is no conflict: the new version asks for it again.
        """
        talk, _ = self._talks.talk(actor, talk_id)
        if len(entries) > MAX_ENTRIES:
            raise InputError("too many", message_key="error.minutes_many", limit=MAX_ENTRIES)
        if live_id and self._withdrawn(live_id):
            raise ConflictError("consent withdrawn", message_key="error.minutes_withdrawn")
        record, minutes = self._read(talk)
        if _seen(record, minutes) != version:
            raise ConflictError("saved in another window", message_key="error.changed_meanwhile")
        latest = minutes.latest
        if latest is not None and latest.entries == tuple(entries):
            return version
        number = minutes.last + 1
        from_words = live_id or (latest.live_id if latest else "")
        new = Version(number=number, at=self._clock.now(), entries=tuple(entries), live_id=from_words)
        kept = (*minutes.versions, new)[-MAX_VERSIONS:]
        changed = minutes.model_copy(update={"versions": kept, "last": number})
        self._store(talk, record, changed)
        self._reach(talk, Stage.HELD)
        return number

    def confirm(self, actor: Actor, talk_id: str, number: int) -> None:
        """The manager's word: the employee can read this version from now on.

        Raises InputError for empty minutes and for words of the manager's private preparation, ConflictError for an
        older version.
        """
        talk, _ = self._talks.talk(actor, talk_id)
        record, minutes = self._read(talk)
        latest = self._latest(record, minutes, number)
        if not latest.entries:
            raise InputError("empty", message_key="error.minutes_empty")
        check_shareable(e.text for e in latest.entries)
        self._say(talk, record, minutes, Word(party="manager", number=number, at=self._clock.now()))

    def shown_to(self, visit: Visit) -> Shown | None:
        """The employee's view: the newest version that their manager has confirmed."""
        _, minutes = self._read(visit.talk)
        version = minutes.proposed
        if version is None:
            return None
        word = minutes.said("employee", version.number)
        return Shown(version, version == minutes.latest, word, word is not None and word.agrees)

    def confirm_as_employee(self, visit: Visit, number: int, view: str = "") -> None:
        """The employee's word. Raises ConflictError for a version that was replaced, and after a withdrawal."""
        self._answer(visit, number, view, agrees=True)

    def differ(self, visit: Visit, number: int, view: str) -> None:
        """The employee sees it differently and says how; raises InputError where they don't say."""
        if not view.strip():
            raise InputError("no view", message_key="error.minutes_view")
        self._answer(visit, number, view, agrees=False)

    def erase_withdrawn(self, live_id: str | None = None) -> int:
        """Destroy every unconfirmed draft whose consent was taken back, of one interview or of all; how many.

        Nobody acts: this is what a withdrawal does, and what the server does by itself.
        """
        count = 0
        for record in self._records.find(Kind.MINUTES):
            minutes = Minutes.model_validate(record.body)
            if live_id is None or any(v.live_id == live_id for v in minutes.versions):
                count += self._erased(record, minutes) is not None
        return count

    def _answer(self, visit: Visit, number: int, view: str, *, agrees: bool) -> None:
        if len(view.strip()) > MAX_VIEW:
            raise InputError("too long", message_key="error.long_field", limit=MAX_VIEW)
        record, minutes = self._read(visit.talk)
        latest = self._latest(record, minutes, number)
        if not minutes.said("manager", latest.number):
            raise ConflictError("being changed", message_key="error.minutes_outdated")
        clean = "".join(c for c in view if c == "\n" or c.isprintable())
        word = Word(party="employee", number=number, at=self._clock.now(), agrees=agrees, view=clean)
        self._say(visit.talk, record, minutes, word)

    def _latest(self, record: Record | None, minutes: Minutes, number: int) -> Version:
        latest = minutes.latest
        if latest is None:
            gone = record is not None and record.status == "withdrawn"
            key = "error.minutes_withdrawn" if gone else "error.minutes_empty"
            raise ConflictError("no version", message_key=key)
        if latest.number != number:
            raise ConflictError("outdated", message_key="error.minutes_outdated")
        return latest

    def _say(self, talk: Record, record: Record | None, minutes: Minutes, word: Word) -> None:
        changed = minutes.model_copy(update={"words": (*minutes.words, word)})
        self._store(talk, record, changed)
        self._reach(talk, Stage.CONFIRMED if changed.status == "confirmed" else Stage.HELD)

    def _read(self, talk: Record) -> tuple[Record | None, Minutes]:
        try:
            record = self._records.get(Kind.MINUTES, _id(talk))
        except NotFoundError:
            return None, Minutes()
        minutes = Minutes.model_validate(record.body)
        erased = self._erased(record, minutes)
        return (erased, Minutes.model_validate(erased.body)) if erased else (record, minutes)

    def _erased(self, record: Record, minutes: Minutes) -> Record | None:
        """The record without what was drawn from withdrawn words, or None where nothing had to go."""
        agreed = {w.number for w in minutes.words if w.party == "employee" and w.agrees}
        kept = tuple(
            v for v in minutes.versions if not v.live_id or v.number in agreed or not self._withdrawn(v.live_id)
        )
        if kept == minutes.versions:
            return None
        numbers = {v.number for v in kept}
        left = Minutes(last=minutes.last, versions=kept, words=tuple(w for w in minutes.words if w.number in numbers))
        status = left.status if kept else "withdrawn"
        return self._records.put(replace(record, body=left.model_dump(mode="json"), status=status))[0]

    def _store(self, talk: Record, record: Record | None, minutes: Minutes) -> Record:
        body = minutes.model_dump(mode="json")
        if record is None:
            made = Record(_id(talk), Kind.MINUTES, talk.owner_id, talk.key_id, body, talk.id, minutes.status)
            return self._records.add(made)[0]
        return self._records.put(replace(record, body=body, status=minutes.status))[0]

    def _reach(self, talk: Record, stage: Stage) -> None:
        """Minutes are of a talk that was held; a plan that runs already stays what it is."""
        now = self._records.get(Kind.TALK, talk.id)
        if now.status not in (stage, Stage.FOLLOWED):
            self._records.put(replace(now, status=stage))


def _seen(record: Record | None, minutes: Minutes) -> int:
    """The newest version's number; where all were erased, one that no version has had."""
    if record is None:
        return 0
    return minutes.latest.number if minutes.latest else minutes.last + record.version


def _id(talk: Record) -> str:
    """One set of minutes a talk."""
    return f"minutes-{talk.id}"
