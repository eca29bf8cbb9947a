"""How the product's own time grows: with what is stored, and with how many rehearse at once.

    python -m evals.load [--url URL] [--home FOLDER] [--stored 1000,10000,100000] [--at-once 1,8,32] [--lines 1,100,1000]

Turns and live lines go through the services and a real database, with the authored voice and without pauses, so that what
is measured is our own overhead. ``--stored``: so many rehearsals and as many live interviews, with their ledger, lie in the
database. ``--lines``: so many lines are in a live talk when the next is heard. Prints one JSON object a line: milliseconds
at p50 and p95, each p95 as a ratio of the first line's (the machine may be shared), megabytes of this process, the
machine's load. With ``--home`` (and ``--url``) a run goes on with what an earlier one stored.
"""

import argparse
import datetime as dt
import json
import os
import resource
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from assistant.live import LiveInterviews
from consent.grants import Consents
from consent.notices import OFFERED
from interview.actor import Actor, Role
from interview.library import FileLibrary
from interview.reading.cues import RuleCueReader
from interview.reading.moves import RuleMoveReader
from phrasing.library import PhrasingLibrary
from simulator.rehearsal import Rehearsals
from simulator.voices.authored import AuthoredVoice
from storage.database import open_database
from storage.store import Store
from storage.tables import consent_ledger, live_interviews, rehearsals, turns, utterances
from storage.vault import Vault

LINES = [
    "坐，喝点水。谢谢你今天抽时间过来。",
    "在我说看法之前，我想先听听你自己怎么看这一年？",
    "听起来有些力气花了却没人看见，心里一直没放下。",
    "你觉得是方法的问题，还是时间和优先级排不开？",
    "从下周起，你每两周把进度写一页发我，月底我们再回顾一次。",
]
TALK_TURNS = 12
"""Manager turns of a stored talk."""
BATCH = 1_000
AROUND = 20
"""Lines before and after a number of lines that count as there."""


class Now:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """Aware UTC time."""
        return dt.datetime.now(dt.UTC)


def service(store: Store) -> Rehearsals:
    """Rehearsals over a store, as the server builds them without a model."""
    library = FileLibrary(Path(__file__).parent.parent / "personas")
    return Rehearsals(library, store.rehearsals, RuleMoveReader(), {"authored": AuthoredVoice()}, Now())


def hold(service: Rehearsals, owner: str, count: int, seed: int) -> list[float]:
    """One rehearsal of ``count`` turns; seconds of each, from the sentence to the end of the reply."""
    actor = Actor(owner, Role.MANAGER, "zh")
    record = service.start(actor, "expert-open", lang="zh", seed=seed)
    took: list[float] = []
    for number in range(count):
        if service.get(actor, record.id).ended:
            break
        began = time.perf_counter()
        for _ in service.say(actor, record.id, LINES[number % len(LINES)]):
            pass
        took.append(time.perf_counter() - began)
    return took


def fill(store: Store, until: int) -> None:
    """Copies of one stored talk, until there are so many; keys and words are not copied, only rows and indexes grow."""
    with store.engine.connect() as db:
        talk = db.execute(select(rehearsals)).mappings().first()
        if talk is None:
            raise RuntimeError("nothing to copy")
        said = db.execute(select(turns).where(turns.c.rehearsal_id == talk["id"])).mappings().all()
        there = len(db.execute(select(rehearsals.c.id)).all())
    for first in range(there, until, BATCH):
        names = [f"x{number}" for number in range(first, min(first + BATCH, until))]
        with store.engine.begin() as db:
            db.execute(insert(rehearsals), [dict(talk) | {"id": n, "owner_id": f"o{int(n[1:]) % 500}"} for n in names])
            db.execute(insert(turns), [dict(turn) | {"rehearsal_id": name} for name in names for turn in said])


def fill_interviews(store: Store, until: int) -> None:
    """The same for live interviews, their words and their entries in the ledger, whose chain is not made."""
    with store.engine.connect() as db:
        talk = db.execute(select(live_interviews)).mappings().first()
        if talk is None:
            raise RuntimeError("nothing to copy")
        said = db.execute(select(utterances).where(utterances.c.interview_id == talk["id"])).mappings().all()
        agreed = db.execute(select(consent_ledger).where(consent_ledger.c.interview_id == talk["id"])).mappings().all()
        there = db.execute(select(func.count()).select_from(live_interviews)).scalar_one()
        last = db.execute(select(func.max(consent_ledger.c.number))).scalar_one()
    for first in range(there, until, BATCH):
        names = [f"y{number}" for number in range(first, min(first + BATCH, until))]
        one = [dict(talk) | {"id": n, "link_hash": n, "owner_id": f"o{int(n[1:]) % 500}"} for n in names]
        heard = [dict(line) | {"interview_id": name} for name in names for line in said]
        entries = [dict(entry) | {"interview_id": name} for name in names for entry in agreed]
        with store.engine.begin() as db:
            db.execute(insert(live_interviews), one)
            db.execute(insert(utterances), heard)
            db.execute(insert(consent_ledger), [e | {"number": last + n} for n, e in enumerate(entries, 1)])
        last += len(entries)


