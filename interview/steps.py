"""The nine steps of the interview; their texts are in ``data/steps.yaml``."""

from enum import StrEnum


class Step(StrEnum):
    """One of the nine, in order."""

    NOTICE = "notice"
    SETTING = "setting"
    OPENING = "opening"
    SELF_REVIEW = "self_review"
    FEEDBACK = "feedback"
    DIFFERENCES = "differences"
    PLAN = "plan"
    COMMITMENT = "commitment"
    CLOSING = "closing"

    @property
    def number(self) -> int:
        """1–9."""
        return STEPS.index(self) + 1


STEPS: tuple[Step, ...] = tuple(Step)
SPOKEN_STEPS: tuple[Step, ...] = STEPS[2:]
"""The steps that happen in the talk itself; notice and setting come before it."""
