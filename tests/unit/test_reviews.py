"""Sharing, reviewing, overruling, calibration, cohorts, classes, editing: who may, what counts, what is kept."""

import csv
import datetime as dt
import io
from dataclasses import replace

import pytest

from app.reports import build_report
from app.ui.trainer.cohorting import csv_file
from interview.actor import Actor, Role
from interview.errors import ConflictError, DataFileError, InputError, NotFoundError, PermissionDeniedError
from interview.ports import Note
from interview.steps import Step
from review.calibration import agreement, disagreements, drift, machine_and_human, points_may_be_shown, two_trainers
from review.cohorts import change_of
from review.reviews import TOTAL
from tests.fakes.talks import DECENT, HARMFUL, filled

ANN, BO = Actor("ann", Role.MANAGER, "zh"), Actor("bo", Role.MANAGER, "zh")
TRAINER, OTHER = Actor("tia", Role.TRAINER, "zh"), Actor("tom", Role.TRAINER, "zh")
HR, ADMIN = Actor("hr", Role.HR, "zh"), Actor("root", Role.ADMINISTRATOR, "zh")


def held(services, actor, lines=DECENT, persona="expert-open"):
    found = services.library.persona(persona, "zh")
    record = services.rehearsals.start(actor, persona, "year-end-below", lang="zh", seed=4)
    for line in filled(lines["zh"], found):
        if services.rehearsals.get(actor, record.id).ended is None:
            list(services.rehearsals.say(actor, record.id, line))
    build_report(services, actor, record.id)
    return record.id


@pytest.fixture
def cohort(services):
    return services.cohorts.create(
        TRAINER, "十一月班", "expert-open", "year-end-below", {"ann": "安", "bo": "博"}, required=60
    )


@pytest.mark.parametrize("name", ["=1+1", "＝cmd", " @sum", "\t=1", "\n+1"])
def test_no_name_in_a_cohorts_table_is_a_formula(services, cohort, name):
    progress = services.cohorts.progress(TRAINER, cohort.id)
    renamed = replace(progress, members=tuple(replace(m, name=name) for m in progress.members))
    file, text = csv_file(services, renamed, "zh")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert file.endswith(".csv") and text.startswith("\ufeff")
    assert [row[0] for row in rows[1:]] == [f"'{name}"] * 2


def test_an_unshared_rehearsal_is_nobody_elses(services, cohort):
    talk = held(services, ANN)
    for other in (TRAINER, OTHER, BO, HR, ADMIN):
        for read in (services.rehearsals.get, services.rehearsals.turns, services.reviews.notes):
            with pytest.raises((NotFoundError, PermissionDeniedError)):
                read(other, talk)
    assert services.reviews.sessions(TRAINER) == []


def test_a_shared_one_is_for_the_trainer_of_a_cohort_only_and_can_be_taken_back(services, cohort):
    talk = held(services, ANN)
    services.reviews.share(ANN, talk, True)
    assert services.rehearsals.turns(TRAINER, talk)
    (session,) = services.reviews.sessions(TRAINER)
    assert (session.owner, session.settled) == ("安", False)
    for other in (OTHER, BO, HR, ADMIN):
        with pytest.raises((NotFoundError, PermissionDeniedError)):
            services.rehearsals.get(other, talk)
    with pytest.raises((NotFoundError, PermissionDeniedError)):
        services.reviews.share(TRAINER, talk, False)
    for attempt in (
        lambda: list(services.rehearsals.say(TRAINER, talk, "我替他说")),
        lambda: services.rehearsals.delete(TRAINER, talk),
        lambda: services.rehearsals.branch(TRAINER, talk, 1),
        lambda: services.rehearsals.finish(TRAINER, talk),
    ):
        with pytest.raises((NotFoundError, PermissionDeniedError)):
            attempt()
    services.reviews.share(ANN, talk, False)
    with pytest.raises(NotFoundError):
        services.rehearsals.get(TRAINER, talk)


