"""Facts are checked against the brief: figures, months, days, incidents, the rating."""

import pytest

from interview.library import FileLibrary
from interview.reading.facts import check_facts, zh_number
from tests.conftest import ROOT

LIBRARY = FileLibrary(ROOT / "personas")
PEOPLE = [LIBRARY.persona(p, lang) for lang in ("zh", "en") for p in LIBRARY.persona_ids(lang)]
every_persona = pytest.mark.parametrize("persona", PEOPLE, ids=lambda p: f"{p.id}-{p.lang}")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def verdicts(persona, text: str) -> set[str]:
    return {f.verdict for f in check_facts(text, persona, persona.incidents)}


def statement(persona, row, actual: float) -> str:
    word = next(m.words[0] for m in persona.metrics if m.id == row.metric)
    month = int(row.month[5:])
    if persona.lang == "zh":
        return f"{month}月{word}是{actual:g}，目标是{row.target:g}。"
    return f"In {MONTHS[month - 1]} your {word} was {actual:g}, against a target of {row.target:g}."


@every_persona
def test_every_figure_of_the_record_is_true(persona):
    for row in persona.numbers:
        assert "false" not in verdicts(persona, statement(persona, row, row.actual)), row
        assert "true" in verdicts(persona, statement(persona, row, row.actual)), row


@every_persona
def test_invented_figures_are_false(persona):
    wrong = 0
    for row in persona.numbers:
        wrong += "false" in verdicts(persona, statement(persona, row, row.actual * 7.3 + 1_111))
    assert wrong == len(persona.numbers)


@every_persona
def test_every_incident_is_known_by_its_day(persona):
    for incident in persona.incidents:
        month, day = incident.date.month, incident.date.day
        text = (
            f"{month}月{day}日那天的事我记得。"
            if persona.lang == "zh"
            else f"I remember what happened on {day} {MONTHS[month - 1]}."
        )
        assert verdicts(persona, text) == {"true"}, incident.id


@every_persona
def test_the_brief_hardly_contradicts_itself(persona):
    texts = [*persona.knows, *(i.what for i in persona.incidents)]
    false = [t for t in texts if "false" in verdicts(persona, t)]
    assert len(false) <= 1, false


@every_persona
def test_a_day_nobody_knows_is_unsupported(persona):
    days = {(i.date.month, i.date.day) for i in persona.incidents}
    day = next(d for d in range(1, 28) if (2, d) not in days)
    text = f"2月{day}日你和客户吵了一架。" if persona.lang == "zh" else f"On {day} February you shouted at a visitor."
    assert "true" not in verdicts(persona, text)


@every_persona
def test_the_rating_on_record_is_true_and_another_is_not(persona):
    given = persona.rating.given
    right = f"你今年的评级是{given}。" if persona.lang == "zh" else f"Your rating this year is {given}."
    assert "true" in verdicts(persona, right)
    assert "false" not in verdicts(persona, right)


def test_plans_and_questions_are_not_checked():
    persona = LIBRARY.persona("expert-open", "zh")
    word = persona.metrics[0].words[0]
    for text in (f"下个月{word}争取做到1234。", f"{word}怎么样？", f"如果{word}到1234就好了。"):
        assert verdicts(persona, text) == set()


@pytest.mark.parametrize(
    ("text", "value"), [("十二", 12), ("九十五", 95), ("一百二十", 120), ("三点五", 3.5), ("十", 10)]
)
def test_chinese_numerals(text, value):
    assert zh_number(text) == value
