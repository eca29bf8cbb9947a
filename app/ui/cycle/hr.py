"""HR's tab: open a round with the company's own texts, and see how far departments are. Never who said what."""

import datetime as dt
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from pydantic import ValidationError

from app.texts import t
from app.ui import safety
from app.ui.cycle import signals
from app.ui.labels import Labels
from app.wiring import Services
from cycle.rounds import SMALLEST_GROUP, Completion, Round
from cycle.talks import Stage
from interview.actor import Actor, Role
from interview.conversation import Lang
from interview.errors import InputError

DUE_IN_DAYS = 30


@dataclass
class RoundsPage:
    """``fields`` in the order of ``_FIELDS``."""

    pick: gr.Radio
    table: gr.HTML
    fields: list[Any]
    open: gr.Button
    change: gr.Button
    close: gr.Button
    signals: signals.SignalsPage


_FIELDS = ("name", "opens", "due", "departments", "card", "form", "ratings_published", "appeal")


def build(services: Services, labels: Labels) -> RoundsPage:
    """The rounds, how far the picked one is, and the form."""
    lang = labels.lang
    pick = gr.Radio([], elem_id="round-pick", **labels.text(label="round.pick"))
    table = gr.HTML("", elem_id="round-table")
    with gr.Row():
        name = gr.Textbox("", elem_id="round-name", **labels.text(label="round.name"))
        opens = gr.Textbox(_day_in(0), elem_id="round-opens", **labels.text(label="round.opens"))
        due = gr.Textbox(_day_in(DUE_IN_DAYS), elem_id="round-due", **labels.text(label="round.due"))
    departments = gr.Dropdown(
        [], value=[], multiselect=True, elem_id="round-departments", **labels.text(label="round.departments")
    )
    card = gr.Textbox("", lines=3, elem_id="round-card", **labels.text(label="round.card"))
    form = gr.Textbox("", lines=3, elem_id="round-form", **labels.text(label="round.form"))
    published = gr.Checkbox(value=False, elem_id="round-published", **labels.text(label="round.ratings_published"))
    appeal = gr.Textbox("", elem_id="round-appeal", **labels.text(label="round.appeal"))
    fields = [name, opens, due, departments, card, form, published, appeal]
    with gr.Row():
        make = gr.Button(t("round.open", lang), variant="primary", elem_id="round-open")
        change = gr.Button(t("round.change", lang), elem_id="round-change")
        close = gr.Button(t("round.close", lang), variant="stop", elem_id="round-close")
    labels.keep(pick, label="round.pick")
    for field, key in zip(fields, _FIELDS, strict=True):
        labels.keep(field, label=f"round.{key}")
    for button, key in ((make, "open"), (change, "change"), (close, "close")):
        labels.keep(button, value=f"round.{key}")
    with labels.keep(gr.Accordion(t("cycle.signals", lang), open=False, elem_id="hr-signals"), label="cycle.signals"):
        lights = signals.build(services, labels, "hr-signals")
    return RoundsPage(pick, table, fields, make, change, close, lights)


