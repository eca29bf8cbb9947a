"""The trainer's tab: review, cohorts, calibration, class, editing. Seen in the trainer's role only."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.texts import t
from app.ui.labels import Labels
from app.ui.trainer import calibrating, cohorting, editing, live_talks, reviewing, teaching
from app.wiring import Services


@dataclass
class TrainerPage:
    """The parts, and the tabs that show them."""

    review: reviewing.ReviewPage
    live: live_talks.LiveTalksPage
    cohort: cohorting.CohortPage
    calibration: gr.HTML
    lesson: teaching.ClassPage
    edits: list[editing.EditPage]
    tabs: dict[str, gr.Tab]


def build(labels: Labels) -> TrainerPage:
    """Sub-tabs."""
    tabs: dict[str, gr.Tab] = {}

    def tab(name: str) -> gr.Tab:
        tabs[name] = gr.Tab(t(f"trainer.{name}", labels.lang), id=f"trainer-{name}", elem_id=f"trainer-{name}")
        labels.keep(tabs[name], label=f"trainer.{name}")
        return tabs[name]

    with gr.Tabs(elem_id="trainer-tabs", overflow_behavior="wrap"):
        with tab("review"):
            review = reviewing.build(labels)
        with tab("live"):
            live = live_talks.build(labels)
        with tab("cohorts"):
            cohort = cohorting.build(labels)
        with tab("calibration"):
            calibration = calibrating.build(labels)
        with tab("lesson"):
            lesson = teaching.build(labels)
        with tab("personas"):
            personas = editing.build(labels, "persona")
        with tab("scenarios"):
            scenarios = editing.build(labels, "scenario")
    return TrainerPage(review, live, cohort, calibration, lesson, [personas, scenarios], tabs)


def wire(services: Services, page: TrainerPage, outer: gr.Tab, language: gr.State) -> None:
    """Each part; the first one also when the trainer's tab itself is opened."""
    reviewing.wire(services, page.review, page.tabs["review"], language)
    live_talks.wire(services, page.live, page.tabs["live"], language)
    cohorting.wire(services, page.cohort, page.tabs["cohorts"], language)
    teaching.wire(services, page.lesson, page.tabs["lesson"], language)
    for edit, name in zip(page.edits, ("personas", "scenarios"), strict=True):
        editing.wire(services, edit, page.tabs[name], language)
    page.tabs["calibration"].select(
        **calibrating.redraw(services, page.calibration, language), show_progress="hidden", api_visibility="private"
    )
    outer.select(**reviewing.listing(services, page.review, language), show_progress="hidden", api_visibility="private")


def redraws(services: Services, page: TrainerPage, language: gr.State) -> list[dict[str, Any]]:
    """What follows the language switch."""
    return [
        reviewing.listing(services, page.review, language),
        reviewing.redraw(services, page.review, language), live_talks.redraw(services, page.live, language), cohorting.redraw(services, page.cohort, language),
        calibrating.redraw(services, page.calibration, language), teaching.redraw(services, page.lesson, language),
        *[editing.redraw(services, edit, language) for edit in page.edits],
    ]  # fmt: skip
