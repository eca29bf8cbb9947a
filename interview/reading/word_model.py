"""What the small trained models share: tokens, runs of tokens, and one-byte weights by feature.

One table serves Chinese and English, so that "这个 rating 我不 accept" is read as one sentence. A token is a Chinese
character, a word, a number, a mark of asking or exclaiming, or the edge of a clause. Nothing but the standard library is
needed to use a model.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Any, Self

EDGE = "|"
ZERO = 128  # the byte that stands for weight 0
_ASCII_MARKS = {ord("！"): "!", ord("？"): "?"}
_TOKEN = re.compile(
    r"[\u4e00-\u9fff]|[a-z]+(?:'[a-z]+)*|\d+|[!?]|[^\w\s'!?]+|\s{2,}|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])"
)
_LONG = 600  # characters: the models read no further


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of folded text at ``start``–``end``; an edge has no width."""

    text: str
    start: int
    end: int


def words(folded: str) -> list[str]:
    """The tokens of folded, simplified text as the models know them: digits are all "0", clauses end in an edge."""
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


@dataclass(frozen=True, slots=True)
class WordModel:
    """A linear model: a bias and weights by class, one byte each, in steps of ``scale``."""

    classes: tuple[str, ...]
    bias: tuple[float, ...]
    scale: float
    weights: Mapping[str, bytes]

    @classmethod
    def packaged(cls, name: str) -> Self:
        """The model of ``interview/reading/data/NAME.json``."""
        raw: dict[str, Any] = json.loads(
            files("interview").joinpath("reading", "data", f"{name}.json").read_text(encoding="utf-8")
        )
        width = len(raw["classes"])
        block = base64.b85decode(raw["weights"])
        rows = (block[i : i + width] for i in range(0, len(block), width))
        return cls(
            classes=tuple(raw["classes"]),
            bias=tuple(raw["bias"]),
            scale=raw["scale"],
            weights=dict(zip(raw["features"].split("\n"), rows, strict=True)),
        )

    def packed(self, made_by: str) -> dict[str, Any]:
        """The same as JSON values: names one a line, weights in base 85."""
        return {
            "made_by": made_by,
            "classes": self.classes,
            "bias": self.bias,
            "scale": self.scale,
            "features": "\n".join(self.weights),
            "weights": base64.b85encode(b"".join(self.weights.values())).decode(),
        }

    def added(self, totals: list[float], names: Iterable[str], value: float) -> list[float]:
        """Class totals with ``value`` of each named feature that is known added."""
        rows = [row for name in names if (row := self.weights.get(name)) is not None]
        if not rows:
            return totals
        zero = ZERO * len(rows)
        step = self.scale * value
        return [t + step * (sum(column) - zero) for t, column in zip(totals, zip(*rows, strict=True), strict=True)]
