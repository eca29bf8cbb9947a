"""The live interview as a service: every utterance under a grant, cues from the employee's words, one hint at a time."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from assistant.hints import HintState, HintWriter, Verdict, another, consider, judged, reworded
from assistant.session import Standing, draft_minutes, standing
from consent.grants import ConsentGrant, Consents, LiveInterview
from consent.notices import Purpose
from interview.actor import Actor
from interview.conversation import LANGS, Lang, Speaker, Transcript
from interview.errors import InputError, NotFoundError
from interview.ports import Clock, CueReader, MoveReader, Utterance
from interview.situations import Situation
from interview.steps import Step
from people.permissions import Action, check
from phrasing.library import PhrasingLibrary

MAX_TEXT = 4_000
LAST_LINES = 40
"""How far back a line looks for what the manager said before it; a long talk must not make it slower."""
KEPT_DAYS = 90
"""What the notice promises."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something said in a recording. ``channel`` and ``at_s``, its beginning in the file, name it there for good."""

    channel: int
    at_s: float
    said: Utterance


@dataclass(frozen=True, slots=True)
class Reached:
    """What is stored of a recording. ``base_s``: when in the talk it begins; ``lines``: ``channel`` and ``at_s`` of each."""

    base_s: float
    lines: frozenset[tuple[int, float]] = frozenset()


class UtteranceRepository(Protocol):
    """Keeps what was heard; each store checks the consent in its own transaction."""

    def add(self, grant: ConsentGrant, utterance: Utterance) -> Utterance:
        """Store; raises ConsentError where the consent no longer holds."""
        ...

    def add_recorded(self, grant: ConsentGrant, recording: str, lines: Sequence[Line]) -> tuple[Utterance, ...]:
        """Store all or none, but for lines of this recording that are there already; returns what was stored."""
        ...

    def recorded(self, interview_id: str, recording: str) -> Reached | None:
        """What is stored of a recording, or None."""
        ...

    def heard(self, interview_id: str, last: int | None = None) -> tuple[Utterance, ...]:
        """Everything stored and not erased, in order; or the ``last`` so many."""
        ...

    def correct(self, interview_id: str, utterance: Utterance) -> None:
        """Replace one."""
        ...

    def end(self, interview_id: str) -> None:
        """The talk is over."""
        ...

    def save_minutes(self, interview_id: str, minutes: Mapping[str, Any]) -> None:
        """Keep the minutes."""
        ...

    def minutes(self, interview_id: str) -> Mapping[str, Any] | None:
        """The minutes, or None."""
        ...

    def expire(self, before: dt.datetime) -> int:
        """Destroy what is older; how many interviews had something."""
        ...

    def delete(self, interview_id: str) -> None:
        """Destroy everything but the ledger's entries."""
        ...


