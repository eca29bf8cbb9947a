"""Which of several replicas hears which talk, and how a device that reached another one is brought there.

Both devices of a talk have to be heard by one process, or nobody can tell who spoke when. A balancer sends each browser
where its cookie says; so whoever is reached looks in the database who hears the talk, and carries the socket's messages
there and back.
"""

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, cast

from interview.errors import TandaoError
from storage.leases import SqlLeases

if TYPE_CHECKING:
    from fastapi import WebSocket

LEASE_S = 15.0
"""A replica that died is out of the way after so long."""
RENEW_S = 4.0
CONNECT_S = 5.0
POLL_S = 0.2
PASSED = "x-tandao-passed"
"""Marks a connection that another replica carries here; it is not carried on."""
COME_AGAIN = 1012
"""The close code after which a device connects anew."""


class Places:
    """Leases on talks; the holder is the address (``host:port``) at which the other replicas reach this one."""

    def __init__(self, leases: SqlLeases) -> None:
        self._leases = leases

    def claim(self, interview_id: str) -> str:
        """Take a talk to hear it here, or keep it; the address of the replica that hears it where that is another."""
        if self._leases.take(_hears(interview_id), LEASE_S):
            return ""
        return self._leases.holder_of(_hears(interview_id)) or ""

    def give_up(self, interview_id: str) -> None:
        """It is not heard here any more. A database that is away forgets it by the clock."""
        with contextlib.suppress(TandaoError):
            self._leases.release(_hears(interview_id))

    def finish(self, interview_id: str, seconds: float) -> None:
        """Have whoever hears a talk hear it to its end; returns when that is done, or after so many seconds."""
        if self._leases.holder_of(_hears(interview_id)) in (None, self._leases.holder):
            return
        until = time.monotonic() + seconds
        self._leases.take(_ends(interview_id), 2 * seconds)
        try:
            while self._leases.holder_of(_hears(interview_id)) is not None and time.monotonic() < until:
                time.sleep(POLL_S)
        finally:
            self._leases.release(_ends(interview_id))

    def is_to_finish(self, interview_id: str) -> bool:
        """Whether another replica asked for that."""
        return self._leases.holder_of(_ends(interview_id)) not in (None, self._leases.holder)


def _hears(interview_id: str) -> str:
    return f"hears:{interview_id}"


def _ends(interview_id: str) -> str:
    return f"ends:{interview_id}"


async def carry(socket: "WebSocket", hello: str, address: str) -> None:
    """Connect a device to the replica at ``address`` until either goes; the other is told by the same close code."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException

    host, _, port = address.rpartition(":")
    headers = {PASSED: "1", "x-forwarded-proto": "https" if socket.url.scheme == "wss" else "http"}
    if socket.client is not None:
        headers["x-forwarded-for"] = socket.client.host
    code = COME_AGAIN
    try:
        # the name the device asked for, so that the other replica checks host and origin as if it had been reached itself
        async with connect(
            f"ws://{socket.headers['host']}{socket.url.path}", host=host.strip("[]"), port=int(port),
            origin=cast("Any", socket.headers.get("origin")), additional_headers=headers, compression=None, proxy=None,
            open_timeout=CONNECT_S, max_size=65_536,
        ) as other:  # fmt: skip
            await other.send(hello)
            ways = [asyncio.create_task(_there(socket, other)), asyncio.create_task(_back(other, socket))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
            code = _sayable(other.close_code)
    except (OSError, ValueError, WebSocketException):
        code = COME_AGAIN
    with contextlib.suppress(RuntimeError):
        await socket.close(code)


def _sayable(code: int | None) -> int:
    """1005 and 1006 stand for codes that were not said, and may not be said."""
    return code if code is not None and (code == 1000 or code >= 1008) else COME_AGAIN


async def _there(socket: "WebSocket", other: Any) -> None:
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        text = message.get("text")
        await other.send(text if text is not None else message.get("bytes") or b"")


async def _back(other: Any, socket: "WebSocket") -> None:
    async for message in other:
        if isinstance(message, str):
            await socket.send_text(message)
        else:
            await socket.send_bytes(message)
