"""Personas and scenarios edited in the page: the same fields and the same checks as the files, kept in storage."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

import yaml

from interview.actor import Actor
from interview.conversation import Lang
from interview.errors import DataFileError, InputError, NotFoundError
from interview.library import FileLibrary, validated, yaml_value
from interview.persona import OWN, LegalFrame, Persona, Scenario
from interview.persona_checks import persona_problems, scenario_problems
from interview.ports import CustomFile, CustomFileRepository
from people.permissions import Action, check

Kind = Literal["persona", "scenario"]
_ORDER = ("challenger", "expert", "rough_jade", "stuck")


def dump(value: Persona | Scenario) -> str:
    """A persona or scenario as YAML text, fields in the order of the template."""
    return yaml.safe_dump(json.loads(value.model_dump_json()), allow_unicode=True, sort_keys=False, width=1_000)


def checked(kind: Kind, raw: Any, lang: Lang) -> Persona | Scenario:
    """The validated value; raises DataFileError that names field and fix, one line each."""
    file_id = str(cast("Mapping[str, Any]", raw).get("id", "")) if isinstance(raw, dict) else ""
    if kind == "persona":
        return validated(Persona, raw, file_id or kind, lambda p: persona_problems(p, file_id, lang))
    return validated(Scenario, raw, file_id or kind, lambda s: scenario_problems(s, file_id, lang))


class EditedLibrary:
    """The packaged library with what trainers edited over it. Reads the edits anew for each list, so that every process
    sees them."""

    def __init__(self, packaged: FileLibrary, edits: CustomFileRepository) -> None:
        self._packaged = packaged
        self._edits = edits
        self._parsed: dict[str, Persona | Scenario] = {}

    def personas(self, lang: Lang) -> tuple[Persona, ...]:
        """Packaged and edited ones, easiest first."""
        found = {p.id: p for p in self._packaged.personas(lang)} | dict(self._edited(Persona, lang))
        return tuple(sorted(found.values(), key=lambda p: (p.difficulty, _ORDER.index(p.situation), p.id)))

    def persona(self, persona_id: str, lang: Lang) -> Persona:
        """One persona, the edited one if there is one."""
        edit = self._edits.get("persona", persona_id, lang)
        found = self._value(edit) if edit else None
        return found if isinstance(found, Persona) else self._packaged.persona(persona_id, lang)

    def scenarios(self, lang: Lang) -> tuple[Scenario, ...]:
        """Packaged and edited ones, by id."""
        found = {s.id: s for s in self._packaged.scenarios(lang)} | dict(self._edited(Scenario, lang))
        return tuple(found[name] for name in sorted(found))

    def scenario(self, scenario_id: str, lang: Lang) -> Scenario:
        """One scenario, the edited one if there is one."""
        edit = self._edits.get("scenario", scenario_id, lang)
        found = self._value(edit) if edit else None
        return found if isinstance(found, Scenario) else self._packaged.scenario(scenario_id, lang)

    def legal_frame(self, jurisdiction: str, lang: Lang) -> LegalFrame:
        """Packaged only: law is not edited in the page."""
        return self._packaged.legal_frame(jurisdiction, lang)

    def broken(self, lang: Lang) -> tuple[str, ...]:
        """Packaged files that can't be used."""
        return self._packaged.broken(lang)

    def _edited(self, model: type[Any], lang: Lang) -> Iterator[tuple[str, Any]]:
        kind: Kind = "persona" if model is Persona else "scenario"
        for file in self._edits.all():
            value = self._value(file) if file.kind == kind and file.lang == lang else None
            if value is not None:
                yield file.id, value

    def _value(self, file: CustomFile) -> Persona | Scenario | None:
        """The parsed edit, or None for one written by an older version with other fields."""
        if file.text not in self._parsed:
            try:
                self._parsed[file.text] = checked(file.kind, yaml_value(file.text, file.id), file.lang)
            except DataFileError:
                return None
        return self._parsed[file.text]


class Editing:
    """What trainers do to personas and scenarios."""

    def __init__(self, edits: CustomFileRepository, library: EditedLibrary) -> None:
        self._edits = edits
        self._library = library

    def save(self, actor: Actor, kind: Kind, raw: Mapping[str, Any], lang: Lang) -> Persona | Scenario:
        """Check and keep; the version goes up so that old rehearsals show what they were held with.

        Raises InputError for an id kept for private personas, which an edit must not stand in for.
        """
        check(actor, Action.LIBRARY_EDIT)
        value = checked(kind, dict(raw), lang)
        if value.id.startswith(OWN):
            raise InputError("kept for private personas", message_key="error.own_id", start=OWN)
        known = self._library.personas(lang) if kind == "persona" else self._library.scenarios(lang)
        before = next((v.version for v in known if v.id == value.id), 0)
        value = value.model_copy(update={"version": max(value.version, before + 1)})
        self._edits.save(CustomFile(kind, value.id, lang, actor.id, dump(value)))
        return value

    def revert(self, actor: Actor, kind: Kind, file_id: str, lang: Lang) -> None:
        """Forget the edit; a packaged file of this id stands again. Raises NotFoundError where nothing was edited."""
        check(actor, Action.LIBRARY_EDIT)
        self._edits.delete(kind, file_id, lang)

    def edited(self, actor: Actor) -> list[tuple[str, str, str]]:
        """``(kind, id, lang)`` of everything edited."""
        check(actor, Action.LIBRARY_EDIT)
        return [(f.kind, f.id, f.lang) for f in self._edits.all()]


def find(library: EditedLibrary, kind: Kind, file_id: str, lang: Lang) -> Persona | Scenario:
    """What is to be edited; raises NotFoundError."""
    if kind not in ("persona", "scenario"):
        raise InputError("kind", message_key="error.input")
    found = library.persona(file_id, lang) if kind == "persona" else library.scenario(file_id, lang)
    if found.id != file_id:
        raise NotFoundError("no such file")
    return found
