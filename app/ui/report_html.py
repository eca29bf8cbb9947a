"""A report as HTML, for the page and as a document of its own that needs nothing from outside and prints on A4.

Every word somebody said is escaped. ``data-turn`` is the number of the manager's sentence, from 1.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from app.texts import t
from app.ui.plots import path_svg
from app.ui.report_style import DOCUMENT_CSS, REPORT_CSS
from interview.conversation import Lang, Speaker, Transcript
from interview.situations import Situation
from interview.steps import Step
from interview.texts import move_name, situation_text, step_text

Report = Mapping[str, Any]


def report_html(report: Report, transcript: Transcript, lang: Lang, *, practise: bool = True, notes: str = "") -> str:
    """The report for the page, with buttons that practise a moment again where it was a rehearsal.

    ``notes``: what trainers wrote about it, as HTML.
    """
    return f"<style>{REPORT_CSS}</style>{_body(report, transcript, lang, live=practise, notes=notes)}"


def report_document(report: Report, transcript: Transcript, lang: Lang, *, notes: str = "") -> str:
    """The report as one whole HTML file: no script, no address, nothing folded away."""
    language = "zh-CN" if lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(report['title'])}</title><style>{DOCUMENT_CSS}{REPORT_CSS}</style></head><body>"
        f"<p class='note'>{t('report.generated', lang)}</p>{_body(report, transcript, lang, live=False, notes=notes)}"
        f"<footer class='note'>{t('report.footer', lang, version=report['rubric_version'])}</footer></body></html>\n"
    )


def _body(report: Report, transcript: Transcript, lang: Lang, *, live: bool, notes: str = "") -> str:
    parts = [
        f"<h2>{escape(report['title'])}</h2>",
        _head(report, lang),
        _section("trainer-notes", t("report.trainer_notes", lang), notes),
        _message(report, lang),
        _strengths(report, lang),
        _findings(report, lang, live=live),
        _lines(report, lang),
        _end(report, lang),
        _dimensions(report, lang),
        _steps(report, lang),
        _path(report, lang, live=live),
        _transcript(report, transcript, lang, live=live),
    ]
    return f'<div class="report">{"".join(parts)}</div>'


def number_of(index: int) -> int:
    """Which of the manager's sentences a turn is, from 1; the employee may have spoken first or not."""
    return index // 2 + 1


def _turn(index: int, lang: Lang) -> str:
    return t("report.turn", lang, number=number_of(index))


def _section(name: str, title: str, body: str) -> str:
    return f'<section class="{name}"><h3>{escape(title)}</h3>{body}</section>' if body else ""


def _head(report: Report, lang: Lang) -> str:
    notes: list[str] = []
    if report["score"] is None:
        score = f"<p id='unscorable'><b>{t('unscorable.' + str(report['unscorable_reason']), lang)}</b></p>"
    elif not report.get("points", True):
        score = (
            f"<div><div class='score band' id='band'>{escape(report['band'] or '')}</div><details class='note'>"
            f"<summary>{t('report.uncalibrated', lang)}</summary><span id='score'>{report['score']:.0f}</span> "
            f"{t('report.of_100', lang)}</details></div>"
        )
    else:
        score = (
            f'<div><div class="score" id="score">{report["score"]:.0f}</div>'
            f"<div>{t('report.of_100', lang)} · <b id='band'>{escape(report['band'] or '')}</b></div></div>"
        )
        if report.get("machine_score") not in (None, report["score"]):
            notes.append(t("report.machine", lang, score=f"{report['machine_score']:.0f}"))
    notes += [f'<span class="flag">⚠ {escape(gate)}</span>' for gate in report["gates"]]
    if report["risk_flags"]:
        moves = (_risk_name(code, lang) for code in report["risk_flags"])
        risks = ("、" if lang == "zh" else ", ").join(moves)
        notes.append(f'<span class="flag" id="risks">⚠ {escape(t("report.risks", lang, risks=risks))}</span>')
    if report["ended"] == "walked_out":
        notes.append(f'<span class="flag">{t("talk.over.walked_out", lang)}</span>')
    if report["talk_share"] is not None:
        notes.append(
            t("report.talk_share", lang, share=f"{report['talk_share']:.0%}") + _share_bar(report["talk_share"])
        )
    unread = t("report.unread", lang, share=f"{report['unread_share']:.0%}")
    notes.append(f"<span id='unread'>{unread}</span>")
    listed = "".join(f"<li>{n}</li>" for n in notes)
    return f'<div class="head">{score}<ul>{listed}</ul></div>'


def _risk_name(code: str, lang: Lang) -> str:
    return t("report.discrimination", lang) if code == "discrimination" else move_name(code, lang)


def _share_bar(share: float) -> str:
    return f"<div class='dimbar share' aria-hidden='true'><div style='width:{share:.0%}'></div></div>"


