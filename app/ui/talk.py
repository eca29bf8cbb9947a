"""Talk: the chat, the step bar, the gauges with their reasons, a hint on demand."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.texts import message, t
from app.ui import coach, safety
from app.ui import report as report_page
from app.ui.labels import Labels
from app.ui.parts import gauges, step_bar
from app.wiring import Services
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import ConflictError, InputError, TandaoError
from interview.gestures import Gesture, records
from interview.ports import RehearsalRecord, TurnRecord
from interview.steps import Step
from interview.texts import step_text
from simulator.moments import DRILL_TURNS
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
    pause: gr.Button
    adjourn: gr.Button
    record: gr.Dropdown
    show: gr.Button
    every: gr.Checkbox
    moment: gr.Slider
    again: gr.Button
    known: gr.State

    @property
    def outputs(self) -> list[Any]:
        """Components of ``view``."""
        return [self.head, self.chat, self.steps, self.gauge, self.feedback, self.hint, self.note, self.line,
                self.send, self.ask_hint, self.finish, self.pause, self.adjourn, self.record, self.show, self.every,
                self.moment, self.again, self.known]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What the manager sends: words, a gesture, and the record shown with it."""

    text: str
    gesture: Gesture
    shows: str


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
            with gr.Row():
                pause = gr.Button(t("talk.pause", lang), elem_id="pause", size="sm", interactive=False)
                adjourn = gr.Button(t("talk.adjourn", lang), elem_id="adjourn", size="sm", interactive=False)
            with gr.Row():
                record = gr.Dropdown([], value=None, elem_id="record", scale=4, **labels.text(label="talk.record"))
                show = gr.Button(t("talk.show", lang), elem_id="show", size="sm", interactive=False, min_width=90)
            labels.keep(pause, value="talk.pause")
            labels.keep(adjourn, value="talk.adjourn")
            labels.keep(record, label="talk.record")
            labels.keep(show, value="talk.show")
            note = gr.HTML("", elem_id="note")
            with gr.Group(elem_id="rewind"):
                moment = gr.Slider(
                    1, 2, value=1, step=1, elem_id="moment", visible=False, buttons=[],
                    **labels.text(label="talk.moment"),
                )  # fmt: skip
                again = gr.Button(t("talk.again", lang), elem_id="again", size="sm", visible=False)
            labels.keep(moment, label="talk.moment")
            labels.keep(again, value="talk.again")
        with gr.Column(scale=2, min_width=260):
            gauge = gr.HTML("", elem_id="gauge")
            hint = gr.HTML("", elem_id="hint")
            every = gr.Checkbox(value=False, elem_id="every", visible=False, **labels.text(label="talk.every"))
            labels.keep(every, label="talk.every")
            feedback = gr.HTML("", elem_id="feedback")
    return TalkPage(head, chat, steps, gauge, feedback, hint, note, line, send, ask_hint, finish, pause, adjourn, record,
                    show, every, moment, again, gr.State(0))  # fmt: skip


def view(
    services: Services, rehearsal_id: str, lang: Lang, *, every: bool = False, until: int | None = None
) -> list[Any]:
    """Everything on the page from the record; the values of ``TalkPage.outputs``.

    ``every``: feedback on every sentence, even where it has faded. ``until``: show only so many turns, to look back.
    """
    actor = services.acting(lang)
    record = services.rehearsals.get(actor, rehearsal_id)
    for _ in services.rehearsals.resume(actor, rehearsal_id):
        pass
    every_turn = services.rehearsals.turns(actor, rehearsal_id)
    turns = every_turn if until is None else every_turn[:until]
    opening = services.rehearsals.opening(actor, rehearsal_id)
    state = turns[-1].payload["state"] if turns else opening["state"]
    messages = _bubbles(opening["line"], turns)
    open_now = record.ended is None
    coached = record.mode == "practice"
    last = turns[-1] if turns else None
    return [
        _head(services, record, lang),
        messages,
        step_bar(Step(state["step"]), lang),
        gauges(state, lang) if coached else f"<p class='note'>{t('talk.exam', lang)}</p>",
        coach.feedback_panel(services, record, turns, lang, every=every or until is not None) if coached else "",
        "",
        _note(record, last, lang),
        gr.update(interactive=open_now),
        gr.update(interactive=open_now),
        gr.update(interactive=open_now and coached),
        gr.update(interactive=True),
        gr.update(interactive=open_now),
        gr.update(interactive=open_now and record.drill is None),
        gr.update(choices=_records(services, record) if until is None else gr.skip()),
        gr.update(interactive=open_now),
        gr.update(visible=coached and coach.pace_for(services, record) == "step"),
        gr.update(visible=len(every_turn) > 0, maximum=max(2, len(every_turn)), value=len(turns) or 1),
        gr.update(visible=len(every_turn) > 0),
        record.turn_count,
    ]


