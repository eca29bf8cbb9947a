"""Reads a preparation as a good editor would: each finding quotes the words, says why and shows a better way."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from cycle.numbers import Number
from cycle.packs import Incident, Opened, Side
from interview.conversation import Lang
from interview.moves import MoveKind
from interview.ports import MoveReader

USUAL = (2, 3)
"""Incidents on each side that a talk can carry."""
_SENTENCE = re.compile(r"[^。！？!?；;\n]+?(?:[。！？!?；;\n]+|\.(?=\s|$)|$)")
_CONCRETE = re.compile(
    r"\d|[一二三四五六七八九十两]+(?:次|件|天|周|个|月|项|份)|\b(?:one|two|three|four|five|twice|once)\b", re.I
)
_THIRD = (
    (re.compile(r"他们?|她们?|这个人|此人"), "你"),
    (re.compile(r"\b(?:he|she) (?:is|was)\b", re.I), "you are"),
    (re.compile(r"\bthey (?:are|were)\b", re.I), "you are"),
    (re.compile(r"\b(?:he|she|they) (?:has|have|had)\b", re.I), "you have"),
    (re.compile(r"\b(?:he|she|they)\b", re.I), "you"),
)
_LABELS = (MoveKind.LABEL, MoveKind.INSULT, MoveKind.COMPARISON)


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule`` and ``part`` are keys of ``data/pack_checks.yaml``; ``number``: which judgement, from 1."""

    rule: str
    part: str
    quote: str = ""
    number: int = 0
    values: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class FindingText:
    """A finding in one language."""

    where: str
    reason: str
    better: str


def text_of(finding: Finding, lang: Lang) -> FindingText:
    """Where it is, why it matters, what would be better."""
    rule = _data()["rules"][finding.rule][lang]
    where = str(_data()["parts"][lang][finding.part]).format(number=finding.number)
    return FindingText(where, str(rule["reason"]).format(**finding.values), str(rule["better"]))


def review(opened: Opened, reader: MoveReader) -> tuple[Finding, ...]:
    """Everything an editor would raise, in the order of the pack: wording, evidence, balance, rating."""
    pack = opened.pack
    written = [("text", 0, pack.text), *(("judgement", n, j.text) for n, j in enumerate(pack.judgements, start=1))]
    found = [f for part, number, text in written for f in _wording(text, part, number, reader, opened.person.name)]
    for part, texts in (
        ("incidents", [i.what for i in pack.incidents if i.kept]),
        ("feedback", [f.what for f in pack.feedback if f.kept]),
        ("role", [pack.role.contribution, pack.role.strategy, pack.role.gap]),
    ):
        for text in texts:
            found += [
                f
                for f in _wording(text, part, 0, reader, opened.person.name)
                if (f.rule in ("label", "motive", "private") and part != "feedback") or f.rule == "private"
            ]
    evidence = opened.evidence
    found += [
        Finding("no_evidence", "judgement", judgement.text, number)
        for number, judgement in enumerate(pack.judgements, start=1)
        if not evidence.intersection(judgement.evidence)
    ]
    found += [Finding("no_source", "feedback", f.what) for f in pack.feedback if f.kept and not f.source]
    found += _balance(opened)
    found += _rating(opened)
    if not pack.role.gap:
        found.append(Finding("no_gap", "role"))
    return tuple(found)


def _wording(text: str, part: str, number: int, reader: MoveReader, name: str) -> Iterator[Finding]:
    for sentence in (m[0].strip() for m in _SENTENCE.finditer(text) if m[0].strip()):
        for rule in ("label", "motive", "always", "private"):
            match = _found(rule, sentence)
            if match is not None:
                yield Finding(rule, part, match[0] if rule != "label" else sentence, number)
            elif rule == "label" and _is_label(sentence, reader, name):
                yield Finding(rule, part, sentence, number)
        vague = _found("vague", sentence)
        if vague is not None and not _CONCRETE.search(sentence):
            yield Finding("vague", part, sentence, number)


