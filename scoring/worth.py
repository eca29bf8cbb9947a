"""Which manager turns say something of their own. The others are neither credited nor counted as turns.

``empty``: a sound or two, or only "I see"; ``repeat``: what they had said before; ``parrot``: the other's words given
back; ``pasted``: the brief, the rubric or any file read out; ``questions``: one of more than four bare questions in a row.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import yaml

from interview.conversation import Lang
from interview.moves import HARMS, Move, MoveKind
from interview.persona import Persona, Scenario
from interview.reading.patterns import fold
from scoring.catalogue import catalogue
from scoring.rubric import rubric

_TOKEN = re.compile(r"[\u4e00-\u9fff]|[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_MARK = re.compile(r"[^\w\s.'%]+|\.(?!\d)|[\n_]+")
_QUESTION_END = re.compile(r"(?:[?？]|[吗呢]\s*[。!！]?)\s*$")
_HEARD = frozenset("嗯好的对是哦噢啊呀呢了行明白我知道这样懂收到没错") | frozenset(
    ["ok", "okay", "right", "got", "it", "i", "see", "yes", "yeah", "yep", "sure", "mm", "hm", "hmm", "mhm", "uh", "huh",
     "good", "fine", "alright", "understood", "well", "so", "no", "oh", "ah"]
)  # fmt: skip
_ASKING = frozenset(
    {MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION, MoveKind.DIAGNOSES_CAUSE, MoveKind.STEP_MARKER,
     MoveKind.ENCOURAGER, MoveKind.RAPPORT}
)  # fmt: skip
_ADDRESSED = re.compile(
    r"[你您我咱]|大家|请(?!假)|谢|\b(?:you|your|yours|i|we|us|our|me|my|mine|let's|thank|thanks|please)\b|\b(?:you|i|we)'"
)
_ABOUT_ANOTHER = re.compile(r"[他她]|对方|\b(?:he|she|his|her|him|they|their|them)\b")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_SENTENCE_END = re.compile(r"[。！？!?；;\n]+|\.(?=\s|$)")
_FILED = frozenset({MoveKind.EVIDENCE, MoveKind.DELIVERS_MESSAGE, MoveKind.EXPECTATION, MoveKind.OPEN_QUESTION})
_NEVER_FILED = HARMS | {MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.KIND_BUT_VAGUE, MoveKind.LETS_OFF}
REPEATED, PASTED, MANY_FACTS, SPOKEN_SHARE = 0.8, 0.65, 5, 0.4
MAX_RECITED, MAX_RUN = 3, 4
FILE_SENTENCES, FILE_SHARE = 6, 0.6

Grams = frozenset[tuple[str, ...]]


def grams(text: str) -> Grams:
    """Runs of four Chinese characters or three words, within what stands between two marks; shorter parts whole."""
    n = 4 if _HAN.search(text) else 3
    found: set[tuple[str, ...]] = set()
    for part in _MARK.split(fold(text)):
        tokens = _TOKEN.findall(part)
        if len(tokens) <= n:
            found.add(tuple(tokens))
        else:
            found.update(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
    return frozenset(found - {()})


def says_something(text: str) -> bool:
    """Four Chinese characters or three words at least."""
    return len(_HAN.findall(text)) + 1.4 * len(re.findall(r"[A-Za-z]+", text)) >= 4


def only_listens_on(text: str, moves: Sequence[Move]) -> bool:
    """A short turn that only shows one is there: "okay, I see"."""
    tokens = _TOKEN.findall(fold(text))
    if all(token in _HEARD for token in tokens):
        return True
    heard = any(m.kind is MoveKind.ENCOURAGER for m in moves)
    return heard and all(m.kind is MoveKind.ENCOURAGER for m in moves) and len(tokens) <= 8


def asks_only(text: str, moves: Sequence[Move]) -> bool:
    """Whether the turn is a bare question."""
    kinds = {m.kind for m in moves if m.strength >= 0.5}
    if not kinds <= _ASKING:
        return False
    return bool(kinds & {MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION}) or bool(_QUESTION_END.search(text))


def parrots(moves: Sequence[Move]) -> bool:
    """Whether giving back the other's words is all the turn does."""
    echoes = any(m.kind is MoveKind.REFLECTION and m.detail == "parrot" for m in moves)
    return echoes and not any(m.strength >= 0.5 and m.detail != "parrot" for m in moves)


def from_a_file(text: str) -> bool:
    """Whether a long turn is mostly sentences that speak to nobody: a file read out rather than something said."""
    parts = [part for part in _SENTENCE_END.split(fold(text)) if says_something(part)]
    alone = sum(_ADDRESSED.search(part) is None for part in parts)
    return alone >= FILE_SENTENCES and alone >= FILE_SHARE * len(parts)


