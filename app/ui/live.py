"""Live: invite, both consent, then the talk with one quiet hint at a time, and afterwards minutes and one's own report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.audio_socket import CaptureTokens
from app.texts import t
from app.ui import safety
from app.ui.labels import Labels
from app.ui.live_watch import Watch
from app.ui.parts import step_bar
from app.ui.report import SAVE_JS
from app.ui.report_html import report_document, report_html
from app.wiring import Services
from assistant.hints import VARIATIONS, HintState
from assistant.session import Standing
from consent.grants import LiveInterview
from consent.notices import SUGGESTED, Purpose, notice
from interview.conversation import Lang
from interview.errors import ConsentError, InputError
from interview.ports import Utterance
from interview.situations import Situation
from interview.steps import STEPS
from interview.texts import situation_text, step_text

POLL_S = 1.5
PARTS = ("agreed", "disputed", "promised")


@dataclass
class LivePage:
    """The components others need."""

    pick: gr.Dropdown
    title: gr.Textbox
    create: gr.Button
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
            hearing = gr.HTML(hearing_html(lang), elem_id="live-hearing-box")
            terms = keep(
                gr.Textbox("", elem_id="live-terms", max_length=200, **labels.text(label="live.terms")), "live.terms"
            )
            token = gr.Textbox("", visible="hidden", elem_id="live-token")
            talk = gr.HTML("", elem_id="live-talk", js_on_load=WHO_JS)
            with gr.Row():
                speaker = keep(
                    gr.Radio(
                        speakers(lang), value="employee", elem_id="live-speaker", **labels.text(label="live.speaker")
                    ),
                    "live.speaker",
                )
            line = keep(
                gr.Textbox(lines=1, max_lines=6, elem_id="live-line", **labels.text(label="live.line")), "live.line"
            )
            send = button("live.send", variant="primary")
        with gr.Column(scale=2, min_width=260):
            hint = gr.HTML("", elem_id="live-hint")
            labels.keep(gr.HTML(t("card.link", lang), elem_id="live-card"), value="card.link")
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
        pick, title, create, invitation, purposes, name, agree, withdraw, status, situation, speaker, line, send, listen, hush,
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


def situations(lang: Lang) -> list[tuple[str, str]]:
    """The four."""
    return [(situation_text(s, lang).name, str(s)) for s in Situation]


def card_html(lang: Lang) -> str:
    """The nine steps on one card: what to do, what to avoid."""
    rows = "".join(
        f"<tr><th>{s.number} {escape(step_text(s, lang).name)}</th><td>{escape(step_text(s, lang).key_action)}</td>"
        f"<td class='note'>✗ {escape(step_text(s, lang).common_mistake)}</td></tr>"
        for s in STEPS
    )
    return f"<div class='report scroll'><table>{rows}</table></div>"


HEARD = ("ready", "insecure", "no_microphone", "reconnecting", "lost", "withdrawn", "over", "no_grant", "no_token", "busy",
         "model", "slow", "lighter", "stopped", "enrolling", "enrolled", "no_voices", "listen_first", "no_sound",
         "damaged", "no_speech", "crashed", "silent")  # fmt: skip
"""What the capture script may have to say."""
SILENT_FRAMES = 100
"""Frames (20 s) of sound without a word, after which the page asks to look at the microphone."""
LISTEN_JS = """(token) => {
  const box = document.getElementById('live-hearing');
  if (token && box) window.tandaoCapture.start(token, (event) => {
    if (event.type === 'tentative' || event.type === 'committed') {
      box.heardAt = Number(box.dataset.frames || 0);
      if (box.quiet) { box.querySelector('.state').textContent = box.dataset.ready; box.quiet = false; }
      const lanes = box.lanes = box.lanes || {}, before = lanes[event.channel];
      if (event.type === 'tentative') lanes[event.channel] = event;
      else if (!before || before.number <= event.number) delete lanes[event.channel];
      box.querySelector('.words').textContent = Object.values(lanes).map((one) => one.text).filter(Boolean).join(' · ');
      if (event.type === 'committed') document.querySelector('#live-refresh')?.click();
      return;
    }
    if (event.type === 'ack') {
      box.dataset.frames = event.next;
      if (event.next - (box.heardAt || 0) > SILENT_FRAMES) { box.querySelector('.state').textContent = box.dataset.silent; box.quiet = true; }
      return;
    }
    if (event.type === 'enrolling' || event.type === 'enrolled') {
      box.querySelector('.state').textContent = `${box.dataset[event.type]} ${event.voiced_s.toFixed(1)} s`;
      const read = document.querySelector(`#live-voices button[data-who=${event.text}]`);
      if (read && event.type === 'enrolled') read.textContent = '✓ ' + read.textContent.replace('✓ ', '');
      return;
    }
    const keys = {'error.live_busy': 'busy', 'error.model_missing': 'model', 'error.model_damaged': 'damaged',
      'error.no_speech': 'no_speech', 'error.speech_extra': 'no_speech', 'error.speech_stopped': 'crashed'};
    if (event.type === 'ready') { box.heardAt = event.next; box.dataset.frames = event.next; }
    const key = event.type === 'stopped' ? (keys[event.why] || event.why) : event.type === 'notice'
      ? ({behind: 'slow', lighter: 'lighter', lost: 'lost', gap: 'lost', stopped: 'crashed'}[event.text] || 'ready') : event.type;
    box.querySelector('.state').textContent = box.dataset[key] || box.dataset[event.type] || '';
  });
  return '';
}""".replace("SILENT_FRAMES", str(SILENT_FRAMES))
HUSH_JS = """() => {
  window.tandaoCapture.stop();
  const box = document.getElementById('live-hearing');
  if (box) { box.querySelector('.state').textContent = box.dataset.stopped; box.querySelector('.words').textContent = ''; }
}"""
UPLOAD_JS = """(token) => {
  const box = document.getElementById('recording');
  const file = box && box.querySelector('input[type=file]').files[0];
  if (!file) { if (box) box.querySelector('.state').textContent = box.dataset.pick; return ''; }
  const bar = box.querySelector('progress'), state = box.querySelector('.state');
  if (token) window.tandaoRecording.upload(token, file, box.querySelector('.split').checked, (now) => {
    if (now.total_s) { bar.max = now.total_s; bar.value = now.done_s; }
    const left = now.left_s == null ? '' : ` ${box.dataset.left} ${now.left_s} s`;
    state.textContent = (box.dataset[now.state] || '') + (now.state === 'hearing' ? left : '')
      + (now.why ? ' ' + (box.dataset[now.why.replace('error.', '')] || '') : '') + (now.truncated ? ' ' + box.dataset.truncated : '');
  });
  return '';
}"""
CANCEL_JS = "() => { window.tandaoRecording.cancel(); }"
RECORDED = ("pick", "uploading", "hearing", "done", "cancelled", "failed", "left", "truncated", "no_grant", "audio_format",
            "audio_empty", "audio_large", "audio_long", "withdrawn", "no_speech", "model_missing", "disk_full",
            "unexpected", "model_damaged", "speech_stopped")  # fmt: skip
"""What the upload may have to say; the last ones are why it failed."""


def recording_html(lang: Lang) -> str:
    """File, one speaker a channel or not, progress."""
    said = " ".join(f'data-{key}="{escape(t("recording." + key, lang))}"' for key in RECORDED)
    return (
        f"<div id='recording' {said}><input type='file' accept='audio/*,video/mp4' aria-label='{t('live.recording', lang)}'>"
        f"<label><input type='checkbox' class='split'> {t('recording.split', lang)}</label>"
        f"<p><progress value='0' max='1'></progress> <span class='state note' role='status'></span></p></div>"
    )


SOUND_JS = """async (token) => {
  const box = document.getElementById('live-hearing');
  if (!token) return '';
  const answer = await fetch('/live/sound', {headers: {'x-tandao-token': token}});
  if (!answer.ok) { box.querySelector('.state').textContent = box.dataset.no_sound; return ''; }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = 'tandao-sound.wav';
  document.body.appendChild(link); link.click(); link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  return '';
}"""
MARK_JS = "(who) => { window.tandaoCapture.mark(who); }"


WHO_JS = """
const right = (number, who) => { window.tandaoCapture.mark(who); trigger('click', {number: Number(number), who}); };
element.addEventListener('click', (event) => {
  const button = event.target.closest('button.who');
  if (button) right(button.dataset.number, button.dataset.who);
});
document.addEventListener('keydown', (event) => {
  const who = {1: 'manager', 2: 'employee'}[event.key];
  if (!who || event.ctrlKey || event.altKey || event.metaKey || !element.offsetParent) return;
  if (event.target.closest('input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]')) return;
  const open = element.querySelectorAll('button.who[data-who=' + who + ']');
  if (open.length) right(open[open.length - 1].dataset.number, who);
});
"""
"""A press on a name, or the keys 1 and 2 for the last line whose speaker is unsure, says who it was."""


def voices_html(interview: LiveInterview, lang: Lang) -> str:
    """Each reads this aloud; shown only where both granted that voices are told apart."""
    buttons = "".join(
        f"<button type='button' data-who='{who}' onclick=\"window.tandaoCapture.reads('{who}')\">"
        f"{t('live.reads', lang, who=t('live.' + who, lang))}</button> "
        for who in ("manager", "employee")
    )
    return (
        f"<div id='live-voices' class='feedback'><div class='note'>{t('live.voices', lang)}</div>"
        f"<p><b>{escape(notice(interview.lang).words['sensitive']['aloud'])}</b></p>{buttons}</div>"
    )


def who_html(u: Utterance, lang: Lang) -> str:
    """Where the speaker is unsure: said so, and one press puts it right."""
    if not (u.unsure or u.speaker == "unsure"):
        return ""
    buttons = "".join(
        f" <button type='button' class='who' data-number='{u.number}' data-who='{who}'><kbd>{key}</kbd> "
        f"{t('live.' + who, lang)}</button>"
        for key, who in (("1", "manager"), ("2", "employee"))
    )
    return f" <span class='note unsure'>{t('live.unsure_who', lang)}{buttons}</span>"


def hearing_html(lang: Lang) -> str:
    """What is being heard right now, and what the capture script may say, in this language."""
    said = " ".join(f'data-{key}="{escape(t("hearing." + key, lang))}"' for key in HEARD)
    return f"<div id='live-hearing' {said}><span class='state note'></span> <span class='words'></span></div>"


def talk_html(heard: Sequence[Utterance], lang: Lang) -> str:
    """What was said, newest last, cues marked with what they are."""
    rows: list[str] = []
    for u in heard:
        words = escape(u.text)
        badges = ""
        for cue in u.cues:
            if cue["strength"] >= 0.5:
                quote = escape(str(cue["quote"]))
                words = words.replace(quote, f"<mark>{quote}</mark>", 1)
                badge = f" <span class='badge'>{t('cue.' + str(cue['kind']), lang)}</span>"
                badges += badge if badge not in badges else ""
        doubt = f" <span class='note'>{t('live.doubtful', lang)}</span>" if u.doubtful else ""
        rows.append(
            f"<li value='{u.number + 1}'><b>{t('live.' + u.speaker, lang)}</b>: {words}{badges}{doubt}{who_html(u, lang)}</li>"
        )
    return f"<div class='report'><ol class='said'>{''.join(rows)}</ol></div>"


def side_html(found: Standing, lang: Lang) -> str:
    """Step, time, talk share, promises. Nothing about how the employee is."""
    share = "—" if found.manager_share is None else f"{found.manager_share:.0%}"
    minutes, seconds = divmod(int(found.elapsed_s), 60)
    promises = "".join(
        f"<li><b>{t('live.' + p.speaker, lang)}</b> · {escape(p.when) or t('live.no_time', lang)}<br>{escape(p.words)}</li>"
        for p in found.promises[-6:]
    )
    return (
        f"{step_bar(found.step, lang)}<p>{t('live.elapsed', lang)} {minutes}:{seconds:02d} · {t('report.talk_share', lang, share=share)}</p>"
        f"<h4>{t('live.promises', lang)}</h4><ul>{promises or '<li>—</li>'}</ul>"
    )


def hint_html(state: HintState, lang: Lang) -> str:
    """The hint on screen, with the words it answers."""
    if state.shown is None:
        return f"<p class='note'>{t('live.quiet', lang)}</p>"
    hint = state.shown
    return (
        f"<div class='feedback'><div class='note'><span class='badge'>{t('cue.' + hint.kind, lang)}</span> "
        f"<q>{escape(hint.quote)}</q> · {hint.variation}/{VARIATIONS}</div>"
        f"<div class='better' id='whisper' aria-live='polite'>{escape(hint.wording)}</div></div>"
    )


def wire(services: Services, page: LivePage, tab: gr.Tab, language: gr.State, tokens: CaptureTokens) -> None:
    """Everything from the invitation to the minutes."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    private = {"api_visibility": "private"}
    tab.select(**redraw(services, page, language), **quiet)

    watch = Watch(services)

    def refreshed(interview_id: str, situation: str, lang: Lang, before: str = "") -> list[Any]:
        """Status, talk, side, hint and a stamp of them; new utterances bring their hints. Same stamp, nothing drawn."""
        actor = services.acting(lang)
        interview = services.consents.interview(actor, interview_id)
        available = services.consents.available(actor, interview_id)
        heard = services.live.heard(actor, interview_id)
        state = HintState()
        if available and not interview.ended:
            state = watch.look(
                interview, heard, Situation(situation), lambda: services.live.standing(actor, interview_id).step
            )
        else:
            watch.forget(interview_id)
        granted = sorted(services.consents.standing(interview_id).purposes)
        stamp = str(hash((str(heard), str(state), interview.ended, str(granted), lang, interview_id)))
        if stamp == before:
            return [gr.skip()] * 5
        key = "live.over" if interview.ended else "live.available" if available else "live.unavailable"
        voices = ""
        if available and not interview.ended and Purpose.VOICES in granted:
            voices = voices_html(interview, lang)
        return [
            f"<p id='live-state' class='{'flag' if key == 'live.unavailable' else ''}'><b>{t(key, lang)}</b></p>{voices}",
            talk_html(heard, lang), side_html(services.live.standing(actor, interview_id), lang), hint_html(state, lang),
            stamp,
        ]  # fmt: skip

    def create(title: str, lang: Lang, request: gr.Request) -> list[Any]:
        return _create(title, str(request.headers.get("host", "")), request.url.scheme, lang)

    @safety.guarded(3)
    def _create(title: str, host: str, scheme: str, lang: Lang) -> list[Any]:
        interview, secret = services.consents.invite(services.acting(lang), title, lang)
        base = services.settings.public_url.rstrip("/") or f"{scheme}://{host}"
        shown = invitation_html(f"{base}/consent/{secret}", lang)
        return [gr.update(choices=choices(services, lang), value=interview.id), shown, ""]

    page.create.click(create, [page.title, language], [page.pick, page.invitation, page.title], **private)

    @safety.guarded(10)
    def opened(interview_id: str, situation: str, lang: Lang) -> list[Any]:
        if not interview_id:
            return ["", "", "", "", "", gr.Timer(active=False), "", "", "", ""]
        actor = services.acting(lang)
        kept: list[Any] = ["", "", "", ""]
        if services.consents.interview(actor, interview_id).ended:
            minutes = services.live.minutes(actor, interview_id) or {}
            kept = [minutes_text(minutes, part, lang) for part in PARTS]
            kept.append(_report(services, interview_id, lang))
        return [*refreshed(interview_id, situation, lang), gr.Timer(active=True), *kept]

    page.pick.change(
        opened, [page.pick, page.situation, language], [*page.shown, page.timer, *page.minutes, page.report], **quiet
    )

    @safety.guarded(5)
    def tick(interview_id: str, stamp: str, situation: str, lang: Lang) -> list[Any]:
        if not interview_id:
            return [gr.skip()] * 5
        return refreshed(interview_id, situation, lang, stamp)

    refresh_inputs = [page.pick, page.stamp, page.situation, language]
    page.timer.tick(tick, refresh_inputs, page.shown, concurrency_limit=None, **quiet)
    page.refresh.click(tick, refresh_inputs, page.shown, concurrency_limit=None, **quiet)

    @safety.guarded(1)
    def agree(interview_id: str, chosen: list[str], name: str, lang: Lang) -> Any:
        purposes = [p for p in services.consents.offered if str(p) in chosen]
        if not purposes:
            raise InputError("none", message_key="error.no_purpose")
        services.consents.manager_grants(services.acting(lang), _needed(interview_id), purposes, name)
        safety.tell(t("live.agreed_told", lang), lang)
        return gr.skip()

    page.agree.click(agree, [page.pick, page.purposes, page.name, language], page.status, **private).then(
        tick, refresh_inputs, page.shown, **quiet
    )

    @safety.guarded(1)
    def withdraw(interview_id: str, lang: Lang) -> Any:
        services.consents.withdraw(services.acting(lang), _needed(interview_id))
        services.minutes.erase_withdrawn(interview_id)
        safety.tell(t("consent.withdrawn", lang), lang)
        return gr.skip()

    page.withdraw.click(withdraw, [page.pick, language], page.status, **private).then(
        tick, refresh_inputs, page.shown, **quiet
    )

    @safety.guarded(6)
    def say(interview_id: str, situation: str, speaker: str, text: str, lang: Lang) -> list[Any]:
        if services.consents.interview(services.acting(lang), _needed(interview_id)).ended:
            raise InputError("over", message_key="error.ended")
        services.live.hear(services.consents.grant(interview_id), speaker, text)
        return [*refreshed(interview_id, situation, lang), ""]

    saying = {
        "fn": say,
        "inputs": [page.pick, page.situation, page.speaker, page.line, language],
        "outputs": [*page.shown, page.line],
    }
    page.send.click(**saying, **quiet)
    page.line.submit(**saying, **quiet)

    @safety.guarded(1)
    def listen(interview_id: str, terms: str, lang: Lang) -> str:
        return tokens.issue(services, services.acting(lang), _needed(interview_id), terms)

    page.listen.click(listen, [page.pick, page.terms, language], page.token, **private).then(
        None, page.token, page.token, js=LISTEN_JS
    )
    page.upload.click(listen, [page.pick, page.terms, language], page.token, **private).then(
        None, page.token, page.token, js=UPLOAD_JS
    )
    page.keep_sound.click(listen, [page.pick, page.terms, language], page.token, **private).then(
        None, page.token, page.token, js=SOUND_JS
    )
    page.cancel.click(None, None, None, js=CANCEL_JS)
    page.hush.click(None, None, None, js=HUSH_JS)

    @safety.guarded(1)
    def put_right(interview_id: str, lang: Lang, event: gr.EventData) -> str:
        actor = services.acting(lang)
        number, who = event._data["number"], event._data["who"]
        services.live.put_right(actor, _needed(interview_id), int(number), str(who))
        return talk_html(services.live.heard(actor, interview_id), lang)

    page.talk.click(put_right, [page.pick, language], page.talk, **quiet)
    page.speaker.input(None, page.speaker, None, js=MARK_JS)

    for button, verdict in ((page.helpful, "helpful"), (page.not_now, "not_now"), (page.wrong, "wrong")):

        @safety.guarded(1)
        def judge(interview_id: str, lang: Lang, verdict: Any = verdict) -> str:
            at_s = services.live.standing(services.acting(lang), _needed(interview_id)).elapsed_s
            return hint_html(watch.judge(interview_id, verdict, at_s), lang)

        button.click(judge, [page.pick, language], page.hint, **quiet)

    @safety.guarded(1)
    def another(interview_id: str, situation: str, lang: Lang) -> str:
        actor = services.acting(lang)
        interview = services.consents.interview(actor, _needed(interview_id))
        step = services.live.standing(actor, interview_id).step
        return hint_html(watch.another(interview, Situation(situation), step), lang)

    page.another.click(another, [page.pick, page.situation, language], page.hint, **quiet)

    @safety.guarded(1)
    def correct(interview_id: str, number: str, words: str, who: str, lang: Lang) -> str:
        if not number.strip().isdecimal():
            raise InputError("number", message_key="error.figure")
        actor = services.acting(lang)
        services.live.correct(actor, _needed(interview_id), int(number) - 1, words, who)
        return talk_html(services.live.heard(actor, interview_id), lang)

    page.correct.click(correct, [page.pick, page.number, page.words, page.who, language], page.talk, **private)

    @safety.guarded(4 + len(page.shown))
    def finish(interview_id: str, _stamp: str, situation: str, lang: Lang) -> list[Any]:
        actor = services.acting(lang)
        services.consents.interview(actor, _needed(interview_id))
        tokens.before_end(interview_id)
        report = _report(services, _needed(interview_id), lang)
        minutes = services.live.finish(actor, interview_id)
        return [
            *[minutes_text(minutes, part, lang) for part in PARTS], report, *refreshed(interview_id, situation, lang),
        ]  # fmt: skip

    page.finish.click(finish, refresh_inputs, [*page.minutes, page.report, *page.shown], **private)

    @safety.guarded(1)
    def save(interview_id: str, agreed: str, disputed: str, promised: str, lang: Lang) -> Any:
        parts = dict(zip(PARTS, (agreed, disputed, promised), strict=True))
        kept = {part: [{"words": w.strip()} for w in text.splitlines() if w.strip()] for part, text in parts.items()}
        services.live.save_minutes(services.acting(lang), _needed(interview_id), kept)
        safety.tell(t("live.saved", lang), lang)
        return gr.skip()

    page.save.click(save, [page.pick, *page.minutes, language], page.status, **private)

    @safety.guarded(2)
    def minutes_file(interview_id: str, agreed: str, disputed: str, promised: str, lang: Lang) -> list[str]:
        actor = services.acting(lang)
        interview = services.consents.interview(actor, _needed(interview_id))
        parts = dict(zip(PARTS, (agreed, disputed, promised), strict=True))
        body = "".join(
            f"<h2>{t('live.' + part, lang)}</h2><ul>{''.join(f'<li>{escape(w)}</li>' for w in text.splitlines() if w.strip())}</ul>"
            for part, text in parts.items()
        )
        talk = talk_html(services.live.heard(actor, interview_id), lang)
        return [f"tandao-minutes-{interview_id}.html", _document(interview.title, body + talk, lang)]

    page.keep_minutes.click(minutes_file, [page.pick, *page.minutes, language], list(page.carried), **private).then(
        None, list(page.carried), list(page.carried), js=SAVE_JS
    )

    @safety.guarded(2)
    def report_file(interview_id: str, lang: Lang) -> list[str]:
        transcript = services.live.transcript(services.acting(lang), _needed(interview_id))
        made = _made_report(services, interview_id, lang)
        return [f"tandao-live-report-{interview_id}.html", report_document(made, transcript, lang)]

    page.keep_report.click(report_file, [page.pick, language], list(page.carried), **private).then(
        None, list(page.carried), list(page.carried), js=SAVE_JS
    )

    @safety.guarded(2)
    def delete(interview_id: str, sure: bool, lang: Lang) -> list[Any]:
        if not sure:
            raise InputError("sure", message_key="error.confirm_first")
        services.live.delete(services.acting(lang), _needed(interview_id))
        return [gr.update(choices=choices(services, lang), value=""), False]

    page.delete.click(delete, [page.pick, page.sure, language], [page.pick, page.sure], **private)


