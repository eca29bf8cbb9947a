"""``tandao accounts``: what administrators do, for whoever holds the data folder and its key."""

from app.texts import t
from app.wiring import Services
from interview.actor import Actor, Role
from interview.errors import InputError, NotFoundError
from people.accounts import Account, role_of


def _base(services: Services) -> str:
    settings = services.settings
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


def _holder(services: Services) -> Actor:
    """Whoever can read the master key could read the accounts anyway."""
    return Actor("command-line", Role.ADMINISTRATOR, services.settings.language)


def _named(services: Services, login: str) -> Account:
    wanted = login.strip().casefold()
    found = next((a for a in services.accounts.all(_holder(services)) if a.login == wanted), None)
    if found is None:
        raise NotFoundError("no such account", message_key="error.no_account")
    return found


def _role(name: str) -> Role:
    role = role_of(name)
    if role is None:
        raise InputError("no such role")
    return role


def _link_line(services: Services, login: str, role: Role, secret: str) -> str:
    lang = services.settings.language
    named = t(f"account.role_{role}", lang)
    return t("cli.account_link", lang, login=login, role=named, url=f"{_base(services)}/welcome/{secret}")


def listing(services: Services) -> list[dict[str, str | bool | None]]:
    """Every account, oldest first."""
    return [
        {
            "login": a.login, "name": a.name, "role": str(a.role), "locked": a.disabled, "single_sign_on": a.external,
            "has_password": a.has_password, "seen_at": a.seen_at.isoformat() if a.seen_at else None,
        }
        for a in services.accounts.all(_holder(services))
    ]  # fmt: skip


def first(services: Services) -> str:
    """A new link for the first administrator; raises InputError where there is one."""
    secret = services.accounts.first_link(anew=True)
    if secret is None:
        raise InputError("there is an administrator", message_key="error.has_administrator")
    return t("cli.first_link", services.settings.language, url=f"{_base(services)}/welcome/{secret}")


def add(services: Services, login: str, name: str, role: str, *, owns_local: bool) -> str:
    """A new account; returns the line with its link."""
    account, secret = services.accounts.add(_holder(services), login, name, _role(role), owns_local=owns_local)
    return _link_line(services, account.login, account.role, secret)


def link(services: Services, login: str) -> str:
    """A new link that sets the password."""
    account = _named(services, login)
    return _link_line(services, account.login, account.role, services.accounts.reset(_holder(services), account.id))


def change_role(services: Services, login: str, role: str) -> str:
    """Another role; returns what is said of it, as all below."""
    account = _named(services, login)
    services.accounts.set_role(_holder(services), account.id, _role(role))
    return _done(services, "role", account)


def lock(services: Services, login: str, *, locked: bool) -> str:
    """Shut out, or let in again."""
    account = _named(services, login)
    services.accounts.disable(_holder(services), account.id, disabled=locked)
    return _done(services, "locked" if locked else "unlocked", account)


def delete(services: Services, login: str) -> str:
    """Destroy the account and its key."""
    account = _named(services, login)
    services.accounts.delete(_holder(services), account.id)
    return _done(services, "deleted", account)


def _done(services: Services, what: str, account: Account) -> str:
    return t(f"account.done_{what}", services.settings.language, name=account.name)
