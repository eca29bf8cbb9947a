"""Cues in a sentence that is not over: they count once two texts in a row have them, and only until it is.

Nothing of it is stored. What was said in the end decides; until then a hint made from this is marked as tentative.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.hints import STRONG, HintState
from interview.ports import Utterance


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A sentence the employee is in the middle of, on one device. ``number``: of the segment there.

    ``said``: its words so far with the cues that the text before had too; ``read``: all cues of these words.
    """

    channel: int
    number: int
    said: Utterance
    read: tuple[Mapping[str, Any], ...] = ()


def grown(before: Unfinished | None, channel: int, number: int, said: Utterance) -> Unfinished:
    """The sentence after a further text of it; ``said``: with all its cues, none where the words are doubtful."""
    known = set[tuple[str, str]]()
    if before is not None and (before.channel, before.number) == (channel, number):
        known = {_named(cue) for cue in before.read}
    kept = tuple(cue for cue in said.cues if _named(cue) in known)
    return Unfinished(channel, number, replace(said, cues=kept), said.cues)


def provisional(before: HintState, after: HintState) -> HintState | None:
    """What a sentence that is not over made of the hints, marked so; None where it brought nothing new."""
    if after.shown is None or after.last_s == before.last_s:
        return None
    return replace(after, shown=replace(after.shown, tentative=True))


def stands(ahead: HintState, cues: Sequence[Mapping[str, Any]]) -> bool:
    """Whether words with these cues still bear the provisional hint out."""
    return ahead.shown is not None and any(c["kind"] == ahead.shown.kind and c["strength"] >= STRONG for c in cues)


def confirmed(ahead: HintState, said: Utterance) -> HintState:
    """The sentence is over and bears the hint out: the same wording stays, now for the words as they were said."""
    if ahead.shown is None:
        return ahead
    own = [cue for cue in said.cues if cue["kind"] == ahead.shown.kind]
    quote = str(max(own, key=lambda cue: cue["strength"])["quote"]) if own else ahead.shown.quote
    return replace(ahead, shown=replace(ahead.shown, tentative=False, said=said.text, quote=quote))


def _named(cue: Mapping[str, Any]) -> tuple[str, str]:
    return str(cue["kind"]), str(cue["quote"])
