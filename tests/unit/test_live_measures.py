"""The live measurement itself: delays counted on words both heard, LocalAgreement-2 as published."""

from types import SimpleNamespace

import numpy as np
import pytest

from evals.live import Offline, delays, spread
from evals.local_agreement import Word, _agreed, _without_said, transcribe
from speech.audio import RATE


def test_a_words_delay_is_from_its_end_to_its_commit():
    known = Offline(["这", "不", "公", "平"], [0.5, 0.8, 1.0, 1.4])
    assert delays(known, [("这不公平。", 3.0)], "zh") == pytest.approx([2.5, 2.2, 2.0, 1.6])


def test_words_that_were_misheard_are_not_counted():
    known = Offline(["that", "is", "unfair"], [0.2, 0.4, 1.0])
    assert delays(known, [("That was", 1.0), ("unfair", 2.0)], "en") == pytest.approx([0.8, 1.0])


def test_spread_of_nothing_is_nothing():
    assert spread([]) == {}
    assert spread([3.0, 1.0, 2.0]) == {"median": 2.0, "p95": 3.0, "n": 3}


def words(*texts, start=0.0):
    return [Word(text, start + n + 1.0) for n, text in enumerate(texts)]


def test_only_what_two_runs_agree_on_is_committed():
    assert [w.text for w in _agreed(words("This", "is", "fare"), words("this,", "is", "fair"))] == ["this,", "is"]
    assert _agreed([], words("a")) == []
    assert [w.text for w in _without_said(words("is", "so"), words("this", "is"))] == ["so"]


class Model:
    """Says word n where second n of the sound is; a last word in the making is always misheard."""

    def __init__(self) -> None:
        self.at = 0

    def transcribe(self, sound, **asked):
        assert len(sound) <= 30 * RATE
        seconds = int(len(sound) / RATE)
        first = round(float(sound[0]) * 32768) if len(sound) else 0
        found = [SimpleNamespace(word=f" w{first + n}", end=n + 1.0) for n in range(seconds)]
        if found and first + seconds < 40:
            found.append(SimpleNamespace(word=f" x{len(sound)}", end=seconds + 0.5))
        return iter([SimpleNamespace(words=[word]) for word in found]), None


def test_local_agreement_commits_each_word_once_and_cuts_its_sound():
    samples = np.repeat(np.arange(40, dtype=np.int16), RATE)
    made = transcribe(Model(), samples, "en")
    assert made.text.split() == [f"w{n}" for n in range(40)]
    times = [at for _, at in made.words]
    assert times == sorted(times)
    assert all(at >= n + 1 for n, at in enumerate(times)), "no word before it was said"
