"""A plan: what a vague sentence still lacks, who owns what until when, what became of it."""

import datetime as dt

import pytest

from app.after_html import plan_document
from cycle.minutes import entries_of
from cycle.plans import (
    MAX_ACTIONS,
    ActionItem,
    Plan,
    Plans,
    Skill,
    State,
    Tick,
    differences,
    lacking,
    next_due,
    period_of,
    periods,
    progress,
)  # fmt: skip
from cycle.rewriting import read
from cycle.talks import Stage, Talk
from cycle.team import Person
from cycle.when import find_day, find_rhythm
from interview.actor import Actor, Role
from interview.errors import InputError, NotFoundError, TandaoError

MONDAY = dt.date(2026, 11, 23)


class FixedClock:
    def __init__(self, day: dt.date) -> None:
        self.day = day

    def now(self) -> dt.datetime:
        return dt.datetime.combine(self.day, dt.time(12), dt.UTC)


@pytest.fixture
def clock():
    return FixedClock(MONDAY)


@pytest.fixture
def plans(services, clock):
    return Plans(services._store.records, services.talks, clock)


@pytest.fixture
def person(services, actor):
    return services.team.add(actor, Person(name="许愿", number="7"))[0]


@pytest.fixture
def talk(services, actor, person):
    return services.talks.plan(actor, person.id, dt.date(2026, 12, 1), Talk())


@pytest.fixture
def secret(services, actor, talk):
    return services.visits.make(actor, talk.id)


def action(what="每周复盘一次客户拜访", by=dt.date(2026, 12, 18), **more):
    return ActionItem(id="", what=what, by=by, since=MONDAY, **more)


DAYS = [
    ("zh", "月底前交", dt.date(2026, 11, 30)),
    ("zh", "下个月底", dt.date(2026, 12, 31)),
    ("zh", "12月15日前", dt.date(2026, 12, 15)),
    ("zh", "3月5号", dt.date(2027, 3, 5)),
    ("zh", "两周内试一轮", dt.date(2026, 12, 7)),
    ("zh", "三个月内", dt.date(2027, 2, 23)),
    ("zh", "下周三", dt.date(2026, 12, 2)),
    ("zh", "周五前", dt.date(2026, 11, 27)),
    ("zh", "本季度末", dt.date(2026, 12, 31)),
    ("zh", "明年3月底前", dt.date(2027, 3, 31)),
    ("zh", "2月30日前", None),
    ("zh", "每周三开会", None),
    ("zh", "每个月底提交", None),
    ("zh", "更努力", None),
    ("en", "by December 15", dt.date(2026, 12, 15)),
    ("en", "by 5 March 2028", dt.date(2028, 3, 5)),
    ("en", "until the end of the month", dt.date(2026, 11, 30)),
    ("en", "within two weeks", dt.date(2026, 12, 7)),
    ("en", "next Friday", dt.date(2026, 12, 4)),
    ("en", "on Friday", dt.date(2026, 11, 27)),
    ("en", "by the end of next quarter", dt.date(2027, 3, 31)),
    ("en", "every Friday", None),
    ("en", "2027-02-30", None),
    ("en", "I may do better", None),
]


@pytest.mark.parametrize(("lang", "text", "day"), DAYS)
def test_days_as_people_write_them(lang, text, day):
    found = find_day(text, lang, MONDAY)
    assert (found.day if found else None) == day


def test_rhythms():
    assert [find_rhythm(x, "zh") for x in ("每周一次", "每个月交", "一次")] == ["week", "month", ""]
    assert [find_rhythm(x, "en") for x in ("weekly", "every month", "every Friday", "once")] == [
        "week",
        "month",
        "week",
        "",
    ]


@pytest.mark.parametrize(
    ("lang", "text"),
    [("zh", "我要更努力"), ("zh", "今后加强沟通，提高效率"), ("zh", "主动一点，态度端正"), ("en", "I will work harder"),
     ("en", "Improve my time management"), ("en", "Communicate better and be more proactive")],
)  # fmt: skip
def test_a_vague_sentence_is_asked_for_everything(lang, text):
    found = read(text, lang, MONDAY)
    assert found.missing == ("what", "how", "by", "support", "know") and found.vague and found.sentence == ""
    assert found.questions[0].text != read("", lang, MONDAY).questions[0].text, "asks about the very word used"