class LiveInterviews:
    """What the live page, the employee's page and the audio route call."""

    def __init__(
        self,
        consents: Consents,
        repository: UtteranceRepository,
        moves: MoveReader,
        cues: CueReader,
        phrasing: PhrasingLibrary,
        clock: Clock,
        writer: HintWriter | None = None,
    ) -> None:
        self._writer = writer
        self._consents = consents
        self._repository = repository
        self._moves = moves
        self._cues = cues
        self._phrasing = phrasing
        self._clock = clock

    def hear(
        self,
        grant: ConsentGrant,
        speaker: str,
        text: str,
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        doubtful: bool = False,
        unsure: bool = False,
    ) -> Utterance:
        """Store an utterance with the cues that are in it. Only words that are surely an employee's raise cues.

        ``unsure``: the voice did not tell whether it was this speaker.
        """
        who, words = _checked(speaker, text)
        heard = self._repository.heard(grant.interview_id, LAST_LINES)
        began = self._consents.began(grant.interview_id)
        now_s = round((self._clock.now() - began).total_seconds(), 1)
        now_s = max(now_s, heard[-1].start_s if heard else 0.0)  # a clock that was set back brings nobody back
        before = next((u.text for u in heard[::-1] if u.speaker == "manager"), "")
        utterance = Utterance(
            0, who, words, doubtful, now_s if start_s is None else start_s,
            now_s if end_s is None else end_s, (), unsure,
        )  # fmt: skip
        return self._repository.add(grant, self._with_cues(grant, utterance, before))

    def in_the_middle(self, grant: ConsentGrant, text: str, end_s: float, *, doubtful: bool) -> Utterance:
        """Words of a sentence the employee has not ended, with their cues; nothing is stored."""
        heard = self._repository.heard(grant.interview_id, LAST_LINES)
        before = next((u.text for u in heard[::-1] if u.speaker == "manager"), "")
        said = Utterance(-1, "employee", text.strip(), doubtful, end_s, end_s)
        return self._with_cues(grant, said, before)

    def reached(self, grant: ConsentGrant, recording: str, after_s: float = 0.0) -> Reached:
        """How much of a recording is stored. One of which nothing is begins after what is there and after ``after_s``."""
        found = self._repository.recorded(grant.interview_id, recording)
        if found is not None:
            return found
        return Reached(round(max([after_s, *(u.end_s for u in self._repository.heard(grant.interview_id))]), 1))

    def hear_recording(
        self, grant: ConsentGrant, recording: str, lines: Sequence[Line], reached: Reached
    ) -> tuple[Utterance, ...]:
        """Store lines of a recording, at once or none, each of them only once however often it is given.

        ``recording``: the file's digest. ``lines``: as heard, times from the recording's beginning; cues and numbers are
        made here.
        """
        heard = self._repository.heard(grant.interview_id, LAST_LINES)
        before = next((u.text for u in heard[::-1] if u.speaker == "manager"), "")
        placed: list[Line] = []
        for line in lines:
            said = line.said
            _, words = _checked(said.speaker, said.text)
            start_s, end_s = round(reached.base_s + said.start_s, 1), round(reached.base_s + said.end_s, 1)
            said = self._with_cues(grant, replace(said, text=words, start_s=start_s, end_s=end_s), before)
            placed.append(replace(line, said=said))
            before = words if said.speaker == "manager" else before
        return self._repository.add_recorded(grant, recording, placed)

    def _with_cues(self, grant: ConsentGrant, said: Utterance, before: str) -> Utterance:
        if said.speaker != "employee" or said.doubtful or said.unsure or not grant.covers(Purpose.CUES):
            return said
        found = self._cues.read(said.text, self._consents.lang_of(grant.interview_id, said.text), before)
        cues = tuple(
            {"kind": str(c.kind), "strength": c.strength, "quote": c.quote, "start": c.start, "end": c.end}
            for c in found
        )
        return replace(said, cues=cues)

    def heard(self, actor: Actor, interview_id: str) -> tuple[Utterance, ...]:
        """The manager's view."""
        self._consents.interview(actor, interview_id)
        return self._repository.heard(interview_id)

    def own_words(self, secret: str) -> tuple[Utterance, ...]:
        """The employee's view by their link: what is surely their own words."""
        interview = self._consents.linked(secret)
        return tuple(u for u in _sure(self._repository.heard(interview.id)) if u.speaker == "employee")

    def strike(self, secret: str, number: int, kind: str) -> None:
        """The employee strikes out a cue in their own words."""
        interview = self._consents.linked(secret)
        for utterance in self._repository.heard(interview.id):
            if utterance.number == number and utterance.speaker == "employee":
                kept = tuple(c for c in utterance.cues if c["kind"] != kind)
                self._repository.correct(interview.id, replace(utterance, cues=kept))
                return
        raise NotFoundError("no such utterance", message_key="error.no_utterance")

    def correct(self, actor: Actor, interview_id: str, number: int, text: str, speaker: str) -> None:
        """Put words or speaker right afterwards; cues of changed words are read again."""
        words = text.strip()
        if not words or len(words) > MAX_TEXT:
            raise InputError("words", message_key="error.empty_line")
        self._correct(actor, interview_id, number, speaker, words)

    def put_right(self, actor: Actor, interview_id: str, number: int, speaker: str) -> None:
        """Say who said it; the words stay as they were heard, doubtful or not, and cues are read again."""
        self._correct(actor, interview_id, number, speaker, None)

    def _correct(self, actor: Actor, interview_id: str, number: int, speaker: str, words: str | None) -> None:
        interview = self._consents.interview(actor, interview_id)
        grant = self._consents.grant(interview_id)
        for utterance in self._repository.heard(interview_id):
            if utterance.number == number:
                cues: tuple[Mapping[str, Any], ...] = ()
                text = utterance.text if words is None else words
                doubtful = utterance.doubtful and words is None
                if speaker == "employee" and not doubtful and grant.covers(Purpose.CUES):
                    cues = tuple(
                        {"kind": str(c.kind), "strength": c.strength, "quote": c.quote, "start": c.start, "end": c.end}
                        for c in self._cues.read(text, interview.lang_of(text))
                    )
                changed = Utterance(number, _speaker(speaker), text, doubtful, utterance.start_s, utterance.end_s, cues)
                self._repository.correct(interview_id, changed)
                return
        raise NotFoundError("no such utterance", message_key="error.no_utterance")

    def standing(self, actor: Actor, interview_id: str) -> Standing:
        """Step, time, shares and promises."""
        interview = self._consents.interview(actor, interview_id)
        return standing(_sure(self._repository.heard(interview_id)), self._moves, interview.lang_of)

    def hint_after(
        self,
        grant: ConsentGrant,
        state: HintState,
        utterance: Utterance,
        lang: Lang,
        *,
        situation: Situation,
        step: Step,
    ) -> HintState:
        """What the session's hints become after an utterance; unchanged where hints were not granted.

        A model words the hint only where both agreed to that, and only if it is in time and good; may take 1.5 s then.
        """
        if not grant.covers(Purpose.HINTS):
            return state
        found = consider(
            state, utterance.cues, utterance.end_s, self._phrasing, lang, situation=situation, step=step,
            manager_speaking=utterance.speaker == "manager",
            unsure=utterance.doubtful or utterance.unsure or utterance.speaker == "unsure", said=utterance.text,
        )  # fmt: skip
        hint = found.shown
        if hint is None or hint == state.shown or self._writer is None or not grant.covers(Purpose.MODEL_HINTS):
            return found
        cue = max((c for c in utterance.cues if c["kind"] == hint.kind), key=lambda c: c["strength"])
        wording = self._writer.write(
            hint.kind, utterance.text, (int(cue["start"]), int(cue["end"])), lang, step=step, used=found.used
        )
        return found if wording is None else reworded(found, wording)

    def another_wording(self, state: HintState, lang: Lang, *, situation: Situation, step: Step) -> HintState:
        """The hint on screen in other words."""
        return another(state, self._phrasing, lang, situation=situation, step=step)

    def judge(self, state: HintState, verdict: Verdict, at_s: float) -> HintState:
        """Helpful, not now, or wrong."""
        return judged(state, verdict, at_s)

    def finish(self, actor: Actor, interview_id: str) -> Mapping[str, Any]:
        """End the talk and draft the minutes from the words, before words that may not be kept are destroyed."""
        interview = self._consents.interview(actor, interview_id)
        minutes = self._repository.minutes(interview_id)
        if minutes is None:
            heard = self._repository.heard(interview_id)
            minutes = draft_minutes(_sure(heard), self._moves, interview.lang_of)
            if Purpose.KEEP_TRANSCRIPT in self._consents.standing(interview_id).purposes:
                self._repository.save_minutes(interview_id, minutes)
        self._repository.end(interview_id)
        return minutes

    def transcript(self, actor: Actor, interview_id: str) -> Transcript:
        """The talk for the report, what one says without a break as one turn; unsure speakers are left out."""
        interview = self._consents.interview(actor, interview_id)
        return self._transcript(interview)

    def _transcript(self, interview: LiveInterview) -> Transcript:
        lines: list[tuple[Speaker, str]] = []
        for u in _sure(self._repository.heard(interview.id)):
            if u.speaker == "unsure":
                continue
            speaker = Speaker.MANAGER if u.speaker == "manager" else Speaker.EMPLOYEE
            if lines and lines[-1][0] is speaker:
                between = "" if interview.lang_of(u.text) == "zh" else " "
                lines[-1] = (speaker, lines[-1][1] + between + u.text)
            else:
                lines.append((speaker, u.text))
        return Transcript.of(_mostly(interview, lines), lines)

    def shared(self, actor: Actor, people: Collection[str]) -> tuple[LiveInterview, ...]:
        """Ended interviews of these people that both parties let a trainer see; for trainers alone, newest first."""
        check(actor, Action.LIVE_REVIEW)
        found = [i for owner in people for i in self._consents.shared_by(owner)]
        return tuple(sorted(found, key=lambda i: i.created_at, reverse=True))

    def shared_transcript(self, actor: Actor, interview_id: str, people: Collection[str]) -> Transcript:
        """The talk behind one of `shared`; NotFoundError for any other."""
        found = next((i for i in self.shared(actor, people) if i.id == interview_id), None)
        if found is None:
            raise NotFoundError("not shared", message_key="error.no_interview")
        return self._transcript(found)

    def save_minutes(self, actor: Actor, interview_id: str, minutes: Mapping[str, Sequence[Any]]) -> None:
        """The manager's edited minutes."""
        self._consents.interview(actor, interview_id)
        self._repository.save_minutes(interview_id, minutes)

    def minutes(self, actor: Actor, interview_id: str) -> Mapping[str, Any] | None:
        """The minutes as they stand."""
        self._consents.interview(actor, interview_id)
        return self._repository.minutes(interview_id)

    def expire(self) -> int:
        """Destroy what was kept for as long as the notice says; the server does this by itself."""
        return self._repository.expire(self._clock.now() - dt.timedelta(days=KEPT_DAYS))

    def delete(self, actor: Actor, interview_id: str) -> None:
        """Destroy it; the ledger keeps its entries."""
        interview: LiveInterview = self._consents.interview(actor, interview_id)
        self._repository.delete(interview.id)


