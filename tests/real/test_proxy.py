"""The proxy of ``deploy/`` in front of two real servers: TLS, a cookie that keeps a browser at one, sockets, one killed.

Needs Debian's or anybody's ``caddy`` on the path, and says so where there is none.
"""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from websockets.sync.client import connect

from app.settings import Settings
from app.wiring import Services
from tests.fakes.postgres import running
from tests.real.test_live_replicas import BOSS, Hearing, begun, wait_for
from tests.real.test_replicas import ROOT
from tests.unit.test_audio_socket import frame

pytestmark = [pytest.mark.real, pytest.mark.skipif(shutil.which("caddy") is None, reason="no caddy on this machine")]


@dataclass
class House:
    services: Services
    replicas: list[Hearing]
    port: int

    def get(self, path: str, cookie: str = "") -> tuple[int, str, str]:
        """Status, cookie that was set, body."""
        line = HTTPSConnection("localhost", self.port, timeout=20, context=trusting())
        try:
            line.request("GET", path, headers={"cookie": cookie} if cookie else {})
            answer = line.getresponse()
            return answer.status, answer.headers.get("set-cookie", ""), answer.read().decode()
        finally:
            line.close()


def trusting() -> ssl.SSLContext:
    """The proxy's certificate is of its own making here."""
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def version() -> tuple[int, int]:
    told = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.search(r"(\d+)\.(\d+)", told).groups()
    return int(major), int(minor)


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    secure, plain = free(), free()
    monkeypatch.setenv("TANDAO_ALLOWED_HOSTS", "localhost")
    monkeypatch.setenv("TANDAO_PUBLIC_URL", f"https://localhost:{secure}")
    monkeypatch.setenv("TANDAO_SERVE_EVERYBODY", "true")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
    example = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    with running() as server:
        url, home = server.new_url(), tmp_path / "home"
        replicas = [Hearing(home, url) for _ in range(2)]
        behind = " ".join(one.address for one in replicas)
        settings = example.replace("tandao1:7860 tandao2:7860", behind)
        assert settings.count(behind) == 1
        if version() < (2, 7):  # Debian's
            settings = settings.replace("stream_close_delay 30s\n", "\n")
        own = (
            f"{{\n admin off\n http_port {plain}\n skip_install_trust\n storage file_system {tmp_path / 'proxy'}\n}}\n"
        )
        (tmp_path / "Caddyfile").write_text(own + settings, encoding="utf-8")
        proxy = subprocess.Popen(
            ["caddy", "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")],
            env=os.environ | {"TANDAO_NAME": f"localhost:{secure}", "HOME": str(tmp_path)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        services = Services(Settings(home=home, database_url=url))
        made = House(services, replicas, secure)
        try:
            for one in replicas:
                one.wait()
            wait_for(lambda: _answers(made))
            yield made
        finally:
            services.engine.dispose()
            proxy.terminate()
            proxy.wait(30)
            for one in replicas:
                if one.process.poll() is None:
                    one.end(signal.SIGKILL)


def _answers(house: House) -> bool:
    try:
        return house.get("/health")[0] == 200
    except OSError:
        return False


def test_the_proxy_of_the_example_carries_pages_sockets_and_a_lost_replica(house: House):
    status, set_cookie, page = house.get("/")
    assert status == 200 and "gradio" in page
    kept = set_cookie.split(";")[0]
    assert kept.startswith("tandao_replica=")
    ids = {json.loads(house.get("/config", kept)[2])["app_id"] for _ in range(6)}
    assert len(ids) == 1, "one browser stays at one replica"
    assert {house.get(path)[0] for path in ("/metrics", "/ready")} == {404}

    interview, token, secret = begun(house.services)
    status, _, phone = house.get(f"/consent/{secret}", kept)
    assert status == 200 and "<form" in phone
    with connect(
        f"wss://localhost:{house.port}/live/audio", ssl=trusting(), proxy=None, additional_headers={"cookie": kept},
        origin=f"https://localhost:{house.port}",
    ) as device:  # fmt: skip
        device.send(json.dumps({"token": token}))
        while json.loads(device.recv(30))["type"] != "ready":
            pass
        for number in range(10):
            device.send(frame(number))
        wait_for(lambda: len(house.services.live.heard(BOSS, interview)) == 1)

    there = next(one for one in house.replicas if json.loads(one.get("/config")[1])["app_id"] in ids)
    there.end(signal.SIGKILL)
    began = time.monotonic()
    status, _, config = house.get("/config", kept)
    assert status == 200 and json.loads(config)["app_id"] not in ids, "the other takes over, whatever the cookie says"
    print(f"the other answered after {time.monotonic() - began:.1f} s")
    assert house.get("/", kept)[0] == 200
