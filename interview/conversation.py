"""Who said what, in order."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, Lang] = ("zh", "en")


class Speaker(StrEnum):
    """One of the two people in the room."""

    MANAGER = "manager"
    EMPLOYEE = "employee"


@dataclass(frozen=True, slots=True)
class Turn:
    """One uninterrupted contribution; ``index`` counts from 0 over both speakers."""

    index: int
    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole talk in one main language."""

    lang: Lang
    turns: tuple[Turn, ...]

    @classmethod
    def of(cls, lang: Lang, lines: Iterable[tuple[Speaker, str]]) -> "Transcript":
        """Number ``(speaker, text)`` pairs from 0."""
        return cls(lang, tuple(Turn(i, speaker, text) for i, (speaker, text) in enumerate(lines)))

    def by(self, speaker: Speaker) -> tuple[Turn, ...]:
        """The turns of one speaker, in order."""
        return tuple(turn for turn in self.turns if turn.speaker is speaker)
