"""``tandao read`` and ``tandao score``: one JSON object a line in, one out, in constant memory."""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO, cast

from app.cli import BAD_LINES
from app.texts import t
from app.wiring import build_services, message_language
from interview.conversation import Lang, Speaker, Transcript
from interview.errors import InputError, TandaoError
from interview.reading.transcripts import guess_lang, parse_plain_text

MAX_LINE_BYTES = 20_000_000
MAX_FILE_BYTES = 2_000_000
"""Of a plain-text transcript; an hour of talk is about 60,000 bytes."""
MAX_TEXT_CHARS = 100_000
"""One line of speech is far shorter; what is longer would only keep the reader busy."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class _BadLine(Exception):
    """A line that can't be used; ``key`` names the message."""

    def __init__(self, key: str, **params: str | int) -> None:
        super().__init__(key)
        self.key, self.params = key, params


def _parse(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_LINE_BYTES:
        raise _BadLine("jsonl.too_long", limit=MAX_LINE_BYTES)
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _BadLine("jsonl.not_json") from error
    if not isinstance(value, dict):
        raise _BadLine("jsonl.not_object")
    return cast("dict[str, Any]", value)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("larger than any number")
    return value


def _json(value: Any) -> str:
    """One line of JSON that any UTF-8 stream can carry; half a surrogate pair stays an escape."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (RecursionError, ValueError) as error:
        raise _BadLine("jsonl.not_json") from error
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _checked(text: str) -> str:
    if len(text) > MAX_TEXT_CHARS:
        raise _BadLine("jsonl.long_text", limit=MAX_TEXT_CHARS)
    return text


def _run(lines: Iterable[bytes], out: TextIO, err: TextIO, work: Any) -> int:
    """Apply ``work`` to each line; bad lines are named on ``err`` and the others still done."""
    lang = message_language()
    code = 0
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            out.write(_json(work(_parse(raw))) + "\n")
        except _BadLine as error:
            code = BAD_LINES
            err.write(t("jsonl.line", lang, number=number, problem=t(error.key, lang, **error.params)) + "\n")
    out.flush()
    return code


def read_lines(lines: Iterable[bytes], out: TextIO, err: TextIO, speaker: str, lang: Lang) -> int:
    """Moves or cues of every line; returns the exit code."""
    services = build_services()

    def moves(text: str, before: str) -> list[dict[str, Any]]:
        return [_spot(asdict(m)) for m in services.move_reader.read(text, lang, before).moves]

    def cues(text: str, before: str) -> list[dict[str, Any]]:
        return [_spot(asdict(c)) for c in services.cue_reader.read(text, lang, before)]

    def work(value: dict[str, Any]) -> dict[str, Any]:
        text, before = value.get("text"), value.get("before") or ""
        if not isinstance(text, str):
            raise _BadLine("jsonl.no_text")
        if not isinstance(before, str):
            raise _BadLine("jsonl.before")
        text, before = _checked(text), _checked(before)
        found = moves(text, before) if speaker == "manager" else cues(text, before)
        return {"id": value.get("id"), ("moves" if speaker == "manager" else "cues"): found}

    return _run(lines, out, err, work)


def _spot(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": str(found["kind"]),
        "strength": round(found["strength"], 3),
        "quote": found["quote"],
        "start": found["start"],
        "end": found["end"],
    }


def score_lines(lines: Iterable[bytes], out: TextIO, err: TextIO, manager_only: bool, min_turns: int) -> int:
    """Scores of every talk; returns the exit code."""
    scorer = _Scorer(manager_only, min_turns)

    def work(value: dict[str, Any]) -> dict[str, Any]:
        turns = value.get("turns")
        if not isinstance(turns, list):
            raise _BadLine("jsonl.no_turns")
        return scorer.score(value.get("id"), value.get("lang"), _turns(cast("list[Any]", turns)), value)

    return _run(lines, out, err, work)


def _turns(raw: list[Any]) -> list[tuple[Speaker, str]]:
    """``(speaker, text)`` pairs. Turns of unknown speakers are context nobody is scored for, so they are left out."""
    found: list[tuple[Speaker, str]] = []
    for number, item in enumerate(raw, 1):
        if not isinstance(item, dict):
            raise _BadLine("jsonl.bad_turn", turn=number)
        turn = cast("dict[str, Any]", item)
        role, text = turn.get("role"), turn.get("text")
        if not isinstance(text, str):
            raise _BadLine("jsonl.bad_turn", turn=number)
        if role in ("manager", "employee"):
            found.append((Speaker(role), _checked(text)))
    return found


class _Scorer:
    def __init__(self, manager_only: bool, min_turns: int) -> None:
        self._services = build_services()
        self._manager_only, self._min_turns = manager_only, min_turns

    def score(self, talk_id: Any, lang: Any, turns: list[tuple[Speaker, str]], value: dict[str, Any]) -> dict[str, Any]:
        text = " ".join(t for _, t in turns[:40])
        used: Lang = guess_lang(text, default="en" if lang == "en" else "zh")
        persona = scenario = None
        try:
            if isinstance(value.get("persona"), str):
                persona = self._services.packaged_library.persona(value["persona"], used)
                scenario_id = value.get("scenario")
                chosen = scenario_id if isinstance(scenario_id, str) else persona.default_scenario
                scenario = self._services.packaged_library.scenario(chosen, used)
        except TandaoError as error:
            raise _BadLine("jsonl.unknown_persona") from error
        report = self._services.reporter.report(
            Transcript.of(used, turns), persona, scenario, manager_only=self._manager_only, min_turns=self._min_turns
        )
        return {
            "id": talk_id,
            "score": report["score"],
            "dimensions": {d["id"]: d["score"] for d in report["dimensions"]},
            "findings": [{k: f[k] for k in ("code", "turn", "quote", "text", "better")} for f in report["findings"]],
            "unscorable_reason": report["unscorable_reason"],
        }


def score_file(path: Path, out: TextIO, manager_only: bool, min_turns: int, lang: Lang | None) -> int:
    """Score one plain-text transcript with speaker prefixes."""
    with path.open("rb") as file:
        raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise InputError("too long", message_key="error.file_too_long", path=str(path), limit=MAX_FILE_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(str(error), message_key="error.file_encoding", path=str(path)) from error
    turns = parse_plain_text(text)
    if not turns:
        raise InputError("no speakers", message_key="error.no_speakers", path=str(path))
    used = lang or guess_lang(text)
    result = _Scorer(manager_only, min_turns).score(path.stem, used, turns, {})
    out.write(_LONE_SURROGATE.sub("\ufffd", json.dumps(result, ensure_ascii=False, indent=1)) + "\n")
    return 0
