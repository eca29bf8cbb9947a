"""The built-in voice: written lines chosen for the intent, filled with the persona's facts, never said twice.

A reply is an optional lead (answering what the manager just did), a core line (the persona's own where it has one for
this matter, else a general line by style, intent and tension band) and sometimes a tail or a second, smaller thing.
The choice depends only on seed, turn and state, so that a replay says the same.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from interview.conversation import Lang
from interview.employee import EmployeeState
from interview.intent import Intent, IntentKind
from interview.moves import MoveKind
from interview.persona import Concern, Persona, Point, Scenario, Variant
from interview.ports import SpeakingCue
from interview.reading.facts import mentioned
from interview.reading.patterns import fold
from interview.situations import Style
from simulator.asking import Asked
from simulator.hearing import Heard, incidents_of
from simulator.moments import moment_lines
from simulator.reaction import Reaction

_HAN = re.compile(r"[\u4e00-\u9fff]")
_SLOT = re.compile(r"\{([a-z]+)\}")
_SENTENCE = re.compile(r".+?(?:[。！？!?…]+[”\"']?|(?<![A-Z][a-z])(?<!\b[A-Z])\.+[\"']?(?=\s|$)|$)\s*", re.S)
_QUOTE_CHARS, _QUOTE_WORDS = 14, 6
_BANDS = ("calm", "tense", "hot")
_EN_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_PLAIN = frozenset(
    {
        IntentKind.SHORT_ANSWER, IntentKind.GO_QUIET, IntentKind.WALK_OUT, IntentKind.ASK_MEANING,
        IntentKind.OFF_TOPIC, IntentKind.CLOSE_COLD, IntentKind.CLOSE_GOOD, IntentKind.TIRED_OF_EMPATHY,
        IntentKind.OBJECT_INSULT, IntentKind.OBJECT_THREAT, IntentKind.OBJECT_LABEL, IntentKind.OBJECT_BLAME,
        IntentKind.OBJECT_COMPARISON, IntentKind.OBJECT_INTERRUPTION, IntentKind.OBJECT_DISMISSAL,
        IntentKind.OBJECT_PRYING, IntentKind.OBJECT_REPEAT, IntentKind.TAKE_APOLOGY, IntentKind.WITHDRAW,
        IntentKind.TIRED_OF_QUESTIONS, IntentKind.GREET, IntentKind.THANK, IntentKind.FEEL_HEARD,
    }
)  # fmt: skip
"""Intents that stand alone: no lead before them, no tail after them."""
_LED = frozenset(
    {
        IntentKind.ANSWER, IntentKind.SELF_REVIEW, IntentKind.EXPLAIN_CAUSE, IntentKind.DEFEND, IntentKind.PROPOSE,
        IntentKind.ASK_SUPPORT,
    }
)  # fmt: skip
"""Intents that may take up the manager's move first; the others answer it by themselves."""
_LEAD_ORDER = (
    MoveKind.APOLOGY, MoveKind.AGREE_BEFORE_DIFFER, MoveKind.REFLECTION, MoveKind.EMPATHY, MoveKind.OFFERS_APPEAL,
    MoveKind.SUPPORT_OFFER, MoveKind.COMMITMENT, MoveKind.PLAN, MoveKind.DIAGNOSES_CAUSE, MoveKind.AFFIRMATION,
    MoveKind.EVIDENCE, MoveKind.EXPECTATION, MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION, MoveKind.ENCOURAGER,
    MoveKind.STEP_MARKER, MoveKind.RAPPORT, MoveKind.ADVICE,
)  # fmt: skip


_GOES_ON = re.compile(
    r"(?:although|and|but|also|then|though|besides|not that|i mean|it's only)\b|不过|但|可是|而且|其实|就是|还有", re.I
)
"""Hints that take up what came before by themselves."""
_QUOTED: Mapping[Lang, Callable[[Sequence[str]], str]] = {
    "zh": lambda said: "，还有".join(f"“{line}”" for line in said),
    "en": lambda said: ", and ".join(f"“{line}”" for line in said),
}
_OFFERS = (MoveKind.OFFERS_APPEAL, MoveKind.SUPPORT_OFFER, MoveKind.COMMITMENT, MoveKind.PLAN, MoveKind.EXPECTATION)
_EMPTY = ("hollow", "generic", "parrot")


