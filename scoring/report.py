"""The report: score by dimension, what went well first, findings that quote the turn and offer a better wording."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from interview.conversation import Lang, Speaker, Transcript
from interview.employee import EmployeeState
from interview.moves import HARMS, Move, MoveKind
from interview.persona import GoalCheck, GoodEnd, Persona, Scenario
from interview.ports import CueReader, MoveReader
from interview.preparation import Preparation, step_worth
from interview.situations import Situation
from interview.steps import SPOKEN_STEPS, STEPS, Step
from phrasing.library import PhrasingLibrary
from scoring.catalogue import LINE, RISK, catalogue, words
from scoring.findings import Finding, clause, find
from scoring.measures import TurnReading, is_review, measure, plan_parts, read_talk, steps_reached
from scoring.rubric import band_of, dimension_scores, rubric, total_score
from scoring.rules import UPSET_BY, Talk

MAX_STRENGTHS, MAX_FINDINGS = 5, 14


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
        words_in: Lang | None = None,
        preparation: Preparation | None = None,
        drill: Step | None = None,
        annotate: bool = False,
    ) -> dict[str, Any]:
        """A report as plain JSON values. ``score`` is None with an ``unscorable_reason`` where there is too little.

        ``path``: the employee's state at the start and after every manager turn, where it is known. ``words_in``: the
        language of the report's own words; quotes and better wordings stay in the language of the talk.
        ``preparation``: what was chosen before the talk. ``drill``: the step practised, where it was no whole talk.
        ``annotate``: add moves and cues turn by turn.
        """
        lang = words_in or transcript.lang
        readings = read_talk(transcript, self._moves, persona, scenario)
        known = _known(transcript, persona, scenario, path, manager_only=manager_only)
        cues = {} if manager_only else self._cues_before(transcript)
        measures = measure(readings, transcript, scenario, path, None if manager_only else self._cues)
        prepared = step_worth(preparation or {})
        if prepared:
            spoken = measures["step_coverage"] * len(SPOKEN_STEPS)
            measures["step_coverage"] = (spoken + sum(prepared.values())) / (len(SPOKEN_STEPS) + len(prepared))
        goal: list[dict[str, Any]] = []
        if persona and scenario:
            goal = goal_checks(persona, scenario, readings, measures, path, lang)
            measures["goal_share"] = sum(check["met"] for check in goal) / len(goal) if goal else 0.0
        dimensions = dimension_scores(measures, known)
        score, gates = total_score(dimensions, measures, known)
        reason = _unscorable(transcript, readings, rubric()["min_turns"] if min_turns is None else min_turns)
        talk = Talk(
            readings, transcript, measures, persona.situation if persona else Situation.ROUGH_JADE, known, persona,
            scenario, {turn: strength for turn, (_, strength) in cues.items()}, preparation,
        )  # fmt: skip
        findings = find(talk, self._phrasing, lang, drill)
        flags = sorted({f.code for f in findings if RISK in f.about})
        return {
            "score": None if reason else score,
            "band": None if reason or score is None else band_of(score, lang),
            "unscorable_reason": reason,
            "gates": [rubric()["gates"][g][lang] for g in gates],
            "dimensions": [_dimension(asdict(d), lang, unscorable=bool(reason)) for d in dimensions],
            "message": _message(readings, persona, scenario),
            "strengths": [asdict(s) for s in _strengths(readings, lang)],
            "findings": [asdict(f) for f in findings[:MAX_FINDINGS]],
            "risk_flags": flags,
            "lines": bottom_lines(readings, findings, measures, lang),
            "cause": _cause(readings),
            "goal": {"text": _good_end(persona, scenario).text if persona and scenario else "", "checks": goal},
            "situation": str(persona.situation) if persona else None,
            "steps": _steps(readings, prepared),
            "path": [
                {"turn": i, "tension": s.tension, "trust": s.trust, "resigned": s.resigned} for i, s in enumerate(path)
            ],
            "talk_share": talk_share(transcript),
            "unread_share": round(measures["unread_share"], 3),
            "annotations": self._annotations(readings, transcript, manager_only=manager_only) if annotate else {},
            "measures": {name: round(value, 4) for name, value in measures.items()},
            "rubric_version": rubric()["version"],
            "lang": transcript.lang,
            "words_in": lang,
        }

    def _cues_before(self, transcript: Transcript) -> dict[int, tuple[str, float]]:
        """By manager turn: the strongest sign of being upset in what the employee had just said."""
        found: dict[int, tuple[str, float]] = {}
        last: tuple[str, float] | None = None
        for turn in transcript.turns:
            if turn.speaker is Speaker.EMPLOYEE:
                cues = [c for c in self._cues.read(turn.text, transcript.lang) if c.kind in UPSET_BY]
                best = max(cues, key=lambda c: c.strength, default=None)
                last = (best.quote, best.strength) if best else None
            elif last is not None:
                found[turn.index] = last
                last = None
        return found

    def _annotations(
        self, readings: Sequence[TurnReading], transcript: Transcript, *, manager_only: bool
    ) -> dict[str, Any]:
        """By turn index: the manager's moves and whether the turn counted, the employee's cues (shown, never judged)."""
        found: dict[str, Any] = {
            str(r.turn.index): {
                "moves": [
                    {"kind": str(m.kind), "quote": m.quote, "detail": m.detail} for m in r.moves if m.strength >= 0.4
                ],
                "skipped": r.skipped,
                "readable": r.readable,
            }
            for r in readings
        }
        for turn in () if manager_only else transcript.by(Speaker.EMPLOYEE):
            cues = self._cues.read(turn.text, transcript.lang)
            found[str(turn.index)] = {
                "cues": [{"kind": str(c.kind), "quote": c.quote} for c in cues if c.strength >= 0.5]
            }
        return found


def _known(
    transcript: Transcript,
    persona: Persona | None,
    scenario: Scenario | None,
    path: Sequence[EmployeeState],
    *,
    manager_only: bool,
) -> frozenset[str]:
    """What the rubric may rely on: ``persona``, ``scenario``, ``review``, ``employee``."""
    known = {"persona"} if persona else set[str]()
    if persona and scenario:
        known.add("scenario")
    elif is_review(transcript, manager_only=manager_only):
        known.add("review")
    if not manager_only and (path or transcript.by(Speaker.EMPLOYEE)):
        known.add("employee")
    return frozenset(known)


def _strengths(readings: Sequence[TurnReading], lang: Lang) -> list[Strength]:
    """The best example of each good kind, in the rubric's order of worth."""
    found: list[Strength] = []
    for kind, text in catalogue()["strengths"].items():
        best: tuple[float, TurnReading, Move] | None = None
        for r in readings:
            move = r.real(MoveKind(kind))
            if move is None or not r.counted or r.has(*HARMS) or _fact_is_wrong(r, move):
                continue
            if best is None or move.strength > best[0]:
                best = (move.strength, r, move)
        if best is not None:
            found.append(Strength(kind, best[1].turn.index, clause(best[1].turn.text, best[2].quote), text[lang]))
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


