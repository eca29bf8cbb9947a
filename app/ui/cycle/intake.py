"""Bringing in a table: the file is read in memory and never stored; columns can be set right before anything is taken."""

import base64
import binascii
import secrets
import time
from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr

from app.texts import message, t
from app.ui import safety
from app.ui.labels import Labels
from app.wiring import Services
from cycle import exporting, importing
from cycle.importing import KINDS, Found, Layout, Problem
from cycle.tables import Table, read_tables
from cycle.team import key
from interview.conversation import Lang
from interview.errors import InputError, TandaoError

SLOTS = max(len(importing.fields(kind)) for kind in KINDS)
LIFE_S, ROOM, SHOWN = 1_800, 12, 30
READ_JS = """async (name, data, lang) => {
  const file = await new Promise((found) => {
    const picker = document.createElement('input');
    picker.type = 'file';
    picker.accept = '.xlsx,.csv,.txt';
    picker.addEventListener('change', () => found(picker.files[0]));
    picker.addEventListener('cancel', () => found(null));
    picker.click();
  });
  if (!file) return ['', '', lang];
  if (file.size > 5000000) return [file.name, 'large', lang];
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return [file.name, btoa(text), lang];
}"""
"""Asks for a file under our own button (the browser's has its own language) and hands it over; nothing for none."""
SAVE_BYTES_JS = """(name, data) => {
  if (data) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes], {type: 'application/octet-stream'}));
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 30000);
  }
  return ['', ''];
}"""
"""Saves what came as base64 and empties the fields that brought it."""


@dataclass
class Waiting:
    """A file that was read and is not taken over yet; forgotten after half an hour."""

    name: str
    tables: tuple[Table, ...]
    layouts: list[Layout]
    since: float = field(default_factory=time.monotonic)


_WAITING: dict[str, Waiting] = {}


@dataclass
class IntakePage:
    """The components others need."""

    template: gr.Button
    csv: gr.Button
    carried: tuple[gr.Textbox, gr.Textbox]
    read: gr.Button
    what: gr.Row
    sheet: gr.Dropdown
    kind: gr.Dropdown
    columns: list[gr.Dropdown]
    result: gr.HTML
    take: gr.Button
    token: gr.State


def build(labels: Labels) -> IntakePage:
    """Templates, a file, columns, what was found."""
    lang = labels.lang
    labels.keep(gr.HTML(t("intake.about", lang), elem_classes="note"), value="intake.about")
    with gr.Row():
        template = gr.Button(t("intake.template", lang), size="sm", elem_id="intake-template")
        csv = gr.Button(t("intake.csv", lang), size="sm", elem_id="intake-csv")
    read = gr.Button(t("intake.read", lang), variant="primary", elem_id="intake-read")
    with gr.Row(visible=False, elem_id="intake-what") as what:
        sheet = gr.Dropdown([], value=None, elem_id="intake-sheet", **labels.text(label="intake.sheet"))
        kind = gr.Dropdown(_kinds(lang), value="people", elem_id="intake-kind", **labels.text(label="intake.kind"))
    columns: list[gr.Dropdown] = []
    with gr.Row():
        for n in range(SLOTS):
            columns.append(gr.Dropdown([], value=None, label="-", visible=False, elem_id=f"intake-{n}", min_width=200))
    result = gr.HTML("", elem_id="intake-result")
    take = gr.Button(t("intake.take", lang), variant="primary", visible=False, elem_id="intake-take")
    carried = (
        gr.Textbox("", visible="hidden", elem_classes="carried", elem_id="intake-name"),
        gr.Textbox("", visible="hidden", elem_classes="carried", elem_id="intake-data"),
    )
    for button, name in ((template, "template"), (csv, "csv"), (read, "read"), (take, "take")):
        labels.keep(button, value=f"intake.{name}")
    labels.keep(sheet, label="intake.sheet")
    labels.keep(kind, label="intake.kind")
    return IntakePage(template, csv, carried, read, what, sheet, kind, columns, result, take, gr.State(""))


