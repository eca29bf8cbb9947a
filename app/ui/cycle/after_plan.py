"""The plan of a talk in the manager's page: from a sentence to an action, focus skills, resources, pulse."""

import datetime as dt
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.after_html import action_html, by_month, month_name, period_name, plan_document, pulse_html, skills_html
from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.ui.report import SAVE_JS
from app.wiring import Services
from cycle.plans import LEVELS, ActionItem, Plan, Skill, differences, period_of, periods
from cycle.resources import match, write_catalogue, write_idp
from cycle.rewriting import Reading, part_name, read
from interview.conversation import Lang
from interview.errors import InputError

if TYPE_CHECKING:
    from app.ui.cycle.page import Shared

QUIET = {"show_progress": "hidden", "api_visibility": "private"}
PARTS = ("what", "how", "by", "support", "know")
MAX_SENTENCE = 400
TICK_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-tick]');
  if (button) trigger('click', {action: button.dataset.tick, period: button.dataset.period});
});
"""
FILE_JS = """() => new Promise((found) => {
  const picker = document.createElement('input');
  picker.type = 'file';
  picker.accept = '.json,application/json';
  picker.addEventListener('change', async () => {
    const file = picker.files[0];
    found(file ? (file.size > 1000000 ? 'x'.repeat(1000001) : await file.text()) : '');
  });
  picker.addEventListener('cancel', () => found(''));
  picker.click();
})"""
SAVE_JSON_JS = """(name, text) => {
  if (text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], {type: 'application/json;charset=utf-8'}));
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 30000);
  }
  return ['', ''];
}"""


@dataclass
class PlanPart:
    """``fields``: what, how, by, support, know; ``edit`` holds the id of the action that is being changed, or ""."""

    disputes: gr.Dropdown
    sentence: gr.Textbox
    sort: gr.Button
    asked: gr.HTML
    edit: gr.Dropdown
    fields: list[gr.Textbox]
    every: gr.Dropdown
    owner: gr.Radio
    skill: gr.Dropdown
    put: gr.Button
    remove: gr.Button
    view: gr.HTML
    skills: list[Any]
    keep_skills: gr.Button
    share: gr.Button
    sheet: gr.Button
    resources: gr.HTML
    load: gr.Button
    catalogue: gr.Button
    idp: gr.Button
    brought: gr.Textbox
    carried: tuple[gr.Textbox, gr.Textbox]
    pulse: gr.HTML

    @property
    def form(self) -> list[Any]:
        """The action's own fields."""
        return [*self.fields, self.every, self.owner, self.skill]

    @property
    def shown(self) -> list[Any]:
        """What drawing fills."""
        return [
            self.disputes, self.edit, self.every, self.owner, self.skill, self.view, self.resources, self.pulse,
        ]  # fmt: skip


def _everies(lang: Lang) -> list[tuple[str, str]]:
    return [
        (t("after.every_once", lang), ""),
        (t("after.every_week", lang), "week"),
        (t("after.every_month", lang), "month"),
    ]


def _owners(lang: Lang) -> list[tuple[str, str]]:
    return [(t("after.owner_employee", lang), "employee"), (t("after.owner_manager", lang), "manager")]


def _levels() -> list[tuple[str, int]]:
    return [("–", 0), *((str(n), n) for n in LEVELS)]


