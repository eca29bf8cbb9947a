"""The report: score by dimension, what went well first, findings that quote the turn and offer a better wording."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from interview.conversation import Lang, Speaker, Transcript
from interview.employee import EmployeeState
from interview.moves import HARMS, Move, MoveKind
from interview.persona import GoalCheck, Persona, Scenario
from interview.ports import CueReader, MoveReader
from interview.situations import Situation
from interview.steps import SPOKEN_STEPS, Step
from phrasing.library import PhrasingLibrary, Wording
from scoring.measures import PLAN_PARTS, TurnReading, is_review, measure, plan_parts, read_talk, steps_reached
from scoring.rubric import band_of, dimension_scores, rubric, total_score

MAX_STRENGTHS, MAX_FINDINGS = 5, 12
_WEAK = {
    MoveKind.PROMISE_BEYOND_AUTHORITY, MoveKind.DISOWNS_DECISION, MoveKind.KIND_BUT_VAGUE, MoveKind.LETS_OFF,
}  # fmt: skip
RISK_FLAGS = frozenset({"threat", "insult", "pries", "promise_beyond_authority", "disowns_decision"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to do differently: where, what was said, what it did, and better words (empty where none apply)."""

    code: str
    turn: int | None
    quote: str
    text: str
    better: str
    severity: int


@dataclass(frozen=True, slots=True)
class Strength:
    """One thing done well, with the words it rests on."""

    kind: str
    turn: int
    quote: str
    text: str


class Reporter:
    """Makes reports; one for practice, live and the command line."""

    def __init__(self, move_reader: MoveReader, cue_reader: CueReader, phrasing: PhrasingLibrary) -> None:
        self._moves = move_reader
        self._cues = cue_reader
        self._phrasing = phrasing

    def report(
        self,
        transcript: Transcript,
        persona: Persona | None = None,
        scenario: Scenario | None = None,
        path: Sequence[EmployeeState] = (),
        *,
        manager_only: bool = False,
        min_turns: int | None = None,
    ) -> dict[str, Any]:
        """A report as plain JSON values. ``score`` is None with an ``unscorable_reason`` where there is too little.

        ``path``: the employee's state at the start and after every manager turn, where it is known.
        """
        readings = read_talk(transcript, self._moves, persona, scenario)
        known = {"persona"} if persona else set[str]()
        if persona and scenario:
            known.add("scenario")
        elif is_review(transcript, manager_only=manager_only):
            known.add("review")
        if not manager_only and (path or transcript.by(Speaker.EMPLOYEE)):
            known.add("employee")
        measures = measure(readings, transcript, scenario, path, None if manager_only else self._cues)
        if persona and scenario:
            measures["goal_share"] = goal_share(persona, scenario, readings, measures, path)
        dimensions = dimension_scores(measures, known)
        score, gates = total_score(dimensions, measures, known)
        reason = _unscorable(transcript, readings, rubric()["min_turns"] if min_turns is None else min_turns)
        lang = transcript.lang
        situation = persona.situation if persona else Situation.ROUGH_JADE
        findings = sorted(
            self._findings(readings, transcript, persona, scenario, measures, situation),
            key=lambda f: (-f.severity, f.turn if f.turn is not None else 10_000),
        )
        return {
            "score": None if reason else score,
            "band": None if reason or score is None else band_of(score, lang),
            "unscorable_reason": reason,
            "gates": [rubric()["gates"][g][lang] for g in gates],
            "dimensions": [_dimension(asdict(d), lang, unscorable=bool(reason)) for d in dimensions],
            "message": _message(readings, persona, scenario),
            "strengths": [asdict(s) for s in _strengths(readings, lang)],
            "findings": [asdict(f) for f in findings[:MAX_FINDINGS]],
            "risk_flags": sorted({f.code for f in findings if f.code in RISK_FLAGS}),
            "steps": _steps(readings),
            "path": [
                {"turn": i, "tension": s.tension, "trust": s.trust, "resigned": s.resigned} for i, s in enumerate(path)
            ],
            "talk_share": talk_share(transcript),
            "unread_share": round(measures["unread_share"], 3),
            "measures": {name: round(value, 4) for name, value in measures.items()},
            "rubric_version": rubric()["version"],
            "lang": lang,
        }

    def _findings(
        self,
        readings: Sequence[TurnReading],
        transcript: Transcript,
        persona: Persona | None,
        scenario: Scenario | None,
        measures: dict[str, float],
        situation: Situation,
    ) -> Iterator[Finding]:
        used: set[str] = set()
        lang = transcript.lang

        def better(key: str, step: Step) -> str:
            wording: Wording | None = self._phrasing.for_move(key, lang, situation=situation, step=step, avoid=used)
            if wording is None:
                return ""
            used.add(wording.id)
            return wording.text

        step = Step.OPENING
        for r in readings:
            reached = steps_reached([r])
            step = max(reached, key=SPOKEN_STEPS.index) if reached else step
            for code, quote in _turn_findings(r):
                yield _finding(code, lang, r.turn.index, quote, better(code, step))
        yield from self._talk_findings(readings, persona, scenario, measures, lang, better)

    def _talk_findings(
        self,
        readings: Sequence[TurnReading],
        persona: Persona | None,
        scenario: Scenario | None,
        measures: dict[str, float],
        lang: Lang,
        better: Any,
    ) -> Iterator[Finding]:
        if persona and scenario:
            said = {part for r in readings for part in r.delivered}
            for part in scenario.message:
                if part.id not in said:
                    text = part.text.replace("{rating}", persona.rating.given).replace(
                        "{expected}", persona.rating.expected
                    )
                    yield _finding("message_missing", lang, None, text, better("message_missing", Step.FEEDBACK))
            first = next((r for r in readings if r.delivered), None)
            if first and not measures["asked_first"]:
                wording = better("open_question", Step.SELF_REVIEW)
                yield _finding("unheard_first", lang, first.turn.index, first.turn.text[:60], wording)
        missing = [p for p in PLAN_PARTS if p not in plan_parts(readings)]
        if len(missing) == len(PLAN_PARTS):
            yield _finding("no_plan", lang, None, "", better("plan", Step.PLAN))
        elif missing:
            names = ("、" if lang == "zh" else ", ").join(rubric()["parts"][p][lang] for p in missing)
            yield _finding("plan_incomplete", lang, None, names, better("commitment", Step.COMMITMENT))
        if not measures["cause_found"]:
            yield _finding("no_cause", lang, None, "", better("diagnoses_cause", Step.FEEDBACK))
        if measures["interrogation"] > 0.15:
            yield _finding("interrogation", lang, None, "", better("closed_question", Step.SELF_REVIEW))
        if measures["unread_share"] > 0.15:
            yield _finding("unread", lang, None, f"{measures['unread_share']:.0%}", "")


