"""How a manager's turn changes what the employee feels. Pure, bounded, and every change says why.

The deltas are data (``reactions.yaml``); the context rules are here. No cheap win: hollow empathy stops working at
the second time and irritates from the fourth, harm has to be repaired before trust grows again, and commitment stays
low while no concern has been named and the plan has no concrete step.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from interview.conversation import Lang
from interview.employee import ConcernStatus, EmployeeState, Memory
from interview.moves import HARMS, Move, MoveKind
from interview.persona import Concern, Persona, Scenario, Variant
from interview.reading.facts import mentioned
from interview.reading.patterns import sentences
from interview.situations import Style
from interview.steps import STEPS, Step
from simulator.hearing import Heard

GAUGES = (
    "tension",
    "trust",
    "fairness",
    "voice",
    "patience",
    "commitment",
    "agree_facts",
    "agree_rating",
    "agree_plan",
)
GAUGE_NAMES: Mapping[Lang, Mapping[str, str]] = {
    "zh": dict(
        zip(GAUGES, ("紧张", "信任", "公平感", "被倾听", "耐心", "承诺意愿", "认同事实", "认同评级", "认同计划"), strict=True)
    ),
    "en": dict(
        zip(
            GAUGES,
            ("tension", "trust", "felt fairness", "felt heard", "patience", "commitment",
             "agreement on facts", "agreement on the rating", "agreement on the plan"),
            strict=True,
        )
    ),
}  # fmt: skip
HARM_THAT_BLOCKS = 0.15
HEARD_KEPT = 40
AGREED_KEPT, AGREED_CHARS = 2, 90
_WITHOUT_TAG = re.compile(r"[，,][^，,]{1,24}[?？]$")
_REPAIRABLE = 0.6
_ASKS = ("?", "？")
_LISTENING = (
    MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.AFFIRMATION, MoveKind.DIAGNOSES_CAUSE,
    MoveKind.AGREE_BEFORE_DIFFER, MoveKind.SUPPORT_OFFER, MoveKind.COMMITMENT, MoveKind.PLAN, MoveKind.OFFERS_APPEAL,
)  # fmt: skip
_RESULT_WORDS = (
    "结果",
    "评级",
    "评分",
    "失望",
    "rating",
    "result",
    "disappointed",
    "disappointing",
    "outcome",
)


@cache
def rules() -> Mapping[str, Any]:
    """The reaction table, read once."""
    text = files("simulator").joinpath("reactions.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@dataclass(frozen=True, slots=True)
class Change:
    """One gauge moved by ``delta`` for the reason ``code``; ``quote`` is what was said, perhaps empty."""

    gauge: str
    delta: float
    code: str
    quote: str = ""
    note: str = ""

    def text(self, lang: Lang) -> str:
        """``comparison with a colleague: tension +0.12``."""
        reason = self.note or reason_text(self.code, lang)
        colon = "：" if lang == "zh" else ": "
        return f"{reason}{colon}{GAUGE_NAMES[lang][self.gauge]} {self.delta:+.2f}"


@dataclass(frozen=True, slots=True)
class Reaction:
    """The new state, why, and what newly happened (codes such as ``repaired`` or ``named:workload``)."""

    state: EmployeeState
    changes: tuple[Change, ...]
    events: tuple[str, ...]

    def happened(self, code: str) -> bool:
        """Whether an event with this code or prefix (``named:``) came up."""
        return any(e == code or (code.endswith(":") and e.startswith(code)) for e in self.events)


def reason_text(code: str, lang: Lang) -> str:
    """The reason in words."""
    table = rules()
    entry = table["rules"].get(code) or table["context"][code]
    return str(entry[lang])


def first_state(persona: Persona, scenario: Scenario, variant: Variant) -> EmployeeState:
    """How this person comes in: style, difficulty and the scenario's mood."""
    start = rules()["start"][persona.style]
    harder = 0.02 * (persona.difficulty - 2)
    return EmployeeState(
        tension=_clamp(start["tension"] + scenario.mood.tension + harder),
        trust=_clamp(start["trust"] + scenario.mood.trust - harder),
        fairness=start["fairness"],
        voice=start["voice"],
        patience=1.0,
        commitment=0.1,
        agree_facts=0.2,
        agree_rating=0.1,
        agree_plan=0.1,
        step=Step.OPENING,
        concerns=dict.fromkeys(variant.concerns, ConcernStatus.HIDDEN),
    )


