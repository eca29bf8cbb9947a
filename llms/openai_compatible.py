"""Any OpenAI-compatible chat endpoint, as a stream of text pieces within a time limit."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from interview.errors import LanguageModelError

Message = tuple[str, str]
"""``(role, content)`` with role system, user or assistant."""


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """Where and how to ask. ``timeout_s`` bounds the whole answer, not only the first byte."""

    base_url: str
    model: str
    api_key: str = ""
    timeout_s: float = 20.0

    def stream(self, messages: Sequence[Message], *, temperature: float, max_tokens: int) -> Iterator[str]:
        """The answer piece by piece; raises LanguageModelError on any failure, cut or overrun."""
        import openai

        deadline = time.monotonic() + self.timeout_s
        client = openai.OpenAI(
            base_url=self.base_url, api_key=self.api_key or "none", timeout=self.timeout_s, max_retries=0
        )
        finished = False
        try:
            with client.chat.completions.create(
                model=self.model,
                messages=cast("Any", [{"role": role, "content": content} for role, content in messages]),
                temperature=temperature,
                max_tokens=max_tokens,
                stream=True,
            ) as chunks:
                for chunk in chunks:
                    _in_time(deadline)
                    for choice in chunk.choices:
                        finished = finished or choice.finish_reason is not None
                        if choice.delta.content:
                            yield choice.delta.content
        except openai.OpenAIError as error:
            raise LanguageModelError(type(error).__name__, message_key=_key(error)) from error
        except LanguageModelError:
            raise
        except Exception as error:  # a lying endpoint can break the client's parser in any way
            raise LanguageModelError(type(error).__name__) from error
        finally:
            client.close()
        if not finished:
            raise LanguageModelError("the answer was cut off", message_key="error.llm_cut")


def _in_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise LanguageModelError("too slow", message_key="error.llm_slow")


def _key(error: Exception) -> str:
    import openai

    if isinstance(error, openai.AuthenticationError):
        return "error.llm_key"
    if isinstance(error, openai.APITimeoutError):
        return "error.llm_slow"
    if isinstance(error, openai.RateLimitError):
        return "error.llm_busy"
    return "error.language_model"
