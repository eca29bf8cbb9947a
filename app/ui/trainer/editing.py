"""Edit: personas and scenarios as forms, checked like the files, with a preview of the brief."""

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.texts import message, t
from app.ui import safety
from app.ui.labels import Labels
from app.ui.parts import brief_html
from app.wiring import Services
from interview.actor import Actor, Role
from interview.conversation import LANGS, Lang
from interview.errors import DataFileError, InputError
from interview.persona import Persona, Scenario
from review.editing import Kind, checked
from review.forms import FIXED, FormField, form_of, label_of, raw_of, values_of

FORMS: dict[Kind, tuple[FormField, ...]] = {"persona": form_of(Persona), "scenario": form_of(Scenario)}


@dataclass
class EditPage:
    """The components others need. ``fields`` in the order of the form."""

    kind: Kind
    pick: gr.Dropdown
    lang: gr.Radio
    fields: list[Any]
    check: gr.Button
    save: gr.Button
    revert: gr.Button
    verdict: gr.HTML


_LANGUAGES: dict[Lang, str] = {"zh": "中文", "en": "English"}


def build(labels: Labels, kind: Kind) -> EditPage:
    """One form."""
    lang = labels.lang

    def keep(component: Any, key: str) -> Any:
        return labels.keep(component, label=key)

    with gr.Row():
        pick = keep(gr.Dropdown([], elem_id=f"edit-{kind}", **labels.text(label=f"edit.{kind}")), f"edit.{kind}")
        in_lang = keep(
            gr.Radio(
                [(_LANGUAGES[one], one) for one in LANGS],
                value=lang,
                elem_id=f"edit-{kind}-lang",
                **labels.text(label="edit.lang"),
            ),
            "edit.lang",
        )
    fields: list[Any] = []
    with labels.keep(
        gr.Accordion(t("edit.fields", lang), open=False, elem_id=f"edit-{kind}-fields"), label="edit.fields"
    ):
        about = gr.HTML(t("edit.about", lang), elem_classes="note")
        labels.keep(about, value="edit.about")
        for field in FORMS[kind]:
            fields.append(_component(field, kind, lang))
    with gr.Row():
        check = gr.Button(t("edit.check", lang), elem_id=f"check-{kind}")
        save = gr.Button(t("edit.save", lang), variant="primary", elem_id=f"save-{kind}")
        revert = gr.Button(t("edit.revert", lang), elem_id=f"revert-{kind}")
    for button, key in ((check, "edit.check"), (save, "edit.save"), (revert, "edit.revert")):
        labels.keep(button, value=key)
    verdict = gr.HTML("", elem_id=f"verdict-{kind}")
    return EditPage(kind, pick, in_lang, fields, check, save, revert, verdict)


def _component(field: FormField, kind: Kind, lang: Lang) -> Any:
    label = label_of(field.name, lang)
    name = f"{kind}-{field.name.replace('.', '-')}"
    if field.shape == "table":
        heads = [label_of(c.name, lang) for c in field.columns]
        return gr.Dataframe(
            headers=heads, type="array", label=label, elem_id=name, interactive=True, wrap=True, row_count=1,
            column_count=len(heads), max_height=360,
        )  # fmt: skip
    if field.shape == "lines":
        return gr.Textbox(lines=3, max_lines=12, label=label, elem_id=name)
    if field.shape == "choice":
        return gr.Dropdown(list(field.options), label=label, elem_id=name, interactive=field.path[-1] not in FIXED)
    if field.shape == "flag":
        return gr.Checkbox(label=label, elem_id=name)
    if field.shape == "number":
        return gr.Number(label=label, elem_id=name)
    return gr.Textbox(lines=1, max_lines=6, label=label, elem_id=name)