def _is_label(sentence: str, reader: MoveReader, name: str) -> bool:
    """The reader knows what is said to somebody's face, so what is written about them is turned towards them."""
    turned = sentence.replace(name, "你" if _is_zh(sentence) else "you") if name else sentence
    turned = re.sub(r"\byou is\b", "you are", turned)
    for pattern, to in _THIRD:
        turned = pattern.sub(to, turned)
    lang: Lang = "zh" if _is_zh(sentence) else "en"
    return any(move.kind in _LABELS for text in {sentence, turned} for move in reader.read(text, lang).moves)


def _balance(opened: Opened) -> Iterator[Finding]:
    kept = [i for i in opened.pack.incidents if i.kept]
    sides: dict[Side, list[Incident]] = {"good": [], "bad": []}
    for incident in kept:
        sides[incident.side].append(incident)
    empty: tuple[tuple[Side, str], ...] = (("good", "no_good"), ("bad", "no_bad"))
    for side, none in empty:
        there = sides[side]
        if not there:
            yield Finding(none, "incidents")
        elif len(there) < USUAL[0]:
            yield Finding("few", "incidents", there[0].what)
        elif len(there) > USUAL[1]:
            yield Finding("many", "incidents", _joined(there), values={"count": len(there)})
    good, bad = len(sides["good"]), len(sides["bad"])
    if min(good, bad) and max(good, bad) >= 3 * min(good, bad):
        yield Finding("one_sided", "incidents", values={"good": good, "bad": bad})
    months = sorted({m for n in opened.numbers for m in n.months})
    if len(kept) >= 2 and len(months) >= 3:
        last = months[-max(1, len(months) // 3) :][0]
        if all(f"{i.date:%Y-%m}" >= last for i in kept):
            yield Finding("recent", "incidents", _joined(kept))


def _rating(opened: Opened) -> Iterator[Finding]:
    pack, level = opened.pack, opened.pack.level
    if (pack.rating or level) and not pack.text.strip():
        yield Finding("no_text", "rating", pack.rating)
    if level is None:
        return
    lean = _lean([pack.text, *(j.text for j in pack.judgements)])
    if level >= 4 and lean < 0:
        yield Finding("text_below", "rating", _quote("below", pack.text) or pack.rating)
    if level <= 2 and lean > 0:
        yield Finding("text_above", "rating", _quote("above", pack.text) or pack.rating)
    kept = [n for n in opened.numbers if n.id in pack.numbers and n.is_met is not None]
    missed = [n for n in kept if not n.is_met]
    values = {"count": len(kept), "missed": len(missed)}
    if level >= 4 and len(missed) * 2 > len(kept):
        yield Finding("numbers_below", "numbers", _metrics(missed), values=values)
    if level <= 2 and kept and not missed:
        yield Finding("numbers_above", "numbers", _metrics(kept), values=values)


def _lean(texts: Iterable[str]) -> int:
    """Sentences that speak of more than was agreed less those that speak of less."""
    total = 0
    for text in texts:
        for sentence in (m[0] for m in _SENTENCE.finditer(text)):
            below = _found("below", sentence) is not None
            total += -1 if below else int(_found("above", sentence) is not None)
    return total


def _quote(rule: str, text: str) -> str:
    return next((m[0].strip() for m in _SENTENCE.finditer(text) if _found(rule, m[0])), "")


def _joined(incidents: Iterable[Incident]) -> str:
    return " / ".join(f"{i.date} {i.what}" for i in incidents)


def _metrics(found: Iterable[Number]) -> str:
    return " / ".join(f"{n.metric} {n.actual:g}{n.unit}" for n in found)


def _found(rule: str, sentence: str) -> re.Match[str] | None:
    lang: Lang = "zh" if _is_zh(sentence) else "en"
    first = _pattern(rule, lang).search(sentence)
    return first or (_pattern(rule, "en").search(sentence) if lang == "zh" else None)


def _is_zh(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", text) is not None


@cache
def _pattern(rule: str, lang: Lang) -> re.Pattern[str]:
    words = str(_data()["words"][rule][lang])
    return re.compile(words if lang == "zh" else rf"(?<![A-Za-z'])(?:{words})(?![A-Za-z])", re.IGNORECASE)


@cache
def _data() -> Mapping[str, Any]:
    return yaml.safe_load(files("cycle").joinpath("data", "pack_checks.yaml").read_text(encoding="utf-8"))
