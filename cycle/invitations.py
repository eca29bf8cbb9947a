"""Inviting to a talk: what is asked of the form, the words in both languages, and the calendar file.

The words come from ``data/invitation.*.yaml``; nothing of the manager's preparation goes in, and what the manager types
is looked through for it first.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from cycle.employee import check_shareable
from cycle.records import Record
from cycle.rounds import Round, Rounds
from cycle.talks import OPEN, Stage, Talk, Talks
from cycle.team import Person, Team
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import InputError
from interview.ports import Clock
from interview.steps import STEPS
from interview.texts import step_text

CHECKLIST = ("private_room", "seats", "phone_silent", "messages_off", "no_meeting_after")
"""What the manager sees to beforehand: keys of texts in the page."""
Method = Literal["REQUEST", "PUBLISH", "CANCEL"]
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Form:
    """What the manager fills in, as typed. ``when`` is local time in ``zone``: ``2026-12-03 14:00``."""

    when: str
    zone: str
    place: str
    minutes: int = 60
    purpose: str = ""
    bring: tuple[str, ...] = ()
    host: str = ""
    host_email: str = ""
    checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invitation:
    """What is given to the employee: by mail, by hand, or both. ``text`` alone carries the private link."""

    talk: Record
    to: str
    subject: str
    text: str
    ics: bytes
    method: Method


class Invitations:
    """Invitations to talks of one's own team. Each change counts the calendar's sequence up; the UID stays."""

    def __init__(self, team: Team, talks: Talks, rounds: Rounds, clock: Clock) -> None:
        self._team = team
        self._talks = talks
        self._rounds = rounds
        self._clock = clock

    def form(self, actor: Actor, talk_id: str, zone: str = "") -> Form:
        """The form as it was filled last, or with what is known; ``zone`` is used where none was chosen yet."""
        record, talk = self._talks.talk(actor, talk_id)
        _, person = self._team.person(actor, record.key_id)
        words = texts(person.lang)
        used = talk.zone or (zone if zone in zones() else "Asia/Shanghai")
        return Form(
            when=talk.at.astimezone(ZoneInfo(used)).strftime("%Y-%m-%d %H:%M")
            if talk.at and not talk.cancelled
            else "",
            zone=used,
            place=talk.place,
            minutes=talk.minutes,
            purpose=talk.purpose or str(words["purpose_default"]),
            bring=talk.bring or tuple(words["bring_default"]),
            host=talk.host,
            host_email=talk.host_email,
            checked=talk.checked,
        )

    def invite(self, actor: Actor, talk_id: str, form: Form, link: str = "") -> Invitation:
        """Store time and place and give the invitation; raises InputError that names the field to put right.

        The same form again gives the same invitation with the same sequence.
        """
        record, before = self._talks.talk(actor, talk_id)
        if record.status not in OPEN:
            raise InputError("already held", message_key="error.talk_held")
        wanted = _filled(before, form, self._clock.now())
        if wanted != before or before.sequence < 0:
            wanted = wanted.model_copy(update={"sequence": before.sequence + 1})
            record = self._talks.change(actor, record, wanted, Stage.INVITED)
        return self._given(actor, record, wanted, link)

    def cancel(self, actor: Actor, talk_id: str) -> Invitation:
        """Take the time back; the talk stays to be held. Raises InputError where nobody was invited."""
        record, talk = self._talks.talk(actor, talk_id)
        if talk.sequence < 0 or talk.cancelled or record.status not in OPEN:
            raise InputError("not invited", message_key="error.not_invited")
        back = talk.model_copy(update={"cancelled": True, "sequence": talk.sequence + 1})
        return self._given(actor, self._talks.change(actor, record, back, Stage.PREPARED), back, "")

    def again(self, actor: Actor, talk_id: str, link: str = "") -> Invitation:
        """What was last given out."""
        record, talk = self._talks.talk(actor, talk_id)
        if talk.sequence < 0 or talk.at is None:
            raise InputError("not invited", message_key="error.not_invited")
        return self._given(actor, record, talk, link)

    def _given(self, actor: Actor, record: Record, talk: Talk, link: str) -> Invitation:
        _, person = self._team.person(actor, record.key_id)
        what = self._rounds.of_talk(actor, record)
        subject, text = words_of(talk, person, what, link)
        return Invitation(
            record, person.email, subject, text,
            calendar(record, talk, person, words_of(talk, person, what, "")[1]), method_of(talk, person),
        )  # fmt: skip


def method_of(talk: Talk, person: Person) -> Method:
    """REQUEST and CANCEL need both addresses; without them it is a date to be taken over."""
    if not (is_address(talk.host_email) and is_address(person.email)):
        return "PUBLISH"
    return "CANCEL" if talk.cancelled else "REQUEST"


def is_address(text: str) -> bool:
    """Whether mail can go there: one plain address, nothing that could change a header."""
    return len(text) <= 200 and _ADDRESS.fullmatch(text) is not None


@cache
def zones() -> frozenset[str]:
    """The time zones there are."""
    return frozenset(available_timezones())


@cache
def texts(lang: Lang) -> Mapping[str, Any]:
    """The words of one language."""
    return yaml.safe_load(files("cycle").joinpath("data", f"invitation.{lang}.yaml").read_text(encoding="utf-8"))


def words_of(talk: Talk, person: Person, what: Round | None, link: str) -> tuple[str, str]:
    """Subject and text in the employee's language; ``link`` is their private page, or empty."""
    words = texts(person.lang)
    when, short = when_of(talk, person.lang)
    tone = "_cancelled" if talk.cancelled else "_changed" if talk.sequence > 0 else ""
    subject = str(words[f"subject{tone}"]).format(when_short=short)
    head = [words["greeting"].format(name=person.name), "", words[f"intro{tone}"].format(when=when)]
    sign = [words["sign"].format(host=talk.host)] if talk.host else []
    if talk.cancelled:
        return subject, "\n".join([*head, "", *sign]).rstrip() + "\n"
    lines = [
        *head, "",
        words["when"].format(when=when),
        words["place"].format(place=talk.place),
        words["minutes"].format(minutes=talk.minutes),
        words["purpose"].format(purpose=talk.purpose or words["purpose_default"]),
        words["bring"], *(f"- {item}" for item in talk.bring or words["bring_default"]), "",
        words["quiet"],
    ]  # fmt: skip
    if what is not None:
        lines += [words["published" if what.ratings_published else "unpublished"]]
        lines += [words["appeal"].format(appeal=what.appeal)] if what.appeal else []
        lines += ["", what.form] if what.form else []
    lines += ["", words["link"].format(link=link)] if link else []
    colon = "：" if person.lang == "zh" else ": "
    steps = [f"{s.number}. {step_text(s, person.lang).name}{colon}{words['steps'][s]}" for s in STEPS]
    return subject, "\n".join([*lines, "", words["agenda"], *steps, "", *sign]).rstrip() + "\n"


