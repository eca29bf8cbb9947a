"""Stand-ins for the model, to be built in the worker process; what they do is written in the sound itself."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from interview.errors import StorageError
from speech.audio import RATE, Samples
from speech.doubt import Verdict
from speech.segmenting import WINDOW
from speech.whisper import Words
from speech.worker import Asked


class Loud:
    """Voice is what is loud."""

    def probabilities(self, samples: Samples) -> Sequence[float]:
        return [float(np.abs(window).max() > 500) for window in samples.reshape(-1, WINDOW)]

    def rest(self) -> None:
        pass


class Spelling:
    """Says the loudest sample, the mode and the length; takes ``pace`` seconds for each second of sound."""

    def __init__(self, pace: float = 0.0) -> None:
        self._pace = pace

    def hear(self, samples, voiced_s, lang, mode, hotwords, before) -> Words:
        time.sleep(self._pace * len(samples) / RATE)
        told = "zh" if lang == "auto" else lang
        return Words(f"{samples.max()} {mode} {hotwords}".strip(), before or told, Verdict.GOOD, 0.0, 0.0)


class Dying(Spelling):
    """Kills its own process: at the loudness 6666 once for each marker file, at 9999 always."""

    def __init__(self, marker: Path) -> None:
        super().__init__()
        self._marker = marker

    def hear(self, samples, voiced_s, lang, mode, hotwords, before) -> Words:
        loudest = samples.max()
        if loudest == 9_999 or (loudest == 6_666 and not self._marker.exists()):
            self._marker.touch()
            os._exit(9)
        return super().hear(samples, voiced_s, lang, mode, hotwords, before)


def broken() -> Spelling:
    """A model that can't be loaded."""
    raise StorageError("x", message_key="error.model_damaged", file="whisper-base/model.bin")


class Here:
    """An engine in this process, in place of the local model's; says so, and the loudest sample."""

    lanes, pid = 1, None

    def begin(self) -> None:
        pass

    def ask(self, asked: Asked, wanted) -> Words:
        return Words(f"本机 {asked.samples.max()}", "zh", Verdict.GOOD, 0.0, 0.0)

    def end(self) -> None:
        pass
