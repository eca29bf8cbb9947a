"""The small cue model: its tokens, its file, what it adds to the rules, and that it points at words or is silent."""

import json
import time
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.train_cues import Row, balanced, own_lines, packed, voice_lines, write
from interview.conversation import Lang
from interview.cues import CueKind
from interview.reading.cue_model import NEUTRAL, CueModel, rule_features
from interview.reading.cues import RuleCueReader
from interview.reading.word_model import EDGE, ZERO, runs, tokens, words

SHIPPED = CueModel.shipped()


def tiny(**weights: tuple[int, int, int]) -> CueModel:
    """A model of three classes whose weights are given from zero; ``_`` in a name is a space."""
    return CueModel(
        classes=("anger", NEUTRAL, "sadness"),
        bias=(0.0, 0.0, 0.0),
        scale=0.1,
        weights={name.replace("_", " "): bytes(ZERO + w for w in row) for name, row in weights.items()},
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("好的，没问题！", "| 好 的 | 没 问 题 ! |"),
        ("这个 rating 我不 accept", "| 这 个 rating 我 不 accept |"),
        ("你走 别管我", "| 你 走 | 别 管 我 |"),
        ("i'm 35, really?!", "| i'm 0 | really ? ! |"),
        ("", "|"),
        ("……", "|"),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert words(text) == expected.split(" ")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_tokens_are_words_with_places(text: str) -> None:
    found = tokens(text)
    assert [token.text for token in found] == words(text)
    assert all(0 <= token.start <= token.end <= len(text) for token in found)
    assert all(token.end > token.start for token in found if token.text != EDGE)


def test_runs_of_three_need_chinese() -> None:
    assert "我 不 去" in runs(words("我不去"))
    assert "i don't" in runs(words("i don't know"))
    assert "i don't know" not in runs(words("i don't know"))
    assert EDGE not in runs(words("好"))


def test_rule_features_grow_with_strength() -> None:
    assert rule_features([("anger", 0.2)], "zh") == {"zh<anger"}
    assert rule_features([("anger", 0.8)], "zh") == {"zh<anger", "zh<anger.3", "zh<anger.5"}


def test_a_score_is_bias_plus_shared_norm() -> None:
    model = tiny(a=(10, 0, 0), b=(30, 0, -10))
    found = runs(["a", "b"])  # a, b, "a b"
    assert model.by_words(["a", "b"]) == pytest.approx([4 / len(found) ** 0.5, 0.0, -1 / len(found) ** 0.5])


def test_rules_count_by_themselves() -> None:
    model = tiny(**{"zh<hurt": (0, 0, 20)})
    assert model.with_rules([0.0, 1.0, 0.0], ["zh<hurt", "zh<unknown"]) == pytest.approx([0.0, 1.0, 0.6])


def test_the_span_is_the_words_that_speak_for_the_label() -> None:
    model = tiny(讨=(50, 0, 0), 讨_厌=(60, 0, 0), 今=(0, 40, 0))
    found = tokens("今天真讨厌")
    assert model.span(found, "anger") == (3, 5)
    assert model.span(found, "sadness") is None


def test_without_words_nothing_is_said() -> None:
    only_bias = CueModel(("anger", NEUTRAL, "sadness"), (9.0, 0.0, 0.0), 0.1, {})
    assert RuleCueReader(model=only_bias).read("今天下雨", "zh") == ()


def test_the_model_sees_a_faint_cue_where_no_rule_matches() -> None:
    model = tiny(讨_喜=(120, 0, 0))
    (cue,) = RuleCueReader(model=model).read("他不讨喜", "zh")
    assert cue.kind is CueKind.ANGER
    assert cue.strength < 0.5
    assert cue.quote == "讨喜"


def test_a_strong_rule_in_ordinary_words_is_faint() -> None:
    ordinary = CueModel(SHIPPED.classes, tuple(9.0 if c == NEUTRAL else 0.0 for c in SHIPPED.classes), 0.1, {})
    assert RuleCueReader(model=None).read("烦死了", "zh")[0].strength >= 0.5
    assert all(cue.strength < 0.5 for cue in RuleCueReader(model=ordinary).read("烦死了", "zh"))


FAINT: list[tuple[str, Lang, str]] = [
    ("谁让你翻我包的", "zh", "anger"),
    ("我只是想我妈了", "zh", "hurt"),
    ("医生，不会有后遗症吧", "zh", "anxiety"),
    ("哟，你怎么穿上西装了", "zh", "surprise"),
    ("那可不成，这个价我亏本", "zh", "resistance"),
    ("好嘞，就照你说的来", "zh", "acceptance"),
    ("I really miss how things were", "en", "hurt"),
    ("Somebody please call a doctor!", "en", "anxiety"),
    ("You bought a horse?", "en", "surprise"),
    ("I can't go lower than ninety", "en", "resistance"),
    ("Great, we'll take that one then", "en", "acceptance"),
    ("Get your dirty hands off my bag!", "en", "anger"),
]


@pytest.mark.parametrize(("text", "lang", "kind"), FAINT)
def test_everyday_talk_is_read_beyond_the_rules(text: str, lang: Lang, kind: str) -> None:
    cues = RuleCueReader().read(text, lang)
    assert cues, text
    assert max(cues, key=lambda cue: cue.strength).kind == kind, cues
    assert all(text[cue.start : cue.end] == cue.quote for cue in cues)


def test_the_shipped_file_is_small_and_whole() -> None:
    path = files("interview").joinpath("reading", "data", "cue_model.json")
    assert len(path.read_bytes()) < 3_000_000
    assert set(SHIPPED.classes) == {"acceptance", "anger", "anxiety", NEUTRAL, "resistance", "sadness", "surprise"}
    assert all(len(row) == len(SHIPPED.classes) for row in SHIPPED.weights.values())


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    model = packed(["好", "坏 吗", "zh<anger"], [[1.0, -1.0], [0.5, 0.25], [0.0, 0.0]], ["anger", NEUTRAL], [0.5, -0.5])
    write(model, tmp_path / "model.json", "a test")
    raw = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    assert raw["features"].split("\n") == list(model.weights)
    assert model.weights["好"] == bytes([255, 1])


def test_each_label_of_each_language_weighs_the_same() -> None:
    rows = [Row("a", ("anger",), "t", "zh"), Row("b", ("anger",), "t", "zh"), Row("c", (NEUTRAL,), "t", "en", 3.0)]
    weights = balanced(rows)
    assert weights[0] + weights[1] == pytest.approx(weights[2])


def test_our_own_lines_hold_every_label_in_both_languages() -> None:
    for lang in ("zh", "en"):
        labels = {row.labels[0] for row in own_lines() if row.lang == lang}
        assert labels == set(SHIPPED.classes)
    assert all("{" not in row.text for row in voice_lines())


def test_five_thousand_utterances_a_second_within_reason() -> None:
    """A third of the goal, for a machine under load; ``python -m evals.cues`` measures the goal itself."""
    texts = [row.text for row in own_lines()][:1500]
    reader = RuleCueReader()
    reader.read(texts[0], "zh")
    start = time.process_time()
    for text in texts:
        reader.read(text, "zh")
    assert len(texts) / (time.process_time() - start) > 1_600
