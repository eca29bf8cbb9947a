"""Minutes, plan and pulse as HTML, for the employee's page, the manager's and for print; every word is escaped."""

import datetime as dt
from collections.abc import Sequence
from html import escape

from app.texts import t
from cycle.minutes import PARTS, Entry, Minutes, Version, Word
from cycle.plans import ActionItem, Plan, Progress, Skill, State, lacking, progress
from cycle.pulse import QUESTIONS, SCALE, Batch
from cycle.rewriting import part_name
from interview.conversation import Lang
from interview.steps import STEPS
from interview.texts import step_text


def day(when: dt.datetime | dt.date, lang: Lang) -> str:
    """A day as people write it; a time is turned into this machine's day first."""
    date = when.astimezone().date() if isinstance(when, dt.datetime) else when
    if lang == "zh":
        return f"{date.year}年{date.month}月{date.day}日（周{'一二三四五六日'[date.weekday()]}）"
    return f"{date:%a} {date.day} {date:%b} {date.year}"


def entries_html(entries: Sequence[Entry], lang: Lang) -> str:
    """Points by step, each marked as agreed, disputed or promised."""
    parts: list[str] = []
    for step in STEPS:
        rows = "".join(
            f"<li><b>{t('after.part_' + part, lang)}</b> {escape(e.text)}</li>"
            for part in PARTS
            for e in entries
            if e.step is step and e.part == part
        )
        if rows:
            parts.append(f"<h3>{step.number} {escape(step_text(step, lang).name)}</h3><ul>{rows}</ul>")
    return "".join(parts)


def words_html(minutes: Minutes, number: int, lang: Lang) -> str:
    """What each of the two said to one version."""
    rows: list[str] = []
    for party in ("manager", "employee"):
        word = minutes.said(party, number)
        rows.append(f"<li>{t('after.party_' + party, lang)}：{_word(word, lang)}</li>" if lang == "zh" else
                    f"<li>{t('after.party_' + party, lang)}: {_word(word, lang)}</li>")  # fmt: skip
    return f"<ul>{''.join(rows)}</ul>"


def _word(word: Word | None, lang: Lang) -> str:
    if word is None:
        return t("after.word_none", lang)
    said = t("after.word_yes" if word.agrees else "after.word_no", lang, at=f"{word.at.astimezone():%Y-%m-%d %H:%M}")
    return escape(said) + (f"<blockquote>{escape(word.view)}</blockquote>" if word.view else "")


def version_html(version: Version, lang: Lang) -> str:
    """Number and time of a version, and its points."""
    head = t("after.version", lang, number=version.number, at=f"{version.at.astimezone():%Y-%m-%d %H:%M}")
    return f"<p class='note'>{escape(head)}</p>{entries_html(version.entries, lang)}"


def minutes_document(name: str, version: Version, minutes: Minutes, about: str, lang: Lang) -> str:
    """A whole page to keep or print: points and words; nothing of the preparation."""
    title = t("after.document", lang, name=name)
    return document(
        title, f"<p>{escape(about)}</p>{version_html(version, lang)}{words_html(minutes, version.number, lang)}", lang
    )


def plan_document(name: str, plan: Plan, today: dt.date, lang: Lang) -> str:
    """A whole page of the plan by month, to print and take along; notes at what was ticked off stay out."""
    months = "".join(
        f"<h2>{month_name(month, lang)}</h2><ul>{''.join(f'<li>{action_html(a, today, lang)}</li>' for a in actions)}</ul>"
        for month, actions in by_month(plan)
    )
    return document(t("after.plan_document", lang, name=name), skills_html(plan.skills, lang) + months, lang)


