"""Live talks measured as they are held: the product's own server, its WebSocket, sound sent by the clock.

    python -m evals.live [--audio FOLDER] [--sessions N] [--agreement] [--json]
    python -m evals.live --hours H [--speed K] [--lang zh]

The folder holds a manifest.json (file, lang, reference, seconds) beside the recordings; those of a language are played
one after the other as one talk. Figures:

- word delay: from the end of a word (as the same model times it offline) to its committed text, seconds;
- utterance delay: from the last voice of a segment to its committed text; hint delay: to a hint, where the words raise a cue;
  hint ahead: the same, where tentative words brought the hint before; taken back: brought, and not borne out at the end;
- error rate (characters for zh, words for en) against the reference and against offline decoding, and offline's own;
- processor seconds for each second of speech, memory, frames lost;
- with ``--agreement`` the same for LocalAgreement-2 on the same model and machine, and its delay if work took no time: see `evals.local_agreement`.

``--hours`` plays the recordings over and over as one talk, ``--speed`` times as fast as they were spoken, and shows memory
and delay by tenths of the talk. Delays are always wall seconds.
"""

import argparse
import difflib
import json
import os
import statistics
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from assistant.ahead import Unfinished, grown, stands
from assistant.hints import HintState, consider
from consent.grants import ConsentGrant
from evals import local_agreement
from evals.grants import recorded
from evals.live_server import Server, Streamed, serving, stream
from evals.speech_errors import errors, units
from interview.conversation import LANGS, Lang
from interview.ports import Utterance
from interview.reading.cues import RuleCueReader
from interview.situations import Situation
from interview.steps import Step
from llms import weights
from phrasing.library import PhrasingLibrary
from speech.audio import RATE, Samples, blocks
from speech.segmenting import Limits

AUDIO = Path(__file__).parents[2] / "shared" / "audio"
BETWEEN_S = 1.5
"""Silence between two recordings and at the end, so that each last pause is one."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording with what is said in it."""

    name: str
    lang: Lang
    reference: str
    samples: Samples


@dataclass(slots=True)
class Offline:
    """What the model makes of the recordings at leisure: units and where in the talk each ends, seconds."""

    units: list[str]
    ends_s: list[float]


def load(folder: Path, grant: ConsentGrant) -> list[Clip]:
    """Recordings that have a reference: by a manifest.json, or by the talks.yaml of our own spoken talks."""
    rows = _rows(folder)
    return [
        Clip(
            row["file"], row["lang"], row["reference"],
            np.concatenate([block.samples for block in blocks(grant, folder / row["file"])]),
        )
        for row in rows
        if row.get("reference")
    ]  # fmt: skip


def _rows(folder: Path) -> list[dict[str, Any]]:
    if (folder / "manifest.json").exists():
        return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    talks: dict[str, dict[Lang, list[tuple[str, str, float]]]]
    talks = yaml.safe_load((folder / "talks.yaml").read_text(encoding="utf-8"))["talks"]
    return [
        {"file": f"{name}_{lang}.ogg", "lang": lang, "reference": " ".join(said for _, said, _ in lines)}
        for name, by_lang in talks.items()
        for lang, lines in by_lang.items()
    ]


def joined(clips: Sequence[Clip]) -> Samples:
    """The recordings as one talk."""
    silence = np.zeros(round(BETWEEN_S * RATE), np.int16)
    return np.concatenate([part for clip in clips for part in (clip.samples, silence)])


def offline(model: Any, clips: Sequence[Clip]) -> Offline:
    """Decoded recording by recording, in windows of 28 s, with the model's own word times."""
    found, start = Offline([], []), 0.0
    for clip in clips:
        for at in range(0, len(clip.samples), 28 * RATE):
            before = start + at / RATE
            for word in local_agreement.words_of(model, clip.samples[at : at + 28 * RATE], clip.lang):
                own = units(local_agreement.tidy(word.text, clip.lang), clip.lang)
                found.units += own
                found.ends_s += [before + word.end_s] * len(own)
        start += len(clip.samples) / RATE + BETWEEN_S
    return found


