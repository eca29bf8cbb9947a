"""What is done besides speaking is seen alike by the readers, whoever wrote the text."""

import pytest

from interview.gestures import ADJOURN_TEXT, PAUSE_TEXT, record_text, records, says_nothing, spoken
from interview.moves import MoveKind
from interview.reading.facts import check_facts
from interview.reading.moves import RuleMoveReader

READER = RuleMoveReader()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_record_of_every_persona_is_true_evidence_and_nothing_else(library, lang):
    for persona in library.personas(lang):
        for record in records(persona):
            text = record_text(persona, record)
            (move,) = READER.read(text, lang).moves
            assert (move.kind, text[move.start : move.end]) == (MoveKind.EVIDENCE, text)
            (fact,) = check_facts(text, persona, persona.incidents)
            assert (fact.verdict, fact.about) == ("true", records(persona)[record][0])


def test_words_beside_a_record_are_read_as_they_are(library):
    persona = library.persona("stuck-defensive", "zh")
    record = next(iter(records(persona)))
    text = f"你就是懒。{record_text(persona, record)}"
    kinds = {m.kind for m in READER.read(text, "zh").moves}
    assert {MoveKind.LABEL, MoveKind.EVIDENCE} <= kinds


def test_a_record_nobody_holds_is_no_true_fact(library):
    persona = library.persona("stuck-defensive", "zh")
    metric = persona.metrics[0]
    facts = check_facts(f"（出示记录：3月{metric.name}，目标{9999}，实际{1}）", persona, persona.incidents)
    assert all(f.verdict != "true" for f in facts)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_pause_says_nothing_and_is_no_riddle(lang):
    for text in (PAUSE_TEXT[lang], ADJOURN_TEXT[lang]):
        assert says_nothing(text)
        reading = READER.read(text, lang)
        assert reading.readable and not reading.moves
    assert spoken("今天先这样。" + ADJOURN_TEXT["zh"]).rstrip() == "今天先这样。"
    assert spoken("it was 5 (five) days") == "it was 5 (five) days"
