"""Pieces of HTML the pages share. Everything that somebody wrote is escaped here."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from app.texts import t
from interview.conversation import Lang
from interview.persona import OWN, LegalFrame, Persona, Scenario
from interview.steps import SPOKEN_STEPS, STEPS, Step
from interview.texts import move_name, situation_text, step_text
from simulator.feedback import Feedback


def step_bar(now: Step, lang: Lang) -> str:
    """The spoken steps with the present one marked, in words as well as in colour."""
    items: list[str] = []
    for step in SPOKEN_STEPS:
        place = STEPS.index(step) - STEPS.index(now)
        kind = "now" if place == 0 else "done" if place < 0 else ""
        current = ' aria-current="step"' if place == 0 else ""
        items.append(f'<li class="{kind}"{current}>{step.number} {escape(step_text(step, lang).name)}</li>')
    return f'<ol class="steps" id="step-bar">{"".join(items)}</ol>'


def gauges(state: Mapping[str, Any], lang: Lang) -> str:
    """Tension and trust as bars with their values in words."""
    bars: list[str] = []
    for name in ("tension", "trust"):
        value = float(state[name])
        label = t(f"gauge.{name}", lang)
        word = t(f"gauge.{_level(value)}", lang)
        bars.append(
            f'<div class="gauge" role="meter" aria-label="{label}" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{value * 100:.0f}"><div class="name"><span>{label}</span>'
            f'<span>{word} · {value * 100:.0f}</span></div><div class="bar">'
            f'<div class="fill {name}" style="width:{value * 100:.0f}%"></div></div></div>'
        )
    if state.get("resigned"):
        bars.append(f'<span class="badge">{t("gauge.resigned", lang)}</span>')
    return "".join(bars)


def _level(value: float) -> str:
    return "low" if value < 0.34 else "middle" if value < 0.67 else "high"


def feedback_html(feedback: Feedback, lang: Lang) -> str:
    """What the last sentence did, and a better wording where there is one."""
    moves = (
        "、".join(move_name(kind, lang) for kind in feedback.moves)
        if lang == "zh"
        else ", ".join(move_name(kind, lang) for kind in feedback.moves)
    )
    parts = [f"<h4>{t('feedback.did', lang)}</h4><div>{escape(moves) or t('feedback.no_moves', lang)}</div>"]
    if feedback.effects:
        effects = "".join(f"<li>{escape(e)}</li>" for e in feedback.effects)
        parts.append(f"<h4>{t('feedback.effect', lang)}</h4><ul>{effects}</ul>")
    if feedback.better:
        parts.append(
            f"<h4>{t('feedback.better', lang)}</h4><div class='better'>{escape(feedback.better)}"
            f"<div class='note'>{escape(feedback.why)}</div></div>"
        )
    elif not feedback.problem:
        parts.append(f"<div class='note'>{t('feedback.nothing', lang)}</div>")
    return f'<div class="feedback">{"".join(parts)}</div>'


def brief_html(persona: Persona, scenario: Scenario, frame: LegalFrame, lang: Lang) -> str:
    """What the manager knows beforehand and advice by step; nothing the employee hides."""
    situation = situation_text(persona.situation, lang)
    months = sorted({n.month for n in persona.numbers})
    age = "" if persona.id.startswith(OWN) else f" · {persona.age}"
    parts = [
        f"<p><b>{persona.face} {escape(persona.name)}</b>{age} · {escape(persona.role)} · "
        f"{escape(persona.company)}</p><p>{escape(persona.card)}</p>",
        f"<h3>{t('brief.message', lang)}</h3>" + _list(_filled(m.text, persona) for m in scenario.message),
        f"<p>{escape(_filled(scenario.consequence, persona))}</p>",
        f"<h3>{t('brief.knows', lang)}</h3>" + _list(persona.knows),
        f"<h3>{t('brief.numbers', lang)}</h3>" + _numbers(persona, months, lang),
        f"<h3>{t('brief.incidents', lang)}</h3>"
        + _list(f"{i.date.isoformat()} {'＋' if i.kind == 'good' else '－'} {i.what}" for i in persona.incidents),
        f"<h3>{t('brief.feedback', lang)}</h3>" + _list(f"{f.source}: {f.what}" for f in persona.feedback),
        f"<h3>{t('brief.self', lang)}</h3>" + _self_assessment(persona, lang),
        f"<h3>{t('brief.situation', lang)}: {escape(situation.name)}</h3><p>{escape(situation.goal)}</p>"
        + _list(situation.approach) + f"<p class='note'>{t('brief.risks', lang)}</p>" + _list(situation.risks),
        f"<h3>{t('brief.may', lang)}</h3>" + _list(scenario.may_promise)
        + f"<h3>{t('brief.may_not', lang)}</h3>" + _list(p.text for p in scenario.may_not_promise),
        _money(scenario, lang),
        f"<h3>{t('brief.good_end', lang)}</h3><p>{escape(_good_end(persona, scenario))}</p>",
        f"<h3>{t('brief.appeal', lang)}</h3><p>{escape(scenario.appeal)}</p>",
        f"<h3>{t('brief.steps', lang)}</h3>" + _advice(scenario, lang),
        f"<h3>{t('brief.law', lang)}: {escape(frame.name)}</h3>" + _law(frame, lang),
    ]  # fmt: skip
    return f'<div class="brief">{"".join(parts)}</div>'


def _money(scenario: Scenario, lang: Lang) -> str:
    if scenario.money is None:
        return ""
    money = scenario.money
    return (
        f"<h3>{t('brief.money', lang)}</h3><ul><li>{t('brief.say', lang)}: {escape(money.may_say)}</li>"
        f"<li>{t('brief.not_say', lang)}: {escape(money.may_not_say)}</li></ul>"
    )


def _good_end(persona: Persona, scenario: Scenario) -> str:
    return next((e.text for e in scenario.good_ends if persona.situation in e.situations), scenario.good_ends[0].text)


def _filled(text: str, persona: Persona) -> str:
    return text.replace("{rating}", persona.rating.given).replace("{expected}", persona.rating.expected)


def _list(items: Any) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _numbers(persona: Persona, months: Sequence[str], lang: Lang) -> str:
    rows: list[str] = []
    for metric in persona.metrics:
        cells = {n.month: n for n in persona.numbers if n.metric == metric.id}
        for kind in ("target", "actual"):
            values = "".join(
                f'<td class="num">{getattr(cells[m], kind):g}</td>' if m in cells else "<td></td>" for m in months
            )
            unit = f" ({escape(metric.unit)})" if metric.unit else ""
            rows.append(f"<tr><th>{escape(metric.name)}{unit} · {t(f'brief.{kind}', lang)}</th>{values}</tr>")
    head = "".join(f'<th class="num">{m}</th>' for m in months)
    return f'<div class="scroll"><table><tr><th></th>{head}</tr>{"".join(rows)}</table></div>'


def _self_assessment(persona: Persona, lang: Lang) -> str:
    assessment = persona.self_assessment
    return "".join(
        f"<p><b>{t(f'brief.{name}', lang)}</b></p>" + _list(p.text for p in getattr(assessment, name))
        for name in ("proud", "improve", "wants")
    )


def _advice(scenario: Scenario, lang: Lang) -> str:
    return "".join(
        f"<p><b>{step.number} {escape(step_text(step, lang).name)}</b></p>" + _list(scenario.advice.get(step, ()))
        for step in STEPS
        if scenario.advice.get(step)
    )


def _law(frame: LegalFrame, lang: Lang) -> str:
    rows = "".join(
        f"<tr><td>{escape(r.may_say)}</td><td>{escape(r.may_not_say)}</td><td class='note'>{escape(r.source)}</td></tr>"
        for r in frame.rules
    )
    head = (
        f"<tr><th>{t('brief.say', lang)}</th><th>{t('brief.not_say', lang)}</th><th>{t('brief.source', lang)}</th></tr>"
    )
    return f'<div class="scroll"><table>{head}{rows}</table></div><p class="note">{t("brief.not_legal", lang)}</p>'