def build(labels: Labels) -> PlanPart:
    """Under the minutes."""
    lang = labels.lang

    def keep(made: Any, name: str) -> Any:
        return labels.keep(made, label=f"after.{name}")

    def box(name: str, **more: Any) -> Any:
        made = gr.Textbox("", elem_id=f"after-{name}", **labels.text(label=f"after.{name}"), **more)
        return keep(made, name)

    def drop(name: str, choices: list[Any], value: Any, **more: Any) -> Any:
        made = gr.Dropdown(choices, value=value, elem_id=f"after-{name}", **labels.text(label=f"after.{name}"), **more)
        return keep(made, name)

    def button(name: str, **how: Any) -> gr.Button:
        return labels.keep(gr.Button(t(f"after.{name}", lang), elem_id=f"after-{name}", **how), value=f"after.{name}")

    def heading(name: str) -> None:
        labels.keep(gr.Markdown(t(f"after.head_{name}", lang)), value=f"after.head_{name}")

    with gr.Column(elem_id="after-plan-box"):
        heading("plan")
        with gr.Row():
            sentence = box("sentence", lines=2, max_lines=4, scale=4)
            sort = button("sort", variant="primary", scale=1)
        asked = gr.HTML("", elem_id="after-asked", elem_classes="report")
        with gr.Row():
            edit = drop("edit", [("", "")], "")
            disputes = drop("disputes", [("", "")], "")
        what = box("what", lines=2)
        with gr.Row():
            how, by = box("how", scale=3), box("by", scale=1, placeholder="2026-12-31")
        with gr.Row():
            support, know = box("support"), box("know")
        with gr.Row():
            every = drop("every", _everies(lang), "")
            owner = gr.Radio(_owners(lang), value="employee", elem_id="after-owner", **labels.text(label="after.owner"))
            keep(owner, "owner")
            skill = drop("skill", [("", "")], "")
        with gr.Row():
            put, remove = button("put", variant="primary"), button("remove", variant="stop")
        view = gr.HTML("", elem_id="after-view", elem_classes="report", js_on_load=TICK_JS)
        heading("skills")
        skills: list[Any] = []
        for number in (1, 2):
            with gr.Row():
                skills += [
                    box(f"skill_{number}", scale=3, max_length=60),
                    drop(f"now_{number}", _levels(), 0, scale=1),
                    drop(f"goal_{number}", _levels(), 0, scale=1),
                ]
        with gr.Row():
            keep_skills, share = button("keep_skills"), button("share", variant="primary")
            sheet = button("print_plan")
    with gr.Column(elem_id="after-resources-box"):
        heading("resources")
        resources = gr.HTML("", elem_id="after-resources", elem_classes="report")
        with gr.Row():
            load, catalogue, idp = button("load"), button("catalogue"), button("idp")
    with gr.Column(elem_id="after-pulse-box"):
        heading("pulse")
        pulse = gr.HTML("", elem_id="after-pulse", elem_classes="report")
    brought = gr.Textbox("", visible="hidden", elem_classes="carried")
    carried = (
        gr.Textbox("", visible="hidden", elem_classes="carried"),
        gr.Textbox("", visible="hidden", elem_classes="carried"),
    )
    return PlanPart(
        disputes, sentence, sort, asked, edit, [what, how, by, support, know], every, owner, skill, put, remove, view,
        skills, keep_skills, share, sheet, resources, load, catalogue, idp, brought, carried, pulse,
    )  # fmt: skip


def draw(services: Services, part: PlanPart, shared: "Shared") -> dict[str, Any]:
    """The plan, its choices, resources and pulse, in the present language; the form stays as it is."""

    @safety.guarded(len(part.shown))
    def fill(talk: str, lang: Lang) -> list[Any]:
        return _filled(services, talk, lang)

    return {"fn": fill, "inputs": [shared.talk, shared.language], "outputs": part.shown}


def _filled(services: Services, talk: str, lang: Lang) -> list[Any]:
    actor = services.acting(lang)
    plan = services.plans.of_talk(actor, talk) if talk else Plan()
    open_points = differences(services.minutes.of_talk(actor, talk)[0], plan) if talk else ()
    return [
        gr.update(choices=[("", ""), *((d[:80], d) for d in open_points)], value=""),
        gr.update(choices=[(t("after.new_action", lang), ""), *((a.what[:60], a.id) for a in plan.actions)], value=""),
        gr.update(choices=_everies(lang)),
        gr.update(choices=_owners(lang)),
        gr.update(choices=[("–", ""), *((s.name, s.name) for s in plan.skills)], value=""),
        _view(services, plan, lang) if talk else f"<p class='note'>{t('error.no_talk', lang)}</p>",
        _resources(services, plan, lang),
        pulse_html(services.pulses.shown(actor), lang),
    ]


