"""Words planted wherever a person can write are found in no file, log, figure or temporary folder: neither while they
are kept, for they are sealed, nor after they were erased."""

import base64
import datetime as dt
import logging
import tempfile
from pathlib import Path

import pytest

from app.reports import build_report
from app.settings import Settings
from app.ui.report_html import report_html
from app.wiring import Services
from consent.notices import Purpose
from cycle.minutes import entries_of
from cycle.records import Kind
from cycle.talks import Talk
from cycle.team import Person
from interview.actor import Actor, Role
from interview.steps import Step

WORDS = ("蓝鲸乘以七", "zebrawhale", "许愿望")
SAID = f"{WORDS[0]} {WORDS[1]}，这对我不公平，这个 {WORDS[2]} 我不接受。"
ROOT = Actor("root", Role.ADMINISTRATOR, "zh")


def spellings(word: str) -> list[bytes]:
    """A word as it might lie in a file; base64 in its three places."""
    raw = word.encode()
    inner = [base64.b64encode(b"x" * n + raw)[4:-4] for n in range(3)]
    escaped = word.encode("unicode_escape")
    return [raw, word.encode("utf-16-le"), word.encode("gb18030"), escaped, *(i for i in inner if len(i) > 7)]


def found(*folders: Path) -> list[str]:
    """Files under the folders that hold a planted word, in their name or inside."""
    marks = [mark for word in WORDS for mark in spellings(word)]
    hits: list[str] = []
    for folder in folders:
        for file in folder.rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            hits += [f"{file}: {mark!r}" for mark in marks if mark in content or mark in str(file).encode()]
    return hits


@pytest.fixture
def places(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path / "home", scratch


def used(services: Services, manager: str, trainer: str) -> list[str]:
    """Everything that can be written, written; what pages showed of it, as a proof that it was kept."""
    me, coach = Actor(manager, Role.MANAGER, "zh"), Actor(trainer, Role.TRAINER, "zh")
    shown: list[str] = []
    held = services.rehearsals.start(me, "expert-open", "year-end-below", lang="zh")
    list(services.rehearsals.say(me, held.id, SAID))
    services.rehearsals.finish(me, held.id)
    shown.append(report_html(build_report(services, me, held.id), services.rehearsals.transcript(me, held.id), "zh"))
    services.reviews.share(me, held.id, True)
    services.cohorts.create(coach, SAID[:20], "expert-open", "year-end-below", {manager: WORDS[2]}, required=60)
    services.reviews.comment(coach, held.id, SAID)
    services.reviews.overrule(coach, held.id, "listening", 40, SAID)
    shown += [note.text for note in services.reviews.notes(me, held.id)]
    room = services.classrooms.open(coach, "expert-open", "year-end-below", Step.OPENING, "zh")
    services.classrooms.answer(room.id, SAID)
    shown += services.classrooms.answers(coach, room.id)

    interview, link = services.consents.invite(me, WORDS[1], "zh")
    every = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS, Purpose.KEEP_TRANSCRIPT)
    services.consents.manager_grants(me, interview.id, every, WORDS[2])
    services.consents.answer(link, every, WORDS[2], "zh")
    said = services.live.hear(services.consents.grant(interview.id), "employee", SAID)
    assert said.cues
    services.live.correct(me, interview.id, 0, SAID, "employee")
    services.live.save_minutes(me, interview.id, {"agreed": [{"words": SAID}]})
    shown += [u.text for u in services.live.heard(me, interview.id)]

    (person,) = services.team.add(me, Person(name=WORDS[2]))
    talk = services.talks.plan(me, person.id, dt.date(2026, 12, 1), Talk())
    own = services.visits.make(me, talk.id)
    services.minutes.save(me, talk.id, entries_of("agreed", SAID), 0)
    services.minutes.confirm(me, talk.id, 1)
    services.minutes.differ(services.visits.open(own), 1, SAID)
    shown += [str(services.minutes.of_talk(me, talk.id)[0])]
    return shown


def test_planted_words_are_nowhere_while_kept_and_nowhere_after(places, caplog):
    caplog.set_level(logging.DEBUG)
    home, scratch = places
    services = Services(Settings(home=home, accounts="on"))
    manager = services.accounts.add(ROOT, "ann", WORDS[2], Role.MANAGER)[0].id
    trainer = services.accounts.add(ROOT, "tia", WORDS[1], Role.TRAINER)[0].id
    shown = used(services, manager, trainer)
    assert all(WORDS[0] in text or WORDS[2] in text for text in shown) and len(shown) >= 6, "it was kept, and shown"

    def told() -> str:
        return caplog.text + services.metrics.text().decode()

    assert found(home, scratch) == [] and not any(word in told() for word in WORDS)
    with services.engine.connect() as db:
        keys = [row[0] for row in db.exec_driver_sql("SELECT wrapped FROM sealing_keys")]
    assert len(keys) >= 8
    services.accounts.delete(ROOT, trainer)
    services.accounts.delete(ROOT, manager)
    assert found(home, scratch) == [] and not any(word in told() for word in WORDS)
    with services.engine.connect() as db:
        kept = {row[0] for row in db.exec_driver_sql("SELECT wrapped FROM sealing_keys")}
    gone = [key for key in keys if key not in kept]
    assert len(gone) >= 7, "keys of the rehearsal, the class, the cohort, the interview and the person"
    raw = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file() and file.name != "master.key")
    assert [key for key in gone if key in raw] == [], "a destroyed key is in no page of the database and not in its log"
    for kind in (Kind.PERSON, Kind.TALK, Kind.MINUTES):
        assert services.capture_links.find(kind, owner_id=manager) == ()
    services.engine.dispose()


def test_the_search_finds_what_is_there(tmp_path):
    for number, word in enumerate(WORDS):
        (tmp_path / str(number)).write_bytes(b"..." + spellings(word)[number % 2] + b"...")
    (tmp_path / "base64").write_bytes(base64.b64encode(f"x{WORDS[0]}y".encode()))
    assert len({hit.split(":")[0] for hit in found(tmp_path)}) == 4
