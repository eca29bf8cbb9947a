"""Any OpenAI-compatible chat endpoint, as a stream of text pieces or a JSON answer, within a time limit."""

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, cast

from interview.errors import LanguageModelError
from llms.bounded import Line, bounded
from llms.providers import PROVIDERS, Provider, may_open_in_thought
from llms.thinking import Unthinking

Message = tuple[str, str]
"""``(role, content)`` with role system, user or assistant."""
MAX_BYTES = 4_000_000
"""Of one answer on the wire, thoughts included; beyond this a stream is taken for endless."""


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """Where and how to ask. ``timeout_s`` bounds the whole answer, not only the first byte."""

    base_url: str
    model: str
    api_key: str = ""
    timeout_s: float = 20.0
    provider: Provider = PROVIDERS["other"]

    def stream(
        self,
        messages: Sequence[Message],
        *,
        temperature: float,
        max_tokens: int,
        timeout_s: float | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """The answer piece by piece, without thoughts; raises LanguageModelError on any failure, cut or overrun.

        ``schema`` asks for JSON in the way the provider understands; where it understands none the prompt must ask.
        """
        limit = self.timeout_s if timeout_s is None else min(timeout_s, self.timeout_s)
        fields = self.provider.request(self.model, temperature=temperature, max_tokens=max_tokens)
        if schema is not None:
            fields |= self.provider.answer_format(schema)
        yield from bounded(lambda line: self._read(messages, fields, limit, line), limit)

    def answer(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        *,
        max_tokens: int,
        timeout_s: float | None = None,
    ) -> Any:
        """A JSON value; whether it fits the schema is for the caller to check. Raises LanguageModelError."""
        stream = self.stream(messages, temperature=0, max_tokens=max_tokens, timeout_s=timeout_s, schema=schema)
        with closing(cast("Any", stream)) as pieces:
            text = "".join(pieces)
        start, end = text.find("{"), text.rfind("}")
        try:
            return json.loads(text[start : end + 1])
        except ValueError as error:
            raise LanguageModelError("no JSON", message_key="error.llm_answer") from error

    def models(self, timeout_s: float | None = None) -> tuple[str, ...]:
        """The models it offers; raises LanguageModelError."""
        limit = self.timeout_s if timeout_s is None else timeout_s
        return tuple(bounded(lambda line: self._list(limit, line), limit))

    def _list(self, limit: float, line: Line) -> Iterator[str]:
        with client_errors(), self.client(limit, line) as client:
            for model in client.models.list().data:
                yield model.id

    def _read(self, messages: Sequence[Message], fields: Mapping[str, Any], limit: float, line: Line) -> Iterator[str]:
        visible = Unthinking(held=may_open_in_thought(self.model))
        finish = None
        with client_errors(), self.client(limit, line) as client:
            asked = client.chat.completions.with_streaming_response.create(
                model=self.model,
                messages=[{"role": role, "content": content} for role, content in messages],
                stream=True,
                **fields,
            )
            with asked as response:
                if "html" in response.headers.get("content-type", "").lower():
                    raise LanguageModelError("a web page answered", message_key="error.llm_url")
                for event in _events(response.iter_bytes()):
                    for choice in cast("list[Any]", event.get("choices") or []):
                        finish = choice.get("finish_reason") or finish
                        delta = cast("dict[str, Any]", choice.get("delta") or {})
                        if any(delta.get(name) for name in self.provider.thoughts):
                            visible.release()
                        if text := visible.feed(str(delta.get("content") or "")):
                            yield text
        if text := visible.close(complete=finish == "stop"):
            yield text
        if finish is None or finish == "length":
            raise LanguageModelError("the answer was cut off", message_key="error.llm_cut")

    def client(self, limit: float, line: Line) -> Any:
        """A client of the openai package that tries once; ``line`` can cut it."""
        import openai

        def follow(request: Any) -> None:
            request.extensions["trace"] = line.trace

        http = openai.DefaultHttpxClient(event_hooks={"request": [follow]})
        return openai.OpenAI(
            base_url=self.base_url, api_key=self.api_key or "none", timeout=limit, max_retries=0, http_client=http
        )


@contextmanager
def client_errors() -> Generator[None]:
    """Turn whatever the client raises into ours; a lying endpoint can break its parser in any way."""
    import openai

    try:
        yield
    except LanguageModelError:
        raise
    except openai.OpenAIError as error:
        raise LanguageModelError(type(error).__name__, message_key=_key(error)) from error
    except UnicodeEncodeError as error:  # a header is ASCII: only the key can be what is not
        raise LanguageModelError("the key has other characters than a key has", message_key="error.llm_key") from error
    except Exception as error:
        raise LanguageModelError(type(error).__name__) from error


def _events(body: Iterator[bytes]) -> Iterator[Any]:
    """The JSON objects of a server-sent stream until its end; raises LanguageModelError for an endless or failed one."""
    rest, length = b"", 0
    for data in body:
        length += len(data)
        if length > MAX_BYTES:
            raise LanguageModelError("endless", message_key="error.llm_answer")
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            payload = line.removeprefix(b"data:").strip() if line.startswith(b"data:") else b""
            if payload == b"[DONE]":
                return
            if payload:
                event = json.loads(payload)
                if "error" in event:
                    raise LanguageModelError("the endpoint reported an error in its stream")
                yield event


def _key(error: Exception) -> str:
    import openai

    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return "error.llm_key"
    if isinstance(error, openai.NotFoundError):
        return "error.llm_url"
    if isinstance(error, openai.APITimeoutError):
        return "error.llm_slow"
    if isinstance(error, openai.RateLimitError):
        return "error.llm_busy"
    if isinstance(error, openai.APIConnectionError):
        return "error.llm_connection"
    return "error.language_model"