def react(state: EmployeeState, heard: Heard, persona: Persona, scenario: Scenario) -> Reaction:
    """What this turn does to the employee. Deterministic; the state given is not changed."""
    changes = list(_move_changes(state, heard, persona))
    events: list[str] = []
    changes += _context_changes(state, heard, persona, scenario, events)
    concerns = dict(state.concerns)
    changes += _concern_changes(state, heard, persona, concerns, events)
    changes += _habit_changes(heard, persona, events)
    harm = _harm_after(state, heard, events)
    changes = _held_back(state, heard, changes)
    if heard.repeated:
        changes = [c for c in changes if not _is_gain(c)]
    values, kept = _apply(state, changes, at_once=_ends_trust(heard, events))
    if heard.harms:
        values["tension"] = max(values["tension"], state.tension)
        values["trust"] = min(values["trust"], state.trust)
    memory = _remember(state.memory, heard, harm, events)
    values["commitment"] = min(values["commitment"], max(_commitment_cap(concerns, memory), 0.0))
    step = _step_after(state.step, heard, memory)
    new = EmployeeState(**values, step=step, concerns=concerns, memory=memory)
    return Reaction(new, tuple(kept), tuple(events))


def _clamp(value: float, low: float = 0.0, high: float = 1.0) -> float:
    return min(high, max(low, value))


def _is_gain(change: Change) -> bool:
    return change.delta < 0 if change.gauge == "tension" else change.delta > 0


def _entry(section: str, code: str, quote: str = "", scale: float = 1.0) -> Iterator[Change]:
    for gauge, delta in rules()[section][code].items():
        if gauge in GAUGES and delta:
            yield Change(gauge, delta * scale, code, quote)


def _context(code: str, quote: str = "", scale: float = 1.0) -> Iterator[Change]:
    return _entry("context", code, quote, scale)


def _move_changes(state: EmployeeState, heard: Heard, persona: Persona) -> Iterator[Change]:
    """The plain effect of each kind of move found, once a kind a turn."""
    if heard.repeated and not heard.harms:
        return
    best: dict[MoveKind, Move] = {}
    for move in heard.moves:
        if move.strength >= 0.5 and (move.kind not in best or _rank(move) > _rank(best[move.kind])):
            best[move.kind] = move
    for kind, move in best.items():
        if kind is MoveKind.EMPATHY and move.detail == "hollow":
            yield from _hollow(state.memory.hollow_empathy + 1, move.quote)
        elif kind is MoveKind.AFFIRMATION and move.detail == "generic":
            yield from _context("generic_praise", move.quote)
        elif kind is MoveKind.REFLECTION and move.detail == "parrot":
            yield from _context("parrot", move.quote)
        elif kind is MoveKind.EVIDENCE:
            yield from _evidence(move, heard)
        elif kind is MoveKind.DELIVERS_MESSAGE:
            continue  # context decides, see _message
        elif kind is MoveKind.PROMISE_BEYOND_AUTHORITY:
            yield from _entry("rules", kind, move.quote, 1.0 if persona.style is Style.OPEN else 2.0)
        else:
            yield from _entry("rules", kind, move.quote, 1.0 if kind in HARMS else 0.6 + 0.4 * move.strength)


def _rank(move: Move) -> float:
    return move.strength + (0.0 if move.detail in ("hollow", "generic", "parrot") else 0.5)


def _hollow(count: int, quote: str) -> Iterator[Change]:
    if count == 1:
        yield from _context("hollow_first", quote)
    elif count >= 4:
        yield from _context("hollow_irritates", quote)


