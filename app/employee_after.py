"""What comes after the talk on the employee's page: minutes to confirm, a plan to tick off, three questions."""

from collections.abc import Mapping
from html import escape

from app.after_html import action_html, by_month, month_name, period_name, skills_html, version_html
from app.texts import t
from app.wiring import Services
from cycle.employee import Visit
from cycle.minutes import MAX_VIEW
from cycle.plans import ActionItem, period_of, periods
from cycle.pulse import QUESTIONS, SCALE
from interview.conversation import Lang
from interview.errors import InputError

LATEST_PERIODS = 6


def minutes_section(services: Services, visit: Visit, here: str, lang: Lang, fields: Mapping[str, str] | None) -> str:
    """The newest version the manager has confirmed, with a way to confirm it or to differ."""
    shown = services.minutes.shown_to(visit)
    if shown is None:
        return ""
    said = ""
    if shown.word is not None:
        at = f"{shown.word.at.astimezone():%Y-%m-%d %H:%M}"
        said = f"<p class='done'>{t('me.you_confirmed' if shown.confirmed else 'me.you_differ', lang, at=at)}</p>"
        said += f"<blockquote>{escape(shown.word.view)}</blockquote>" if shown.word.view else ""
    head = f"<section id='minutes'><h2>{t('me.minutes', lang)}</h2>{version_html(shown.version, lang)}{said}"
    if not shown.is_latest:
        return f"{head}<p class='flag'>{t('me.being_changed', lang)}</p></section>"
    typed = fields.get("view", "") if fields and "number" in fields else (shown.word.view if shown.word else "")
    return (
        f"{head}<form method='post' action='{here}'><input type='hidden' name='number' value='{shown.version.number}'>"
        f"<label for='view'>{t('me.view', lang)}</label><textarea autocomplete='off' id='view' name='view' rows='3' maxlength='{MAX_VIEW}'>"
        f"{escape(typed)}</textarea><div class='pair'><button name='what' value='differ' class='plain'>{t('me.differ', lang)}"
        f"</button><button name='what' value='confirm'>{t('me.confirm', lang)}</button></div></form></section>"
    )


def plan_section(services: Services, visit: Visit, here: str, lang: Lang) -> str:
    """The shared plan by month; one's own actions can be ticked off, for each week or month where they repeat."""
    plan = services.plans.shown_to(visit)
    if plan is None:
        return ""
    today = services.plans.today()
    parts = [f"<section id='plan'><h2>{t('me.plan', lang)}</h2>{skills_html(plan.skills, lang)}"]
    for month, actions in by_month(plan):
        items = "".join(
            f"<div class='box'>{action_html(a, today, lang, to_employee=True)}{_ticks(services, a, here, lang) if a.owner == 'employee' else _notes(a)}</div>"
            for a in actions
        )
        parts.append(f"<h3>{month_name(month, lang)}</h3>{items}")
    return "".join(parts) + "</section>"


def _notes(action: ActionItem) -> str:
    return "".join(f"<blockquote>{escape(tick.note)}</blockquote>" for tick in action.ticks if tick.note)


def _ticks(services: Services, action: ActionItem, here: str, lang: Lang) -> str:
    today = services.plans.today()
    now = period_of(today, action.every)
    done = {tick.period: tick for tick in action.ticks}
    wanted = [""]
    if action.every:
        begun = [p for p in periods(action) if p <= now] or [now]
        missed = [p for p in begun if p not in done and p != now]
        wanted = [*missed, *begun[-LATEST_PERIODS:]]
        wanted = sorted(set(wanted))[-2 * LATEST_PERIODS :]
    forms: list[str] = []
    for period in wanted:
        tick = done.get(period)
        label = t("me.untick" if tick else "me.tick", lang)
        note = (
            f"<blockquote>{escape(tick.note)}</blockquote>" if tick and tick.note
            else "" if tick
            else f"<input name='note' maxlength='400' aria-label='{t('me.note', lang)}' placeholder='{t('me.note', lang)}'>"
        )  # fmt: skip
        mark = f"<span class='done'>✓ {tick.at.astimezone():%Y-%m-%d}</span> " if tick else ""
        forms.append(
            f"<form method='post' action='{here}' class='inline tick'><input type='hidden' name='action' value='{escape(action.id)}'>"
            f"<input type='hidden' name='period' value='{period}'><b>{period_name(period, lang)}</b> {mark}{note}"
            f"<button class='{'plain small' if tick else ''}' name='what' value='tick'>{label}</button></form>"
        )
    return "".join(forms)


def pulse_section(services: Services, visit: Visit, here: str, lang: Lang) -> str:
    """Three questions, once, after the talk."""
    if not services.pulses.may_answer(visit):
        return ""
    rows: list[str] = []
    for question in QUESTIONS:
        choices = "".join(
            f"<label><input type='radio' name='{question}' value='{value}' required>{value}</label>" for value in SCALE
        )
        rows.append(
            f"<fieldset><legend>{t('me.pulse_' + question, lang)}</legend><div class='scale'>{choices}</div></fieldset>"
        )
    return (
        f"<section id='pulse'><h2>{t('me.pulse', lang)}</h2><p>{t('me.pulse_about', lang)}</p><form method='post' action='{here}'>"
        f"<p class='note'>{t('me.pulse_scale', lang)}</p>{''.join(rows)}<button name='what' value='pulse'>{t('me.pulse_send', lang)}</button></form></section>"
    )


def pulse_from(fields: Mapping[str, str]) -> dict[str, int]:
    """The three answers; raises InputError where one is missing or odd."""
    allowed = {str(value): value for value in SCALE}
    if any(fields.get(q) not in allowed for q in QUESTIONS):
        raise InputError("answer", message_key="error.pulse_answer")
    return {q: allowed[fields[q]] for q in QUESTIONS}
