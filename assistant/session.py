"""A live interview as it stands: where it is, who spoke how much, what was promised, which hint is up.

Everything is computed from the stored utterances, so that any process can show any session. Nothing here says anything
about the employee but their own words; nothing is scored.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from interview.conversation import Lang
from interview.moves import MoveKind
from interview.ports import MoveReader, Utterance
from interview.steps import STEPS, Step

_WHEN = re.compile(
    r"(?:每|下下?|上|本|这|隔)?个?(?:周|星期|礼拜)[一二三四五六日天末](?:[上中下]午|早上|晚上|之?前)?"
    r"|(?:[0-9一二三四五六七八九十]+月)?[0-9一二三四五六七八九十]+[日号](?:[上中下]午)?(?:之?前)?"
    r"|(?:每|下下?|本|这)个?(?:天|周|星期|礼拜|月|季度)(?:[初中底末]|之?前)?|今天|明天|后天|年底|年前|[一二三四1-4]季度末?|季度末|月[初中底]"
    r"|[0-9一二两三四五六七八九十半]+个?(?:天|周|星期|礼拜|月)(?:之?内|以内|后|之后|一次)"
    r"|\b(?:by |on |every |each |this |next |before |until )*(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?)(?: (?:morning|afternoon|evening))?"
    r"|\b(?:by |before )?(?:the )?(?:end|middle|start) of (?:the |this |next )?(?:week|month|quarter|year|january|february|march|april|may|june"
    r"|july|august|september|october|november|december)\b|\b(?:by |before |in )?(?:next|this|every) (?:week|month|quarter|year)\b"
    r"|\b(?:in|within) (?:a|one|two|three|four|six|\d+) (?:days?|weeks?|months?)\b|\bevery (?:other|second|two|three|four) (?:day|week|month)s?\b|\b(?:by )?(?:tomorrow|tonight)\b|\b(?:weekly|monthly|fortnightly)\b"
    r"|\b(?:by |on |before )?(?:the )?\d{1,2}(?:st|nd|rd|th)(?: of [a-z]+)?\b"
    r"|\b(?:by |on |before )?\d{1,2} (?:january|february|march|april|may|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)  # fmt: skip
"""A day, date or rhythm, in both languages; talks mix them."""
_PROMISES = (MoveKind.COMMITMENT, MoveKind.SUPPORT_OFFER, MoveKind.PLAN)


@dataclass(frozen=True, slots=True)
class Promise:
    """Something one of the two said they would do, in their own words; ``number``: of the utterance.

    ``when``: the day or rhythm they named, in their words; empty where they named none.
    """

    number: int
    speaker: str
    words: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The live page. ``manager_share``: of what was said, 0–1, None before anybody spoke; ``elapsed_s`` of talk."""

    step: Step
    manager_share: float | None
    promises: tuple[Promise, ...]
    elapsed_s: float


def standing(utterances: Sequence[Utterance], reader: MoveReader, lang_of: Callable[[str], Lang]) -> Standing:
    """Where a talk is; ``lang_of``: the language of something said in it."""
    step = Step.OPENING
    said = {"manager": 0, "employee": 0}
    promises: list[Promise] = []
    before = ""
    for utterance in utterances:
        if utterance.speaker in said:
            said[utterance.speaker] += len(utterance.text)
        if not utterance.doubtful and utterance.speaker != "unsure":
            reading = reader.read(utterance.text, lang_of(utterance.text), before)
            if utterance.speaker == "manager":
                step = _step_after(step, [(m.kind, m.detail) for m in reading.moves if m.strength >= 0.5])
            kept = [m for m in reading.moves if m.kind in _PROMISES and m.strength >= 0.5]
            if kept:
                words = _sentence(utterance.text, kept[0].start)
                promises.append(Promise(utterance.number, utterance.speaker, words, when_in(words)))
        if utterance.speaker == "employee":
            before = utterance.text
    total = sum(said.values())
    return Standing(
        step, round(said["manager"] / total, 2) if total else None, tuple(promises),
        max((u.end_s for u in utterances), default=0.0),
    )  # fmt: skip


def _step_after(step: Step, moves: Sequence[tuple[MoveKind, str]]) -> Step:
    """What the manager says it is, else what they do; never back but for a difference."""
    kinds = {kind for kind, _ in moves}
    for kind, detail in moves:
        if kind is MoveKind.STEP_MARKER and detail in list(Step):
            return Step(detail)
    if MoveKind.COMMITMENT in kinds:
        reached = Step.COMMITMENT
    elif MoveKind.PLAN in kinds:
        reached = Step.PLAN
    elif kinds & {MoveKind.AGREE_BEFORE_DIFFER, MoveKind.OFFERS_APPEAL}:
        reached = Step.DIFFERENCES
    elif kinds & {MoveKind.DELIVERS_MESSAGE, MoveKind.EVIDENCE}:
        reached = Step.FEEDBACK
    elif MoveKind.OPEN_QUESTION in kinds and step is Step.OPENING:
        reached = Step.SELF_REVIEW
    else:
        return step
    return reached if STEPS.index(reached) > STEPS.index(step) or reached is Step.DIFFERENCES else step


def when_in(words: str) -> str:
    """The first day, date or rhythm somebody named, in their words; empty where there is none."""
    found = _WHEN.search(words)
    return found[0].strip() if found else ""


def _sentence(text: str, at: int) -> str:
    """The sentence around a place."""
    ends = "。！？!?\n"
    start = max((text.rfind(end, 0, at) for end in ends), default=-1) + 1
    stops = [found for end in ends if (found := text.find(end, at)) >= 0]
    return text[start : min(stops) + 1 if stops else len(text)].strip()


def draft_minutes(
    utterances: Sequence[Utterance], reader: MoveReader, lang_of: Callable[[str], Lang]
) -> dict[str, Any]:
    """A first draft from the transcript, in the two people's own words: ``agreed``, ``disputed``, ``promised``.

    Lists of ``{number, speaker, words}``, promises with ``when``; the manager edits it, both confirm it.
    """
    disputed: list[dict[str, Any]] = []
    agreed: list[dict[str, Any]] = []
    for utterance in utterances:
        if utterance.speaker != "employee":
            continue
        kinds = {str(c["kind"]) for c in utterance.cues if c["strength"] >= 0.5}
        entry = {"number": utterance.number, "speaker": utterance.speaker, "words": utterance.text}
        if kinds & {"unfairness", "resistance", "anger"}:
            disputed.append(entry)
        elif "acceptance" in kinds:
            agreed.append(entry)
    promised = [
        {"number": p.number, "speaker": p.speaker, "words": p.words, "when": p.when}
        for p in standing(utterances, reader, lang_of).promises
    ]
    return {"agreed": agreed, "disputed": disputed, "promised": promised}
