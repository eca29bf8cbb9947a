"""Personas, scenarios and legal frames read from YAML folders, with errors that name file, field and fix."""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from interview.conversation import Lang
from interview.errors import DataFileError, NotFoundError
from interview.persona import LegalFrame, Persona, Scenario
from interview.persona_checks import persona_problems, scenario_problems

MAX_FILE_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_PROBLEMS = 50
Model = TypeVar("Model", bound=BaseModel)

_FIXES = {
    "missing": "add this field",
    "extra_forbidden": "remove it, or check its spelling",
    "too_short": "add more entries",
    "too_long": "remove some entries",
    "string_pattern_mismatch": "use the form shown in `tandao personas new`",
    "literal_error": "use one of the allowed values",
    "enum": "use one of the allowed values",
}


def read_yaml(path: Path) -> Any:
    """Plain YAML values of a file.

    Refused with DataFileError: what is no ordinary file, more than 1 MB, tags, anchors, more than 20 levels, values that
    YAML can't make (a 30th of February), infinities, fields given twice.
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        if not path.is_file():
            raise DataFileError(f"{name}: not an ordinary file: put a text file here")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DataFileError(f"{name}: larger than {MAX_FILE_BYTES:,} bytes: split or shorten it")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(f"{name}: can't be read as UTF-8 text: {error}") from error
    return yaml_value(text, name)


def yaml_value(text: str, name: str) -> Any:
    """Plain YAML values of a text, with the refusals of ``read_yaml``; ``name`` stands in the messages."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for problem in _shape_problems(text, loader):
            raise DataFileError(f"{name}: {problem}")
        value = yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise DataFileError(f"{name}: not valid YAML: {str(error)[:300]}") from error
    except (ValueError, OverflowError) as error:
        raise DataFileError(f"{name}: {_unreadable(text, loader)}: no such date or number: correct it") from error
    for place in _not_finite(value):
        raise DataFileError(f"{name}: {place}: not a finite number: correct the value")
    return value


def _shape_problems(text: str, loader: Any) -> Iterator[str]:
    """Anchors, tags, depth and doubled fields, seen before any value is built (the C parser overflows its stack on depth)."""
    open_mappings: list[set[str] | None] = []  # the keys seen so far; None for a list
    key_next: list[bool] = []
    for event in yaml.parse(text, Loader=loader):
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            yield f"line {line}: anchors and aliases (& and *) are not allowed: write the value out"
        tag = cast("str | None", getattr(event, "tag", None))
        if tag:
            yield f"line {line}: tags ({tag[:60]}) are not allowed: write a plain value"
        if isinstance(event, yaml.CollectionEndEvent):
            open_mappings.pop()
            key_next.pop()
        elif isinstance(event, yaml.NodeEvent):
            if open_mappings and (keys := open_mappings[-1]) is not None:
                if key_next[-1] and isinstance(event, yaml.ScalarEvent):
                    if event.value in keys:
                        yield f"line {line}: {event.value[:60]}: this field is given twice: remove one"
                    keys.add(event.value)
                key_next[-1] = not key_next[-1]
            if isinstance(event, yaml.CollectionStartEvent):
                open_mappings.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
                key_next.append(True)
                if len(open_mappings) > MAX_DEPTH:
                    yield f"line {line}: nested more than {MAX_DEPTH} levels deep: make it flat"


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _unreadable(text: str, loader: Any) -> str:
    """The first plain value that looks like a date or number and is none, with its line: ``line 4: 2026-02-30``."""
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
            try:
                yaml.load(event.value, Loader=loader)
            except yaml.YAMLError:
                continue
            except (ValueError, OverflowError):
                return f"line {_line(event)}: {event.value[:60]}"
    return "a value"


def _not_finite(value: Any, place: str = "(whole file)") -> Iterator[str]:
    """Where a number is infinite or not a number."""
    if isinstance(value, float) and not math.isfinite(value):
        yield place
    elif isinstance(value, dict):
        for key, item in cast("dict[Any, Any]", value).items():
            yield from _not_finite(item, str(key)[:60] if place == "(whole file)" else f"{place}.{str(key)[:60]}")
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[Any]", value)):
            yield from _not_finite(item, f"{place}.{number}")


def parse(model: type[Model], path: Path, problems: Callable[[Model], Iterator[str]] | None = None) -> Model:
    """A validated model from a YAML file; every problem is named at once in one DataFileError."""
    return validated(model, read_yaml(path), "/".join(path.parts[-2:]), problems)


def validated(
    model: type[Model], raw: Any, name: str, problems: Callable[[Model], Iterator[str]] | None = None
) -> Model:
    """A validated model from plain values; every problem is named at once in one DataFileError."""
    if not isinstance(raw, dict):
        raise DataFileError(f"{name}: the file must be a mapping of fields: start from `tandao personas new`")
    try:
        value = model.model_validate(raw)
    except ValidationError as error:
        found = error.errors()
        lines = [_one_error(name, dict(e)) for e in found[:MAX_PROBLEMS]]
        if len(found) > MAX_PROBLEMS:
            lines.append(f"{name}: … and {len(found) - MAX_PROBLEMS} more: correct these first")
        raise DataFileError("\n".join(lines)) from error
    if problems is not None:
        found = [f"{name}: {problem}" for problem in problems(value)]
        if found:
            raise DataFileError("\n".join(found))
    return value


def _one_error(name: str, error: dict[str, Any]) -> str:
    field = ".".join(str(part)[:60] for part in error["loc"]) or "(whole file)"
    fix = _FIXES.get(error["type"], "correct the value")
    return f"{name}: {field}: {error['msg']}: {fix}"


