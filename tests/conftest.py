"""Fixtures every test may use. No test but the marked ones leaves the process."""

import socket
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services
from interview.actor import Actor, Role
from interview.library import FileLibrary

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def library() -> FileLibrary:
    return FileLibrary(ROOT / "personas")


@pytest.fixture
def actor() -> Actor:
    return Actor("local", Role.MANAGER, "zh")


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return Services(Settings(home=tmp_path / "home", pace_s=0))


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections outside this machine fail in every test."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "localhost", "::1"):
            raise OSError(f"a test tried to reach {address[0]}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", local_only)
