"""Characters a pattern cannot do without: the sets themselves, and that no match is lost by them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.train_cues import own_lines, voice_lines
from interview.reading import patterns
from interview.reading.patterns import Expression, PatternSet, read_data
from interview.reading.triggers import triggers


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("公平", {"公"}),
        ("不公平", {"公"}),  # 不 is common
        ("生气|愤怒", {"生", "愤"}),
        ("[生愤]", {"生", "愤"}),
        ("(?:很|太)?累", {"累"}),
        ("累*", None),
        ("(?<!不)累(?!了)", {"累"}),
        ("累|.", None),
        ("[^累]", None),
        ("(?:累了){2}", {"累"}),
    ],
)
def test_sets(expression: str, expected: set[str] | None) -> None:
    assert triggers(expression) == expected


TEXTS = [patterns.fold(row.text) for row in [*own_lines(), *voice_lines()] if row.lang == "zh"]


@pytest.mark.parametrize("name", ["cues_zh", "moves_zh"])
def test_no_match_is_lost(name: str) -> None:
    known = [p for p in patterns.load(name).patterns if p.triggers is not None]
    assert len(known) > 30
    lost = [
        (pattern.kind, text)
        for text in TEXTS
        for pattern in known
        if pattern.triggers is not None and pattern.triggers.isdisjoint(text) and pattern.regex.search(text)
    ]
    assert not lost


PIECES = st.sampled_from(["a", "b", "[ab]", "(?:a|b)", "c?", "d+", "(?:ab)*", "(?=a)", "e{2}", "|"])


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=5).map("".join), st.text(alphabet="abcde", max_size=6))
def test_what_matches_holds_a_trigger(expression: str, text: str) -> None:
    found = triggers(expression)
    if found is not None and re.search(expression, text):
        assert not found.isdisjoint(text)


@pytest.mark.parametrize("name", ["cues_zh", "cues_en", "moves_zh", "moves_en"])
def test_every_expression_compiles_though_none_is_compiled_before_it_is_looked_for(name: str):
    made = PatternSet(read_data(name))
    guards = {guard.name: guard for pattern in made.patterns for guard in pattern.guards}.values()
    found = [e for p in made.patterns for e in (p.regex, p.needs, p.unless)]
    found += [e for guard in guards for e in (guard.before, guard.after, guard.sentence)]
    expressions = [e for e in found if e is not None]
    assert len(expressions) > 20
    for expression in expressions:
        before = expression.search
        assert expression.compiled().search == expression.search != before


def test_a_wrong_expression_is_named():
    with pytest.raises(re.error):
        Expression("(").search("x")
