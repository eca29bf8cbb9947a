"""What a trainer set for this person to practise, and how far they are: seen by nobody else but that trainer."""

from html import escape

from app.texts import t
from app.wiring import Services
from interview.conversation import Lang
from interview.errors import TandaoError
from review.cohorts import Assignment
from scoring.rubric import band_of


def assigned_html(services: Services, lang: Lang) -> str:
    """A table of one row per cohort, or nothing where nobody set anything."""
    found = services.cohorts.assigned(services.acting(lang))
    if not found:
        return ""
    keys = ("cohort.list", "assigned.what", "assigned.until", "assigned.level", "cohort.talks", "cohort.best",
            "cohort.changed", "cohort.reached")  # fmt: skip
    head = "".join(f"<th>{t(key, lang)}</th>" for key in keys)
    points = services.reviews.points_may_be_shown()
    rows = "".join(_row(services, one, lang, points=points) for one in found)
    return (
        f"<div class='report'><h3>{t('assigned.title', lang)}</h3><div class='scroll'><table id='assigned-table'>"
        f"<tr>{head}</tr>{rows}</table></div><p class='note'>{t('assigned.about', lang)}</p></div>"
    )


def _row(services: Services, one: Assignment, lang: Lang, *, points: bool) -> str:
    cohort, mine = one.cohort, one.mine
    due = "" if cohort.due_on is None else cohort.due_on.isoformat()
    late = " <span class='flag'>⚑</span>" if one.overdue else ""
    level = f"{cohort.required:.0f}" if points else band_of(cohort.required, lang)
    best = "" if mine.best is None else f"{mine.best:.0f}" if points else band_of(mine.best, lang)
    reached = t({True: "cohort.yes", False: "cohort.no", None: "cohort.open"}[mine.reached], lang)
    cells = (
        cohort.name,
        _talk(services, cohort.persona_id, cohort.scenario_id, lang),
        due,
        level,
        str(mine.talks),
        best,
    )
    return (
        "<tr>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + f"<td>{_changed(one)}</td><td>{reached}{late}</td></tr>"
    )


def _changed(one: Assignment) -> str:
    """After minus before, with the interval where there are talks enough for one."""
    change = one.mine.change
    if change is None:
        return ""
    return f"{change.points:+.1f}" + ("" if change.low is None else f" ({change.low:+.1f} – {change.high:+.1f})")


def _talk(services: Services, persona_id: str, scenario_id: str, lang: Lang) -> str:
    try:
        persona, scenario = services.library.persona(persona_id, lang), services.library.scenario(scenario_id, lang)
    except TandaoError:  # an edited file may be gone
        return f"{persona_id} · {scenario_id}"
    return f"{persona.face} {persona.name} · {scenario.title}"