def wire(services: Services, page: RoundsPage, tab: gr.Tab, language: gr.State) -> None:
    """Open, change, close, and look."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}

    @safety.guarded(1 + len(page.fields))
    def picked(round_id: str | None, lang: Lang) -> list[Any]:
        if not round_id:
            return ["", *[gr.skip()] * len(page.fields)]
        _, what = _found(services, round_id, lang)
        values = what.model_dump(mode="json")
        return [_table(services, round_id, lang), *(values[name] for name in _FIELDS)]

    page.pick.change(picked, [page.pick, language], [page.table, *page.fields], **quiet)

    @safety.guarded(1)
    def make(*values: Any) -> Any:
        lang: Lang = values[-1]
        record = services.rounds.open(_hr(services, lang), _round(values[:-1]))
        safety.tell(t("round.opened", lang), lang)
        return gr.update(choices=_choices(services, lang), value=record.id)

    page.open.click(make, [*page.fields, language], page.pick, api_visibility="private")

    @safety.guarded(2)
    def change(round_id: str | None, *values: Any) -> list[Any]:
        lang: Lang = values[-1]
        record, _ = _found(services, round_id, lang)
        services.rounds.change(_hr(services, lang), record, _round(values[:-1]))
        safety.tell(t("round.changed", lang), lang)
        return [gr.update(choices=_choices(services, lang)), _table(services, record.id, lang)]

    page.change.click(change, [page.pick, *page.fields, language], [page.pick, page.table], api_visibility="private")

    @safety.guarded(1)
    def close(round_id: str | None, lang: Lang) -> Any:
        record, _ = _found(services, round_id, lang)
        services.rounds.close(_hr(services, lang), record)
        safety.tell(t("round.closed", lang), lang)
        return gr.update(choices=_choices(services, lang))

    page.close.click(close, [page.pick, language], page.pick, api_visibility="private")
    tab.select(**redraw(services, page, language), **quiet)
    signals.wire_for(services, page.signals, tab, language, _departments(services))


def redraw(services: Services, page: RoundsPage, language: gr.State) -> dict[str, Any]:
    """Lists and figures again in the present language."""

    @safety.guarded(3)
    def draw(round_id: str | None, lang: Lang) -> list[Any]:
        choices = _choices(services, lang)
        known = round_id if round_id in [value for _, value in choices] else None
        departments = list(services.rounds.departments(_hr(services, lang)))
        table = _table(services, known, lang) if known else f"<p class='note'>{t('round.none', lang)}</p>"
        return [gr.update(choices=choices, value=known), table, gr.update(choices=departments)]

    return {"fn": draw, "inputs": [page.pick, language], "outputs": [page.pick, page.table, page.fields[3]]}


def redraw_signals(services: Services, page: RoundsPage, language: gr.State) -> dict[str, Any]:
    """The lights of departments again."""
    return signals.redraw_for(services, page.signals, language, _departments(services))


def _departments(services: Services) -> signals.Look:
    return lambda lang: (_hr(services, lang), services.signals.departments)


def _found(services: Services, round_id: str | None, lang: Lang) -> tuple[Any, Round]:
    found = next((pair for pair in services.rounds.all(_hr(services, lang)) if pair[0].id == round_id), None)
    if found is None:
        raise InputError("no round", message_key="error.pick_round")
    return found


def _round(values: tuple[Any, ...]) -> Round:
    given = dict(zip(_FIELDS, values, strict=True))
    try:
        return Round.model_validate({**given, "departments": tuple(given["departments"] or ())})
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        key = f"error.round_{place[0]}" if place else "error.round_order"
        raise InputError("round", message_key=key) from error


def _table(services: Services, round_id: str, lang: Lang) -> str:
    return completion_html(services.rounds.completion(_hr(services, lang), round_id), lang)


def completion_html(rows: tuple[Completion, ...], lang: Lang) -> str:
    """Departments by stage, as counts and percent."""
    few = f"<p class='note'>{t('round.small', lang, count=SMALLEST_GROUP)}</p>"
    if not rows:
        return few
    stages = tuple(Stage)[1:]
    head = "".join(f"<th class='num'>{t(f'cycle.stage.{s}', lang)}</th>" for s in stages)
    body = "".join(
        f"<tr><td>{escape(row.department) if row.department else t('round.others', lang)}</td>"
        f"<td class='num'>{row.people}</td>"
        + "".join(
            f"<td class='num'>{row.reached[s]} <span class='note'>({row.reached[s] / row.people:.0%})</span></td>"
            for s in stages
        )
        + "</tr>"
        for row in rows
    )
    return (
        f"<div class='report scroll'><table><thead><tr><th>{t('round.department', lang)}</th>"
        f"<th class='num'>{t('round.people', lang)}</th>{head}</tr></thead><tbody>{body}</tbody></table>{few}</div>"
    )


def _choices(services: Services, lang: Lang) -> list[tuple[str, str]]:
    return [
        (f"{what.name} · {what.opens} – {what.due} · {t(f'round.is_{record.status}', lang)}", record.id)
        for record, what in reversed(services.rounds.all(_hr(services, lang)))
    ]


def _hr(services: Services, lang: Lang) -> Actor:
    return services.acting(lang, Role.HR)


def _day_in(days: int) -> str:
    return (dt.date.today() + dt.timedelta(days=days)).isoformat()