def test_a_human_score_counts_and_the_machines_is_kept(services, cohort):
    talk = held(services, ANN)
    machine = services.rehearsals.saved_report(ANN, talk)
    services.reviews.share(ANN, talk, True)
    services.reviews.overrule(TRAINER, talk, "listening", 10, "复述都是空的", turn=3)
    report = services.reviews.applied(ANN, talk, machine)
    listening = next(d for d in report["dimensions"] if d["id"] == "listening")
    before = next(d for d in machine["dimensions"] if d["id"] == "listening")
    assert listening["score"] == 10 and listening["machine"] == before["score"]
    assert report["score"] < report["machine_score"] == machine["score"]
    services.reviews.overrule(TRAINER, talk, TOTAL, 88, "整体放得开，结果也说清了")
    assert services.reviews.applied(ANN, talk, machine)["score"] == 88
    assert [n.text for n in services.reviews.notes(ANN, talk)] == ["复述都是空的", "整体放得开，结果也说清了"]
    again = build_report(services, ANN, talk)
    assert again["score"] == 88 and services.rehearsals.get(ANN, talk).score == 88


def test_the_owners_list_and_stored_report_follow_the_human_at_once(services, cohort):
    talk = held(services, ANN)
    machine = services.rehearsals.saved_report(ANN, talk)["score"]
    services.reviews.share(ANN, talk, True)
    services.reviews.overrule(TRAINER, talk, TOTAL, 12, "结果没说")
    assert services.rehearsals.get(ANN, talk).score == 12
    stored = services.rehearsals.saved_report(ANN, talk)
    assert (stored["score"], stored["machine_score"]) == (12, machine)
    services.reviews.overrule(TRAINER, talk, TOTAL, 20, "再听一遍，略高")
    last = services.reviews.notes(ANN, talk)[-1]
    assert (last.machine, last.score) == (machine, 20)


def test_a_second_trainer_scores_before_seeing_the_firsts_score(services, cohort):
    talk = held(services, ANN)
    machine = services.rehearsals.saved_report(ANN, talk)["score"]
    services.cohorts.create(OTHER, "另一班", "expert-open", "year-end-below", {"ann": "安"}, required=60)
    services.reviews.share(ANN, talk, True)
    services.reviews.comment(TRAINER, talk, "这里停一停更好", 2)
    services.reviews.overrule(TRAINER, talk, "listening", 5, "复述都是空的", turn=3)
    services.reviews.overrule(TRAINER, talk, TOTAL, 12, "结果没说清")

    (session,) = services.reviews.sessions(OTHER)
    assert (session.score, session.settled) == (machine, False)
    assert [n.text for n in services.reviews.notes(OTHER, talk)] == ["这里停一停更好"]
    assert services.reviews.withheld(OTHER, talk) == 2
    shown = build_report(services, OTHER, talk)
    assert (shown["score"], shown["human"]) == (machine, [])
    assert all(d["score"] == d.get("machine", d["score"]) for d in shown["dimensions"])
    assert disagreements(services.reviews.seen_notes(OTHER)) == []
    assert len(two_trainers(services.reviews.every_note(TRAINER))) == 0

    services.reviews.overrule(OTHER, talk, TOTAL, 40, "说是说了，绕")
    assert services.reviews.withheld(OTHER, talk) == 1  # of the part they have not scored
    assert {n.score for n in services.reviews.notes(OTHER, talk) if n.dimension == TOTAL} == {12, 40}
    assert services.reviews.withheld(ANN, talk) == 0 and services.rehearsals.get(ANN, talk).score == 40
    assert two_trainers(services.reviews.every_note(TRAINER)) == [(12, 40)]


@pytest.mark.parametrize("turn", [-1, 500])
def test_no_note_is_about_a_sentence_that_was_never_said(services, cohort, turn):
    talk = held(services, ANN)
    services.reviews.share(ANN, talk, True)
    with pytest.raises(InputError):
        services.reviews.overrule(TRAINER, talk, TOTAL, 50, "理由", turn)
    with pytest.raises(InputError):
        services.reviews.comment(TRAINER, talk, "评语", turn)


