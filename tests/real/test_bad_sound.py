"""Bad sound through the real model: music invents nothing, two at once and telephone lose nothing, clipping keeps a cue."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from app.settings import Settings
from evals.speech_errors import units
from interview.conversation import Lang
from interview.errors import StorageError
from interview.reading.cues import RuleCueReader
from llms import weights
from speech.audio import BLOCK, RATE, Samples, blocks
from speech.listening import Heard, Listener
from speech.process import Process
from speech.worker import Transcriber
from tests.fakes.grants import granted

pytestmark = pytest.mark.real
AUDIO = Path(__file__).parents[1] / "audio"
IN_CI = os.environ.get("CI", "").lower() in ("true", "1")


@pytest.fixture(scope="module")
def transcriber() -> Iterator[Transcriber]:
    try:
        made = Transcriber(Process.of_model(weights.ready("whisper-base", Settings().models)))
    except StorageError as error:
        if IN_CI:
            pytest.fail(f"Whisper base is not here: {error}")
        pytest.skip("Whisper base is not here: tandao models pull whisper-base")
    made.start()
    yield made
    made.close()


def spoken(name: str) -> Samples:
    return np.concatenate([block.samples for block in blocks(granted(), AUDIO / f"{name}.ogg")])


def said(name: str) -> str:
    talks = yaml.safe_load((AUDIO / "talks.yaml").read_text(encoding="utf-8"))["talks"]
    return "".join(words for _, words, _ in talks[name]["zh"])


def heard(transcriber: Transcriber, samples: Samples, lang: Lang = "zh") -> list[Heard]:
    listener = Listener(granted(), transcriber, lang)
    padded = np.concatenate((samples, np.zeros(RATE, np.int16)))
    for number, at in enumerate(range(0, len(padded), BLOCK)):
        listener.feed(padded[at : at + BLOCK].tobytes(), number)
    listener.finish(300)
    return list(listener.events())


def committed(found: list[Heard]) -> str:
    return "".join(h.text for h in found if h.kind == "committed" and not h.doubtful)


def lost(found: list[Heard]) -> list[str]:
    return [h.text for h in found if h.kind == "notice" and h.text in ("lost", "gap", "stopped")]


def cues(text: str) -> set[str]:
    return {str(cue.kind) for cue in RuleCueReader().read(text, "zh") if cue.strength >= 0.5}


def music() -> Samples:
    """Twelve seconds of chords with a tune over them."""
    at = np.arange(12 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * f * at) / n for n, f in enumerate((130.8, 164.8, 196.0, 261.6), 1))
    tune = np.concatenate(
        [np.sin(2 * np.pi * f * at[: RATE // 2]) for f in (262, 294, 330, 349, 392, 440, 494, 523) * 3]
    )
    beat = 0.6 + 0.4 * np.sign(np.sin(2 * np.pi * 2 * at))
    return ((chord + tune) * beat * 4_000).astype(np.int16)


def test_music_is_not_taken_for_words(transcriber: Transcriber):
    assert committed(heard(transcriber, music())) == ""


def test_words_after_music_are_still_heard(transcriber: Transcriber):
    found = heard(transcriber, np.concatenate((music(), np.zeros(RATE, np.int16), spoken("unfair_zh"))))
    assert "不公平" in committed(found) and not lost(found)


def test_two_at_once_invent_little_and_lose_no_sound(transcriber: Transcriber):
    one, two = spoken("unfair_zh").astype(np.int32), spoken("short_zh").astype(np.int32)
    both = one.copy()
    for start in range(0, len(one) - len(two), len(two)):
        both[start : start + len(two)] += two
    found = heard(transcriber, np.clip(both, -32768, 32767).astype(np.int16))
    assert not lost(found)
    known = set(units(said("unfair") + said("short"), "zh"))
    own = units(committed(found), "zh")
    assert own, "what can be heard is heard"
    assert sum(u in known for u in own) / len(own) >= 0.6, committed(found)


def telephone(samples: Samples) -> Samples:
    """300 to 3,400 Hz and nothing else."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3_400)] = 0
    return np.clip(np.fft.irfft(spectrum, len(samples)), -32768, 32767).astype(np.int16)


def codec(samples: Samples) -> Samples:
    """What a telephone line makes of it: 8 kHz, 8 bits mu-law, and back."""
    slow = resampled(samples, RATE, 8_000) / 32_768
    packed = np.round(np.sign(slow) * np.log1p(255 * np.abs(slow)) / np.log(256) * 127) / 127
    heard = np.sign(packed) * np.expm1(np.abs(packed) * np.log(256)) / 255
    return resampled((heard * 32_767).astype(np.int16), 8_000, RATE)


def resampled(samples: Samples, before: int, after: int) -> Samples:
    import av

    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = before
    through = av.AudioResampler(format="s16", layout="mono", rate=after)
    return np.concatenate([part.to_ndarray().ravel() for part in (*through.resample(frame), *through.resample(None))])


LINES = {"band": telephone, "codec": codec, "both": lambda samples: codec(telephone(samples))}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(("lang", "cue"), [("zh", "不公平"), ("en", "unfair")])
def test_a_cue_survives_the_telephone(transcriber: Transcriber, line: str, lang: str, cue: str):
    found = heard(transcriber, LINES[line](spoken(f"unfair_{lang}")), lang)
    assert not lost(found)
    said_so = [h.text for h in found if h.kind == "committed" and not h.doubtful and cue in h.text]
    assert any(c.kind == "unfairness" for text in said_so for c in RuleCueReader().read(text, lang)), committed(found)
    if lang == "zh":
        assert cues(committed(found)) <= cues(said("unfair"))


@pytest.mark.parametrize("what", ["music", "hiss"])
def test_a_telephone_with_nobody_speaking_says_nothing(transcriber: Transcriber, what: str):
    hiss = np.random.default_rng(0).normal(0, 600, 12 * RATE).astype(np.int16)
    assert committed(heard(transcriber, telephone(music() if what == "music" else hiss))) == ""


@pytest.mark.parametrize("factor", [12.0, 0.05], ids=["clipped", "faint"])
def test_a_cue_survives_clipped_and_faint_sound(transcriber: Transcriber, factor: float):
    loud = np.clip(spoken("unfair_zh").astype(np.float64) * factor, -32768, 32767).astype(np.int16)
    found = heard(transcriber, loud)
    assert "unfairness" in cues(committed(found)), committed(found)
    assert not lost(found)
