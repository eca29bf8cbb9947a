"""Brings a rehearsal and the reporter together: the stored talk and its path of states become a stored report."""

from typing import Any

from app.wiring import Services
from interview.actor import Actor
from interview.conversation import Lang
from interview.employee import EmployeeState
from interview.steps import Step


def build_report(services: Services, actor: Actor, rehearsal_id: str, lang: Lang | None = None) -> dict[str, Any]:
    """Make, store and return the report of a rehearsal as it stands, its own words in ``lang`` or the talk's language."""
    with services.metrics.watched("report"):
        return _build(services, actor, rehearsal_id, lang)


def _build(services: Services, actor: Actor, rehearsal_id: str, lang: Lang | None) -> dict[str, Any]:
    rehearsals = services.rehearsals
    record = rehearsals.get(actor, rehearsal_id)
    stage = rehearsals.stage(record)
    opening = rehearsals.opening(actor, rehearsal_id)
    states = [opening["state"]]
    states += [turn.payload["state"] for turn in rehearsals.turns(actor, rehearsal_id)]
    report = services.reporter.report(
        rehearsals.transcript(actor, rehearsal_id),
        stage.persona,
        stage.scenario,
        [EmployeeState.from_dict(state) for state in states],
        words_in=lang,
        preparation={kind: tuple(names) for kind, names in opening.get("preparation", {}).items()},
        drill=Step(record.drill) if record.drill else None,
        annotate=True,
    )
    report["title"] = f"{stage.persona.name} · {stage.scenario.title}"
    report["ended"] = record.ended
    report = services.reviews.applied(actor, rehearsal_id, report)
    report["points"] = bool(report["human"]) or services.reviews.points_may_be_shown()
    if record.owner_id == actor.id:
        rehearsals.save_report(actor, rehearsal_id, report)
    return report
