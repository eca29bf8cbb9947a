"""``/ready`` for load balancers and ``/metrics`` for Prometheus. Neither says anything about people or talks."""

import contextlib
import hmac
import ipaddress
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.metrics import Metrics
from app.stopping import Work
from app.wiring import Services
from interview.errors import TandaoError

if TYPE_CHECKING:
    from fastapi import FastAPI

AGAIN_S = 2.0
"""How long an answer about the database is used again, so that nobody can ask it to death."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


class Readiness:
    """Whether this process should be sent people."""

    def __init__(self, services: Services, work: Work) -> None:
        self._services = services
        self._work = work
        self._lock = threading.Lock()
        self._asked, self._database = float("-inf"), "away"

    def state(self) -> tuple[bool, dict[str, str]]:
        """Whether it is ready, and how each part is; the models never make it unready, for talks go on without them."""
        found = {
            "database": self._ask_database(),
            "server": "stopping" if self._work.stopping.is_set() else "running",
            "speech": _speech(self._services),
            "language_model": "by_url" if self._services.settings.llm_base_url else "none",
        }
        return found["database"] == "current" and found["server"] == "running", found

    def _ask_database(self) -> str:
        """``current``; ``other_version``: another release has changed the tables; ``away``: it does not answer."""
        from storage.database import is_current

        with self._lock:
            if time.monotonic() - self._asked > AGAIN_S:
                try:
                    self._database = "current" if is_current(self._services.engine) else "other_version"
                except TandaoError:
                    self._database = "away"
                self._asked = time.monotonic()
            return self._database


def _speech(services: Services) -> str:
    """``started``, ``installed`` or ``none``: the model that hears live interviews; its files are not read for this."""
    from llms.weights import is_carried

    settings = services.settings
    if "transcriber" in services.__dict__:
        return "started"
    with contextlib.suppress(TandaoError):
        if Path(settings.speech_model).is_dir() or (settings.models / settings.speech_model).is_dir():
            return "installed"
        return "installed" if is_carried(settings.speech_model) else "none"
    return "none"


def may_read_metrics(request: Request, token: str) -> bool:
    """From this very machine and through no proxy, or with the token."""
    given = request.headers.get("authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def mount_health(app: "FastAPI", services: Services, metrics: Metrics, work: Work) -> None:
    """The routes; ``/health`` only says that the process answers."""
    readiness = Readiness(services, work)
    token = services.settings.metrics_token.get_secret_value()
    speech = vars(services)  # the model is started when the first talk needs it, not by looking
    metrics.gauge(
        "tandao_speech_waiting_seconds", "Seconds of sound that wait to be heard",
        lambda: speech["transcriber"].waiting_s if "transcriber" in speech else 0.0,
    )  # fmt: skip
    metrics.gauge(
        "tandao_speech_restarts", "How often the speech process was started again",
        lambda: speech["transcriber"].restarts if "transcriber" in speech else 0.0,
    )  # fmt: skip

    def health() -> dict[str, str]:
        return {"status": "ok"}

    def ready() -> JSONResponse:
        fine, parts = readiness.state()
        content: dict[str, Any] = {"ready": fine, **parts}
        return JSONResponse(content, 200 if fine else 503, {"cache-control": "no-store"})

    def figures(request: Request) -> Response:
        if not may_read_metrics(request, token):
            return PlainTextResponse("", 404)
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    app.add_api_route("/health", health, methods=["GET"])
    app.add_api_route("/ready", ready, methods=["GET"], response_class=JSONResponse)
    app.add_api_route("/metrics", figures, methods=["GET"], response_class=Response)
