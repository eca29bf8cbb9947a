"""Keys: a master key kept apart, a data key for each thing that can be forgotten, everything sealed with AES-256-GCM.

Destroying a data key makes what it sealed unreadable, wherever a copy of it may be.
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, select, update

from interview.errors import StorageError
from storage.database import settle, transaction
from storage.master import KeyFile, MasterKeys
from storage.tables import sealing_keys

_KEY_BYTES, _NONCE_BYTES = 32, 12


class Vault:
    """Wraps data keys with the master key. ``unwrapped`` keys live in memory only as long as a repository call."""

    def __init__(self, source: MasterKeys) -> None:
        """Raises StorageError where the source holds no usable key."""
        self._source = source
        self._keys: tuple[AESGCM, ...] = ()
        self._stamp: object = None
        self._load()

    @classmethod
    def from_file(cls, path: Path) -> "Vault":
        """The key in a file, made with mode 0600 if there is none; for a database that is new, see ``open_vault``."""
        source = KeyFile(path)
        if not source.read():
            source.make()
        return cls(source)

    def new_key(self, key_id: str) -> tuple["DataKey", bytes]:
        """A fresh data key and its form wrapped for the key table with the newest master key."""
        if self._stamp != self._source.stamp():
            self._load()
        raw = AESGCM.generate_key(bit_length=8 * _KEY_BYTES)
        return DataKey(raw), self._wrap(key_id, raw)

    def unwrap(self, key_id: str, wrapped: bytes) -> "DataKey":
        """The data key; raises StorageError if it was wrapped with another master key or tampered with."""
        return DataKey(self._raw(key_id, wrapped))

    def rewrap(self, key_id: str, wrapped: bytes) -> bytes | None:
        """The data key wrapped with the newest master key, or None where it already is."""
        if _opened(self._keys[0], key_id, wrapped) is not None:
            return None
        return self._wrap(key_id, self._raw(key_id, wrapped))

    def _wrap(self, key_id: str, raw: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._keys[0].encrypt(nonce, raw, key_id.encode())

    def _raw(self, key_id: str, wrapped: bytes) -> bytes:
        """A key may have been changed while we run, so the source is asked again before giving up."""
        for again in (False, True):
            if again:
                self._load()
            for key in self._keys:
                raw = _opened(key, key_id, wrapped)
                if raw is not None:
                    return raw
        raise StorageError("another master key", message_key="error.master_key_other", path=self._source.where)

    def _load(self) -> None:
        stamp = self._source.stamp()
        keys = self._source.read()
        if not keys:
            raise StorageError("no master key", message_key="error.master_key_lost", path=self._source.where)
        self._keys = tuple(AESGCM(key) for key in keys)
        self._stamp = stamp


def open_vault(source: MasterKeys, engine: Engine, *, make: bool = True) -> Vault:
    """The vault of a database. A new master key is made only where nothing was sealed yet, and only with ``make``.

    Raises StorageError where the key is missing, can be read by others, or is not the one the records were sealed with.
    """
    with transaction(engine) as db:
        sealed = db.execute(select(sealing_keys).limit(1)).one_or_none()
    if make and sealed is None and not source.read():
        source.make()
    vault = Vault(source)
    if sealed is not None:
        vault.unwrap(sealed.id, sealed.wrapped)
    return vault


def rewrap_all(engine: Engine, vault: Vault, batch: int = 200) -> int:
    """Wrap every data key with the newest master key, in short transactions while servers run; how many had another.

    A key changed or destroyed meanwhile is left as it is. Can be cut off at any moment and begun again.
    """
    changed, last = 0, ""
    while True:
        with transaction(engine) as db:
            rows = db.execute(
                select(sealing_keys).where(sealing_keys.c.id > last).order_by(sealing_keys.c.id).limit(batch)
            ).all()
            for row in rows:
                wrapped = vault.rewrap(row.id, row.wrapped)
                if wrapped is not None:
                    same = (sealing_keys.c.id == row.id) & (sealing_keys.c.wrapped == row.wrapped)
                    changed += db.execute(update(sealing_keys).where(same).values(wrapped=wrapped)).rowcount
        if not rows:
            settle(engine)
            return changed
        last = rows[-1].id


def _opened(key: AESGCM, key_id: str, wrapped: bytes) -> bytes | None:
    try:
        return key.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], key_id.encode())
    except (InvalidTag, ValueError):
        return None


class DataKey:
    """Seals and opens values of one rehearsal; ``place`` binds a value to its row so that rows can't be swapped."""

    def __init__(self, raw: bytes) -> None:
        self._cipher = AESGCM(raw)

    def seal(self, value: Mapping[str, Any] | str, place: str) -> bytes:
        """Sealed JSON."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> Any:
        """The value; raises StorageError if it was changed or moved."""
        try:
            return json.loads(self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode()))
        except InvalidTag as error:
            raise StorageError("a sealed record was changed", message_key="error.sealed") from error
