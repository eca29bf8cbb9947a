"""How the move reader and the score do on talks by writers the model of moves has learnt nothing from.

    python -m evals.unseen

For each writer of the labelled interviews (two in each language) a model is trained without their talks, put right on those
of the others, and used to read theirs. First how far the two who labelled the English sentences apart from each other agree; then sentence by
sentence, rules alone beside rules and model; then the score
against the level, with persona and scenario known, beside the baselines. The weights of the rubric were set with such
readings of these talks at hand, so the second is no proof for talks of a third writer. Needs scikit-learn (group
``evals``).
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np

from evals.scores import Scorer, Talk, figures, load
from evals.train_moves import CLASSES, LABELLED, Row, across, everything, marked, odds, put_right
from interview.conversation import LANGS
from interview.moves import EMPTY_DETAILS, HARMS
from interview.reading.move_model import MoveModel
from interview.reading.moves import RuleMoveReader

_LEAST = 10


def unseen_models(rows: Sequence[Row]) -> Mapping[str, MoveModel]:
    """By writer: a model that has learnt from everybody else."""
    models: dict[str, MoveModel] = {}
    given: dict[int, np.ndarray] = {}
    for writer, model, places in across(rows):
        models[writer] = model
        given |= dict(zip(places, odds(model, [rows[i] for i in places]), strict=True))
    right: dict[str, MoveModel] = {}
    for writer, model in models.items():
        others = [i for i in given if rows[i].writer != writer]
        right[writer] = put_right(model, [rows[i] for i in others], np.array([given[i] for i in others]))
    return right


def read(row: Row, reader: RuleMoveReader) -> set[str]:
    """What counts in a sentence, read in its turn."""
    moves = reader.read(row.turn, row.lang, row.before).moves
    within = [m for m in moves if row.sentence.start <= m.start < row.sentence.end]
    empty = {m.detail for m in within if m.detail in EMPTY_DETAILS}
    return empty | {str(m.kind) for m in within if m.strength >= 0.5 and m.detail not in EMPTY_DETAILS}


def moves_table(rows: Sequence[Row], models: Mapping[str, MoveModel]) -> Iterator[str]:
    """Precision and recall of each kind, rules alone and with the model."""
    alone = RuleMoveReader(model=None)
    readers = {writer: RuleMoveReader(model) for writer, model in models.items()}
    ways = [[read(row, alone) for row in rows], [read(row, readers[row.writer]) for row in rows]]
    yield f"{'':26}{'n':>5}   rules alone P, R   with the model P, R"
    for kind in (*CLASSES, "all"):
        kinds = set(CLASSES) if kind == "all" else {kind}
        there = sum(len(row.labels & kinds) for row in rows)
        if there < _LEAST:
            continue
        cells = ""
        for way in ways:
            said = sum(len(found & kinds) for found in way)
            right = sum(len(found & row.labels & kinds) for found, row in zip(way, rows, strict=True))
            cells += f"{right / max(1, said):12.2f} {right / there:5.2f}"
        yield f"{kind:26}{there:5}{cells}"


def agreement() -> Iterator[str]:
    """Cohen's kappa of the two labellings of the English interviews, kind by kind."""
    kappa = cast(Any, importlib.import_module("sklearn.metrics")).cohen_kappa_score
    first, second = (marked(LABELLED / name) for name in ("moves_en.txt", "moves_en_second.txt"))
    pairs = [pair for turn in first for pair in zip(first[turn], second[turn], strict=True)]
    groups = {"any harm": {str(kind) for kind in HARMS}} | {kind: {kind} for kind in CLASSES}
    for name, kinds in groups.items():
        ours, theirs = ([bool(kinds & set(labels)) for labels in side] for side in zip(*pairs, strict=True))
        if sum(ours) >= _LEAST:
            yield f"{name:26}{sum(ours):5} {sum(theirs):5}  kappa {kappa(ours, theirs):.2f}"


def main() -> None:
    """Print the agreement, then both tables for each language."""
    print("\n== two labellings of the same English sentences")
    for line in agreement():
        print(line)
    rows = everything()
    models = unseen_models(rows)
    for lang in LANGS:
        theirs = [row for row in rows if row.writer.startswith(lang)]
        print(f"\n== sentences of the labelled interviews, {lang}: {len(theirs)}")
        for line in moves_table(theirs, models):
            print(line)
        scorers: dict[tuple[str, ...], Scorer] = {}
        talks: list[Talk] = []
        for source in (LABELLED / f"{lang}.jsonl", LABELLED / lang):
            scorer = Scorer(reader=RuleMoveReader(models[f"{lang} {source.suffix or '.yaml'}"]))
            found = load(source)
            talks += found
            scorers |= {_opening(talk): scorer for talk in found}
        half = len(talks) // 2
        for title, among in (("both writers", talks), ("first", talks[:half]), ("second", talks[half:])):
            print(f"\n== score against level, {lang}, {title}: {len(among)} talks")
            for line in figures(among, lambda talk, by=scorers: by[_opening(talk)](talk)):
                print(line)


def _opening(talk: Talk) -> tuple[str, ...]:
    return tuple(turn.text for turn in talk.transcript.turns[:4])


if __name__ == "__main__":
    main()
