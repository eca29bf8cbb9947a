"""What is done with the model's text and folder; the model itself is heard in tests/real."""

from types import SimpleNamespace

import numpy as np
import pytest

from interview.errors import StorageError
from speech.audio import RATE
from speech.whisper import AGAIN_S, FILES, Recognizer, listed, only_of, tidy

pytest.importorskip("opencc")


def test_chinese_comes_out_simplified_with_its_own_punctuation():
    assert tidy(" 這個考核對我不公平,為什麼?", "zh") == "这个考核对我不公平，为什么？"
    assert tidy("用 Excel 3.5 版,可以.", "zh") == "用 Excel 3.5 版，可以。"
    assert tidy(" Is this fair, really? ", "en") == "Is this fair, really?"


def test_half_a_character_at_the_end_is_left_out():
    assert tidy("我不同意\ufffd", "zh") == "我不同意"


def test_a_folder_without_a_file_of_the_model_names_the_command(tmp_path):
    folder = tmp_path / "whisper-base"
    folder.mkdir()
    for name in FILES[1:]:
        (folder / name).write_text("{}")
    with pytest.raises(StorageError) as told:
        Recognizer(folder)
    assert told.value.message_key == "error.model_missing"
    assert told.value.params["model"] == "whisper-base"


def test_bytes_that_are_no_model_are_refused(tmp_path):
    folder = tmp_path / "whisper-base"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text("{}")
    with pytest.raises(StorageError) as told:
        Recognizer(folder)
    assert told.value.message_key == "error.model_damaged"


def test_the_variants_of_taiwan_become_simplified_too_and_names_keep_theirs():
    assert tidy("你一直撐著沒有停,我很著急", "zh") == "你一直撑着没有停，我很着急"
    assert tidy("著名的著作,成績顯著", "zh") == "著名的著作，成绩显著"


@pytest.mark.parametrize(
    ("given", "lang", "said"),
    [
        ("李工 王岚,里程碑", "zh", "李工、王岚、里程碑。"),
        ("Steve, OKR  Steve", "en", "Steve, OKR."),
        ("  ", "zh", ""),
        ("字" * 150 + " " + "词" * 60, "zh", "字" * 150 + "。"),
    ],
)
def test_names_and_terms_are_given_as_a_list_with_punctuation(given, lang, said):
    assert listed(given, lang) == said


@pytest.mark.parametrize(
    ("text", "told"),
    [("李工。", True), ("李工，里程碑！", True), ("李工你说呢", False), ("", False), ("里程", False)],
)
def test_a_text_of_nothing_but_expected_words_is_noticed(text, told):
    assert only_of(text, "里程碑 李工") is told
    assert not only_of(text, "")


class Model:
    """Stands for the loaded weights of a folder."""

    def __init__(self, name):
        self.name = name


def test_light_work_goes_to_the_smaller_model_once_and_never_to_a_damaged_one(tmp_path, monkeypatch):
    loaded = []

    def load(folder, _threads):
        loaded.append(folder.name)
        if folder.name == "damaged":
            raise StorageError("x", message_key="error.model_damaged", file="x")
        return Model(folder.name)

    monkeypatch.setattr("speech.whisper._loaded", load)
    for small, used in (("tiny", "tiny"), ("damaged", "base"), (None, "base")):
        loaded.clear()
        made = Recognizer(tmp_path / "base", small=tmp_path / small if small else None)
        assert loaded == ["base"], "the smaller one only when it is needed"
        assert [made._lighter().name, made._lighter().name] == [used, used]
        assert len(loaded) == (2 if small else 1)


class Answer:
    """What a model generates: its text and how likely it is."""

    no_speech_prob = 0.0

    def __init__(self, text, score):
        self.sequences_ids, self.scores = [[text]], [score]


@pytest.mark.parametrize(
    ("mode", "scores", "told", "asked"),
    [
        ("final", (-0.2, -0.1), "first", 1),
        ("final", (-0.5, -0.3), "second", 2),
        ("final", (-0.5, -0.7), "first", 2),
        ("tentative", (-0.5, -0.3), "first", 1),
        ("light", (-0.5, -0.3), "first", 1),
    ],
)
def test_a_final_the_model_is_unsure_of_is_heard_twice_and_the_likelier_text_counts(
    tmp_path, monkeypatch, mode, scores, told, asked
):
    lengths = list[int]()
    monkeypatch.setattr("speech.whisper._loaded", lambda *_: SimpleNamespace(encode=lambda sound: sound))
    made = Recognizer(tmp_path)
    answers = iter((Answer("first", scores[0]), Answer("second", scores[1])))
    monkeypatch.setattr(made, "_features", lambda sound, _context_s: lengths.append(len(sound)))
    monkeypatch.setattr(made, "_generated", lambda *_: next(answers))
    monkeypatch.setattr(made, "_tokenizer", lambda _lang: SimpleNamespace(decode="".join))
    assert made.hear(np.ones(RATE, np.int16), 1.0, "en", mode).text == told
    assert len(lengths) == asked and lengths[0] == RATE
    assert lengths[-1] == RATE + (asked - 1) * round(AGAIN_S * RATE), "a little later in the window"
