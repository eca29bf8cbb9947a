"""What a manager did in a talk, as numbers. Rates are over turns that say something; repeats count neither way."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from interview.conversation import Speaker, Transcript, Turn
from interview.cues import CueKind
from interview.employee import EmployeeState
from interview.moves import EMPTY_DETAILS, HARMS, Move, MoveKind, MoveReading
from interview.persona import Persona, Scenario
from interview.ports import CueReader, MoveReader
from interview.reading.facts import FactCheck, check_facts, delivered_parts
from interview.reading.patterns import fold
from interview.steps import SPOKEN_STEPS, Step
from scoring.catalogue import discriminates
from scoring.worth import (
    MAX_RECITED,
    REPEATED,
    Grams,
    asks_only,
    from_a_file,
    grams,
    lists_facts,
    only_listens_on,
    parrots,
    recital,
    says_something,
    speaks_to_nobody,
    unhelpful_runs,
)  # fmt: skip

GRAVE = frozenset({MoveKind.INSULT, MoveKind.THREAT, MoveKind.PRIES})
LISTENING = frozenset({MoveKind.OPEN_QUESTION, MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.DIAGNOSES_CAUSE})
ACTING = LISTENING | {
    MoveKind.EVIDENCE, MoveKind.EXPECTATION, MoveKind.DELIVERS_MESSAGE, MoveKind.AGREE_BEFORE_DIFFER,
    MoveKind.OFFERS_APPEAL, MoveKind.PLAN, MoveKind.SUPPORT_OFFER, MoveKind.COMMITMENT, MoveKind.AFFIRMATION,
    MoveKind.APOLOGY,
}  # fmt: skip
SPOILING = HARMS | {MoveKind.KIND_BUT_VAGUE, MoveKind.LETS_OFF, MoveKind.DISOWNS_DECISION}
IDLE = frozenset({MoveKind.ENCOURAGER, MoveKind.RAPPORT, MoveKind.STEP_MARKER})
_NOT_IDLE = frozenset(MoveKind) - IDLE
WEAK = 0.4
PLAN_PARTS = ("what", "who", "when", "how", "support")
_TIME = re.compile(
    r"周[一二三四五六日天末]|星期|下周|本周|这周|每周|每月|月底|月初|\d+[号日月]|两周|明天|后天|天内"
    r"|\b(?:mon|tues|wednes|thurs|fri)day|\bnext week|\bweekly|every (?:week|month)|\bby (?:the )?(?:end|\d|mid)|\bin \d+"
)
_FOLLOW = re.compile(
    r"跟进|回顾|复盘|再碰|碰一|再对|对一次|过一[遍次]|再聊|再谈|check[- ]?in|follow[- ]?up|review|catch up"
)
_REVIEW_TALK = re.compile(
    r"绩效|评级|考核|年终奖|述职|改进计划|晋升|自评|performance (?:review|interview)|appraisal|\brating\b|self[- ]assessment"
    r"|year[- ]end|mid[- ]year|improvement plan|\bpromotion\b|annual review|\bbonus\b"
)
REVIEW_WORDS = 2
MAX_CONTEXT = 600
"""Characters of the employee's words that a turn is read against, where only sounds of listening came between."""
_NEGATIVE = frozenset(
    {CueKind.UNFAIRNESS, CueKind.ANGER, CueKind.HURT, CueKind.ANXIETY, CueKind.RESISTANCE, CueKind.WITHDRAWAL,
     CueKind.HARDSHIP, CueKind.LEAVING}
)  # fmt: skip
_STEP_OF = {
    MoveKind.RAPPORT: Step.OPENING,
    MoveKind.DELIVERS_MESSAGE: Step.FEEDBACK,
    MoveKind.EVIDENCE: Step.FEEDBACK,
    MoveKind.AGREE_BEFORE_DIFFER: Step.DIFFERENCES,
    MoveKind.OFFERS_APPEAL: Step.DIFFERENCES,
    MoveKind.PLAN: Step.PLAN,
    MoveKind.SUPPORT_OFFER: Step.PLAN,
    MoveKind.COMMITMENT: Step.COMMITMENT,
}


