"""``/live/recording``: a recording of a talk, heard afterwards. The grant is checked before the first byte is read.

Each sentence is stored as it is heard, under the file's digest and its place in the file: a recording that failed, was cancelled
or was given twice goes on where it stopped. The sound lies in the data folder only while it is being heard, under a name of its own with mode 0600, and is removed
whatever happens; a withdrawal in between ends it.
"""

import functools
import hashlib
import os
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.audio_socket import AudioRoom
from app.wiring import Services
from assistant.live import Line
from consent.grants import ConsentGrant
from consent.notices import Purpose
from interview.errors import ConsentError, InputError, TandaoError
from interview.ports import Utterance

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

    from speech.listening import Heard

MAX_BYTES = 2_000_000_000
CHECK_BYTES = 4_000_000
"""The consent is looked at again after so much of an upload."""
KEPT_JOBS = 50


@dataclass
class Job:
    """One recording. ``state``: hearing, done, cancelled or failed; ``why``: a message key for a failure."""

    interview_id: str
    state: str = "hearing"
    why: str = ""
    done_s: float = 0.0
    total_s: float = 0.0
    began: float = 0.0
    cancelled: bool = False
    truncated: bool = False

    def shown(self) -> dict[str, Any]:
        """For the page; ``left_s``: estimate of the seconds still needed, None before there is one."""
        spent = time.monotonic() - self.began
        left = spent / self.done_s * (self.total_s - self.done_s) if self.done_s > 1 and self.total_s else None
        return {
            "state": self.state, "why": self.why, "done_s": round(self.done_s, 1), "total_s": round(self.total_s, 1),
            "left_s": None if left is None else round(max(0.0, left)), "truncated": self.truncated,
        }  # fmt: skip


