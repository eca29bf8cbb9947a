"""Real interviews that both people let a trainer see: the manager's report, to talk over with them. No verdict."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.ui.report_html import report_html
from app.ui.trainer_notes import person_name
from app.wiring import Services
from interview.actor import Role
from interview.conversation import Lang
from interview.errors import ConsentError


@dataclass
class LiveTalksPage:
    """The components others need."""

    pick: gr.Radio
    report: gr.HTML


def build(labels: Labels) -> LiveTalksPage:
    """A list and what was picked."""
    about = gr.HTML(t("trainer.live_about", labels.lang), elem_classes="note")
    labels.keep(about, value="trainer.live_about")
    pick = gr.Radio([], elem_id="shared-talks", elem_classes="cards", **labels.text(label="trainer.live"))
    labels.keep(pick, label="trainer.live")
    return LiveTalksPage(pick, gr.HTML("", elem_id="shared-talk"))


def redraw(services: Services, page: LiveTalksPage, language: gr.State) -> dict[str, Any]:
    """The list as consent stands now."""

    @safety.guarded(2)
    def draw(lang: Lang) -> list[Any]:
        actor = services.acting(lang, Role.TRAINER)
        people = services.reviews.people(actor)
        found = services.live.shared(actor, people)
        rows = [
            (
                f"{person_name(people[i.owner_id], actor, lang)} · {i.title}\n{i.created_at.astimezone():%Y-%m-%d %H:%M}",
                i.id,
            )
            for i in found
        ]
        return [gr.update(choices=rows, value=None), "" if rows else f"<p>{t('trainer.live_none', lang)}</p>"]

    return {"fn": draw, "inputs": [language], "outputs": [page.pick, page.report]}


def wire(services: Services, page: LiveTalksPage, tab: gr.Tab, language: gr.State) -> None:
    """Open one."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(**redraw(services, page, language), **quiet)

    @safety.guarded(1)
    def opened(picked: str | None, lang: Lang) -> str:
        return shared_report(services, picked, lang) if picked else ""

    page.pick.input(opened, [page.pick, language], page.report, **quiet)


def shared_report(services: Services, interview_id: str, lang: Lang) -> str:
    """The report without points or band: nobody passes or fails a real talk by a machine's word."""
    actor = services.acting(lang, Role.TRAINER)
    people = services.reviews.people(actor)
    transcript = services.live.shared_transcript(actor, interview_id, people)
    if not transcript.turns:
        raise ConsentError("nothing kept", message_key="error.nothing_kept")
    made = services.reporter.report(transcript, words_in=lang, annotate=True)
    shown = next(i for i in services.live.shared(actor, people) if i.id == interview_id)
    made |= {"title": f"{people[shown.owner_id]} · {shown.title}", "ended": None, "points": False}
    made |= {"score": None, "band": None, "unscorable_reason": "no_human_score"}
    made["dimensions"] = [{**d, "score": None} for d in made["dimensions"]]
    return report_html(made, transcript, lang, practise=False)
