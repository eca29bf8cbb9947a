"""What this process remembers of a live talk between two looks of the page: the hints so far, and how far it has heard.

One memory for each interview, whichever page looks, so that a verdict holds for the session and no hint is made twice.
Another process begins with an empty one: it says nothing about what was said before it looked.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from app.wiring import Services
from assistant.ahead import Unfinished, confirmed, provisional, stands
from assistant.hints import HintState, Verdict
from consent.grants import LiveInterview
from consent.notices import Purpose
from interview.ports import Utterance
from interview.situations import Situation
from interview.steps import Step


@dataclass
class _Memory:
    """``ahead``: the hints as they will be if the sentence that is not over, ``ahead_of``, ends as it stands."""

    hints: HintState = field(default_factory=HintState)
    ahead: HintState | None = None
    ahead_of: tuple[int, int] = (0, -1)
    seen: int | None = None
    unsure: frozenset[int] = frozenset()
    lock: threading.Lock = field(default_factory=threading.Lock)


class Watch:
    """The hints of all talks this process shows."""

    def __init__(
        self,
        services: Services,
        manager_speaks: Callable[[str], bool] = lambda _interview_id: False,
        unfinished: Callable[[str], Unfinished | None] = lambda _interview_id: None,
    ) -> None:
        self._services = services
        self._manager_speaks = manager_speaks
        self.unfinished = unfinished
        """The sentence the employee is in the middle of; asked before what was heard is read, or it is missed in both."""
        self._memories: dict[str, _Memory] = {}

    def hints(self, interview_id: str) -> HintState:
        """What stands now."""
        return self._memory(interview_id).hints

    def look(
        self,
        interview: LiveInterview,
        heard: Sequence[Utterance],
        situation: Situation,
        step: Callable[[], Step],
        unfinished: Unfinished | None = None,
    ) -> HintState:
        """The hints after what was heard since the last look; ``step`` is asked only where a hint may be due.

        While the manager is in the middle of a sentence, whatever is due waits until it is seen what it was. A cue in an
        ``unfinished`` sentence brings a hint marked as tentative, which its end confirms, corrects or takes back.
        """
        memory = self._memory(interview.id)

        def hinted(state: HintState, said: Utterance) -> HintState:
            grant = self._services.consents.grant(interview.id)
            lang = interview.lang_of(said.text)
            return self._services.live.hint_after(grant, state, said, lang, situation=situation, step=step())

        with memory.lock:
            seen = len(heard) if memory.seen is None else min(memory.seen, len(heard))
            recent = range(max(0, seen - RECENT), seen)
            told = [n for n in recent if heard[n].number in memory.unsure and not _unsure(heard[n])]  # put right since
            asked = (*told, *range(seen, len(heard)))
            due = [n for n in asked if heard[n].cues and not _answered(heard[n + 1 :])]
            if (due or unfinished or memory.ahead) and self._manager_speaks(interview.id):
                return memory.hints
            if memory.hints.shown and heard and heard[-1].end_s - memory.hints.shown.at_s > STALE_S:
                memory.hints = replace(memory.hints, shown=None)
            memory.seen, memory.unsure = len(heard), frozenset(u.number for u in heard if _unsure(u))
            for number in due:
                _settle(memory, heard[number], hinted)
            over = unfinished is None or (unfinished.channel, unfinished.number) != memory.ahead_of
            if memory.ahead is not None and (over or not stands(memory.ahead, unfinished.said.cues)):
                _take_back(memory)
            if (
                unfinished is not None
                and unfinished.said.cues
                and memory.ahead is None
                and self._cues_granted(interview)
            ):
                memory.ahead = provisional(memory.hints, hinted(memory.hints, unfinished.said))
                memory.ahead_of = unfinished.channel, unfinished.number
            return memory.ahead or memory.hints

    def _cues_granted(self, interview: LiveInterview) -> bool:
        return Purpose.CUES in self._services.consents.standing(interview.id).purposes

    def judge(self, interview_id: str, verdict: Verdict, at_s: float) -> HintState:
        """One tap."""
        memory = self._memory(interview_id)
        with memory.lock:
            _accept(memory)
            memory.hints = self._services.live.judge(memory.hints, verdict, at_s)
            return memory.hints

    def another(self, interview: LiveInterview, situation: Situation, step: Step) -> HintState:
        """The same hint in other words."""
        memory = self._memory(interview.id)
        with memory.lock:
            _accept(memory)
            lang = interview.lang_of(memory.hints.shown.said if memory.hints.shown else "")
            memory.hints = self._services.live.another_wording(memory.hints, lang, situation=situation, step=step)
            return memory.hints

    def forget(self, interview_id: str) -> None:
        """The talk is over, withdrawn or deleted: nobody's words stay."""
        self._memories.pop(interview_id, None)

    def _memory(self, interview_id: str) -> _Memory:
        return self._memories.setdefault(interview_id, _Memory())


def _settle(memory: _Memory, said: Utterance, hinted: Callable[[HintState, Utterance], HintState]) -> None:
    """A sentence with a cue is over: the provisional hint is confirmed, or another takes its place."""
    ahead, memory.ahead = memory.ahead, None
    if ahead is None:
        memory.hints = hinted(memory.hints, said)
    elif stands(ahead, said.cues):
        memory.hints = confirmed(ahead, said)
    else:
        corrected = hinted(memory.hints, said)
        memory.hints = replace(corrected, last_s=max(corrected.last_s, ahead.last_s))


def _take_back(memory: _Memory) -> None:
    """The words were others in the end: the hint goes, and counts as the one of its half minute."""
    if memory.ahead is not None:
        memory.hints = replace(memory.hints, last_s=memory.ahead.last_s)
    memory.ahead = None


def _accept(memory: _Memory) -> None:
    """Somebody has tapped a provisional hint: it is theirs to judge, however the sentence ends."""
    if memory.ahead is not None and memory.ahead.shown is not None:
        memory.hints = replace(memory.ahead, shown=replace(memory.ahead.shown, tentative=False))
    memory.ahead = None


MURMUR = 4
"""Characters of Chinese, or half as many words of English: no answer yet, only a sign of listening."""


STALE_S = 90.0
"""After so much more talk a hint that nobody has judged goes by itself: the talk has moved on."""
RECENT = 3
"""Utterances back: who says later who spoke no longer waits for a wording."""


def _unsure(utterance: Utterance) -> bool:
    return utterance.unsure or utterance.speaker == "unsure"


def _answered(after: Sequence[Utterance]) -> bool:
    """Whether the manager has begun to answer: then nothing is whispered into it."""
    return any(
        u.speaker == "manager" and (len(u.text) > MURMUR if not u.text.isascii() else len(u.text.split()) > MURMUR // 2)
        for u in after
    )