def _evidence(move: Move, heard: Heard) -> Iterator[Change]:
    if heard.false_facts:
        yield from _context("evidence_false", heard.false_facts[0].quote)
    elif any(f.verdict == "unsupported" for f in heard.facts) and not heard.true_facts:
        yield from _context("evidence_unsupported", move.quote)
    elif heard.true_facts or any(f.about == "rating" for f in heard.facts):
        yield from _entry("rules", MoveKind.EVIDENCE, move.quote)
    if move.detail == "blaming":
        yield from _context("evidence_blaming", move.quote)


def _context_changes(
    state: EmployeeState, heard: Heard, persona: Persona, scenario: Scenario, events: list[str]
) -> Iterator[Change]:
    memory = state.memory
    if not heard.readable:
        events.append("unreadable")
        yield from _context("unreadable_again" if memory.unreadable else "unreadable")
        return
    if heard.repeated:
        events.append("repeated")
        yield from _context("repeated")
    if heard.false_facts and not heard.has(MoveKind.EVIDENCE):
        wrong = heard.false_facts[0]
        yield from _context("rating_wrong" if wrong.about == "rating" else "evidence_false", wrong.quote)
    yield from _message(state, heard, persona, events)
    yield from _order(state, heard, events)
    yield from _apology(state, heard, events)
    if _only_questions(heard) and memory.questions_in_a_row >= 3:
        events.append("interrogation")
        yield from _context("interrogation")
    if memory.money_asked and not memory.money_answered:
        if heard.money:
            events.append("money_answered")
            yield from _context("money_answered")
        elif heard.has(MoveKind.DISMISSAL, MoveKind.DISOWNS_DECISION):
            yield from _context("money_dodged")
    if heard.pauses:
        yield from _context("pause" if heard.pauses == 1 else "pause_again")
    elif not heard.moves and not heard.facts and not heard.touched:
        yield from _context("nothing")
    if heard.has(*_LISTENING) and not heard.harms and state.tension > 0.3 and _real_listening(heard):
        yield from _context("settles")


def _real_listening(heard: Heard) -> bool:
    return any(
        m.kind in _LISTENING and m.strength >= 0.5 and m.detail not in ("hollow", "generic", "parrot")
        for m in heard.moves
    )


def _message(state: EmployeeState, heard: Heard, persona: Persona, events: list[str]) -> Iterator[Change]:
    memory = state.memory
    new = [part for part in heard.delivered if part not in memory.delivered]
    said = heard.first(MoveKind.DELIVERS_MESSAGE)
    quote = said.quote if said else ""
    if new:
        events.extend(f"delivered:{part}" for part in new)
        first = not memory.delivered
        yield from _entry("rules", MoveKind.DELIVERS_MESSAGE, quote, 1.0 if first else 0.5)
        if first:
            if persona.style is Style.DEFENSIVE:
                yield from _context("message_defensive", quote)
            if not memory.asked_first:
                yield from _context("message_unheard", quote)
            if not memory.evidence and not heard.true_facts:
                yield from _context("message_bare", quote)
        if (memory.evidence or heard.true_facts) and memory.asked_first:
            yield from _context("message_owned", quote)
    elif heard.delivered and said is not None:
        yield from _context("message_again", quote)
    elif said is not None and not memory.delivered:
        yield from _entry("rules", MoveKind.DELIVERS_MESSAGE, quote, 0.5)


