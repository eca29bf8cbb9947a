"""A small trained model of what words tend to show: weighs runs of words in an utterance, and can point at them.

One table serves Chinese and English, so that "这个 rating 我不 accept" is read as one sentence. A token is a Chinese
character, a word, a number, a mark of asking or exclaiming, or the edge of a clause; a feature is a run of one to three
tokens (one or two where no Chinese stands in it), or what the rules found. The model is a multinomial logistic
regression with weights of one byte, trained by ``python -m evals.train_cues``; nothing but the standard library is
needed to use it.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

NEUTRAL = "neutral"
EDGE = "|"
ZERO = 128  # the byte that stands for weight 0
RULE_VALUE = 0.3  # what a rule feature counts, where a run of tokens counts 1 / sqrt(number of runs)
_RULE_BINS = ((0.0, ""), (0.3, ".3"), (0.5, ".5"))
_ASCII_MARKS = {ord("！"): "!", ord("？"): "?"}
_TOKEN = re.compile(
    r"[\u4e00-\u9fff]|[a-z]+(?:'[a-z]+)*|\d+|[!?]|[^\w\s'!?]+|\s{2,}|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])"
)
_LONG = 600  # characters: the model reads no further


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of folded text at ``start``–``end``; an edge has no width."""

    text: str
    start: int
    end: int


def words(folded: str) -> list[str]:
    """The tokens of folded, simplified text as the model knows them: digits are all "0", clauses end in an edge."""
    found = [EDGE]
    for piece in _TOKEN.findall(folded.translate(_ASCII_MARKS)[:_LONG]):
        first = piece[0]
        if first.isdigit():
            found.append("0")
        elif first.isalpha() or first in "!?":
            found.append(piece)
        elif found[-1] != EDGE:
            found.append(EDGE)
    if found[-1] != EDGE:
        found.append(EDGE)
    return found


def tokens(folded: str) -> list[Token]:
    """The same tokens with their places."""
    found = [Token(EDGE, 0, 0)]
    for match in _TOKEN.finditer(folded.translate(_ASCII_MARKS)[:_LONG]):
        first = match[0][0]
        if first.isalnum() or first in "!?":
            found.append(Token("0" if first.isdigit() else match[0], match.start(), match.end()))
        elif found[-1].text != EDGE:
            found.append(Token(EDGE, match.start(), match.start()))
    if found[-1].text != EDGE:
        found.append(Token(EDGE, found[-1].end, found[-1].end))
    return found


def runs(words: Sequence[str]) -> set[str]:
    """Runs of one, two and (with Chinese in them) three tokens."""
    found = {*words, *map(" ".join, pairwise(words))}
    found.discard(EDGE)
    found.update(
        f"{a} {b} {c}"
        for a, b, c in zip(words, words[1:], words[2:], strict=False)
        if a > "\u4e00" or b > "\u4e00" or c > "\u4e00"
    )
    return found


def rule_features(found: Iterable[tuple[str, float]], lang: str) -> set[str]:
    """What rules found, as features: kind and how strong, by the language they were found in."""
    return {f"{lang}<{kind}{name}" for kind, strength in found for least, name in _RULE_BINS if strength >= least}


@dataclass(frozen=True, slots=True)
class CueModel:
    """Weights by feature, one byte a class; ``classes`` holds neutral."""

    classes: tuple[str, ...]
    bias: tuple[float, ...]
    scale: float
    weights: Mapping[str, bytes]

    @staticmethod
    @cache
    def shipped() -> "CueModel":
        """The packaged model, read once per process."""
        raw: dict[str, Any] = json.loads(
            files("interview").joinpath("reading", "data", "cue_model.json").read_text(encoding="utf-8")
        )
        width = len(raw["classes"])
        block = base64.b85decode(raw["weights"])
        rows = (block[i : i + width] for i in range(0, len(block), width))
        return CueModel(
            classes=tuple(raw["classes"]),
            bias=tuple(raw["bias"]),
            scale=raw["scale"],
            weights=dict(zip(raw["features"].split("\n"), rows, strict=True)),
        )

    def by_words(self, words: Sequence[str]) -> list[float]:
        """Score by class (log-odds) of the token runs alone; they share a norm."""
        found = runs(words)
        known = [row for run in found if (row := self.weights.get(run)) is not None]
        return self._added(list(self.bias), known, self.scale / max(1, len(found)) ** 0.5)

    def with_rules(self, scores: list[float], rules: Iterable[str]) -> list[float]:
        """The same with what rules found; each rule feature counts by itself."""
        known = [row for rule in rules if (row := self.weights.get(rule)) is not None]
        return self._added(scores, known, self.scale * RULE_VALUE)

    def _added(self, totals: list[float], rows: Sequence[bytes], value: float) -> list[float]:
        if not rows:
            return totals
        zero = ZERO * len(rows)
        return [t + value * (sum(column) - zero) for t, column in zip(totals, zip(*rows, strict=True), strict=True)]

    def span(self, found: Sequence[Token], label: str) -> tuple[int, int] | None:
        """Start and end of the words that speak most for ``label`` against neutral; None where none do."""
        at, base = self.classes.index(label), self.classes.index(NEUTRAL)
        worth = [0.0] * len(found)
        names = [token.text for token in found]
        for size in (1, 2, 3):
            for start in range(len(found) - size + 1):
                row = self.weights.get(" ".join(names[start : start + size]))
                if row is not None:
                    for place in range(start, start + size):
                        worth[place] += (row[at] - row[base]) / size
        best, start, total, place = 0.0, 0, 0.0, (0, 0)
        for i, value in enumerate(worth):
            if total <= 0:
                start, total = i, 0.0
            total += value
            if total > best:
                best, place = total, (start, i)
        said = [token for token in found[place[0] : place[1] + 1] if token.end > token.start]
        return (said[0].start, said[-1].end) if best > 0 and said else None
