"""Counting errors of transcripts, and a grant for published recordings."""

import pytest

from consent.notices import Purpose
from evals.grants import recorded
from evals.speech_errors import errors, rate, units


def test_units_are_characters_and_words_without_punctuation_or_case():
    assert units("今天，我们用 Excel 看 3 个数。", "zh") == [
        "今",
        "天",
        "我",
        "们",
        "用",
        "excel",
        "看",
        "三",
        "个",
        "数",
    ]
    assert units("Don't stop, Katie!", "en") == ["dont", "stop", "katie"]


@pytest.mark.parametrize(
    ("figures", "words"),
    [("7点半", "七点半"), ("10个", "十个"), ("15号", "十五号"), ("110天", "一百一十天"), ("2005人", "二千零五人"),
     ("0次", "零次"), ("3.5版", "3.5版"), ("20250101", "20250101"), ("3月8日", "三月八日")],
)  # fmt: skip
def test_a_chinese_number_counts_as_it_is_read(figures, words):
    assert units(figures, "zh") == units(words, "zh")
    assert units("7 days", "en") == ["7", "days"]


@pytest.mark.parametrize(
    ("said", "heard", "wrong"),
    [
        ("我不同意", "我不同意", 0),
        ("我不同意", "我同意", 1),
        ("我不同意", "我们不同意的", 2),
        ("我不同意", "", 4),
        ("公平", "宫平", 1),
    ],
)
def test_each_wrong_missing_or_added_unit_counts_once(said, heard, wrong):
    assert errors(units(said, "zh"), units(heard, "zh")) == wrong
    assert rate(said, heard, "zh") == wrong / len(said)


def test_the_grant_for_published_recordings_covers_transcription_alone():
    assert recorded().purposes == {Purpose.TRANSCRIBE}
