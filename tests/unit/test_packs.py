"""The manager's preparation: numbers in their context, candidates from events, only what is kept goes on."""

import datetime as dt

import pytest

from cycle.numbers import numbers, shift, window
from cycle.packs import Feedback, Incident, Judgement, Opened, Pack, Role, new_id
from cycle.records import Kind, Record
from cycle.talks import Stage
from cycle.team import Figure, KeyEvent
from interview.actor import Actor
from interview.actor import Role as ActorRole
from interview.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError


def calls(month: str, actual: float, target: float | None = 80.0, up: bool = True) -> Figure:
    return Figure(metric="回访量", unit="个", month=month, actual=actual, target=target, higher_is_better=up)


EVENTS = (
    KeyEvent(date=dt.date(2026, 8, 3), kind="praise", what="客户来信感谢", source="华东客户"),
    KeyEvent(date=dt.date(2026, 9, 9), kind="complaint", what="客户投诉回访漏了两次"),
    KeyEvent(date=dt.date(2026, 10, 1), kind="delivery", what="提前一周交付看板"),
)


@pytest.fixture
def person(services, actor):
    people = {"1": {"name": "许愿", "number": "1"}} | {
        str(n): {"name": f"同事{n}", "number": str(n)} for n in range(2, 8)
    }
    figures = {str(n): [calls("2026-10", 60.0 + n)] for n in range(2, 8)}
    figures["1"] = [calls(shift("2026-10", -k), 70.0 - k) for k in range(12)]
    services.team.take(actor, people, figures, {"1": EVENTS})
    return next(r for r, p in services.team.people(actor) if p.number == "1")


@pytest.fixture
def talk(services, actor, person):
    return services.talks.plan(actor, person.id, dt.date(2026, 12, 1))


def keep(opened: Opened, *whats: str) -> Pack:
    changed = tuple(i.model_copy(update={"kept": i.what in whats}) for i in opened.pack.incidents)
    return opened.pack.model_copy(update={"incidents": changed})


def test_numbers_against_target_last_cycle_and_team(services, actor, talk):
    (number,) = services.packs.open(actor, talk.id).numbers
    assert (number.actual, number.target, number.before) == (67.5, 80.0, 61.5)
    assert (number.reached, number.with_target, number.is_met) == (0, 6, False)
    assert number.place and (number.place.worse, number.place.others, number.place.rank) == (6, 6, 1)
    assert number.place.median == 64.5


def test_no_rank_below_five_colleagues_and_none_from_another_unit():
    own = [calls("2026-10", 70)]
    few = [[{"metric": "回访量", "unit": "个", "month": "2026-10", "actual": 1.0}]] * 4
    other = [[{"metric": "回访量", "unit": "%", "month": "2026-10", "actual": 1.0}]] * 9
    assert numbers(own, ["2026-10"], few)[0].place is None
    assert numbers(own, ["2026-10"], few + other)[0].place is None
    even = [{"metric": "回访量", "unit": "个", "month": "2026-10", "actual": 70.0}]
    place = numbers(own, ["2026-10"], [*few, even])[0].place
    assert place and (place.rank, place.worse) == (1, 4)


def test_lower_can_be_better():
    own = [calls("2026-10", 3, 5, up=False)]
    others = [[{"metric": "回访量", "unit": "个", "month": "2026-10", "actual": float(v)}] for v in (1, 4, 5, 6, 7)]
    (number,) = numbers(own, ["2026-10"], others)
    assert number.is_met and number.place and number.place.rank == 2


def test_a_cycle_ends_with_the_latest_month_and_crosses_the_year():
    assert window([calls("2026-02", 1)], 3) == ("2025-12", "2026-01", "2026-02")
    assert window([], 3) == () and numbers([], ()) == ()
    assert shift("2026-01", -13) == "2024-12"


