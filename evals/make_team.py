"""A made-up team of any size, for benchmarks and trying things out: people, figures and events, the same for each seed.

``python -m evals.make_team --people 2000 --out FOLDER`` writes three CSV files that the page imports;
``python -m evals.make_team --people 2000 --bench`` fills a database that is thrown away and times what a manager opens.
"""

import argparse
import datetime as dt
import math
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cycle.exporting import csv_bytes
from cycle.importing import TableKind, fields
from cycle.team import Figure, KeyEvent

_FAMILY = "林许方高沈陆唐韩江白叶程苏范姚秦"
_GIVEN = "舟宁远岚川予安禾朗青屿棠溪柏澄砚"
_DEPARTMENTS = ("华东销售部", "华南销售部", "交付一部", "交付二部", "客户服务部", "质量部")
_ROLES = {"销售": ("回款", "万元", 90.0, True), "交付": ("按期交付率", "%", 92.0, True)}
_WHAT = {
    "praise": ("客户写信感谢提前交付", "主动帮新人过了一遍流程", "同事说交接清楚"),
    "complaint": ("客户投诉回复晚了两天", "报告有一处数据错"),
    "delivery": ("第二期验收完成", "季度盘点按时完成"),
}


@dataclass(frozen=True, slots=True)
class MadeTeam:
    """By staff number, as ``Team.take`` wants it."""

    people: dict[str, dict[str, Any]]
    figures: dict[str, tuple[Figure, ...]]
    events: dict[str, tuple[KeyEvent, ...]]


def make(count: int, seed: int = 1, months: int = 12, end: dt.date = dt.date(2026, 10, 31)) -> MadeTeam:
    """People with a main metric, overtime hours and errors a month, and about six events a year each."""
    chance = random.Random(seed)
    names = [f"{end.year + (end.month - 1 - n) // 12}-{(end.month - 1 - n) % 12 + 1:02d}" for n in range(months)][::-1]
    team = MadeTeam({}, {}, {})
    for n in range(count):
        number = f"t{n:05d}"
        department = chance.choice(_DEPARTMENTS)
        metric, unit, target, up = _ROLES["销售" if "销售" in department else "交付"]
        team.people[number] = {
            "number": number.upper(),
            "name": chance.choice(_FAMILY) + chance.choice(_GIVEN) + chance.choice(_GIVEN),
            "role": "客户经理" if "销售" in department else "交付工程师",
            "department": department,
            "expectations": ("按月达成目标", "问题两天内回复"),
        }
        level, slope, hours = chance.gauss(1.0, 0.12), chance.gauss(0, 0.01), max(0.0, chance.gauss(22, 16))
        made: list[Figure] = []
        for place, month in enumerate(names):
            wave = 0.05 * math.sin(place / 2) + chance.gauss(0, 0.05)
            value = round(target * (level + slope * (place - months / 2) + wave), 1)
            made.append(Figure(metric=metric, unit=unit, month=month, actual=value, target=target, higher_is_better=up))
            over = round(max(0.0, hours + chance.gauss(0, 6)), 1)
            made.append(Figure(metric="加班", unit="小时", month=month, actual=over, target=36, higher_is_better=False))
            wrong = float(chance.randrange(5))
            made.append(Figure(metric="差错", unit="次", month=month, actual=wrong, target=2, higher_is_better=False))
        team.figures[number] = tuple(made)
        found: list[KeyEvent] = []
        for _ in range(chance.randrange(3, 10)):
            kind = chance.choice(("praise", "complaint", "delivery"))
            day = end - dt.timedelta(days=chance.randrange(365))
            found.append(KeyEvent(date=day, kind=kind, what=chance.choice(_WHAT[kind]), source="记录"))
        team.events[number] = tuple(found)
    return team


def csv_files(team: MadeTeam) -> dict[TableKind, bytes]:
    """What the page imports."""
    rows: dict[TableKind, list[list[Any]]] = {
        kind: [[spec["zh"] for spec in fields(kind).values()]] for kind in ("people", "figures", "events")
    }
    for number, p in team.people.items():
        rows["people"].append([number, p["name"], p["role"], p["department"], "", "中文", "；".join(p["expectations"])])
        for f in team.figures[number]:
            better = "越高越好" if f.higher_is_better else "越低越好"
            rows["figures"].append([number, f.metric, f.month, f.actual, f.target, f.unit, better])
        words = {"praise": "表扬", "complaint": "投诉", "delivery": "交付"}
        rows["events"] += [[number, e.date.isoformat(), words[e.kind], e.what, e.source] for e in team.events[number]]
    return {kind: csv_bytes(found) for kind, found in rows.items()}


