"""Who is asking. Every service call takes one."""

from dataclasses import dataclass
from enum import StrEnum

from interview.conversation import Lang


class Role(StrEnum):
    """What somebody may be in this product."""

    MANAGER = "manager"
    EMPLOYEE = "employee"
    TRAINER = "trainer"
    HR = "hr"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Actor:
    """The acting person: an id that never changes, a role, and the language messages are given in."""

    id: str
    role: Role
    language: Lang