@dataclass(frozen=True, slots=True)
class Draft:
    """The written reply and the fingerprints of the lines it used."""

    sentences: tuple[str, ...]
    used: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it."""
        return join_sentences(self.sentences)


@dataclass(slots=True)
class _Choice:
    """One draw: what has been said, what may fill a slot, and where the randomness comes from."""

    said: frozenset[str]
    slots: Mapping[str, str]
    key: str
    used: list[str] = field(default_factory=list[str])

    def number(self, label: str, below: int) -> int:
        digest = hashlib.blake2s(f"{self.key}|{label}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") % below

    def pick(self, label: str, *pools: Iterable[str], again: bool = False) -> str:
        """An unsaid line of the first pool that has one; with ``again`` a said one rather than none."""
        everything: list[str] = []
        for pool in pools:
            fits = [line for line in pool if all(self.slots.get(slot) for slot in _SLOT.findall(line))]
            everything += fits
            fresh = [line for line in fits if line_id(line) not in self.said and line_id(line) not in self.used]
            if fresh:
                line = fresh[self.number(label, len(fresh))]
                self.used.append(line_id(line))
                return self.fill(line)
        if again and everything:
            return self.fill(everything[self.number(label, len(everything))])
        return ""

    def fill(self, line: str) -> str:
        return _SLOT.sub(lambda m: self.slots[m[1]], line).strip()


def line_id(line: str) -> str:
    """A short fingerprint of a written line."""
    return hashlib.blake2s(line.encode(), digest_size=3).hexdigest()


@cache
def general_lines(lang: Lang) -> Mapping[str, Any]:
    """The packaged general lines of one language."""
    text = files("simulator").joinpath("voices", "lines", f"{lang}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a reply, so that each can be shown and committed by itself."""
    return tuple(s.strip() for s in _SENTENCE.findall(text) if s.strip())


def join_sentences(sentences: Iterable[str]) -> str:
    """Sentences as one text: with spaces in English, without in Chinese."""
    text = ""
    for sentence in sentences:
        gap = " " if text and (text[-1].isascii() and sentence[:1].isascii()) else ""
        text += gap + sentence
    return text


def band(tension: float) -> str:
    """Calm under 0.4, tense to 0.7, hot above."""
    return "calm" if tension < 0.4 else "tense" if tension <= 0.7 else "hot"


class AuthoredVoice:
    """Speaks the draft as it was written."""

    name = "authored"

    def speak(self, cue: SpeakingCue) -> Iterator[str]:
        """The draft's sentences."""
        yield from cue.draft


def opening_line(persona: Persona, scenario: Scenario, state: EmployeeState, seed: int) -> Draft:
    """What the employee says on sitting down."""
    choice = _Choice(frozenset(), _slots(persona, None, None, None, seed, 0), f"{seed}|opening")
    uneasy = getattr(scenario.lines.uneasy_start, persona.style)
    first = choice.pick("opening", persona.lines.opening)
    second = choice.pick("uneasy", uneasy) if state.tension >= 0.4 or choice.number("uneasy?", 2) else ""
    return Draft(split_sentences(join_sentences([first, second]) if second else first), tuple(choice.used))


def drill_opening(persona: Persona, lines: Sequence[str], seed: int) -> Draft:
    """What the employee says where a drill begins."""
    choice = _Choice(frozenset(), _slots(persona, None, None, None, seed, 0), f"{seed}|drill")
    return Draft(split_sentences(choice.pick("drill", lines)), tuple(choice.used))


def compose_break(
    leaving: Sequence[str],
    narrator: str,
    again: Sequence[str],
    state: EmployeeState,
    heard: Heard,
    persona: Persona,
    seed: int,
) -> Draft:
    """What is said on breaking off, that time passed, and the first words after it."""
    turn = state.memory.turns
    slots = _slots(persona, None, heard, None, seed, turn)
    choice = _Choice(frozenset(state.memory.said), slots, f"{seed}|{turn}|break")
    first, then = choice.pick("leaving", leaving, again=True), choice.pick("again", again, again=True)
    return Draft((*split_sentences(first), narrator, *split_sentences(then)), tuple(choice.used))


