"""Live: afterwards, words put right, minutes, one's own report, both exports, and deleting it all."""

from html import escape
from typing import Any

import gradio as gr

from app.audio_socket import CaptureTokens
from app.texts import t
from app.ui import safety
from app.ui.live_for import held
from app.ui.live_html import minutes_document, minutes_text, talk_html
from app.ui.live_look import Look
from app.ui.live_parts import PARTS, LivePage, choices
from app.ui.report import SAVE_JS
from app.ui.report_html import report_document, report_html
from app.wiring import Services
from interview.conversation import Lang
from interview.errors import ConsentError, InputError


def wire(services: Services, page: LivePage, language: gr.State, tokens: CaptureTokens, look: Look) -> None:
    """From a correction to the end of it."""
    private = {"api_visibility": "private"}
    refresh_inputs = [page.pick, page.stamp, page.situation, language]

    @safety.guarded(1)
    def correct(interview_id: str, number: str, words: str, who: str, lang: Lang) -> str:
        if not number.strip().isdecimal():
            raise InputError("number", message_key="error.figure")
        actor = services.acting(lang)
        services.live.correct(actor, needed(interview_id), int(number) - 1, words, who)
        return talk_html(services.live.heard(actor, interview_id), lang)

    page.correct.click(correct, [page.pick, page.number, page.words, page.who, language], page.talk, **private)

    @safety.guarded(4 + len(page.shown))
    def finish(interview_id: str, _stamp: str, situation: str, lang: Lang) -> list[Any]:
        actor = services.acting(lang)
        services.consents.interview(actor, needed(interview_id))
        tokens.before_end(interview_id)
        report = own_report(services, needed(interview_id), lang)
        minutes = services.live.finish(actor, interview_id)
        held(services, actor, interview_id)
        return [
            *[minutes_text(minutes, part, lang) for part in PARTS], report, *look.look(interview_id, situation, lang),
        ]  # fmt: skip

    page.finish.click(finish, refresh_inputs, [*page.minutes, page.report, *page.shown], **private)

    @safety.guarded(1)
    def save(interview_id: str, agreed: str, disputed: str, promised: str, lang: Lang) -> Any:
        parts = dict(zip(PARTS, (agreed, disputed, promised), strict=True))
        kept = {part: [{"words": w.strip()} for w in text.splitlines() if w.strip()] for part, text in parts.items()}
        services.live.save_minutes(services.acting(lang), needed(interview_id), kept)
        safety.tell(t("live.saved", lang), lang)
        return gr.skip()

    page.save.click(save, [page.pick, *page.minutes, language], page.status, **private)

    @safety.guarded(2)
    def minutes_file(interview_id: str, agreed: str, disputed: str, promised: str, lang: Lang) -> list[str]:
        actor = services.acting(lang)
        interview = services.consents.interview(actor, needed(interview_id))
        parts = dict(zip(PARTS, (agreed, disputed, promised), strict=True))
        body = "".join(
            f"<h2>{t('live.' + part, lang)}</h2><ul>{''.join(f'<li>{escape(w)}</li>' for w in text.splitlines() if w.strip())}</ul>"
            for part, text in parts.items()
        )
        talk = talk_html(services.live.heard(actor, interview_id), lang)
        return [f"tandao-minutes-{interview_id}.html", minutes_document(interview.title, body + talk, lang)]

    page.keep_minutes.click(minutes_file, [page.pick, *page.minutes, language], list(page.carried), **private).then(
        None, list(page.carried), list(page.carried), js=SAVE_JS
    )

    @safety.guarded(2)
    def report_file(interview_id: str, lang: Lang) -> list[str]:
        transcript = services.live.transcript(services.acting(lang), needed(interview_id))
        made = _made_report(services, interview_id, lang)
        return [f"tandao-live-report-{interview_id}.html", report_document(made, transcript, lang)]

    page.keep_report.click(report_file, [page.pick, language], list(page.carried), **private).then(
        None, list(page.carried), list(page.carried), js=SAVE_JS
    )

    @safety.guarded(2)
    def delete(interview_id: str, sure: bool, lang: Lang) -> list[Any]:
        if not sure:
            raise InputError("sure", message_key="error.confirm_first")
        services.live.delete(services.acting(lang), needed(interview_id))
        return [gr.update(choices=choices(services, lang), value=""), False]

    page.delete.click(delete, [page.pick, page.sure, language], [page.pick, page.sure], **private)


def needed(interview_id: str | None) -> str:
    """The interview that is picked; raises InputError where none is."""
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


def own_report(services: Services, interview_id: str, lang: Lang) -> str:
    """The manager's own report; empty where nothing was said."""
    transcript = services.live.transcript(services.acting(lang), interview_id)
    return (
        report_html(_made_report(services, interview_id, lang), transcript, lang, practise=False)
        if transcript.turns
        else ""
    )
