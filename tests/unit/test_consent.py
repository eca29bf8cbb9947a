"""No grant, no word kept: asking, answering, withdrawing, forgetting, and a ledger that shows every change."""

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, select, text

from consent.grants import ConsentGrant, Consents
from consent.ledger import chained, first_broken
from consent.notices import Purpose, notice, supported
from interview.actor import Actor, Role
from interview.errors import ConsentError, InputError, NotFoundError, PermissionDeniedError
from interview.ports import Utterance
from storage.database import open_database
from storage.store import Store
from storage.tables import consent_ledger
from storage.vault import Vault

BOSS, OTHER = Actor("boss", Role.MANAGER, "zh"), Actor("other", Role.MANAGER, "zh")
ALL = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS, Purpose.KEEP_TRANSCRIPT)


class Clock:
    time = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    made = Store(
        open_database(f"sqlite:///{tmp_path / 't.db'}"),
        Vault.from_file(tmp_path / "k"),
        clock,
        tmp_path / "ledger.head",
    )
    yield made
    made.engine.dispose()


@pytest.fixture
def consents(store, clock):
    return Consents(store.interviews, store.ledger, clock)


def both(consents, purposes=ALL):
    interview, secret = consents.invite(BOSS, "十一月面谈", "zh")
    consents.manager_grants(BOSS, interview.id, purposes, "王岚")
    consents.answer(secret, purposes, "李工", "zh")
    return interview.id, secret


def said(text="这不公平", **values):
    cues = ({"kind": "unfairness", "strength": 0.9, "quote": "不公平", "start": 1, "end": 4},)
    return Utterance(0, "employee", text, cues=cues, **values)


def test_a_grant_needs_both_and_is_made_by_the_ledger_only(consents):
    interview, secret = consents.invite(BOSS, "面谈", "zh")
    with pytest.raises(ConsentError):
        consents.grant(interview.id)
    consents.manager_grants(BOSS, interview.id, ALL, "王岚")
    with pytest.raises(ConsentError):
        consents.grant(interview.id)
    consents.answer(secret, [Purpose.TRANSCRIBE, Purpose.HINTS], "李工", "zh")
    grant = consents.grant(interview.id)
    assert grant.purposes == {Purpose.TRANSCRIBE}, "hints rest on cues, which the employee did not grant"
    with pytest.raises(ConsentError):
        ConsentGrant(object(), interview.id, frozenset(ALL))


def test_a_refusal_looks_like_no_answer_to_the_manager(consents):
    waiting, _ = consents.invite(BOSS, "等", "zh")
    refused, secret = consents.invite(BOSS, "拒", "zh")
    consents.answer(secret, [], "", "zh")
    for interview in (waiting, refused):
        consents.manager_grants(BOSS, interview.id, ALL, "王岚")
        assert consents.available(BOSS, interview.id) is False
        with pytest.raises(ConsentError) as caught:
            consents.grant(interview.id)
        assert str(caught.value) == "no grant"


def test_nothing_is_stored_after_a_withdrawal_and_what_was_heard_is_gone(consents, store):
    for side in ("employee", "manager"):
        interview, secret = both(consents)
        grant = consents.grant(interview)
        store.interviews.add(grant, said())
        assert store.interviews.heard(interview)[0].cues
        consents.withdraw(secret) if side == "employee" else consents.withdraw(BOSS, interview)
        assert store.interviews.heard(interview) == ()
        with pytest.raises(ConsentError):
            store.interviews.add(grant, said())
        with store.engine.connect() as db:
            kept = db.execute(text("select count(*) from utterances")).scalar()
            keys = [r.id for r in db.execute(text("select id from sealing_keys"))]
        assert kept == 0 and not [k for k in keys if k.startswith(("words:", "cues:"))]
        assert consents.entries(interview)[-1].kind == "erased"


