"""The preparation of one talk: what is known, what the manager keeps and writes, the check, the situation."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.texts import message, t
from app.ui import safety
from app.ui.cycle import chosen, pack_items, rehearse
from app.ui.cycle.pack_html import (
    advice_html,
    before_html,
    findings_html,
    numbers_html,
    pack_document,
    placed_html,
)
from app.ui.labels import Labels
from app.ui.report import SAVE_JS
from app.wiring import Services
from cycle.pack_checks import review
from cycle.packs import Incident, Opened, Pack
from cycle.situation import advice, place, sign_text, signs, style_text
from interview.conversation import Lang
from interview.errors import ConflictError, InputError
from interview.situations import Situation, Style
from interview.texts import situation_text

if TYPE_CHECKING:
    from app.ui.cycle.page import Shared

QUIET = {"show_progress": "hidden", "api_visibility": "private"}
JUDGEMENTS = 4


@dataclass
class PackPage:
    """The components others need. ``fields`` are what is typed and ticked, ``base`` the pack as last read."""

    before: gr.HTML
    table: gr.HTML
    body: gr.Column
    fields: dict[str, Any]
    adds: dict[str, Any]
    buttons: dict[str, gr.Button]
    saved: gr.HTML
    findings: gr.HTML
    placed: gr.HTML
    advice: gr.HTML
    base: gr.State
    version: gr.State
    carried: tuple[gr.Textbox, gr.Textbox]
    rehearse: rehearse.RehearsePage

    @property
    def shown(self) -> list[Any]:
        """What opening a pack fills."""
        return [
            self.body, self.before, self.table, *self.fields.values(), self.saved, self.findings, self.placed,
            self.advice, self.base, self.version,
        ]  # fmt: skip


def build(_services: Services, labels: Labels) -> PackPage:
    """Top to bottom as a manager prepares."""
    lang = labels.lang
    fields: dict[str, Any] = {}
    adds: dict[str, Any] = {}
    buttons: dict[str, gr.Button] = {}

    def put(kind: Any, into: dict[str, Any], name: str, *args: Any, **more: Any) -> None:
        made = kind(*args, elem_id=f"pack-{name.replace('_', '-')}", **labels.text(label=f"pack.{name}"), **more)
        into[name] = labels.keep(made, label=f"pack.{name}")

    def button(name: str, **more: Any) -> None:
        made = gr.Button(t(f"pack.do_{name}", lang), elem_id=f"pack-do-{name.replace('_', '-')}", **more)
        buttons[name] = labels.keep(made, value=f"pack.do_{name}")

    def heading(name: str) -> None:
        labels.keep(gr.Markdown(t(f"pack.head_{name}", lang)), value=f"pack.head_{name}")

    before = gr.HTML("", elem_id="pack-before")
    with gr.Column(visible=False, elem_id="pack-body") as body:
        heading("numbers")
        put(gr.Radio, fields, "months", [1, 3, 6, 12], value=6)
        table = gr.HTML("", elem_id="pack-table")
        put(gr.CheckboxGroup, fields, "numbers", [])
        heading("incidents")
        put(gr.CheckboxGroup, fields, "good", [])
        put(gr.CheckboxGroup, fields, "bad", [])
        with labels.keep(gr.Accordion(t("pack.more_incident", lang), open=False), label="pack.more_incident"):
            with gr.Row():
                put(gr.Textbox, adds, "date", "", max_length=10, placeholder="2026-09-12")
                put(gr.Radio, adds, "side", _sides(lang), value="good")
            put(gr.Textbox, adds, "what", "", max_length=500)
            put(gr.Textbox, adds, "source", "", max_length=120)
            button("add_incident")
        heading("feedback")
        put(gr.CheckboxGroup, fields, "feedback", [])
        with gr.Row():
            put(gr.Textbox, adds, "from", "", max_length=120, scale=1)
            put(gr.Textbox, adds, "said", "", max_length=500, scale=3)
        button("add_feedback")
        with labels.keep(gr.Accordion(t("pack.change_item", lang), open=False), label="pack.change_item"):
            put(gr.Dropdown, adds, "item", [("", "")], value="")
            with gr.Row():
                put(gr.Textbox, adds, "item_date", "", max_length=10)
                put(gr.Radio, adds, "item_side", _sides(lang), value="good")
            put(gr.Textbox, adds, "item_what", "", max_length=500)
            put(gr.Textbox, adds, "item_source", "", max_length=120)
            with gr.Row():
                button("change_item")
                button("remove_item", variant="stop")
        heading("role")
        for name in ("contribution", "strategy", "gap"):
            put(gr.Textbox, fields, name, "", lines=2, max_length=1_000)
        heading("rating")
        with gr.Row():
            put(gr.Textbox, fields, "rating", "", max_length=60, scale=1)
            put(gr.Radio, fields, "level", _levels(lang), value="", scale=4)
        put(gr.Textbox, fields, "text", "", lines=4, max_length=4_000)
        heading("judgements")
        for n in range(1, JUDGEMENTS + 1):
            with gr.Row():
                put(gr.Textbox, fields, f"judgement_{n}", "", lines=2, max_length=1_000, scale=3)
                put(gr.Dropdown, fields, f"evidence_{n}", [], value=[], multiselect=True, scale=2)
        with gr.Row():
            button("save")
            button("check", variant="primary")
        saved = gr.HTML("", elem_id="pack-saved")
        findings = gr.HTML("", elem_id="pack-findings")
        with labels.keep(gr.Accordion(t("pack.head_situation", lang), open=False, elem_id="pack-situation"),
                         label="pack.head_situation"):  # fmt: skip
            with gr.Row():
                put(gr.Radio, fields, "performance", _grades(lang), value="")
                put(gr.Radio, fields, "potential", _grades(lang), value="")
            put(gr.CheckboxGroup, fields, "signs", _signs(lang))
            put(gr.Radio, fields, "style", _styles(lang), value="")
            placed = gr.HTML("", elem_id="pack-placed")
            put(gr.Radio, fields, "decided", _situations(lang), value="")
            put(gr.Textbox, fields, "why", "", lines=2, max_length=1_000)
            shown_advice = gr.HTML("", elem_id="pack-advice")
        with gr.Row():
            button("ready", variant="primary")
            button("invite")
            button("print")
        rehearsing = rehearse.build(labels, "pack-rehearse")
    carried = (
        gr.Textbox("", visible="hidden", elem_classes="carried"),
        gr.Textbox("", visible="hidden", elem_classes="carried"),
    )
    return PackPage(
        before, table, body, fields, adds, buttons, saved, findings, placed, shown_advice, gr.State({}), gr.State(0),
        carried, rehearsing,
    )  # fmt: skip


def wire(services: Services, page: PackPage, shared: "Shared", tab: gr.Tab) -> None:
    """Open, save as typed, add, check, decide."""
    language, names = shared.language, list(page.fields)
    opening = _opening(services, page, shared)
    tab.select(**opening, **QUIET)
    inputs = [shared.talk, page.base, page.version, *page.fields.values(), language]
    drawn = [page.table, page.saved, page.placed, page.advice, page.base, page.version, *_choosers(page)]

    def written(values: tuple[Any, ...]) -> tuple[str, Pack, int, Lang]:
        talk, base, version, *fields, lang = values
        if not talk:
            raise InputError("no talk", message_key="error.no_talk")
        return talk, pack_of(base, dict(zip(names, fields, strict=True))), int(version), lang

    def kept(talk: str, pack: Pack, version: int, lang: Lang, *, ready: bool = False) -> tuple[str, int]:
        try:
            stored = services.packs.save(services.acting(lang), talk, pack, version, ready=ready)
        except ConflictError as error:  # what is typed stays; saved again it stands
            safety.warn(message(error, lang), lang)
            return "", services.packs.open(services.acting(lang), talk).version
        return t("pack.saved", lang, at=f"{dt.datetime.now():%H:%M:%S}", version=stored), stored

    def after(talk: str, said: str, pack: Pack, stored: int, lang: Lang) -> list[Any]:
        opened = services.packs.open(services.acting(lang), talk)
        note = f"<p class='note'>{said}</p>"
        base = pack.model_dump(mode="json")
        placing = _placing(services, opened, lang)
        return [numbers_html(opened.numbers, lang), note, *placing, base, stored, *_choices(opened, lang)]

    @safety.guarded(len(drawn))
    def save(*values: Any) -> list[Any]:
        talk, pack, version, lang = written(values)
        said, stored = kept(talk, pack, version, lang)
        return after(talk, said, pack, stored, lang)

    typed = [c.blur for c in page.fields.values() if isinstance(c, gr.Textbox)]
    ticked = [c.input for c in page.fields.values() if not isinstance(c, gr.Textbox)]
    gr.on([*typed, *ticked], save, inputs, drawn, trigger_mode="always_last", **QUIET)
    page.buttons["save"].click(save, inputs, drawn, api_visibility="private")

    @safety.guarded(len(drawn) + 1)
    def check(*values: Any) -> list[Any]:
        talk, pack, version, lang = written(values)
        said, stored = kept(talk, pack, version, lang)
        found = review(services.packs.open(services.acting(lang), talk), services.move_reader)
        return [*after(talk, said, pack, stored, lang), findings_html(found, lang)]

    page.buttons["check"].click(check, inputs, [*drawn, page.findings], api_visibility="private")

    def adding(name: str, parts: list[str], change: Any) -> None:
        boxes = [page.adds[part] for part in parts]

        @safety.guarded(len(boxes) + len(page.shown))
        def act(*values: Any) -> list[Any]:
            own, rest = values[: len(boxes)], values[len(boxes) :]
            talk, pack, version, lang = written(rest)
            kept(talk, change(pack, *own), version, lang)
            cleared = [gr.skip() if isinstance(box, gr.Radio) else "" for box in boxes]
            return [*cleared, *_filled(services, page, talk, lang)]

        page.buttons[name].click(act, [*boxes, *inputs], [*boxes, *page.shown], api_visibility="private").then(
            pack_items.choices, [page.base], page.adds["item"], **QUIET
        )

    item = ["item", "item_date", "item_side", "item_what", "item_source"]
    adding("add_incident", ["date", "side", "what", "source"], pack_items.with_incident)
    adding("add_feedback", ["from", "said"], pack_items.with_feedback)
    adding("change_item", item, pack_items.changed)
    adding("remove_item", item, lambda pack, picked, *_: pack_items.removed(pack, picked))
    page.adds["item"].input(
        pack_items.fields, [page.base, page.adds["item"]], [page.adds[name] for name in item[1:]], **QUIET
    )

    @safety.guarded(len(drawn) + 1)
    def ready(*values: Any) -> list[Any]:
        talk, pack, version, lang = written(values)
        said, stored = kept(talk, pack, version, lang, ready=True)
        if said:
            safety.tell(t("pack.is_ready", lang), lang)
        person = services.talks.talk(services.acting(lang), talk)[0].key_id
        return [*after(talk, said, pack, stored, lang), chosen.line(services, person, talk, lang)]

    page.buttons["ready"].click(ready, inputs, [*drawn, shared.line], api_visibility="private")

    carried = list(page.carried)

    @safety.guarded(len(drawn) + 2)
    def sheet(*values: Any) -> list[Any]:
        talk, pack, version, lang = written(values)
        said, stored = kept(talk, pack, version, lang)
        opened = services.packs.open(services.acting(lang), talk)
        company = services.rounds.of_talk(services.acting(lang), opened.talk)
        made = [f"tandao-pack-{talk}.html", pack_document(opened, lang, company)]
        return [*made, *after(talk, said, pack, stored, lang)]

    page.buttons["print"].click(sheet, inputs, [*carried, *drawn], api_visibility="private").then(
        None, carried, carried, js=SAVE_JS, **QUIET
    )
    page.buttons["invite"].click(lambda: gr.Tabs(selected="cycle-work"), None, shared.tabs, **QUIET)


def redraws(services: Services, page: PackPage, shared: "Shared") -> list[dict[str, Any]]:
    """Everything again in the present language; what was typed is saved when the field is left."""
    return [_opening(services, page, shared), rehearse.redraw(page.rehearse, shared.language)]


def _opening(services: Services, page: PackPage, shared: "Shared") -> dict[str, Any]:
    @safety.guarded(len(page.shown) + 1)
    def fill(talk: str, lang: Lang) -> list[Any]:
        if not talk:
            empty = [gr.skip()] * (len(page.shown) - 2)
            note = f"<p class='note'>{t('pack.choose_first', lang)}</p>"
            return [gr.update(choices=[("", "")], value=""), gr.update(visible=False), note, *empty]
        filled = _filled(services, page, talk, lang)
        return [pack_items.choices(filled[-2]), *filled]

    return {"fn": fill, "inputs": [shared.talk, shared.language], "outputs": [page.adds["item"], *page.shown]}


def _filled(services: Services, page: PackPage, talk: str, lang: Lang) -> list[Any]:
    opened = services.packs.open(services.acting(lang), talk)
    values = values_of(opened)
    lists = dict(zip(_choosers(page, names=True), _choices(opened, lang), strict=True))
    fixed = {
        "level": _levels(lang), "performance": _grades(lang), "potential": _grades(lang), "signs": _signs(lang),
        "style": _styles(lang), "decided": _situations(lang),
    }  # fmt: skip
    updates: list[Any] = []
    for name in page.fields:
        if name in lists:
            updates.append(gr.update(choices=lists[name]["choices"], value=values[name]))
        elif name in fixed:
            updates.append(gr.update(choices=fixed[name], value=values[name]))
        else:
            updates.append(values[name])
    company = services.rounds.of_talk(services.acting(lang), opened.talk)
    head = [gr.update(visible=True), before_html(opened, company, lang), numbers_html(opened.numbers, lang)]
    base = opened.pack.model_dump(mode="json")
    return [*head, *updates, "", "", *_placing(services, opened, lang), base, opened.version]


def _placing(services: Services, opened: Opened, lang: Lang) -> list[str]:
    placed = place(opened)
    if placed.decided is None:
        return [placed_html(placed, lang), ""]
    return [placed_html(placed, lang), advice_html(advice(placed.decided, placed.style, lang, services.phrasing), lang)]


def _choosers(page: PackPage, *, names: bool = False) -> list[Any]:
    found = ["numbers", "good", "bad", "feedback", *(f"evidence_{n}" for n in range(1, JUDGEMENTS + 1))]
    return found if names else [page.fields[name] for name in found]


def _choices(opened: Opened, lang: Lang) -> list[Any]:
    """Updates of what can be ticked and of what can be named as evidence, in the order of ``_choosers``."""
    pack, evidence = opened.pack, opened.evidence
    numbers = [
        (t("pack.number", lang, metric=n.metric, actual=f"{n.actual:.4g}{n.unit}"), n.id) for n in opened.numbers
    ]
    sides = {side: [(_incident(i), i.id) for i in pack.incidents if i.side == side] for side in ("good", "bad")}
    feedback = [(f"{f.source or '?'}: {f.what}", f.id) for f in pack.feedback]
    every = [(text[: pack_items.SHORT], i) for text, i in (*numbers, *sides["good"], *sides["bad"], *feedback)]
    named = {e for j in pack.judgements for e in j.evidence}
    usable = [(text, i) for text, i in every if i in evidence or i in named]
    ticks = [gr.update(choices=c) for c in (numbers, sides["good"], sides["bad"], feedback)]
    return [*ticks, *[gr.update(choices=usable)] * JUDGEMENTS]


def _incident(incident: Incident) -> str:
    return f"{incident.date} {incident.what}" + (f" ({incident.source})" if incident.source else "")


def values_of(opened: Opened) -> dict[str, Any]:
    """The fields' values of a pack."""
    pack, chosen_ = opened.pack, opened.pack.placement
    known = {n.id for n in opened.numbers}
    values: dict[str, Any] = {
        "months": pack.months,
        "numbers": [i for i in pack.numbers if i in known],
        "good": [i.id for i in pack.incidents if i.kept and i.side == "good"],
        "bad": [i.id for i in pack.incidents if i.kept and i.side == "bad"],
        "feedback": [f.id for f in pack.feedback if f.kept],
        "contribution": pack.role.contribution,
        "strategy": pack.role.strategy,
        "gap": pack.role.gap,
        "rating": pack.rating,
        "level": pack.level or "",
        "text": pack.text,
        "performance": chosen_.performance,
        "potential": chosen_.potential,
        "signs": list(chosen_.signs),
        "style": chosen_.style or "",
        "decided": chosen_.decided or "",
        "why": chosen_.why,
    }
    usable = opened.evidence | {e for j in pack.judgements for e in j.evidence}
    for n in range(1, JUDGEMENTS + 1):
        judgement = pack.judgements[n - 1] if n <= len(pack.judgements) else None
        values[f"judgement_{n}"] = judgement.text if judgement else ""
        values[f"evidence_{n}"] = [e for e in judgement.evidence if e in usable] if judgement else []
    return values