@dataclass(frozen=True, slots=True)
class TurnReading:
    """One manager turn as read. ``skipped``: why it is neither credited nor counted as a turn, see ``worth``.

    ``likely``: how likely the words make each kind of move, 0–1, see `MoveReading`.
    """

    turn: Turn
    moves: tuple[Move, ...]
    readable: bool
    facts: tuple[FactCheck, ...]
    delivered: tuple[str, ...]
    skipped: str = ""
    likely: Mapping[MoveKind, float] = field(default_factory=dict[MoveKind, float])

    @property
    def counted(self) -> bool:
        """Whether it says something of its own."""
        return not self.skipped

    def has(self, *kinds: MoveKind) -> bool:
        """Whether a move of these kinds counts."""
        return any(m.kind in kinds and m.strength >= 0.5 for m in self.moves)

    def real(self, *kinds: MoveKind) -> Move | None:
        """The strongest counting move of these kinds that is neither hollow, generic nor parroted."""
        found = [m for m in self.moves if m.kind in kinds and m.strength >= 0.5 and m.detail not in EMPTY_DETAILS]
        return max(found, key=lambda m: m.strength) if found else None

    def credit(self, *kinds: MoveKind) -> float:
        """How likely any of these kinds is; without a reader that says so 1 for a real one, half for a weakly marked one."""
        if self.likely:
            return self.chance(*kinds)
        found = [m.strength for m in self.moves if m.kind in kinds and m.detail not in EMPTY_DETAILS]
        best = max(found, default=0.0)
        return 1.0 if best >= 0.5 else 0.5 if best >= WEAK else 0.0

    def chance(self, *kinds: MoveKind) -> float:
        """How likely the words make at least one of these kinds, 0–1."""
        return 1.0 - prod(1.0 - self.likely.get(kind, 0.0) for kind in kinds)

    def empty(self, kind: MoveKind, detail: str) -> Move | None:
        """A move of this kind with this emptiness, where the turn has no real one of the kind."""
        if self.real(kind):
            return None
        return next((m for m in self.moves if m.kind is kind and m.detail == detail and m.strength >= 0.3), None)


def read_talk(
    transcript: Transcript, reader: MoveReader, persona: Persona | None = None, scenario: Scenario | None = None
) -> tuple[TurnReading, ...]:
    """Every manager turn read, with what the employee said before it as context only."""
    found: list[TurnReading] = []
    said: set[tuple[str, ...]] = set()
    stands = recital(persona, scenario, transcript.lang)
    recited: list[int] = []
    before, listening_on = "", False  # what the employee said last; a sound of listening does not end it
    for turn in transcript.turns:
        if turn.speaker is Speaker.EMPLOYEE:
            before = f"{before}\n{turn.text}" if listening_on else turn.text
            continue
        reading: MoveReading = reader.read(turn.text, transcript.lang, before)
        facts = check_facts(turn.text, persona, persona.incidents) if persona and reading.readable else ()
        delivered = (
            delivered_parts(fold(turn.text), reading.moves, facts, persona, scenario) if persona and scenario else ()
        )
        own = grams(turn.text)
        skipped = _skipped(turn.text, reading, own, said)
        if not skipped:
            if (stand := stands(own)) == "recited" or speaks_to_nobody(turn.text, reading.moves):
                recited.append(len(found))
            if (
                stand == "pasted"
                or from_a_file(turn.text)
                or lists_facts(turn.text, len({(f.about, f.month) for f in facts}))
            ):
                skipped = "pasted"
        said |= own
        listening_on = skipped == "empty" and reading.readable and len(before) < MAX_CONTEXT
        found.append(TurnReading(turn, reading.moves, reading.readable, facts, delivered, skipped, reading.likely))
    if len(recited) > MAX_RECITED or (recited and any(r.skipped == "pasted" for r in found)):
        for i in recited:
            found[i] = replace(found[i], skipped="pasted")
    open_turns = [i for i, r in enumerate(found) if r.counted]
    for i in unhelpful_runs([asks_only(found[i].turn.text, found[i].moves) for i in open_turns]):
        found[open_turns[i]] = replace(found[open_turns[i]], skipped="questions")
    return tuple(r if r.counted else replace(r, facts=_wrong(r), delivered=()) for r in found)


def _skipped(text: str, reading: MoveReading, own: Grams, said: set[tuple[str, ...]]) -> str:
    if not reading.readable or not says_something(text) or only_listens_on(text, reading.moves):
        return "empty"
    if len(own & said) >= REPEATED * len(own):
        return "repeat"
    return "parrot" if parrots(reading.moves) else ""


def _wrong(r: TurnReading) -> tuple[FactCheck, ...]:
    return tuple(f for f in r.facts if f.verdict == "false")


