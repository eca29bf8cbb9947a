"""Managers' spoken English, good and bad, from many trades, UK and US: what must be read and what must not."""

import pytest
import yaml

from interview.moves import HARMS
from interview.reading.moves import RuleMoveReader
from tests.conftest import ROOT

READER = RuleMoveReader()
NEVER = {str(kind) for kind in HARMS} | {"promise_beyond_authority", "disowns_decision", "kind_but_vague", "lets_off"}

SAID = yaml.safe_load((ROOT / "evals" / "lines" / "said_en.yaml").read_text(encoding="utf-8"))


def _rows(name: str) -> list[tuple[str, str, str, str]]:
    return [(r["text"], r.get("before", ""), r.get("holds", ""), r.get("never", "")) for r in SAID[name]]


GOOD, BAD = _rows("good"), _rows("bad")


def read(text: str, before: str) -> set[str]:
    """Kinds that count, also as ``kind:detail``."""
    found = [m for m in READER.read(text, "en", before).moves if m.strength >= 0.5]
    return {str(m.kind) for m in found} | {f"{m.kind}:{m.detail}" for m in found if m.detail}


@pytest.mark.parametrize(
    "text",
    [
        "You were entitled to that leave and nobody holds it against you.",
        "I've worked next to you for years, you don't skip checks.",
        "Let me talk to sales ops about it this week.",
        "If you need days moved, say so, that's enough.",
    ],
)
def test_words_that_can_hurt_do_not_where_they_mean_something_else(text: str) -> None:
    assert not [m for m in READER.read(text, "en").moves if m.kind in HARMS]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("You're entitled.", "label"),
        ("Next to Tom you look slow.", "comparison"),
        ("Let me talk.", "interruption"),
        ("That's enough.", "interruption"),
    ],
)
def test_the_same_words_said_to_hurt_do(text: str, kind: str) -> None:
    assert kind in {str(m.kind) for m in READER.read(text, "en").moves}


@pytest.mark.parametrize(("text", "before", "must", "must_not"), GOOD + BAD)
def test_what_is_read(text: str, before: str, must: str, must_not: str) -> None:
    found = read(text, before)
    assert set(must.split()) <= found, f"missing in {sorted(found)}"
    assert not set(must_not.split()) & found


@pytest.mark.parametrize(("text", "before"), [(text, before) for text, before, _, _ in GOOD])
def test_decent_sentences_hold_no_harm(text: str, before: str) -> None:
    assert not read(text, before) & NEVER


def test_no_english_wording_is_read_as_advice() -> None:
    library = yaml.safe_load((ROOT / "phrasing" / "lines" / "en.yaml").read_text(encoding="utf-8"))
    texts = [w["text"] for part in ("moves", "steps", "cues") for ws in library[part].values() for w in ws]
    assert len(texts) > 300
    assert [t for t in texts if "advice" in read(t, "")] == []
