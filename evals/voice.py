"""What the model's voice adds to its endpoint: time to the first shown sentence, and the size of prompts late in a talk.

Run ``python -m evals.voice [--local | --base-url URL --model NAME --provider NAME] [--turns N] [--json]``. Without an
endpoint a paced server of our own stands in; ``--local`` starts llama.cpp with the 0.5B model of ``make models``.

The first figure: from `say` to the first sentence stored and handed to the page, over the time a bare client takes to
receive that same sentence for the same messages from the same endpoint, both with a warm prompt cache and greedy. The
second: characters of the prompts around the 50th turn over those around the 5th.
"""

import argparse
import datetime as dt
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from evals.llama_server import ALIAS, running
from interview.actor import Actor, Role
from interview.conversation import LANGS, Lang
from interview.library import FileLibrary
from interview.reading.moves import RuleMoveReader
from llms import weights
from llms.openai_compatible import ChatEndpoint
from llms.prompts import load_prompt
from llms.providers import PROVIDERS, ProviderName
from simulator.rehearsal import Rehearsals, Sentence
from simulator.voices.authored import split_sentences
from simulator.voices.llm import LlmVoice

ACTOR = Actor("bench", Role.MANAGER, "zh")
LOCAL_MODEL = "qwen2.5-coder-0.5b"
LINES: dict[Lang, tuple[str, ...]] = {
    "zh": ("我想先听听你自己怎么看这一段？", "听起来那阵子事情都压在你一个人身上。", "这里面最难的是哪一块？", "嗯，你接着说。",
           "你觉得从哪儿开始改最合适？", "我每周四下午跟你过一次，月底我们再回顾。"),
    "en": ("How do you see this stretch yourself?", "It sounds as if all of it landed on you alone.",
           "Which part of it was the hardest?", "Go on.", "Where would you start changing it?",
           "I'll sit down with you every Thursday and we look again at the end of the month."),
}  # fmt: skip
PACED: dict[Lang, str] = {
    "zh": "{topic}这件事我想了想，最难的还是排期老是在变。{topic}又没人能拍板，我顾不过来。",
    "en": "With the {topic}, looking back, the hardest part was that the plan kept moving. I had nobody to decide.",
}
TOPICS: dict[Lang, tuple[str, ...]] = {
    "zh": ("验收", "交接", "排班", "报价", "对账", "发布", "巡检"),
    "en": ("handover", "rota", "pricing", "release", "audit", "tuning", "tender"),
}
FIRST_S, PIECE_S = 0.35, 0.04
"""Pace of the stand-in: about what a hosted 7B–70B model does."""
_ENDS = ("。", "！", "？", "!", "?", ".")
EARLY, LATE = range(3, 8), range(46, 51)


Prepare = Callable[[int], None]
"""Called before each turn with its number."""


class Clock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """Aware UTC time."""
        return dt.datetime.now(dt.UTC)


@dataclass
class Recorded:
    """An endpoint that answers greedily and remembers what it was asked."""

    inner: ChatEndpoint
    asked: list[Sequence[tuple[str, str]]] = field(default_factory=list[Sequence[tuple[str, str]]])

    def stream(self, messages: Sequence[tuple[str, str]], **options: Any) -> Iterator[str]:
        """The inner endpoint's pieces."""
        self.asked.append(messages)
        return self.inner.stream(messages, **cast("Any", options | {"temperature": 0}))


def bare_first_sentence(endpoint: ChatEndpoint, messages: Sequence[tuple[str, str]], max_tokens: int = 260) -> float:
    """Seconds a plain `openai` client takes until the first sentence of the answer has arrived."""
    import openai

    began = time.perf_counter()
    text, arrived = "", 0.0
    fields = endpoint.provider.request(endpoint.model, temperature=0, max_tokens=max_tokens)
    with (
        openai.OpenAI(base_url=endpoint.base_url, api_key=endpoint.api_key or "none", max_retries=0) as client,
        client.chat.completions.create(
            model=endpoint.model,
            messages=cast("Any", [{"role": role, "content": content} for role, content in messages]),
            stream=True,
            **cast("Any", fields),
        ) as chunks,
    ):
        for chunk in chunks:  # to the end, because a server needs a while to notice that its client has gone
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
            if not arrived and (text.rstrip().endswith(_ENDS) or len(split_sentences(text)) > 1):
                arrived = time.perf_counter() - began
    return arrived or time.perf_counter() - began


def first_sentence(rehearsals: Rehearsals, rehearsal_id: str, line: str) -> tuple[float, dict[str, Any]]:
    """Seconds until the first sentence of the reply is stored and shown, and the turn's voice record."""
    began, first = time.perf_counter(), 0.0
    for event in rehearsals.say(ACTOR, rehearsal_id, line):
        if isinstance(event, Sentence) and not first:
            first = time.perf_counter() - began
    return first, dict(rehearsals.turns(ACTOR, rehearsal_id)[-1].payload["voice"])


def build(home: Path, endpoint: Recorded, timeout_s: float) -> Rehearsals:
    """Rehearsals on a real SQLite file, spoken by the model."""
    from storage.database import open_database
    from storage.repositories import SqlRehearsals
    from storage.vault import Vault

    voice = LlmVoice(endpoint, {lang: load_prompt("employee_reply", lang) for lang in LANGS}, timeout_s)
    library = FileLibrary(Path(__file__).parent.parent / "personas")
    repository = SqlRehearsals(open_database(f"sqlite:///{home / 'bench.db'}"), Vault.from_file(home / "key"), Clock())
    return Rehearsals(library, repository, RuleMoveReader(), {"llm": voice}, Clock())