def skill_values(plan: Plan) -> list[Any]:
    """Name, level and goal of both rows."""
    values: list[Any] = []
    for number in (0, 1):
        found = plan.skills[number] if number < len(plan.skills) else None
        values += [found.name, found.now or 0, found.goal or 0] if found else ["", 0, 0]
    return values


def _view(services: Services, plan: Plan, lang: Lang) -> str:
    if not plan.actions and not plan.skills:
        return f"<p class='note'>{t('after.plan_none', lang)}</p>"
    today = services.plans.today()
    shared = f"<p class='note'>{t('after.shared' if plan.shared_at else 'after.not_shared', lang)}</p>"
    parts = [shared, skills_html(plan.skills, lang)]
    for month, actions in by_month(plan):
        rows = "".join(f"<li>{action_html(a, today, lang)}{_done(a, today, lang)}</li>" for a in actions)
        parts.append(f"<h4>{month_name(month, lang)}</h4><ul>{rows}</ul>")
    return "".join(parts)


def _done(action: ActionItem, today: dt.date, lang: Lang) -> str:
    notes = "".join(
        f"<br><span class='note'>{period_name(x.period, lang)} ✓ {escape(x.note)}</span>"
        for x in action.ticks
        if x.note
    )
    if action.owner != "manager":
        return notes
    now = period_of(today, action.every)
    ticked = {x.period for x in action.ticks}
    wanted = [p for p in periods(action) if p <= now][-4:] or [now]
    buttons = " ".join(
        f"<button type='button' data-tick='{escape(action.id)}' data-period='{period}'>{period_name(period, lang)} "
        f"{t('me.untick' if period in ticked else 'me.tick', lang)}</button>"
        for period in wanted
    )
    return f"<br>{buttons}{notes}"


def _resources(services: Services, plan: Plan, lang: Lang) -> str:
    if not plan.skills:
        return f"<p class='note'>{t('after.resources_none', lang)}</p>"
    actor, other = services.acting(lang), "en" if lang == "zh" else "zh"
    known, beyond = services.resources.all(actor, lang), services.resources.all(actor, other)
    parts: list[str] = []
    for skill in plan.skills:
        found = match(skill.name, known, lang) or match(
            skill.name, beyond, other
        )  # a skill named in the other language
        rows = "".join(
            f"<li><b>{t('after.kind_' + m.resource.kind, lang)}</b> {_named(m.resource.name, m.resource.url)}"
            + (f" · {t('after.hours', lang, n=f'{m.resource.hours:g}')}" if m.resource.hours else "")
            + f"<br>{escape(m.resource.about)}<br><span class='note'>"
            + escape(t("after.because", lang, skill=skill.name, word=m.word))
            + "</span></li>"
            for m in found
        )
        parts.append(
            f"<h4>{escape(skill.name)}</h4>" + (f"<ul>{rows}</ul>" if rows else f"<p>{t('after.no_match', lang)}</p>")
        )
    return "".join(parts)


def _named(name: str, url: str) -> str:
    return (
        f"<a href='{escape(url)}' target='_blank' rel='noopener noreferrer'>{escape(name)}</a>" if url else escape(name)
    )


def asked_html(found: Reading, lang: Lang) -> str:
    """The sentence put in order, and what it still lacks."""
    sentence = f"<p><b>{escape(found.sentence)}</b></p>" if found.sentence else ""
    vague = ""
    if found.vague:
        words = ("、" if lang == "zh" else ", ").join(found.vague)
        vague = f"<p class='flag'>{escape(t('after.vague', lang, words=words))}</p>"
    rows = "".join(f"<li><b>{part_name(q.part, lang)}</b> {escape(q.text)}</li>" for q in found.questions)
    asks = f"<p>{t('after.asks', lang)}</p><ul>{rows}</ul>" if rows else f"<p>{t('after.whole', lang)}</p>"
    return f"{vague}{sentence}{asks}"


