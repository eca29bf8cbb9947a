"""The door before Gradio: what the page itself asks for gets in, from this site only, small and well formed.

Gradio's server answers many routes that this product has no use for: calls by function name, uploads, files, a proxy.
Every such route is shut here, in one table, so that a new release of Gradio can't open one unseen.
"""

import ipaddress
import json
import re
import socket
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.texts import t
from interview.conversation import Lang

MAX_BODY_BYTES = 8_000_000
"""The page sends the whole chat with each line: 400 turns of 4,000 Chinese characters are 5 million bytes."""
MAX_DEPTH = 12
JOIN = "/gradio_api/queue/join"
SOCKET = "/live/audio"
"""The one WebSocket; it asks for a token of its own."""
PUBLIC = re.compile(
    r"/health|/ready|/metrics|/robots\.txt|/favicon\.ico|/join/[0-9A-Za-z]{4,16}"
    r"|/(?:consent|me)/[0-9A-Za-z_-]{20,60}(?:/my-data(?:\.json)?)?"
    r"|/live/(?:audio|capture\.js|worklet\.js)"
)
"""What people on other devices may reach in single-user mode: nothing of the rehearsal room."""
POSTED = re.compile(r"/join/[0-9A-Za-z]{4,16}|/(?:consent|me)/[0-9A-Za-z_-]{20,60}")
"""Plain forms."""
RECORDING = re.compile(r"/live/recording(?:/[0-9A-Za-z_-]{8,40})?")
"""A recording to be heard, its progress, its cancelling."""
MAX_FORM_BYTES = 20_000
MAX_SHEET_BYTES = 100_000
"""An employee's page: eighteen texts of 400 Chinese characters, nine bytes each in a form."""
READABLE = re.compile(
    r"/|/flow-card|/live/(?:capture|worklet)\.js|/live/recording/[0-9A-Za-z_-]{8,40}|/live/sound|/health|/ready|/metrics|/join/[0-9A-Za-z]{4,16}|/(?:consent|me)/[0-9A-Za-z_-]{20,60}(?:/my-data(?:\.json)?)?|/my-data(?:\.json)?|/config|/theme\.css|/favicon\.ico|/manifest\.json|/robots\.txt"
    r"|/(?:assets|static|svelte)/.+"
    r"|/gradio_api/(?:queue/data|heartbeat/[0-9a-z]{1,64}|startup-events|app_id|theme\.css)"
)
"""What may be read (GET, HEAD). What may be posted is ``JOIN`` and ``POSTED``; the one WebSocket is ``SOCKET``."""
SIGNING_IN = re.compile(r"/sign-in|/account|/account\.js|/accounts|/welcome/[0-9A-Za-z_-]{20,60}|/oidc/(?:start|back)")
"""What may be read besides, where people sign in."""
SIGNING_IN_POSTED = re.compile(r"/sign-in|/sign-out|/account|/accounts|/welcome/[0-9A-Za-z_-]{20,60}")
CALL = "tandao.call"
"""In a request's scope: function and page session of a checked call."""
_SESSION = re.compile(r"[0-9a-z]{1,64}")
_PASSED_ON = ("data", "event_data", "fn_index", "trigger_id", "session_hash")

# Gradio 6 draws gr.HTML by evaluating its template, hence unsafe-eval; nothing may come from or go to another place.
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), payment=(), usb=()",
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
}


