"""What trainers wrote about a rehearsal: the same words for them and for the manager whose talk it is."""

from collections.abc import Mapping, Sequence
from html import escape

from app.texts import t
from app.wiring import Services
from interview.actor import Actor
from interview.conversation import Lang
from interview.ports import Note
from review.reviews import TOTAL
from scoring.rubric import rubric


def dimensions(lang: Lang) -> list[tuple[str, str]]:
    """The whole, then each dimension."""
    named = [(str(entry["name"][lang]), name) for name, entry in rubric()["dimensions"].items()]
    return [(t("review.total", lang), TOTAL), *named]


def dimension_name(name: str, lang: Lang) -> str:
    """The dimension in words."""
    return {key: text for text, key in dimensions(lang)}.get(name, name)


def person_name(name: str, actor: Actor, lang: Lang) -> str:
    """Whose a talk is, where no cohort names the reader's own."""
    return t("review.myself", lang) if name == actor.id else name


def trainer_notes(services: Services, actor: Actor, rehearsal_id: str, lang: Lang) -> str:
    """Every note this reader may see, with its author's name; empty where there is none."""
    notes = services.reviews.notes(actor, rehearsal_id)
    authors = {note.author_id for note in notes}
    names = services.accounts.trainers(actor, authors) if authors and services.settings.accounts_on else {}
    return _listed(notes, names, lang)


def _listed(notes: Sequence[Note], names: Mapping[str, str], lang: Lang) -> str:
    """Newest first, with both scores where one was overruled. Who has left is a trainer without a name."""
    items: list[str] = []
    for note in notes[::-1]:
        where = "" if note.turn is None else t("report.turn", lang, number=note.turn + 1) + " · "
        what = ""
        if note.dimension:
            machine = "—" if note.machine is None else f"{note.machine:.0f}"
            what = f"<b>{escape(dimension_name(note.dimension, lang))} {machine} → {note.score:.0f}</b> "
        author = names.get(note.author_id) or t("review.a_trainer", lang)
        when = f"{note.created_at.astimezone():%m-%d %H:%M}"
        items.append(f"<li>{what}{escape(note.text)}<div class='note'>{where}{escape(author)} · {when}</div></li>")
    return f"<div class='feedback'><ul>{''.join(items)}</ul></div>" if items else ""