def wire(services: Services, page: EditPage, tab: gr.Tab, language: gr.State) -> None:
    """Load, check with a preview, save, take back."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(**redraw(services, page, language), **quiet)
    form = FORMS[page.kind]

    @safety.guarded(len(form) + 1)
    def load(picked: str | None, in_lang: Lang, lang: Lang) -> list[Any]:
        if not picked:
            return [gr.skip()] * (len(form) + 1)
        found = (services.library.persona if page.kind == "persona" else services.library.scenario)(picked, in_lang)
        return [*values_of(found.model_dump(mode="json"), form), ""]

    for component in (page.pick, page.lang):
        component.change(load, [page.pick, page.lang, language], [*page.fields, page.verdict], **quiet)

    @safety.guarded(1)
    def look(in_lang: Lang, *rest: Any) -> str:
        *values, lang = rest
        return _verdict(services, page.kind, values, in_lang, lang)

    page.check.click(look, [page.lang, *page.fields, language], page.verdict, api_visibility="private")

    @safety.guarded(2)
    def save(in_lang: Lang, *rest: Any) -> list[Any]:
        *values, lang = rest
        try:
            kept = services.editing.save(_trainer(services, lang), page.kind, raw_of(values, form), in_lang)
        except DataFileError:
            return [gr.skip(), _verdict(services, page.kind, values, in_lang, lang)]
        safety.tell(t("edit.saved", lang), lang)
        return [gr.update(choices=_choices(services, page.kind, lang), value=kept.id), ""]

    page.save.click(save, [page.lang, *page.fields, language], [page.pick, page.verdict], api_visibility="private")

    @safety.guarded(len(form) + 1)
    def revert(picked: str | None, in_lang: Lang, lang: Lang) -> list[Any]:
        if not picked:
            raise InputError("none", message_key="error.pick_file")
        services.editing.revert(_trainer(services, lang), page.kind, picked, in_lang)
        safety.tell(t("edit.reverted", lang), lang)
        return load(picked, in_lang, lang)

    page.revert.click(revert, [page.pick, page.lang, language], [*page.fields, page.verdict], api_visibility="private")


def redraw(services: Services, page: EditPage, language: gr.State) -> dict[str, Any]:
    """Names in the present language; what is being edited stays."""
    form = FORMS[page.kind]

    @safety.guarded(len(form) + 2)
    def draw(lang: Lang, picked: str | None) -> list[Any]:
        labels = [gr.update(label=label_of(field.name, lang)) for field in form]
        own = gr.skip() if picked else gr.update(value=lang)
        return [gr.update(choices=_choices(services, page.kind, lang)), own, *labels]

    return {"fn": draw, "inputs": [language, page.pick], "outputs": [page.pick, page.lang, *page.fields]}


def _trainer(services: Services, lang: Lang) -> Actor:
    return services.acting(lang, Role.TRAINER)


def _choices(services: Services, kind: Kind, lang: Lang) -> list[tuple[str, str]]:
    edited = {file_id for k, file_id, _ in services.editing.edited(_trainer(services, lang)) if k == kind}
    if kind == "persona":
        named = [(f"{p.face} {p.name} · {p.id}", p.id) for p in services.library.personas(lang)]
    else:
        named = [(f"{s.title} · {s.id}", s.id) for s in services.library.scenarios(lang)]
    return [(text + (f" · {t('edit.edited', lang)}" if i in edited else ""), i) for text, i in named]


def _verdict(services: Services, kind: Kind, values: list[Any], in_lang: Lang, lang: Lang) -> str:
    """Every problem by field, or the brief as a manager would see it."""
    try:
        found = checked(kind, raw_of(values, FORMS[kind]), in_lang)
    except DataFileError as error:
        lines = "".join(f"<li>{escape(line)}</li>" for line in str(error).splitlines())
        return f"<div class='report'><p class='flag'>{escape(message(error, lang))}</p><ul>{lines}</ul></div>"
    persona = found if isinstance(found, Persona) else services.library.personas(in_lang)[0]
    scenario = found if isinstance(found, Scenario) else services.library.scenario(persona.default_scenario, in_lang)
    frame = services.library.legal_frame(persona.jurisdiction, in_lang)
    return f"<p><b>✓ {t('edit.good', lang)}</b></p>" + brief_html(persona, scenario, frame, lang)
