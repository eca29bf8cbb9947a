"""``/flow-card``: the nine steps on one sheet of A4, to be printed or to lie beside the talk. Needs nothing from outside."""

from html import escape
from typing import TYPE_CHECKING

from app.texts import message, t
from app.wiring import Services
from interview.conversation import LANGS, Lang
from interview.errors import TandaoError
from interview.steps import STEPS, Step
from interview.texts import step_text

if TYPE_CHECKING:
    from fastapi import FastAPI

SHARES: dict[Step, int] = {
    Step.OPENING: 5, Step.SELF_REVIEW: 25, Step.FEEDBACK: 20, Step.DIFFERENCES: 15, Step.PLAN: 20, Step.COMMITMENT: 10,
    Step.CLOSING: 5,
}  # fmt: skip
"""Percent of the talk's length, so that the employee speaks before the verdict and half the time looks ahead: our own
suggestion, to be bent by the talk."""
FITS = 220
"""Characters of the company's own words that stay on the sheet; longer ones follow on a second."""
_CSS = """
@page { size: A4; margin: 11mm 12mm }
* { box-sizing: border-box }
body { font: 10pt/1.4 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; color: #1b2a2a;
  max-width: 190mm; margin: 0 auto; padding: 12px }
h1 { font-size: 16pt; margin: 0 0 1mm } h2 { font-size: 11pt; margin: 3mm 0 1mm }
p { margin: 0 0 1.5mm } .lead { color: #3d5252 }
table { border-collapse: collapse; width: 100%; margin: 2mm 0 }
th, td { border-bottom: 1px solid #9fb3b3; padding: 1.5mm 2mm; text-align: left; vertical-align: top }
th { font-size: 9pt; border-bottom: 2px solid #0e5f5f } td:first-child { white-space: nowrap; font-weight: 700 }
td.min { white-space: nowrap; text-align: right } td.not { color: #6d3a1a }
ul { margin: 0; padding-left: 5mm } .two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 8mm }
.own { border: 1px solid #0e5f5f; border-radius: 2mm; padding: 2mm 3mm; margin-top: 3mm; white-space: pre-wrap }
.own.long { break-before: page } nav { margin-bottom: 8px }
a, button { font: inherit; color: #0e5f5f } button { padding: 4px 14px }
@media print { body { padding: 0; max-width: none; font-size: 11pt } nav { display: none }
  th, td { padding: 2.4mm 2mm } h1 { font-size: 20pt } h2 { font-size: 13pt } }
@media (max-width: 600px) { .two { grid-template-columns: 1fr } td.not, th.not { display: none } }
"""


def mount_flow_card(app: "FastAPI", services: Services) -> None:
    """Add the page to the application."""
    from fastapi import Request
    from fastapi.responses import HTMLResponse

    def page(request: Request, lang: str = "", minutes: int = 60, talk: str = "") -> HTMLResponse:
        used: Lang = "en" if lang == "en" else "zh" if lang == "zh" else services.settings.language
        own = ""
        if talk:
            try:
                actor = services.acting(used, scope=request.scope)
                record, about = services.talks.talk(actor, talk)
                what, minutes = services.rounds.of_talk(actor, record), about.minutes
                own = what.card if what else ""
            except TandaoError as error:
                return HTMLResponse(f"<p>{escape(message(error, used))}</p>", 404)
        who = "" if services.settings.accounts_on else t("app.single_user", used)
        return HTMLResponse(card_html(used, min(max(minutes, 10), 240), own, talk, who))

    app.add_api_route("/flow-card", page, methods=["GET"], response_class=HTMLResponse)


def minutes_of(step: Step, minutes: int) -> int:
    """About how long a step may take, in whole minutes; the rounding is taken up by listening."""
    taken = {s: max(1, round(share * minutes / 100)) for s, share in SHARES.items()}
    taken[Step.SELF_REVIEW] += minutes - sum(taken.values())
    return taken[step]


def card_html(lang: Lang, minutes: int = 60, own: str = "", talk: str = "", who: str = "") -> str:
    """The whole page. ``own``: the company's words, plain text; ``who``: who may see this, not printed."""
    rows = "".join(_row(step, lang, minutes) for step in STEPS)
    head = "".join(
        f"<th{' class=not' if key == 'avoid' else ''}>{t(f'card.{key}', lang)}</th>"
        for key in ("step", "do", "avoid", "minutes")
    )
    lists = "".join(
        f"<section><h2>{t(f'card.{part}', lang)}</h2><ul>"
        + "".join(f"<li>{escape(line)}</li>" for line in t(f"card.{part}_lines", lang).split("\n"))
        + "</ul></section>"
        for part in ("before", "upset")
    )
    words = f"<div class='own{' long' if len(own) > FITS else ''}'>{escape(own)}</div>" if own else ""
    others = " · ".join(
        f"<a href='?lang={other}&minutes={minutes}&talk={escape(talk)}'>{'中文' if other == 'zh' else 'English'}</a>"
        for other in LANGS
    )
    return (
        f"<!doctype html><html lang='{lang}'><head><meta charset='utf-8'><meta name='viewport' "
        f"content='width=device-width'><title>{t('card.title', lang)}</title><style>{_CSS}</style></head><body>"
        f"<nav>{others} · <button onclick='print()'>{t('card.print', lang)}</button> <small>{who}</small></nav>"
        f"<h1>{t('card.title', lang)}</h1><p class='lead'>{t('card.lead', lang, minutes=minutes)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"<div class='two'>{lists}</div>{words}</body></html>"
    )


def _row(step: Step, lang: Lang, minutes: int) -> str:
    text = step_text(step, lang)
    length = t("card.min", lang, minutes=minutes_of(step, minutes)) if step in SHARES else t("card.earlier", lang)
    return (
        f"<tr><td>{step.number} {escape(text.name)}</td><td>{escape(text.key_action)}</td>"
        f"<td class='not'>{escape(text.common_mistake)}</td><td class='min'>{length}</td></tr>"
    )
