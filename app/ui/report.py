"""Report: what was delivered, what went well, what to say better."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.reports import build_report
from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.ui.report_html import report_html
from app.wiring import Services, single_user
from interview.conversation import Lang

REDO_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button.redo');
  if (button) trigger('click', {turn: Number(button.dataset.turn)});
});
"""
"""Tells the page which finding's button was pressed."""


@dataclass
class ReportPage:
    """The components others need."""

    text: gr.HTML
    refresh: gr.Button


def build(labels: Labels) -> ReportPage:
    """The report as one piece of HTML."""
    refresh = gr.Button(t("report.refresh", labels.lang), elem_id="refresh-report", size="sm")
    labels.keep(refresh, value="report.refresh")
    return ReportPage(
        gr.HTML(f"<p>{t('report.empty', labels.lang)}</p>", elem_id="report", js_on_load=REDO_JS), refresh
    )


def shown(services: Services, rehearsal_id: str, lang: Lang) -> str:
    """The report of a rehearsal as it stands, made and kept."""
    actor = single_user(lang)
    return report_html(
        build_report(services, actor, rehearsal_id), services.rehearsals.transcript(actor, rehearsal_id), lang
    )


def wire(services: Services, page: ReportPage, language: gr.State, rehearsal: gr.State) -> None:
    """Make the report of a talk that is still going on."""
    page.refresh.click(**redraw(services, page, language, rehearsal), api_visibility="private")


def redraw(services: Services, page: ReportPage, language: gr.State, rehearsal: gr.State) -> dict[str, Any]:
    """The report again in the present language."""

    @safety.guarded(1)
    def draw(rehearsal_id: str, lang: Lang) -> Any:
        if not rehearsal_id:
            return f"<p>{t('report.empty', lang)}</p>"
        return shown(services, rehearsal_id, lang)

    return {"fn": draw, "inputs": [rehearsal, language], "outputs": page.text}
