"""Any OpenAI-compatible transcription endpoint: one short recording in, its JSON answer out, within a time limit."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from interview.errors import LanguageModelError
from llms.bounded import Line, bounded
from llms.openai_compatible import ChatEndpoint, client_errors

MAX_BYTES = 1_000_000
"""Of one answer; half a minute of speech is some kilobytes."""


@dataclass(frozen=True, slots=True)
class TranscriptionEndpoint:
    """Where and how to ask. ``timeout_s`` bounds the whole answer, not only the first byte."""

    base_url: str
    model: str
    api_key: str = ""
    timeout_s: float = 30.0

    def transcribe(self, wav: bytes, lang: str, prompt: str, *, plain: bool) -> Mapping[str, Any]:
        """The JSON answer, which has a ``text``; raises LanguageModelError on any failure, cut or overrun.

        ``wav``: a whole file. ``lang``: ISO 639-1, or empty for whatever is spoken. ``plain``: ask for the bare words, as
        some models know no more; else for their figures as well. Nothing is asked twice.
        """
        fields: dict[str, Any] = {"response_format": "json" if plain else "verbose_json", "temperature": 0}
        fields |= {"language": lang} if lang else {}
        fields |= {"prompt": prompt} if prompt else {}
        body = "".join(bounded(lambda line: self._post(wav, fields, line), self.timeout_s))
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise LanguageModelError("no JSON", message_key="error.llm_answer") from error
        if not isinstance(answer, dict) or not isinstance(cast("Any", answer).get("text"), str):
            raise LanguageModelError("no text", message_key="error.llm_answer")
        return cast("dict[str, Any]", answer)

    def _post(self, wav: bytes, fields: Mapping[str, Any], line: Line) -> Iterator[str]:
        chat = ChatEndpoint(self.base_url, self.model, self.api_key)
        with client_errors(), chat.client(self.timeout_s, line) as client:
            asked = client.audio.transcriptions.with_streaming_response.create(
                file=("speech.wav", wav, "audio/wav"), model=self.model, **fields
            )
            with asked as response:
                if "html" in response.headers.get("content-type", "").lower():
                    raise LanguageModelError("a web page answered", message_key="error.llm_url")
                body = b""
                for data in response.iter_bytes():
                    body += data
                    if len(body) > MAX_BYTES:
                        raise LanguageModelError("endless", message_key="error.llm_answer")
                yield body.decode("utf-8", "replace")
