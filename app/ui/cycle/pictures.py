"""Pictures of the person chosen: what both may see, opened on a screen of its own, and what the manager sees besides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import gradio as gr

from app import pictures
from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.wiring import Services
from cycle.employee import for_both
from cycle.numbers import window
from interview.conversation import Lang
from interview.errors import InputError

OPEN_JS = """(text) => {
  if (text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], {type: 'text/html;charset=utf-8'}));
    link.target = '_blank';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }
  return '';
}"""
"""Opens the shared view in a tab of its own from the browser's memory."""
TEAM_MONTHS = 6


@dataclass
class PicturesPage:
    """The components others need."""

    show: gr.Button
    carried: gr.Textbox
    drawn: gr.HTML


def build(_services: Services, labels: Labels) -> PicturesPage:
    """A button for the screen, and the pictures."""
    show = gr.Button(t("picture.show", labels.lang), elem_id="picture-show")
    labels.keep(show, value="picture.show")
    return PicturesPage(
        show,
        gr.Textbox("", visible="hidden", elem_classes="carried", elem_id="picture-page"),
        gr.HTML("", elem_id="pictures"),
    )


def wire(services: Services, page: PicturesPage, shared: Any, tab: gr.Tab) -> None:
    """Draw when opened or when somebody else is chosen; open the shared view."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    for event in redraws(services, page, shared):
        tab.select(**event, **quiet)

    @safety.guarded(1)
    def show(person_id: str, lang: Lang) -> str:
        if not person_id:
            raise InputError("none", message_key="error.pick_person")
        actor = services.acting(lang)
        _, person = services.team.person(actor, person_id)
        events = for_both(services.team.events(actor, person_id))
        return pictures.shared_page(person.name, services.team.figures(actor, person_id), events, lang)

    page.show.click(show, [shared.person, shared.language], page.carried, **quiet).then(
        None, page.carried, page.carried, js=OPEN_JS
    )


def redraws(services: Services, page: PicturesPage, shared: Any) -> list[dict[str, Any]]:
    """The pictures again."""

    @safety.guarded(1)
    def draw(person_id: str, lang: Lang) -> str:
        return drawn(services, person_id, lang) if person_id else f"<p class='note'>{t('cycle.nobody', lang)}</p>"

    return [{"fn": draw, "inputs": [shared.person, shared.language], "outputs": page.drawn}]


def drawn(services: Services, person_id: str, lang: Lang) -> str:
    """All pictures of one person, with the team's spread of the last six months."""
    actor = services.acting(lang)
    _, person = services.team.person(actor, person_id)
    figures, events = services.team.figures(actor, person_id), services.team.events(actor, person_id)
    months = window(figures, TEAM_MONTHS)
    everybody = services.team.all_figures(actor)
    own = means(everybody.get(person_id, ()), months)
    others = [means(found, months) for key, found in everybody.items() if key != person_id]
    spread = "".join(
        pictures.team_html(metric, unit, value, [o[metric, unit] for o in others if (metric, unit) in o], lang)
        for (metric, unit), value in sorted(own.items())
    )
    outcome = services.plans.outcome(actor, person_id)
    cycles = [(talk.due, skills) for talk, skills in services.plans.skills_over_talks(actor, person_id)]
    return (
        f"<div class='report'>{pictures.shared_view(person.name, figures, events, lang)}"
        f"<h2>{t('picture.team', lang)}</h2>{spread or t('picture.no_figures', lang)}"
        f"{pictures.plan_html(outcome.progress if outcome else (), lang)}{pictures.skills_html(cycles, lang)}</div>"
    )


def means(figures: Sequence[Mapping[str, Any]], months: Sequence[str]) -> dict[tuple[str, str], float]:
    """Mean of each metric and unit over these months, from figures as stored."""
    found: dict[tuple[str, str], list[float]] = {}
    inside = set(months)
    for figure in figures:
        if figure["month"] in inside:
            found.setdefault((figure["metric"], figure.get("unit", "")), []).append(figure["actual"])
    return {place: fmean(values) for place, values in found.items()}
