"""One moment of a talk set up for a class: the employee's line, and how the employee would take an answer."""

from dataclasses import dataclass

from app.wiring import Services
from interview.employee import EmployeeState
from interview.persona import Persona, Scenario
from interview.steps import Step
from review.classrooms import Invitation
from simulator.engine import Outcome, Stage, take_turn
from simulator.moments import drill_lines, drill_state
from simulator.rehearsal import variant_for
from simulator.voices.authored import drill_opening, opening_line


@dataclass(frozen=True, slots=True)
class Moment:
    """What everybody in the class answers."""

    stage: Stage
    state: EmployeeState
    line: str

    @property
    def persona(self) -> Persona:
        """Who is spoken to."""
        return self.stage.persona

    @property
    def scenario(self) -> Scenario:
        """What it is about."""
        return self.stage.scenario

    def hear(self, services: Services, answer: str) -> Outcome:
        """How this employee takes an answer; the same answer is always taken the same way."""
        reading = services.move_reader.read(answer, self.persona.lang, self.line)
        return take_turn(self.stage, self.state, answer, reading, before=self.line)


def moment_of(services: Services, invitation: Invitation) -> Moment:
    """The moment behind an invitation."""
    persona = services.library.persona(invitation.persona_id, invitation.lang)
    scenario = services.library.scenario(invitation.scenario_id, invitation.lang)
    variant = variant_for(persona, invitation.seed, exam=False)
    stage = Stage(persona, scenario, variant, invitation.seed)
    state = drill_state(persona, scenario, variant, invitation.step)
    if invitation.step is Step.OPENING:
        line = opening_line(persona, scenario, state, invitation.seed)
    else:
        line = drill_opening(persona, drill_lines(persona, scenario, invitation.step), invitation.seed)
    return Moment(stage, state, line.text)
