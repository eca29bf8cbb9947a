"""My rehearsals: go on, read again, delete."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.reports import build_report
from app.texts import t
from app.ui import report as report_page
from app.ui import rewind, safety, talk
from app.ui.assigned import assigned_html
from app.ui.labels import Labels
from app.wiring import Services
from interview.conversation import Lang
from interview.errors import TandaoError
from interview.ports import RehearsalRecord
from interview.steps import Step
from interview.texts import step_text
from scoring.rubric import band_of


@dataclass
class MinePage:
    """The components others need."""

    assigned: gr.HTML
    pick: gr.Radio
    go_on: gr.Button
    read: gr.Button
    share: gr.Checkbox
    other: gr.Dropdown
    compare: gr.Button
    both: gr.HTML
    sure: gr.Checkbox
    delete: gr.Button


def build(labels: Labels) -> MinePage:
    """A list and what can be done with an entry."""
    lang = labels.lang
    assigned = gr.HTML("", elem_id="assigned")
    pick = gr.Radio([], elem_id="mine", elem_classes="cards", **labels.text(label="mine.list"))
    labels.keep(pick, label="mine.list")
    with gr.Row():
        go_on = gr.Button(t("mine.go_on", lang), variant="primary", elem_id="go-on")
        read = gr.Button(t("mine.read", lang), elem_id="read-report")
    share = gr.Checkbox(value=False, elem_id="share", **labels.text(label="mine.share"))
    labels.keep(share, label="mine.share")
    with gr.Row():
        other = gr.Dropdown([], value=None, elem_id="other", scale=3, **labels.text(label="mine.other"))
        compare = gr.Button(t("mine.compare", lang), elem_id="compare", interactive=False)
    labels.keep(other, label="mine.other")
    labels.keep(compare, value="mine.compare")
    both = gr.HTML("", elem_id="both")
    with gr.Row():
        sure = gr.Checkbox(value=False, elem_id="sure", **labels.text(label="mine.sure"))
        delete = gr.Button(t("mine.delete", lang), variant="stop", elem_id="delete")
    data = gr.HTML(t("data.link_html", lang), elem_id="my-data")
    labels.keep(data, value="data.link_html")
    labels.keep(go_on, value="mine.go_on")
    labels.keep(read, value="mine.read")
    labels.keep(sure, label="mine.sure")
    labels.keep(delete, value="mine.delete")
    return MinePage(assigned, pick, go_on, read, share, other, compare, both, sure, delete)


def entries(services: Services, lang: Lang) -> list[tuple[str, str]]:
    """``(text, id)`` of this person's rehearsals, newest first."""
    return [(_entry(services, r, lang), r.id) for r in services.rehearsals.mine(services.acting(lang))]


def _entry(services: Services, record: RehearsalRecord, lang: Lang) -> str:
    try:
        stage = services.rehearsals.stage(record)
        who, what = f"{stage.persona.face} {stage.persona.name}", stage.scenario.title
    except TandaoError:  # the files of an old rehearsal may be gone
        who, what = record.persona_id, record.scenario_id
    when = record.updated_at.astimezone().strftime("%Y-%m-%d %H:%M")
    state = t("mine.open", lang) if record.ended is None else t(f"talk.over.{record.ended}", lang)
    score = "" if record.score is None else f" · {band_of(record.score, lang)}"
    if record.drill is not None:
        what += " · " + t("mine.drill", lang, step=step_text(Step(record.drill), lang).name)
    if record.parent_id is not None:
        what += " · " + t("rewind.from", lang, turn=(record.branch_turn or 0) + 1)
    return f"{who} · {what}\n{when} · {t('mine.turns', lang, count=record.turn_count)} · {state}{score}"


