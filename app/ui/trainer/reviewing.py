"""Review: find a shared session, read it, comment, overrule."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.reports import build_report
from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.ui.report_html import report_html
from app.ui.trainer_notes import dimensions, person_name, trainer_notes
from app.wiring import Services
from interview.actor import Role
from interview.conversation import Lang
from interview.errors import InputError
from interview.ports import RehearsalRecord
from review.reviews import TOTAL, Shared, machine_score

ALL = ""


@dataclass
class ReviewPage:
    """The components others need."""

    person: gr.Dropdown
    persona: gr.Dropdown
    scenario: gr.Dropdown
    flag: gr.Dropdown
    above: gr.Textbox
    below: gr.Textbox
    since: gr.Textbox
    until: gr.Textbox
    pick: gr.Radio
    text: gr.HTML
    notes: gr.HTML
    turn: gr.Textbox
    words: gr.Textbox
    comment: gr.Button
    dimension: gr.Dropdown
    score: gr.Textbox
    overrule: gr.Button
    confirm: gr.Button

    @property
    def filters(self) -> list[Any]:
        """What narrows the list."""
        return [self.person, self.persona, self.scenario, self.flag, self.above, self.below, self.since, self.until]


def build(labels: Labels) -> ReviewPage:
    """Filters, list, session, and what to say about it."""
    lang = labels.lang

    def keep(component: Any, key: str) -> Any:
        return labels.keep(component, label=key)

    with gr.Row():
        person, persona, scenario, flag = (
            keep(gr.Dropdown([(t("review.all", lang), ALL)], value=ALL, elem_id=f"by-{name}", min_width=140, **labels.text(label=f"review.{name}")),
                 f"review.{name}")
            for name in ("person", "persona", "scenario", "flag")
        )  # fmt: skip
    with gr.Row():
        above, below, since, until = (
            keep(gr.Textbox("", elem_id=f"by-{name}", min_width=140, placeholder=hint, **labels.text(label=f"review.{name}")),
                 f"review.{name}")
            for name, hint in (("above", "60"), ("below", "80"), ("since", "2026-11-01"), ("until", "2026-11-30"))
        )  # fmt: skip
    pick = keep(
        gr.Radio([], elem_id="sessions", elem_classes="cards", **labels.text(label="review.sessions")),
        "review.sessions",
    )
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            text = gr.HTML(f"<p>{t('review.empty', lang)}</p>", elem_id="session")
        with gr.Column(scale=2, min_width=280):
            turn = keep(gr.Textbox("", elem_id="note-turn", **labels.text(label="review.turn")), "review.turn")
            words = keep(
                gr.Textbox(lines=3, max_lines=8, elem_id="note-words", **labels.text(label="review.words")),
                "review.words",
            )
            comment = gr.Button(t("review.comment", lang), elem_id="comment")
            dimension = keep(
                gr.Dropdown(
                    dimensions(lang), value=TOTAL, elem_id="dimension", **labels.text(label="review.dimension")
                ),
                "review.dimension",
            )
            score = keep(
                gr.Textbox("", elem_id="human-score", **labels.text(label="review.score")),
                "review.score",
            )
            overrule = gr.Button(t("review.overrule", lang), variant="primary", elem_id="overrule")
            confirm = gr.Button(t("review.confirm", lang), elem_id="confirm-score")
            notes = gr.HTML("", elem_id="notes")
    for button, key in ((comment, "review.comment"), (overrule, "review.overrule"), (confirm, "review.confirm")):
        labels.keep(button, value=key)
    return ReviewPage(person, persona, scenario, flag, above, below, since, until, pick, text, notes, turn, words, comment, dimension,
                      score, overrule, confirm)  # fmt: skip


def entry(services: Services, record: RehearsalRecord, owner: str, lang: Lang) -> str:
    """A session in one line."""
    try:
        stage = services.rehearsals.stage(record)
        what = f"{stage.persona.face} {stage.persona.name} · {stage.scenario.title}"
    except Exception:  # the files of an old session may be gone or changed
        what = f"{record.persona_id} · {record.scenario_id}"
    return f"{owner} · {what}\n{record.updated_at.astimezone():%Y-%m-%d %H:%M}"


def _card(services: Services, shared: Shared, owner: str, lang: Lang) -> str:
    score = "" if shared.score is None else f" · {t('report.score', lang)} {shared.score:.0f}"
    settled = t("review.settled" if shared.settled else "review.machine_only", lang)
    flags = "".join(f" ⚑{t('flag.' + flag, lang)}" for flag in shared.flags)
    return entry(services, shared.record, owner, lang) + f"{score} · {settled}{flags}"


def listing(services: Services, page: ReviewPage, language: gr.State) -> dict[str, Any]:
    """The list as the filters leave it."""

    @safety.guarded(5)
    def listing(*asked: Any) -> Any:
        person, persona, scenario, flag, above, below, since, until, lang = asked
        actor = services.acting(lang, Role.TRAINER)
        sessions = services.reviews.sessions(actor)
        people = sorted({s.owner for s in sessions})
        personas = {s.record.persona_id for s in sessions}
        scenarios = {s.record.scenario_id for s in sessions}
        flags = sorted({f for s in sessions for f in s.flags})
        first, last, over, under = _day(since), _day(until), _figure(above), _figure(below)
        kept = [
            s for s in sessions
            if person in (ALL, None, s.owner) and persona in (ALL, None, s.record.persona_id)
            and scenario in (ALL, None, s.record.scenario_id) and (not flag or flag in s.flags)
            and (over is None or (s.score is not None and s.score >= over))
            and (under is None or (s.score is not None and s.score < under))
            and (first is None or s.record.updated_at.astimezone().date() >= first)
            and (last is None or s.record.updated_at.astimezone().date() <= last)
        ]  # fmt: skip
        every = (t("review.all", lang), ALL)
        named = [(p.name, p.id) for p in services.library.personas(lang) if p.id in personas]
        titled = [(s.title, s.id) for s in services.library.scenarios(lang) if s.id in scenarios]
        return [
            gr.update(choices=[every, *[(person_name(p, actor, lang), p) for p in people]]),
            gr.update(choices=[every, *named]),
            gr.update(choices=[every, *titled]),
            gr.update(choices=[every, *[(t("flag." + f, lang), f) for f in flags]]),
            gr.update(
                choices=[(_card(services, s, person_name(s.owner, actor, lang), lang), s.record.id) for s in kept]
            ),
        ]

    return {
        "fn": listing, "inputs": [*page.filters, language],
        "outputs": [page.person, page.persona, page.scenario, page.flag, page.pick],
    }  # fmt: skip


def wire(services: Services, page: ReviewPage, tab: gr.Tab, language: gr.State) -> None:
    """Filter, open, comment, overrule."""

    listed = listing(services, page, language)
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(**listed, **quiet)
    for component in (page.person, page.persona, page.scenario, page.flag):
        component.input(**listed, **quiet)
    for typed in (page.above, page.below, page.since, page.until):
        typed.submit(**listed, **quiet)
        typed.blur(**listed, **quiet)

    @safety.guarded(2)
    def opened(picked: str | None, lang: Lang) -> list[str]:
        return _opened(services, picked, lang)

    page.pick.change(opened, [page.pick, language], [page.text, page.notes], **quiet)

    @safety.guarded(3)
    def comment(picked: str | None, turn: str, words: str, lang: Lang) -> list[Any]:
        services.reviews.comment(services.acting(lang, Role.TRAINER), _needed(picked), words, _turn(turn))
        return [*_opened(services, picked, lang), ""]

    said = [page.text, page.notes, page.words]
    page.comment.click(comment, [page.pick, page.turn, page.words, language], said, api_visibility="private")

    @safety.guarded(3)
    def overrule(picked: str | None, turn: str, words: str, dimension: str, score: str, lang: Lang) -> list[Any]:
        given = _figure(score)
        if given is None:
            raise InputError("no score", message_key="error.score_range")
        actor = services.acting(lang, Role.TRAINER)
        services.reviews.overrule(actor, _needed(picked), dimension, given, words, _turn(turn))
        return [*_opened(services, picked, lang), ""]

    page.overrule.click(
        overrule,
        [page.pick, page.turn, page.words, page.dimension, page.score, language],
        said,
        api_visibility="private",
    ).success(**listed, **quiet)

    @safety.guarded(3)
    def confirm(picked: str | None, words: str, dimension: str, lang: Lang) -> list[Any]:
        actor = services.acting(lang, Role.TRAINER)
        machine = machine_score(build_report(services, actor, _needed(picked)), dimension)
        if machine is None:
            raise InputError("nothing to confirm", message_key="error.not_scored")
        reason = words.strip() or t("review.agreed", lang)
        services.reviews.overrule(actor, _needed(picked), dimension, machine, reason)
        return [*_opened(services, picked, lang), ""]

    confirmed = [page.pick, page.words, page.dimension, language]
    page.confirm.click(confirm, confirmed, said, api_visibility="private").success(**listed, **quiet)


def redraw(services: Services, page: ReviewPage, language: gr.State) -> dict[str, Any]:
    """What hangs on the language."""

    @safety.guarded(3)
    def draw(picked: str | None, lang: Lang) -> list[Any]:
        return [gr.update(choices=dimensions(lang)), *_opened(services, picked, lang)]

    return {"fn": draw, "inputs": [page.pick, language], "outputs": [page.dimension, page.text, page.notes]}


def _needed(picked: str | None) -> str:
    if not picked:
        raise InputError("nothing picked", message_key="error.pick_session")
    return picked


def _figure(text: str) -> float | None:
    """A number somebody typed, or None for an empty field."""
    try:
        return float(text.strip()) if text.strip() else None
    except ValueError as error:
        raise InputError("no number", message_key="error.figure") from error


def _turn(text: str) -> int | None:
    figure = _figure(text)
    if figure is not None and not figure.is_integer():
        raise InputError("no number", message_key="error.figure")
    return None if figure is None else int(figure) - 1


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise InputError("date", message_key="error.date") from error


def _opened(services: Services, picked: str | None, lang: Lang) -> list[str]:
    if not picked:
        return [f"<p>{t('review.empty', lang)}</p>", ""]
    actor = services.acting(lang, Role.TRAINER)
    report = build_report(services, actor, picked, lang)
    shown = report_html(report, services.rehearsals.transcript(actor, picked), lang)
    withheld = services.reviews.withheld(actor, picked)
    blind = f"<p class='note'>{t('review.withheld', lang, number=withheld)}</p>" if withheld else ""
    return [shown, blind + trainer_notes(services, actor, picked, lang)]
