"""A model's judgement of a rehearsal beside the rules' score, as values and as lines; it changes no score."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.texts import t
from app.wiring import Services
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import InputError
from interview.persona import Persona


def judgement(services: Services, actor: Actor, rehearsal_id: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """What the judge says of one rehearsal; raises InputError where none is set.

    Compared with the machine's own points, also where a trainer overruled them. Where the rules left a dimension (or,
    the talk being too short, all) unscored, the judge isn't asked.
    """
    judge = services.judge
    if judge is None:
        raise InputError("no judge is set", message_key="error.judge_none")
    from llms.judge import beside

    rules: dict[str, float | None] = {d["id"]: d.get("machine", d["score"]) for d in report["dimensions"]}
    persona = services.rehearsals.stage(services.rehearsals.get(actor, rehearsal_id)).persona
    found = judge.judge(
        services.rehearsals.transcript(actor, rehearsal_id),
        background(persona, report),
        [name for name, points in rules.items() if points is not None],
    )
    return beside(found, rules)


def background(persona: Persona, report: Mapping[str, Any]) -> list[str]:
    """What the manager could know beforehand; nothing that the employee hides."""
    return [
        *(part["text"] for part in report["message"]),
        *([report["goal"]["text"]] if report["goal"]["text"] else []),
        *persona.knows,
        *(f"{i.date.isoformat()} {i.what}" for i in persona.incidents),
        *(f"{f.source}: {f.what}" for f in persona.feedback),
        *numbers(persona),
    ]


def numbers(persona: Persona) -> Iterator[str]:
    """One line a metric: its value and, in brackets, target by month."""
    for metric in persona.metrics:
        months = [f"{n.month} {n.actual:g} ({n.target:g})" for n in persona.numbers if n.metric == metric.id]
        if months:
            yield f"{metric.name} {metric.unit}".rstrip() + ": " + ", ".join(months)


def judge_lines(second: Mapping[str, Any], report: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    """For the terminal: level beside the rules' points, quote and reasoning by dimension, then their agreement."""
    names = {d["id"]: d["name"] for d in report["dimensions"]}
    yield t("judge.title", lang, model=second["model"])
    for entry in second["dimensions"]:
        name, rules = names[entry["dimension"]], _number(entry["rules"])
        if entry["unscored"]:
            reason = t(f"judge.reason.{entry['unscored']}", lang)
            yield "  " + t("judge.unscored", lang, name=name, rules=rules, reason=reason)
            continue
        yield "  " + t("judge.level", lang, name=name, rules=rules, level=entry["level"])
        yield f"      {t('report.turn', lang, number=entry['turn'] // 2 + 1)} “{entry['quote']}”"
        yield "      " + " ".join(entry["reasoning"].split())
    agreed = second["agreement"]
    if agreed["kappa"] is None and agreed["icc"] is None:
        yield t("judge.few", lang, pairs=agreed["pairs"])
    else:
        shown = {name: _number(agreed[name]) for name in ("kappa", "low", "high", "icc")}
        difference = _number(agreed["mean_difference"])
        yield t("judge.agreement", lang, pairs=agreed["pairs"], difference=difference, **shown)
    if second["withheld"]:
        exchanges = sorted({index // 2 + 1 for index in second["withheld"]})  # as the report's page numbers exchanges
        yield t("judge.withheld", lang, turns=", ".join(t("report.turn", lang, number=n) for n in exchanges))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
