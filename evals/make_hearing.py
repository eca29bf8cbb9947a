"""Makes ``interview/reading/data/hearing_zh.json``: traditional characters, and key words by their sound.

    python -m evals.make_hearing [DATA_FOLDER]

Needs ``opencc-python-reimplemented`` (Apache-2.0, OpenCC's character table), ``pypinyin`` (MIT) and ``jieba`` (MIT),
none of which the product needs. For each character of a key word (``heard_near`` in the Chinese cue patterns) the file
lists everyday characters that sound alike, tones aside, with zh/z, ch/c, sh/s and -ng/-n taken as one, as
recognisers confuse them. A sequence that real talk has (the words of a dictionary, or written so in DATA_FOLDER and in
our own lines) is listed as real and never taken for the key word.
"""

import argparse
import importlib
import json
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any, cast

from evals.train_cues import SETS, labelled, own_lines, voice_lines
from interview.reading import patterns

_EVERYDAY = 400  # a character counts as everyday from this frequency in jieba's dictionary on
_WORD = 60  # a dictionary word counts as real talk from this frequency on
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"))


def sound(syllable: str) -> str:
    """A syllable without what recognisers confuse."""
    for heard, same in _ALIKE:
        if syllable.startswith(heard):
            syllable = same + syllable[len(heard) :]
    return syllable.removesuffix("g") if syllable.endswith("ng") else syllable


def traditional(table: Path) -> dict[str, str]:
    """Traditional to simplified, where one character stands for one."""
    pairs = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if "\t" in line)
    found = {old: new.split()[0] for old, new in pairs}
    return {old: new for old, new in found.items() if len(old) == len(new) == 1 and old != new and ord(old) < 0x10000}


def near(keys: Iterable[str], frequency: dict[str, int], lazy_pinyin: Any) -> dict[str, list[str]]:
    """For each key word, for each of its characters, the everyday characters that sound alike."""
    alike: dict[str, list[str]] = {}
    for char, times in frequency.items():
        if len(char) == 1 and times >= _EVERYDAY and "\u4e00" <= char <= "\u9fff":
            alike.setdefault(sound(lazy_pinyin(char)[0]), []).append(char)
    return {key: ["".join(sorted({c, *alike.get(sound(lazy_pinyin(c)[0]), [])})) for c in key] for key in keys}


def real(classes: dict[str, list[str]], frequency: dict[str, int], texts: Iterable[str]) -> list[str]:
    """Sequences that sound like a key word and are real talk."""
    found = {
        text[i : i + len(key)]
        for text in texts
        for key, chars in classes.items()
        for i in range(len(text) - len(key) + 1)
        if all(c in allowed for c, allowed in zip(text[i:], chars, strict=False))
    }
    for chars in classes.values():
        for sequence in map("".join, product(*chars)):
            cuts = [(sequence[:i], sequence[i:]) for i in range(1, len(sequence))]
            if frequency.get(sequence, 0) > 0 or any(
                frequency.get(piece, 0) >= _WORD for cut in cuts for piece in cut if len(piece) > 1
            ):
                found.add(sequence)
    return sorted(found - classes.keys())


def main() -> None:
    """Write the file."""
    options = argparse.ArgumentParser(description="Make the table of traditional characters and sounds.")
    options.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"))
    chosen = options.parse_args()
    opencc, jieba = (cast(Any, importlib.import_module(name)) for name in ("opencc", "jieba"))
    pinyin = cast(Any, importlib.import_module("pypinyin")).lazy_pinyin
    jieba.initialize()
    frequency: dict[str, int] = jieba.dt.FREQ
    characters = traditional(Path(opencc.__file__).parent / "dictionary" / "TSCharacters.txt")
    classes = near(patterns.read_data("cues_zh")["heard_near"], frequency, pinyin)
    texts = [row.text for row in [*labelled(chosen.data / f"{SETS['zh']}.jsonl", "zh"), *own_lines(), *voice_lines()]]
    raw = {
        "made_by": "python -m evals.make_hearing",
        "traditional": {"from": "".join(characters), "to": "".join(characters.values())},
        "near": classes,
        "real": real(classes, frequency, texts),
    }
    path = Path("interview/reading/data/hearing_zh.json")
    path.write_text(json.dumps(raw, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{len(characters)} characters, {len(classes)} key words, {len(raw['real'])} real sequences")


if __name__ == "__main__":
    main()
