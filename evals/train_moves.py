"""Trains the small model of manager moves that ships in ``interview/reading/data/move_model.json``.

    python -m evals.train_moves [--out FILE]

It learns from text written for the project alone: the sentences of the labelled interviews (``evals/labelled``, labels in
``moves_zh.txt`` and ``moves_en.txt``: talk, manager turn, moves sentence by sentence), labelled turns of many trades and of
counselling, teaching and help desks (``evals/lines/managers_*.txt``), what the rules are held to (``evals/lines/said_*.yaml``)
and the definitions of the moves. One logistic regression for each kind; its odds are then put right on talks by another
writer than those learnt from. Needs scikit-learn (group ``evals``).
"""

import argparse
import importlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import yaml

from evals.scores import load
from evals.train_cues import write
from interview.conversation import LANGS, Lang, Speaker
from interview.moves import EMPTY_DETAILS, MoveKind
from interview.reading.move_model import MoveModel, Sentence
from interview.reading.moves import RuleMoveReader, model_sentences
from interview.reading.word_model import ZERO

Array = npt.NDArray[np.float64]
LABELLED = Path(__file__).parent / "labelled"
LINES = Path(__file__).parent / "lines"
CLASSES = (*(str(kind) for kind in MoveKind), *sorted(EMPTY_DETAILS))
_INVERSE_PENALTY = 16.0
_LEAST_SEEN, _LEAST_ROWS = 2, 5
_LEAST_WEIGHT = 3  # bytes from zero for the strongest class: weaker features are left out
_LABELLED_SENTENCE = re.compile(r"(.*?)\s*\[([a-z_, ]*)\]\s*")


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence with its labels, and the turn it is from. ``writer``: who wrote its talk, or none where it is no talk."""

    sentence: Sentence
    labels: frozenset[str]
    lang: Lang
    turn: str
    before: str
    writer: str = ""


def rows_of_turn(text: str, lang: Lang, before: str, labels: Sequence[Iterable[str]], writer: str = "") -> list[Row]:
    """The rows of one turn; raises ValueError where there are not as many labels as sentences."""
    found = model_sentences(text, before, _RULES.read(text, lang, before).moves)
    if len(found) != len(labels):
        raise ValueError(f"{len(found)} sentences but {len(labels)} labels: {text}")
    rows = [Row(s, frozenset(names), lang, text, before, writer) for s, names in zip(found, labels, strict=True)]
    if unknown := {name for row in rows for name in row.labels} - set(CLASSES):
        raise ValueError(f"unknown moves {sorted(unknown)}: {text}")
    return rows


_RULES = RuleMoveReader(model=None)


def labelled_talks(lang: Lang) -> Iterator[Row]:
    """The sentences of the labelled interviews; two writers in each language."""
    marks = marked(LABELLED / f"moves_{lang}.txt")
    for source in (LABELLED / f"{lang}.jsonl", *sorted((LABELLED / lang).glob("*.yaml"))):
        for talk in load(source):
            name = talk.id if source.suffix == ".jsonl" else source.stem
            before, place = "", 0
            for turn in talk.transcript.turns:
                if turn.speaker is Speaker.EMPLOYEE:
                    before = turn.text
                    continue
                writer = f"{lang} {source.suffix}"
                yield from rows_of_turn(turn.text, lang, before, marks[name, place], writer)
                place += 1


def marked(path: Path) -> Mapping[tuple[str, int], list[list[str]]]:
    """Labels by talk and manager turn, sentence by sentence."""
    found: dict[tuple[str, int], list[list[str]]] = {}
    talk = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            talk = line[2:]
        elif line:
            place, _, said = line.partition(": ")
            found[talk, int(place)] = [[] if part == "-" else part.split() for part in said.split(" / ")]
    return found


def labelled_lines(lang: Lang) -> Iterator[Row]:
    """Turns written with their labels: ``e:`` what the other said, ``m:`` sentences, each with its moves in brackets."""
    before = ""
    for line in (LINES / f"managers_{lang}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("e:"):
            before = line[2:].strip()
        elif line.startswith("m:"):
            parts = _LABELLED_SENTENCE.findall(line[2:].strip())
            text = " ".join(said for said, _ in parts)
            ends = np.cumsum([len(said) + 1 for said, _ in parts])
            found = model_sentences(text, before, _RULES.read(text, lang, before).moves)
            labels: list[set[str]] = [set() for _ in found]
            for (said, names), end in zip(parts, ends, strict=True):  # a written sentence may be read as two
                start = int(end) - len(said) - 1
                for at, sentence in enumerate(found):
                    if min(int(end), sentence.end) - max(start, sentence.start) > len(said) / 2:
                        labels[at] |= {name.strip() for name in names.split(",") if name.strip()}
            yield from rows_of_turn(text, lang, before, labels)
            before = ""


def held_lines(lang: Lang) -> Iterator[Row]:
    """What the rules are held to, and the examples of the definitions; each taken as one sentence."""
    said: dict[str, list[dict[str, str]]] = yaml.safe_load((LINES / f"said_{lang}.yaml").read_text(encoding="utf-8"))
    rows = [(r["text"], r.get("before", ""), r.get("holds", "")) for part in said.values() for r in part]
    kinds = yaml.safe_load(files("interview").joinpath("data", "moves.yaml").read_text(encoding="utf-8"))["moves"]
    rows += [(text, "", kind) for kind, entry in kinds.items() for text in entry[lang]["examples"]]
    for text, before, holds in rows:
        named = (kind.partition(":") for kind in holds.split())
        labels = {detail if detail in EMPTY_DETAILS else kind for kind, _, detail in named}
        for sentence in model_sentences(text, before, _RULES.read(text, lang, before).moves):
            yield Row(sentence, frozenset(labels), lang, text, before)


def everything() -> list[Row]:
    """Every row there is."""
    return [row for lang in LANGS for source in (labelled_talks, labelled_lines, held_lines) for row in source(lang)]


def values(row: Row) -> dict[str, float]:
    """Feature values of a sentence."""
    return {name: value for value, names in row.sentence.features for name in names}


def fit(rows: Sequence[Row]) -> MoveModel:
    """The model learnt from rows, its odds as they come."""
    vectors = cast(Any, importlib.import_module("sklearn.feature_extraction"))
    linear = cast(Any, importlib.import_module("sklearn.linear_model"))
    found = [values(row) for row in rows]
    seen: dict[str, int] = {}
    for row in found:
        for name in row:
            seen[name] = seen.get(name, 0) + 1
    vectorizer = vectors.DictVectorizer()
    table = vectorizer.fit_transform([{k: v for k, v in row.items() if seen[k] >= _LEAST_SEEN} for row in found])
    table.indices, table.indptr = table.indices.astype("int32"), table.indptr.astype("int32")
    names: list[str] = list(vectorizer.feature_names_)
    weights, bias = np.zeros((len(names), len(CLASSES))), np.full(len(CLASSES), -9.0)
    for at, kind in enumerate(CLASSES):
        wanted = np.array([kind in row.labels for row in rows])
        if wanted.sum() >= _LEAST_ROWS:
            model = linear.LogisticRegression(C=_INVERSE_PENALTY, max_iter=300, solver="liblinear").fit(table, wanted)
            weights[:, at], bias[at] = model.coef_[0], model.intercept_[0]
    return packed(names, weights, bias)


def packed(names: Sequence[str], weights: Array, bias: Array) -> MoveModel:
    """Weights as bytes; features that hardly weigh are left out."""
    scale = max(1e-9, float(np.abs(weights).max())) / (ZERO - 1)
    steps = np.rint(weights / scale).astype(int)
    kept: list[int] = np.flatnonzero(np.abs(steps).max(axis=1) >= _LEAST_WEIGHT).tolist()
    return MoveModel(
        classes=CLASSES,
        bias=tuple(round(float(value), 3) for value in bias),
        scale=scale,
        weights={names[i]: bytes((steps[i] + ZERO).tolist()) for i in kept},
    )


def odds(model: MoveModel, rows: Sequence[Row]) -> Array:
    """Log-odds of every class, shape (rows, classes)."""
    return np.array([model.log_odds(row.sentence) for row in rows])


def put_right(model: MoveModel, rows: Sequence[Row], found: Array) -> MoveModel:
    """The model with a slope and an offset for each class, learnt from what earlier models gave talks not learnt from."""
    linear = cast(Any, importlib.import_module("sklearn.linear_model"))
    slopes, offsets = np.ones(len(CLASSES)), np.zeros(len(CLASSES))
    for at, kind in enumerate(CLASSES):
        wanted = np.array([kind in row.labels for row in rows])
        if wanted.sum() >= _LEAST_ROWS:
            line = linear.LogisticRegression(C=1.0).fit(found[:, at : at + 1], wanted)
            slopes[at], offsets[at] = max(0.2, line.coef_[0][0]), line.intercept_[0]
    weights = np.array([np.frombuffer(row, dtype=np.uint8) for row in model.weights.values()], dtype=float) - ZERO
    return packed(list(model.weights), weights * model.scale * slopes, np.array(model.bias) * slopes + offsets)


def across(rows: Sequence[Row]) -> Iterator[tuple[str, MoveModel, list[int]]]:
    """For each writer of talks: their name, a model learnt without their talks, and the places of their rows."""
    for writer in sorted({row.writer for row in rows if row.writer}):
        theirs = [i for i, row in enumerate(rows) if row.writer == writer]
        yield writer, fit([row for row in rows if row.writer != writer]), theirs


def main() -> None:
    """Train on everything and write the file."""
    options = argparse.ArgumentParser(description="Train the small model of manager moves.")
    options.add_argument("--out", type=Path, default=Path("interview/reading/data/move_model.json"))
    chosen = options.parse_args()
    rows = everything()
    found: dict[int, Array] = {}
    for writer, model, places in across(rows):
        given = odds(model, [rows[i] for i in places])
        found |= dict(zip(places, given, strict=True))
        print(f"{writer}: {len(places)} sentences")
    places = sorted(found)
    model = put_right(fit(rows), [rows[i] for i in places], np.array([found[i] for i in places]))
    write(model, chosen.out, "python -m evals.train_moves")
    counts = {kind: sum(kind in row.labels for row in rows) for kind in CLASSES}
    print(json.dumps(counts))
    print(f"{len(rows)} sentences, {len(model.weights)} features, {chosen.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
