"""The rehearsal as a service: start, say, resume, finish; every turn is stored before it is shown."""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from interview.actor import Actor
from interview.conversation import Lang, Speaker, Transcript
from interview.employee import EmployeeState
from interview.errors import ConflictError, InputError, LanguageModelError, NotFoundError
from interview.gestures import ADJOURN_TEXT, PAUSE_TEXT, Gesture, record_text, records
from interview.intent import Intent, IntentKind
from interview.moves import Move, MoveKind, MoveReading
from interview.persona import OWN, Persona, Scenario, Variant
from interview.ports import (
    Clock,
    Library,
    Mode,
    MoveReader,
    RehearsalRecord,
    RehearsalRepository,
    SpeakingCue,
    TurnRecord,
    Voice,
)  # fmt: skip
from interview.preparation import checked_preparation
from interview.steps import Step
from people.permissions import Action, check
from simulator.engine import Outcome, Stage, take_turn
from simulator.hearing import variant_of
from simulator.moments import DRILL_STEPS, DRILL_TURNS, drill_lines, drill_state, enter
from simulator.reaction import first_state
from simulator.voices.authored import AuthoredVoice, drill_opening, join_sentences, opening_line

MAX_CHARS = 4_000
MAX_TURNS = 400
HISTORY_TURNS = 4
MAX_BREAKS = 3
WALKED_OUT, FINISHED, DRILL_DONE = "walked_out", "finished", "drill_done"


