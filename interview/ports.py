"""Every Protocol, and the records that cross them. Rooms depend on these; ``app/wiring.py`` picks what stands behind."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from interview.conversation import Lang
from interview.cues import Cue
from interview.employee import EmployeeState
from interview.intent import Intent
from interview.moves import MoveReading
from interview.persona import LegalFrame, Persona, Scenario

Mode = Literal["practice", "exam"]


class MoveReader(Protocol):
    """Reads what a manager's words do."""

    def read(self, text: str, lang: Lang, before: str = "") -> MoveReading:
        """Moves of one turn; ``before`` is what the other side said just before, perhaps empty."""
        ...


class CueReader(Protocol):
    """Reads what an employee's words show."""

    def read(self, text: str, lang: Lang, before: str = "") -> tuple[Cue, ...]:
        """Cues of one utterance, in order of place; the empty tuple for ordinary talk."""
        ...


class Library(Protocol):
    """Personas, scenarios and legal frames by id and language."""

    def personas(self, lang: Lang) -> Sequence[Persona]:
        """All of them, in the order they are shown."""
        ...

    def persona(self, persona_id: str, lang: Lang) -> Persona:
        """One persona; raises NotFoundError."""
        ...

    def scenarios(self, lang: Lang) -> Sequence[Scenario]:
        """All of them, in the order they are shown."""
        ...

    def scenario(self, scenario_id: str, lang: Lang) -> Scenario:
        """One scenario; raises NotFoundError."""
        ...

    def legal_frame(self, jurisdiction: str, lang: Lang) -> LegalFrame:
        """The rules of one jurisdiction; raises NotFoundError."""
        ...


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> dt.datetime:
        """Aware UTC time."""
        ...


@dataclass(frozen=True, slots=True)
class RehearsalRecord:
    """What is known of a rehearsal without its words. ``ended``: None while it goes on, else why it ended.

    ``turn_count`` counts manager turns; ``drill`` is the id of the step a drill starts at, None for a whole talk.
    ``parent_id`` and ``branch_turn`` name where it branched from, if it did.
    """

    id: str
    owner_id: str
    persona_id: str
    scenario_id: str
    lang: Lang
    mode: Mode
    seed: int
    variant: str
    voice: str
    created_at: dt.datetime
    updated_at: dt.datetime
    turn_count: int = 0
    ended: str | None = None
    score: float | None = None
    parent_id: str | None = None
    branch_turn: int | None = None
    drill: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One manager turn and the answer to it.

    ``payload`` holds everything that is sealed: text, moves, reasons, states, intent, feedback (plain JSON values).
    ``reply`` holds the sentences committed so far; ``reply_done`` is False while more are to come.
    """

    index: int
    payload: Mapping[str, Any]
    reply: tuple[str, ...] = ()
    reply_done: bool = False
    created_at: dt.datetime | None = None


class RehearsalRepository(Protocol):
    """Keeps rehearsals. Every method is one transaction; words and names are sealed at rest."""

    def create(self, record: RehearsalRecord, opening: Mapping[str, Any], begun: Sequence[TurnRecord] = ()) -> None:
        """Store a new rehearsal with its sealed opening (first state, first line, preparation) and the turns it begins with.

        ``record.turn_count`` is the number of these turns.
        """
        ...

    def get(self, rehearsal_id: str) -> RehearsalRecord:
        """Raises NotFoundError."""
        ...

    def opening(self, rehearsal_id: str) -> Mapping[str, Any]:
        """What ``create`` was given; raises NotFoundError."""
        ...

    def turns(self, rehearsal_id: str) -> tuple[TurnRecord, ...]:
        """All turns in order."""
        ...

    def last_turns(self, rehearsal_id: str, count: int) -> tuple[TurnRecord, ...]:
        """The last ``count`` turns in order."""
        ...

    def owned_by(self, owner_id: str, limit: int = 100) -> tuple[RehearsalRecord, ...]:
        """Newest first."""
        ...

    def add_turn(self, rehearsal_id: str, turn: TurnRecord) -> None:
        """Append; raises ConflictError if a turn with this index exists or one before it is missing."""
        ...

    def add_sentence(self, rehearsal_id: str, turn_index: int, sentence_index: int, text: str) -> None:
        """Commit one reply sentence; the same index again with the same text is a no-op, else ConflictError."""
        ...

    def finish_reply(self, rehearsal_id: str, turn_index: int, voice: Mapping[str, Any]) -> None:
        """Mark the reply complete; ``voice`` says what spoke it (name, model, fallback reason)."""
        ...

    def end(self, rehearsal_id: str, ended: str) -> None:
        """Record why it ended; a second call with another reason is a no-op."""
        ...

    def save_report(self, rehearsal_id: str, report: Mapping[str, Any], score: float | None) -> None:
        """Replace the sealed report."""
        ...

    def report(self, rehearsal_id: str) -> Mapping[str, Any] | None:
        """The last saved report, or None."""
        ...

    def delete(self, rehearsal_id: str) -> None:
        """Destroy its key and its rows; raises NotFoundError."""
        ...


@dataclass(frozen=True, slots=True)
class Note:
    """What a trainer wrote about a shared rehearsal.

    With ``dimension``: an overruling, ``machine`` the machine's 0–100 at that moment, ``score`` the human's, ``text`` the
    reason; ``total`` stands for the whole. Without: a comment, on a turn (from 0) or on the talk.
    """

    id: str
    rehearsal_id: str
    author_id: str
    created_at: dt.datetime
    text: str
    turn: int | None = None
    dimension: str | None = None
    machine: float | None = None
    score: float | None = None


class ReviewRepository(Protocol):
    """Which rehearsals are shared, and what trainers wrote about them; notes are sealed with the rehearsal's key."""

    def share(self, rehearsal_id: str, shared: bool) -> None:
        """Share or stop sharing; raises NotFoundError."""
        ...

    def is_shared(self, rehearsal_id: str) -> bool:
        """Whether its owner shares it."""
        ...

    def shared_of(self, owner_ids: Sequence[str]) -> tuple[RehearsalRecord, ...]:
        """Shared rehearsals of these people, newest first."""
        ...

    def scores(self) -> tuple[Note, ...]:
        """Every overruling of everybody, without its words."""
        ...

    def add_note(self, note: Note) -> None:
        """Append; raises NotFoundError."""
        ...

    def notes(self, rehearsal_id: str) -> tuple[Note, ...]:
        """All notes in the order they were written."""
        ...