def calendar(record: Record, talk: Talk, person: Person, description: str) -> bytes:
    """The ``.ics``: one event in UTC, CRLF, folded, escaped. Raises InputError for a talk without a time."""
    if talk.at is None:
        raise InputError("no time", message_key="error.no_time")
    summary = str(texts(person.lang)["summary"])
    event: Any = Event()
    event.add("uid", f"{record.id}@tandao")
    event.add("sequence", max(0, talk.sequence))
    event.add("dtstamp", (record.changed_at or talk.at).astimezone(dt.UTC))
    event.add("dtstart", talk.at.astimezone(dt.UTC))
    event.add("dtend", talk.at.astimezone(dt.UTC) + dt.timedelta(minutes=talk.minutes))
    event.add("summary", summary)
    event.add("location", talk.place)
    event.add("description", description)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    event.add("status", "CANCELLED" if talk.cancelled else "CONFIRMED")
    if is_address(talk.host_email):
        event.add("organizer", _party(talk.host_email, talk.host))
    if method_of(talk, person) != "PUBLISH":
        event.add("attendee", _party(person.email, person.name, ROLE="REQ-PARTICIPANT", RSVP="TRUE"))
    if not talk.cancelled:
        alarm: Any = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary)
        alarm.add("trigger", dt.timedelta(minutes=-30))
        event.add_component(alarm)
    made: Any = Calendar()
    made.add("prodid", "-//Tandao//Talks//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", method_of(talk, person))
    made.add_component(event)
    return made.to_ical()


