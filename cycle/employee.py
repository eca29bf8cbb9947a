"""What the bearer of a talk's private link is: one employee, one talk, no account, nothing else within reach."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from cycle.records import Kind, Record, Records
from cycle.talks import Stage, Talk, Talks
from cycle.team import Figure, Figures, KeyEvent, KeyEvents, Person
from interview.actor import Actor
from interview.errors import InputError, NotFoundError
from interview.ports import Clock

PURPOSE = "employee"
DAYS = 90
"""How long a link holds if nothing else is said: a plan's usual length."""
MAX_DAYS = 400
BEFORE_TALK = frozenset({Stage.DUE, Stage.PREPARED, Stage.INVITED})


@dataclass(frozen=True, slots=True)
class Visit:
    """One opening of a link; ``Visits.open`` alone makes it, and what an employee may do asks for one."""

    talk: Record
    about: Talk
    person: Record
    profile: Person
    until: dt.datetime

    @property
    def is_before_talk(self) -> bool:
        """Whether the talk is still to come."""
        return self.talk.status in BEFORE_TALK


class Visits:
    """Private links of talks: made and taken back by the manager, opened by whoever holds one."""

    def __init__(self, records: Records, talks: Talks, clock: Clock) -> None:
        self._records = records
        self._talks = talks
        self._clock = clock

    def make(self, actor: Actor, talk_id: str, days: int = DAYS) -> str:
        """The secret of a new link; it is not kept and can't be shown again. Earlier links of the talk stay open."""
        if not 1 <= days <= MAX_DAYS:
            raise InputError("days", message_key="error.link_days", limit=MAX_DAYS)
        record, talk = self._talks.talk(actor, talk_id)
        check_shareable([talk.purpose, talk.place, *talk.bring])
        return self._records.new_link(PURPOSE, record, self._clock.now() + dt.timedelta(days=days))

    def take_back(self, actor: Actor, talk_id: str) -> None:
        """Close every link of the talk at once."""
        record, _ = self._talks.talk(actor, talk_id)
        self._records.close_links(record.id, PURPOSE)

    def open(self, secret: str) -> Visit:
        """Raises NotFoundError (``error.me_link``) for a link that is guessed, taken back, run out or forgotten."""
        try:
            link = self._records.open_link(secret, PURPOSE)
            talk = self._records.get(Kind.TALK, link.record_id)
            person = self._records.get(Kind.PERSON, talk.key_id)
        except NotFoundError as error:
            raise NotFoundError("no such link", message_key="error.me_link") from error
        about, profile = Talk.model_validate(talk.body), Person.model_validate(person.body)
        return Visit(talk, about, person, profile, link.until)

    def picture(self, visit: Visit) -> tuple[tuple[Figure, ...], tuple[KeyEvent, ...]]:
        """The person's own numbers and key events; not who complained, and none worded in the manager's classification."""
        key = visit.person.key_id
        figures = [
            f for r in self._records.find(Kind.FIGURES, key_id=key) for f in Figures.model_validate(r.body).figures
        ]
        events = [
            e for r in self._records.find(Kind.EVENTS, key_id=key) for e in KeyEvents.model_validate(r.body).events
        ]
        return tuple(figures), for_both(events)


def for_both(events: Iterable[KeyEvent]) -> tuple[KeyEvent, ...]:
    """What manager and employee may look at together: not who complained, no word of the manager's classification."""
    shown = (e for e in events if not private_word(e.what))
    return tuple(e.model_copy(update={"source": ""}) if e.kind == "complaint" else e for e in shown)


@cache
def _private_words() -> tuple[str, ...]:
    text = files("cycle").joinpath("data", "private_words.yaml").read_text(encoding="utf-8")
    return tuple(str(word).casefold() for words in yaml.safe_load(text)["words"].values() for word in words)


def private_word(text: str) -> str:
    """The first word in it that belongs to the manager's private view of the person, or "".

    Only words that mean nothing else are looked for: "expert" and "stuck" alone are ordinary.
    """
    folded = " ".join(text.casefold().split())
    return next((word for word in _private_words() if word in folded), "")


def check_shareable(texts: Iterable[str]) -> None:
    """Raise InputError naming such a word: which of the four situations somebody was put into is never handed over."""
    for text in texts:
        word = private_word(text)
        if word:
            raise InputError("private word", message_key="error.private_word", word=word)
