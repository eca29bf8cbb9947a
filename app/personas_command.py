"""``tandao personas``: list, show, check, new."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from app.settings import load_settings
from app.wiring import personas_folder
from interview.conversation import LANGS, Lang
from interview.errors import InputError
from interview.library import FileLibrary
from interview.persona import Persona


def _library() -> FileLibrary:
    return FileLibrary(personas_folder(load_settings()))


def listing(as_json: bool) -> Iterator[str]:
    """One line a persona, or one JSON array of ``{id, situation, style, langs}``."""
    library = _library()
    rows: dict[str, dict[str, Any]] = {}
    for lang in LANGS:
        for persona in library.personas(lang):
            fresh: dict[str, Any] = {
                "id": persona.id,
                "situation": persona.situation,
                "style": persona.style,
                "langs": [],
            }
            rows.setdefault(persona.id, fresh)["langs"].append(lang)
        for problem in library.broken(lang):
            click.echo(problem, err=True)
    if as_json:
        yield json.dumps(list(rows.values()), ensure_ascii=False)
        return
    for row in rows.values():
        yield f"{row['id']:24} {row['situation']:12} {row['style']:10} {' '.join(row['langs'])}"


def show(persona_id: str, lang: Lang, variant: str | None, as_json: bool) -> str:
    """A persona as JSON or readable text; ``variant`` narrows concerns and incidents to one draw."""
    persona = _library().persona(persona_id, lang)
    data = _shown(persona, variant)
    if as_json:
        return json.dumps(data, ensure_ascii=False)
    lines = [f"{data['name']} · {data['role']} · {persona.situation}/{persona.style}", persona.card, ""]
    lines += [f"{n['month']} {n['metric']}: {n['actual']:g} / {n['target']:g}" for n in data["numbers"]]
    lines += ["", *(f"{i['date']} [{i['kind']}] {i['what']}" for i in data["incidents"])]
    lines += ["", *(f"({c['id']}) {c['text']}" for c in data["concerns"])]
    return "\n".join(lines)


def _shown(persona: Persona, variant_id: str | None) -> dict[str, Any]:
    concerns, incidents = persona.concerns, persona.incidents
    if variant_id is not None:
        variant = next((v for v in persona.variants if v.id == variant_id), None)
        if variant is None:
            known = ", ".join(v.id for v in persona.variants)
            raise InputError("no variant", message_key="error.no_variant", variant=variant_id[:60], known=known)
        concerns = tuple(c for c in concerns if c.id in variant.concerns)
        incidents = tuple(i for i in incidents if i.id in variant.incidents)
    names = {m.id: m.name for m in persona.metrics}
    return {
        "id": persona.id,
        "name": persona.name,
        "lang": persona.lang,
        "role": persona.role,
        "company": persona.company,
        "situation": persona.situation,
        "style": persona.style,
        "jurisdiction": persona.jurisdiction,
        "default_scenario": persona.default_scenario,
        "manager": persona.address.manager_name,
        "rating": persona.rating.model_dump(),
        "knows": list(persona.knows),
        "numbers": [
            {"month": n.month, "metric": names[n.metric], "target": n.target, "actual": n.actual}
            for n in persona.numbers
        ],
        "incidents": [{"date": i.date.isoformat(), "kind": i.kind, "what": i.what} for i in incidents],
        "concerns": [{"id": c.id, "text": c.text} for c in concerns],
        "self_assessment": persona.self_assessment.model_dump(),
        "variants": [
            {"id": v.id, "concerns": list(v.concerns), "incidents": list(v.incidents), "exam": v.exam}
            for v in persona.variants
        ],
    }


def problems(folder: Path | None) -> Iterator[str]:
    """Every problem of the packaged files, or of another folder laid out the same way."""
    library = FileLibrary(folder) if folder else _library()
    yield from library.problems()


def template(persona_id: str, lang: Lang) -> str:
    """A commented persona file to fill in."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", persona_id):
        raise InputError("bad id", message_key="error.persona_id", persona=persona_id[:60])
    folder = personas_folder(load_settings())
    return (folder / f"template.{lang}.yaml").read_text(encoding="utf-8").replace("PERSONA-ID", persona_id)