class Live:
    """Live interviews over a store, as the server builds them without a model."""

    def __init__(self, store: Store) -> None:
        self._consents = Consents(store.interviews, store.ledger, Now())
        self._live = LiveInterviews(
            self._consents, store.interviews, RuleMoveReader(), RuleCueReader(), PhrasingLibrary(), Now()
        )

    def hold(self, count: int) -> tuple[list[float], list[float]]:
        """One interview of ``count`` lines; seconds of both consents, and of each line from its words to its commit."""
        actor = Actor("local", Role.MANAGER, "zh")
        interview, secret = self._consents.invite(actor, "eval", "zh")
        began = time.perf_counter()
        self._consents.manager_grants(actor, interview.id, OFFERED, "eval")
        between = time.perf_counter()
        self._consents.answer(secret, OFFERED, "eval", "zh")
        asked = [between - began, time.perf_counter() - between]
        grant, took = self._consents.grant(interview.id), list[float]()
        for number in range(count):
            began = time.perf_counter()
            who = ("employee", "manager")[number % 2]
            self._live.hear(grant, who, f"{LINES[number % len(LINES)]}（{number}）", start_s=number, end_s=number)
            took.append(time.perf_counter() - began)
        return asked, took


def at_once(service: Rehearsals, people: int, count: int) -> list[float]:
    """So many people rehearse at the same time without pausing to think; seconds of all their turns."""
    found: list[float] = []
    lock = threading.Lock()

    def one(number: int) -> None:
        took = hold(service, f"p{number}", count, number)
        with lock:
            found.extend(took)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def figures(took: list[float]) -> dict[str, float]:
    """Milliseconds."""
    cuts = statistics.quantiles(took, n=20)
    return {"p50_ms": round(1_000 * statistics.median(took), 1), "p95_ms": round(1_000 * cuts[18], 1)}


def numbers(text: str) -> list[int]:
    """Whole numbers with commas."""
    return [int(part) for part in text.split(",") if part]


def main() -> None:
    """See the module."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--url", default="")
    options.add_argument("--home", type=Path, help="keep key and, without --url, the database here")
    options.add_argument("--stored", type=numbers, default=[1_000, 10_000, 100_000])
    options.add_argument("--at-once", type=numbers, default=[1, 8, 32])
    options.add_argument("--lines", type=numbers, default=[1, 100, 1_000])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.home or Path(scratch)
        engine = open_database(chosen.url or f"sqlite:///{folder}/load.db")
        store = Store(engine, Vault.from_file(folder / "master.key"), Now())
        made, live, tell = service(store), Live(store), Teller()
        hold(made, "warm", TALK_TURNS, 7)
        live.hold(TALK_TURNS)
        for number in chosen.at_once:
            began = time.perf_counter()
            took = at_once(made, number, 8)
            tell("turn", {"at_once": number}, took, turns_per_s=round(len(took) / (time.perf_counter() - began), 1))
        if chosen.lines:
            _, took = live.hold(max(chosen.lines) + AROUND)
            for number in chosen.lines:
                tell("line", {"after_lines": number}, took[max(0, number - AROUND) : number + AROUND])
        for number in chosen.stored:
            fill(store, number)
            fill_interviews(store, number)
            took = [seconds for seed in range(5) for seconds in hold(made, "local", TALK_TURNS, seed)]
            tell("turn", {"stored": number}, took)
            held = [live.hold(TALK_TURNS) for _ in range(5)]
            tell("consent", {"stored": number}, [seconds for asked, _ in held for seconds in asked])
            tell("line", {"stored": number}, [seconds for _, heard in held for seconds in heard])
        engine.dispose()


class Teller:
    """Prints figures, each beside the first of its kind."""

    def __init__(self) -> None:
        self._first: dict[str, float] = {}

    def __call__(self, what: str, where: dict[str, int], took: list[float], **more: float) -> None:
        """One line."""
        found = figures(took)
        first = self._first.setdefault(f"{what} {next(iter(where))}", found["p95_ms"])
        line: dict[str, Any] = {
            "what": what,
            **where,
            "count": len(took),
            **found,
            "ratio": round(found["p95_ms"] / first, 2),
        }
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(line | more | {"mb": round(size), "load": round(os.getloadavg()[0], 1)}), flush=True)


if __name__ == "__main__":
    main()
