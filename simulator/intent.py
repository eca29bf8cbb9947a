"""What the employee does next, decided from the state, what was heard and what just changed."""

from dataclasses import replace

from interview.employee import ConcernStatus, EmployeeState
from interview.intent import Intent, IntentKind
from interview.moves import Move, MoveKind
from interview.persona import Persona, Scenario
from interview.reading.facts import mentioned
from interview.situations import Style
from interview.steps import STEPS, Step
from simulator.asking import Asked, about_work, asked_about
from simulator.disclosure import Disclosure
from simulator.hearing import Heard
from simulator.moments import fills_silence
from simulator.reaction import Reaction

_OBJECTIONS = {
    MoveKind.INSULT: IntentKind.OBJECT_INSULT,
    MoveKind.THREAT: IntentKind.OBJECT_THREAT,
    MoveKind.PRIES: IntentKind.OBJECT_PRYING,
    MoveKind.LABEL: IntentKind.OBJECT_LABEL,
    MoveKind.COMPARISON: IntentKind.OBJECT_COMPARISON,
    MoveKind.DISMISSAL: IntentKind.OBJECT_DISMISSAL,
    MoveKind.BLAME: IntentKind.OBJECT_BLAME,
    MoveKind.INTERRUPTION: IntentKind.OBJECT_INTERRUPTION,
}
LOW_TRUST, FAIR_TRUST, GOOD_TRUST = 0.28, 0.45, 0.55
PATIENCE_SHORT = 0.25
_BEFORE_A_HINT = (
    IntentKind.ANSWER, IntentKind.EXPLAIN_CAUSE, IntentKind.FEEL_HEARD, IntentKind.THANK, IntentKind.ASK_SUPPORT,
    IntentKind.SELF_REVIEW, IntentKind.PROPOSE, IntentKind.ACCEPT_PARTLY, IntentKind.COMMIT,
)  # fmt: skip
"""What is said first where there is an answer to give; a hint alone would pass the question by."""
_WHOLE = (
    IntentKind.ELABORATE_CONCERN,
    IntentKind.COMMIT,
    IntentKind.PROPOSE,
    IntentKind.ASK_SUPPORT,
    IntentKind.ASK_APPEAL,
)
"""What leaves no room for a word on another matter."""
_ABOUT_THE_RESULT = (MoveKind.DELIVERS_MESSAGE, MoveKind.EVIDENCE, MoveKind.AGREE_BEFORE_DIFFER)
_WANTS_AN_ANSWER = (
    MoveKind.PLAN, MoveKind.COMMITMENT, MoveKind.SUPPORT_OFFER, MoveKind.EXPECTATION, MoveKind.STEP_MARKER,
    MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.AFFIRMATION, MoveKind.APOLOGY, MoveKind.OFFERS_APPEAL,
)  # fmt: skip
"""Turns to which the money would be no answer."""
_OF_ONESELF = {
    Asked.PROUD: IntentKind.ANSWER,
    Asked.IMPROVE: IntentKind.ANSWER,
    Asked.EXPECTED: IntentKind.ANSWER,
    Asked.WANT: IntentKind.ASK_SUPPORT,
}
TOPICS_KEPT, LINES_KEPT = 60, 400


def decide(reaction: Reaction, disclosure: Disclosure, heard: Heard, persona: Persona, scenario: Scenario) -> Intent:
    """The next intent. Rules are tried from the gravest to the most ordinary; the first that fits decides."""
    state = disclosure.state
    topic = topic_of(heard, persona)
    return (
        _leaves(state, heard, persona)
        or _objects(state, heard)
        or fills_silence(state, heard, persona)
        or _answers_odd_moves(state, reaction, heard, persona)
        or _takes_message(reaction, state, heard, persona, scenario)
        or _recap(state, heard)
        or _concern(reaction, disclosure, heard, persona, topic)
        or _initiative(state, heard, persona, scenario, topic)
        or _ordinary(state, heard, persona, topic)
    )


