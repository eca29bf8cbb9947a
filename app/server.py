"""The web server: the Gradio page mounted on FastAPI, offline, without analytics or saved calls."""

import contextlib
import datetime as dt
import itertools
import logging
import os
import ssl
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

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

    from app.accounts_page import mount_accounts
    from app.audio_socket import AudioRoom, CaptureTokens, mount_audio
    from app.consent_page import mount_consent
    from app.door import Door
    from app.employee_page import mount_employee
    from app.flow_card import mount_flow_card
    from app.gate import Gate
    from app.health import mount_health
    from app.join import mount_join
    from app.login import mount_login
    from app.metrics import CountRequests
    from app.my_data import mount_my_data
    from app.recordings import mount_recordings
    from app.rooms import rule_of_function
    from app.ui.page import build_page
    from app.ui.style import CSS, head, theme
    from app.welcome import mount_welcome

    app = FastAPI(title="Tandao", docs_url=None, redoc_url=None, openapi_url=None)

    mount_health(app, services, services.metrics, services.running)
    mount_join(app, services)
    mount_consent(app, services)
    mount_flow_card(app, services)
    mount_employee(app, services)
    mount_my_data(app, services)
    tokens = CaptureTokens(services.capture_links)
    room = AudioRoom(services, services.ears, tokens)
    mount_audio(app, room)
    mount_recordings(app, services, room)
    if services.settings.accounts_on:
        mount_login(app, services)
        mount_welcome(app, services)
        mount_accounts(app, services)
    if services.settings.oidc_on:
        from app.oidc import mount_oidc

        mount_oidc(app, services)
    page = build_page(services, tokens)
    app.state.room, app.state.queue = room, page._queue  # pyright: ignore[reportPrivateUsage]
    _measure(services, room, page._queue)  # pyright: ignore[reportPrivateUsage]
    mounted = gr.mount_gradio_app(  # pyright: ignore[reportUnknownMemberType]
        app,
        page,
        path="/",
        theme=theme(),
        css=CSS,
        head=head(services.settings.language, accounts=services.settings.accounts_on),
        ssr_mode=False,
        run_history=False,
        show_error=False,
        footer_links=[],
        max_file_size="1mb",
    )
    settings = services.settings
    functions = {number: len(function.inputs) for number, function in page.fns.items()}
    if settings.accounts_on:
        rules = {number: rule_of_function(cast("Any", function).fn) for number, function in page.fns.items()}
        mounted.add_middleware(Door, accounts=services.accounts, functions=rules, lang=settings.language)
    mounted.add_middleware(
        Gate, functions=functions, allowed=settings.allowed_hosts, lang=settings.language,
        everywhere=settings.serve_everybody, accounts=settings.accounts_on,
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
    from storage.database import settle
    from storage.retention import sweep

    steady = Steady()
    while True:
        with contextlib.suppress(TandaoError):  # a database that is away is there again in an hour
            if not steady():
                logging.getLogger(__name__).warning("the clock jumped: nothing is destroyed by its age until a restart")
            elif services.leases.take("retention", 1_800):
                services.live.expire()
                services.minutes.erase_withdrawn()
                sweep(services.engine, dt.datetime.now(dt.UTC))
                settle(services.engine)
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


def _who_comes_in(services: Services, url: str) -> str:
    """A line for whoever starts the server: no login, or the link of the first administrator; mostly nothing."""
    from app.texts import t

    settings = services.settings
    if settings.accounts_on:
        secret = services.accounts.first_link()
        there = settings.public_url.rstrip("/") or url.replace("//0.0.0.0:", "//127.0.0.1:").replace(
            "//:::", "//[::1]:"
        )
        return f"{t('cli.first_link', settings.language, url=f'{there}/welcome/{secret}')}\n" if secret else ""
    key = "cli.everybody" if settings.serve_everybody and not settings.is_local else "cli.single_user"
    return f"{t(key, settings.language, host=settings.host)}\n"


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

    settings = services.settings.model_copy(update={"host": host or services.settings.host})
    services = replace(services, settings=settings)  # who has to sign in depends on the address in force
    where = (settings.host, port or settings.port)
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
    print(_who_comes_in(services, f"{scheme}://{where[0]}:{where[1]}"), end="", flush=True)
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