def measure(
    readings: Sequence[TurnReading],
    transcript: Transcript,
    scenario: Scenario | None,
    path: Sequence[EmployeeState] = (),
    cue_reader: CueReader | None = None,
) -> dict[str, float]:
    """Every measure the rubric names; those that need what is not known are 0 and their dimension is not scored."""
    counted = [r for r in readings if r.counted]
    n = max(1, len(counted))
    acting = max(1.0, sum(r.credit(*_NOT_IDLE) for r in counted))

    def rate(*kinds: MoveKind) -> float:
        return sum(r.credit(*kinds) for r in counted) / n

    def spoilt(*kinds: MoveKind) -> float:
        """Of the turns that do anything at all: idle talk thins out no harm."""
        return sum(r.credit(*kinds) for r in counted) / acting

    def spoiling(spoils: Sequence[bool], free: int = 0) -> float:
        """Share of spoiling turns, counted or not, among them and the turns that say something."""
        among = sum(spoilt or r.counted for spoilt, r in zip(spoils, readings, strict=True))
        return max(0, sum(spoils) - free) / max(1, among)

    def ever(*kinds: MoveKind) -> float:
        return float(any(r.has(*kinds) for r in readings))

    facts = [f for r in readings for f in r.facts if f.about != "rating"]
    measures = {
        "acts_rate": rate(*ACTING),
        **{f"{kind}_rate": spoilt(kind) if kind in SPOILING else rate(kind) for kind in MoveKind},
        "hollow_rate": spoiling([r.empty(MoveKind.EMPATHY, "hollow") is not None for r in readings], free=1),
        "parrot_rate": spoiling([r.empty(MoveKind.REFLECTION, "parrot") is not None for r in readings]),
        "interrogation": spoiling([r.skipped == "questions" for r in readings]),
        "told_unasked": _told_unasked(counted),
        "grave_harm": max(ever(*GRAVE), float(any(discriminates(r.turn.text) for r in readings))),
        "disowned": ever(MoveKind.DISOWNS_DECISION),
        "promise": ever(MoveKind.PROMISE_BEYOND_AUTHORITY),
        "true_facts": float(len({(f.about, f.month) for f in facts if f.verdict == "true"})),
        "false_fact_rate": sum(any(f.verdict == "false" for f in r.facts) for r in readings) / n,
        "evidence_blaming": sum(any(m.detail == "blaming" for m in r.moves) for r in counted) / n,
        "differ_well": float(any(r.has(MoveKind.AGREE_BEFORE_DIFFER) for r in counted)),
        "cause_found": float(any(r.has(MoveKind.DIAGNOSES_CAUSE) for r in counted)),
        "plan_parts": len(plan_parts(readings)) / len(PLAN_PARTS),
        "agreed_next": _agreed_next(counted),
        "message_said": float(any(r.has(MoveKind.DELIVERS_MESSAGE) for r in counted)),
        "delivered_share": 0.0,
        "asked_first": _asked_first(counted),
        "step_coverage": len(steps_reached(readings)) / len(SPOKEN_STEPS),
        "step_order": _step_order(counted),
        "goal_share": 0.0,
        "recovery": _recovery(transcript, readings, path, cue_reader),
        "unread_share": sum(not r.readable for r in readings) / len(readings) if readings else 0.0,
    }
    if scenario is not None:
        said = {part for r in readings for part in r.delivered}
        if any(f.about == "rating" and f.verdict == "true" for r in counted for f in r.facts):
            said |= {part.id for part in scenario.message if part.id == "rating"}  # "It's Meets" says it plainly enough
        measures["delivered_share"] = len(said) / len(scenario.message)
    return measures


def is_review(transcript: Transcript, *, manager_only: bool = False) -> bool:
    """Whether the words show that this is a performance talk, where nobody has named the scenario."""
    turns = transcript.by(Speaker.MANAGER) if manager_only else transcript.turns
    return sum(len(_REVIEW_TALK.findall(fold(turn.text))) for turn in turns) >= REVIEW_WORDS


