"""``/live/audio``: the microphone's own WebSocket. No grant, no sound; a withdrawal ends it within a second.

A client says its token, then sends frames: a 32-bit little-endian number and 3,200 samples of 16 kHz 16-bit mono. The
server acknowledges once a second; after a cut the client goes on at the number the server names, so that nothing is
lost or heard twice. Frames are never written to disk.
"""

import asyncio
import contextlib
import datetime as dt
import functools
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.places import COME_AGAIN, PASSED, RENEW_S, Places, carry
from app.wiring import Services
from assistant.ahead import Unfinished, grown
from consent.grants import ConsentGrant, Spoken
from consent.ledger import Party
from consent.notices import Purpose
from cycle.records import Kind, Record, Records
from interview.actor import Actor
from interview.errors import ConsentError, InputError, NotFoundError, TandaoError
from interview.ports import Utterance

if TYPE_CHECKING:
    from fastapi import FastAPI, WebSocket

    from speech.kept import Recorder
    from speech.voices import Voices

FRAME_BYTES = 6_400
HEAD_BYTES = 4
FRAME_S = 0.2
LAST_WORDS_S = 10.0
"""How long the end of a talk waits for its last sentence."""
WATCH_S = 0.25
"""How often a session looks whether the consent still holds."""
ACK_FRAMES = 5
CAPTURE = "capture"
"""The purpose of the links that stand for tokens."""
TOKEN_S = 12 * 3_600.0
MAX_NUMBER = 24 * 18_000
"""A day of frames; no talk is longer."""
STOP = '{"stop":true}'
"""What a device says before it goes for good; without it, it may come back and resume."""
RESUME_S = 60
SPEAKS_S = 3.0
"""So long after the last tentative words somebody still counts as speaking; they come about once a second."""
ENDED = ("withdrawn", "over")
BURST = 600
"""Messages a device may send at once: what it kept through a cut and the network's own pauses, with room to spare."""
PER_S = 25.0
"""Messages a second after that; a microphone makes five."""
MAX_TEXT = 500
"""Characters of anything said in text."""
MAX_STRANGERS = 20
"""Connections of one address that have not shown a token yet."""
MAX_GAP = 1_500
"""Frames (five minutes) a client may jump ahead; more is no gap but nonsense."""


class Heard(Protocol):
    """What the ears report; see ``speech.listening.Heard``."""

    @property
    def kind(self) -> str:
        """``tentative``, ``committed`` or ``notice``."""
        ...

    @property
    def text(self) -> str:
        """The words, or which notice."""
        ...

    @property
    def start_s(self) -> float:
        """Seconds since the first sound."""
        ...

    @property
    def end_s(self) -> float:
        """Seconds since the first sound."""
        ...

    @property
    def channel(self) -> int:
        """Which device."""
        ...

    @property
    def doubtful(self) -> bool:
        """Perhaps misheard."""
        ...

    @property
    def number(self) -> int:
        """Of the segment in its channel; the same while it is tentative and when it is committed."""
        ...

    @property
    def speaker(self) -> str | None:
        """By the voice, or None."""
        ...

    @property
    def unsure(self) -> bool:
        """Whether ``speaker`` is only who spoke before."""
        ...


class Listener(Protocol):
    """One session's ears."""

    def feed(self, frame: bytes, seq: int, channel: int) -> None:
        """Take 200 ms of sound; may wait while the ears are behind."""
        ...

    @property
    def voices(self) -> "Voices | None":
        """The two voices, where they may be told apart."""
        ...

    def without_voices(self) -> None:
        """Forget them."""
        ...

    def events(self) -> Iterator[Heard]:
        """What was heard, until closed."""
        ...

    def abort(self) -> None:
        """Stop at once; what was not yet read is forgotten."""
        ...

    def finish(self, wait_s: float = 60.0) -> None:
        """Read what is there to its end, then end ``events``."""
        ...


Ears = Callable[[ConsentGrant, Spoken, str], Listener]
"""Makes a listener; the text is names and terms that may be said."""
CHANNELS: dict[str, int] = {"manager": 0, "employee": 1}


