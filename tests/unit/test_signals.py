"""Lights: off until asked for, from numbers and dated complaints alone, with their base rate and what speaks against."""

import datetime as dt

import pytest

from app.texts import t
from app.ui.cycle import signals as page
from cycle import signals
from cycle.records import Kind
from cycle.signals import SignalKind
from cycle.talks import Stage, Talk
from cycle.team import Figure, KeyEvent
from interview.actor import Actor, Role
from interview.errors import PermissionDeniedError

ME = Actor("m", Role.MANAGER, "zh")
MONTHS = [f"2026-{m:02d}" for m in range(5, 11)]


def series(metric, values, target=None, up=True):
    return [
        Figure(metric=metric, month=m, actual=v, target=target, higher_is_better=up).model_dump()
        for m, v in zip(MONTHS, values, strict=True)
    ]


def busy(load=(40,) * 6, done=(95,) * 6):
    return series("加班", load, 36, up=False) + series("回款", done, 90)


def test_high_load_with_targets_met_for_months_lights_up_with_its_base_rate():
    figures = {"a": busy(), "b": busy(load=(10,) * 6), "c": busy(done=(80,) * 6)}
    (light,) = signals.burnout(figures, {"a": "甲", "b": "乙", "c": "丙"})
    assert (light.person_id, light.base_count, light.base_all, light.values["months"]) == ("a", 1, 3, 6)
    assert light.against


def test_three_months_of_it_are_not_enough_and_falling_load_speaks_against():
    assert signals.burnout({"a": busy(load=(40, 40, 40, 9, 9, 9))}, {"a": "甲"}) == ()
    (light,) = signals.burnout({"a": busy(load=(60, 60, 50, 50, 40, 40))}, {"a": "甲"})
    assert "load_falls" in [a.key for a in light.against]


def test_load_without_a_target_is_held_against_the_teams_upper_quarter():
    figures = {f"p{n}": series("加班", (n,) * 6) + series("回款", (95,) * 6, 90) for n in range(12)}
    assert {s.person_id for s in signals.burnout(figures, {i: i for i in figures})} <= {"p9", "p10", "p11"}
    few = {"a": series("加班", (50,) * 6) + series("回款", (95,) * 6, 90)}
    assert signals.burnout(few, {"a": "甲"}) == ()


@pytest.mark.parametrize(
    ("values", "up", "lit"),
    [((80, 82, 84, 86, 90, 93), True, True), ((80, 82, 81, 80, 82, 81), True, False), ((80, 80, 80, 80, 80, 80), True, False),
     ((9, 8, 7, 6, 5, 4), False, True), ((4, 5, 6, 7, 8, 9), False, False), ((0, 0, 1, 2, 3, 4), True, False)],
)  # fmt: skip
def test_a_steady_rise_is_towards_the_better(values, up, lit):
    assert bool(signals.rise({"a": series("回款", values, up=up)}, {"a": "甲"})) is lit


def test_a_month_missing_is_no_steady_rise():
    own = [f for f in series("回款", (80, 82, 84, 86, 90, 93)) if f["month"] != "2026-08"]
    assert signals.rise({"a": own}, {"a": "甲"}) == ()


def test_that_everybody_rises_speaks_against():
    figures = {f"p{n}": series("回款", (80, 82, 84, 86, 90, 93), 99) for n in range(6)}
    found = signals.rise(figures, {i: i for i in figures})
    assert all({"all_rise", "below_target"} <= {a.key for a in s.against} for s in found) and found[0].base_count == 6


def departments(first=6, second=6):
    return {f"a{n}": "甲部" for n in range(first)} | {f"b{n}": "乙部" for n in range(second)}


def after_talks(people, day=dt.date(2026, 9, 1)):
    return [(who, day) for who in people]


def test_a_department_with_many_complaints_after_talks_lights_up():
    people = departments()
    complaints = {f"a{n}": [dt.date(2026, 9, 10)] for n in range(4)} | {"b0": [dt.date(2026, 8, 1)]}
    (light,) = signals.group(SignalKind.COMPLAINTS, people, after_talks(people), complaints)
    assert (light.kind, light.name, light.values["events"], light.base_all) == (SignalKind.COMPLAINTS, "甲部", 4, 2)
    assert light.person_id == ""


def test_groups_under_five_are_neither_told_nor_compared_with():
    complaints = {f"a{n}": [dt.date(2026, 9, 10)] for n in range(4)}
    for people in (departments(first=4), departments(second=4)):
        assert signals.group(SignalKind.COMPLAINTS, people, after_talks(people), complaints) == ()


def test_complaints_before_or_long_after_the_talk_do_not_count():
    people = departments()
    for day in (dt.date(2026, 8, 31), dt.date(2026, 9, 1), dt.date(2026, 12, 1)):
        assert (
            signals.group(SignalKind.COMPLAINTS, people, after_talks(people), {f"a{n}": [day] for n in range(6)}) == ()
        )


def test_off_until_switched_on_and_each_managers_own(services):
    made = services.signals
    people = {f"a{n}": {"number": f"a{n}", "name": "甲"} for n in range(2)}
    figures = {"a0": tuple(Figure.model_validate(f) for f in busy())}
    services.team.take(ME, people, figures, {})
    assert not made.is_on(ME) and made.all(ME) == ()
    made.switch(ME, on=True)
    assert [s.kind for s in made.all(ME)] == [SignalKind.BURNOUT]
    assert not made.is_on(Actor("n", Role.MANAGER, "zh"))
    made.switch(ME, on=False)
    assert made.all(ME) == ()
    with pytest.raises(PermissionDeniedError):
        made.all(Actor("e", Role.EMPLOYEE, "zh"))