def test_a_member_sees_what_was_set_and_their_own_progress_only(services, cohort):
    for lines in (HARMFUL, DECENT):
        services.reviews.share(ANN, held(services, ANN, lines), True)
    services.reviews.share(BO, held(services, BO), True)
    (mine,) = services.cohorts.assigned(ANN)
    assert mine.mine == services.cohorts.progress(TRAINER, cohort.id).members[0]
    assert (mine.mine.talks, mine.mine.reached, mine.overdue) == (2, None, False)
    assert mine.cohort.members == {"ann": "安"}
    assert services.cohorts.assigned(Actor("cy", Role.MANAGER, "zh")) == ()
    services.cohorts.change(TRAINER, cohort.id, due_on=dt.date(2020, 1, 1))
    assert services.cohorts.assigned(ANN)[0].overdue


@pytest.mark.parametrize(
    ("dimension", "score", "reason"), [("charm", 50, "x"), ("listening", 101, "x"), ("listening", 50, "  ")]
)
def test_an_overruling_without_reason_or_out_of_range_is_refused(services, cohort, dimension, score, reason):
    talk = held(services, ANN)
    services.reviews.share(ANN, talk, True)
    with pytest.raises(InputError):
        services.reviews.overrule(TRAINER, talk, dimension, score, reason)


def test_progress_counts_shared_talks_and_no_level_without_a_human(services, cohort):
    for lines in (HARMFUL, DECENT):
        services.reviews.share(ANN, held(services, ANN, lines), True)
    held(services, BO)
    progress = services.cohorts.progress(TRAINER, cohort.id)
    ann, bo = progress.members
    assert (ann.talks, bo.talks) == (2, 0)
    assert ann.first < ann.last == ann.best and ann.reached is None
    assert ann.change.points > 0
    assert progress.weak_findings
    best = services.reviews.sessions(TRAINER)[0].record.id
    services.reviews.overrule(TRAINER, best, TOTAL, 75, "同意机器的判断，略调")
    assert services.cohorts.progress(TRAINER, cohort.id).members[0].reached is True
    with pytest.raises(NotFoundError):
        services.cohorts.progress(OTHER, cohort.id)
    (joined,) = services.cohorts.joined(ANN)
    assert joined.members == {"ann": "安"}, "members do not see each other"
    with pytest.raises(PermissionDeniedError):
        services.cohorts.create(ANN, "x", "expert-open", "year-end-below", {})


def test_a_change_has_an_interval_from_two_talks_a_side():
    assert change_of([40.0]) is None
    assert change_of([40.0, 60.0]).low is None
    found = change_of([40.0, 44.0, 61.0, 66.0])
    assert found.points == 21.5 and found.low < 21.5 < found.high


def note(rehearsal, author, dimension, machine, human, month=11):
    when = dt.datetime(2026, month, 2, tzinfo=dt.UTC)
    return Note(f"{rehearsal}{author}{dimension}", rehearsal, author, when, "理由", 1, dimension, machine, human)


def test_icc_of_a_published_example():
    """Judges 1 and 2 of Shrout and Fleiss 1979, table 2, times ten; mean squares worked out here without the library."""
    pairs = [(90, 20), (60, 10), (80, 40), (70, 10), (100, 50), (60, 20)]
    n, grand = len(pairs), sum(a + b for a, b in pairs) / 12
    judge_means = [sum(p[j] for p in pairs) / n for j in (0, 1)]
    talks = sum(2 * ((a + b) / 2 - grand) ** 2 for a, b in pairs) / (n - 1)
    judges = sum(n * (m - grand) ** 2 for m in judge_means)
    rest = sum((p[j] - sum(p) / 2 - judge_means[j] + grand) ** 2 for p in pairs for j in (0, 1)) / (n - 1)
    assert agreement(pairs).icc == pytest.approx((talks - rest) / (talks + rest + 2 * (judges - rest) / n), abs=0.001)


def test_agreement_is_one_for_the_same_and_low_for_noise():
    same = [(float(10 * n), float(10 * n)) for n in range(10)]
    assert agreement(same).kappa == 1.0 and agreement(same).icc == pytest.approx(1.0)
    noise = [(10, 90), (90, 10), (50, 50), (30, 70), (70, 30), (20, 20)]
    assert agreement(noise).kappa < 0.2
    assert agreement(noise[:3]).kappa is None and agreement([]).pairs == 0
    assert agreement([(50.0, 50.0)] * 6).kappa is None and agreement([(50.0, 50.0)] * 6).icc is None
    assert agreement([(50.0, 10.0 + 20 * n) for n in range(5)]).kappa == 0.0  # one of the two always says the same


