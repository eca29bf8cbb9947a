"""When to whisper, and what: at most one short wording on screen, seldom, and never over the manager's own words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from interview.conversation import Lang
from interview.cues import CueKind
from interview.situations import Situation
from interview.steps import Step
from phrasing.library import PhrasingLibrary

QUIET_S = 30.0
"""At most one new hint in this time."""
NOT_NOW_S = 120.0
VARIATIONS = 3
"""Wordings a manager may leaf through on one hint."""
STRONG = 0.5
SURER = 0.85
"""What a kind of cue needs after the manager has called it wrong."""
Verdict = Literal["helpful", "not_now", "wrong"]


class HintWriter(Protocol):
    """Words a hint anew; the authored wording stands where it doesn't."""

    def write(
        self, kind: CueKind, text: str, span: tuple[int, int], lang: Lang, *, step: Step, used: Collection[str] = ()
    ) -> str | None:
        """A wording for the cue at ``span`` of the employee's ``text``, or None; within a second and a half."""
        ...


@dataclass(frozen=True, slots=True)
class Hint:
    """One wording. ``quote``: the employee's words it answers, ``said`` all of the utterance; ``at_s``: when it came up.

    ``variation``: 1 for the first wording of this hint, up to ``VARIATIONS``. ``tentative``: the sentence is not over yet.
    """

    id: str
    kind: CueKind
    wording: str
    why: str
    quote: str
    at_s: float
    said: str = ""
    variation: int = 1
    tentative: bool = False


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
    said: str = "",
) -> HintState:
    """The state after an employee's utterance ``said`` with these cues; a new ``shown`` where a hint is due.

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
    hint = Hint("", kind, "", "", str(strongest["quote"]), at_s, said)
    return replace(_worded(state, hint, phrasing, lang, situation, step), last_s=at_s)


def another(state: HintState, phrasing: PhrasingLibrary, lang: Lang, *, situation: Situation, step: Step) -> HintState:
    """The hint on screen in other words; unchanged after ``VARIATIONS`` of them, or without a hint."""
    if state.shown is None or state.shown.variation >= VARIATIONS:
        return state
    return _worded(state, replace(state.shown, variation=state.shown.variation + 1), phrasing, lang, situation, step)


def reworded(state: HintState, wording: str) -> HintState:
    """The hint on screen in a model's words, which count as used like any other."""
    if state.shown is None:
        return state
    used = (*(u for u in state.used if u != state.shown.id), wording)
    return replace(state, shown=replace(state.shown, id="model", wording=wording, why=""), used=used)


def _worded(
    state: HintState, hint: Hint, phrasing: PhrasingLibrary, lang: Lang, situation: Situation, step: Step
) -> HintState:
    """The state with this hint in a wording not used before; begins again rather than fall silent."""
    used = state.used
    wording = phrasing.for_cue(hint.kind, lang, situation=situation, step=step, avoid=used, said=hint.said)
    if wording is None:
        used = tuple(u for u in used if not u.startswith(f"cues.{hint.kind}."))
        wording = phrasing.for_cue(hint.kind, lang, situation=situation, step=step, avoid=used, said=hint.said)
    if wording is None:
        return state
    shown = replace(hint, id=wording.id, wording=wording.text, why=wording.why)
    return replace(state, used=(*used, wording.id), shown=shown)


def judged(state: HintState, verdict: Verdict, at_s: float) -> HintState:
    """One tap on the hint: it goes, and the session remembers."""
    if state.shown is None:
        return state
    counts = {**state.counts, verdict: state.counts.get(verdict, 0) + 1}
    doubted = state.doubted | {str(state.shown.kind)} if verdict == "wrong" else state.doubted
    quiet = at_s + NOT_NOW_S if verdict == "not_now" else state.quiet_until_s
    return replace(state, shown=None, counts=counts, doubted=doubted, quiet_until_s=quiet)