def redraw(services: Services, page: LivePage, language: gr.State) -> dict[str, Any]:
    """Lists and names in the present language."""

    @safety.guarded(8)
    def draw(lang: Lang) -> list[Any]:
        return [
            gr.update(choices=choices(services, lang)), gr.update(choices=purpose_names(services, lang)),
            gr.update(choices=speakers(lang)), gr.update(choices=speakers(lang)), gr.update(choices=situations(lang)),
            card_html(lang), hearing_html(lang), recording_html(lang),
        ]  # fmt: skip

    return {
        "fn": draw, "inputs": [language],
        "outputs": [page.pick, page.purposes, page.speaker, page.who, page.situation, page.card, page.hearing,
                    page.recording],
    }  # fmt: skip


def choices(services: Services, lang: Lang) -> list[tuple[str, str]]:
    """This manager's interviews."""
    mine = services.consents.mine(services.acting(lang))
    return [("", ""), *[(f"{i.title} · {i.created_at.astimezone():%m-%d %H:%M}", i.id) for i in mine]]


def invitation_html(link: str, lang: Lang) -> str:
    """The employee's link, once; it can't be shown again."""
    import segno

    picture = segno.make(link, error="m").svg_inline(scale=4, border=2)
    local = (
        f"<p class='note'>{t('class.local', lang)}</p>" if link.startswith(("http://127.", "http://localhost")) else ""
    )
    return (
        f"<div class='report'><div class='head'><div>{picture}</div><div><p>{t('live.link', lang)}</p>"
        f"<p><a href='{escape(link)}' target='_blank' id='consent-link'>{escape(link)}</a></p>{local}</div></div></div>"
    )


