"""Who may come in: accounts, passwords, sessions, links that work once. Content is no part of this.

An account's role is the one of ``people/permissions.py``; employees have none, their pages open by a private link.
"""

import contextlib
import datetime as dt
import hashlib
import secrets
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from interview.actor import Actor, Role
from interview.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError
from people.permissions import Action, check

ROLES: tuple[Role, ...] = (Role.MANAGER, Role.TRAINER, Role.HR, Role.ADMINISTRATOR)
"""What an account may be."""
MIN_PASSWORD, MAX_PASSWORD, MAX_LOGIN, MAX_NAME = 12, 200, 80, 60
"""NIST SP 800-63B asks for length, not for kinds of characters."""
MIN_DISTINCT = 5
LOCAL_ID = "local"
"""The id of the one person of single-user mode; the account that has it owns what was made in that mode."""

LinkPurpose = Literal["first", "password"]
LINK_LIFE: dict[LinkPurpose, dt.timedelta] = {"first": dt.timedelta(hours=1), "password": dt.timedelta(hours=72)}


@dataclass(frozen=True, slots=True)
class Account:
    """One person's way in. ``external``: signs in with the organisation's provider. Times are aware UTC."""

    id: str
    login: str
    name: str
    role: Role
    disabled: bool
    has_password: bool
    external: bool
    created_at: dt.datetime
    seen_at: dt.datetime | None = None
    link_at: dt.datetime | None = None
    """When somebody last made a link that sets this account's password: shown to its person, who may not have asked."""


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. ``secret`` is what its cookie holds; only its hash is stored."""

    secret: str
    account: Account


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts without use and at most, and how many wrong tries are answered at once."""

    idle: dt.timedelta = dt.timedelta(hours=2)
    longest: dt.timedelta = dt.timedelta(hours=12)
    tries_of_login: int = 5
    tries_of_address: int = 30
    window: dt.timedelta = dt.timedelta(hours=24)
    """After so long without a wrong try the count begins anew."""
    first_wait: dt.timedelta = dt.timedelta(seconds=30)
    longest_wait: dt.timedelta = dt.timedelta(minutes=15)

    def wait(self, tries: int, allowed: int) -> dt.timedelta:
        """How long the next try has to wait after so many wrong ones: none at first, then twice as long each time."""
        if tries < allowed:
            return dt.timedelta(0)
        return min(self.longest_wait, self.first_wait * 2 ** min(tries - allowed, 20))


class Hasher(Protocol):
    """Makes and checks password hashes."""

    def hash(self, password: str) -> str:
        """A salted hash."""
        ...

    def fits(self, hashed: str, password: str) -> bool:
        """Whether the password is the hashed one."""
        ...

    def is_old(self, hashed: str) -> bool:
        """Whether it was made with weaker parameters than today's."""
        ...


