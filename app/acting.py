"""Whose request is being answered: the account that ``app/door.py`` found for it."""

import sys
from collections.abc import MutableMapping
from typing import Any

from people.accounts import Account

_KEY = "tandao.account"
Scope = MutableMapping[str, Any]


def let_in(scope: Scope, account: Account) -> None:
    """Remember whose request this is."""
    scope[_KEY] = account


def account_of(scope: Scope) -> Account | None:
    """Who was let in with this request, or None."""
    found = scope.get(_KEY)
    return found if isinstance(found, Account) else None


def request_scope() -> Scope | None:
    """The scope of the request that called the page's function now running; None outside of such a call.

    Gradio runs functions in a task of its own, whose context is that of whoever came first: only what it sets for each
    call can be trusted, never a context variable of the request.
    """
    module: Any = sys.modules.get("gradio.context")  # not there: no page, a command
    request = module.LocalContext.request.get(None) if module else None
    inner = getattr(request, "request", None)
    return None if inner is None else inner.scope
