"""Patterns as data: a YAML file of regular expressions by kind, and guards that weaken or drop a match.

A file has ``version``, ``lang``, ``fragments`` (named pieces, used as ``<name>`` inside expressions),
``guards`` (in the order they are tried) and ``patterns``. A pattern names ``kind``, ``strength`` (0–1) and
``any`` (expressions), and may name ``needs`` and ``unless`` (expressions on the same sentence), ``guards``
(replacing the file's ``default_guards``), ``detail`` and ``across: true`` (tried on each two sentences that follow
each other instead of on each one). ``word_edges: true`` in the file keeps every
expression from matching inside a longer word. A guard names a ``factor`` and at least one of ``before``
(matched against the end of what precedes the match in its sentence), ``after`` (matched at the start of
what follows) and ``sentence`` (searched in the whole sentence); with ``stops: true`` no later guard is
tried.

Expressions see folded text: lower case, half-width, straight quotes; folding keeps every place.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import yaml

from interview.reading.triggers import held, triggers

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20, 0x2018: 0x27, 0x2019: 0x27, 0x201C: 0x22, 0x201D: 0x22, 0x2014: 0x2D, 0x00A0: 0x20,
}  # fmt: skip
_KEEP_WIDE = {ord(c) for c in "，。！？；：、"}
_FOLD = {code: to for code, to in _WIDE.items() if code not in _KEEP_WIDE}
_SENTENCE = re.compile(r"[^。！？!?；;…\n]+[。！？!?；;…]*|[。！？!?；;…]+")
_ABBREVIATION_DOT = re.compile(r"(?<=[a-z0-9%)\"'])\.(?=\s+|$)")
_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)  # escapes and classes hide what is in them
_LONG = 240
_PAYS = 25  # sentences
_SOFT_BREAK = re.compile(r"[，,、：:\s]")


def fold(text: str) -> str:
    """Lower case, half-width, straight quotes; every character stays at its place."""
    folded = text.translate(_FOLD)
    lowered = folded.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in folded)


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """``(start, sentence)`` for each sentence of folded text; very long ones are cut at commas or spaces."""
    for match in _SENTENCE.finditer(_ABBREVIATION_DOT.sub("。", text)):
        start, end = match.span()
        while end - start > _LONG:
            cut = _LONG
            for soft in _SOFT_BREAK.finditer(text, start + _LONG // 2, start + _LONG):
                cut = soft.end() - start
            yield start, text[start : start + cut]
            start += cut
        sentence = text[start:end].lstrip()
        if sentence:
            yield end - len(sentence), sentence


def by_first_letter(expressions: Iterable[str]) -> list[str]:
    """The same alternatives, those that start with a letter put together: a word is held against few of them."""
    groups: dict[str, list[str]] = {}
    others: list[str] = []
    for expression in expressions:
        for piece in _alternatives(expression):
            if piece[:1].isalpha() and piece[1:2] not in {"?", "*", "+", "{"}:
                groups.setdefault(piece[0], []).append(piece[1:])
            else:
                others.append(piece)
    return [f"{letter}(?:{'|'.join(rests)})" for letter, rests in groups.items()] + others


def _alternatives(expression: str) -> Iterator[str]:
    depth = start = 0
    for part in _PARTS.finditer(expression):
        depth += {"(": 1, ")": -1}.get(part[0], 0)
        if part[0] == "|" and depth == 0:
            yield expression[start : part.start()]
            start = part.end()
    yield expression[start:]


class Expression:
    """A regular expression, compiled when first looked for: most are for what few sentences hold, and start-up is short."""

    __slots__ = ("finditer", "match", "pattern", "search")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.search: Callable[..., re.Match[str] | None] = lambda *given: self.compiled().search(*given)
        self.match: Callable[..., re.Match[str] | None] = lambda *given: self.compiled().match(*given)
        self.finditer: Callable[..., Iterator[re.Match[str]]] = lambda *given: self.compiled().finditer(*given)

    def compiled(self) -> re.Pattern[str]:
        """Compiled from now on; raises re.error."""
        made = re.compile(self.pattern)
        self.search, self.match, self.finditer = made.search, made.match, made.finditer
        return made


@dataclass(frozen=True, slots=True)
class Guard:
    """One reason to take a match less seriously (factor < 1), not at all (0), or more so (> 1)."""

    name: str
    factor: float
    before: Expression | None
    after: Expression | None
    sentence: Expression | None
    stops: bool

    def applies(self, sentence: str, start: int, end: int) -> bool:
        """Whether every part the guard names is there around ``sentence[start:end]``."""
        return (
            (self.before is None or self.before.search(sentence[:start]) is not None)
            and (self.after is None or self.after.match(sentence, end) is not None)
            and (self.sentence is None or self.sentence.search(sentence) is not None)
        )


@dataclass(frozen=True, slots=True)
class Pattern:
    """One entry of a file."""

    kind: str
    strength: float
    regex: Expression
    needs: Expression | None
    unless: Expression | None
    guards: tuple[Guard, ...]
    detail: str
    across: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern found in a text, after its guards; ``guards`` names those that applied."""

    kind: str
    strength: float
    start: int
    end: int
    detail: str
    guards: tuple[str, ...]