def _party(address: str, name: str, **params: str) -> vCalAddress:
    party = vCalAddress(f"mailto:{address}")
    named = {"CN": name.replace('"', "'")} if name else {}
    for key, value in {**named, **params}.items():
        party.params[key] = vText(value)
    return party


def when_of(talk: Talk, lang: Lang) -> tuple[str, str]:
    """The moment in full and in short, in the zone it was set in; raises InputError for a talk without a time."""
    if talk.at is None:
        raise InputError("no time", message_key="error.no_time")
    zone = talk.zone or "UTC"
    at = talk.at.astimezone(ZoneInfo(zone))
    day = texts(lang)["weekdays"][at.weekday()]
    offset = at.strftime("%z")
    shown = f"UTC{offset[:3]}:{offset[3:]}"
    if lang == "zh":
        return (
            f"{at.year}年{at.month}月{at.day}日（{day}）{at:%H:%M}（{zone}，{shown}）",
            f"{at.month}月{at.day}日 {at:%H:%M}",
        )
    return f"{day} {at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} ({zone}, {shown})", (
        f"{at.day} {_MONTHS[at.month - 1]}, {at:%H:%M}"
    )


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _filled(before: Talk, form: Form, now: dt.datetime) -> Talk:
    """The talk with the form's values, checked; sequence and the rest stay."""
    at = _moment(form.when, form.zone)
    if at <= now:
        raise InputError("past", message_key="error.time_past")
    place, host, address = _line(form.place), _line(form.host), form.host_email.strip()
    if not place:
        raise InputError("no place", message_key="error.no_place")
    if not 10 <= form.minutes <= 240:
        raise InputError("length", message_key="error.talk_length", low=10, high=240)
    if address and not is_address(address):
        raise InputError("address", message_key="error.address")
    purpose = form.purpose.strip()
    bring = tuple(line for text in form.bring if (line := _line(text)))
    for name, text, limit in (("place", place, 200), ("host", host, 80), ("purpose", purpose, 500)):
        if len(text) > limit:
            raise InputError(name, message_key="error.field_long", length=len(text), limit=limit)
    if len(bring) > 12:
        raise InputError("bring", message_key="error.bring_many", limit=12)
    check_shareable([purpose, place, host, *bring])
    return before.model_copy(
        update={
            "at": at, "zone": form.zone, "place": place, "minutes": form.minutes, "purpose": purpose, "bring": bring,
            "host": host, "host_email": address, "cancelled": False,
            "checked": tuple(c for c in CHECKLIST if c in form.checked),
        }
    )  # fmt: skip


def _moment(text: str, zone: str) -> dt.datetime:
    """UTC; raises InputError for what is no time, or is one that clocks skip that night."""
    if zone not in zones():
        raise InputError("zone", message_key="error.zone")
    try:
        naive = dt.datetime.strptime(text.strip().replace("T", " "), "%Y-%m-%d %H:%M")
    except ValueError as error:
        raise InputError("when", message_key="error.when") from error
    at = naive.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != naive:
        raise InputError("skipped", message_key="error.time_skipped")
    return at


def _line(text: str) -> str:
    """One line without marks that steer."""
    return _CONTROL.sub(" ", text).strip()
