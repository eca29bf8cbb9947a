"""Rules of findings that the data file can't say: each takes the whole talk and yields where it found something."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from interview.conversation import Transcript
from interview.cues import CueKind
from interview.moves import HARMS, Move, MoveKind
from interview.persona import Persona, Scenario
from interview.preparation import Preparation, judged
from interview.reading.patterns import fold, sentences
from interview.situations import Situation
from interview.steps import Step
from scoring.measures import PLAN_PARTS, TurnReading, plan_parts, steps_reached

_DENIED = re.compile(
    r"不能|没法|不敢|不好|不会.{0,4}(?:承诺|保证|答应)|别指望|谁也|定不了|can't|cannot|can not|couldn't|won't|not|never|no one|nobody"
)
UPSET_BY = frozenset({CueKind.ANGER, CueKind.UNFAIRNESS, CueKind.HURT, CueKind.RESISTANCE})
_HITS_BACK = frozenset(
    {MoveKind.DISMISSAL, MoveKind.BLAME, MoveKind.INSULT, MoveKind.LABEL, MoveKind.INTERRUPTION, MoveKind.THREAT,
     MoveKind.COMPARISON}
)  # fmt: skip
_OPENS = (MoveKind.OPEN_QUESTION, MoveKind.REFLECTION, MoveKind.EMPATHY)
_LISTENS = (*_OPENS, MoveKind.CLOSED_QUESTION, MoveKind.DIAGNOSES_CAUSE, MoveKind.ENCOURAGER)
_TELLS = (MoveKind.ADVICE, MoveKind.EXPECTATION, MoveKind.BLAME, MoveKind.LABEL, MoveKind.DISMISSAL)
_WAY_OUT = (
    MoveKind.PLAN, MoveKind.COMMITMENT, MoveKind.SUPPORT_OFFER, MoveKind.OFFERS_APPEAL, MoveKind.AGREE_BEFORE_DIFFER,
)  # fmt: skip
_LIFTS = (
    MoveKind.AFFIRMATION, MoveKind.SUPPORT_OFFER, MoveKind.EMPATHY, MoveKind.RAPPORT, MoveKind.COMMITMENT,
    MoveKind.OFFERS_APPEAL,
)  # fmt: skip
_SMALL = frozenset({MoveKind.RAPPORT, MoveKind.ENCOURAGER, MoveKind.CLOSED_QUESTION, MoveKind.AFFIRMATION})
SMALL_TALK, LECTURE, LECTURE_TELLS, EARLY = 3, 4, 3, 2
MONOLOGUE: Mapping[str, int] = {"zh": 220, "en": 700}
MANY_QUESTIONS, MANY_UNREAD = 0.15, 0.15


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a kind was found. ``detail`` follows its text; ``turn`` None: it rests on what was not said."""

    turn: int | None
    quote: str = ""
    detail: str = ""
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """Everything a rule may look at. ``upset``: by manager turn, the strength of what the employee had just shown."""

    readings: Sequence[TurnReading]
    transcript: Transcript
    measures: Mapping[str, float]
    situation: Situation
    known: frozenset[str]
    persona: Persona | None = None
    scenario: Scenario | None = None
    upset: Mapping[int, float] | None = None
    preparation: Preparation | None = None

    @property
    def is_review(self) -> bool:
        """Whether it is known to be a performance talk."""
        return bool(self.known & {"scenario", "review"})

    @property
    def counted(self) -> list[TurnReading]:
        """The turns that say something."""
        return [r for r in self.readings if r.counted]


Rule = Callable[[Talk], Iterator[Spot]]


def _whole(r: TurnReading) -> Spot:
    return Spot(r.turn.index, r.turn.text[:80])


def _at(r: TurnReading, move: Move) -> Spot:
    return Spot(r.turn.index, move.quote)


def promised(talk: Talk) -> Iterator[Spot]:
    """A promise beyond authority, by the reader or by the scenario's own list."""
    for r in talk.readings:
        move = next((m for m in r.moves if m.kind is MoveKind.PROMISE_BEYOND_AUTHORITY and m.strength >= 0.5), None)
        if move:
            yield _at(r, move)
        elif talk.scenario and (quote := _forbidden(r.turn.text, talk.scenario)):
            yield Spot(r.turn.index, quote)


def _forbidden(text: str, scenario: Scenario) -> str:
    for start, sentence in sentences(fold(text)):
        if sentence.rstrip().endswith(("?", "？")):
            continue
        for word in (word for promise in scenario.may_not_promise for word in promise.words):
            at = sentence.find(fold(word))
            if at >= 0 and not _DENIED.search(re.split(r"[，,]", sentence[:at])[-1]):
                return text[start + at : start + at + len(word)]
    return ""


