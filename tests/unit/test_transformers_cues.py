"""The optional model-backed cue reader: with a classifier of our own, and with a real tiny model where there is one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from interview.cues import CueKind
from interview.errors import DataFileError
from interview.reading.cues import RuleCueReader
from llms.cue_reader import TransformersCueReader

RULES = RuleCueReader(model=None)


def by_word(word: str, label: str) -> TransformersCueReader:
    """A reader whose model is sure of a label wherever a word stands."""

    def classify(texts: Sequence[str]) -> list[dict[str, float]]:
        return [{label: 0.9, "neutral": 0.1} if word in text else {label: 0.1, "neutral": 0.9} for text in texts]

    return TransformersCueReader(RULES, classify)


def test_the_clause_that_carries_the_label_is_the_quote() -> None:
    (cue,) = by_word("雨", "sadness").read("我上周交了表，外面一直下雨，今天周三。", "zh")
    assert (cue.kind, cue.quote) == (CueKind.HURT, "外面一直下雨")
    assert cue.strength < 0.5


def test_a_label_no_clause_carries_says_nothing() -> None:
    reader = TransformersCueReader(RULES, lambda texts: [{"anger": 0.99} for _ in texts])
    assert reader.read("我上周交了表，今天周三。", "zh") == ()


def test_rules_keep_their_own_cue_of_the_same_kind() -> None:
    text = "我真的很生气"
    assert by_word("生气", "anger").read(text, "zh") == RULES.read(text, "zh")


def test_unknown_labels_and_blank_text_add_nothing() -> None:
    assert by_word("表", "LABEL_3").read("我上周交了表", "zh") == ()
    assert by_word("", "anger").read("  ", "zh") == ()
    assert by_word("", "anger").read("……", "zh") == ()


def test_a_model_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="TANDAO_CUE_MODEL"):
        TransformersCueReader.load(str(tmp_path / "nothing"), RULES)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("labels", [("neutral", "anger"), ("LABEL_0", "LABEL_1")])
def test_a_real_tiny_model_is_loaded_and_read(tmp_path: Path, labels: tuple[str, str]) -> None:
    torch: Any = pytest.importorskip("torch")
    transformers: Any = pytest.importorskip("transformers")
    torch.manual_seed(3)
    (tmp_path / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"今天下雨我很好，。"])
    )
    transformers.BertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    config = transformers.BertConfig(
        vocab_size=14, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        max_position_embeddings=64, id2label=dict(enumerate(labels)), label2id={n: i for i, n in enumerate(labels)},
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path)
    if labels[0] == "LABEL_0":
        with pytest.raises(DataFileError, match="none of its labels"):
            TransformersCueReader.load(str(tmp_path), RULES)
        return
    reader = TransformersCueReader.load(str(tmp_path), RULES)
    (chances,) = reader.classify(["今天下雨，我很好。"])
    assert set(chances) == set(labels)
    assert sum(chances.values()) == pytest.approx(1.0, abs=1e-4)
    for cue in reader.read("今天下雨，我很好。", "zh"):
        assert cue.quote in "今天下雨，我很好。"
        assert cue.strength < 0.5
