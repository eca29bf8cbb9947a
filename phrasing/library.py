"""What to say instead, next, or first: authored wordings by move, step and cue, most particular first."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from interview.conversation import Lang
from interview.cues import CueKind
from interview.situations import Situation
from interview.steps import Step

_SLOT = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Wording:
    """Something a manager could say aloud, and one clause on why it works."""

    id: str
    text: str
    why: str


class PhrasingLibrary:
    """The packaged lines, one file a language; a wording whose slots are not all given is not offered.

    ``avoid`` holds ids or whole texts: what was already offered, or already said.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or Path(__file__).parent / "lines"

    def for_move(
        self,
        kind: str,
        lang: Lang,
        *,
        situation: Situation,
        step: Step,
        avoid: Collection[str] = (),
        slots: Mapping[str, str] | None = None,
    ) -> Wording | None:
        """What to say instead of a move (a ``MoveKind`` value or another key of the file); None for an unknown key."""
        return self._pick("moves", kind, lang, situation, step, avoid, slots or {})

    def for_step(
        self,
        step: Step,
        lang: Lang,
        *,
        situation: Situation,
        avoid: Collection[str] = (),
        slots: Mapping[str, str] | None = None,
    ) -> Wording | None:
        """A good next sentence in a step."""
        return self._pick("steps", step, lang, situation, step, avoid, slots or {})

    def for_cue(
        self,
        kind: CueKind,
        lang: Lang,
        *,
        situation: Situation,
        step: Step,
        avoid: Collection[str] = (),
        slots: Mapping[str, str] | None = None,
        said: str = "",
    ) -> Wording | None:
        """Short words that acknowledge first and then ask: zh under 30 characters, en at most 14 words.

        ``said``: the employee's words; wordings written for what is in them come first.
        """
        return self._pick("cues", kind, lang, situation, step, avoid, slots or {}, said.casefold())

    def _pick(
        self,
        section: str,
        key: str,
        lang: Lang,
        situation: Situation,
        step: Step,
        avoid: Collection[str],
        slots: Mapping[str, str],
        said: str = "",
    ) -> Wording | None:
        entries: Sequence[Mapping[str, Any]] = _lines(self._root, lang).get(section, {}).get(key, ())
        fitting = [
            (number, entry)
            for number, entry in enumerate(entries)
            if situation in entry.get("situations", (situation,))
            and step in entry.get("steps", (step,))
            and ("said" not in entry or any(word in said for word in entry["said"]))
            and all(slots.get(slot) for slot in _SLOT.findall(entry["text"]))
        ]
        for number, entry in sorted(fitting, key=lambda item: (-_particular(item[1]), item[0])):
            wording_id = f"{section}.{key}.{number}"
            text = _SLOT.sub(lambda m: slots[m[1]], entry["text"])
            if wording_id not in avoid and text not in avoid:
                return Wording(wording_id, text, entry.get("why", ""))
        return None


def _particular(entry: Mapping[str, Any]) -> int:
    return 4 * ("said" in entry) + 2 * ("situations" in entry) + ("steps" in entry)


@cache
def _lines(root: Path, lang: Lang) -> Mapping[str, Any]:
    text = (root / f"{lang}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
