"""A real mail server on this machine that keeps what it was given, or answers as told."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Mailbox:
    """aiosmtpd's handler. ``answers`` are given to the next messages instead of taking them."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.answers: list[str] = []
        self.port = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return "250 taken"


@contextmanager
def mailbox(login: tuple[str, str] | None = None, **options: Any) -> Iterator[Mailbox]:
    """A server on a free port for as long as it is needed."""
    box = Mailbox()

    def authenticator(_s: Any, _session: Any, _e: Any, _mechanism: str, given: Any) -> AuthResult:
        right = login is not None and isinstance(given, LoginPassword)
        right = right and (given.login.decode(), given.password.decode()) == login
        return AuthResult(success=right, handled=False)

    if login is not None:
        options |= {"authenticator": authenticator, "auth_required": True}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        box.port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
