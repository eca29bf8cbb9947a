"""The doctor's look at the ways messages go: the mail server is called, the webhook's address read; nothing is sent."""

from collections.abc import Iterator

from app.doctor import Finding
from app.settings import Settings
from app.wiring import Services
from interview.errors import DeliveryError, SettingsError

_MAIL = {"error.mail_login": "login", "error.mail_tls": "tls", "error.mail_away": "away"}


def messages(settings: Settings) -> Iterator[Finding]:
    """One finding for mail, one for the webhook where it is set."""
    from cycle.channels import Mail

    try:
        channels = Services(settings).channels
    except SettingsError as error:
        says = {"error.smtp_from": "sender", "error.smtp_plain": "plain"}.get(error.message_key, "")
        yield Finding("mail", "broken", says) if says else Finding("webhook", "broken", "url")
        return
    mail = channels.get("mail")
    if not isinstance(mail, Mail):
        yield Finding("mail", "ok", "none")
    else:
        try:
            mail.try_out()
            yield Finding("mail", "ok", "ok", {"host": settings.smtp_host})
        except DeliveryError as error:
            yield Finding("mail", "broken", _MAIL[error.message_key], {"host": settings.smtp_host})
        if settings.reminders and not settings.public_url:
            yield Finding("mail", "warning", "links")
    if "webhook" in channels:
        yield Finding("webhook", "ok", "ok", {"kind": settings.webhook_kind})
