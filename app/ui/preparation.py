"""Preparation: invitation, place, seat and what to bring, chosen before the talk."""

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from interview.conversation import Lang
from interview.preparation import (
    best_option,
    checked_preparation,
    judged,
    kind_name,
    kinds,
    option_ids,
    option_text,
    option_why,
    takes_several,
)  # fmt: skip
from interview.texts import step_text


@dataclass
class PreparationPanel:
    """The components others need; ``choices`` in the order of ``kinds()``."""

    choices: list[Any]
    look: gr.Button
    verdict: gr.HTML


def build(labels: Labels) -> PreparationPanel:
    """One group of options a kind."""
    lang = labels.lang
    with labels.keep(gr.Accordion(t("prepare.title", lang), open=False, elem_id="preparation"), label="prepare.title"):
        about = gr.HTML(t("prepare.about", lang), elem_classes="note")
        choices: list[Any] = []
        for kind in kinds():
            component = gr.CheckboxGroup if takes_several(kind) else gr.Radio
            choices.append(
                component(
                    options(kind, lang), label=kind_name(kind, lang), elem_id=f"prepare-{kind}", elem_classes="cards"
                )
            )
        look = gr.Button(t("prepare.look", lang), elem_id="prepare-look", size="sm")
        verdict = gr.HTML("", elem_id="prepare-verdict")
    labels.keep(about, value="prepare.about")
    labels.keep(look, value="prepare.look")
    return PreparationPanel(choices, look, verdict)


def options(kind: str, lang: Lang) -> list[tuple[str, str]]:
    """``(text, id)`` of each option."""
    return [(option_text(kind, name, lang), name) for name in option_ids(kind)]


def chosen(values: tuple[Any, ...]) -> dict[str, Any]:
    """What the components hold, as the service takes it."""
    return {kind: value for kind, value in zip(kinds(), values, strict=True) if value}


def verdict_html(preparation: dict[str, tuple[str, ...]], lang: Lang) -> str:
    """What each choice does, and the one to prefer where there is a better one."""
    if not preparation:
        return f"<p class='note'>{t('prepare.nothing', lang)}</p>"
    rows: list[str] = []
    for found in judged(preparation):
        mark = "✓" if found.worth >= 0.9 else "△" if found.worth > 0.3 else "✗"
        row = (
            f"<li>{mark} <b>{escape(kind_name(found.kind, lang))}</b> · {escape(step_text(found.step, lang).name)}: "
            f"{escape(option_why(found.kind, found.option, lang))}"
        )
        if found.worth < 0.9 and not takes_several(found.kind):
            row += f"<div class='better'>{escape(option_text(found.kind, best_option(found.kind), lang))}</div>"
        rows.append(row + "</li>")
    return f"<div class='feedback'><ul>{''.join(rows)}</ul></div>"


def wire(panel: PreparationPanel, mode: gr.Radio, language: gr.State) -> None:
    """Look at the choices before the talk; in an exam only the report tells."""

    @safety.guarded(1)
    def look(mode_now: str, *rest: Any) -> str:
        *values, lang = rest
        if mode_now == "exam":
            return f"<p class='note'>{t('prepare.exam', lang)}</p>"
        return verdict_html(checked_preparation(chosen(tuple(values))), lang)

    panel.look.click(
        look, [mode, *panel.choices, language], panel.verdict, show_progress="hidden", api_visibility="private"
    )


def redraw(panel: PreparationPanel, language: gr.State) -> dict[str, Any]:
    """The options again in the present language; what is chosen stays."""

    @safety.guarded(len(panel.choices) + 1)
    def draw(*values: Any) -> list[Any]:
        *_, lang = values
        return [
            *[gr.update(choices=options(kind, lang), label=kind_name(kind, lang)) for kind in kinds()],
            "",
        ]

    return {"fn": draw, "inputs": [language], "outputs": [*panel.choices, panel.verdict]}
