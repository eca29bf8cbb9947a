"""HR opens a round, managers get their talks, HR sees counts and nothing else."""

import datetime as dt
from dataclasses import asdict, replace

import pytest
from pydantic import ValidationError

from cycle.records import Kind
from cycle.rounds import Completion, Round, fold
from cycle.talks import Stage, Talk
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError

HR = Actor("h", Role.HR, "zh")
ANNA, BO = Actor("a", Role.MANAGER, "zh"), Actor("b", Role.MANAGER, "zh")
TODAY = dt.datetime.now().astimezone().date()
SOON = TODAY + dt.timedelta(days=20)
YEAR_END = Round(name="年终", opens=TODAY, due=SOON, appeal="hr@example.com", form="请带上目标表")


def team(services, lead, department, count, first="员工"):
    return services.team.add(lead, *(Person(name=f"{first}{n}", department=department) for n in range(count)))


def test_each_manager_gets_the_talks_of_their_own_people_in_the_departments_named(services):
    sales, _ = team(services, ANNA, "销售", 2), team(services, ANNA, "财务", 1)
    team(services, BO, "销售", 1)
    made = services.rounds.open(HR, replace_round(departments=("销售", " 销售 ", "")))
    talks = services.talks.all(ANNA)
    assert {t.key_id for t in talks} == {p.key_id for p in sales}
    assert {(t.status, t.due, t.parent_id) for t in talks} == {("due", SOON, made.id)}
    assert len(services.talks.all(BO)) == 1


def replace_round(**changed):
    return Round.model_validate(YEAR_END.model_dump() | changed)


def test_somebody_who_joins_later_is_asked_for_once(services):
    services.rounds.open(HR, YEAR_END)
    team(services, ANNA, "销售", 3)
    assert [services.rounds.ask_for_team(ANNA) for _ in range(2)] == [3, 0]
    assert len(services.talks.all(ANNA)) == 3


def test_a_talk_planned_before_becomes_the_round_s_on_the_earlier_day(services):
    sooner, later, held = team(services, ANNA, "销售", 3)
    days = (SOON - dt.timedelta(days=3), SOON + dt.timedelta(days=3), SOON)
    planned = [services.talks.plan(ANNA, p.id, day) for p, day in zip((sooner, later, held), days, strict=True)]
    services.talks.move(ANNA, planned[2].id, Stage.HELD)
    record = services.rounds.open(HR, YEAR_END)
    talks = {t.id: t for t in services.talks.all(ANNA)}
    assert len(talks) == 4 and sum(t.parent_id == record.id for t in talks.values()) == 3
    assert [talks[p.id].due for p in planned] == [days[0], SOON, SOON]
    assert talks[planned[2].id].parent_id == ""
    assert services.rounds.ask_for_team(ANNA) == 0


def test_two_askers_at_once_make_one_talk(services, monkeypatch):
    people = team(services, ANNA, "销售", 2)
    record = services.rounds.open(HR, YEAR_END)
    services.talks.drop(ANNA, services.talks.of_person(ANNA, people[0].id)[0].id)
    find = services._store.records.find
    monkeypatch.setattr(
        services._store.records, "find", lambda kind, **kw: () if kind is Kind.TALK else find(kind, **kw)
    )  # as if the other's talks had come between looking and adding
    assert services.rounds._ask(record, YEAR_END, people) == 1
    monkeypatch.undo()
    assert len(services.talks.all(ANNA)) == 2


def test_a_new_day_moves_what_is_not_held_and_leaves_what_is(services):
    team(services, ANNA, "销售", 2)
    record = services.rounds.open(HR, YEAR_END)
    held, _ = services.talks.all(ANNA)
    services.talks.move(ANNA, held.id, Stage.HELD)
    later = SOON + dt.timedelta(days=5)
    services.rounds.change(HR, record, replace_round(due=later))
    assert {t.id == held.id: t.due for t in services.talks.all(ANNA)} == {True: SOON, False: later}
    with pytest.raises(ConflictError):
        services.rounds.change(HR, record, YEAR_END)


