"""The due-work list: everybody once, most urgent first, with what is next."""

import datetime as dt
from dataclasses import replace

import pytest

from app.ui.cycle.work import table_html
from cycle.records import Kind, Record
from cycle.rounds import Round
from cycle.talks import Stage, Talk
from cycle.team import Person
from cycle.work import PAGE_SIZE, Around, Next, next_thing
from interview.actor import Actor, Role
from interview.errors import InputError, NotFoundError
from interview.steps import Step

ANNA, BO = Actor("a", Role.MANAGER, "zh"), Actor("b", Role.MANAGER, "zh")
TODAY = dt.datetime.now().astimezone().date()
DAY = dt.timedelta(days=1)


@pytest.fixture
def people(services):
    names = [("许愿", "销售", "007"), ("周至", "销售", "008"), ("Ann Lee", "财务", "A9")]
    return services.team.add(ANNA, *(Person(name=n, department=d, number=no) for n, d, no in names))


def names(overview):
    return [row.name for row in overview.rows]


def test_nobody_is_forgotten_and_the_most_urgent_is_first(services, people):
    services.talks.plan(ANNA, people[1].id, TODAY - 2 * DAY)
    services.talks.plan(ANNA, people[2].id, TODAY + 3 * DAY)
    seen = services.work.overview(ANNA, show="all")
    assert names(seen) == ["周至", "Ann Lee", "许愿"]
    assert [row.late_days for row in seen.rows] == [2, 0, 0]
    assert [row.next for row in seen.rows] == [Next.PREPARE, Next.PREPARE, Next.PLAN_TALK]
    assert (seen.late, seen.unplanned, seen.stages[Stage.DUE], seen.departments) == (1, 1, 2, ("财务", "销售"))
    assert names(services.work.overview(ANNA)) == ["周至", "Ann Lee"]
    assert names(services.work.overview(ANNA, show="late")) == ["周至"]
    assert names(services.work.overview(ANNA, show="unplanned")) == ["许愿"]


def test_two_open_rounds_are_told_apart_by_name(services, people):
    for name in ("年终面谈", "能力盘点<b>"):
        services.rounds.open(Actor("hr", Role.HR, "zh"), Round(name=name, opens=TODAY, due=TODAY + 9 * DAY))
    services.rounds.ask_for_team(ANNA)
    seen = services.work.overview(ANNA, text="许愿")
    assert sorted(row.round_name for row in seen.rows) == sorted(("年终面谈", "能力盘点<b>"))
    shown = table_html(seen, "zh")
    assert "年终面谈" in shown and "能力盘点&lt;b&gt;" in shown


def test_another_manager_sees_none_of_it(services, people):
    talk = services.talks.plan(ANNA, people[0].id, TODAY)
    assert services.work.overview(BO, show="all").rows == ()
    with pytest.raises(NotFoundError):
        services.work.row(BO, talk.id)


def test_found_by_name_number_and_department(services, people):
    services.talks.plan_all(ANNA, [p.id for p in people], TODAY)
    assert names(services.work.overview(ANNA, text=" ann ")) == ["Ann Lee"]
    assert names(services.work.overview(ANNA, text="007")) == ["许愿"]
    assert names(services.work.overview(ANNA, department="销售")) == ["周至", "许愿"]


def test_a_talk_is_followed_from_due_to_done(services, people):
    talk = services.talks.plan(ANNA, people[0].id, TODAY)
    seen = []
    for stage in Stage:
        services.talks.move(ANNA, talk.id, stage)
        row = services.work.row(ANNA, talk.id)
        seen.append((row.next, row.step))
    assert seen == [
        (Next.PREPARE, Step.NOTICE), (Next.INVITE, Step.NOTICE), (Next.HOLD, Step.SETTING),
        (Next.MINUTES, Step.CLOSING), (Next.AGREE, Step.CLOSING), (Next.NOTHING, Step.CLOSING),
    ]  # fmt: skip
    assert names(services.work.overview(ANNA, show="done")) == ["许愿"]
    assert "许愿" in names(services.work.overview(ANNA, show="unplanned"))