def test_every_part_is_found_in_its_words():
    zh = read("三个月内独立完成一次招标文件，先拆成四周的小节，王工把关，通过评审", "zh", MONDAY)
    assert (zh.what, zh.how, zh.by, zh.support, zh.know, zh.missing) == (
        "独立完成一次招标文件", "先拆成四周的小节", dt.date(2027, 2, 23), "王工把关", "通过评审", (),
    )  # fmt: skip
    en = read("Review one customer visit every week and hand in a summary by the end of the month", "en", MONDAY)
    assert (en.what, en.by, en.every, en.know) == (
        "Review one customer visit every week", dt.date(2026, 11, 30), "week", "hand in a summary",
    )  # fmt: skip
    assert en.missing == ("how", "support")


@pytest.mark.parametrize("text", ["", "，，，", "1月1日", "　", "<b>x</b>" * 50, "每周" * 100, "9" * 300])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_any_text_is_read_without_inventing(lang, text):
    found = read(text, lang, MONDAY)
    for part in (found.what, found.how, found.support, found.know):
        assert set(part) <= set(text + "，, ")


def test_weeks_months_and_what_was_missed():
    weekly = action(every="week")
    assert periods(weekly) == ("2026-W48", "2026-W49", "2026-W50", "2026-W51")
    assert periods(action(every="month", by=dt.date(2027, 1, 5))) == ("2026-11", "2026-12", "2027-01")
    assert period_of(dt.date(2027, 1, 1), "week") == "2026-W53"
    assert progress(weekly, MONDAY).state is State.ON_TRACK
    late = progress(weekly, dt.date(2026, 12, 9))
    assert (late.state, late.missed) == (State.OVERDUE, ("2026-W48", "2026-W49"))
    once = action()
    assert progress(once, dt.date(2026, 12, 18)).state is State.ON_TRACK
    assert progress(once, dt.date(2026, 12, 19)).state is State.OVERDUE
    assert lacking(once) == ("how", "support", "know")


def test_the_employee_ticks_their_own_once_shared(services, plans, actor, talk, secret):
    visit = services.visits.open(secret)
    own = plans.put_action(actor, talk.id, action(every="week"))
    mine = plans.put_action(actor, talk.id, action("给培训名额", owner="manager"))
    with pytest.raises(NotFoundError):
        plans.tick_as_employee(visit, own.id, "2026-W48")
    plans.share(actor, talk.id)
    assert services.talks.talk(actor, talk.id)[0].status == Stage.FOLLOWED
    plans.tick_as_employee(visit, own.id, "2026-W48", "和王总一起复盘")
    for wrong, period in ((mine.id, ""), (own.id, ""), (own.id, "2026-W49"), (own.id, "2026-W40"), ("nix", "")):
        with pytest.raises(TandaoError):
            plans.tick_as_employee(visit, wrong, period)
    plans.tick(actor, talk.id, mine.id)
    shown = plans.shown_to(visit)
    assert [len(a.ticks) for a in shown.actions] == [1, 1] and shown.actions[0].ticks[0].note == "和王总一起复盘"
    plans.tick_as_employee(visit, own.id, "2026-W48")
    assert plans.of_talk(actor, talk.id).actions[0].ticks == (), "ticked again is taken back"


def test_changing_an_action_keeps_its_ticks_and_due_follows(services, plans, actor, talk, clock):
    first = plans.put_action(actor, talk.id, action(owner="manager"))
    plans.put_action(actor, talk.id, action("交总结", dt.date(2026, 12, 31)))
    plans.share(actor, talk.id)
    plans.tick(actor, talk.id, first.id)
    changed = plans.put_action(actor, talk.id, first.model_copy(update={"what": "改过"}))
    assert changed.ticks and next_due(plans.of_talk(actor, talk.id), MONDAY) == dt.date(2026, 12, 31)
    from cycle.records import Kind

    (record,) = services._store.records.find(Kind.PLAN, due_until=dt.date(2026, 12, 31), bodies=False)
    assert (record.status, record.due) == ("running", dt.date(2026, 12, 31))


