"""The closed set of what a report can say, read once from ``findings.yaml``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from interview.conversation import LANGS, Lang
from interview.moves import MoveKind
from interview.reading.patterns import fold
from interview.situations import Situation
from interview.steps import Step

_HAN = re.compile(r"[\u4e00-\u9fff]")
RISK, SITUATION, LINE, STEP = "risk", "situation", "line.", "step."
"""What a kind can be about: a risk flag, a situation's own risk, ``line.NAME``, ``step.ID``."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding; the fields are explained at the head of the file."""

    code: str
    severity: int
    about: tuple[str, ...]
    better: str
    words: Mapping[str, str]
    moves: frozenset[MoveKind]
    without: frozenset[MoveKind]
    says: Mapping[str, Sequence[re.Pattern[str]]]
    unless: Mapping[str, re.Pattern[str]]
    unless_anywhere: Mapping[str, re.Pattern[str]]
    rule: str
    step: Step | None
    needs: frozenset[str]
    situations: frozenset[Situation]
    first: bool
    hides: frozenset[str]

    def quotes(self, text: str) -> Iterator[str]:
        """The words in a text that this kind is found by, unless the text takes them back."""
        folded = fold(text)
        for lang in LANGS if self.says else ():
            if (lang == "zh") != bool(_HAN.search(text)):
                continue
            if lang in self.unless and self.unless[lang].search(folded):
                continue
            for pattern in self.says[lang]:
                if match := pattern.search(folded):
                    yield text[match.start() : match.end()]


@cache
def catalogue() -> Mapping[str, Any]:
    """The packaged file."""
    text = files("scoring").joinpath("findings.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of finding by its code, in the order of the file."""
    return {code: _kind(code, entry) for code, entry in catalogue()["kinds"].items()}


def _kind(code: str, raw: Mapping[str, Any]) -> Kind:
    return Kind(
        code=code,
        severity=raw["severity"],
        about=tuple(raw["about"]),
        better=raw["better"],
        words={lang: raw[lang] for lang in LANGS},
        moves=frozenset(map(MoveKind, raw.get("moves", ()))),
        without=frozenset(map(MoveKind, raw.get("without", ()))),
        says={lang: [re.compile(p) for p in found] for lang, found in raw.get("says", {}).items()},
        unless={lang: re.compile(p) for lang, p in raw.get("unless", {}).items()},
        unless_anywhere={lang: re.compile(p) for lang, p in raw.get("unless_anywhere", {}).items()},
        rule=raw.get("rule", ""),
        step=Step(raw["step"]) if "step" in raw else None,
        needs=frozenset(raw.get("needs", ())),
        situations=frozenset(map(Situation, raw.get("situations", ()))),
        first=bool(raw.get("first", False)),
        hides=frozenset(raw.get("hides", ())),
    )


def discriminates(text: str) -> bool:
    """Whether a sentence judges work by sex, age, family, origin or health."""
    return any(True for _ in kinds()["discrimination"].quotes(text))


def words(section: str, key: str, lang: Lang) -> str:
    """The text of a strength, bottom line, goal check or plan part."""
    return str(catalogue()[section][key][lang])
