"""Short strings a regular expression cannot do without, so that a sentence without any of them is not searched.

For speed alone: most of the patterns have nothing to find in most sentences, and a look at what a sentence holds is far
cheaper than a search. Found by walking the expression as Python's own parser reads it, after the idea of required
n-grams in text search (Russ Cox, "Regular Expression Matching with a Trigram Index", 2012); where that parser looks
different from what is known here, nothing is found and every sentence is searched.

Two kinds of strings: one or two characters anywhere (Chinese), or the first one, two or four characters from the start
of a word (``edges``, for expressions that match from one word's start to another's end).
"""

import importlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

# Said in every second sentence: rarer characters tell more.
_COMMON = frozenset("的我你您不了一是有就这那个们在他她也都没说什么好要会人想得去来到吗吧啊呢还可以能给看上下怎为对")
_COMMON_STARTS = frozenset(
    ["i'm ", "it's", "it i", "that", "this", "have", "don'", "you ", "and ", "the ", "for ", "was ", "not ", "but ",
     "what", "your", "i do", "i ca", "i ha", "to b", "is a", "is n", "just", "all ", "no o", "how "]
)  # fmt: skip
_FEW, _MANY = 32, 300
"""So many strings at most are spelled out for one run of an expression; and for a run with what may follow it."""
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
_PLACES = {"AT", "ASSERT", "ASSERT_NOT"}
_STARTS = re.compile(r"\b\w")
_LENGTHS = (8, 6, 4, 2, 1)


def triggers(expression: str, *, edges: bool = False) -> frozenset[str] | None:
    """Strings of which every match holds at least one; None where none are known.

    ``edges``: every match begins where a word begins, and strings are looked for where words begin.
    """
    try:
        parser: Any = importlib.import_module("re._parser")
        walk = _Walk(edges)
        return walk.best(walk.sequence(parser.parse(expression), at_start=True))
    except (ImportError, AttributeError, TypeError, ValueError):
        return None


def held(sentence: str, *, edges: bool = False) -> Iterable[str]:
    """What a sentence holds of such strings."""
    if edges:
        starts = [m.start() for m in _STARTS.finditer(sentence)]
        return [sentence[i : i + length] for i in starts for length in _LENGTHS]
    return [*sentence, *(a + b for a, b in pairwise(sentence))]


@dataclass(frozen=True, slots=True)
class _Found:
    """What a part of an expression can be: all of its strings if they are few, and strings one of which it holds."""

    exact: frozenset[str] | None
    needs: frozenset[str] | None = None
    begins: frozenset[str] = frozenset({""})
    """Strings with one of which it begins, where it can't be spelled out whole."""


_ANYTHING = _Found(None)
_EMPTY = frozenset({""})