def _order(state: EmployeeState, heard: Heard, events: list[str]) -> Iterator[Change]:
    memory = state.memory
    delivered = bool(memory.delivered or heard.delivered)
    if not memory.asked_first and not memory.delivered and not heard.delivered and _asks_own_view(heard):
        events.append("asked_first")
        yield from _context("asked_first")
    if heard.has(MoveKind.PLAN, MoveKind.COMMITMENT) and not delivered:
        yield from _context("plan_premature")
    elif heard.has(MoveKind.PLAN) and not memory.cause and not heard.has(MoveKind.DIAGNOSES_CAUSE):
        yield from _context("plan_unheard")
    if heard.has(MoveKind.AGREE_BEFORE_DIFFER, MoveKind.OFFERS_APPEAL) and not delivered:
        yield from _context("differ_early")
    marker = heard.first(MoveKind.STEP_MARKER)
    if marker and marker.detail == Step.CLOSING and not (delivered and memory.plan_parts):
        yield from _context("close_premature", marker.quote)
    if marker and marker.detail == Step.OPENING and (memory.delivered or memory.turns > 4):
        yield from _context("agenda_late", marker.quote)
    kinds = {m.kind for m in heard.moves if m.strength >= 0.5}
    if kinds == {MoveKind.RAPPORT} and memory.delivered and STEPS.index(state.step) < STEPS.index(Step.COMMITMENT):
        yield from _context("chat_late")
    empathy = heard.first(MoveKind.EMPATHY)
    if empathy and not delivered and mentioned(_RESULT_WORDS, empathy.quote.lower()):
        yield from _context("feeling_early", empathy.quote)


def _asks_own_view(heard: Heard) -> bool:
    marker = heard.first(MoveKind.STEP_MARKER)
    return (marker is not None and marker.detail == Step.SELF_REVIEW) or heard.has(MoveKind.OPEN_QUESTION)


def _only_questions(heard: Heard) -> bool:
    kinds = {m.kind for m in heard.moves if m.strength >= 0.5}
    return bool(kinds) and kinds <= {MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION}


def _apology(state: EmployeeState, heard: Heard, events: list[str]) -> Iterator[Change]:
    apology = heard.first(MoveKind.APOLOGY)
    if apology is None or heard.harms:
        return
    if state.memory.harm > 0.05:
        events.append("repaired")
        yield from _context("repaired", apology.quote)
    else:
        yield from _context("apology_empty", apology.quote)


def _acted_on(concern: Concern, heard: Heard) -> bool:
    """Whether an offer, a step or an amends is about this concern: its words are said with it or just before it.

    Naming the matter in one place and promising something else in another addresses nothing.
    """
    words, before = (*concern.words, *concern.addressed_by.words), ""
    for start, sentence in sentences(heard.folded):
        here = any(
            m.kind in concern.addressed_by.moves
            and m.strength >= 0.5
            and start < m.end
            and m.start < start + len(sentence)
            for m in heard.moves
        )
        if here and (mentioned(words, sentence) or (mentioned(words, before) and not before.rstrip().endswith(_ASKS))):
            return True
        before = sentence
    return False


def _concern_changes(
    state: EmployeeState,
    heard: Heard,
    persona: Persona,
    concerns: dict[str, ConcernStatus],
    events: list[str],
) -> Iterator[Change]:
    """Naming and addressing; hinting and revealing is ``disclosure.py``."""
    pried = heard.first(MoveKind.PRIES)
    for concern in persona.concerns:
        status = concerns.get(concern.id)
        if status is None:
            continue
        touched = concern.id in heard.touched
        if pried and touched and concern.protected and status.rank < 2:
            events.append("secret_pried")
            yield from _context("secret_pried", pried.quote)
        if heard.harms or heard.repeated:
            continue
        done = _acted_on(concern, heard)
        if touched and status in (ConcernStatus.HINTED, ConcernStatus.REVEALED) and heard.moves:
            concerns[concern.id] = status = ConcernStatus.NAMED
            events.append(f"named:{concern.id}")
            yield from _context("concern_named")
        if done and status is ConcernStatus.NAMED:
            concerns[concern.id] = ConcernStatus.ADDRESSED
            events.append(f"addressed:{concern.id}")
            yield from _context("concern_addressed")


def _habit_changes(heard: Heard, persona: Persona, events: list[str]) -> Iterator[Change]:
    for number, trigger in enumerate(persona.triggers):
        if mentioned(trigger.words, heard.folded) or heard.has(*trigger.moves):
            events.append(f"trigger:{number}")
            yield Change("tension", trigger.extra, "trigger", note=trigger.why)
    if heard.harms or heard.repeated or not heard.readable:
        return
    for number, soother in enumerate(persona.soothers):
        moved = any(m.kind in soother.moves and m.strength >= 0.5 and not m.detail for m in heard.moves)
        if (not soother.moves or moved) and (not soother.words or mentioned(soother.words, heard.folded)):
            events.append(f"soother:{number}")
            yield Change("trust", soother.extra, "soother", note=soother.why)


