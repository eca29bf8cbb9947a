"""What a persona or scenario file must satisfy beyond its shape, so that the engine and the voice can rely on it."""

import re
from collections.abc import Iterable, Iterator

from interview.persona import Persona, Scenario
from interview.steps import Step

SLOTS = frozenset(
    [
        "manager",
        "you",
        "rating",
        "expected",
        "metric",
        "month",
        "actual",
        "target",
        "incident",
        "good",
        "bad",
        "proud",
        "improve",
        "want",
        "plan",
        "role",
        "quote",
    ]
)
"""Names that may stand in braces inside a spoken line."""

_SLOT = re.compile(r"\{([^{}]*)\}")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN_SENTENCE = re.compile(r"[A-Za-z]+(?:\s+[A-Za-z']+){5,}")


def line_problems(where: str, lines: Iterable[str], lang: str) -> Iterator[str]:
    """Unknown slots, wrong language, and doubles within one list of spoken lines."""
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        for slot in _SLOT.findall(line):
            if slot not in SLOTS:
                yield f"{where}[{number}]: unknown slot {{{slot}}}: use one of {', '.join(sorted(SLOTS))}"
        if lang == "en" and _HAN.search(line):
            yield f"{where}[{number}]: Chinese characters in an English line: write it in English"
        if lang == "zh" and _LATIN_SENTENCE.search(line):
            yield f"{where}[{number}]: an English sentence in a Chinese line: write it in Chinese"
        if line in seen:
            yield f"{where}[{number}]: the same line twice: remove one"
        seen.add(line)


def spoken_lines(persona: Persona) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every list of spoken lines of a persona with the field it stands in."""
    for metric in persona.metrics:
        yield f"metrics.{metric.id}.account", metric.account
        yield f"metrics.{metric.id}.guarded", metric.guarded
    for incident in persona.incidents:
        yield f"incidents.{incident.id}.account", incident.account
        yield f"incidents.{incident.id}.guarded", incident.guarded
    for concern in persona.concerns:
        for part in ("hint", "reveal", "more", "eased"):
            yield f"concerns.{concern.id}.{part}", getattr(concern, part)
    for topic in persona.topics:
        yield f"topics.{topic.id}.lines", topic.lines
        yield f"topics.{topic.id}.guarded", topic.guarded
    for kind, habits in (("triggers", persona.triggers), ("soothers", persona.soothers)):
        for number, habit in enumerate(habits, 1):
            yield f"{kind}[{number}].lines", habit.lines
    for part in ("opening", "money", "close_good", "close_cold", "walk_out"):
        yield f"lines.{part}", getattr(persona.lines, part)


def persona_problems(persona: Persona, folder: str, stem: str, scenario_ids: Iterable[str] = ()) -> Iterator[str]:
    """Everything wrong with a well-formed persona file, as ``field: problem: fix``."""
    if persona.id != folder:
        yield f"id: is {persona.id!r} but the folder is {folder!r}: make them equal"
    if persona.lang != stem:
        yield f"lang: is {persona.lang!r} but the file is {stem}.yaml: make them equal"
    if (persona.jurisdiction == "CN") != (persona.lang == "zh"):
        yield "jurisdiction: the zh twin lives in CN, the en twin in US or UK: correct one of them"
    known = tuple(scenario_ids)
    if known and persona.default_scenario not in known:
        yield f"default_scenario: no scenario {persona.default_scenario!r}: use one of {', '.join(known)}"
    for where, lines in spoken_lines(persona):
        yield from line_problems(where, lines, persona.lang)
    yield from _reference_problems(persona)


def _reference_problems(persona: Persona) -> Iterator[str]:
    metric_ids = {metric.id for metric in persona.metrics}
    seen: set[tuple[str, str]] = set()
    for number in persona.numbers:
        if number.metric not in metric_ids:
            yield f"numbers.{number.month}: no metric {number.metric!r}: use one of {', '.join(sorted(metric_ids))}"
        if (number.month, number.metric) in seen:
            yield f"numbers.{number.month}: {number.metric} stands there twice: remove one"
        seen.add((number.month, number.metric))
    concern_ids = {concern.id for concern in persona.concerns}
    incident_ids = {incident.id for incident in persona.incidents}
    for name, ids in (
        ("concerns", [c.id for c in persona.concerns]),
        ("incidents", [i.id for i in persona.incidents]),
    ):
        if len(set(ids)) != len(ids):
            yield f"{name}: an id stands there twice: rename one"
    for habit in (*persona.triggers, *persona.soothers):
        if not habit.words and not habit.moves:
            yield f"triggers/soothers ({habit.why[:30]}): neither words nor moves: give at least one"
    for variant in persona.variants:
        for concern in variant.concerns:
            if concern not in concern_ids:
                yield f"variants.{variant.id}: no concern {concern!r}: use one of {', '.join(sorted(concern_ids))}"
        for incident in variant.incidents:
            if incident not in incident_ids:
                yield f"variants.{variant.id}: no incident {incident!r}: use one of {', '.join(sorted(incident_ids))}"
        kinds = {i.kind for i in persona.incidents if i.id in variant.incidents}
        if kinds != {"good", "bad"}:
            yield f"variants.{variant.id}: needs good and bad incidents: add the missing kind"
    if sum(v.exam for v in persona.variants) < 2 or sum(not v.exam for v in persona.variants) < 2:
        yield "variants: two for practice and two for exams at least: add some"


def scenario_problems(scenario: Scenario, folder: str, stem: str) -> Iterator[str]:
    """Everything wrong with a well-formed scenario file, as ``field: problem: fix``."""
    if scenario.id != folder:
        yield f"id: is {scenario.id!r} but the folder is {folder!r}: make them equal"
    if scenario.lang != stem:
        yield f"lang: is {scenario.lang!r} but the file is {stem}.yaml: make them equal"
    if scenario.rating_at_stake and scenario.money is None:
        yield "money: a rating is at stake, so the money question will come: add it"
    for step in scenario.advice:
        if step not in list(Step):
            yield f"advice.{step}: no such step: use one of {', '.join(Step)}"
    covered = {situation for end in scenario.good_ends for situation in end.situations}
    for situation in scenario.fits:
        if situation not in covered:
            yield f"good_ends: none for {situation}: add one"
    lines = scenario.lines
    for part in ("uneasy_start", "reaction", "doubt", "what_next"):
        by_style = getattr(lines, part)
        yield from line_problems(f"lines.{part}.open", by_style.open, scenario.lang)
        yield from line_problems(f"lines.{part}.defensive", by_style.defensive, scenario.lang)