def speed(endpoint: ChatEndpoint, lang: Lang, turns: int, prepare: Prepare) -> dict[str, Any]:
    """Medians over turns whose first sentence came from the model without a second try."""
    shown: list[float] = []
    bare: list[float] = []
    spoken = 0
    with tempfile.TemporaryDirectory() as folder:
        recorded = Recorded(endpoint)
        rehearsals = build(Path(folder), recorded, endpoint.timeout_s)
        talks = [
            rehearsals.start(ACTOR, "expert-open", "mid-year-check", lang=lang, seed=7, voice="llm").id
            for _ in range(2)
        ]
        for turn in range(turns):
            line = LINES[lang][turn % len(LINES[lang])]
            asked = len(recorded.asked)
            prepare(turn)
            first_sentence(rehearsals, talks[0], line)  # warms the cache for these very messages
            plain = bare_first_sentence(endpoint, recorded.asked[asked])
            after = len(recorded.asked)
            seconds, voice = first_sentence(rehearsals, talks[1], line)
            same = list(recorded.asked[asked]) == list(recorded.asked[after])
            spoken += voice["name"] == "llm"
            if voice == {"name": "llm"} and same:
                shown.append(seconds)
                bare.append(plain)
    if not shown:
        return {"lang": lang, "turns": turns, "spoken": spoken, "compared": 0}
    return {
        "lang": lang, "turns": turns, "spoken": spoken, "compared": len(shown),
        "first_sentence_s": round(statistics.median(shown), 3), "bare_client_s": round(statistics.median(bare), 3),
        "ratio": round(statistics.median(a / b for a, b in zip(shown, bare, strict=True)), 3),
    }  # fmt: skip


def prompt_growth(endpoint: ChatEndpoint, lang: Lang, prepare: Prepare) -> dict[str, Any]:
    """Characters of the prompts early and late in a talk of 50 turns."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = Recorded(endpoint)
        rehearsals = build(Path(folder), recorded, endpoint.timeout_s)
        record = rehearsals.start(ACTOR, "expert-open", "mid-year-check", lang=lang, seed=7, voice="llm")
        sizes: dict[int, int] = {}
        for turn in range(1, max(LATE) + 1):
            before = len(recorded.asked)
            prepare(turn)
            line = f"{LINES[lang][turn % len(LINES[lang])]}（{turn}）"
            for _ in rehearsals.say(ACTOR, record.id, line):
                pass
            sizes[turn] = sum(len(content) for _, content in recorded.asked[before])
    early, late = (statistics.median(sizes[n] for n in window) for window in (EARLY, LATE))
    return {"lang": lang, "chars_5th": early, "chars_50th": late, "ratio": round(late / early, 3)}


@contextmanager
def stand_in(lang: Lang, piece_s: float, first_s: float) -> Generator[tuple[ChatEndpoint, Prepare]]:
    """Our own server at a hosted model's pace; something new each turn, so that nothing is refused as said before."""
    from tests.fakes.llm_server import llm_server

    with llm_server() as server:

        def prepare(turn: int) -> None:
            text = PACED[lang].format(topic=TOPICS[lang][turn % len(TOPICS[lang])])
            server.play(text, piece_chars=2 if lang == "zh" else 5, piece_s=piece_s, first_s=first_s)

        yield ChatEndpoint(server.url, "m", timeout_s=30), prepare


def measured(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One record for each measurement."""
    if args.base_url or args.local:
        with _real(args) as endpoint:
            for lang in LANGS:
                yield {"of": "speed", "endpoint": endpoint.model} | speed(endpoint, lang, args.turns, lambda _: None)
    else:
        for lang in LANGS:
            with stand_in(lang, PIECE_S, FIRST_S) as (endpoint, prepare):
                yield {"of": "speed", "endpoint": "stand-in"} | speed(endpoint, lang, args.turns, prepare)
    for lang in LANGS:
        with stand_in(lang, 0, 0) as (endpoint, prepare):
            yield {"of": "prompt", "endpoint": "stand-in"} | prompt_growth(endpoint, lang, prepare)


@contextmanager
def _real(args: argparse.Namespace) -> Generator[ChatEndpoint]:
    if args.local:
        path = weights.path_of(LOCAL_MODEL, weights.default_cache())
        with running(path) as server:
            yield ChatEndpoint(server.base_url, ALIAS, timeout_s=120, provider=PROVIDERS["llamacpp"])
    else:
        key = os.environ.get("TANDAO_LLM_API_KEY", "")
        yield ChatEndpoint(args.base_url, args.model, key, 120, PROVIDERS[cast("ProviderName", args.provider)])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--base-url", default="")
    parser.add_argument("--model", default="")
    parser.add_argument("--provider", default="other", choices=list(PROVIDERS))
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    for record in measured(args):
        print(json.dumps(record, ensure_ascii=False) if args.json else "  ".join(f"{k} {v}" for k, v in record.items()))


if __name__ == "__main__":
    main()
