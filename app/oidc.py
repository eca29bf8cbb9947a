"""``/oidc/start`` and ``/oidc/back``: signing in with the organisation's provider (OpenID Connect, code flow with PKCE).

State, nonce and verifier wait in a signed cookie of these two paths; any replica can finish what another began.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.plain import aside, lang_of, notes, shown, signed_in, switch
from app.settings import Settings
from app.texts import message, t
from app.wiring import Services
from interview.actor import Role
from interview.errors import ConflictError, InputError, PermissionDeniedError, SettingsError, TandaoError
from people.accounts import Session, role_of

if TYPE_CHECKING:
    from fastapi import FastAPI

MINUTES = 10
"""How long somebody may take at the provider."""
_LOG = logging.getLogger("tandao.oidc")


def role_from(claims: Mapping[str, Any], settings: Settings) -> Role | None:
    """The role the provider's claim gives: the first of the settings' pairs that fits; None where none does.

    Nobody becomes an administrator by a claim.
    """
    value = claims.get(settings.oidc_role_claim) if settings.oidc_role_claim else None
    given = {value} if isinstance(value, str) else _strings(value)
    named = (role for role, wanted in role_pairs(settings.oidc_roles) if wanted in given)
    return next(named, role_of(settings.oidc_default_role))


def role_pairs(text: str) -> list[tuple[Role, str]]:
    """``role=value`` pairs of the settings; raises SettingsError for anything else."""
    found: list[tuple[Role, str]] = []
    for pair in filter(None, (p.strip() for p in text.split(","))):
        name, _, value = (part.strip() for part in pair.partition("="))
        role = role_of(name)
        if role in (None, Role.ADMINISTRATOR) or not value:
            problem = f"TANDAO_OIDC_ROLES: {pair}"
            raise SettingsError(problem, message_key="error.settings", problem=problem)
        found.append((cast("Role", role), value))
    return found


def _strings(value: Any) -> set[str]:
    if not isinstance(value, (list, tuple)):
        return set()
    return {item for item in cast("Iterable[Any]", value) if isinstance(item, str)}


def mount_oidc(app: "FastAPI", services: Services) -> None:
    """Add the two routes; raises SettingsError where authlib is missing or the roles are written wrongly."""
    settings = services.settings
    role_pairs(settings.oidc_roles)
    provider = _provider(settings)

    async def start(request: Request) -> Response:
        try:
            return cast("Response", await provider.authorize_redirect(request, _back(request, settings)))
        except Exception as error:
            return _failed(request, settings, error)

    async def back(request: Request) -> Response:
        try:
            token = await provider.authorize_access_token(request)
            claims = dict(token["userinfo"])
            if settings.oidc_role_claim not in claims:  # many providers tell groups there only
                told = dict(await provider.userinfo(token=token))
                claims = told | claims if told.get("sub") == claims["sub"] else claims
            session = await aside(_session, services, claims)
        except Exception as error:
            return _failed(request, settings, error)
        return signed_in(request, session)

    cookie = Middleware(
        SessionMiddleware,
        secret_key=services.accounts.keyed("oidc"),
        session_cookie="tandao-oidc",
        max_age=MINUTES * 60,
        path="/oidc",
        https_only=settings.public_url.startswith("https:"),
    )
    routes = [Route("/start", start), Route("/back", back)]
    app.mount("/oidc", Starlette(routes=routes, middleware=[cookie]))


def _provider(settings: Settings) -> Any:
    try:
        from authlib.integrations.starlette_client import OAuth  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise SettingsError("no oidc extra", message_key="error.oidc_extra") from error
    kept: dict[str, str] = {"scope": settings.oidc_scopes, "code_challenge_method": "S256"}
    secret = settings.oidc_client_secret.get_secret_value()
    if not secret:
        kept["token_endpoint_auth_method"] = "none"
    issuer = settings.oidc_issuer.rstrip("/")
    made: Any = OAuth()
    return made.register(
        "provider",
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=secret or None,
        client_kwargs=kept,
    )


def _back(request: Request, settings: Settings) -> str:
    """Where the provider sends people back to; the host was checked by the gate."""
    there = settings.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
    return f"{there}/oidc/back"


def _session(services: Services, claims: Mapping[str, Any]) -> Session:
    settings = services.settings
    login = str(claims.get("preferred_username") or claims.get("email") or "")
    name = str(claims.get("name") or "")
    role = role_from(claims, settings)
    try:
        return services.accounts.sign_in_external(
            str(claims["iss"]), str(claims["sub"]), login, name, role, must=bool(settings.oidc_role_claim)
        )
    except ConflictError as error:
        raise InputError("taken", message_key="error.login_taken") from error


def _failed(request: Request, settings: Settings, error: Exception) -> Response:
    """What went wrong, without a word of what the provider said; its kind goes into the log."""
    lang = lang_of(request, settings)
    said = message(error, lang) if isinstance(error, TandaoError) else t("error.oidc", lang)
    if not isinstance(error, TandaoError):
        _LOG.warning("single sign-on failed: %s", type(error).__name__)
    again = f"<p><a class='button' href='/sign-in'>{t('account.sign_in', lang)}</a></p>"
    status = 403 if isinstance(error, PermissionDeniedError) else 400
    return shown(request, lang, f"{switch(lang)}{notes(said)}{again}", status)
