"""Rehearse tomorrow's talk: a persona of the manager's own, made from one pack, kept with it and gone with it.

Numbers and incidents are the pack's. What may lie behind is assumed, three times over, and says so; of family and health
nothing is assumed. What is said aloud are written lines (``data/rehearsal_persona.*.yaml``) by situation and style.
"""

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from cycle.assessments import Answers, Assessments, Entry
from cycle.packs import Kept, Packs, Placement
from cycle.records import Kind, Record, Records
from cycle.talks import Talk, Talks
from cycle.team import Figure, Figures
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import ConflictError, InputError, NotFoundError
from interview.persona import OWN, LegalFrame, Persona, Scenario
from interview.persona_checks import persona_problems
from interview.ports import Library
from interview.situations import Situation, Style

MONTHS, METRICS, DEEDS, CUT = 12, 3, 6, 80
_SCENARIO = {Situation.CHALLENGER: "stretch-offer", Situation.EXPERT: "mid-year-check"}
_LOW = (Situation.ROUGH_JADE, Situation.STUCK)
_GATES: dict[Style, float] = {Style.OPEN: 0.4, Style.DEFENSIVE: 0.55}
_EN_MONTHS = tuple(calendar.month_name)
_SPLIT_ZH = re.compile(r"[^\u4e00-\u9fffA-Za-z0-9%.]+|[的了在和与把被给对向从到为是有没不也都就还又很但而并及于等]")
_WORD_EN = re.compile(r"[A-Za-z][A-Za-z'-]{4,}|\d[\d.,%]*")
_COMMON_EN = frozenset(
    ["about", "after", "again", "their", "there", "these", "those", "which", "would", "could", "where"]
)


@dataclass(frozen=True, slots=True)
class Material:
    """All that a persona is made of. ``answers`` only with the employee's agreement."""

    id: str
    kept: Kept
    figures: tuple[Figure, ...]
    placement: Placement
    talk: Talk
    answers: Answers | None
    made_on: dt.date


@dataclass(frozen=True, slots=True)
class _Deed:
    """Something that happened: the manager's words, or a month's figure."""

    date: dt.date
    good: bool
    short: str
    what: str
    words: tuple[str, ...]


class OwnPersonas:
    """Personas of a manager's own talks: one a talk, made anew from the pack whenever a rehearsal of it begins."""

    def __init__(
        self, records: Records, packs: Packs, talks: Talks, assessments: Assessments, library: Library
    ) -> None:
        self._records = records
        self._packs = packs
        self._talks = talks
        self._assessments = assessments
        self._library = library

    def make(self, actor: Actor, talk_id: str, today: dt.date) -> Persona:
        """The persona, stored; raises InputError that says what the pack still needs."""
        talk_record, talk = self._talks.talk(actor, talk_id)
        opened = self._packs.open(actor, talk_id)
        found = self._records.find(Kind.FIGURES, key_id=talk_record.key_id)
        figures = tuple(f for r in found for f in Figures.model_validate(r.body).figures)
        material = Material(
            f"{OWN}{talk_id}", self._packs.kept(actor, talk_id), figures, opened.pack.placement, talk,
            self._assessments.for_practice(actor, talk_id), today,
        )  # fmt: skip
        persona = make_persona(material, [s.id for s in self._library.scenarios(opened.person.lang)])
        packs = self._records.find(Kind.PACK, parent_id=talk_id, bodies=False)
        self._store(
            Record(
                persona.id, Kind.PERSONA, actor.id, talk_record.key_id, persona.model_dump(mode="json"),
                parent_id=packs[0].id if packs else talk_id, status=persona.lang,
            )
        )  # fmt: skip
        return persona

    def drop(self, actor: Actor, talk_id: str) -> None:
        """Remove the persona and the rehearsals held with it."""
        self._talks.talk(actor, talk_id)
        self._records.drop(f"{OWN}{talk_id}")

    def may_use(self, actor: Actor, persona_id: str) -> bool:
        """Whether this persona is everybody's or this actor's own."""
        if not is_own(persona_id):
            return True
        try:
            return self._records.get(Kind.PERSONA, persona_id).owner_id == actor.id
        except NotFoundError:
            return False

    def _store(self, record: Record) -> None:
        try:
            self._records.add(record)
        except ConflictError:
            before = self._records.get(Kind.PERSONA, record.id)
            self._records.put(
                Record(
                    record.id, record.kind, record.owner_id, record.key_id, record.body, record.parent_id,
                    record.status, version=before.version,
                )
            )  # fmt: skip


