"""Managers' spoken Chinese, good and bad, from many trades: what must be read and what must not."""

import pytest
import yaml

from interview.moves import HARMS
from interview.reading.moves import RuleMoveReader
from tests.conftest import ROOT

READER = RuleMoveReader()
NEVER = {str(kind) for kind in HARMS} | {"promise_beyond_authority", "disowns_decision", "kind_but_vague", "lets_off"}

SAID = yaml.safe_load((ROOT / "evals" / "lines" / "said_zh.yaml").read_text(encoding="utf-8"))


def _rows(name: str) -> list[tuple[str, str, str, str]]:
    return [(r["text"], r.get("before", ""), r.get("holds", ""), r.get("never", "")) for r in SAID[name]]


GOOD, BAD = _rows("good"), _rows("bad")


def read(text: str, before: str) -> set[str]:
    """Kinds that count, also as ``kind:detail``."""
    found = [m for m in READER.read(text, "zh", before).moves if m.strength >= 0.5]
    return {str(m.kind) for m in found} | {f"{m.kind}:{m.detail}" for m in found if m.detail}


@pytest.mark.parametrize(("text", "before", "must", "must_not"), GOOD + BAD)
def test_what_is_read(text: str, before: str, must: str, must_not: str) -> None:
    found = read(text, before)
    assert set(must.split()) <= found, f"missing in {sorted(found)}"
    assert not set(must_not.split()) & found, sorted(found)


@pytest.mark.parametrize(("text", "before"), [(text, before) for text, before, _, _ in GOOD])
def test_decent_sentences_hold_no_harm(text: str, before: str) -> None:
    assert not read(text, before) & NEVER


@pytest.mark.parametrize(
    "text", ["刚才我话说重了，对不起，不该拿你和小李比。", "你觉得不公平，是觉得同样的延期别人没被算进去，对吗？"]
)
def test_taking_a_comparison_back_or_taking_one_up_is_none(text: str) -> None:
    assert "comparison" not in read(text, "")


def test_no_chinese_wording_of_the_library_hurts() -> None:
    library = yaml.safe_load((ROOT / "phrasing" / "lines" / "zh.yaml").read_text(encoding="utf-8"))
    texts = [w["text"] for part in ("moves", "steps", "cues") for ws in library[part].values() for w in ws]
    assert len(texts) > 300
    assert [t for t in texts if read(t, "") & {str(kind) for kind in HARMS}] == []
