"""The base model behind a real HTTP endpoint: the same words by URL as from the local process."""

from functools import cache

import pytest

from app.settings import Settings
from llms import weights
from llms.transcription import TranscriptionEndpoint
from speech.listening import transcribe_file
from speech.service import Service
from speech.whisper import Recognizer
from speech.worker import Transcriber
from tests.fakes.grants import granted
from tests.fakes.transcription_server import transcription_server
from tests.real.test_spoken_talks import AUDIO

pytestmark = pytest.mark.real
pytest.importorskip("faster_whisper")


@cache
def model() -> Recognizer:
    return Recognizer(weights.ready("whisper-base", Settings().models))


def heard(samples, fields):
    words = model().hear(samples, len(samples) / 16_000, fields.get("language", "auto"), "final", "", None)
    figures = {"no_speech_prob": words.no_speech, "avg_logprob": words.log_prob}
    return {"text": words.text, "language": words.lang, "segments": [figures]}


@pytest.mark.parametrize(("lang", "cue"), [("zh", "不公平"), ("en", "unfair")])
def test_a_cue_spoken_is_heard_through_a_service(lang, cue):
    with transcription_server(heard) as server:
        made = Transcriber(Service(TranscriptionEndpoint(server.url, "whisper-base"), "here"))
        made.start()
        said = [
            h for h in transcribe_file(granted(), AUDIO / f"unfair_{lang}.ogg", made, lang) if h.kind == "committed"
        ]
        made.close()
    assert any(cue in h.text.lower() and not h.doubtful for h in said), [h.text for h in said]
    assert all(h.lang == lang for h in said)
