"""The cycle's tab: one sub-tab a module, and the person and talk that pass between them.

A sub-tab's module has ``build(services, labels) -> parts``, ``wire(services, parts, shared, tab)`` and
``redraws(services, parts, shared) -> [event arguments]`` for the language switch.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.cycle import after, chosen, pack, pictures, signals, team, work
from app.ui.following import Part
from app.ui.labels import Labels
from app.wiring import Services
from interview.conversation import Lang

MODULES: dict[str, ModuleType] = {
    "work": work, "team": team, "pack": pack, "pictures": pictures, "after": after, "signals": signals,
}  # fmt: skip
"""Sub-tabs in order: name → module."""


@dataclass
class Shared:
    """What every sub-tab may read and set. ``person`` and ``talk`` hold ids; ``tabs`` and the whole page's
    ``outer`` ones let a button lead elsewhere.

    ``line`` says who it is; ``chosen.pick`` gives the values of ``[person, talk, line]`` together.
    """

    language: gr.State
    person: gr.State
    talk: gr.State
    tabs: gr.Tabs
    line: gr.HTML
    outer: gr.Tabs


@dataclass
class CyclePage:
    """The parts, and the tabs that show them."""

    shared: Shared
    parts: dict[str, Any]
    tabs: dict[str, gr.Tab]


def build(services: Services, labels: Labels, language: gr.State, outer: gr.Tabs) -> CyclePage:
    """Sub-tabs with ids ``cycle-NAME``."""
    parts: dict[str, Any] = {}
    tabs: dict[str, gr.Tab] = {}
    person, talk = gr.State(""), gr.State("")
    line = gr.HTML("", elem_id="cycle-chosen")
    with gr.Tabs(elem_id="cycle-tabs", overflow_behavior="wrap") as group:
        for name, module in MODULES.items():
            tabs[name] = gr.Tab(t(f"cycle.{name}", labels.lang), id=f"cycle-{name}", elem_id=f"cycle-{name}")
            with labels.keep(tabs[name], label=f"cycle.{name}"):
                parts[name] = module.build(services, labels)
    return CyclePage(Shared(language, person, talk, group, line, outer), parts, tabs)


def wire(services: Services, page: CyclePage, outer: gr.Tab) -> None:
    """Each part; the first one also when the cycle's tab itself is opened."""
    for name, module in MODULES.items():
        module.wire(services, page.parts[name], page.shared, page.tabs[name])
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    for event in (redraw_line(services, page.shared), *_first(services, page)):
        outer.select(**event, **quiet)


def redraw_line(services: Services, shared: Shared) -> dict[str, Any]:
    """Who is chosen, again in the present language."""

    @safety.guarded(1)
    def draw(person_id: str, talk_id: str, lang: Lang) -> str:
        return chosen.line(services, person_id, talk_id, lang)

    return {"fn": draw, "inputs": [shared.person, shared.talk, shared.language], "outputs": shared.line}


def _first(services: Services, page: CyclePage) -> list[dict[str, Any]]:
    name, module = next(iter(MODULES.items()))
    return module.redraws(services, page.parts[name], page.shared)


def parts(services: Services, page: CyclePage) -> dict[str, Part]:
    """What follows the language switch, sub-tab by sub-tab."""
    return {
        name: Part(page.tabs[name], module.redraws(services, page.parts[name], page.shared))
        for name, module in MODULES.items()
    }