def remember_intent(state: EmployeeState, intent: Intent, said: tuple[str, ...]) -> EmployeeState:
    """The state with what the employee now knows to have said: money asked, disputes raised, topics told, lines used."""
    memory = state.memory
    disputes = (IntentKind.QUESTION_RATING, IntentKind.PUSH_BACK_FAIRNESS, IntentKind.CORRECT_FACT, IntentKind.ASK_EVIDENCE,
                IntentKind.STILL_DISAGREE)  # fmt: skip
    told = "self-review" if intent.kind is IntentKind.SELF_REVIEW else intent.about
    topics = memory.topics if not told or told in memory.topics else (*memory.topics, told)
    return replace(
        state,
        memory=replace(
            memory,
            money_asked=memory.money_asked or intent.kind is IntentKind.ASK_MONEY,
            disputes=memory.disputes + int(intent.kind in disputes or intent.also in disputes),
            topics=topics[-TOPICS_KEPT:],
            said=(*memory.said, *said)[-LINES_KEPT:],
        ),
    )


def topic_of(heard: Heard, persona: Persona) -> str:
    """What the manager is talking about: ``metric:…``, ``incident:…``, ``topic:…``, ``money``, or nothing."""
    for fact in heard.facts:
        if fact.about and fact.about != "rating" and fact.verdict == "true":
            kind = "metric" if any(m.id == fact.about for m in persona.metrics) else "incident"
            return f"{kind}:{fact.about}"
    for incident in persona.incidents:
        if mentioned(incident.words, heard.folded):
            return f"incident:{incident.id}"
    for topic in persona.topics:
        if mentioned(topic.words, heard.folded):
            return f"topic:{topic.id}"
    for metric in persona.metrics:
        if mentioned(metric.words, heard.folded):
            return f"metric:{metric.id}"
    return "money" if heard.money else ""


def _leaves(state: EmployeeState, heard: Heard, persona: Persona) -> Intent | None:
    """Walking out takes high tension, no trust and repeated or grave hurt, or used-up patience."""
    grave = heard.has(MoveKind.INSULT, MoveKind.THREAT)
    furious = state.tension >= persona.walk_out_tension and state.trust < LOW_TRUST
    fed_up = state.patience <= 0.02
    if (furious and state.memory.harms >= (2 if grave else 4)) or fed_up:
        return Intent(IntentKind.WALK_OUT)
    return None


def _objects(state: EmployeeState, heard: Heard) -> Intent | None:
    if not heard.harms:
        return None
    kind = heard.harms[0].kind
    resigned = (
        state.memory.harms >= 3 and state.memory.turns % 3 == 0 and kind not in (MoveKind.INSULT, MoveKind.THREAT)
    )
    if resigned:
        return Intent(IntentKind.GO_QUIET if state.tension > 0.6 else IntentKind.WITHDRAW)
    return Intent(_OBJECTIONS[kind], about=heard.harms[0].quote)


def _recap(state: EmployeeState, heard: Heard) -> Intent | None:
    """Asked to sum up: what was settled, in the manager's words, or that nothing was."""
    if asked_about(heard.folded) is not Asked.RECAP or not heard.readable:
        return None
    about = f"self:{Asked.RECAP}"
    if not state.memory.agreed:
        return Intent(IntentKind.ASK_WHAT_NEXT, about=about)
    return Intent(IntentKind.COMMIT if state.commitment >= 0.45 else IntentKind.ACCEPT_PARTLY, about=about)