class AccountRepository(Protocol):
    """Keeps accounts. Logins and names are sealed; found by keyed hashes. ``digest`` is a SHA-256 in hex."""

    def add(self, account: Account, subject: str | None = None) -> None:
        """A new account; raises ConflictError if its login or subject is taken."""
        ...

    def get(self, account_id: str) -> Account:
        """Raises NotFoundError."""
        ...

    def by_login(self, login: str) -> tuple[Account, str | None] | None:
        """The account and its password hash, or None."""
        ...

    def by_subject(self, subject: str) -> Account | None:
        """The account of a provider's person, or None."""
        ...

    def all(self) -> tuple[Account, ...]:
        """Every account, oldest first."""
        ...

    def update(
        self, account_id: str, *, role: Role | None = None, disabled: bool | None = None,
        seen_at: dt.datetime | None = None, link_at: dt.datetime | None = None,
    ) -> None:  # fmt: skip
        """Keep what is given and nothing else; one that is disabled loses its sessions and links."""
        ...

    def set_password(self, account_id: str, hashed: str, *, end_sessions: bool = True) -> None:
        """Keep a password hash; whoever is signed in with the old one is signed out."""
        ...

    def password(self, account_id: str) -> str | None:
        """The hash, or None."""
        ...

    def drop(self, account_id: str) -> None:
        """Destroy the account, its key, sessions and links, and what is this person's own; rounds led by HR stay."""
        ...

    def open_session(self, digest: str, account_id: str, at: dt.datetime, until: dt.datetime) -> None:
        """Keep a session."""
        ...

    def session(self, digest: str) -> tuple[Account, dt.datetime, dt.datetime] | None:
        """The account, when it was last used and when it ends, or None."""
        ...

    def touch(self, digest: str, at: dt.datetime) -> None:
        """The session is in use."""
        ...

    def close_sessions(self, *, digest: str | None = None, account_id: str | None = None) -> None:
        """End one session, or all of an account."""
        ...

    def sweep(self, now: dt.datetime, idle: dt.timedelta) -> None:
        """Forget what has run out: sessions, links, counts of wrong tries."""
        ...

    def add_link(self, digest: str, purpose: LinkPurpose, account_id: str | None, until: dt.datetime) -> None:
        """Keep a link; older ones for the same are taken back."""
        ...

    def link(self, digest: str) -> tuple[LinkPurpose, str | None, dt.datetime] | None:
        """Purpose, account and end of a link, or None."""
        ...

    def first_link_until(self) -> dt.datetime | None:
        """When the first administrator's link runs out; None where there is none."""
        ...

    def use_link(self, digest: str) -> bool:
        """Take the link out of use; False if somebody did before."""
        ...

    def try_once(self, what: str, now: dt.datetime, allowed: int, limits: Limits) -> dt.datetime | None:
        """Count one try at a login or from an address; if it has to wait, until when (and it is not counted)."""
        ...

    def keyed(self, what: str) -> str:
        """A secret of this database for one purpose: the same in every process, unknown without the key."""
        ...

    def forgive(self, what: str, *, all_of_it: bool) -> None:
        """The try was right: take back that one, or the whole count."""
        ...


