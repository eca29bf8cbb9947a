"""Minutes: both confirm the same version, a change needs both again, and withdrawn words can't be confirmed."""

import datetime as dt

import pytest

from consent.notices import Purpose
from cycle.minutes import MAX_ENTRIES, drafted, entries_of, lines_of
from cycle.talks import Stage, Talk
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import ConflictError, InputError, NotFoundError, TandaoError
from interview.steps import Step

FIRST = entries_of("agreed", "每周复盘一次客户拜访") + entries_of("disputed", "评分口径")
SECOND = (*FIRST, *entries_of("promised", "9. 主管月底前答复调岗"))


@pytest.fixture
def talk(services, actor):
    (person,) = services.team.add(actor, Person(name="许愿"))
    return services.talks.plan(actor, person.id, dt.date(2026, 12, 1), Talk())


@pytest.fixture
def secret(services, actor, talk):
    return services.visits.make(actor, talk.id)


def stage(services, actor, talk):
    return services.talks.talk(actor, talk.id)[0].status


def test_lines_carry_their_step_there_and_back():
    text = "6. 评分口径不一致\n- 3、开场没说清楚\n\n没有号的\n12. 不是步骤"
    found = entries_of("disputed", text)
    assert [(e.step, e.text) for e in found] == [
        (Step.DIFFERENCES, "评分口径不一致"), (Step.OPENING, "开场没说清楚"), (Step.DIFFERENCES, "没有号的"),
        (Step.DIFFERENCES, "12. 不是步骤"),
    ]  # fmt: skip
    assert entries_of("disputed", lines_of("disputed", found)) == found
    assert entries_of("agreed", "3.5 天完成")[0].text == "3.5 天完成"
    with pytest.raises(InputError):
        entries_of("agreed", "长" * 501)


def test_both_confirm_and_a_change_needs_both_again(services, actor, talk, secret):
    kept = services.minutes
    assert kept.shown_to(services.visits.open(secret)) is None
    version = kept.save(actor, talk.id, FIRST, 0)
    assert kept.shown_to(services.visits.open(secret)) is None, "a draft is the manager's"
    kept.confirm(actor, talk.id, 1)
    visit = services.visits.open(secret)
    assert kept.shown_to(visit).version.entries == FIRST and stage(services, actor, talk) == Stage.HELD
    kept.confirm_as_employee(visit, 1, "任务分配的事我还想再谈")
    minutes, version = kept.of_talk(actor, talk.id)
    assert minutes.status == "confirmed" and minutes.said("employee", 1).view == "任务分配的事我还想再谈"
    assert stage(services, actor, talk) == Stage.CONFIRMED
    assert kept.save(actor, talk.id, FIRST, version) == version, "the same words are no change"
    kept.save(actor, talk.id, SECOND, version)
    minutes, _ = kept.of_talk(actor, talk.id)
    assert minutes.status == "draft" and stage(services, actor, talk) == Stage.HELD
    shown = kept.shown_to(visit)
    assert shown.version.number == 1 and not shown.is_latest
    for number in (1, 2, 7):
        with pytest.raises(ConflictError) as caught:
            kept.confirm_as_employee(visit, number)
        assert caught.value.message_key == "error.minutes_outdated", number
    kept.confirm(actor, talk.id, 2)
    kept.confirm_as_employee(visit, 2)
    minutes, _ = kept.of_talk(actor, talk.id)
    assert minutes.status == "confirmed" and [v.entries for v in minutes.versions] == [FIRST, SECOND]


def test_to_differ_needs_words_and_can_be_settled(services, actor, talk, secret):
    services.minutes.save(actor, talk.id, FIRST, 0)
    services.minutes.confirm(actor, talk.id, 1)
    visit = services.visits.open(secret)
    with pytest.raises(InputError):
        services.minutes.differ(visit, 1, "  ")
    services.minutes.differ(visit, 1, "我没有答应每周")
    assert services.minutes.of_talk(actor, talk.id)[0].status == "differs"
    services.minutes.confirm_as_employee(visit, 1)
    assert services.minutes.of_talk(actor, talk.id)[0].status == "confirmed"


def test_an_employee_s_word_does_not_turn_the_manager_s_open_page_into_an_old_one(services, actor, talk, secret):
    services.minutes.save(actor, talk.id, FIRST, 0)
    services.minutes.confirm(actor, talk.id, 1)
    _, seen = services.minutes.of_talk(actor, talk.id)
    services.minutes.confirm_as_employee(services.visits.open(secret), 1)
    services.minutes.save(actor, talk.id, SECOND, seen)
    minutes, _ = services.minutes.of_talk(actor, talk.id)
    assert minutes.status == "draft" and [v.number for v in minutes.versions] == [1, 2]
    with pytest.raises(ConflictError):
        services.minutes.save(actor, talk.id, FIRST, seen)


