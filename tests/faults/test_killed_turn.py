"""A process killed at any moment loses nothing it has shown, and the talk goes on."""

import contextlib
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from simulator.rehearsal import Rehearsals, ReplyDone
from tests.faults.conftest import Speaker, said
from tests.faults.speaker import ACTOR, PERSONA, line, services

pytestmark = pytest.mark.real
STEPS_OF_A_TURN = 40
STEPS_OF_A_START = 30


def started(home: Path) -> tuple[Rehearsals, str]:
    rehearsals = services(home).rehearsals
    return rehearsals, rehearsals.start(ACTOR, PERSONA, lang="zh", seed=7).id


def holds_what_was_shown(rehearsals: Rehearsals, rehearsal_id: str, events: Sequence[dict[str, Any]]) -> None:
    kept = rehearsals.turns(ACTOR, rehearsal_id)
    assert [t.index for t in kept] == list(range(len(kept)))
    assert [t.payload["text"] for t in kept] == [line(t.index) for t in kept]
    assert rehearsals.get(ACTOR, rehearsal_id).turn_count == len(kept)
    for event in events:
        turn = kept[event["turn"]]
        if "sentence" in event:
            assert turn.reply[event["sentence"]] == event["text"]
        elif "text" in event:
            assert turn.payload["text"] == event["text"]
        else:
            assert turn.reply_done
            assert rehearsals.get(ACTOR, rehearsal_id).ended == event["ended"]


def goes_on(rehearsals: Rehearsals, rehearsal_id: str) -> None:
    """The cut reply is completed to the draft, by ``resume`` at once, and another turn follows."""
    list(rehearsals.resume(ACTOR, rehearsal_id))
    assert list(rehearsals.resume(ACTOR, rehearsal_id)) == []
    for turn in rehearsals.turns(ACTOR, rehearsal_id):
        assert turn.reply_done
        assert list(turn.reply) == turn.payload["draft"]
    record = rehearsals.get(ACTOR, rehearsal_id)
    if record.ended is None:
        events = list(rehearsals.say(ACTOR, rehearsal_id, line(record.turn_count), expected_turn=record.turn_count))
        assert isinstance(events[-1], ReplyDone)
        assert rehearsals.get(ACTOR, rehearsal_id).turn_count == record.turn_count + 1


def test_killed_at_random_moments(tmp_path, speaker: Speaker):
    """About twenty kills spread over one long talk, each some milliseconds after some event."""
    rng = random.Random(20261123)
    rehearsals, rehearsal_id = started(tmp_path)
    cut = 0
    for _ in range(20):
        child = speaker(tmp_path, "say", rehearsal_id, "40")
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(rng.randint(1, 40))]
        time.sleep(rng.uniform(0, 0.012))
        child.kill()
        lines.append(child.communicate()[0])
        assert child.returncode == -signal.SIGKILL
        holds_what_was_shown(rehearsals, rehearsal_id, said("".join(lines)))
        cut += not rehearsals.turns(ACTOR, rehearsal_id)[-1].reply_done
        goes_on(rehearsals, rehearsal_id)
        if rehearsals.get(ACTOR, rehearsal_id).turn_count > 300 or rehearsals.get(ACTOR, rehearsal_id).ended:
            rehearsals, rehearsal_id = started(tmp_path)
    assert cut, "no kill fell into a reply"


@pytest.mark.parametrize("step", range(1, STEPS_OF_A_TURN, 2))
def test_killed_before_each_step_on_disk(tmp_path, speaker: Speaker, step: int):
    """Every statement and commit of the first turns, one kill each."""
    rehearsals, rehearsal_id = started(tmp_path)
    child = speaker(tmp_path, "say", rehearsal_id, "4", "--die-at", str(step))
    output, _ = child.communicate(timeout=30)
    assert child.returncode == -signal.SIGKILL
    events = said(output)
    holds_what_was_shown(rehearsals, rehearsal_id, events)
    goes_on(rehearsals, rehearsal_id)


@pytest.mark.parametrize("step", range(1, STEPS_OF_A_START))
def test_a_first_start_killed_before_each_step_on_disk(tmp_path, speaker: Speaker, step: int):
    home = tmp_path / "home"
    child = speaker(home, "start", "--die-at", str(step))
    output, errors = child.communicate(timeout=30)
    assert child.returncode in (0, -signal.SIGKILL), errors
    the_home_works(home, speaker, said(output))


def test_a_first_start_killed_at_random_moments(tmp_path, speaker: Speaker):
    rng = random.Random(7)
    for number in range(12):
        home = tmp_path / str(number)
        child = speaker(home, "start", "--wait")
        assert child.stdin is not None and child.stdout is not None
        assert said(child.stdout.readline()) == ["ready"]
        child.stdin.write("\n")
        child.stdin.flush()
        until = time.monotonic() + 5
        while not home.exists() and time.monotonic() < until:
            time.sleep(0.0005)
        time.sleep(rng.uniform(0, 0.12))
        child.kill()
        the_home_works(home, speaker, said(child.communicate()[0]))


def the_home_works(home: Path, speaker: Speaker, shown: Sequence[str]) -> None:
    """What was started is there, a new talk can be held, and another process can go on with it."""
    rehearsals = services(home).rehearsals
    assert {r.id for r in rehearsals.mine(ACTOR)} >= set(shown)
    for record in rehearsals.mine(ACTOR):
        assert rehearsals.opening(ACTOR, record.id)["line"]
    rehearsal_id = rehearsals.start(ACTOR, PERSONA, lang="zh", seed=7).id
    goes_on(rehearsals, rehearsal_id)
    key = home / "master.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_talk_walked_out_of_is_over_whenever_the_process_was_killed(tmp_path):
    """Between the last sentence, the finished reply and the end of the talk no order of steps leaves it open."""
    for fail_at in ("finish_reply", "end"):
        rehearsals = services(tmp_path / fail_at).rehearsals
        rehearsal_id = rehearsals.start(ACTOR, "stuck-defensive", lang="zh", seed=7).id
        repository: Any = rehearsals._repository
        whole = getattr(repository, fail_at)
        walked_out = False
        for turn in range(60):
            events = rehearsals.say(ACTOR, rehearsal_id, f"你就是个废物，再这样就滚蛋，别干了。（{turn}）")
            if next(iter(events)).payload["intent"]["kind"] == "walk_out":  # type: ignore[union-attr]
                walked_out = True

                def killed(*_: object) -> None:
                    raise KeyboardInterrupt

                setattr(repository, fail_at, killed)
                with contextlib.suppress(KeyboardInterrupt):
                    list(events)
                setattr(repository, fail_at, whole)
                break
            list(events)
        assert walked_out
        list(rehearsals.resume(ACTOR, rehearsal_id))
        assert rehearsals.get(ACTOR, rehearsal_id).ended == "walked_out"
        assert rehearsals.turns(ACTOR, rehearsal_id)[-1].reply_done