def document(title: str, body: str, lang: Lang) -> str:
    """A page of its own, for A4."""
    return (
        f"<!doctype html><html lang='{lang}'><head><meta charset='utf-8'><title>{escape(title)}</title><style>"
        "body{font:11pt/1.5 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;color:#111;background:#fff;"
        "margin:1.5rem auto;padding:0 12px;max-width:46rem;overflow-wrap:anywhere}h1{font-size:17pt;margin:0 0 2mm}"
        "h2,h3{font-size:12pt;margin:3mm 0 1mm;break-after:avoid}p,ul,ol{margin:0 0 1.5mm}ul,ol{padding-left:5mm}"
        "li,tr{break-inside:avoid}.note{color:#444;font-size:9.5pt}blockquote{margin:1mm 0 1mm 4mm}"
        "table{border-collapse:collapse;width:100%;font-size:10pt}"
        "td,th{border-bottom:1px solid #999;padding:.8mm 1.5mm;text-align:left;vertical-align:top}th{overflow-wrap:normal}"
        "@media print{body{margin:0;padding:0;max-width:none;font-size:10pt}}"
        f"@page{{size:A4;margin:13mm}}</style><meta name='viewport' content='width=device-width'></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def skills_html(skills: Sequence[Skill], lang: Lang) -> str:
    """Focus skills with their levels where somebody said them."""
    if not skills:
        return ""
    rows = "".join(
        f"<li>{escape(s.name)}"
        + (
            f" <span class='note'>{t('after.levels', lang, now=s.now or '–', goal=s.goal or '–')}</span>"
            if s.now or s.goal
            else ""
        )
        + "</li>"
        for s in skills
    )
    return f"<p><b>{t('after.skills', lang)}</b></p><ul>{rows}</ul>"


def state_html(found: Progress, lang: Lang) -> str:
    """Where an action stands, in words and not by colour alone."""
    late = found.state is State.OVERDUE
    text = t(f"after.state_{found.state.value.replace('-', '_')}", lang)
    if found.all_periods:
        text += " · " + t("after.periods", lang, done=found.done_periods, all=found.all_periods)
    if found.missed:
        text += " · " + t(
            "after.missed",
            lang,
            which=("、" if lang == "zh" else ", ").join(period_name(p, lang) for p in found.missed[-3:]),
        )
    mark = "⚠ " if late else "✓ " if found.state is State.DONE else ""
    return f"<span class='{'late' if late else 'done' if found.state is State.DONE else 'note'}'>{mark}{escape(text)}</span>"


def period_name(period: str, lang: Lang) -> str:
    """A week by its Monday, a month by its name; "" stays."""
    if "W" not in period:
        return month_name(period, lang) if period else ""
    year, week = period.split("-W")
    return t("after.week_of", lang, day=_short(dt.date.fromisocalendar(int(year), int(week), 1), lang))


def _short(date: dt.date, lang: Lang) -> str:
    return f"{date.month}月{date.day}日" if lang == "zh" else f"{date.day} {date:%b}"


def action_html(action: ActionItem, today: dt.date, lang: Lang, *, to_employee: bool = False) -> str:
    """One action with its parts; what nobody has said is named. ``to_employee``: who owns it is said to them."""
    owner = t(("me.owner_" if to_employee else "after.owner_") + action.owner, lang)
    by = day(action.by, lang) if action.by else t("after.undated", lang)
    every = " · " + t(f"after.every_{action.every}", lang) if action.every else ""
    tag = f" <span class='note'>[{t('after.from_difference', lang)}]</span>" if action.difference else ""
    tag += f" <span class='note'>[{escape(action.skill)}]</span>" if action.skill else ""
    colon = "：" if lang == "zh" else ": "
    rows = "".join(
        f"<br><span class='note'>{part_name(part, lang)}{colon}{escape(getattr(action, part))}</span>"
        for part in ("how", "support", "know")
        if getattr(action, part)
    )
    missing = [part_name(part, lang) for part in lacking(action) if part != "by"]
    open_parts = ""
    if missing:
        names = ("、" if lang == "zh" else ", ").join(missing)
        open_parts = f"<br><span class='note'>{escape(t('after.still_open', lang, parts=names))}</span>"
    return (
        f"<b>{escape(action.what)}</b>{tag}<br>{escape(owner)} · {escape(by)}{every}{rows}{open_parts}"
        f"<br>{state_html(progress(action, today), lang)}"
    )


def by_month(plan: Plan) -> list[tuple[str, list[ActionItem]]]:
    """Actions under the month in which they end, in order; those without a day last, under ""."""
    months = sorted({f"{a.by:%Y-%m}" for a in plan.actions if a.by})
    found = [
        (m, sorted((a for a in plan.actions if a.by and f"{a.by:%Y-%m}" == m), key=lambda a: str(a.by))) for m in months
    ]
    undated = [a for a in plan.actions if a.by is None]
    return [*found, *([("", undated)] if undated else [])]


def month_name(month: str, lang: Lang) -> str:
    """2026-12 as a heading."""
    if not month:
        return t("after.undated", lang)
    first = dt.date.fromisoformat(f"{month}-01")
    return f"{first.year}年{first.month}月" if lang == "zh" else f"{first:%B %Y}"


def pulse_html(batches: Sequence[Batch], lang: Lang) -> str:
    """Every full batch with its distribution as a table; an empty text says from when on there is something."""
    if not batches:
        return f"<p class='note'>{t('after.pulse_none', lang)}</p>"
    head = "".join(f"<th scope='col'>{v}</th>" for v in SCALE)
    parts: list[str] = []
    for batch in batches:
        rows = "".join(
            f"<tr><th scope='row'>{t('me.pulse_' + q, lang)}</th><td>{batch.mean(q):.1f}</td>"
            + "".join(f"<td>{n}</td>" for n in batch.counts[q])
            + "</tr>"
            for q in QUESTIONS
        )
        when = t(
            "after.pulse_weeks",
            lang,
            first=batch.first_week.isoformat(),
            last=batch.last_week.isoformat(),
            n=batch.answers,
        )
        parts.append(
            f"<p><b>{escape(when)}</b></p><div class='scroll'><table><tr><th></th><th scope='col'>{t('after.mean', lang)}</th>{head}</tr>{rows}</table></div>"
        )
    return "".join(parts) + f"<p class='note'>{t('after.pulse_note', lang)}</p>"
