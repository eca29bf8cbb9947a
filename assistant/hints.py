"""When to whisper, and what: at most one short wording on screen, seldom, and never over the manager's own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from interview.conversation import Lang
from interview.cues import CueKind
from interview.situations import Situation
from interview.steps import Step
from phrasing.library import PhrasingLibrary

QUIET_S = 30.0
"""At most one new hint in this time."""
NOT_NOW_S = 120.0
STRONG = 0.5
SURER = 0.85
"""What a kind of cue needs after the manager has called it wrong."""
Verdict = Literal["helpful", "not_now", "wrong"]


@dataclass(frozen=True, slots=True)
class Hint:
    """One wording. ``quote``: the employee's words it answers; ``at_s``: when it came up."""

    id: str
    kind: CueKind
    wording: str
    why: str
    quote: str
    at_s: float


@dataclass(frozen=True, slots=True)
class HintState:
    """What the session remembers: the last hint's time, wordings used, kinds called wrong, and the hint on screen."""

    last_s: float = -1e9
    quiet_until_s: float = -1e9
    used: tuple[str, ...] = ()
    doubted: frozenset[str] = frozenset()
    shown: Hint | None = None
    counts: Mapping[str, int] = field(default_factory=dict[str, int])


def consider(
    state: HintState,
    cues: Sequence[Mapping[str, Any]],
    at_s: float,
    phrasing: PhrasingLibrary,
    lang: Lang,
    *,
    situation: Situation,
    step: Step,
    manager_speaking: bool = False,
    unsure: bool = False,
) -> HintState:
    """The state after an employee's utterance with these cues; a new ``shown`` where a hint is due.

    ``unsure``: doubtful words or an unsure speaker, which never bring a hint.
    """
    if manager_speaking or unsure or at_s - state.last_s < QUIET_S or at_s < state.quiet_until_s:
        return state
    counting = [
        c for c in cues
        if c["strength"] >= (SURER if c["kind"] in state.doubted else STRONG) and c["kind"] != CueKind.ACCEPTANCE
    ]  # fmt: skip
    if not counting:
        return state
    strongest = max(counting, key=lambda c: c["strength"])
    kind = CueKind(strongest["kind"])
    wording = phrasing.for_cue(kind, lang, situation=situation, step=step, avoid=state.used)
    if wording is None:  # every wording has been used: begin again rather than fall silent
        own = f"cues.{kind}."
        state = replace(state, used=tuple(u for u in state.used if not u.startswith(own)))
        wording = phrasing.for_cue(kind, lang, situation=situation, step=step, avoid=state.used)
    if wording is None:
        return state
    hint = Hint(wording.id, kind, wording.text, wording.why, str(strongest["quote"]), at_s)
    return replace(state, last_s=at_s, used=(*state.used, wording.id), shown=hint)


def judged(state: HintState, verdict: Verdict, at_s: float) -> HintState:
    """One tap on the hint: it goes, and the session remembers."""
    if state.shown is None:
        return state
    counts = {**state.counts, verdict: state.counts.get(verdict, 0) + 1}
    doubted = state.doubted | {str(state.shown.kind)} if verdict == "wrong" else state.doubted
    quiet = at_s + NOT_NOW_S if verdict == "not_now" else state.quiet_until_s
    return replace(state, shown=None, counts=counts, doubted=doubted, quiet_until_s=quiet)
