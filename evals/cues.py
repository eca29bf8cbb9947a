"""How well the employee cue reader does on labelled talk that nobody here wrote, beside simple baselines.

    python -m evals.cues [DATA_FOLDER] [--half tune|test|all]

DATA_FOLDER holds the development sets described in its README (default ``../shared/data``); rows are read from there
and never stored. A fine-grained cue is mapped to the sets' labels: hurt and hardship are sadness, unfairness is anger,
withdrawal and leaving are resistance (anger where a set has none). The label of an utterance is its strongest cue,
neutral without any; precision counts only cues of strength 0.5 or more, those a live hint may use. Half of the talks
("tune", by a hash of the talk) was looked at while writing patterns, the other half ("test") was not. TF-IDF with
logistic regression, five folds by talk, joins in where scikit-learn can be imported.
"""

import argparse
import hashlib
import importlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from interview.conversation import Lang
from interview.cues import CueKind
from interview.reading.cues import RuleCueReader

_COARSE = {
    CueKind.HURT: "sadness",
    CueKind.HARDSHIP: "sadness",
    CueKind.UNFAIRNESS: "anger",
    CueKind.WITHDRAWAL: "resistance",
    CueKind.LEAVING: "resistance",
}
_SETS: Sequence[tuple[str, Lang]] = (("cue_zh_dev_cped", "zh"), ("cue_en_dev_goemotions", "en"))
_KEYWORDS: dict[Lang, dict[str, str]] = {
    "zh": {
        "anger": "生气 愤怒 气死 讨厌 烦 混蛋 滚 凭什么 不公平 过分",
        "sadness": "难过 伤心 委屈 失望 哭 累 痛苦 压力 可怜",
        "anxiety": "担心 害怕 怕 紧张 着急 怎么办 焦虑",
        "surprise": "没想到 居然 竟然 天哪 真的吗 怎么会 什么",
        "resistance": "不行 不要 不同意 不接受 拒绝 算了 随便 辞职",
        "acceptance": "好的 谢谢 同意 没问题 可以 对 太好了 喜欢",
    },
    "en": {
        "anger": "angry hate fuck shit stupid unfair annoying damn",
        "sadness": "sad sorry disappointed hurt cry tired miss",
        "anxiety": "worried afraid scared nervous anxious fear",
        "surprise": "wow omg surprised really unexpected shocked",
        "resistance": "no disagree won't refuse wrong quit whatever",
        "acceptance": "thanks thank good great love agree ok yes happy",
    },
}
_ORDINARY = 250  # utterances in about ten minutes of talk


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled utterance; ``labels`` holds all that count as right."""

    text: str
    labels: tuple[str, ...]
    talk: str


Guess = Callable[[str], tuple[str, float]]


def rows(path: Path, half: str) -> list[Row]:
    """Scored rows of one set, of one half of the talks or of all."""
    kept: list[Row] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            raw: dict[str, Any] = json.loads(line)
            talk = str(raw.get("dialogue") or raw["id"])
            side = "test" if int(hashlib.sha256(talk.encode()).hexdigest(), 16) % 2 else "tune"
            if half in ("all", side) and raw["label"] != "other_negative":
                kept.append(Row(raw["text"], tuple(raw.get("labels") or [raw["label"]]), talk))
    return kept


def reader(lang: Lang) -> Guess:
    """The product's reader as a labeller."""
    rules = RuleCueReader()

    def guess(text: str) -> tuple[str, float]:
        cues = rules.read(text, lang)
        if not cues:
            return "neutral", 0.0
        best = max(cues, key=lambda cue: cue.strength)
        return _COARSE.get(best.kind, best.kind.value), best.strength

    return guess


def keywords(lang: Lang) -> Guess:
    """The plain list: the first label with a word in the text, at full strength."""

    def guess(text: str) -> tuple[str, float]:
        folded = f" {text.lower()} "
        for label, words in _KEYWORDS[lang].items():
            if any((word if lang == "zh" else f" {word}") in folded for word in words.split()):
                return label, 1.0
        return "neutral", 0.0

    return guess


