"""kill -9 at random moments: whatever was shown is in the record, the cut reply is finished, the talk goes on."""

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services, single_user
from interview.errors import ConflictError, StorageError
from simulator.rehearsal import ReplyDone
from tests.conftest import ROOT

ACTOR = single_user("zh")


def run_and_kill(home: Path, rehearsal_id: str, after_s: float) -> list[str]:
    """What the worker had printed when it was killed, ``after_s`` seconds after its first line."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.worker", str(home), rehearsal_id],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert worker.stdout is not None
    first = worker.stdout.readline()
    timer = threading.Timer(after_s, worker.kill)
    timer.start()
    rest = worker.stdout.read()
    worker.wait()
    worker.stdout.close()
    timer.join()
    lines = [first, *rest.splitlines(keepends=True)]
    return [line.rstrip("\n") for line in lines if line.endswith("\n")]


@pytest.mark.real
def test_what_was_shown_survives_twenty_kills(tmp_path):
    home, chance = tmp_path / "home", random.Random(20)
    printed = run_and_kill(home, "new", 0.3)
    rehearsal_id = printed[0].split()[1]
    for _ in range(20):
        services = Services(Settings(home=home))
        turns = services.rehearsals.turns(ACTOR, rehearsal_id)
        for line in printed:
            kind, _, rest = line.partition(" ")
            if kind == "turn":
                index, text = rest.split(" ", 1)
                assert turns[int(index)].payload["text"] == text
            elif kind == "sentence":
                index, number, text = rest.split(" ", 2)
                assert turns[int(index)].reply[int(number)] == text
        list(services.rehearsals.resume(ACTOR, rehearsal_id))
        for turn in services.rehearsals.turns(ACTOR, rehearsal_id):
            assert turn.reply_done
            assert list(turn.reply) == list(turn.payload["draft"])
        if services.rehearsals.get(ACTOR, rehearsal_id).ended:
            rehearsal_id = "new"
        printed = run_and_kill(home, rehearsal_id, chance.uniform(0.0, 0.25))
        if rehearsal_id == "new":
            rehearsal_id = printed[0].split()[1]


@pytest.mark.real
def test_a_kill_in_the_first_start_leaves_a_home_that_works(tmp_path):
    for number in range(8):
        home = tmp_path / f"home{number}"
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker", str(home), "new"], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        time.sleep(0.25 + 0.05 * number)
        worker.kill()
        worker.wait()
        services = Services(Settings(home=home))
        record = services.rehearsals.start(ACTOR, "expert-open", lang="zh", seed=1)
        events = list(services.rehearsals.say(ACTOR, record.id, "你好，请坐。"))
        assert isinstance(events[-1], ReplyDone)


def test_two_writers_of_the_same_turn(services):
    record = services.rehearsals.start(ACTOR, "expert-open", lang="zh", seed=1)
    results: list[str] = []

    def write(name: str) -> None:
        try:
            for _ in services.rehearsals.say(ACTOR, record.id, f"{name}先说的一句话。", expected_turn=0):
                pass
            results.append("stored")
        except ConflictError:
            results.append("conflict")

    threads = [threading.Thread(target=write, args=(name,)) for name in "甲乙丙丁"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["conflict"] * 3 + ["stored"]
    assert services.rehearsals.get(ACTOR, record.id).turn_count == 1


def test_two_first_starts_agree_on_one_key_and_one_schema(tmp_path):
    made: list[str] = []

    def start() -> None:
        services = Services(Settings(home=tmp_path / "home"))
        made.append(services.rehearsals.start(ACTOR, "expert-open", lang="zh", seed=1).id)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    services = Services(Settings(home=tmp_path / "home"))
    assert all(services.rehearsals.opening(ACTOR, rehearsal_id)["line"] for rehearsal_id in made)


def test_a_full_disk_is_said_and_loses_nothing(tmp_path):
    home = tmp_path / "home"
    services = Services(Settings(home=home))
    record = services.rehearsals.start(ACTOR, "expert-open", lang="zh", seed=1)
    list(services.rehearsals.say(ACTOR, record.id, "你好，请坐。"))
    code = f"""
import resource, signal, sys
from pathlib import Path
from app.settings import Settings
from app.wiring import Services, single_user
from interview.errors import StorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
services, actor = Services(Settings(home=Path({str(home)!r}))), single_user("zh")
services.rehearsals.get(actor, {record.id!r})
size = max(p.stat().st_size for p in Path({str(home)!r}).iterdir())
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
stored = 0
try:
    for number in range(50):
        list(services.rehearsals.say(actor, {record.id!r}, f"第{{number}}件事你怎么看？"))
        stored += 1
except StorageError as error:
    print(stored, error.message_key)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    stored, key = done.stdout.split()
    assert key in ("error.disk_full", "error.storage")
    after = Services(Settings(home=home)).rehearsals
    turns = after.turns(ACTOR, record.id)
    assert len(turns) >= 1 + int(stored)
    assert turns[0].payload["text"] == "你好，请坐。"
    assert isinstance(list(after.say(ACTOR, record.id, "我们接着聊。"))[-1], ReplyDone)


@pytest.mark.parametrize("damage", ["master.key", "tandao.db"])
def test_a_damaged_file_is_a_clear_error(tmp_path, damage):
    home = tmp_path / "home"
    services = Services(Settings(home=home))
    services.rehearsals.start(ACTOR, "expert-open", lang="zh", seed=1)
    for extra in home.glob("tandao.db-*"):
        extra.unlink()
    (home / damage).write_bytes(b"garbage " * 400)
    with pytest.raises(StorageError):
        Services(Settings(home=home)).rehearsals.mine(ACTOR)
