"""The web server: the Gradio page mounted on FastAPI, offline, without analytics or saved calls."""

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING

from app.wiring import Services

if TYPE_CHECKING:
    from fastapi import FastAPI

OFFLINE = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def build_app(services: Services) -> "FastAPI":
    """The application with the page at its root and ``/health`` beside it, behind the gate."""
    os.environ.update(OFFLINE)
    import gradio as gr
    from fastapi import FastAPI

    from app.consent_page import mount_consent
    from app.gate import Gate
    from app.join import mount_join
    from app.ui.page import build_page
    from app.ui.style import CSS, HEAD, theme

    app = FastAPI(title="Tandao", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    def health() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
        return {"status": "ok"}

    mount_join(app, services)
    mount_consent(app, services)
    page = build_page(services)
    mounted = gr.mount_gradio_app(  # pyright: ignore[reportUnknownMemberType]
        app,
        page,
        path="/",
        theme=theme(),
        css=CSS,
        head=HEAD,
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
    return mounted


def _forget_in_time(services: Services) -> None:
    """Destroy what was kept for as long as promised, at the start and every hour."""
    from interview.errors import TandaoError

    while True:
        with contextlib.suppress(TandaoError):  # a database that is away is there again in an hour
            services.live.expire()
        time.sleep(3_600)


def run(services: Services, host: str | None, port: int | None) -> None:
    """Serve until interrupted; raises SettingsError if the port is taken."""
    import socket

    import uvicorn

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
    print(t("cli.serving", settings.language, url=f"http://{where[0]}:{where[1]}"), flush=True)
    uvicorn.run(app, host=where[0], port=where[1], log_level="warning", ws_max_size=1_000_000)
