"""The catalogue: matched with a reason, exchanged as documented JSON, refused by name and field."""

import datetime as dt
import json
from pathlib import Path

import pytest

from cycle.plans import ActionItem, Plan, Skill
from cycle.resources import IDP_SCHEMA, SCHEMA, Catalogue, match, packaged, read_catalogue, write_catalogue, write_idp
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import InputError, TandaoError
from tests.conftest import ROOT

OWN = {"schema": SCHEMA, "resources": [{"id": "lms-1", "kind": "course", "name": "焊接进阶", "skills": ["焊接"]}]}


@pytest.mark.parametrize(
    ("lang", "skill", "word"),
    [("zh", "客户沟通能力", "客户沟通"), ("zh", "项目管理", "项目管理"), ("en", "Project management skills", "project management"),
     ("en", "Communications", "communication")],
)  # fmt: skip
def test_a_skill_finds_its_resources_and_the_word_that_led_there(lang, skill, word):
    found = match(skill, packaged(lang), lang)
    assert word in {m.word for m in found} and len({m.resource.kind for m in found}) > 1
    assert found[0].strength == max(m.strength for m in found)


@pytest.mark.parametrize(
    ("lang", "skill"), [("zh", "做饭"), ("en", "cooking"), ("zh", ""), ("en", "a"), ("zh", "x" * 60)]
)
def test_nothing_is_offered_where_nothing_fits(lang, skill):
    assert match(skill, packaged(lang), lang) == ()


def test_a_companys_own_come_in_and_go_out_whole(services, actor):
    assert services.resources.import_json(actor, json.dumps(OWN)) == 1
    assert match("焊接", services.resources.all(actor, "en"), "en")[0].resource.id == "lms-1"
    assert read_catalogue(write_catalogue(services.resources.own(actor))) == services.resources.own(actor)
    assert services.resources.own(Actor("other", Role.MANAGER, "zh")) == ()
    services.resources.import_json(Actor("h", Role.HR, "zh"), json.dumps(OWN))
    assert len(services.resources.own(Actor("other", Role.MANAGER, "zh"))) == 1, "HR's are everybody's"
    with pytest.raises(TandaoError):
        services.resources.import_json(Actor("t", Role.TRAINER, "zh"), json.dumps(OWN))


BAD = [
    ("", "error.catalogue_json"),
    ("[" * 100_000, "error.catalogue_json"),
    ("{}", "error.catalogue_field"),
    (json.dumps({**OWN, "more": 1}), "error.catalogue_field"),
    (json.dumps({**OWN, "schema": "other/1"}), "error.catalogue_field"),
    (json.dumps({**OWN, "resources": OWN["resources"] * 2}), "error.catalogue_double"),
    (
        json.dumps({**OWN, "resources": [{**OWN["resources"][0], "url": "javascript:alert(1)"}]}),
        "error.catalogue_field",
    ),
    (json.dumps({**OWN, "resources": [{**OWN["resources"][0], "hours": float("nan")}]}), "error.catalogue_field"),
    ("x" * 1_000_001, "error.catalogue_large"),
]


@pytest.mark.parametrize(("text", "key"), BAD)
def test_a_bad_file_is_refused_and_changes_nothing(services, actor, text, key):
    services.resources.import_json(actor, json.dumps(OWN))
    with pytest.raises(InputError) as caught:
        services.resources.import_json(actor, text)
    assert caught.value.message_key == key
    assert len(services.resources.own(actor)) == 1


def test_the_idp_goes_out_without_anything_private():
    actions = (
        ActionItem(id="a", what="参加反馈练习班", by=dt.date(2026, 12, 31), skill="沟通", since=dt.date(2026, 11, 23)),
        ActionItem(id="b", what="与技能无关的事", since=dt.date(2026, 11, 23)),
    )
    text = write_idp(
        Person(name="许愿", number="7"), Plan(actions=actions, skills=(Skill(name="沟通", now=2, goal=3),))
    )
    found = json.loads(text)
    assert found["schema"] == IDP_SCHEMA and found["person"]["number"] == "7"
    assert [a["what"] for a in found["skills"][0]["actions"]] == ["参加反馈练习班"] and "无关" not in text


def test_the_documented_schema_is_the_one_that_is_checked():
    documented = json.loads(Path(ROOT / "docs" / "schema" / "resources.schema.json").read_text(encoding="utf-8"))
    assert documented == Catalogue.model_json_schema(by_alias=True)