def test_talks_held_are_joined_to_complaints(services):
    people = {f"{d}{n}": {"number": f"{d}{n}", "name": d, "department": d} for d in "ab" for n in range(5)}
    late = KeyEvent(date=dt.date(2026, 9, 10), kind="complaint", what="x")
    services.team.take(ME, people, {}, {f"a{n}": (late,) for n in range(3)})
    for record, _ in services.team.people(ME):
        talk = services.talks.plan(
            ME, record.id, dt.date(2026, 9, 1), Talk(at=dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC))
        )
        services.talks.move(ME, talk.id, Stage.HELD)
    services.signals.switch(ME, on=True)
    assert [(s.name, s.values["rate"]) for s in services.signals.all(ME)] == [("a", 60)]


def test_nothing_but_numbers_events_and_days_is_read(services, monkeypatch):
    asked = set()
    records = services._store.records
    find = records.find
    monkeypatch.setattr(records, "find", lambda kind, **wanted: (asked.add(kind), find(kind, **wanted))[1])
    services.signals.switch(ME, on=True)
    services.signals.all(ME)
    assert asked == {Kind.PERSON, Kind.FIGURES, Kind.TALK, Kind.EVENTS}


def test_leaving_within_half_a_year_of_a_talk_lights_the_department_and_a_later_one_does_not():
    people = departments()
    for day, lit in ((dt.date(2026, 12, 1), 1), (dt.date(2027, 4, 1), 0)):
        found = signals.group(SignalKind.LEAVING, people, after_talks(people), {f"a{n}": [day] for n in range(3)})
        assert [s.kind for s in found] == [SignalKind.LEAVING] * lit


def test_hr_sees_departments_of_every_team_and_no_person(services):
    others, hr = Actor("other", Role.MANAGER, "zh"), Actor(ME.id, Role.HR, "zh")
    late = KeyEvent(date=dt.date(2026, 9, 10), kind="complaint", what="x")
    gone = {"left": dt.date(2026, 9, 20)}
    for owner, name in ((ME, "a"), (others, "b")):
        people = {
            f"{name}{n}": {"number": f"{name}{n}", "name": name, "department": name, **(gone if name == "a" else {})}
            for n in range(5)
        }
        busy_one = {"b0": tuple(Figure.model_validate(f) for f in busy())} if name == "b" else {}
        services.team.take(owner, people, busy_one, {f"a{n}": (late,) for n in range(3)} if name == "a" else {})
        for record, _ in services.team.people(owner):
            talk = services.talks.plan(
                owner, record.id, dt.date(2026, 9, 1), Talk(at=dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC))
            )
            services.talks.move(owner, talk.id, Stage.HELD)
    assert services.signals.departments(hr) == ()
    services.signals.switch(hr, on=True)
    assert not services.signals.is_on(ME), "the same person's lights as a manager are switched apart"
    found = services.signals.departments(hr)
    assert [(s.kind, s.name) for s in found] == [(SignalKind.COMPLAINTS, "a"), (SignalKind.LEAVING, "a")]
    assert not any(s.person_id for s in found)
    for actor in (ME, Actor("t", Role.TRAINER, "zh")):
        with pytest.raises(PermissionDeniedError):
            services.signals.departments(actor)
    with pytest.raises(PermissionDeniedError):
        services.signals.all(hr)


def test_who_has_left_is_neither_due_nor_lit(services):
    gone = {"number": "a0", "name": "甲", "left": dt.date(2020, 1, 1)}
    figures = {"a0": tuple(Figure.model_validate(f) for f in busy())}
    services.team.take(ME, {"a0": gone, "a1": {"number": "a1", "name": "乙"}}, figures, {})
    services.signals.switch(ME, on=True)
    assert services.signals.all(ME) == ()
    due = services.work.overview(ME, show="unplanned")
    assert [row.name for row in due.rows] == ["乙"]
    assert {row.name for row in services.work.overview(ME, show="all").rows} == {"甲", "乙"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_light_says_rule_numbers_base_rate_and_what_speaks_against(lang):
    figures = {"a": busy(), "b": [*series("回款", (80, 82, 84, 86, 90, 93))]}
    people = departments()
    found = [
        *signals.burnout(figures, {"a": "<b>甲</b>", "b": "乙"}), *signals.rise(figures, {"a": "甲", "b": "乙"}),
        *(
            light
            for kind in (SignalKind.COMPLAINTS, SignalKind.LEAVING)
            for light in signals.group(
                kind, people, after_talks(people), {f"a{n}": [dt.date(2026, 9, 10)] for n in range(4)}
            )
        ),
    ]  # fmt: skip
    assert {s.kind for s in found} == set(SignalKind)
    drawn = page.html(found, lang, on=True)
    assert "<b>甲" not in drawn and "{" not in drawn and "signal." not in drawn
    assert drawn.count("<section") == len(found) == drawn.count(t("signal.against", lang))
    for light in found:
        assert t(f"signal.look.{light.kind}", lang) in drawn
