"""Live: the components of the page, top to bottom in the order things happen."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.texts import t
from app.ui.labels import Labels
from app.ui.live_html import card_html, hearing_html, recording_html
from app.ui.live_scripts import WHO_JS
from app.wiring import Services
from consent.notices import SUGGESTED
from interview.conversation import Lang
from interview.situations import Situation
from interview.texts import situation_text

POLL_S = 1.5
PARTS = ("agreed", "disputed", "promised")


@dataclass
class LivePage:
    """The components others need."""

    pick: gr.Dropdown
    title: gr.Textbox
    create: gr.Button
    held_for: gr.Dropdown
    spoken: gr.Dropdown
    came_for: gr.State
    invitation: gr.HTML
    purposes: gr.CheckboxGroup
    name: gr.Textbox
    agree: gr.Button
    withdraw: gr.Button
    status: gr.HTML
    situation: gr.Dropdown
    speaker: gr.Radio
    line: gr.Textbox
    send: gr.Button
    listen: gr.Button
    hush: gr.Button
    recording: gr.HTML
    upload: gr.Button
    cancel: gr.Button
    hearing: gr.HTML
    token: gr.Textbox
    terms: gr.Textbox
    talk: gr.HTML
    side: gr.HTML
    hint: gr.HTML
    helpful: gr.Button
    not_now: gr.Button
    wrong: gr.Button
    another: gr.Button
    refresh: gr.Button
    card: gr.HTML
    number: gr.Textbox
    words: gr.Textbox
    who: gr.Radio
    correct: gr.Button
    finish: gr.Button
    minutes: list[gr.Textbox]
    save: gr.Button
    report: gr.HTML
    keep_minutes: gr.Button
    keep_report: gr.Button
    keep_sound: gr.Button
    sure: gr.Checkbox
    delete: gr.Button
    carried: tuple[gr.Textbox, gr.Textbox]
    stamp: gr.State
    timer: gr.Timer

    @property
    def shown(self) -> list[Any]:
        """What a refresh fills."""
        return [self.status, self.talk, self.side, self.hint, self.stamp]


def build(services: Services, labels: Labels) -> LivePage:
    """Top to bottom in the order things happen."""
    lang = labels.lang

    def keep(component: Any, key: str) -> Any:
        return labels.keep(component, label=key)

    def button(key: str, **how: Any) -> gr.Button:
        made = gr.Button(t(key, lang), elem_id=key.replace(".", "-").replace("_", "-"), **how)
        labels.keep(made, value=key)
        return made

    about = gr.HTML(t("live.about", lang), elem_classes="note")
    labels.keep(about, value="live.about")
    with gr.Row():
        pick = keep(
            gr.Dropdown([("", "")], value="", elem_id="live-pick", scale=3, **labels.text(label="live.pick")),
            "live.pick",
        )
        title = keep(gr.Textbox("", elem_id="live-title", scale=3, **labels.text(label="live.title")), "live.title")
        held_for = keep(
            gr.Dropdown([("", "")], value="", elem_id="live-for", scale=3, **labels.text(label="live.for")), "live.for"
        )
        spoken = keep(
            gr.Dropdown(
                languages(lang), value=lang, elem_id="live-spoken", scale=2, **labels.text(label="live.spoken")
            ),
            "live.spoken",
        )
        create = button("live.create", variant="primary", scale=2)
    invitation = gr.HTML("", elem_id="live-invitation")
    with gr.Row():
        purposes = keep(
            gr.CheckboxGroup(
                purpose_names(services, lang),
                value=[str(p) for p in SUGGESTED],
                elem_id="live-purposes",
                scale=4,
                **labels.text(label="live.purposes"),
            ),
            "live.purposes",
        )
        name = keep(gr.Textbox("", elem_id="live-name", scale=2, **labels.text(label="live.name")), "live.name")
        with gr.Column(scale=2, min_width=140):
            agree = button("live.agree")
            withdraw = button("live.withdraw", variant="stop")
    status = gr.HTML("", elem_id="live-status")
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            with gr.Row():
                listen = button("live.listen", variant="primary")
                hush = button("live.hush")
            with labels.keep(
                gr.Accordion(t("live.recording", lang), open=False, elem_id="live-recording"), label="live.recording"
            ):
                recording = gr.HTML(recording_html(lang), elem_id="live-recording-box")
                with gr.Row():
                    upload = button("live.upload")
                    cancel = button("live.cancel")
            hearing = gr.HTML(hearing_html(lang, services.settings.speech_service), elem_id="live-hearing-box")
            terms = keep(
                gr.Textbox("", elem_id="live-terms", max_length=200, **labels.text(label="live.terms")), "live.terms"
            )
            token = gr.Textbox("", visible="hidden", elem_id="live-token")
            talk = gr.HTML("", elem_id="live-talk", js_on_load=WHO_JS)
            with gr.Row():
                speaker = keep(
                    gr.Radio(speakers(lang), value=None, elem_id="live-speaker", **labels.text(label="live.speaker")),
                    "live.speaker",
                )
            line = keep(
                gr.Textbox(lines=1, max_lines=6, elem_id="live-line", **labels.text(label="live.line")), "live.line"
            )
            send = button("live.send", variant="primary")
        with gr.Column(scale=2, min_width=260, elem_id="live-help"):
            with gr.Column(elem_id="live-whisper"):
                hint = gr.HTML("", elem_id="live-hint")
                with gr.Row():
                    helpful = button("live.helpful", size="sm", min_width=80)
                    not_now = button("live.not_now", size="sm", min_width=80)
                    wrong = button("live.wrong", size="sm", min_width=80)
                    another = button("live.another", size="sm", min_width=80)
            refresh = gr.Button("", visible="hidden", elem_id="live-refresh")
            situation = keep(
                gr.Dropdown(
                    situations(lang),
                    value=str(Situation.EXPERT),
                    elem_id="live-situation",
                    **labels.text(label="live.situation"),
                ),
                "live.situation",
            )
            side = gr.HTML("", elem_id="live-side")
            labels.keep(gr.HTML(t("card.link", lang), elem_id="live-card-link"), value="card.link")
            with labels.keep(gr.Accordion(t("live.card", lang), open=False), label="live.card"):
                card = gr.HTML(card_html(lang), elem_id="live-card")
    with labels.keep(gr.Accordion(t("live.after", lang), open=False, elem_id="live-after"), label="live.after"):
        with gr.Row():
            number = keep(
                gr.Textbox("", elem_id="live-number", min_width=80, **labels.text(label="live.number")), "live.number"
            )
            who = keep(
                gr.Radio(speakers(lang), value="employee", elem_id="live-who", **labels.text(label="live.speaker")),
                "live.speaker",
            )
            words = keep(gr.Textbox("", elem_id="live-words", scale=4, **labels.text(label="live.words")), "live.words")
            correct = button("live.correct", size="sm", min_width=90)
        finish = button("live.finish", variant="primary")
        minutes = [
            keep(
                gr.Textbox("", lines=3, max_lines=12, elem_id=f"minutes-{part}", **labels.text(label=f"live.{part}")),
                f"live.{part}",
            )
            for part in PARTS
        ]
        with gr.Row():
            save = button("live.save_minutes")
            keep_minutes = button("live.download_minutes")
            keep_report = button("live.download_report")
            keep_sound = button("live.download_sound")
        report = gr.HTML("", elem_id="live-report")
        with gr.Row():
            sure = keep(gr.Checkbox(value=False, elem_id="live-sure", **labels.text(label="mine.sure")), "mine.sure")
            delete = button("live.delete", variant="stop")
    carried = (
        gr.Textbox("", visible="hidden", elem_id="live-file-name"),
        gr.Textbox("", visible="hidden", elem_id="live-file-text"),
    )
    return LivePage(
        pick, title, create, held_for, spoken, gr.State(""), invitation, purposes, name, agree, withdraw, status, situation, speaker, line, send, listen, hush,
        recording, upload, cancel, hearing, token, terms, talk, side,
        hint, helpful, not_now, wrong, another, refresh, card, number, words, who, correct, finish, minutes, save, report, keep_minutes,
        keep_report, keep_sound, sure, delete, carried, gr.State(""), gr.Timer(POLL_S, active=False),
    )  # fmt: skip


def purpose_names(services: Services, lang: Lang) -> list[tuple[str, str]]:
    """Purposes by name."""
    read = services.consents.notice(lang)
    return [(read.purpose(p)[0], str(p)) for p in services.consents.offered]


def speakers(lang: Lang) -> list[tuple[str, str]]:
    """Who said it."""
    return [(t(f"live.{who}", lang), who) for who in ("manager", "employee")]


def languages(lang: Lang) -> list[tuple[str, str]]:
    """What the two may speak."""
    return [(t(f"live.spoken_{one}", lang), one) for one in ("zh", "en", "auto")]


def situations(lang: Lang) -> list[tuple[str, str]]:
    """The four."""
    return [(situation_text(s, lang).name, str(s)) for s in Situation]


def choices(services: Services, lang: Lang) -> list[tuple[str, str]]:
    """This manager's interviews."""
    mine = services.consents.mine(services.acting(lang))
    return [("", ""), *[(f"{i.title} · {i.created_at.astimezone():%m-%d %H:%M}", i.id) for i in mine]]
