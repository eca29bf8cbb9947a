"""The parts of the employee's page as HTML; every word that a person wrote passes ``escape``."""

from collections.abc import Mapping
from html import escape
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.after_html import day
from app.employee_after import minutes_section, plan_section, pulse_section
from app.employee_script import AUTOSAVE
from app.pictures import shared_view
from app.texts import t
from app.wiring import Services
from cycle.assessments import MAX_TEXT, PARTS, Answers, Assessment, Entry
from cycle.employee import Visit
from interview.conversation import LANGS, Lang
from interview.errors import InputError

_STYLE = """<style>h2{font-size:1.25rem}h3{font-size:1.02rem;margin:.7rem 0 .1rem}ul{margin:.2rem 0;padding-left:1.2rem}
.box .tick input[name=note]{width:100%;height:auto;box-sizing:border-box;margin:.3rem 0}.tick{margin-top:.5rem}h1{margin:.2rem 0}.facts{background:#e6f4f1;border-radius:12px;padding:.6rem .9rem;margin:.6rem 0}
.facts p{margin:.15rem 0}fieldset{border:1px solid #d6d3d1;border-radius:12px;background:#fff;margin:.7rem 0;padding:.5rem .8rem}
legend{font-weight:600;padding:0 .3rem}.why{font-size:.95rem}textarea{margin:.15rem 0 .5rem;field-sizing:content;min-height:2.6rem}
details{background:#fff;border:1px solid #d6d3d1;border-radius:12px;padding:.5rem .8rem;margin:.7rem 0}
summary{font-weight:600;cursor:pointer}.late{color:#b91c1c;font-weight:600}.done{color:#14532d}.plain{background:#57534e}
section{margin-top:1.3rem}#kept{position:sticky;bottom:0;background:#fafaf9;padding:.3rem 0;margin:.4rem 0 0}
img,svg,table{max-width:100%}.scroll{overflow-x:auto}td,th{text-align:left;padding:.2rem .4rem;vertical-align:top}
.scale{display:flex;justify-content:space-between;gap:.3rem}.scale label{flex:1;text-align:center;font-size:.9rem}
.scale input{display:block;margin:0 auto;width:1.4rem;height:1.4rem}blockquote,p,li,td{overflow-wrap:anywhere}
.scroll th,.scroll td:first-child{white-space:nowrap}.scroll td{overflow-wrap:break-word;min-width:3.2rem}
.picture{margin:0}.picture details{border:0;padding:0}.picture .scroll>svg{max-width:none;min-width:560px;height:auto}</style>"""


def page_body(
    services: Services, visit: Visit, secret: str, lang: Lang, notes: str, fields: Mapping[str, str] | None
) -> str:
    """The whole page in the order in which things are needed: before the talk the sheet, after it what came of it."""
    here = f"/me/{escape(secret)}?lang={lang}"
    switch = " · ".join(
        f"<a href='/me/{escape(secret)}?lang={other}' lang='{other}'>{'中文' if other == 'zh' else 'English'}</a>"
        for other in LANGS
    )
    sheet = _assessment(services, visit, here, lang, fields)
    after = (
        minutes_section(services, visit, here, lang, fields)
        + plan_section(services, visit, here, lang)
        + pulse_section(services, visit, here, lang)
    )
    seen = _picture(services, visit, lang)
    return (
        f"{_STYLE}<p class='note'>{switch}</p><h1>{escape(t('me.title', lang, name=visit.profile.name))}</h1>"
        f"{_facts(visit, lang)}{_company(services, visit, lang)}{notes}{after}{seen}{sheet}<p class='note'>{t('me.private', lang, until=day(visit.until, lang))} "
        f"<a href='/me/{escape(secret)}/my-data?lang={lang}'>{t('data.link', lang)}</a></p>"
    )


def _picture(services: Services, visit: Visit, lang: Lang) -> str:
    figures, events = services.visits.picture(visit)
    if not figures and not events:
        return ""
    view = shared_view(visit.profile.name, figures, events, lang)
    return f"<details><summary>{t('me.picture', lang)}</summary>{view}</details>"


def _facts(visit: Visit, lang: Lang) -> str:
    talk = visit.about
    when = t("me.no_date", lang)
    if talk.at is not None and not talk.cancelled:
        there = talk.at.astimezone(ZoneInfo(talk.zone) if talk.zone else None)
        when = f"{day(there.date(), lang)} {there:%H:%M}" + (f" ({talk.zone})" if talk.zone else "")
    rows = [("me.when", when), ("me.length", t("me.minutes_long", lang, n=talk.minutes))]
    rows += [("me.where", talk.place)] if talk.place else []
    rows += [("me.purpose", talk.purpose)] if talk.purpose else []
    rows += [("me.bring", ("；" if lang == "zh" else "; ").join(talk.bring))] if talk.bring else []
    return "<div class='facts'>" + "".join(f"<p><b>{t(k, lang)}</b> {escape(v)}</p>" for k, v in rows) + "</div>"


