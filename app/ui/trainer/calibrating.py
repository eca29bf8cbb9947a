"""Calibration: how far machine and trainers agree, month by month, and over which sentences they do not."""

from html import escape
from typing import Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.ui.trainer_notes import dimension_name, person_name
from app.wiring import Services
from interview.actor import Role
from interview.conversation import Lang
from review.calibration import (
    MIN_PAIRS,
    Agreement,
    agreement,
    disagreements,
    drift,
    machine_and_human,
    points_may_be_shown,
    two_trainers,
)  # fmt: skip


def build(labels: Labels) -> gr.HTML:
    """One piece of HTML."""
    return gr.HTML("", elem_id="calibration")


def redraw(services: Services, page: gr.HTML, language: gr.State) -> dict[str, Any]:
    """The figures as they stand."""

    @safety.guarded(1)
    def draw(lang: Lang) -> str:
        return calibration_html(services, lang)

    return {"fn": draw, "inputs": [language], "outputs": page}


def calibration_html(services: Services, lang: Lang) -> str:
    """Agreement tables, drift, and the widest differences with the sentence each was about."""
    actor = services.acting(lang, Role.TRAINER)
    notes = services.reviews.every_note(actor)
    rows = "".join(
        _row(t(key, lang), agreement(pairs), lang)
        for key, pairs in (
            ("calibrate.machine", machine_and_human(notes)),
            ("calibrate.trainers", two_trainers(notes)),
        )
    )
    head = "".join(f"<th>{t('calibrate.' + k, lang)}</th>" for k in ("who", "pairs", "kappa", "icc", "difference"))
    verdict = t("calibrate.points" if points_may_be_shown(notes) else "calibrate.bands", lang)
    months = "".join(f"<tr><td>{m}</td><td>{n}</td><td>{d:+.1f}</td></tr>" for m, n, d in drift(notes))
    month_head = "".join(f"<th>{t('calibrate.' + k, lang)}</th>" for k in ("month", "pairs", "difference"))
    widest: list[str] = []
    people = services.reviews.people(actor)
    seen = disagreements(services.reviews.seen_notes(actor))
    for note in sorted(seen, key=lambda n: n.turn is None):  # those about a sentence first
        sentence = f"<i>{t('calibrate.no_sentence', lang)}</i> "
        if note.turn is not None:
            turns = services.rehearsals.turns(actor, note.rehearsal_id)
            sentence = (
                f"<q>{escape(turns[note.turn].payload['text'])}</q> " if 0 <= note.turn < len(turns) else sentence
            )
        whose = person_name(people.get(services.rehearsals.get(actor, note.rehearsal_id).owner_id, ""), actor, lang)
        widest.append(
            f"<li>{sentence}<b>{escape(dimension_name(note.dimension or '', lang))}</b> {note.machine:.0f} → "
            f"{note.score:.0f}: {escape(note.text)}<div class='note'>{escape(whose)} · "
            f"{note.created_at.astimezone():%Y-%m-%d}</div></li>"
        )
    return (
        f"<div class='report'><p>{verdict}</p><div class='scroll'><table><tr>{head}</tr>{rows}</table></div>"
        f"<p class='note'>{t('calibrate.about', lang, least=MIN_PAIRS)}</p>"
        f"<h3>{t('calibrate.drift', lang)}</h3><div class='scroll'><table><tr>{month_head}</tr>{months}</table></div>"
        f"<h3>{t('calibrate.widest', lang)}</h3><ul>{''.join(widest) or '<li>—</li>'}</ul></div>"
    )


def _row(name: str, found: Agreement, lang: Lang) -> str:
    kappa = "—" if found.kappa is None else f"{found.kappa:.2f} ({found.low:.2f} – {found.high:.2f})"
    icc = "—" if found.icc is None else f"{found.icc:.2f}"
    difference = "—" if found.mean_difference is None else f"{found.mean_difference:+.1f}"
    return f"<tr><th>{name}</th><td>{found.pairs}</td><td>{kappa}</td><td>{icc}</td><td>{difference}</td></tr>"
