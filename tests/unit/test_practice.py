"""Choices before the talk, gestures in it, drills, rewinding and branching, replay."""

import json

import pytest

from interview.errors import InputError
from interview.gestures import Gesture, records
from interview.preparation import kinds, option_ids, step_worth
from interview.steps import Step
from simulator.moments import DRILL_STEPS, DRILL_TURNS
from simulator.rehearsal import DRILL_DONE, TurnStored

GOOD = {"invitation": "full", "place": "quiet_room", "seat": "corner", "bring": ["numbers", "incidents", "plan_form"]}
BAD = {"invitation": "alarming", "place": "desk", "seat": "standing", "bring": ["ranking"]}
LINES = (
    "今天我们谈谈这个周期的绩效，先听听你自己怎么看？",
    "你提到一直在救火，具体是哪些事占掉了时间？",
    "这个周期评级是C，三月和四月的目标都没有达到。",
)


def talk(services, actor, rehearsal_id, lines=LINES, **how):
    for line in lines:
        list(services.rehearsals.say(actor, rehearsal_id, line, **how))


def test_a_good_preparation_is_worth_more_and_makes_the_start_easier(services, actor):
    assert step_worth({k: tuple(v) if isinstance(v, list) else (v,) for k, v in GOOD.items()}) == {
        Step.NOTICE: 1.0, Step.SETTING: 1.0,
    }  # fmt: skip
    states = {}
    for name, choices in (("good", GOOD), ("none", {}), ("bad", BAD)):
        record = services.rehearsals.start(actor, "expert-defensive", lang="zh", seed=3, preparation=choices)
        states[name] = services.rehearsals.opening(actor, record.id)["state"]
    assert states["good"]["tension"] < states["none"]["tension"] < states["bad"]["tension"]
    assert states["good"]["trust"] > states["none"]["trust"] > states["bad"]["trust"]


@pytest.mark.parametrize(
    "choices", [{"place": "moon"}, {"colour": "red"}, {"seat": ["corner", "across"]}, {"bring": [["numbers"]]}]
)
def test_an_unknown_choice_is_refused(services, actor, choices):
    with pytest.raises(InputError):
        services.rehearsals.start(actor, "expert-open", lang="zh", preparation=choices)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_kind_has_one_best_option_that_is_not_always_first(lang):
    assert any(option_ids(kind)[0] not in ("full", "quiet_room", "corner") for kind in kinds())


def test_a_record_shown_is_evidence_to_the_employee(services, actor, library):
    record = services.rehearsals.start(actor, "stuck-open", lang="zh", seed=3)
    shown = next(iter(records(library.persona("stuck-open", "zh"))))
    list(services.rehearsals.say(actor, record.id, "我们一起看看这个。", gesture=Gesture.SHOW, shows=shown))
    turn = services.rehearsals.turns(actor, record.id)[0].payload
    assert turn["gesture"] == "show"
    assert turn["state"]["memory"]["evidence"] == [shown.partition("@")[0]]
    assert turn["state"]["agree_facts"] > services.rehearsals.opening(actor, record.id)["state"]["agree_facts"]
    with pytest.raises(InputError):
        services.rehearsals.say(actor, record.id, "再看这个", gesture=Gesture.SHOW, shows="nothing").__next__()


def test_one_pause_gives_room_and_a_second_one_weighs(services, actor):
    record = services.rehearsals.start(actor, "rough-jade-open", lang="zh", seed=3)
    talk(services, actor, record.id, LINES[:1])
    for _ in range(2):
        list(services.rehearsals.say(actor, record.id, "", gesture=Gesture.PAUSE))
    first, once, twice = (t.payload["state"] for t in services.rehearsals.turns(actor, record.id))
    assert once["voice"] > first["voice"] and once["tension"] <= first["tension"]
    assert twice["patience"] < once["patience"] and twice["tension"] > once["tension"]
    assert all(t.reply for t in services.rehearsals.turns(actor, record.id))


def test_a_break_cools_a_hot_talk_and_a_dated_one_costs_no_trust(services, actor):
    trust = {}
    for words in ("我们先停一下，周四下午三点接着谈。", "先停一下，改天再说。"):
        record = services.rehearsals.start(actor, "stuck-defensive", lang="zh", seed=3)
        talk(services, actor, record.id, ("你就是态度有问题，大家都看在眼里。", "你看看人家小李，同样的活早就干完了。"))
        hot = services.rehearsals.turns(actor, record.id)[-1].payload["state"]
        list(services.rehearsals.say(actor, record.id, words, gesture=Gesture.ADJOURN))
        turn = services.rehearsals.turns(actor, record.id)[-1]
        assert turn.payload["state"]["tension"] < hot["tension"] - 0.1
        assert any("休会" in sentence for sentence in turn.reply)
        assert services.rehearsals.get(actor, record.id).ended is None
        trust[words] = turn.payload["state"]["trust"]
    dated, undated = trust.values()
    assert dated > undated


