"""A transcription service elsewhere as the engine behind the queue: sound leaves the machine, as wav, segment by segment."""

import io
import math
import wave
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import numpy as np

from interview.conversation import Lang
from interview.errors import LanguageModelError
from speech.audio import RATE, Samples
from speech.doubt import Figures, Verdict, unlooped, verdict
from speech.whisper import Spoken, Words, listed, only_of, tidy
from speech.worker import Asked, Away

PASSING = {
    "error.llm_slow": "error.speech_slow",
    "error.llm_busy": "error.speech_busy",
    "error.llm_connection": "error.speech_connection",
    "error.language_model": "error.speech_service",
    "error.llm_answer": "error.speech_answer",
}
"""What may be better in a moment, and its message key here."""
LASTING = {"error.llm_key": "error.speech_key", "error.llm_url": "error.speech_url"}
_LANGS: Mapping[str, Lang] = {
    "zh": "zh", "chinese": "zh", "mandarin": "zh", "yue": "zh", "cantonese": "zh", "en": "en", "english": "en",
}  # fmt: skip
_PROBE = np.zeros(RATE, np.int16)


class Endpoint(Protocol):
    """See `llms.transcription.TranscriptionEndpoint`."""

    def transcribe(self, wav: bytes, lang: str, prompt: str, *, plain: bool) -> Mapping[str, Any]:
        """The JSON answer with its ``text``; raises LanguageModelError."""
        ...


class Service:
    """See `speech.worker.Engine`."""

    lanes = 4
    pid = None

    def __init__(self, endpoint: Endpoint, host: str) -> None:
        """``host``: the service's name, for messages."""
        self._endpoint = endpoint
        self._host = host
        self._plain = False

    def begin(self) -> None:
        """Ask for the words of a silent second, so that a wrong key or address is told before anybody speaks."""
        try:
            answer = self._transcribed(_PROBE, "zh", "")
        except Away as away:
            raise away.error from away
        if answer is None:
            raise LanguageModelError("refused", message_key="error.speech_refused", host=self._host)

    def ask(self, asked: Asked, wanted: Callable[[], bool]) -> Words | None:
        """See `speech.worker.Engine`."""
        lang = "" if asked.lang == "auto" else asked.lang
        answer = self._transcribed(
            asked.samples, lang, listed(asked.hotwords, "zh" if asked.lang == "auto" else asked.lang)
        )
        return None if answer is None else words_of(answer, asked)

    def end(self) -> None:
        """Nothing is held."""

    def _transcribed(self, samples: Samples, lang: str, prompt: str) -> Mapping[str, Any] | None:
        """The answer; None where the service will not take this very piece, however often it is asked."""
        wav = wav_of(samples)
        try:
            if not self._plain:
                try:
                    return self._endpoint.transcribe(wav, lang, prompt, plain=False)
                except LanguageModelError as error:
                    if not _refused(error):
                        raise
                    # it may know the bare words only; if that is not it, the plain question is refused as well
            answer = self._endpoint.transcribe(wav, lang, prompt, plain=True)
        except LanguageModelError as error:
            if _refused(error):
                return None
            raise self._named(error) from error
        self._plain = True
        return answer

    def _named(self, error: LanguageModelError) -> Exception:
        if error.message_key in LASTING:
            return LanguageModelError(str(error), message_key=LASTING[error.message_key], host=self._host)
        key = PASSING.get(error.message_key, "error.speech_service")
        return Away(LanguageModelError(str(error), message_key=key, host=self._host))


def _refused(error: LanguageModelError) -> bool:
    """Whether the service understood and will not: no use in asking again, though another piece may be taken."""
    return getattr(error.__cause__, "status_code", 0) in (400, 413, 415, 422)


def wav_of(samples: Samples) -> bytes:
    """A wav file in memory; ``samples``: int16 mono at RATE."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


def words_of(answer: Mapping[str, Any], asked: Asked) -> Words:
    """What to believe of an answer. Its own figures count where they make sense; its words are weighed in any case."""
    lang = _lang(answer, asked.lang, asked)
    text = tidy(str(answer["text"]), lang)
    length = len(asked.samples) / RATE
    figures = Figures(
        _mean(answer, "no_speech_prob", 0, 1), _mean(answer, "avg_logprob", -20, 0), asked.voiced_s, length
    )
    found = verdict(text, figures)
    if found is Verdict.GOOD and only_of(text, asked.hotwords) and (asked.voiced_s < 1.0 or figures.no_speech > 0.2):
        found = Verdict.DOUBTFUL  # what it was told to expect is what it invents first
    if asked.mode == "tentative":
        text = unlooped(text)
    return Words("" if found is Verdict.NOTHING else text, lang, found, figures.no_speech, figures.log_prob)


def _lang(answer: Mapping[str, Any], spoken: Spoken, asked: Asked) -> Lang:
    """The language set, else the service's word for it, else what it is written in; a short answer keeps the one before."""
    if spoken != "auto":
        return spoken
    if asked.before is not None and asked.voiced_s < 1.0:
        return asked.before
    named = _LANGS.get(str(answer.get("language", "")).lower())
    return named or ("zh" if any("\u4e00" <= c <= "\u9fff" for c in answer["text"]) else "en")


def _mean(answer: Mapping[str, Any], name: str, least: float, most: float) -> float:
    """The mean of a figure over the answer's segments; 0 where there is none or it is nonsense."""
    segments = answer.get("segments")
    rows = cast("list[dict[str, Any]]", segments) if isinstance(segments, list) else []
    values: list[Any] = [row.get(name) for row in rows if isinstance(row, Mapping)]  # pyright: ignore[reportUnnecessaryIsInstance]
    numbers = [float(v) for v in values if isinstance(v, int | float) and math.isfinite(v) and least <= v <= most]
    return sum(numbers) / len(numbers) if numbers else 0.0
