"""Personas, scenarios and legal frames read from YAML folders, with errors that name file, field and fix."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from interview.conversation import Lang
from interview.errors import DataFileError, NotFoundError
from interview.persona import LegalFrame, Persona, Scenario
from interview.persona_checks import persona_problems, scenario_problems

MAX_FILE_BYTES = 1_000_000
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
    """Plain YAML values of a file. Tags, anchors and files over 1 MB are refused with DataFileError."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DataFileError(
                f"{path.parent.name}/{path.name}: larger than {MAX_FILE_BYTES:,} bytes: split or shorten it"
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path.parent.name}/{path.name}: can't be read as UTF-8 text: {error}") from error
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if ("&" in text or "*" in text) and any(
            isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=loader)
        ):
            raise DataFileError(
                f"{path.parent.name}/{path.name}: anchors and aliases (& and *) are not allowed: write the value out"
            )
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise DataFileError(f"{path.parent.name}/{path.name}: not valid YAML: {str(error)[:300]}") from error


def parse(model: type[Model], path: Path, problems: Callable[[Model], Iterator[str]] | None = None) -> Model:
    """A validated model from a YAML file; every problem is named at once in one DataFileError."""
    raw = read_yaml(path)
    name = "/".join(path.parts[-2:])
    if not isinstance(raw, dict):
        raise DataFileError(f"{name}: the file must be a mapping of fields: start from `tandao personas new`")
    try:
        value = model.model_validate(raw)
    except ValidationError as error:
        lines = [_one_error(name, dict(e)) for e in error.errors()]
        raise DataFileError("\n".join(lines)) from error
    if problems is not None:
        found = [f"{name}: {problem}" for problem in problems(value)]
        if found:
            raise DataFileError("\n".join(found))
    return value


def _one_error(name: str, error: dict[str, Any]) -> str:
    field = ".".join(str(part) for part in error["loc"]) or "(whole file)"
    fix = _FIXES.get(error["type"], "correct the value")
    return f"{name}: {field}: {error['msg']}: {fix}"


class FileLibrary:
    """The personas folder. Files are parsed when first asked for and kept."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._persona = lru_cache(maxsize=256)(self._load_persona)
        self._scenario = lru_cache(maxsize=64)(self._load_scenario)

    def personas(self, lang: Lang) -> tuple[Persona, ...]:
        """All personas whose files are right, easiest first; see ``broken`` for the others."""
        order = ["challenger", "expert", "rough_jade", "stuck"]
        found: list[Persona] = []
        for persona_id in self.persona_ids(lang):
            with suppress(DataFileError):
                found.append(self._persona(persona_id, lang))
        return tuple(sorted(found, key=lambda p: (p.difficulty, order.index(p.situation), p.id)))

    def broken(self, lang: Lang) -> tuple[str, ...]:
        """What is wrong with the persona files that can't be used, a line each."""
        problems: list[str] = []
        for persona_id in self.persona_ids(lang):
            try:
                self._persona(persona_id, lang)
            except DataFileError as error:
                problems += str(error).splitlines()
        return tuple(problems)

    def persona_ids(self, lang: Lang) -> tuple[str, ...]:
        """Ids that have a file in this language."""
        return tuple(sorted(p.parent.name for p in (self._root / "people").glob(f"*/{lang}.yaml")))

    def persona(self, persona_id: str, lang: Lang) -> Persona:
        """One persona; raises NotFoundError or DataFileError."""
        if persona_id not in self.persona_ids(lang):
            raise NotFoundError(f"no persona {persona_id[:60]!r} in {lang}", message_key="error.no_persona")
        return self._persona(persona_id, lang)

    def scenarios(self, lang: Lang) -> tuple[Scenario, ...]:
        """All scenarios by id."""
        return tuple(self._scenario(scenario_id, lang) for scenario_id in self.scenario_ids(lang))

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
