"""A model as a second judge of a talk: beside the rules' score, never in it.

One call a dimension; the reasoning comes before the level; a level stands only with words of the manager's that are in
the talk letter by letter. Whatever does not hold, or does not come, leaves its dimension unscored with the reason why.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Protocol, cast

import yaml

from interview.conversation import Lang, Speaker, Transcript, Turn
from interview.errors import DataFileError, LanguageModelError
from llms.prompts import ROOT, load_prompt
from review.calibration import LEVELS, agreement
from scoring.rubric import rubric

MAX_TOKENS, MAX_CHARS, MAX_REASONING = 600, 24_000, 800
MIN_REASONING_UNITS, MIN_QUOTE_UNITS = 8, 3
"""In Chinese characters or words: less is no reasoning, and rests on nothing."""
FAILURES_TO_STOP = 2
"""After so many failed calls in a row the other dimensions are not asked about."""
_HOPELESS = frozenset({"connection", "key", "url"})
_REASONS = {
    "error.llm_answer": "unparsable", "error.llm_cut": "cut", "error.llm_slow": "slow", "error.llm_key": "key",
    "error.llm_url": "url", "error.llm_busy": "busy", "error.llm_connection": "connection",
}  # fmt: skip
REASONS = (
    *_REASONS.values(), "failed", "score_first", "no_reasoning", "out_of_range", "undecided", "quote", "short_quote",
    "not_known", "too_long",
)  # fmt: skip
"""Every code a verdict's ``unscored`` can be."""
_ANSWERED_BADLY = frozenset({"unparsable", "cut"})
_OMITTED: Mapping[Lang, str] = {"zh": "（此处略去）", "en": "(left out)"}
_UNIT = re.compile(r"[\u4e00-\u9fff]|[A-Za-z0-9']+")
_QUOTE_MARKS = (("“", "”"), ("「", "」"), ('"', '"'), ("‘", "’"))
_TO_THE_JUDGE = re.compile(
    r"(?:忽略|无视|忘掉|忘记|不用管|别管|不要理会).{0,8}(?:以上|上面|上述|之前|前面|先前|所有|系统).{0,6}(?:要求|指令|指示|提示|规则|说明|设定)"
    r"|(?:^|[。！？；\n]|各位|尊敬的|亲爱的)\s*(?:评审|评委|裁判|评分员|打分(?:的)?(?:模型|系统|AI)|评分模型)(?:们|老师)?"
    r"[，,:：].{0,30}(?:请|应|必须|务必|该|给).{0,12}(?:分|级)"
    r"|(?:输出|返回|回复)[^。]{0,8}json"
    r"|(?:这次|这场|本次|整场|这段)(?:谈话|面谈|对话)?.{0,8}(?:打|评|给)[^。]{0,3}(?:满分|最高分|5 ?分|五分|5 ?级|五级)"
    r"|(?:ignore|disregard|forget|override)\s+(?:\w+\s+){0,3}(?:previous|above|prior|earlier|preceding|system)"
    r"(?:\s+\w+){0,2}\s+(?:instruction|prompt|rule|message|direction|guideline)"
    r"|\b(?:judge|grader|evaluator|assessor|scoring model)s?\s*[,:].{0,40}\b(?:level|score|rate|grade|five|5)\b"
    r"|\b(?:output|return|respond with|answer with|reply with)\b.{0,20}\bjson\b"
    r"|\b(?:score|rate|grade)\s+(?:this|the)\s+(?:talk|conversation|interview|transcript|manager)\b.{0,20}"
    r"(?:\b5\b|five|full|highest|top|maximum)"
    r"|[\"'](?:level|reasoning)[\"']\s*[:：]|<\|?/?(?:im_start|im_end|system|assistant|endoftext)\b"
    r"|(?:^|\n)\s*(?:\#+\s*)?(?:system|assistant)\s*[:：]",
    re.IGNORECASE,
)
"""Words spoken to whoever scores rather than to the person opposite."""
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "reasoning": {"type": "string"},
        "quote": {"type": "string"},
        "turn": {"type": "integer"},
        "level": {"type": ["integer", "null"]},
    },
    "required": ["reasoning", "quote", "turn", "level"],
    "additionalProperties": False,
}


