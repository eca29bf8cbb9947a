"""Reads an employee's cues from the words alone: Chinese and English patterns and a small model, every cue with its quote.

Rules find what is plainly said; they alone make a cue of 0.5 or more, and only where the model does not take the whole
for ordinary talk, for a manager who doubts a cue must be able to see why it is there. What the model sees beyond them is
a faint cue below 0.5, quoting the words that speak for it; where no words do, nothing is said. Both languages are read
where both scripts occur, for people say "这个 rating 我不 accept".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from interview.conversation import Lang
from interview.cues import Cue, CueKind
from interview.reading import patterns
from interview.reading.cue_model import NEUTRAL, CueModel, rule_features
from interview.reading.patterns import Match, PatternSet
from interview.reading.word_model import tokens, words

_CHINESE = re.compile("[\u4e00-\u9fff]")
_ENGLISH = re.compile("[A-Za-z]{2}")
_SPEAKER = re.compile(r"^\s*(?:经理|主管|领导|老板|上级|manager|boss|lead)\s*[:：]\s*", re.IGNORECASE)
_ASSENT = 0.35  # a bare 好的 after a request
_GIVING_IN = 0.45  # a bare 好的 after a hard message
_AFTER_HARD_MESSAGE = 1.4  # how much more a bare 算了 says then
_COARSE = {
    "hurt": "sadness",
    "hardship": "sadness",
    "unfairness": "anger",
    "withdrawal": "resistance",
    "leaving": "resistance",
}  # the labels the model knows
_SURE = -0.4  # log-odds over ordinary talk, by the words alone, from which a strong rule keeps its strength
_AT_WORK = 1.0  # what talk about work adds to that: the reader is made for it
_OF_ONESELF = 1.0  # what is added where somebody speaks of themselves
_NOTHING_ELSE = 1.0  # what is added where nothing else is said
_OF_WORK = frozenset({"unfairness", "leaving"})  # kinds whose rules speak of little but work
_LIGHT = frozenset({"acceptance", "anxiety", "surprise"})  # said lightly: no other feeling may stand in for them
_CALM = frozenset({NEUTRAL, "acceptance"})
_ENDS = ".!?。！？\n"
_ORDINARY = 0.45  # what ordinary talk is given before a faint cue is said
_FAINT = 0.49


class RuleCueReader:
    """The default `CueReader`: no network, linear in the length of the text; rules alone with ``model=None``."""

    def __init__(self, model: CueModel | Literal["shipped"] | None = "shipped") -> None:
        self._model = model  # the shipped one is read with the first utterance, not when a page is built

    def read(self, text: str, lang: Lang, before: str = "") -> tuple[Cue, ...]:
        """Cues in order of place; ``before`` decides what a bare "行" or "fine" is."""
        tongues = [_Tongue.of(tongue) for tongue in _languages(text, lang)]
        folded = tongues[0].folded(text)
        found = tongues[0].matches(folded)
        for tongue in tongues[1:]:
            found += tongue.matches(tongue.folded(text))
        before = _SPEAKER.sub("", before).strip()
        if before and tongues[0].bare.fullmatch(folded.strip()):
            context = _Tongue.of("zh" if _CHINESE.search(before) else "en")
            found = _bare_answer(text, found, context, before)
        found = patterns.strongest(found)
        model = CueModel.shipped() if isinstance(self._model, str) else self._model
        if model is not None and not any("before" in m.guards for m in found):
            found = _weighed(found, model, folded, tongues[0])
        return tuple(
            Cue(CueKind(m.kind), max(0.01, round(m.strength, 2)), text[m.start : m.end], m.start, m.end) for m in found
        )


def model_text(text: str, lang: Lang) -> str:
    """The text as the model sees it: folded, simplified, key words as they were meant."""
    return _Tongue.of(_languages(text, lang)[0]).folded(text)


def _weighed(found: list[Match], model: CueModel, folded: str, tongue: "_Tongue") -> list[Match]:
    """What rules found, held against what the model makes of the whole, with what the model sees beyond them."""
    alone = model.by_words(words(folded))
    if any(m.strength >= 0.5 for m in found):
        of_work = tongue.work.search(folded) is not None
        whole = dict(zip(model.classes, alone, strict=True))
        length = len(folded.strip())
        found = [
            _held(
                m, _said(model, whole, folded, m), of_work, tongue.own_words(folded, m), m.end - m.start + 1 >= length
            )
            for m in found
        ]  # fmt: skip
        if any(m.strength >= 0.5 for m in found):
            return found
    rules = rule_features(((m.kind, m.strength) for m in found), tongue.lang)
    scores = dict(zip(model.classes, model.with_rules(alone, rules), strict=True))
    plain = scores[NEUTRAL]
    label = max(scores, key=lambda name: scores[name] + (_ORDINARY if name == NEUTRAL else 0.0))
    if label == NEUTRAL:
        return [m for m in found if m.guards]
    strength = _FAINT - 0.3 / (1.0 + max(0.0, scores[label] - plain))
    others = [replace(m, strength=min(m.strength, strength - 0.02)) for m in found]
    same = [i for i, m in enumerate(found) if _coarse(m.kind) == label]
    if same:
        first = max(same, key=lambda i: found[i].strength)
        others[first] = replace(found[first], strength=strength)
        return others
    place = model.span(tokens(folded), label)
    if place is None:
        return others
    kind = CueKind.HURT if label == "sadness" else CueKind(label)
    return sorted([*others, Match(kind, strength, *place, "", ("model",))], key=lambda m: (m.start, m.end))


def _said(model: CueModel, whole: Mapping[str, float], folded: str, match: Match) -> Mapping[str, float]:
    """What the words speak for: of a plain charge those of its sentence, for much else may be said around it."""
    if match.kind not in _OF_WORK or match.strength < 0.5:
        return whole
    start = max(folded.rfind(end, 0, match.start) for end in _ENDS) + 1
    stop = min((at for end in _ENDS if (at := folded.find(end, match.end)) >= 0), default=len(folded))
    sentence = folded[start:stop]
    return (
        whole
        if len(sentence) == len(folded)
        else dict(zip(model.classes, model.by_words(words(sentence)), strict=True))
    )


def _held(match: Match, said: Mapping[str, float], of_work: bool, own: bool, whole: bool) -> Match:
    """A strong match is faint where the words around it, without it being a rule, speak for ordinary talk."""
    if match.strength < 0.5:
        return match
    prior = _AT_WORK * (of_work or match.kind in _OF_WORK) + _OF_ONESELF * own + _NOTHING_ELSE * whole
    kind = _coarse(match.kind)
    spoken = said[kind] if kind in _LIGHT else max(v for k, v in said.items() if k not in _CALM)
    sure = spoken - said[NEUTRAL] + prior >= _SURE
    return match if sure else replace(match, strength=_FAINT)


def _coarse(kind: str) -> str:
    return _COARSE.get(kind, kind)


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

    lang: Lang
    patterns: PatternSet
    heard: re.Pattern[str]
    meant: Mapping[str, str]
    hearing: "_Hearing | None"
    bare: re.Pattern[str]
    hard: re.Pattern[str]
    request: re.Pattern[str]
    work: re.Pattern[str]
    own: re.Pattern[str]

    @staticmethod
    @cache
    def of(lang: Lang) -> "_Tongue":
        """The language's file, read and compiled once per process."""
        name = f"cues_{lang}"
        data: Mapping[str, Any] = patterns.read_data(name)
        spellings: Mapping[str, list[str]] = data["heard_as"]
        hearing = _Hearing.of(lang) if "heard_near" in data else None
        before: Mapping[str, str] = data["before"]
        return _Tongue(
            lang=lang,
            patterns=patterns.load(name),
            hearing=hearing,
            heard=re.compile("|".join(spelling for group in spellings.values() for spelling in group)),
            meant={s.partition("(?")[0]: word for word, group in spellings.items() for s in group},
            bare=re.compile(before["bare"]),
            hard=re.compile(before["hard"]),
            request=re.compile(before["request"]),
            work=re.compile(before["work"]),
            own=re.compile(before["own"]),
        )

    def folded(self, text: str) -> str:
        """Folded, simplified, with misheard key words as they were meant; every character stays at its place."""
        folded = patterns.fold(text)
        if self.hearing is not None:
            folded = self.hearing.corrected(folded)
        return self.heard.sub(lambda found: self.meant[found[0]], folded)

    def own_words(self, folded: str, match: Match) -> bool:
        """Whether the words up to the end of a match, within its clause, speak of the speaker."""
        return self.own.search(folded, max(0, match.start - 12), match.end) is not None

    def matches(self, folded: str) -> list[Match]:
        """Matches in folded text; folding keeps every place."""
        return list(self.patterns.matches(folded))


