"""Brief: what the manager knows beforehand, advice by step, and the button that begins the talk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.texts import t
from app.ui import preparation, safety, talk
from app.ui.labels import Labels
from app.ui.parts import brief_html
from app.wiring import Services
from interview.conversation import Lang
from interview.steps import Step
from simulator.rehearsal import variant_for

if TYPE_CHECKING:
    from app.ui.choose import ChoosePage


@dataclass
class BriefPage:
    """The components others need."""

    text: gr.HTML
    begin: gr.Button
    preparation: preparation.PreparationPanel


def build(labels: Labels) -> BriefPage:
    """The brief and the button."""
    begin = gr.Button(t("brief.begin", labels.lang), variant="primary", elem_id="begin")
    labels.keep(begin, value="brief.begin")
    panel = preparation.build(labels)
    text = gr.HTML(f"<p>{t('brief.empty', labels.lang)}</p>", elem_id="brief")
    return BriefPage(text, begin, panel)


def shown(services: Services, persona_id: str, scenario_id: str, mode: str, seed: int, lang: Lang) -> str:
    """The brief for this draw."""
    persona = services.library.persona(persona_id, lang)
    scenario = services.library.scenario(scenario_id, lang)
    drawn = variant_for(persona, seed, exam=mode == "exam").incidents
    seen = persona.model_copy(update={"incidents": tuple(i for i in persona.incidents if i.id in drawn)})
    return brief_html(seen, scenario, services.library.legal_frame(persona.jurisdiction, lang), lang)


def wire(
    services: Services,
    choosing: ChoosePage,
    page: BriefPage,
    talking: talk.TalkPage,
    tabs: gr.Tabs,
    language: gr.State,
    rehearsal: gr.State,
) -> None:
    """Begin the talk."""

    @safety.guarded(2 + len(talking.outputs))
    def begin(persona_id: str, scenario_id: str, mode: Any, seed: int, drill: str, voice: str, *rest: Any) -> list[Any]:
        *choices, lang = rest
        record = services.rehearsals.start(
            services.acting(lang), persona_id, scenario_id, lang=lang, mode=mode, seed=seed or None, voice=voice,
            preparation=preparation.chosen(tuple(choices)), drill=Step(drill) if drill else None,
        )  # fmt: skip
        return [record.id, gr.Tabs(selected="talk"), *talk.view(services, record.id, lang)]

    page.begin.click(
        begin,
        [
            choosing.persona,
            choosing.scenario,
            choosing.mode,
            choosing.seed,
            choosing.drill,
            choosing.voice,
            *page.preparation.choices,
            language,
        ],
        [rehearsal, tabs, *talking.outputs],
        api_visibility="private",
    )

    preparation.wire(page.preparation, choosing.mode, language)


def redraw(services: Services, page: BriefPage, choosing: ChoosePage, language: gr.State) -> dict[str, Any]:
    """The brief again in the present language."""

    @safety.guarded(1)
    def draw(persona_id: str, scenario_id: str, mode: str, seed: int, lang: Lang) -> Any:
        if not seed:
            return f"<p>{t('brief.empty', lang)}</p>"
        return shown(services, persona_id, scenario_id, mode, seed, lang)

    return {
        "fn": draw,
        "inputs": [choosing.persona, choosing.scenario, choosing.mode, choosing.seed, language],
        "outputs": page.text,
    }