@dataclass(frozen=True, slots=True)
class TurnStored:
    """The manager's turn, the new state and the intent are committed; the reply begins."""

    index: int
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the reply, committed."""

    turn: int
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """The reply is complete. ``voice`` says what spoke it; ``ended`` why the talk is over, or None."""

    turn: int
    voice: Mapping[str, Any]
    ended: str | None


Event = TurnStored | Sentence | ReplyDone


def clean(text: str) -> str:
    """The words as they will be stored and shown; raises InputError with what to do.

    Line ends become one kind, unusual spaces ordinary ones; control characters, lone surrogates and marks that turn the
    direction of writing go. What joins emoji and letters stays.
    """
    kept = "".join(map(_kept, _LINE_ENDS.sub("\n", text))).strip(_UNSEEN)
    if not kept:
        raise InputError("nothing said", message_key="error.empty_line")
    if len(kept) > MAX_CHARS:
        raise InputError("too long", message_key="error.long_line", length=len(kept), limit=MAX_CHARS)
    if len(kept) == 1 and not unicodedata.name(kept, "").startswith("CJK UNIFIED"):
        raise InputError("one character", message_key="error.short_line")
    return kept


_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"
_UNSEEN = " \n\t" + _JOINERS


def _kept(character: str) -> str:
    """The character, a space for any kind of space, or nothing."""
    if character in "\n\t" or character in _JOINERS:
        return character
    kind = unicodedata.category(character)
    if kind == "Zs":
        return " "
    unknown_han = kind == "Cn" and "\U00020000" <= character < "\U0003fffe"  # newer than this Python's tables
    return "" if kind.startswith("C") and not unknown_han else character


class Rehearsals:
    """What a manager can do with rehearsals. Holds no rehearsal in memory: any process can go on with any of them."""

    def __init__(
        self,
        library: Library,
        repository: RehearsalRepository,
        reader: MoveReader,
        voices: Mapping[str, Voice],
        clock: Clock,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
        shared_with: Callable[[Actor, RehearsalRecord], bool] = lambda _actor, _record: False,
        may_use: Callable[[Actor, str], bool] = lambda _actor, _persona_id: True,
    ) -> None:
        self._library = library
        self._repository = repository
        self._reader = reader
        self._voices = voices
        self._clock = clock
        self._new_id = new_id
        self._shared_with = shared_with
        self._may_use = may_use

    def start(
        self,
        actor: Actor,
        persona_id: str,
        scenario_id: str | None = None,
        *,
        lang: Lang,
        mode: Mode = "practice",
        seed: int | None = None,
        voice: str = "authored",
        preparation: Mapping[str, Any] | None = None,
        drill: Step | None = None,
    ) -> RehearsalRecord:
        """A new rehearsal with its opening line; the scenario defaults to the persona's own.

        The seed draws the variant: practice from the practice ones, exams from the others. ``preparation`` holds what
        was chosen beforehand (see ``interview.preparation``). A ``drill`` begins at that step and is over after
        ``DRILL_TURNS`` exchanges.
        """
        check(actor, Action.REHEARSAL_START)
        if voice not in self._voices:
            raise InputError(f"no voice {voice!r}", message_key="error.no_voice", voice=voice)
        if not self._may_use(actor, persona_id):
            raise NotFoundError(f"no persona {persona_id}")
        if persona_id.startswith(OWN) and voice != AuthoredVoice.name:
            raise InputError("a real person's", message_key="error.own_voice")
        persona = self._library.persona(persona_id, lang)
        scenario = self._library.scenario(scenario_id or persona.default_scenario, lang)
        number = secrets.randbelow(1_000_000) if seed is None else seed
        variant = variant_for(persona, number, exam=mode == "exam")
        if drill is not None and (drill not in DRILL_STEPS or mode == "exam"):
            raise InputError(f"no drill at {drill}", message_key="error.no_drill", step=str(drill))
        chosen = checked_preparation(preparation or {}) if drill is None else {}
        if drill is None:
            state, changes = enter(first_state(persona, scenario, variant), chosen)
            opening = opening_line(persona, scenario, state, number)
        else:
            state, changes = drill_state(persona, scenario, variant, drill), ()
            opening = (
                opening_line(persona, scenario, state, number)
                if drill is Step.OPENING
                else drill_opening(persona, drill_lines(persona, scenario, drill), number)
            )
        state = replace(state, memory=replace(state.memory, said=opening.used))
        now = self._clock.now()
        record = RehearsalRecord(
            id=self._new_id(), owner_id=actor.id, persona_id=persona.id, scenario_id=scenario.id, lang=lang, mode=mode,
            seed=number, variant=variant.id, voice=voice, created_at=now, updated_at=now,
            versions={"persona": str(persona.version), "scenario": str(scenario.version)},
            drill=None if drill is None else str(drill),
        )  # fmt: skip
        beginning = {
            "state": state.to_dict(),
            "line": opening.text,
            "preparation": {kind: list(names) for kind, names in chosen.items()},
            "changes": [asdict(change) for change in changes],
        }
        self._repository.create(record, beginning)
        return record

    def branch(self, actor: Actor, rehearsal_id: str, turn: int) -> RehearsalRecord:
        """A new rehearsal that shares this one's turns before ``turn`` (0 … the number of turns) and goes on from there.

        The original stays as it was. Raises InputError for a turn that is not there.
        """
        check(actor, Action.REHEARSAL_START)
        origin = self.get(actor, rehearsal_id)
        check(actor, Action.REHEARSAL_SPEAK, origin.owner_id)
        for _ in self.resume(actor, rehearsal_id):
            pass
        turns = self._repository.turns(rehearsal_id)
        if not 0 <= turn <= len(turns):
            raise InputError(f"no turn {turn}", message_key="error.no_turn", turn=turn + 1)
        now = self._clock.now()
        record = replace(
            origin, id=self._new_id(), created_at=now, updated_at=now, turn_count=turn, ended=None, score=None,
            parent_id=origin.id, branch_turn=turn,
        )  # fmt: skip
        self._repository.create(record, self._repository.opening(rehearsal_id), turns[:turn])
        return record

    def replay(self, actor: Actor, rehearsal_id: str) -> Iterator[tuple[TurnRecord, Outcome]]:
        """Each stored turn beside what the engine makes of the same input now; equal while the rules are the same."""
        record = self.get(actor, rehearsal_id)
        stage = self.stage(record)
        opening = self._repository.opening(rehearsal_id)
        state, before = EmployeeState.from_dict(opening["state"]), str(opening["line"])
        for turn in self._repository.turns(rehearsal_id):
            payload = turn.payload
            reading = MoveReading(tuple(_move(m) for m in payload["read"]), payload["readable"])
            outcome = take_turn(
                stage, state, payload["text"], reading, before=before,
                interrupted=payload["interrupted"], gesture=Gesture(payload.get("gesture", Gesture.SPEAK)),
            )  # fmt: skip
            yield turn, outcome
            state, before = EmployeeState.from_dict(payload["state"]), join_sentences(turn.reply)

    def get(self, actor: Actor, rehearsal_id: str) -> RehearsalRecord:
        """The record, if it is this person's or shared with them."""
        record = self._repository.get(rehearsal_id)
        foreign = record.owner_id != actor.id
        check(actor, Action.REHEARSAL_READ, record.owner_id, shared=foreign and self._shared_with(actor, record))
        return record

    def mine(self, actor: Actor) -> Sequence[RehearsalRecord]:
        """This person's rehearsals, newest first."""
        check(actor, Action.REHEARSAL_READ, actor.id)
        return self._repository.owned_by(actor.id)

    def opening(self, actor: Actor, rehearsal_id: str) -> Mapping[str, Any]:
        """First line and first state."""
        self.get(actor, rehearsal_id)
        return self._repository.opening(rehearsal_id)

    def turns(self, actor: Actor, rehearsal_id: str) -> tuple[TurnRecord, ...]:
        """All turns in order."""
        self.get(actor, rehearsal_id)
        return self._repository.turns(rehearsal_id)

    def transcript(self, actor: Actor, rehearsal_id: str) -> Transcript:
        """The talk as it was held, opening line included."""
        record = self.get(actor, rehearsal_id)
        lines = [(Speaker.EMPLOYEE, str(self._repository.opening(rehearsal_id)["line"]))]
        for turn in self._repository.turns(rehearsal_id):
            lines += [(Speaker.MANAGER, turn.payload["text"]), (Speaker.EMPLOYEE, join_sentences(turn.reply))]
        return Transcript.of(record.lang, lines)

    def stage(self, record: RehearsalRecord) -> Stage:
        """Persona, scenario and variant of a record; raises NotFoundError if their files are gone."""
        persona = self._library.persona(record.persona_id, record.lang)
        scenario = self._library.scenario(record.scenario_id, record.lang)
        return Stage(persona, scenario, variant_of(persona, record.variant), record.seed)

    def say(
        self,
        actor: Actor,
        rehearsal_id: str,
        text: str,
        *,
        interrupted: bool = False,
        expected_turn: int | None = None,
        gesture: Gesture = Gesture.SPEAK,
        shows: str = "",
    ) -> Iterator[Event]:
        """Say one thing, or do one (see ``Gesture``), and hear the answer.

        ``interrupted``: it was sent while the last reply was still coming; that reply then ends where it was, and the
        place is part of the record. ``shows``: the id of the record put on the table, for ``Gesture.SHOW``.
        ``expected_turn``: the number of turns the page knows of; another number raises ConflictError.
        Errors of input and permission are raised before anything is stored.
        """
        record = self._open_record(actor, rehearsal_id, expected_turn)
        stage = self.stage(record)
        words = self._words(record, stage, text, gesture, shows)
        last, cut_after = self._last_turn(record, interrupted)
        before = join_sentences(last.reply) if last else str(self._repository.opening(rehearsal_id)["line"])
        reading = self._reader.read(words, record.lang, before)
        outcome = take_turn(
            stage, self._state(record, last), words, reading, before=before, interrupted=interrupted, gesture=gesture,
        )  # fmt: skip
        payload = outcome.payload() | {
            "interrupted": interrupted, "interrupted_after": cut_after, "gesture": str(gesture),
            "read": [asdict(move) for move in reading.moves],
            "versions": dict(record.versions),
        }  # fmt: skip
        self._repository.add_turn(record.id, TurnRecord(record.turn_count, payload))
        yield TurnStored(record.turn_count, payload)
        yield from self._reply(record, stage, record.turn_count, payload, outcome.state, ())

    def is_speaking(self, actor: Actor, rehearsal_id: str) -> bool:
        """Whether the last reply is still coming."""
        self.get(actor, rehearsal_id)
        last = next(iter(self._repository.last_turns(rehearsal_id, 1)), None)
        return last is not None and not last.reply_done

    def resume(self, actor: Actor, rehearsal_id: str) -> Iterator[Event]:
        """Finish a reply that was cut off (closed page, killed process); nothing if none was."""
        record = self.get(actor, rehearsal_id)
        check(actor, Action.REHEARSAL_SPEAK, record.owner_id)
        last = next(iter(self._repository.last_turns(rehearsal_id, 1)), None)
        if last is None or last.reply_done:
            return
        state = EmployeeState.from_dict(last.payload["state"])
        yield from self._reply(record, self.stage(record), last.index, last.payload, state, last.reply)

    def finish(self, actor: Actor, rehearsal_id: str) -> RehearsalRecord:
        """End the talk; a talk that has ended stays as it was."""
        record = self.get(actor, rehearsal_id)
        check(actor, Action.REHEARSAL_SPEAK, record.owner_id)
        for _ in self.resume(actor, rehearsal_id):
            pass
        self._repository.end(rehearsal_id, FINISHED)
        return self._repository.get(record.id)

    def save_report(self, actor: Actor, rehearsal_id: str, report: Mapping[str, Any]) -> None:
        """Keep a report with its rehearsal."""
        check(actor, Action.REHEARSAL_SPEAK, self.get(actor, rehearsal_id).owner_id)
        self._repository.save_report(rehearsal_id, report, report["score"])

    def saved_report(self, actor: Actor, rehearsal_id: str) -> Mapping[str, Any] | None:
        """The report kept last, or None."""
        self.get(actor, rehearsal_id)
        return self._repository.report(rehearsal_id)

    def delete(self, actor: Actor, rehearsal_id: str) -> None:
        """Destroy a rehearsal and its key."""
        record = self._repository.get(rehearsal_id)
        check(actor, Action.REHEARSAL_DELETE, record.owner_id)
        self._repository.delete(rehearsal_id)

    def _open_record(self, actor: Actor, rehearsal_id: str, expected_turn: int | None) -> RehearsalRecord:
        record = self.get(actor, rehearsal_id)
        check(actor, Action.REHEARSAL_SPEAK, record.owner_id)
        if record.ended is not None:
            raise InputError("the talk has ended", message_key="error.ended")
        if expected_turn is not None and expected_turn != record.turn_count:
            raise ConflictError("another tab went on", message_key="error.other_tab")
        if record.turn_count >= MAX_TURNS:
            raise InputError("too many turns", message_key="error.too_many_turns", limit=MAX_TURNS)
        return record

    def _words(self, record: RehearsalRecord, stage: Stage, text: str, gesture: Gesture, shows: str) -> str:
        """The turn's text with the gesture written into it."""
        if gesture is Gesture.PAUSE:
            return PAUSE_TEXT[record.lang]
        said = clean(text) if gesture is Gesture.SPEAK or text.strip() else ""
        if gesture is Gesture.ADJOURN:
            last = next(iter(self._repository.last_turns(record.id, 1)), None)
            if last is not None and last.payload["state"]["memory"].get("breaks", 0) >= MAX_BREAKS:
                raise InputError("too many breaks", message_key="error.too_many_breaks", limit=MAX_BREAKS)
            return f"{said}{ADJOURN_TEXT[record.lang]}"
        if gesture is Gesture.SHOW:
            if shows not in records(stage.persona):
                raise InputError(f"no record {shows!r}", message_key="error.no_record")
            return f"{said}{record_text(stage.persona, shows)}"
        return said

    def _last_turn(self, record: RehearsalRecord, interrupted: bool) -> tuple[TurnRecord | None, int | None]:
        """The turn before this one, its reply completed or, if interrupted, ended after so many sentences."""
        last = next(iter(self._repository.last_turns(record.id, 1)), None)
        if last is None or last.reply_done:
            return last, len(last.reply) if last and interrupted else None
        if interrupted:
            self._repository.finish_reply(record.id, last.index, {"name": record.voice, "cut_after": len(last.reply)})
            return last, len(last.reply)
        state = EmployeeState.from_dict(last.payload["state"])
        for _ in self._reply(record, self.stage(record), last.index, last.payload, state, last.reply):
            pass
        return self._repository.last_turns(record.id, 1)[0], None

    def _state(self, record: RehearsalRecord, last: TurnRecord | None) -> EmployeeState:
        raw = last.payload["state"] if last else self._repository.opening(record.id)["state"]
        return EmployeeState.from_dict(raw)

    def _reply(
        self,
        record: RehearsalRecord,
        stage: Stage,
        index: int,
        payload: Mapping[str, Any],
        state: EmployeeState,
        spoken: tuple[str, ...],
    ) -> Iterator[Event]:
        """Speak the rest of a reply, committing each sentence before it is shown; the authored voice never fails.

        Ends quietly where the reply was cut off meanwhile by what the manager sent.
        """
        try:
            yield from self._speak(record, stage, index, payload, state, spoken)
        except ConflictError:
            return

    def _speak(
        self,
        record: RehearsalRecord,
        stage: Stage,
        index: int,
        payload: Mapping[str, Any],
        state: EmployeeState,
        spoken: tuple[str, ...],
    ) -> Iterator[Event]:
        intent = intent_of(payload)
        count = len(spoken)
        voice: dict[str, Any] = {"name": record.voice}
        narrated = intent.kind is IntentKind.TAKE_BREAK  # has a narrator's sentence in it, which no model should reword
        if narrated:
            voice["name"] = AuthoredVoice.name
        chosen = self._voices.get(AuthoredVoice.name if narrated else record.voice) if not spoken else None
        if chosen is not None:
            cue = self._cue(record, stage, index, payload, state, intent)
            try:
                for text in chosen.speak(cue):
                    self._repository.add_sentence(record.id, index, count, text)
                    yield Sentence(index, count, text)
                    count += 1
            except LanguageModelError as error:
                voice = {"name": AuthoredVoice.name, "instead_of": record.voice, "why": error.message_key}
            voice |= cue.remarks
        elif record.voice != AuthoredVoice.name:
            voice = {"name": AuthoredVoice.name, "instead_of": record.voice, "why": "resumed"}
        if chosen is None or "instead_of" in voice:
            for text in _rest_of(payload["draft"], count):
                self._repository.add_sentence(record.id, index, count, text)
                yield Sentence(index, count, text)
                count += 1
        ended = WALKED_OUT if intent.kind is IntentKind.WALK_OUT else None
        if ended is None and record.drill is not None and index + 1 >= DRILL_TURNS:
            ended = DRILL_DONE
        if ended:  # before the reply counts as finished: a process killed in between resumes and ends it
            self._repository.end(record.id, ended)
        self._repository.finish_reply(record.id, index, voice)
        yield ReplyDone(index, voice, ended)

    def _cue(
        self,
        record: RehearsalRecord,
        stage: Stage,
        index: int,
        payload: Mapping[str, Any],
        state: EmployeeState,
        intent: Intent,
    ) -> SpeakingCue:
        history: list[tuple[str, str]] = []
        if record.voice != AuthoredVoice.name:
            for turn in self._repository.last_turns(record.id, HISTORY_TURNS + 1):
                if turn.index < index:
                    history += [
                        (Speaker.MANAGER, turn.payload["text"]),
                        (Speaker.EMPLOYEE, join_sentences(turn.reply)),
                    ]
        return SpeakingCue(
            stage.persona, stage.scenario, intent, state, payload["text"], tuple(payload["draft"]),
            unlocked_facts(stage.persona, stage.scenario, state), tuple(history),
        )  # fmt: skip