@dataclass(frozen=True, slots=True)
class _Hearing:
    """Traditional characters, and key words that differ from what is written in one character of the same sound."""

    traditional: Mapping[int, int]
    near: re.Pattern[str]
    keys: tuple[str, ...]
    real: frozenset[str]

    @staticmethod
    def of(lang: Lang) -> "_Hearing":
        """What the packaged file says for a language."""
        text = files("interview").joinpath("reading", "data", f"hearing_{lang}.json").read_text(encoding="utf-8")
        raw: dict[str, Any] = json.loads(text)
        near: Mapping[str, list[str]] = raw["near"]
        one_off = [
            "|".join(key[:i] + f"[{chars}]" + key[i + 1 :] for i, chars in enumerate(classes))
            for key, classes in near.items()
        ]
        return _Hearing(
            traditional=str.maketrans(raw["traditional"]["from"], raw["traditional"]["to"]),
            near=re.compile("|".join(f"({either})" for either in one_off)),
            keys=tuple(near),
            real=frozenset(raw["real"]),
        )

    def corrected(self, folded: str) -> str:
        """Simplified text with such key words as they were meant; every character stays at its place."""
        if not _CHINESE.search(folded):
            return folded
        return self.near.sub(self._meant, folded.translate(self.traditional))

    def _meant(self, found: re.Match[str]) -> str:
        return found[0] if found[0] in self.real else self.keys[(found.lastindex or 1) - 1]