def _answers_odd_moves(state: EmployeeState, reaction: Reaction, heard: Heard, persona: Persona) -> Intent | None:
    memory = state.memory
    if not heard.readable:
        return Intent(IntentKind.ASK_MEANING)
    if heard.repeated:
        return Intent(IntentKind.OBJECT_REPEAT if memory.repeats % 3 else IntentKind.GO_QUIET)
    if heard.false_facts:
        return Intent(IntentKind.CORRECT_FACT, about=heard.false_facts[0].about)
    if heard.first(MoveKind.EVIDENCE) and any(f.verdict == "unsupported" for f in heard.facts) and not heard.true_facts:
        return Intent(IntentKind.ASK_EVIDENCE)
    if reaction.happened("repaired"):
        return Intent(IntentKind.TAKE_APOLOGY)
    good = _good_move(heard)
    if heard.has(MoveKind.PROMISE_BEYOND_AUTHORITY):
        return Intent(IntentKind.DOUBT_PROMISE, about=_quote(heard, MoveKind.PROMISE_BEYOND_AUTHORITY))
    if heard.has(MoveKind.DISOWNS_DECISION):
        return Intent(IntentKind.NOTE_DISOWNED, about=_quote(heard, MoveKind.DISOWNS_DECISION))
    if good:
        return None
    empathy = heard.first(MoveKind.EMPATHY)
    if empathy and empathy.detail == "hollow" and memory.hollow_empathy >= 3:
        return Intent(IntentKind.TIRED_OF_EMPATHY if memory.hollow_empathy % 4 != 1 else IntentKind.GO_QUIET)
    if reaction.happened("interrogation"):
        return Intent(IntentKind.TIRED_OF_QUESTIONS if memory.questions_in_a_row % 2 == 0 else IntentKind.SHORT_ANSWER)
    if heard.has(MoveKind.KIND_BUT_VAGUE, MoveKind.LETS_OFF) and not heard.true_facts:
        kind = MoveKind.KIND_BUT_VAGUE if heard.has(MoveKind.KIND_BUT_VAGUE) else MoveKind.LETS_OFF
        return Intent(IntentKind.ASK_CONCRETE, about=_quote(heard, kind))
    return None


def _good_move(heard: Heard) -> bool:
    return any(
        m.kind in (MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.AFFIRMATION, MoveKind.EVIDENCE, MoveKind.PLAN,
                   MoveKind.SUPPORT_OFFER, MoveKind.COMMITMENT, MoveKind.DIAGNOSES_CAUSE, MoveKind.DELIVERS_MESSAGE)
        and m.strength >= 0.5 and m.detail not in ("hollow", "generic", "parrot")
        for m in heard.moves
    )  # fmt: skip


def _quote(heard: Heard, kind: MoveKind) -> str:
    move: Move | None = heard.first(kind)
    return move.quote if move else ""


def _takes_message(
    reaction: Reaction, state: EmployeeState, heard: Heard, persona: Persona, scenario: Scenario
) -> Intent | None:
    """Once a talk: the message itself came, not only a word about what happens next."""
    new = [e.partition(":")[2] for e in reaction.events if e.startswith("delivered:")]
    taken = any(part.id in state.memory.topics for part in scenario.message)
    if new and not taken and (scenario.message[0].id in new or heard.has(MoveKind.DELIVERS_MESSAGE)):
        also = IntentKind.QUESTION_RATING if persona.style is Style.DEFENSIVE and state.fairness < 0.4 else None
        return Intent(IntentKind.TAKE_MESSAGE, about=new[0], also=also)
    return None


def _concern(reaction: Reaction, disclosure: Disclosure, heard: Heard, persona: Persona, topic: str) -> Intent | None:
    for event in reaction.events:
        if event.startswith("addressed:"):
            return Intent(IntentKind.CONCERN_EASED, about=event.partition(":")[2])
    for event in reaction.events:
        if event.startswith("named:"):
            return Intent(IntentKind.ELABORATE_CONCERN, about=event.partition(":")[2])
    if disclosure.revealed:
        return Intent(IntentKind.REVEAL_CONCERN, about=disclosure.revealed)
    if disclosure.hinted:
        first = _ordinary(disclosure.state, heard, persona, topic)
        if disclosure.hinted not in heard.touched and (first.about or first.kind in _WHOLE):
            return None  # the answer is about something else; a hint after it would come from nowhere
        if first.kind not in _BEFORE_A_HINT:
            return Intent(IntentKind.HINT_CONCERN, about=disclosure.hinted)
        return replace(first, also=IntentKind.HINT_CONCERN, also_about=disclosure.hinted)
    return None


