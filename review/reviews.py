"""Shared sessions: who may see them, what a trainer writes about them, and the score that counts."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interview.actor import Actor
from interview.errors import InputError
from interview.persona import OWN
from interview.ports import Clock, CohortRepository, Note, RehearsalRecord, RehearsalRepository, ReviewRepository
from people.permissions import Action, check
from review.calibration import points_may_be_shown
from scoring.rubric import band_of, rubric

TOTAL = "total"
"""The dimension of a note that settles the whole score, by confirming or replacing it."""
MAX_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class Shared:
    """A session a trainer may open. ``owner``: the display name of whose it is; ``flags``: its risk flags.

    ``score`` is the one that counts; ``settled`` says whether a human has set or confirmed it.
    """

    record: RehearsalRecord
    owner: str
    score: float | None
    settled: bool
    flags: tuple[str, ...]


class Reviews:
    """Sharing for managers, reviewing for trainers."""

    def __init__(
        self,
        reviews: ReviewRepository,
        rehearsals: RehearsalRepository,
        cohorts: CohortRepository,
        clock: Clock,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._reviews = reviews
        self._rehearsals = rehearsals
        self._cohorts = cohorts
        self._clock = clock
        self._new_id = new_id

    def share(self, actor: Actor, rehearsal_id: str, shared: bool) -> None:
        """Let trainers see a rehearsal, or no longer. Only its owner decides; the default is private.

        Raises InputError for one held with a persona made from a real person's pack: that one is nobody else's.
        """
        record = self._rehearsals.get(rehearsal_id)
        check(actor, Action.REHEARSAL_SHARE, record.owner_id)
        if shared and record.persona_id.startswith(OWN):
            raise InputError("a real person's", message_key="error.share_own")
        self._reviews.share(rehearsal_id, shared)

    def is_shared(self, actor: Actor, rehearsal_id: str) -> bool:
        """Whether the owner shares it."""
        check(actor, Action.REHEARSAL_SHARE, self._rehearsals.get(rehearsal_id).owner_id)
        return self._reviews.is_shared(rehearsal_id)

    def may_read(self, actor: Actor, record: RehearsalRecord) -> bool:
        """Whether a rehearsal is shared with this trainer: it is shared, and its owner is in a cohort of theirs."""
        return record.owner_id in self._people(actor) and self._reviews.is_shared(record.id)

    def sessions(self, actor: Actor) -> list[Shared]:
        """Everything shared with this trainer, newest first."""
        check(actor, Action.REVIEW_READ)
        people = self._people(actor)
        found: list[Shared] = []
        for record in self._reviews.shared_of(list(people)):
            report = self._rehearsals.report(record.id)
            notes = seen_by(actor, record.owner_id, self._reviews.notes(record.id))
            counted = effective(report, notes) if report else None
            found.append(
                Shared(
                    record, people[record.owner_id], counted["score"] if counted else record.score,
                    any(n.dimension for n in notes), tuple(report.get("risk_flags", ())) if report else (),
                )
            )  # fmt: skip
        return found

    def notes(self, actor: Actor, rehearsal_id: str) -> tuple[Note, ...]:
        """What trainers wrote; all of it for the owner, for a trainer it is shared with as `seen_by` says."""
        return seen_by(actor, *self._read(actor, rehearsal_id))

    def withheld(self, actor: Actor, rehearsal_id: str) -> int:
        """How many scores of other trainers this one will see once they have given their own."""
        owner, notes = self._read(actor, rehearsal_id)
        return len(notes) - len(seen_by(actor, owner, notes))

    def comment(self, actor: Actor, rehearsal_id: str, text: str, turn: int | None = None) -> Note:
        """Say something about a turn (from 0) or about the talk."""
        record = self._reviewable(actor, rehearsal_id)
        _check_turn(record, turn)
        return self._add(actor, record, Note("", record.id, actor.id, self._clock.now(), _words(text), turn))

    def overrule(
        self, actor: Actor, rehearsal_id: str, dimension: str, score: float, reason: str, turn: int | None = None
    ) -> Note:
        """Replace the machine's score of a dimension, or of the whole (``TOTAL``). Needs a reason; both are kept.

        The stored report and the score in its owner's list follow at once.
        """
        record = self._reviewable(actor, rehearsal_id)
        _check_turn(record, turn)
        report = self._rehearsals.report(rehearsal_id)
        if dimension != TOTAL and dimension not in rubric()["dimensions"]:
            raise InputError(f"no dimension {dimension!r}", message_key="error.no_dimension")
        if not 0 <= score <= 100:
            raise InputError("out of range", message_key="error.score_range")
        machine = machine_score(report, dimension) if report else None
        draft = Note("", record.id, actor.id, self._clock.now(), _words(reason), turn, dimension, machine, float(score))
        note = self._add(actor, record, draft)
        if report:
            counted = effective(report, self._reviews.notes(rehearsal_id))
            self._rehearsals.save_report(rehearsal_id, counted, counted["score"])
        return note

    def applied(self, actor: Actor, rehearsal_id: str, report: Mapping[str, Any]) -> dict[str, Any]:
        """A report with the human scores in force that its reader may see."""
        return effective(report, self.notes(actor, rehearsal_id))

    def points_may_be_shown(self) -> bool:
        """Whether trainers and machine agree well enough for points; until then people see bands."""
        return points_may_be_shown(self._reviews.scores())

    def every_note(self, actor: Actor) -> list[Note]:
        """All notes on all sessions shared with this trainer, for figures of agreement only: also those not yet seen."""
        return [note for _, notes in self._shared_notes(actor) for note in notes]

    def seen_notes(self, actor: Actor) -> list[Note]:
        """As `every_note`, without what this trainer should not see before they have scored."""
        return [note for owner, notes in self._shared_notes(actor) for note in seen_by(actor, owner, notes)]

    def people(self, actor: Actor) -> dict[str, str]:
        """Whose work a trainer may see at all, id to display name."""
        check(actor, Action.REVIEW_READ)
        return self._people(actor)

    def _shared_notes(self, actor: Actor) -> list[tuple[str, tuple[Note, ...]]]:
        check(actor, Action.REVIEW_READ)
        return [(r.owner_id, self._reviews.notes(r.id)) for r in self._reviews.shared_of(list(self._people(actor)))]

    def _people(self, actor: Actor) -> dict[str, str]:
        """Whose shared sessions a trainer may see: their cohorts' members, and their own."""
        people = {actor.id: actor.id}
        for cohort in self._cohorts.led_by(actor.id):
            people |= cohort.members
        return people

    def _read(self, actor: Actor, rehearsal_id: str) -> tuple[str, tuple[Note, ...]]:
        record = self._rehearsals.get(rehearsal_id)
        check(actor, Action.REHEARSAL_READ, record.owner_id, shared=self.may_read(actor, record))
        return record.owner_id, self._reviews.notes(rehearsal_id)

    def _reviewable(self, actor: Actor, rehearsal_id: str) -> RehearsalRecord:
        record = self._rehearsals.get(rehearsal_id)
        check(actor, Action.REVIEW_WRITE, record.owner_id, shared=self.may_read(actor, record))
        return record

    def _add(self, actor: Actor, record: RehearsalRecord, draft: Note) -> Note:
        note = Note(
            self._new_id(), record.id, actor.id, draft.created_at, draft.text, draft.turn, draft.dimension,
            draft.machine, draft.score,
        )  # fmt: skip
        self._reviews.add_note(note)
        return note