@dataclass(frozen=True, slots=True)
class Cohort:
    """People who practise the same talk. ``members``: person id → display name. ``required``: the 0–100 to reach."""

    id: str
    trainer_id: str
    name: str
    persona_id: str
    scenario_id: str
    due_on: dt.date | None
    required: float
    created_at: dt.datetime
    members: Mapping[str, str]


class CohortRepository(Protocol):
    """Keeps cohorts; names are sealed."""

    def save(self, cohort: Cohort) -> None:
        """Add, or replace the one with this id."""
        ...

    def get(self, cohort_id: str) -> Cohort:
        """Raises NotFoundError."""
        ...

    def led_by(self, trainer_id: str) -> tuple[Cohort, ...]:
        """A trainer's cohorts, newest first."""
        ...

    def joined_by(self, person_id: str) -> tuple[Cohort, ...]:
        """Cohorts a person is in, newest first."""
        ...

    def delete(self, cohort_id: str) -> None:
        """Destroy its key and rows; raises NotFoundError."""
        ...


@dataclass(frozen=True, slots=True)
class Classroom:
    """One moment that a whole class answers. ``id`` is the code people join with."""

    id: str
    trainer_id: str
    persona_id: str
    scenario_id: str
    step: str
    lang: Lang
    seed: int
    is_open: bool
    created_at: dt.datetime


class ClassroomRepository(Protocol):
    """Keeps classes and their answers, which carry no name; answers are sealed."""

    def create(self, classroom: Classroom) -> None:
        """Store a new one."""
        ...

    def get(self, classroom_id: str) -> Classroom:
        """Raises NotFoundError."""
        ...

    def led_by(self, trainer_id: str) -> tuple[Classroom, ...]:
        """A trainer's classes, newest first."""
        ...

    def close(self, classroom_id: str) -> None:
        """No more answers."""
        ...

    def answer(self, classroom_id: str, text: str) -> int:
        """Append while it is open and return the answer's number; raises ConflictError when closed or full."""
        ...

    def answers(self, classroom_id: str) -> tuple[str, ...]:
        """All answers in order."""
        ...

    def delete(self, classroom_id: str) -> None:
        """Destroy its key and rows; raises NotFoundError."""
        ...


@dataclass(frozen=True, slots=True)
class CustomFile:
    """A persona or scenario edited in the page: YAML ``text``, validated like the packaged files."""

    kind: Literal["persona", "scenario"]
    id: str
    lang: Lang
    editor_id: str
    text: str


class CustomFileRepository(Protocol):
    """Keeps edited personas and scenarios, sealed."""

    def save(self, file: CustomFile) -> None:
        """Add or replace."""
        ...

    def all(self) -> tuple[CustomFile, ...]:
        """Every one of them."""
        ...

    def get(self, kind: str, file_id: str, lang: str) -> CustomFile | None:
        """One of them, or None."""
        ...

    def delete(self, kind: str, file_id: str, lang: str) -> None:
        """Destroy it; raises NotFoundError."""
        ...


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said in a live interview. ``number`` counts from 0; ``start_s``/``end_s``: seconds since the talk began.

    ``speaker``: manager, employee or unsure. ``doubtful``: the words may be misheard; such words raise no cue.
    ``cues``: ``{kind, strength, quote, start, end}`` of the employee's words, those that were not struck out.
    ``unsure``: the voice did not tell who spoke, so ``speaker`` is whoever spoke before; raises no cue and counts nowhere.
    """

    number: int
    speaker: Literal["manager", "employee", "unsure"]
    text: str
    doubtful: bool = False
    start_s: float = 0.0
    end_s: float = 0.0
    cues: tuple[Mapping[str, Any], ...] = ()
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class SpeakingCue:
    """Everything a voice may know: nothing the employee still hides is in here.

    ``draft`` is the authored reply, ``facts`` the unlocked facts it may draw on, ``history`` the last turns as
    ``(speaker, text)``, ``intent`` what to do and ``state`` how it is meant. In ``remarks`` the voice may leave plain
    JSON values for the turn's record.
    """

    persona: Persona
    scenario: Scenario
    intent: Intent
    state: EmployeeState
    said: str
    draft: tuple[str, ...]
    facts: tuple[str, ...]
    history: tuple[tuple[str, str], ...]
    remarks: dict[str, Any] = field(default_factory=dict[str, Any], compare=False)


class Voice(Protocol):
    """Words an intent, sentence by sentence."""

    name: str

    def speak(self, cue: SpeakingCue) -> Iterator[str]:
        """Yield the reply's sentences; raises LanguageModelError where a model is behind it and fails."""
        ...