class LibraryWithOwn:
    """Any library, and managers' own personas by id; they are in no list."""

    def __init__(self, library: Library, records: Records) -> None:
        self._library = library
        self._records = records

    def personas(self, lang: Lang) -> Sequence[Persona]:
        """Everybody's."""
        return self._library.personas(lang)

    def persona(self, persona_id: str, lang: Lang) -> Persona:
        """See ``Library.persona``; one's own has one language only."""
        if not is_own(persona_id):
            return self._library.persona(persona_id, lang)
        persona = Persona.model_validate(self._records.get(Kind.PERSONA, persona_id).body)
        if persona.lang != lang:
            raise NotFoundError("not in this language")
        return persona

    def scenarios(self, lang: Lang) -> Sequence[Scenario]:
        """Everybody's."""
        return self._library.scenarios(lang)

    def scenario(self, scenario_id: str, lang: Lang) -> Scenario:
        """See ``Library.scenario``."""
        return self._library.scenario(scenario_id, lang)

    def legal_frame(self, jurisdiction: str, lang: Lang) -> LegalFrame:
        """See ``Library.legal_frame``."""
        return self._library.legal_frame(jurisdiction, lang)


def is_own(persona_id: str) -> bool:
    """Whether an id names a manager's own persona."""
    return persona_id.startswith(OWN)


def assumptions(lang: Lang) -> tuple[str, ...]:
    """The names of the three variants of what may lie behind."""
    return tuple(v["name"] for v in texts(lang)["variants"] if "name" in v)


@cache
def texts(lang: Lang) -> Mapping[str, Any]:
    """Lines and frames of one language."""
    name = f"rehearsal_persona.{lang}.yaml"
    return yaml.safe_load(files("cycle").joinpath("data", name).read_text(encoding="utf-8"))


def make_persona(material: Material, scenario_ids: Sequence[str]) -> Persona:
    """A whole persona that passes the same checks as the packaged ones; raises InputError for what is missing."""
    person, lang = material.kept.person, material.kept.person.lang
    words, style = texts(lang), material.placement.style or Style.OPEN
    situation = material.placement.decided or Situation.ROUGH_JADE
    rows = _rows(material)
    if len(rows) < 6:
        raise InputError("numbers", message_key="error.rehearse_numbers", count=len(rows))
    deeds = _deeds(material, rows, words, lang)
    good = sum(d.good for d in deeds)
    if len(deeds) < DEEDS or not 0 < good < len(deeds):
        raise InputError("incidents", message_key="error.rehearse_incidents", good=good, bad=len(deeds) - good)
    metrics = list(dict.fromkeys(f.metric for f in rows))
    ids = {metric: f"m{n}" for n, metric in enumerate(metrics, 1)}
    rating = material.kept.rating or material.talk.rating
    try:
        made = Persona.model_validate(
            {
                "id": material.id, "version": 1, "provenance": f"one pack, {material.made_on}; reasons are assumed",
                "lang": lang, "jurisdiction": "CN" if lang == "zh" else "US", "situation": situation, "style": style,
                "difficulty": 2, "face": "🗂️", "name": person.name[:60], "gender": "female", "age": 18,
                "tenure_years": 0, "role": person.role or "–", "company": words["company"], "card": words["card"],
                "default_scenario": _scenario(situation, rating),
                "address": _address(person.name, material.talk.host, lang),
                "rating": {
                    "given": rating or words["rating"]["unset"], "expected": words["rating"]["expected"],
                    "scale": words["rating"]["scale"],
                },
                "knows": _knows(material, rows, words), "metrics": [_metric(m, ids[m], rows, words) for m in metrics],
                "numbers": [
                    {"month": f.month, "metric": ids[f.metric], "target": f.target, "actual": f.actual} for f in rows
                ],
                "incidents": [_incident(n, deed, words) for n, deed in enumerate(deeds, 1)],
                "feedback": _feedback(material, words), "self_assessment": _self_assessment(material.answers, words),
                "concerns": [_concern(c, style, words) for c in words["concerns"]],
                "triggers": words["triggers"], "soothers": words["soothers"], "goal": words["goal"],
                "walk_out_tension": 0.94 if style is Style.OPEN else 0.88, "topics": words["topics"],
                "lines": words["styles"][str(style)],
                "variants": [
                    {
                        "id": v["id"], "concerns": v["concerns"], "exam": v.get("exam", False),
                        "incidents": [f"e{n}" for n in range(1, len(deeds) + 1)],
                    }
                    for v in words["variants"]
                ],
            }
        )  # fmt: skip
    except ValidationError as error:
        raise InputError(str(error.errors()[0]["loc"]), message_key="error.rehearse_words") from error
    if problem := next(persona_problems(made, made.id, lang, scenario_ids), ""):
        raise InputError(problem, message_key="error.rehearse_words")
    return made


