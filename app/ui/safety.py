"""The last net: whatever a handler did not foresee becomes a sentence in the user's language, never a stack trace."""

import functools
import logging
from collections.abc import Callable
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


def warn(text: str, lang: Lang) -> None:
    """A warning that goes away by itself, titled in the person's language."""
    gr.Warning(text, title=t("toast.warning", lang))


def tell(text: str, lang: Lang) -> None:
    """A message that goes away by itself, titled in the person's language."""
    gr.Info(text, title=t("toast.info", lang))
