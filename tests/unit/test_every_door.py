"""Every route of the real application and every function of its page, tried as every role, against the two tables.

What exists and is in no table fails; what the table does not allow is refused, directly posted or not.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.door import Door
from app.gate import JOIN, Gate
from app.rooms import FUNCTIONS, ROUTES, Who, may, rule_of_function, rule_of_route
from app.server import build_app
from app.settings import Settings
from app.wiring import Services
from interview.actor import Actor, Role
from people.accounts import ROLES
from people.permissions import TABLE, Action

ROOT = Actor("root", Role.ADMINISTRATOR, "zh")
GOOD = "一句我记得住的话 2026"
EVERYBODY: tuple[Role | None, ...] = (None, *ROLES)


@dataclass
class World:
    services: Services
    app: Any
    functions: dict[int, Any]
    secrets: dict[Role, str]

    def client(self, role: Role | None) -> TestClient:
        found = TestClient(self.app, base_url="http://localhost", follow_redirects=False, raise_server_exceptions=False)
        if role is not None:
            found.cookies.set("tandao-session", self.secrets[role])
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("doors") / "home"
    services = Services(Settings(home=home, accounts="on", language="en"))
    app = asyncio.run(_built(services))  # outside of a loop Gradio makes some that nobody closes
    found: dict[Role, str] = {}
    for role in ROLES:
        account, _ = services.accounts.add(ROOT, f"one-{role}", "", role)
        found[role] = services.accounts.open_session(account).secret
    yield World(services, app, _functions(app), found)
    services.close()


async def _built(services: Services) -> Any:
    return build_app(services)


def _functions(app: Any) -> dict[int, Any]:
    """The page's functions by number, as Gradio itself keeps them."""
    page: Any = next(r.app.get_blocks() for r in app.routes if hasattr(getattr(r, "app", None), "get_blocks"))
    return {number: function.fn for number, function in page.fns.items()}


# --- nothing outside the tables


def test_every_function_of_the_page_is_in_the_table(world: World):
    calls = {number: function for number, function in world.functions.items() if function is not None}
    assert len(calls) > 200
    missing = {f.__module__ for f in calls.values() if rule_of_function(f) is None}
    assert not missing


def test_the_table_of_functions_names_nothing_that_is_gone(world: World):
    there = {f.__module__ for f in world.functions.values() if f is not None}
    named = {f"{f.__module__}:{f.__name__}" for f in world.functions.values() if f is not None}
    late = {"app.ui.coach"}  # called by others
    assert {k for k in FUNCTIONS if ":" not in k} <= there | late
    assert {k for k in FUNCTIONS if ":" in k} <= named


def test_every_route_of_ours_is_in_the_table(world: World):
    filled = {"{secret}": "s" * 30, "{code}": "ABCD23", "{job}": "abcdefgh12", "{job_id}": "abcdefgh12"}
    missing: list[str] = []
    for route in world.app.routes:
        endpoint, path = getattr(route, "endpoint", None), getattr(route, "path", "")
        if endpoint is None or not str(getattr(endpoint, "__module__", "")).startswith("app."):
            continue
        for name, value in filled.items():
            path = path.replace(name, value)
        path = path if "{" not in path else path[: path.index("{")] + "x" * 30
        for method in getattr(route, "methods", None) or {"WS"}:
            if rule_of_route(method, path) is None:
                missing.append(f"{method} {path}")
    assert not missing


def test_gradios_own_routes_are_shut_unless_the_table_says_otherwise(world: World):
    """Every route Gradio has, with every method it answers: reached only where the table has a line for it."""
    gradio: Any = next(r.app for r in world.app.routes if hasattr(getattr(r, "app", None), "get_blocks"))
    client, tried = world.client(Role.MANAGER), 0
    for template, route in _all_routes(gradio.routes):
        path = re.sub(r"\{[^}]*\}", "x1", template)
        for method in getattr(route, "methods", None) or ():
            if rule_of_route(method, path) is not None:
                continue
            tried += 1
            answer = client.request(method, path, json={} if method == "POST" else None)
            assert answer.status_code in (403, 404, 415), (method, path, answer.status_code)
    assert tried > 40


