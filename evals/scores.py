"""Whether the score tells good talk from poor, and puts levels in order, beside what mere length and questions tell.

    python -m evals.scores [FILE_OR_FOLDER ...] [--manager-only] [--by-talk]

A set is JSON lines of ``{id, lang, turns, label | level, persona?, scenario?}`` or a folder of YAML files with ``turns`` as
``[role, text]`` pairs. ``label`` is ``good``/``poor`` (or high/low, 1/0), ``level`` a number; levels are ordered by Spearman's
rho and, for the AUC, the upper half of the levels is good. Roles other than ours (counsellor, agent, client …) are understood.

Without arguments: the 120 labelled interviews of ``evals/labelled`` with persona and scenario known and unknown (the shipped
model of moves has learnt from them: ``evals.unseen`` measures without that), and the empathy replies of ``../shared/data``
in tens (replies labelled 0 against 2; of like length too). Every figure stands beside mean turn length, total length,
question rate and talk share. Intervals are 95 % bootstrap over talks, seeded.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import yaml

from interview.conversation import LANGS, Lang, Speaker, Transcript
from interview.library import FileLibrary
from interview.persona import Persona, Scenario
from interview.reading.cues import RuleCueReader
from interview.reading.moves import RuleMoveReader
from phrasing.library import PhrasingLibrary
from scoring.report import Reporter

Array = npt.NDArray[np.float64]
FIRST_TURNS = 10
_RESAMPLES = 2000
_GROUP = 10
_LIKE_LENGTH = 0.15
_MANAGER = frozenset({"manager", "counselor", "counsellor", "therapist", "interviewer", "supporter", "helper", "agent",
                      "listener", "system", "assistant", "经理", "主管", "咨询师", "客服", "支持者"})  # fmt: skip
_GOOD = {"good": 1.0, "high": 1.0, "1": 1.0, "poor": 0.0, "low": 0.0, "bad": 0.0, "0": 0.0}


@dataclass(frozen=True, slots=True)
class Talk:
    """One labelled talk. ``worth``: its level, or 1 for good and 0 for poor."""

    id: str
    transcript: Transcript
    worth: float
    levelled: bool
    persona: str = ""
    scenario: str = ""


def load(path: Path) -> list[Talk]:
    """The talks of a JSONL file, a YAML file or all such files below a folder; errors name file and line."""
    if path.is_dir():
        return [t for f in sorted(path.rglob("*")) if f.suffix in {".jsonl", ".yaml", ".yml"} for t in load(f)]
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".jsonl":
        default = path.parent.name if path.parent.name in LANGS else "zh"
        return [_talk({"id": path.stem, "lang": default} | yaml.safe_load(text))]
    found: list[Talk] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(_talk(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path}:{number}: {error!r}") from error
    return found


def _talk(raw: Mapping[str, Any]) -> Talk:
    lang: Lang = "en" if str(raw["lang"]).startswith("en") else "zh"
    turns: list[tuple[Speaker, str]] = []
    for turn in cast("list[Any]", raw["turns"]):
        said = cast("Mapping[str, Any] | list[Any]", turn)
        if isinstance(said, Mapping):
            role, text = said.get("role", said.get("speaker")), said["text"]
        else:
            role, text = said[0], said[1]
        turns.append((Speaker.MANAGER if str(role).lower() in _MANAGER else Speaker.EMPLOYEE, str(text)))
    levelled = "level" in raw
    worth = float(raw["level"]) if levelled else _GOOD[str(raw["label"]).lower()]
    named = (str(raw.get("persona") or ""), str(raw.get("scenario") or ""))
    return Talk(str(raw["id"]), Transcript.of(lang, turns), worth, levelled, *named)


class Scorer:
    """The product's own score, without a lower bound on turns so that every talk of a set is ranked."""

    def __init__(self, *, manager_only: bool = False, known: bool = True, reader: RuleMoveReader | None = None) -> None:
        self._reporter = Reporter(reader or RuleMoveReader(), RuleCueReader(), PhrasingLibrary())
        self._library = FileLibrary(Path(__file__).parent.parent / "personas")
        self._manager_only, self._known = manager_only, known

    def __call__(self, talk: Talk) -> float:
        """0–100; a talk in which nothing can be scored ranks as 0."""
        persona: Persona | None = None
        scenario: Scenario | None = None
        if self._known and talk.persona:
            persona = self._library.persona(talk.persona, talk.transcript.lang)
            scenario = self._library.scenario(talk.scenario, talk.transcript.lang) if talk.scenario else None
        report = self._reporter.report(talk.transcript, persona, scenario, manager_only=self._manager_only, min_turns=1)
        return float(report["score"] or 0.0)


