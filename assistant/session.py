"""A live interview as it stands: where it is, who spoke how much, what was promised, which hint is up.

Everything is computed from the stored utterances, so that any process can show any session. Nothing here says anything
about the employee but their own words; nothing is scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from interview.conversation import Lang
from interview.moves import MoveKind
from interview.ports import MoveReader, Utterance
from interview.steps import STEPS, Step

_PROMISES = (MoveKind.COMMITMENT, MoveKind.SUPPORT_OFFER, MoveKind.PLAN)


@dataclass(frozen=True, slots=True)
class Promise:
    """Something one of the two said they would do, in their own words; ``number``: of the utterance."""

    number: int
    speaker: str
    words: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The live page. ``manager_share``: of what was said, 0–1, None before anybody spoke; ``elapsed_s`` of talk."""

    step: Step
    manager_share: float | None
    promises: tuple[Promise, ...]
    elapsed_s: float


def standing(utterances: Sequence[Utterance], reader: MoveReader, lang: Lang) -> Standing:
    """Where a talk is."""
    step = Step.OPENING
    said = {"manager": 0, "employee": 0}
    promises: list[Promise] = []
    before = ""
    for utterance in utterances:
        if utterance.speaker in said:
            said[utterance.speaker] += len(utterance.text)
        if not utterance.doubtful and utterance.speaker != "unsure":
            reading = reader.read(utterance.text, lang, before)
            if utterance.speaker == "manager":
                step = _step_after(step, [(m.kind, m.detail) for m in reading.moves if m.strength >= 0.5])
            kept = [m for m in reading.moves if m.kind in _PROMISES and m.strength >= 0.5]
            if kept:
                promises.append(Promise(utterance.number, utterance.speaker, _sentence(utterance.text, kept[0].start)))
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


def _sentence(text: str, at: int) -> str:
    """The sentence around a place."""
    ends = "。！？!?\n"
    start = max((text.rfind(end, 0, at) for end in ends), default=-1) + 1
    stops = [found for end in ends if (found := text.find(end, at)) >= 0]
    return text[start : min(stops) + 1 if stops else len(text)].strip()


def draft_minutes(utterances: Sequence[Utterance], reader: MoveReader, lang: Lang) -> dict[str, Any]:
    """A first draft from the transcript, in the two people's own words: ``agreed``, ``disputed``, ``promised``.

    Lists of ``{number, speaker, words}``; the manager edits it, both confirm it.
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
        {"number": p.number, "speaker": p.speaker, "words": p.words}
        for p in standing(utterances, reader, lang).promises
    ]
    return {"agreed": agreed, "disputed": disputed, "promised": promised}
