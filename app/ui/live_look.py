"""Live: one look at a talk as it stands now, the same for a tick, a word and the end."""

from typing import Any

import gradio as gr

from app.texts import t
from app.ui.live_html import hint_html, side_html, talk_html, voices_html
from app.ui.live_watch import Watch
from app.wiring import Services
from assistant.hints import HintState
from consent.notices import Purpose
from interview.conversation import Lang
from interview.situations import Situation


class Look:
    """What a refresh shows of any interview of whoever acts."""

    def __init__(self, services: Services, watch: Watch) -> None:
        self._services = services
        self._watch = watch

    def look(self, interview_id: str, situation: str, lang: Lang, before: str = "") -> list[Any]:
        """Status, talk, side, hint and a stamp of them; new utterances bring their hints. Same stamp, nothing drawn."""
        actor = self._services.acting(lang)
        interview = self._services.consents.interview(actor, interview_id)
        available = self._services.consents.available(actor, interview_id)
        unfinished = self._watch.unfinished(interview_id)  # first: a sentence that ends meanwhile is then in both
        heard = self._services.live.heard(actor, interview_id)
        state = HintState()
        if available and not interview.ended:
            state = self._watch.look(
                interview,
                heard,
                Situation(situation),
                lambda: self._services.live.standing(actor, interview_id).step,
                unfinished,
            )
        else:
            self._watch.forget(interview_id)
        granted = sorted(self._services.consents.standing(interview_id).purposes)
        stamp = str(hash((str(heard), str(state), interview.ended, str(granted), lang, interview_id)))
        if stamp == before:
            return [gr.skip()] * 5
        key = "live.over" if interview.ended else "live.available" if available else "live.unavailable"
        voices = ""
        if available and not interview.ended and Purpose.VOICES in granted:
            voices = voices_html(interview, lang)
        elif available and not interview.ended:
            voices = f"<p class='note' id='live-keys'>{t('live.keys', lang)}</p>"
        return [
            f"<p id='live-state' class='{'flag' if key == 'live.unavailable' else ''}'><b>{t(key, lang)}</b></p>{voices}",
            talk_html(heard, lang), side_html(self._services.live.standing(actor, interview_id), lang), hint_html(state, lang),
            stamp,
        ]  # fmt: skip
