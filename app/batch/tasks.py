"""What a worker does with one item. It never raises: what went wrong is in what it tells, by message key.

Every task may be killed anywhere and done again: a report replaces the one before it, the words of a recording are stored
in one transaction that looks whether they are there, and a simulated talk stores nothing.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from app.batch.pools import Item
from app.wiring import Services, build_services
from consent.grants import ConsentGrant
from consent.notices import Purpose
from interview.actor import Actor, Role
from interview.conversation import Lang
from interview.errors import ConsentError, NotFoundError, TandaoError

CHUNK = 1 << 20


def perform(item: Item) -> dict[str, Any]:
    """Do one item; ``state`` is done, refused (no consent, not theirs), gone, or failed with ``why``."""
    try:
        return {"state": "done", **TASKS[item.task](_services(), item.given)}
    except ConsentError as error:
        return {"state": "refused", "why": error.message_key}
    except NotFoundError as error:
        return {"state": "gone", "why": error.message_key}
    except TandaoError as error:
        return {"state": "failed", "why": error.message_key}
    except Exception as error:  # one odd item must not end the run
        return {"state": "failed", "why": "error.unexpected", "kind": type(error).__name__}


def rescore(services: Services, given: Mapping[str, Any]) -> dict[str, Any]:
    """Make the report of one rehearsal anew, on behalf of its owner; scores are told only where ``given`` allows it."""
    from app.reports import build_report
    from scoring.rubric import rubric

    rehearsal_id = str(given["rehearsal"])
    owner = Actor(str(given["owner"]), Role.MANAGER, services.settings.language)
    before = services.rehearsals.saved_report(owner, rehearsal_id)
    if before is None:
        return {"was": "unscored"}
    if before.get("rubric_version") == rubric()["version"]:
        return {"was": "current"}
    after = build_report(services, owner, rehearsal_id, before.get("words_in"))
    told: dict[str, Any] = {"was": "older", "rubric": after["rubric_version"]}
    return told | ({"before": before.get("score"), "after": after["score"]} if given.get("tell") else {})


def transcribe(services: Services, given: Mapping[str, Any]) -> dict[str, Any]:
    """Hear the recordings of one interview, in order. No file is opened before the grant of both people is there."""
    actor = Actor(str(given["owner"]), Role.MANAGER, services.settings.language)
    interview_id = str(given["interview"])
    services.consents.interview(actor, interview_id)
    heard = [_hear(services, interview_id, Path(name), split=bool(given["split"])) for name in given["files"]]
    return {"files": len(heard), "new": sum(lines > 0 for lines in heard), "lines": sum(heard)}


def _hear(services: Services, interview_id: str, path: Path, *, split: bool) -> int:
    """How many lines one recording brought; none where it was heard before."""
    from app.recordings import line_of
    from speech.listening import transcribe_file

    grant = services.consents.grant(interview_id)
    digest = _digest(path)
    while True:
        granted, reached = grant, services.live.reached(grant, digest)

        def stopped(granted: ConsentGrant = granted) -> bool:
            purposes = services.consents.standing(interview_id).purposes
            return Purpose.TRANSCRIBE not in purposes or services.goes_out_no_more(granted)

        words = transcribe_file(
            granted, path, services.hearing(granted), services.consents.spoken(interview_id), split=split,
            cancelled=stopped, hotwords=" ".join(services.consents.names(interview_id)),
            known=lambda channel, start_s, there=reached.lines: (channel, round(start_s, 1)) in there,
        )  # fmt: skip
        lines = [line_of(heard, split) for heard in words if heard.kind == "committed"]
        grant = services.consents.grant(interview_id)
        if not services.goes_out_no_more(granted):
            return len(services.live.hear_recording(grant, digest, lines, reached))


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def simulate(services: Services, given: Mapping[str, Any]) -> dict[str, Any]:
    """Hold one talk with a simulated manager and score it; nothing is stored."""
    from simulator.managers import Style, hold

    lang = cast("Lang", given["lang"])
    library = services.library
    persona, scenario = library.persona(given["persona"], lang), library.scenario(given["scenario"], lang)
    held = hold(persona, scenario, lang, Style(given["style"]), int(given["seed"]), services.move_reader)
    report = services.reporter.report(held.transcript, persona, scenario, list(held.path))
    last = held.path[-1]
    told = {
        "score": report["score"], "unscorable": report["unscorable_reason"], "rubric": report["rubric_version"],
        "dimensions": {d["id"]: d["score"] for d in report["dimensions"]}, "turns": len(held.path) - 1,
        "variant": held.variant, "walked_out": held.walked_out, "tension": round(last.tension, 3),
        "trust": round(last.trust, 3),
    }  # fmt: skip
    if given.get("words"):
        told["words"] = [[str(t.speaker), t.text] for t in held.transcript.turns]
    return told


TASKS: Mapping[str, Callable[[Services, Mapping[str, Any]], dict[str, Any]]] = {
    "rescore": rescore, "transcribe": transcribe, "simulate": simulate,
}  # fmt: skip


@cache
def _services() -> Services:
    """One for each worker, so that a model is loaded once."""
    return build_services()
