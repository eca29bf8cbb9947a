"""A process that has everything loaded and forks a child for each job, so that hundreds of kills take seconds.

One JSON line in: ``{"home": …, "job": …, "with": […], "die_at": N, "after_s": S}``. The child does the job on a database
of its own opening and prints what a person would have been told; it dies by SIGKILL before its Nth step on disk, or S
seconds after it began. One JSON line out: ``{"said": […], "killed": true, "steps": …}``.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from consent.notices import Purpose
from interview.actor import Actor, Role
from interview.errors import TandaoError
from tests.faults.speaker import ACTOR, Suicide, line, services, shown

ROOT = Actor("root", Role.ADMINISTRATOR, "zh")
ASKED = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS, Purpose.KEEP_TRANSCRIPT)


def say(home: Path, rehearsal_id: str) -> Any:
    """One turn; what the page shows of it."""
    rehearsals = services(home).rehearsals
    number = rehearsals.get(ACTOR, rehearsal_id).turn_count
    return (shown(event) for event in rehearsals.say(ACTOR, rehearsal_id, line(number)))


def forget(home: Path, rehearsal_id: str) -> Any:
    services(home).rehearsals.delete(ACTOR, rehearsal_id)
    yield "deleted"


def answer(home: Path, secret: str) -> Any:
    services(home).consents.answer(secret, ASKED, "沈一苇", "zh")
    yield "granted"


def withdraw(home: Path, secret: str) -> Any:
    services(home).consents.withdraw(secret)
    yield "withdrawn"


def forget_interview(home: Path, interview_id: str) -> Any:
    services(home).live.delete(ACTOR, interview_id)
    yield "deleted"


def forget_account(home: Path, account_id: str) -> Any:
    services(home).accounts.delete(ROOT, account_id)
    yield "deleted"


def save_minutes(home: Path, interview_id: str, agreed: str) -> Any:
    services(home).live.save_minutes(ACTOR, interview_id, {"agreed": [agreed], "disputed": [], "promised": []})
    yield "saved"


_ALL = (say, forget, answer, withdraw, forget_interview, forget_account, save_minutes)
JOBS = {job.__name__: job for job in _ALL}


def child(job: dict[str, Any], out: int) -> None:
    """Do one job and end; whatever happens, this process does not come back."""

    def tell(value: Any) -> None:
        os.write(out, (json.dumps(value, ensure_ascii=False) + "\n").encode())

    home = Path(job["home"])
    counter = Suicide(home, job.get("die_at") or 1 << 40)
    began = counter.left
    try:
        for told in JOBS[job["job"]](home, *job["with"]):
            tell(told)
    except TandaoError as error:
        tell({"error": error.message_key or type(error).__name__})
    tell({"steps": began - counter.left})
    os._exit(0)


def main() -> None:
    """Until standard input ends."""
    print(json.dumps("ready"), flush=True)
    for asked in sys.stdin:
        job = json.loads(asked)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            child(job, write)
        os.close(write)
        began = time.monotonic()
        if job.get("after_s"):
            time.sleep(job["after_s"])
            os.kill(pid, signal.SIGKILL)
        with os.fdopen(read, "rb") as pipe:
            told = [json.loads(one) for one in pipe.read().splitlines(keepends=True) if one.endswith(b"\n")]
        _, status = os.waitpid(pid, 0)
        steps = next((one["steps"] for one in told if isinstance(one, dict) and "steps" in one), None)
        print(
            json.dumps(
                {
                    "said": [one for one in told if not (isinstance(one, dict) and "steps" in one)],
                    "killed": os.WIFSIGNALED(status), "status": status, "steps": steps,
                    "took_s": time.monotonic() - began,
                },
                ensure_ascii=False,
            ),
            flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
