"""Engine time per turn, early and late in a talk, with and without storage; memory of many open rehearsals.

Run ``python -m evals.engine [--json]``. Figures are medians in milliseconds; ratios of one run are what to compare.
"""

import argparse
import datetime as dt
import json
import resource
import statistics
import tempfile
import time
from pathlib import Path

from interview.actor import Actor, Role
from interview.library import FileLibrary
from interview.reading.moves import RuleMoveReader
from simulator.rehearsal import Rehearsals
from simulator.voices.authored import AuthoredVoice
from storage.database import open_database
from storage.repositories import SqlRehearsals
from storage.vault import Vault

LINES = (
    "我想先听听你自己怎么看这一段？", "8月的数据和目标差了一些，这个我们都查得到。", "听起来那阵子事情都压在你一个人身上。",
    "我每周四下午跟你过一次，月底我们再回顾。", "你说得对，需求确实变过，但从目标看还是差了一块。", "嗯，你接着说。",
)  # fmt: skip
AT = (1, 5, 50, 200)
ACTOR = Actor("bench", Role.MANAGER, "zh")


class _Clock:
    def now(self) -> dt.datetime:
        """Wall clock time."""
        return dt.datetime.now(dt.UTC)


def build(home: Path) -> Rehearsals:
    """Rehearsals on a real SQLite file."""
    library = FileLibrary(Path(__file__).parent.parent / "personas")
    repository = SqlRehearsals(open_database(f"sqlite:///{home / 'bench.db'}"), Vault.from_file(home / "key"), _Clock())
    return Rehearsals(library, repository, RuleMoveReader(), {"authored": AuthoredVoice()}, _Clock())


def with_storage(rehearsals: Rehearsals, runs: int) -> dict[int, float]:
    """Median ms of a whole turn, stored and spoken, at each place of ``AT``."""
    taken: dict[int, list[float]] = {n: [] for n in AT}
    for run in range(runs):
        record = rehearsals.start(ACTOR, "expert-open", "mid-year-check", lang="zh", seed=run)
        for turn in range(1, max(AT) + 1):
            line = f"{LINES[turn % len(LINES)]}（{turn}）"
            began = time.perf_counter()
            for _ in rehearsals.say(ACTOR, record.id, line):
                pass
            if turn in taken:
                taken[turn].append(1000 * (time.perf_counter() - began))
            if rehearsals.get(ACTOR, record.id).ended:
                break
    return {n: statistics.median(values) for n, values in taken.items() if values}


def engine_alone(runs: int) -> dict[int, float]:
    """Median ms of reading, reacting, deciding and wording one turn, without storage."""
    from simulator.engine import Stage, take_turn
    from simulator.reaction import first_state

    library, reader = FileLibrary(Path(__file__).parent.parent / "personas"), RuleMoveReader()
    persona, scenario = library.persona("expert-open", "zh"), library.scenario("mid-year-check", "zh")
    taken: dict[int, list[float]] = {n: [] for n in AT}
    for run in range(runs):
        stage = Stage(persona, scenario, persona.variants[0], run)
        state, before = first_state(persona, scenario, persona.variants[0]), ""
        for turn in range(1, max(AT) + 1):
            line = f"{LINES[turn % len(LINES)]}（{turn}）"
            began = time.perf_counter()
            outcome = take_turn(stage, state, line, reader.read(line, "zh", before), before=before)
            if turn in taken:
                taken[turn].append(1000 * (time.perf_counter() - began))
            state, before = outcome.state, outcome.draft.text
    return {n: statistics.median(values) for n, values in taken.items()}


def open_rehearsals(rehearsals: Rehearsals, count: int) -> float:
    """MB that ``count`` open rehearsals of three turns each add to this process."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(count):
        record = rehearsals.start(ACTOR, "expert-open", "mid-year-check", lang="zh", seed=seed)
        for line in LINES[:3]:
            for _ in rehearsals.say(ACTOR, record.id, line):
                pass
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    engine_alone(1)  # the first turn of a process loads the data files
    alone = engine_alone(options.runs)
    with tempfile.TemporaryDirectory() as folder:
        rehearsals = build(Path(folder))
        stored = with_storage(rehearsals, max(2, options.runs // 2))
        grown = open_rehearsals(rehearsals, 200)
    figures = {
        "engine_ms": alone,
        "engine_50th_over_5th": alone[50] / alone[5],
        "stored_ms": stored,
        "stored_50th_over_5th": stored[50] / stored[5],
        "open_200_mb": grown,
    }
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        shown = (
            "  ".join(f"turn {n}: {ms:.2f}" for n, ms in value.items()) if isinstance(value, dict) else f"{value:.2f}"
        )
        print(f"{name:24} {shown}")


if __name__ == "__main__":
    main()