def compose(
    intent: Intent,
    state: EmployeeState,
    heard: Heard,
    reaction: Reaction,
    persona: Persona,
    scenario: Scenario,
    variant: Variant,
    seed: int,
) -> Draft:
    """Write the reply for an intent."""
    turn = state.memory.turns
    slots = _slots(persona, variant, heard, intent, seed, turn) | {"agreed": _QUOTED[persona.lang](state.memory.agreed)}
    choice = _Choice(frozenset(state.memory.said), slots, f"{seed}|{turn}|{heard.fingerprint}")
    own = _own_pools(intent.kind, intent.about, heard, state, reaction, persona, scenario, variant)
    general = _general_pools(intent.kind, state, persona)
    if intent.kind is IntentKind.SHORT_ANSWER and not heard.has(MoveKind.OPEN_QUESTION, MoveKind.CLOSED_QUESTION):
        own = [*own, *_acknowledgements(heard, persona), general_lines(persona.lang)["nods"][persona.style]]
    elif intent.kind is IntentKind.SHORT_ANSWER and heard.has(MoveKind.CLOSED_QUESTION) and state.trust >= 0.45:
        own = [*own, general_lines(persona.lang)["leads"][MoveKind.CLOSED_QUESTION][persona.style]]
    elif intent.kind is IntentKind.ASK_CONCRETE and not heard.has(MoveKind.KIND_BUT_VAGUE):
        own = [*own, general_lines(persona.lang)["let_off"][persona.style]]
    elif intent.kind is IntentKind.FEEL_HEARD and not intent.about and not heard.has(MoveKind.REFLECTION):
        own = [*own, general_lines(persona.lang)["felt"][persona.style]]
    elif intent.kind is IntentKind.ACCEPT_PARTLY and heard.has(*_OFFERS):
        own = [*own, *_acknowledgements(heard, persona, _OFFERS)]
    core = choice.pick("core", *own, *general)
    if not core:
        core = choice.pick("core", *_general_pools(IntentKind.SHORT_ANSWER, state, persona), *own, *general, again=True)
    parts = [core]
    if intent.kind is IntentKind.REVEAL_CONCERN and heard.has(*_OFFERS):
        parts.insert(0, choice.pick("lead-in", *_acknowledgements(heard, persona, _OFFERS)))
    elif intent.kind in (IntentKind.REVEAL_CONCERN, IntentKind.ACKNOWLEDGE_FACT) and choice.number("lead-in", 2):
        parts.insert(0, choice.pick("lead-in", *general))
    elif intent.kind in _LED and intent.also is None and choice.number("lead?", 100) < _lead_chance(state):
        parts.insert(0, _lead(choice, heard, state, persona))
    if intent.also is not None:
        also = _own_pools(intent.also, intent.also_about, heard, state, reaction, persona, scenario, variant)
        second = choice.pick("also", *also, *_general_pools(intent.also, state, persona))
        if second and intent.also is IntentKind.HINT_CONCERN and not _GOES_ON.match(second):
            parts.append(choice.pick("bridge", general_lines(persona.lang)["bridges"][persona.style]))
        parts.append(second)
    elif (
        intent.kind not in _PLAIN
        and intent.about != f"self:{Asked.RECAP}"
        and not core.endswith(("？", "?"))
        and len(core) < (24 if persona.lang == "zh" else 60)
        and choice.number("tail?", 100) < 14
    ):
        tails = general_lines(persona.lang)["tails"][band(state.tension)][persona.style]
        parts.append(choice.pick("tail", tails))
    text = join_sentences(part for part in parts if part)
    return Draft(split_sentences(_capitalised(text) if persona.lang == "en" else text), tuple(choice.used))


def _lead_chance(state: EmployeeState) -> int:
    return 40 if state.tension < 0.6 else 20


def _lead(choice: _Choice, heard: Heard, state: EmployeeState, persona: Persona) -> str:
    leads = general_lines(persona.lang)["leads"]
    for kind in _LEAD_ORDER:
        move = heard.first(kind)
        if kind is MoveKind.DIAGNOSES_CAUSE and heard.has(MoveKind.OPEN_QUESTION):
            continue  # these leads weigh a cause that was offered; an open question offers none
        if move is not None and move.detail not in _EMPTY and kind in leads:
            return choice.pick("lead", leads[kind].get(persona.style, ()))
    return ""


def _acknowledgements(heard: Heard, persona: Persona, kinds: Sequence[MoveKind] = _LEAD_ORDER) -> list[Sequence[str]]:
    """Short words that take up what was said where nothing was asked."""
    leads = general_lines(persona.lang)["leads"]
    meant = {m.kind for m in heard.moves if m.strength >= 0.5 and m.detail not in _EMPTY}
    meant -= {MoveKind.RAPPORT}  # its leads answer “how are you”; a welcome asks nothing
    return [leads[kind][persona.style] for kind in kinds if kind in leads and kind in meant]


def _capitalised(text: str) -> str:
    return re.sub(r"(^|[.!?]\s+)([a-z])", lambda m: m[1] + m[2].upper(), text)


