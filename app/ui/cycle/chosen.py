"""The person and the talk that every part of the cycle's tab works on."""

from html import escape
from typing import Any

from app.texts import t
from app.wiring import Services
from cycle.records import Record
from cycle.talks import OPEN, Stage
from interview.conversation import Lang
from interview.errors import NotFoundError


def pick(services: Services, person_id: str, lang: Lang) -> list[Any]:
    """Values for ``[person, talk, line]`` of somebody: the talk is the next one, else the last one held, else none."""
    talk_id = current_talk(services.talks.of_person(services.acting(lang), person_id)) if person_id else ""
    return [person_id, talk_id, line(services, person_id, talk_id, lang)]


def current_talk(talks: tuple[Record, ...]) -> str:
    """The earliest that is still to be held, else the one held last, else ""."""
    coming = sorted((r for r in talks if r.status in OPEN), key=lambda r: r.due.isoformat() if r.due else "9")
    return coming[0].id if coming else talks[-1].id if talks else ""


def line(services: Services, person_id: str, talk_id: str, lang: Lang) -> str:
    """Who is chosen and how far their talk has come; empty for nobody."""
    if not person_id:
        return f"<p class='note'>{t('cycle.nobody', lang)}</p>"
    try:
        _, person = services.team.person(services.acting(lang), person_id)
        record = services.talks.talk(services.acting(lang), talk_id)[0] if talk_id else None
    except NotFoundError:
        return f"<p class='note'>{t('cycle.nobody', lang)}</p>"
    about = " · ".join(escape(x) for x in (person.number, person.role, person.department) if x)
    stage = t("cycle.no_talk", lang)
    if record is not None:
        due = record.due.isoformat() if record.due else ""
        stage = t("cycle.talk_line", lang, stage=t(f"cycle.stage.{Stage(record.status)}", lang), due=due)
    return f"<p><b>{escape(person.name)}</b> · {about}<br><span class='note'>{escape(stage)}</span></p>"