def test_nobody_adjourns_for_ever(services, actor):
    record = services.rehearsals.start(actor, "expert-open", lang="zh", seed=3)
    for _ in range(3):
        list(services.rehearsals.say(actor, record.id, "周五再谈。", gesture=Gesture.ADJOURN))
    with pytest.raises(InputError):
        list(services.rehearsals.say(actor, record.id, "周六再谈。", gesture=Gesture.ADJOURN))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("step", DRILL_STEPS)
def test_a_drill_starts_at_its_step_with_every_persona_and_ends(services, actor, library, step, lang):
    for persona in library.personas(lang)[:: 1 if step is Step.PLAN else 4]:
        record = services.rehearsals.start(actor, persona.id, lang=lang, seed=5, drill=step)
        opening = services.rehearsals.opening(actor, record.id)
        assert opening["state"]["step"] == step and opening["line"] and "{" not in opening["line"]
    line = "我们来看看下一步。" if lang == "zh" else "Let's look at what comes next."
    for number in range(DRILL_TURNS):
        list(services.rehearsals.say(actor, record.id, f"{line}{number}"))
    assert services.rehearsals.get(actor, record.id).ended == DRILL_DONE


def test_an_exam_is_no_drill(services, actor):
    with pytest.raises(InputError):
        services.rehearsals.start(actor, "expert-open", lang="zh", mode="exam", drill=Step.PLAN)


def test_a_branch_shares_the_past_and_leaves_the_original_alone(services, actor):
    origin = services.rehearsals.start(actor, "challenger-defensive", lang="zh", seed=11)
    talk(services, actor, origin.id)
    before = services.rehearsals.turns(actor, origin.id)
    branch = services.rehearsals.branch(actor, origin.id, 2)
    assert (branch.parent_id, branch.branch_turn, branch.turn_count) == (origin.id, 2, 2)
    assert [t.payload for t in services.rehearsals.turns(actor, branch.id)] == [t.payload for t in before[:2]]
    talk(services, actor, branch.id, ("我先听听你对这几个月的看法，再说结果。",))
    assert services.rehearsals.turns(actor, origin.id) == before
    mine, theirs = (services.rehearsals.turns(actor, r)[2].payload["text"] for r in (branch.id, origin.id))
    assert mine != theirs
    services.rehearsals.delete(actor, origin.id)
    assert len(services.rehearsals.turns(actor, branch.id)) == 3, "a branch stands on its own key"


def test_the_same_words_on_a_branch_bring_the_same_answer(services, actor):
    origin = services.rehearsals.start(actor, "new-parent", lang="zh", seed=11)
    talk(services, actor, origin.id)
    branch = services.rehearsals.branch(actor, origin.id, 1)
    talk(services, actor, branch.id, LINES[1:])
    replies = [[t.reply for t in services.rehearsals.turns(actor, r)] for r in (origin.id, branch.id)]
    assert replies[0] == replies[1]


def test_a_branch_at_a_turn_that_is_not_there_is_refused(services, actor):
    record = services.rehearsals.start(actor, "new-parent", lang="zh", seed=11)
    for turn in (-1, 1, 400):
        with pytest.raises(InputError):
            services.rehearsals.branch(actor, record.id, turn)


def test_an_ended_talk_can_be_branched_and_goes_on(services, actor):
    record = services.rehearsals.start(actor, "new-parent", lang="zh", seed=11)
    talk(services, actor, record.id)
    services.rehearsals.finish(actor, record.id)
    branch = services.rehearsals.branch(actor, record.id, 3)
    talk(services, actor, branch.id, ("你说的这些，我们一条一条来看。",))
    assert services.rehearsals.get(actor, branch.id).turn_count == 4


def test_where_an_interruption_fell_is_stored_and_a_replay_agrees(services, actor):
    record = services.rehearsals.start(actor, "burnt-out-star", lang="zh", seed=9)
    talk(services, actor, record.id, LINES[:1])
    events = services.rehearsals.say(actor, record.id, LINES[1])
    assert isinstance(next(events), TurnStored)
    next(events)  # one sentence is out, then the manager cuts in
    talk(services, actor, record.id, ("行了，先听我说。",), interrupted=True)
    list(services.rehearsals.say(actor, record.id, "", gesture=Gesture.PAUSE))
    turns = services.rehearsals.turns(actor, record.id)
    assert turns[2].payload["interrupted_after"] == 1 == len(turns[1].reply)
    assert any(m["kind"] == "interruption" for m in turns[2].payload["moves"])
    for stored, again in services.rehearsals.replay(actor, record.id):
        assert json.loads(json.dumps(again.state.to_dict())) == stored.payload["state"]
        assert list(again.draft.sentences) == stored.payload["draft"]
