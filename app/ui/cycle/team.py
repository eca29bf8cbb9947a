"""The team: find somebody, choose them for every other sub-tab, add or remove one."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.texts import t
from app.ui import safety
from app.ui.cycle import chosen, intake
from app.ui.cycle.work import DUE_IN_DAYS
from app.ui.labels import Labels
from app.wiring import Services
from cycle.records import Record
from cycle.talks import OPEN
from cycle.team import Person
from interview.conversation import Lang
from interview.errors import InputError

SHOWN = 24
"""Cards on screen at a time; more are found by searching."""


@dataclass
class TeamPage:
    """The components others need."""

    search: gr.Textbox
    count: gr.HTML
    pick: gr.Radio
    prepare: gr.Button
    form: list[Any]
    add: gr.Button
    sure: gr.Checkbox
    forget: gr.Button
    intake: intake.IntakePage


def build(services: Services, labels: Labels) -> TeamPage:
    """Search, cards, and a form for one more."""
    lang = labels.lang

    def box(name: str, **more: Any) -> Any:
        key = f"team.{name}"
        return labels.keep(gr.Textbox("", elem_id=f"team-{name}", **labels.text(label=key), **more), label=key)

    search = box("search")
    count = gr.HTML("", elem_id="team-count")
    pick = gr.Radio([], elem_id="team-people", elem_classes="cards", **labels.text(label="team.people"))
    labels.keep(pick, label="team.people")
    prepare = gr.Button(t("team.prepare", lang), variant="primary", elem_id="team-prepare")
    labels.keep(prepare, value="team.prepare")
    with labels.keep(gr.Accordion(t("team.new", lang), open=False, elem_id="team-new"), label="team.new"):
        with gr.Row():
            form = [box("name", max_length=80), box("number", max_length=40)]
        with gr.Row():
            form += [box("role", max_length=120), box("department", max_length=120), box("email", max_length=200)]
        form.append(box("expectations", lines=3, max_lines=8))
        add = gr.Button(t("team.add", lang), variant="primary", elem_id="team-add")
        labels.keep(add, value="team.add")
    with labels.keep(gr.Accordion(t("team.intake", lang), open=False, elem_id="team-intake"), label="team.intake"):
        bringing = intake.build(labels)
    with labels.keep(gr.Accordion(t("team.remove", lang), open=False, elem_id="team-remove"), label="team.remove"):
        sure = gr.Checkbox(value=False, elem_id="team-sure", **labels.text(label="team.sure"))
        labels.keep(sure, label="team.sure")
        forget = gr.Button(t("team.forget", lang), variant="stop", elem_id="team-forget")
        labels.keep(forget, value="team.forget")
    return TeamPage(search, count, pick, prepare, form, add, sure, forget, bringing)


def wire(services: Services, page: TeamPage, shared: Any, tab: gr.Tab) -> None:
    """Find, choose, add, remove."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    listing = redraws(services, page, shared)[0]
    tab.select(**listing, **quiet)
    page.search.input(**listing, **quiet)
    intake.wire(services, page.intake, shared.language, listing)

    @safety.guarded(3)
    def choose(picked: str | None, now: str, lang: Lang) -> list[Any]:
        return [gr.skip()] * 3 if not picked or picked == now else chosen.pick(services, picked, lang)

    page.pick.input(
        choose, [page.pick, shared.person, shared.language], [shared.person, shared.talk, shared.line], **quiet
    )

    @safety.guarded(4)
    def prepare(person_id: str, talk_id: str, lang: Lang) -> list[Any]:
        if not person_id:
            raise InputError("none", message_key="error.pick_person")
        actor = services.acting(lang)
        if not talk_id or services.talks.talk(actor, talk_id)[0].status not in OPEN:
            due = dt.date.today() + dt.timedelta(days=DUE_IN_DAYS)
            talk_id = services.talks.plan(actor, person_id, due).id
        return [person_id, talk_id, chosen.line(services, person_id, talk_id, lang), gr.Tabs(selected="cycle-pack")]

    page.prepare.click(
        prepare, [shared.person, shared.talk, shared.language],
        [shared.person, shared.talk, shared.line, shared.tabs], api_visibility="private",
    )  # fmt: skip

    @safety.guarded(9)
    def add(name: str, number: str, role: str, department: str, email: str, expected: str, lang: Lang) -> list[Any]:
        if not name.strip():
            raise InputError("no name", message_key="error.team_name")
        points = tuple(line.strip() for line in expected.splitlines() if line.strip())
        person = Person(
            name=name, number=number, role=role, department=department, email=email, lang=lang, expectations=points
        )
        services.team.add(services.acting(lang), person)
        safety.tell(t("team.added", lang, name=person.name), lang)
        return [*[""] * len(page.form), *_listed(services, "", None, lang)]

    listed = [page.count, page.pick, page.prepare]
    page.add.click(add, [*page.form, shared.language], [*page.form, *listed], api_visibility="private")

    @safety.guarded(7)
    def forget(person_id: str, sure: bool, lang: Lang) -> list[Any]:
        if not person_id or not sure:
            raise InputError("none", message_key="error.confirm_first" if person_id else "error.pick_person")
        services.team.forget(services.acting(lang), person_id)
        return [*chosen.pick(services, "", lang), False, *_listed(services, "", None, lang)]

    page.forget.click(
        forget,
        [shared.person, page.sure, shared.language],
        [shared.person, shared.talk, shared.line, page.sure, *listed],
        api_visibility="private",
    )


def redraws(services: Services, page: TeamPage, shared: Any) -> list[dict[str, Any]]:
    """The cards again."""

    @safety.guarded(3)
    def draw(search: str, person_id: str, lang: Lang) -> list[Any]:
        return _listed(services, search, person_id, lang)

    inputs, outputs = [page.search, shared.person, shared.language], [page.count, page.pick, page.prepare]
    return [{"fn": draw, "inputs": inputs, "outputs": outputs}]


def _listed(services: Services, search: str, person_id: str | None, lang: Lang) -> list[Any]:
    people = services.team.people(services.acting(lang))
    found = [pair for pair in people if search.strip().casefold() in _searched(pair[1])]
    shown = found[:SHOWN]
    note = t("team.none" if not people else "team.count", lang, shown=len(shown), found=len(found), all=len(people))
    picked = person_id if any(record.id == person_id for record, _ in shown) else None
    cards = gr.update(choices=[_card(pair) for pair in shown], value=picked, visible=bool(people))
    return [f"<p class='{'note' if people else 'hint'}'>{note}</p>", cards, gr.update(visible=bool(people))]


def _searched(person: Person) -> str:
    return "\n".join((person.name, person.number, person.role, person.department)).casefold()


def _card(pair: tuple[Record, Person]) -> tuple[str, str]:
    record, person = pair
    about = " · ".join(x for x in (person.number, person.role, person.department) if x)
    return f"{person.name}\n{about}", record.id
