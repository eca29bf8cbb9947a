"""The last nets: whatever a handler did not foresee, and whatever Gradio refuses before a handler is called, becomes a
sentence in the user's language, never a stack trace or somebody else's English.
"""

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr

from app.texts import message, t
from interview.conversation import Lang
from interview.errors import TandaoError

_LOG = logging.getLogger("tandao.pages")


def guarded(count: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For handlers whose last argument is the language: on any error warn, and leave ``count`` outputs as they are."""

    def wrap(handler: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(handler)
        def call(*args: Any) -> Any:
            try:
                return handler(*args)
            except TandaoError as error:
                warn(message(error, args[-1]), args[-1])
            except Exception as error:
                report(error, args[-1])
            return gr.skip() if count == 1 else [gr.skip()] * count

        return call

    return wrap


def report(error: Exception, lang: Lang) -> None:
    """Log the kind of an unforeseen error, without anybody's words, and tell the person."""
    _LOG.error("unforeseen error %s in a page handler", type(error).__name__)
    warn(t("error.unexpected", lang), lang)


class Said(gr.Error):
    """A refusal in our own words."""

    def __init__(self, text: str) -> None:
        super().__init__(text, print_exception=False)


class SafeBlocks(gr.Blocks):
    """A page whose every error is said in the person's language. ``language`` is set once the page is built.

    Gradio checks values against the choices it remembers for a session; after a restart it remembers those the page was
    built with, and would say in English what is no choice.
    """

    language: gr.State | None = None

    async def process_api(self, *args: Any, **more: Any) -> dict[str, Any]:
        """What Gradio does, or why not, in our words."""
        try:
            return await super().process_api(*args, **more)
        except Said:
            raise
        except gr.Error as error:
            _LOG.warning("a call was refused before its handler: %s", type(error).__name__)
            raise Said(t("error.page_old", self._language_of(args, more))) from error
        except Exception as error:
            if type(error).__module__.startswith("gradio"):  # not errors but how it steers itself
                raise
            _LOG.error("unforeseen error %s in a call of the page", type(error).__name__)
            raise Said(t("error.unexpected", self._language_of(args, more))) from error

    def _language_of(self, args: Sequence[Any], more: Mapping[str, Any]) -> Lang:
        state = more.get("state", args[2] if len(args) > 2 else None)
        own = self.language
        if own is None:
            return "zh"
        found = own.value if state is None else state[own._id]
        return "en" if found == "en" else "zh"


def warn(text: str, lang: Lang) -> None:
    """A warning that goes away by itself, titled in the person's language; its text is words, which Gradio takes for HTML."""
    gr.Warning(escape(text, quote=False), title=t("toast.warning", lang))


def tell(text: str, lang: Lang) -> None:
    """A message that goes away by itself, titled in the person's language; words, like ``warn``."""
    gr.Info(escape(text, quote=False), title=t("toast.info", lang))