def test_after_closing_nobody_is_asked_any_more(services):
    record = services.rounds.open(HR, YEAR_END)
    services.rounds.close(HR, record)
    team(services, ANNA, "销售", 1)
    assert services.rounds.ask_for_team(ANNA) == 0


@pytest.mark.parametrize("wrong", [{"name": " "}, {"due": TODAY - dt.timedelta(days=1)}, {"opens": "soon"}])
def test_a_round_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        replace_round(**wrong)


def test_a_round_due_yesterday_is_refused(services):
    past = replace_round(opens=TODAY - dt.timedelta(days=9), due=TODAY - dt.timedelta(days=1))
    with pytest.raises(InputError):
        services.rounds.open(HR, past)


def test_hr_sees_counts_by_department_and_no_word_of_anybody(services):
    people = team(services, ANNA, "销售", 6, "许愿") + team(services, BO, "财务", 5, "周至")
    team(services, BO, "法务", 3, "郑重")
    team(services, BO, "行政", 3, "钱正")
    record = services.rounds.open(HR, YEAR_END)
    for person in people[:2]:
        (talk,) = services.talks.of_person(ANNA, person.id)
        services.talks.change(ANNA, talk, Talk(place="秘密", purpose="秘密"), Stage.HELD)
    rows = services.rounds.completion(HR, record.id)
    assert [(r.department, r.people, r.reached[Stage.HELD]) for r in rows] == [
        ("销售", 6, 2), ("财务", 5, 0), (None, 6, 0),
    ]  # fmt: skip
    assert all(r.reached[Stage.DUE] == r.people and r.reached[Stage.CONFIRMED] == 0 for r in rows)
    shown = repr([asdict(row) for row in rows]) + repr(services.rounds.all(HR)) + repr(services.rounds.departments(HR))
    assert not any(word in shown for word in ("许愿", "周至", "郑重", "钱正", "秘密", *(p.id for p in people)))


def test_hr_reaches_nothing_of_a_team(services):
    (person,) = team(services, ANNA, "销售", 1)
    services.rounds.open(HR, YEAR_END)
    (talk,) = services.talks.all(ANNA)
    for asked in (
        lambda: services.team.people(HR), lambda: services.team.person(HR, person.id), lambda: services.talks.all(HR),
        lambda: services.talks.talk(HR, talk.id), lambda: services.work.overview(HR), lambda: services.work.row(HR, talk.id),
        lambda: services.rounds.of_talk(HR, talk), lambda: services.rounds.ask_for_team(HR),
    ):  # fmt: skip
        with pytest.raises(PermissionDeniedError):
            asked()
    with pytest.raises(PermissionDeniedError):
        services.rounds.completion(ANNA, talk.parent_id)


def test_the_company_s_texts_reach_the_manager_of_the_talk_alone(services):
    team(services, ANNA, "销售", 1)
    services.rounds.open(HR, YEAR_END)
    (talk,) = services.talks.all(ANNA)
    assert services.rounds.of_talk(ANNA, talk) == YEAR_END
    assert services.rounds.of_talk(ANNA, replace(talk, parent_id="")) is None
    with pytest.raises(NotFoundError):
        services.rounds.of_talk(BO, talk)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"a": 4}, []),
        ({"a": 5}, [("a", 5)]),
        ({"a": 9, "b": 2}, [(None, 11)]),
        ({"a": 9, "b": 6, "c": 4}, [("a", 9), (None, 10)]),
        ({"a": 9, "b": 3, "c": 2}, [("a", 9), (None, 5)]),
        ({"a": 9, "": 7}, [("a", 9), (None, 7)]),
        ({}, []),
    ],
)
def test_no_number_is_about_fewer_than_five(sizes, expected):
    rows = fold({name: [Stage.DUE] * count for name, count in sizes.items()})
    assert [(r.department, r.people) for r in rows] == expected
    assert all(isinstance(r, Completion) and r.people >= 5 for r in rows)
