"""An optional cue reader: the rules, and beside them a text-classification model of the user's choice.

Extra ``[transformers]``; ``TANDAO_CUE_MODEL`` is the name its errors give to the setting that whoever builds it reads the
model's name or folder from. The model only adds faint cues (below 0.5), and only where words can be pointed at: each clause is left out in turn, and the one without which the model
is least sure of its label is the quote. A label that no clause carries says nothing.
"""

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from interview.conversation import Lang
from interview.cues import Cue, CueKind
from interview.errors import DataFileError
from interview.ports import CueReader

Classify = Callable[[Sequence[str]], list[dict[str, float]]]
"""Texts to chances by label."""

_KINDS: Mapping[CueKind, str] = {
    CueKind.ANGER: "anger angry annoyance disgust rage 愤怒 生气 厌恶 anger/disgust",
    CueKind.HURT: "sadness sad grief disappointment remorse hurt 悲伤 难过 伤心",
    CueKind.ANXIETY: "fear anxiety nervousness worry worried fearful 恐惧 害怕 焦虑 担心",
    CueKind.SURPRISE: "surprise surprised astonished 惊讶 惊奇",
    CueKind.RESISTANCE: "resistance disapproval disagreement reject 反对 拒绝",
    CueKind.ACCEPTANCE: "acceptance approval gratitude agreement joy happy happiness 开心 高兴 喜悦 认可",
}
_BY_LABEL = {label: kind for kind, labels in _KINDS.items() for label in labels.split()}
_CLAUSE = re.compile(r"[^，,。.！!？?；;\n]+[，,。.！!？?；;\n]*")
_LEAST = 0.5  # chance of its label from which the model is heard
_CARRIES = 0.1  # how much of that chance must go when its words go
_FAINT = 0.49
_LONG = 2_000  # characters: no classifier reads further
_MOST_CLAUSES = 24


@dataclass(frozen=True, slots=True)
class TransformersCueReader:
    """A `CueReader`: what ``rules`` find, and a faint cue of the model's where they are silent about its kind."""

    rules: CueReader
    classify: Classify

    @staticmethod
    def load(name: str, rules: CueReader) -> "TransformersCueReader":
        """Load a text-classification model by name or folder; raises DataFileError where that is not possible."""
        try:
            pipeline = cast(Any, importlib.import_module("transformers")).pipeline
            model = pipeline("text-classification", model=name, top_k=None, device=-1)
        except (ImportError, OSError, ValueError) as error:
            raise DataFileError(f"TANDAO_CUE_MODEL={name}: {error}") from error
        known = [label for label in model.model.config.id2label.values() if str(label).lower() in _BY_LABEL]
        if not known:
            raise DataFileError(f"TANDAO_CUE_MODEL={name}: none of its labels is a cue: {model.model.config.id2label}")

        def classify(texts: Sequence[str]) -> list[dict[str, float]]:
            return [{str(c["label"]): float(c["score"]) for c in row} for row in model(list(texts), truncation=True)]

        return TransformersCueReader(rules, classify)

    def read(self, text: str, lang: Lang, before: str = "") -> tuple[Cue, ...]:
        """Cues in order of place."""
        found = self.rules.read(text, lang, before)
        if not text.strip():
            return found
        chances = self.classify([text[:_LONG]])[0]
        label = max(chances, key=lambda name: chances[name])
        kind = _BY_LABEL.get(label.lower())
        if kind is None or chances[label] < _LEAST or any(cue.kind is kind for cue in found):
            return found
        place = self._carrier(text[:_LONG], label, chances[label])
        if place is None:
            return found
        start, end = place
        cue = Cue(kind, round(_FAINT * chances[label], 2), text[start:end], start, end)
        return tuple(sorted((*found, cue), key=lambda c: (c.start, c.end)))

    def _carrier(self, text: str, label: str, chance: float) -> tuple[int, int] | None:
        """The clause without which the label loses most; None where none carries it. Letters, or nothing to point at."""
        clauses = [m for m in _CLAUSE.finditer(text) if re.search(r"\w", m[0])][:_MOST_CLAUSES]
        if not clauses:
            return None
        without = [text[: m.start()] + text[m.end() :] for m in clauses]
        left = [row.get(label, 0.0) for row in self.classify([rest if rest.strip() else "." for rest in without])]
        best = min(range(len(clauses)), key=lambda i: left[i])
        if chance - left[best] < _CARRIES * chance:
            return None
        start = clauses[best].start() + len(clauses[best][0]) - len(clauses[best][0].lstrip())
        words = clauses[best][0].strip().rstrip("，,。.！!？?；;")
        return start, start + len(words.rstrip())
