"""Lights for a closer look: off until switched on, each with its rule, numbers, base rate and what speaks against it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.wiring import Services
from cycle.signals import Signal, rules
from interview.actor import Actor
from interview.conversation import Lang

QUIET = {"show_progress": "hidden", "api_visibility": "private"}
Look = Callable[[Lang], tuple[Actor, Callable[[Actor], Sequence[Signal]]]]
"""Who looks, and what they see: the manager their team, HR the departments."""


@dataclass
class SignalsPage:
    """The switch and the lights. ``prefix`` tells the manager's from HR's."""

    on: gr.Checkbox
    lights: gr.HTML


def build(_services: Services, labels: Labels, prefix: str = "signals") -> SignalsPage:
    """What the lights are, the switch, and the lights."""
    labels.keep(gr.HTML(t("signal.about", labels.lang), elem_classes="note"), value="signal.about")
    on = gr.Checkbox(value=False, elem_id=f"{prefix}-on", **labels.text(label="signal.on"))
    labels.keep(on, label="signal.on")
    return SignalsPage(on, gr.HTML("", elem_id=f"{prefix}-lights"))


def wire(services: Services, page: SignalsPage, shared: Any, tab: gr.Tab) -> None:
    """The manager's own: draw when opened, switch."""
    wire_for(services, page, tab, shared.language, _team(services))


def redraws(services: Services, page: SignalsPage, shared: Any) -> list[dict[str, Any]]:
    """The lights again."""
    return [redraw_for(services, page, shared.language, _team(services))]


def wire_for(services: Services, page: SignalsPage, tab: gr.Tab, language: gr.State, look: Look) -> None:
    """Draw when ``tab`` is opened, and switch on or off."""
    tab.select(**redraw_for(services, page, language, look), **QUIET)

    @safety.guarded(1)
    def switch(on: bool, lang: Lang) -> str:
        actor, seen = look(lang)
        services.signals.switch(actor, on=on)
        return html(seen(actor), lang, on=on)

    page.on.input(switch, [page.on, language], page.lights, **QUIET)


def redraw_for(services: Services, page: SignalsPage, language: gr.State, look: Look) -> dict[str, Any]:
    """How the switch stands and what is lit, in the present language."""

    @safety.guarded(2)
    def draw(lang: Lang) -> list[Any]:
        actor, seen = look(lang)
        on = services.signals.is_on(actor)
        return [on, html(seen(actor), lang, on=on)]

    return {"fn": draw, "inputs": [language], "outputs": [page.on, page.lights]}


def html(found: Sequence[Signal], lang: Lang, *, on: bool) -> str:
    """The lights, one card each."""
    if not found:
        return f"<p class='note'>{t('signal.none' if on else 'signal.off', lang)}</p>"
    return f"<div class='report'>{''.join(_card(signal, lang) for signal in found)}</div>"


def _card(signal: Signal, lang: Lang) -> str:
    kind = signal.kind
    values = {name: escape(str(value)) for name, value in signal.values.items()}
    base = "signal.base" if signal.person_id else "signal.base_groups"
    against = "".join(f"<li>{t(f'signal.against.{a.key}', lang, **(a.values or {}))}</li>" for a in signal.against)
    return (
        f"<section class='card'><h3>{t(f'signal.kind.{kind}', lang)} · {escape(signal.name)}</h3>"
        f"<p>{t(f'signal.numbers.{kind}', lang, **values)}</p>"
        f"<p class='note'>{t('signal.rule', lang)}{t(f'signal.rule.{kind}', lang, **_thresholds(kind))}</p>"
        f"<p class='note'>{t(base, lang, count=signal.base_count, all=signal.base_all)}</p>"
        f"<p>{t('signal.against', lang)}</p><ul>{against}</ul><p><b>{t(f'signal.look.{kind}', lang)}</b></p></section>"
    )


def _thresholds(kind: str) -> dict[str, Any]:
    group = rules()["group"] if kind in ("complaints", "leaving") else {}
    rule = {**group, **rules()[kind]}
    return {name: f"{value:g}" if isinstance(value, float) else value for name, value in rule.items()} | {
        "percent": round(100 * rule.get("least_change", 0))
    }


def _team(services: Services) -> Look:
    return lambda lang: (services.acting(lang), services.signals.all)
