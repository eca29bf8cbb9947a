"""The door where people sign in: behind the gate, before everything else. Nobody comes past without a session but
where ``app/rooms.py`` says so, and nobody into a room of another role.
"""

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.acting import let_in
from app.gate import CALL, JOIN
from app.rooms import Rules, may, rule_of_route
from app.texts import t
from interview.actor import Role
from interview.conversation import Lang
from interview.errors import TandaoError
from people.accounts import Account, Accounts

MAX_PAGES = 20_000
_LOOKED_AT = ("/gradio_api/queue/data", "/gradio_api/heartbeat/")


def cookie_name(scope: Scope, what: str = "session") -> str:
    """``__Host-`` where the connection is encrypted: then no other name of the domain can set or read it."""
    return f"{'__Host-' if scope.get('scheme') in ('https', 'wss') else ''}tandao-{what}"


def cookie(scope: Scope, what: str = "session") -> str:
    """The value of one of our cookies, or nothing."""
    jar = SimpleCookie()
    try:
        jar.load(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return ""
    found = jar.get(cookie_name(scope, what))
    return found.value if found else ""


def set_cookie(scope: Scope, answer: Response, value: str, what: str = "session", *, for_s: int | None = None) -> None:
    """Give the browser a cookie no script reads and no other site sends with its forms; an empty value takes it away."""
    answer.set_cookie(
        cookie_name(scope, what), value, max_age=for_s if value else 0, path="/", httponly=True, samesite="lax",
        secure=scope.get("scheme") in ("https", "wss"),
    )  # fmt: skip


def form_token(secret: str) -> str:
    """What a plain form has to say besides the cookie it was made for; another site can't know it."""
    return hmac.new(secret.encode(), b"tandao form", hashlib.sha256).hexdigest()[:32]


def token_fits(secret: str, token: str) -> bool:
    """Whether a form was made for the browser that sent it."""
    return bool(secret) and hmac.compare_digest(form_token(secret), token)


class Door:
    """ASGI middleware. ``functions``: what each function of the page needs, by its number."""

    def __init__(self, app: ASGIApp, accounts: Accounts, functions: Mapping[int, Rules], lang: Lang) -> None:
        self._app, self._accounts, self._functions = app, accounts, functions
        self._lang: Lang = lang
        self._pages: OrderedDict[str, str] = OrderedDict()
        """Whose page a page session of Gradio is; its state and answers are nobody else's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            secret = cookie(scope)
            account = await asyncio.to_thread(self._accounts.of_session, secret) if secret else None
        except TandaoError:
            await self._say(scope, receive, send, 503, "error.storage")
            return
        refused = self._refusal(scope, account)
        if refused is not None:
            await self._refuse(scope, receive, send, refused, account)
            return
        if account is not None:
            let_in(scope, account)
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, account: Account | None) -> tuple[int, str] | None:
        """Status and message key, or None for what may pass."""
        path, method = str(scope["path"]), str(scope.get("method", "WS"))
        role = account.role if account else None
        rule = rule_of_route(method, path)
        if rule is None:
            return 404, "gate.closed"
        if not may(role, rule):
            return (401, "error.sign_in") if role is None else (403, "error.permission")
        if account is None:
            return None
        if path == JOIN:
            function, page = scope.get(CALL, (None, ""))
            if not may(role, self._functions.get(function)):
                return 403, "error.permission"
            return None if self._is_own(page, account) else (404, "gate.closed")
        if path.startswith(_LOOKED_AT):
            page = path.rpartition("/")[2] if path.startswith(_LOOKED_AT[1]) else _query(scope, "session_hash")
            return None if self._is_own(page, account) else (404, "gate.closed")
        return None

    def _is_own(self, page: str, account: Account) -> bool:
        """Whether a page session is this account's; the first to use it has it."""
        owner = self._pages.setdefault(page, account.id)
        self._pages.move_to_end(page)
        if len(self._pages) > MAX_PAGES:
            self._pages.popitem(last=False)
        return owner == account.id

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, refused: tuple[int, str], account: Account | None
    ) -> None:
        looks = scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and _is_page(scope)
        there = ""
        if looks and refused[0] == 401:
            there = f"/sign-in?to={quote(str(scope['path']), safe='/')}" if scope["path"] != "/" else "/sign-in"
        elif looks and account is not None and scope["path"] == "/":
            there = home_of(account.role)
        if there:
            await RedirectResponse(there, 303, {"cache-control": "no-store"})(scope, receive, send)
            return
        await self._say(scope, receive, send, *refused)

    async def _say(self, scope: Scope, receive: Receive, send: Send, status: int, key: str) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        await PlainTextResponse(t(key, self._lang), status, {"cache-control": "no-store"})(scope, receive, send)


def _is_page(scope: Scope) -> bool:
    """Whether a person looks at the answer, not a script."""
    return "text/html" in Headers(scope=scope).get("accept", "")


def _query(scope: Scope, name: str) -> str:
    found: Any = parse_qs(bytes(scope.get("query_string", b"")).decode("latin-1")).get(name, [""])
    return str(found[0])


def home_of(role: Role) -> str:
    """Where somebody of this role begins."""
    return "/accounts" if role is Role.ADMINISTRATOR else "/"
