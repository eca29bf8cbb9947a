"""After the talk: the employee's link and sheet, minutes both confirm, the plan, and what became of it."""

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.after_html import entries_html, minutes_document, words_html
from app.employee_parts import sheet_html
from app.texts import t
from app.ui import safety
from app.ui.cycle import after_plan, chosen, links
from app.ui.labels import Labels
from app.ui.live import choices as live_choices
from app.ui.report import SAVE_JS
from app.wiring import Services
from cycle.employee import DAYS, MAX_DAYS
from cycle.minutes import PARTS, Entry, drafted, entries_of, lines_of
from cycle.talks import Stage
from interview.conversation import Lang
from interview.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from app.ui.cycle.page import Shared

QUIET = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass
class AfterPage:
    """The components others need. ``version``: of the minutes' record as shown; ``source``: live interview drafted from;
    ``loaded``: the talk whose minutes and skills are in the boxes, so that coming back loses nothing typed."""

    pick: gr.Dropdown
    none: gr.HTML
    body: gr.Column
    days: gr.Textbox
    make: gr.Button
    close: gr.Button
    link: gr.HTML
    copy: gr.Textbox
    sheet: gr.HTML
    live: gr.Dropdown
    draft: gr.Button
    minutes: list[gr.Textbox]
    save: gr.Button
    confirm: gr.Button
    keep: gr.Button
    state: gr.HTML
    version: gr.State
    source: gr.State
    loaded: gr.State
    carried: tuple[gr.Textbox, gr.Textbox]
    plan: after_plan.PlanPart

    @property
    def shown(self) -> list[Any]:
        """What choosing a talk fills."""
        return [
            self.pick,
            self.none,
            self.body,
            self.link,
            self.copy,
            self.sheet,
            self.live,
            *self.minutes,
            self.state,
            self.version,
            self.source,
            *self.plan.skills,
            self.loaded,
        ]


def build(services: Services, labels: Labels) -> AfterPage:
    """Top to bottom in the order things happen."""
    lang = labels.lang

    def box(name: str, **more: Any) -> Any:
        key = f"after.{name}"
        made = gr.Textbox("", elem_id=f"after-{name}", **labels.text(label=key), **more)
        return labels.keep(made, label=key)

    def button(name: str, **how: Any) -> gr.Button:
        return labels.keep(gr.Button(t(f"after.{name}", lang), elem_id=f"after-{name}", **how), value=f"after.{name}")

    def heading(name: str) -> None:
        labels.keep(gr.Markdown(t(f"after.head_{name}", lang)), value=f"after.head_{name}")

    pick = gr.Dropdown([("", "")], value="", elem_id="after-talk", **labels.text(label="after.talk"))
    labels.keep(pick, label="after.talk")
    none = gr.HTML("", elem_id="after-none")
    with gr.Column(visible=False, elem_id="after-body") as body:
        with gr.Column(elem_id="after-link-box"):
            heading("link")
            with gr.Row():
                days = box("days", scale=1)
                make = button("make_link", variant="primary", scale=2)
                close = button("close_link", variant="stop", scale=2)
            link = gr.HTML("", elem_id="after-link")
            copy = box("copy", interactive=False, buttons=["copy"], visible=False)
            sheet = gr.HTML("", elem_id="after-sheet")
        with gr.Column(elem_id="after-minutes-box"):
            heading("minutes")
            with gr.Row():
                live = gr.Dropdown(
                    [("", "")], value="", elem_id="after-live", scale=3, **labels.text(label="after.live")
                )
                labels.keep(live, label="after.live")
                draft = button("draft", scale=2)
            minutes = [box(part, lines=4, max_lines=14) for part in PARTS]
            with gr.Row():
                save, confirm, keep = button("save"), button("confirm", variant="primary"), button("keep")
            state = gr.HTML("", elem_id="after-state", elem_classes="report")
        plan = after_plan.build(labels)
    carried = (
        gr.Textbox("", visible="hidden", elem_classes="carried"),
        gr.Textbox("", visible="hidden", elem_classes="carried"),
    )
    return AfterPage(
        pick, none, body, days, make, close, link, copy, sheet, live, draft, minutes, save, confirm, keep, state,
        gr.State(0), gr.State(""), gr.State(None), carried, plan,
    )  # fmt: skip


def needed(talk: str) -> str:
    """The id, or an error that says to choose a talk first."""
    if not talk:
        raise InputError("no talk", message_key="error.no_talk")
    return talk