def wire(services: Services, page: IntakePage, language: gr.State, after: dict[str, Any]) -> None:
    """Read, set right, take over; ``after``: the event that draws the team again."""
    private = {"api_visibility": "private"}
    carried = list(page.carried)

    @safety.guarded(2)
    def template(lang: Lang) -> list[str]:
        return [f"tandao-{lang}.xlsx", base64.b64encode(exporting.template(lang)).decode()]

    @safety.guarded(2)
    def one_csv(kind: str, lang: Lang) -> list[str]:
        chosen = next(k for k in KINDS if k == kind)
        return [f"tandao-{kind}-{lang}.csv", base64.b64encode(exporting.template(lang, chosen)).decode()]

    for event in (
        page.template.click(template, language, carried, **private),
        page.csv.click(one_csv, [page.kind, language], carried, **private),
    ):
        event.then(None, carried, carried, js=SAVE_BYTES_JS)
    shown = [page.what, page.sheet, page.kind, *page.columns, page.result, page.take]

    @safety.guarded(1 + len(shown))
    def read(name: str, data: str, lang: Lang) -> list[Any]:
        try:
            return look_through(name, data, lang)
        except TandaoError as error:  # and nothing of the file before it stays in sight
            safety.warn(message(error, lang), lang)
            hidden = [gr.update(visible=False)] * len(page.columns)
            return ["", gr.update(visible=False), gr.skip(), gr.skip(), *hidden, "", gr.update(visible=False)]

    def look_through(name: str, data: str, lang: Lang) -> list[Any]:
        if not name:  # the person thought better of it
            return [gr.skip()] * (1 + len(shown))
        if data == "large":
            raise InputError("large", message_key="error.table_size", size=5)
        try:
            tables = read_tables(base64.b64decode(data, validate=True), name)
        except binascii.Error as error:
            raise InputError("not base64", message_key="error.table_broken") from error
        token = _keep(Waiting(name, tables, [importing.guess(table) for table in tables]))
        return [token, *_drawn(services, token, 0, lang)]

    page.read.click(read, [*carried, language], [page.token, *shown], js=READ_JS, **private)

    @safety.guarded(len(shown))
    def other_sheet(token: str, sheet: int | None, lang: Lang) -> list[Any]:
        return _drawn(services, token, sheet or 0, lang)

    page.sheet.input(other_sheet, [page.token, page.sheet, language], shown, **private)

    @safety.guarded(len(shown))
    def other_kind(token: str, sheet: int | None, kind: str, lang: Lang) -> list[Any]:
        waiting = _kept(token)
        waiting.layouts[sheet or 0] = importing.layout_as(
            waiting.tables[sheet or 0], next(k for k in KINDS if k == kind)
        )
        return _drawn(services, token, sheet or 0, lang)

    page.kind.input(other_kind, [page.token, page.sheet, page.kind, language], shown, **private)

    @safety.guarded(2)
    def other_column(token: str, sheet: int | None, *rest: Any) -> list[Any]:
        *columns, lang = rest
        waiting = _kept(token)
        layout = waiting.layouts[sheet or 0]
        chosen = [None if c in {None, -1} else int(c) for c in columns]
        waiting.layouts[sheet or 0] = Layout(
            layout.kind, dict(zip(importing.fields(layout.kind), chosen, strict=False))
        )
        return _drawn(services, token, sheet or 0, lang)[-2:]

    for column in page.columns:
        column.input(
            other_column, [page.token, page.sheet, *page.columns, language], [page.result, page.take], **private
        )

    @safety.guarded(4 + len(page.columns))
    def take(token: str, lang: Lang) -> list[Any]:
        found = _found(services, _kept(token), lang)
        if found.problem_count:
            raise InputError("problems", message_key="error.table_problems")
        people = {number: values for number, (values, _) in found.people.items()}
        taken = services.team.take(services.acting(lang), people, found.figures, found.events)
        _WAITING.pop(token, None)
        done = t("intake.taken", lang, added=taken.added, updated=taken.updated, figures=taken.figures,
                 events=taken.events)  # fmt: skip
        gone = [gr.update(visible=False)] * (2 + len(page.columns))
        return ["", f"<p class='hint'><b>{done}</b></p>", *gone]

    emptied = [page.token, page.result, page.take, page.what, *page.columns]
    page.take.click(take, [page.token, language], emptied, **private).then(**after, show_progress="hidden", **private)