class PatternSet:
    """All patterns of one file."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        named: Mapping[str, str] = data.get("fragments") or {}
        fragments = {name: f"(?:{expression})" for name, expression in named.items()}

        def compiled(expression: str | None) -> Expression | None:
            if expression is None:
                return None
            for _ in range(2):  # a fragment may use other fragments
                expression = re.sub(r"(?<!\?P)<([a-z_]+)>", lambda m: fragments[m[1]], expression)
            return Expression(expression)

        def guard(name: str, raw: Mapping[str, Any]) -> Guard:
            before = raw.get("before")
            return Guard(
                name=name,
                factor=float(raw["factor"]),
                before=compiled(f"(?:{before})$" if before else None),
                after=compiled(raw.get("after")),
                sentence=compiled(raw.get("sentence")),
                stops=bool(raw.get("stops", False)),
            )

        raw_guards: Mapping[str, Mapping[str, Any]] = data.get("guards") or {}
        guards = {name: guard(name, raw) for name, raw in raw_guards.items()}
        default: tuple[str, ...] = tuple(data.get("default_guards", guards))
        word_edges = bool(data.get("word_edges"))

        def pattern(raw: Mapping[str, Any]) -> Pattern:
            either = "|".join(by_first_letter(raw["any"]) if word_edges else (f"(?:{e})" for e in raw["any"]))
            regex = compiled(rf"\b(?=\w)(?:{either})(?!\w)" if word_edges else either)
            assert regex is not None
            names = raw.get("guards", default)
            return Pattern(
                kind=raw["kind"],
                strength=float(raw["strength"]),
                regex=regex,
                needs=compiled(raw.get("needs")),
                unless=compiled(raw.get("unless")),
                guards=tuple(guards[name] for name in guards if name in names),
                detail=raw.get("detail", ""),
                across=bool(raw.get("across", False)),
            )

        self.patterns = tuple(pattern(raw) for raw in data["patterns"])
        self._single = _Index([p for p in self.patterns if not p.across], edges=word_edges)
        self._across = _Index([p for p in self.patterns if p.across], edges=word_edges)

    def matches(self, folded: str) -> Iterator[Match]:
        """Every match in folded text whose strength is left above 0, in file order within each sentence."""
        spans = list(sentences(folded))
        for offset, sentence in spans:
            yield from self._single.found(offset, sentence)
        if self._across.patterns:
            for (first, _), (second, text) in pairwise(spans):
                yield from self._across.found(first, folded[first : second + len(text)])


class _Index:
    """Patterns by what no match of theirs is without: only those are searched for which a sentence holds something.

    Made when it begins to pay: the first sentences are held against every pattern, so that the first answer is early.
    """

    def __init__(self, chosen: Sequence[Pattern], *, edges: bool) -> None:
        self.patterns = chosen
        self._edges = edges
        self._seen = 0
        self._all = (1 << len(chosen)) - 1  # bits, one a pattern
        self._always = 0
        self._by_trigger: dict[str, int] = {}

    def found(self, offset: int, sentence: str) -> Iterator[Match]:
        """The matches in one sentence that starts at ``offset``."""
        left = self._open(sentence)
        while left:
            lowest = left & -left
            left ^= lowest
            yield from _found(self.patterns[lowest.bit_length() - 1], offset, sentence)

    def _open(self, sentence: str) -> int:
        """The patterns that may have something to find."""
        if not self._by_trigger:
            self._seen += 1
            if self._seen < _PAYS:
                return self._all
            self._make()
        found = self._always
        for key in self._by_trigger.keys() & held(sentence, edges=self._edges):
            found |= self._by_trigger[key]
        return found

    def _make(self) -> None:
        made: dict[str, int] = {"": 0}
        for place, pattern in enumerate(self.patterns):
            known = triggers(pattern.regex.pattern, edges=self._edges)
            if known is None:
                self._always |= 1 << place
            for trigger in known or ():
                made[trigger] = made.get(trigger, 0) | 1 << place
        self._by_trigger = made


def _found(pattern: Pattern, offset: int, sentence: str) -> Iterator[Match]:
    first = pattern.regex.search(sentence)
    if first is None:
        return
    if pattern.needs is not None and pattern.needs.search(sentence) is None:
        return
    if pattern.unless is not None and pattern.unless.search(sentence) is not None:
        return
    for found in pattern.regex.finditer(sentence, first.start()):
        if found.end() == found.start():
            continue
        strength, applied = _guarded(pattern, sentence, found.start(), found.end())
        if strength > 0:
            start, end = offset + found.start(), offset + found.end()
            yield Match(pattern.kind, strength, start, end, pattern.detail, applied)


def _guarded(pattern: Pattern, sentence: str, start: int, end: int) -> tuple[float, tuple[str, ...]]:
    strength = pattern.strength
    applied: list[str] = []
    for guard in pattern.guards:
        if guard.applies(sentence, start, end):
            strength *= guard.factor
            applied.append(guard.name)
            if guard.stops or strength == 0:
                break
    return min(1.0, strength), tuple(applied)


def strongest(matches: list[Match]) -> list[Match]:
    """One match per kind where places overlap: the strongest, then the longest."""
    kept: list[Match] = []
    for group in _overlapping(matches):
        taken: list[Match] = []
        for match in sorted(group, key=lambda m: (-m.strength, m.start - m.end)):
            if not any(k.start < match.end and match.start < k.end for k in taken):
                taken.append(match)
        kept.extend(taken)
    return sorted(kept, key=lambda m: (m.start, m.end))


def _overlapping(matches: list[Match]) -> Iterator[list[Match]]:
    """Runs of one kind's matches that touch each other; short, as no match leaves its sentence."""
    run: list[Match] = []
    end = 0
    for match in sorted(matches, key=lambda m: (m.kind, m.start)):
        if run and (match.kind != run[0].kind or match.start >= end):
            yield run
            run = []
        end = max(end, match.end) if run else match.end
        run.append(match)
    if run:
        yield run


@cache
def read_data(name: str) -> Mapping[str, Any]:
    """What the packaged file ``interview/reading/patterns/NAME.yaml`` holds, read once per process."""
    text = files("interview").joinpath("reading", "patterns", f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def load(name: str) -> PatternSet:
    """The patterns of the packaged file NAME, made once per process."""
    return PatternSet(read_data(name))