class CaptureTokens:
    """Short-lived secrets that let a manager's page open the socket for one interview."""

    def __init__(self, links: "Records | None" = None) -> None:
        self._links = links
        """Where a token outlives this process, so that a talk goes on at another; None: in memory only."""
        self.before_end: Callable[[str], None] = lambda _interview_id: None
        """Called with an interview's id before it is ended, so that its last words are still heard."""
        self.room_hears: Callable[[str], bool] = lambda _interview_id: False
        """Whether the manager, or a voice that may be theirs, is being heard in an interview right now."""
        self.room_has: Callable[[str], Unfinished | None] = lambda _interview_id: None
        """The sentence the employee is in the middle of."""
        self._tokens: dict[str, tuple[str, float]] = {}
        self._terms: dict[str, str] = {}
        self._lock = threading.Lock()

    def issue(self, services: Services, actor: Actor, interview_id: str, terms: str = "") -> str:
        """A token bound to the grant in force; raises ConsentError where there is none.

        ``terms``: names and terms that may be said; with the title and both names they help the recogniser.
        """
        interview = services.consents.interview(actor, interview_id)
        services.consents.grant(interview_id)
        token = secrets.token_urlsafe(24)
        if self._links is not None:
            place = Record(interview_id, Kind.SETTING, actor.id, interview_id)
            token = self._links.new_link(CAPTURE, place, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=TOKEN_S))
        said = " ".join((*services.consents.names(interview_id), terms, interview.title)).split()
        with self._lock:
            self._terms[interview_id] = " ".join(dict.fromkeys(said))
            now = time.monotonic()
            self._tokens = {t: v for t, v in self._tokens.items() if v[1] > now}
            self._tokens[token] = (interview_id, now + TOKEN_S)
        return token

    def terms(self, interview_id: str) -> str:
        """Names and terms of an interview, in memory only."""
        with self._lock:
            return self._terms.get(interview_id, "")

    def interview(self, token: str) -> str | None:
        """The interview behind a token, or None."""
        with self._lock:
            found = self._tokens.get(token)
        if found is None and self._links is not None:
            with contextlib.suppress(NotFoundError):  # issued by another replica, or before a restart
                return self._links.open_link(token, CAPTURE).record_id
        return found[0] if found and found[1] > time.monotonic() else None

    def manager_speaks(self, interview_id: str) -> bool:
        """Whether the manager, or a voice that may be theirs, is in the middle of a sentence."""
        return self.room_hears(interview_id)

    def unfinished(self, interview_id: str) -> Unfinished | None:
        """The sentence the employee is in the middle of, or None."""
        return self.room_has(interview_id)

    def close(self, interview_id: str) -> None:
        """No token of this interview opens anything any more."""
        with self._lock:
            self._tokens = {t: v for t, v in self._tokens.items() if v[0] != interview_id}
        if self._links is not None:
            self._links.close_links(interview_id, CAPTURE)


class Allowance:
    """How many messages a device may still send: ``BURST`` at once, ``PER_S`` a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left, self._at = float(BURST), clock()

    def spent(self) -> bool:
        """Take one; True where none was left."""
        now = self._clock()
        self._left, self._at = min(float(BURST), self._left + (now - self._at) * PER_S) - 1, now
        return self._left < 0


@dataclass
class _Session:
    """One interview that is being heard, from one device or two."""

    grant: ConsentGrant
    spoken: Spoken
    listener: Listener
    base_s: float
    """Seconds between the consent, from which the talk counts, and the first sound."""
    opened: float = field(default_factory=time.monotonic)
    next_frame: dict[Party, int] = field(default_factory=dict[Party, int])
    sockets: "dict[Party, WebSocket]" = field(default_factory=dict[Party, Any])
    joined: set[Party] = field(default_factory=set[Party])
    """Parties that have had a device of their own in this session."""
    shared_speaker: str = "unsure"
    lost: int = 0
    stopped: str = ""
    closing: bool = False
    """Nobody's device is there any more; what was said last is still being read."""
    recorder: "Recorder | None" = None
    """Only where both granted that sound is kept."""
    speaking: dict[int, tuple[int, float]] = field(default_factory=dict[int, tuple[int, float]])
    """Channel to the sentence that is being said there, and when its latest words came."""
    unfinished: Unfinished | None = None
    """The sentence that is surely the employee's and not over yet."""
    first: dict[Party, tuple[int, float]] = field(default_factory=dict[Party, tuple[int, float]])
    """First frame of a device, and when it came: seconds since the consent."""
    loop: asyncio.AbstractEventLoop | None = None
    """Where its sockets live."""
    renewed: float = field(default_factory=time.monotonic)
    """When it was last said to the other replicas that it is heard here."""
    goes_on: bool = False
    """Only the language or the place changed: the next session takes up each device where this one left it."""
    kept_here: bool = False
    """The session before sent sound to a service, which this one may not."""
    pumped: threading.Event = field(default_factory=threading.Event)
    """Set once everything that was heard is stored."""

    @property
    def open(self) -> bool:
        """Whether devices may join."""
        return not self.stopped and not self.closing