def _harm_after(state: EmployeeState, heard: Heard, events: Iterable[str]) -> float:
    table = rules()
    harm = state.memory.harm
    if "repaired" in events:
        harm *= 1 - _REPAIRABLE
    elif "named:" in "".join(events):
        harm *= 0.85
    for kind in {m.kind for m in heard.harms}:
        harm += table["rules"][kind].get("harm", 0.0)
    evidence = heard.first(MoveKind.EVIDENCE)
    if evidence is not None and evidence.detail == "blaming":
        harm += table["context"]["evidence_blaming"]["harm"]
    if heard.false_facts:
        harm += 0.1
    return _clamp(harm * 0.985)


def _held_back(state: EmployeeState, heard: Heard, changes: list[Change]) -> list[Change]:
    """Gains shrink while harm stands unrepaired, and near the top of a gauge; a harmful turn gains nothing."""
    harm = state.memory.harm
    factor = 1.0 if harm <= HARM_THAT_BLOCKS else max(0.15, 0.6 - harm)
    held: list[Change] = []
    for change in changes:
        delta = change.delta
        if _is_gain(change):
            if heard.harms:
                continue
            if change.gauge in ("trust", "tension", "fairness", "voice") and change.code != "repaired":
                delta *= factor
            if change.gauge in ("trust", "voice", "fairness"):
                delta *= min(1.0, 1.5 * (1.0 - getattr(state, change.gauge)) + 0.1)
        held.append(replace(change, delta=delta))
    return held


def _ends_trust(heard: Heard, events: Iterable[str]) -> bool:
    return heard.has(MoveKind.INSULT, MoveKind.THREAT) or "secret_pried" in events


def _apply(state: EmployeeState, changes: list[Change], *, at_once: bool) -> tuple[dict[str, float], list[Change]]:
    """New gauge values within bounds, and the changes scaled so that they add up to what really happened."""
    bounds = rules()["bounds"]
    values: dict[str, float] = {}
    kept: list[Change] = []
    for gauge in GAUGES:
        old: float = getattr(state, gauge)
        own = [c for c in changes if c.gauge == gauge]
        total = sum(c.delta for c in own)
        low, high = bounds[gauge]
        allowed = max(low, min(high, total))
        if gauge == "trust" and at_once:
            allowed = min(allowed, 0.08 - old, -0.0)
        new = _clamp(old + allowed)
        real = new - old
        values[gauge] = round(new, 4)
        scale = real / total if total and abs(total) > 1e-9 and (real >= 0) == (total >= 0) else 0.0
        kept += [replace(c, delta=round(c.delta * scale, 4)) for c in own if abs(c.delta * scale) >= 0.005]
    return values, kept


def _remember(memory: Memory, heard: Heard, harm: float, events: list[str]) -> Memory:
    empathy = heard.first(MoveKind.EMPATHY)
    hollow = (
        empathy is not None
        and empathy.detail == "hollow"
        and not any(m.kind is MoveKind.EMPATHY and m.detail != "hollow" and m.strength >= 0.5 for m in heard.moves)
    )
    delivered = memory.delivered + tuple(p for p in heard.delivered if p not in memory.delivered)
    shown = tuple(dict.fromkeys(f.about for f in heard.true_facts if f.about))
    return replace(
        memory,
        turns=memory.turns + 1,
        hollow_empathy=memory.hollow_empathy + int(hollow),
        questions_in_a_row=memory.questions_in_a_row + 1 if _only_questions(heard) else 0,
        unreadable=memory.unreadable + int(not heard.readable),
        harm=round(harm, 4),
        harms=memory.harms + len(heard.harms),
        delivered=delivered,
        asked_first=memory.asked_first or "asked_first" in events,
        evidence=memory.evidence + tuple(e for e in shown if e not in memory.evidence),
        false_evidence=memory.false_evidence + len(heard.false_facts),
        plan_parts=_plan_parts(memory.plan_parts, heard),
        agreed=(*memory.agreed, *_set_down(heard))[-AGREED_KEPT:],
        cause=memory.cause or heard.has(MoveKind.DIAGNOSES_CAUSE),
        appeal=memory.appeal or heard.has(MoveKind.OFFERS_APPEAL),
        follow_up=memory.follow_up
        or (
            heard.has_follow_up
            and heard.has_time
            and heard.has(MoveKind.PLAN, MoveKind.COMMITMENT, MoveKind.SUPPORT_OFFER)
        ),
        money_answered=memory.money_answered or "money_answered" in events,
        repeats=memory.repeats + int(heard.repeated),
        heard=(*memory.heard, heard.fingerprint)[-HEARD_KEPT:],
    )


