"""One button: somebody to rehearse with is made from the chosen talk's pack, and the rehearsal begins."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.texts import t
from app.ui import safety, talk
from app.ui.labels import Labels
from app.wiring import Services
from cycle.rehearsal_persona import assumptions
from interview.conversation import Lang
from interview.errors import InputError

if TYPE_CHECKING:
    from app.ui.cycle.page import Shared


@dataclass
class RehearsePage:
    """The button and what it does, in words."""

    start: gr.Button
    note: gr.HTML


def build(labels: Labels, name: str = "rehearse-own") -> RehearsePage:
    """Below the list of work and at the end of a preparation; ``name``: the button's id."""
    start = gr.Button(t("rehearse.button", labels.lang), elem_id=name)
    labels.keep(start, value="rehearse.button")
    return RehearsePage(start, gr.HTML(_note(labels.lang), elem_id=f"{name}-note"))


def wire(services: Services, page: RehearsePage, shared: "Shared", talking: talk.TalkPage, rehearsal: gr.State) -> None:
    """From the chosen talk straight into the rehearsal room, in the employee's language."""

    @safety.guarded(2 + len(talking.outputs))
    def start(talk_id: str, lang: Lang) -> list[Any]:
        if not talk_id:
            raise InputError("no talk", message_key="rehearse.pick")
        actor = services.acting(lang)
        persona = services.own_personas.make(actor, talk_id, dt.date.today())
        made = services.rehearsals.start(actor, persona.id, lang=persona.lang)
        return [made.id, gr.Tabs(selected="talk"), *talk.view(services, made.id, lang)]

    page.start.click(
        start, [shared.talk, shared.language], [rehearsal, shared.outer, *talking.outputs], api_visibility="private"
    )


def redraw(page: RehearsePage, language: gr.State) -> dict[str, Any]:
    """The note in the present language."""
    return {"fn": _note, "inputs": language, "outputs": page.note}


def _note(lang: Lang) -> str:
    between = "、" if lang == "zh" else "; "
    assumed = between.join(assumptions(lang))
    return f"<p class='note'>{t('rehearse.note', lang, assumed=assumed)}</p>"