def wire(services: Services, part: PlanPart, shared: "Shared") -> None:
    """Sorting, changing, ticking, sharing, exchanging."""
    language = shared.language
    again = draw(services, part, shared)
    private = {"api_visibility": "private"}

    @safety.guarded(7)
    def sort(sentence: str, lang: Lang) -> list[Any]:
        if len(sentence) > MAX_SENTENCE:
            raise InputError("too long", message_key="error.long_field", limit=MAX_SENTENCE)
        if not sentence.strip():
            raise InputError("empty", message_key="error.plan_sentence")
        found = read(sentence, lang, services.plans.today())
        by = found.by.isoformat() if found.by else ""
        return [asked_html(found, lang), found.what, found.how, by, found.support, found.know, found.every]

    part.sort.click(sort, [part.sentence, language], [part.asked, *part.fields, part.every], **private)

    @safety.guarded(9)
    def opened(action_id: str, talk: str, lang: Lang) -> list[Any]:
        found = next(
            (a for a in services.plans.of_talk(services.acting(lang), talk).actions if a.id == action_id), None
        )
        if found is None:
            return ["", "", "", "", "", "", "employee", "", ""]
        by = found.by.isoformat() if found.by else ""
        return [found.what, found.how, by, found.support, found.know, found.every, found.owner, found.skill, ""]

    part.edit.input(opened, [part.edit, shared.talk, language], [*part.form, part.disputes], **QUIET)
    part.disputes.input(lambda words: words, part.disputes, part.fields[0], **QUIET)

    @safety.guarded(len(part.form) + 2)
    def put(
        talk: str, edit: str, dispute: str, what: str, how: str, by: str, support: str, know: str, every: str,
        owner: str, skill: str, lang: Lang,
    ) -> list[Any]:  # fmt: skip
        actor = services.acting(lang)
        plan = services.plans.of_talk(actor, _needed(talk))
        before = next((a for a in plan.actions if a.id == edit), None)
        action = action_from(
            edit, what, how, by, support, know, every, owner, skill,
            difference=bool(dispute) or bool(before and before.difference), today=services.plans.today(),
        )  # fmt: skip
        services.plans.put_action(actor, talk, action)
        return ["", "", "", "", "", "", "employee", "", "", ""]

    put_in = [shared.talk, part.edit, part.disputes, *part.form, language]
    put_out = [*part.form, part.sentence, part.asked]
    part.put.click(put, put_in, put_out, **private).then(**again, **QUIET)

    @safety.guarded(1)
    def remove(talk: str, edit: str, lang: Lang) -> Any:
        services.plans.remove_action(services.acting(lang), _needed(talk), edit)
        return ""

    part.remove.click(remove, [shared.talk, part.edit, language], part.asked, **private).then(**again, **QUIET)

    @safety.guarded(1)
    def keep_skills(talk: str, one: str, now1: int, goal1: int, two: str, now2: int, goal2: int, lang: Lang) -> Any:
        rows = ((one, now1, goal1), (two, now2, goal2))
        found = [Skill(name=n.strip(), now=a or None, goal=b or None) for n, a, b in rows if n.strip()]
        services.plans.set_skills(services.acting(lang), _needed(talk), found)
        safety.tell(t("after.saved", lang), lang)
        return gr.skip()

    part.keep_skills.click(keep_skills, [shared.talk, *part.skills, language], part.asked, **private).then(
        **again, **QUIET
    )

    @safety.guarded(1)
    def share(talk: str, lang: Lang) -> Any:
        services.plans.share(services.acting(lang), _needed(talk))
        safety.tell(t("after.shared", lang), lang)
        return gr.skip()

    part.share.click(share, [shared.talk, language], part.asked, **private).then(**again, **QUIET)

    @safety.guarded(1)
    def ticked(talk: str, data: dict[str, Any], lang: Lang) -> Any:
        services.plans.tick(services.acting(lang), talk, str(data.get("action") or ""), str(data.get("period") or ""))
        return gr.skip()

    def tick(talk: str, lang: Lang, event: gr.EventData) -> Any:
        return ticked(talk, event._data, lang)

    part.view.click(tick, [shared.talk, language], part.asked, **private).then(**again, **QUIET)
    _wire_exchange(services, part, shared, again)
    _wire_sheet(services, part, shared)


