"""Managers' turns made of moves directly, so that the engine is tested apart from the reader."""

from interview.moves import Move, MoveKind
from interview.reading.facts import FactCheck
from simulator.hearing import Heard


def heard(
    *kinds: MoveKind | tuple[MoveKind, str],
    facts: tuple[FactCheck, ...] = (),
    touched: tuple[str, ...] = (),
    delivered: tuple[str, ...] = (),
    readable: bool = True,
    repeated: bool = False,
    text: str = "一句话",
    fingerprint: str = "",
) -> Heard:
    """A turn that does these things; a kind with a detail is given as a pair."""
    moves = tuple(
        Move(k[0], 0.9, text, 0, len(text), k[1]) if isinstance(k, tuple) else Move(k, 0.9, text, 0, len(text))
        for k in kinds
    )
    return Heard(
        text=text, folded=text.lower(), moves=moves, readable=readable, facts=facts, touched=touched,
        delivered=delivered, repeated=repeated, interrupted=False, money=False, has_time=True, has_follow_up=False,
        fingerprint=fingerprint or text,
    )  # fmt: skip
