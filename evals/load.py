"""How the product's own time grows: with what is stored, and with how many rehearse at once.

    python -m evals.load [--url URL] [--stored 1000,10000,100000] [--at-once 1,8,32]

Turns go through the rehearsal service and a real database, with the authored voice and without pauses, so that what is
measured is our own overhead. Prints one JSON object a line: milliseconds at p50 and p95, and each p95 as a ratio of the
first line's, for the machine may be shared.
"""

import argparse
import datetime as dt
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from interview.actor import Actor, Role
from interview.library import FileLibrary
from interview.reading.moves import RuleMoveReader
from simulator.rehearsal import Rehearsals
from simulator.voices.authored import AuthoredVoice
from storage.database import open_database
from storage.store import Store
from storage.tables import rehearsals, turns
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
    return [int(part) for part in text.split(",")]


def main() -> None:
    """See the module."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--url", default="")
    options.add_argument("--stored", type=numbers, default=[1_000, 10_000, 100_000])
    options.add_argument("--at-once", type=numbers, default=[1, 8, 32])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(chosen.url or f"sqlite:///{folder}/load.db")
        store = Store(engine, Vault.from_file(Path(folder) / "master.key"), Now())
        made = service(store)
        hold(made, "warm", TALK_TURNS, 7)
        base: dict[str, float] = {}
        runs: list[tuple[str, int]] = [("at_once", n) for n in chosen.at_once] + [("stored", n) for n in chosen.stored]
        for what, number in runs:
            if what == "stored":
                fill(store, number)
                took = [seconds for seed in range(5) for seconds in hold(made, "local", TALK_TURNS, seed)]
            else:
                began = time.perf_counter()
                took = at_once(made, number, 8)
            line: dict[str, Any] = {what: number, "turns": len(took), **figures(took)}
            if what == "at_once":
                line["turns_per_s"] = round(len(took) / (time.perf_counter() - began), 1)  # pyright: ignore[reportPossiblyUnboundVariable]
            base.setdefault(what, line["p95_ms"])
            print(json.dumps(line | {"ratio": round(line["p95_ms"] / base[what], 2)}), flush=True)
        engine.dispose()


if __name__ == "__main__":
    main()
