"""``/accounts``: administrators' page. Who may come in and as what; nothing of what anybody said is read here."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.door import cookie, form_token, token_fits
from app.plain import aside, field, fields_of, hidden, lang_of, notes, shown, switch
from app.texts import message, t
from app.wiring import Services
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import InputError, TandaoError
from people.accounts import LINK_LIFE, LOCAL_ID, ROLES, Account, role_of

if TYPE_CHECKING:
    from fastapi import FastAPI


def mount_accounts(app: "FastAPI", services: Services) -> None:
    """Add the page to the application."""

    def draw(request: Request, done: str = "", warning: str = "", status: int = 200) -> HTMLResponse:
        lang = lang_of(request, services.settings)
        actor = services.acting(lang, scope=request.scope)
        token = form_token(cookie(request.scope))
        rows = services.accounts.all(actor)
        body = _page_html(rows, actor, lang, token)
        return shown(request, lang, f"{body[0]}{notes(warning)}{done}{body[1]}", status)

    def page(request: Request) -> Response:
        return draw(request)

    async def act(request: Request) -> Response:
        fields, lang = fields_of(await request.body()), lang_of(request, services.settings)
        if not token_fits(cookie(request.scope), fields.get("form", "")):
            return await aside(draw, request, "", t("account.form_old", lang), 403)
        actor = services.acting(lang, scope=request.scope)
        try:
            done = await aside(_done, services, actor, fields, str(request.base_url), lang)
        except TandaoError as error:
            return await aside(draw, request, "", message(error, lang), 400)
        return await aside(draw, request, done)

    app.add_api_route("/accounts", page, methods=["GET"], response_model=None)
    app.add_api_route("/accounts", act, methods=["POST"], response_model=None)


def _done(services: Services, actor: Actor, fields: Mapping[str, str], base: str, lang: Lang) -> str:
    """Do what the form asks for; returns what is said of it, as HTML. Raises TandaoError."""
    accounts, what, account_id = services.accounts, fields.get("what", ""), fields.get("id", "")
    if what == "add":
        role = role_of(fields.get("role", ""))
        if role is None:
            raise InputError("no such role")
        owns_local = fields.get("owns_local") == "yes"
        account, secret = accounts.add(
            actor, fields.get("login", ""), fields.get("name", ""), role, owns_local=owns_local
        )
        return _link_html(services, account, secret, base, lang)
    account = accounts.one(actor, account_id)
    if what == "link":
        return _link_html(services, account, accounts.reset(actor, account_id), base, lang)
    if what == "role":
        role = role_of(fields.get("role", ""))
        if role is None:
            raise InputError("no such role")
        accounts.set_role(actor, account_id, role)
    elif what in ("locked", "unlocked"):
        accounts.disable(actor, account_id, disabled=what == "locked")
    elif what == "deleted":
        if fields.get("login", "").strip().casefold() != account.login:
            raise InputError("not this one's", message_key="account.delete_typed")
        accounts.delete(actor, account_id)
    else:
        raise InputError("no such thing to do")
    return notes(done=t(f"account.done_{what}", lang, name=account.name))


def _link_html(services: Services, account: Account, secret: str, base: str, lang: Lang) -> str:
    there = (services.settings.public_url or base).rstrip("/")
    hours = int(LINK_LIFE["password"].total_seconds() // 3600)
    said = t("account.link_shown", lang, name=account.name, hours=hours)
    return (
        f"<div role='status' class='card'><label for='link'>{escape(said)}</label>"
        f"<input id='link' readonly value='{escape(f'{there}/welcome/{secret}')}'></div>"
    )


def _page_html(rows: tuple[Account, ...], actor: Actor, lang: Lang, token: str) -> tuple[str, str]:
    """What stands above what has just been said, and below."""
    head = (
        f"{switch(lang)}<p class='note'><a href='/account'>{t('account.sign_out', lang)} / "
        f"{t('account.change', lang)}</a></p><h1>{t('account.title', lang)}</h1>"
        f"<p class='note'>{t('account.title_about', lang)}</p>"
    )
    takes = ""
    if all(account.id != LOCAL_ID for account in rows):
        takes = (
            "<label class='box'><input type='checkbox' name='owns_local' value='yes'> "
            f"{t('account.owns_local', lang)}</label>"
        )
    add = (
        f"<details><summary>{t('account.add', lang)}</summary><form method='post'>{hidden(token)}"
        f"<input type='hidden' name='what' value='add'>{field('login', lang)}{field('name', lang)}"
        f"{_role_choice('new', 'manager', lang)}{takes}<button>{t('account.add', lang)}</button></form></details>"
    )
    return head, add + "".join(_row(account, account.id == actor.id, lang, token) for account in rows)


def _role_choice(name: str, chosen: str, lang: Lang) -> str:
    options = "".join(
        f"<option value='{role}'{' selected' if role == chosen else ''}>{t(f'account.role_{role}', lang)}</option>"
        for role in ROLES
    )
    return f"<label for='role-{name}'>{t('account.role', lang)}</label><select id='role-{name}' name='role'>{options}</select>"


def _row(account: Account, own: bool, lang: Lang, token: str) -> str:
    marks = [t(f"account.role_{account.role}", lang)]
    if account.disabled:
        marks.append(t("account.locked", lang))
    if account.external:
        marks.append(t("account.external", lang))
    elif not account.has_password:
        marks.append(t("account.no_password", lang))
    seen = account.seen_at
    marks.append(
        t("account.seen", lang, when=seen.astimezone().strftime("%Y-%m-%d")) if seen else t("account.never", lang)
    )
    about = f"<b>{escape(account.name)}</b> {escape(account.login)}<br><span class='note'>{' · '.join(marks)}</span>"
    return f"<details class='card' data-login='{escape(account.login)}'><summary>{about}</summary>{'' if own else _doings(account, lang, token)}</details>"


def _doings(account: Account, lang: Lang, token: str) -> str:
    """The forms of one account; one's own is changed by another administrator."""

    def form(what: str, inner: str) -> str:
        given = f"{hidden(token)}<input type='hidden' name='id' value='{account.id}'>"
        return f"<form method='post'>{given}<input type='hidden' name='what' value='{what}'>{inner}</form>"

    role = form(
        "role", f"{_role_choice(account.id, account.role, lang)}<button>{t('account.save_role', lang)}</button>"
    )
    lock = "unlock" if account.disabled else "lock"
    found = [role, form(f"{lock}ed", f"<button class='stop'>{t(f'account.{lock}', lang)}</button>")]
    if not (account.external or account.disabled):
        found.append(form("link", f"<button>{t('account.new_link', lang)}</button>"))
    sure = (
        f"<p class='note'>{t('account.delete_sure', lang)}</p><input name='login' required maxlength='200' "
        f"aria-label='{t('account.login', lang)}' autocomplete='off' autocapitalize='none'>"
        f"<button class='stop'>{t('account.delete', lang)}</button>"
    )
    return "".join([*found, form("deleted", sure)])
