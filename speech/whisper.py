"""Whisper through faster-whisper: one segment of sound into words, with what is needed to doubt them.

Only the pieces of faster-whisper that one window needs are used: features, encoder, generation. No prompt, nothing
carried over from the segment before, temperature 0; so the same sound always gives the same words.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from interview.conversation import Lang
from interview.errors import StorageError
from speech.audio import RATE, Samples
from speech.doubt import Figures, Verdict, fold, unlooped, verdict

Mode = Literal["tentative", "light", "final"]
"""``final``: beam 5 and 15 s of context, or what the sound needs. The others: beam 1 and 8 s, ``light`` with the smaller
model where there is one.

Measured on 150 s of speech: beam 5 with 30, 15 and 8 s of context: zh CER 16.1, 12.5, 13.6 %, en WER 3.1, 3.1, 3.7 %,
22, 14, 11 s of work; beam 1 with 8 s: 17.2 and 3.7 %, 6 s. Below 8 s of context English falls apart (16.6 % at 5 s).
"""
Spoken = Lang | Literal["auto"]
FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")
MOST_S = 30.0
"""What one window of Whisper holds."""
FINAL_S, LEAST_S, MARGIN_S = 15.0, 8.0, 2.0
UNSURE, AGAIN_S = -0.3, 0.3
"""A final whose tokens are less likely than this (mean log) is heard once more, so much later in the window, and the likelier
text counts. One in twelve: zh 50 to 47 errors of 406 characters, en the same, for 8 % more work on finals; no other moment
or loudness, and no more than two, did better."""
MAX_HOTWORDS = 200
"""Characters of names and terms; more of them than this starts to appear where nobody said them."""


@dataclass(frozen=True, slots=True)
class Words:
    """What was heard in one segment; ``text`` is empty where nothing was. ``verdict`` says whether to believe it."""

    text: str
    lang: Lang
    verdict: Verdict
    no_speech: float
    log_prob: float


class Recognizer:
    """Holds the model: about 360 MB and 1 s to load for Whisper base in int8."""

    def __init__(self, folder: Path, threads: int = 2, small: Path | None = None) -> None:
        """Load from a folder of FILES. Raises StorageError: ``error.model_missing`` or ``error.model_damaged``.

        ``small``: a smaller multilingual model of the same family, for times when the machine does not keep up.
        """
        self._model = _loaded(folder, threads)
        self._threads = threads
        self._small = small
        self._small_model: Any = None
        self._tokenizers: dict[Lang, Any] = {}

    def hear(
        self,
        samples: Samples,
        voiced_s: float,
        lang: Spoken,
        mode: Mode = "final",
        hotwords: str = "",
        before: Lang | None = None,
    ) -> Words:
        """Words of one segment of at most 30 s; ``samples``: int16, shape (n,).

        ``before``: the language of the segment before, which with ``auto`` holds for short answers.
        """
        length = len(samples) / RATE
        context = min(MOST_S, max(FINAL_S if mode == "final" else LEAST_S, length + MARGIN_S))
        model = self._lighter() if mode == "light" else self._model
        sound = samples[: round(MOST_S * RATE)]
        encoded = model.encode(self._features(sound, context))
        chosen = self._language(model, encoded, voiced_s, before) if lang == "auto" else lang
        beam, most = 5 if mode == "final" else 1, 16 + round(14 * length)
        result = self._generated(model, encoded, chosen, hotwords, beam, most)
        if mode == "final" and result.scores[0] < UNSURE and length + AGAIN_S <= MOST_S:
            later = model.encode(self._features(np.pad(sound, (round(AGAIN_S * RATE), 0)), context))
            again = self._generated(model, later, chosen, hotwords, beam, most)
            result = again if again.scores[0] > result.scores[0] else result
        tokens = result.sequences_ids[0]
        text = tidy(self._tokenizer(chosen).decode(tokens), chosen)
        figures = Figures(result.no_speech_prob, result.scores[0] * len(tokens) / (len(tokens) + 1), voiced_s, length)
        found = verdict(text, figures)
        if found is Verdict.GOOD and only_of(text, hotwords) and (voiced_s < 1.0 or figures.no_speech > 0.2):
            found = Verdict.DOUBTFUL  # what it was told to expect is what it invents first
        if mode == "tentative":
            text = unlooped(text)
        return Words("" if found is Verdict.NOTHING else text, chosen, found, figures.no_speech, figures.log_prob)

    def _generated(self, model: Any, encoded: Any, lang: Lang, hotwords: str, beam: int, most: int) -> Any:
        """The best of ``beam`` texts, at most ``most`` tokens, with its score and the chance of silence."""
        tokenizer = self._tokenizer(lang)
        prompt = model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=listed(hotwords, lang) or None)
        return model.model.generate(
            encoded, [prompt], beam_size=beam, patience=1.0, length_penalty=1.0,
            max_length=min(model.max_length, len(prompt) + most), return_scores=True, return_no_speech_prob=True,
            suppress_blank=True, suppress_tokens=_suppressed(tokenizer),
        )[0]  # fmt: skip

    def _lighter(self) -> Any:
        """The smaller model, loaded when it is first needed; the usual one where there is none or it is damaged."""
        if self._small is None:
            return self._model
        if self._small_model is None:
            try:
                self._small_model = _loaded(self._small, self._threads)
            except StorageError:
                self._small = None
                return self._model
        return self._small_model

    def _features(self, samples: Samples, context_s: float) -> Any:
        """Log-mel, float32, shape (80, 100 * context_s); the sound is padded with silence, as in training."""
        sound = samples.astype(np.float32) / 32768
        padded = np.pad(sound, (0, max(0, round(context_s * RATE) - len(sound))))
        return self._model.feature_extractor(padded, padding=0)

    @staticmethod
    def _language(model: Any, encoded: Any, voiced_s: float, before: Lang | None) -> Lang:
        chances = dict(model.model.detect_language(encoded)[0])
        zh = chances.get("<|zh|>", 0.0) + chances.get("<|yue|>", 0.0)
        en = chances.get("<|en|>", 0.0)
        found: Lang = "zh" if zh >= en else "en"
        share = max(zh, en) / max(1e-9, zh + en)
        return before if before is not None and (voiced_s < 1.0 or share < 0.75) else found

    def _tokenizer(self, lang: Lang) -> Any:
        from faster_whisper.tokenizer import Tokenizer  # pyright: ignore[reportMissingTypeStubs]

        if lang not in self._tokenizers:
            self._tokenizers[lang] = Tokenizer(self._model.hf_tokenizer, True, task="transcribe", language=lang)
        return self._tokenizers[lang]


def tidy(text: str, lang: Lang) -> str:
    """Simplified characters, full-width punctuation between Chinese ones, no spaces at the ends."""
    kept = text.replace("\ufffd", "").strip()
    if lang != "zh":
        return kept
    return _punctuated(str(_simplifier().convert(kept)))


def listed(hotwords: str, lang: Lang) -> str:
    """Names and terms as a list with punctuation: given bare, they make the model leave out all punctuation."""
    words = re.split(r"[\s,，、;；。.]+", hotwords.strip())
    mark, end = ("、", "。") if lang == "zh" else (", ", ".")
    kept = ""
    for word in dict.fromkeys(word for word in words if word):
        longer = f"{kept}{mark}{word}" if kept else word
        if len(longer) > MAX_HOTWORDS:
            break
        kept = longer
    return kept + end if kept else ""


def only_of(text: str, hotwords: str) -> bool:
    """Whether a text is made of nothing but these names and terms."""
    words = sorted(
        {fold(word) for word in re.split(r"[\s,，、;；。.]+", hotwords) if fold(word)}, key=len, reverse=True
    )
    rest = fold(text)
    return bool(words and rest) and not re.sub("|".join(map(re.escape, words)), "", rest)


def _punctuated(text: str) -> str:
    """Half-width commas, stops, question and exclamation marks beside a Chinese character become full-width."""
    wide = dict(zip(",.?!:;", "，。？！：；", strict=True))
    out = [
        wide[mark] if mark in wide and at > 0 and "\u4e00" <= text[at - 1] <= "\u9fff" else mark
        for at, mark in enumerate(text)
    ]
    return "".join(out)


def _loaded(folder: Path, threads: int) -> Any:
    others = {"vocabulary.txt": "vocabulary.json"}  # as newer models have it
    missing = next((n for n in FILES if not ((folder / n).is_file() or (folder / others.get(n, n)).is_file())), None)
    if missing is not None:
        raise StorageError(missing, message_key="error.model_missing", model=folder.name)
    from faster_whisper import WhisperModel  # pyright: ignore[reportMissingTypeStubs]

    try:
        return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
    except Exception as error:
        # what CTranslate2 and tokenizers raise for broken bytes is RuntimeError, ValueError or a bare Exception
        raise StorageError(str(error), message_key="error.model_damaged", file=f"{folder.name}/{FILES[0]}") from error


def _suppressed(tokenizer: Any) -> list[int]:
    own = (tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm)
    return sorted({*tokenizer.non_speech_tokens, *own, tokenizer.no_speech})


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("tw2s")  # pyright: ignore[reportUnknownVariableType]