def _message(report: Report, lang: Lang) -> str:
    rows = "".join(
        f"<li>{'✓' if part['turn'] is not None else '✗'} {escape(part['text'])}"
        + f" <span class='note'>({_turn(part['turn'], lang) if part['turn'] is not None else t('report.unsaid', lang)})</span></li>"
        for part in report["message"]
    )
    return _section("message", t("report.message", lang), f"<ul class='ticks'>{rows}</ul>" if rows else "")


def _strengths(report: Report, lang: Lang) -> str:
    rows = "".join(
        f"<li data-turn='{number_of(s['turn'])}'><q>{escape(s['quote'])}</q> {escape(s['text'])} "
        f"<span class='note'>({_turn(s['turn'], lang)})</span></li>"
        for s in report["strengths"]
    )
    # the list stays a child of .report itself: what is quoted here is found by that path
    body = f"<ul>{rows}</ul>" if rows else f"<p class='note'>{t('report.no_strengths', lang)}</p>"
    return f"<h3>{t('report.strengths', lang)}</h3>{body}"


def _findings(report: Report, lang: Lang, *, live: bool) -> str:
    rows = "".join(_finding(f, report, lang, live=live) for f in report["findings"])
    body = rows or f"<p class='note'>{t('report.no_findings', lang)}</p>"
    return _section("findings", t("report.findings", lang), body)


def _finding(finding: Mapping[str, Any], report: Report, lang: Lang, *, live: bool) -> str:
    said = finding["turn"] is not None
    number = number_of(finding["turn"]) if said else 0
    where = f"<span class='note'>{_turn(finding['turn'], lang)}</span> " if said else ""
    quote = f"<q>{escape(finding['quote'])}</q> " if said else ""
    flag = ""
    if finding["code"] in report["risk_flags"]:
        flag = f"<span class='flag'>⚠ {t('report.risk', lang)}</span> "
    better = ""
    if finding["better"]:
        label = t("report.better", lang)
        better = f"<div class='better'><span class='note'>{label}</span> {escape(finding['better'])}</div>"
    redo = ""
    if live and said:
        redo = f"<button type='button' class='redo' data-turn='{number}'>{t('report.redo', lang)}</button>"
    turn = f" data-turn='{number}'" if said else " data-unsaid='1'"
    return (
        f"<div class='finding' data-code='{escape(finding['code'])}'{turn}>{flag}{where}{quote}"
        f"<span>{escape(finding['text'])}</span>{better}{redo}</div>"
    )


def _lines(report: Report, lang: Lang) -> str:
    rows: list[str] = []
    for line in report.get("lines", ()):
        verdict = t("report.kept" if line["kept"] else "report.broken", lang)
        quote = f" <q>{escape(line['quote'])}</q>" if line["quote"] else ""
        where = f" <span class='note'>({_turn(line['turn'], lang)})</span>" if line["turn"] is not None else ""
        mark = "✓" if line["kept"] else "✗"
        rows.append(
            f"<li data-line='{line['line']}'>{mark} <b>{verdict}</b> · {escape(line['text'])}{quote}{where}</li>"
        )
    return _section("lines", t("report.lines", lang), f"<ul class='ticks'>{''.join(rows)}</ul>" if rows else "")


def _end(report: Report, lang: Lang) -> str:
    """What a good end is here, check by check, and whether the cause was looked for."""
    goal, cause = report.get("goal"), report.get("cause")
    body = ""
    if goal and goal["checks"]:
        rows = "".join(
            f"<li data-check='{c['check']}'>{'✓' if c['met'] else '✗'} {escape(c['text'])} "
            f"<span class='note'>({t('report.met' if c['met'] else 'report.unmet', lang)})</span></li>"
            for c in goal["checks"]
        )
        risks = ""
        if report.get("situation"):
            text = situation_text(Situation(report["situation"]), lang)
            risks = f"<p class='note'>{escape(text.name)} · {escape(text.goal)}</p>"
        body += f"{risks}<p>{escape(goal['text'])}</p><ul class='ticks'>{rows}</ul>"
    if cause:
        if cause["found"]:
            found = f"✓ {t('report.cause_found', lang)} <q>{escape(cause['quote'])}</q> "
            found += f"<span class='note'>({_turn(cause['turn'], lang)})</span>"
        else:
            found = f"✗ {t('report.no_cause', lang)}"
        body += f"<p id='cause'><b>{t('report.cause', lang)}</b> {found}</p>"
    return _section("goal", t("report.goal", lang), body)


def _dimensions(report: Report, lang: Lang) -> str:
    rows = "".join(
        f"<tr><td>{escape(d['name'])}<div class='note'>{escape(d['about'])}</div></td>"
        + (
            f"<td><div class='dimbar'><div style='width:{d['score']:.0f}%'></div></div></td><td>{d['score']:.0f}{_machine(d, lang)}</td>"
            if d["score"] is not None
            else f"<td class='note' colspan='2'>{t('report.not_scored', lang)}</td>"
        )
        + "</tr>"
        for d in report["dimensions"]
    )
    return _section("dimensions", t("report.dimensions", lang), f"<div class='scroll'><table>{rows}</table></div>")