def _turn_findings(r: TurnReading) -> Iterator[tuple[str, str]]:
    """``(code, quote)`` for what one turn did badly, each code once."""
    found: dict[str, Move] = {}
    for m in sorted(r.moves, key=lambda m: -m.strength):
        if m.strength < 0.5 and m.detail != "parrot":
            continue
        if m.kind in HARMS or m.kind in _WEAK:
            found.setdefault(m.kind, m)
        elif m.kind is MoveKind.EVIDENCE and m.detail == "blaming":
            found.setdefault("evidence_blaming", m)
        elif m.kind is MoveKind.ADVICE and not r.real(MoveKind.OPEN_QUESTION, MoveKind.REFLECTION, MoveKind.EMPATHY):
            found.setdefault("advice", m)
    for kind, detail, code in (
        (MoveKind.EMPATHY, "hollow", "hollow_empathy"), (MoveKind.REFLECTION, "parrot", "parroting"),
    ):  # fmt: skip
        empty = r.empty(kind, detail)
        if empty is not None:
            found.setdefault(code, empty)
    for code, m in found.items():
        yield str(code), m.quote
    for fact in r.facts:
        if fact.verdict == "false":
            yield ("rating_wrong" if fact.about == "rating" else "false_evidence"), fact.quote


def _finding(code: str, lang: Lang, turn: int | None, quote: str, better: str) -> Finding:
    entry = rubric()["findings"][code]
    return Finding(code, turn, quote, entry[lang], better, entry["severity"])


def _strengths(readings: Sequence[TurnReading], lang: Lang) -> list[Strength]:
    """The best example of each good kind, in the rubric's order of worth."""
    found: list[Strength] = []
    for kind, text in rubric()["strengths"].items():
        best: tuple[float, TurnReading, Move] | None = None
        for r in readings:
            move = r.real(MoveKind(kind))
            if move is None or not r.counted or r.has(*HARMS) or _fact_is_wrong(r, move):
                continue
            if best is None or move.strength > best[0]:
                best = (move.strength, r, move)
        if best is not None:
            found.append(Strength(kind, best[1].turn.index, best[2].quote, text[lang]))
    return found[:MAX_STRENGTHS]