def test_disputes_become_dated_items_with_an_owner(services, plans, actor, talk):
    services.minutes.save(actor, talk.id, entries_of("disputed", "任务分配不均\n评分口径"), 0)
    minutes, _ = services.minutes.of_talk(actor, talk.id)
    assert differences(minutes, plans.of_talk(actor, talk.id)) == ("任务分配不均", "评分口径")
    item = plans.put_action(actor, talk.id, action("任务分配不均", None, owner="manager", difference=True))
    assert differences(minutes, plans.of_talk(actor, talk.id)) == ("评分口径",)
    with pytest.raises(InputError) as caught:
        plans.share(actor, talk.id)
    assert caught.value.message_key == "error.plan_difference_undated"
    plans.put_action(actor, talk.id, item.model_copy(update={"by": dt.date(2026, 12, 31)}))
    plans.share(actor, talk.id)


def test_what_is_refused(services, plans, actor, talk):
    with pytest.raises(InputError):
        plans.share(actor, talk.id)
    with pytest.raises(InputError):
        plans.put_action(actor, talk.id, action(by=dt.date(2026, 11, 22)))
    with pytest.raises(InputError):
        plans.set_skills(actor, talk.id, [Skill(name=n) for n in "abc"])
    plans.set_skills(actor, talk.id, [Skill(name="沟通", now=2, goal=3)])
    plans.put_action(actor, talk.id, action("困局先观察"))
    for key in ("error.private_word",):
        with pytest.raises(InputError) as caught:
            plans.share(actor, talk.id)
        assert caught.value.message_key == key
    (bad,) = plans.of_talk(actor, talk.id).actions
    plans.put_action(actor, talk.id, bad.model_copy(update={"what": "参加反馈练习"}))
    with pytest.raises(InputError) as caught:
        plans.share(actor, talk.id)
    assert caught.value.message_key == "error.plan_skill_idle"
    plans.put_action(actor, talk.id, bad.model_copy(update={"what": "参加反馈练习", "skill": "沟通"}))
    plans.share(actor, talk.id)
    for _ in range(MAX_ACTIONS - 1):
        plans.put_action(actor, talk.id, action())
    with pytest.raises(InputError):
        plans.put_action(actor, talk.id, action())
    for other in (Actor("other", Role.MANAGER, "zh"), Actor("h", Role.HR, "zh")):
        with pytest.raises(TandaoError):
            plans.of_talk(other, talk.id)


def test_the_next_preparation_opens_with_what_became_of_it(services, plans, actor, person, talk, clock):
    done = plans.put_action(actor, talk.id, action("给培训名额", owner="manager", skill="沟通"))
    plans.put_action(actor, talk.id, action("交总结"))
    plans.set_skills(actor, talk.id, [Skill(name="沟通", now=2, goal=3)])
    later = services.talks.plan(actor, person.id, dt.date(2027, 6, 1))
    assert plans.outcome(actor, person.id, before_talk=later.id) is None, "nothing was shared"
    plans.share(actor, talk.id)
    plans.tick(actor, talk.id, done.id)
    clock.day = dt.date(2027, 5, 20)
    found = plans.outcome(actor, person.id, before_talk=later.id)
    assert (found.talk_id, found.count(State.DONE), found.count(State.OVERDUE)) == (talk.id, 1, 1)
    assert plans.outcome(actor, person.id, before_talk=talk.id) is None
    assert [skills[0].now for _, skills in plans.skills_over_talks(actor, person.id)] == [2]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_printed_plan_holds_every_part_escaped_and_no_note(lang):
    done = ActionItem(
        id="a", what="复盘<b>客户</b>", how="录音", by=dt.date(2026, 12, 4), support="王岚旁听", know="返工少于2次", since=MONDAY,
        ticks=(Tick(at=dt.datetime(2026, 11, 2, tzinfo=dt.UTC), note="家里有事晚了"),),
    )  # fmt: skip
    plan = Plan(actions=(done, ActionItem(id="b", what="补访", since=MONDAY)), skills=(Skill(name="客户沟通"),))
    sheet = plan_document("许愿", plan, dt.date(2026, 11, 20), lang)
    for words in ("许愿", "复盘&lt;b&gt;客户", "录音", "王岚旁听", "返工少于2次", "补访", "客户沟通"):
        assert words in sheet
    assert "家里有事" not in sheet, "what was noted when ticking is between the two"
    assert "<script" not in sheet and "size:A4" in sheet
