"""Choose: an employee, a situation, practice or exam."""

import secrets
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.texts import t
from app.ui import brief, safety
from app.ui.labels import Labels
from app.wiring import Services
from interview.conversation import Lang
from interview.persona import Persona, Scenario
from interview.texts import situation_text, step_text
from simulator.moments import DRILL_STEPS


@dataclass
class ChoosePage:
    """The components others need."""

    persona: gr.Radio
    scenario: gr.Radio
    mode: gr.Radio
    drill: gr.Dropdown
    voice: gr.Radio
    prepare: gr.Button
    seed: gr.State


def build(services: Services, labels: Labels) -> ChoosePage:
    """Cards for people, cards for situations, the mode."""
    lang = labels.lang
    people = persona_cards(services, lang)
    first = people[0][1]
    gr_persona = gr.Radio(
        people, value=first, elem_id="persona", elem_classes="cards", **labels.text(label="choose.persona")
    )
    labels.keep(gr_persona, label="choose.persona")
    broken = services.library.broken(lang)
    if broken:
        gr.HTML(f"<p class='note'>{t('choose.broken', lang)}</p><pre>{escape(chr(10).join(broken[:10]))}</pre>")
    scenarios = scenario_cards(services, lang, first)
    gr_scenario = gr.Radio(
        scenarios,
        value=scenarios[0][1],
        elem_id="scenario",
        elem_classes="cards",
        **labels.text(label="choose.scenario"),
    )
    labels.keep(gr_scenario, label="choose.scenario")
    mode = gr.Radio(modes(lang), value="practice", elem_id="mode", **labels.text(label="choose.mode"))
    labels.keep(mode, label="choose.mode")
    with gr.Row():
        drill = gr.Dropdown(drills(lang), value="", elem_id="drill", **labels.text(label="choose.drill"))
        voice = gr.Radio(
            voices(services, lang), value="authored", elem_id="voice", visible=len(services.voices) > 1,
            **labels.text(label="choose.voice"),
        )  # fmt: skip
    labels.keep(drill, label="choose.drill")
    labels.keep(voice, label="choose.voice")
    prepare = gr.Button(t("choose.prepare", lang), variant="primary", elem_id="prepare")
    labels.keep(prepare, value="choose.prepare")
    return ChoosePage(gr_persona, gr_scenario, mode, drill, voice, prepare, gr.State(0))


def modes(lang: Lang) -> list[tuple[str, str]]:
    """Practice and exam, explained."""
    return [(t("choose.practice", lang), "practice"), (t("choose.exam", lang), "exam")]


def drills(lang: Lang) -> list[tuple[str, str]]:
    """The whole talk, or about five minutes from one step on."""
    steps = [(t("choose.from_step", lang, number=s.number, step=step_text(s, lang).name), str(s)) for s in DRILL_STEPS]
    return [(t("choose.whole", lang), ""), *steps]


def voices(services: Services, lang: Lang) -> list[tuple[str, str]]:
    """Who words the employee's replies."""
    return [(t(f"voice.{name}", lang), name) for name in services.voices]


def persona_cards(services: Services, lang: Lang) -> list[tuple[str, str]]:
    """``(card text, id)`` for each persona."""
    return [(_card(p, lang), p.id) for p in services.library.personas(lang)]


def _card(persona: Persona, lang: Lang) -> str:
    situation = situation_text(persona.situation, lang).name
    style = t(f"style.{persona.style}", lang)
    stars = "★" * persona.difficulty + "☆" * (3 - persona.difficulty)
    head = f"{persona.face} {persona.name} · {persona.role}"
    return f"{head}\n{situation} · {style} · {t('choose.difficulty', lang)} {stars}\n{persona.card}"


def scenario_cards(services: Services, lang: Lang, persona_id: str) -> list[tuple[str, str]]:
    """``(card text, id)`` for each scenario, those that fit the persona first."""
    persona = services.library.persona(persona_id, lang)

    def order(scenario: Scenario) -> tuple[bool, bool, str]:
        return scenario.id != persona.default_scenario, persona.situation not in scenario.fits, scenario.id

    return [(f"{s.title}\n{s.card}", s.id) for s in sorted(services.library.scenarios(lang), key=order)]


def wire(services: Services, page: ChoosePage, briefing: brief.BriefPage, tabs: gr.Tabs, language: gr.State) -> None:
    """Choosing a person brings their own situation; preparing opens the brief."""

    @safety.guarded(1)
    def picked(persona_id: str, lang: Lang) -> Any:
        cards = scenario_cards(services, lang, persona_id)
        return gr.update(choices=cards, value=cards[0][1])

    page.persona.input(
        picked, [page.persona, language], page.scenario, show_progress="hidden", api_visibility="private"
    )

    @safety.guarded(3)
    def prepare(persona_id: str, scenario_id: str, mode: str, lang: Lang) -> list[Any]:
        seed = secrets.randbelow(1_000_000)
        return [seed, brief.shown(services, persona_id, scenario_id, mode, seed, lang), gr.Tabs(selected="brief")]

    page.prepare.click(
        prepare,
        [page.persona, page.scenario, page.mode, language],
        [page.seed, briefing.text, tabs],
        api_visibility="private",
    )


def redraw(services: Services, page: ChoosePage, language: gr.State) -> dict[str, Any]:
    """The cards again in the present language, keeping what is chosen."""

    @safety.guarded(5)
    def draw(persona_id: str, scenario_id: str, lang: Lang) -> list[Any]:
        return [
            gr.update(choices=persona_cards(services, lang), value=persona_id),
            gr.update(choices=scenario_cards(services, lang, persona_id), value=scenario_id),
            gr.update(choices=modes(lang)),
            gr.update(choices=drills(lang)),
            gr.update(choices=voices(services, lang)),
        ]

    return {
        "fn": draw,
        "inputs": [page.persona, page.scenario, language],
        "outputs": [page.persona, page.scenario, page.mode, page.drill, page.voice],
    }
