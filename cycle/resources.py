"""A small catalogue of courses, projects and mentors, matched to the focus skills of a plan with the reason shown.

The packaged catalogue holds general entries; a company's own comes in as JSON (docs/resources.md) and adds to it.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, StringConstraints, ValidationError

from cycle.plans import Plan
from cycle.records import Kind, Record, Records
from cycle.team import Body, Person
from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import InputError
from people.permissions import Action, check

SCHEMA = "tandao.resources/1"
IDP_SCHEMA = "tandao.idp/1"
MAX_BYTES = 1_000_000
MAX_RESOURCES = 2_000
SHOWN = 3
"""Matches shown for one skill."""
Word = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Resource(Body):
    """Something a skill can be learnt from. ``lang`` empty: for both. ``hours``: how long it takes, where known."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
    kind: Literal["course", "project", "mentor"]
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    about: Annotated[str, StringConstraints(max_length=400)] = ""
    skills: tuple[Word, ...] = Field(min_length=1, max_length=30)
    lang: Literal["", "zh", "en"] = ""
    hours: float | None = Field(default=None, gt=0, le=2_000)
    url: Annotated[str, StringConstraints(pattern=r"^(https?://\S{1,400})?$")] = ""


class Catalogue(Body):
    """The exchanged file. ``schema_`` is written ``schema``."""

    schema_: Literal["tandao.resources/1"] = Field(alias="schema")
    resources: tuple[Resource, ...] = Field(max_length=MAX_RESOURCES)


@dataclass(frozen=True, slots=True)
class Match:
    """A resource for a skill and the word of the catalogue that led to it; ``strength`` 0-1."""

    resource: Resource
    word: str
    strength: float


@cache
def packaged(lang: Lang) -> tuple[Resource, ...]:
    """The general entries of one language."""
    raw: dict[str, Any] = yaml.safe_load(files("cycle").joinpath("data", "resources.yaml").read_text(encoding="utf-8"))
    return tuple(Resource.model_validate({**each, "lang": lang}) for each in raw[lang])


def read_catalogue(text: str) -> tuple[Resource, ...]:
    """Entries of an exchanged file; raises InputError naming the entry and the field that is wrong."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InputError("too large", message_key="error.catalogue_large", limit=MAX_BYTES // 1_000_000)
    try:
        found = Catalogue.model_validate(json.loads(text)).resources
    except ValidationError as error:
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in error.errors()[0]["loc"])
        raise InputError("invalid", message_key="error.catalogue_field", where=where[:120]) from error
    except (ValueError, RecursionError) as error:
        raise InputError("not JSON", message_key="error.catalogue_json") from error
    ids = [r.id for r in found]
    double = next((i for i in ids if ids.count(i) > 1), None) if len(set(ids)) < len(ids) else None
    if double is not None:
        raise InputError("double id", message_key="error.catalogue_double", id=double)
    return found


def write_catalogue(resources: Sequence[Resource]) -> str:
    """The same file again."""
    rows = [r.model_dump(mode="json", exclude_defaults=True) for r in resources]
    return json.dumps({"schema": SCHEMA, "resources": rows}, ensure_ascii=False, indent=1) + "\n"


def write_idp(person: Person, plan: Plan) -> str:
    """Focus skills and their actions for a learning or HR system: no rating, no minutes, nothing of the preparation."""
    skills = [
        {
            **skill.model_dump(mode="json"),
            "actions": [
                a.model_dump(mode="json", include={"what", "how", "by", "every", "support", "know", "owner"})
                for a in plan.actions
                if a.skill == skill.name
            ],
        }
        for skill in plan.skills
    ]
    whole = {"schema": IDP_SCHEMA, "person": {"number": person.number, "name": person.name}, "skills": skills}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _folded(text: str) -> str:
    return re.sub(r"[\s_\-/]+", " ", text.casefold()).strip()


def _tokens(text: str) -> frozenset[str]:
    """Words of three letters and more, and pairs of Chinese characters."""
    folded = _folded(text)
    latin = {w.rstrip("s") for w in re.findall(r"[a-z]{3,}", folded)}
    chinese = {run[n : n + 2] for run in re.findall(r"[一-鿿]+", folded) for n in range(len(run) - 1)}
    return frozenset(latin | chinese)


def match(skill: str, resources: Sequence[Resource], lang: Lang, limit: int = SHOWN) -> tuple[Match, ...]:
    """What fits a skill best, of different kinds first; empty where no word of the catalogue fits."""
    found: list[Match] = []
    for resource in resources:
        if resource.lang not in ("", lang):
            continue
        word, strength = max(((w, _nearness(skill, w)) for w in resource.skills), key=lambda pair: pair[1])
        if strength >= 0.5:
            found.append(Match(resource, word, strength))
    found.sort(key=lambda m: -m.strength)
    firsts = [
        next(m for m in found if m.resource.kind == kind) for kind in dict.fromkeys(m.resource.kind for m in found)
    ]
    return tuple([*firsts, *(m for m in found if m not in firsts)][:limit])


def _nearness(skill: str, word: str) -> float:
    """1: the same; 0.7-0.9: one within the other; else up to 0.7: the share of the shorter one's parts that both hold."""
    a, b = _folded(skill), _folded(word)
    if a == b:
        return 1.0
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) >= 2 and (shorter in longer if re.search(r"[一-鿿]", shorter) else f" {shorter} " in f" {longer} "):
        return 0.7 + 0.2 * len(shorter) / len(longer)
    left, right = _tokens(skill), _tokens(word)
    return 0.7 * len(left & right) / min(len(left), len(right)) if left and right else 0.0


class Resources:
    """The packaged catalogue and a manager's or, from HR, everybody's own entries."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def all(self, actor: Actor, lang: Lang) -> tuple[Resource, ...]:
        """What can be matched, one's own and the company's before the general ones."""
        own = [r for record in self._kept(actor) for r in Catalogue.model_validate(record.body).resources]
        return (*(r for r in own if r.lang in ("", lang)), *packaged(lang))

    def own(self, actor: Actor) -> tuple[Resource, ...]:
        """What was imported, in every language."""
        return tuple(r for record in self._kept(actor) for r in Catalogue.model_validate(record.body).resources)

    def import_json(self, actor: Actor, text: str) -> int:
        """Replace one's own entries by a file's; how many. HR's are everybody's. Raises InputError, changing nothing."""
        owner = self._owner(actor)
        found = read_catalogue(text)
        body = {"schema": SCHEMA, "resources": [r.model_dump(mode="json") for r in found]}
        kept = self._records.find(Kind.RESOURCES, owner_id=owner)
        if kept:
            self._records.put(replace(kept[0], body=body))
        else:
            made = secrets.token_hex(8)
            self._records.add(Record(made, Kind.RESOURCES, owner, made, body))
        return len(found)

    def _kept(self, actor: Actor) -> tuple[Record, ...]:
        own = self._records.find(Kind.RESOURCES, owner_id=self._owner(actor))
        company = self._records.find(Kind.RESOURCES, owner_id="company") if self._owner(actor) != "company" else ()
        return (*own, *company)

    def _owner(self, actor: Actor) -> str:
        if actor.role == "hr":
            check(actor, Action.ROUND_LEAD)
            return "company"
        check(actor, Action.TEAM_LEAD, actor.id)
        return actor.id
