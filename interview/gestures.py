"""What a manager can do in a talk besides speaking: put a record on the table, pause, adjourn.

Each is written into the turn's text in one fixed form, so that transcripts, readers and scores all see the same thing.
"""

import calendar
import re
from collections.abc import Mapping
from enum import StrEnum

from interview.conversation import Lang
from interview.persona import Persona


class Gesture(StrEnum):
    """The closed set."""

    SPEAK = "speak"
    SHOW = "show"
    PAUSE = "pause"
    ADJOURN = "adjourn"


PAUSE_TEXT: Mapping[Lang, str] = {"zh": "（停顿，等对方开口）", "en": "(pauses and waits)"}
ADJOURN_TEXT: Mapping[Lang, str] = {"zh": "（提议休会）", "en": "(proposes to adjourn)"}
SHOWN = re.compile(r"（出示记录：[^）]*）|\(shows the record: [^)]*\)")
"""A record put on the table, as ``record_text`` writes it."""
_WRITTEN = frozenset((*PAUSE_TEXT.values(), *ADJOURN_TEXT.values()))
_GAPS = re.compile("|".join(re.escape(text) for text in sorted(_WRITTEN)))


def spoken(text: str) -> str:
    """The text with every gesture blanked out by spaces, so that places in it stay true."""
    if not text.rstrip().endswith(("）", ")")):
        return text
    return _GAPS.sub(_blank, SHOWN.sub(_blank, text))


def adjourns(text: str) -> bool:
    """Whether a turn proposes to break off; its “let us stop here” interrupts nobody."""
    return text.rstrip().endswith(tuple(ADJOURN_TEXT.values()))


def says_nothing(text: str) -> bool:
    """Whether a turn is a gesture without words that should be judged: a pause or a bare adjournment."""
    return text.strip() in _WRITTEN


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def records(persona: Persona) -> Mapping[str, tuple[str, str]]:
    """What can be shown: ``{record id: (metric or incident id, text)}``. Record ids are ``metric@month`` or incident ids."""
    metrics = {m.id: m for m in persona.metrics}
    found: dict[str, tuple[str, str]] = {}
    for number in persona.numbers:
        metric = metrics[number.metric]
        month = int(number.month[5:])
        target, actual = f"{number.target:g}{_unit(metric.unit)}", f"{number.actual:g}{_unit(metric.unit)}"
        if persona.lang == "zh":
            text = f"{month}月{metric.name}，目标{target}，实际{actual}"
        else:
            text = f"{metric.name} in {calendar.month_name[month]}, target {target}, actual {actual}"
        found[f"{number.metric}@{number.month}"] = (number.metric, text)
    for incident in persona.incidents:
        day = incident.date
        when = (
            f"{day.month}月{day.day}日，" if persona.lang == "zh" else f"{day.day} {calendar.month_name[day.month]}: "
        )
        found[incident.id] = (incident.id, when + incident.what)
    return found


def _unit(unit: str) -> str:
    return f" {unit}" if unit[:1].isalpha() and unit[:1].isascii() else unit


def record_text(persona: Persona, record_id: str) -> str:
    """A record as it stands in the turn's text; raises KeyError for an unknown id."""
    _, text = records(persona)[record_id]
    flat = re.sub(r"[（(]", "[", re.sub(r"[）)]", "]", text))
    return f"（出示记录：{flat}）" if persona.lang == "zh" else f"(shows the record: {flat})"


def shown_in(text: str, persona: Persona) -> dict[str, str]:
    """``{metric or incident id: quote}`` of the records shown in a text, those the persona's record really holds."""
    if "出示记录" not in text and "shows the record" not in text:
        return {}
    known = {record_text(persona, record): about for record, (about, _) in records(persona).items()}
    return {known[match[0]]: match[0] for match in SHOWN.finditer(text) if match[0] in known}