def _initiative(state: EmployeeState, heard: Heard, persona: Persona, scenario: Scenario, topic: str) -> Intent | None:
    """What the employee brings up unasked."""
    memory = state.memory
    delivered = bool(memory.delivered)
    said_enough = heard.has(MoveKind.EVIDENCE, MoveKind.DELIVERS_MESSAGE, MoveKind.COMMITMENT, MoveKind.OFFERS_APPEAL)
    if topic == "money" and not memory.money_answered and not said_enough:
        return Intent(IntentKind.ASK_MONEY)
    wants_money = delivered and scenario.rating_at_stake and not memory.money_asked
    if asked_about(heard.folded) is Asked.FLOOR and not _is_closing(heard):
        if not delivered:
            return Intent(IntentKind.ASK_WHAT_NEXT, about=f"self:{Asked.FLOOR}")
        if wants_money:
            return Intent(IntentKind.ASK_MONEY)
        settled = heard.has(MoveKind.COMMITMENT, MoveKind.PLAN)
        return Intent(IntentKind.SHORT_ANSWER if settled else IntentKind.ASK_WHAT_NEXT)
    if not delivered or heard.has(MoveKind.OPEN_QUESTION, MoveKind.DIAGNOSES_CAUSE, MoveKind.CLOSED_QUESTION):
        return None
    if wants_money and memory.turns >= 5 and heard.has(*_ABOUT_THE_RESULT) and not heard.has(*_WANTS_AN_ANSWER):
        return Intent(IntentKind.ASK_MONEY)
    if heard.has(
        MoveKind.AGREE_BEFORE_DIFFER,
        MoveKind.PLAN,
        MoveKind.COMMITMENT,
        MoveKind.SUPPORT_OFFER,
        MoveKind.REFLECTION,
    ):
        return None
    if not memory.evidence and memory.disputes < 2 and heard.has(MoveKind.DELIVERS_MESSAGE, MoveKind.EXPECTATION):
        return Intent(IntentKind.ASK_EVIDENCE)
    return None


def _is_closing(heard: Heard) -> bool:
    marker = heard.first(MoveKind.STEP_MARKER)
    return marker is not None and marker.detail == Step.CLOSING


def _ordinary(state: EmployeeState, heard: Heard, persona: Persona, topic: str) -> Intent:
    if _is_closing(heard):
        return _closes(state)
    asked = asked_about(heard.folded)
    if asked is Asked.SMALL_TALK and (not topic or state.memory.turns <= 2):
        return Intent(IntentKind.GREET if state.memory.turns <= 3 else IntentKind.SHORT_ANSWER)
    cold = state.trust < LOW_TRUST
    if cold and not heard.has(MoveKind.EVIDENCE, MoveKind.REFLECTION, MoveKind.DIAGNOSES_CAUSE, MoveKind.OFFERS_APPEAL):
        return _reserve(state, heard, topic)
    return (
        _about_the_matter(state, heard, persona, topic)
        or _about_the_future(state, heard, persona)
        or _about_being_heard(state, heard, topic)
        or _asked(state, heard, topic)
        or _small(state, heard, topic)
    )


def _closes(state: EmployeeState) -> Intent:
    settled = state.commitment >= 0.35 or (
        state.trust >= GOOD_TRUST and state.commitment >= 0.25 and state.agree_plan >= 0.25
    )
    good = state.trust >= FAIR_TRUST and settled and state.memory.harm <= 0.3
    return Intent(IntentKind.CLOSE_GOOD if good else IntentKind.CLOSE_COLD)


def _reserve(state: EmployeeState, heard: Heard, topic: str) -> Intent:
    """No trust: calm becomes resignation, tense becomes short or evasive."""
    turn = state.memory.turns
    if state.tension < 0.45 or state.patience < PATIENCE_SHORT:
        return Intent((IntentKind.WITHDRAW, IntentKind.SHORT_ANSWER, IntentKind.GO_QUIET)[turn % 3])
    if not topic and heard.has(MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION):
        return Intent((IntentKind.DEFLECT, IntentKind.WITHDRAW, IntentKind.SHORT_ANSWER)[turn % 3])
    if heard.has(MoveKind.SUPPORT_OFFER, MoveKind.COMMITMENT, MoveKind.PLAN, MoveKind.EXPECTATION):
        return Intent(IntentKind.WITHDRAW if turn % 3 == 0 else IntentKind.SHORT_ANSWER)
    order = (
        IntentKind.DEFLECT,
        IntentKind.SHORT_ANSWER,
        IntentKind.PUSH_BACK_FAIRNESS,
        IntentKind.WITHDRAW,
        IntentKind.DEFEND,
    )
    kind = order[turn % len(order)]
    return Intent(kind, about=topic if kind is IntentKind.DEFEND else "")