def scores(truth: Sequence[tuple[str, ...]], guesses: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """Macro-F1 over the labels that occur, and per label precision, recall and precision from strength 0.5 on."""
    per: dict[str, dict[str, float]] = {}
    for label in sorted({labels[0] for labels in truth}):
        right = sum(label in t and g == label for t, (g, _) in zip(truth, guesses, strict=True))
        said = sum(g == label for g, _ in guesses)
        there = sum(t[0] == label for t in truth)
        hit = sum(t[0] == label and g == label for t, (g, _) in zip(truth, guesses, strict=True))
        strong = [t for t, (g, s) in zip(truth, guesses, strict=True) if g == label and s >= 0.5]
        precision, recall = right / said if said else 0.0, hit / there if there else 0.0
        per[label] = {
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
            "there": there,
            "strong": len(strong),
            "strong_precision": sum(label in t for t in strong) / len(strong) if strong else 0.0,
        }
    neutral = [s for t, (g, s) in zip(truth, guesses, strict=True) if t[0] == "neutral" and g != "neutral"]
    quiet = sum(t[0] == "neutral" for t in truth)
    false = sum(s >= 0.5 for s in neutral)
    strong_all = [(g, t) for t, (g, s) in zip(truth, guesses, strict=True) if s >= 0.5 and g != "neutral"]
    return {
        "macro_f1": sum(p["f1"] for p in per.values()) / len(per),
        "strong": len(strong_all),
        "strong_precision": sum(g in t for g, t in strong_all) / len(strong_all) if strong_all else 0.0,
        "false_per_250_neutral": _ORDINARY * false / quiet if quiet else 0.0,
        "labels": per,
    }


def tfidf(found: Sequence[Row]) -> list[tuple[str, float]] | None:
    """TF-IDF character n-grams with logistic regression, five folds by talk; None without scikit-learn."""
    try:
        text_ = cast(Any, importlib.import_module("sklearn.feature_extraction.text"))
        linear = cast(Any, importlib.import_module("sklearn.linear_model"))
    except ImportError:
        return None
    guesses: list[tuple[str, float]] = [("neutral", 0.0)] * len(found)
    fold = [int(hashlib.sha256(b"fold" + row.talk.encode()).hexdigest(), 16) % 5 for row in found]
    for held in range(5):
        train = [row for row, at in zip(found, fold, strict=True) if at != held]
        test = [i for i, at in enumerate(fold) if at == held]
        vectors = text_.TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
        model = linear.LogisticRegression(C=4.0, max_iter=400, class_weight="balanced")
        model.fit(vectors.fit_transform([row.text for row in train]), [row.labels[0] for row in train])
        seen = vectors.transform([found[i].text for i in test])
        for i, label, chances in zip(test, model.predict(seen), model.predict_proba(seen), strict=True):
            guesses[i] = (str(label), float(max(chances)))
    return guesses


def speed(texts: Iterable[str], lang: Lang) -> float:
    """Utterances a second on one core, guards and quotes included; the best of three."""
    rules, kept = RuleCueReader(), list(texts)
    rules.read(kept[0], lang)
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        for text in kept:
            rules.read(text, lang)
        best = max(best, len(kept) / (time.perf_counter() - start))
    return best


def startup_s(lang: Lang) -> float:
    """Seconds a new process needs to import the reader and read its first utterance, without Python's own start."""
    code = (
        "import time; t = time.perf_counter(); from interview.reading.cues import RuleCueReader; "
        f"RuleCueReader().read({'不公平 x' if lang == 'zh' else 'unfair'!r}, {lang!r}); print(time.perf_counter() - t)"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def fairness(path: Path, half: str) -> dict[str, float]:
    """Complaints of unfairness among negotiation utterances marked as an appeal to fairness.

    The mark is wider than ours ("sounds fair to me" carries it), so recall is low by design.
    """
    rules = RuleCueReader()
    said = right = there = 0
    for row in rows(path, half):
        marked = "fairness_appeal" in row.labels or "vouch-fair" in row.labels
        there += marked
        if any(c.kind is CueKind.UNFAIRNESS and c.strength >= 0.5 for c in rules.read(row.text, "en")):
            said += 1
            right += marked
    return {"said": said, "precision": right / said if said else 0.0, "recall": right / there if there else 0.0}


def _print(name: str, found: dict[str, Any], whole: bool) -> None:
    print(
        f"  {name:<12} macro-F1 {found['macro_f1']:.3f}   from 0.5: {found['strong']:>5} cues, "
        f"precision {found['strong_precision']:.2f}, false per 250 neutral {found['false_per_250_neutral']:.2f}"
    )
    if whole:
        for label, p in found["labels"].items():
            print(
                f"      {label:<11} P {p['precision']:.2f} R {p['recall']:.2f} F1 {p['f1']:.2f}  "
                f"from 0.5: {p['strong']:>4.0f}, P {p['strong_precision']:.2f}  ({p['there']:.0f} rows)"
            )


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description="Measure the employee cue reader.")
    options.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"))
    options.add_argument("--half", choices=("tune", "test", "all"), default="test")
    chosen = options.parse_args()
    for name, lang in _SETS:
        found = rows(chosen.data / f"{name}.jsonl", chosen.half)
        truth = [row.labels for row in found]
        print(f"{name}, {chosen.half}: {len(found)} utterances")
        guess = reader(lang)
        _print("rules", scores(truth, [guess(row.text) for row in found]), whole=True)
        top = Counter(labels[0] for labels in truth).most_common(1)[0][0]
        _print("majority", scores(truth, [(top, 0.0)] * len(found)), whole=False)
        plain = keywords(lang)
        _print("keywords", scores(truth, [plain(row.text) for row in found]), whole=False)
        learned = tfidf(found)
        if learned is not None:
            _print("tf-idf + LR", scores(truth, learned), whole=False)
        print(
            f"  {speed([row.text for row in found], lang):,.0f} utterances/s, "
            f"first answer after {startup_s(lang):.2f} s"
        )
    appeal = fairness(chosen.data / "fairness_en_dev_casino.jsonl", chosen.half)
    print(f"fairness_en_dev_casino, {chosen.half}: " + ", ".join(f"{k} {v:.2f}" for k, v in appeal.items()))


if __name__ == "__main__":
    main()