def _rows(material: Material) -> tuple[Figure, ...]:
    """Months with a target of the metrics kept, oldest first; each month of a metric once."""
    kept = [n.metric for n in material.kept.numbers][:METRICS]
    found = {(f.metric, f.month): f for f in material.figures if f.metric in kept and f.target is not None}
    rows: list[Figure] = []
    for metric in kept:
        rows += sorted((f for (name, _), f in found.items() if name == metric), key=lambda f: f.month)[-MONTHS:]
    return tuple(rows)


def _deeds(material: Material, rows: Sequence[Figure], words: Mapping[str, Any], lang: Lang) -> list[_Deed]:
    """Kept incidents, and as many telling months as are needed beside them, never more."""
    deeds = [
        _Deed(
            i.date, i.side == "good", _dated(words["kind"][i.side], i.date, lang), i.what,
            _words_of(i.what, i.date, lang),
        )
        for i in material.kept.incidents
    ]  # fmt: skip
    by_size = sorted(rows, key=lambda f: -abs(_distance(f)))
    for good in (True, False):
        months = (f for f in by_size if _distance(f) != 0 and (_distance(f) > 0) is good)
        missing = max(0, DEEDS // 2 - sum(d.good is good for d in deeds))
        deeds += [_month(f, good, words, lang) for f, _ in zip(months, range(missing), strict=False)]
    used = {d.what for d in deeds}
    spare = [
        d for f in by_size if _distance(f) != 0 and (d := _month(f, _distance(f) > 0, words, lang)).what not in used
    ]
    return sorted([*deeds, *spare[: max(0, DEEDS - len(deeds))]], key=lambda d: d.date)


def _distance(figure: Figure) -> float:
    """How far over (+) or under (−) the target, as a part of it."""
    target = figure.target or 0.0
    by = (figure.actual - target) / (abs(target) or 1.0)
    return by if figure.higher_is_better else -by


def _month(figure: Figure, good: bool, words: Mapping[str, Any], lang: Lang) -> _Deed:
    year, month = int(figure.month[:4]), int(figure.month[5:])
    day = dt.date(year, month, calendar.monthrange(year, month)[1])
    values = {
        "metric": _plain(figure.metric), "actual": f"{figure.actual:g}", "target": f"{figure.target or 0:g}",
        "unit": _plain(figure.unit),
    }  # fmt: skip
    short = _dated(_filled(words["kind"]["month"], values), day, lang)
    what = _dated(_filled(words["month_what"], values), day, lang)
    return _Deed(day, good, short[:60], what, (short[:60], f"{figure.actual:g}{figure.unit}"[:60]))


def _metric(metric: str, metric_id: str, rows: Sequence[Figure], words: Mapping[str, Any]) -> dict[str, Any]:
    figure, name = next(f for f in rows if f.metric == metric), _plain(metric)[:60]
    return {
        "id": metric_id, "name": name, "unit": figure.unit, "better": "higher" if figure.higher_is_better else "lower",
        "words": [name], **{k: [_filled(line, {"metric": name}) for line in words["metric"][k]] for k in _TONES},
    }  # fmt: skip


_TONES = ("account", "guarded")


def _incident(number: int, deed: _Deed, words: Mapping[str, Any]) -> dict[str, Any]:
    pool = words["good" if deed.good else "bad"]
    lines = {k: [_filled(pool[k][(number + n) % len(pool[k])], {"short": deed.short}) for n in (0, 1)] for k in _TONES}
    kind = "good" if deed.good else "bad"
    return {
        "id": f"e{number}", "date": deed.date, "kind": kind, "short": deed.short, "what": deed.what, "words": deed.words,
        **lines,
    }  # fmt: skip


def _concern(raw: Mapping[str, Any], style: Style, words: Mapping[str, Any]) -> dict[str, Any]:
    same = ("id", "about", "opened_by", "words", "hint", "reveal", "more", "eased")
    return {key: raw[key] for key in same} | {
        "text": _filled(words["assumption"], {"text": raw["text"]}),
        "trust_gate": _GATES[style],
        "addressed_by": {"moves": raw["fix"], "words": raw["fix_words"]},
    }


def _knows(material: Material, rows: Sequence[Figure], words: Mapping[str, Any]) -> list[str]:
    said = words["knows"]
    known = [_filled(said["about"], {"role": _plain(material.kept.person.role)})] if material.kept.person.role else []
    for metric in dict.fromkeys(f.metric for f in rows):
        mine = [f for f in rows if f.metric == metric]
        reached = sum(_distance(f) >= 0 for f in mine)
        known.append(
            _filled(said["numbers"], {"metric": _plain(metric), "months": str(len(mine)), "reached": str(reached)})
        )
    known += [_plain(j.text) for j in material.kept.judgements]
    return [*known, said["assumptions"], said["unsent" if material.answers is None else "sent"], said["none"]]


def _feedback(material: Material, words: Mapping[str, Any]) -> list[dict[str, str]]:
    mine = [{"source": (_plain(f.source) or "–")[:60], "what": _plain(f.what)} for f in material.kept.feedback]
    return mine + [dict(f) for f in words["feedback"]][: max(0, 2 - len(mine))]


def _self_assessment(answers: Answers | None, words: Mapping[str, Any]) -> dict[str, Any]:
    """The employee's own three times three where they agreed; what is empty, and without them all of it, is general."""

    def three(entries: Iterable[Entry], spare: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        own = [(_plain(e.what), _plain(e.why)) for e in entries if e.what]
        made = [{"short": what[:CUT][:60], "text": f"{what} {why}".strip()} for what, why in own]
        return (made + [dict(s) for s in spare])[:3]

    used = answers or Answers()
    return {
        "proud": three(used.proud, words["proud"]), "improve": three(used.improve, words["improve"]),
        "wants": three(used.support, words["wants"]),
    }  # fmt: skip


def _address(name: str, host: str, lang: Lang) -> dict[str, Any]:
    name, host = name[:60], _plain(host)[:50]
    if lang == "zh":
        short = [name[1:], f"小{name[0]}"] if len(name) == 3 else [f"小{name[0]}"]
        boss = f"{host[0]}经理" if 2 <= len(host) <= 4 and host[0] >= "\u4e00" else host or "经理"
        return {"manager_name": host or "经理", "calls_manager": [boss], "called": [name, *short], "you": "您"}
    first = host.split()[0] if host else "boss"
    called = list(dict.fromkeys([name.split()[0], name]))
    return {"manager_name": host or "the manager", "calls_manager": [first], "called": called, "you": "you"}


def _scenario(situation: Situation, rating: str) -> str:
    if situation in _LOW:
        return "year-end-below" if rating else "mid-year-check"
    return _SCENARIO[situation]


def _words_of(text: str, date: dt.date, lang: Lang) -> tuple[str, ...]:
    """What the manager would say when near it: telling pieces of the note, and the day."""
    if lang == "zh":
        pieces = [p for p in _SPLIT_ZH.split(text) if len(p) >= 2]
        cut = [part for p in pieces for part in ((p,) if len(p) <= 6 else (p[:4], p[-4:]))]
        return tuple(dict.fromkeys([*cut[:8], f"{date.month}月{date.day}日", f"{date.month}月{date.day}号"]))
    found = [w.lower() for w in _WORD_EN.findall(text) if w.lower() not in _COMMON_EN]
    month = _EN_MONTHS[date.month]
    return tuple(dict.fromkeys([*(w[:60] for w in found[:8]), f"{date.day} {month}", f"{month} {date.day}"]))


def _dated(frame: str, date: dt.date, lang: Lang) -> str:
    month = str(date.month) if lang == "zh" else _EN_MONTHS[date.month]
    return _filled(frame, {"m": str(date.month), "d": str(date.day), "month": month}).replace("%metric%", "")


def _filled(frame: str, values: Mapping[str, str]) -> str:
    return re.sub(r"%([a-z]+)%", lambda m: values.get(m[1], m[0]), frame)


def _plain(text: str) -> str:
    """Somebody's text with nothing that the voice would take for a slot."""
    return " ".join(text.replace("{", "(").replace("}", ")").replace("%%", "%").split())