def _company(services: Services, visit: Visit, lang: Lang) -> str:
    """What HR set for the round: how ratings are told, where to appeal, the company's own words."""
    what = services.rounds.of_visit(visit)
    if what is None:
        return ""
    rows = [t("me.published" if what.ratings_published else "me.unpublished", lang)]
    rows += [f"<b>{t('me.appeal', lang)}</b> {escape(what.appeal)}"] if what.appeal else []
    rows += [escape(what.form).replace("\n", "<br>")] if what.form else []
    text = "".join(f"<p>{row}</p>" for row in rows)
    return f"<section class='facts' id='company'><h2>{t('round.from_company', lang)}</h2>{text}</section>"


def answers_from(fields: Mapping[str, str]) -> Answers:
    """The nine entries out of the form; raises InputError (``error.long_field``) for a text that is too long."""

    def entry(part: str, number: int) -> Entry:
        return Entry(
            what=_clean(fields.get(f"{part}-{number}-what", "")), why=_clean(fields.get(f"{part}-{number}-why", ""))
        )

    def three(part: str) -> tuple[Entry, Entry, Entry]:
        return entry(part, 1), entry(part, 2), entry(part, 3)

    try:
        return Answers(
            proud=three("proud"),
            improve=three("improve"),
            support=three("support"),
            for_practice=fields.get("for_practice") == "yes",
        )
    except ValidationError as error:
        raise InputError("too long", message_key="error.long_field", limit=MAX_TEXT) from error


def _clean(text: str) -> str:
    return "".join(c for c in text if c == "\n" or c.isprintable())


def _assessment(services: Services, visit: Visit, here: str, lang: Lang, fields: Mapping[str, str] | None) -> str:
    found, version = services.assessments.own(visit)
    if not visit.is_before_talk:
        return _sent_sheet(found, lang)
    typed = found.typed
    if fields and "proud-1-what" in fields:  # refused: what was typed stays on the page
        typed = _unchecked(fields)
    sent = t("me.sent_on", lang, at=f"{found.sent_at.astimezone():%Y-%m-%d %H:%M}") if found.sent_at else ""
    if sent and found.sent != found.typed:
        sent += " " + t("me.changed_since", lang)
    parts = "".join(_fieldset(part, typed, lang) for part in PARTS)
    ticked = " checked" if typed.for_practice else ""
    return (
        f"<section><h2>{t('me.sheet', lang)}</h2><p>{t('me.sheet_about', lang)}</p>"
        + (f"<p class='done'>{escape(sent)}</p>" if sent else "")
        + f"<form method='post' action='{here}' id='sheet' autocomplete='off' data-kept='{t('me.kept', lang)}' "
        f"data-failed='{t('me.not_kept', lang)}' data-typing='{t('me.typing', lang)}'>"
        f"<input type='hidden' name='version' value='{version}'>{parts}"
        f"<label class='box'><input type='checkbox' name='for_practice' value='yes'{ticked}> {t('me.for_practice', lang)}</label>"
        f"<p id='kept' class='note' role='status'></p><div class='pair'>"
        f"<button name='what' value='save' class='plain'>{t('me.save', lang)}</button>"
        f"<button name='what' value='send'>{t('me.send', lang)}</button></div></form>{AUTOSAVE}</section>"
    )


def _unchecked(fields: Mapping[str, str]) -> Answers:
    """Texts as they were sent, however long, to be shown again."""

    def entry(part: str, n: int) -> Entry:
        return Entry.model_construct(what=fields.get(f"{part}-{n}-what", ""), why=fields.get(f"{part}-{n}-why", ""))

    def three(part: str) -> tuple[Entry, Entry, Entry]:
        return entry(part, 1), entry(part, 2), entry(part, 3)

    practice = fields.get("for_practice") == "yes"
    return Answers.model_construct(
        for_practice=practice, proud=three("proud"), improve=three("improve"), support=three("support")
    )


def _fieldset(part: str, typed: Answers, lang: Lang) -> str:
    rows: list[str] = []
    entries: tuple[Entry, ...] = getattr(typed, part)
    for number, entry in enumerate(entries, 1):
        rows.extend(
            f"<label for='{part}-{number}-{field}' class='{'why' if field == 'why' else ''}'>"
            f"{escape(t(f'me.{part}_{field}', lang, n=number))}</label><textarea autocomplete='off' id='{part}-{number}-{field}' "
            f"name='{part}-{number}-{field}' rows='2' maxlength='{MAX_TEXT}'>{escape(text)}</textarea>"
            for field, text in (("what", entry.what), ("why", entry.why))
        )
    return f"<fieldset><legend>{t(f'me.{part}', lang)}</legend>{''.join(rows)}</fieldset>"


def _sent_sheet(found: Assessment, lang: Lang) -> str:
    if found.sent is None:
        return ""
    return f"<details><summary>{t('me.sheet', lang)}</summary>{sheet_html(found.sent, lang)}</details>"


def sheet_html(answers: Answers, lang: Lang) -> str:
    """The sheet to read; used by the manager's page too."""
    parts: list[str] = []
    for part in PARTS:
        entries: tuple[Entry, ...] = getattr(answers, part)
        rows = "".join(
            f"<li>{escape(e.what)}" + (f"<br><span class='note'>{escape(e.why)}</span>" if e.why else "") + "</li>"
            for e in entries
            if e.what or e.why
        )
        parts.append(
            f"<h3>{t(f'me.{part}', lang)}</h3>" + (f"<ol>{rows}</ol>" if rows else f"<p>{t('me.none', lang)}</p>")
        )
    return "".join(parts)
