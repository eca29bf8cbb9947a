"""The figures of evals/scores.py against values worked out by hand, and the sets it reads."""

from pathlib import Path

import numpy as np
import pytest

from evals.scores import Talk, auc, first_turns, like_length, load, ranks, spearman
from interview.conversation import Speaker, Transcript


def talk(words: int, worth: float = 0.0, turns: int = 1) -> Talk:
    said = [(Speaker.MANAGER, "word " * words), (Speaker.EMPLOYEE, "yes")] * turns
    return Talk("t", Transcript.of("en", said), worth, levelled=False)


def test_figures_agree_with_hand_counts():
    values, good = np.array([1.0, 2.0, 2.0, 4.0]), np.array([False, False, True, True])
    assert ranks(values).tolist() == [0, 1.5, 1.5, 3]
    assert auc(values, good) == pytest.approx(3.5 / 4)
    assert spearman(values, -values) == pytest.approx(-1)
    assert np.isnan(auc(values, np.array([True] * 4)))


def test_pairs_are_of_like_length_and_use_each_talk_once():
    talks = [talk(10, 1), talk(11, 1), talk(10), talk(30)]
    assert like_length(talks, np.array([True, True, False, False])) == [(0, 2)]


def test_first_turns_end_before_the_next_turn_of_the_manager():
    assert len(first_turns(talk(3, turns=12), 10).transcript.turns) == 20


def test_sets_are_read_and_errors_name_the_line(tmp_path: Path):
    path = tmp_path / "set.jsonl"
    good = '{"id": 1, "lang": "en", "label": "good", "turns": [["counselor", "Hello"], ["client", "Hi"]]}'
    path.write_text(good + "\n", encoding="utf-8")
    (read,) = load(path)
    assert read.worth == 1 and [t.speaker for t in read.transcript.turns] == [Speaker.MANAGER, Speaker.EMPLOYEE]
    path.write_text(good + '\n{"id": 2}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"set\.jsonl:2"):
        load(path)