def _keep(waiting: Waiting) -> str:
    for token, other in list(_WAITING.items()):
        if time.monotonic() - other.since > LIFE_S:
            del _WAITING[token]
    while len(_WAITING) >= ROOM:
        del _WAITING[next(iter(_WAITING))]
    token = secrets.token_hex(12)
    _WAITING[token] = waiting
    return token


def _kept(token: str) -> Waiting:
    found = _WAITING.get(token)
    if found is None:
        raise InputError("forgotten", message_key="error.table_gone")
    return found


def _found(services: Services, waiting: Waiting, lang: Lang) -> Found:
    known = {key(p.number): p.name for _, p in services.team.people(services.acting(lang)) if p.number}
    return importing.read(waiting.tables, waiting.layouts, known, lang)


def _kinds(lang: Lang) -> list[tuple[str, str]]:
    return [(exporting.SHEETS[lang][kind], kind) for kind in KINDS]


def _drawn(services: Services, token: str, number: int, lang: Lang) -> list[Any]:
    waiting = _kept(token)
    table, layout = waiting.tables[number], waiting.layouts[number]
    heads = [(f"{table.letter(n)} · {head or '?'}", n) for n, head in enumerate(table.heads)]
    columns: list[Any] = []
    for name, spec in importing.fields(layout.kind).items():
        value = layout.columns.get(name)
        label = f"{spec[lang]} *" if spec.get("needed") else spec[lang]
        choices = [(t("intake.no_column", lang), -1), *heads]
        columns.append(gr.update(visible=True, label=label, choices=choices, value=-1 if value is None else value))
    columns += [gr.update(visible=False)] * (SLOTS - len(columns))
    found = _found(services, waiting, lang)
    sheets = [(f"{t_.name} ({len(t_.rows)})", n) for n, t_ in enumerate(waiting.tables)]
    return [
        gr.update(visible=True), gr.update(choices=sheets, value=number),
        gr.update(choices=_kinds(lang), value=layout.kind), *columns, result_html(found, waiting.name, lang),
        gr.update(visible=True, interactive=not found.problem_count),
    ]  # fmt: skip


def result_html(found: Found, name: str, lang: Lang) -> str:
    """How much of the file would be taken over, or what is wrong where."""
    head = f"<p><b>{escape(name)}</b></p>"
    if not found.problem_count:
        figures, events = (sum(map(len, x.values())) for x in (found.figures, found.events))
        return f"{head}<p class='hint'>{t('intake.ready', lang, people=len(found.people), figures=figures, events=events)}</p>"
    rows = "".join(f"<li>{problem_text(p, lang)}</li>" for p in found.problems[:SHOWN])
    more = found.problem_count - min(SHOWN, len(found.problems))
    rest = f"<li>{t('intake.more', lang, count=more)}</li>" if more else ""
    count = t("intake.problems", lang, count=found.problem_count)
    return f"<div class='report'>{head}<p class='flag'>{count}</p><ul id='intake-problems'>{rows}{rest}</ul></div>"


def problem_text(problem: Problem, lang: Lang) -> str:
    """Where, and what is wrong there."""
    why = t(f"import.problem.{problem.why}", lang, **problem.params)
    place = problem.table
    if problem.line:
        place += " · " + t("intake.line", lang, line=problem.line)
    if problem.column:
        place += " · " + t("intake.column", lang, column=problem.column, head=problem.head)
    return f"<b>{escape(place)}</b> {escape(why)}"
