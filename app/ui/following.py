"""The language switch, at the price of what is on screen: a tab out of sight follows when it is looked at.

The browser looks for every updated component in the whole page, so telling three hundred labels at once takes seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.ui.labels import Labels
from interview.conversation import Lang

QUIET = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class Part:
    """One tab with what is drawn again in it. ``inner``: its own tabs by name, the first one open."""

    tab: gr.Tab
    redraws: Sequence[dict[str, Any]] = ()
    inner: Mapping[str, "Part"] | None = None


@dataclass
class Followers:
    """What the switch itself has to draw and set; everything else follows when it is seen."""

    at_once: Labels
    inputs: list[gr.State]
    places: dict[str, gr.State]

    @property
    def outputs(self) -> list[Any]:
        """Components and states, in the order of ``now``."""
        return [*self.at_once.components, *self.places.values()]

    def now(self, to: Lang, seen: str, *inside: str) -> list[Any]:
        """Values for ``outputs`` when ``inputs`` say what is on screen."""
        shown = {seen, *(f"{seen}/{name}" for name in inside)}
        return [*self.at_once.updates(to), *(to if name in shown else gr.skip() for name in self.places)]


def follow(parts: Mapping[str, Part], labels: Labels, language: gr.State) -> Followers:
    """Wire every part; ``parts`` by name, the first one open at the start. At most one of them has inner ones."""
    seen, places = gr.State(next(iter(parts))), _places(parts)
    states = {name: gr.State(labels.lang) for name in places}
    holders = {part.tab: name for name, part in places.items()}
    own = {name: Labels(labels.lang) for name in ("", *places)}
    for component, keys in labels.entries:
        own["" if isinstance(component, gr.Tab) else _home(component, holders)].keep(component, **keys)
    for name, part in places.items():
        _update(states[name], own[name], part.redraws, language)
    inputs = [seen]
    for name, part in parts.items():
        if part.inner is None:
            part.tab.select(lambda lang, name=name: [name, lang], language, [seen, states[name]], **QUIET)
            continue
        inside = gr.State(next(iter(part.inner)))
        inputs.append(inside)
        within = {inner: states[f"{name}/{inner}"] for inner in part.inner}

        def opened(lang: Lang, place: str, name: str = name, within: Any = within) -> list[Any]:
            return [name, lang, *(lang if inner == place else gr.skip() for inner in within)]

        part.tab.select(opened, [language, inside], [seen, states[name], *within.values()], **QUIET)
        for inner, state in within.items():
            tab = part.inner[inner].tab
            tab.select(lambda lang, inner=inner: [inner, lang], language, [inside, state], **QUIET)
    return Followers(own[""], inputs, states)


def _places(parts: Mapping[str, Part]) -> dict[str, Part]:
    found: dict[str, Part] = {}
    for name, part in parts.items():
        found[name] = part
        found.update({f"{name}/{n}": inner for n, inner in (part.inner or {}).items()})
    return found


def _home(component: Any, holders: Mapping[Any, str]) -> str:
    """The name of the nearest tab that holds a component, "" for none."""
    place = component
    while place is not None:
        if place in holders:
            return holders[place]
        place = place.parent
    return ""


def _update(state: gr.State, labels: Labels, redraws: Sequence[dict[str, Any]], language: gr.State) -> None:
    def tell(lang: Lang) -> Any:
        updates = labels.updates(lang)
        return updates if len(updates) > 1 else updates[0] if updates else None

    told = state.change(tell, language, labels.components or None, **QUIET)
    for redraw in redraws:
        told.then(**redraw, **QUIET)
