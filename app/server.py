"""The web server: the Gradio page mounted on FastAPI, offline, without analytics or saved calls."""

import contextlib
import itertools
import logging
import os
import ssl
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.wiring import Services

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.audio_socket import AudioRoom

OFFLINE = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def build_app(services: Services) -> "FastAPI":
    """The application with the page at its root and ``/health`` beside it, behind the gate."""
    os.environ.update(OFFLINE)
    import gradio as gr
    from fastapi import FastAPI

    from app.audio_socket import AudioRoom, CaptureTokens, mount_audio
    from app.consent_page import mount_consent
    from app.employee_page import mount_employee
    from app.flow_card import mount_flow_card
    from app.gate import Gate
    from app.health import mount_health
    from app.join import mount_join
    from app.metrics import CountRequests
    from app.recordings import mount_recordings
    from app.ui.page import build_page
    from app.ui.style import CSS, head, theme

    app = FastAPI(title="Tandao", docs_url=None, redoc_url=None, openapi_url=None)

    mount_health(app, services, services.metrics, services.running)
    mount_join(app, services)
    mount_consent(app, services)
    mount_flow_card(app, services)
    mount_employee(app, services)
    tokens = CaptureTokens(services.capture_links)
    room = AudioRoom(services, services.ears, tokens)
    mount_audio(app, room)
    mount_recordings(app, services, room)
    page = build_page(services, tokens)
    app.state.room, app.state.queue = room, page._queue  # pyright: ignore[reportPrivateUsage]
    _measure(services, room, page._queue)  # pyright: ignore[reportPrivateUsage]
    mounted = gr.mount_gradio_app(  # pyright: ignore[reportUnknownMemberType]
        app,
        page,
        path="/",
        theme=theme(),
        css=CSS,
        head=head(services.settings.language),
        ssr_mode=False,
        run_history=False,
        show_error=False,
        footer_links=[],
        max_file_size="1mb",
    )
    settings = services.settings
    functions = {number: len(function.inputs) for number, function in page.fns.items()}
    mounted.add_middleware(
        Gate, functions=functions, allowed=settings.allowed_hosts, lang=settings.language,
        everywhere=settings.serve_everybody,
    )  # fmt: skip
    mounted.add_middleware(CountRequests, metrics=services.metrics)
    return mounted


def _measure(services: Services, room: "AudioRoom", queue: Any) -> None:
    """What is asked for whenever the figures are read."""
    metrics = services.metrics
    metrics.watch(services.engine)
    metrics.gauge("tandao_live_sessions", "Live interviews that are being heard", lambda: room.sessions)
    metrics.gauge("tandao_queue_waiting", "Calls of pages that wait for their turn", lambda: float(len(queue)))


def _forget_in_time(services: Services) -> None:
    """Destroy what was kept for as long as promised, at the start and every hour."""
    from app.steady import Steady
    from interview.errors import TandaoError

    steady = Steady()
    while True:
        with contextlib.suppress(TandaoError):  # a database that is away is there again in an hour
            if not steady():
                logging.getLogger(__name__).warning("the clock jumped: nothing is destroyed by its age until a restart")
            elif services.leases.take("retention", 1_800):
                services.live.expire()
                services.minutes.erase_withdrawn()
        time.sleep(3_600)


def _send_in_time(services: Services) -> None:
    """Plan reminders every ten minutes and send what is due every half minute, where a way to send is set up."""
    for beat in itertools.count():
        try:
            if services.leases.take("messages", 120):
                if services.settings.reminders and beat % 20 == 0:
                    services.reminders.plan()
                services.outbox.send_due()
        except Exception as error:  # one wrong record must not keep everybody else's messages; its words stay unsaid
            logging.getLogger(__name__).warning("messages: %s", type(error).__name__)
        time.sleep(30)


def run(
    services: Services,
    host: str | None,
    port: int | None,
    *,
    tls: "tuple[Path, Path] | None" = None,
    self_sign: bool = False,
) -> None:
    """Serve until interrupted; raises SettingsError if the port is taken or the certificate can't be used.

    ``tls``: certificate and key files. ``self_sign``: make both in the data folder.
    """
    import socket

    import uvicorn

    from app.graceful import GracefulServer, queue_is_busy
    from app.texts import t
    from interview.conversation import LANGS
    from interview.errors import SettingsError

    settings = services.settings
    where = (host or settings.host, port or settings.port)
    try:
        probe = socket.create_server(where)
        probe.close()
    except OSError as error:
        raise SettingsError(str(error), message_key="error.port", host=where[0], port=where[1]) from error
    _ = services.rehearsals  # the data folder, database and files are checked before anything is shown
    for lang in LANGS:
        services.library.personas(lang)
        services.library.scenarios(lang)
    app = build_app(services)
    threading.Thread(target=_forget_in_time, args=(services,), daemon=True).start()
    if services.channels:
        threading.Thread(target=_send_in_time, args=(services,), daemon=True).start()
    if self_sign:
        from app.certificate import self_signed

        tls = self_signed(settings.home, where[0])
    scheme = "https" if tls else "http"
    print(t("cli.serving", settings.language, url=f"{scheme}://{where[0]}:{where[1]}"), flush=True)
    files: dict[str, Any] = {"ssl_certfile": str(tls[0]), "ssl_keyfile": str(tls[1])} if tls else {}
    try:
        config = uvicorn.Config(app, host=where[0], port=where[1], log_level="warning", ws_max_size=65_536, **files)
        room, queue = app.state.room, app.state.queue
        GracefulServer(
            config, services.running, settings.stop_s, lambda: room.leave(settings.stop_s), lambda: queue_is_busy(queue)
        ).run()
    except KeyboardInterrupt:
        pass
    except ssl.SSLError as error:
        raise SettingsError(str(error), message_key="error.certificate") from error
    finally:
        services.close()