def _general_pools(kind: IntentKind, state: EmployeeState, persona: Persona) -> list[Sequence[str]]:
    """Lines for the intent in this style and band, then the nearer bands, then the other style's."""
    by_style = general_lines(persona.lang)["intents"].get(kind, {})
    here = _BANDS.index(band(state.tension))
    order = sorted(range(3), key=lambda b: (abs(b - here), b))
    pools: list[Sequence[str]] = []
    for style in (persona.style, Style.OPEN if persona.style is Style.DEFENSIVE else Style.DEFENSIVE):
        cells = by_style.get(style, {})
        pools += [cells[_BANDS[b]] for b in order if cells.get(_BANDS[b])]
    return pools


def _guarded(state: EmployeeState) -> bool:
    return state.trust < 0.4 or state.tension > 0.62


def _own_pools(
    kind: IntentKind,
    about: str,
    heard: Heard,
    state: EmployeeState,
    reaction: Reaction,
    persona: Persona,
    scenario: Scenario,
    variant: Variant,
) -> list[Sequence[str]]:
    """The persona's and the scenario's own lines for this, most particular first."""
    habits = _habit_lines(kind, heard, reaction, persona)
    concern = next((c for c in persona.concerns if c.id == about), None)
    pools: Mapping[IntentKind, Sequence[Sequence[str]]] = {
        IntentKind.TAKE_MESSAGE: (getattr(scenario.lines.reaction, persona.style),),
        IntentKind.QUESTION_RATING: (getattr(scenario.lines.doubt, persona.style),),
        IntentKind.ASK_WHAT_NEXT: (
            general_lines(persona.lang)["floor"][persona.style]
            if about == f"self:{Asked.FLOOR}"
            else getattr(scenario.lines.what_next, persona.style),
        ),
        IntentKind.ASK_MONEY: (persona.lines.money, scenario.money.questions if scenario.money else ()),
        IntentKind.PROPOSE: (tuple(p.text for p in persona.lines.plan_ideas),),
        IntentKind.CLOSE_GOOD: (persona.lines.close_good,),
        IntentKind.CLOSE_COLD: (persona.lines.close_cold,),
        IntentKind.WALK_OUT: (persona.lines.walk_out,),
        IntentKind.SELF_REVIEW: (_told("self-view", state, persona),),
        IntentKind.ASK_SUPPORT: (
            *((_texts(persona.self_assessment.wants),) if about == f"self:{Asked.WANT}" else ()),
            _told("support", state, persona),
        ),
    }
    found: list[Sequence[str]] = [*habits, *pools.get(kind, ())]
    if concern is not None:
        return [_concern_lines(kind, concern)]
    if about == f"self:{Asked.RECAP}":
        agreed = "recap" if state.memory.agreed else "recap_nothing"
        return [moment_lines(persona.lang)[agreed][persona.style]]
    if kind is IntentKind.CORRECT_FACT and about == "rating":
        return [moment_lines(persona.lang)["rating_wrong"][persona.style]]
    if about == f"self:{Asked.EXPECTED}" and not scenario.rating_at_stake:
        return found  # what they expected is not a rating here
    if kind in (IntentKind.ANSWER, IntentKind.DEFEND, IntentKind.ACKNOWLEDGE_FACT, IntentKind.FEEL_HEARD):
        found += _item_lines(kind, about, state, persona)
    return found


def _habit_lines(kind: IntentKind, heard: Heard, reaction: Reaction, persona: Persona) -> list[Sequence[str]]:
    """What touches this person; a line that quotes one of the words waits until that word has been said."""
    soft = (IntentKind.FEEL_HEARD, IntentKind.THANK, IntentKind.TAKE_APOLOGY, IntentKind.ACCEPT_PARTLY)
    hard = (IntentKind.PUSH_BACK_FAIRNESS, IntentKind.ASK_CONCRETE, IntentKind.DEFLECT, IntentKind.DEFEND)
    found: list[Sequence[str]] = []
    for event in reaction.events:
        name, _, number = event.partition(":")
        if name == "trigger" and (kind in hard or kind.startswith("object_")):
            habit = persona.triggers[int(number)]
        elif name == "soother" and kind in soft:
            habit = persona.soothers[int(number)]
        else:
            continue
        unsaid = tuple(w for w in habit.words if not mentioned((w,), heard.folded))
        found.append([line for line in habit.lines if not mentioned(unsaid, fold(line))])
    return found