class Accounts:
    """Signing in and out, and what administrators do with accounts."""

    def __init__(
        self,
        repository: AccountRepository,
        hasher: Hasher,
        now: Callable[[], dt.datetime],
        limits: Limits | None = None,
    ) -> None:
        self._repository, self._hasher, self._now = repository, hasher, now
        self.limits = limits or Limits()
        self._nobody = ""

    # --- coming in

    def sign_in(self, login: str, password: str, address: str) -> Session:
        """A session for a right password; raises InputError for a wrong one and while too many were wrong.

        Nothing tells whether the login exists: not the words, not the waiting, and hardly the time.
        """
        used = _login(login, lenient=True)
        self._one_try(used, address)
        found = self._repository.by_login(used)
        hashed = found[1] if found else None
        if not self._nobody:
            self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        right = self._hasher.fits(hashed or self._nobody, _password(password))
        if not (right and found and hashed) or found[0].disabled:
            raise InputError("wrong login or password", message_key="error.sign_in_wrong")
        account = found[0]
        self._repository.forgive(f"login:{used}", all_of_it=True)
        self._repository.forgive(f"address:{address}", all_of_it=False)
        if self._hasher.is_old(hashed):
            self._repository.set_password(account.id, self._hasher.hash(_password(password)), end_sessions=False)
        return self.open_session(account)

    def sign_in_external(
        self, issuer: str, subject: str, login: str, name: str, role: Role | None, *, must: bool = False
    ) -> Session:
        """A session for somebody the organisation's provider vouches for; the first time makes their account.

        ``role``: what the provider's claim says; None where it names none, which leaves a known account as it is and
        lets nobody new in; ``must``: nor anybody known. Who was made an administrator here stays one. Raises
        PermissionDeniedError, and ConflictError where a local account has the login.
        """
        whole = f"{issuer} {subject}"
        account = self._repository.by_subject(whole)
        if account is None:
            if role is None:
                raise PermissionDeniedError("no role", message_key="error.oidc_role")
            used = _login(login or subject, lenient=True)[:MAX_LOGIN]
            account = self._new(used, _name(name) or used, role, external=True)
            self._repository.add(account, whole)
        if account.disabled:
            raise PermissionDeniedError("disabled", message_key="error.account_disabled")
        appointed = account.role is Role.ADMINISTRATOR
        if must and role is None and not appointed:
            raise PermissionDeniedError("no role any more", message_key="error.oidc_role")
        if role is not None and role != account.role and not appointed:
            account = replace(account, role=role)
            self._repository.update(account.id, role=role)
            self._repository.close_sessions(account_id=account.id)
        return self.open_session(account)

    def open_session(self, account: Account) -> Session:
        """A new session; its secret is told this once."""
        secret, now = secrets.token_urlsafe(32), self._now()
        self._repository.sweep(now, self.limits.idle)
        self._repository.open_session(digest(secret), account.id, now, now + self.limits.longest)
        self._repository.update(account.id, seen_at=now)
        return Session(secret, replace(account, seen_at=now))

    def of_session(self, secret: str) -> Account | None:
        """Whose session it is, or None if there is none, it has run out or its account is disabled."""
        found = self._repository.session(digest(secret))
        if found is None:
            return None
        account, seen, until = found
        now = self._now()
        if account.disabled or until <= now or seen + self.limits.idle <= now:
            self._repository.close_sessions(digest=digest(secret))
            return None
        if now - seen > self.limits.idle / 60:  # one write in a while, not one with every request
            self._repository.touch(digest(secret), now)
        return account

    def sign_out(self, secret: str, *, everywhere: bool = False) -> None:
        """End the session, or all of its account."""
        found = self._repository.session(digest(secret)) if everywhere else None
        if found is None:
            self._repository.close_sessions(digest=digest(secret))
        else:
            self._repository.close_sessions(account_id=found[0].id)

    def change_password(self, account: Account, old: str, new: str, address: str) -> Session:
        """Everybody who was signed in with the old one is signed out; returns a session for this browser."""
        hashed = self._repository.password(account.id)
        self._one_try(account.login, address)
        if hashed is None or not self._hasher.fits(hashed, _password(old)):
            raise InputError("wrong password", message_key="error.sign_in_wrong")
        self._repository.forgive(f"login:{account.login}", all_of_it=True)
        self._repository.forgive(f"address:{address}", all_of_it=False)
        self._repository.set_password(account.id, self._hasher.hash(_good(new, account.login)))
        return self.open_session(account)

    def _one_try(self, login: str, address: str) -> None:
        limits = self.limits
        for what, allowed, key in (
            (f"address:{address}", limits.tries_of_address, "error.sign_in_address"),
            (f"login:{login}", limits.tries_of_login, "error.sign_in_locked"),
        ):
            until = self._repository.try_once(what, self._now(), allowed, limits)
            if until is not None:
                minutes = max(1, -(-int((until - self._now()).total_seconds()) // 60))
                raise InputError("too many tries", message_key=key, minutes=minutes)

    def keyed(self, what: str) -> str:
        """What signs things for one purpose; the same in every replica."""
        return self._repository.keyed(what)

    # --- links that work once

    def first_link(self, *, anew: bool = False) -> str | None:
        """The secret of the link that makes the first administrator; None where one is there.

        It follows from the database's own secret and the link's end, so that every replica tells the same one. ``anew``:
        the one told before is void.
        """
        if any(a.role is Role.ADMINISTRATOR and not a.disabled for a in self._repository.all()):
            return None
        now = self._now()
        until = self._repository.first_link_until()
        end = now + LINK_LIFE["first"]
        if anew or until is None or until - now < LINK_LIFE["first"] / 2:
            # Of replicas that start together each arrives at the same end; one that is asked for is like no other.
            odd = dt.timedelta(microseconds=1 + secrets.randbelow(60_000_000))
            until = end - odd if anew else end.replace(second=0, microsecond=0)
            with contextlib.suppress(ConflictError):  # another replica wrote the same
                self._repository.add_link(digest(self._first_secret(until)), "first", None, until)
            until = self._repository.first_link_until() or until
        return self._first_secret(until)

    def _first_secret(self, until: dt.datetime) -> str:
        return self._repository.keyed(f"first link until {until.isoformat()}")[:48]

    def link(self, secret: str) -> Account | None:
        """Whose password the link sets; None for the first administrator's; raises NotFoundError where it is void."""
        _, account_id = self._standing(secret)
        return None if account_id is None else self._repository.get(account_id)

    def use_link(self, secret: str, password: str, login: str = "", name: str = "") -> Session:
        """Set the password, or make the first administrator; the link is void afterwards.

        Raises InputError for what can't be used (the link stays good) and NotFoundError for a link that isn't good.
        """
        purpose, account_id = self._standing(secret)
        if purpose == "first":
            account = self._new(_login(login), _name(name) or login.strip(), Role.ADMINISTRATOR)
            if self._repository.by_login(account.login):
                raise InputError("taken", message_key="error.login_taken")
        else:
            account = self._repository.get(account_id or "")
        hashed = self._hasher.hash(_good(password, account.login))
        if not self._repository.use_link(digest(secret)):
            raise NotFoundError("used meanwhile", message_key="error.link")
        if purpose == "first":
            self._repository.add(account)
        self._repository.set_password(account.id, hashed)
        self._repository.forgive(f"login:{account.login}", all_of_it=True)
        return self.open_session(account)

    def _standing(self, secret: str) -> tuple[LinkPurpose, str | None]:
        found = self._repository.link(digest(secret))
        if found is None or found[2] <= self._now():
            raise NotFoundError("no such link", message_key="error.link")
        purpose, account_id, _ = found
        if purpose == "first" and any(a.role is Role.ADMINISTRATOR and not a.disabled for a in self._repository.all()):
            raise NotFoundError("there is an administrator", message_key="error.link")
        if account_id is not None and self._repository.get(account_id).disabled:
            raise NotFoundError("disabled", message_key="error.link")
        return purpose, account_id

    def _link(self, purpose: LinkPurpose, account_id: str | None) -> str:
        secret = secrets.token_urlsafe(32)
        self._repository.add_link(digest(secret), purpose, account_id, self._now() + LINK_LIFE[purpose])
        return secret

    # --- what administrators do

    def all(self, actor: Actor) -> tuple[Account, ...]:
        """Every account."""
        check(actor, Action.ACCOUNTS_MANAGE)
        return self._repository.all()

    def learners(self, actor: Actor) -> dict[str, str]:
        """Who practises, id to display name: for trainers, who put people into cohorts. Two of one name have their login."""
        check(actor, Action.COHORT_LEAD)
        found = [a for a in self._repository.all() if a.role is Role.MANAGER and not a.disabled]
        names = [a.name or a.login for a in found]
        return {
            a.id: f"{name} ({a.login})" if names.count(name) > 1 else name for a, name in zip(found, names, strict=True)
        }

    def trainers(self, actor: Actor, ids: Collection[str]) -> dict[str, str]:
        """Display names of the trainers among these, for whoever may read what they wrote."""
        check(actor, Action.REHEARSAL_START)
        return {a.id: a.name or a.login for a in self._repository.all() if a.id in ids and a.role is Role.TRAINER}

    def one(self, actor: Actor, account_id: str) -> Account:
        """One account; raises NotFoundError."""
        check(actor, Action.ACCOUNTS_MANAGE)
        return self._repository.get(account_id)

    def add(self, actor: Actor, login: str, name: str, role: Role, *, owns_local: bool = False) -> tuple[Account, str]:
        """A new account and the secret of the link by which its person sets the password.

        ``owns_local``: it takes over what was made in single-user mode.
        """
        check(actor, Action.ACCOUNTS_MANAGE)
        if role not in ROLES:
            raise InputError("no such role")
        account = self._new(_login(login), _name(name) or login.strip(), role)
        account = replace(account, id=LOCAL_ID) if owns_local else account
        try:
            self._repository.add(account)
        except ConflictError as error:
            raise InputError("taken", message_key="error.login_taken") from error
        return account, self._link("password", account.id)

    def set_role(self, actor: Actor, account_id: str, role: Role) -> None:
        """Another role, and signed out; raises InputError for the last administrator's."""
        check(actor, Action.ACCOUNTS_MANAGE)
        if role not in ROLES:
            raise InputError("no such role")
        account = self._repository.get(account_id)
        if role is not Role.ADMINISTRATOR:
            self._not_last(account)
        if role is not account.role:
            self._repository.update(account.id, role=role)
            self._repository.close_sessions(account_id=account.id)

    def delete(self, actor: Actor, account_id: str) -> None:
        """Destroy an account and its key; raises InputError for the last administrator's."""
        check(actor, Action.ACCOUNTS_MANAGE)
        account = self._repository.get(account_id)
        self._not_last(account)
        self._repository.drop(account.id)

    def disable(self, actor: Actor, account_id: str, *, disabled: bool = True) -> None:
        """Shut an account out at once, or let it in again; raises InputError for the last administrator's."""
        check(actor, Action.ACCOUNTS_MANAGE)
        account = self._repository.get(account_id)
        if disabled:
            self._not_last(account)
        self._repository.update(account.id, disabled=disabled)

    def reset(self, actor: Actor, account_id: str) -> str:
        """The secret of a new link that sets the password; its person is told that there was one."""
        check(actor, Action.ACCOUNTS_MANAGE)
        account = self._repository.get(account_id)
        if account.disabled:
            raise InputError("disabled", message_key="error.account_disabled")
        if account.external:
            raise InputError("external", message_key="error.account_external")
        self._repository.update(account.id, link_at=self._now())
        return self._link("password", account.id)

    def _not_last(self, account: Account) -> None:
        others = (a for a in self._repository.all() if a.id != account.id and not a.disabled)
        if account.role is Role.ADMINISTRATOR and not any(a.role is Role.ADMINISTRATOR for a in others):
            raise InputError("the last administrator", message_key="error.last_administrator")

    def _new(self, login: str, name: str, role: Role, *, external: bool = False) -> Account:
        return Account(secrets.token_hex(8), login, name, role, False, False, external, self._now())


def digest(secret: str) -> str:
    """What is stored of a secret that is random and long; a salt would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def role_of(name: str) -> Role | None:
    """The account role of this name, or None."""
    return next((role for role in ROLES if str(role) == name), None)


def _login(text: str, *, lenient: bool = False) -> str:
    """The login as it is compared. ``lenient``: for finding, where what can't be a login is just not found."""
    login = unicodedata.normalize("NFKC", text).strip().casefold()
    if not lenient and (not 2 <= len(login) <= MAX_LOGIN or not login.isprintable() or any(c.isspace() for c in login)):
        raise InputError("login", message_key="error.login", most=MAX_LOGIN)
    return login[: MAX_LOGIN + 1]


def _name(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_NAME]


def _password(text: str) -> str:
    return unicodedata.normalize("NFKC", text[: 4 * MAX_PASSWORD])


def _good(password: str, login: str) -> str:
    """The password, if it may be one; raises InputError."""
    used = _password(password)
    weight = sum(2 if c >= "\u2e80" else 1 for c in used)  # a Chinese character is guessed less easily than a letter
    if weight < MIN_PASSWORD or len(used) > MAX_PASSWORD:
        raise InputError("length", message_key="error.password_length", least=MIN_PASSWORD, most=MAX_PASSWORD)
    if len(set(used)) < MIN_DISTINCT or login in used.casefold():
        raise InputError("too easy", message_key="error.password_easy")
    return used
