"""The data files themselves: lines, locales, steps, situations, and packages from this tree."""

import importlib
import json
import re
from pathlib import Path

import pytest

from interview.intent import IntentKind
from interview.persona_checks import line_problems
from interview.situations import Situation
from interview.steps import STEPS
from interview.texts import move_name, situation_text, step_text
from simulator.reaction import rules
from simulator.voices.authored import general_lines
from tests.conftest import ROOT

PACKAGES = ["app", "assistant", "consent", "evals", "interview", "llms", "people", "phrasing", "scoring", "simulator",
            "storage"]  # fmt: skip


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_comes_from_this_tree(name):
    assert Path(str(importlib.import_module(name).__file__)).is_relative_to(ROOT)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_general_lines_are_whole_and_each_stands_once(lang):
    data = general_lines(lang)
    assert set(data["intents"]) == set(IntentKind) - {IntentKind.TAKE_BREAK}
    seen: set[str] = set()
    for intent, styles in data["intents"].items():
        assert set(styles) == {"open", "defensive"}, intent
        for style, bands in styles.items():
            assert sum(len(lines) for lines in bands.values()) >= 5, (intent, style)
            for band, lines in bands.items():
                assert list(line_problems(f"{intent}.{style}.{band}", lines, lang)) == []
                assert not seen & set(lines), seen & set(lines)
                seen |= set(lines)
    assert set(data["tails"]) == {"calm", "tense", "hot"}


def test_locales_have_the_same_keys_and_slots():
    zh, en = (
        json.loads((ROOT / "app" / "locales" / f"{lang}.json").read_text(encoding="utf-8")) for lang in ("zh", "en")
    )
    assert set(zh) == set(en)
    for key in zh:
        assert sorted(re.findall(r"{\w+}", zh[key])) == sorted(re.findall(r"{\w+}", en[key])), key


def test_every_text_asked_for_by_its_key_is_there():
    known = set(json.loads((ROOT / "app" / "locales" / "zh.json").read_text(encoding="utf-8")))
    asked: set[str] = set()
    for folder in ("app", "simulator", "speech", "storage", "interview", "people"):
        for path in (ROOT / folder).rglob("*.py"):
            code = path.read_text(encoding="utf-8")
            asked |= set(re.findall(r'\bt\(\s*"([a-z_.]+)"', code)) | set(re.findall(r'message_key="([a-z_.]+)"', code))
            asked |= set(re.findall(r'="((?:choose|brief|talk|report|mine|tab)\.[a-z_]+)"', code))
            asked |= set(re.findall(r'message_key = "([a-z_.]+)"', code))
    missing = {key for key in asked if not key.endswith(".")} - known
    assert not missing


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_steps_situations_and_moves_have_texts(lang):
    for step in STEPS:
        assert all((step_text(step, lang).name, step_text(step, lang).common_mistake))
    for situation in Situation:
        assert situation_text(situation, lang).risks
    assert move_name("open_question", lang)


def test_every_rule_names_its_reason_in_both_languages():
    for section in ("rules", "context"):
        for code, entry in rules()[section].items():
            assert entry["zh"], code
            assert entry["en"], code
