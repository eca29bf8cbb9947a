"""The phrasing library: enough for every key, short where it must be short, in the right language, never a harm itself."""

import re

import pytest

from interview.cues import CueKind
from interview.moves import HARMS, MoveKind
from interview.reading.moves import RuleMoveReader
from interview.situations import Situation
from interview.steps import SPOKEN_STEPS, Step
from phrasing.library import PhrasingLibrary, Wording

LIBRARY = PhrasingLibrary()
LANGS = ("zh", "en")
SLOTS = {"rating": "C", "metric": "M", "month": "1", "target": "2", "actual": "1", "incident": "I", "name": "N"}
NEVER = HARMS | {
    MoveKind.PROMISE_BEYOND_AUTHORITY, MoveKind.DISOWNS_DECISION, MoveKind.KIND_BUT_VAGUE, MoveKind.LETS_OFF,
}  # fmt: skip
MOVE_KEYS = sorted(
    {str(kind) for kind in NEVER}
    | {
        "advice", "hollow_empathy", "parroting", "closed_question", "false_evidence", "rating_wrong",
        "evidence_blaming", "unread", "message_missing", "open_question", "plan", "commitment", "diagnoses_cause",
    }
)  # fmt: skip


def all_of(section: str, key: str, lang: str, situation: Situation = Situation.STUCK, step: Step = Step.FEEDBACK):
    """Every wording the library gives until it has no more, avoiding what it already gave."""
    ask = {"moves": LIBRARY.for_move, "cues": LIBRARY.for_cue}.get(section)
    found: list[Wording] = []
    while True:
        avoid = {w.id for w in found}
        if ask is None:
            wording = LIBRARY.for_step(Step(key), lang, situation=situation, avoid=avoid, slots=SLOTS)
        else:
            wording = ask(key, lang, situation=situation, step=step, avoid=avoid, slots=SLOTS)
        if wording is None:
            return found
        found.append(wording)


def everything(lang: str):
    for situation in Situation:
        for key in MOVE_KEYS:
            yield from all_of("moves", key, lang, situation, Step.SELF_REVIEW)
            yield from all_of("moves", key, lang, situation, Step.FEEDBACK)
        for step in Step:
            yield from all_of("steps", step, lang, situation)
        for kind in CueKind:
            yield from all_of("cues", kind, lang, situation)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("key", MOVE_KEYS)
def test_enough_to_say_instead(key, lang):
    found = all_of("moves", key, lang)
    assert len(found) >= 6
    assert len({w.text for w in found}) == len(found)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("situation", list(Situation))
def test_enough_next_sentences(step, situation, lang):
    found = all_of("steps", step, lang, situation)
    assert len(found) >= (7 if step in (Step.FEEDBACK, Step.DIFFERENCES, Step.PLAN) else 5)
    assert len({w.text for w in found}) == len(found)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", list(CueKind))
def test_answers_to_feelings_are_many_and_short_and_ask(kind, lang):
    found = all_of("cues", kind, lang)
    assert len({w.text for w in found}) >= 12
    for wording in found:
        length = len(wording.text) if lang == "zh" else len(wording.text.split())
        assert length < (30 if lang == "zh" else 15), wording.text
        assert wording.text[-1] in "？?", wording.text


@pytest.mark.parametrize("lang", LANGS)
def test_language_reason_and_slots(lang):
    for wording in everything(lang):
        assert bool(re.search(r"[\u4e00-\u9fff]", wording.text)) == (lang == "zh"), wording.text
        assert wording.why, wording.text
        assert "{" not in wording.text


@pytest.mark.parametrize("lang", LANGS)
def test_no_wording_is_itself_a_harm(lang):
    reader = RuleMoveReader()
    for text in {w.text for w in everything(lang)}:
        for move in reader.read(text, lang).moves:
            bad = move.kind in NEVER or move.detail in {"hollow", "blaming", "parrot"}
            assert not (bad and move.strength >= 0.5), (text, move)


def test_particular_wordings_come_first():
    for situation in Situation:
        texts = [
            w.text for w in (LIBRARY.for_step(Step.PLAN, lang, situation=situation) for lang in LANGS) if w is not None
        ]
        others = {
            w.text
            for other in Situation
            if other is not situation
            for lang in LANGS
            for w in all_of("steps", Step.PLAN, lang, other)
        }
        assert len(texts) == 2
        assert not others & set(texts)


def test_without_its_slots_a_wording_is_not_used():
    for step in SPOKEN_STEPS:
        for situation in Situation:
            wording = LIBRARY.for_move("evidence_blaming", "en", situation=situation, step=step)
            assert wording is not None
            assert "{" not in wording.text
    filled = {w.text for w in all_of("moves", "evidence_blaming", "en")}
    assert any("2 for M in 1" in text for text in filled)


def test_avoid_takes_texts_as_well():
    first = LIBRARY.for_cue(CueKind.ANGER, "zh", situation=Situation.STUCK, step=Step.FEEDBACK)
    assert first is not None
    second = LIBRARY.for_cue(CueKind.ANGER, "zh", situation=Situation.STUCK, step=Step.FEEDBACK, avoid={first.text})
    assert second is not None
    assert second.id != first.id


def test_unknown_key_has_no_wording():
    assert LIBRARY.for_move("support_offer", "zh", situation=Situation.EXPERT, step=Step.PLAN) is None
