"""Keys: a master key in a file of its own, one data key per rehearsal, everything sealed with AES-256-GCM.

Destroying a data key makes what it sealed unreadable, wherever a copy of it may be.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from interview.errors import StorageError

_KEY_BYTES, _NONCE_BYTES = 32, 12


class Vault:
    """Wraps data keys with the master key. ``unwrapped`` keys live in memory only as long as a repository call."""

    def __init__(self, master: bytes) -> None:
        if len(master) != _KEY_BYTES:
            raise StorageError("the master key must be 32 bytes", message_key="error.master_key")
        self._master = AESGCM(master)

    @classmethod
    def from_file(cls, path: Path) -> "Vault":
        """The key in a file, made with mode 0600 at the first start; raises StorageError if it can't be used."""
        try:
            if not path.exists():
                _write_new_key(path)
            return cls(base64.b64decode(path.read_bytes(), validate=True))
        except (OSError, ValueError) as error:
            raise StorageError(f"master key file: {error}", message_key="error.master_key") from error

    def new_key(self, key_id: str) -> tuple["DataKey", bytes]:
        """A fresh data key and its wrapped form for the key table."""
        raw = AESGCM.generate_key(bit_length=8 * _KEY_BYTES)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return DataKey(raw), nonce + self._master.encrypt(nonce, raw, key_id.encode())

    def unwrap(self, key_id: str, wrapped: bytes) -> "DataKey":
        """The data key; raises StorageError if it was wrapped with another master key or tampered with."""
        try:
            return DataKey(self._master.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], key_id.encode()))
        except InvalidTag as error:
            raise StorageError("sealed with another master key", message_key="error.master_key") from error


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


def _write_new_key(path: Path) -> None:
    """Written whole to a private file, then linked into place, so that two first starts agree on one key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