def _records(services: Services, record: RehearsalRecord) -> list[tuple[str, str]]:
    """``(text, id)`` of what can be put on the table: the numbers, and the incidents of this draw."""
    stage = services.rehearsals.stage(record)
    hidden = {i.id for i in stage.persona.incidents} - set(stage.variant.incidents)
    return [(text, name) for name, (_, text) in records(stage.persona).items() if name not in hidden]


def _messages(services: Services, actor: Actor, rehearsal_id: str) -> list[dict[str, str]]:
    """The chat as it is stored."""
    line = services.rehearsals.opening(actor, rehearsal_id)["line"]
    return _bubbles(line, services.rehearsals.turns(actor, rehearsal_id))


def _bubbles(line: str, turns: Sequence[TurnRecord]) -> list[dict[str, str]]:
    """Opening line and turns; a reply that was cut off ends in a dash."""
    messages = [_bubble("assistant", line)]
    for turn in turns:
        cut = "——" if "cut_after" in turn.payload.get("voice", {}) else ""
        reply = join_sentences(turn.reply) + cut or "…"
        messages += [_bubble("user", turn.payload["text"]), _bubble("assistant", reply)]
    return messages


def _bubble(role: str, text: str) -> dict[str, str]:
    """A chat message whose words are shown as they are, never as markup."""
    return {"role": role, "content": escape(text, quote=False)}


def _head(services: Services, record: RehearsalRecord, lang: Lang) -> str:
    stage = services.rehearsals.stage(record)
    mode = t(f"mode.{record.mode}", lang)
    if record.drill is not None:
        mode = t("talk.drill", lang, step=step_text(Step(record.drill), lang).name, turns=DRILL_TURNS)
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


def wire(
    services: Services,
    page: TalkPage,
    reporting: report_page.ReportPage,
    tabs: gr.Tabs,
    language: gr.State,
    rehearsal: gr.State,
) -> None:
    """Sending, hints, finishing."""

    def send(
        text: str,
        rehearsal_id: str,
        known: int,
        every: bool,
        shows: str | None,
        lang: Lang,
        gesture: Gesture = Gesture.SPEAK,
    ) -> Iterator[list[Any]]:
        skip = [gr.skip()] * len(page.outputs)
        if not rehearsal_id:
            safety.warn(t("talk.empty", lang), lang)
            yield skip
            return
        try:
            said = Said(text, gesture, shows or "" if gesture is Gesture.SHOW else "")
            yield from _spoken(services, page, said, rehearsal_id, known, lang, every)
        except ConflictError as error:
            safety.warn(message(error, lang), lang)
            shown = view(services, rehearsal_id, lang, every=every)
            shown[page.outputs.index(page.line)] = gr.update(value=text)
            yield shown
        except InputError as error:
            safety.warn(message(error, lang), lang)
            yield skip
        except TandaoError as error:
            safety.warn(message(error, lang), lang)
            yield skip
        except Exception as error:  # the page is the last net
            safety.report(error, lang)
            yield skip

    sending = {
        "fn": send,
        "inputs": [page.line, rehearsal, page.known, page.every, page.record, language],
        "outputs": page.outputs,
        "show_progress": "hidden",
        "concurrency_limit": None,
        "trigger_mode": "multiple",
        "api_visibility": "private",
    }
    page.send.click(**sending)
    page.line.submit(**sending)
    for button, gesture in ((page.pause, Gesture.PAUSE), (page.adjourn, Gesture.ADJOURN), (page.show, Gesture.SHOW)):
        button.click(**sending | {"fn": _with_gesture(send, gesture)})

    @safety.guarded(1)
    def feedback(rehearsal_id: str, every: bool, lang: Lang) -> str:
        actor = services.acting(lang)
        record = services.rehearsals.get(actor, rehearsal_id)
        turns = services.rehearsals.turns(actor, rehearsal_id)
        return coach.feedback_panel(services, record, turns, lang, every=every)

    page.every.input(
        feedback, [rehearsal, page.every, language], page.feedback, show_progress="hidden", api_visibility="private"
    )

    @safety.guarded(1)
    def hint(rehearsal_id: str, lang: Lang) -> str:
        if not rehearsal_id:
            return ""
        return coach.hint_html(services, rehearsal_id, lang)

    page.ask_hint.click(hint, [rehearsal, language], page.hint, show_progress="hidden", api_visibility="private")

    @safety.guarded(2 + len(page.outputs))
    def finish(rehearsal_id: str, lang: Lang) -> list[Any]:
        if not rehearsal_id:
            safety.warn(t("talk.empty", lang), lang)
            return [gr.skip()] * (2 + len(page.outputs))
        services.rehearsals.finish(services.acting(lang), rehearsal_id)
        shown = report_page.shown(services, rehearsal_id, lang)
        return [gr.Tabs(selected="report"), shown, *view(services, rehearsal_id, lang)]

    page.finish.click(finish, [rehearsal, language], [tabs, reporting.text, *page.outputs], api_visibility="private")


