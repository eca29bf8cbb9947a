"""Password hashes with argon2id, at most two at a time so that a flood of tries can't take the memory."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


class Argon2:
    """``people.accounts.Hasher`` with the library's parameters (RFC 9106, low memory: 64 MiB, three passes)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = threading.BoundedSemaphore(2)

    def hash(self, password: str) -> str:
        """A salted hash."""
        with self._room:
            return self._hasher.hash(password)

    def fits(self, hashed: str, password: str) -> bool:
        """Whether the password is the hashed one."""
        with self._room:
            try:
                return self._hasher.verify(hashed, password)
            except (VerificationError, InvalidHashError):
                return False

    def is_old(self, hashed: str) -> bool:
        """Whether it was made with other parameters."""
        return self._hasher.check_needs_rehash(hashed)
