"""SIGKILL at a hundred points each of a turn, a consent, a withdrawal, erasures and minutes: nothing half is readable.

What is erased has its receipt, in the database and after the next start in the file; what is not erased has none.

The points: before every step on disk once, the rest at random times of the job. A kill that came when the job had ended
is checked too, and does not count.
"""

import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Services
from consent.grants import Consents
from interview.actor import Actor, Role
from interview.errors import NotFoundError, TandaoError
from storage.erasing import receipts_in, receipts_of
from tests.faults.conftest import ROOT
from tests.faults.nursery import ASKED
from tests.faults.nursery import ROOT as ADMINISTRATOR
from tests.faults.speaker import ACTOR, PERSONA, line, services

pytestmark = pytest.mark.real
POINTS = 100
WORDS = ("我觉得这个评级对我不公平。", "那两单明明是我跟下来的。", "我先记下，周五前核实。")


class Nursery:
    """Asks ``tests.faults.nursery`` for one job after another."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._line() == "ready"

    def _line(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def __call__(self, home: Path, job: str, *given: str, **how: float) -> dict[str, Any]:
        assert self.process.stdin is not None
        asked = {"home": str(home), "job": job, "with": given, **how}
        self.process.stdin.write(json.dumps(asked, ensure_ascii=False) + "\n")
        self.process.stdin.flush()
        return self._line()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.process.kill()
    found.process.communicate()


def killed_at_points(
    nursery: Nursery, prepared: Callable[[int], tuple[Path, str, tuple[str, ...]]]
) -> Iterator[tuple[int, Path, tuple[str, ...], list[Any]]]:
    """The job once whole, to learn its steps and its time; then a fresh one for each point, killed there."""
    home, job, given = prepared(-1)
    whole = nursery(home, job, *given)
    assert not whole["killed"]
    assert whole["steps"] > 2
    rng = random.Random(f"{job}")
    took_s, points = whole["took_s"], 0
    for tried in range(4 * POINTS):
        home, job, given = prepared(tried)
        within = points < whole["steps"]
        how = {"die_at": points + 1} if within else {"after_s": rng.uniform(0.2, 1.0) * took_s}
        found = nursery(home, job, *given, **how)
        assert found["killed"] or not within, "a job that ended before a step it had"
        yield tried, home, given, found["said"]
        # The first run may have been slow beside other work: who was too late comes sooner the next time.
        took_s *= 1.1 if found["killed"] else 0.7
        points += found["killed"]
        if points == POINTS:
            return
    raise AssertionError(f"killed at {points} points only")


@pytest.fixture
def talk(tmp_path: Path) -> Callable[[int], tuple[Services, str, str]]:
    """A live interview in which both agreed and something was said; another each time, in one home."""
    home = tmp_path / "home"
    found = services(home)

    def new(_: int) -> tuple[Services, str, str]:
        interview, secret = found.consents.invite(ACTOR, "年度面谈", "zh")
        found.consents.manager_grants(ACTOR, interview.id, ASKED, "郭敏")
        found.consents.answer(secret, ASKED, "沈一苇", "zh")
        grant = found.consents.grant(interview.id)
        for words in WORDS:
            found.live.hear(grant, "employee", words)
        return found, interview.id, secret

    return new


def heard(found: Services, interview_id: str) -> list[str]:
    return [u.text for u in found.live.heard(ACTOR, interview_id)]


def whole_chain(consents: Consents) -> None:
    assert consents.verify() is None


def receipt_stands(home: Path, key: str, gone: bool) -> None:
    """A server started now knows of the erasure, in both places, exactly when it happened."""
    digest, started = hashlib.sha256(key.encode()).hexdigest(), services(home)
    with started.engine.connect() as db:
        stored = [one.digest for one in receipts_of(db)].count(digest)
    started.engine.dispose()
    written = [one.digest for one in receipts_in(started.settings.receipts)].count(digest)
    assert (stored, written) == (int(gone), int(gone))


def test_a_turn(tmp_path: Path, nursery: Nursery):
    home = tmp_path / "home"
    rehearsals = services(home).rehearsals

    def prepared(_: int) -> tuple[Path, str, tuple[str, ...]]:
        return home, "say", (rehearsals.start(ACTOR, PERSONA, lang="zh", seed=7).id,)

    for _, _, (rehearsal_id,), told in killed_at_points(nursery, prepared):
        kept = rehearsals.turns(ACTOR, rehearsal_id)
        assert len(kept) == rehearsals.get(ACTOR, rehearsal_id).turn_count
        for event in told:
            assert kept, "shown but not kept"
            if "sentence" in event:
                assert kept[0].reply[event["sentence"]] == event["text"]
            elif "text" in event:
                assert kept[0].payload["text"] == event["text"] == line(0)
        list(rehearsals.resume(ACTOR, rehearsal_id))
        if not kept:
            list(rehearsals.say(ACTOR, rehearsal_id, line(0), expected_turn=0))
        (turn,) = rehearsals.turns(ACTOR, rehearsal_id)
        assert turn.reply_done and list(turn.reply) == turn.payload["draft"]


def test_a_consent(tmp_path: Path, nursery: Nursery):
    home = tmp_path / "home"
    consents = services(home).consents
    interviews: dict[str, str] = {}

    def prepared(_: int) -> tuple[Path, str, tuple[str, ...]]:
        interview, secret = consents.invite(ACTOR, "年度面谈", "zh")
        consents.manager_grants(ACTOR, interview.id, ASKED, "郭敏")
        interviews[secret] = interview.id
        return home, "answer", (secret,)

    for _, _, (secret,), told in killed_at_points(nursery, prepared):
        interview_id = interviews[secret]
        whole_chain(consents)
        granted = consents.granted_by(interview_id, "employee")
        assert granted in (frozenset(), frozenset(ASKED))
        assert granted or not told, "acknowledged and lost"
        assert not granted or consents.names(interview_id) == ("郭敏", "沈一苇")
        consents.answer(secret, ASKED, "沈一苇", "zh")
        assert consents.grant(interview_id).purposes == frozenset(ASKED)
    whole_chain(consents)


def test_a_withdrawal(nursery: Nursery, talk: Callable[[int], tuple[Services, str, str]], tmp_path: Path):
    """Consent and words go together or not at all; asked again, they go."""
    interviews: dict[str, tuple[Services, str]] = {}

    def prepared(point: int) -> tuple[Path, str, tuple[str, ...]]:
        found, interview_id, secret = talk(point)
        interviews[secret] = found, interview_id
        return tmp_path / "home", "withdraw", (secret,)

    for _, _, (secret,), told in killed_at_points(nursery, prepared):
        found, interview_id = interviews[secret]
        whole_chain(found.consents)
        if found.consents.standing(interview_id).purposes:
            assert heard(found, interview_id) == list(WORDS)
            assert not told, "acknowledged and not done"
            receipt_stands(tmp_path / "home", f"words:{interview_id}", gone=False)
            found.consents.withdraw(secret)
        assert heard(found, interview_id) == []
        receipt_stands(tmp_path / "home", f"words:{interview_id}", gone=True)
        kinds = [entry.kind for entry in found.consents.entries(interview_id)]
        assert kinds[-2:] == ["withdraw", "erased"]


def test_an_erased_rehearsal(tmp_path: Path, nursery: Nursery):
    home = tmp_path / "home"
    rehearsals = services(home).rehearsals

    def prepared(_: int) -> tuple[Path, str, tuple[str, ...]]:
        rehearsal_id = rehearsals.start(ACTOR, PERSONA, lang="zh", seed=7).id
        list(rehearsals.say(ACTOR, rehearsal_id, line(0)))
        return home, "forget", (rehearsal_id,)

    for _, _, (rehearsal_id,), told in killed_at_points(nursery, prepared):
        try:
            (turn,) = rehearsals.turns(ACTOR, rehearsal_id)
        except NotFoundError:
            receipt_stands(home, rehearsal_id, gone=True)
            continue
        receipt_stands(home, rehearsal_id, gone=False)
        assert not told, "acknowledged and not done"
        assert turn.payload["text"] == line(0) and turn.reply_done
        rehearsals.delete(ACTOR, rehearsal_id)
        assert rehearsal_id not in [r.id for r in rehearsals.mine(ACTOR)]
        receipt_stands(home, rehearsal_id, gone=True)


def test_an_erased_interview(nursery: Nursery, talk: Callable[[int], tuple[Services, str, str]], tmp_path: Path):
    current: dict[str, Services] = {}

    def prepared(point: int) -> tuple[Path, str, tuple[str, ...]]:
        found, interview_id, _ = talk(point)
        current[interview_id] = found
        return tmp_path / "home", "forget_interview", (interview_id,)

    for _, _, (interview_id,), told in killed_at_points(nursery, prepared):
        found = current[interview_id]
        whole_chain(found.consents)
        if interview_id in [one.id for one in found.consents.mine(ACTOR)]:
            assert not told, "acknowledged and not done"
            assert heard(found, interview_id) == list(WORDS)
            receipt_stands(tmp_path / "home", f"words:{interview_id}", gone=False)
            found.live.delete(ACTOR, interview_id)
        receipt_stands(tmp_path / "home", f"words:{interview_id}", gone=True)
        with pytest.raises(TandaoError):
            heard(found, interview_id)


def test_an_erased_account(tmp_path: Path, nursery: Nursery):
    """The account, its talk and its key are all there or all gone."""
    home = tmp_path / "home"
    found = services(home)
    talks: dict[str, str] = {}

    def prepared(point: int) -> tuple[Path, str, tuple[str, ...]]:
        account_id = found.accounts.add(ADMINISTRATOR, f"leaving{point + 1}", "郭敏", Role.MANAGER)[0].id
        talks[account_id] = found.rehearsals.start(Actor(account_id, Role.MANAGER, "zh"), PERSONA, lang="zh", seed=7).id
        list(found.rehearsals.say(Actor(account_id, Role.MANAGER, "zh"), talks[account_id], line(0)))
        return home, "forget_account", (account_id,)

    for _, _, (account_id,), told in killed_at_points(nursery, prepared):
        owner, talk = Actor(account_id, Role.MANAGER, "zh"), talks[account_id]
        if account_id in [one.id for one in found.accounts.all(ADMINISTRATOR)]:
            assert not told, "acknowledged and not done"
            (turn,) = found.rehearsals.turns(owner, talk)
            assert turn.payload["text"] == line(0)
            receipt_stands(home, talk, gone=False)
            found.accounts.delete(ADMINISTRATOR, account_id)
        with pytest.raises(NotFoundError):
            found.rehearsals.turns(owner, talk)
        receipt_stands(home, talk, gone=True)


def test_minutes(nursery: Nursery, talk: Callable[[int], tuple[Services, str, str]], tmp_path: Path):
    current: dict[str, Services] = {}
    drafts: dict[str, Any] = {}

    def prepared(point: int) -> tuple[Path, str, tuple[str, ...]]:
        found, interview_id, _ = talk(point)
        found.live.finish(ACTOR, interview_id)
        current[interview_id], drafts[interview_id] = found, found.live.minutes(ACTOR, interview_id)
        return tmp_path / "home", "save_minutes", (interview_id, f"每两周一页（{point}）")

    for _, _, (interview_id, agreed), told in killed_at_points(nursery, prepared):
        minutes = current[interview_id].live.minutes(ACTOR, interview_id)
        assert minutes is not None
        assert minutes["agreed"] == [agreed] or (not told and minutes == drafts[interview_id])
        current[interview_id].live.save_minutes(
            ACTOR, interview_id, {"agreed": [agreed], "disputed": [], "promised": []}
        )