def pack_of(base: dict[str, Any], values: dict[str, Any]) -> Pack:
    """The pack that the fields say, over the one last read; raises InputError for what can't be kept."""
    kept = {*(values["good"] or ()), *(values["bad"] or ())}
    said = set(values["feedback"] or ())
    texts = [
        (str(values[f"judgement_{n}"] or "").strip(), values[f"evidence_{n}"] or []) for n in range(1, JUDGEMENTS + 1)
    ]
    body = {
        **base,
        "months": int(values["months"] or 6),
        "numbers": values["numbers"] or [],
        "incidents": [{**i, "kept": i["id"] in kept} for i in base.get("incidents", ())],
        "feedback": [{**f, "kept": f["id"] in said} for f in base.get("feedback", ())],
        "role": {name: values[name] or "" for name in ("contribution", "strategy", "gap")},
        "rating": values["rating"] or "",
        "level": values["level"] or None,
        "text": values["text"] or "",
        "judgements": [{"text": text, "evidence": evidence} for text, evidence in texts if text],
        "placement": {
            "performance": values["performance"] or "",
            "potential": values["potential"] or "",
            "style": values["style"] or None,
            "signs": values["signs"] or [],
            "decided": values["decided"] or None,
            "why": values["why"] or "",
        },
    }
    return pack_items.valid(Pack, body)


def _sides(lang: Lang) -> list[tuple[str, str]]:
    return [(t(f"pack.side_{side}", lang), side) for side in ("good", "bad")]


def _levels(lang: Lang) -> list[tuple[str, Any]]:
    return [(t("pack.undecided", lang), ""), *((t(f"pack.level_{n}", lang), n) for n in range(1, 6))]


def _grades(lang: Lang) -> list[tuple[str, str]]:
    return [(t(f"pack.grade_{grade or 'auto'}", lang), grade) for grade in ("", "high", "low")]


def _signs(lang: Lang) -> list[tuple[str, str]]:
    return [(sign_text(name, lang), name) for name in signs()]


def _styles(lang: Lang) -> list[tuple[str, str]]:
    return [(t("pack.undecided", lang), ""), *((style_text(s, lang), str(s)) for s in Style)]


def _situations(lang: Lang) -> list[tuple[str, str]]:
    return [(t("pack.undecided", lang), ""), *((situation_text(s, lang).name, str(s)) for s in Situation)]