def test_an_older_window_and_empty_minutes_are_refused(services, actor, talk):
    services.minutes.save(actor, talk.id, FIRST, 0)
    with pytest.raises(ConflictError):
        services.minutes.save(actor, talk.id, SECOND, 0)
    _, version = services.minutes.of_talk(actor, talk.id)
    services.minutes.save(actor, talk.id, (), version)
    with pytest.raises(InputError):
        services.minutes.confirm(actor, talk.id, 2)
    with pytest.raises(InputError):
        services.minutes.save(actor, talk.id, FIRST * MAX_ENTRIES, version + 1)


@pytest.mark.parametrize("words", ["她是困局，先观察", "we see you as LOW POTENTIAL"])
def test_the_managers_classification_is_not_handed_over(services, actor, talk, secret, words):
    services.minutes.save(actor, talk.id, entries_of("agreed", words), 0)
    with pytest.raises(InputError) as caught:
        services.minutes.confirm(actor, talk.id, 1)
    assert caught.value.message_key == "error.private_word"
    assert services.minutes.shown_to(services.visits.open(secret)) is None
    assert services.minutes.of_talk(actor, talk.id)[0].latest.entries[0].text == words, "nothing typed is lost"


@pytest.fixture
def live_id(services, actor):
    interview, link = services.consents.invite(actor, "年终面谈", "zh")
    services.consents.manager_grants(actor, interview.id, [Purpose.TRANSCRIBE], "赵")
    services.consents.answer(link, [Purpose.TRANSCRIBE], "许愿", "zh")
    return interview.id


def test_words_drawn_from_withdrawn_consent_are_gone_and_not_confirmed(services, actor, talk, secret, live_id):
    entries = drafted({"agreed": [{"words": "我同意每周复盘"}], "disputed": [], "promised": []})
    services.minutes.save(actor, talk.id, entries, 0, live_id)
    services.minutes.confirm(actor, talk.id, 1)
    visit = services.visits.open(secret)
    services.consents.withdraw(actor, live_id)
    with pytest.raises(ConflictError) as caught:
        services.minutes.confirm_as_employee(visit, 1)
    assert caught.value.message_key == "error.minutes_withdrawn"
    assert services.minutes.of_talk(actor, talk.id)[0].versions == ()
    _, version = services.minutes.of_talk(actor, talk.id)
    with pytest.raises(ConflictError):
        services.minutes.save(actor, talk.id, entries, version, live_id)
    services.minutes.save(actor, talk.id, FIRST, version)
    services.minutes.confirm(actor, talk.id, 2)
    with pytest.raises(ConflictError):
        services.minutes.confirm_as_employee(visit, 1)  # from a page opened before: that text is gone
    services.minutes.confirm_as_employee(visit, 2)


def test_what_both_had_confirmed_outlives_a_withdrawal(services, actor, talk, secret, live_id):
    services.minutes.save(actor, talk.id, FIRST, 0, live_id)
    services.minutes.confirm(actor, talk.id, 1)
    services.minutes.confirm_as_employee(services.visits.open(secret), 1)
    services.minutes.save(actor, talk.id, SECOND, services.minutes.of_talk(actor, talk.id)[1])
    services.consents.withdraw(actor, live_id)
    assert services.minutes.erase_withdrawn(live_id) == 1 and services.minutes.erase_withdrawn() == 0
    minutes, _ = services.minutes.of_talk(actor, talk.id)
    assert [v.number for v in minutes.versions] == [1] and minutes.status == "confirmed"


def test_nobody_else_reads_or_writes(services, actor, talk):
    services.minutes.save(actor, talk.id, FIRST, 0)
    for other in (Actor("other", Role.MANAGER, "zh"), Actor("h", Role.HR, "zh"), Actor("t", Role.TRAINER, "zh")):
        for call in (
            lambda o=other: services.minutes.of_talk(o, talk.id),
            lambda o=other: services.minutes.save(o, talk.id, SECOND, 1),
            lambda o=other: services.minutes.confirm(o, talk.id, 1),
        ):
            with pytest.raises(TandaoError):
                call()
    services.team.forget(actor, talk.key_id)
    with pytest.raises(NotFoundError):
        services.minutes.of_talk(actor, talk.id)


def test_a_withdrawal_by_the_employees_page_erases_the_draft_at_once(services, actor, talk):
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from app.consent_page import mount_consent
    from cycle.records import Kind

    interview, link = services.consents.invite(actor, "年终面谈", "zh")
    services.consents.manager_grants(actor, interview.id, [Purpose.TRANSCRIBE], "赵")
    services.consents.answer(link, [Purpose.TRANSCRIBE], "许愿", "zh")
    services.live.hear(services.consents.grant(interview.id), "manager", "我会在12月20日前给你答复调岗的事。")
    entries = drafted(services.live.finish(actor, interview.id))
    assert [e.part for e in entries] == ["promised"] and "答复调岗" in entries[0].text
    services.minutes.save(actor, talk.id, entries, 0, interview.id)
    app = FastAPI()
    mount_consent(app, services)
    with TestClient(app) as client:
        client.post(f"/consent/{link}", data={"what": "withdraw"})
    (record,) = services._store.records.find(Kind.MINUTES)
    assert record.status == "withdrawn" and "答复调岗" not in str(record.body)
