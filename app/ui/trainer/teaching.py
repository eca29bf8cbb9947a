"""Class: everybody answers the same moment on their phone; the answers stand side by side, without names."""

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.moments import Moment, moment_of
from app.texts import t
from app.ui import safety
from app.ui.choose import drills
from app.ui.labels import Labels
from app.wiring import Services
from interview.actor import Role
from interview.conversation import Lang
from interview.errors import InputError, TandaoError
from interview.steps import Step
from interview.texts import move_name

POLL_S = 2.0


@dataclass
class ClassPage:
    """The components others need."""

    earlier: gr.Dropdown
    persona: gr.Dropdown
    scenario: gr.Dropdown
    step: gr.Dropdown
    start: gr.Button
    invitation: gr.HTML
    answers: gr.HTML
    close: gr.Button
    delete: gr.Button
    code: gr.State
    shown: gr.State
    timer: gr.Timer


def build(labels: Labels) -> ClassPage:
    """Choose a moment, show the code, watch the answers."""
    lang = labels.lang

    def keep(component: Any, key: str) -> Any:
        return labels.keep(component, label=key)

    earlier = gr.Dropdown([], value=None, elem_id="class-earlier", **labels.text(label="class.earlier"))
    labels.keep(earlier, label="class.earlier")
    with gr.Row():
        persona = keep(
            gr.Dropdown([], elem_id="class-persona", **labels.text(label="cohort.persona")), "cohort.persona"
        )
        scenario = keep(
            gr.Dropdown([], elem_id="class-scenario", **labels.text(label="cohort.scenario")), "cohort.scenario"
        )
        step = keep(
            gr.Dropdown(
                drills(lang)[1:], value=str(Step.DIFFERENCES), elem_id="class-step", **labels.text(label="class.step")
            ),
            "class.step",
        )
    start = gr.Button(t("class.start", lang), variant="primary", elem_id="class-start")
    invitation = gr.HTML("", elem_id="class-invitation")
    with gr.Row():
        close = gr.Button(t("class.close", lang), elem_id="class-close")
        delete = gr.Button(t("class.delete", lang), variant="stop", elem_id="class-delete")
    answers = gr.HTML("", elem_id="class-answers")
    for button, key in ((start, "class.start"), (close, "class.close"), (delete, "class.delete")):
        labels.keep(button, value=key)
    timer = gr.Timer(POLL_S, active=False)
    return ClassPage(
        earlier, persona, scenario, step, start, invitation, answers, close, delete, gr.State(""), gr.State(-1), timer
    )


