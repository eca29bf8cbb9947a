"""The doctor's look at the language model: address, key, model, streaming and JSON, as its provider promises them."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from app.doctor import Finding
from app.settings import Settings
from interview.errors import LanguageModelError
from llms.openai_compatible import ChatEndpoint
from llms.providers import PROVIDERS

_ASKED = [("user", "用一句话说说今天的天气，只说这一句。")]
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"yes": {"type": "boolean"}},
    "required": ["yes"],
    "additionalProperties": False,
}
_ASKED_JSON = [("user", 'Is 2 greater than 1? Answer with JSON only, as in {"yes": true}.')]
_KINDS = {
    "error.llm_connection": "connection",
    "error.llm_url": "url",
    "error.llm_key": "key",
    "error.llm_busy": "busy",
    "error.llm_slow": "slow",
}


def llm(settings: Settings) -> Iterator[Finding]:
    """Nothing where none is set; else one real sentence and, where the table says so, one JSON answer."""
    if not settings.llm_base_url:
        yield Finding("llm", "ok", "none")
        return
    provider, key = PROVIDERS[settings.llm_provider], settings.llm_api_key.get_secret_value()
    if not settings.llm_model:
        yield Finding("llm", "broken", "model")
    elif provider.needs_key and not key:
        yield Finding("llm", "broken", "nokey", {"provider": provider.name})
    else:
        endpoint = ChatEndpoint(settings.llm_base_url, settings.llm_model, key, settings.llm_timeout_s, provider)
        yield from _speaks(endpoint)


def judge(settings: Settings) -> Iterator[Finding]:
    """Nothing where none is set; else whether it is another model than the voice and answers with JSON."""
    if not settings.judge_base_url:
        return
    provider, key = PROVIDERS[settings.judge_provider], settings.judge_api_key.get_secret_value()
    if not settings.judge_model:
        yield Finding("judge", "broken", "model")
    elif settings.judge_is_voice:
        yield Finding("judge", "broken", "same", {"model": settings.judge_model})
    elif provider.needs_key and not key:
        yield Finding("judge", "broken", "nokey", {"provider": provider.name})
    else:
        endpoint = ChatEndpoint(settings.judge_base_url, settings.judge_model, key, settings.judge_timeout_s, provider)
        yield _judges(endpoint)


def _judges(endpoint: ChatEndpoint) -> Finding:
    params = {"model": endpoint.model, "url": endpoint.base_url, "seconds": f"{endpoint.timeout_s:g}"}
    try:
        answer = endpoint.answer(_ASKED_JSON, _SCHEMA, max_tokens=120)
    except LanguageModelError as error:
        if error.message_key in ("error.llm_answer", "error.llm_cut"):
            return Finding("judge", "warning", "wrong", params)
        return Finding(
            "judge", "broken", _KINDS.get(error.message_key, "failed"), params | {"problem": str(error)[:120]}
        )
    fields = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
    sound = isinstance(fields.get("yes"), bool)
    return Finding("judge", "ok" if sound else "warning", "ok" if sound else "wrong", params)


def _speaks(endpoint: ChatEndpoint) -> Iterator[Finding]:
    began = time.monotonic()
    first, pieces = 0.0, 0
    try:
        for _ in endpoint.stream(_ASKED, temperature=0.2, max_tokens=120):
            first = first or time.monotonic() - began
            pieces += 1
    except LanguageModelError as error:
        if error.message_key != "error.llm_cut" or not pieces:  # running into the limit is no fault here
            yield _failure(endpoint, error)
            return
    yield Finding("llm", "ok", "ok", {"model": endpoint.model, "url": endpoint.base_url})
    says = "ok" if pieces > 1 else "once"
    yield Finding("streaming", "ok" if pieces > 1 else "warning", says, {"seconds": f"{first:.1f}"})
    yield _answers_json(endpoint)


def _answers_json(endpoint: ChatEndpoint) -> Finding:
    provider = endpoint.provider
    if provider.structured == "none":
        return Finding("json", "ok", "none", {"provider": provider.name})
    try:
        answer = endpoint.answer(_ASKED_JSON, _SCHEMA, max_tokens=120)
    except LanguageModelError:
        answer = None
    fields = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
    sound = isinstance(fields.get("yes"), bool)
    return Finding("json", "ok" if sound else "warning", "ok" if sound else "wrong", {"how": provider.structured})


def _failure(endpoint: ChatEndpoint, error: LanguageModelError) -> Finding:
    says = _KINDS.get(error.message_key, "failed")
    params: dict[str, str | int | float] = {
        "url": endpoint.base_url, "model": endpoint.model, "seconds": f"{endpoint.timeout_s:g}", "problem": str(error)[:120],
        "known": _known(endpoint) if says == "url" else "",
    }  # fmt: skip
    return Finding("llm", "broken", says, params)


def _known(endpoint: ChatEndpoint) -> str:
    """The models that are there, if the endpoint tells."""
    try:
        names = replace(endpoint, timeout_s=5).models()
    except LanguageModelError:
        return ""
    return "→ " + ", ".join(names[:8]) if names else ""