def hollow(talk: Talk) -> Iterator[Spot]:
    """Empathy that names nothing."""
    yield from (_at(r, m) for r in talk.readings if (m := r.empty(MoveKind.EMPATHY, "hollow")))


def parroted(talk: Talk) -> Iterator[Spot]:
    """The other's words given back."""
    yield from (_at(r, m) for r in talk.readings if (m := r.empty(MoveKind.REFLECTION, "parrot")))


def told(talk: Talk) -> Iterator[Spot]:
    """Advice without a question or a sign of having heard."""
    for r in talk.readings:
        move = next((m for m in r.moves if m.kind is MoveKind.ADVICE and m.strength >= 0.5), None)
        if move and not r.real(*_OPENS):
            yield _at(r, move)


def questioned(talk: Talk) -> Iterator[Spot]:
    """One question after another."""
    if talk.measures["interrogation"] > MANY_QUESTIONS:
        yield from (_whole(r) for r in talk.readings if r.skipped == "questions")


def unread(talk: Talk) -> Iterator[Spot]:
    """What the reader could make nothing of, where it is much."""
    if talk.measures["unread_share"] > MANY_UNREAD:
        first = next(r for r in talk.readings if not r.readable)
        yield Spot(first.turn.index, first.turn.text[:80], f"{talk.measures['unread_share']:.0%}")


def missing(talk: Talk) -> Iterator[Spot]:
    """Parts of the scenario's message that nobody said."""
    if not talk.persona or not talk.scenario:
        return
    said = {part for r in talk.readings for part in r.delivered}
    rating = talk.persona.rating
    for part in talk.scenario.message:
        if part.id not in said:
            text = part.text.replace("{rating}", rating.given).replace("{expected}", rating.expected)
            yield Spot(None, detail=text)


def untrue(talk: Talk) -> Iterator[Spot]:
    """Figures and events that the record does not bear out."""
    for r in talk.readings:
        yield from (Spot(r.turn.index, f.quote) for f in r.facts if f.verdict == "false" and f.about != "rating")


def rating_untrue(talk: Talk) -> Iterator[Spot]:
    """Another rating than the one on record."""
    for r in talk.readings:
        yield from (Spot(r.turn.index, f.quote) for f in r.facts if f.verdict == "false" and f.about == "rating")


def accusing_fact(talk: Talk) -> Iterator[Spot]:
    """A fact said as an accusation."""
    for r in talk.readings:
        move = next((m for m in r.moves if m.kind is MoveKind.EVIDENCE and m.detail == "blaming"), None)
        if move:
            yield _at(r, move)


def no_cause(talk: Talk) -> Iterator[Spot]:
    """Nobody looked for the cause."""
    if not talk.measures["cause_found"]:
        yield Spot(None)


def dispute_left_open(talk: Talk) -> Iterator[Spot]:
    """The employee disagreed and nothing after it leads out: no plan, no support; nor had a review been named before."""
    if any(r.has(MoveKind.OFFERS_APPEAL) for r in talk.readings):
        return
    for place, r in enumerate(talk.readings):
        if (talk.upset or {}).get(r.turn.index, 0.0) >= 0.6:
            if not any(later.has(*_WAY_OUT) for later in talk.readings[place:]):
                yield _whole(r)
            return


def _poorly(talk: Talk, step: Step) -> Iterator[Spot]:
    chosen = [c for c in judged(talk.preparation or {}) if c.step is step]
    worst = min((c for c in chosen if c.kind != "bring"), key=lambda c: c.worth, default=None)
    if worst is not None and worst.worth <= 0.3:
        yield Spot(None, detail=f"{worst.kind}/{worst.option}", step=step)


def notice_poor(talk: Talk) -> Iterator[Spot]:
    """An invitation that leaves them guessing, chosen before the talk."""
    yield from _poorly(talk, Step.NOTICE)


def setting_poor(talk: Talk) -> Iterator[Spot]:
    """A place or seating where nothing can be said."""
    yield from _poorly(talk, Step.SETTING)


def small_talk_long(talk: Talk) -> Iterator[Spot]:
    """Several first turns that are nothing but small talk."""
    start = 0
    for r in talk.readings:
        kinds = {m.kind for m in r.moves if m.strength >= 0.5}
        if not r.readable or not kinds <= _SMALL:
            break
        start += 1
    if start > SMALL_TALK:
        yield _whole(talk.readings[start - 1])


