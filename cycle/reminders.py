"""What people are reminded of, and when: before the talk, until the minutes are confirmed, while the plan runs.

Each occasion has a name that stays the same, so that whoever plans it again, in whichever process, plans nothing new.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from cycle.invitations import is_address, when_of
from cycle.messages import Message, Outbox
from cycle.records import Kind, Record, Records
from cycle.talks import OPEN, Stage, Talk
from cycle.team import Person
from interview.conversation import Lang
from interview.errors import TandaoError
from interview.ports import Clock

ASK_DAYS = (3, 1)
"""Days before the talk on which a missing self-assessment is asked for."""
MINUTES_DAYS = (3, 7, 14)
"""Days after which open minutes are called to mind."""
PLAN_EVERY_DAYS = 14
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Talk:
    """One talk with everything a reminder says."""

    record: Record
    about: Talk
    person: Person


class Reminders:
    """Puts what is due into the outbox. ``link_for`` makes an employee's private link, or gives nothing where it can't."""

    def __init__(
        self, records: Records, outbox: Outbox, link_for: Callable[[Record], str], lang: Lang, clock: Clock
    ) -> None:
        self._records = records
        self._outbox = outbox
        self._link_for = link_for
        self._lang: Lang = lang
        self._clock = clock

    def plan(self) -> int:
        """Look at everything once; how many new messages wait to be sent."""
        made = self._digest() if self._outbox.can("webhook") else 0
        if self._outbox.can("mail"):
            made += self._before() + self._minutes() + self._plans()
        return made

    def _before(self) -> int:
        now, made = self._clock.now(), 0
        sent = {r.parent_id for r in self._records.find(Kind.SELF_ASSESSMENT, status=["sent"], bodies=False)}
        for talk in self._talks(Stage.INVITED):
            left = talk.about.at - now if talk.about.at and not talk.about.cancelled else dt.timedelta(0)
            stamp = f"{talk.record.id}:{talk.about.sequence}"
            if left <= _HOUR:
                continue
            for days in ASK_DAYS:
                if (days - 1) * _DAY < left <= days * _DAY and talk.record.id not in sent:
                    made += self._tell(talk, "self_assessment", f"ask:{stamp}:{days}", needs_link=True)
            if left <= _DAY:
                made += self._tell(talk, "soon", f"soon:{stamp}")
                made += self._tell(talk, "soon_manager", f"soon-manager:{stamp}")
        return made

    def _minutes(self) -> int:
        now, made = self._clock.now(), 0
        status = {r.parent_id: r.status for r in self._records.find(Kind.MINUTES, bodies=False)}
        for talk in self._talks(Stage.HELD):
            since = now - (talk.about.at or talk.record.changed_at or now)
            passed = [days for days in MINUTES_DAYS if since >= days * _DAY]
            if not passed:
                continue
            stamp = f"minutes:{talk.record.id}:{passed[-1]}"
            if status.get(talk.record.id) == "proposed":
                made += self._tell(talk, "minutes", stamp, needs_link=True)
            else:
                made += self._tell(talk, "minutes_manager", f"{stamp}:manager")
        return made

    def _plans(self) -> int:
        today, made = self._clock.now().astimezone().date(), 0
        running = {
            r.parent_id: r.due
            for r in self._records.find(Kind.PLAN, status=["running"], bodies=False)
            if r.due is not None and r.parent_id
        }
        if not running:
            return 0
        period = today.toordinal() // PLAN_EVERY_DAYS
        for talk in self._talks(Stage.CONFIRMED, Stage.FOLLOWED):
            if (due := running.get(talk.record.id)) is not None:
                stamp = f"plan:{talk.record.id}:{period}"
                made += self._tell(talk, "plan", stamp, needs_link=True, due=due.isoformat())
                made += self._tell(talk, "plan_manager", f"{stamp}:manager", due=due.isoformat())
        return made

    def _digest(self) -> int:
        """Counts for the group, once a week on its first day of work, without a name."""
        now = self._clock.now()
        today = now.astimezone().date()
        talks = self._records.find(Kind.TALK, bodies=False)
        late = sum(r.status in OPEN and r.due is not None and r.due < today for r in talks)
        count = Counter(r.status for r in talks)
        if not any(count[stage] for stage in Stage if stage is not Stage.FOLLOWED):
            return 0
        text = str(texts(self._lang)["digest"]).format(late=late, **{str(s): count[s] for s in Stage})
        year, week, _ = today.isocalendar()
        message = Message(channel="webhook", about="digest", text=text, next_at=now)
        return self._outbox.put(message, f"digest:{year}:{week}", owner_id="")

    def _talks(self, *stages: Stage) -> Iterator[_Talk]:
        found = self._records.find(Kind.TALK, status=[str(s) for s in stages])
        if not found:
            return
        people = {r.id: r for r in self._records.find(Kind.PERSON)}
        for record in found:
            if person := people.get(record.key_id):
                yield _Talk(record, Talk.model_validate(record.body), Person.model_validate(person.body))

    def _tell(self, talk: _Talk, about: str, once: str, *, needs_link: bool = False, **params: str) -> int:
        """1 if a new message waits. Nothing where there is no address, or no link without which it says nothing."""
        to_manager = about.endswith("_manager")
        to = talk.about.host_email if to_manager else talk.person.email
        if not is_address(to) or self._outbox.knows(once):
            return 0
        link = "" if to_manager else self._link(talk.record)
        if needs_link and not link:
            return 0
        lang: Lang = self._lang if to_manager else talk.person.lang
        words = texts(lang)
        long, short = when_of(talk.about, lang) if talk.about.at else ("", "")
        params |= {
            "name": talk.person.name, "when": long, "when_short": short, "place": talk.about.place,
            "minutes": str(talk.about.minutes), "link": str(words["link"]).format(link=link) if link else "",
        }  # fmt: skip
        message = Message(
            channel="mail", about=about, to=to, reply_to="" if to_manager else talk.about.host_email,
            subject=words[about]["subject"].format(**params), text=words[about]["text"].format(**params).strip() + "\n",
            next_at=self._clock.now(),
        )  # fmt: skip
        return self._outbox.put(
            message, once, owner_id=talk.record.owner_id, key_id=talk.record.key_id, parent_id=talk.record.id
        )

    def _link(self, talk: Record) -> str:
        try:
            return self._link_for(talk)
        except TandaoError:  # the reminder is worth having without it
            return ""


@cache
def texts(lang: Lang) -> Mapping[str, Any]:
    """The words of one language."""
    return yaml.safe_load(files("cycle").joinpath("data", f"reminders.{lang}.yaml").read_text(encoding="utf-8"))