def variant_for(persona: Persona, seed: int, *, exam: bool) -> Variant:
    """The draw of a seed: from the practice variants, or for exams from the ones practice never shows."""
    variants = [v for v in persona.variants if v.exam == exam]
    return variants[seed % len(variants)]


def intent_of(payload: Mapping[str, Any]) -> Intent:
    """The stored intent."""
    raw: dict[str, Any] = dict(payload["intent"])
    raw["kind"] = IntentKind(raw["kind"])
    raw["also"] = IntentKind(raw["also"]) if raw["also"] else None
    return Intent(**raw)


def _move(raw: Mapping[str, Any]) -> Move:
    """A stored move."""
    return Move(MoveKind(raw["kind"]), raw["strength"], raw["quote"], raw["start"], raw["end"], raw.get("detail", ""))


def unlocked_facts(persona: Persona, scenario: Scenario, state: EmployeeState) -> tuple[str, ...]:
    """What may be spoken of: the shared record, and concerns already revealed. Hidden ones are not in here."""
    open_concerns = [c.text for c in persona.concerns if c.id in state.concerns and state.concerns[c.id].rank >= 2]
    return (*persona.knows, *open_concerns)


def _rest_of(draft: Sequence[str], spoken: int) -> Sequence[str]:
    """The draft's sentences still to come; at least one where nothing has been said yet."""
    return draft[spoken:] if spoken < len(draft) else ()