def test_taking_back_the_cues_leaves_the_words(consents, store):
    interview, secret = both(consents)
    store.interviews.add(consents.grant(interview), said())
    consents.answer(secret, [Purpose.TRANSCRIBE, Purpose.KEEP_TRANSCRIPT], "李工", "zh")
    (kept,) = store.interviews.heard(interview)
    assert (kept.text, kept.cues) == ("这不公平", ())
    assert store.interviews.add(consents.grant(interview), said()).cues == ()


def test_without_consent_to_keep_it_the_end_destroys_the_text(consents, store):
    for purposes, left in ((ALL, 1), (ALL[:3], 0)):
        interview, _ = both(consents, purposes)
        store.interviews.add(consents.grant(interview), said())
        store.interviews.end(interview)
        assert len(store.interviews.heard(interview)) == left


def test_the_link_expires_and_can_not_be_guessed(consents, clock):
    _, secret = consents.invite(BOSS, "面谈", "zh")
    for wrong in ("", "x", secret[:-1], secret + "a", "\ud800"):
        with pytest.raises(NotFoundError):
            consents.linked(wrong)
    clock.time += dt.timedelta(days=15)
    with pytest.raises(NotFoundError):
        consents.answer(secret, ALL, "李工", "zh")


def test_only_its_manager_holds_an_interview(consents):
    interview, _ = both(consents)
    for attempt in (
        lambda: consents.interview(OTHER, interview), lambda: consents.withdraw(OTHER, interview),
        lambda: consents.manager_grants(OTHER, interview, ALL, "x"), lambda: consents.available(OTHER, interview),
    ):  # fmt: skip
        with pytest.raises((NotFoundError, PermissionDeniedError)):
            attempt()
    for name in ("", "长" * 61, "\x00"):
        with pytest.raises(InputError):
            consents.manager_grants(BOSS, interview, ALL, name)


def test_any_change_of_the_ledger_is_found(consents, store):
    both(consents)
    both(consents)
    entries = consents.entries()
    assert consents.verify() is None and len(entries) == 4
    for number, entry in enumerate(entries):
        for change in (
            {"purposes": ()}, {"at": "2020-01-01"}, {"name": b"x"}, {"party": "manager" if entry.party == "employee" else "employee"},
            {"notice_digest": "0" * 64}, {"interview_id": "z"}, {"kind": "withdraw"},
        ):  # fmt: skip
            changed = [*entries[:number], replace(entry, **change), *entries[number + 1 :]]
            assert first_broken(changed) == number + 1
        if number < len(entries) - 1:
            assert first_broken([*entries[:number], *entries[number + 1 :]]) == number + 1


def test_a_row_dropped_from_the_table_itself_is_found_wherever_it_stood(consents, store):
    """The last ones too, and all of them: what was written last is known outside the table."""
    both(consents)
    both(consents)
    with store.engine.connect() as db:
        kept = [dict(row._mapping) for row in db.execute(select(consent_ledger).order_by(consent_ledger.c.number))]
    assert len(kept) == 4
    for dropped in ({1}, {2}, {4}, {3, 4}, {1, 2, 3, 4}):
        with store.engine.begin() as db:
            db.execute(delete(consent_ledger))
            left = [row for row in kept if row["number"] not in dropped]
            if left:
                db.execute(insert(consent_ledger), left)
        assert consents.verify() == min(dropped)
    with store.engine.begin() as db:
        db.execute(insert(consent_ledger), kept)
    assert consents.verify() is None


def test_a_chain_written_anew_from_some_entry_on_is_found(consents, store):
    both(consents)
    entries = consents.entries()
    forged = chained(replace(entries[-1], purposes=()), entries[-1].number, entries[-1].before)
    anew = [*entries[:-1], forged]
    assert first_broken(anew) is None, "whole in itself"
    assert first_broken(anew, store.ledger.head()) == entries[-1].number