def _all_routes(routes: Any) -> Iterator[tuple[str, Any]]:
    """Path and route, those of included routers with their prefix."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield str(getattr(route, "path", "")), route
        else:  # the path of an inner route has the router's prefix already
            yield from _all_routes(inner.routes)


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/call/send", "/gradio_api/run/send", "/gradio_api/api/send", "/api/predict", "/run/predict",
        "/gradio_api/upload", "/upload", "/gradio_api/queue/join/", "/queue/join", "/gradio_api/reset",
        "/gradio_api/component_server", "/gradio_api/cancel", "/login", "/gradio_api//queue/join",
    ],
)  # fmt: skip
def test_no_other_way_to_call_a_function(world: World, role: Role | None, path: str):
    client = world.client(role)
    call: dict[str, Any] = {"data": [], "fn_index": 1, "session_hash": "abc"}
    assert client.post(path, json=call).status_code in (401, 403, 404)
    files = client.post(path, files={"files": ("x.html", b"<script>")})
    assert files.status_code in (401, 403, 404)


# --- every line of the tables, as every role


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_line_of_the_route_table_holds(world: World, role: Role | None):
    paths = [
        ("GET", "/health"), ("GET", "/ready"), ("GET", "/metrics"), ("GET", "/robots.txt"), ("GET", "/sign-in"),
        ("POST", "/sign-in"), ("POST", "/sign-out"), ("GET", "/account"), ("POST", "/account"), ("GET", "/account.js"),
        ("GET", "/accounts"), ("POST", "/accounts"), ("GET", "/flow-card"), ("GET", "/"), ("GET", "/config"),
        ("GET", "/theme.css"), ("GET", "/gradio_api/app_id"), ("GET", "/live/worklet.js"), ("GET", "/live/capture.js"),
        ("GET", f"/welcome/{'w' * 30}"), ("GET", "/join/ABCD23"), ("GET", f"/me/{'m' * 30}"), ("GET", f"/me/{'m' * 30}/my-data"), ("GET", "/my-data"), ("GET", "/my-data.json"),
        ("GET", f"/consent/{'c' * 30}"), ("GET", "/live/recording/abcdefgh12"), ("POST", "/live/recording"),
    ]  # fmt: skip
    form = {"content-type": "application/x-www-form-urlencoded"}
    elsewhere = {"oidc", "audio", "live/sound", "queue/join"}  # other tests: with a provider, a socket, a stream, calls
    tried = {r.path.pattern for r in ROUTES if any(m in r.methods and r.path.fullmatch(p) for m, p in paths)}
    assert all(any(part in p for part in elsewhere) for p in {r.path.pattern for r in ROUTES} - tried)
    for method, path in paths:
        rule = rule_of_route(method, path)
        assert rule is not None, path
        client = world.client(role)
        answer = client.request(method, path, content=b"" if method == "POST" else None, headers=form)
        refused = answer.status_code == 401 or (answer.status_code == 403 and answer.text == _text("error.permission"))
        assert refused is not may(role, rule), (method, path, answer.status_code, answer.text[:80])


def _text(key: str) -> str:
    from app.texts import t

    return t(key, "en")


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_function_called_directly_as_every_role(world: World, role: Role | None):
    """Straight to the queue with the number of each function: it gets through where the table allows it, nowhere else."""
    reached: list[int] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        body = json.loads((await receive())["body"])
        reached.append(body["fn_index"])
        await PlainTextResponse("reached")(scope, receive, send)

    rules = {number: rule_of_function(function) for number, function in world.functions.items()}
    door = Door(behind, world.services.accounts, rules, "en")
    gate = Gate(door, dict.fromkeys(rules, 0), "", "en", accounts=True)
    client = TestClient(gate, base_url="http://localhost")
    if role is not None:
        client.cookies.set("tandao-session", world.secrets[role])
    for number, rule in rules.items():
        call: dict[str, Any] = {"data": [], "fn_index": number, "session_hash": "s1"}
        answer = client.post(JOIN, json=call)
        allowed = role is not None and Action.LIBRARY_READ in TABLE[role] and may(role, rule)
        assert (answer.status_code == 200) is allowed, (number, world.functions[number])
        if not allowed:
            assert answer.status_code == (401 if role is None else 403)
    assert reached == [
        n for n, rule in rules.items() if role and Action.LIBRARY_READ in TABLE[role] and may(role, rule)
    ]


def test_the_real_page_refuses_a_call_of_another_room(world: World):
    """The same over the whole real application: the trainer's function as HR, the manager's as a trainer."""
    for role, module in (
        (Role.HR, "app.ui.trainer.reviewing"),
        (Role.TRAINER, "app.ui.live"),
        (Role.HR, "app.ui.choose"),
    ):
        gradio: Any = next(r.app for r in world.app.routes if hasattr(getattr(r, "app", None), "get_blocks"))
        fns = gradio.get_blocks().fns
        number = next(n for n, f in fns.items() if f.fn is not None and f.fn.__module__ == module)
        call = {"data": [None] * len(fns[number].inputs), "fn_index": number, "session_hash": secrets.token_hex(5)}
        answer = world.client(role).post(JOIN, json=call)
        assert (answer.status_code, answer.text) == (403, _text("error.permission"))
        assert world.client(None).post(JOIN, json=call).status_code == 401


def test_a_page_session_is_its_owners_alone(world: World):
    manager, trainer = world.client(Role.MANAGER), world.client(Role.TRAINER)
    fns = _blocks(world).fns
    number = next(n for n, f in fns.items() if f.fn is not None and f.fn.__module__ == "app.ui.following")
    call = {"data": [None] * len(fns[number].inputs), "fn_index": number, "session_hash": "abcdef99"}
    assert manager.post(JOIN, json=call).status_code == 200
    assert trainer.post(JOIN, json=call).status_code == 404
    assert trainer.get("/gradio_api/queue/data?session_hash=abcdef99").status_code == 404
    assert trainer.get("/gradio_api/heartbeat/abcdef99").status_code == 404


def _blocks(world: World) -> Any:
    gradio: Any = next(r.app for r in world.app.routes if hasattr(getattr(r, "app", None), "get_blocks"))
    return gradio.get_blocks()


def test_nobody_comes_in_with_a_session_that_ended(world: World):
    accounts = world.services.accounts
    account, _ = accounts.add(ROOT, "leaving", "", Role.MANAGER)
    ends: tuple[Callable[[str], object], ...] = (
        accounts.sign_out, lambda _: accounts.set_role(ROOT, account.id, Role.HR),
        lambda _: accounts.use_link(accounts.reset(ROOT, account.id), GOOD),
        lambda _: accounts.disable(ROOT, account.id),
    )  # fmt: skip
    for end in ends:
        secret = accounts.open_session(accounts.one(ROOT, account.id)).secret
        client = world.client(None)
        client.cookies.set("tandao-session", secret)
        assert client.get("/account").status_code == 200
        end(secret)
        assert client.get("/account").status_code == 401


def test_cookies_forms_and_origins(world: World):
    """The session's cookie is out of scripts' and other sites' reach; a form of elsewhere does nothing."""
    account, link = world.services.accounts.add(ROOT, "cookie", "", Role.MANAGER)
    for scheme, name in (("http", "tandao-session"), ("https", "__Host-tandao-session")):
        client = TestClient(world.app, base_url=f"{scheme}://localhost", follow_redirects=False)
        page = client.get(f"/welcome/{link}") if scheme == "http" else client.get("/sign-in")
        form = page.text.split("name='form' value='")[1].split("'")[0]
        where = f"/welcome/{link}" if scheme == "http" else "/sign-in"
        fields = {"form": form, "login": "cookie", "new": GOOD, "password": GOOD}
        other = client.post(where, data=fields | {"form": "0" * 32})
        assert name not in other.headers.get("set-cookie", "") and other.status_code >= 400
        assert client.post(where, data=fields, headers={"origin": "http://evil.example"}).status_code == 403
        answer = client.post(where, data=fields)
        given = next(v for k, v in answer.headers.multi_items() if k == "set-cookie" and v.startswith(f"{name}="))
        assert answer.status_code == 303
        assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in given.split(";")}
        assert ("secure" in given.lower()) is (scheme == "https") and "domain" not in given.lower()
        for path in ("/account", "/sign-out"):
            before = client.post(path, data={"form": "0" * 32, "old": GOOD, "new": GOOD + "x", "what": "everywhere"})
            assert before.status_code in (303, 403)
        assert client.get("/account").status_code == 200, "a forged form signed somebody out"
    assert client.get(f"/welcome/{link}").status_code == 404, "the link works twice"
    assert world.services.accounts.one(ROOT, account.id).has_password


def test_the_socket_of_the_microphone_opens_for_no_other_site(world: World):
    client = world.client(Role.MANAGER)
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect("/live/audio", headers={"origin": "http://evil.example"}),
    ):
        pass
    assert refused.value.code == 1008


def test_the_table_itself_is_closed(world: World):
    assert {route.rule for route in ROUTES} <= {*Action, *Who}
    assert not TABLE[Role.EMPLOYEE]
    assert TABLE[Role.ADMINISTRATOR].keys() == {Action.ACCOUNTS_MANAGE}, "administrators manage accounts, not content"
    assert rule_of_route("GET", "/x") is None and rule_of_route("DELETE", "/") is None
