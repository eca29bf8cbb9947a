"""The cycle's tab: one sub-tab a module, and the person and talk that pass between them.

A sub-tab's module has ``build(services, labels) -> parts``, ``wire(services, parts, shared, tab)`` and
``redraws(services, parts, shared) -> [event arguments]`` for the language switch.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import gradio as gr

from app.texts import t
from app.ui.labels import Labels
from app.wiring import Services

MODULES: dict[str, ModuleType] = {}
"""Sub-tabs in order: name → module."""


@dataclass
class Shared:
    """What every sub-tab may read and set. ``person`` and ``talk`` hold ids; ``tabs`` lets a button lead elsewhere."""

    language: gr.State
    person: gr.State
    talk: gr.State
    tabs: gr.Tabs


@dataclass
class CyclePage:
    """The parts, and the tabs that show them."""

    shared: Shared
    parts: dict[str, Any]
    tabs: dict[str, gr.Tab]


def build(services: Services, labels: Labels, language: gr.State) -> CyclePage:
    """Sub-tabs with ids ``cycle-NAME``."""
    parts: dict[str, Any] = {}
    tabs: dict[str, gr.Tab] = {}
    person, talk = gr.State(""), gr.State("")
    with gr.Tabs(elem_id="cycle-tabs") as group:
        for name, module in MODULES.items():
            tabs[name] = gr.Tab(t(f"cycle.{name}", labels.lang), id=f"cycle-{name}", elem_id=f"cycle-{name}")
            with labels.keep(tabs[name], label=f"cycle.{name}"):
                parts[name] = module.build(services, labels)
    return CyclePage(Shared(language, person, talk, group), parts, tabs)


def wire(services: Services, page: CyclePage) -> None:
    """Each part."""
    for name, module in MODULES.items():
        module.wire(services, page.parts[name], page.shared, page.tabs[name])


def redraws(services: Services, page: CyclePage) -> list[dict[str, Any]]:
    """What follows the language switch."""
    return [
        event for name, module in MODULES.items() for event in module.redraws(services, page.parts[name], page.shared)
    ]
