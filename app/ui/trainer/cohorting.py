"""Cohorts: give a group the same talk by a day, see where everybody stands, take the table along."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.ui.report import SAVE_JS
from app.wiring import Services
from cycle.exporting import csv_bytes
from interview.actor import Actor, Role
from interview.conversation import Lang
from interview.errors import InputError
from interview.steps import Step
from interview.texts import step_text
from review.cohorts import MemberProgress, Progress
from scoring.catalogue import kinds


@dataclass
class CohortPage:
    """The components others need."""

    pick: gr.Radio
    progress: gr.HTML
    name: gr.Textbox
    persona: gr.Dropdown
    scenario: gr.Dropdown
    due: gr.Textbox
    required: gr.Slider
    members: gr.Textbox
    people: gr.Dropdown
    create: gr.Button
    change: gr.Button
    sure: gr.Checkbox
    delete: gr.Button
    table: gr.Button
    printed: gr.Button
    carried: tuple[gr.Textbox, gr.Textbox]


def build(labels: Labels) -> CohortPage:
    """The list, the table, and a form that makes or changes one."""
    lang = labels.lang

    def keep(component: Any, key: str) -> Any:
        return labels.keep(component, label=key)

    pick = keep(
        gr.Radio([], elem_id="cohorts", elem_classes="cards", **labels.text(label="cohort.list")), "cohort.list"
    )
    progress = gr.HTML("", elem_id="cohort-progress")
    with gr.Row():
        table = gr.Button(t("cohort.csv", lang), size="sm", elem_id="cohort-csv")
        printed = gr.Button(t("cohort.print", lang), size="sm", elem_id="cohort-print")
    labels.keep(table, value="cohort.csv")
    labels.keep(printed, value="cohort.print")
    carried = (
        gr.Textbox("", visible="hidden", elem_id="cohort-file-name"),
        gr.Textbox("", visible="hidden", elem_id="cohort-file-text"),
    )
    with gr.Row():
        name = keep(gr.Textbox("", elem_id="cohort-name", **labels.text(label="cohort.name")), "cohort.name")
        persona = keep(
            gr.Dropdown([], elem_id="cohort-persona", **labels.text(label="cohort.persona")), "cohort.persona"
        )
        scenario = keep(
            gr.Dropdown([], elem_id="cohort-scenario", **labels.text(label="cohort.scenario")), "cohort.scenario"
        )
    with gr.Row():
        due = keep(
            gr.Textbox("", elem_id="cohort-due", placeholder="2026-12-31", **labels.text(label="cohort.due")),
            "cohort.due",
        )
        required = keep(
            gr.Slider(0, 100, value=70, step=5, elem_id="cohort-required", **labels.text(label="cohort.required")),
            "cohort.required",
        )
    members = labels.keep(
        gr.Textbox(
            "",
            lines=4,
            max_lines=12,
            elem_id="cohort-members",
            **labels.text(label="cohort.members", placeholder="cohort.members_example"),
        ),
        label="cohort.members",
        placeholder="cohort.members_example",
    )
    people = keep(
        gr.Dropdown(
            [], value=[], multiselect=True, visible=False, elem_id="cohort-people", **labels.text(label="cohort.people")
        ),
        "cohort.people",
    )
    with gr.Row():
        create = gr.Button(t("cohort.create", lang), variant="primary", elem_id="cohort-create")
        change = gr.Button(t("cohort.change", lang), elem_id="cohort-change")
    with gr.Row():
        sure = keep(gr.Checkbox(value=False, elem_id="cohort-sure", **labels.text(label="mine.sure")), "mine.sure")
        delete = gr.Button(t("mine.delete", lang), variant="stop", elem_id="cohort-delete")
    for button, key in ((create, "cohort.create"), (change, "cohort.change"), (delete, "mine.delete")):
        labels.keep(button, value=key)
    return CohortPage(pick, progress, name, persona, scenario, due, required, members, people, create, change, sure,
                      delete, table, printed, carried)  # fmt: skip


def wire(services: Services, page: CohortPage, tab: gr.Tab, language: gr.State) -> None:
    """Make, change, look, delete."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(**redraw(services, page, language), **quiet)
    form = [page.name, page.persona, page.scenario, page.due, page.required, page.members, page.people]

    @safety.guarded(8)
    def opened(picked: str | None, lang: Lang) -> list[Any]:
        if not picked:
            return ["", *[gr.skip()] * 7]
        progress = services.cohorts.progress(_trainer(services, lang), picked)
        found = progress.cohort
        lines = "\n".join(f"{person} {name}" for person, name in found.members.items())
        chosen = gr.update(choices=_people(services, lang, found.members), value=list(found.members))
        return [
            progress_html(services, progress, lang), found.name, found.persona_id, found.scenario_id,
            found.due_on.isoformat() if found.due_on else "", found.required, lines, chosen,
        ]  # fmt: skip

    page.pick.change(opened, [page.pick, language], [page.progress, *form], **quiet)

    @safety.guarded(1)
    def create(
        name: str, persona: str, scenario: str, due: str, required: float, members: str, people: list[str], lang: Lang
    ) -> Any:
        if not persona or not scenario:
            raise InputError("no talk", message_key="error.cohort_talk")
        made = services.cohorts.create(
            _trainer(services, lang), name, persona, scenario, _chosen(services, lang, members, people),
            due_on=_day(due), required=required,
        )  # fmt: skip
        return gr.update(choices=_choices(services, lang), value=made.id)

    page.create.click(create, [*form, language], page.pick, api_visibility="private")

    @safety.guarded(2)
    def change(
        picked: str | None, name: str, persona: str, scenario: str, due: str, required: float, members: str,
        people: list[str], lang: Lang,
    ) -> list[Any]:  # fmt: skip
        if not picked:
            raise InputError("none", message_key="error.pick_cohort")
        services.cohorts.change(
            _trainer(services, lang), picked, name=name.strip(), persona_id=persona, scenario_id=scenario, due_on=_day(due),
            required=float(required), members=_chosen(services, lang, members, people, picked),
        )  # fmt: skip
        progress = services.cohorts.progress(_trainer(services, lang), picked)
        return [gr.update(choices=_choices(services, lang), value=picked), progress_html(services, progress, lang)]

    page.change.click(change, [page.pick, *form, language], [page.pick, page.progress], api_visibility="private")

    for button, made in ((page.table, csv_file), (page.printed, printable)):

        @safety.guarded(2)
        def hand_over(picked: str | None, lang: Lang, made: Any = made) -> list[str]:
            if not picked:
                raise InputError("none", message_key="error.pick_cohort")
            return list(made(services, services.cohorts.progress(_trainer(services, lang), picked), lang))

        button.click(hand_over, [page.pick, language], list(page.carried), api_visibility="private").then(
            None, list(page.carried), list(page.carried), js=SAVE_JS
        )

    @safety.guarded(3)
    def delete(picked: str | None, sure: bool, lang: Lang) -> list[Any]:
        if not picked or not sure:
            raise InputError("none", message_key="error.pick_cohort" if not picked else "error.confirm_first")
        services.cohorts.delete(_trainer(services, lang), picked)
        return [gr.update(choices=_choices(services, lang), value=None), False, ""]

    page.delete.click(
        delete, [page.pick, page.sure, language], [page.pick, page.sure, page.progress], api_visibility="private"
    )


