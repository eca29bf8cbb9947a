"""The situation is proposed with reasons, decided by the manager, and reaches nothing the employee gets."""

import datetime as dt
import json
import re

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.after_html import minutes_document
from app.employee_page import mount_employee
from cycle.invitations import calendar, words_of
from cycle.minutes import entries_of
from cycle.numbers import Number
from cycle.packs import Opened, Pack
from cycle.plans import ActionItem
from cycle.records import Kind, Record
from cycle.situation import MATRIX, advice, caution, place, reason_text, sign_text, signs, style_text
from cycle.talks import Stage, Talk
from cycle.team import Person
from interview.conversation import LANGS
from interview.situations import Situation, Style

SECRETS = (
    "困局",
    "璞玉",
    "挑战者",
    "stuck",
    "rough jade",
    "rough_jade",
    "defensive",
    "只有我知道的理由",
    "拿不准的差距",
)


def opened(pack: Pack, *, met: bool = True, before: float | None = None) -> Opened:
    number = Number("n-00000001", "回访量", "个", True, ("2026-10",), 90.0 if met else 60.0, 80, 1, 1, before, None)
    talk = Record("t", Kind.TALK, "local", "p")
    return Opened(talk, Person(name="许愿"), pack, 1, False, (number,), None, None)


def pack(level: int | None = None, kept: bool = True, **placement: object) -> Pack:
    numbers = ("n-00000001",) if kept else ()
    return Pack.model_validate({"level": level, "numbers": numbers, "placement": placement})


@pytest.mark.parametrize(
    ("level", "met", "ticked", "expected"),
    [
        (4, True, 3, Situation.CHALLENGER),
        (3, True, 1, Situation.EXPERT),
        (2, False, 4, Situation.ROUGH_JADE),
        (1, False, 1, Situation.STUCK),
        (4, True, 0, None),
        (4, False, 3, None),
    ],
)
def test_rating_numbers_and_signs_propose(level: int, met: bool, ticked: int, expected: Situation | None):
    placed = place(opened(pack(level, signs=signs()[:ticked]), met=met))
    assert placed.proposed == expected and placed.decided is None
    for lang in LANGS:
        assert all(reason_text(reason, lang) and "{" not in reason_text(reason, lang) for reason in placed.reasons)


def test_two_signs_are_enough_with_a_rise():
    two = pack(4, signs=signs()[:2])
    assert place(opened(two)).potential == "low"
    rising = place(opened(two, before=70))
    assert rising.potential == "high" and "70 → 90" in " ".join(reason_text(r, "zh") for r in rising.reasons)


def test_numbers_that_are_not_kept_say_nothing():
    placed = place(opened(pack(None, kept=False, signs=signs()), before=70))
    assert placed.performance == "" and [r.key for r in placed.reasons] == ["no_performance", "signs"]


def test_the_manager_overrides_and_decides():
    placed = place(opened(pack(1, signs=signs(), performance="high", decided=Situation.EXPERT), met=False))
    assert placed.performance == "high" and placed.proposed == Situation.CHALLENGER
    assert placed.decided == Situation.EXPERT
    assert "own" in [r.key for r in placed.reasons]


def test_stuck_reminds_of_willingness():
    assert place(opened(pack(1, signs=signs()[:1]), met=False)).reasons[-1].key == "unwilling"


def test_every_situation_has_advice_in_both_languages(services):
    for situation in MATRIX.values():
        for style in Style:
            for lang in LANGS:
                found = advice(situation, style, lang, services.phrasing)
                assert found.goal and found.approach and found.risks and found.samples and found.style
                assert len(found.wordings) == 4 and all(text and why for _, text, why in found.wordings)
    assert all(sign_text(s, "zh") and sign_text(s, "en") for s in signs())
    assert all(style_text(s, "zh") and style_text(s, "en") for s in Style) and caution("zh") and caution("en")


@pytest.fixture
def prepared(services, actor):
    """Somebody whose pack holds everything an employee must not see, with an open link."""
    (person,) = services.team.add(actor, Person(name="许愿", number="7", email="x@example.com"))
    at = dt.datetime(2027, 6, 1, 7, 0, tzinfo=dt.UTC)
    talk = services.talks.plan(
        actor, person.id, at.date(), Talk(at=at, place="小会议室", host="王岚", zone="Asia/Shanghai")
    )
    placement = {
        "performance": "low", "potential": "low", "style": "defensive", "decided": "stuck", "why": "只有我知道的理由",
        "signs": ["learns"],
    }  # fmt: skip
    written = Pack.model_validate({"level": 1, "placement": placement, "role": {"gap": "拿不准的差距"}})
    services.packs.save(actor, talk.id, written, 0, ready=True)
    return talk


def words(html: str) -> str:
    """What can be read of a page, without style and script."""
    return re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]*>", " ", html, flags=re.S).casefold()


def test_nothing_of_it_reaches_the_employee(services, actor, prepared):
    app = FastAPI()
    mount_employee(app, services)
    secret = services.visits.make(actor, prepared.id)
    with TestClient(app) as client:
        seen = [client.get(f"/me/{secret}?lang={lang}").text for lang in LANGS]
        services.talks.move(actor, prepared.id, Stage.HELD)
        services.minutes.save(actor, prepared.id, entries_of("agreed", "每月八十个回访"), 0)
        services.minutes.confirm(actor, prepared.id, 1)
        action = ActionItem(id="", what="每周复盘", by=dt.date(2099, 1, 1), since=dt.date(2026, 1, 1))
        services.plans.put_action(actor, prepared.id, action)
        services.plans.share(actor, prepared.id)
        seen += [client.get(f"/me/{secret}?lang={lang}").text for lang in LANGS]
    assert "每月八十个回访" in seen[2] and "每周复盘" in seen[2]
    minutes, _ = services.minutes.of_talk(actor, prepared.id)
    seen += [minutes_document("许愿", minutes.latest, minutes, "", lang) for lang in LANGS]
    record, talk = services.talks.talk(actor, prepared.id)
    person = services.team.person(actor, prepared.key_id)[1]
    for lang in LANGS:
        _, text = words_of(talk, person.model_copy(update={"lang": lang}), None, "")
        seen += [text, calendar(record, talk, person, text).decode()]
    for text in seen:
        assert [word for word in SECRETS if word in words(text)] == []


def test_the_records_an_employee_reads_hold_none_of_it(services, actor, prepared):
    found = services._store.records.find(Kind.TALK, key_id=prepared.key_id)
    assert found
    for record in found:
        assert [word for word in SECRETS if word in json.dumps(record.body, ensure_ascii=False)] == []