def delays(known: Offline, heard: Iterable[tuple[str, float]], lang: Lang) -> list[float]:
    """Seconds from a word's end to its commit, for words that both heard. ``heard``: texts and when they were committed."""
    own, at = list[str](), list[float]()
    for text, when in heard:
        added = units(local_agreement.tidy(text, lang), lang)
        own += added
        at += [when] * len(added)
    match = difflib.SequenceMatcher(None, known.units, own, autojunk=False)
    return [
        at[block.b + n] - known.ends_s[block.a + n] for block in match.get_matching_blocks() for n in range(block.size)
    ]


def play(server: Server, clips: Sequence[Clip], known: Offline) -> dict[str, Any]:
    """One talk through the socket, and all its figures."""
    lang = clips[0].lang
    interview_id, secret = server.talk(lang)
    samples = joined(clips)
    cpu = server.cpu_s()
    told = _Hints(server, interview_id, lang)
    result = stream(server, interview_id, secret, samples, told=told)
    if result.refused:
        return {"lang": lang, "refused": result.refused}
    seconds = sum(len(clip.samples) for clip in clips) / RATE
    committed = [(str(event["text"]), at) for at, event in result.of("committed")]
    text = " ".join(said for said, _ in committed)
    said = units(" ".join(clip.reference for clip in clips), lang)
    late = [at - end for at, end in zip((at for at, _ in result.of("committed")), told.ends_s(result), strict=False)]
    return {
        "lang": lang, "speech_s": round(seconds, 1),
        "word_delay_s": spread(delays(known, committed, lang)),
        "utterance_delay_s": spread(late),
        "hint_delay_s": spread(told.delays(result)),
        "hint_ahead_delay_s": spread(told.delays(result, ahead=True)), "hints_taken_back": told.taken_back,
        "first_text_delay_s": spread(_first_texts(result, known, lang)),
        "errors": {
            "live": _rate(said, units(text, lang)), "offline": _rate(said, known.units),
            "live_to_offline": _rate(known.units, units(text, lang)),
        },
        "cpu_per_speech_s": round((server.cpu_s() - cpu) / seconds, 3), "mb": server.rss_mb(),
        "frames": result.frames, "frames_lost": result.lost,
        "frames_unheard": max(0, result.frames - result.acknowledged - 4),
        "notices": sorted({str(event["text"]) for _, event in result.of("notice")}),
    }  # fmt: skip