def _set_down(heard: Heard) -> Iterator[str]:
    """The sentences in which something was settled, as they were said."""
    settling = (MoveKind.PLAN, MoveKind.COMMITMENT, MoveKind.SUPPORT_OFFER)
    where = [m.start for m in heard.moves if m.kind in settling and m.strength >= 0.5]
    for start, sentence in sentences(heard.text):
        said = _WITHOUT_TAG.sub("", sentence.strip().rstrip("。.！!；;，,"))
        if any(start <= place < start + len(sentence) for place in where) and not said.endswith(_ASKS):
            yield said if len(said) <= AGREED_CHARS else said[:AGREED_CHARS] + "…"


def _plan_parts(parts: tuple[str, ...], heard: Heard) -> tuple[str, ...]:
    found = set(parts)
    if heard.has(MoveKind.PLAN):
        found.add("what")
    if heard.has(MoveKind.COMMITMENT):
        found |= {"who", "when"}
    if heard.has(MoveKind.PLAN, MoveKind.EXPECTATION) and heard.has_time:
        found.add("when")
    if heard.has(MoveKind.SUPPORT_OFFER):
        found.add("support")
    if heard.has_follow_up and heard.has(MoveKind.PLAN, MoveKind.COMMITMENT, MoveKind.SUPPORT_OFFER):
        found.add("how")
    return tuple(p for p in ("what", "who", "when", "how", "support") if p in found)


def _commitment_cap(concerns: Mapping[str, ConcernStatus], memory: Memory) -> float:
    """No easy compliance: what commitment can be, given what has really been dealt with."""
    named = any(s.rank >= 3 for s in concerns.values())
    addressed = any(s.rank >= 4 for s in concerns.values())
    concrete = "what" in memory.plan_parts and "when" in memory.plan_parts
    if not named and not concrete:
        return 0.3
    return min(
        1.0,
        0.3
        + 0.2 * named
        + 0.2 * addressed
        + 0.2 * concrete
        + 0.1 * ("support" in memory.plan_parts)
        + 0.1 * memory.follow_up,
    )


def _step_after(step: Step, heard: Heard, memory: Memory) -> Step:
    """Where the talk is: what the manager says it is, else what they do."""
    marker = heard.first(MoveKind.STEP_MARKER)
    if marker and marker.detail in list(Step):
        return Step(marker.detail)
    now = STEPS.index(step)
    if heard.has(MoveKind.COMMITMENT) and memory.plan_parts:
        reached = Step.COMMITMENT
    elif heard.has(MoveKind.PLAN) or (heard.has(MoveKind.SUPPORT_OFFER) and memory.delivered):
        reached = Step.PLAN
    elif heard.has(MoveKind.AGREE_BEFORE_DIFFER, MoveKind.OFFERS_APPEAL) and memory.delivered:
        reached = Step.DIFFERENCES
    elif heard.has(MoveKind.DELIVERS_MESSAGE, MoveKind.EVIDENCE):
        reached = Step.FEEDBACK
    elif heard.has(MoveKind.OPEN_QUESTION) and step is Step.OPENING:
        reached = Step.SELF_REVIEW
    else:
        return step
    return reached if STEPS.index(reached) > now or reached is Step.DIFFERENCES else step
