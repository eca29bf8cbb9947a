"""Two voices told apart: only under a grant, sure or said to be unsure, and gone with the session."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from consent.notices import Purpose
from interview.errors import ConsentError, StorageError
from speech import voices as module
from speech.audio import BLOCK, RATE
from speech.listening import Listener
from speech.process import Process
from speech.voices import WEIGHTS, LstmEncoder, Speaker, Voices, mel
from speech.worker import Transcriber
from tests.fakes.grants import granted
from tests.fakes.recognizer import Loud, Spelling

BOTH = granted(Purpose.TRANSCRIBE, Purpose.VOICES)


class ByLoudness:
    """A voice is its loudness: 1,000 points one way, 3,000 the other, 2,000 between them."""

    def __init__(self):
        self.asked = 0

    def voiceprint(self, samples):
        self.asked += 1
        angle = (float(np.abs(samples).max()) - 1_000) / 2_000 * np.pi / 2
        return np.array([np.cos(angle), np.sin(angle)], np.float32)


def tone(loudness, seconds):
    return np.full(round(seconds * RATE), loudness, np.int16)


def made(enrolled=True):
    voices = Voices(BOTH, ByLoudness(), Loud, enrol_s=1.0)
    if enrolled:
        for who, loudness in (("manager", 1_000), ("employee", 3_000)):
            voices.read(who)
            while not voices.listen(tone(loudness, 0.2)).done:
                pass
    return voices


def test_without_the_purpose_no_voice_is_looked_at():
    with pytest.raises(ConsentError):
        Voices(granted(Purpose.TRANSCRIBE), ByLoudness(), Loud)


def test_a_reading_needs_enough_voice_and_silence_does_not_count():
    voices = made(enrolled=False)
    assert voices.listen(tone(1_000, 0.2)) is None, "nobody reads"
    voices.read("manager")
    assert voices.listen(np.zeros(5 * RATE, np.int16)).voiced_s == 0
    progress = [voices.listen(tone(1_000, 0.4)) for _ in range(3)]
    assert [(p.voiced_s, p.done) for p in progress] == [(0.4, False), (0.8, False), (1.0, False)], "still reading"
    assert voices.listen(np.zeros(RATE, np.int16)).done, "enough, and a pause"
    assert voices.reading is None
    assert not voices.ready
    assert voices.who(tone(1_000, 2), 2.0) == Speaker(None, False), "one voice alone tells nothing"


def test_sure_unsure_and_put_right():
    voices = made()
    assert voices.ready
    assert voices.who(tone(2_000, 2), 2.0) == Speaker(None, True), "nobody spoke before"
    assert voices.who(tone(3_000, 2), 2.0) == Speaker("employee", False)
    assert voices.who(tone(1_000, 2), 0.9) == Speaker("employee", True), "too short"
    assert voices.who(tone(2_000, 2), 2.0) == Speaker("employee", True), "between the two"
    voices.put_right("manager")
    assert voices.who(tone(1_000, 2), 0.5) == Speaker("manager", True)


def test_reading_again_takes_the_place_of_the_first():
    voices = made()
    voices.read("manager")
    voices.listen(np.concatenate((tone(2_000, 1.2), np.zeros(RATE, np.int16))))
    assert voices.who(tone(2_000, 2), 2.0) == Speaker("manager", False)


@pytest.mark.parametrize("end", ["abort", "finish", "without_voices"])
def test_voiceprints_die_with_the_session_and_with_the_purpose(end):
    transcriber = Transcriber(Process(Spelling))
    transcriber.start()
    voices = made()
    ear = Listener(BOTH, transcriber, "zh", voices=voices, vad=Loud)
    getattr(ear, end)()
    assert not voices.ready
    assert ear.voices is None
    assert voices._prints == {}
    transcriber.close()


def test_what_is_read_aloud_is_no_part_of_the_talk_and_speakers_are_told_apart():
    transcriber = Transcriber(Process(Spelling))
    transcriber.start()
    voices = made(enrolled=False)
    ear = Listener(BOTH, transcriber, "zh", voices=voices, vad=Loud)
    quiet = np.zeros(RATE, np.int16)
    frames = 0

    def feed(sound, channel=0):
        nonlocal frames
        for at in range(0, len(sound), BLOCK):
            ear.feed(sound[at : at + BLOCK].tobytes(), frames, channel)
            frames += 1

    for who, loudness in (("manager", 1_000), ("employee", 3_000)):
        voices.read(who)
        feed(np.concatenate((tone(loudness, 1.2), quiet)))
    for loudness, seconds in ((3_000, 2), (1_000, 2), (3_000, 0.6), (2_000, 2)):
        feed(np.concatenate((tone(loudness, seconds), quiet)))
    ear.finish()
    heard = list(ear.events())
    assert [h.text for h in heard if h.kind == "enrolled"] == ["manager", "employee"]
    committed = [(h.text.split()[0], h.speaker, h.unsure) for h in heard if h.kind == "committed"]
    assert committed == [
        ("3000", "employee", False), ("1000", "manager", False), ("3000", "manager", True), ("2000", "manager", True)
    ]  # fmt: skip
    assert all(replace(h, text="").lang for h in heard if h.kind == "committed")
    transcriber.close()


def test_the_weights_are_the_ones_we_know(tmp_path):
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == module.SHA256
    broken = tmp_path / "voice_encoder.npz"
    broken.write_bytes(WEIGHTS.read_bytes()[:-1] + b"x")
    for path, key in ((broken, "error.model_damaged"), (tmp_path / "none.npz", "error.model_missing")):
        with pytest.raises(StorageError) as told:
            LstmEncoder(path)
        assert told.value.message_key == key


def test_the_encoder_gives_unit_vectors_that_loudness_does_not_change():
    rng = np.random.default_rng(1)
    encoder = LstmEncoder()
    for seconds in (0.01, 0.5, 1.6, 2.0, 12.0):
        sound = (rng.normal(0, 300, round(seconds * RATE))).astype(np.int16)
        found = encoder.voiceprint(sound)
        assert found.shape == (256,)
        assert abs(float(np.linalg.norm(found)) - 1) < 1e-4
        assert float(found @ encoder.voiceprint((sound * 2).astype(np.int16))) > 0.98
    assert float(np.linalg.norm(encoder.voiceprint(np.zeros(RATE, np.int16)))) < 1.001


def test_mel_frames_put_a_tone_where_it_belongs():
    at = np.arange(RATE) / RATE
    frames = mel((8_000 * np.sin(2 * np.pi * 1_000 * at)).astype(np.int16))
    assert frames.shape == (101, 40)
    assert 12 <= int(frames.mean(axis=0).argmax()) <= 15, "1 kHz is mel 15 of 45, of 42 points"