class _Hints:
    """What the manager's page does with each text: look for a cue and pick a hint; the page is told at once.

    A hint is made ahead from tentative texts; each utterance counts by itself, as if no hint had been shown before.
    """

    def __init__(self, server: Server, interview_id: str, lang: Lang) -> None:
        self._server, self._id = server, interview_id
        self._lang: Lang = lang
        self._phrasing = PhrasingLibrary()
        self._reader = RuleCueReader()
        self._made: list[tuple[int, float]] = []
        self._first: list[tuple[int, float]] = []
        self._voice_ends: list[float] = []
        self._seen = 0
        self._unfinished: Unfinished | None = None
        self._ahead: tuple[HintState, float] | None = None
        self.taken_back = 0
        """Hints made ahead that the words at the end did not bear out."""

    def __call__(self, at: float, event: dict[str, Any]) -> None:
        """One event of the socket, wall seconds since the first frame."""
        began = time.monotonic()
        if event["type"] == "tentative":
            self._grows(event)
            if self._unfinished is not None and self._ahead is None:
                state = self._hinted(self._unfinished.said)
                self._ahead = None if state.shown is None else (state, at + time.monotonic() - began)
        if event["type"] != "committed":
            return
        heard = self._server.store.interviews.heard(self._id)
        for utterance in heard[self._seen :]:
            state = self._hinted(utterance)
            self._voice_ends.append(utterance.end_s)
            now = at + time.monotonic() - began
            ahead = self._ahead if self._ahead is not None and stands(self._ahead[0], utterance.cues) else None
            self.taken_back += self._ahead is not None and ahead is None
            self._ahead = self._unfinished = None
            if state.shown is not None:
                self._made.append((len(self._voice_ends) - 1, now))
                self._first.append((len(self._voice_ends) - 1, now if ahead is None else ahead[1]))
        self._seen = len(heard)

    def _hinted(self, said: Utterance) -> HintState:
        return consider(
            HintState(), said.cues, said.end_s, self._phrasing, self._lang, situation=Situation.EXPERT,
            step=Step.FEEDBACK, unsure=said.doubtful, said=said.text,
        )  # fmt: skip

    def _grows(self, event: dict[str, Any]) -> None:
        text, number = str(event["text"]), int(event["number"])
        if not text:
            self.taken_back += self._ahead is not None
            self._unfinished = self._ahead = None
            return
        found = () if event["doubtful"] else self._reader.read(text, self._lang)
        cues = tuple({"kind": str(c.kind), "strength": c.strength, "quote": c.quote} for c in found)
        said = Utterance(-1, "employee", text, bool(event["doubtful"]), cues=cues)
        self._unfinished = grown(self._unfinished, int(event["channel"]), number, said)

    def ends_s(self, result: Streamed) -> list[float]:
        """Wall seconds of the last voice of each utterance."""
        return [(end - result.base_s - Limits().tail_s) / result.speed for end in self._voice_ends]

    def delays(self, result: Streamed, *, ahead: bool = False) -> list[float]:
        """From the last voice of an utterance to its hint; ``ahead``: to the first sight of it, below 0 while it is said."""
        ends = self.ends_s(result)
        return [at - ends[number] for number, at in (self._first if ahead else self._made)]


def _first_texts(result: Streamed, known: Offline, lang: Lang) -> list[float]:
    """From a word's end to the first text of any kind that has it: tentative texts of a segment replace each other."""
    shown: list[tuple[str, float]] = []
    before = ""
    for at, event in result.events:
        if event["type"] not in ("tentative", "committed"):
            continue
        own, old = units(str(event["text"]), lang), units(before, lang)
        keep = next((n for n, (a, b) in enumerate(zip(own, old, strict=False)) if a != b), min(len(own), len(old)))
        shown += [(unit + " ", at) for unit in own[keep:]]
        before = "" if event["type"] == "committed" else str(event["text"])
    return delays(known, shown, lang)


def baseline(model: Any, clips: Sequence[Clip], known: Offline) -> dict[str, Any]:
    """LocalAgreement-2 on the same talk."""
    lang = clips[0].lang
    seconds = sum(len(clip.samples) for clip in clips) / RATE
    made = local_agreement.transcribe(model, joined(clips), lang)
    free = local_agreement.transcribe(model, joined(clips), lang, work_counts=False)
    own = units(local_agreement.tidy(made.text, lang), lang)
    said = units(" ".join(clip.reference for clip in clips), lang)
    return {
        "lang": lang, "speech_s": round(seconds, 1), "word_delay_s": spread(delays(known, made.words, lang)),
        "word_delay_without_work_s": spread(delays(known, free.words, lang)),
        "errors": {"live": _rate(said, own), "live_to_offline": _rate(known.units, own)},
        "cpu_per_speech_s": round(made.work_s / seconds, 3),
    }  # fmt: skip