def redraw(services: Services, page: CohortPage, language: gr.State) -> dict[str, Any]:
    """Lists and table again in the present language."""

    @safety.guarded(6)
    def draw(picked: str | None, lang: Lang) -> list[Any]:
        named = services.settings.accounts_on
        known = _known(services, lang, picked) if named else {}
        table = (
            progress_html(services, services.cohorts.progress(_trainer(services, lang), picked), lang) if picked else ""
        )
        return [
            gr.update(choices=_choices(services, lang)), table,
            gr.update(choices=[(f"{p.face} {p.name}", p.id) for p in services.library.personas(lang)]),
            gr.update(choices=[(s.title, s.id) for s in services.library.scenarios(lang)]),
            gr.update(visible=not named), gr.update(visible=named, choices=_people(services, lang, known)),
        ]  # fmt: skip

    return {
        "fn": draw, "inputs": [page.pick, language],
        "outputs": [page.pick, page.progress, page.persona, page.scenario, page.members, page.people],
    }  # fmt: skip


def _trainer(services: Services, lang: Lang) -> Actor:
    return services.acting(lang, Role.TRAINER)


def _choices(services: Services, lang: Lang) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for cohort in services.cohorts.led(_trainer(services, lang)):
        due = t("cohort.until", lang, day=cohort.due_on.isoformat()) if cohort.due_on else ""
        found.append((f"{cohort.name}\n{t('cohort.size', lang, count=len(cohort.members))} {due}", cohort.id))
    return found


