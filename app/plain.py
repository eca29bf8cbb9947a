"""What every plain page with a form shares: fields, proof of where a form comes from, switch of language, wrong input."""

import asyncio
import secrets
from collections.abc import Callable
from html import escape
from typing import Any, TypeVar
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.door import cookie, home_of, set_cookie
from app.join import page_html
from app.settings import Settings
from app.texts import t
from interview.conversation import LANGS, Lang
from interview.errors import TandaoError
from people.accounts import Session

T = TypeVar("T")
HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
FORM = "form"
"""The cookie that ties a form to a browser nobody has signed in with yet."""
LEADS_TO = ("/", "/account", "/accounts", "/flow-card", "/my-data")
"""Where one may be led after signing in."""
LANGUAGE = "language"


def fields_of(body: bytes) -> dict[str, str]:
    """The form's fields, the first of each; too many are as good as none."""
    try:
        found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def lang_of(request: Request, settings: Settings) -> Lang:
    """The page's language: as asked for, else as asked for before, else the settings'."""
    for asked in (request.query_params.get("lang", ""), cookie(request.scope, LANGUAGE)):
        if asked in LANGS:
            return "en" if asked == "en" else "zh"
    return settings.language


def address_of(request: Request) -> str:
    """Where the request came from."""
    return request.client.host if request.client else ""


def in_the_clear(request: Request) -> bool:
    """Whether a password would go over a network unencrypted."""
    return request.url.scheme == "http" and address_of(request) not in ("127.0.0.1", "::1", "testclient", "")


def status_of(error: TandaoError) -> int:
    """The HTTP status of a refusal."""
    return 429 if error.message_key in ("error.sign_in_locked", "error.sign_in_address") else 400


def browser_secret(request: Request) -> str:
    """What ties a form to this browser before anybody signed in."""
    return cookie(request.scope, FORM) or secrets.token_urlsafe(24)


def shown(request: Request, lang: Lang, body: str, status: int = 200, fresh: str = "") -> HTMLResponse:
    """A whole page. ``fresh``: the browser's secret, where a form needs it."""
    answer = HTMLResponse(page_html(lang, body), status, HEADERS)
    if fresh:
        set_cookie(request.scope, answer, fresh, FORM)
    if request.query_params.get("lang") in LANGS:
        set_cookie(request.scope, answer, lang, LANGUAGE, for_s=31_536_000)
    return answer


def signed_in(request: Request, session: Session, to: str = "") -> Response:
    """Lead somebody who has just signed in to where they begin, with their session's cookie."""
    there = to if to in LEADS_TO and to != "/" else home_of(session.account.role)
    answer = RedirectResponse(there, 303, HEADERS)
    set_cookie(request.scope, answer, session.secret)
    set_cookie(request.scope, answer, "", FORM)
    return answer


def notes(warning: str = "", done: str = "") -> str:
    """What went wrong and what was done, as every plain page says it."""
    said = f"<p class='flag' role='alert'>{escape(warning)}</p>" if warning else ""
    return said + (f"<p role='status'><b>{escape(done)}</b></p>" if done else "")


def switch(lang: Lang) -> str:
    """The links to the same page in the other language."""
    return "<p class='note'>" + " · ".join(
        f"<a href='?lang={other}'{' aria-current=true' if other == lang else ''}>{'中文' if other == 'zh' else 'English'}</a>"
        for other in LANGS
    ) + "</p>"  # fmt: skip


def field(name: str, lang: Lang, *, kind: str = "text", auto: str = "off", value: str = "", least: int = 1) -> str:
    """One labelled field; its label is ``account.<name>``."""
    return (
        f"<label for='{name}'>{t(f'account.{name}', lang)}</label><input id='{name}' name='{name}' type='{kind}' required "
        f"minlength='{least}' maxlength='200' autocomplete='{auto}' autocapitalize='none' value='{escape(value)}'>"
    )


def hidden(token: str) -> str:
    """The form's proof of where it comes from."""
    return f"<input type='hidden' name='form' value='{token}'>"


async def aside(work: Callable[..., T], *given: Any) -> T:
    """Run what waits for a password hash or the database beside the event loop."""
    return await asyncio.to_thread(work, *given)
