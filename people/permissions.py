"""The one table of who may do what. Services ask it before anything else; pages never decide."""

from enum import StrEnum
from typing import Literal

from interview.actor import Actor, Role
from interview.errors import NotFoundError, PermissionDeniedError

Ownership = Literal["own", "shared", "any"]
"""``shared``: one's own, and what its owner has shared with one."""


class Action(StrEnum):
    """Everything the services can be asked to do."""

    REHEARSAL_START = "rehearsal.start"
    REHEARSAL_READ = "rehearsal.read"
    REHEARSAL_SPEAK = "rehearsal.speak"
    REHEARSAL_DELETE = "rehearsal.delete"
    REHEARSAL_SHARE = "rehearsal.share"
    REVIEW_READ = "review.read"
    REVIEW_WRITE = "review.write"
    COHORT_LEAD = "cohort.lead"
    CLASS_LEAD = "class.lead"
    LIVE_HOLD = "live.hold"
    LIVE_REVIEW = "live.review"
    TEAM_LEAD = "team.lead"
    ROUND_LEAD = "round.lead"
    LIBRARY_EDIT = "library.edit"
    LIBRARY_READ = "library.read"
    ACCOUNTS_MANAGE = "accounts.manage"


TABLE: dict[Role, dict[Action, Ownership]] = {
    Role.MANAGER: {
        Action.REHEARSAL_START: "own",
        Action.REHEARSAL_READ: "own",
        Action.REHEARSAL_SPEAK: "own",
        Action.REHEARSAL_DELETE: "own",
        Action.REHEARSAL_SHARE: "own",
        Action.LIVE_HOLD: "own",
        Action.TEAM_LEAD: "own",
        Action.LIBRARY_READ: "any",
    },
    Role.TRAINER: {
        Action.REHEARSAL_START: "own",
        Action.REHEARSAL_READ: "shared",
        Action.REHEARSAL_SPEAK: "own",
        Action.REHEARSAL_DELETE: "own",
        Action.REHEARSAL_SHARE: "own",
        Action.REVIEW_READ: "shared",
        Action.REVIEW_WRITE: "shared",
        Action.LIVE_REVIEW: "shared",
        Action.COHORT_LEAD: "own",
        Action.CLASS_LEAD: "own",
        Action.LIBRARY_READ: "any",
        Action.LIBRARY_EDIT: "any",
    },
    Role.HR: {Action.ROUND_LEAD: "any", Action.LIBRARY_READ: "any"},
    Role.ADMINISTRATOR: {Action.ACCOUNTS_MANAGE: "any"},
    Role.EMPLOYEE: {},
}
"""Private practice is its owner's alone: no role reads another's rehearsal unless its owner shared it with a trainer."""


def check(actor: Actor, action: Action, owner_id: str | None = None, *, shared: bool = False) -> None:
    """Pass, or raise PermissionDeniedError; for somebody else's object NotFoundError, so that ids can't be probed.

    ``shared``: whether the object's owner has shared it with this actor.
    """
    allowed = TABLE[actor.role].get(action)
    if allowed is None:
        raise PermissionDeniedError(f"{actor.role} may not {action}")
    mine = owner_id is None or owner_id == actor.id or allowed == "any"
    if not mine and not (shared and allowed == "shared"):
        raise NotFoundError("not this person's")
