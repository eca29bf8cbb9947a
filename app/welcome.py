"""``/welcome/SECRET``: the link that works once, the first administrator's or one that sets a password."""

from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from app.door import cookie, form_token, token_fits
from app.plain import FORM, aside, browser_secret, field, fields_of, hidden, lang_of, notes, shown, signed_in, switch
from app.texts import message, t
from app.wiring import Services
from interview.errors import TandaoError

if TYPE_CHECKING:
    from fastapi import FastAPI


def mount_welcome(app: "FastAPI", services: Services) -> None:
    """Add the page to the application."""

    def page(request: Request, secret: str, warning: str = "", typed: dict[str, str] | None = None) -> Response:
        lang, status = lang_of(request, services.settings), 400 if warning else 200
        try:
            account = services.accounts.link(secret)
        except TandaoError as error:
            return shown(request, lang, f"{switch(lang)}{notes(message(error, lang))}", 404)
        browser, given = browser_secret(request), typed or {}
        if account is None:
            who = field("login", lang, auto="username", value=given.get("login", ""))
            who += field("name", lang, auto="name", value=given.get("name", ""))
            head = f"<h1>{t('account.first', lang)}</h1><p>{t('account.first_about', lang)}</p>"
        else:
            head = f"<h1>{t('account.welcome', lang, name=escape(account.name))}</h1>"
            role = t(f"account.role_{account.role}", lang)
            who = f"<p>{t('account.login', lang)} <b>{escape(account.login)}</b> · {role}</p>"
        form = (
            f"<form method='post' action='/welcome/{escape(secret)}?lang={lang}'>{hidden(form_token(browser))}{who}"
            f"{field('new', lang, kind='password', auto='new-password')}<p class='note'>{t('account.password_about', lang)}</p>"
            f"<button>{t('account.set_password', lang)}</button></form>"
        )
        return shown(request, lang, f"{switch(lang)}{head}{notes(warning)}{form}", status, browser)

    def welcome(request: Request, secret: str) -> Response:
        return page(request, secret)

    async def use(request: Request, secret: str) -> Response:
        fields, lang = fields_of(await request.body()), lang_of(request, services.settings)
        if not token_fits(cookie(request.scope, FORM), fields.get("form", "")):
            return await aside(page, request, secret, t("account.form_old", lang), fields)
        try:
            given = (secret, fields.get("new", ""), fields.get("login", ""), fields.get("name", ""))
            session = await aside(services.accounts.use_link, *given)
        except TandaoError as error:
            return await aside(page, request, secret, message(error, lang), fields)
        return signed_in(request, session)

    app.add_api_route("/welcome/{secret}", welcome, methods=["GET"], response_model=None)
    app.add_api_route("/welcome/{secret}", use, methods=["POST"], response_model=None)