def plan_parts(readings: Sequence[TurnReading]) -> tuple[str, ...]:
    """Which parts of a plan were said: what, who, when, how it is followed up, with what support."""
    found: set[str] = set()
    for r in readings:
        if not r.counted:
            continue
        folded = fold(r.turn.text)
        if r.has(MoveKind.PLAN):
            found.add("what")
        if r.has(MoveKind.COMMITMENT):
            found |= {"who", "when"}
        if r.has(MoveKind.SUPPORT_OFFER):
            found.add("support")
        if r.has(MoveKind.PLAN, MoveKind.EXPECTATION, MoveKind.SUPPORT_OFFER) and _TIME.search(folded):
            found.add("when")
        if r.has(MoveKind.PLAN, MoveKind.COMMITMENT, MoveKind.SUPPORT_OFFER) and _FOLLOW.search(folded):
            found.add("how")
    return tuple(p for p in PLAN_PARTS if p in found)


def steps_reached(readings: Sequence[TurnReading]) -> Mapping[Step, int]:
    """The spoken steps that were reached, each with the index of its first turn."""
    found: dict[Step, int] = {}
    for r in readings:
        if not r.counted:
            continue
        for step in turn_steps(r):
            found.setdefault(step, r.turn.index)
    return found


def turn_steps(r: TurnReading) -> tuple[Step, ...]:
    """The steps one turn belongs to, by its markers and moves."""
    found: list[Step] = []
    for m in r.moves:
        if m.strength < 0.5:
            continue
        if m.kind is MoveKind.STEP_MARKER and m.detail in list(Step):
            found.append(Step(m.detail))
        elif m.kind in _STEP_OF:
            found.append(_STEP_OF[m.kind])
    if r.delivered:
        found.append(Step.FEEDBACK)
    return tuple(dict.fromkeys(step for step in found if step in SPOKEN_STEPS))


def _told_unasked(counted: Sequence[TurnReading]) -> float:
    """Share of telling turns (advice, plan) with no listening in them or in the two turns before."""
    told = [i for i, r in enumerate(counted) if r.has(MoveKind.ADVICE)]
    unasked = [i for i in told if not any(r.real(*LISTENING) for r in counted[max(0, i - 2) : i + 1])]
    return len(unasked) / max(1, len(counted)) * 2 if told else 0.0


def _asked_first(readings: Sequence[TurnReading]) -> float:
    for r in readings:
        if r.has(MoveKind.OPEN_QUESTION) or any(
            m.kind is MoveKind.STEP_MARKER and m.detail == Step.SELF_REVIEW for m in r.moves
        ):
            return 1.0
        if r.delivered or r.has(MoveKind.DELIVERS_MESSAGE):
            return 0.0
    return 0.0


def _agreed_next(counted: Sequence[TurnReading]) -> float:
    """Whether the last third turned to what comes next; a lone sentence without who, when or how agrees nothing."""
    if len(plan_parts(counted)) < 2:
        return 0.0
    last = counted[-max(2, len(counted) // 3) :]
    return float(any(r.has(MoveKind.COMMITMENT, MoveKind.PLAN, MoveKind.SUPPORT_OFFER) for r in last))


def _step_order(readings: Sequence[TurnReading]) -> float:
    """Share of pairs of step-bearing turns that come in the order of the steps; 1 in full order, 0 reversed."""
    order = [min(SPOKEN_STEPS.index(s) for s in steps) for r in readings if (steps := turn_steps(r))]
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :] if a != b]
    if len(pairs) < 3:
        return 0.0
    right = sum(a < b for a, b in pairs) / len(pairs)
    return max(0.0, 2 * right - 1)


def _recovery(
    transcript: Transcript,
    readings: Sequence[TurnReading],
    path: Sequence[EmployeeState],
    cue_reader: CueReader | None,
) -> float:
    """How far feelings settled: by the employee's state where it is known, else by the cues in their words."""
    if path:
        peak = max(s.tension for s in path)
        relief = (peak - path[-1].tension) / max(0.2, peak)
        return min(1.0, max(0.0, 0.5 * relief + 0.5 * (path[-1].trust - path[0].trust + 0.3) / 0.6))
    after = {r.turn.index + 1 for r in readings if r.counted}
    spoken = [t for t in transcript.by(Speaker.EMPLOYEE) if t.index in after]
    if cue_reader is None or len(spoken) < 4:
        return 0.5
    weights = [
        max((c.strength for c in cue_reader.read(t.text, transcript.lang) if c.kind in _NEGATIVE), default=0.0)
        for t in spoken
    ]
    half = len(weights) // 2
    first, last = sum(weights[:half]) / half, sum(weights[half:]) / (len(weights) - half)
    return min(1.0, max(0.0, 0.5 + 0.5 * (first - last)))