def _wire_exchange(services: Services, part: PlanPart, shared: "Shared", again: dict[str, Any]) -> None:
    language = shared.language

    @safety.guarded(1)
    def load(text: str, lang: Lang) -> str:
        if text:
            count = services.resources.import_json(services.acting(lang), text)
            safety.tell(t("after.loaded", lang, count=count), lang)
        return ""

    part.load.click(None, None, part.brought, js=FILE_JS, **QUIET).then(
        load, [part.brought, language], part.brought, api_visibility="private"
    ).then(**again, **QUIET)

    @safety.guarded(2)
    def catalogue(lang: Lang) -> list[str]:
        return ["tandao-resources.json", write_catalogue(services.resources.all(services.acting(lang), lang))]

    part.catalogue.click(catalogue, language, list(part.carried), api_visibility="private").then(
        None, list(part.carried), list(part.carried), js=SAVE_JSON_JS, **QUIET
    )

    @safety.guarded(2)
    def idp(talk: str, lang: Lang) -> list[str]:
        actor = services.acting(lang)
        record, _ = services.talks.talk(actor, _needed(talk))
        _, person = services.team.person(actor, record.key_id)
        return [f"tandao-idp-{talk}.json", write_idp(person, services.plans.of_talk(actor, talk))]

    part.idp.click(idp, [shared.talk, language], list(part.carried), api_visibility="private").then(
        None, list(part.carried), list(part.carried), js=SAVE_JSON_JS, **QUIET
    )


def _wire_sheet(services: Services, part: PlanPart, shared: "Shared") -> None:
    """The plan as a page of its own, for print."""

    @safety.guarded(2)
    def sheet(talk: str, lang: Lang) -> list[str]:
        actor = services.acting(lang)
        record, _ = services.talks.talk(actor, _needed(talk))
        _, person = services.team.person(actor, record.key_id)
        plan = services.plans.of_talk(actor, talk)
        if not plan.actions and not plan.skills:
            raise InputError("empty", message_key="after.plan_none")
        made = plan_document(person.name, plan, services.plans.today(), lang)
        return [f"tandao-plan-{talk}.html", made]

    part.sheet.click(sheet, [shared.talk, shared.language], list(part.carried), api_visibility="private").then(
        None, list(part.carried), list(part.carried), js=SAVE_JS, **QUIET
    )


def action_from(
    action_id: str, what: str, how: str, by: str, support: str, know: str, every: str, owner: str, skill: str, *,
    difference: bool, today: dt.date,
) -> ActionItem:  # fmt: skip
    """An action out of the form; raises InputError for an empty, too long or unreadable field."""
    if not what.strip():
        raise InputError("empty", message_key="error.plan_what")
    if any(len(text) > MAX_SENTENCE for text in (what, how, support, know)):
        raise InputError("too long", message_key="error.long_field", limit=MAX_SENTENCE)
    try:
        day = dt.date.fromisoformat(by.strip()) if by.strip() else None
    except ValueError as error:
        raise InputError("date", message_key="error.plan_date") from error
    return ActionItem(
        id=action_id, what=what, how=how, by=day, every="week" if every == "week" else "month" if every == "month" else "",
        support=support, know=know, owner="manager" if owner == "manager" else "employee", skill=skill or "",
        difference=difference, since=today,
    )  # fmt: skip


def _needed(talk: str) -> str:
    if not talk:
        raise InputError("no talk", message_key="error.no_talk")
    return talk