def _machine(dimension: Mapping[str, Any], lang: Lang) -> str:
    """What the machine gave, where a trainer put something else in its place."""
    machine = dimension.get("machine")
    if machine is None or machine == dimension["score"]:
        return ""
    return f"<div class='note'>{t('report.machine_gave', lang, score=f'{machine:.0f}')}</div>"


def _steps(report: Report, lang: Lang) -> str:
    rows: list[str] = []
    for s in report["steps"]:
        text = step_text(Step(s["step"]), lang)
        worth = s.get("worth")
        reached = worth >= 0.7 if worth is not None else s["turn"] is not None
        if worth is not None:
            note = t("report.prepared", lang)
        elif reached:
            note = _turn(s["turn"], lang)
        else:
            note = t("report.mistake", lang, mistake=text.common_mistake)
        rows.append(
            f"<tr><td>{'✓' if reached else '✗'} {s['number']} {escape(text.name)}</td>"
            f"<td class='note'>{escape(note)}</td></tr>"
        )
    return _section(
        "steps-covered", t("report.steps", lang), f"<div class='scroll'><table>{''.join(rows)}</table></div>"
    )


def _path(report: Report, lang: Lang, *, live: bool) -> str:
    if len(report["path"]) < 2:
        return ""
    resigned = [p["turn"] for p in report["path"] if p["resigned"]]
    note = ""
    if resigned:
        turns = ", ".join(str(turn) for turn in resigned[:12])
        note = f"<p class='note'>{t('report.resigned', lang, turns=turns)}</p>"
    rows = "".join(
        f"<tr><td>{p['turn']}</td><td>{p['tension'] * 100:.0f}</td><td>{p['trust'] * 100:.0f}</td></tr>"
        for p in report["path"]
    )
    heads = (t("report.after_turn", lang), t("gauge.tension", lang), t("gauge.trust", lang))
    table = f"<table><tr>{''.join(f'<th>{h}</th>' for h in heads)}</tr>{rows}</table>"
    figures = f"<details><summary>{t('report.table', lang)}</summary>{table}</details>" if live else ""
    return _section(
        "path", t("report.path", lang), f"<div class='scroll'>{path_svg(report['path'], lang)}</div>{note}{figures}"
    )


def _transcript(report: Report, transcript: Transcript, lang: Lang, *, live: bool) -> str:
    marks: dict[int, list[str]] = {}
    for kind in ("strengths", "findings"):
        sign = "＋" if kind == "strengths" else "－"
        for item in report[kind]:
            if item["turn"] is not None:
                marks.setdefault(item["turn"], []).append(f"{sign} {item['text']}")
    notes: Mapping[str, Any] = report.get("annotations") or {}
    rows = "".join(
        _row(turn.index, turn.speaker, turn.text, notes.get(str(turn.index), {}), marks.get(turn.index, ()), lang)
        for turn in transcript.turns
    )
    about = f"<p class='note'>{t('report.notes_about', lang)}</p>"
    body = f"{about}<table class='transcript'>{rows}</table>"
    if not live:
        return _section("whole", t("report.transcript", lang), body)
    return f"<details class='whole'><summary>{t('report.transcript', lang)}</summary>{body}</details>"


def _row(index: int, speaker: Speaker, text: str, note: Mapping[str, Any], marks: Sequence[str], lang: Lang) -> str:
    """One turn: who, their words, and what was read in them; only the manager's carry judgements and ``data-turn``."""
    number = f" data-turn='{number_of(index)}'" if speaker is Speaker.MANAGER else ""
    who = t(f"speaker.{speaker}", lang)
    if number:
        who += f"<div class='note'>{number_of(index)}</div>"
    listed = "".join(f"<div class='note'>{escape(mark)}</div>" for mark in marks)
    return f"<tr class='{speaker}'{number}><td>{who}</td><td>{escape(text)}{_chips(note, lang)}{listed}</td></tr>"


def _chips(note: Mapping[str, Any], lang: Lang) -> str:
    chips = [
        (move_name(move["kind"], lang), move["quote"], "chip")
        for move in {m["kind"]: m for m in note.get("moves", ())}.values()
    ]
    chips += [(t(f"cue.{cue['kind']}", lang), cue["quote"], "chip cue") for cue in note.get("cues", ())]
    if note.get("readable") is False:
        chips.append((t("report.unreadable", lang), "", "chip idle"))
    elif note.get("skipped"):
        why = t(f"report.skipped.{note['skipped']}", lang)
        chips.append((t("report.not_counted", lang, why=why), "", "chip idle"))
    if not chips:
        return ""
    shown = "".join(
        f"<span class='{css}'>{escape(name)}{f'<i>{escape(quote)}</i>' if quote else ''}</span>"
        for name, quote, css in chips
    )
    return f"<div class='chips'>{shown}</div>"
