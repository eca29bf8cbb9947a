"""The employee's private link as it is handed over: to copy, or as a picture for a phone."""

from html import escape

import gradio as gr

from app.texts import t
from app.wiring import Services
from cycle.employee import DAYS
from interview.conversation import Lang


def address(services: Services, request: gr.Request) -> str:
    """Where employees reach this server: as set, else as this page was reached; no slash at the end."""
    host = str(request.headers.get("host", ""))
    return services.settings.public_url.rstrip("/") or f"{request.url.scheme}://{host}"


def make(services: Services, talk: str, base: str, lang: Lang, days: int = DAYS) -> str:
    """A new link for ``talk``; it can't be shown again."""
    return f"{base}/me/{services.visits.make(services.acting(lang), talk, days)}"


def link_html(link: str, lang: Lang) -> str:
    """The link and its picture, once."""
    import segno

    picture = segno.make(link, error="m").svg_inline(scale=3, border=2)
    local = link.startswith(("http://127.", "http://localhost"))
    warning = f"<p class='note'>{t('class.local', lang)}</p>" if local else ""
    return (
        f"<div class='report'><div class='head'><div>{picture}</div><div><p>{t('after.link_once', lang)}</p>"
        f"<p><a href='{escape(link)}' target='_blank' class='me-link'>{t('after.link_open', lang)}</a></p>{warning}"
        "</div></div></div>"
    )