class Answerer(Protocol):
    """What a judge needs of a model."""

    @property
    def model(self) -> str:
        """Its name, for the report."""
        ...

    def answer(
        self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], *, max_tokens: int, timeout_s: float
    ) -> Any:
        """A JSON value; raises LanguageModelError."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one dimension: ``level`` 1–5 with quote, turn index and reasoning, or None with a code in ``unscored``."""

    dimension: str
    level: int | None = None
    quote: str = ""
    turn: int | None = None
    reasoning: str = ""
    unscored: str | None = None

    @property
    def points(self) -> float | None:
        """The middle of the level's fifth, 10–90."""
        return None if self.level is None else self.level * 100 / LEVELS - 50 / LEVELS


@dataclass(frozen=True, slots=True)
class Judgement:
    """All verdicts in the rubric's order; ``withheld`` are the turns that spoke to the judge and were not shown."""

    model: str
    prompt_version: int
    verdicts: tuple[Verdict, ...]
    withheld: tuple[int, ...]


class Judge:
    """Asks a model about each dimension, ``timeout_s`` for each."""

    def __init__(self, model: Answerer, timeout_s: float) -> None:
        self._model = model
        self._timeout_s = timeout_s

    def judge(self, transcript: Transcript, background: Sequence[str], dimensions: Sequence[str]) -> Judgement:
        """Verdicts on ``dimensions``, the others of the rubric unscored; never raises for what the model does."""
        shown, withheld = _shown(transcript)
        version = load_prompt("judge", transcript.lang).version
        verdicts = tuple(self._verdicts(shown, background, dimensions))
        return Judgement(self._model.model, version, verdicts, withheld)

    def _verdicts(self, shown: Transcript, background: Sequence[str], dimensions: Sequence[str]) -> Iterator[Verdict]:
        too_long = sum(len(turn.text) for turn in shown.turns) > MAX_CHARS
        stopped, failed = "", 0
        for dimension in rubric()["dimensions"]:
            if dimension not in dimensions:
                yield Verdict(dimension, unscored="not_known")
                continue
            if too_long or stopped:
                yield Verdict(dimension, unscored=stopped or "too_long")
                continue
            try:
                answer = self._model.answer(
                    messages(shown, background, dimension), SCHEMA, max_tokens=MAX_TOKENS, timeout_s=self._timeout_s
                )
            except LanguageModelError as error:
                reason = _REASONS.get(error.message_key, "failed")
                failed = 0 if reason in _ANSWERED_BADLY else failed + 1
                stopped = reason if reason in _HOPELESS or failed >= FAILURES_TO_STOP else ""
                yield Verdict(dimension, unscored=reason)
            else:
                failed = 0
                yield verdict(dimension, answer, shown)


def messages(shown: Transcript, background: Sequence[str], dimension: str) -> list[tuple[str, str]]:
    """A system text that depends on dimension and language alone, then the material as JSON."""
    numbers = _numbers(shown)
    talk = [
        {"manager": numbers[turn.index], "text": turn.text} if turn.index in numbers else {"employee": turn.text}
        for turn in shown.turns
    ]
    material = json.dumps({"background": list(background), "talk": talk}, ensure_ascii=False)
    return [("system", _instructions(dimension, shown.lang)), ("user", material)]


def verdict(dimension: str, answer: Any, shown: Transcript) -> Verdict:
    """What the answer is worth, checked against the talk as it was shown."""
    fields = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
    reasoning, quote, level = fields.get("reasoning", ""), fields.get("quote"), fields.get("level")
    if "level" not in fields or not isinstance(quote, str) or not isinstance(reasoning, str):
        return Verdict(dimension, unscored="unparsable")
    if len(_UNIT.findall(reasoning)) < MIN_REASONING_UNITS:
        return Verdict(dimension, unscored="no_reasoning")
    order = list(fields)
    if order.index("level") < order.index("reasoning"):  # then the reasoning only defends a level already given
        return Verdict(dimension, unscored="score_first")
    if level is None:
        return Verdict(dimension, unscored="undecided")
    if not isinstance(level, int) or isinstance(level, bool):
        return Verdict(dimension, unscored="unparsable")
    if not 1 <= level <= LEVELS:
        return Verdict(dimension, unscored="out_of_range")
    words = _bare(quote)
    if (turn := _said(words, fields.get("turn"), shown)) is None:
        return Verdict(dimension, unscored="quote")
    if len(_UNIT.findall(words)) < MIN_QUOTE_UNITS:
        return Verdict(dimension, unscored="short_quote")
    return Verdict(dimension, level, words, turn, reasoning.strip()[:MAX_REASONING])


def beside(judgement: Judgement, rules: Mapping[str, float | None]) -> dict[str, Any]:
    """The judgement as plain JSON values beside the rules' points by dimension, with their agreement.

    Agreement is over the dimensions both scored: the rules' points and the middle of the judge's level.
    """
    pairs = [
        (points, v.points) for v in judgement.verdicts
        if (points := rules.get(v.dimension)) is not None and v.points is not None
    ]  # fmt: skip
    return {
        "model": judgement.model,
        "prompt_version": judgement.prompt_version,
        "dimensions": [asdict(v) | {"points": v.points, "rules": rules.get(v.dimension)} for v in judgement.verdicts],
        "agreement": asdict(agreement(pairs)),
        "withheld": list(judgement.withheld),
    }


def _shown(transcript: Transcript) -> tuple[Transcript, tuple[int, ...]]:
    """The talk without the turns that speak to whoever scores it, and the indices of those."""
    withheld = tuple(turn.index for turn in transcript.turns if _TO_THE_JUDGE.search(_plain(turn.text)))
    turns = tuple(
        Turn(t.index, t.speaker, _OMITTED[transcript.lang]) if t.index in withheld else t for t in transcript.turns
    )
    return Transcript(transcript.lang, turns), withheld


def _plain(text: str) -> str:
    """Compatibility forms folded and invisible characters gone, so that they hide nothing."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")


def _numbers(shown: Transcript) -> dict[int, int]:
    """The manager's turns by index, numbered from 1."""
    return {turn.index: n for n, turn in enumerate(shown.by(Speaker.MANAGER), start=1)}


def _said(words: str, number: Any, shown: Transcript) -> int | None:
    """The index of the manager's turn with these words; the numbered one if it has them, else the first that does."""
    if not words:
        return None
    found = [
        turn.index for turn in shown.by(Speaker.MANAGER) if words in turn.text and turn.text not in _OMITTED.values()
    ]
    numbers = _numbers(shown)
    return next((index for index in found if numbers[index] == number), found[0] if found else None)


def _bare(quote: str) -> str:
    """Without outer space and one pair of quotation marks."""
    text = quote.strip()
    for opening, closing in _QUOTE_MARKS:
        if len(text) > 2 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1].strip()
    return text


@cache
def _instructions(dimension: str, lang: Lang) -> str:
    entry = rubric()["dimensions"][dimension]
    levels = [(level, texts[lang]) for level, texts in sorted(anchors()[dimension].items())]
    return load_prompt("judge", lang).render(name=entry["name"][lang], about=entry["about"][lang], anchors=levels)


@cache
def anchors() -> Mapping[str, Mapping[int, Mapping[Lang, str]]]:
    """By dimension and level (1, 3, 5); raises DataFileError where one of the rubric's dimensions has none."""
    data = yaml.safe_load((ROOT / "judge" / "anchors.yaml").read_text(encoding="utf-8"))
    if lacking := set(rubric()["dimensions"]) ^ set(data):
        raise DataFileError(f"prompts/judge/anchors.yaml: dimensions differ from the rubric's: {sorted(lacking)}")
    return data
