"""A model's second opinion on a manager's moves, merged with the rules' reading.

The rules have the last word: on harm, on what can't be read, and on every kind they found themselves. The model may add
a move it can quote word for word; anything else it says is dropped, and any failure leaves the rules' reading.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Protocol, cast

import yaml

from interview.conversation import LANGS, Lang
from interview.errors import LanguageModelError
from interview.moves import HARMS, Move, MoveKind, MoveReading
from interview.ports import MoveReader
from llms.prompts import load_prompt

KINDS = (
    MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION, MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.AFFIRMATION,
    MoveKind.APOLOGY, MoveKind.DELIVERS_MESSAGE, MoveKind.EVIDENCE, MoveKind.EXPECTATION, MoveKind.AGREE_BEFORE_DIFFER,
    MoveKind.DIAGNOSES_CAUSE, MoveKind.PLAN, MoveKind.SUPPORT_OFFER, MoveKind.COMMITMENT, MoveKind.OFFERS_APPEAL,
    MoveKind.ADVICE,
)  # fmt: skip
"""What the model may add. Harm, promises and step markers are read by rules alone."""
STRENGTH = 0.6
"""Of a move only the model saw: it counts, less than one the rules are sure of."""
MAX_ADDED, MAX_TOKENS, MAX_TEXT, MAX_BEFORE = 3, 220, 1_500, 300
_QUESTIONS = frozenset({MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION})
_LISTENING = frozenset({MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.AFFIRMATION})
_LEAST_UNITS = {MoveKind.REFLECTION: 5, MoveKind.EMPATHY: 5, MoveKind.AFFIRMATION: 5}
_ASKS = re.compile(
    r"[?？]|吗|呢|什么|怎么|怎样|如何|哪|谁(?![都也])|多少|为何|说说|讲讲|聊聊|跟我[说讲]|告诉我"
    r"|\b(?:what|how|why|who|where|when|which|tell|walk|talk|describe|help me understand|can you|could you|would you)\b",
    re.IGNORECASE,
)
_OWNS_UP = re.compile(r"我|抱歉|对不起|不好意思|\b(?:i|i'm|i've|my|we|our|sorry)\b", re.IGNORECASE)
_MUST_SHOW = {MoveKind.OPEN_QUESTION: _ASKS, MoveKind.CLOSED_QUESTION: _ASKS, MoveKind.APOLOGY: _OWNS_UP}
"""Without these words it is not the move, whatever a model says."""
_UNIT = re.compile(r"[\u4e00-\u9fff]|[A-Za-z']+")
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "moves": {
            "type": "array",
            "maxItems": MAX_ADDED,
            "items": {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "enum": [str(k) for k in KINDS]},
                    "quote": {"type": "string"},
                },
                "required": ["kind", "quote"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["moves"],
    "additionalProperties": False,
}


class Labeller(Protocol):
    """What the reader needs of a model."""

    def answer(
        self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], *, max_tokens: int, timeout_s: float
    ) -> Any:
        """A JSON value; raises LanguageModelError."""
        ...


class LlmMoveReader:
    """A `MoveReader` that asks rules first and then a model, within ``timeout_s``."""

    def __init__(self, rules: MoveReader, labeller: Labeller, timeout_s: float) -> None:
        self._rules = rules
        self._labeller = labeller
        self._timeout_s = timeout_s

    def read(self, text: str, lang: Lang, before: str = "") -> MoveReading:
        """The rules' reading and what the model adds to it; the rules' alone where the model fails or is slow."""
        reading = self._rules.read(text, lang, before)
        if not reading.readable or len(text) > MAX_TEXT:
            return reading
        try:
            answer = self._labeller.answer(
                messages(text, lang, before), SCHEMA, max_tokens=MAX_TOKENS, timeout_s=self._timeout_s
            )
        except LanguageModelError:
            return reading
        return merged(reading, answer, text, before)


def messages(text: str, lang: Lang, before: str) -> list[tuple[str, str]]:
    """A system text that never changes, then the material as JSON so that no word of it looks like an instruction."""
    material = json.dumps({"before": before[-MAX_BEFORE:], "text": text}, ensure_ascii=False)
    return [("system", _instructions(lang)), ("user", f"{'输入：' if lang == 'zh' else 'Input: '}{material}")]


def merged(reading: MoveReading, answer: Any, text: str, before: str) -> MoveReading:
    """The reading with those of the model's moves that hold."""
    added: list[Move] = []
    for move in _quoted(answer, text):
        if len(added) < MAX_ADDED and _holds(move, (*reading.moves, *added), before):
            added.append(move)
    moves = sorted((*reading.moves, *added), key=lambda m: (m.start, m.end))
    return MoveReading(tuple(moves), reading.readable, reading.likely)


def _quoted(answer: Any, text: str) -> Iterator[Move]:
    """The answer's items of a known kind whose quote stands in the text."""
    value = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
    items = value.get("moves")
    for item in cast("list[Any]", items) if isinstance(items, list) else []:
        fields = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
        kind, quote = fields.get("kind"), fields.get("quote")
        if kind in KINDS and isinstance(quote, str) and (quote := quote.strip()) and quote in text:
            start = text.index(quote)
            yield Move(MoveKind(kind), STRENGTH, quote, start, start + len(quote))


def _holds(move: Move, others: Sequence[Move], before: str) -> bool:
    kinds = {other.kind for other in others}
    if move.kind in kinds or (move.kind in _QUESTIONS and kinds & _QUESTIONS):
        return False
    if len(_UNIT.findall(move.quote)) < _LEAST_UNITS.get(move.kind, 2):
        return False
    if (shows := _MUST_SHOW.get(move.kind)) and not shows.search(move.quote):
        return False
    if move.kind is MoveKind.REFLECTION and not before:
        return False
    if any(o.kind in HARMS and o.start < move.end and move.start < o.end for o in others):
        return False
    return not (move.kind in _LISTENING and kinds & HARMS)


@cache
def _instructions(lang: Lang) -> str:
    return load_prompt("manager_moves", lang).render(kinds=_definitions()[lang])


@cache
def _definitions() -> Mapping[Lang, list[tuple[str, str]]]:
    data = yaml.safe_load(files("interview").joinpath("data", "moves.yaml").read_text(encoding="utf-8"))["moves"]
    return {lang: [(str(kind), data[str(kind)]["about"][lang]) for kind in KINDS] for lang in LANGS}
