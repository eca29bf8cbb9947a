"""``/sign-in``, ``/sign-out``, ``/account``: plain pages that work without script."""

import asyncio
import json
from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.acting import account_of
from app.door import cookie, form_token, home_of, set_cookie, token_fits
from app.plain import (
    FORM,
    HEADERS,
    LEADS_TO,
    address_of,
    aside,
    browser_secret,
    field,
    fields_of,
    hidden,
    in_the_clear,
    lang_of,
    notes,
    shown,
    signed_in,
    status_of,
    switch,
)  # fmt: skip
from app.texts import message, t
from app.wiring import Services
from interview.conversation import Lang
from interview.errors import TandaoError
from people.accounts import Account

if TYPE_CHECKING:
    from fastapi import FastAPI

SCRIPT = """(() => {
  const who = %s, plain = window.fetch;
  let leaving = false;
  const mark = () => { document.body.dataset.account = document.body.dataset.role = who; };
  if (document.body) mark(); else addEventListener('DOMContentLoaded', mark);
  window.fetch = async (...call) => {
    const answer = await plain(...call);
    if (answer.status === 401 && !leaving) {
      leaving = true;  // several calls are told so; one of them goes
      location.assign('/sign-in');
    }
    return answer;
  };
})();
"""
"""Marks the page with the role, for its style, and leads to the sign-in page once the session is over."""


def mount_login(app: "FastAPI", services: Services) -> None:
    """Add the pages to the application."""
    pages = _Pages(services)
    for path, handler, method in (
        ("/sign-in", pages.sign_in_form, "GET"), ("/sign-in", pages.sign_in, "POST"),
        ("/sign-out", pages.sign_out, "POST"),
        ("/account", pages.own_account, "GET"), ("/account", pages.change, "POST"), ("/account.js", pages.script, "GET"),
    ):  # fmt: skip
        app.add_api_route(path, handler, methods=[method], response_model=None)


class _Pages:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services, self._accounts, self._settings = services, services.accounts, services.settings

    def sign_in_form(self, request: Request) -> Response:
        account = account_of(request.scope)
        if account is not None:
            return RedirectResponse(home_of(account.role), 303, HEADERS)
        return self._sign_in_page(request)

    async def sign_in(self, request: Request) -> Response:
        fields, lang = fields_of(await request.body()), lang_of(request, self._settings)
        login = fields.get("login", "")[:200]
        if not token_fits(cookie(request.scope, FORM), fields.get("form", "")):
            return self._sign_in_page(request, t("account.form_old", lang), login, 403)
        try:
            given = (login, fields.get("password", ""), address_of(request))
            session = await aside(self._accounts.sign_in, *given)
        except TandaoError as error:
            return self._sign_in_page(request, message(error, lang), login, status_of(error))
        old = cookie(request.scope)
        if old:
            await aside(self._accounts.sign_out, old)
        return signed_in(request, session, request.query_params.get("to", ""))

    def _sign_in_page(self, request: Request, warning: str = "", login: str = "", status: int = 200) -> HTMLResponse:
        secret, lang = browser_secret(request), lang_of(request, self._settings)
        to = request.query_params.get("to", "")
        there = f"/sign-in?lang={lang}&to={escape(to) if to in LEADS_TO else ''}"
        outside = ""
        if self._settings.oidc_on:
            name = escape(self._settings.oidc_name) or t("account.organisation", lang)
            outside = f"<p><a class='button' href='/oidc/start'>{t('account.oidc', lang, name=name)}</a></p>"
        plain = f"<p class='flag'>{t('account.plain_http', lang)}</p>" if in_the_clear(request) else ""
        form = (
            f"<form method='post' action='{there}'>{hidden(form_token(secret))}"
            f"{field('login', lang, auto='username', value=login)}"
            f"{field('password', lang, kind='password', auto='current-password')}"
            f"<button>{t('account.sign_in', lang)}</button></form>"
        )
        head = f"{switch(lang)}<h1>{t('app.title', lang)}</h1><p class='note'>{t('app.subtitle', lang)}</p>"
        body = f"{head}{notes(warning)}{plain}{outside}{form}<p class='note'>{t('account.forgotten', lang)}</p>"
        return shown(request, lang, body, status, secret)

    async def sign_out(self, request: Request) -> Response:
        fields, secret = fields_of(await request.body()), cookie(request.scope)
        if not token_fits(secret, fields.get("form", "")):
            return RedirectResponse("/account", 303, HEADERS)
        await asyncio.to_thread(self._accounts.sign_out, secret, everywhere=fields.get("what") == "everywhere")
        answer = RedirectResponse("/sign-in", 303, HEADERS | {"clear-site-data": '"cache", "storage"'})
        set_cookie(request.scope, answer, "")
        return answer

    def own_account(self, request: Request) -> HTMLResponse:
        return self._account_page(request)

    async def change(self, request: Request) -> Response:
        fields, lang = fields_of(await request.body()), lang_of(request, self._settings)
        account = account_of(request.scope)
        if account is None or not token_fits(cookie(request.scope), fields.get("form", "")):
            return self._account_page(request, t("account.form_old", lang), 403)
        try:
            given = (account, fields.get("old", ""), fields.get("new", ""), address_of(request))
            session = await aside(self._accounts.change_password, *given)
        except TandaoError as error:
            return self._account_page(request, message(error, lang), status_of(error))
        return signed_in(request, session)

    def _account_page(self, request: Request, warning: str = "", status: int = 200) -> HTMLResponse:
        account = account_of(request.scope)
        lang, token = lang_of(request, self._settings), form_token(cookie(request.scope))
        return shown(request, lang, _account_html(account, lang, token, notes(warning)) if account else "", status)

    def script(self, request: Request) -> Response:
        account = account_of(request.scope)
        text = SCRIPT % json.dumps(str(account.role) if account else "")
        return Response(text, media_type="text/javascript", headers={"cache-control": "no-store"})


def _account_html(account: Account, lang: Lang, token: str, said: str) -> str:
    told = ""
    if account.link_at:
        when = account.link_at.astimezone().strftime("%Y-%m-%d %H:%M")
        told = f"<p class='flag'>{t('account.link_made', lang, when=when)}</p>"
    password = ""
    if account.has_password:
        password = (
            f"<h2>{t('account.change', lang)}</h2><form method='post' action='/account?lang={lang}'>{hidden(token)}"
            f"{field('old', lang, kind='password', auto='current-password')}"
            f"{field('new', lang, kind='password', auto='new-password')}"
            f"<p class='note'>{t('account.password_about', lang)}</p><button>{t('account.change', lang)}</button></form>"
        )
    out = (
        f"<form method='post' action='/sign-out'>{hidden(token)}<div class='pair'>"
        f"<button name='what' value='here'>{t('account.sign_out', lang)}</button>"
        f"<button name='what' value='everywhere'>{t('account.sign_out_everywhere', lang)}</button></div></form>"
    )
    return (
        f"{switch(lang)}<p class='note'><a href='{home_of(account.role)}'>{t('account.back', lang)}</a></p>"
        f"<h1>{escape(account.name)}</h1><p>{t('account.login', lang)} <b>{escape(account.login)}</b> · "
        f"{t(f'account.role_{account.role}', lang)}</p>{told}{said}"
        f"<p><a href='/my-data?lang={lang}'>{t('data.link', lang)}</a></p>{out}{password}"
    )
