"""Accounts, sessions, links and counts of wrong tries. Logins and names are sealed; what is looked up is a keyed hash."""

import datetime as dt
import hashlib
import hmac
import secrets
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from interview.actor import Role
from interview.errors import ConflictError, NotFoundError
from people.accounts import Account, Limits, LinkPurpose
from storage.database import transaction
from storage.erasing import erase, erase_owned
from storage.reviews import SqlCohorts
from storage.tables import account_links, account_sessions, accounts, sealing_keys, sign_in_tries
from storage.vault import DataKey, Vault

_INDEX = "accounts-index"
"""The sealed key of the hashes: a row of ``sealing_keys`` that wraps it, so that a new master key keeps them."""


class SqlAccounts:
    """``people.accounts.AccountRepository`` over one database."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine, self._vault = engine, vault
        self._pepper = b""

    def add(self, account: Account, subject: str | None = None) -> None:
        """See ``AccountRepository.add``."""
        login, whose = self._hashed("login", account.login), subject and self._hashed("subject", subject)
        with transaction(self._engine) as db:
            key, wrapped = self._vault.new_key(_key_id(account.id))
            db.execute(insert(sealing_keys).values(id=_key_id(account.id), wrapped=wrapped))
            row = {"id": account.id, "login_hash": login, "subject_hash": whose, "password": None}
            db.execute(insert(accounts).values(row | self._row(account, key)))

    def get(self, account_id: str) -> Account:
        """See ``AccountRepository.get``."""
        found = self._one(accounts.c.id == account_id)
        if found is None:
            raise NotFoundError("no such account", message_key="error.no_account")
        return found[0]

    def by_login(self, login: str) -> tuple[Account, str | None] | None:
        """See ``AccountRepository.by_login``."""
        return self._one(accounts.c.login_hash == self._hashed("login", login))

    def by_subject(self, subject: str) -> Account | None:
        """See ``AccountRepository.by_subject``."""
        found = self._one(accounts.c.subject_hash == self._hashed("subject", subject))
        return found[0] if found else None

    def all(self) -> tuple[Account, ...]:
        """See ``AccountRepository.all``."""
        with transaction(self._engine) as db:
            rows = db.execute(_WITH_KEY.order_by(accounts.c.created_at, accounts.c.id)).all()
        return tuple(self._account(row) for row in rows)

    def update(
        self, account_id: str, *, role: Role | None = None, disabled: bool | None = None,
        seen_at: dt.datetime | None = None, link_at: dt.datetime | None = None,
    ) -> None:  # fmt: skip
        """See ``AccountRepository.update``."""
        values = {
            "role": role and str(role), "disabled": disabled, "seen_at": seen_at and seen_at.isoformat(),
            "link_at": link_at and link_at.isoformat(),
        }  # fmt: skip
        given = {name: value for name, value in values.items() if value is not None}
        with transaction(self._engine) as db:
            if db.execute(update(accounts).where(accounts.c.id == account_id).values(given)).rowcount != 1:
                raise NotFoundError("no such account", message_key="error.no_account")
            if disabled:
                _close(db, account_id)
                db.execute(delete(account_links).where(account_links.c.account_id == account_id))

    def set_password(self, account_id: str, hashed: str, *, end_sessions: bool = True) -> None:
        """See ``AccountRepository.set_password``."""
        with transaction(self._engine) as db:
            done = db.execute(update(accounts).where(accounts.c.id == account_id).values(password=hashed))
            if done.rowcount != 1:
                raise NotFoundError("no such account", message_key="error.no_account")
            if end_sessions:
                _close(db, account_id)

    def password(self, account_id: str) -> str | None:
        """See ``AccountRepository.password``."""
        found = self._one(accounts.c.id == account_id)
        return found[1] if found else None

    def drop(self, account_id: str) -> None:
        """See ``AccountRepository.drop``."""
        SqlCohorts(self._engine, self._vault).leave(account_id)  # first: cut off here, the account is still whole
        with transaction(self._engine) as db:
            role = db.execute(select(accounts.c.role).where(accounts.c.id == account_id)).scalar_one_or_none()
            erase_owned(db, account_id, records_too=role != Role.HR)  # rounds are the company's
            erase(db, "key", sealing_keys.c.id == _key_id(account_id))
            _close(db, account_id)
            db.execute(delete(account_links).where(account_links.c.account_id == account_id))
            db.execute(delete(accounts).where(accounts.c.id == account_id))

    def open_session(self, digest: str, account_id: str, at: dt.datetime, until: dt.datetime) -> None:
        """See ``AccountRepository.open_session``."""
        row = {"digest": digest, "account_id": account_id, "seen_at": at.isoformat(), "until": until.isoformat()}
        with transaction(self._engine) as db:
            db.execute(insert(account_sessions).values(row))

    def session(self, digest: str) -> tuple[Account, dt.datetime, dt.datetime] | None:
        """See ``AccountRepository.session``."""
        query = (
            select(*_COLUMNS, account_sessions.c.seen_at.label("used_at"), account_sessions.c.until)
            .join(account_sessions, account_sessions.c.account_id == accounts.c.id)
            .join(sealing_keys, sealing_keys.c.id == _KEY_OF)
            .where(account_sessions.c.digest == digest)
        )
        with transaction(self._engine) as db:
            row = db.execute(query).one_or_none()
        if row is None:
            return None
        return self._account(row), dt.datetime.fromisoformat(row.used_at), dt.datetime.fromisoformat(row.until)

    def touch(self, digest: str, at: dt.datetime) -> None:
        """See ``AccountRepository.touch``."""
        with transaction(self._engine) as db:
            same = account_sessions.c.digest == digest
            db.execute(update(account_sessions).where(same).values(seen_at=at.isoformat()))

    def close_sessions(self, *, digest: str | None = None, account_id: str | None = None) -> None:
        """See ``AccountRepository.close_sessions``."""
        with transaction(self._engine) as db:
            if digest is not None:
                db.execute(delete(account_sessions).where(account_sessions.c.digest == digest))
            if account_id is not None:
                _close(db, account_id)

    def sweep(self, now: dt.datetime, idle: dt.timedelta) -> None:
        """See ``AccountRepository.sweep``."""
        over, unused = now.isoformat(), (now - idle).isoformat()
        with transaction(self._engine) as db:
            old = (account_sessions.c.until <= over) | (account_sessions.c.seen_at <= unused)
            db.execute(delete(account_sessions).where(old))
            db.execute(delete(account_links).where(account_links.c.until <= over))
            db.execute(delete(sign_in_tries).where(sign_in_tries.c.forget_at <= over))

    def add_link(self, digest: str, purpose: LinkPurpose, account_id: str | None, until: dt.datetime) -> None:
        """See ``AccountRepository.add_link``."""
        row = {"digest": digest, "purpose": purpose, "account_id": account_id, "until": until.isoformat()}
        same = account_links.c.purpose == purpose
        same &= account_links.c.account_id.is_(None) if account_id is None else account_links.c.account_id == account_id
        with transaction(self._engine) as db:
            db.execute(delete(account_links).where(same))
            db.execute(insert(account_links).values(row))

    def link(self, digest: str) -> tuple[LinkPurpose, str | None, dt.datetime] | None:
        """See ``AccountRepository.link``."""
        with transaction(self._engine) as db:
            row = db.execute(select(account_links).where(account_links.c.digest == digest)).one_or_none()
        if row is None:
            return None
        purpose: LinkPurpose = "first" if row.purpose == "first" else "password"
        return purpose, row.account_id, dt.datetime.fromisoformat(row.until)

    def first_link_until(self) -> dt.datetime | None:
        """See ``AccountRepository.first_link_until``."""
        with transaction(self._engine) as db:
            found = (
                db.execute(select(account_links.c.until).where(account_links.c.purpose == "first")).scalars().first()
            )
        return None if found is None else dt.datetime.fromisoformat(found)

    def use_link(self, digest: str) -> bool:
        """See ``AccountRepository.use_link``."""
        with transaction(self._engine) as db:
            return db.execute(delete(account_links).where(account_links.c.digest == digest)).rowcount == 1

    def try_once(self, what: str, now: dt.datetime, allowed: int, limits: Limits) -> dt.datetime | None:
        """See ``AccountRepository.try_once``.

        Counted before the password is looked at, the write first, so that tries at the same moment are all counted.
        """
        same = sign_in_tries.c.what == self._hashed("try", what)
        for _ in range(3):
            try:
                with transaction(self._engine) as db:
                    return self._count(db, same, self._hashed("try", what), now, allowed, limits)
            except ConflictError:
                continue  # another process made the row first
        raise ConflictError("too many at the same moment")

    def _count(
        self, db: Connection, same: Any, key: str, now: dt.datetime, allowed: int, limits: Limits
    ) -> dt.datetime | None:
        forget = (now + limits.window).isoformat()
        if db.execute(update(sign_in_tries).where(same).values(tries=sign_in_tries.c.tries + 1)).rowcount == 0:
            row = {"what": key, "tries": 1, "until": None, "forget_at": forget}
            db.execute(insert(sign_in_tries).values(row))
            return None
        row = db.execute(select(sign_in_tries).where(same)).one()
        until = dt.datetime.fromisoformat(row.until) if row.until else now
        if until > now:
            db.execute(update(sign_in_tries).where(same).values(tries=row.tries - 1))
            return until
        tries = 1 if row.forget_at <= now.isoformat() else row.tries
        wait = limits.wait(tries, allowed)
        changed = {"tries": tries, "forget_at": forget, "until": (now + wait).isoformat() if wait else None}
        db.execute(update(sign_in_tries).where(same).values(changed))
        return None

    def forgive(self, what: str, *, all_of_it: bool) -> None:
        """See ``AccountRepository.forgive``."""
        same = sign_in_tries.c.what == self._hashed("try", what)
        with transaction(self._engine) as db:
            if all_of_it:
                db.execute(delete(sign_in_tries).where(same))
            else:
                values = {"tries": sign_in_tries.c.tries - 1, "until": None}
                db.execute(update(sign_in_tries).where(same & (sign_in_tries.c.tries > 0)).values(values))

    # --- sealing

    def keyed(self, what: str) -> str:
        """See ``AccountRepository.keyed``."""
        return self._hashed("secret", what)

    def _hashed(self, kind: str, text: str) -> str:
        if not self._pepper:
            self._pepper = self._find_pepper()
        return hmac.new(self._pepper, f"{kind}:{text}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _find_pepper(self) -> bytes:
        """The key of the hashes; two first starts agree on one, because only one can insert the row."""
        for _ in range(2):
            with transaction(self._engine) as db:
                key = self._key(db, _INDEX)
                row = db.execute(select(accounts.c.names).where(accounts.c.id == _INDEX)).one_or_none()
            if key is not None and row is not None:
                return bytes.fromhex(key.open(row.names, _INDEX))
            try:
                self._make_pepper()
            except ConflictError:
                continue
        raise ConflictError("no key for logins")

    def _make_pepper(self) -> None:
        key, wrapped = self._vault.new_key(_INDEX)
        with transaction(self._engine) as db:
            db.execute(insert(sealing_keys).values(id=_INDEX, wrapped=wrapped))
            sealed = key.seal(secrets.token_hex(32), _INDEX)
            row = {"id": _INDEX, "login_hash": _INDEX, "role": "", "disabled": True, "external": False}
            db.execute(insert(accounts).values(row | {"created_at": "", "names": sealed}))

    def _key(self, db: Connection, key_id: str) -> DataKey | None:
        row = db.execute(select(sealing_keys).where(sealing_keys.c.id == key_id)).one_or_none()
        return None if row is None else self._vault.unwrap(row.id, row.wrapped)

    def _one(self, where: Any) -> tuple[Account, str | None] | None:
        with transaction(self._engine) as db:
            row = db.execute(_WITH_KEY.where(where)).one_or_none()
        return None if row is None else (self._account(row), row.password)

    def _account(self, row: Row[Any]) -> Account:
        key = self._vault.unwrap(_key_id(row.id), row.wrapped)
        names = key.open(row.names, f"account:{row.id}")
        return Account(
            id=row.id, login=names["login"], name=names["name"], role=Role(row.role), disabled=row.disabled,
            has_password=row.password is not None, external=row.external,
            created_at=dt.datetime.fromisoformat(row.created_at), seen_at=_time(row.seen_at), link_at=_time(row.link_at),
        )  # fmt: skip

    def _row(self, account: Account, key: DataKey) -> dict[str, Any]:
        names = {"login": account.login, "name": account.name}
        return {
            "role": str(account.role), "disabled": account.disabled, "external": account.external,
            "created_at": account.created_at.isoformat(), "names": key.seal(names, f"account:{account.id}"),
            "seen_at": account.seen_at and account.seen_at.isoformat(),
            "link_at": account.link_at and account.link_at.isoformat(),
        }  # fmt: skip


_KEY_OF = "account-" + accounts.c.id
_COLUMNS = (*accounts.columns, sealing_keys.c.wrapped)
_WITH_KEY = select(*_COLUMNS).join(sealing_keys, sealing_keys.c.id == _KEY_OF)
"""The row of the pepper has no key of this form, and so is never an account."""


def _key_id(account_id: str) -> str:
    return f"account-{account_id}"


def _close(db: Connection, account_id: str) -> None:
    db.execute(delete(account_sessions).where(account_sessions.c.account_id == account_id))


def _time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
