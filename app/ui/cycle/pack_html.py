"""What the preparation shows: the last plan, the employee's sheet, numbers, findings and the situation, as HTML."""

from collections.abc import Sequence
from html import escape

from app.after_html import document, state_html
from app.employee_parts import sheet_html
from app.texts import t
from app.ui.cycle.inviting import round_html
from cycle.numbers import Number
from cycle.pack_checks import Finding, text_of
from cycle.packs import Incident, Opened
from cycle.plans import Outcome, State
from cycle.rounds import Round
from cycle.situation import Advice, Placed, caution, reason_text
from interview.conversation import Lang
from interview.texts import situation_text, step_text


def before_html(opened: Opened, company: Round | None, lang: Lang) -> str:
    """What became of the last plan, the employee's sheet, and what the company says about the round."""
    return f"<div class='report'>{_outcome(opened.outcome, lang)}{_sheet(opened, lang)}{_company(company, lang)}</div>"


def _company(company: Round | None, lang: Lang) -> str:
    return f"<h3>{t('round.from_company', lang)}</h3>{round_html(company, lang)}" if company else ""


def pack_document(opened: Opened, lang: Lang, company: Round | None = None) -> str:
    """What goes into the talk on one sheet: only what the manager keeps. Situation, levels of potential and advice stay
    on the screen: paper lies on tables."""
    pack = opened.pack
    kept = {side: [i for i in pack.incidents if i.kept and i.side == side] for side in ("good", "bad")}
    names = {n.id: n.metric for n in opened.numbers} | {i.id: f"{i.date} {i.what}" for i in pack.incidents}
    names |= {f.id: f.what for f in pack.feedback}
    sections = [
        ("numbers", numbers_html([n for n in opened.numbers if n.id in pack.numbers], lang) if pack.numbers else ""),
        ("good", _items([_incident(i) for i in kept["good"]])),
        ("bad", _items([_incident(i) for i in kept["bad"]])),
        ("feedback", _items([f"{f.source}: {f.what}" if f.source else f.what for f in pack.feedback if f.kept])),
        ("contribution", _words(pack.role.contribution)),
        ("strategy", _words(pack.role.strategy)),
        ("gap", _words(pack.role.gap)),
        ("rating", _words(pack.rating)),
        ("text", _words(pack.text)),
    ]
    body = "".join(f"<h2>{_plain(f'pack.{key}', lang)}</h2>{html}" for key, html in sections if html)
    judged = "".join(
        f"<li>{escape(j.text)}<br><span class='note'>{escape(' / '.join(names[e] for e in j.evidence if e in names))}"
        "</span></li>"
        for j in pack.judgements
    )
    if judged:
        body += f"<h2>{t('pack.sheet_judgements', lang)}</h2><ol>{judged}</ol>"
    outcome = _outcome(opened.outcome, lang) if opened.outcome else ""
    due = f"<p>{t('pack.sheet_due', lang, day=opened.talk.due)}</p>" if opened.talk.due else ""
    own = f"<p class='note'>{t('pack.sheet_own', lang)}</p>"
    return document(
        t("pack.sheet_title", lang, name=opened.person.name),
        f"{due}{outcome}{body}{_company(company, lang)}{own}",
        lang,
    )


def _plain(key: str, lang: Lang) -> str:
    """A label without what it says in brackets about ticking."""
    return t(key, lang).replace("(", "（").split("（")[0].strip()


def _incident(incident: Incident) -> str:
    return f"{incident.date} {incident.what}" + (f" ({incident.source})" if incident.source else "")