def test_without_the_file_or_with_an_older_one_what_is_there_still_verifies(consents, store, tmp_path):
    both(consents)
    head = tmp_path / "ledger.head"
    before = head.read_text()
    assert head.stat().st_mode & 0o777 == 0o600
    both(consents)
    head.write_text(before)
    assert consents.verify() is None
    for broken in ("", "x y", "7"):
        head.write_text(broken)
        assert consents.verify() is None
    head.unlink()
    assert consents.verify() is None
    head.mkdir()
    both(consents)
    assert consents.verify() is None and len(consents.entries()) == 6


def test_a_forgotten_name_leaves_a_whole_chain(consents, store):
    interview, _ = both(consents)
    entry = consents.entries(interview)[1]
    assert store.ledger.name_of(entry) == "李工"
    with store.engine.begin() as db:
        db.execute(text("delete from sealing_keys where id like 'name:employee:%'"))
    assert store.ledger.name_of(entry) is None
    assert consents.verify() is None


def test_no_name_title_or_word_lies_in_the_open(consents, store, tmp_path):
    interview, _ = both(consents)
    store.interviews.add(consents.grant(interview), said("只有我知道的话"))
    store.engine.dispose()
    everything = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    for planted in ("王岚", "李工", "十一月面谈", "只有我知道的话"):
        assert planted.encode() not in everything
        assert planted.encode("unicode_escape") not in everything


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_notice_names_every_purpose(lang):
    found = notice(lang, "m (host)", "s (host)")
    assert {*found.words["purposes"]} == {str(p) for p in Purpose}
    assert found.digest != notice("en" if lang == "zh" else "zh").digest


def test_a_purpose_rests_on_others():
    assert supported([Purpose.HINTS, Purpose.TRANSCRIBE]) == {Purpose.TRANSCRIBE}
    assert supported([Purpose.SHARE_TRAINER]) == frozenset()


def test_what_was_kept_goes_after_ninety_days(consents, store, clock):
    old, _ = both(consents)
    store.interviews.add(consents.grant(old), said())
    store.interviews.end(old)
    clock.time += dt.timedelta(days=91)
    new, _ = both(consents)
    store.interviews.add(consents.grant(new), said())
    assert store.interviews.expire(clock.time - dt.timedelta(days=90)) == 1
    assert store.interviews.heard(old) == () and len(store.interviews.heard(new)) == 1
    assert store.interviews.expire(clock.time - dt.timedelta(days=90)) == 0


def test_loading_the_page_again_says_nothing_again(services, actor):
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from app.consent_page import mount_consent

    app = FastAPI()
    mount_consent(app, services)
    phone = TestClient(app)
    interview, secret = services.consents.invite(actor, "面谈", "zh")
    answer = phone.post(f"/consent/{secret}?lang=zh", content="what=agree&purpose=transcribe&name=李工".encode())
    assert answer.request.method == "GET" and "已记下，谢谢" in answer.text
    services.consents.withdraw(secret)
    again = phone.get(str(answer.url))
    assert "已记下，谢谢" not in again.text, "said only while it is true"
    assert [e.kind for e in services.consents.entries(interview.id)][-1] == "withdraw", "no second yes by a reload"
    gone = phone.post(f"/consent/{secret}?lang=en", content=b"what=withdraw")
    assert gone.request.method == "GET" and "lang=en&done=withdrawn" in str(gone.url)


def test_after_the_end_the_phone_is_no_microphone_any_more(services, actor):
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from app.consent_page import mount_consent

    app = FastAPI()
    mount_consent(app, services)
    interview, secret = services.consents.invite(actor, "面谈", "zh")
    services.consents.manager_grants(actor, interview.id, [Purpose.TRANSCRIBE], "王岚")
    services.consents.answer(secret, [Purpose.TRANSCRIBE], "李工", "zh")
    assert "id='listen'" in TestClient(app).get(f"/consent/{secret}").text
    services.live.finish(actor, interview.id)
    page = TestClient(app).get(f"/consent/{secret}").text
    assert "id='listen'" not in page and "value='withdraw'" in page
