"""Live: invite, both consent, then the talk with one quiet hint at a time; afterwards is in its own module."""

from typing import Any

import gradio as gr

from app.audio_socket import CaptureTokens
from app.texts import t
from app.ui import live_after, safety
from app.ui.live_after import needed, own_report
from app.ui.live_for import link, talk_of, talks_open
from app.ui.live_for import wire as wire_for
from app.ui.live_html import (
    card_html,
    hearing_html,
    hint_html,
    invitation_again,
    invitation_html,
    minutes_text,
    recording_html,
    talk_html,
)
from app.ui.live_look import Look
from app.ui.live_parts import PARTS, LivePage, build, choices, languages, purpose_names, situations, speakers
from app.ui.live_scripts import CANCEL_JS, HUSH_JS, LISTEN_JS, MARK_JS, SOUND_JS, UPLOAD_JS
from app.ui.live_watch import Watch
from app.wiring import Services
from consent.grants import Spoken
from consent.notices import Purpose
from interview.conversation import Lang
from interview.errors import InputError
from interview.situations import Situation

__all__ = ["build", "choices", "redraw", "wire", "wire_for"]


def wire(services: Services, page: LivePage, tab: gr.Tab, language: gr.State, tokens: CaptureTokens) -> None:
    """Everything from the invitation to the minutes."""
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    private = {"api_visibility": "private"}
    tab.select(**redraw(services, page, language), **quiet)

    watch = Watch(services, tokens.manager_speaks, tokens.unfinished)
    look = Look(services, watch)

    def create(title: str, talk_id: str, spoken: str, lang: Lang, request: gr.Request) -> list[Any]:
        return _create(title, talk_id or "", spoken, str(request.headers.get("host", "")), request.url.scheme, lang)

    @safety.guarded(3)
    def _create(title: str, talk_id: str, spoken: Spoken, host: str, scheme: str, lang: Lang) -> list[Any]:
        actor = services.acting(lang)
        read = lang if spoken == "auto" else spoken
        interview, secret = services.consents.invite(actor, title, read, mixed=spoken == "auto")
        if talk_id:
            link(services, actor, talk_id, interview.id)
        base = services.settings.public_url.rstrip("/") or f"{scheme}://{host}"
        shown = invitation_html(f"{base}/consent/{secret}", lang)
        return [gr.update(choices=choices(services, lang), value=interview.id), shown, ""]

    page.create.click(
        create, [page.title, page.held_for, page.spoken, language], [page.pick, page.invitation, page.title], **private
    )

    @safety.guarded(1)
    def speak(interview_id: str, spoken: Spoken, lang: Lang) -> Any:
        if interview_id:
            services.consents.speak(services.acting(lang), interview_id, spoken)
            voices = Purpose.VOICES in services.consents.standing(interview_id).purposes
            safety.tell(t("live.spoken_voices" if voices else "live.spoken_told", lang), lang)
        return gr.skip()

    page.spoken.input(speak, [page.pick, page.spoken, language], page.status, **quiet)

    @safety.guarded(11)
    def opened(interview_id: str, situation: str, lang: Lang) -> list[Any]:
        if not interview_id:
            return ["", "", "", "", "", gr.Timer(active=False), gr.skip(), "", "", "", ""]
        actor = services.acting(lang)
        kept: list[Any] = ["", "", "", ""]
        interview = services.consents.interview(actor, interview_id)
        if interview.ended:
            minutes = services.live.minutes(actor, interview_id) or {}
            kept = [minutes_text(minutes, part, lang) for part in PARTS]
            kept.append(own_report(services, interview_id, lang))
        return [*look.look(interview_id, situation, lang), gr.Timer(active=True), interview.spoken, *kept]

    page.pick.change(
        opened, [page.pick, page.situation, language],
        [*page.shown, page.timer, page.spoken, *page.minutes, page.report], **quiet,
    )  # fmt: skip

    @safety.guarded(5)
    def tick(interview_id: str, stamp: str, situation: str, lang: Lang) -> list[Any]:
        if not interview_id:
            return [gr.skip()] * 5
        return look.look(interview_id, situation, lang, stamp)

    refresh_inputs = [page.pick, page.stamp, page.situation, language]
    page.timer.tick(tick, refresh_inputs, page.shown, concurrency_limit=None, **quiet)
    page.refresh.click(tick, refresh_inputs, page.shown, concurrency_limit=None, **quiet)

    @safety.guarded(1)
    def agree(interview_id: str, chosen: list[str], name: str, lang: Lang) -> Any:
        purposes = [p for p in services.consents.offered if str(p) in chosen]
        if not purposes:
            raise InputError("none", message_key="error.no_purpose")
        services.consents.manager_grants(services.acting(lang), needed(interview_id), purposes, name)
        safety.tell(t("live.agreed_told", lang), lang)
        return gr.skip()

    page.agree.click(agree, [page.pick, page.purposes, page.name, language], page.status, **private).then(
        tick, refresh_inputs, page.shown, **quiet
    )

    @safety.guarded(1)
    def withdraw(interview_id: str, lang: Lang) -> Any:
        services.consents.withdraw(services.acting(lang), needed(interview_id))
        services.minutes.erase_withdrawn(interview_id)
        safety.tell(t("consent.withdrawn", lang), lang)
        return gr.skip()

    page.withdraw.click(withdraw, [page.pick, language], page.status, **private).then(
        tick, refresh_inputs, page.shown, **quiet
    )

    @safety.guarded(6)
    def say(interview_id: str, situation: str, speaker: str | None, text: str, lang: Lang) -> list[Any]:
        if services.consents.interview(services.acting(lang), needed(interview_id)).ended:
            raise InputError("over", message_key="error.ended")
        grant = services.consents.grant(interview_id)
        if not speaker:
            raise InputError("speaker", message_key="error.who_said")
        services.live.hear(grant, speaker, text)
        return [*look.look(interview_id, situation, lang), ""]

    saying = {
        "fn": say,
        "inputs": [page.pick, page.situation, page.speaker, page.line, language],
        "outputs": [*page.shown, page.line],
    }
    page.send.click(**saying, **quiet)
    page.line.submit(**saying, **quiet)

    @safety.guarded(1)
    def listen(interview_id: str, terms: str, lang: Lang) -> str:
        return tokens.issue(services, services.acting(lang), needed(interview_id), terms)

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
        services.live.put_right(actor, needed(interview_id), int(number), str(who))
        return talk_html(services.live.heard(actor, interview_id), lang)

    page.talk.click(put_right, [page.pick, language], page.talk, **quiet)
    page.speaker.input(None, page.speaker, None, js=MARK_JS)

    for button, verdict in ((page.helpful, "helpful"), (page.not_now, "not_now"), (page.wrong, "wrong")):

        @safety.guarded(1)
        def judge(interview_id: str, lang: Lang, verdict: Any = verdict) -> str:
            at_s = services.live.standing(services.acting(lang), needed(interview_id)).elapsed_s
            return hint_html(watch.judge(interview_id, verdict, at_s), lang)

        button.click(judge, [page.pick, language], page.hint, **quiet)

    @safety.guarded(1)
    def another(interview_id: str, situation: str, lang: Lang) -> str:
        actor = services.acting(lang)
        interview = services.consents.interview(actor, needed(interview_id))
        step = services.live.standing(actor, interview_id).step
        return hint_html(watch.another(interview, Situation(situation), step), lang)

    page.another.click(another, [page.pick, page.situation, language], page.hint, **quiet)

    live_after.wire(services, page, language, tokens, look)


