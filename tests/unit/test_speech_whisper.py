"""What is done with the model's text and folder; the model itself is heard in tests/real."""

import pytest

from interview.errors import StorageError
from speech.whisper import FILES, Recognizer, tidy

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