def _with_gesture(send: Any, gesture: Gesture) -> Any:
    """The sending handler for a button that does something besides speaking; Gradio wants a generator of its own."""

    def sends(*args: Any) -> Iterator[list[Any]]:
        yield from send(*args, gesture=gesture)

    return sends


def _spoken(
    services: Services,
    page: TalkPage,
    said: Said,
    rehearsal_id: str,
    known: int,
    lang: Lang,
    every: bool,
) -> Iterator[list[Any]]:
    """Show the stored turn, then each stored sentence, then the new state.

    Whether this interrupts is read from the record: the reply before it is still coming.
    """
    actor = services.acting(lang)
    streaming = services.rehearsals.is_speaking(actor, rehearsal_id)
    spoken: list[str] = []
    chat, line, count = (page.outputs.index(c) for c in (page.chat, page.line, page.known))

    def update(**values: Any) -> list[Any]:
        shown = [gr.skip()] * len(page.outputs)
        shown[chat] = list(messages)
        for name, value in values.items():
            shown[{"line": line, "known": count}[name]] = value
        return shown

    expected = None if streaming else known
    messages: list[dict[str, str]] = []
    for event in services.rehearsals.say(
        actor, rehearsal_id, said.text, interrupted=streaming, expected_turn=expected,
        gesture=said.gesture, shows=said.shows,
    ):  # fmt: skip
        if isinstance(event, TurnStored):
            messages = _messages(services, actor, rehearsal_id)
            messages[-1] = _bubble("assistant", " …")
            cleared = gr.skip() if said.gesture is Gesture.PAUSE else ""
            yield update(line=cleared, known=event.index + 1)
        elif isinstance(event, Sentence):
            time.sleep(services.settings.pace_s)
            spoken.append(event.text)
            messages[-1] = _bubble("assistant", join_sentences(spoken) + " …")
            yield update()
    shown = view(services, rehearsal_id, lang, every=every)
    shown[line] = gr.skip() if shown[line].get("interactive") else gr.update(interactive=False)
    yield shown


def redraw(services: Services, page: TalkPage, language: gr.State, rehearsal: gr.State) -> dict[str, Any]:
    """The talk again in the present language; what is being typed stays."""

    @safety.guarded(len(page.outputs))
    def draw(rehearsal_id: str, lang: Lang) -> list[Any]:
        if not rehearsal_id:
            return [f"<p>{t('talk.empty', lang)}</p>", *[gr.skip()] * (len(page.outputs) - 1)]
        return view(services, rehearsal_id, lang)

    return {"fn": draw, "inputs": [rehearsal, language], "outputs": page.outputs}
