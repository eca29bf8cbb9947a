"""Who sits opposite (persona), what happens (scenario) and what the law there allows (jurisdiction): the file shapes.

The files are YAML, one per language, written natively and never translated; see ``personas/README.md``.
"""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from interview.conversation import Lang
from interview.moves import MoveKind
from interview.situations import Situation, Style

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60)]
"""A word or short phrase looked for in what the manager says, compared without case."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=400)]
"""Something the employee says aloud; ``{slots}`` are filled by the voice, see ``simulator/voices/authored.py``."""
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Jurisdiction = Literal["CN", "US", "UK"]
OWN = "own-"
"""How ids of personas begin that a manager made from a pack: a real person's, private to the maker."""


class FileModel(BaseModel):
    """Base of everything read from our YAML: frozen, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Address(FileModel):
    """How the two call each other."""

    manager_name: Text
    calls_manager: tuple[Word, ...] = Field(min_length=1, description="used by the employee, the usual one first")
    called: tuple[Word, ...] = Field(min_length=1, description="what the manager may call the employee")
    you: Word = Field(description="pronoun for the manager: 您 or 你 in zh, you in en")


class Rating(FileModel):
    """The rating of this cycle where one is at stake."""

    given: Word
    expected: Word
    scale: Text


class Metric(FileModel):
    """One number both can check."""

    id: Identifier
    name: Word
    unit: str = Field(default="", max_length=20)
    better: Literal["higher", "lower"] = "higher"
    words: tuple[Word, ...] = Field(min_length=1)
    account: tuple[Line, ...] = Field(min_length=2, description="how they explain the numbers when at ease")
    guarded: tuple[Line, ...] = Field(min_length=2, description="the same when tense or not trusting")


class MonthNumber(FileModel):
    """Target and actual of one metric in one month."""

    month: Month
    metric: Identifier
    target: float
    actual: float


class Incident(FileModel):
    """Something that happened on a day, good or bad, which the manager may name as evidence."""

    id: Identifier
    date: dt.date
    kind: Literal["good", "bad"]
    short: Word = Field(description="noun phrase that fits inside a sentence")
    what: Text
    words: tuple[Word, ...] = Field(min_length=1)
    account: tuple[Line, ...] = Field(min_length=2)
    guarded: tuple[Line, ...] = Field(min_length=2)


class Feedback(FileModel):
    """What a colleague or customer said."""

    source: Word
    what: Text


class Point(FileModel):
    """One item of the self-assessment: a noun phrase for use inside a sentence, and the whole thought."""

    short: Word
    text: Text


class SelfAssessment(FileModel):
    """The three-three self-assessment (三三原则)."""

    proud: tuple[Point, ...] = Field(min_length=3, max_length=3)
    improve: tuple[Point, ...] = Field(min_length=3, max_length=3)
    wants: tuple[Point, ...] = Field(min_length=3, max_length=3)


class AddressedBy(FileModel):
    """What it takes: one of the moves, about one of the words (the concern's own words count too)."""

    moves: tuple[MoveKind, ...] = Field(min_length=1)
    words: tuple[Word, ...] = ()


class Concern(FileModel):
    """Something the employee holds back until trust allows it."""

    id: Identifier
    text: Text = Field(description="the true fact, in the third person; never shown before it is revealed")
    about: Literal[
        "workload", "fairness", "recognition", "growth", "role", "skill", "resources", "team", "family", "health",
        "money", "face", "leaving",
    ]  # fmt: skip
    protected: bool = Field(default=False, description="only the employee may open it; asking is prying")
    trust_gate: float = Field(ge=0.2, le=0.9, description="never revealed under this trust")
    opened_by: tuple[MoveKind, ...] = Field(min_length=1)
    words: tuple[Word, ...] = Field(min_length=3, description="what the manager says when near it or naming it")
    hint: tuple[Line, ...] = Field(min_length=3)
    reveal: tuple[Line, ...] = Field(min_length=2)
    more: tuple[Line, ...] = Field(min_length=2)
    addressed_by: AddressedBy
    eased: tuple[Line, ...] = Field(min_length=2)


class Trigger(FileModel):
    """What sets this person off beyond the common rules. At least one of words and moves."""

    words: tuple[Word, ...] = ()
    moves: tuple[MoveKind, ...] = ()
    extra: float = Field(gt=0, le=0.1, description="added to tension")
    why: Text
    lines: tuple[Line, ...] = Field(min_length=2)


class Soother(FileModel):
    """What does this person good beyond the common rules."""

    words: tuple[Word, ...] = ()
    moves: tuple[MoveKind, ...] = ()
    extra: float = Field(gt=0, le=0.1, description="added to trust")
    why: Text
    lines: tuple[Line, ...] = Field(min_length=2)


class Topic(FileModel):
    """Something else the manager may well ask about, and what this person says to it."""

    id: Identifier
    words: tuple[Word, ...] = Field(min_length=1)
    lines: tuple[Line, ...] = Field(min_length=2)
    guarded: tuple[Line, ...] = Field(min_length=2)


class OwnLines(FileModel):
    """What only this person would say."""

    opening: tuple[Line, ...] = Field(min_length=3, description="on sitting down, before the manager has begun")
    plan_ideas: tuple[Point, ...] = Field(min_length=4, description="steps they would propose themselves")
    money: tuple[Line, ...] = Field(min_length=3, description="what they say about pay, bonus, mortgage")
    close_good: tuple[Line, ...] = Field(min_length=3)
    close_cold: tuple[Line, ...] = Field(min_length=3)
    walk_out: tuple[Line, ...] = Field(min_length=3)


class Variant(FileModel):
    """One draw of what lies behind, so that a second go is no memory test. Exams use the ``exam`` ones."""

    id: Identifier
    concerns: tuple[Identifier, ...] = Field(min_length=2, max_length=4)
    incidents: tuple[Identifier, ...] = Field(min_length=4)
    exam: bool = False


class Persona(FileModel):
    """A whole employee in one language."""

    id: Identifier
    version: int = Field(ge=1)
    provenance: Text
    lang: Lang
    jurisdiction: Jurisdiction
    situation: Situation
    style: Style
    difficulty: int = Field(ge=1, le=3)
    face: Word = Field(description="one emoji")
    name: Word
    gender: Literal["female", "male"]
    age: int = Field(ge=18, le=75)
    tenure_years: float = Field(ge=0)
    role: Text
    company: Text
    card: Text
    default_scenario: Identifier
    address: Address
    rating: Rating
    knows: tuple[Text, ...] = Field(min_length=4, description="what the manager knows beforehand")
    metrics: tuple[Metric, ...] = Field(min_length=1)
    numbers: tuple[MonthNumber, ...] = Field(min_length=6)
    incidents: tuple[Incident, ...] = Field(min_length=6)
    feedback: tuple[Feedback, ...] = Field(min_length=2)
    self_assessment: SelfAssessment
    concerns: tuple[Concern, ...] = Field(min_length=4)
    triggers: tuple[Trigger, ...] = Field(min_length=2)
    soothers: tuple[Soother, ...] = Field(min_length=2)
    goal: Text
    walk_out_tension: float = Field(ge=0.75, le=1.0)
    topics: tuple[Topic, ...] = Field(min_length=5)
    lines: OwnLines
    variants: tuple[Variant, ...] = Field(min_length=4)


GoalCheck = Literal[
    "message_delivered", "understands_standard", "knows_dates", "concern_named", "concern_addressed",
    "cause_found", "plan_concrete", "follow_up_agreed", "dispute_recorded", "appeal_named", "committed",
    "trust_kept", "feels_heard",
]  # fmt: skip


class Must(FileModel):
    """One part of the message that has to be said aloud; any of the words says it."""

    id: Identifier
    text: Text
    words: tuple[Word, ...] = Field(min_length=2)


class Money(FileModel):
    """The money question."""

    questions: tuple[Line, ...] = Field(min_length=3)
    may_say: Text
    may_not_say: Text


class ForbiddenPromise(FileModel):
    """What this manager has no authority to promise here."""

    text: Text
    words: tuple[Word, ...] = Field(min_length=1)


class GoodEnd(FileModel):
    """What a good end is for these situations."""

    situations: tuple[Situation, ...] = Field(min_length=1)
    text: Text
    needs: tuple[GoalCheck, ...] = Field(min_length=3)


class Mood(FileModel):
    """What the scenario adds to how the employee comes in."""

    tension: float = Field(ge=-0.2, le=0.3)
    trust: float = Field(ge=-0.3, le=0.2)


class ByStyle(FileModel):
    """Lines for open and for defensive people."""

    open: tuple[Line, ...] = Field(min_length=4)
    defensive: tuple[Line, ...] = Field(min_length=4)


class ScenarioLines(FileModel):
    """What employees say because of this scenario."""

    uneasy_start: ByStyle = Field(description="first words when they sense what this is about")
    reaction: ByStyle = Field(description="when the message has just been said plainly")
    doubt: ByStyle = Field(description="questioning the rating or decision")
    what_next: ByStyle = Field(description="asking what happens now")


class Scenario(FileModel):
    """What happens; who it happens to is the persona."""

    id: Identifier
    version: int = Field(ge=1)
    provenance: Text
    lang: Lang
    title: Text
    card: Text
    fits: tuple[Situation, ...] = Field(min_length=1)
    rating_at_stake: bool
    mood: Mood
    message: tuple[Must, ...] = Field(min_length=2)
    consequence: Text
    money: Money | None = None
    may_promise: tuple[Text, ...] = Field(min_length=2)
    may_not_promise: tuple[ForbiddenPromise, ...] = Field(min_length=2)
    appeal: Text
    appeal_words: tuple[Word, ...] = Field(min_length=2)
    good_ends: tuple[GoodEnd, ...] = Field(min_length=1)
    advice: dict[str, tuple[Text, ...]] = Field(description="opening advice by step id")
    lines: ScenarioLines


class LegalRule(FileModel):
    """What may be said on one matter under one law."""

    matter: Literal["pip", "transfer", "dismissal", "ranking", "protected", "signature", "pay"]
    may_say: Text
    may_not_say: Text
    source: Text


class LegalFrame(FileModel):
    """The rules of one jurisdiction in one language. Not legal advice."""

    id: Jurisdiction
    version: int = Field(ge=1)
    provenance: Text
    lang: Lang
    name: Text
    rules: tuple[LegalRule, ...] = Field(min_length=5)
