"""Trains the small model that ships in ``interview/reading/data/cue_model.json``.

    python -m evals.train_cues [DATA_FOLDER] [--out FILE]

It learns from the public development sets (CPED, GoEmotions, and CaSiNo's plain statements of need as ordinary talk),
our own everyday lines in ``evals/lines`` and the examples in ``interview/data/cues.yaml``; the first three are read from
DATA_FOLDER and never stored. Each language and each label weighs the same in sum. Needs scikit-learn (group ``evals``).
The figures in the README come from ``python -m evals.cues``, which trains without the talks it measures on.
"""

import argparse
import importlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import yaml

from interview.conversation import LANGS, Lang
from interview.cues import CueKind
from interview.reading.cue_model import NEUTRAL, RULE_VALUE, CueModel, rule_features
from interview.reading.cues import RuleCueReader, model_text
from interview.reading.word_model import ZERO, WordModel, runs, words

COARSE = {
    CueKind.HURT: "sadness",
    CueKind.HARDSHIP: "sadness",
    CueKind.UNFAIRNESS: "anger",
    CueKind.WITHDRAWAL: "resistance",
    CueKind.LEAVING: "resistance",
}
SETS: dict[Lang, str] = {"zh": "cue_zh_dev_cped", "en": "cue_en_dev_goemotions"}
_PLAIN_NEEDS = {"self-need", "other-need", "elicit-pref", "no-need"}
_OWN_WEIGHT, _VOICE_WEIGHT, _NEEDS_WEIGHT = 1.5, 1.0, 0.3
# what the simulated employee's own lines show, where the intent decides it; the calm ones of the last row are plain talk
_VOICE = {
    "anger": "push_back_fairness object_insult object_dismissal tired_of_empathy object_interruption object_threat",
    "resistance": "defend correct_fact ask_evidence still_disagree object_label object_blame object_comparison withdraw "
    "go_quiet short_answer close_cold question_rating doubt_promise object_prying ask_appeal",
    "acceptance": "feel_heard commit accept_partly acknowledge_fact concern_eased close_good thank",
    NEUTRAL: "greet answer self_review explain_cause ask_concrete ask_support propose ask_money",
}
_PLACE = re.compile(r"\{\w+\}")
_INVERSE_PENALTY = 2.0
_LEAST_SEEN = 2  # rows a run must stand in
_LEAST_WEIGHT = 3  # bytes from zero for the strongest class: weaker runs are left out


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled utterance; ``labels`` holds all that count as right, the first one is learnt."""

    text: str
    labels: tuple[str, ...]
    talk: str
    lang: Lang
    weight: float = 1.0


def coarse(kind: CueKind) -> str:
    """The label of a cue kind in the public sets' label space."""
    return COARSE.get(kind, kind.value)


def labelled(path: Path, lang: Lang) -> list[Row]:
    """The scored rows of one labelled JSONL set."""
    found: list[Row] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            raw: dict[str, Any] = json.loads(line)
            if raw["label"] != "other_negative":
                talk = str(raw.get("dialogue") or raw["id"])
                found.append(Row(raw["text"], tuple(raw.get("labels") or [raw["label"]]), talk, lang))
    return found


def own_lines() -> list[Row]:
    """Everyday lines of our own and the examples of the cue definitions."""
    found: list[Row] = []
    for lang in LANGS:
        everyday: dict[str, str] = yaml.safe_load(
            (Path(__file__).parent / "lines" / f"cues_{lang}.yaml").read_text(encoding="utf-8")
        )
        for label, block in everyday.items():
            found += [Row(line, (label,), "own", lang, _OWN_WEIGHT) for line in block.splitlines() if line.strip()]
    kinds: dict[str, Any] = yaml.safe_load(files("interview").joinpath("data", "cues.yaml").read_text(encoding="utf-8"))
    for kind, entry in kinds["kinds"].items():
        for lang in LANGS:
            label = coarse(CueKind(kind))
            found += [Row(text, (label,), "own", lang, _OWN_WEIGHT) for text in entry[lang]["examples"]]
    return found


