"""What the manager chooses before the talk (invitation, place, seat, what to bring): steps 1 and 2 of the nine.

The options are data (``data/preparation.yaml``) with what each is worth and what it does to the employee.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from interview.conversation import Lang
from interview.errors import InputError
from interview.steps import Step

Preparation = Mapping[str, tuple[str, ...]]
"""Chosen option ids by kind; a kind that is missing was not chosen."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One choice judged. ``worth`` −1–1; ``tension`` and ``trust`` are added to how the employee comes in."""

    step: Step
    kind: str
    option: str
    worth: float
    tension: float
    trust: float


@cache
def _table() -> Mapping[str, Any]:
    text = files("interview").joinpath("data", "preparation.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["kinds"]


def kinds() -> tuple[str, ...]:
    """The kinds of choice, in the order they are asked."""
    return tuple(_table())


def takes_several(kind: str) -> bool:
    """Whether more than one option may be chosen."""
    return bool(_table()[kind].get("several", False))


def kind_name(kind: str, lang: Lang) -> str:
    """What is asked, in a few words."""
    return str(_table()[kind][lang])


def option_ids(kind: str) -> tuple[str, ...]:
    """The options of a kind; shown in a fixed order that does not put the best one first."""
    return tuple(sorted(_table()[kind]["options"]))


def option_text(kind: str, option: str, lang: Lang) -> str:
    """The option in words."""
    return str(_table()[kind]["options"][option][lang]["text"])


def option_why(kind: str, option: str, lang: Lang) -> str:
    """What the option does, in words."""
    return str(_table()[kind]["options"][option][lang]["why"])


def best_option(kind: str) -> str:
    """The option worth most."""
    options = _table()[kind]["options"]
    return max(options, key=lambda name: options[name]["worth"])


def checked_preparation(raw: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Known kinds and options only, empty choices left out; raises InputError for anything else."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, value in raw.items():
        names: tuple[Any, ...] = tuple(cast("Iterable[Any]", value)) if isinstance(value, list | tuple) else ()
        if isinstance(value, str) and value:
            names = (value,)
        if not names:
            continue
        known = kind in _table()
        if not known or any(not isinstance(n, str) or n not in _table()[kind]["options"] for n in names):
            raise InputError(
                f"no such choice {kind!r}: {names!r}", message_key="error.preparation", kind=str(kind)[:40]
            )
        if len(names) > 1 and not takes_several(kind):
            raise InputError(f"one choice only for {kind!r}", message_key="error.preparation", kind=kind)
        found[kind] = tuple(dict.fromkeys(names))
    return found


def judged(preparation: Preparation) -> Iterator[Chosen]:
    """Each choice with its worth and effect."""
    for kind, names in preparation.items():
        entry = _table()[kind]
        for name in names:
            option = entry["options"][name]
            yield Chosen(
                Step(entry["step"]),
                kind,
                name,
                float(option["worth"]),
                float(option["tension"]),
                float(option["trust"]),
            )


def step_worth(preparation: Preparation) -> dict[Step, float]:
    """0–1 for each step that was prepared: the mean over its kinds; things to bring count up to three useful ones."""
    by_step: dict[Step, list[float]] = {}
    for kind, names in preparation.items():
        worths = [c.worth for c in judged({kind: names})]
        value = sum(worths) / 3 if takes_several(kind) else worths[0]
        by_step.setdefault(Step(_table()[kind]["step"]), []).append(min(1.0, max(0.0, value)))
    return {step: sum(values) / len(values) for step, values in by_step.items()}
