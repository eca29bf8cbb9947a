"""A small trained model of what a manager's sentences are likely to do, for what no expression was written for.

A logistic regression for each kind of move (and for empty empathy, empty praise and parroting), trained by
``python -m evals.train_moves``. A feature of a sentence is a run of its tokens, a piece of a long English word, a word of
the turn it stands in, what the rules found in the sentence and in the turn, how it takes up what was said before, and a
few plain signs (a question, "you", "I", a number, its place and length).
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

from interview.moves import EMPTY_DETAILS, Move
from interview.reading.patterns import sentences
from interview.reading.word_model import WordModel, runs, words

_NORM = 0.3  # runs count 1 / n ** 0.3: a long sentence is not much fainter than a short one
_SIGN, _RULE, _RULE_OF_TURN, _PIECE, _WORD_OF_TURN = 0.3, 0.45, 0.2, 0.7, 0.5
_QUESTION = re.compile(r"[?？]\s*$")
_YOU = re.compile(r"[你您]|\byou")
_I = re.compile(r"我(?!们)|\bi\b")
_WE = re.compile(r"我们|咱|\bwe\b|\blet")
_YOU_FIRST = re.compile(r"\s*(?:你|您|you\b)")
_I_FIRST = re.compile(r"\s*(?:我(?!们)|i\b)")
_NUMBER = re.compile(r"\d|[一二三四五六七八九十百两]")
_ENGLISH_WORD = re.compile(r"[a-z']+")
_PIECE_LENGTH = 5
_UNLIKELY = -3.9  # log-odds of 0.02
_MOST_SENTENCES = 80
"""The model reads no further in one turn: nobody says so much at once, and a file pasted in must not take minutes."""

Groups = tuple[tuple[float, Iterable[str]], ...]
"""Features that count the same: ``(value, names)``."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence at ``start``–``end`` of folded text, with its features."""

    start: int
    end: int
    features: Groups


def read_sentences(
    folded: str, lang: str, found: Sequence[Move], taken_up: Callable[[str], tuple[int, float]]
) -> Iterator[Sentence]:
    """The sentences of a folded turn, the first eighty at most.

    ``found``: what the rules read in the turn. ``taken_up``: tells of a sentence how many of the other's words it shares and
    which share of its own they are; one shared word is chance.
    """
    spans = list(islice(sentences(folded), _MOST_SENTENCES))
    end_of_all = spans[-1][0] + len(spans[-1][1]) if spans else 0
    found = [move for move in found if move.start < end_of_all]
    turn = {f"T{word}" for word in words(folded)}
    of_turn = {f"t<{move.kind}" for move in found}
    for place, (start, text) in enumerate(spans):
        end = start + len(text)
        tokens = words(text)
        own = runs(tokens)
        pieces = {p for word in _ENGLISH_WORD.findall(text) for p in _pieces(word)}
        rules = {
            f"{lang}<{_name(m)}{'.5' if m.strength >= 0.5 else ''}" for m in found if start <= m.start < end
        }  # fmt: skip
        signs = set(_signs(text, len(tokens), place, len(spans)))
        signs |= set(_answers(text, *taken_up(text)))
        yield Sentence(
            start,
            end,
            (
                (max(1, len(own)) ** -_NORM, own),
                (_PIECE * max(1, len(pieces)) ** -0.5, pieces),
                (_WORD_OF_TURN * max(1, len(turn)) ** -0.5, turn),
                (_SIGN, signs),
                (_RULE, rules),
                (_RULE_OF_TURN, of_turn),
            ),
        )


def _name(move: Move) -> str:
    return move.detail if move.detail in EMPTY_DETAILS else str(move.kind)


def _pieces(word: str) -> Iterator[str]:
    """Pieces of five letters of a long word, its ends marked."""
    if len(word) > _PIECE_LENGTH - 1:
        marked = f"^{word}$"
        for i in range(len(marked) - _PIECE_LENGTH + 1):
            yield "_" + marked[i : i + _PIECE_LENGTH]


def _signs(text: str, length: int, place: int, count: int) -> Iterator[str]:
    yield "@asks" if _QUESTION.search(text) else "@tells"
    for name, sign in (("@you", _YOU), ("@i", _I), ("@we", _WE), ("@number", _NUMBER)):
        if sign.search(text):
            yield name
    if _YOU_FIRST.match(text):
        yield "@you first"
    if _I_FIRST.match(text):
        yield "@i first"
    if place == 0:
        yield "@first"
    if place == count - 1:
        yield "@last"
    yield f"@length {sum(length >= bound for bound in (6, 12, 22))}"


def _answers(text: str, shared: int, echo: float) -> Iterator[str]:
    if shared < 2:
        return
    yield f"@shared {min(shared, 4)}"
    yield f"@echo {sum(echo >= bound for bound in (0.2, 0.45, 0.72))}"
    if not _QUESTION.search(text) and _YOU.search(text):
        yield "@takes up"


class MoveModel(WordModel):
    """Weights by feature, one byte a class; a class is a kind of move or one of the empty ones."""

    __slots__ = ()

    @staticmethod
    @cache
    def shipped() -> "MoveModel":
        """The packaged model, read once per process."""
        return MoveModel.packaged("move_model")

    def log_odds(self, sentence: Sentence) -> list[float]:
        """Log-odds of each class, in the order of ``classes``."""
        totals = list(self.bias)
        for value, names in sentence.features:
            totals = self.added(totals, names, value)
        return totals

    def likely(self, sentence: Sentence) -> dict[str, float]:
        """Probability of each class, those below 0.02 left out."""
        found = zip(self.classes, self.log_odds(sentence), strict=True)
        return {name: 1.0 / (1.0 + math.exp(-total)) for name, total in found if total > _UNLIKELY}
