"""A real server in a process of its own and a real Chromium. In CI a missing browser is a failure, elsewhere a skip."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.conftest import ROOT

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip

expect.set_options(timeout=30_000)
"""Milliseconds, for a machine that does other work; what is waited for comes much sooner."""


class Server:
    """``tandao serve`` on a free port with a home of its own; can be killed and started again."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home, self.env = home, env
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> "Server":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)],
            cwd=ROOT,
            env={**os.environ, "TANDAO_HOME": str(self.home), "TANDAO_PACE_S": "0.05", **self.env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(300):
            try:
                with urllib.request.urlopen(self.url + "health", timeout=2):
                    return self
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("the server did not come up in a minute")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of the session; a second one beside it refuses to start."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs Chromium; .ci/run installs it")
        pytest.skip("no Chromium on this machine")  # said aloud; CI never comes here
    return found


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
    yield chromium
    chromium.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "home").start()
    yield running
    running.kill()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 950})
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    open_page(opened, server)
    yield opened
    context.close()


def open_page(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.wait_for_selector("#prepare")
    page.wait_for_timeout(1_500)  # Gradio attaches its events a moment after the page is drawn
