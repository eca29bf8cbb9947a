"""A child process that talks: every event is printed, flushed, the moment it is shown.

    python -m tests.faults.speaker HOME start              a first start: prints the new rehearsal's id
    python -m tests.faults.speaker HOME say ID TURNS       that many turns from where the talk is
    python -m tests.faults.speaker HOME once ID TURN TEXT  one turn that expects this turn number, after a line on stdin

``--die-at N`` kills the process with SIGKILL just before its Nth step on disk (a database statement, a commit, or a file
made, linked or removed in the home).
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from app.settings import Settings
from app.wiring import Services
from interview.actor import Actor, Role
from interview.errors import TandaoError
from simulator.rehearsal import Event, ReplyDone, Sentence, TurnStored

ACTOR = Actor("local", Role.MANAGER, "zh")
PERSONA = "expert-open"
LINES = [
    "坐，喝点水。谢谢你今天抽时间过来。",
    "在我说看法之前，我想先听听你自己怎么看这一年？",
    "听起来有些力气花了却没人看见，心里一直没放下。",
    "这一年里最让你费劲的是什么？",
    "你觉得是方法的问题，还是时间和优先级排不开？",
    "我每周四下午跟你过一次，跨部门的事我来协调。",
    "从下周起，你每两周把进度写一页发我，月底我们再回顾一次。",
]


def line(turn: int) -> str:
    """What is said in a turn; no two turns say the same."""
    return f"{LINES[turn % len(LINES)]}（{turn}）"


def services(home: Path) -> Services:
    return Services(Settings(home=home, database_url="", master_key_file=None, personas=None, pace_s=0))


def shown(found: Event) -> dict[str, Any]:
    """What a page would have shown of an event."""
    if isinstance(found, TurnStored):
        return {"turn": found.index, "text": found.payload["text"]}
    if isinstance(found, Sentence):
        return {"turn": found.turn, "sentence": found.index, "text": found.text}
    assert isinstance(found, ReplyDone)
    return {"turn": found.turn, "done": True, "ended": found.ended}


def tell(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


class Suicide:
    """Counts steps on disk and kills its own process just before one of them."""

    def __init__(self, home: Path, die_at: int) -> None:
        self._home, self.left = str(home), die_at
        event.listen(Engine, "before_cursor_execute", lambda *_: self.step())
        event.listen(Engine, "commit", lambda *_: self.step())
        sys.addaudithook(self._audit)

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def _audit(self, name: str, args: tuple[Any, ...]) -> None:
        if name in ("open", "os.link", "os.remove", "os.mkdir", "sqlite3.connect") and self._home in str(args[0]):
            self.step()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("home", type=Path)
    options.add_argument("what", choices=("start", "say", "once"))
    options.add_argument("rest", nargs="*")
    options.add_argument("--die-at", type=int, default=0)
    options.add_argument("--wait", action="store_true", help="be ready, then wait for a line on standard input")
    chosen = options.parse_args()
    if chosen.wait:
        tell("ready")
        sys.stdin.readline()
    if chosen.what == "start":
        if chosen.die_at:
            Suicide(chosen.home, chosen.die_at)
        tell(services(chosen.home).rehearsals.start(ACTOR, PERSONA, lang="zh", seed=7).id)
        return
    rehearsals, rehearsal_id, number = services(chosen.home).rehearsals, chosen.rest[0], int(chosen.rest[1])
    if chosen.die_at:
        Suicide(chosen.home, chosen.die_at)
    if chosen.what == "once":
        tell("ready")
        sys.stdin.readline()
        try:
            for found in rehearsals.say(ACTOR, rehearsal_id, chosen.rest[2], expected_turn=number):
                tell(shown(found))
        except TandaoError as error:
            tell({"error": type(error).__name__})
        return
    first = rehearsals.get(ACTOR, rehearsal_id).turn_count
    for turn in range(first, first + number):
        for found in rehearsals.say(ACTOR, rehearsal_id, line(turn)):
            tell(shown(found))


if __name__ == "__main__":
    main()