def _fact_is_wrong(r: TurnReading, move: Move) -> bool:
    return move.kind in (MoveKind.EVIDENCE, MoveKind.DELIVERS_MESSAGE) and (
        any(f.verdict == "false" for f in r.facts) or move.detail == "blaming"
    )


def _dimension(raw: dict[str, Any], lang: Lang, *, unscorable: bool) -> dict[str, Any]:
    entry = rubric()["dimensions"][raw["id"]]
    score = None if unscorable else raw["score"]
    return raw | {"score": score, "name": entry["name"][lang], "about": entry["about"][lang]}


def _message(
    readings: Sequence[TurnReading], persona: Persona | None, scenario: Scenario | None
) -> list[dict[str, Any]]:
    if not persona or not scenario:
        return []
    turns: dict[str, int] = {}
    for r in readings:
        for part in r.delivered:
            turns.setdefault(part, r.turn.index)
    return [
        {
            "id": part.id,
            "text": part.text.replace("{rating}", persona.rating.given).replace("{expected}", persona.rating.expected),
            "turn": turns.get(part.id),
        }
        for part in scenario.message
    ]


def _steps(readings: Sequence[TurnReading]) -> list[dict[str, Any]]:
    reached = steps_reached(readings)
    return [{"step": str(s), "number": s.number, "turn": reached.get(s)} for s in SPOKEN_STEPS]


def _unscorable(transcript: Transcript, readings: Sequence[TurnReading], min_turns: int) -> str | None:
    """Why there is no score: ``no_manager``, ``too_short`` or ``unreadable``."""
    spoken = [r for r in readings if r.turn.text.strip()]
    if not spoken:
        return "no_manager" if transcript.turns else "empty"
    if len(spoken) < min_turns:
        return "too_short"
    if not any(r.counted for r in readings):
        return "unreadable"
    return None


def talk_share(transcript: Transcript) -> float | None:
    """The manager's share of all characters, or None for an empty talk."""
    manager = sum(len(t.text) for t in transcript.by(Speaker.MANAGER))
    total = sum(len(t.text) for t in transcript.turns)
    return round(manager / total, 3) if total else None


def goal_share(
    persona: Persona,
    scenario: Scenario,
    readings: Sequence[TurnReading],
    measures: dict[str, float],
    path: Sequence[EmployeeState],
) -> float:
    """Share of this situation's goal checks that were met; by the employee's state where it is known."""
    end = next((e for e in scenario.good_ends if persona.situation in e.situations), scenario.good_ends[0])
    final = path[-1] if path else None
    ranks = [s.rank for s in final.concerns.values()] if final else []
    parts = set(plan_parts(readings))
    met: dict[GoalCheck, bool] = {
        "message_delivered": measures["delivered_share"] >= 0.99,
        "understands_standard": any(r.has(MoveKind.EXPECTATION) for r in readings if r.counted)
        and measures["true_facts"] > 0,
        "knows_dates": "when" in parts,
        "concern_named": any(rank >= 3 for rank in ranks),
        "concern_addressed": any(rank >= 4 for rank in ranks),
        "cause_found": measures["cause_found"] > 0,
        "plan_concrete": {"what", "when"} <= parts,
        "follow_up_agreed": "how" in parts,
        "dispute_recorded": any(
            r.has(MoveKind.OFFERS_APPEAL, MoveKind.AGREE_BEFORE_DIFFER) for r in readings if r.counted
        ),
        "appeal_named": any(r.has(MoveKind.OFFERS_APPEAL) for r in readings if r.counted),
        "committed": bool(final and final.commitment >= 0.5),
        "trust_kept": bool(final and final.trust >= path[0].trust - 0.05),
        "feels_heard": bool(final and final.voice >= 0.5),
    }
    needs: Sequence[GoalCheck] = end.needs if final else [n for n in end.needs if n not in _NEEDS_STATE]
    return sum(met[n] for n in needs) / len(needs) if needs else 0.0


_NEEDS_STATE: frozenset[GoalCheck] = frozenset(
    {"concern_named", "concern_addressed", "committed", "trust_kept", "feels_heard"}
)
