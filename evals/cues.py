"""How well the employee cue reader does on labelled talk that nobody here wrote, beside what else one might use.

    python -m evals.cues [DATA_FOLDER] [--half tune|test|all] [--as-shipped]

DATA_FOLDER holds the development sets described in its README (default ``../shared/data``); rows are read from there
and never stored. A fine-grained cue is mapped to the sets' labels: hurt and hardship are sadness, unfairness is anger,
withdrawal and leaving are resistance. The label of an utterance is its strongest cue, neutral without any; precision
counts only cues of strength 0.5 or more, those a live hint may use.

The small model learnt from these very sets, so the reader is measured with models trained without the talks they are
tried on (five folds by talk; Chinese folds are runs of neighbouring talks, so that a series seldom stands on both
sides). Rules were written looking at the errors of half of the talks ("tune", by a hash of the talk), and at the false
strong cues of the other half too: macro-F1 of "test" is the honest figure, its false cues are not quite. ``--as-shipped``
uses the packaged model, for sets it has not seen: any DATA_FOLDER with files of the same names.

Beside it: majority, a keyword list, TF-IDF character n-grams with logistic regression over the same folds
(scikit-learn, group ``evals``), and cnsenti and SnowNLP for Chinese. What is not installed is said to be absent.
"""

import argparse
import hashlib
import importlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any, cast

from evals.train_cues import SETS, Row, coarse, features, fit, labelled, own_lines, plain_needs, voice_lines
from interview.conversation import LANGS, Lang
from interview.cues import CueKind
from interview.reading.cues import RuleCueReader

_FOLDS = 5
_RESAMPLES = 200
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


Guess = Callable[[str], tuple[str, float]]


def chosen_half(found: Sequence[Row], half: str) -> list[int]:
    """Places of the rows of one half of the talks, or of all."""
    return [i for i, row in enumerate(found) if half in ("all", "test" if _hash(row.talk) % 2 else "tune")]


def folds(found: Sequence[Row]) -> list[int]:
    """The fold of each row: whole talks; for Chinese, runs of neighbouring talks."""
    talks = list(dict.fromkeys(row.talk for row in found))
    at = {
        talk: i * _FOLDS // len(talks) if found[0].lang == "zh" else _hash(talk) % _FOLDS
        for i, talk in enumerate(talks)
    }
    return [at[row.talk] for row in found]


def _hash(talk: str) -> int:
    return int(hashlib.sha256(talk.encode()).hexdigest(), 16)


def reader(lang: Lang, rules: RuleCueReader) -> Guess:
    """The product's reader as a labeller."""

    def guess(text: str) -> tuple[str, float]:
        cues = rules.read(text, lang)
        if not cues:
            return "neutral", 0.0
        best = max(cues, key=lambda cue: cue.strength)
        return coarse(best.kind), best.strength

    return guess


def unseen_readers(sets: dict[Lang, list[Row]], data: Path) -> list[RuleCueReader]:
    """One reader a fold, its model trained on everything but that fold's talks; raises ImportError."""
    extra = [*own_lines(), *voice_lines(), *plain_needs(data / "fairness_en_dev_casino.jsonl")]
    rows = [*extra, *(row for lang in LANGS for row in sets[lang])]
    held = [-1] * len(extra) + [fold for lang in LANGS for fold in folds(sets[lang])]
    values = features(rows)
    readers: list[RuleCueReader] = []
    for fold in range(_FOLDS):
        kept = [i for i, at in enumerate(held) if at != fold]
        readers.append(RuleCueReader(model=fit([rows[i] for i in kept], [values[i] for i in kept])))
    return readers


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


def interval(found: Sequence[Row], guesses: Sequence[tuple[str, float]]) -> tuple[float, float]:
    """95 % bootstrap interval of macro-F1, talks resampled."""
    by_talk: dict[str, list[int]] = {}
    for i, row in enumerate(found):
        by_talk.setdefault(row.talk, []).append(i)
    talks, random, values = list(by_talk.values()), Random(1), list[float]()
    for _ in range(_RESAMPLES):
        drawn = [i for talk in random.choices(talks, k=len(talks)) for i in talk]
        values.append(scores([found[i].labels for i in drawn], [guesses[i] for i in drawn])["macro_f1"])
    values.sort()
    return values[int(0.025 * _RESAMPLES)], values[int(0.975 * _RESAMPLES) - 1]


def tfidf(found: Sequence[Row]) -> list[tuple[str, float]] | None:
    """TF-IDF character n-grams with logistic regression, the same folds; None without scikit-learn."""
    try:
        text_ = cast(Any, importlib.import_module("sklearn.feature_extraction.text"))
        linear = cast(Any, importlib.import_module("sklearn.linear_model"))
    except ImportError:
        return None
    guesses: list[tuple[str, float]] = [("neutral", 0.0)] * len(found)
    fold = folds(found)
    for held in range(_FOLDS):
        train = [row for row, at in zip(found, fold, strict=True) if at != held]
        test = [i for i, at in enumerate(fold) if at == held]
        vectors = text_.TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
        model = linear.LogisticRegression(C=4.0, max_iter=400, class_weight="balanced")
        model.fit(vectors.fit_transform([row.text for row in train]), [row.labels[0] for row in train])
        seen = vectors.transform([found[i].text for i in test])
        for i, label, chances in zip(test, model.predict(seen), model.predict_proba(seen), strict=True):
            guesses[i] = (str(label), float(max(chances)))
    return guesses


_CNSENTI = {
    "好": "acceptance",
    "乐": "acceptance",
    "哀": "sadness",
    "怒": "anger",
    "恶": "anger",
    "惧": "anxiety",
    "惊": "surprise",
}


