"""What practice mode says beside the talk: one hint on demand, and what the last sentence did, which fades with practice."""

from collections.abc import Sequence
from html import escape

from app.texts import t
from app.ui.parts import feedback_html
from app.wiring import Services
from interview.conversation import Lang
from interview.ports import RehearsalRecord, TurnRecord
from interview.steps import Step
from interview.texts import step_text
from simulator.feedback import Pace, feedback_for, pace_of
from simulator.voices.authored import join_sentences

QUOTE_CHARS = 40


def pace_for(services: Services, record: RehearsalRecord) -> Pace:
    """How often this person still gets feedback, from the rehearsals they held before this one."""
    return pace_of(record, services.rehearsals.mine(services.acting(record.lang)))


def feedback_panel(
    services: Services, record: RehearsalRecord, turns: Sequence[TurnRecord], lang: Lang, *, every: bool
) -> str:
    """Feedback on the last turn, or, where it has faded, on the step that has just ended."""
    if not turns:
        return ""
    if every or pace_for(services, record) == "turn":
        return _one(services, record, turns[-1], lang)
    done = _step_just_done(record, turns)
    if not done:
        return f"<p class='note'>{t('feedback.faded', lang)}</p>"
    name = step_text(Step(done[-1].payload["state"]["step"]), lang).name
    parts = [f"<h3>{escape(t('feedback.step_done', lang, step=name))}</h3>"]
    for turn in done:
        words = turn.payload["text"]
        quote = words if len(words) <= QUOTE_CHARS else words[:QUOTE_CHARS] + "…"
        parts.append(f"<p><q>{escape(quote)}</q></p>" + _one(services, record, turn, lang))
    return "".join(parts)


def _one(services: Services, record: RehearsalRecord, turn: TurnRecord, lang: Lang) -> str:
    persona = services.rehearsal_library.persona(record.persona_id, record.lang)
    found = feedback_for(
        turn.payload, record.lang, persona.situation, services.phrasing, reasons_in=lang, turn=turn.index
    )
    return feedback_html(found, lang)


def _step_just_done(record: RehearsalRecord, turns: Sequence[TurnRecord]) -> list[TurnRecord]:
    """The turns of the step that the last turn left (or that the end of the talk closed); none while it goes on."""
    steps = [turn.payload["state"]["step"] for turn in turns]
    if record.ended is not None:
        end = len(turns)
    elif len(turns) > 1 and steps[-1] != steps[-2]:
        end = len(turns) - 1
    else:
        return []
    first = end - 1
    while first > 0 and steps[first - 1] == steps[end - 1]:
        first -= 1
    return list(turns[first:end])


def hint_html(services: Services, rehearsal_id: str, lang: Lang) -> str:
    """One wording: for the employee's strongest cue if there is one, else for the step the talk is at."""
    actor = services.acting(lang)
    record = services.rehearsals.get(actor, rehearsal_id)
    stage = services.rehearsals.stage(record)
    turns = services.rehearsals.turns(actor, rehearsal_id)
    opening = services.rehearsals.opening(actor, rehearsal_id)
    state = turns[-1].payload["state"] if turns else opening["state"]
    last = join_sentences(turns[-1].reply) if turns else opening["line"]
    cues = [c for c in services.cue_reader.read(last, record.lang) if c.strength >= 0.5]
    said = {turn.payload["text"] for turn in turns}
    step, situation = Step(state["step"]), stage.persona.situation
    slots = {"name": stage.persona.address.called[0], "rating": stage.persona.rating.given}
    wording, why = None, ""
    if cues:
        strongest = max(cues, key=lambda c: c.strength)
        wording = services.phrasing.for_cue(
            strongest.kind, record.lang, situation=situation, step=step, avoid=said, slots=slots
        )
        why = t("talk.heard", lang, quote=strongest.quote, cue=t(f"cue.{strongest.kind}", lang))
    if wording is None:
        for _ in range(1 + sum(turn.payload["state"]["step"] == step for turn in turns) % 4):
            found = services.phrasing.for_step(step, record.lang, situation=situation, avoid=said, slots=slots)
            wording = found or wording
            said.add(found.id if found else "")
    if wording is None:
        return ""
    note = " · ".join(part for part in (why, wording.why) if part)
    return (
        f"<div class='feedback'><h4>{t('talk.hint_title', lang)}</h4><div class='better'>{escape(wording.text)}"
        f"<div class='note'>{escape(note)}</div></div></div>"
    )