def _mostly(interview: LiveInterview, lines: Sequence[tuple[Speaker, str]]) -> Lang:
    """The language a talk is scored in: its own, or where two are spoken, the one in which the manager said more turns."""
    said = Counter(interview.lang_of(text) for speaker, text in lines if speaker is Speaker.MANAGER)
    return max(LANGS, key=lambda lang: (said[lang], lang == interview.lang))


def _sure(heard: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """With nobody's name on what the voice did not tell."""
    return tuple(replace(u, speaker="unsure") if u.unsure else u for u in heard)


def _speaker(name: str) -> Any:
    if name not in ("manager", "employee", "unsure"):
        raise InputError("speaker", message_key="error.input")
    return name


def _checked(speaker: str, text: str) -> "tuple[Literal['manager', 'employee', 'unsure'], str]":
    """Who spoke, and what can be stored of it; raises InputError."""
    words = "".join(c for c in text if c == "\n" or c.isprintable()).strip()
    if not words:
        raise InputError("nothing said", message_key="error.empty_line")
    if len(words) > MAX_TEXT:
        raise InputError("too long", message_key="error.long_line", length=len(words), limit=MAX_TEXT)
    if speaker not in ("manager", "employee", "unsure"):
        raise InputError("speaker", message_key="error.input")
    return speaker, words
