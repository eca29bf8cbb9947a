"""Classes: one moment, many answers side by side without names. People join with a code and need no account."""

import secrets
from dataclasses import dataclass

from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import ConflictError, InputError
from interview.ports import Classroom, ClassroomRepository, Clock
from interview.steps import SPOKEN_STEPS, Step
from people.permissions import Action, check

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8
MAX_ANSWER = 600


@dataclass(frozen=True, slots=True)
class Invitation:
    """What somebody who joins may know: the class's moment, and whether it still takes answers."""

    persona_id: str
    scenario_id: str
    step: Step
    lang: Lang
    seed: int
    is_open: bool


class Classrooms:
    """What trainers do with a class, and what those who join can do."""

    def __init__(self, classrooms: ClassroomRepository, clock: Clock) -> None:
        self._classrooms = classrooms
        self._clock = clock

    def open(self, actor: Actor, persona_id: str, scenario_id: str, step: Step, lang: Lang) -> Classroom:
        """Open a class at a moment; the code in its id can't be guessed in a lesson's time."""
        check(actor, Action.CLASS_LEAD, actor.id)
        if step not in SPOKEN_STEPS:
            raise InputError(f"no moment at {step}", message_key="error.no_drill", step=str(step))
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        classroom = Classroom(
            code, actor.id, persona_id, scenario_id, str(step), lang, secrets.randbelow(1_000_000), True,
            self._clock.now(),
        )  # fmt: skip
        self._classrooms.create(classroom)
        return classroom

    def led(self, actor: Actor) -> tuple[Classroom, ...]:
        """This trainer's own classes, newest first; they stay until they are deleted."""
        check(actor, Action.CLASS_LEAD, actor.id)
        return self._classrooms.led_by(actor.id)

    def invitation(self, code: str) -> Invitation:
        """The moment behind a code; raises NotFoundError."""
        found = self._classrooms.get(clean_code(code))
        return Invitation(
            found.persona_id, found.scenario_id, Step(found.step), found.lang, found.seed, found.is_open
        )  # fmt: skip

    def answer(self, code: str, text: str) -> int:
        """Hand in an answer without a name; returns its number from 1."""
        words = "".join(c for c in text if c == "\n" or c.isprintable()).strip()
        if not words:
            raise InputError("nothing said", message_key="error.empty_line")
        if len(words) > MAX_ANSWER:
            raise InputError("too long", message_key="error.long_line", length=len(words), limit=MAX_ANSWER)
        return self._classrooms.answer(clean_code(code), words) + 1

    def answers(self, actor: Actor, code: str) -> tuple[str, ...]:
        """All answers, for the trainer who leads the class."""
        self._led(actor, code)
        return self._classrooms.answers(clean_code(code))

    def close(self, actor: Actor, code: str) -> None:
        """Take no more answers; raises ConflictError where it is closed already."""
        if not self._led(actor, code).is_open:
            raise ConflictError("closed already", message_key="error.class_closed")
        self._classrooms.close(clean_code(code))

    def delete(self, actor: Actor, code: str) -> None:
        """Destroy the class and every answer."""
        self._led(actor, code)
        self._classrooms.delete(clean_code(code))

    def _led(self, actor: Actor, code: str) -> Classroom:
        found = self._classrooms.get(clean_code(code))
        check(actor, Action.CLASS_LEAD, found.trainer_id)
        return found


def clean_code(code: str) -> str:
    """The code as it is stored, however it was typed."""
    return "".join(c for c in code.upper() if c in ALPHABET)[: CODE_LENGTH + 1]