def test_calibration_pairs_drift_and_disagreements():
    notes = [
        note("r1", "tia", "listening", 60, 40, 10), note("r1", "tom", "listening", 60, 50),
        note("r2", "tia", "facts", 30, 90), note("r2", "tia", TOTAL, 55, 55),
    ]  # fmt: skip
    assert sorted(machine_and_human(notes)) == [(30, 90), (55, 55), (60, 40), (60, 50)]
    assert two_trainers(notes) == [(40, 50)]
    assert drift(notes) == [("2026-10", 1, -20.0), ("2026-11", 3, 16.7)]
    again = replace(notes[0], score=notes[0].machine)
    assert sum(number for _, number, _ in drift([*notes, again])) == 4, "an overruling that was revised counts once"
    assert disagreements(notes, 1)[0].rehearsal_id == "r2"
    assert not points_may_be_shown(notes)


def test_a_class_answers_without_names_until_it_is_closed(services):
    room = services.classrooms.open(TRAINER, "expert-open", "year-end-below", Step.DIFFERENCES, "zh")
    assert services.classrooms.invitation(room.id.lower()).is_open
    assert [services.classrooms.answer(room.id, t) for t in ("先听你说", "我理解你不服")] == [1, 2]
    assert services.classrooms.answers(TRAINER, room.id) == ("先听你说", "我理解你不服")
    assert [r.id for r in services.classrooms.led(TRAINER)] == [room.id]
    assert services.classrooms.led(OTHER) == ()
    for other in (OTHER, ANN):
        with pytest.raises((NotFoundError, PermissionDeniedError)):
            services.classrooms.answers(other, room.id)
    for bad in ("  ", "长" * 601):
        with pytest.raises(InputError):
            services.classrooms.answer(room.id, bad)
    services.classrooms.close(TRAINER, room.id)
    with pytest.raises(ConflictError):
        services.classrooms.answer(room.id, "晚了")
    services.classrooms.delete(TRAINER, room.id)
    with pytest.raises(NotFoundError):
        services.classrooms.invitation(room.id)


def test_an_edited_persona_is_used_and_can_be_taken_back(services):
    raw = services.library.persona("expert-open", "zh").model_dump(mode="json")
    raw["name"], raw["version"] = "改名了", raw["version"] + 1
    services.editing.save(TRAINER, "persona", raw, "zh")
    assert services.library.persona("expert-open", "zh").name == "改名了"
    assert "改名了" in [p.name for p in services.library.personas("zh")]
    assert services.library.persona("expert-open", "en").name != "改名了"
    with pytest.raises(PermissionDeniedError):
        services.editing.save(ANN, "persona", raw, "zh")
    with pytest.raises(DataFileError, match="metrics"):
        services.editing.save(TRAINER, "persona", raw | {"metrics": []}, "zh")
    services.editing.revert(TRAINER, "persona", "expert-open", "zh")
    assert services.library.persona("expert-open", "zh").name != "改名了"


def test_every_saved_edit_has_a_version_of_its_own_and_none_takes_a_private_id(services):
    raw = services.library.persona("expert-open", "zh").model_dump(mode="json")
    first = services.editing.save(TRAINER, "persona", raw, "zh")
    second = services.editing.save(TRAINER, "persona", raw, "zh")
    assert [first.version, second.version] == [raw["version"] + 1, raw["version"] + 2]
    talk = services.rehearsals.start(ANN, "expert-open", "year-end-below", lang="zh", seed=4)
    assert dict(talk.versions)["persona"] == str(second.version)
    with pytest.raises(InputError) as refused:
        services.editing.save(TRAINER, "persona", raw | {"id": "own-0123456789abcdef"}, "zh")
    assert refused.value.message_key == "error.own_id"
    made = services.editing.save(TRAINER, "persona", raw | {"id": "expert-mine", "version": 1}, "zh")
    assert (made.version, services.library.persona("expert-mine", "zh").id) == (1, "expert-mine")
