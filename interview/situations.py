"""The four employee situations and the two ways of taking feedback; their texts are in ``data/situations.yaml``."""

from enum import StrEnum


class Situation(StrEnum):
    """Performance × potential."""

    CHALLENGER = "challenger"
    EXPERT = "expert"
    ROUGH_JADE = "rough_jade"
    STUCK = "stuck"


class Style(StrEnum):
    """How somebody takes feedback."""

    OPEN = "open"
    DEFENSIVE = "defensive"
