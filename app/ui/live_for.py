"""Live: which talk of the list of work an interview is held for, so that minutes and the one-question pulse know it."""

from typing import TYPE_CHECKING, Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.live_parts import LivePage, choices
from app.wiring import Services
from cycle.records import Record
from cycle.talks import OPEN, Stage, Talk
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import NotFoundError

if TYPE_CHECKING:
    from app.ui.cycle.page import Shared

MAX_SHOWN = 300
"""Talks to choose from, those due first."""


def talks_open(services: Services, lang: Lang, keep: str = "") -> list[tuple[str, str]]:
    """Talks that are still to be held, and ``keep`` however far it has come: "name · due" → id."""
    actor = services.acting(lang)
    names = {record.key_id: person.name for record, person in services.team.people(actor)}
    found = [r for r in services.talks.all(actor, bodies=False) if r.status in OPEN or r.id == keep]
    found.sort(key=lambda r: r.due.isoformat() if r.due else "9")
    listed = [(_named(names.get(r.key_id, ""), r), r.id) for r in found if r.key_id in names]
    return [(t("live.for_none", lang), ""), *listed[:MAX_SHOWN]]


def talk_of(services: Services, actor: Actor, interview_id: str) -> str:
    """The talk an interview is held for, or ""."""
    if not interview_id:
        return ""
    return next((r.id for r in services.talks.all(actor) if Talk.model_validate(r.body).live_id == interview_id), "")


def link(services: Services, actor: Actor, talk_id: str, interview_id: str) -> None:
    """Say that this interview is held for this talk, and for no other; "": for none."""
    services.consents.interview(actor, interview_id)
    for record in services.talks.all(actor):
        talk = Talk.model_validate(record.body)
        wanted = interview_id if record.id == talk_id else "" if talk.live_id == interview_id else talk.live_id
        if talk.live_id != wanted:
            services.talks.change(actor, record, talk.model_copy(update={"live_id": wanted}))


def held(services: Services, actor: Actor, interview_id: str) -> None:
    """The interview is over: so is the talk it was held for, if that was still to be held."""
    talk_id = talk_of(services, actor, interview_id)
    if talk_id and services.talks.talk(actor, talk_id)[0].status in OPEN:
        services.talks.move(actor, talk_id, Stage.HELD)


def wire(services: Services, page: LivePage, shared: "Shared", tab: gr.Tab) -> None:
    """Coming from the list, the talk is filled in; changing it for a picked interview is kept at once."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}

    @safety.guarded(4)
    def come(person_id: str, talk_id: str, before: str, title: str, picked: str, lang: Lang) -> list[Any]:
        return arrived(services, person_id, talk_id, before, title, picked, lang)

    tab.select(
        come,
        [shared.person, shared.talk, page.came_for, page.title, page.pick, shared.language],
        [page.held_for, page.came_for, page.title, page.pick],
        **quiet,
    )

    @safety.guarded(1)
    def follow(interview_id: str, lang: Lang) -> Any:
        known = talk_of(services, services.acting(lang), interview_id)
        return gr.update(choices=talks_open(services, lang, known), value=known) if interview_id else gr.skip()

    page.pick.change(follow, [page.pick, shared.language], page.held_for, **quiet)

    @safety.guarded(1)
    def relink(interview_id: str, talk_id: str, lang: Lang) -> Any:
        if interview_id:
            link(services, services.acting(lang), talk_id or "", interview_id)
            safety.tell(t("live.for_kept", lang), lang)
        return gr.skip()

    page.held_for.input(relink, [page.pick, page.held_for, shared.language], page.held_for, **quiet)


def arrived(
    services: Services, person_id: str, talk_id: str, before: str, title: str, picked: str, lang: Lang
) -> list[Any]:
    """Values of ``[held_for, came_for, title, pick]`` when the tab is opened with a talk chosen elsewhere."""
    actor, skip = services.acting(lang), gr.skip()
    listed = talks_open(services, lang, talk_of(services, actor, picked))
    try:
        record, talk = services.talks.talk(actor, talk_id) if talk_id and talk_id != before else (None, Talk())
        name = services.team.person(actor, person_id)[1].name if record else ""
    except NotFoundError:
        record, talk, name = None, Talk(), ""
    if record is None or record.status not in OPEN:
        return [gr.update(choices=listed), skip, skip, skip]
    mine = choices(services, lang)
    if talk.live_id in {value for _, value in mine if value}:
        return [gr.update(choices=listed, value=talk_id), talk_id, skip, gr.update(choices=mine, value=talk.live_id)]
    named = t("live.title_for", lang, name=name) if name and not title.strip() else skip
    return [gr.update(choices=listed, value=talk_id), talk_id, named, gr.update(choices=mine, value="")]


def _named(name: str, record: Record) -> str:
    return f"{name} · {record.due}" if record.due else name
