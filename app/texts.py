"""Words of pages and messages in both languages, from ``locales/*.json``."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from interview.conversation import Lang
from interview.errors import TandaoError


@cache
def locale(lang: Lang) -> Mapping[str, str]:
    """All texts of one language by key."""
    text = files("app").joinpath("locales", f"{lang}.json").read_text(encoding="utf-8")
    return json.loads(text)


def t(key: str, lang: Lang, **params: str | int | float) -> str:
    """One text with its parameters filled in; raises KeyError for an unknown key."""
    return locale(lang)[key].format(**params)


def message(error: TandaoError, lang: Lang) -> str:
    """What to tell the person about an error."""
    key = error.message_key if error.message_key in locale(lang) else "error.unexpected"
    return t(key, lang, **error.params)