def wire(services: Services, page: AfterPage, shared: "Shared", tab: gr.Tab) -> None:
    """Everything follows the talk that is chosen."""
    language, hidden = shared.language, gr.update(value="", visible=False)
    drawn = _draw(services, page, shared)
    tab.select(**drawn, **QUIET).then(**after_plan.draw(services, page.plan, shared), **QUIET)

    @safety.guarded(2)
    def picked(talk: str, person: str, lang: Lang) -> list[Any]:
        return [talk, chosen.line(services, person, talk, lang)]

    page.pick.input(picked, [page.pick, shared.person, language], [shared.talk, shared.line], **QUIET).then(
        **drawn, **QUIET
    ).then(**after_plan.draw(services, page.plan, shared), **QUIET)

    def make(talk: str, days: str, lang: Lang, request: gr.Request) -> list[Any]:
        return _make(talk, days, links.address(services, request), lang)

    @safety.guarded(2)
    def _make(talk: str, days: str, base: str, lang: Lang) -> list[Any]:
        count = days.strip() or str(DAYS)
        if not count.isascii() or not count.isdecimal() or len(count) > 4:
            raise InputError("days", message_key="error.link_days", limit=MAX_DAYS)
        link = links.make(services, needed(talk), base, lang, int(count))
        return [links.link_html(link, lang), gr.update(value=link, visible=True)]

    page.make.click(make, [shared.talk, page.days, language], [page.link, page.copy], api_visibility="private")

    @safety.guarded(2)
    def close(talk: str, lang: Lang) -> list[Any]:
        services.visits.take_back(services.acting(lang), needed(talk))
        safety.tell(t("after.link_closed", lang), lang)
        return ["", hidden]

    page.close.click(close, [shared.talk, language], [page.link, page.copy], api_visibility="private")

    @safety.guarded(4)
    def draft(talk: str, live_id: str, agreed: str, disputed: str, promised: str, lang: Lang) -> list[Any]:
        actor = services.acting(lang)
        record, about = services.talks.talk(actor, needed(talk))
        if not live_id:
            raise InputError("no interview", message_key="error.no_live")
        if not services.consents.is_over(services.consents.interview(actor, live_id).id):
            raise InputError("not ended", message_key="error.live_running")
        found = drafted(services.live.finish(actor, live_id))
        if not found:
            raise InputError("nothing kept", message_key="error.live_empty")
        if about.live_id != live_id:
            services.talks.change(actor, record, about.model_copy(update={"live_id": live_id}))
        typed = _entries(agreed, disputed, promised)
        both = (*typed, *(e for e in found if e not in typed))
        return [*(lines_of(part, both) for part in PARTS), live_id]

    page.draft.click(
        draft, [shared.talk, page.live, *page.minutes, language], [*page.minutes, page.source], api_visibility="private"
    )

    inputs = [shared.talk, *page.minutes, page.version, page.source, language]

    @safety.guarded(2)
    def save(talk: str, agreed: str, disputed: str, promised: str, version: int, source: str, lang: Lang) -> list[Any]:
        actor, entries = services.acting(lang), _entries(agreed, disputed, promised)
        stored = services.minutes.save(actor, needed(talk), entries, version, source)
        safety.tell(t("after.saved", lang), lang)
        return [stored, state_html(services, talk, lang)]

    differences = after_plan.draw(services, page.plan, shared)
    saved = page.save.click(save, inputs, [page.version, page.state], api_visibility="private")
    saved.then(**differences, **QUIET)

    @safety.guarded(3)
    def confirm(
        talk: str, agreed: str, disputed: str, promised: str, version: int, source: str, lang: Lang
    ) -> list[Any]:
        actor, entries = services.acting(lang), _entries(agreed, disputed, promised)
        services.minutes.save(actor, needed(talk), entries, version, source)
        minutes, stored = services.minutes.of_talk(actor, talk)
        number = minutes.latest.number if minutes.latest else 0
        try:
            services.minutes.confirm(actor, talk, number)
        except InputError as error:  # the version is kept; only showing it was refused
            from app.texts import message

            safety.warn(message(error, lang), lang)
            return [stored, state_html(services, talk, lang), gr.skip()]
        safety.tell(t("after.confirmed", lang), lang)
        person, _ = services.talks.talk(actor, talk)
        stored = services.minutes.of_talk(actor, talk)[1]
        return [stored, state_html(services, talk, lang), chosen.line(services, person.key_id, talk, lang)]

    page.confirm.click(confirm, inputs, [page.version, page.state, shared.line], api_visibility="private").then(
        **differences, **QUIET
    )

    @safety.guarded(2)
    def document(talk: str, lang: Lang) -> list[str]:
        actor = services.acting(lang)
        record, about = services.talks.talk(actor, needed(talk))
        _, person = services.team.person(actor, record.key_id)
        minutes, _ = services.minutes.of_talk(actor, talk)
        if minutes.latest is None:
            raise InputError("empty", message_key="error.minutes_empty")
        when = f"{about.at.astimezone():%Y-%m-%d %H:%M} " if about.at else ""
        return [
            f"tandao-minutes-{talk}.html",
            minutes_document(person.name, minutes.latest, minutes, when + about.place, lang),
        ]

    page.keep.click(document, [shared.talk, language], list(page.carried), api_visibility="private").then(
        None, list(page.carried), list(page.carried), js=SAVE_JS, **QUIET
    )
    after_plan.wire(services, page.plan, shared)


