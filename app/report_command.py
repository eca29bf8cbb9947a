"""``tandao report``: a stored rehearsal's report as text or JSON."""

import json
from typing import Any

from app.reports import build_report
from app.texts import t
from app.wiring import build_services, single_user
from interview.conversation import Lang


def report_text(rehearsal_id: str, lang: Lang | None, as_json: bool) -> str:
    """The report of one rehearsal; made anew so that it follows the rubric in force."""
    services = build_services()
    actor = single_user(lang or services.settings.language)
    report = build_report(services, actor, rehearsal_id)
    if as_json:
        return json.dumps(report, ensure_ascii=False)
    return "\n".join(_lines(report, lang or report["lang"]))


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
    lines += ["", t("report.strengths", lang)]
    lines += [f"  + “{s['quote']}” {s['text']}" for s in report["strengths"]] or ["  –"]
    lines += ["", t("report.findings", lang)]
    for finding in report["findings"]:
        quoted = finding["quote"] and finding["turn"] is not None
        detail = f": {finding['quote']}" if finding["quote"] and not quoted else ""
        lines.append(f"  - “{finding['quote']}” {finding['text']}" if quoted else f"  - {finding['text']}{detail}")
        if finding["better"]:
            lines.append(f"      {t('report.better', lang)}: {finding['better']}")
    return lines
