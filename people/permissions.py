"""The one table of who may do what. Services ask it before anything else; pages never decide."""

from enum import StrEnum
from typing import Literal

from interview.actor import Actor, Role
from interview.errors import NotFoundError, PermissionDeniedError

Ownership = Literal["own", "any"]


class Action(StrEnum):
    """Everything the services can be asked to do."""

    REHEARSAL_START = "rehearsal.start"
    REHEARSAL_READ = "rehearsal.read"
    REHEARSAL_SPEAK = "rehearsal.speak"
    REHEARSAL_DELETE = "rehearsal.delete"
    LIBRARY_READ = "library.read"


TABLE: dict[Role, dict[Action, Ownership]] = {
    Role.MANAGER: {
        Action.REHEARSAL_START: "own",
        Action.REHEARSAL_READ: "own",
        Action.REHEARSAL_SPEAK: "own",
        Action.REHEARSAL_DELETE: "own",
        Action.LIBRARY_READ: "any",
    },
    Role.TRAINER: {
        Action.REHEARSAL_START: "own",
        Action.REHEARSAL_READ: "own",
        Action.REHEARSAL_SPEAK: "own",
        Action.REHEARSAL_DELETE: "own",
        Action.LIBRARY_READ: "any",
    },
    Role.HR: {Action.LIBRARY_READ: "any"},
    Role.ADMINISTRATOR: {Action.LIBRARY_READ: "any"},
    Role.EMPLOYEE: {},
}
"""Private practice is its owner's alone: no role reads another's rehearsal."""


def check(actor: Actor, action: Action, owner_id: str | None = None) -> None:
    """Pass, or raise PermissionDeniedError; for somebody else's object NotFoundError, so that ids can't be probed."""
    allowed = TABLE[actor.role].get(action)
    if allowed is None:
        raise PermissionDeniedError(f"{actor.role} may not {action}")
    if owner_id is not None and allowed == "own" and owner_id != actor.id:
        raise NotFoundError("not this person's")