def _about_the_matter(state: EmployeeState, heard: Heard, persona: Persona, topic: str) -> Intent | None:
    defensive = persona.style is Style.DEFENSIVE
    if heard.has(MoveKind.DIAGNOSES_CAUSE):
        return Intent(IntentKind.ANSWER, about=topic) if topic else Intent(IntentKind.EXPLAIN_CAUSE)
    if heard.has(MoveKind.OFFERS_APPEAL):
        unclear = state.agree_rating < 0.4 and not heard.has_time
        return Intent(IntentKind.ASK_APPEAL if unclear else IntentKind.ACCEPT_PARTLY)
    if heard.has(MoveKind.EVIDENCE) and heard.true_facts:
        asked = heard.has(MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION)
        if asked:
            return Intent(IntentKind.ANSWER, about=topic)
        if (state.trust >= FAIR_TRUST or not defensive) and state.memory.turns % 2:
            return Intent(IntentKind.ACKNOWLEDGE_FACT, about=topic)
        return Intent(IntentKind.DEFEND if defensive else IntentKind.ANSWER, about=topic)
    if heard.has(MoveKind.AGREE_BEFORE_DIFFER):
        return Intent(IntentKind.ACCEPT_PARTLY if state.fairness >= 0.4 else IntentKind.STILL_DISAGREE)
    if heard.has(MoveKind.DELIVERS_MESSAGE):
        if _quote(heard, MoveKind.DELIVERS_MESSAGE).lower().startswith(("if ", "should ", "如果", "要是", "到期")):
            return Intent(IntentKind.SHORT_ANSWER)  # what comes after is no rating to argue with
        if state.fairness < 0.42:
            return Intent(IntentKind.PUSH_BACK_FAIRNESS)
        return Intent(IntentKind.QUESTION_RATING if state.agree_rating < 0.3 else IntentKind.ASK_WHAT_NEXT)
    return None


def _about_the_future(state: EmployeeState, heard: Heard, persona: Persona) -> Intent | None:
    delivered = bool(state.memory.delivered)
    if heard.has(MoveKind.COMMITMENT):
        if state.commitment >= 0.45:
            return Intent(IntentKind.COMMIT)
        return Intent(IntentKind.ACCEPT_PARTLY if state.trust >= FAIR_TRUST else IntentKind.WITHDRAW)
    if heard.has(MoveKind.SUPPORT_OFFER):
        if state.trust >= FAIR_TRUST:
            return Intent(IntentKind.PROPOSE if delivered and state.commitment >= 0.3 else IntentKind.ASK_SUPPORT)
        return Intent(IntentKind.ASK_SUPPORT if state.fairness >= 0.35 else IntentKind.STILL_DISAGREE)
    if heard.has(MoveKind.PLAN, MoveKind.EXPECTATION):
        if not delivered:
            return Intent(IntentKind.SHORT_ANSWER)
        if state.trust < FAIR_TRUST and state.agree_plan < 0.35:
            return Intent(IntentKind.STILL_DISAGREE if state.fairness < 0.42 else IntentKind.ASK_SUPPORT)
        if heard.has(MoveKind.OPEN_QUESTION) or (state.commitment >= 0.3 and state.memory.turns % 2):
            return Intent(IntentKind.PROPOSE)
        return Intent(IntentKind.COMMIT if state.commitment >= 0.55 else IntentKind.ACCEPT_PARTLY)
    if heard.has(MoveKind.ADVICE):
        return Intent(IntentKind.DEFLECT if persona.style is Style.DEFENSIVE else IntentKind.ACCEPT_PARTLY)
    return None