def wire(services: Services, page: ClassPage, tab: gr.Tab, language: gr.State) -> None:
    """Open, watch, close, delete."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(**redraw(services, page, language), **quiet)

    lesson = [page.code, page.shown, page.invitation, page.answers, page.timer]

    def start(persona: str, scenario: str, step: str, lang: Lang, request: gr.Request) -> list[Any]:
        return _start(persona, scenario, step, _base(services, request), lang)

    @safety.guarded(6)
    def _start(persona: str, scenario: str, step: str, base: str, lang: Lang) -> list[Any]:
        if not persona or not scenario:
            raise InputError("no talk", message_key="error.cohort_talk")
        room = services.classrooms.open(services.acting(lang, Role.TRAINER), persona, scenario, Step(step), lang)
        return [*_lesson(services, room.id, base, lang), gr.update(choices=_classes(services, lang), value=room.id)]

    page.start.click(
        start, [page.persona, page.scenario, page.step, language], [*lesson, page.earlier], api_visibility="private"
    )

    def again(picked: str | None, lang: Lang, request: gr.Request) -> list[Any]:
        return _again(picked, _base(services, request), lang)

    @safety.guarded(5)
    def _again(picked: str | None, base: str, lang: Lang) -> list[Any]:
        if not picked:
            return [gr.skip()] * 5
        services.classrooms.answers(services.acting(lang, Role.TRAINER), picked)  # refuses another trainer's class
        return _lesson(services, picked, base, lang)

    page.earlier.input(again, [page.earlier, language], lesson, api_visibility="private")

    @safety.guarded(2)
    def watch(code: str, shown: int, lang: Lang) -> list[Any]:
        if not code:
            return [gr.skip(), gr.skip()]
        found = services.classrooms.answers(services.acting(lang, Role.TRAINER), code)
        if len(found) == shown:
            return [gr.skip(), gr.skip()]
        moment = moment_of(services, services.classrooms.invitation(code))
        return [answers_html(services, moment, found, lang), len(found)]

    page.timer.tick(watch, [page.code, page.shown, language], [page.answers, page.shown], **quiet)

    @safety.guarded(2)
    def close(code: str, lang: Lang) -> list[Any]:
        if not code:
            raise InputError("none", message_key="error.no_class_open")
        services.classrooms.close(services.acting(lang, Role.TRAINER), code)
        safety.tell(t("class.closed", lang), lang)
        moment = moment_of(services, services.classrooms.invitation(code))
        return [closed_html(moment, lang), gr.update(choices=_classes(services, lang))]

    page.close.click(close, [page.code, language], [page.invitation, page.earlier], api_visibility="private")

    @safety.guarded(5)
    def delete(code: str, lang: Lang) -> list[Any]:
        if not code:
            raise InputError("none", message_key="error.no_class_open")
        services.classrooms.delete(services.acting(lang, Role.TRAINER), code)
        return ["", "", "", gr.Timer(active=False), gr.update(choices=_classes(services, lang), value=None)]

    page.delete.click(
        delete, [page.code, language], [page.code, page.invitation, page.answers, page.timer, page.earlier],
        api_visibility="private",
    )  # fmt: skip


def redraw(services: Services, page: ClassPage, language: gr.State) -> dict[str, Any]:
    """Lists again in the present language."""

    @safety.guarded(4)
    def draw(lang: Lang) -> list[Any]:
        return [
            gr.update(choices=_classes(services, lang)),
            gr.update(choices=[(f"{p.face} {p.name}", p.id) for p in services.library.personas(lang)]),
            gr.update(choices=[(s.title, s.id) for s in services.library.scenarios(lang)]),
            gr.update(choices=drills(lang)[1:]),
        ]

    return {"fn": draw, "inputs": [language], "outputs": [page.earlier, page.persona, page.scenario, page.step]}


def _base(services: Services, request: gr.Request) -> str:
    """The address people join at: the one in the settings, else the one this page was opened with."""
    return services.settings.public_url.rstrip("/") or f"{request.url.scheme}://{request.headers.get('host', '')}"


def _lesson(services: Services, code: str, base: str, lang: Lang) -> list[Any]:
    """A class on the page: its code, nothing shown yet, how to join, no answers, and the clock that fetches them."""
    invitation = services.classrooms.invitation(code)
    moment = moment_of(services, invitation)
    joining = invitation_html(code, f"{base}/join/{code}", moment, lang) if invitation.is_open else ""
    return [code, -1, joining or closed_html(moment, lang), "", gr.Timer(active=True)]


def _classes(services: Services, lang: Lang) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for room in services.classrooms.led(services.acting(lang, Role.TRAINER)):
        try:
            who = services.library.persona(room.persona_id, room.lang).name
        except TandaoError:  # the persona of an old class may be gone
            who = room.persona_id
        state = t("class.is_open" if room.is_open else "class.is_closed", lang)
        found.append((f"{room.created_at.astimezone():%m-%d %H:%M} · {room.id} · {who} · {state}", room.id))
    return found


def invitation_html(code: str, link: str, moment: Moment, lang: Lang) -> str:
    """Code, link and QR picture, and what everybody is asked."""
    import segno

    picture = segno.make(link, error="m").svg_inline(scale=5, border=2)
    local = (
        ""
        if not link.startswith(("http://127.", "http://localhost"))
        else f"<p class='note'>{t('class.local', lang)}</p>"
    )
    return (
        f"<div class='report'><div class='head'><div id='class-qr'>{picture}</div><div><p class='score'>{code}</p>"
        f"<p><a href='{escape(link)}' target='_blank' id='class-link'>{escape(link)}</a></p>{local}</div></div>"
        f"{_asked(moment)}</div>"
    )


def closed_html(moment: Moment, lang: Lang) -> str:
    """What everybody was asked, once no more answers are taken."""
    return f"<div class='report'><p class='note'>{t('class.closed', lang)}</p>{_asked(moment)}</div>"


def _asked(moment: Moment) -> str:
    return (
        f"<h3>{escape(moment.persona.face)} {escape(moment.persona.name)} · {escape(moment.scenario.title)}</h3>"
        f"<p><q>{escape(moment.line)}</q></p>"
    )


def answers_html(services: Services, moment: Moment, answers: tuple[str, ...], lang: Lang) -> str:
    """Each answer with what it does and how this employee would take it."""
    cards: list[str] = []
    for number, answer in enumerate(answers, 1):
        outcome = moment.hear(services, answer)
        kinds = dict.fromkeys(str(m.kind) for m in outcome.heard.moves if m.strength >= 0.5)
        moves = ("、" if lang == "zh" else ", ").join(move_name(kind, lang) for kind in kinds)
        tension = outcome.state.tension - moment.state.tension
        trust = outcome.state.trust - moment.state.trust
        felt = f"{t('gauge.tension', lang)} {tension * 100:+.0f} · {t('gauge.trust', lang)} {trust * 100:+.0f}"
        cards.append(
            f"<div class='finding'><b>{number}</b> {escape(answer)}<div class='note'>"
            f"{escape(moves) or t('feedback.no_moves', lang)} · {felt}</div>"
            f"<div class='note'>{escape(moment.persona.face)} {escape(outcome.draft.text)}</div></div>"
        )
    beside = "display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:.6rem;align-items:start"
    return f"<div class='report answers'><div style='{beside}'>{''.join(cards)}</div></div>"