def _result_turn(talk: Talk) -> TurnReading | None:
    return next((r for r in talk.readings if r.delivered or (r.counted and r.has(MoveKind.DELIVERS_MESSAGE))), None)


def score_first(talk: Talk) -> Iterator[Spot]:
    """The result among the first words, before purpose and before any question."""
    first = _result_turn(talk)
    if first is None or talk.measures["asked_first"] or first not in talk.readings[:EARLY]:
        return
    reached = set(steps_reached(talk.readings[: talk.readings.index(first)]))
    if talk.is_review and not {Step.OPENING, Step.SELF_REVIEW} & (reached | _marked_steps(talk.readings[:EARLY])):
        yield _whole(first)


def unheard_first(talk: Talk) -> Iterator[Spot]:
    """The result before they were asked anything."""
    first = _result_turn(talk)
    if first is not None and not talk.measures["asked_first"] and talk.is_review:
        yield _whole(first)


def no_purpose(talk: Talk) -> Iterator[Spot]:
    """The opening step was never reached in words."""
    if Step.OPENING not in _marked_steps(talk.readings):
        yield Spot(None)


def _marked_steps(readings: Sequence[TurnReading]) -> set[Step]:
    marks = [m for r in readings for m in r.moves if m.kind is MoveKind.STEP_MARKER and m.strength >= 0.4]
    return {Step(m.detail) for m in marks if m.detail in list(Step)}


def no_self_review(talk: Talk) -> Iterator[Spot]:
    """They were never asked how they see it, before or after the result."""
    if Step.SELF_REVIEW not in _marked_steps(talk.readings) and not any(
        r.real(MoveKind.OPEN_QUESTION) for r in talk.readings
    ):
        yield Spot(None)


def lecture(talk: Talk) -> Iterator[Spot]:
    """Turn after turn of telling, or one turn as long as a speech, without a question."""
    run: list[TurnReading] = []
    for r in talk.readings:
        run = [] if r.has(*_LISTENS) else [*run, r]
        tells = [x for x in run[-LECTURE:] if x.has(*_TELLS)]
        if len(run) >= LECTURE and len(tells) >= LECTURE_TELLS:
            yield _whole(tells[-1])
            return
        if len(r.turn.text) > MONOLOGUE[talk.transcript.lang] and not r.has(*_LISTENS) and r.readable:
            yield _whole(r)
            return


def heated(talk: Talk) -> Iterator[Spot]:
    """A hurtful answer to somebody who was upset."""
    for r in talk.readings:
        if (talk.upset or {}).get(r.turn.index, 0.0) >= 0.5 and r.has(*_HITS_BACK):
            yield _whole(r)
            return


def no_plan(talk: Talk) -> Iterator[Spot]:
    """No part of a plan at all."""
    if not plan_parts(talk.readings):
        yield Spot(None)


def plan_incomplete(talk: Talk) -> Iterator[Spot]:
    """Parts that the plan still lacks; the follow-up has a finding of its own."""
    parts = plan_parts(talk.readings)
    lacks = [p for p in PLAN_PARTS if p not in parts and p != "how"]
    if parts and lacks:
        yield Spot(None, detail=",".join(lacks))


def no_follow_up(talk: Talk) -> Iterator[Spot]:
    """A plan nobody will come back to."""
    parts = plan_parts(talk.readings)
    if parts and "how" not in parts:
        yield Spot(None)


def ends_on_criticism(talk: Talk) -> Iterator[Spot]:
    """The last words hurt, or give the verdict with nothing beside it."""
    last = talk.counted[-1:]
    if not last:
        return
    hurts = last[0].has(*HARMS) or any(m.detail == "blaming" for m in last[0].moves)
    bare = last[0].has(MoveKind.DELIVERS_MESSAGE) and not last[0].has(*_LIFTS, *_WAY_OUT)
    if hurts or bare:
        yield _whole(last[0])


def no_closing(talk: Talk) -> Iterator[Spot]:
    """Nothing at the end that names a strength or offers support."""
    end = talk.counted[-3:]
    if Step.CLOSING not in _marked_steps(talk.readings) and not any(r.has(*_LIFTS) for r in end):
        yield Spot(None)


RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        promised, hollow, parroted, told, questioned, unread, missing, untrue, rating_untrue, accusing_fact, no_cause,
        dispute_left_open, notice_poor, setting_poor, small_talk_long, score_first, unheard_first, no_purpose,
        no_self_review, lecture, heated, no_plan, plan_incomplete, no_follow_up, ends_on_criticism, no_closing,
    )
}  # fmt: skip
