"""Real speech through the real model: Whisper base, read from the packages that carry it.

The recordings lie beside the project, not in it; in CI they must be there, elsewhere their tests say that they skip.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.settings import Settings
from consent.notices import Purpose
from evals.speech_errors import errors, units
from interview.errors import StorageError
from llms import weights
from speech.audio import BLOCK, RATE, Samples, blocks
from speech.listening import Heard, Listener, transcribe_file
from speech.process import Process
from speech.segmenting import WINDOW, Segmenter, Silero
from speech.voices import LstmEncoder, Voices
from speech.whisper import Recognizer, tidy
from speech.worker import Transcriber
from tests.fakes.grants import granted
from tests.unit.test_speech_audio import written

pytestmark = pytest.mark.real
AUDIO = Path(__file__).parents[2].parent / "shared" / "audio"
IN_CI = os.environ.get("CI", "").lower() in ("true", "1")


@pytest.fixture(scope="module")
def model() -> Path:
    try:
        return weights.ready("whisper-base", Settings().models)
    except StorageError as error:
        if IN_CI:
            pytest.fail(f"Whisper base is not here: {error}")
        pytest.skip("Whisper base is not here: tandao models pull whisper-base")


@pytest.fixture(scope="module")
def transcriber(model: Path) -> Iterator[Transcriber]:
    transcriber = Transcriber(Process.of_model(model))
    transcriber.start()
    yield transcriber
    transcriber.close()


@pytest.fixture(scope="module")
def clips() -> list[dict[str, str]]:
    if not (AUDIO / "manifest.json").is_file():
        if IN_CI:
            pytest.fail(f"no recordings in {AUDIO}")
        pytest.skip(f"no recordings in {AUDIO}: these tests run where they are")
    return json.loads((AUDIO / "manifest.json").read_text(encoding="utf-8"))


def samples(path: Path) -> Samples:
    return np.concatenate([block.samples for block in blocks(granted(), path)])


def live(transcriber: Transcriber, sound: Samples, lang: str, **options) -> list[Heard]:
    """Through a listener, as fast as it goes."""
    ear = Listener(granted(), transcriber, lang, **options)  # pyright: ignore
    for seq, at in enumerate(range(0, len(sound), BLOCK)):
        ear.feed(sound[at : at + BLOCK].tobytes(), seq)
    ear.finish()
    return list(ear.events())


def text_of(heard: list[Heard]) -> str:
    return " ".join(h.text for h in heard if h.kind == "committed")


@pytest.mark.parametrize(("lang", "most"), [("zh", 0.20), ("en", 0.08)])
def test_recordings_are_heard_about_as_well_as_the_model_can(lang, most, clips, transcriber):
    wrong = length = 0
    for clip in clips:
        if clip["lang"] == lang and clip.get("reference"):
            heard = list(transcribe_file(granted(), AUDIO / clip["file"], transcriber, lang))
            said = units(clip["reference"], lang)
            wrong += errors(said, units(text_of(heard), lang))
            length += len(said)
            assert not any(h.doubtful for h in heard), clip["file"]
    assert length > 100
    assert wrong / length <= most


def test_the_language_is_told_by_itself(clips, transcriber):
    for clip in clips:
        if clip.get("reference"):
            heard = list(transcribe_file(granted(), AUDIO / clip["file"], transcriber, "auto"))
            assert {h.lang for h in heard} == {clip["lang"]}, clip["file"]


def test_live_and_from_a_file_the_same_words_are_committed(clips, transcriber):
    clip = AUDIO / "zh_moon1.wav"
    from_file = text_of(list(transcribe_file(granted(), clip, transcriber, "zh")))
    heard = live(transcriber, samples(clip), "zh")
    assert units(text_of(heard), "zh") == units(from_file, "zh")
    assert tidy(from_file, "zh") == from_file


def noises() -> dict[str, Samples]:
    rng = np.random.default_rng(5)
    n = 20 * RATE
    t = np.arange(n) / RATE
    white = rng.normal(0, 1, n)
    brown = np.cumsum(white - white.mean())
    hum = np.sin(2 * np.pi * 50 * t) + 0.4 * np.sin(2 * np.pi * 150 * t)
    clicks = np.zeros(n)
    clicks[rng.integers(0, n, 60)] = 1
    chord = sum(np.sin(2 * np.pi * f * t) for f in (262, 330, 392)) * (1 + np.sin(2 * np.pi * 2 * t))
    beep = np.sign(np.sin(2 * np.pi * 440 * t)) * (t % 1 < 0.3)
    raw = {"silence": np.zeros(n), "white": white, "brown": brown, "hum": hum, "clicks": clicks, "chord": chord, "beep": beep,
           "whisper of noise": 0.01 * white}  # fmt: skip
    return {
        name: (wave / max(1e-9, np.abs(wave).max()) * (3_000 if name != "whisper of noise" else 100)).astype(np.int16)
        for name, wave in raw.items()
    }


@pytest.mark.parametrize("lang", ["zh", "en", "auto"])
def test_silence_noise_and_tones_give_no_words(lang, transcriber):
    for name, sound in noises().items():
        assert text_of(live(transcriber, sound, lang)) == "", name


def test_noise_between_words_invents_nothing(clips, transcriber):
    """What the model makes of noise that it is given as if it were voice is dropped or doubted."""
    words = samples(AUDIO / "zh_aishell_724.wav")
    noise = noises()["brown"][: 5 * RATE] // 8
    heard = live(transcriber, np.concatenate([noise, words, noise, words, noise]), "zh")
    committed = [h for h in heard if h.kind == "committed" and not h.doubtful]
    assert len(committed) == 2
    assert all(5 < len(units(h.text, "zh")) < 18 for h in committed)


def test_the_model_alone_invents_but_is_not_believed(model):
    """Fed past the voice detector, silence and noise never come out as words to be trusted."""
    recognizer = Recognizer(model)
    for name, sound in noises().items():
        for lang in ("zh", "en"):
            words = recognizer.hear(sound[: 6 * RATE], 0.2, lang)
            assert words.text == "" or words.verdict != "good", (name, lang, words)


def test_telephone_and_clipped_sound_are_still_understood(clips, transcriber, tmp_path):
    clip = next(c for c in clips if c["file"] == "en_jfk.wav")
    sound = samples(AUDIO / clip["file"])
    said = units(clip["reference"], "en")
    phone = written(tmp_path / "phone.wav", [sound[::2]], 8_000)
    loud = np.clip(sound.astype(np.int32) * 8, -32_768, 32_767).astype(np.int16)
    for path in (phone, written(tmp_path / "clipped.wav", [loud], RATE)):
        heard = text_of(list(transcribe_file(granted(), path, transcriber, "en")))
        assert errors(said, units(heard, "en")) <= 0.25 * len(said), (path.name, heard)


def test_a_worker_killed_in_mid_sentence_and_while_it_loads_costs_no_words(clips, transcriber):
    sound = np.concatenate([samples(AUDIO / "en_jfk.wav"), np.zeros(RATE, np.int16)])
    whole = units(text_of(live(transcriber, sound, "en")), "en")
    ear = Listener(granted(), transcriber, "en")
    for seq, at in enumerate(range(0, len(sound), BLOCK)):
        if seq in (15, 40):
            assert transcriber.pid is not None
            os.kill(transcriber.pid, signal.SIGKILL)
            time.sleep(0.3)
        ear.feed(sound[at : at + BLOCK].tobytes(), seq)
    ear.finish()
    heard = list(ear.events())
    assert units(text_of(heard), "en") == whole
    assert "restarted" in [h.text for h in heard if h.kind == "notice"]


def test_a_damaged_model_is_refused_before_anything_is_heard(model, tmp_path):
    folder = tmp_path / "whisper-base"
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes()[: 2_000_000 if file.name == "model.bin" else None])
    with pytest.raises(StorageError) as told:
        Transcriber(Process.of_model(folder)).start()
    assert told.value.message_key == "error.model_damaged"
    (folder / "model.bin").unlink()
    with pytest.raises(StorageError) as told:
        Transcriber(Process.of_model(folder)).start()
    assert told.value.message_key == "error.model_missing"
    assert told.value.params["model"] == "whisper-base"


def test_the_detector_goes_on_from_frame_to_frame(clips):
    sound = samples(AUDIO / "en_katie_steve_mono.wav")
    whole = Segmenter(Silero())
    parts = Segmenter(Silero())
    at_once = [(p.start_s, p.end_s) for p in (*whole.feed(sound), *whole.finish()) if p.kind == "closed"]
    in_frames = [
        (p.start_s, p.end_s)
        for start in range(0, len(sound), BLOCK)
        for p in parts.feed(sound[start : start + BLOCK])
        if p.kind == "closed"
    ] + [(p.start_s, p.end_s) for p in parts.finish() if p.kind == "closed"]
    assert at_once == in_frames
    assert len(in_frames) >= 5


def test_two_voices_of_one_session_are_told_apart(clips):
    """Enrolled with 4 s of each, the rest of the recordings in pieces: from 1.5 s on nearly no piece is given to the other."""
    encoder = LstmEncoder()
    sound = {who: voiced(samples(AUDIO / f"en_enrol_{name}.wav")) for who, name in (("manager", "katie"), ("employee", "steve"))}  # fmt: skip
    voices = Voices(granted(Purpose.TRANSCRIBE, Purpose.VOICES), encoder)
    for who, spoken in sound.items():
        voices.read(who)
        told = voices.listen(np.concatenate((spoken[: round(4.1 * RATE)], np.zeros(RATE, np.int16))))
        assert told is not None and told.done
    assert voices.ready
    for seconds, most_wrong, most_unsure in ((1.0, 0.02, 0.2), (1.5, 0.004, 0.05), (3.0, 0.004, 0.02)):
        length, wrong, unsure, count = round(seconds * RATE), 0, 0, 0
        for who, spoken in sound.items():
            for at in range(5 * RATE, len(spoken) - length, RATE // 4):
                found = voices.who(spoken[at : at + length], seconds)
                wrong += not found.unsure and found.who != who
                unsure += found.unsure
                count += 1
        print(f"{seconds} s: {wrong} wrong and {unsure} unsure of {count}")
        assert count > 50
        assert wrong / count <= most_wrong
        assert unsure / count <= most_unsure


def voiced(sound: Samples) -> Samples:
    windows = sound[: len(sound) // WINDOW * WINDOW].reshape(-1, WINDOW)
    chances = Silero().probabilities(windows.reshape(-1))
    return np.concatenate([window for window, chance in zip(windows, chances, strict=True) if chance >= 0.5])


def test_a_faint_sentence_after_a_minute_of_talk_is_not_missed(clips):
    """The detector's state drifts with time; one sentence in two was not taken for voice here."""
    names = ("en_jfk.wav", "en_ls1995.wav", "en_katie_steve_dialog.wav", "en_katie_steve_mono.wav")
    silence = np.zeros(round(1.5 * RATE), np.int16)
    for order in (names, names[::-1]):
        sounds = [np.concatenate([b.samples for b in blocks(granted(), AUDIO / name)]) for name in order]
        alone = sum(voice_s(Segmenter(Silero()), np.concatenate((sound, silence))) for sound in sounds)
        together = voice_s(Segmenter(Silero()), np.concatenate([part for s in sounds for part in (s, silence)]))
        assert together > 0.97 * alone


def voice_s(segmenter: Segmenter, sound: Samples) -> float:
    """Seconds of voice in it."""
    pieces = [*segmenter.feed(sound), *segmenter.finish()]
    return sum(piece.voiced_s for piece in pieces if piece.kind == "closed")