def _items(texts: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>" if texts else ""


def _words(text: str) -> str:
    return f"<p>{escape(text).replace(chr(10), '<br>')}</p>" if text.strip() else ""


def _outcome(outcome: Outcome | None, lang: Lang) -> str:
    head = f"<h3>{t('pack.outcome', lang)}</h3>"
    if outcome is None:
        return f"{head}<p class='note'>{t('pack.outcome_none', lang)}</p>"
    counts = t(
        "pack.outcome_counts", lang, done=outcome.count(State.DONE), all=len(outcome.progress),
        overdue=outcome.count(State.OVERDUE),
    )  # fmt: skip
    rows = "".join(f"<li><b>{escape(p.action.what)}</b> {state_html(p, lang)}</li>" for p in outcome.progress)
    skills = "".join(
        f"<li>{t('pack.skill', lang, name=s.name, now=s.now or '–', goal=s.goal or '–')}</li>" for s in outcome.skills
    )
    return f"{head}<p>{counts}</p><ul>{rows}{skills}</ul>"


def _sheet(opened: Opened, lang: Lang) -> str:
    if opened.sent is None:
        return f"<h3>{t('pack.sheet', lang)}</h3><p class='note'>{t('pack.sheet_none', lang)}</p>"
    at = f"{opened.sent.at.astimezone():%Y-%m-%d %H:%M}"
    return f"<details open><summary>{t('pack.sheet_at', lang, at=at)}</summary>{sheet_html(opened.sent.answers, lang)}</details>"


def numbers_html(numbers: Sequence[Number], lang: Lang) -> str:
    """One row a metric; the place is said without names, and not at all below five colleagues."""
    if not numbers:
        return f"<p class='note'>{t('pack.numbers_none', lang)}</p>"
    names = ("metric", "actual", "target", "reached", "before", "team")
    head = "".join(f"<th>{t(f'pack.col_{name}', lang)}</th>" for name in names)
    rows = "".join(_row(number, lang) for number in numbers)
    months = f"{numbers[0].months[0]} – {numbers[0].months[-1]}"
    return (
        f"<div class='report scroll'><table id='pack-numbers-table'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
        f"</table><p class='note'>{t('pack.numbers_note', lang, months=months)}</p></div>"
    )


def _row(n: Number, lang: Lang) -> str:
    met = "" if n.is_met is None else f" {'✓' if n.is_met else '✗'} {t(f'pack.met_{str(n.is_met).lower()}', lang)}"
    target = "–" if n.target is None else f"{n.target:.4g}{escape(n.unit)}{met}"
    reached = t("pack.reached", lang, reached=n.reached, all=n.with_target) if n.with_target else "–"
    before = "–" if n.before is None else f"{n.before:.4g} ({n.actual - n.before:+.3g})"
    place = t("pack.few_colleagues", lang)
    if n.place is not None:
        place = t(
            "pack.place", lang, share=round(100 * n.place.share), rank=n.place.rank, all=n.place.others + 1,
            median=f"{n.place.median:.4g}",
        )  # fmt: skip
    cells = (escape(n.metric), f"{n.actual:.4g}{escape(n.unit)}", target, reached, before, place)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def findings_html(findings: Sequence[Finding], lang: Lang) -> str:
    """Each with its words, why it matters and a better way."""
    if not findings:
        return f"<div class='report' id='pack-findings-list'><p>✓ {t('pack.check_none', lang)}</p></div>"
    rows: list[str] = []
    for finding in findings:
        said = text_of(finding, lang)
        quote = f"<blockquote>{escape(finding.quote)}</blockquote>" if finding.quote else ""
        rows.append(
            f"<li data-rule='{finding.rule}'><b>{escape(said.where)}</b>{quote}<p>{escape(said.reason)}<br>"
            f"<b>{t('pack.better', lang)}</b> {escape(said.better)}</p></li>"
        )
    head = t("pack.check_count", lang, count=len(findings))
    return f"<div class='report' id='pack-findings-list'><p>{head}</p><ol>{''.join(rows)}</ol></div>"


def placed_html(placed: Placed, lang: Lang) -> str:
    """The proposal and its reasons."""
    rows = "".join(f"<li>{t(f'pack.axis_{r.axis}', lang)}: {escape(reason_text(r, lang))}</li>" for r in placed.reasons)
    name = situation_text(placed.proposed, lang).name if placed.proposed else t("pack.cannot_tell", lang)
    return (
        f"<div class='report'><p>{t('pack.proposed', lang)} <b>{escape(name)}</b></p><ul>{rows}</ul>"
        f"<p class='note'>{escape(caution(lang))}</p></div>"
    )


def advice_html(advice: Advice, lang: Lang) -> str:
    """Goal, approach, risks and wordings."""

    def items(texts: Sequence[str]) -> str:
        return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"

    wordings = "".join(
        f"<li><b>{escape(step_text(step, lang).name)}</b> {escape(text)}<br><span class='note'>{escape(why)}</span></li>"
        for step, text, why in advice.wordings
    )
    style = f"<p>{escape(advice.style)}</p>" if advice.style else ""
    return (
        f"<div class='report' id='pack-advice-text'><h3>{escape(advice.name)}</h3>"
        f"<p><b>{t('pack.goal', lang)}</b> {escape(advice.goal)}</p>{style}"
        f"<p><b>{t('pack.approach', lang)}</b></p>{items(advice.approach)}"
        f"<p><b>{t('pack.risks', lang)}</b></p>{items(advice.risks)}"
        f"<p><b>{t('pack.samples', lang)}</b></p>{items(advice.samples)}<ul>{wordings}</ul></div>"
    )
