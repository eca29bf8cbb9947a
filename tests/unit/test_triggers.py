"""Characters a pattern cannot do without: the sets themselves, and that no match is lost by them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.train_cues import own_lines, voice_lines
from interview.reading import patterns
from interview.reading.patterns import Expression, PatternSet, read_data
from interview.reading.triggers import held, triggers


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("公平", {"公平"}),
        ("不公平", {"公平"}),  # 不 is common
        ("生气|愤怒", {"生气", "愤怒"}),
        ("[生愤]", {"生", "愤"}),
        ("[生愤]怒", {"生怒", "愤怒"}),
        ("(?:很|太)?累", {"累", "很累", "太累"}),
        ("累*", None),
        ("(?<!不)累(?!了)", {"累"}),
        ("累|.", None),
        ("[^累]", None),
        ("(?:累了){2}", {"累了"}),
        ("公.{0,3}平", {"公"}),
        (".*(?:公平|累).*", {"公平", "累"}),
    ],
)
def test_sets(expression: str, expected: set[str] | None) -> None:
    assert triggers(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r"\b(?=\w)(?:unfair)(?!\w)", {"unfair"}),
        ("not fair", {"not fair"}),
        ("un(?:fair|just)ly", {"unfairly", "unjustly"}),
        (r"it(?:'s| is)? \w+ unfair", {"unfair"}),
        (r"\w+ unfair", {"unfair"}),
        (r"\w+unfair", None),
        ("ok", {"ok"}),
    ],
)
def test_sets_at_the_starts_of_words(expression: str, expected: set[str] | None) -> None:
    assert triggers(expression, edges=True) == expected


@pytest.mark.parametrize("name", ["cues_zh", "moves_zh", "cues_en", "moves_en"])
def test_no_match_is_lost(name: str) -> None:
    edges = name.endswith("en")
    texts = [patterns.fold(row.text) for row in [*own_lines(), *voice_lines()] if row.lang == name[-2:]]
    known = [(p, triggers(p.regex.pattern, edges=edges)) for p in patterns.load(name).patterns]
    assert sum(found is not None for _, found in known) >= 0.9 * len(known)
    lost = [
        (pattern.kind, sentence)
        for text in texts
        for _, sentence in patterns.sentences(text)
        for pattern, found in known
        if found is not None and found.isdisjoint(held(sentence, edges=edges)) and pattern.regex.search(sentence)
    ]
    assert not lost


PIECES = st.sampled_from(
    ["a", "b", "[ab]", "(?:a|b)", "c?", "d+", "(?:ab)*", "(?=a)", "e{2}", "|", " ", "(?:b|a c)", "."]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=6).map("".join), st.text(alphabet="abcde ", max_size=8))
def test_what_matches_holds_a_trigger(expression: str, text: str) -> None:
    found = triggers(expression)
    if found is not None and re.search(expression, text):
        assert not found.isdisjoint(held(text))
    words = rf"\b(?=\w)(?:{expression})(?!\w)"
    found = triggers(words, edges=True)
    if found is not None and re.search(words, text):
        assert not found.isdisjoint(held(text, edges=True))


def test_the_first_sentences_and_the_later_ones_are_read_alike():
    texts = [patterns.fold(row.text) for row in own_lines()[:300]]
    later = PatternSet(read_data("cues_zh"))
    for _ in range(40):
        assert not list(later.matches("大家好。"))
    for start in range(0, len(texts), 20):  # a fresh set holds its first sentences against every pattern
        fresh = PatternSet(read_data("cues_zh"))
        for text in texts[start : start + 10]:
            assert list(fresh.matches(text)) == list(later.matches(text))


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
