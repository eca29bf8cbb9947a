"""Asking, answering, withdrawing. A `ConsentGrant` exists only where both have granted, and only this module makes one."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, Protocol

from consent.ledger import Entry, Kind, LedgerRepository, Party, Standing, first_broken, standing
from consent.notices import Notice, Purpose, notice, offered
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import ConsentError, InputError, NotFoundError
from interview.ports import Clock
from interview.reading.transcripts import guess_lang
from people.permissions import Action, check

LINK_DAYS = 14
MAX_NAME = 60
Spoken = Literal["zh", "en", "auto"]
"""What a talk is held in; ``auto``: both, each utterance told by itself."""
_MAKER = object()


class ConsentGrant:
    """Proof that both people granted these purposes for this interview. Can't be made by hand."""

    __slots__ = ("interview_id", "purposes")

    def __init__(self, maker: object, interview_id: str, purposes: frozenset[Purpose]) -> None:
        if maker is not _MAKER:
            raise ConsentError("a grant is made by the ledger only")
        self.interview_id = interview_id
        self.purposes = purposes

    def covers(self, purpose: Purpose) -> bool:
        """Whether it includes a purpose."""
        return purpose in self.purposes


@dataclass(frozen=True, slots=True)
class LiveInterview:
    """A real interview. ``title``: how the manager calls it. ``link_hash``: of the employee's secret link.

    ``mixed``: both languages are spoken; ``lang`` is then that of the notice, the minutes and the report.
    """

    id: str
    owner_id: str
    title: str
    lang: Lang
    created_at: dt.datetime
    link_hash: str
    link_until: dt.datetime
    ended: bool = False
    mixed: bool = False

    @property
    def spoken(self) -> Spoken:
        """What the two speak."""
        return "auto" if self.mixed else self.lang

    def lang_of(self, text: str) -> Lang:
        """The language in which something they said is to be read."""
        return guess_lang(text, self.lang) if self.mixed else self.lang


class InterviewRepository(Protocol):
    """Keeps interviews; titles are sealed."""

    def create(self, interview: LiveInterview) -> None:
        """Store a new one under a key of its own."""
        ...

    def get(self, interview_id: str) -> LiveInterview:
        """Raises NotFoundError."""
        ...

    def by_link(self, link_hash: str) -> LiveInterview:
        """Raises NotFoundError."""
        ...

    def owned_by(self, owner_id: str) -> tuple[LiveInterview, ...]:
        """Newest first."""
        ...

    def end(self, interview_id: str) -> None:
        """The talk is over."""
        ...

    def speak(self, interview_id: str, lang: Lang, *, mixed: bool) -> None:
        """Another language from now on."""
        ...


_ELSEWHERE = frozenset({Purpose.MODEL_HINTS, Purpose.SPEECH_SERVICE})
"""What sends something to another machine, which the notice names."""


