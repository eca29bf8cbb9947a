"""The notice people read before they decide: versioned text, purposes one by one, and the hash that the ledger keeps."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from interview.conversation import Lang


class Purpose(StrEnum):
    """What a grant can be for."""

    TRANSCRIBE = "transcribe"
    CUES = "cues"
    HINTS = "hints"
    KEEP_TRANSCRIPT = "keep_transcript"
    KEEP_AUDIO = "keep_audio"
    VOICES = "voices"
    SHARE_TRAINER = "share_trainer"
    MODEL_HINTS = "model_hints"
    SPEECH_SERVICE = "speech_service"


NEEDS: Mapping[Purpose, Purpose] = {
    Purpose.CUES: Purpose.TRANSCRIBE,
    Purpose.HINTS: Purpose.CUES,
    Purpose.KEEP_TRANSCRIPT: Purpose.TRANSCRIBE,
    Purpose.KEEP_AUDIO: Purpose.TRANSCRIBE,
    Purpose.VOICES: Purpose.TRANSCRIBE,
    Purpose.SHARE_TRAINER: Purpose.KEEP_TRANSCRIPT,
    Purpose.MODEL_HINTS: Purpose.HINTS,
    Purpose.SPEECH_SERVICE: Purpose.TRANSCRIBE,
}
"""A purpose without the one it rests on means nothing and is not counted."""
OFFERED = (
    Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS, Purpose.KEEP_TRANSCRIPT, Purpose.KEEP_AUDIO, Purpose.VOICES,
    Purpose.SHARE_TRAINER,
)  # fmt: skip
"""The purposes something stands behind today; nobody is asked for the others."""
SENSITIVE = (Purpose.VOICES,)
"""Sensitive personal data: asked for by itself, apart from the rest."""
SUGGESTED = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS)
"""What a manager usually asks for; nothing is ticked beforehand on the employee's page."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice in one language. ``digest``: SHA-256 of its words."""

    version: str
    lang: Lang
    words: Mapping[str, Any]
    digest: str

    def purpose(self, purpose: Purpose) -> tuple[str, str]:
        """Name and explanation."""
        entry = self.words["purposes"][purpose]
        return str(entry["name"]), str(entry["text"])


def offered(model: str = "", speech: str = "") -> tuple[Purpose, ...]:
    """What people are asked for; words may go to a model, and sound to a service, only where there is one."""
    asked = (*OFFERED, Purpose.MODEL_HINTS) if model else OFFERED
    return (*asked, Purpose.SPEECH_SERVICE) if speech else asked


@cache
def notice(lang: Lang, model: str = "", speech: str = "") -> Notice:
    """The notice in force. ``model``: where words go that a language model gets; ``speech``: where sound goes to become
    words, if not on this machine. The notice says each where it is so.
    """
    data = yaml.safe_load(files("consent").joinpath("notices.yaml").read_text(encoding="utf-8"))
    words: dict[str, Any] = data[lang]
    words = _with_place(words, "model", Purpose.MODEL_HINTS, model)
    words = _with_place(words, "speech", Purpose.SPEECH_SERVICE, speech)
    text = json.dumps([data["version"], lang, words], ensure_ascii=False, sort_keys=True)
    return Notice(str(data["version"]), lang, words, hashlib.sha256(text.encode()).hexdigest())


def _with_place(words: Mapping[str, Any], key: str, purpose: Purpose, place: str) -> dict[str, Any]:
    """With a section that names the place where something goes, or without all that is about it."""
    rest = {k: v for k, v in words.items() if k != key}
    if not place:
        return {**rest, "purposes": {k: v for k, v in words["purposes"].items() if k != purpose}}
    section = {"name": words[key]["name"], "text": str(words[key]["text"]).format(place=place)}
    return {**rest, "sections": [*words["sections"], section]}


def supported(purposes: Collection[Purpose]) -> frozenset[Purpose]:
    """The purposes that have what they rest on."""
    kept = set(purposes)
    while True:
        missing = {p for p in kept if p in NEEDS and NEEDS[p] not in kept}
        if not missing:
            return frozenset(kept)
        kept -= missing
