"""A small trained model of what an employee's words tend to show: weighs runs of words, and can point at them.

A multinomial logistic regression, trained by ``python -m evals.train_cues``; a feature is a run of tokens or what the
rules found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from interview.reading.word_model import Token, WordModel, runs

NEUTRAL = "neutral"
RULE_VALUE = 0.3  # what a rule feature counts, where a run of tokens counts 1 / sqrt(number of runs)
_RULE_BINS = ((0.0, ""), (0.3, ".3"), (0.5, ".5"))


def rule_features(found: Iterable[tuple[str, float]], lang: str) -> set[str]:
    """What rules found, as features: kind and how strong, by the language they were found in."""
    return {f"{lang}<{kind}{name}" for kind, strength in found for least, name in _RULE_BINS if strength >= least}


@dataclass(frozen=True, slots=True)
class CueModel(WordModel):
    """Weights by feature, one byte a class; ``classes`` holds neutral."""

    @staticmethod
    @cache
    def shipped() -> "CueModel":
        """The packaged model, read once per process."""
        return CueModel.packaged("cue_model")

    def by_words(self, words: Sequence[str]) -> list[float]:
        """Score by class (log-odds) of the token runs alone; they share a norm."""
        found = runs(words)
        return self.added(list(self.bias), found, 1 / max(1, len(found)) ** 0.5)

    def with_rules(self, scores: list[float], rules: Iterable[str]) -> list[float]:
        """The same with what rules found; each rule feature counts by itself."""
        return self.added(scores, rules, RULE_VALUE)

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