class Recordings:
    """Uploads of this process."""

    def __init__(self, services: Services, room: AudioRoom) -> None:
        self._services = services
        self._room = room
        self._jobs: dict[str, Job] = {}
        self._folder = services.settings.home / "uploads"
        with suppress(OSError):
            for left in self._folder.glob("*.part"):  # of a process that was killed
                left.unlink()

    def granted(self, token: str) -> ConsentGrant:
        """The grant behind a manager's token; raises ConsentError."""
        found = self._room.who(token)
        if found is None or found[1] != "manager":
            raise ConsentError("no token", message_key="error.no_grant")
        return self._services.consents.grant(found[0])

    async def take(self, request: "Request", grant: ConsentGrant, *, split: bool) -> str:
        """Stream the body to its place and start hearing it; returns the job's id."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{secrets.token_hex(8)}.part"
        taken = since = 0
        digest = hashlib.sha256()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                async for chunk in request.stream():
                    taken += len(chunk)
                    since += len(chunk)
                    if taken > MAX_BYTES:
                        raise InputError("too large", message_key="error.audio_large")
                    if since > CHECK_BYTES:
                        since = 0
                        self._services.consents.grant(grant.interview_id)
                    digest.update(chunk)
                    file.write(chunk)
            if not taken:
                raise InputError("empty", message_key="error.audio_empty")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        job_id = secrets.token_urlsafe(12)
        job = Job(grant.interview_id, began=time.monotonic())
        self._jobs = dict(list(self._jobs.items())[-KEPT_JOBS:]) | {job_id: job}
        threading.Thread(target=self._hear, args=(job, path, digest.hexdigest(), split), daemon=True).start()
        return job_id

    def job(self, job_id: str) -> Job | None:
        """A job, or None."""
        return self._jobs.get(job_id)

    def _hear(self, job: Job, path: Path, digest: str, split: bool) -> None:
        try:
            while not self._heard(job, path, digest, split):
                pass  # the service that heard may hear no more: the rest is for whoever may
            job.state = "cancelled" if job.cancelled else "done"
        except TandaoError as error:
            job.state, job.why = "failed", error.message_key
        except Exception:  # a decoder can fail in any way; the job must not stay "hearing"
            job.state, job.why = "failed", "error.unexpected"
        finally:
            path.unlink(missing_ok=True)

    def _heard(self, job: Job, path: Path, digest: str, split: bool) -> bool:
        """Hear what is not stored yet; False where sound may not go any more to where it went."""
        from speech.listening import transcribe_file

        services = self._services
        grant = services.consents.grant(job.interview_id)
        places = services.kept_sound.all_places(grant)
        # after what is kept already, so that two recordings do not sound at once
        reached = services.live.reached(grant, digest, max((p.start_s + p.seconds for p in places), default=0.0))
        kept_s = {p.lane: p.start_s + p.seconds for p in places if p.start_s >= reached.base_s}
        recorder = self._room.recorder(grant)

        def told(progress: Any) -> None:
            job.done_s, job.total_s = progress.done_s, progress.total_s

        def stopped() -> bool:
            purposes = services.consents.standing(job.interview_id).purposes
            return job.cancelled or Purpose.TRANSCRIBE not in purposes or services.goes_out_no_more(grant)

        def kept(block: Any) -> None:
            at_s = reached.base_s + block.start_s
            if recorder is not None and at_s >= kept_s.get(block.channel, 0.0):
                recorder.add(block.channel, at_s, block.samples)

        words = transcribe_file(
            grant, path, services.hearing(grant), services.consents.spoken(job.interview_id), split=split, told=told,
            cancelled=stopped, kept=kept, hotwords=self._room.terms(job.interview_id),
            known=lambda channel, start_s: (channel, round(start_s, 1)) in reached.lines,
        )  # fmt: skip
        for heard in words:
            if heard.kind == "committed":
                services.live.hear_recording(grant, digest, [line_of(heard, split)], reached)
            elif heard.text == "truncated":
                job.truncated = True
        if recorder is not None:
            (recorder.drop if stopped() else recorder.close)()
        if Purpose.TRANSCRIBE not in services.consents.standing(job.interview_id).purposes:
            raise ConsentError("withdrawn", message_key="error.withdrawn")
        return job.cancelled or not services.goes_out_no_more(grant)


def line_of(heard: "Heard", split: bool) -> Line:
    """What was heard as a line of its recording; with ``split`` the first two channels are a person each."""
    who = ("manager", "employee")[heard.channel] if split and heard.channel < 2 else "unsure"
    start_s, end_s = round(heard.start_s, 1), round(heard.end_s, 1)
    return Line(heard.channel, start_s, Utterance(0, who, heard.text, heard.doubtful, start_s, end_s))


def mount_recordings(app: "FastAPI", services: Services, room: AudioRoom) -> None:
    """Upload, progress, cancel."""
    from fastapi import Request
    from fastapi.responses import JSONResponse, StreamingResponse
    from starlette.requests import ClientDisconnect

    recordings = Recordings(services, room)

    async def upload(request: Request) -> JSONResponse:
        try:
            grant = recordings.granted(request.headers.get("x-tandao-token", ""))
            job_id = await recordings.take(request, grant, split=request.headers.get("x-tandao-split") == "1")
        except TandaoError as error:
            return JSONResponse({"state": "failed", "why": error.message_key}, 403)
        except ClientDisconnect:  # taken back or cut off; nothing of it is kept and nobody waits for the answer
            return JSONResponse({"state": "cancelled"}, 499)
        except OSError:
            return JSONResponse({"state": "failed", "why": "error.disk_full"}, 507)
        return JSONResponse({"job": job_id})

    def progress(job_id: str) -> JSONResponse:
        job = recordings.job(job_id)
        return JSONResponse(job.shown() if job else {"state": "failed", "why": "error.not_found"}, 200 if job else 404)

    def cancel(job_id: str) -> JSONResponse:
        job = recordings.job(job_id)
        if job is not None:
            job.cancelled = True
        return JSONResponse({})

    def sound(request: Request) -> StreamingResponse | JSONResponse:
        """The kept sound of an interview, for the manager whose token it is; streamed, nothing is written."""
        from speech.kept import wav

        try:
            grant = recordings.granted(request.headers.get("x-tandao-token", ""))
            repository = services.kept_sound
            places = repository.all_places(grant)
        except TandaoError as error:
            return JSONResponse({"why": error.message_key}, 403)
        if not places:
            return JSONResponse({"why": "error.no_sound"}, 404)
        return StreamingResponse(
            wav(grant, places, functools.partial(repository.piece, grant)), media_type="audio/wav",
            headers={"cache-control": "no-store"},
        )  # fmt: skip

    app.add_api_route("/live/sound", sound, methods=["GET"], response_model=None)
    app.add_api_route("/live/recording", upload, methods=["POST"])
    app.add_api_route("/live/recording/{job_id}", progress, methods=["GET"])
    app.add_api_route("/live/recording/{job_id}", cancel, methods=["POST"])
