"""Single sign-on against a real OpenID provider on this machine."""

import asyncio
import base64
import hashlib
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.oidc import role_from, role_pairs
from app.server import build_app
from app.settings import Settings
from app.wiring import Services
from interview.actor import Actor, Role
from interview.errors import SettingsError

ROOT = Actor("root", Role.ADMINISTRATOR, "zh")
PEOPLE: dict[str, dict[str, Any]] = {
    "u-lead": {"sub": "u-lead", "preferred_username": "Lead", "name": "林主管", "groups": ["leads", "x"]},
    "u-hr": {"sub": "u-hr", "preferred_username": "hr1", "name": "何", "groups": "people-ops"},
    "u-boss": {"sub": "u-boss", "preferred_username": "boss", "groups": ["administrator", "admins"]},
    "u-taken": {"sub": "u-taken", "preferred_username": "local1", "groups": ["leads"]},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    for claims in PEOPLE.values():
        command += ["--user-claims", json.dumps(claims)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            httpx.get(f"{url}/.well-known/openid-configuration")
            break
        except httpx.HTTPError:
            time.sleep(0.2)
    yield url
    process.kill()
    process.wait()


async def _built(services: Services) -> Any:
    return build_app(services)


@pytest.fixture(scope="module")
def services(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    home: Path = tmp_path_factory.mktemp("oidc") / "home"
    made = Services(
        Settings(
            home=home, accounts="on", language="en", oidc_issuer=provider, oidc_client_id="tandao", oidc_client_secret=SecretStr("secret"),
            oidc_name="Acme", oidc_role_claim="groups", oidc_roles="manager=leads, hr=people-ops",
        )
    )  # fmt: skip
    yield made
    made.close()


@pytest.fixture(scope="module")
def app(services: Services) -> Any:
    return asyncio.run(_built(services))


def browser(app: Any) -> TestClient:
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def sent_back(client: TestClient, sub: str) -> str:
    """Where the provider sends the browser after ``sub`` has signed in there."""
    start = client.get("/oidc/start")
    assert start.status_code == 302
    with httpx.Client() as there:
        answer = there.post(start.headers["location"], data={"sub": sub})
    return re.sub(r"^https?://[^/]+", "", answer.headers["location"])


def test_what_is_asked_of_the_provider(app: Any):
    client = browser(app)
    assert "Sign in with Acme" in client.get("/sign-in").text
    asked = parse_qs(urlsplit(client.get("/oidc/start").headers["location"]).query)
    assert asked["response_type"] == ["code"] and asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://localhost/oidc/back"]
    assert all(len(asked[name][0]) >= 16 for name in ("state", "nonce"))
    assert len(base64.urlsafe_b64decode(asked["code_challenge"][0] + "=")) == hashlib.sha256().digest_size


def test_the_claim_gives_the_role_and_an_account(app: Any, services: Services):
    for sub, login, role in (("u-lead", "lead", Role.MANAGER), ("u-hr", "hr1", Role.HR)):
        client = browser(app)
        back = client.get(sent_back(client, sub))
        assert (back.status_code, back.headers["location"]) == (303, "/")
        account = next(a for a in services.accounts.all(ROOT) if a.login == login)
        assert account.role is role and account.external and not account.has_password
        assert login in client.get("/account").text
    assert len(services.accounts.all(ROOT)) == len({a.login for a in services.accounts.all(ROOT)})


def test_nobody_becomes_an_administrator_or_somebody_else(app: Any, services: Services):
    services.accounts.add(ROOT, "local1", "", Role.HR)
    for sub, status in (("u-boss", 403), ("u-taken", 400)):
        client = browser(app)
        back = client.get(sent_back(client, sub))
        assert back.status_code == status and "tandao-session" not in client.cookies
    assert not any(a.login == "boss" for a in services.accounts.all(ROOT))
    assert next(a for a in services.accounts.all(ROOT) if a.login == "local1").role is Role.HR


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(app: Any):
    asked, other = browser(app), browser(app)
    there = sent_back(asked, "u-lead")
    assert other.get(there).status_code == 400, "somebody was signed in with another's answer"
    forged = re.sub(r"state=[^&]+", "state=forged", there)
    assert asked.get(forged).status_code == 400
    assert asked.get(there).status_code == 303
    assert asked.get(there).status_code == 400
    assert asked.get("/oidc/back?error=access_denied&error_description=%3Cscript%3E").text.count("<script") == 0


def test_a_provider_that_is_away_is_said(tmp_path: Path):
    made = Services(
        Settings(
            home=tmp_path / "h", accounts="on", language="en", oidc_issuer="http://127.0.0.1:9", oidc_client_id="x"
        )
    )
    answer = browser(asyncio.run(_built(made))).get("/oidc/start")
    assert answer.status_code == 400 and "failed" in answer.text
    made.close()


def test_roles_of_settings():
    assert role_pairs("manager=a b, hr=c") == [(Role.MANAGER, "a b"), (Role.HR, "c")]
    for wrong in ("administrator=admins", "king=x", "manager", "hr="):
        with pytest.raises(SettingsError):
            role_pairs(wrong)
    given = Settings(oidc_role_claim="groups", oidc_roles="hr=h,manager=m", oidc_default_role="manager")
    assert role_from({"groups": ["m", "h"]}, given) is Role.HR, "the first pair that fits"
    assert role_from({"groups": {"h": 1}}, given) is Role.MANAGER
    assert role_from({}, Settings(oidc_role_claim="groups", oidc_roles="hr=h")) is None
