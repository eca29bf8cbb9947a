"""Precision and recall of each move on helping talk written for the project, and on labelled replies from elsewhere.

    python -m evals.moves [--errors]

``evals/lines/moves_{zh,en}.yaml``: written by the reader's own authors, so a floor rather than proof. EmpatheticPersonas in
``../shared/data``: whether empathy, reflection or recognition is found in replies labelled 2 and not in those labelled 0
(a coarse stand-in: the labels are of whole replies and go with their length).
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any, cast

import yaml

from interview.conversation import LANGS, Lang
from interview.moves import HARMS, MoveKind
from interview.reading.moves import RuleMoveReader
from scoring.measures import EMPTY_DETAILS

_HERE = Path(__file__).parent
_CLASSES = ("open_question", "closed_question", "reflection", "empathy", "affirmation", "apology", "advice", "plan",
            "support_offer", "commitment", "harm")  # fmt: skip
_KIND = frozenset({MoveKind.EMPATHY, MoveKind.REFLECTION, MoveKind.AFFIRMATION})
_READER = RuleMoveReader()


def read(text: str, lang: Lang, before: str = "") -> set[str]:
    """The measured moves that count in a turn; all harms are one class, and empty moves are none."""
    moves = [m for m in _READER.read(text, lang, before).moves if m.strength >= 0.5 and m.detail not in EMPTY_DETAILS]
    return {"harm" if m.kind in HARMS else str(m.kind) for m in moves} & set(_CLASSES)


def table(lang: Lang, *, errors: bool) -> None:
    """Per move: precision, recall and the number of lines that hold it."""
    text = (_HERE / "lines" / f"moves_{lang}.yaml").read_text(encoding="utf-8")
    rows = cast("list[dict[str, Any]]", yaml.safe_load(text))
    right, found, there = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        wanted, got = set[str](row["moves"]), read(row["text"], lang, row["before"])
        right.update(wanted & got)
        found.update(got)
        there.update(wanted)
        if errors and wanted != got:
            print(f"   {row['text']}  missed {sorted(wanted - got)}, added {sorted(got - wanted)}")
    print(f"\n== own lines, {lang}: {len(rows)}")
    for name in _CLASSES:
        if there[name] or found[name]:
            precision = f"{right[name] / found[name]:.2f}" if found[name] else "-"
            recall = f"{right[name] / there[name]:.2f}" if there[name] else "-"
            print(f"{name:18}precision {precision:5}recall {recall:5}of {there[name]}")


def empathy(folder: Path, lang: Lang) -> None:
    """How often a kind move is found in replies of each label."""
    path = folder / f"empathy_{lang}_dev_ep.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    print(f"\n== EmpatheticPersonas, {lang}: share of replies with empathy, reflection or affirmation")
    for label in (0, 1, 2):
        of = [r["text"] for r in rows if r["label"] == label]
        kind = sum(bool(read(text, lang) & {str(k) for k in _KIND}) for text in of)
        print(f"label {label}: {kind / max(1, len(of)):.2f} of {len(of)}")


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--errors", action="store_true")
    errors = parser.parse_args().errors
    folder = _HERE.parent.parent / "shared" / "data"
    for lang in LANGS:
        table(lang, errors=errors)
        if folder.exists():
            empathy(folder, lang)


if __name__ == "__main__":
    main()
