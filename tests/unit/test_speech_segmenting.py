"""Where sound is cut: a script of voice and silence stands in for the detector, so that every rule is seen alone."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from speech.audio import BLOCK, RATE, Samples
from speech.segmenting import WINDOW, Band, Limits, Piece, Segmenter

VOICE, WEAK, SILENCE = 10_000, 4_000, 0


class Scripted:
    """Takes the loudness of a window as its chance of voice."""

    def probabilities(self, samples: Samples) -> Sequence[float]:
        return [float(window.max()) / 10_000 for window in samples.reshape(-1, WINDOW)]

    def rest(self) -> None:
        pass


def script(*parts: tuple[float, int]) -> Samples:
    """Seconds and levels of the highest tone there is, so that it is no telephone's."""
    sound = np.concatenate([np.full(round(seconds * RATE), level, np.int16) for seconds, level in parts])
    sound[1::2] *= -1
    return sound


def cut(sound: Samples, frame: int = BLOCK, limits: Limits | None = None) -> list[Piece]:
    segmenter = Segmenter(Scripted(), limits or Limits())
    found = [piece for at in range(0, len(sound), frame) for piece in segmenter.feed(sound[at : at + frame])]
    return [*found, *segmenter.finish()]


def closed(pieces: list[Piece]) -> list[Piece]:
    return [piece for piece in pieces if piece.kind == "closed"]


def test_a_pause_closes_and_lead_and_tail_are_kept():
    (piece,) = closed(cut(script((1, SILENCE), (2, VOICE), (1, SILENCE))))
    assert piece.why == "pause"
    assert piece.start_s == pytest.approx(0.7, abs=0.07)
    assert piece.end_s == pytest.approx(3.2, abs=0.07)
    assert piece.voiced_s == pytest.approx(2, abs=0.07)
    assert len(piece.samples) / RATE == pytest.approx(piece.end_s - piece.start_s)


def test_it_closes_half_a_second_after_the_last_word():
    (piece,) = closed(cut(script((2, VOICE), (3, SILENCE))))
    assert piece.heard_s - 2 == pytest.approx(0.5, abs=0.07)


def test_a_breath_does_not_close_a_young_segment_but_an_old_one():
    young = closed(cut(script((3, VOICE), (0.3, SILENCE), (3, VOICE), (1, SILENCE))))
    assert [piece.why for piece in young] == ["pause"]
    old = closed(cut(script((8.5, VOICE), (0.3, SILENCE), (2, VOICE), (1, SILENCE))))
    assert [piece.why for piece in old] == ["short pause", "pause"]


def test_a_short_pause_belongs_to_both_sides():
    first, second = closed(cut(script((8.5, VOICE), (0.2, SILENCE), (2, VOICE), (1, SILENCE))))
    assert second.start_s < first.end_s and second.start_s == pytest.approx(8.5, abs=0.04)
    assert second.samples[: round(0.1 * RATE)].max() < VOICE, "the word behind it has silence before"
    assert first.voiced_s + second.voiced_s == pytest.approx(10.5, abs=0.1), "no voice is in both"


def test_the_detector_begins_anew_in_silence_and_never_in_the_middle_of_words():
    rested = list[float]()

    class Tiring(Scripted):
        """Hears less with each second, until it rests."""

        awake_s = at_s = 0.0

        def probabilities(self, samples: Samples) -> Sequence[float]:
            self.awake_s += len(samples) / RATE
            self.at_s += len(samples) / RATE
            return [chance * max(0.0, 1 - self.awake_s / 20) for chance in super().probabilities(samples)]

        def rest(self) -> None:
            rested.append(self.at_s)
            self.awake_s = 0.0

    sound = script((3, VOICE), (4.5, SILENCE), (3, VOICE), (0.3, SILENCE), (3, VOICE), (30, SILENCE), (2, VOICE))
    segmenter = Segmenter(Tiring())
    found = [piece for at in range(0, len(sound), BLOCK) for piece in segmenter.feed(sound[at : at + BLOCK])]
    pieces = closed([*found, *segmenter.finish()])
    assert len(pieces) == 3 and pieces[-1].voiced_s == pytest.approx(2, abs=0.1)
    assert all(3 < at < 7.5 or 13.8 < at < 43.8 for at in rested) and len(rested) >= 12
    assert max(b - a for a, b in pairwise(at for at in rested if at > 13.8)) == pytest.approx(2, abs=0.1)


