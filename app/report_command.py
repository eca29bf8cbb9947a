"""``tandao report``: a stored rehearsal's report as text or JSON."""

import json
import os
from pathlib import Path
from typing import Any

from app.judgements import judge_lines, judgement
from app.reports import build_report
from app.texts import t
from app.wiring import build_services
from interview.conversation import Lang
from interview.errors import InputError


def report_text(rehearsal_id: str, lang: Lang | None, as_json: bool, judged: bool = False) -> str:
    """The report of one rehearsal; made anew so that it follows the rubric in force.

    ``judged`` adds what a model says beside it, under a key and a heading of its own; nothing else in the report changes
    and the stored report stays without it.
    """
    services = build_services()
    actor = services.acting(lang or services.settings.language)
    report = build_report(services, actor, rehearsal_id, lang)
    used: Lang = lang or report["lang"]
    second = judgement(services, actor, rehearsal_id, report) if judged else None
    if as_json:
        return json.dumps(report if second is None else report | {"judge": second}, ensure_ascii=False)
    lines = _lines(report, used)
    if second is not None:
        lines += ["", *judge_lines(second, report, used)]
    return "\n".join(lines)


def save_html(rehearsal_id: str, lang: Lang | None, path: Path) -> None:
    """Write the report as one HTML file, readable by its owner only; raises InputError if a file is there already."""
    from app.ui.report_html import report_document

    services = build_services()
    actor = services.acting(lang or services.settings.language)
    report = build_report(services, actor, rehearsal_id, lang)
    used: Lang = lang or report["lang"]
    write_new(path, report_document(report, services.rehearsals.transcript(actor, rehearsal_id), used))


def write_new(path: Path, text: str) -> None:
    """A new file, readable by its owner only; raises InputError where one is or none can be."""
    try:
        with open(path, "x", encoding="utf-8", opener=_private) as file:
            file.write(text)
    except FileExistsError as error:
        raise InputError("the file is there", message_key="error.file_exists", path=str(path)) from error
    except OSError as error:
        raise InputError(str(error), message_key="error.file_write", path=str(path)) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _lines(report: dict[str, Any], lang: Lang) -> list[str]:
    lines = [f"{report['title']}", ""]
    if report["score"] is None:
        lines.append(t(f"unscorable.{report['unscorable_reason']}", lang))
    else:
        lines.append(f"{t('report.score', lang)}: {report['score']:g} · {report['band']}")
    lines += [f"  ! {gate}" for gate in report["gates"]]
    lines += [f"  {d['name']}: " + ("–" if d["score"] is None else f"{d['score']:g}") for d in report["dimensions"]]
    lines += ["", t("report.message", lang)]
    lines += [f"  [{'x' if part['turn'] is not None else ' '}] {part['text']}" for part in report["message"]]
    lines.insert(2, t("report.unread", lang, share=f"{report['unread_share']:.0%}"))
    lines += ["", t("report.strengths", lang)]
    lines += [f"  + “{s['quote']}” {s['text']}" for s in report["strengths"]] or ["  –"]
    lines += ["", t("report.findings", lang)]
    for finding in report["findings"]:
        lines.append(f"  - “{finding['quote']}” {finding['text']}" if finding["quote"] else f"  - {finding['text']}")
        if finding["better"]:
            lines.append(f"      {t('report.better', lang)} {finding['better']}")
    lines += ["", t("report.lines", lang)]
    lines += [f"  [{'x' if line['kept'] else ' '}] {line['text']}" for line in report["lines"]]
    lines += ["", t("report.goal", lang)]
    lines += [f"  [{'x' if check['met'] else ' '}] {check['text']}" for check in report["goal"]["checks"]]
    return lines
