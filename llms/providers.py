"""What providers of OpenAI-compatible endpoints differ in, as one table chosen by ``TANDAO_LLM_PROVIDER``.

Sources, read in 2026: api-docs.deepseek.com/guides/thinking_mode, help.aliyun.com/en/model-studio/deep-thinking,
docs.ollama.com/api/openai-compatibility, docs.vllm.ai features/reasoning_outputs, and the llama.cpp server's README.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Structured = Literal["json_schema", "json_object", "none"]
ProviderName = Literal["openai", "deepseek", "qwen", "ollama", "vllm", "llamacpp", "other"]

_FIXED_SAMPLING = re.compile(r"(?:^|/)(?:o\d|gpt-[5-9])", re.IGNORECASE)
_OPENS_IN_THOUGHT = re.compile(r"(?:^|[-_/:.])(?:r1|qwq|thinking|reasoner|reasoning)(?:$|[-_/:.])", re.IGNORECASE)


def _frozen(**values: Any) -> Mapping[str, Any]:
    return MappingProxyType(values)


@dataclass(frozen=True, slots=True)
class Provider:
    """What one provider understands.

    ``limit`` names the field that bounds the answer. ``quiet`` is sent to keep a model from thinking first, ``extra``
    always; ``thoughts`` are the answer fields that carry reasoning and are never read.
    """

    name: ProviderName
    structured: Structured = "none"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    thoughts: tuple[str, ...] = ("reasoning_content", "reasoning")
    quiet: Mapping[str, Any] = field(default_factory=_frozen)
    extra: Mapping[str, Any] = field(default_factory=_frozen)
    needs_key: bool = False

    def request(self, model: str, *, temperature: float, max_tokens: int) -> dict[str, Any]:
        """The fields of a request that depend on provider and model; what the client doesn't know is in ``extra_body``."""
        if self.name == "openai" and _FIXED_SAMPLING.search(model):  # these refuse a temperature and think regardless
            return {self.limit: max_tokens + 1_000, "reasoning_effort": "low"}
        body = {**self.quiet, **self.extra}
        fields: dict[str, Any] = {self.limit: max_tokens, "temperature": temperature}
        return fields | ({"extra_body": body} if body else {})

    def answer_format(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The request field that asks for JSON by this schema; empty where only the prompt can ask."""
        if self.structured == "json_schema":
            named = {"name": "answer", "schema": dict(schema), "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        if self.structured == "json_object":
            return {"response_format": {"type": "json_object"}}
        return {}


PROVIDERS: Mapping[ProviderName, Provider] = MappingProxyType(
    {
        p.name: p
        for p in (
            Provider("openai", "json_schema", limit="max_completion_tokens", needs_key=True),
            Provider("deepseek", "json_object", quiet=_frozen(thinking={"type": "disabled"}), needs_key=True),
            Provider("qwen", "json_object", quiet=_frozen(enable_thinking=False), needs_key=True),
            Provider("ollama", "json_schema", quiet=_frozen(reasoning_effort="none")),
            Provider("vllm", "json_schema", quiet=_frozen(chat_template_kwargs={"enable_thinking": False})),
            Provider(
                "llamacpp", "json_schema", quiet=_frozen(chat_template_kwargs={"enable_thinking": False}),
                extra=_frozen(cache_prompt=True),
            ),
            Provider("other"),
        )
    }
)  # fmt: skip


def may_open_in_thought(model: str) -> bool:
    """Whether this model's template may open the thought itself, so that only its closing tag reaches us."""
    return _OPENS_IN_THOUGHT.search(model) is not None