def _steps(readings: Sequence[TurnReading], prepared: Mapping[Step, float]) -> list[dict[str, Any]]:
    """The steps with their first turn; those before the talk, where something was chosen, with what that is worth."""
    reached = steps_reached(readings)
    return [
        {
            "step": str(s),
            "number": s.number,
            "turn": reached.get(s),
            "worth": round(prepared[s], 2) if s in prepared else None,
        }
        for s in STEPS
        if s in SPOKEN_STEPS or s in prepared
    ]


def _unscorable(transcript: Transcript, readings: Sequence[TurnReading], min_turns: int) -> str | None:
    """Why there is no score: ``no_manager``, ``too_short`` or ``unreadable``."""
    spoken = [r for r in readings if r.turn.text.strip()]
    if not spoken:
        return "no_manager" if transcript.turns else "empty"
    if len(spoken) < min_turns:
        return "too_short"
    if all(r.skipped == "empty" for r in readings):
        return "unreadable"
    return None


def talk_share(transcript: Transcript) -> float | None:
    """The manager's share of all characters, or None for an empty talk."""
    manager = sum(len(t.text) for t in transcript.by(Speaker.MANAGER))
    total = sum(len(t.text) for t in transcript.turns)
    return round(manager / total, 3) if total else None


def bottom_lines(
    readings: Sequence[TurnReading], findings: Sequence[Finding], measures: Mapping[str, float], lang: Lang
) -> list[dict[str, Any]]:
    """The three bottom lines: kept or not, and the turn and words that show it (None: it rests on what was not said)."""
    found: list[dict[str, Any]] = []
    for name, entry in catalogue()["lines"].items():
        broken = [f for f in findings if f"{LINE}{name}" in f.about]
        kinds = tuple(MoveKind(kind) for kind in entry["kept_by"])
        shown = next(((r, m) for r in readings if r.counted and (m := r.real(*kinds))), None) if kinds else None
        acted = shown is not None if kinds else measures["acts_rate"] > 0
        said = next((f for f in broken if f.turn is not None), None)
        turn, quote = (said.turn, said.quote) if said else (None, "")
        kept = acted and not broken
        if kept and shown:
            turn, quote = shown[0].turn.index, clause(shown[0].turn.text, shown[1].quote)
        text = entry[lang] if acted or said else entry["unsaid"][lang]
        found.append({"line": name, "kept": kept, "text": text, "turn": turn, "quote": quote})
    return found


def _cause(readings: Sequence[TurnReading]) -> dict[str, Any]:
    for r in readings:
        if r.counted and (move := r.real(MoveKind.DIAGNOSES_CAUSE)):
            return {"found": True, "turn": r.turn.index, "quote": clause(r.turn.text, move.quote)}
    return {"found": False, "turn": None, "quote": ""}


def _good_end(persona: Persona, scenario: Scenario) -> GoodEnd:
    return next((e for e in scenario.good_ends if persona.situation in e.situations), scenario.good_ends[0])


def goal_checks(
    persona: Persona,
    scenario: Scenario,
    readings: Sequence[TurnReading],
    measures: Mapping[str, float],
    path: Sequence[EmployeeState],
    lang: Lang,
) -> list[dict[str, Any]]:
    """What a good end is for this person in this scenario, check by check; by the employee's state where it is known."""
    end = _good_end(persona, scenario)
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
    return [{"check": need, "met": met[need], "text": words("goals", need, lang)} for need in needs]


_NEEDS_STATE: frozenset[GoalCheck] = frozenset(
    {"concern_named", "concern_addressed", "committed", "trust_kept", "feels_heard"}
)