def cnsenti() -> Guess | None:
    """cnsenti's emotion counts; its largest count is the label. None where it is not installed."""
    try:
        emotion = cast(Any, importlib.import_module("cnsenti")).Emotion()
    except ImportError:
        return None

    def guess(text: str) -> tuple[str, float]:
        counts: dict[str, int] = emotion.emotion_count(text)
        best = max(_CNSENTI, key=lambda name: counts[name])
        return (_CNSENTI[best], 1.0) if counts[best] else ("neutral", 0.0)

    return guess


def snownlp() -> Guess | None:
    """SnowNLP's sentiment: the lowest third is anger, the highest acceptance, for it knows no other feeling."""
    try:
        snow = cast(Any, importlib.import_module("snownlp")).SnowNLP
    except ImportError:
        return None

    def guess(text: str) -> tuple[str, float]:
        liking = float(snow(text).sentiments) if text.strip() else 0.5
        return (
            ("anger", 1 - liking) if liking < 1 / 3 else ("acceptance", liking) if liking > 2 / 3 else ("neutral", 0.0)
        )

    return guess


def speed(texts: Iterable[str], guess: Guess, rounds: int = 3) -> float:
    """Utterances a second on one core, by processor time: the best of some rounds."""
    kept = list(texts)
    guess(kept[0])
    best = 0.0
    for _ in range(rounds):
        start = time.process_time()
        for text in kept:
            guess(text)
        best = max(best, len(kept) / (time.process_time() - start))
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
    found = labelled(path, "en")
    for row in (found[i] for i in chosen_half(found, half)):
        marked = "fairness_appeal" in row.labels or "vouch-fair" in row.labels
        there += marked
        if any(c.kind is CueKind.UNFAIRNESS and c.strength >= 0.5 for c in rules.read(row.text, "en")):
            said += 1
            right += marked
    return {"said": said, "precision": right / said if said else 0.0, "recall": right / there if there else 0.0}


def _print(name: str, found: dict[str, Any], around: tuple[float, float] | None = None) -> None:
    sure = f" ({around[0]:.3f}–{around[1]:.3f})" if around else ""
    print(
        f"  {name:<12} macro-F1 {found['macro_f1']:.3f}{sure}   from 0.5: {found['strong']:>5} cues, "
        f"precision {found['strong_precision']:.2f}, false per 250 neutral {found['false_per_250_neutral']:.2f}"
    )
    if around:
        for label, p in found["labels"].items():
            print(
                f"      {label:<11} P {p['precision']:.2f} R {p['recall']:.2f} F1 {p['f1']:.2f}  "
                f"from 0.5: {p['strong']:>4.0f}, P {p['strong_precision']:.2f}  ({p['there']:.0f} rows)"
            )


def _beside(lang: Lang, found: list[Row], kept: Sequence[int]) -> None:
    """Print the baselines for one set."""
    truth = [found[i].labels for i in kept]
    texts = [found[i].text for i in kept]
    top = Counter(labels[0] for labels in truth).most_common(1)[0][0]
    _print("majority", scores(truth, [(top, 0.0)] * len(kept)))
    others: dict[str, Guess | None] = {"keywords": keywords(lang)}
    if lang == "zh":
        others |= {"cnsenti": cnsenti(), "SnowNLP": snownlp()}
    for name, guess in others.items():
        if guess is None:
            print(f"  {name:<12} absent: not installed here, so not compared")
            continue
        _print(name, scores(truth, [guess(text) for text in texts]))
        if name != "keywords":
            print(f"{'':15}{speed(texts[:400], guess, rounds=1):,.0f} utterances/s")
    learned = tfidf(found)
    if learned is None:
        print("  tf-idf + LR  absent: scikit-learn is not installed here")
    else:
        _print("tf-idf + LR", scores(truth, [learned[i] for i in kept]))


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description="Measure the employee cue reader.")
    options.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"))
    options.add_argument("--half", choices=("tune", "test", "all"), default="test")
    options.add_argument("--as-shipped", action="store_true", help="the packaged model, for sets it has not seen")
    chosen = options.parse_args()
    sets: dict[Lang, list[Row]] = {lang: labelled(chosen.data / f"{SETS[lang]}.jsonl", lang) for lang in LANGS}
    shipped = RuleCueReader()
    try:
        readers = [shipped] * _FOLDS if chosen.as_shipped else unseen_readers(sets, chosen.data)
        how = "as shipped" if chosen.as_shipped else "models trained without the talks measured"
    except ImportError:
        readers, how = (
            [shipped] * _FOLDS,
            "AS SHIPPED, trained on these rows (no scikit-learn): not a measure of new talk",
        )
    for lang, found in sets.items():
        kept = chosen_half(found, chosen.half)
        at = folds(found)
        rows = [found[i] for i in kept]
        truth = [row.labels for row in rows]
        print(f"{SETS[lang]}, {chosen.half}: {len(rows)} utterances; {how}")
        by_fold = [reader(lang, one) for one in readers]
        guesses = [by_fold[at[i]](found[i].text) for i in kept]
        _print("reader", scores(truth, guesses), interval(rows, guesses))
        alone = reader(lang, RuleCueReader(model=None))
        _print("rules alone", scores(truth, [alone(row.text) for row in rows]))
        _beside(lang, found, kept)
        rate = speed([row.text for row in rows], reader(lang, shipped))
        print(f"  the reader: {rate:,.0f} utterances/s, first answer after {startup_s(lang):.2f} s")
    path = chosen.data / "fairness_en_dev_casino.jsonl"
    if path.exists():
        print(
            f"{path.stem}, {chosen.half}: " + ", ".join(f"{k} {v:.2f}" for k, v in fairness(path, chosen.half).items())
        )


if __name__ == "__main__":
    main()