def test_twelve_seconds_at_most_cut_where_the_voice_is_weakest_and_nothing_is_lost():
    sound = script((11, VOICE), (0.15, WEAK), (14, VOICE), (1, SILENCE))
    pieces = closed(cut(sound))
    assert [piece.why for piece in pieces] == ["limit", "limit", "pause"]
    assert all(piece.end_s - piece.start_s <= 12.05 for piece in pieces)
    assert 11 <= pieces[0].end_s <= 11.15
    assert [piece.start_s for piece in pieces[1:]] == [piece.end_s for piece in pieces[:-1]]
    assert sum(piece.voiced_s for piece in pieces) == pytest.approx(25.15, abs=0.1)


def test_tentative_pieces_come_about_every_second_and_grow():
    pieces = [piece for piece in cut(script((5.2, VOICE), (1, SILENCE))) if piece.kind == "tentative"]
    assert len(pieces) == 5
    assert {piece.number for piece in pieces} == {0}
    assert [round(b.heard_s - a.heard_s, 1) for a, b in pairwise(pieces)] == [1.0] * 4
    assert all(piece.start_s == pieces[0].start_s for piece in pieces)


def test_silence_and_clicks_make_no_segment():
    assert cut(script((30, SILENCE))) == []
    assert cut(script((0.96, SILENCE), (0.032, VOICE), (2, SILENCE))) == []
    (click,) = closed(cut(script((0.96, SILENCE), (0.09, VOICE), (2, SILENCE))))
    assert click.why == "nothing"
    assert len(click.samples) == 0


def test_in_the_band_of_a_telephone_weaker_voice_begins():
    known, weak = script((1, VOICE), (1, SILENCE)), np.abs(script((2, WEAK), (1, SILENCE)))
    assert [round(p.voiced_s, 1) for p in closed(cut(np.concatenate((np.abs(known), weak))))] == [1.0, 2.0]
    assert [round(p.voiced_s, 1) for p in closed(cut(np.concatenate((known, weak))))] == [1.0]
    assert not Band().narrow, "nothing is known of silence"


def test_weak_voice_goes_on_but_does_not_begin():
    assert closed(cut(script((2, WEAK), (1, SILENCE)))) == []
    (piece,) = closed(cut(script((1, VOICE), (2, WEAK), (1, SILENCE))))
    assert piece.voiced_s == pytest.approx(3, abs=0.1)


def test_the_end_closes_what_is_open():
    (piece,) = closed(cut(script((1.5, VOICE))))
    assert piece.why == "end"
    assert piece.voiced_s == pytest.approx(1.5, abs=0.04)
    assert closed(cut(script((1, VOICE), (0.3, SILENCE))))[0].end_s == pytest.approx(1.2, abs=0.07)


@pytest.mark.parametrize("frame", [160, 777, BLOCK, 48_000])
def test_the_size_of_frames_changes_nothing(frame):
    rng = np.random.default_rng(3)
    sound = script(*[(rng.uniform(0.05, 4), int(rng.choice([VOICE, VOICE, WEAK, SILENCE]))) for _ in range(60)])
    as_said = [(p.number, p.kind, p.why, p.start_s, p.end_s, len(p.samples)) for p in cut(sound)]
    assert [(p.number, p.kind, p.why, p.start_s, p.end_s, len(p.samples)) for p in cut(sound, frame)] == as_said
    assert len(as_said) > 40


def test_memory_stays_bounded_through_an_hour_of_voice():
    segmenter, most = Segmenter(Scripted()), 0
    minute = script((60, VOICE))
    for _ in range(60):
        for piece in segmenter.feed(minute):
            most = max(most, len(piece.samples))
    assert most <= 12.1 * RATE
    assert segmenter.heard_s == 3600
    assert len(segmenter._windows) * WINDOW <= 12.1 * RATE