def test_key_events_come_as_candidates_unkept_newest_first(services, actor, talk):
    incidents = services.packs.open(actor, talk.id).pack.incidents
    assert [(i.side, i.kept) for i in incidents] == [("good", False), ("bad", False), ("good", False)]
    assert incidents[0].date == dt.date(2026, 10, 1) and incidents[2].source == "华东客户"


def test_saved_as_typed_and_later_events_join(services, actor, person, talk):
    opened = services.packs.open(actor, talk.id)
    pack = keep(opened, "客户来信感谢").model_copy(update={"role": Role(gap="还没带过人"), "text": "写到一半"})
    version = services.packs.save(actor, talk.id, pack, opened.version)
    late = KeyEvent(date=dt.date(2026, 11, 2), kind="praise", what="同事感谢帮忙")
    services.team.take(actor, {}, {}, {"1": [late]})
    again = services.packs.open(actor, talk.id)
    assert again.version == version == 1 and again.pack.text == "写到一半" and again.pack.role.gap == "还没带过人"
    assert [i.kept for i in again.pack.incidents] == [False, False, False, True]
    assert services.talks.talk(actor, talk.id)[0].status == Stage.DUE


def test_only_what_is_kept_goes_on(services, actor, talk):
    opened = services.packs.open(actor, talk.id)
    praise, complaint = opened.pack.incidents[2], opened.pack.incidents[1]
    dropped = Feedback(id=new_id("f"), source="测试组", what="沟通很顺", kept=False)
    both = Judgement(text="回访不稳", evidence=(praise.id, complaint.id, dropped.id))
    pack = keep(opened, complaint.what).model_copy(
        update={"numbers": (), "feedback": (dropped,), "judgements": (both,)}
    )
    services.packs.save(actor, talk.id, pack, 0)
    kept = services.packs.kept(actor, talk.id)
    assert kept.numbers == () and kept.feedback == ()
    assert [i.what for i in kept.incidents] == [complaint.what]
    assert kept.judgements[0].evidence == (complaint.id,)


def test_another_window_is_noticed_and_nothing_changed_is_no_new_version(services, actor, talk):
    pack = services.packs.open(actor, talk.id).pack
    assert services.packs.save(actor, talk.id, pack, 0) == 1
    assert services.packs.save(actor, talk.id, pack, 1) == 1
    with pytest.raises(ConflictError) as error:
        services.packs.save(actor, talk.id, pack, 0)
    assert error.value.message_key == "error.pack_elsewhere"


def test_ready_moves_the_talk_on_and_stays_ready(services, actor, talk):
    pack = services.packs.open(actor, talk.id).pack
    version = services.packs.save(actor, talk.id, pack, 0, ready=True)
    assert services.talks.talk(actor, talk.id)[0].status == Stage.PREPARED
    services.packs.save(actor, talk.id, pack.model_copy(update={"text": "补一句"}), version)
    assert services.packs.open(actor, talk.id).is_ready


def test_deleting_takes_the_rehearsal_persona_along(services, actor, person, talk):
    services.packs.save(actor, talk.id, services.packs.open(actor, talk.id).pack, 0)
    records = services._store.records
    records.add(Record("persona-1", Kind.PERSONA, actor.id, person.id, {}, talk.id))
    services.packs.delete(actor, talk.id)
    assert services.packs.open(actor, talk.id).version == 0
    assert not records.find(Kind.PERSONA, parent_id=talk.id)


def test_the_same_incident_twice_is_refused(services, actor, talk):
    one = Incident(id="e-00000001", date=dt.date(2026, 1, 1), side="good", what="x")
    with pytest.raises(InputError):
        services.packs.save(actor, talk.id, Pack(incidents=(one, one)), 0)


def test_nobody_else_opens_it(services, actor, talk):
    with pytest.raises(NotFoundError):
        services.packs.open(Actor("other", ActorRole.MANAGER, "zh"), talk.id)
    with pytest.raises(PermissionDeniedError):
        services.packs.kept(Actor("local", ActorRole.HR, "zh"), talk.id)
