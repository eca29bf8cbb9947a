"""Reads an employee's cues from the words alone: Chinese and English patterns, every cue with its quote.

Why rules: a cue that can't point at words says nothing, and a manager who doubts one must be able to see why it is
there. Both languages are read where both scripts occur, for people say "这个 rating 我不 accept".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from interview.conversation import Lang
from interview.cues import Cue, CueKind
from interview.reading import patterns
from interview.reading.patterns import Match, PatternSet

_CHINESE = re.compile("[\u4e00-\u9fff]")
_ENGLISH = re.compile("[A-Za-z]{2}")
_SPEAKER = re.compile(r"^\s*(?:经理|主管|领导|老板|上级|manager|boss|lead)\s*[:：]\s*", re.IGNORECASE)
_ASSENT = 0.35  # a bare 好的 after a request
_GIVING_IN = 0.45  # a bare 好的 after a hard message
_AFTER_HARD_MESSAGE = 1.4  # how much more a bare 算了 says then


class RuleCueReader:
    """The default `CueReader`: no network, no model, linear in the length of the text."""

    def read(self, text: str, lang: Lang, before: str = "") -> tuple[Cue, ...]:
        """Cues in order of place; ``before`` decides what a bare "行" or "fine" is."""
        tongues = [_Tongue.of(tongue) for tongue in _languages(text, lang)]
        found = [match for tongue in tongues for match in tongue.matches(text)]
        before = _SPEAKER.sub("", before).strip()
        if before and tongues[0].bare.fullmatch(tongues[0].folded(text).strip()):
            context = _Tongue.of("zh" if _CHINESE.search(before) else "en")
            found = _bare_answer(text, found, context, before)
        return tuple(
            Cue(CueKind(m.kind), max(0.01, round(m.strength, 2)), text[m.start : m.end], m.start, m.end)
            for m in patterns.strongest(found)
        )


def _languages(text: str, lang: Lang) -> tuple[Lang, ...]:
    chinese, english = _CHINESE.search(text) is not None, _ENGLISH.search(text) is not None
    if chinese and english:
        return ("zh", "en")
    if chinese:
        return ("zh",)
    return ("en",) if english else (lang,)


def _bare_answer(text: str, found: list[Match], context: "_Tongue", before: str) -> list[Match]:
    """What a bare "行" or "fine" is: assent to a request, giving in to a hard message, else what it was."""
    asked = context.folded(before)
    if context.request.search(asked):
        kind, strength = CueKind.ACCEPTANCE, _ASSENT
    elif context.hard.search(asked):
        given_in = [m.strength * _AFTER_HARD_MESSAGE for m in found if m.kind == CueKind.WITHDRAWAL]
        kind, strength = CueKind.WITHDRAWAL, min(1.0, max([_GIVING_IN, *(s for s in given_in if s > 0.6)]))
    else:
        return found
    start = len(text) - len(text.lstrip())
    kept = [match for match in found if match.kind not in (CueKind.ACCEPTANCE, CueKind.WITHDRAWAL)]
    return [*kept, Match(kind, round(strength, 2), start, len(text.rstrip()), "", ("before",))]


@dataclass(frozen=True, slots=True)
class _Tongue:
    """One language's patterns, with what its file says about spellings and about what was said before."""

    patterns: PatternSet
    traditional: Mapping[int, int]
    heard: re.Pattern[str]
    meant: Mapping[str, str]
    bare: re.Pattern[str]
    hard: re.Pattern[str]
    request: re.Pattern[str]

    @staticmethod
    @cache
    def of(lang: Lang) -> "_Tongue":
        """The language's file, read and compiled once per process."""
        name = f"cues_{lang}"
        data: Mapping[str, Any] = patterns.read_data(name)
        spellings: Mapping[str, list[str]] = data["heard_as"]
        folding: Mapping[str, str] = data.get("traditional", {"from": "", "to": ""})
        before: Mapping[str, str] = data["before"]
        return _Tongue(
            patterns=patterns.load(name),
            traditional=str.maketrans(folding["from"], folding["to"]),
            heard=re.compile("|".join(spelling for group in spellings.values() for spelling in group)),
            meant={s.partition("(?")[0]: word for word, group in spellings.items() for s in group},
            bare=re.compile(before["bare"]),
            hard=re.compile(before["hard"]),
            request=re.compile(before["request"]),
        )

    def folded(self, text: str) -> str:
        """Folded, simplified, with misheard key words as they were meant; every character stays at its place."""
        folded = patterns.fold(text)
        if self.traditional:
            folded = folded.translate(self.traditional)
        return self.heard.sub(lambda found: self.meant[found[0]], folded)

    def matches(self, text: str) -> list[Match]:
        """Matches with places in the original text."""
        return list(self.patterns.matches(self.folded(text)))