def _about_being_heard(state: EmployeeState, heard: Heard, topic: str) -> Intent | None:
    empathy = heard.first(MoveKind.EMPATHY)
    heard_truly = heard.has(MoveKind.REFLECTION) or (empathy is not None and empathy.detail != "hollow")
    asked = heard.has(MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION)
    if heard_truly and not asked:
        open_concern = next(
            (c for c, s in state.concerns.items() if s in (ConcernStatus.REVEALED, ConcernStatus.NAMED)), ""
        )
        if open_concern and state.memory.turns % 2:
            return Intent(IntentKind.ELABORATE_CONCERN, about=open_concern)
        return Intent(IntentKind.FEEL_HEARD, about=topic)
    praise = heard.first(MoveKind.AFFIRMATION)
    if praise and not asked:
        return Intent(IntentKind.THANK if praise.detail != "generic" else IntentKind.SHORT_ANSWER, about=topic)
    return None


def _asked(state: EmployeeState, heard: Heard, topic: str) -> Intent | None:
    if not heard.has(MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION, MoveKind.STEP_MARKER):
        return None
    marker = heard.first(MoveKind.STEP_MARKER)
    questioned = heard.has(MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION)
    if marker is not None and marker.detail == Step.OPENING and not questioned:
        return Intent(IntentKind.SHORT_ANSWER)
    asked = asked_about(heard.folded)
    if questioned and topic in ("", "topic:self-view") and asked is not None and asked in _OF_ONESELF:
        return Intent(_OF_ONESELF[asked], about=f"self:{asked}")
    about_self = (marker is not None and marker.detail == Step.SELF_REVIEW) or topic == "topic:self-view"
    if about_self and "self-review" not in state.memory.topics:
        return Intent(IntentKind.SELF_REVIEW, about=topic)
    if topic:
        return Intent(IntentKind.ANSWER, about=topic)
    future = marker is not None and marker.detail in (Step.PLAN, Step.COMMITMENT)
    if (future or STEPS.index(state.step) >= STEPS.index(Step.PLAN)) and state.memory.delivered:
        return Intent(IntentKind.PROPOSE if state.trust >= FAIR_TRUST else IntentKind.ASK_SUPPORT)
    if asked is Asked.PLAN and state.memory.delivered:
        return Intent(IntentKind.PROPOSE if state.trust >= FAIR_TRUST else IntentKind.ASK_SUPPORT)
    if heard.has(MoveKind.OPEN_QUESTION):
        if state.memory.delivered and state.fairness < 0.4:
            return Intent(IntentKind.PUSH_BACK_FAIRNESS)
        if state.memory.delivered and state.agree_rating < 0.25 and state.memory.turns % 3 == 0:
            return Intent(IntentKind.QUESTION_RATING)
        told = "self-review" in state.memory.topics or state.memory.delivered
        return Intent(IntentKind.ANSWER if told else IntentKind.SELF_REVIEW)
    if heard.has(MoveKind.CLOSED_QUESTION):
        return Intent(IntentKind.SHORT_ANSWER)  # a yes or a no; the long answers are for open questions
    return None


def _small(state: EmployeeState, heard: Heard, topic: str) -> Intent:
    if topic and not heard.has(MoveKind.RAPPORT):
        return Intent(IntentKind.ANSWER, about=topic)
    if heard.has(MoveKind.ENCOURAGER):
        return Intent(IntentKind.ANSWER)
    if heard.has(MoveKind.RAPPORT, MoveKind.STEP_MARKER):
        return Intent(IntentKind.SHORT_ANSWER)
    if heard.has(MoveKind.EMPATHY):
        return Intent(IntentKind.SHORT_ANSWER if state.trust < GOOD_TRUST else IntentKind.ANSWER)
    if state.memory.delivered:
        if asked_about(heard.folded) is None and not any(m.strength >= 0.5 for m in heard.moves):
            return Intent(IntentKind.SHORT_ANSWER)  # nobody knows what it meant; a question back would miss it
        order = (
            IntentKind.ASK_WHAT_NEXT,
            IntentKind.QUESTION_RATING,
            IntentKind.SHORT_ANSWER,
            IntentKind.ANSWER,
        )
        return Intent(order[state.memory.turns % 4])
    return Intent(IntentKind.SHORT_ANSWER if heard.moves or about_work(heard.folded) else IntentKind.OFF_TOPIC)