def minutes_text(minutes: Mapping[str, Any], part: str, lang: Lang) -> str:
    """A part of the minutes, a line each: who, for promises by when, and the words; edited lines as they were saved."""
    lines: list[str] = []
    for entry in minutes.get(part, ()):
        who = f"{t('live.' + str(entry['speaker']), lang)} · " if entry.get("speaker") else ""
        when = f"{entry['when'] or t('live.no_time', lang)} · " if "when" in entry else ""
        lines.append(f"{who}{when}{entry['words']}")
    return "\n".join(lines)


def _needed(interview_id: str | None) -> str:
    if not interview_id:
        raise InputError("none", message_key="error.pick_interview")
    return interview_id


def _made_report(services: Services, interview_id: str, lang: Lang) -> dict[str, Any]:
    actor = services.acting(lang)
    transcript = services.live.transcript(actor, interview_id)
    if not transcript.turns:
        raise ConsentError("nothing kept", message_key="error.nothing_kept")
    made = services.reporter.report(transcript, words_in=lang, annotate=True)
    made["title"] = services.consents.interview(actor, interview_id).title
    made["ended"] = None
    made["points"] = services.reviews.points_may_be_shown()
    return made


def _report(services: Services, interview_id: str, lang: Lang) -> str:
    """The manager's own report; empty where nothing was said."""
    transcript = services.live.transcript(services.acting(lang), interview_id)
    return (
        report_html(_made_report(services, interview_id, lang), transcript, lang, practise=False)
        if transcript.turns
        else ""
    )


def _document(title: str, body: str, lang: Lang) -> str:
    return (
        f"<!doctype html><html lang='{lang}'><head><meta charset='utf-8'><title>{escape(title)}</title><style>"
        "body{font:15px/1.6 system-ui,'Noto Sans CJK SC',sans-serif;margin:2rem;max-width:46rem}"
        f"@page{{size:A4;margin:15mm}}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )
