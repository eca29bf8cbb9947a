"""A model words the hint, in time and held to the same checks as the authored library, or it stays silent."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from functools import cache
from typing import Any, Protocol, cast

from interview.conversation import Lang
from interview.cues import CueKind
from interview.errors import LanguageModelError
from interview.ports import MoveReader
from interview.steps import Step
from interview.texts import cue_meaning, step_text
from llms.prompts import load_prompt
from phrasing.checks import fault

MAX_TOKENS = 60
MAX_SENT = {"zh": 40, "en": 120}
"""Characters of the employee's words that are sent at most, around the quote."""
_WRAPPED = re.compile(r"^[\s\"'“”‘’「『]+|[\s\"'“”‘’」』]+$")
_FIGURES = re.compile(r"[0-9０-９]+(?:[.,][0-9]+)*")


class Streaming(Protocol):
    """What the writer needs of a model."""

    def stream(
        self, messages: Sequence[tuple[str, str]], *, temperature: float, max_tokens: int, timeout_s: float | None
    ) -> Iterator[str]:
        """The answer piece by piece; raises LanguageModelError."""
        ...


class LlmHintWriter:
    """Writes one wording for a cue. Nothing but the clause around the quote leaves, figures blanked out."""

    def __init__(self, endpoint: Streaming, reader: MoveReader, timeout_s: float = 1.5) -> None:
        self._endpoint = endpoint
        self._reader = reader
        self._timeout_s = timeout_s

    def write(
        self,
        kind: CueKind,
        text: str,
        span: tuple[int, int],
        lang: Lang,
        *,
        step: Step,
        used: Collection[str] = (),
    ) -> str | None:
        """A wording that passes every check, or None: too slow, failed, cut off, or no good. ``used``: wordings before."""
        said = few_words(text, span, lang)
        prompt = load_prompt("live_hint", lang)
        rules = _instructions(lang, kind, step)
        try:
            stream = self._endpoint.stream(
                [("system", rules), ("user", said)], temperature=prompt.temperature, max_tokens=MAX_TOKENS,
                timeout_s=self._timeout_s,
            )  # fmt: skip
            with closing(cast("Any", stream)) as pieces:
                answer = "".join(pieces)
        except LanguageModelError:
            return None
        wording = _WRAPPED.sub("", answer)
        return None if fault(wording, lang, self._reader, used=used, quoted=said) else wording


def few_words(text: str, span: tuple[int, int], lang: Lang) -> str:
    """The clause around a quote, short, with figures blanked: all of the talk that a model gets to see."""
    start, end = max(0, span[0]), min(len(text), max(span[1], span[0]))
    ends = "。！？!?；;\n" + ("，," if lang == "zh" else ".")
    left = max((text.rfind(c, 0, start) for c in ends), default=-1) + 1
    right = min((found for c in ends if (found := text.find(c, end)) >= 0), default=len(text))
    limit = MAX_SENT[lang]
    left = max(left, end - limit)
    right = min(right, left + limit)
    return _FIGURES.sub("…", text[left:right].strip())


@cache
def _instructions(lang: Lang, kind: CueKind, step: Step) -> str:
    """What is asked. The situation stays here: it is a judgement of the employee, and no model needs it."""
    return load_prompt("live_hint", lang).render(cue=cue_meaning(kind, lang), step=step_text(step, lang).name)