class _Walk:
    """Through one expression."""

    def __init__(self, edges: bool) -> None:
        self._edges = edges
        self._cost = _start_cost if edges else _char_cost

    def best(self, found: _Found) -> frozenset[str] | None:
        """The cheapest set of a whole expression."""
        spelled = self._keys(found.exact, at_start=True) if found.exact is not None else None
        return self._cheapest([s for s in (spelled, found.needs) if s is not None])

    def sequence(self, items: Iterable[Any], *, at_start: bool) -> _Found:
        """Parts that follow each other: neighbours that can be spelled out are, the others end what was spelled."""
        needs: list[frozenset[str]] = []
        run, run_at_start = _EMPTY, at_start
        begins: frozenset[str] | None = None
        for operation, value in _merged(items):
            if operation == "LITERAL":
                run = frozenset([string + value for string in run])
                continue
            part = self._part(operation, value, at_start=run_at_start and run == _EMPTY)
            joined = _joined(run, part.exact)
            if joined is not None:
                run = joined
                continue
            ahead = _joined(run, _cut(part.begins if part.exact is None else part.exact), _MANY) or run
            if (keys := self._keys(ahead, at_start=run_at_start)) is not None:
                needs.append(keys)
            begins = _cut(ahead) if begins is None else begins
            run_at_start = False
            run = part.exact if part.exact is not None else _EMPTY
            if part.exact is None and part.needs is not None:
                needs.append(part.needs)
        if begins is None:
            return _Found(run)
        if (keys := self._keys(run, at_start=run_at_start)) is not None:
            needs.append(keys)
        return _Found(None, self._cheapest(needs), begins)

    def _part(self, operation: str, value: Any, *, at_start: bool) -> _Found:
        if operation == "IN":
            chars = _chars(value)
            return _ANYTHING if chars is None else _Found(chars)
        if operation == "SUBPATTERN":
            return self.sequence(value[3], at_start=at_start)
        if operation == "ATOMIC_GROUP":
            return self.sequence(value, at_start=at_start)
        if operation in _REPEATS:
            return self._repeat(value[0], value[1], value[2], at_start=at_start)
        if operation == "BRANCH":
            return self._branch([self.sequence(branch, at_start=at_start) for branch in value[1]], at_start=at_start)
        return _ANYTHING

    def _repeat(self, least: int, most: int, items: Any, *, at_start: bool) -> _Found:
        inner = self.sequence(items, at_start=at_start and least > 0)
        if inner.exact is not None and int(most) == 1:
            return _Found(inner.exact | {""}) if least == 0 else inner
        if least == 0:
            return _ANYTHING
        spelled = self._keys(inner.exact, at_start=at_start) if inner.exact is not None else None
        needs = self._cheapest([s for s in (spelled, inner.needs) if s is not None])
        return _Found(None, needs, inner.begins if inner.exact is None else _cut(inner.exact))

    def _branch(self, branches: Sequence[_Found], *, at_start: bool) -> _Found:
        spelled = [branch.exact for branch in branches if branch.exact is not None]
        if len(spelled) == len(branches):
            together = frozenset[str]().union(*spelled)
            if len(together) <= _FEW:
                return _Found(together)
        begins = frozenset[str]().union(*(_cut(b.begins if b.exact is None else b.exact) for b in branches))
        needs: list[frozenset[str]] = []
        for branch in branches:
            keys = self._keys(branch.exact, at_start=at_start) if branch.exact is not None else branch.needs
            if keys is None:
                return _Found(None, None, begins)
            needs.append(keys)
        return _Found(None, frozenset[str]().union(*needs), begins)

    def _keys(self, strings: Collection[str], *, at_start: bool) -> frozenset[str] | None:
        """The cheapest trigger of each string; None where one has none."""
        found: set[str] = set()
        for string in strings:
            places = _starts(string, at_start=at_start) if self._edges else held(string)
            best = min(places, key=self._cost, default=None)
            if best is None:
                return None
            found.add(best)
        return frozenset(found) or None

    def _cheapest(self, sets: Iterable[frozenset[str]]) -> frozenset[str] | None:
        return min(sets, key=lambda keys: sum(map(self._cost, keys)), default=None)


@cache
def _start_cost(key: str) -> float:
    """How often a word's start is there where nothing is to be found, roughly."""
    return {8: 0.1, 6: 0.3, 4: 8.0 if key in _COMMON_STARTS else 1.0, 2: 20.0}.get(len(key), 100.0)


@cache
def _char_cost(key: str) -> float:
    """The same of one character or two."""
    common = sum(char in _COMMON for char in key)
    if len(key) == 2:
        return (0.1, 0.4, 2.0)[common]
    return 12.0 if common else 1.0


def _merged(items: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """The parts by name, letters that follow each other as one string; what takes up no room is left out."""
    letters = ""
    for operation, value in items:
        name: str = operation.name
        if name == "LITERAL":
            letters += chr(value)
            continue
        if name in _PLACES:
            continue
        if letters:
            yield "LITERAL", letters
            letters = ""
        yield name, value
    if letters:
        yield "LITERAL", letters


def _joined(run: frozenset[str], part: frozenset[str] | None, most: int = _FEW) -> frozenset[str] | None:
    if part is None or len(run) * len(part) > most:
        return None
    return frozenset(a + b for a in run for b in part)


def _cut(strings: Iterable[str]) -> frozenset[str]:
    """The beginnings of strings, as far as a trigger needs them."""
    return frozenset(string[: _LENGTHS[0]] for string in strings)


def _chars(value: Any) -> frozenset[str] | None:
    """The characters of a class that only lists some."""
    if len(value) > _FEW or not all(str(kind) == "LITERAL" for kind, _ in value):
        return None
    return frozenset(chr(code) for _, code in value)


def _starts(string: str, *, at_start: bool) -> Iterator[str]:
    """The longest trigger at each place where a word surely begins."""
    for m in _STARTS.finditer(string):
        i = m.start()
        if i > 0 or at_start:
            yield next(string[i : i + length] for length in _LENGTHS if len(string) - i >= length)