class AudioRoom:
    """All sessions of this process."""

    def __init__(self, services: Services, ears: Ears, tokens: CaptureTokens) -> None:
        self._services = services
        self._ears = ears
        self._tokens = tokens
        self._places = services.places
        tokens.before_end = self.finish
        tokens.room_hears = self.manager_speaks
        tokens.room_has = self.unfinished
        self._sessions: dict[str, _Session] = {}
        self._strangers: Counter[str] = Counter()
        self._leaving = False

    @property
    def sessions(self) -> int:
        """How many interviews are being heard."""
        return sum(session.open for session in self._sessions.values())

    def leave(self, seconds: float) -> None:
        """The server stops: tell everybody, store what was said so far; devices come back with what was not heard.

        Not for the event loop's thread.
        """
        self._leaving = True
        heard = [(name, session) for name, session in self._sessions.items() if not session.stopped]
        for _, session in heard:
            if session.loop is not None:
                _hand_over(session.loop, self._tell, session, {"type": "restarting"})
        last = [threading.Thread(target=self.finish, args=(name,), daemon=True) for name, _ in heard]
        for thread in last:
            thread.start()
        until = time.monotonic() + seconds
        for thread in last:
            thread.join(max(0.0, until - time.monotonic()))
        for _, session in heard:
            session.stopped = "restarting"

    def who(self, token: str) -> tuple[str, Party] | None:
        """Interview and party of a token: the manager's, or the employee's link."""
        interview_id = self._tokens.interview(token)
        if interview_id is not None:
            return interview_id, "manager"
        try:
            return self._services.consents.linked(token).id, "employee"
        except TandaoError:
            return None

    def manager_speaks(self, interview_id: str) -> bool:
        """Whether the manager is in the middle of a sentence; on a shared microphone anybody not known to be the other."""
        session = self._sessions.get(interview_id)
        if session is None or session.stopped:
            return False
        since = time.monotonic() - SPEAKS_S
        channels = {channel for channel, (_, at) in list(session.speaking.items()) if at > since}
        return CHANNELS["manager"] in channels and (len(session.joined) > 1 or session.shared_speaker != "employee")

    def unfinished(self, interview_id: str) -> Unfinished | None:
        """The sentence the employee is in the middle of; None where nothing is heard or it may be the manager's."""
        session = self._sessions.get(interview_id)
        return None if session is None or session.stopped else session.unfinished

    def terms(self, interview_id: str) -> str:
        """Names and terms that may be said."""
        return self._tokens.terms(interview_id)

    def finish(self, interview_id: str) -> None:
        """Hear what was said to its end and store it, before the interview is ended. Not for the event loop's thread."""
        session = self._sessions.get(interview_id)
        if session is None or session.stopped:
            if self._places is not None:
                self._places.finish(interview_id, LAST_WORDS_S + WATCH_S)
            return
        if not session.closing:
            session.closing = self._places is not None  # nothing new is heard here while another ends the talk
            session.listener.finish(LAST_WORDS_S)
            if session.recorder is not None:
                session.recorder.close()
        session.pumped.wait(LAST_WORDS_S)

    async def serve(self, socket: "WebSocket") -> None:
        """One connection from its token to its end."""
        address = socket.client.host if socket.client else ""
        if self._leaving or self._strangers[address] >= MAX_STRANGERS:
            await socket.close(1012 if self._leaving else 1013)
            return
        self._strangers[address] += 1
        try:
            found = await self._met(socket)
        finally:
            self._strangers[address] -= 1
            self._strangers = +self._strangers
        if found is None:
            await self._refuse(socket, "no_token")
            return
        interview_id, party, hello = found
        try:
            if self._places is not None:
                elsewhere = await asyncio.to_thread(self._places.claim, interview_id)
                if elsewhere:
                    await (socket.close(COME_AGAIN) if PASSED in socket.headers else carry(socket, hello, elsewhere))
                    return
            session = await self._open(interview_id, self._terms(interview_id))
        except TandaoError as error:
            await self._give_up(interview_id)
            await self._refuse(socket, "no_grant" if isinstance(error, ConsentError) else error.message_key)
            return
        before = session.sockets.get(party)
        session.sockets[party] = socket
        session.joined.add(party)
        if before is not None:
            with contextlib.suppress(RuntimeError):
                await before.close(4002)
        number = session.next_frame.get(party, 0)
        await socket.send_json({"type": "ready", "next": number})
        if session.kept_here:
            await socket.send_json({"type": "kept_here"})
        watcher = asyncio.create_task(self._watch(session, interview_id))
        said_so = False
        try:
            said_so = await self._read(session, party, socket)
        finally:
            watcher.cancel()
            if session.sockets.get(party) is socket:
                del session.sockets[party]
            if not session.sockets:
                wait_s = 0 if said_so else RESUME_S
                asyncio.get_running_loop().call_later(wait_s, self._close_if_idle, interview_id)

    def _terms(self, interview_id: str) -> str:
        """As the page gave them; where that was at another replica, both names."""
        return self._tokens.terms(interview_id) or " ".join(self._services.consents.names(interview_id))

    async def _give_up(self, interview_id: str) -> None:
        """Another replica may hear it, unless it is heard here."""
        session = self._sessions.get(interview_id)
        if self._places is not None and (session is None or not session.open):
            await asyncio.to_thread(self._places.give_up, interview_id)

    async def _met(self, socket: "WebSocket") -> tuple[str, Party, str] | None:
        """Interview and party of whoever connects, by the token they say first, and what they said."""
        await socket.accept()
        try:
            hello = (await asyncio.wait_for(socket.receive(), 10)).get("text") or ""
            who = self.who(str(json.loads(hello)["token"])) if len(hello) <= MAX_TEXT else None
        except (TimeoutError, ValueError, KeyError, TypeError, RuntimeError):
            return None
        return None if who is None else (*who, hello)

    async def _open(self, interview_id: str, hotwords: str) -> _Session:
        session = self._sessions.get(interview_id)
        if session is not None and session.open:
            return session
        if self.sessions >= self._services.settings.live_talks:
            raise InputError("busy", message_key="error.live_busy")
        grant = self._services.consents.grant(interview_id)
        spoken = self._services.consents.spoken(interview_id)
        listener = await asyncio.to_thread(self._ears, grant, spoken, hotwords)
        began = self._services.consents.began(interview_id)
        before, session = session, _Session(grant, spoken, listener, (dt.datetime.now(dt.UTC) - began).total_seconds())
        if before is not None and before.goes_on:
            session.next_frame, session.shared_speaker = before.next_frame, before.shared_speaker
            session.joined = before.joined
            session.kept_here = before.kept_here or (
                before.grant.covers(Purpose.SPEECH_SERVICE) and not grant.covers(Purpose.SPEECH_SERVICE)
            )
        session.recorder = self.recorder(grant)
        self._sessions[interview_id] = session
        loop = session.loop = asyncio.get_running_loop()
        threading.Thread(target=self._pump, args=(session, interview_id, loop), daemon=True).start()
        return session

    def recorder(self, grant: ConsentGrant) -> "Recorder | None":
        """What keeps sound, or None where that was not granted."""
        if not grant.covers(Purpose.KEEP_AUDIO):
            return None
        from speech.kept import Recorder

        return Recorder(grant, functools.partial(self._services.kept_sound.keep, grant))

    def _hear(self, session: _Session, party: Party, number: int, frame: bytes) -> None:
        """One frame to the ears, and to the recorder where there is one; what is read aloud is no part of the talk."""
        voices = session.listener.voices
        reading = voices is not None and voices.reading is not None
        session.listener.feed(frame, number, CHANNELS[party])
        if session.recorder is None or reading:
            return
        import numpy as np

        first, at = session.first.setdefault(party, (number, session.base_s + time.monotonic() - session.opened))
        session.recorder.add(CHANNELS[party], at + (number - first) * FRAME_S, np.frombuffer(frame, "<i2"))

    async def _read(self, session: _Session, party: Party, socket: "WebSocket") -> bool:
        """Frames and marks until the client goes; True where it said that it would."""
        since_ack, allowance = 0, Allowance()
        while not session.stopped:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return False
            if self._leaving or session.goes_on:  # not acknowledged: the device sends it again to whoever comes after
                with contextlib.suppress(RuntimeError):
                    await socket.close(1012)
                return False
            text = message.get("text")
            if allowance.spent() or len(text or "") > MAX_TEXT:
                await self._refuse(socket, "malformed", 1008)
                return False
            if text is not None:
                if text == STOP:
                    return True
                if party == "manager":
                    await self._told(session, text)
                continue
            data = message.get("bytes") or b""
            if len(data) != HEAD_BYTES + FRAME_BYTES:
                await self._refuse(socket, "malformed", 1003)
                return False
            number = int.from_bytes(data[:HEAD_BYTES], "little")
            expected = session.next_frame.get(party, number)  # a new session begins where the client is
            if number < expected:
                continue  # heard already
            if number - expected > MAX_GAP or number > MAX_NUMBER:
                await self._refuse(socket, "malformed", 1003)
                return False
            if number > expected:
                session.lost += number - expected
                await socket.send_json({"type": "lost", "frames": session.lost})
            session.next_frame[party] = number + 1
            try:
                await asyncio.to_thread(self._hear, session, party, number, data[HEAD_BYTES:])
            except InputError:
                await self._refuse(socket, "malformed", 1003)
                return False
            since_ack += 1
            if since_ack >= ACK_FRAMES:
                since_ack = 0
                await socket.send_json({"type": "ack", "next": session.next_frame[party]})
        if session.stopped in ENDED:  # by the watcher, which may not have come to this device yet
            await self._refuse(socket, session.stopped, 4001)
        return False

    async def _told(self, session: _Session, text: str) -> None:
        """What the manager's page says beside sound: who speaks, or who reads aloud now. Nonsense is passed over."""
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            told = json.loads(text)
            voices = session.listener.voices
            speaker, reads = told.get("speaker"), told.get("reads")
            if speaker in ("manager", "employee", "unsure"):
                session.shared_speaker = speaker
                if voices is not None and speaker != "unsure":
                    voices.put_right(speaker)
            if reads in ("manager", "employee", ""):
                if voices is None:
                    await self._tell(session, {"type": "no_voices"})
                else:
                    voices.read(reads or None)

    async def _watch(self, session: _Session, interview_id: str) -> None:
        """Ends the session as soon as the consent is gone or the interview over."""
        while not session.stopped:
            await asyncio.sleep(WATCH_S)
            try:
                found = await asyncio.to_thread(self._services.consents.standing, interview_id)
                spoken = await asyncio.to_thread(self._services.consents.spoken, interview_id)
                over = await asyncio.to_thread(self._services.consents.is_over, interview_id)
            except NotFoundError:  # the interview was deleted
                await self._stop(session, "over")
                return
            if Purpose.TRANSCRIBE not in found.purposes or over:
                await self._stop(session, "over" if over else "withdrawn")
            elif session.grant.covers(Purpose.SPEECH_SERVICE) and Purpose.SPEECH_SERVICE not in found.purposes:
                if session.open:
                    await self._keep_here(session)
            elif Purpose.VOICES not in found.purposes:
                session.listener.without_voices()
            if session.recorder is not None and Purpose.KEEP_AUDIO not in found.purposes:
                session.recorder.drop()
            if spoken != session.spoken and session.open:
                await self._hear_anew(session)
            if self._places is not None and session.open:
                await self._keep_place(self._places, session, interview_id)

    async def _keep_place(self, places: Places, session: _Session, interview_id: str) -> None:
        """Stay the one that hears a talk; what was heard is put away where another took it over or ends it."""
        if await asyncio.to_thread(places.is_to_finish, interview_id):
            await asyncio.to_thread(self.finish, interview_id)
        elif time.monotonic() - session.renewed > RENEW_S:
            session.renewed = time.monotonic()
            if await asyncio.to_thread(places.claim, interview_id):
                session.closing = True
                threading.Thread(target=_put_away, args=(session,), daemon=True).start()
                for socket in list(session.sockets.values()):
                    with contextlib.suppress(RuntimeError):
                        await socket.close(COME_AGAIN)

    async def _stop(self, session: _Session, why: str) -> None:
        if session.stopped:
            return
        session.stopped, session.unfinished = why, None
        if session.recorder is not None:
            session.recorder.drop()
        for socket in list(session.sockets.values()):
            await self._refuse(socket, why, 4001)
        await asyncio.to_thread(session.listener.abort)
        with contextlib.suppress(TandaoError):
            await asyncio.to_thread(self._tokens.close, session.grant.interview_id)

    async def _hear_anew(self, session: _Session) -> None:
        """Another language: what was said is read to its end in the old one, and the devices come back for the new."""
        session.closing = session.goes_on = True
        threading.Thread(target=_put_away, args=(session,), daemon=True).start()
        for socket in list(session.sockets.values()):
            with contextlib.suppress(RuntimeError):
                await socket.close(1012)

    async def _keep_here(self, session: _Session) -> None:
        """Sound may leave this machine no more: what waits for the service is dropped, and the devices come back."""
        session.closing = session.goes_on = True
        session.unfinished = None
        await asyncio.to_thread(session.listener.abort)
        for socket in list(session.sockets.values()):
            with contextlib.suppress(RuntimeError):
                await socket.close(1012)

    def _close_if_idle(self, interview_id: str) -> None:
        session = self._sessions.get(interview_id)
        if session is not None and not session.sockets and session.open:
            session.closing = True
            threading.Thread(target=_put_away, args=(session,), daemon=True).start()

    def _pump(self, session: _Session, interview_id: str, loop: asyncio.AbstractEventLoop) -> None:
        """Bring what was heard into the record, and tentative words to the devices."""
        try:
            for heard in session.listener.events():
                if session.stopped:
                    return
                _follow(session, heard)
                if heard.kind == "committed":
                    self._store(session, heard)
                if self._grows(session, heard):
                    _hand_over(loop, self._tell_manager, session, {"type": "cue"})
                shown: dict[str, Any] = {
                    "type": heard.kind,
                    "text": heard.text,
                    "channel": heard.channel,
                    "doubtful": heard.doubtful,
                    "number": heard.number,
                }
                if heard.kind in ("enrolling", "enrolled"):
                    shown["voiced_s"] = heard.end_s
                _hand_over(loop, self._tell, session, shown)
        except ConsentError:
            _hand_over(loop, self._stop, session, "withdrawn")
        except TandaoError as error:
            _hand_over(loop, self._tell, session, {"type": "error", "key": error.message_key})
        finally:
            session.pumped.set()
            if self._places is not None and self._sessions.get(interview_id) is session:
                self._places.give_up(interview_id)

    def _store(self, session: _Session, heard: Heard) -> None:
        party: Party = "employee" if heard.channel == CHANNELS["employee"] else "manager"
        speaker, unsure = session.shared_speaker, False
        if len(session.joined) > 1 or party == "employee":
            speaker = party
        elif heard.speaker is not None or heard.unsure:
            speaker, unsure = heard.speaker or "unsure", heard.unsure
        self._services.live.hear(
            session.grant, speaker, heard.text, start_s=round(session.base_s + heard.start_s, 1),
            end_s=round(session.base_s + heard.end_s, 1), doubtful=heard.doubtful,
            unsure=unsure,
        )  # fmt: skip

    def _grows(self, session: _Session, heard: Heard) -> bool:
        """Follow the employee's sentence; whether the cues in it became others before it is over."""
        before = session.unfinished
        if heard.kind == "tentative" and heard.text:
            if not _surely_employee(session, heard.channel):
                return False
            said: Utterance | None = None
            with contextlib.suppress(TandaoError):  # the committed words are read again
                said = self._services.live.in_the_middle(
                    session.grant, heard.text, round(session.base_s + heard.end_s, 1), doubtful=heard.doubtful
                )
            session.unfinished = None if said is None else grown(before, heard.channel, heard.number, said)
        elif heard.kind in ("tentative", "committed") and before is not None and _is_over(before, heard):
            session.unfinished = None
        return heard.kind == "tentative" and _kinds(before) != _kinds(session.unfinished)

    async def _tell_manager(self, session: _Session, event: dict[str, Any]) -> None:
        socket = session.sockets.get("manager")
        if socket is not None:
            with contextlib.suppress(RuntimeError):
                await socket.send_json(event)

    async def _tell(self, session: _Session, event: dict[str, Any]) -> None:
        for socket in list(session.sockets.values()):
            with contextlib.suppress(RuntimeError):
                await socket.send_json(event)

    async def _refuse(self, socket: "WebSocket", why: str, code: int = 4003) -> None:
        with contextlib.suppress(RuntimeError):
            await socket.send_json({"type": "stopped", "why": why})
            await socket.close(code)