def bench(count: int) -> dict[str, tuple[float, float]]:
    """Seconds to read what a page opens, ``(median of five, processor time of one)``.

    From a SQLite file with every body sealed; everybody has a talk that was held, a pack, minutes and a plan.
    """
    from cycle.assessments import Assessments
    from cycle.minutes import MinutesOfTalks, entries_of
    from cycle.packs import Pack, Packs
    from cycle.plans import ActionItem, Plans
    from cycle.rounds import Round, Rounds
    from cycle.signals import Signals
    from cycle.talks import Stage, Talks
    from cycle.team import Team
    from cycle.work import WorkList
    from interview.actor import Actor, Role
    from storage.database import open_database
    from storage.store import Store
    from storage.vault import Vault

    class _Clock:
        def now(self) -> dt.datetime:
            return dt.datetime.now(dt.UTC)

    me, hr, clock, today = Actor("me", Role.MANAGER, "zh"), Actor("hr", Role.HR, "zh"), _Clock(), dt.date.today()
    with tempfile.TemporaryDirectory() as home:
        vault = Vault.from_file(Path(home) / "master.key")
        records = Store(open_database(f"sqlite:///{home}/bench.db"), vault, clock).records
        team = Team(records)
        talks, rounds = Talks(records, team), Rounds(records, clock)
        plans, minutes = Plans(records, talks, clock), MinutesOfTalks(records, talks, clock, lambda _live_id: False)
        packs = Packs(records, team, talks, Assessments(records, talks, clock), plans)
        work, signals = WorkList(records, clock), Signals(records, team, clock)
        made = make(count)
        results: dict[str, tuple[float, float]] = {}
        results["import"] = _timed(lambda: team.take(me, made.people, made.figures, made.events), 1)
        held = rounds.open(hr, Round(name="年终", opens=today, due=today + dt.timedelta(days=30)))
        step = ActionItem(
            id="", what="整理回访清单", how="每周五导出并标出未回访的客户", by=today + dt.timedelta(days=60), every="week",
            support="同事帮着看一遍", know="清单上没有超过两周的", since=today,
        )  # fmt: skip
        for talk in (every := talks.all(me)):
            packs.save(me, talk.id, Pack(rating="B", text="整体达到目标，回访不够稳定。"), 0)
            talks.move(me, talk.id, Stage.HELD)
            minutes.save(me, talk.id, entries_of("agreed", "每周五一起看清单"), 0)
            plans.put_action(me, talk.id, step)
        for actor in (me, hr):
            signals.switch(actor, on=True)
        one = every[0]
        opened: dict[str, Callable[[], object]] = {
            "team list": lambda: team.people(me),
            "work list": lambda: work.overview(me),
            "pack": lambda: packs.open(me, one.id),
            "pictures": lambda: (team.figures(me, one.key_id), team.events(me, one.key_id), team.all_figures(me)),
            "minutes": lambda: minutes.of_talk(me, one.id),
            "plan": lambda: (plans.of_talk(me, one.id), plans.outcome(me, one.key_id)),
            "signals": lambda: signals.all(me),
            "HR signals": lambda: signals.departments(hr),
            "HR round": lambda: rounds.completion(hr, held.id),
        }
        for name, call in opened.items():
            results[name] = _timed(call)
    return results


def _timed(call: Callable[[], object], times: int = 5) -> tuple[float, float]:
    took: list[float] = []
    busy = time.process_time()
    for _ in range(times):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return sorted(took)[times // 2], (time.process_time() - busy) / times


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--bench", action="store_true")
    asked = parser.parse_args()
    if asked.out is not None:
        asked.out.mkdir(parents=True, exist_ok=True)
        for kind, data in csv_files(make(asked.people, asked.seed)).items():
            (asked.out / f"{kind}.csv").write_bytes(data)
    if asked.bench:
        for name, (middle, busy) in bench(asked.people).items():
            print(f"{name:10} {middle:6.2f} s  ({busy:.2f} s of processor time)")


if __name__ == "__main__":
    main()
