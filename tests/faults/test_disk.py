"""A disk that is full or read-only, for real: a small file system of its own, which needs the right to mount one."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.texts import t
from app.wiring import Services
from interview.errors import StorageError
from tests.faults.nursery import ASKED
from tests.faults.speaker import ACTOR, PERSONA, line, services

pytestmark = pytest.mark.real


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Four megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(place)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("a disk of our own needs the right to mount one")
    yield place
    subprocess.run(["mount", "-o", "remount,rw", str(place)], capture_output=True, check=False)
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Everything that is left."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def refused(act: Callable[[], object]) -> str:
    """Why, as the person reads it in Chinese; the English is another sentence."""
    with pytest.raises(StorageError) as caught:
        act()
    zh, en = (t(caught.value.message_key or "", lang) for lang in ("zh", "en"))
    assert zh and en and zh != en
    return str(caught.value.message_key)


def talked(home: Path) -> tuple[Services, str]:
    found = services(home)
    rehearsal_id = found.rehearsals.start(ACTOR, PERSONA, lang="zh", seed=7).id
    list(found.rehearsals.say(ACTOR, rehearsal_id, line(0)))
    return found, rehearsal_id


def goes_on(found: Services, rehearsal_id: str) -> None:
    """What was acknowledged is there, and the next turn is said and kept."""
    list(found.rehearsals.resume(ACTOR, rehearsal_id))
    kept = found.rehearsals.turns(ACTOR, rehearsal_id)
    assert [one.payload["text"] for one in kept] == [line(n) for n in range(len(kept))]
    list(found.rehearsals.say(ACTOR, rehearsal_id, line(len(kept)), expected_turn=len(kept)))
    assert len(found.rehearsals.turns(ACTOR, rehearsal_id)) == len(kept) + 1


def test_a_full_disk_is_said_and_nothing_is_lost(disk: Path):
    found, rehearsal_id = talked(disk / "home")
    interview, secret = found.consents.invite(ACTOR, "年度面谈", "zh")
    found.consents.manager_grants(ACTOR, interview.id, ASKED, "郭敏")
    found.consents.answer(secret, ASKED, "沈一苇", "zh")
    grant = found.consents.grant(interview.id)
    acknowledged: list[str] = []
    ballast = fill(disk)
    whys: set[str] = set()
    for n in range(12):  # the write-ahead log may have room for the first few
        words = f"这是第{n}句，" + "那两单是我跟下来的。" * 40
        try:
            acknowledged.append(found.live.hear(grant, "employee", words).text)
        except StorageError as error:
            whys.add(error.message_key or "")
    assert whys == {"error.disk_full"}
    assert refused(lambda: list(found.rehearsals.say(ACTOR, rehearsal_id, line(1)))) == "error.disk_full"
    assert refused(lambda: found.rehearsals.start(ACTOR, PERSONA, lang="zh", seed=8)) == "error.disk_full"
    assert len(found.rehearsals.turns(ACTOR, rehearsal_id)) == 1
    ballast.unlink()
    assert [u.text for u in found.live.heard(ACTOR, interview.id)] == acknowledged
    goes_on(found, rehearsal_id)
    found.consents.withdraw(secret)
    assert found.live.heard(ACTOR, interview.id) == ()
    assert found.consents.verify() is None


def test_a_full_disk_at_the_first_start_is_said(disk: Path):
    (disk / "home").mkdir()
    ballast = fill(disk)
    with pytest.raises(StorageError):
        talked(disk / "home")
    ballast.unlink()
    goes_on(*talked(disk / "home"))


def test_a_disk_that_turns_read_only_is_said_and_goes_on_when_it_is_back(disk: Path):
    found, rehearsal_id = talked(disk / "home")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=False, capture_output=True)
    if os.access(disk, os.W_OK):  # files held open for writing keep a disk writable: a fresh process finds it so
        found._store.engine.dispose()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert refused(lambda: list(found.rehearsals.say(ACTOR, rehearsal_id, line(1)))) == "error.read_only"
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    goes_on(found, rehearsal_id)
