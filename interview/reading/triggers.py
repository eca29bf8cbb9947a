"""Which characters a regular expression cannot do without, so that a sentence without any of them is not searched.

For speed alone: most of the patterns have nothing to find in most sentences, and a look at the set of a sentence's
characters is ten times cheaper than a search. Found by walking the expression as Python's own parser reads it; where
that parser looks different from what is known here, nothing is found and every sentence is searched.
"""

import importlib
from collections.abc import Iterable
from typing import Any

# Said in every second sentence: a set of rarer characters tells more..
_COMMON = frozenset("的我你您不了一是有就这那个们在他她也都没说什么好要会人想得去来到吗吧啊呢还可以能给看上下怎为对")
_COMMON_COST = 12
_LARGEST = 200  # characters: larger sets are hardly ever absent
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def triggers(expression: str) -> frozenset[str] | None:
    """Characters of which every match holds at least one; None where no useful set is known."""
    try:
        parser: Any = importlib.import_module("re._parser")
        found = _of_sequence(parser.parse(expression))
    except (ImportError, AttributeError, TypeError, ValueError):
        return None
    if found is None or len(found) > _LARGEST:
        return None
    return found


def _cost(chars: Iterable[str]) -> int:
    return sum(_COMMON_COST if c in _COMMON else 1 for c in chars)


def _of_sequence(items: Any) -> frozenset[str] | None:
    """The cheapest set among those of the parts, all of which must be there."""
    sets = [found for operation, value in items if (found := _of_part(str(operation), value)) is not None]
    return min(sets, key=_cost, default=None)


def _of_part(operation: str, value: Any) -> frozenset[str] | None:
    if operation == "LITERAL":
        return frozenset(chr(value))
    if operation == "IN":
        if all(str(kind) == "LITERAL" for kind, _ in value):
            return frozenset(chr(code) for _, code in value)
        return None
    if operation == "SUBPATTERN":
        return _of_sequence(value[3])
    if operation == "ATOMIC_GROUP":
        return _of_sequence(value)
    if operation in _REPEATS:
        return _of_sequence(value[2]) if value[0] > 0 else None
    if operation == "BRANCH":
        branches = [_of_sequence(branch) for branch in value[1]]
        known = [branch for branch in branches if branch is not None]
        return frozenset[str]().union(*known) if len(known) == len(branches) else None
    return None