def lists_facts(text: str, facts: int) -> bool:
    """Whether a turn is a list of figures rather than feedback: many of them, hardly a sentence to the one opposite.

    Someone who tells five figures of a year speaks to a person in between; twice as many are a list either way.
    """
    if facts < MANY_FACTS:
        return False
    parts = [part for part in _SENTENCE_END.split(fold(text)) if says_something(part)]
    spoken = sum(_ADDRESSED.search(_QUOTED.sub("", part)) is not None for part in parts)
    about_another = _ABOUT_ANOTHER.search(fold(text)) is not None
    return facts >= 2 * MANY_FACTS or spoken < SPOKEN_SHARE * len(parts) or (about_another and spoken < 2)


def speaks_to_nobody(text: str, moves: Sequence[Move]) -> bool:
    """Whether a turn states facts without a word to the person opposite. A few are plain speech, many are a file."""
    kinds = {m.kind for m in moves if m.strength >= 0.5}
    folded = fold(text)
    if not kinds or kinds & _NEVER_FILED or text.rstrip().endswith(("?", "？")) or len(_TOKEN.findall(folded)) < 8:
        return False
    if _ABOUT_ANOTHER.search(folded) and not _ADDRESSED.search(_QUOTED.sub("", folded)):
        return True
    filed = _FILED | {MoveKind.PLAN} if MoveKind.EVIDENCE in kinds else _FILED
    return kinds <= filed and _ADDRESSED.search(folded) is None


def unhelpful_runs(asking: Sequence[bool]) -> set[int]:
    """Places in runs of more than four bare questions."""
    found: set[int] = set()
    run: list[int] = []
    for i, question in enumerate([*asking, False]):
        if question:
            run.append(i)
            continue
        if len(run) > MAX_RUN:
            found.update(run)
        run = []
    return found


def recital(persona: Persona | None, scenario: Scenario | None, lang: Lang) -> Callable[[Grams], str]:
    """Tells how a turn stands to our own texts: ``pasted``, ``recited`` (one entry of the brief) or neither.

    Without a persona the briefs of all the packaged ones are looked at.
    """
    own = _index([g for text in _brief(persona, scenario) if (g := grams(text))])
    rules = _rules(lang)

    def of(said: Grams) -> str:
        if len(said) < 3:
            return ""
        if len(said & rules) >= PASTED * len(said):
            return "pasted"
        index = own if persona else _packaged(lang)
        entries = {entry for gram in said for entry in index.get(gram, ())}
        ours = sum(gram in index or gram in rules for gram in said)
        if ours < PASTED * len(said):
            return ""
        whole = sum(len(said & entry) >= PASTED * len(entry) for entry in entries)
        return "pasted" if whole > 1 else "recited"

    return of


def _index(entries: Sequence[Grams]) -> Mapping[tuple[str, ...], Sequence[Grams]]:
    found: dict[tuple[str, ...], list[Grams]] = {}
    for entry in entries:
        for gram in entry:
            found.setdefault(gram, []).append(entry)
    return found


def _brief(persona: Persona | None, scenario: Scenario | None) -> list[str]:
    found: list[str] = []
    if persona:
        found += [persona.card, persona.role, persona.company, persona.goal, *persona.knows]
        found += [*(i.what for i in persona.incidents), *(f.what for f in persona.feedback)]
        found += [p.text for part in ("proud", "improve", "wants") for p in getattr(persona.self_assessment, part)]
    if scenario:
        found += [scenario.card, scenario.consequence, scenario.appeal, *scenario.may_promise]
        found += [part.text for part in scenario.message if "{" not in part.text]
        found += [text for texts in scenario.advice.values() for text in texts]
    return found


@cache
def _packaged(lang: Lang) -> Mapping[tuple[str, ...], Sequence[Grams]]:
    """The briefs of every packaged persona and scenario of a language."""
    root = Path(__file__).parent.parent / "personas"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[str] = []
    for path in sorted(root.glob(f"*/*/{lang}.yaml")):
        raw: Mapping[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
        if path.parent.parent.name == "people":
            found += [raw["card"], raw["role"], raw["company"], raw["goal"], *raw["knows"]]
            found += [entry["what"] for part in ("incidents", "feedback") for entry in raw[part]]
        elif path.parent.parent.name == "scenarios":
            found += [raw["card"], raw["consequence"], raw["appeal"], *raw["may_promise"]]
            found += [part["text"] for part in raw["message"] if "{" not in part["text"]]
            found += [text for texts in raw["advice"].values() for text in texts]
    return _index([g for text in found if (g := grams(text))])


@cache
def _rules(lang: Lang) -> Grams:
    """The rubric and the table of steps, as one would paste them."""
    texts: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, Mapping | list):
            parts = cast("Mapping[str, object] | list[object]", value)
            for part in parts.values() if isinstance(parts, Mapping) else parts:
                collect(part)

    collect({key: rubric()[key] for key in ("dimensions", "bands", "gates")})
    collect([{lang: kind[lang]} for kind in catalogue()["kinds"].values()])
    collect({key: catalogue()[key] for key in ("strengths", "lines", "goals", "parts")})
    collect(yaml.safe_load(files("interview").joinpath("data", "steps.yaml").read_text(encoding="utf-8")))
    return frozenset[tuple[str, ...]]().union(
        *(grams(text) for text in texts if bool(_HAN.search(text)) == (lang == "zh"))
    )
