"""LocalAgreement-2 as a baseline: what two runs in a row over the growing sound agree on is committed.

The policy of Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription System" (2023,
https://aclanthology.org/2023.ijcnlp-demo.3), written anew from its description: at least a second of new sound between
runs, the committed last 200 characters as the prompt, and the sound cut at the end of a committed segment once it is
longer than 15 s. Beam 5, full context, no voice detection, as published.

The clock is computation-aware: a run takes as long as it took on this machine, and the sound that arrived meanwhile is what
the next run gets. So nothing waits where nothing has to be waited for.
"""

import importlib
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from interview.conversation import Lang
from speech.audio import RATE, Samples
from speech.whisper import tidy

LEAST_NEW_S = 1.0
TRIM_S = 15.0
PROMPT = 200


@dataclass(frozen=True, slots=True)
class Word:
    """A word as the model wrote it and where in the sound it ends, seconds."""

    text: str
    end_s: float
    closes: bool = False
    """Whether a segment of the model ends here."""


@dataclass(slots=True)
class Committed:
    """What the policy wrote. ``words``: text and the moment it was committed; ``work_s``: processor seconds."""

    words: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    work_s: float = 0.0

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(word for word, _ in self.words)


def load(folder: Path, threads: int = 2) -> Any:
    """The same weights as the product's, in int8 as there."""
    whisper = importlib.import_module("faster_whisper").WhisperModel
    return whisper(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)


def words_of(model: Any, samples: Samples, lang: Lang, prompt: str = "") -> list[Word]:
    """Words of at most 30 s of sound, with the ends that the model gives them."""
    sound = samples.astype(np.float32) / 32768
    segments, _ = model.transcribe(
        sound, language=lang, beam_size=5, temperature=0.0, word_timestamps=True, condition_on_previous_text=False,
        initial_prompt=prompt or None, vad_filter=False,
    )  # fmt: skip
    found: list[Word] = []
    for segment in segments:
        words = list(segment.words or ())
        found += [Word(w.word, float(w.end), n == len(words) - 1) for n, w in enumerate(words)]
    return found


def transcribe(model: Any, samples: Samples, lang: Lang, *, work_counts: bool = True) -> Committed:
    """The whole talk under the policy; a committed word's moment is seconds since the sound began.

    Without ``work_counts`` the machine is taken for infinitely fast: the least delay the policy can have.
    """
    result = Committed()
    total = len(samples) / RATE
    now: float = 0.0
    cut: float = 0.0
    heard: float = 0.0
    before: list[Word] = []
    done: list[Word] = []
    while heard < total:
        now = max(now, min(total, heard + LEAST_NEW_S))
        heard = min(now, total)
        spent, began = time.process_time(), time.monotonic()
        prompt = tidy("".join(w.text for w in done if w.end_s <= cut), lang)[-PROMPT:]
        run = [
            Word(w.text, w.end_s + cut, w.closes)
            for w in words_of(model, samples[round(cut * RATE) : round(heard * RATE)], lang, prompt)
        ]
        now += (time.monotonic() - began) * work_counts
        result.work_s += time.process_time() - spent
        last = done[-1].end_s if done else 0.0
        fresh = _without_said([w for w in run if w.end_s > last - 0.1], done)
        agreed = fresh if heard >= total else _agreed(before, fresh)
        done += agreed
        result.words += [(w.text, now) for w in agreed]
        before = fresh[len(agreed) :]
        ends: list[float] = [w.end_s for w in done if w.closes and w.end_s > cut]
        if heard - cut > TRIM_S:
            cut = ends[-1] if ends else (done[-1].end_s if done and done[-1].end_s > cut else max(cut, heard - 28.0))
    return result


def _agreed(one: list[Word], two: list[Word]) -> list[Word]:
    """The longest beginning that both have."""
    same = 0
    for a, b in zip(one, two, strict=False):
        if plain(a.text) != plain(b.text):
            break
        same += 1
    return two[:same]


def _without_said(fresh: list[Word], done: list[Word]) -> list[Word]:
    """Without up to five words at the beginning that repeat the end of what was committed."""
    for n in range(min(5, len(fresh), len(done)), 0, -1):
        if [plain(w.text) for w in done[-n:]] == [plain(w.text) for w in fresh[:n]]:
            return fresh[n:]
    return fresh


def plain(text: str) -> str:
    """Letters and figures only, without case."""
    return re.sub(r"[\W_]+", "", text).casefold()