def long_talk(server: Server, clips: Sequence[Clip], hours: float, speed: float) -> dict[str, Any]:
    """One long talk: memory and delay by tenths of it."""
    lang, once = clips[0].lang, joined(clips)
    samples = np.tile(once, max(1, round(hours * 3_600 * RATE / len(once))))
    interview_id, secret = server.talk(lang)
    memory: list[tuple[float, float, float]] = []
    over = threading.Event()
    began = time.monotonic()

    def watch() -> None:
        while not over.wait(5):
            now = server.rss_mb()
            memory.append((time.monotonic() - began, now["server"], now["speech"]))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    cpu, hints = server.cpu_s(), _Hints(server, interview_id, lang)
    result = stream(server, interview_id, secret, samples, speed=speed, told=hints)
    over.set()
    watching.join()
    ends = hints.ends_s(result)
    late = [(at, at - end) for (at, _), end in zip(result.of("committed"), ends, strict=False)]
    wall = len(samples) / RATE / speed
    tenths: list[dict[str, Any]] = []
    for n in range(10):
        own = [d for at, d in late if n * wall / 10 <= at < (n + 1) * wall / 10 + (n == 9) * 1e9]
        mb = [m for m in memory if n * wall / 10 <= m[0] < (n + 1) * wall / 10]
        tenths.append(
            {
                "utterance_delay_s": spread(own),
                "server_mb": max((m[1] for m in mb), default=None),
                "speech_mb": max((m[2] for m in mb), default=None),
            }
        )
    seconds = len(samples) / RATE
    return {
        "lang": lang, "sound_s": round(seconds), "speed": speed, "utterances": len(late), "tenths": tenths,
        "cpu_per_sound_s": round((server.cpu_s() - cpu) / seconds, 3), "frames": result.frames,
        "frames_lost": result.lost, "frames_unheard": max(0, result.frames - result.acknowledged - 4),
        "notices": sorted({str(event["text"]) for _, event in result.of("notice")}), "refused": result.refused,
    }  # fmt: skip


def spread(found: Iterable[float]) -> dict[str, float]:
    """Median, 95th percentile and number."""
    values = sorted(found)
    if not values:
        return {}
    return {
        "median": round(statistics.median(values), 2),
        "p95": round(values[min(len(values) - 1, int(0.95 * len(values)))], 2),
        "n": len(values),
    }


def _rate(said: list[str], heard: list[str]) -> float:
    return round(errors(said, heard) / max(1, len(said)), 3)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--audio", type=Path, default=AUDIO)
    parser.add_argument("--lang", choices=LANGS, default=None)
    parser.add_argument("--sessions", type=int, default=1, help="so many talks of each language at once")
    parser.add_argument("--agreement", action="store_true", help="LocalAgreement-2 as well")
    parser.add_argument("--hours", type=float, default=0.0)
    parser.add_argument("--speed", type=float, default=1.0, help="with --hours: sound seconds sent in a wall second")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    clips = load(asked.audio, recorded())
    langs: list[Lang] = [lang for lang in LANGS if asked.lang in (None, lang) and any(c.lang == lang for c in clips)]
    found: dict[str, Any] = {"load_before": os.getloadavg(), "cores": os.cpu_count()}
    if asked.hours:
        with serving() as server:
            found["long"] = long_talk(server, [c for c in clips if c.lang == langs[0]], asked.hours, asked.speed)
    else:
        model = local_agreement.load(weights.ready("whisper-base", weights.default_cache()))
        for lang in langs:
            own = [c for c in clips if c.lang == lang]
            known = offline(model, own)
            found[lang] = {"ours": _at_once(own, known, asked.sessions)}
            if asked.agreement:
                found[lang]["local_agreement"] = baseline(model, own, known)
    found["load_after"] = os.getloadavg()
    print(json.dumps(found, ensure_ascii=False, indent=None if asked.json else 1))


def _at_once(clips: Sequence[Clip], known: Offline, sessions: int) -> list[dict[str, Any]]:
    """The same talk so many times at once, through one server."""
    found: list[dict[str, Any]] = []
    with serving() as server:
        threads = [threading.Thread(target=lambda: found.append(play(server, clips, known))) for _ in range(sessions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return found


if __name__ == "__main__":
    main()