def _lengths(talk: Talk, who: Speaker = Speaker.MANAGER) -> list[int]:
    zh = talk.transcript.lang == "zh"  # characters, or words
    return [len(turn.text) if zh else len(turn.text.split()) for turn in talk.transcript.by(who)]


def mean_length(talk: Talk) -> float:
    """Mean length of the manager's turns, in characters (zh) or words (en)."""
    return float(np.mean(_lengths(talk) or [0]))


def total_length(talk: Talk) -> float:
    """All the manager said."""
    return float(sum(_lengths(talk)))


def question_rate(talk: Talk) -> float:
    """Share of the manager's turns with a question mark."""
    return float(np.mean(["?" in t.text or "？" in t.text for t in talk.transcript.by(Speaker.MANAGER)] or [0]))


def talk_share(talk: Talk) -> float:
    """How much of the talk was the other's."""
    own, others = sum(_lengths(talk)), sum(_lengths(talk, Speaker.EMPLOYEE))
    return others / max(1, own + others)


BASELINES: Mapping[str, Callable[[Talk], float]] = {
    "mean turn length": mean_length, "total length": total_length, "question rate": question_rate,
    "the other's share": talk_share,
}  # fmt: skip


def first_turns(talk: Talk, count: int = FIRST_TURNS) -> Talk:
    """The talk up to the manager's ``count``-th turn."""
    turns = talk.transcript.turns
    own = [i for i, turn in enumerate(turns) if turn.speaker is Speaker.MANAGER]
    end = own[count] if len(own) > count else len(turns)
    return replace(talk, transcript=Transcript(talk.transcript.lang, turns[:end]))


def ranks(values: Array) -> Array:
    """Ranks from 0, ties sharing their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts + 1) / 2)[place]


def auc(values: Array, good: npt.NDArray[np.bool_]) -> float:
    """Chance that a good talk has the higher value, ties half; nan where one side is empty."""
    n, m = int(good.sum()), int((~good).sum())
    if not n or not m:
        return float("nan")
    return float((ranks(values)[good].sum() - n * (n - 1) / 2) / (n * m))


def spearman(values: Array, worths: Array) -> float:
    """Spearman's rho with ties; nan where either side does not vary."""
    a, b = ranks(values), ranks(worths)
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def interval(figure: Callable[[npt.NDArray[np.int64]], float], size: int) -> tuple[float, float]:
    """95 % bootstrap interval of a figure of chosen places, resampling ``size`` of them."""
    random = np.random.default_rng(7)
    drawn = np.array([figure(random.integers(0, size, size)) for _ in range(_RESAMPLES)])
    drawn = drawn[~np.isnan(drawn)]
    return (float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))) if len(drawn) else (np.nan, np.nan)


