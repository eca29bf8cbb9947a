"""A report as HTML: score, message, strengths, findings with better wordings, steps, path, annotated transcript."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from app.texts import t
from app.ui.plots import path_svg
from interview.conversation import Lang, Speaker, Transcript
from interview.steps import Step
from interview.texts import step_text


def report_html(report: Mapping[str, Any], transcript: Transcript, lang: Lang) -> str:
    """The body of a report; every word somebody said is escaped."""
    parts = [
        f"<h2>{escape(report['title'])}</h2>",
        _head(report, lang),
        _message(report, lang),
        _strengths(report, lang),
        _findings(report, lang),
        _dimensions(report, lang),
        _steps(report, lang),
        _path(report, lang),
        _transcript(report, transcript, lang),
    ]
    return f'<div class="report">{"".join(parts)}</div>'


def _head(report: Mapping[str, Any], lang: Lang) -> str:
    notes: list[str] = []
    if report["score"] is None:
        score = f"<p><b>{t('unscorable.' + str(report['unscorable_reason']), lang)}</b></p>"
    else:
        score = (
            f'<div><div class="score" id="score">{report["score"]:.0f}</div>'
            f"<div>{t('report.of_100', lang)} · {escape(report['band'])}</div></div>"
        )
    notes += [f'<span class="flag">⚠ {escape(gate)}</span>' for gate in report["gates"]]
    if report["ended"] == "walked_out":
        notes.append(f'<span class="flag">{t("talk.over.walked_out", lang)}</span>')
    if report["talk_share"] is not None:
        notes.append(t("report.talk_share", lang, share=f"{report['talk_share']:.0%}"))
    if report["unread_share"]:
        notes.append(t("report.unread", lang, share=f"{report['unread_share']:.0%}"))
    listed = "".join(f"<li>{n}</li>" for n in notes)
    return f'<div class="head">{score}<ul>{listed}</ul></div>'


def _message(report: Mapping[str, Any], lang: Lang) -> str:
    rows = "".join(
        f"<li>{'✓' if part['turn'] is not None else '✗'} {escape(part['text'])}"
        + (f" <span class='note'>({_turn(part['turn'], lang)})</span>" if part["turn"] is not None else "")
        + "</li>"
        for part in report["message"]
    )
    return f"<h3>{t('report.message', lang)}</h3><ul>{rows}</ul>" if rows else ""


def _turn(index: int, lang: Lang) -> str:
    return t("report.turn", lang, number=index // 2 + 1)


def _strengths(report: Mapping[str, Any], lang: Lang) -> str:
    rows = "".join(
        f"<li><q>{escape(s['quote'])}</q> {escape(s['text'])} <span class='note'>({_turn(s['turn'], lang)})</span></li>"
        for s in report["strengths"]
    )
    body = f"<ul>{rows}</ul>" if rows else f"<p class='note'>{t('report.no_strengths', lang)}</p>"
    return f"<h3>{t('report.strengths', lang)}</h3>{body}"


def _findings(report: Mapping[str, Any], lang: Lang) -> str:
    rows: list[str] = []
    for f in report["findings"]:
        where = f"<span class='note'>{_turn(f['turn'], lang)}</span> " if f["turn"] is not None else ""
        quote = f"<q>{escape(f['quote'])}</q> " if f["quote"] and f["turn"] is not None else ""
        detail = f"：{escape(f['quote'])}" if f["quote"] and f["turn"] is None else ""
        flag = "class='flag'" if f["code"] in report["risk_flags"] else ""
        better = (
            f"<div class='better'><span class='note'>{t('report.better', lang)}</span> {escape(f['better'])}</div>"
            if f["better"]
            else ""
        )
        rows.append(f"<div class='finding'>{where}{quote}<span {flag}>{escape(f['text'])}{detail}</span>{better}</div>")
    body = "".join(rows) or f"<p class='note'>{t('report.no_findings', lang)}</p>"
    return f"<h3>{t('report.findings', lang)}</h3>{body}"


def _dimensions(report: Mapping[str, Any], lang: Lang) -> str:
    rows = "".join(
        f"<tr><td>{escape(d['name'])}</td><td class='note'>{escape(d['about'])}</td>"
        + (
            f"<td><div class='dimbar'><div style='width:{d['score']:.0f}%'></div></div></td><td>{d['score']:.0f}</td>"
            if d["score"] is not None
            else f"<td class='note' colspan='2'>{t('report.not_scored', lang)}</td>"
        )
        + "</tr>"
        for d in report["dimensions"]
    )
    return f"<h3>{t('report.dimensions', lang)}</h3><div class='scroll'><table>{rows}</table></div>"


def _steps(report: Mapping[str, Any], lang: Lang) -> str:
    rows: list[str] = []
    for s in report["steps"]:
        text = step_text(Step(s["step"]), lang)
        reached = s["turn"] is not None
        note = _turn(s["turn"], lang) if reached else t("report.mistake", lang, mistake=text.common_mistake)
        rows.append(
            f"<tr><td>{'✓' if reached else '✗'} {s['number']} {escape(text.name)}</td>"
            f"<td class='note'>{escape(note)}</td></tr>"
        )
    return f"<h3>{t('report.steps', lang)}</h3><div class='scroll'><table>{''.join(rows)}</table></div>"


def _path(report: Mapping[str, Any], lang: Lang) -> str:
    if len(report["path"]) < 2:
        return ""
    resigned = [p["turn"] for p in report["path"] if p["resigned"]]
    note = ""
    if resigned:
        turns = ", ".join(str(turn) for turn in resigned[:12])
        note = f"<p class='note'>{t('report.resigned', lang, turns=turns)}</p>"
    table = "".join(
        f"<tr><td>{p['turn']}</td><td>{p['tension'] * 100:.0f}</td><td>{p['trust'] * 100:.0f}</td></tr>"
        for p in report["path"]
    )
    head = f"<tr><th>{t('report.after_turn', lang)}</th><th>{t('gauge.tension', lang)}</th><th>{t('gauge.trust', lang)}</th></tr>"
    return (
        f"<h3>{t('report.path', lang)}</h3>{path_svg(report['path'], lang)}{note}"
        f"<details><summary>{t('report.table', lang)}</summary><table>{head}{table}</table></details>"
    )


def _transcript(report: Mapping[str, Any], transcript: Transcript, lang: Lang) -> str:
    marks: dict[int, list[str]] = {}
    for kind in ("strengths", "findings"):
        sign = "＋" if kind == "strengths" else "－"
        for item in report[kind]:
            if item["turn"] is not None:
                marks.setdefault(item["turn"], []).append(f"{sign} {item['text']}")
    rows = "".join(
        _line(turn.index, turn.speaker, turn.text, marks.get(turn.index, ()), lang) for turn in transcript.turns
    )
    return f"<details><summary>{t('report.transcript', lang)}</summary><table>{rows}</table></details>"


def _line(index: int, speaker: Speaker, text: str, marks: Sequence[str], lang: Lang) -> str:
    notes = "".join(f"<div class='note'>{escape(mark)}</div>" for mark in marks)
    return f"<tr><td>{t(f'speaker.{speaker}', lang)}</td><td>{escape(text)}{notes}</td></tr>"
