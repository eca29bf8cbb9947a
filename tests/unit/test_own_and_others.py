"""Every method of every service that takes an actor and somebody's object, tried as every role that does not own it.

Found by looking at the services themselves: a new method is tried as soon as it is there, and one whose object the test
has no sample of fails it.
"""

import datetime as dt
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import pytest

from app.settings import Settings
from app.wiring import Services
from cycle.records import Record
from cycle.rounds import Round
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import NotFoundError, PermissionDeniedError
from interview.steps import Step

OWNER, TRAINER, HR = (Actor(f"owner-{r}", r, "zh") for r in (Role.MANAGER, Role.TRAINER, Role.HR))
DAY = dt.date(2026, 12, 1)
COMMON = {("rounds", Role.HR), ("editing", Role.TRAINER), ("accounts", Role.ADMINISTRATOR)}
"""What the table gives a role for any object."""
PUBLIC = {("rehearsals", "start"), ("cohorts", "create"), ("classrooms", "open")}
"""Its ids name what is everybody's; whose persona it may be is asked by ``own_personas.may_use``."""


@dataclass(frozen=True)
class Case:
    service: str
    method: str


def _cases() -> list[Case]:
    found: list[Case] = []
    for name, part in vars(Services).items():
        if not isinstance(part, cached_property):
            continue
        hint = inspect.signature(part.func).return_annotation
        kind = hint if isinstance(hint, type) else _class_of(str(hint).strip("'\" "))
        for method, function in inspect.getmembers(kind, inspect.isfunction) if kind else ():
            parameters = list(inspect.signature(function).parameters)
            if method.startswith("_") or parameters[1:2] != ["actor"]:
                continue
            if any(_is_object(p) for p in parameters[2:]) and (name, method) not in PUBLIC:
                found.append(Case(name, method))
    return found


def _class_of(hint: str) -> type | None:
    import app.wiring

    found = getattr(app.wiring, hint, None)
    if isinstance(found, type):
        return found
    for line in inspect.getsource(app.wiring).splitlines():  # imported for the type checker only
        words = line.replace(",", " ").split()
        if words[:1] == ["from"] and hint in words[3:]:
            return getattr(__import__(words[1], fromlist=[hint]), hint)
    return None


def _is_object(parameter: str) -> bool:
    return parameter.endswith("_id") or parameter in ("record", "code")


class World:
    """One object of each kind, of its proper owner."""

    def __init__(self, home: Any) -> None:
        self.services = s = Services(Settings(home=home))
        person = s.team.add(OWNER, Person(name="许宁"))[0]
        talk = s.talks.plan(OWNER, person.id, DAY)
        persona = s.library.personas("zh")[0]
        scenario = s.library.scenarios("zh")[0].id
        rehearsal = s.rehearsals.start(OWNER, persona.id, lang="zh")
        interview, _ = s.consents.invite(OWNER, "谈话", "zh")
        cohort = s.cohorts.create(TRAINER, "一班", persona.id, scenario, {OWNER.id: "甲"})
        room = s.classrooms.open(TRAINER, persona.id, scenario, Step.DIFFERENCES, "zh")
        round_ = s.rounds.open(HR, Round(name="年度", opens=dt.date(2026, 11, 1), due=dt.date(2026, 12, 31)))
        account, _ = s.accounts.add(Actor("root", Role.ADMINISTRATOR, "zh"), "someone", "", Role.MANAGER)
        self.objects: dict[str, Any] = {
            "person_id": person.id, "talk_id": talk.id, "rehearsal_id": rehearsal.id, "interview_id": interview.id,
            "cohort_id": cohort.id, "code": room.id, "round_id": round_.id, "account_id": account.id, "record": None,
            "persona_id": "own-none", "file_id": persona.id, "action_id": "x", "note_id": "x",
            "live_id": interview.id, "message_id": "x",
        }  # fmt: skip
        self.records: dict[str, Record] = {"talks": talk, "rounds": round_}

    def call(self, case: Case, actor: Actor) -> Any:
        """The method with the owner's object and something of the right kind for everything else."""
        method = getattr(getattr(self.services, case.service), case.method)
        given: dict[str, Any] = {}
        for name, parameter in list(inspect.signature(method).parameters.items())[1:]:
            if name == "record":
                given[name] = self.records.get(case.service) or self.services.rehearsals.get(
                    OWNER, self.objects["rehearsal_id"]
                )
            elif _is_object(name):
                given[name] = self.objects[name]
            elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
                given[name] = _anything(parameter.annotation)
        result = method(actor, **given)
        return list(cast("Iterator[Any]", result)) if isinstance(result, Iterator) else result


def _anything(annotation: Any) -> Any:
    """Something of the kind; for an object of ours nothing, for nobody should get as far as looking at it."""
    plain = annotation.__name__ if isinstance(annotation, type) else str(annotation).rpartition("abc.")[2]
    simple = {"str": "x", "int": 1, "bool": True, "float": 1.0, "Role": Role.MANAGER, "Lang": "zh", "date": DAY}
    if plain in simple:
        return simple[plain]
    if plain.startswith(("Sequence", "Collection", "tuple", "list", "frozenset", "set")):
        return ()
    return {} if plain.startswith(("Mapping", "dict")) else None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("others") / "home")
    yield made
    made.services.close()


CASES = _cases()


def test_the_services_are_looked_at():
    assert len(CASES) > 60
    assert {"rehearsals", "reviews", "live", "consents", "packs", "minutes", "plans", "cohorts", "classrooms", "rounds",
            "talks", "team", "accounts"} <= {case.service for case in CASES}  # fmt: skip


@pytest.mark.parametrize("role", list(Role), ids=str)
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.service}.{c.method}")
def test_somebody_elses_object_is_not_there(world: World, case: Case, role: Role):
    """As another person of each role: refused, or answered as if there were nothing."""
    if (case.service, role) in COMMON:
        return
    try:
        result = world.call(case, Actor("stranger", role, "zh"))
    except (NotFoundError, PermissionDeniedError):
        return
    method = getattr(getattr(world.services, case.service), case.method)
    assert inspect.signature(method).return_annotation not in (None, "None"), "something was done to another's object"
    assert result in (None, False, (), [], {}, 0, 0.0), "another's object was shown"


@pytest.mark.parametrize(
    ("service", "method", "actor"),
    [
        ("rehearsals", "get", OWNER), ("talks", "talk", OWNER), ("packs", "open", OWNER), ("team", "person", OWNER),
        ("consents", "interview", OWNER), ("cohorts", "progress", TRAINER), ("work", "row", OWNER),
    ],
)  # fmt: skip
def test_its_owner_gets_it(world: World, service: str, method: str, actor: Actor):
    """The same call as the owner: what strangers were refused is there."""
    assert world.call(Case(service, method), actor)
