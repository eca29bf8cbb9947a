"""The model of moves: its features, what it adds to the rules and takes from them, and the lines it learns from."""

from collections import Counter

import numpy as np
import pytest

from evals.train_moves import CLASSES, everything, labelled_lines, labelled_talks, packed, rows_of_turn
from interview.conversation import LANGS, Lang
from interview.moves import EMPTY_DETAILS, HARMS, MoveKind
from interview.reading.move_model import MoveModel
from interview.reading.moves import RuleMoveReader, model_sentences

READER, ALONE = RuleMoveReader(), RuleMoveReader(model=None)
UNWRITTEN: list[tuple[Lang, str, str]] = [  # no expression is written for these
    ("zh", "你这个人最大的问题就是拎不清。", "label"),
    ("zh", "整体还是往好的方向走嘛，心态放平。", "kind_but_vague"),
    ("en", "You got the whole ward moved in a weekend and nobody missed a dose.", "affirmation"),
    ("en", "That one was mine, I never explained what I wanted.", "apology"),
]


def counting(reader: RuleMoveReader, text: str, lang: Lang) -> set[str]:
    return {str(m.kind) for m in reader.read(text, lang).moves if m.strength >= 0.5}


@pytest.mark.parametrize(("lang", "text", "kind"), UNWRITTEN)
def test_what_no_rule_knows_is_likely_all_the_same(lang: Lang, text: str, kind: str) -> None:
    assert kind not in counting(ALONE, text, lang)
    plain = READER.read("办公室六点锁门。" if lang == "zh" else "The office closes at six.", lang).likely
    assert READER.read(text, lang).likely.get(MoveKind(kind), 0.0) > max(0.3, 3 * plain.get(MoveKind(kind), 0.0))


def test_chances_are_chances_and_empty_kinds_have_none():
    said: list[tuple[str, Lang]] = [
        ("我理解你的感受。", "zh"),
        ("I understand how you feel.", "en"),
        ("干得不错！", "zh"),
    ]
    for text, lang in said:
        reading = READER.read(text, lang)
        assert all(0.0 <= p <= 1.0 for p in reading.likely.values())
        empty = {m.kind for m in reading.moves if m.detail in EMPTY_DETAILS}
        assert not empty & reading.likely.keys()
    assert ALONE.read("我理解你的感受。", "zh").likely == {}


def test_what_the_model_is_sure_of_counts_with_its_sentence_as_quote():
    text = "四月到六月一共交了十七份，三份退回。你一个人守了三个夜班，还得回来补材料，难怪撑不住。"
    added = [m for m in READER.read(text, "zh").moves if m.strength >= 0.5 and m not in ALONE.read(text, "zh").moves]
    assert {MoveKind.EVIDENCE, MoveKind.EMPATHY} <= {m.kind for m in added}
    for move in added:
        assert text[move.start : move.end] == move.quote
        assert move.kind not in HARMS


def test_a_find_of_the_rules_that_the_model_thinks_nothing_of_is_faint_not_gone():
    text = "Do you feel better or worse?"
    found = {(m.kind, m.quote): m.strength for m in ALONE.read(text, "en", "I don't know.").moves}
    weighed = {(m.kind, m.quote): m.strength for m in READER.read(text, "en", "I don't know.").moves}
    assert found.keys() <= weighed.keys()
    assert any(weighed[key] < 0.5 <= found[key] for key in found)


@pytest.mark.parametrize("text", ["你怎么又晚了。" * 500, "You always miss it. " * 500])
def test_the_model_reads_so_many_sentences_and_no_more(text: str) -> None:
    assert len(model_sentences(text, "", ALONE.read(text, "zh").moves)) == 80
    assert READER.read(text, "zh").readable


def test_one_shared_word_is_chance():
    def signs(text: str, before: str) -> set[str]:
        return {name for _, names in model_sentences(text, before, ())[0].features for name in names if name[0] == "@"}

    text = "Thanks for coming in today."
    assert signs(text, "Thanks, great!") == signs(text, "") == signs(text, "No idea.")
    text = "So the warehouse kept changing the labels on you."
    assert signs(text, "The warehouse keeps changing labels.") > signs(text, "")


def test_the_shipped_model_knows_every_class():
    assert MoveModel.shipped().classes == CLASSES
    assert all(len(row) == len(CLASSES) for row in MoveModel.shipped().weights.values())


def test_weights_are_read_back_as_they_were_packed():
    model = packed(["x", "hardly"], np.array([[1.0] * len(CLASSES), [0.001] * len(CLASSES)]), np.zeros(len(CLASSES)))
    assert [*model.weights] == ["x"]
    assert model.added([0.0] * len(CLASSES), ["x"], 1.0) == pytest.approx([1.0] * len(CLASSES), abs=0.01)


def test_every_labelled_sentence_still_stands_where_its_labels_say():
    rows = everything()  # raises where a turn and its labels do not agree
    writers = Counter(row.writer for row in rows)
    assert {name for name in writers if name} == {"zh .jsonl", "zh .yaml", "en .jsonl", "en .yaml"}
    assert min(n for name, n in writers.items() if name) > 600
    for lang in LANGS:
        seen = Counter(label for row in labelled_lines(lang) for label in row.labels)
        assert len(seen) >= 30, sorted(seen)
        assert sum(1 for _ in labelled_talks(lang)) > 1500


def test_labels_that_do_not_fit_their_turn_are_named():
    with pytest.raises(ValueError, match="1 sentences but 2 labels"):
        rows_of_turn("你好。", "zh", "", [[], []])
    with pytest.raises(ValueError, match="unknown moves"):
        rows_of_turn("你好。", "zh", "", [["hello"]])
