"""What to do differently: findings that quote the turn they rest on, or say what was missing and at which step."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interview.conversation import Lang
from interview.preparation import best_option, option_text, option_why
from interview.reading.patterns import fold
from interview.situations import Situation
from interview.steps import SPOKEN_STEPS, Step
from interview.texts import step_text
from phrasing.library import PhrasingLibrary, Wording
from scoring.catalogue import Kind, kinds, words
from scoring.measures import TurnReading, steps_reached
from scoring.rules import RULES, Spot, Talk

_MARK = re.compile(r"[，。；！？、,;!?\n]|\.(?!\d)")
MAX_QUOTE = 90
MAX_EACH = 2
"""Findings of one kind that are listed; one bad habit would else fill the report."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to do differently. ``turn`` is None where it rests on what was not said; ``step`` says where.

    ``better`` are words in the language of the talk, ``text`` is in the language of the report.
    """

    code: str
    turn: int | None
    quote: str
    text: str
    better: str
    severity: int
    step: str
    about: tuple[str, ...]


def find(talk: Talk, phrasing: PhrasingLibrary, lang: Lang, only: Step | None = None) -> list[Finding]:
    """All findings, gravest first, in ``lang``. ``only``: what was not said at other steps is not missed (a drill)."""
    spots = [(kind, spot) for kind in kinds().values() if _applies(kind, talk) for spot in _each(kind, talk)]
    if only is not None:
        spots = [(kind, spot) for kind, spot in spots if spot.turn is not None or kind.step is only]
    steps = step_by_turn(talk.readings)
    said = {r.turn.index: r.turn.text for r in talk.readings}
    used: set[str] = set()
    found: list[Finding] = []
    for kind, spot in sorted(_unhidden(spots), key=_gravity):
        step = steps[spot.turn] if spot.turn is not None else spot.step or kind.step or Step.FEEDBACK
        found.append(
            Finding(
                kind.code,
                spot.turn,
                clause(said[spot.turn], spot.quote) if spot.turn is not None else "",
                _text(kind, spot, step, lang),
                _better(kind, spot, step, talk, phrasing, used),
                kind.severity,
                str(step),
                kind.about,
            )
        )
    return found


def step_by_turn(readings: Sequence[TurnReading]) -> dict[int, Step]:
    """The step the talk is in at every manager turn: the furthest its words reach, else as before."""
    found: dict[int, Step] = {}
    step = Step.OPENING
    for r in readings:
        reached = steps_reached([r])
        step = max(reached, key=SPOKEN_STEPS.index) if reached else step
        found[r.turn.index] = step
    return found


def clause(text: str, quote: str) -> str:
    """The quote up to the marks around it, so that it reads as it was said; unchanged where that would be long."""
    at = text.find(quote)
    if at < 0 or not quote:
        return quote
    start = max((m.end() for m in _MARK.finditer(text, 0, at)), default=0)
    end = next((m.start() for m in _MARK.finditer(text, at + len(quote))), len(text))
    whole = text[start:end].strip()
    return whole if len(whole) <= MAX_QUOTE else quote


def _gravity(item: tuple[Kind, Spot]) -> tuple[int, int]:
    kind, spot = item
    return -kind.severity, spot.turn if spot.turn is not None else 1_000_000


def _applies(kind: Kind, talk: Talk) -> bool:
    if kind.situations and (talk.persona is None or talk.situation not in kind.situations):
        return False
    if "review" in kind.needs and not talk.is_review:
        return False
    if kind.without and any(r.has(*kind.without) for r in talk.readings if r.counted):
        return False
    if kind.unless_anywhere:
        pattern = kind.unless_anywhere[talk.transcript.lang]
        return not any(pattern.search(fold(r.turn.text)) for r in talk.readings)
    return True


def _each(kind: Kind, talk: Talk) -> Iterator[Spot]:
    """The spots of one kind: one a turn, the first only, or as many as are worth listing."""
    found: dict[int | str, Spot] = {}
    for spot in _spots(kind, talk):
        found.setdefault(spot.turn if spot.turn is not None else f"{len(found)}", spot)
    limit = 1 if kind.first else MAX_EACH if kind.rule != "missing" else len(found)
    yield from list(found.values())[:limit]


def _spots(kind: Kind, talk: Talk) -> Iterator[Spot]:
    if kind.rule:
        yield from RULES[kind.rule](talk)
        return
    for r in talk.readings:
        if not r.readable:
            continue
        moves = [m for m in r.moves if m.kind in kind.moves and m.strength >= 0.5]
        if moves:
            yield Spot(r.turn.index, max(moves, key=lambda m: m.strength).quote)
        else:
            yield from (Spot(r.turn.index, quote) for quote in kind.quotes(r.turn.text))


def _unhidden(spots: Sequence[tuple[Kind, Spot]]) -> Iterator[tuple[Kind, Spot]]:
    hidden = {(code, spot.turn) for kind, spot in spots for code in kind.hides}
    anywhere = {code for code, _ in hidden}
    for kind, spot in spots:
        talk_wide = spot.turn is None and kind.code in anywhere
        if (kind.code, spot.turn) not in hidden and not talk_wide:
            yield kind, spot


def _text(kind: Kind, spot: Spot, step: Step, lang: Lang) -> str:
    """What it did, and, where nothing was said, that it rests on that and at which step."""
    text, detail = kind.words[lang], spot.detail
    if spot.step is not None:
        part, option = detail.split("/")
        detail = option_why(part, option, lang)
    elif kind.rule == "plan_incomplete":
        detail = ("、" if lang == "zh" else ", ").join(words("parts", part, lang) for part in detail.split(","))
    if detail:
        text += f"：{detail}" if lang == "zh" else f": {detail}"
    if spot.turn is not None:
        return text
    name = step_text(step, lang).name
    if spot.step is not None:
        return (
            f"{text}（谈之前，第{step.number}步“{name}”）"
            if lang == "zh"
            else f"{text} (before the talk, step {step.number}, {name})"
        )
    if lang == "zh":
        return f"{text}（依据是没有说到的话：第{step.number}步“{name}”）"
    return f"{text} (this rests on what was not said, at step {step.number}, {name})"


def _better(kind: Kind, spot: Spot, step: Step, talk: Talk, phrasing: PhrasingLibrary, used: set[str]) -> str:
    """A wording for this situation and step, a new one where there is one left; empty only if the library has none."""
    lang: Lang = talk.transcript.lang
    if spot.step is not None:
        part = spot.detail.split("/")[0]
        return option_text(part, best_option(part), lang)
    section, key = kind.better.split(".")
    situation: Situation = talk.situation
    for avoid in (used, set[str]()):
        wording: Wording | None
        if section == "moves":
            wording = phrasing.for_move(key, lang, situation=situation, step=step, avoid=avoid)
        else:
            wording = phrasing.for_step(Step(key), lang, situation=situation, avoid=avoid)
        wording = wording or phrasing.for_step(step, lang, situation=situation, avoid=avoid)
        if wording is not None:
            used.add(wording.id)
            return wording.text
    return ""