def wire(
    services: Services,
    page: MinePage,
    tab: gr.Tab,
    talking: talk.TalkPage,
    reporting: report_page.ReportPage,
    tabs: gr.Tabs,
    language: gr.State,
    rehearsal: gr.State,
) -> None:
    """Go on with a rehearsal, read its report, delete it for good."""

    @safety.guarded(2 + len(talking.outputs))
    def go_on(picked: str | None, lang: Lang) -> list[Any]:
        skip = [gr.skip()] * (2 + len(talking.outputs))
        if not picked:
            safety.warn(t("mine.pick_first", lang), lang)
            return skip
        return [picked, gr.Tabs(selected="talk"), *talk.view(services, picked, lang)]

    page.go_on.click(go_on, [page.pick, language], [rehearsal, tabs, *talking.outputs], api_visibility="private")

    @safety.guarded(3)
    def read(picked: str | None, lang: Lang) -> list[Any]:
        if not picked:
            safety.warn(t("mine.pick_first", lang), lang)
            return [gr.skip()] * 3
        return [picked, gr.Tabs(selected="report"), report_page.shown(services, picked, lang)]

    page.read.click(read, [page.pick, language], [rehearsal, tabs, reporting.text], api_visibility="private")

    @safety.guarded(2)
    def family(picked: str | None, lang: Lang) -> list[Any]:
        found = rewind.relatives(services.rehearsals.mine(services.acting(lang)), picked or "")
        choices = [(_entry(services, r, lang).replace("\n", " · "), r.id) for r in found]
        return [
            gr.update(choices=choices, value=choices[0][1] if choices else None),
            gr.update(interactive=bool(choices)),
        ]

    page.pick.change(
        family, [page.pick, language], [page.other, page.compare], show_progress="hidden", api_visibility="private"
    )

    @safety.guarded(1)
    def shared(picked: str | None, lang: Lang) -> bool:
        return bool(picked) and services.reviews.is_shared(services.acting(lang), picked or "")

    page.pick.change(shared, [page.pick, language], page.share, show_progress="hidden", api_visibility="private")

    @safety.guarded(1)
    def share(picked: str | None, wanted: bool, lang: Lang) -> Any:
        if not picked:
            safety.warn(t("mine.pick_first", lang), lang)
            return False
        services.reviews.share(services.acting(lang), picked, wanted)
        if wanted:
            build_report(services, services.acting(lang), picked, lang)  # so that the trainer finds a score to judge
        safety.tell(t("mine.shared" if wanted else "mine.unshared", lang), lang)
        return gr.skip()

    page.share.input(share, [page.pick, page.share, language], page.share, api_visibility="private")

    @safety.guarded(1)
    def compare(picked: str | None, other: str | None, lang: Lang) -> str:
        if not picked or not other:
            safety.warn(t("mine.pick_first", lang), lang)
            return ""
        first, second = sorted(
            (picked, other), key=lambda i: services.rehearsals.get(services.acting(lang), i).created_at
        )
        return rewind.comparison(services, first, second, lang)

    page.compare.click(compare, [page.pick, page.other, language], page.both, api_visibility="private")

    @safety.guarded(3)
    def delete(picked: str | None, sure: bool, current: str, lang: Lang) -> list[Any]:
        if not picked or not sure:
            safety.warn(t("mine.pick_first" if not picked else "mine.confirm_first", lang), lang)
            return [gr.skip()] * 3
        services.rehearsals.delete(services.acting(lang), picked)
        safety.tell(t("mine.deleted", lang), lang)
        return [gr.update(choices=entries(services, lang), value=None), False, "" if current == picked else current]

    page.delete.click(
        delete, [page.pick, page.sure, rehearsal, language], [page.pick, page.sure, rehearsal], api_visibility="private"
    )
    tab.select(**redraw(services, page, language), show_progress="hidden", api_visibility="private")


def redraw(services: Services, page: MinePage, language: gr.State) -> dict[str, Any]:
    """The list again; an entry that is picked stays picked."""

    @safety.guarded(2)
    def draw(picked: str | None, lang: Lang) -> list[Any]:
        choices = entries(services, lang)
        known = [value for _, value in choices]
        kept = picked if picked in known else (known[0] if known else None)
        return [gr.update(choices=choices, value=kept), assigned_html(services, lang)]

    return {"fn": draw, "inputs": [page.pick, language], "outputs": [page.pick, page.assigned]}
