"""Which transcribed words to believe. Whisper invents text where nobody spoke, and loops; its own numbers tell mostly."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from interview.conversation import Lang
from interview.errors import DataFileError

PHANTOMS = Path(__file__).with_name("phantoms.yaml")
_SILENT = re.compile(r"[\W_]+")


class Verdict(StrEnum):
    """What to do with a segment's words."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a segment beside its words.

    ``no_speech``: the model's own chance of silence; ``log_prob``: mean of a token; ``voiced_s`` of ``length_s`` is voice.
    """

    no_speech: float
    log_prob: float
    voiced_s: float
    length_s: float


class _Phantoms(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    whole: Mapping[Lang, tuple[str, ...]]
    part: Mapping[Lang, tuple[str, ...]]


@cache
def phantoms(path: Path = PHANTOMS) -> tuple[frozenset[str], frozenset[str]]:
    """Folded phantoms of both languages: those that are a whole segment, and those that may stand in one."""
    try:
        read = _Phantoms.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise DataFileError(f"{path.name}: {error}") from error
    whole, part = (
        frozenset(fold(line) for lines in kind.values() for line in lines) for kind in (read.whole, read.part)
    )
    return whole, part


def fold(text: str) -> str:
    """Lower case without punctuation and spaces."""
    return _SILENT.sub("", text.lower())


def verdict(text: str, figures: Figures) -> Verdict:
    """Weigh a final text; tentative ones are weighed the same way.

    A whole-segment phantom ("thank you") may really be said: it is dropped only where the voice was short or the model
    itself leans to silence, otherwise it is doubtful or good. A loop is always doubtful.
    """
    folded = fold(text)
    if not folded or figures.voiced_s < 0.1:
        return Verdict.NOTHING
    whole, part = phantoms()
    unsure = figures.no_speech > 0.6 or figures.log_prob < -1.0
    scarce = figures.voiced_s < 0.3 * figures.length_s
    if any(line in folded for line in part):
        return Verdict.NOTHING if unsure or scarce else Verdict.DOUBTFUL
    if _repeats_of(folded, whole):
        if figures.no_speech > 0.5 or (unsure and scarce):
            return Verdict.NOTHING
        return Verdict.DOUBTFUL if figures.no_speech > 0.2 or figures.log_prob < -0.7 else Verdict.GOOD
    if figures.no_speech > 0.8 and figures.log_prob < -1.0:
        return Verdict.NOTHING
    too_fast = _syllables(text) > 4 + 11 * figures.voiced_s
    return Verdict.DOUBTFUL if unsure or too_fast or looping(text) else Verdict.GOOD


def looping(text: str) -> bool:
    """Whether the same piece comes again and again: three times if long, five if short; or it packs too well."""
    folded = fold(text)
    if re.search(r"(.{6,}?)\1{2,}", folded) or re.search(r"(.{2,5}?)\1{4,}", folded) or re.search(r"(.)\1{9,}", folded):
        return True
    raw = text.encode()
    return len(raw) > 60 and len(raw) / len(zlib.compress(raw)) > 2.4


def unlooped(text: str) -> str:
    """The text with a loop said once; for what is tentative, where the words up to the loop are usually right."""
    once = re.sub(r"(.{6,}?)(?:[\s,.，。、]*\1){2,}.*$", r"\1", text)
    return re.sub(r"(.{2,5}?)(?:[\s,.，。、]*\1){4,}.*$", r"\1", once)


def _repeats_of(folded: str, lines: frozenset[str]) -> bool:
    return any(folded == line * (len(folded) // len(line)) for line in lines if folded.startswith(line))


def _syllables(text: str) -> float:
    """Roughly: a Chinese character is one, an English word one and a half."""
    return len(re.findall(r"[\u4e00-\u9fff]", text)) + 1.5 * len(re.findall(r"[A-Za-z']+", text))