def test_who_has_a_talk_to_come_is_planned_whatever_is_left_of_the_last_one(services, people):
    for _ in range(2):
        held = services.talks.plan(ANNA, people[0].id, TODAY)
        services.talks.move(ANNA, held.id, Stage.CONFIRMED)
    seen = services.work.overview(ANNA, show="unplanned")
    assert names(seen).count("许愿") == 1 and seen.unplanned == seen.found == len(people), "one line a person"
    services.talks.plan(ANNA, people[0].id, TODAY + 30 * DAY)
    seen = services.work.overview(ANNA, show="unplanned")
    assert "许愿" not in names(seen) and seen.unplanned == len(people) - 1
    assert names(services.work.overview(ANNA)).count("许愿") == 3


def test_what_hangs_on_the_talk_says_what_is_next(services, people):
    talk = services.talks.plan(ANNA, people[0].id, TODAY)
    services.talks.move(ANNA, talk.id, Stage.CONFIRMED)
    plan = Record("pl", Kind.PLAN, "a", people[0].id, parent_id=talk.id, status="running", due=TODAY - DAY)
    services._store.records.add(plan, replace(plan, id="sa", kind=Kind.SELF_ASSESSMENT, status="sent"))
    row = services.work.row(ANNA, talk.id)
    assert (row.next, row.late_days, row.self_assessment) == (Next.FOLLOW, 1, "sent")
    assert next_thing(Stage.CONFIRMED, Around(plan="draft")) is Next.AGREE
    assert next_thing(Stage.HELD, Around(minutes="draft")) is Next.CONFIRM
    assert next_thing(Stage.FOLLOWED, Around(plan_due=TODAY)) is Next.FOLLOW


def test_a_time_taken_back_is_no_time(services, people):
    at = dt.datetime(2026, 12, 1, 2, tzinfo=dt.UTC)
    talk = services.talks.plan(ANNA, people[0].id, TODAY, Talk(at=at))
    assert services.work.row(ANNA, talk.id).at == at
    services.talks.change(ANNA, talk, Talk(at=at, cancelled=True))
    assert services.work.row(ANNA, talk.id).at is None


def test_many_are_planned_at_once_and_nobody_twice(services, people):
    first = services.talks.plan_all(ANNA, [people[0].id, people[0].id, "nobody's"], TODAY)
    rest = services.talks.plan_all(ANNA, [p.id for p in people], TODAY)
    assert (len(first), len(rest), len(services.talks.all(ANNA))) == (1, 2, 3)
    with pytest.raises(InputError):
        services.talks.plan_all(ANNA, [], TODAY)


def test_a_talk_planned_by_mistake_goes_with_all_that_hangs_on_it_but_a_held_one_stays(services, people):
    talk = services.talks.plan(ANNA, people[0].id, TODAY)
    services._store.records.add(Record("pk", Kind.PACK, "a", people[0].id, parent_id=talk.id))
    services.talks.drop(ANNA, talk.id)
    assert services.talks.all(ANNA) == () and services._store.records.find(Kind.PACK) == ()
    held = services.talks.plan(ANNA, people[0].id, TODAY)
    services.talks.move(ANNA, held.id, Stage.HELD)
    with pytest.raises(InputError):
        services.talks.drop(ANNA, held.id)


def test_a_long_list_comes_in_pages(services):
    made = services.team.add(ANNA, *(Person(name=f"员工{n:03d}") for n in range(2 * PAGE_SIZE + 1)))
    services.talks.plan_all(ANNA, [p.id for p in made], TODAY)
    pages = [services.work.overview(ANNA, page=n) for n in (0, 1, 2, 9)]
    assert [(p.page, p.pages, p.found, len(p.rows)) for p in pages] == [
        (0, 3, 51, 25), (1, 3, 51, 25), (2, 3, 51, 1), (2, 3, 51, 1),
    ]  # fmt: skip
    assert len({row.person_id for p in pages[:3] for row in p.rows}) == 51
