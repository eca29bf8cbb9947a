"""Short talks of our own, spoken by synthetic voices (evals/make_speech.py), through the real model: cues and speakers."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from consent.notices import Purpose
from evals.speech_errors import errors, units
from interview.reading.cues import RuleCueReader
from speech.audio import BLOCK, RATE, Samples, blocks
from speech.doubt import looping
from speech.listening import Heard, Listener, transcribe_file
from speech.process import Process
from speech.voices import LstmEncoder, Voices
from speech.whisper import Recognizer
from speech.worker import Transcriber
from tests.fakes.grants import granted
from tests.real.test_speech import model, noises  # noqa: F401

pytestmark = pytest.mark.real
AUDIO = Path(__file__).parents[1] / "audio"
PLAN = yaml.safe_load((AUDIO / "talks.yaml").read_text(encoding="utf-8"))
BOTH = granted(Purpose.TRANSCRIBE, Purpose.VOICES)
LANGS = ("zh", "en")


@pytest.fixture(scope="module")
def transcriber(model: Path) -> Iterator[Transcriber]:  # noqa: F811
    transcriber = Transcriber(Process.of_model(model))
    transcriber.start()
    yield transcriber
    transcriber.close()


def sound_of(name: str) -> Samples:
    return np.concatenate([block.samples for block in blocks(BOTH, AUDIO / f"{name}.ogg")])


def committed(transcriber: Transcriber, name: str, lang, **options) -> list[Heard]:
    heard = transcribe_file(BOTH, AUDIO / f"{name}.ogg", transcriber, lang, **options)
    return [h for h in heard if h.kind == "committed"]


def said(name: str, lang: str) -> str:
    return " ".join(line[1] for line in PLAN["talks"][name][lang])


@pytest.mark.parametrize("lang", LANGS)
def test_each_sentence_is_heard_and_what_the_employee_feels_is_noticed(lang, transcriber):
    heard = committed(transcriber, f"unfair_{lang}", lang)
    reference = units(said("unfair", lang), lang)
    assert errors(reference, units(" ".join(h.text for h in heard), lang)) <= 0.1 * len(reference)
    assert len(heard) == len(PLAN["talks"]["unfair"][lang])
    assert not any(h.doubtful for h in heard)
    reader = RuleCueReader()
    kinds = [{str(cue.kind) for cue in reader.read(h.text, lang) if cue.strength >= 0.5} for h in heard]
    assert "unfairness" in kinds[1]
    assert "hurt" in kinds[4]


@pytest.mark.parametrize("lang", LANGS)
def test_who_spoke_is_told_after_each_has_read_a_sentence(lang, transcriber):
    """The whole way: reading aloud, then the talk, in one stream of frames at one microphone."""
    voices = Voices(BOTH, LstmEncoder())
    ear = Listener(BOTH, transcriber, lang, voices=voices)
    quiet = np.zeros(RATE, np.int16)
    seq = 0

    def feed(sound: Samples) -> None:
        nonlocal seq
        for at in range(0, len(sound), BLOCK):
            ear.feed(sound[at : at + BLOCK].tobytes(), seq)
            seq += 1

    for who in ("manager", "employee"):
        voices.read(who)
        feed(np.concatenate((sound_of(f"enrol_{lang}_{who}"), quiet)))
    assert voices.ready
    feed(np.concatenate((sound_of(f"unfair_{lang}"), quiet)))
    ear.finish()
    heard = list(ear.events())
    assert [h.text for h in heard if h.kind == "enrolled"] == ["manager", "employee"]
    told = [(h.speaker, h.unsure) for h in heard if h.kind == "committed"]
    assert told == [(line[0], False) for line in PLAN["talks"]["unfair"][lang]]


@pytest.mark.parametrize("lang", LANGS)
def test_a_channel_each_says_who_spoke(lang, transcriber):
    heard = committed(transcriber, f"short_{lang}_stereo", lang, split=True)
    lanes = [("manager", "employee").index(line[0]) for line in PLAN["talks"]["short"][lang]]
    assert (heard[0].channel, heard[-1].channel) == (lanes[0], lanes[-1])
    assert {h.channel for h in heard} == {0, 1}


@pytest.mark.parametrize("lang", LANGS)
def test_short_answers_stay_in_the_language_of_the_talk(lang, transcriber):
    """Left to itself the model takes a grunt for any language; the segment before decides."""
    assert {h.lang for h in committed(transcriber, f"short_{lang}", "auto")} == {lang}


def test_a_short_answer_keeps_the_language_before_it(model):  # noqa: F811
    recognizer = Recognizer(model)
    grunt = sound_of("short_zh")[round(2.9 * RATE) : round(3.7 * RATE)]
    assert recognizer.hear(grunt, 0.4, "auto", before="zh").lang == "zh"
    assert recognizer.hear(grunt, 0.4, "auto", before="en").lang == "en"


def test_chinese_comes_out_simplified(transcriber):
    """The model alone writes 著 and other traditional forms here and there."""
    opencc = pytest.importorskip("opencc")
    text = "".join(h.text for name in ("unfair_zh", "short_zh") for h in committed(transcriber, name, "zh"))
    assert opencc.OpenCC("tw2s").convert(text) == text
    assert "著" not in text


def test_names_and_terms_given_before_are_heard_better_and_punctuation_stays(transcriber):
    reference = units(said("unfair", "zh"), "zh")
    terms = "季度 核对 临时 李工"
    without, given = (committed(transcriber, "unfair_zh", "zh", hotwords=words) for words in ("", terms))
    wrong = [errors(reference, units(" ".join(h.text for h in heard), "zh")) for heard in (without, given)]
    assert wrong[1] < wrong[0] or wrong == [0, 0]
    assert all(re.search(r"[。？！]$", h.text) for h in given)


@pytest.mark.parametrize("lang", LANGS)
def test_expected_words_are_not_invented_in_silence_and_noise(lang, transcriber):
    for name, sound in noises().items():
        ear = Listener(BOTH, transcriber, lang, hotwords="季度 核对 李工 OKR milestone")
        for seq, at in enumerate(range(0, len(sound), BLOCK)):
            ear.feed(sound[at : at + BLOCK].tobytes(), seq)
        ear.finish()
        assert [h.text for h in ear.events() if h.kind == "committed"] == [], name


@pytest.mark.parametrize("lang", LANGS)
def test_a_word_said_again_and_again_is_no_endless_loop(lang, transcriber):
    """The same short answer twelve times at a run: what comes out is bounded, or doubted where the model loops."""
    answer = sound_of(f"short_{lang}")
    piece = answer[round(4.1 * RATE) : round(4.9 * RATE)]
    ear = Listener(BOTH, transcriber, lang)
    run = np.concatenate([np.tile(piece, 12), np.zeros(RATE, np.int16)])
    for seq, at in enumerate(range(0, len(run), BLOCK)):
        ear.feed(run[at : at + BLOCK].tobytes(), seq)
    ear.finish()
    heard = [h for h in ear.events() if h.kind == "committed"]
    assert heard
    for one in heard:
        assert len(units(one.text, lang)) <= 4 * 12 + 8
        assert one.doubtful or not looping(one.text)