def redraws(services: Services, page: AfterPage, shared: "Shared") -> list[dict[str, Any]]:
    """Texts that are not labels; what is being typed stays."""

    @safety.guarded(4)
    def again(person: str, talk: str, lang: Lang) -> list[Any]:
        listed = gr.update(choices=_talks(services, person, lang))
        if not talk:
            return [listed, "", "", ""]
        return [listed, "", _sheet(services, talk, lang), state_html(services, talk, lang)]

    return [
        {
            "fn": again, "inputs": [shared.person, shared.talk, shared.language],
            "outputs": [page.pick, page.link, page.sheet, page.state],
        },
        after_plan.draw(services, page.plan, shared),
    ]  # fmt: skip


def _draw(services: Services, page: AfterPage, shared: "Shared") -> dict[str, Any]:
    count = len(page.shown)

    @safety.guarded(count)
    def fill(person: str, talk: str, loaded: str | None, lang: Lang) -> list[Any]:
        listed = gr.update(choices=_talks(services, person, lang), value=talk or "")
        lives = live_choices(services, lang)
        stay, hidden = gr.skip(), gr.update(value="", visible=False)
        if not talk:
            skills, none = ["", 0, 0] * 2, f"<p class='hint'>{t('error.no_talk', lang)}</p>"
            head = [listed, none, gr.update(visible=False), "", hidden, ""]
            return [*head, gr.update(choices=lives, value=""), "", "", "", "", 0, "", *skills, ""]
        head = [listed, "", gr.update(visible=True)]
        sheet, state = _sheet(services, talk, lang), state_html(services, talk, lang)
        if talk == loaded:
            return [*head, stay, stay, sheet, gr.update(choices=lives), *[stay] * 3, state, *[stay] * 9]
        actor = services.acting(lang)
        _, about = services.talks.talk(actor, talk)
        minutes, version = services.minutes.of_talk(actor, talk)
        entries: tuple[Entry, ...] = minutes.latest.entries if minutes.latest else ()
        known = about.live_id if about.live_id in {value for _, value in lives} else ""
        return [
            *head, "", hidden, sheet, gr.update(choices=lives, value=known),
            *(lines_of(part, entries) for part in PARTS), state, version, "", *after_plan.skill_values(services.plans.of_talk(actor, talk)), talk,
        ]  # fmt: skip

    return {"fn": fill, "inputs": [shared.person, shared.talk, page.loaded, shared.language], "outputs": page.shown}


def _entries(*texts: str) -> tuple[Entry, ...]:
    return tuple(e for part, text in zip(PARTS, texts, strict=True) for e in entries_of(part, text or ""))


def _talks(services: Services, person: str, lang: Lang) -> list[tuple[str, str]]:
    if not person:
        return [("", "")]
    try:
        found = services.talks.of_person(services.acting(lang), person)
    except NotFoundError:
        return [("", "")]
    named = [(f"{r.due or ''} · {t(f'cycle.stage.{Stage(r.status)}', lang)}", r.id) for r in reversed(found)]
    return [("", ""), *named]


def _sheet(services: Services, talk: str, lang: Lang) -> str:
    sent = services.assessments.of_talk(services.acting(lang), talk)
    if sent is None:
        return f"<p class='note'>{t('after.sheet_none', lang)}</p>"
    head = t("after.sheet_at", lang, at=f"{sent.at.astimezone():%Y-%m-%d %H:%M}")
    return f"<details class='report'><summary>{escape(head)}</summary>{sheet_html(sent.answers, lang)}</details>"


def state_html(services: Services, talk: str, lang: Lang) -> str:
    """Where the minutes stand, what each said, and how the employee sees them."""
    minutes, _ = services.minutes.of_talk(services.acting(lang), talk)
    latest = minutes.latest
    if latest is None:
        return f"<p class='note'>{t('after.status_none', lang)}</p>"
    return (
        f"<p><b>{t('after.status_' + minutes.status, lang, number=latest.number)}</b></p>{words_html(minutes, latest.number, lang)}"
        f"<details><summary>{t('after.preview', lang)}</summary>{entries_html(latest.entries, lang)}</details>"
        + _older(services, talk, lang)
    )


def _older(services: Services, talk: str, lang: Lang) -> str:
    minutes, _ = services.minutes.of_talk(services.acting(lang), talk)
    rows = "".join(
        f"<h4>{escape(t('after.version', lang, number=v.number, at=f'{v.at.astimezone():%Y-%m-%d %H:%M}'))}</h4>"
        f"{words_html(minutes, v.number, lang)}{entries_html(v.entries, lang)}"
        for v in reversed(minutes.versions[:-1])
    )
    return (
        f"<details><summary>{t('after.older', lang, n=len(minutes.versions) - 1)}</summary>{rows}</details>"
        if rows
        else ""
    )