def _concern_lines(kind: IntentKind, concern: Concern) -> Sequence[str]:
    by_kind: Mapping[IntentKind, Sequence[str]] = {
        IntentKind.HINT_CONCERN: concern.hint,
        IntentKind.REVEAL_CONCERN: concern.reveal,
        IntentKind.ELABORATE_CONCERN: concern.more,
        IntentKind.CONCERN_EASED: concern.eased,
    }
    return by_kind.get(kind, ())


def _told(topic_id: str, state: EmployeeState, persona: Persona) -> Sequence[str]:
    topic = next((t for t in persona.topics if t.id == topic_id), None)
    if topic is None:
        return ()
    return topic.guarded if _guarded(state) else topic.lines


def _item_lines(kind: IntentKind, about: str, state: EmployeeState, persona: Persona) -> list[Sequence[str]]:
    where, _, item_id = about.partition(":")
    guarded = kind is IntentKind.DEFEND or _guarded(state)
    for name, items in (("metric", persona.metrics), ("incident", persona.incidents)):
        item = next((i for i in items if name == where and i.id == item_id), None)
        if item is not None:
            return [item.guarded] if guarded else [item.account]
    if where == "self":
        own: Mapping[str, Sequence[str]] = {
            Asked.PROUD: _texts(persona.self_assessment.proud),
            Asked.IMPROVE: _texts(persona.self_assessment.improve),
            Asked.EXPECTED: general_lines(persona.lang)["expected"][persona.style],
        }
        return [own.get(item_id, ())]
    if where == "topic":
        return [_told(item_id, state, persona)]
    if where == "money":
        return [persona.lines.money]
    return []


def _slots(
    persona: Persona,
    variant: Variant | None,
    heard: Heard | None,
    intent: Intent | None,
    seed: int,
    turn: int,
) -> dict[str, str]:
    incidents = persona.incidents if variant is None else incidents_of(persona, variant)
    good = [i for i in incidents if i.kind == "good"]
    bad = [i for i in incidents if i.kind == "bad"]
    assessment = persona.self_assessment
    where, _, item_id = (intent.about if intent else "").partition(":")
    metric = next((m for m in persona.metrics if m.id == item_id), persona.metrics[0])
    named = next((i for i in persona.incidents if where == "incident" and i.id == item_id), None)
    slots = {
        "manager": persona.address.calls_manager[turn % len(persona.address.calls_manager)],
        "you": persona.address.you,
        "rating": persona.rating.given,
        "expected": persona.rating.expected,
        "role": persona.role,
        "metric": metric.name,
        "good": good[(seed + turn) % len(good)].short,
        "bad": bad[(seed + turn) % len(bad)].short,
        "incident": named.short if named else "",
        "proud": _rotate(assessment.proud, seed + turn),
        "improve": _rotate(assessment.improve, seed + turn),
        "want": _rotate(assessment.wants, seed + turn),
        "plan": _rotate(persona.lines.plan_ideas, seed + turn),
    }
    return slots | _number_slots(persona, heard, intent) | {"quote": _quote(intent, persona.lang)}


def _texts(points: Sequence[Point]) -> Sequence[str]:
    """What they say of each point, named first: “The wind model. Nobody's found a hole in it.”"""
    return tuple(join_sentences((f"{p.short}{'。' if _HAN.search(p.short) else '.'}", p.text)) for p in points)


def _rotate(points: Sequence[Point], number: int) -> str:
    return points[number % len(points)].short


def _number_slots(persona: Persona, heard: Heard | None, intent: Intent | None) -> dict[str, str]:
    fact = next((f for f in heard.facts if f.month and f.about != "rating"), None) if heard else None
    if fact is None or intent is None:
        return {}
    row = next((n for n in persona.numbers if n.metric == fact.about and int(n.month[5:]) == int(fact.month)), None)
    if row is None:
        return {}
    metric = next(m for m in persona.metrics if m.id == row.metric)
    month = f"{int(fact.month)}月" if persona.lang == "zh" else _EN_MONTHS[int(fact.month) - 1]
    return {
        "month": month,
        "actual": f"{row.actual:g}{metric.unit}",
        "target": f"{row.target:g}{metric.unit}",
        "metric": metric.name,
    }


def _quote(intent: Intent | None, lang: Lang) -> str:
    if (
        intent is None
        or ":" in intent.about
        or not intent.kind.startswith(("object_", "doubt_", "note_", "ask_concrete"))
    ):
        return ""
    words = re.sub(r"[\s。，！？、,.!?;；：:\"“”]+$", "", intent.about.strip())
    too_long = len(words) > _QUOTE_CHARS if lang == "zh" else len(words.split()) > _QUOTE_WORDS
    return "" if too_long or not words or "{" in words or "\n" in words else words