def _known(services: Services, lang: Lang, picked: str | None) -> dict[str, str]:
    """Members of the cohort picked, as it names them."""
    led = services.cohorts.led(_trainer(services, lang))
    return dict(next((cohort.members for cohort in led if cohort.id == picked), {}))


def _people(services: Services, lang: Lang, known: Mapping[str, str]) -> list[tuple[str, str]]:
    """Who can be chosen where people sign in: everybody who practises, and who is in it already."""
    if not services.settings.accounts_on:
        return []
    found = dict(known) | services.accounts.learners(_trainer(services, lang))
    return sorted(((name, person) for person, name in found.items()), key=lambda one: one[0].casefold())


def _chosen(
    services: Services, lang: Lang, typed: str, people: list[str] | None, picked: str | None = None
) -> dict[str, str]:
    """The members as ids and names: chosen by name where people sign in, typed by the one of single-user mode."""
    if not services.settings.accounts_on:
        return _members(typed)
    named = {person: name for name, person in _people(services, lang, _known(services, lang, picked))}
    return {person: named[person] for person in people or () if person in named}


def _members(text: str) -> dict[str, str]:
    """One a line: an id, then the name."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        person, _, name = line.strip().partition(" ")
        if person:
            found[person] = name.strip() or person
    return found


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise InputError("date", message_key="error.date") from error


def columns(lang: Lang) -> list[str]:
    """Heads of the table, on the page and in the file."""
    return [t("cohort." + k, lang) for k in ("member", "talks", "first", "last", "best", "changed", "reached")]


def cells(member: MemberProgress, lang: Lang) -> list[str]:
    """One row of the table."""
    change = ""
    if member.change is not None:
        change = f"{member.change.points:+.1f}"
        if member.change.low is not None and member.change.high is not None:
            change += f" ({member.change.low:+.1f} – {member.change.high:+.1f})"
    reached = t({True: "cohort.yes", False: "cohort.no", None: "cohort.open"}[member.reached], lang)
    scores = ["" if s is None else f"{s:.0f}" for s in (member.first, member.last, member.best)]
    return [member.name, str(member.talks), *scores, change, reached]


def progress_html(services: Services, progress: Progress, lang: Lang) -> str:
    """The table, what many find hard, and the files to take along."""
    head = "".join(f"<th>{escape(c)}</th>" for c in columns(lang))
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(c)}</td>" for c in cells(member, lang)) + "</tr>" for member in progress.members
    )
    steps = "".join(
        f"<li>{escape(step_text(Step(s), lang).name)} · {share:.0%}</li>" for s, share in progress.weak_steps
    )
    named = kinds()
    findings = "".join(
        f"<li>{escape(named[c].words[lang] if c in named else c)} · {share:.0%}</li>"
        for c, share in progress.weak_findings
    )
    late = f"<p class='flag'>{t('cohort.overdue', lang)}</p>" if progress.overdue else ""
    return (
        f"<div class='report'>{late}<div class='scroll'><table id='cohort-table'><tr>{head}</tr>{body}</table></div>"
        f"<p class='note'>{t('cohort.about', lang)}</p>"
        f"<h3>{t('cohort.weak_steps', lang)}</h3><ul>{steps or '<li>—</li>'}</ul>"
        f"<h3>{t('cohort.weak_findings', lang)}</h3><ul>{findings or '<li>—</li>'}</ul>"
        "</div>"
    )


def csv_file(services: Services, progress: Progress, lang: Lang) -> tuple[str, str]:
    """File name and the table as CSV, with a byte-order mark so that spreadsheets read it as UTF-8."""
    rows = [columns(lang), *(cells(member, lang) for member in progress.members)]
    return f"tandao-cohort-{progress.cohort.id}.csv", csv_bytes(rows).decode("utf-8")


def printable(services: Services, progress: Progress, lang: Lang) -> tuple[str, str]:
    """File name and the table as a page that prints."""
    body = progress_html(services, progress, lang)
    title = escape(progress.cohort.name)
    return f"tandao-cohort-{progress.cohort.id}.html", (
        f"<!doctype html><html lang='{lang}'><head><meta charset='utf-8'><title>{title}</title><style>"
        "body{font:14px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:2rem}table{border-collapse:collapse}"
        "td,th{border:1px solid #78716c;padding:.25rem .5rem;text-align:left}@page{size:A4;margin:15mm}"
        f"</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
