"""The two ways out: a mail server, and a webhook of 企业微信 or Slack."""

import ipaddress
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import httpx

from cycle.invitations import is_address
from cycle.messages import Message
from interview.errors import DeliveryError, SettingsError

Security = Literal["starttls", "tls", "none"]
TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server. ``context`` is for tests with a certificate of their own."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if not is_address(self.sender):
            raise SettingsError("TANDAO_SMTP_FROM", message_key="error.smtp_from")
        if self.password and self.security == "none" and not is_loopback(self.host):
            raise SettingsError("TANDAO_SMTP_SECURITY", message_key="error.smtp_plain")

    def send(self, message: Message, message_id: str) -> None:
        """See ``cycle.messages.Channel``."""
        whole = self._compose(message, message_id)
        try:
            with self._connected() as server:
                self._hand_over(server, message.to, whole.as_bytes(policy=SMTP))
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryError(str(error.smtp_code), message_key="error.mail_login") from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code) from error
        except ssl.SSLError as error:
            raise DeliveryError("certificate", message_key="error.mail_tls") from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(type(error).__name__, retryable=True, message_key="error.mail_away") from error

    def try_out(self) -> None:
        """Connect and log in, sending nothing; raises DeliveryError."""
        try:
            with self._connected():
                pass
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryError("login", message_key="error.mail_login") from error
        except ssl.SSLError as error:
            raise DeliveryError("certificate", message_key="error.mail_tls") from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(type(error).__name__, retryable=True, message_key="error.mail_away") from error

    def _connected(self) -> smtplib.SMTP:
        context = self.context or ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _hand_over(self, server: smtplib.SMTP, to: str, whole: bytes) -> None:
        server.ehlo_or_helo_if_needed()
        for code, _ in (server.mail(self.sender), server.rcpt(to)):
            if code not in (250, 251):
                raise _refused(code)
        try:
            code, _ = server.data(whole)
        except smtplib.SMTPDataError as error:
            raise _refused(error.smtp_code) from error
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise DeliveryError("no answer", unsure=True, message_key="error.delivery_unsure") from error
        if code != 250:
            raise _refused(code)

    def _compose(self, message: Message, message_id: str) -> EmailMessage:
        if not is_address(message.to):
            raise DeliveryError("address", message_key="error.no_address")
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = self.sender, message.to, " ".join(message.subject.split())
        made["Date"], made["Message-ID"] = formatdate(localtime=True), f"<{message_id}@{self.sender.split('@')[1]}>"
        made["Auto-Submitted"] = "auto-generated"
        if is_address(message.reply_to):
            made["Reply-To"] = message.reply_to
        made.set_content(message.text)
        if message.ics:
            made.add_alternative(message.ics, subtype="calendar", cte="base64", params={"method": message.method})
            made.add_attachment(message.ics.encode(), maintype="application", subtype="ics", filename="invite.ics")
        return made


def _refused(code: int) -> DeliveryError:
    """4xx may pass later, 5xx never will (RFC 5321, 4.2.1)."""
    return DeliveryError(str(code), retryable=400 <= code < 500, message_key="error.mail_refused")


class Robot(Protocol):
    """How one service wants to be spoken to."""

    def body(self, text: str) -> Mapping[str, Any]:
        """What is posted as JSON."""
        ...

    def check(self, reply: httpx.Response) -> None:
        """Raises DeliveryError where a reply with status 200 still says no."""
        ...


class WeCom:
    """企业微信 group robot: text of at most 2,048 bytes, ``errcode`` 0 for yes.

    Source: developer.work.weixin.qq.com/document/path/91770; 45009 is its limit of 20 messages a minute, -1 "busy".
    """

    def body(self, text: str) -> Mapping[str, Any]:
        """See ``Robot.body``."""
        return {"msgtype": "text", "text": {"content": text.encode()[:2_048].decode(errors="ignore")}}

    def check(self, reply: httpx.Response) -> None:
        """See ``Robot.check``."""
        try:
            code = reply.json()["errcode"]
        except (ValueError, KeyError, TypeError) as error:
            raise DeliveryError("not its answer", message_key="error.webhook_refused") from error
        if code != 0:
            raise DeliveryError(str(code), retryable=code in (-1, 45009), message_key="error.webhook_refused")


class Slack:
    """Slack's incoming webhook: three characters are escaped, the answer is the word ok.

    Source: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.
    """

    def body(self, text: str) -> Mapping[str, Any]:
        """See ``Robot.body``."""
        return {"text": text[:4_000].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}

    def check(self, reply: httpx.Response) -> None:
        """See ``Robot.check``."""
        if reply.text.strip() != "ok":
            raise DeliveryError("not ok", message_key="error.webhook_refused")


ROBOTS: dict[str, Robot] = {"wecom": WeCom(), "slack": Slack()}


@dataclass(frozen=True, slots=True)
class Webhook:
    """A group's webhook. The address is a secret: it is never shown, logged or part of an error."""

    url: str = field(repr=False)
    robot: Robot

    def __post_init__(self) -> None:
        check_url(self.url)

    def send(self, message: Message, message_id: str) -> None:
        """See ``cycle.messages.Channel``."""
        own = is_loopback(urlsplit(self.url).hostname or "")
        try:
            with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=not own) as client:
                reply = client.post(self.url, json=self.robot.body(message.text))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise DeliveryError(type(error).__name__, retryable=True, message_key="error.webhook_away") from None
        except httpx.HTTPError as error:
            raise DeliveryError(type(error).__name__, unsure=True, message_key="error.delivery_unsure") from None
        if reply.status_code != 200:
            later = reply.status_code == 429 or reply.status_code >= 500
            raise DeliveryError(str(reply.status_code), retryable=later, message_key="error.webhook_refused")
        self.robot.check(reply)


def check_url(url: str) -> None:
    """Raise SettingsError unless it is https, or http to this very machine, and names no user, and no odd address."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise SettingsError("TANDAO_WEBHOOK_URL", message_key="error.webhook_url") from error
    secure = parts.scheme == "https" and not _is_odd(host)
    if not host or parts.username is not None or not (secure or (parts.scheme == "http" and is_loopback(host))):
        raise SettingsError("TANDAO_WEBHOOK_URL", message_key="error.webhook_url")


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_odd(host: str) -> bool:
    """An address nobody's chat server has: of the link (where clouds keep their secrets), of many, of none."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified or mapped.is_reserved)
