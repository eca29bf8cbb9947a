"""Where the master key comes from: a file that only its owner reads, the environment, or a command of a key service.

Each may hold several keys: the first one wraps, the others still open what they wrapped until nothing needs them
(``tandao keys rotate`` and ``tandao keys retire``).
"""

import base64
import contextlib
import os
import secrets
import shlex
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from interview.errors import StorageError

KEY_BYTES = 32
MAX_KEYS = 4
COMMAND_S = 20


class MasterKeys(Protocol):
    """A source of master keys of 32 bytes each, the one in force first."""

    @property
    def where(self) -> str:
        """What a message calls it; never a key."""
        ...

    def read(self) -> tuple[bytes, ...]:
        """The keys, empty where none was made yet; raises StorageError where they can't be used."""
        ...

    def stamp(self) -> object:
        """A value that changes when the keys may have changed; cheap enough to be asked before every new data key."""
        ...

    def make(self) -> None:
        """Make the first key, unless somebody else was faster; raises StorageError where that is the owner's work."""
        ...


class KeyFile:
    """One key a line in base64, in a file with mode 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def where(self) -> str:
        """See ``MasterKeys.where``."""
        return str(self.path)

    def read(self) -> tuple[bytes, ...]:
        """See ``MasterKeys.read``; a file that others can read is refused."""
        try:
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise StorageError("no file", message_key="error.master_key", path=self.where)
                if os.name == "posix" and stat.S_IMODE(found.st_mode) & 0o077:
                    raise StorageError("others can read it", message_key="error.master_key_open", path=self.where)
                return parse(file.read(1_000), self.where)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StorageError(type(error).__name__, message_key="error.master_key", path=self.where) from error

    def stamp(self) -> object:
        """See ``MasterKeys.stamp``."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def make(self) -> None:
        """See ``MasterKeys.make``. Linked into place whole, so that two first starts agree on one key."""
        draft = self._draft([secrets.token_bytes(KEY_BYTES)])
        try:
            with contextlib.suppress(FileExistsError):
                os.link(draft, self.path)
        except OSError as error:
            raise StorageError(type(error).__name__, message_key="error.master_key", path=self.where) from error
        finally:
            draft.unlink(missing_ok=True)

    def replace(self, keys: Sequence[bytes]) -> None:
        """Put other keys in its place, the one in force first, in one step."""
        draft = self._draft(keys)
        try:
            draft.replace(self.path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StorageError(type(error).__name__, message_key="error.master_key", path=self.where) from error
        if os.name == "posix":
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _draft(self, keys: Sequence[bytes]) -> Path:
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(6)}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(b"\n".join(base64.b64encode(key) for key in keys))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StorageError(type(error).__name__, message_key="error.master_key", path=self.where) from error
        return draft


class KeyText:
    """Keys in base64 in a setting, with commas or spaces between them. It is made and changed by whoever sets it."""

    where = "TANDAO_MASTER_KEY"

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> tuple[bytes, ...]:
        """See ``MasterKeys.read``."""
        return parse(self._text.encode(), self.where)

    def stamp(self) -> object:
        """See ``MasterKeys.stamp``: a process keeps its environment."""
        return 0

    def make(self) -> None:
        """Never called: a setting that is there holds a key."""
        raise StorageError("no key", message_key="error.master_key", path=self.where)


class KeyCommand:
    """A program that prints the keys in base64, one a line, such as a key service's client. Run without a shell."""

    where = "TANDAO_MASTER_KEY_COMMAND"

    def __init__(self, command: str) -> None:
        self._command = command

    def read(self) -> tuple[bytes, ...]:
        """See ``MasterKeys.read``. What it prints is kept in no message and no log."""
        try:
            done = subprocess.run(
                shlex.split(self._command), capture_output=True, timeout=COMMAND_S, check=True, stdin=subprocess.DEVNULL
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise StorageError(type(error).__name__, message_key="error.master_key_command") from None
        return parse(done.stdout, self.where)

    def stamp(self) -> object:
        """See ``MasterKeys.stamp``: asked again only where a record can't be opened."""
        return 0

    def make(self) -> None:
        """The key service makes keys, not we."""
        raise StorageError("it printed no key", message_key="error.master_key_command")


def parse(raw: bytes, where: str) -> tuple[bytes, ...]:
    """Keys of 32 bytes from base64; raises StorageError for anything else, or for none."""
    try:
        keys = tuple(base64.b64decode(one, validate=True) for one in raw.replace(b",", b" ").split())
    except ValueError:
        keys = ()
    if not 0 < len(keys) <= MAX_KEYS or any(len(key) != KEY_BYTES for key in keys):
        raise StorageError("no keys of 32 bytes in base64", message_key="error.master_key", path=where)
    return keys
