"""The file a batch writes its results to: one JSON object a line, which is also what a later run goes on from."""

import contextlib
import fcntl
import json
import os
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import IO, Any, Protocol, cast

from interview.errors import ConflictError, InputError

DONE = "done"


class Journal(Protocol):
    """Takes results as they come."""

    done: frozenset[str]

    def note(self, item_id: str, told: Mapping[str, Any]) -> None:
        """Write one line; when it returns, the line outlives the process."""
        ...


class Printed:
    """To standard output; nothing to go on from."""

    def __init__(self, out: IO[str]) -> None:
        self.done: frozenset[str] = frozenset()
        self._out = out

    def note(self, item_id: str, told: Mapping[str, Any]) -> None:
        """See ``Journal.note``."""
        self._out.write(_line(item_id, told))
        self._out.flush()


class Kept:
    """A file of one's own; an item is ``done`` in it at most once."""

    def __init__(self, file: IO[bytes], done: frozenset[str]) -> None:
        self.done = done
        self._file = file

    def note(self, item_id: str, told: Mapping[str, Any]) -> None:
        """See ``Journal.note``."""
        self._file.write(_line(item_id, told).encode())
        self._file.flush()
        os.fsync(self._file.fileno())


@contextlib.contextmanager
def kept(path: Path) -> Generator[Kept]:
    """The journal in a file readable by its owner only; a last line that a killed run left half written is taken off.

    Raises ConflictError where another run holds it, InputError where it is no such file or can't be written.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise InputError(str(error), message_key="error.file_write", path=str(path)) from error
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConflictError("held", message_key="error.batch_running", path=str(path)) from error
        yield Kept(file, _read(file, path))


def _read(file: IO[bytes], path: Path) -> frozenset[str]:
    found: set[str] = set()
    whole = 0
    for line in file:
        if not line.endswith(b"\n"):
            break
        whole += len(line)
        try:
            entry = json.loads(line)
            if entry["state"] == DONE:
                found.add(str(entry["item"]))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError("no journal", message_key="error.batch_file", path=str(path)) from error
    file.seek(whole)
    file.truncate()
    return frozenset(found)


def _line(item_id: str, told: Mapping[str, Any]) -> str:
    return json.dumps({"item": item_id, **cast("dict[str, Any]", told)}, ensure_ascii=False) + "\n"