def _check_turn(record: RehearsalRecord, turn: int | None) -> None:
    if turn is not None and not 0 <= turn < record.turn_count:
        raise InputError("no such turn", message_key="error.no_turn", turn=turn + 1)


def _words(text: str) -> str:
    kept = text.strip()
    if not kept:
        raise InputError("no reason", message_key="error.no_reason")
    if len(kept) > MAX_NOTE:
        raise InputError("too long", message_key="error.long_line", length=len(kept), limit=MAX_NOTE)
    return kept


def machine_score(report: Mapping[str, Any], dimension: str) -> float | None:
    """What the machine gave, 0–100, or None where it gave nothing."""
    if dimension == TOTAL:
        return report.get("machine_score", report.get("score"))
    for entry in report["dimensions"]:
        if entry["id"] == dimension:
            return entry.get("machine", entry["score"])
    return None


def seen_by(actor: Actor, owner_id: str, notes: Sequence[Note]) -> tuple[Note, ...]:
    """What of the notes on a talk may be shown to a reader.

    Two trainers agree or disagree only if each has scored for themselves: another's score of a dimension, and the
    reason for it, stay out of a trainer's sight until they have given their own. Comments are for all.
    """
    own = {note.dimension for note in notes if note.author_id == actor.id}
    return tuple(
        note
        for note in notes
        if actor.id in (owner_id, note.author_id) or note.dimension is None or note.dimension in own
    )


def latest(notes: Sequence[Note]) -> dict[str, Note]:
    """The overruling in force for each dimension: the last one written."""
    return {note.dimension: note for note in notes if note.dimension is not None and note.score is not None}


def effective(report: Mapping[str, Any], notes: Sequence[Note]) -> dict[str, Any]:
    """The report with human scores in place of the machine's; ``machine`` and ``machine_score`` keep the others.

    A total that a human set stands as it is; otherwise it is the weighted mean of the dimensions in force, under the
    ceiling that the machine's gates set.
    """
    found = dict(report)
    human = latest(notes)
    found["machine_score"] = report.get("machine_score", report.get("score"))
    found["machine_reason"] = report.get("machine_reason", report.get("unscorable_reason"))
    found["human"] = sorted(human)
    if not human and not report.get("human"):
        return found
    dimensions: list[dict[str, Any]] = []
    for entry in report["dimensions"]:
        note = human.get(entry["id"])
        machine = entry.get("machine", entry["score"])
        dimensions.append({**entry, "machine": machine, "score": machine if note is None else note.score})
    found["dimensions"] = dimensions
    if TOTAL in human:
        score = human[TOTAL].score
    else:
        score = _mean(dimensions, report, found["machine_score"]) if human else found["machine_score"]
    found["score"] = score
    found["band"] = None if score is None else band_of(score, str(report["lang"]))
    found["unscorable_reason"] = found["machine_reason"] if score is None else None
    return found


def _mean(dimensions: Sequence[Mapping[str, Any]], report: Mapping[str, Any], machine: float | None) -> float | None:
    weights = {name: float(entry["weight"]) for name, entry in rubric()["dimensions"].items()}
    scored = [d for d in dimensions if d["score"] is not None and d["id"] in weights]
    if not scored or machine is None:
        return machine
    mean = sum(d["score"] * weights[d["id"]] for d in scored) / sum(weights[d["id"]] for d in scored)
    return round(min(mean, machine) if report.get("gates") else mean, 1)
