"""Work to do: who is to be talked to, how far each talk has come, and the button that leads on."""

import datetime as dt
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.cycle import inviting, rehearse
from app.ui.cycle.chosen import line
from app.ui.labels import Labels
from app.wiring import Services
from cycle.talks import Stage
from cycle.work import Next, Overview, Row
from interview.conversation import Lang
from interview.errors import InputError
from interview.texts import step_text

if TYPE_CHECKING:
    from app.ui.cycle.page import Shared

SHOWS = ("open", "late", "unplanned", "done", "all")
DUE_IN_DAYS = 14
LEADS: dict[Next, str] = {
    Next.PREPARE: "cycle-pack", Next.MINUTES: "cycle-after", Next.CONFIRM: "cycle-after",
    Next.AGREE: "cycle-after", Next.FOLLOW: "cycle-after",
}  # fmt: skip
"""Sub-tabs where the next thing is done; to invite is done here, to hold in the live tab."""
ACT_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-do]');
  if (!button || (button.dataset.sure && !confirm(button.dataset.sure))) return;
  trigger('click', {what: button.dataset.do, person: button.dataset.person, talk: button.dataset.talk});
  if (button.dataset.do === 'invite')
    setTimeout(() => document.getElementById('invite-box')?.scrollIntoView({behavior: 'smooth'}), 900);
});
"""


@dataclass
class WorkPage:
    """The components others need."""

    summary: gr.HTML
    show: gr.Radio
    department: gr.Dropdown
    search: gr.Textbox
    table: gr.HTML
    number: gr.State
    before: gr.Button
    after: gr.Button
    due: gr.Textbox
    plan: gr.Button
    rehearse: rehearse.RehearsePage
    invite: inviting.InvitePage


def build(_services: Services, labels: Labels) -> WorkPage:
    """Figures, filters, the list, and below it the invitation of whoever is picked."""
    lang = labels.lang
    summary = gr.HTML("", elem_id="work-summary")
    with gr.Row():
        show = gr.Radio(_shows(lang), value="open", elem_id="work-show", scale=3, **labels.text(label="work.show"))
        department = gr.Dropdown([], value=None, elem_id="work-department", **labels.text(label="work.department"))
        search = gr.Textbox("", elem_id="work-search", **labels.text(label="work.search"))
    labels.keep(show, label="work.show")
    labels.keep(department, label="work.department")
    labels.keep(search, label="work.search")
    table = gr.HTML("", elem_id="work-list", js_on_load=ACT_JS)
    number = gr.State(0)
    with gr.Row():
        before = gr.Button(t("work.before", lang), size="sm", visible=False, elem_id="work-before")
        after = gr.Button(t("work.after", lang), size="sm", visible=False, elem_id="work-after")
    with gr.Row():
        due = gr.Textbox(_usual_due(), elem_id="work-due", **labels.text(label="work.due"))
        plan = gr.Button(t("work.plan_all", lang), elem_id="work-plan")
    labels.keep(before, value="work.before")
    labels.keep(after, value="work.after")
    labels.keep(due, label="work.due")
    labels.keep(plan, value="work.plan_all")
    return WorkPage(
        summary,
        show,
        department,
        search,
        table,
        number,
        before,
        after,
        due,
        plan,
        rehearse.build(labels),
        inviting.build(labels),
    )


def wire(services: Services, page: WorkPage, shared: "Shared", tab: gr.Tab) -> None:
    """Filters, pages, planning, and the buttons of the list."""
    language = shared.language
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    filters = [page.show, page.department, page.search]
    outputs = [page.summary, page.table, page.number, page.department, page.before, page.after]

    @safety.guarded(len(outputs))
    def draw(show: str, department: str | None, search: str, number: int, lang: Lang) -> list[Any]:
        return _drawn(services, show, department, search, number, lang)

    def first(show: str, department: str | None, search: str, lang: Lang) -> list[Any]:
        return draw(show, department, search, 0, lang)

    def turned(by: int) -> Any:
        def turn(show: str, department: str | None, search: str, number: int, lang: Lang) -> list[Any]:
            return draw(show, department, search, number + by, lang)

        return turn

    for component in (page.show, page.department):
        component.input(first, [*filters, language], outputs, **quiet)
    page.search.submit(first, [*filters, language], outputs, **quiet)
    page.search.blur(first, [*filters, language], outputs, **quiet)
    page.before.click(turned(-1), [*filters, page.number, language], outputs, **quiet)
    page.after.click(turned(1), [*filters, page.number, language], outputs, **quiet)
    again = {"fn": draw, "inputs": [*filters, page.number, language], "outputs": outputs, **quiet}
    tab.select(**again)

    @safety.guarded(1)
    def plan(department: str | None, due: str, lang: Lang) -> Any:
        actor, day = services.acting(lang), _day(due)
        people = services.team.people(actor)
        ids = [r.id for r, person in people if not department or person.department == department]
        made = services.talks.plan_all(actor, ids, day)
        safety.tell(t("work.planned", lang, count=len(made)), lang)
        return "open"

    page.plan.click(plan, [page.department, page.due, language], page.show, api_visibility="private").then(**again)

    picked = [shared.person, shared.talk, shared.line, shared.tabs, shared.outer]

    @safety.guarded(len(picked))
    def act(due: str, event: gr.EventData, lang: Lang) -> list[Any]:
        return _acted(services, event._data, due, lang)

    def acted(due: str, lang: Lang, event: gr.EventData) -> list[Any]:
        return act(due, event, lang)

    page.table.click(acted, [page.due, language], picked, api_visibility="private").then(**again)
    inviting.wire(services, page.invite, shared, again)


def _acted(services: Services, data: Any, due: str, lang: Lang) -> list[Any]:
    """What the pressed button does: person, talk, line and both rows of tabs."""
    actor = services.acting(lang)
    what, person, talk = (str(data.get(name) or "") for name in ("what", "person", "talk"))
    stay = gr.skip()
    if what == Next.PLAN_TALK:
        talk = services.talks.plan(actor, person, _day(due)).id
    elif what == "held":
        services.talks.move(actor, talk, Stage.HELD)
    elif what == "drop":
        services.talks.drop(actor, talk)
        talk = ""
    lead = LEADS.get(Next(what)) if what in tuple(Next) else None
    return [
        person, talk, line(services, person, talk, lang),
        gr.Tabs(selected=lead) if lead else stay, gr.Tabs(selected="live") if what == Next.HOLD else stay,
    ]  # fmt: skip


def redraws(services: Services, page: WorkPage, shared: "Shared") -> list[dict[str, Any]]:
    """The list and the invitation again in the present language."""

    @safety.guarded(7)
    def draw(show: str, department: str | None, search: str, number: int, lang: Lang) -> list[Any]:
        shown = _drawn(services, show, department, search, number, lang)
        return [gr.update(choices=_shows(lang)), *shown]

    listed = {
        "fn": draw, "inputs": [page.show, page.department, page.search, page.number, shared.language],
        "outputs": [page.show, page.summary, page.table, page.number, page.department, page.before, page.after],
    }  # fmt: skip
    return [
        listed, inviting.redraw(services, page.invite, shared), rehearse.redraw(page.rehearse, shared.language),
    ]  # fmt: skip


def _drawn(services: Services, show: str, department: str | None, search: str, number: int, lang: Lang) -> list[Any]:
    actor = services.acting(lang)
    services.rounds.ask_for_team(actor)
    seen = services.work.overview(
        actor, show=show if show in SHOWS else "open", department=department or "", text=search or "", page=number
    )
    choices = [(t("work.everybody", lang), ""), *((d, d) for d in seen.departments)]
    known = department if department in seen.departments else ""
    turns = [
        gr.update(visible=seen.pages > 1, interactive=there) for there in (seen.page > 0, seen.page + 1 < seen.pages)
    ]
    return [_summary(seen, lang), table_html(seen, lang), seen.page, gr.update(choices=choices, value=known), *turns]


def _summary(seen: Overview, lang: Lang) -> str:
    parts = [f"{t(f'cycle.stage.{s}', lang)} {seen.stages[s]}" for s in Stage if seen.stages.get(s)]
    parts += [f"<span class='flag'>{t('work.late_count', lang, count=seen.late)}</span>"] if seen.late else []
    parts += [t("work.unplanned_count", lang, count=seen.unplanned)] if seen.unplanned else []
    card = f"<a href='/flow-card?lang={lang}' target='_blank'>{t('card.title', lang)}</a>"
    return f"<div class='report'><p>{' · '.join(parts)}</p><p>{card}</p></div>"


def table_html(seen: Overview, lang: Lang) -> str:
    """The page of the list."""
    if not seen.rows:
        return f"<p class='note'>{t('work.empty', lang)}</p>"
    head = "".join(f"<th>{t(f'work.col_{c}', lang)}</th>" for c in ("who", "due", "stage", "sheet", "next"))
    rows = "".join(_line(row, lang) for row in seen.rows)
    where = t("work.page", lang, page=seen.page + 1, pages=seen.pages, count=seen.found)
    return (
        f"<div class='report scroll'><table id='work-table'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
        f"</table><p class='note'>{where}</p></div>"
    )


def _line(row: Row, lang: Lang) -> str:
    late = f"<br><span class='flag'>{t('work.late', lang, days=row.late_days)}</span>" if row.late_days else ""
    at = f"<br>{row.at.astimezone():%m-%d %H:%M}" if row.at and row.stage is Stage.INVITED else ""
    stage = t(f"cycle.stage.{row.stage}", lang) if row.stage else t("cycle.no_talk", lang)
    asked = f"<br><span class='note'>{escape(row.round_name)}</span>" if row.round_name else ""
    step = f"<br><span class='note'>{row.step.number}/9 {step_text(row.step, lang).name}</span>" if row.step else ""
    sheet = t(f"work.sheet_{'sent' if row.self_assessment == 'sent' else 'open'}", lang) if row.talk_id else ""
    buttons = (
        [_button(row, str(row.next), t(f"work.next_{row.next}", lang), main=True)] if row.next != Next.NOTHING else []
    )
    if row.stage is Stage.INVITED:
        buttons += [_button(row, "invite", t("work.change", lang)), _button(row, "held", t("work.held", lang))]
    if row.stage is Stage.DUE and not row.round_id:
        buttons.append(_button(row, "drop", t("work.drop", lang), sure=t("work.drop_sure", lang)))
    return (
        f"<tr><td><b>{escape(row.name)}</b><br><span class='note'>{escape(row.department)}</span></td>"
        f"<td>{row.due or ''}{late}{at}{asked}</td><td>{stage}{step}</td><td>{sheet}</td><td>{' '.join(buttons)}</td></tr>"
    )


def _button(row: Row, what: str, text: str, *, main: bool = False, sure: str = "") -> str:
    asks = f" data-sure='{escape(sure, quote=True)}'" if sure else ""
    return (
        f"<button class='{'act main' if main else 'act'}' data-do='{what}' data-person='{escape(row.person_id)}' "
        f"data-talk='{escape(row.talk_id)}'{asks}>{text}</button>"
    )


def _shows(lang: Lang) -> list[tuple[str, str]]:
    return [(t(f"work.show_{name}", lang), name) for name in SHOWS]


def _usual_due() -> str:
    return (dt.date.today() + dt.timedelta(days=DUE_IN_DAYS)).isoformat()


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError("day", message_key="error.day") from error
