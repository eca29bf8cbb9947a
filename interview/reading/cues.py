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
_AFTER_HARD_MESSAGE = 0.45


class RuleCueReader:
    """The default `CueReader`: no network, no model, linear in the length of the text."""

    def read(self, text: str, lang: Lang, before: str = "") -> tuple[Cue, ...]:
        """Cues in order of place; ``before`` decides what a bare "行" or "fine" is."""
        found: list[Match] = []
        for tongue in _languages(text, lang):
            found += _Tongue.of(tongue).matches(text)
        if before and found:
            context = _Tongue.of("zh" if _CHINESE.search(before) else "en")
            found = context.weighed(found, text, _SPEAKER.sub("", before))
        return tuple(
            Cue(CueKind(match.kind), round(match.strength, 2), text[match.start : match.end], match.start, match.end)
            for match in patterns.strongest(found)
        )


def _languages(text: str, lang: Lang) -> tuple[Lang, ...]:
    chinese, english = _CHINESE.search(text) is not None, _ENGLISH.search(text) is not None
    if chinese and english:
        return ("zh", "en")
    if chinese:
        return ("zh",)
    return ("en",) if english else (lang,)


@dataclass(frozen=True, slots=True)
class _Tongue:
    """One language's patterns with what its file says about spellings and about what was said before."""

    patterns: PatternSet
    traditional: Mapping[int, int]
    heard: re.Pattern[str]
    meant: Mapping[str, str]
    bare: re.Pattern[str]
    hard: re.Pattern[str]
    request: re.Pattern[str]

    @classmethod
    @cache
    def of(cls, lang: Lang) -> "_Tongue":
        name = f"cues_{lang}"
        data: Mapping[str, Any] = patterns.read_data(name)
        spellings: Mapping[str, list[str]] = data["heard_as"]
        folding: Mapping[str, str] = data.get("traditional", {"from": "", "to": ""})
        before: Mapping[str, str] = data["before"]
        return cls(
            patterns=patterns.load(name),
            traditional=str.maketrans(folding["from"], folding["to"]),
            heard=re.compile("|".join(spelling for group in spellings.values() for spelling in group)),
            meant={s.partition("(?")[0]: word for word, group in spellings.items() for s in group},
            bare=re.compile(before["bare"]),
            hard=re.compile(before["hard"]),
            request=re.compile(before["request"]),
        )

    def matches(self, text: str) -> list[Match]:
        """Matches with places in the original text: no step of the folding moves a character."""
        folded = patterns.fold(text).translate(self.traditional)
        folded = self.heard.sub(lambda found: self.meant[found[0]], folded)
        return list(self.patterns.matches(folded))

    def weighed(self, found: list[Match], text: str, before: str) -> list[Match]:
        """A bare assent after a hard message is giving in rather than agreeing."""
        folded = patterns.fold(before).translate(self.traditional)
        if self.request.search(folded) or not self.hard.search(folded):
            return found
        if not self.bare.fullmatch(patterns.fold(text).strip()):
            return found
        first = found[0]
        kept = [match for match in found if match.kind not in (CueKind.ACCEPTANCE, CueKind.WITHDRAWAL)]
        strength = max([_AFTER_HARD_MESSAGE, *(m.strength for m in found if m.kind == CueKind.WITHDRAWAL)])
        return [*kept, Match(CueKind.WITHDRAWAL, strength, first.start, found[-1].end, "", ("before",))]