class _Refused(Exception):
    """``status`` and the ``key`` of the sentence that says why."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status, self.key = status, key


class Gate:
    """ASGI middleware. ``functions`` maps the id of each function of the page to the number of values it takes.

    ``everywhere``: other devices may use every page, although nobody logs in. ``accounts``: people sign in (``app/door.py``
    stands behind), hence from everywhere. ``allowed`` lists, with commas, the names this server is known by besides its addresses, ``localhost`` and the
    machine's own name; ``*`` is any name, which gives up the protection against names made to point here.
    """

    def __init__(
        self,
        app: ASGIApp,
        functions: Mapping[int, int],
        allowed: str,
        lang: Lang,
        *,
        everywhere: bool = False,
        accounts: bool = False,
    ) -> None:
        self._app = app
        self._everywhere = everywhere or accounts
        self._accounts = accounts
        self._functions = functions
        self._lang: Lang = lang
        self._listed = frozenset(name.strip().lower() for name in allowed.split(",") if name.strip())
        own = socket.gethostname().lower()
        self._hosts = self._listed | {"localhost", own, f"{own}.local"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it in one sentence."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            self._check_device(scope)
            self._check_site(Headers(scope=scope))
            receive = await self._check_request(scope, receive)
        except _Refused as refused:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            text = t(refused.key, self._lang)
            await PlainTextResponse(text, refused.status, dict(HEADERS))(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                for name in [n for n in headers if n.startswith("access-control-")]:
                    del headers[name]
            await send(message)

        await self._app(scope, receive, with_headers)

    def _check_device(self, scope: Scope) -> None:
        """Without accounts, only this machine may use the rooms; other devices reach the public pages."""
        client = scope.get("client")
        if self._everywhere or client is None or PUBLIC.fullmatch(str(scope["path"])):
            return
        try:
            local = ipaddress.ip_address(client[0]).is_loopback
        except ValueError:  # a socket without an address belongs to this machine
            return
        if not local:
            raise _Refused(403, "gate.local_only")

    def _check_site(self, headers: Headers) -> None:
        """A page of another site must not speak to this one, not even under a name it made point here."""
        host = headers.get("host", "")
        if not self._answers_to(host):
            raise _Refused(421, "gate.host")
        origin = headers.get("origin")
        if origin is not None:
            there = urlsplit(origin).netloc
            if not there or (there != host and _name(there) not in self._listed):
                raise _Refused(403, "gate.origin")
        elif headers.get("sec-fetch-site") in ("cross-site", "same-site") and (
            headers.get("sec-fetch-mode") != "navigate"
        ):
            raise _Refused(403, "gate.origin")

    def _answers_to(self, host: str) -> bool:
        name = _name(host)
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._hosts or ("*" in self._hosts and bool(name))
        return True

    async def _check_request(self, scope: Scope, receive: Receive) -> Receive:
        path, method = str(scope["path"]), str(scope.get("method", ""))
        if scope["type"] == "websocket" and path == SOCKET:
            return receive
        if scope["type"] != "http":
            raise _Refused(403, "gate.closed")
        if method in ("GET", "HEAD"):
            signing_in = self._accounts and SIGNING_IN.fullmatch(path)
            if ".." in path or not (signing_in or READABLE.fullmatch(path)):
                raise _Refused(404, "gate.closed")
            return receive
        if method == "POST" and RECORDING.fullmatch(path):
            return receive  # streamed; the route asks for a token before it reads
        if method == "POST" and (POSTED.fullmatch(path) or (self._accounts and SIGNING_IN_POSTED.fullmatch(path))):
            if not Headers(scope=scope).get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
                raise _Refused(415, "gate.malformed")
            return _said_again(
                await _body(receive, MAX_SHEET_BYTES if path.startswith("/me/") else MAX_FORM_BYTES), receive
            )
        if method != "POST" or path != JOIN:
            raise _Refused(404, "gate.closed")
        if not Headers(scope=scope).get("content-type", "").lower().startswith("application/json"):
            raise _Refused(415, "gate.malformed")
        return _said_again(self._checked(await _body(receive), scope), receive)

    def _checked(self, body: bytes, scope: Scope) -> bytes:
        """The call with only the fields the page sends; refused if it is none of the page's own."""
        try:
            value = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise _Refused(400, "gate.malformed") from error
        if not isinstance(value, dict):
            raise _Refused(400, "gate.malformed")
        call = cast("dict[str, Any]", value)
        function, data, session = call.get("fn_index"), call.get("data"), call.get("session_hash")
        if (
            type(function) is not int
            or function not in self._functions
            or not isinstance(data, list)
            or len(cast("list[Any]", data)) != self._functions[function]
            or not isinstance(session, str)
            or not _SESSION.fullmatch(session)
            or _deeper(call, MAX_DEPTH)
        ):
            raise _Refused(400, "gate.malformed")
        scope[CALL] = function, session
        return json.dumps({name: call[name] for name in _PASSED_ON if name in call}).encode()


def _name(host: str) -> str:
    """The name or address without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    if levels == 0:
        return True
    items = cast("dict[Any, Any]", value).values() if isinstance(value, dict) else cast("list[Any]", value)
    return any(_deeper(item, levels - 1) for item in items)


async def _body(receive: Receive, limit: int = MAX_BODY_BYTES) -> bytes:
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Refused(400, "gate.malformed")
        found += message.get("body", b"")
        if len(found) > limit:
            raise _Refused(413, "gate.large")
        if not message.get("more_body", False):
            return bytes(found)


def _said_again(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the checked body first."""
    said = False

    async def again() -> Message:
        nonlocal said
        if said:
            return await receive()
        said = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