class FileLibrary:
    """The personas folder. Files are parsed when first asked for and kept."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._persona = lru_cache(maxsize=256)(self._load_persona)
        self._scenario = lru_cache(maxsize=64)(self._load_scenario)

    def personas(self, lang: Lang) -> tuple[Persona, ...]:
        """All personas whose files are right, easiest first; see ``broken`` for the others.

        Raises DataFileError if none can be used.
        """
        order = ["challenger", "expert", "rough_jade", "stuck"]
        found: list[Persona] = []
        for persona_id in self.persona_ids(lang):
            with suppress(DataFileError):
                found.append(self._persona(persona_id, lang))
        if not found:
            raise self._none_usable("people", lang)
        return tuple(sorted(found, key=lambda p: (p.difficulty, order.index(p.situation), p.id)))

    def broken(self, lang: Lang) -> tuple[str, ...]:
        """What is wrong with the persona and scenario files that can't be used, a line each."""
        problems: list[str] = []
        for ids, load in ((self.persona_ids(lang), self._persona), (self.scenario_ids(lang), self._scenario)):
            for item in ids:
                try:
                    load(item, lang)
                except DataFileError as error:
                    problems += str(error).splitlines()
        return tuple(problems)

    def _none_usable(self, kind: str, lang: Lang) -> DataFileError:
        wrong = self.broken(lang)[:10]
        return DataFileError(
            "\n".join(wrong) or f"{self._root / kind}: no */{lang}.yaml in here: check TANDAO_PERSONAS"
        )

    def persona_ids(self, lang: Lang) -> tuple[str, ...]:
        """Ids that have a file in this language."""
        return tuple(sorted(p.parent.name for p in (self._root / "people").glob(f"*/{lang}.yaml")))

    def persona(self, persona_id: str, lang: Lang) -> Persona:
        """One persona; raises NotFoundError or DataFileError."""
        if persona_id not in self.persona_ids(lang):
            raise NotFoundError(f"no persona {persona_id[:60]!r} in {lang}", message_key="error.no_persona")
        return self._persona(persona_id, lang)

    def scenarios(self, lang: Lang) -> tuple[Scenario, ...]:
        """All scenarios whose files are right, by id. Raises DataFileError if none can be used."""
        found: list[Scenario] = []
        for scenario_id in self.scenario_ids(lang):
            with suppress(DataFileError):
                found.append(self._scenario(scenario_id, lang))
        if not found:
            raise self._none_usable("scenarios", lang)
        return tuple(found)

    def scenario_ids(self, lang: Lang) -> tuple[str, ...]:
        """Ids that have a file in this language."""
        return tuple(sorted(p.parent.name for p in (self._root / "scenarios").glob(f"*/{lang}.yaml")))

    def scenario(self, scenario_id: str, lang: Lang) -> Scenario:
        """One scenario; raises NotFoundError or DataFileError."""
        if scenario_id not in self.scenario_ids(lang):
            raise NotFoundError(f"no scenario {scenario_id[:60]!r} in {lang}", message_key="error.no_scenario")
        return self._scenario(scenario_id, lang)

    def legal_frame(self, jurisdiction: str, lang: Lang) -> LegalFrame:
        """The rules of one jurisdiction."""
        path = self._root / "jurisdictions" / jurisdiction.lower() / f"{lang}.yaml"
        if not jurisdiction.isalpha() or not path.exists():
            raise NotFoundError(f"no jurisdiction {jurisdiction[:20]!r}", message_key="error.not_found")
        return parse(LegalFrame, path)

    def _load_persona(self, persona_id: str, lang: Lang) -> Persona:
        path = self._root / "people" / persona_id / f"{lang}.yaml"
        return parse(Persona, path, lambda p: persona_problems(p, persona_id, lang))

    def _load_scenario(self, scenario_id: str, lang: Lang) -> Scenario:
        path = self._root / "scenarios" / scenario_id / f"{lang}.yaml"
        return parse(Scenario, path, lambda s: scenario_problems(s, scenario_id, lang))

    def problems(self, persona_id: str | None = None) -> Iterator[str]:
        """Every problem of every file (or of one persona), one line each: file, field, fix."""
        pattern = f"people/{persona_id}/*.yaml" if persona_id else "*/*/*.yaml"
        files = sorted(self._root.glob(pattern))
        if not files:
            yield f"no files match {pattern}"
        for path in files:
            kind, item, stem = path.parts[-3], path.parts[-2], path.stem
            if stem not in ("zh", "en"):
                yield f"{item}/{path.name}: the file name must be zh.yaml or en.yaml"
                continue
            try:
                if kind == "people":
                    parse(
                        Persona,
                        path,
                        lambda p, i=item, s=stem: persona_problems(p, i, s, self.scenario_ids("zh")),
                    )
                elif kind == "scenarios":
                    parse(Scenario, path, lambda s, i=item, stem=stem: scenario_problems(s, i, stem))
                elif kind == "jurisdictions":
                    parse(LegalFrame, path)
            except DataFileError as error:
                yield from str(error).splitlines()
        yield from self._twin_problems()

    def _twin_problems(self) -> Iterator[str]:
        for lang, other in (("zh", "en"), ("en", "zh")):
            for kind in ("people", "scenarios", "jurisdictions"):
                for path in sorted(self._root.glob(f"{kind}/*/{lang}.yaml")):
                    if not path.with_name(f"{other}.yaml").exists():
                        yield f"{path.parent.name}: {other}.yaml is missing: write the twin in {other}"