def _follow(session: _Session, heard: Heard) -> None:
    """Who is in the middle of a sentence."""
    if heard.kind == "tentative" and heard.text:
        session.speaking[heard.channel] = heard.number, time.monotonic()
    elif heard.kind in ("tentative", "committed") and session.speaking.get(heard.channel, (0, 0.0))[0] <= heard.number:
        session.speaking.pop(heard.channel, None)


def _surely_employee(session: _Session, channel: int) -> bool:
    """Whether a sentence that is not over is known to be the employee's; a voice is told only at its end."""
    if channel == CHANNELS["employee"]:
        return True
    return len(session.joined) <= 1 and session.listener.voices is None and session.shared_speaker == "employee"


def _is_over(unfinished: Unfinished, heard: Heard) -> bool:
    """Whether this is the end of a sentence, or of a later one on the same device."""
    return unfinished.channel == heard.channel and unfinished.number <= heard.number


def _kinds(unfinished: Unfinished | None) -> set[str]:
    return set() if unfinished is None else {str(cue["kind"]) for cue in unfinished.said.cues}


def _put_away(session: _Session) -> None:
    """Nobody's device is there any more: what was said is read to its end, and stays."""
    session.listener.finish(LAST_WORDS_S)
    if session.recorder is not None:
        session.recorder.close()
    session.pumped.wait(LAST_WORDS_S)
    session.stopped = session.stopped or "idle"
    session.listener.abort()


def _hand_over(loop: asyncio.AbstractEventLoop, task: Callable[..., Coroutine[Any, Any, None]], *given: Any) -> None:
    """Run ``task`` in the server's loop; nobody is there to be told once the server has stopped."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(lambda: asyncio.run_coroutine_threadsafe(task(*given), loop))


def mount_audio(app: "FastAPI", room: AudioRoom) -> None:
    """The socket and the two scripts that feed it."""
    from fastapi import WebSocket
    from fastapi.responses import FileResponse

    static = Path(__file__).parent / "static"

    async def audio(socket: WebSocket) -> None:
        await room.serve(socket)

    def script(name: str) -> Callable[[], FileResponse]:
        return lambda: FileResponse(static / name, media_type="text/javascript")

    app.add_api_websocket_route("/live/audio", audio)
    for name in ("capture.js", "worklet.js"):
        app.add_api_route(f"/live/{name}", script(name), methods=["GET"], response_class=FileResponse)
