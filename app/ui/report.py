"""Report: what was delivered, what went well, what to say better."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.reports import build_report
from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.ui.report_html import report_document, report_html
from app.ui.trainer_notes import trainer_notes
from app.wiring import Services
from interview.conversation import Lang

REDO_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button.redo');
  if (button) trigger('click', {turn: Number(button.dataset.turn)});
});
"""
"""Tells the page which finding's button was pressed."""


SAVE_JS = """(name, text) => {
  if (text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], {type: 'text/html;charset=utf-8'}));
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 30000);
  }
  return ['', ''];
}"""
"""Saves the report from the browser's own memory and empties the fields that brought it there."""


@dataclass
class ReportPage:
    """The components others need. ``carried``: file name and document on their way to the browser, else empty."""

    text: gr.HTML
    refresh: gr.Button
    download: gr.Button
    carried: tuple[gr.Textbox, gr.Textbox]


def build(labels: Labels) -> ReportPage:
    """The report as one piece of HTML."""
    with gr.Row():
        refresh = gr.Button(t("report.refresh", labels.lang), elem_id="refresh-report", size="sm")
        download = gr.Button(t("report.download", labels.lang), elem_id="download-report", size="sm")
    labels.keep(refresh, value="report.refresh")
    labels.keep(download, value="report.download")
    text = gr.HTML(f"<p>{t('report.empty', labels.lang)}</p>", elem_id="report", js_on_load=REDO_JS)
    name, document = (gr.Textbox("", visible="hidden", elem_id=f"download-{part}") for part in ("name", "text"))
    return ReportPage(text, refresh, download, (name, document))


def shown(services: Services, rehearsal_id: str, lang: Lang) -> str:
    """The report of a rehearsal as it stands, made and kept."""
    actor = services.acting(lang)
    report = build_report(services, actor, rehearsal_id, lang)
    notes = trainer_notes(services, actor, rehearsal_id, lang)
    return report_html(report, services.rehearsals.transcript(actor, rehearsal_id), lang, notes=notes)


def document(services: Services, rehearsal_id: str, lang: Lang) -> tuple[str, str]:
    """File name and whole HTML document of a rehearsal's report. It is never written to a disk on the server."""
    actor = services.acting(lang)
    report = build_report(services, actor, rehearsal_id, lang)
    notes = trainer_notes(services, actor, rehearsal_id, lang)
    html = report_document(report, services.rehearsals.transcript(actor, rehearsal_id), lang, notes=notes)
    return f"tandao-report-{rehearsal_id}-{lang}.html", html


def wire(services: Services, page: ReportPage, language: gr.State, rehearsal: gr.State) -> None:
    """Make the report of a talk that is still going on; hand it over as a file."""
    page.refresh.click(**redraw(services, page, language, rehearsal), api_visibility="private")

    @safety.guarded(2)
    def hand_over(rehearsal_id: str, lang: Lang) -> Any:
        if not rehearsal_id:
            safety.warn(t("report.download_none", lang), lang)
            return ["", ""]
        return list(document(services, rehearsal_id, lang))

    page.download.click(
        hand_over, [rehearsal, language], list(page.carried), show_progress="hidden", api_visibility="private"
    ).success(
        None, list(page.carried), list(page.carried), js=SAVE_JS, show_progress="hidden", api_visibility="private"
    )


def redraw(services: Services, page: ReportPage, language: gr.State, rehearsal: gr.State) -> dict[str, Any]:
    """The report again in the present language."""

    @safety.guarded(1)
    def draw(rehearsal_id: str, lang: Lang) -> Any:
        if not rehearsal_id:
            return f"<p>{t('report.empty', lang)}</p>"
        return shown(services, rehearsal_id, lang)

    return {"fn": draw, "inputs": [rehearsal, language], "outputs": page.text}
