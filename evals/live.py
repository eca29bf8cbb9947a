"""Recordings replayed in real time through the listener: how late words come, how right they are, what it costs.

Run ``python -m evals.live [--audio FOLDER] [--sessions N] [--repeat N] [--fast] [--json]``. The folder holds a
manifest.json (file, lang, reference, seconds) beside the recordings. Figures, each over all recordings:

- commit delay: from the last voice of a segment to its committed text, seconds, median and 95th percentile;
- first words: from the first voice of a segment to any text of it;
- error rate against the reference (characters for zh, words for en), live and offline through the same model; and of live
  against offline;
- processor seconds for each second of speech, and memory of the worker at the end.

``--sessions`` replays that many talks at once; ``--fast`` feeds without waiting, then delays mean nothing and are left out.
"""

import argparse
import json
import os
import statistics
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from consent.grants import ConsentGrant
from evals.grants import recorded
from evals.speech_errors import errors, units
from interview.conversation import LANGS, Lang
from llms import weights
from speech.audio import BLOCK, BLOCK_S, RATE, Samples, blocks
from speech.listening import Listener, transcribe_file
from speech.segmenting import Limits
from speech.worker import Transcriber

AUDIO = Path(__file__).parents[2] / "shared" / "audio"
END_S = 1.0
"""Silence after a recording, so that its last pause is one."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording with what is said in it."""

    name: str
    lang: Lang
    reference: str
    samples: Samples


@dataclass(slots=True)
class Replayed:
    """What came of one replay."""

    clip: Clip
    text: str = ""
    doubtful: int = 0
    commit_s: list[float] = field(default_factory=list[float])
    first_s: list[float] = field(default_factory=list[float])
    notices: list[str] = field(default_factory=list[str])


def load(folder: Path, grant: ConsentGrant) -> list[Clip]:
    """Recordings that have a reference."""
    rows = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return [
        Clip(
            row["file"], row["lang"], row["reference"],
            np.concatenate([block.samples for block in blocks(grant, folder / row["file"])]),
        )
        for row in rows
        if row.get("reference")
    ]  # fmt: skip


def replay(clip: Clip, transcriber: Transcriber, grant: ConsentGrant, fast: bool = False) -> Replayed:
    """Feed one recording, by the clock unless ``fast``, and note when each text comes."""
    result, limits = Replayed(clip), Limits()
    listener = Listener(grant, transcriber, clip.lang)
    began = time.monotonic()
    seen: set[int] = set()

    def listen() -> None:
        for heard in listener.events():
            now = time.monotonic() - began
            if heard.kind == "notice":
                result.notices.append(heard.text)
                continue
            if heard.text and heard.number not in seen:
                seen.add(heard.number)
                result.first_s.append(now - heard.start_s - limits.lead_s)
            if heard.kind == "committed":
                result.text += " " + heard.text
                result.doubtful += heard.doubtful
                result.commit_s.append(now - min(heard.end_s - limits.tail_s, len(clip.samples) / RATE))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    sound = np.concatenate((clip.samples, np.zeros(round(END_S * RATE), np.int16)))
    for seq, at in enumerate(range(0, len(sound), BLOCK)):
        if not fast:
            time.sleep(max(0.0, began + (seq + 1) * BLOCK_S - time.monotonic()))
        listener.feed(sound[at : at + BLOCK].tobytes(), seq)
    listener.finish()
    thread.join()
    return result


def measure(clips: Sequence[Clip], transcriber: Transcriber, grant: ConsentGrant, sessions: int, fast: bool) -> Any:
    """All figures; ``sessions`` talks run at once, each through its own order of the recordings."""
    results: list[Replayed] = []
    lock = threading.Lock()

    def talk(first: int) -> None:
        for at in range(len(clips)):
            done = replay(clips[(at + first) % len(clips)], transcriber, grant, fast)
            with lock:
                results.append(done)

    cpu, began = _cpu_s(transcriber), time.monotonic()
    threads = [threading.Thread(target=talk, args=(n * len(clips) // sessions,)) for n in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed, spent = time.monotonic() - began, _cpu_s(transcriber) - cpu
    seconds = sum(len(r.clip.samples) for r in results) / RATE
    found: dict[str, Any] = {
        "sessions": sessions, "speech_s": round(seconds, 1), "elapsed_s": round(elapsed, 1),
        "cpu_per_speech_s": round(spent / seconds, 3), "worker_mb": _rss_mb(transcriber.pid), "own_mb": _rss_mb(os.getpid()),
        "doubtful": sum(r.doubtful for r in results), "notices": sorted({n for r in results for n in r.notices}),
    }  # fmt: skip
    if not fast:
        found["commit_delay_s"] = _spread(d for r in results for d in r.commit_s)
        found["first_words_s"] = _spread(d for r in results for d in r.first_s)
    return found | {"errors": _error_rates(results, clips, transcriber, grant)}


def _error_rates(
    results: Iterable[Replayed], clips: Sequence[Clip], transcriber: Transcriber, grant: ConsentGrant
) -> dict[str, dict[str, float]]:
    offline = {clip.name: " ".join(_offline(clip, transcriber, grant)) for clip in clips}
    rates: dict[str, dict[str, float]] = {}
    for lang in LANGS:
        own = [r for r in results if r.clip.lang == lang]
        said = [(units(r.clip.reference, lang), units(r.text, lang), units(offline[r.clip.name], lang)) for r in own]
        length = sum(len(s) for s, _, _ in said)
        if not length:
            continue
        rates[lang] = {
            "live": round(sum(errors(s, h) for s, h, _ in said) / length, 3),
            "offline": round(sum(errors(s, o) for s, _, o in said) / length, 3),
            "live_to_offline": round(
                sum(errors(o, h) for _, h, o in said) / max(1, sum(len(o) for _, _, o in said)), 3
            ),
        }
    return rates


def _offline(clip: Clip, transcriber: Transcriber, grant: ConsentGrant) -> Iterable[str]:
    heard = transcribe_file(grant, wav(clip.samples), transcriber, clip.lang)
    return (h.text for h in heard if h.kind == "committed")


def wav(samples: Samples) -> Any:
    """A recording in memory."""
    import io
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    out.seek(0)
    return out


def _spread(delays: Iterable[float]) -> dict[str, float]:
    found = sorted(delays)
    if not found:
        return {}
    return {
        "median": round(statistics.median(found), 2),
        "p95": round(found[min(len(found) - 1, int(0.95 * len(found)))], 2),
        "n": len(found),
    }


def _cpu_s(transcriber: Transcriber) -> float:
    """Processor seconds of this process and the worker; of this one alone where /proc is not there."""
    own = time.process_time()
    path = Path(f"/proc/{transcriber.pid}/stat")
    if not path.exists():
        return own
    parts = path.read_text().rpartition(")")[2].split()
    return own + (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int | None) -> int:
    path = Path(f"/proc/{pid}/statm")
    return round(int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6) if path.exists() else 0


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--audio", type=Path, default=AUDIO)
    parser.add_argument(
        "--model", type=Path, default=None, help="folder of weights; default: whisper-base of the cache"
    )
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1, help="play the recordings so many times over")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    grant = recorded()
    clips = load(asked.audio, grant) * asked.repeat
    transcriber = Transcriber.of_model(asked.model or weights.ready("whisper-base", weights.default_cache()))
    transcriber.start()
    try:
        found = measure(clips, transcriber, grant, asked.sessions, asked.fast)
    finally:
        transcriber.close()
    print(json.dumps(found, ensure_ascii=False, indent=None if asked.json else 1))


if __name__ == "__main__":
    main()