def like_length(talks: Sequence[Talk], good: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pairs of a good and a poor talk whose mean turn lengths differ by at most 15 %; each talk in one pair only."""
    lengths = [mean_length(talk) for talk in talks]
    free = {i for i, g in enumerate(good) if not g}
    pairs: list[tuple[int, int]] = []
    for i in sorted(np.flatnonzero(good), key=lambda i: lengths[i]):
        near = min(free, key=lambda j: (abs(lengths[j] - lengths[i]), j), default=None)
        if near is not None and abs(lengths[near] - lengths[i]) <= _LIKE_LENGTH * max(lengths[i], lengths[near]):
            pairs.append((int(i), near))
            free.remove(near)
    return pairs


def figures(talks: Sequence[Talk], score: Callable[[Talk], float]) -> Iterable[str]:
    """The lines of one table: the score and the baselines, whole talks and first ten turns."""
    worths = np.array([t.worth for t in talks])
    good = worths > np.median(np.unique(worths))
    levelled = all(t.levelled for t in talks)
    pairs = like_length(talks, good)
    matched = np.array([i for pair in pairs for i in pair], dtype=int)
    yield f"{'':24}{'AUC [95 %]':26}{'like length':16}" + ("Spearman [95 %]" if levelled else "")
    openings = [first_turns(t) for t in talks]
    rows: list[tuple[str, Callable[[Talk], float], Sequence[Talk]]] = [
        ("score", score, talks), (f"  first {FIRST_TURNS} turns", score, openings),
        *((name, fn, talks) for name, fn in BASELINES.items()),
    ]  # fmt: skip
    for name, fn, among in rows:
        values = np.array([fn(t) for t in among])
        low, high = interval(lambda at, v=values: auc(v[at], good[at]), len(values))
        line = f"{name:24}{f'{auc(values, good):.3f} [{low:.2f}, {high:.2f}]':26}"
        line += f"{f'{auc(values[matched], good[matched]):.3f} ({len(pairs)} pairs)' if pairs else '-':16}"
        if levelled:
            low, high = interval(lambda at, v=values: spearman(v[at], worths[at]), len(values))
            line += f"{spearman(values, worths):.3f} [{low:.2f}, {high:.2f}]"
        yield line
    if levelled:
        values = np.array([score(t) for t in talks])
        means = [f"{level:g}: {values[worths == level].mean():.0f}" for level in np.unique(worths)]
        yield "mean score by level     " + ", ".join(means)


def empathy_talks(folder: Path, lang: Lang, *, alike: bool) -> list[Talk]:
    """Replies labelled 0 and 2 in groups of ten; ``alike``: only replies for which one of like length has the other label."""
    rows = [json.loads(s) for s in (folder / f"empathy_{lang}_dev_ep.jsonl").read_text(encoding="utf-8").splitlines()]
    singles = [
        Talk(r["id"], Transcript.of(lang, [(Speaker.MANAGER, r["text"])]), float(r["label"] == 2), levelled=False)
        for r in rows
        if r["label"] in (0, 2)
    ]
    if alike:
        good = np.array([t.worth > 0 for t in singles])
        singles = [singles[i] for pair in like_length(singles, good) for i in pair]
    found: list[Talk] = []
    for worth in (0.0, 1.0):
        of = sorted((t for t in singles if t.worth == worth), key=lambda t: (mean_length(t), t.id) if alike else t.id)
        for start in range(0, len(of) - _GROUP + 1, _GROUP):
            lines = [(Speaker.MANAGER, t.transcript.turns[0].text) for t in of[start : start + _GROUP]]
            found.append(Talk(f"{lang}-{worth:g}-{start}", Transcript.of(lang, lines), worth, levelled=False))
    return found


def show(title: str, talks: Sequence[Talk], score: Callable[[Talk], float], *, by_talk: bool = False) -> None:
    """Print the table of one set, and every talk's score if asked."""
    print(f"\n== {title}: {len(talks)} talks")
    for line in figures(talks, score):
        print(line)
    for t in sorted(talks, key=lambda t: (t.worth, t.id)) if by_talk else ():
        print(f"   {t.worth:g} {score(t):5.1f} {t.id}")


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--manager-only", action="store_true", help="only this way; otherwise both ways are shown")
    parser.add_argument("--by-talk", action="store_true")
    asked = parser.parse_args()
    ways = (True,) if asked.manager_only else (False, True)
    default = Path(__file__).parent / "labelled"
    for path in asked.sets or [default]:
        talks = load(path)
        named = any(t.persona for t in talks)
        for lang in (*LANGS, None):
            among = [t for t in talks if lang in (None, t.transcript.lang)]
            if not among or (lang is None and len({t.transcript.lang for t in talks}) < 2):
                continue
            for manager_only in ways:
                for known in (True, False) if named else (False,):
                    title = f"{path.name} {lang or 'both'}, {'manager only' if manager_only else 'both speakers'}"
                    title += ", persona and scenario known" if known else ", nothing known"
                    show(title, among, Scorer(manager_only=manager_only, known=known), by_talk=asked.by_talk)
    folder = Path(__file__).parent.parent.parent / "shared" / "data"
    if not asked.sets and folder.exists():
        for lang in LANGS:
            for alike in (False, True):
                title = f"empathy replies in tens, {lang}{', of like length' if alike else ''}"
                show(title, empathy_talks(folder, lang, alike=alike), Scorer(manager_only=True))


if __name__ == "__main__":
    main()
