"""Talk: the chat, the step bar, the gauges with their reasons, a hint on demand."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.texts import message, t
from app.ui import report as report_page
from app.ui import safety
from app.ui.labels import Labels
from app.ui.parts import feedback_html, gauges, step_bar
from app.wiring import Services, single_user
from interview.conversation import Lang
from interview.errors import ConflictError, InputError, TandaoError
from interview.ports import RehearsalRecord, TurnRecord
from interview.steps import Step
from simulator.feedback import feedback_for
from simulator.rehearsal import Sentence, TurnStored
from simulator.voices.authored import join_sentences


@dataclass
class TalkPage:
    """The components others need. ``outputs`` are what ``view`` fills, in order."""

    head: gr.HTML
    chat: gr.Chatbot
    steps: gr.HTML
    gauge: gr.HTML
    feedback: gr.HTML
    hint: gr.HTML
    note: gr.HTML
    line: gr.Textbox
    send: gr.Button
    ask_hint: gr.Button
    finish: gr.Button
    known: gr.State

    @property
    def outputs(self) -> list[Any]:
        """Components of ``view``."""
        return [self.head, self.chat, self.steps, self.gauge, self.feedback, self.hint, self.note, self.line,
                self.send, self.ask_hint, self.finish, self.known]  # fmt: skip


def build(labels: Labels) -> TalkPage:
    """Chat on the left, the state of things on the right; one under the other on a phone."""
    lang = labels.lang
    head = gr.HTML(f"<p>{t('talk.empty', lang)}</p>", elem_id="talk-head")
    steps = gr.HTML("")
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            chat = gr.Chatbot(
                height=460, elem_id="chat", render_markdown=False, layout="bubble", feedback_options=None, buttons=[],
                allow_tags=False, latex_delimiters=[], show_label=False, **labels.text(label="talk.chat"),
            )  # fmt: skip
            labels.keep(chat, label="talk.chat")
            line = gr.Textbox(
                lines=1, max_lines=8, elem_id="line", interactive=False, submit_btn=False,
                **labels.text(label="talk.line", placeholder="talk.placeholder"),
            )  # fmt: skip
            labels.keep(line, label="talk.line", placeholder="talk.placeholder")
            with gr.Row():
                send = gr.Button(t("talk.send", lang), variant="primary", elem_id="send", interactive=False)
                ask_hint = gr.Button(t("talk.hint", lang), elem_id="ask-hint", interactive=False)
                finish = gr.Button(t("talk.finish", lang), variant="stop", elem_id="finish", interactive=False)
            labels.keep(send, value="talk.send")
            labels.keep(ask_hint, value="talk.hint")
            labels.keep(finish, value="talk.finish")
            note = gr.HTML("", elem_id="note")
        with gr.Column(scale=2, min_width=260):
            gauge = gr.HTML("", elem_id="gauge")
            hint = gr.HTML("", elem_id="hint")
            feedback = gr.HTML("", elem_id="feedback")
    return TalkPage(head, chat, steps, gauge, feedback, hint, note, line, send, ask_hint, finish, gr.State(0))


def view(services: Services, rehearsal_id: str, lang: Lang) -> list[Any]:
    """Everything on the page from the record; the values of ``TalkPage.outputs``."""
    actor = single_user(lang)
    record = services.rehearsals.get(actor, rehearsal_id)
    for _ in services.rehearsals.resume(actor, rehearsal_id):
        pass
    turns = services.rehearsals.turns(actor, rehearsal_id)
    opening = services.rehearsals.opening(actor, rehearsal_id)
    state = turns[-1].payload["state"] if turns else opening["state"]
    messages = [_bubble("assistant", opening["line"])]
    for turn in turns:
        messages += [_bubble("user", turn.payload["text"]), _bubble("assistant", join_sentences(turn.reply) or "…")]
    open_now = record.ended is None
    coached = record.mode == "practice"
    last = turns[-1] if turns else None
    return [
        _head(services, record, lang),
        messages,
        step_bar(Step(state["step"]), lang),
        gauges(state, lang) if coached else f"<p class='note'>{t('talk.exam', lang)}</p>",
        _feedback(services, record, last, lang) if coached and last else "",
        "",
        _note(record, last, lang),
        gr.update(interactive=open_now),
        gr.update(interactive=open_now),
        gr.update(interactive=open_now and coached),
        gr.update(interactive=True),
        record.turn_count,
    ]


def _bubble(role: str, text: str) -> dict[str, str]:
    """A chat message whose words are shown as they are, never as markup."""
    return {"role": role, "content": escape(text, quote=False)}


def _head(services: Services, record: RehearsalRecord, lang: Lang) -> str:
    stage = services.rehearsals.stage(record)
    mode = t(f"mode.{record.mode}", lang)
    return (
        f"<p><b>{stage.persona.face} {escape(stage.persona.name)}</b> · {escape(stage.persona.role)} · "
        f"{escape(stage.scenario.title)} · {mode}</p>"
    )


def _note(record: RehearsalRecord, last: TurnRecord | None, lang: Lang) -> str:
    """How the talk ended, or quietly that the built-in voice stood in for a model."""
    if record.ended is not None:
        return f"<p><b>{t('talk.over.' + str(record.ended), lang)}</b></p>"
    stood_in = last is not None and "instead_of" in last.payload.get("voice", {})
    return f"<p class='note'>{t('talk.fallback', lang)}</p>" if stood_in else ""


def _feedback(services: Services, record: RehearsalRecord, turn: TurnRecord, lang: Lang) -> str:
    persona = services.library.persona(record.persona_id, record.lang)
    found = feedback_for(
        turn.payload, record.lang, persona.situation, services.phrasing, reasons_in=lang, turn=turn.index
    )
    return feedback_html(found, lang)


def wire(
    services: Services,
    page: TalkPage,
    reporting: report_page.ReportPage,
    tabs: gr.Tabs,
    language: gr.State,
    rehearsal: gr.State,
) -> None:
    """Sending, hints, finishing."""

    def send(text: str, rehearsal_id: str, known: int, messages: list[Any], lang: Lang) -> Iterator[list[Any]]:
        skip = [gr.skip()] * len(page.outputs)
        if not rehearsal_id:
            gr.Warning(t("talk.empty", lang))
            yield skip
            return
        streaming = bool(messages) and _content(messages[-1]).endswith(" …")
        try:
            yield from _spoken(services, page, text, rehearsal_id, known, list(messages), lang, streaming)
        except ConflictError as error:
            gr.Warning(message(error, lang))
            shown = view(services, rehearsal_id, lang)
            shown[page.outputs.index(page.line)] = gr.update(value=text)
            yield shown
        except InputError as error:
            gr.Warning(message(error, lang))
            yield skip
        except TandaoError as error:
            gr.Warning(message(error, lang))
            yield skip
        except Exception as error:  # the page is the last net
            safety.report(error, lang)
            yield skip

    sending = {
        "fn": send,
        "inputs": [page.line, rehearsal, page.known, page.chat, language],
        "outputs": page.outputs,
        "show_progress": "hidden",
        "concurrency_limit": None,
        "trigger_mode": "multiple",
        "api_visibility": "private",
    }
    page.send.click(**sending)
    page.line.submit(**sending)

    @safety.guarded(1)
    def hint(rehearsal_id: str, lang: Lang) -> str:
        if not rehearsal_id:
            return ""
        return _hint(services, rehearsal_id, lang)

    page.ask_hint.click(hint, [rehearsal, language], page.hint, show_progress="hidden", api_visibility="private")

    @safety.guarded(2 + len(page.outputs))
    def finish(rehearsal_id: str, lang: Lang) -> list[Any]:
        if not rehearsal_id:
            gr.Warning(t("talk.empty", lang))
            return [gr.skip()] * (2 + len(page.outputs))
        services.rehearsals.finish(single_user(lang), rehearsal_id)
        shown = report_page.shown(services, rehearsal_id, lang)
        return [gr.Tabs(selected="report"), shown, *view(services, rehearsal_id, lang)]

    page.finish.click(finish, [rehearsal, language], [tabs, reporting.text, *page.outputs], api_visibility="private")


def _content(chat_message: Any) -> str:
    content = chat_message.get("content") if isinstance(chat_message, dict) else ""
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return str(content)


def _spoken(
    services: Services,
    page: TalkPage,
    text: str,
    rehearsal_id: str,
    known: int,
    messages: list[Any],
    lang: Lang,
    streaming: bool,
) -> Iterator[list[Any]]:
    """Show the stored turn, then each stored sentence, then the new state."""
    spoken: list[str] = []
    chat, line, count = (page.outputs.index(c) for c in (page.chat, page.line, page.known))

    def update(**values: Any) -> list[Any]:
        shown = [gr.skip()] * len(page.outputs)
        shown[chat] = list(messages)
        for name, value in values.items():
            shown[{"line": line, "known": count}[name]] = value
        return shown

    if streaming:
        messages[-1] = {"role": "assistant", "content": _content(messages[-1]).removesuffix(" …") + "——"}
    expected = None if streaming else known
    for event in services.rehearsals.say(
        single_user(lang), rehearsal_id, text, interrupted=streaming, expected_turn=expected
    ):
        if isinstance(event, TurnStored):
            messages += [_bubble("user", event.payload["text"]), _bubble("assistant", " …")]
            yield update(line="", known=event.index + 1)
        elif isinstance(event, Sentence):
            time.sleep(services.settings.pace_s)
            spoken.append(event.text)
            messages[-1] = _bubble("assistant", join_sentences(spoken) + " …")
            yield update()
    shown = view(services, rehearsal_id, lang)
    shown[line] = gr.skip() if shown[line].get("interactive") else gr.update(interactive=False)
    yield shown


def _hint(services: Services, rehearsal_id: str, lang: Lang) -> str:
    """One wording: for the employee's strongest cue if there is one, else for the step the talk is at."""
    actor = single_user(lang)
    record = services.rehearsals.get(actor, rehearsal_id)
    stage = services.rehearsals.stage(record)
    turns = services.rehearsals.turns(actor, rehearsal_id)
    opening = services.rehearsals.opening(actor, rehearsal_id)
    state = turns[-1].payload["state"] if turns else opening["state"]
    last = join_sentences(turns[-1].reply) if turns else opening["line"]
    cues = [c for c in services.cue_reader.read(last, record.lang) if c.strength >= 0.5]
    said = {turn.payload["text"] for turn in turns}
    step, situation = Step(state["step"]), stage.persona.situation
    slots = {"name": stage.persona.address.called[0], "rating": stage.persona.rating.given}
    wording, why = None, ""
    if cues:
        strongest = max(cues, key=lambda c: c.strength)
        wording = services.phrasing.for_cue(
            strongest.kind, record.lang, situation=situation, step=step, avoid=said, slots=slots
        )
        why = t("talk.heard", lang, quote=strongest.quote, cue=t(f"cue.{strongest.kind}", lang))
    if wording is None:
        for _ in range(1 + sum(turn.payload["state"]["step"] == step for turn in turns) % 4):
            found = services.phrasing.for_step(step, record.lang, situation=situation, avoid=said, slots=slots)
            wording = found or wording
            said.add(found.id if found else "")
    if wording is None:
        return ""
    note = " · ".join(part for part in (why, wording.why) if part)
    return (
        f"<div class='feedback'><h4>{t('talk.hint_title', lang)}</h4><div class='better'>{escape(wording.text)}"
        f"<div class='note'>{escape(note)}</div></div></div>"
    )


def redraw(services: Services, page: TalkPage, language: gr.State, rehearsal: gr.State) -> dict[str, Any]:
    """The talk again in the present language; what is being typed stays."""

    @safety.guarded(len(page.outputs))
    def draw(rehearsal_id: str, lang: Lang) -> list[Any]:
        if not rehearsal_id:
            return [f"<p>{t('talk.empty', lang)}</p>", *[gr.skip()] * (len(page.outputs) - 1)]
        return view(services, rehearsal_id, lang)

    return {"fn": draw, "inputs": [rehearsal, language], "outputs": page.outputs}