def voice_lines() -> list[Row]:
    """The simulated employee's lines for intents that decide the label, without their places for facts."""
    found: list[Row] = []
    for lang in LANGS:
        path = files("simulator").joinpath("voices", "lines", f"{lang}.yaml")
        intents: dict[str, dict[str, dict[str, list[str]]]] = yaml.safe_load(path.read_text(encoding="utf-8"))[
            "intents"
        ]
        for label, names in _VOICE.items():
            for name in names.split():
                for bands in intents[name].values():
                    lines = bands.get("calm", []) if label == NEUTRAL else [t for band in bands.values() for t in band]
                    found += [Row(_PLACE.sub("", text), (label,), "voice", lang, _VOICE_WEIGHT) for text in lines]
    return found


def plain_needs(path: Path) -> list[Row]:
    """Statements of need and preference from negotiations: ordinary talk."""
    found: list[Row] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            raw: dict[str, Any] = json.loads(line)
            if set(raw["labels"]) <= _PLAIN_NEEDS:
                found.append(Row(raw["text"], (NEUTRAL,), str(raw["dialogue"]), "en", _NEEDS_WEIGHT))
    return found


def features(rows: Iterable[Row]) -> list[dict[str, float]]:
    """Feature values of each row, as the shipped reader sees them."""
    rules, found = RuleCueReader(model=None), list[dict[str, float]]()
    for row in rows:
        seen = runs(words(model_text(row.text, row.lang)))
        share = 1 / max(1, len(seen)) ** 0.5
        values = dict[str, float]()
        cues = [(cue.kind.value, cue.strength) for cue in rules.read(row.text, row.lang)]
        for name in seen:
            values[name] = share
        for name in rule_features(cues, row.lang):
            values[name] = RULE_VALUE
        found.append(values)
    return found


def balanced(rows: Sequence[Row]) -> list[float]:
    """Row weights under which each label of each language weighs the same."""
    sums: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        sums[row.lang, row.labels[0]] += row.weight
    share = sum(sums.values()) / len(sums)
    return [row.weight * share / sums[row.lang, row.labels[0]] for row in rows]


def fit(rows: Sequence[Row], values: Sequence[dict[str, float]]) -> CueModel:
    """The model learnt from rows and their feature values, in the form that ships."""
    vectors = cast(Any, importlib.import_module("sklearn.feature_extraction"))
    linear = cast(Any, importlib.import_module("sklearn.linear_model"))
    seen = Counter(name for row in values for name in row)
    kept = {name for name, times in seen.items() if times >= _LEAST_SEEN}
    vectorizer = vectors.DictVectorizer()
    table = vectorizer.fit_transform([{k: v for k, v in row.items() if k in kept} for row in values])
    model = linear.LogisticRegression(C=_INVERSE_PENALTY, max_iter=200)
    model.fit(table, [row.labels[0] for row in rows], sample_weight=balanced(rows))
    return packed(
        list(vectorizer.feature_names_), model.coef_.T.tolist(), list(model.classes_), model.intercept_.tolist()
    )


def packed(
    names: Sequence[str], table: Sequence[Sequence[float]], classes: Sequence[str], bias: Sequence[float]
) -> CueModel:
    """Weights as bytes; runs that hardly weigh are left out."""
    scale = max(abs(weight) for row in table for weight in row) / (ZERO - 1)
    steps = {name: [round(weight / scale) for weight in row] for name, row in zip(names, table, strict=True)}
    return CueModel(
        classes=tuple(str(label) for label in classes),
        bias=tuple(round(value, 4) for value in bias),
        scale=scale,
        weights={
            name: bytes(step + ZERO for step in row)
            for name, row in steps.items()
            if "<" in name or max(map(abs, row)) >= _LEAST_WEIGHT
        },
    )


def write(model: WordModel, path: Path, made_by: str) -> None:
    """One JSON file."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(model.packed(made_by), ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Train on everything and write the file."""
    options = argparse.ArgumentParser(description="Train the small cue model.")
    options.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"))
    options.add_argument("--out", type=Path, default=Path("interview/reading/data/cue_model.json"))
    chosen = options.parse_args()
    rows = [row for lang in LANGS for row in labelled(chosen.data / f"{SETS[lang]}.jsonl", lang)]
    rows += [*own_lines(), *voice_lines(), *plain_needs(chosen.data / "fairness_en_dev_casino.jsonl")]
    model = fit(rows, features(rows))
    write(model, chosen.out, "python -m evals.train_cues")
    print(f"{len(rows)} rows, {len(model.weights)} features, {chosen.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