class Consents:
    """What managers, employees with a link, and the live session ask of the ledger."""

    def __init__(
        self,
        interviews: InterviewRepository,
        ledger: LedgerRepository,
        clock: Clock,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
        model: str = "",
        speech: str = "",
    ) -> None:
        """``model``, ``speech``: where words and sound may go, as the notice names it; empty: nowhere."""
        self._interviews = interviews
        self._ledger = ledger
        self._clock = clock
        self._new_id = new_id
        self._model = model
        self._speech = speech

    @property
    def offered(self) -> tuple[Purpose, ...]:
        """What people are asked for here."""
        return offered(self._model, self._speech)

    def notice(self, lang: Lang) -> Notice:
        """What people read here before they decide."""
        return notice(lang, self._model, self._speech)

    def invite(self, actor: Actor, title: str, lang: Lang, *, mixed: bool = False) -> tuple[LiveInterview, str]:
        """A new interview and the secret for the employee's link; the secret is not kept and can't be shown again."""
        check(actor, Action.LIVE_HOLD, actor.id)
        secret = secrets.token_urlsafe(24)
        now = self._clock.now()
        interview = LiveInterview(
            self._new_id(), actor.id, _short(title, "error.live_title"), lang, now, link_hash(secret),
            now + dt.timedelta(days=LINK_DAYS), mixed=mixed,
        )  # fmt: skip
        self._interviews.create(interview)
        return interview, secret

    def speak(self, actor: Actor, interview_id: str, spoken: Spoken) -> None:
        """The manager says which language is spoken, from now on; what was heard stays as it is."""
        interview = self.interview(actor, interview_id)
        if interview.ended:
            raise InputError("over", message_key="error.ended")
        lang = interview.lang if spoken == "auto" else spoken
        self._interviews.speak(interview_id, lang, mixed=spoken == "auto")

    def interview(self, actor: Actor, interview_id: str) -> LiveInterview:
        """The manager's own interview."""
        found = self._interviews.get(interview_id)
        check(actor, Action.LIVE_HOLD, found.owner_id)
        return found

    def mine(self, actor: Actor) -> tuple[LiveInterview, ...]:
        """The manager's interviews, newest first."""
        check(actor, Action.LIVE_HOLD, actor.id)
        return self._interviews.owned_by(actor.id)

    def shared_by(self, owner_id: str) -> tuple[LiveInterview, ...]:
        """A manager's ended interviews that both parties let a trainer see; who may ask is for the caller to check."""
        return tuple(
            i for i in self._interviews.owned_by(owner_id)
            if i.ended and Purpose.SHARE_TRAINER in self.standing(i.id).purposes
        )  # fmt: skip

    def linked(self, secret: str) -> LiveInterview:
        """The interview behind an employee's link; raises NotFoundError for a wrong or expired one."""
        found = self._interviews.by_link(link_hash(secret))
        if self._clock.now() > found.link_until:
            raise NotFoundError("expired", message_key="error.link")
        return found

    def manager_grants(self, actor: Actor, interview_id: str, purposes: Collection[Purpose], name: str) -> None:
        """The manager's own consent, on the page."""
        interview = self.interview(actor, interview_id)
        self._say(interview, "manager", "grant", purposes, name, actor.language, "page")

    def answer(self, secret: str, purposes: Collection[Purpose], name: str, lang: Lang) -> None:
        """The employee's answer by their link: some purposes, or none, which is a refusal. Can be changed at any time."""
        interview = self.linked(secret)
        self._say(interview, "employee", "grant" if purposes else "refuse", purposes, name, lang, "link")

    def withdraw(self, who: Actor | str, interview_id: str | None = None) -> None:
        """Take everything back: a manager for an interview of theirs, an employee by their link. Erases at once."""
        if isinstance(who, Actor):
            interview = self.interview(who, interview_id or "")
            self._say(interview, "manager", "withdraw", (), "", who.language, "page")
        else:
            interview = self.linked(who)
            self._say(interview, "employee", "withdraw", (), "", interview.lang, "link")

    def standing(self, interview_id: str) -> Standing:
        """What holds for an interview now."""
        return standing(self._ledger.entries(interview_id))

    def available(self, actor: Actor, interview_id: str) -> bool:
        """All a manager learns: whether the assistant can be used. Why not is not told, a refusal least of all."""
        self.interview(actor, interview_id)
        return Purpose.TRANSCRIBE in self.standing(interview_id).purposes

    def spoken(self, interview_id: str) -> Spoken:
        """What is spoken in an interview."""
        return self._interviews.get(interview_id).spoken

    def lang_of(self, interview_id: str, text: str) -> Lang:
        """The language in which something said in an interview is to be read."""
        return self._interviews.get(interview_id).lang_of(text)

    def is_over(self, interview_id: str) -> bool:
        """Whether the talk was ended."""
        return self._interviews.get(interview_id).ended

    def began(self, interview_id: str) -> dt.datetime:
        """When both had granted, which is when a talk can begin; the interview's own time before that."""
        entries = self._ledger.entries(interview_id)
        granted = [e.at for e in entries if e.kind == "grant"]
        return dt.datetime.fromisoformat(granted[-1]) if granted else self._interviews.get(interview_id).created_at

    def names(self, interview_id: str) -> tuple[str, ...]:
        """The names both gave with their last grant, as far as they are not forgotten."""
        last = {e.party: e for e in self._ledger.entries(interview_id) if e.kind == "grant"}
        return tuple(name for entry in last.values() if (name := self._ledger.name_of(entry)))

    def granted_by(self, interview_id: str, party: Party) -> frozenset[Purpose]:
        """What one party's last word was; for that party's own page."""
        own = [e for e in self._ledger.entries(interview_id) if e.party == party and e.kind != "erased"]
        return frozenset(own[-1].purposes) if own and own[-1].kind == "grant" else frozenset()

    def grant(self, interview_id: str) -> ConsentGrant:
        """The grant in force; raises ConsentError where the two have not both granted transcription."""
        found = self.standing(interview_id).purposes
        if Purpose.TRANSCRIBE not in found:
            raise ConsentError("no grant", message_key="error.no_grant")
        if found & _ELSEWHERE and not self._same_notice(interview_id):
            found -= _ELSEWHERE
        found -= set() if self._model else {Purpose.MODEL_HINTS}
        found -= set() if self._speech else {Purpose.SPEECH_SERVICE}
        return ConsentGrant(_MAKER, interview_id, found)

    def _same_notice(self, interview_id: str) -> bool:
        """Whether both agreed to the very notice in force: nothing goes to another place than the one it names."""
        last = {e.party: e for e in self._ledger.entries(interview_id) if e.kind == "grant"}
        return all(e.notice_digest == self.notice(e.lang).digest for e in last.values())

    def entries(self, interview_id: str | None = None) -> tuple[Entry, ...]:
        """The ledger, for ``tandao consent show``."""
        return self._ledger.entries(interview_id)

    def verify(self) -> int | None:
        """The number of the first broken entry, or None."""
        return first_broken(self._ledger.entries(), self._ledger.head())

    def _say(
        self,
        interview: LiveInterview,
        party: Party,
        kind: Kind,
        purposes: Collection[Purpose],
        name: str,
        lang: Lang,
        way: str,
    ) -> None:
        read = self.notice(lang)
        named = _short(name, "error.consent_name") if kind == "grant" else name.strip()[:MAX_NAME]
        draft = Entry(
            0, interview.id, party, kind, tuple(sorted(set(purposes))), read.version, read.digest, lang, way,
            self._clock.now().isoformat(), b"",
        )  # fmt: skip
        self._ledger.append(draft, named)


def link_hash(secret: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _short(text: str, message_key: str) -> str:
    kept = "".join(c for c in text if c.isprintable()).strip()
    if not kept or len(kept) > MAX_NAME:
        raise InputError("name", message_key=message_key, limit=MAX_NAME)
    return kept
