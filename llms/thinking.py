"""Takes a model's thinking out of its stream: tagged, unclosed, split over pieces, or closed without being opened."""

import re

from interview.errors import LanguageModelError

_NAMES = "think|thinking|thought|reasoning"
_TAG = re.compile(rf"<(/?)\s*(?:{_NAMES})\s*>|◁(/?)think▷", re.IGNORECASE)
_LONGEST_TAG = 16


class Unthinking:
    """Feed pieces, get what may be shown. ``held``: nothing is shown until a thought has been closed."""

    def __init__(self, *, held: bool = False) -> None:
        self._held = held
        self._inside = False
        self._shown = False
        self._buffer = ""

    def release(self) -> None:
        """The thoughts turned out to come in a field of their own: text needn't be held."""
        self._held = False

    def feed(self, piece: str) -> str:
        """What is now known to be no thought; raises LanguageModelError if shown text turns out to have been one."""
        self._buffer += piece
        out = ""
        while (tag := _TAG.search(self._buffer)) is not None:
            closing = bool(tag[1] or tag[2])
            before, self._buffer = self._buffer[: tag.start()], self._buffer[tag.end() :]
            if closing and not self._inside and (self._shown or out.strip()):
                raise LanguageModelError("thought aloud", message_key="error.llm_answer")
            if not closing and not self._inside:
                out += before  # spoken before it began to think
            self._inside, self._held = not closing, False
        keep = self._kept()
        if self._inside:
            self._buffer = self._buffer[len(self._buffer) - keep :]
        elif not self._held:
            cut = len(self._buffer) - keep
            out, self._buffer = out + self._buffer[:cut], self._buffer[cut:]
        self._shown = self._shown or bool(out.strip())
        return out

    def close(self, *, complete: bool) -> str:
        """The rest. A held answer that ended by itself was one after all; a thought never closed stays unseen."""
        rest, self._buffer = self._buffer, ""
        if self._inside or (self._held and not complete):
            return ""
        return rest

    def _kept(self) -> int:
        """How many characters at the end may be the start of a tag."""
        start = max(self._buffer.rfind("<"), self._buffer.rfind("◁"))
        length = len(self._buffer) - start
        return length if start >= 0 and length <= _LONGEST_TAG else 0
