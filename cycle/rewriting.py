"""From "work harder" to a plan: says which of five parts a sentence holds, puts it in order and asks for the rest.

Nothing is made up: every part is words of the sentence itself, days apart, which are worked out from the calendar.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from cycle.when import Every, find_day, find_rhythm
from interview.conversation import Lang

PARTS = ("what", "how", "by", "support", "know")


@dataclass(frozen=True, slots=True)
class Question:
    """A part that is missing and what to ask for it."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sentence holds; empty parts are asked for. ``vague``: its words that name no action."""

    what: str = ""
    how: str = ""
    by: dt.date | None = None
    every: Every = ""
    support: str = ""
    know: str = ""
    vague: tuple[str, ...] = ()
    questions: tuple[Question, ...] = field(default=())
    sentence: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the parts that are asked for."""
        return tuple(q.part for q in self.questions)


@cache
def _data() -> Mapping[str, Any]:
    return yaml.safe_load(files("cycle").joinpath("data", "rewriting.yaml").read_text(encoding="utf-8"))


def part_name(part: str, lang: Lang) -> str:
    """How a part is called."""
    return str(_data()["parts"][lang][part])


@cache
def _pattern(name: str, lang: Lang) -> re.Pattern[str]:
    return re.compile(str(_data()[name][lang]), re.IGNORECASE)


@cache
def _words(lang: Lang, words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words, longest first; English ones as whole words."""
    joined = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    return re.compile(joined if lang == "zh" else rf"(?<![a-z'])(?:{joined})(?![a-z])", re.IGNORECASE)


def read(text: str, lang: Lang, today: dt.date) -> Reading:
    """The parts of a sentence of at most a few hundred characters, what is missing, and the sentence put in order."""
    found: dict[str, list[str]] = {part: [] for part in PARTS}
    vague: list[str] = []
    asks: list[str] = []
    by: dt.date | None = None
    for clause in _clauses(text, lang):
        when = find_day(clause, lang, today)
        words = clause
        if when is not None:
            by = when.day
            words = _joined(clause[: when.start], clause[when.end :], lang)
        words = _LEADING[lang].sub("", words).strip()
        if not words:
            continue
        names, questions = _vague(words, lang)
        if names:
            vague += names
            asks += questions
            continue
        found[_role(words, lang)].append(words)
    what, how, know = found["what"], found["how"], found["know"]
    if not what and how:
        what, how = [_PROMOTED[lang].sub("", how[0])], how[1:]
    if not what and know:
        what = know[:1]
    mark = "，" if lang == "zh" else ", "
    said = {
        "what": mark.join(what),
        "how": mark.join(how),
        "support": mark.join(found["support"]),
        "know": mark.join(know),
    }
    every = find_rhythm(mark.join([*found["what"], *found["how"]]), lang)
    questions = _questions({**said, "by": "x" if by else ""}, asks, lang)
    sentence = _sentence(said, by, lang)
    return Reading(
        **said, by=by, every=every, vague=tuple(dict.fromkeys(vague)), questions=questions, sentence=sentence
    )


def _clauses(text: str, lang: Lang) -> Sequence[str]:
    found = (c.strip(" 　\t、,.。") for c in _pattern("cut", lang).split(" ".join(text.split())) if c)
    return [c for c in found if c]


_BEFORE_DAY: Mapping[Lang, re.Pattern[str]] = {
    "zh": re.compile(r"(?:一直做到|持续到|做到|直到|在|于|到|从|截至|最晚|最迟|赶在|就|，|,|、)+$"),
    "en": re.compile(r"(?:\b(?:no later than|not later than|by|before|until|on|at|the)\b|,|\s)+$", re.IGNORECASE),
}
_AFTER_DAY: Mapping[Lang, re.Pattern[str]] = {
    "zh": re.compile(r"^(?:之前|以前|前|为止|之内|以内|内|，|,|、)+"),
    "en": re.compile(r"^(?:,|\s)+"),
}
_LEADING: Mapping[Lang, re.Pattern[str]] = {
    "zh": re.compile(r"^(?:并且|并|同时|然后)"),
    "en": re.compile(r"^(?:and|then)\b\s*", re.IGNORECASE),
}


_PROMOTED: Mapping[Lang, re.Pattern[str]] = {
    "zh": re.compile(r"^(?:通过|靠|借助)"),
    "en": re.compile(r"^by (?=\w+ing\b)|^through ", re.IGNORECASE),
}
"""Words that make a clause a way of doing; they go where it is the thing to be done itself."""


def _joined(before: str, after: str, lang: Lang) -> str:
    """A clause without its day; the words that only led to the day go with it."""
    left, right = _BEFORE_DAY[lang].sub("", before), _AFTER_DAY[lang].sub("", after)
    return f"{left}{'' if lang == 'zh' else ' '}{right}".strip(" ,，、。.")


def _role(clause: str, lang: Lang) -> str:
    """Which part a clause is; one that is nothing else says what is done."""
    if _pattern("support", lang).search(clause):
        return "support"
    if _pattern("how", lang).search(clause):
        return "how"
    return "know" if _pattern("know", lang).search(clause) else "what"


def _vague(clause: str, lang: Lang) -> tuple[list[str], list[str]]:
    """The vague words of a clause that holds nothing else, and what to ask instead; empty lists for a concrete one."""
    left = clause
    names: list[str] = []
    asks: list[str] = []
    for group in _data()["vague"][lang]:
        pattern = _words(lang, tuple(group["words"]))
        hits = [m[0] for m in pattern.finditer(left)]
        if hits:
            names += hits
            asks.append(str(group["ask"]))
            left = pattern.sub(" ", left)
    if not names:
        return [], []
    left = _words(lang, tuple(_data()["filler"][lang])).sub(" ", left)
    rest = re.sub(r"[\W_]+", "" if lang == "zh" else " ", left).strip()
    concrete = len(rest) >= 2 if lang == "zh" else bool(rest)
    return ([], []) if concrete else (names, asks)


def _questions(said: Mapping[str, str], asks: Sequence[str], lang: Lang) -> tuple[Question, ...]:
    usual: Mapping[str, str] = _data()["questions"][lang]
    found: list[Question] = []
    for part in PARTS:
        if said[part]:
            continue
        special = part == "what" and asks
        found.append(Question(part, " ".join(dict.fromkeys(asks[:2])) if special else usual[part]))
    return tuple(found)


def _sentence(said: Mapping[str, str], by: dt.date | None, lang: Lang) -> str:
    """The known parts in the order in which they are easiest to hold on to; empty without a what."""
    if not said["what"]:
        return ""
    know = "" if said["know"] == said["what"] else said["know"]
    if lang == "zh":
        day = f"{by.year}年{by.month}月{by.day}日前，" if by else ""
        rest = [said["how"], said["support"], f"以“{know}”为准" if know else ""]
        return day + "；".join([said["what"], *filter(None, rest)]) + "。"
    rest = [said["how"], said["support"], f"done when: {know}" if know else ""]
    text = "; ".join([said["what"], *filter(None, rest)])
    day = f" By {by.day} {by:%B} {by.year}." if by else ""
    return text[0].upper() + text[1:] + "." + day