def redraw(services: Services, page: LivePage, language: gr.State) -> dict[str, Any]:
    """Lists and names in the present language."""

    @safety.guarded(12)
    def draw(picked: str, shown: str, lang: Lang) -> list[Any]:
        known = talk_of(services, services.acting(lang), picked)
        over = bool(picked) and services.consents.interview(services.acting(lang), picked).ended
        return [
            invitation_again(shown, lang) if shown else gr.skip(), own_report(services, picked, lang) if over else gr.skip(),
            gr.update(choices=talks_open(services, lang, known)),
            gr.update(choices=choices(services, lang)), gr.update(choices=purpose_names(services, lang)),
            gr.update(choices=speakers(lang)), gr.update(choices=speakers(lang)), gr.update(choices=situations(lang)),
            card_html(lang), hearing_html(lang, services.settings.speech_service), recording_html(lang),
            gr.update(choices=languages(lang)) if picked else gr.update(choices=languages(lang), value=lang),
        ]  # fmt: skip

    return {
        "fn": draw, "inputs": [page.pick, page.invitation, language],
        "outputs": [page.invitation, page.report, page.held_for, page.pick, page.purposes, page.speaker, page.who, page.situation, page.card, page.hearing,
                    page.recording, page.spoken],
    }  # fmt: skip
