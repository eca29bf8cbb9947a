"""Which items a batch consists of; made where the command runs, from the database, a folder or the library."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from app.batch.pools import Item
from app.wiring import Services
from interview.conversation import Lang
from interview.errors import InputError, NotFoundError
from people.accounts import LOCAL_ID

SOUND = frozenset({".wav", ".mp3", ".m4a", ".mp4", ".aac", ".ogg", ".opus", ".flac", ".webm"})
_NAMED = re.compile(r"([0-9a-f]{16})(?![0-9A-Za-z])")
"""A recording's name begins with the id of its interview."""


def rescored(services: Services) -> Iterator[Item]:
    """Every rehearsal that has a report. Scores are told where one person has the machine to themselves."""
    from scoring.rubric import rubric

    alone = not services.settings.accounts_on
    for rehearsal_id, owner in services.reported():
        given = {"rehearsal": rehearsal_id, "owner": owner, "tell": alone and owner == LOCAL_ID}
        yield Item(f"{rehearsal_id}@{rubric()['version']}", "rescore", given)


def recorded(services: Services, folder: Path, *, split: bool) -> tuple[list[Item], list[str]]:
    """One item for each interview that has recordings there, and the names that belong to none. Opens no file."""
    actor = services.acting(services.settings.language)
    found: dict[str, list[Path]] = defaultdict(list)
    strange: list[str] = []
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(str(error), message_key="error.file_missing", path=str(folder)) from error
    for path in paths:
        if path.suffix.lower() not in SOUND or path.is_symlink() or not path.is_file():
            continue
        named = _NAMED.match(path.name)
        if named is None:
            strange.append(path.name)
        else:
            found[named[1]].append(path.absolute())
    return [
        Item(
            f"{interview_id}:{'+'.join(p.name for p in paths)}", "transcribe",
            {"interview": interview_id, "owner": actor.id, "files": [str(p) for p in paths], "split": split},
        )
        for interview_id, paths in found.items()
    ], strange  # fmt: skip


def simulated(
    services: Services, lang: Lang, personas: Sequence[str], scenarios: Sequence[str], styles: Sequence[str],
    count: int, *, words: bool,
) -> list[Item]:  # fmt: skip
    """Persona × scenario × style × seed; none named: all of them. Raises NotFoundError for a name that is not there."""
    library = services.library
    them = list(personas) or [p.id for p in library.personas(lang)]
    what = list(scenarios) or [s.id for s in library.scenarios(lang)]
    for persona_id in them:
        library.persona(persona_id, lang)
    for scenario_id in what:
        library.scenario(scenario_id, lang)
    if not them or not what:
        raise NotFoundError("empty library")
    return [_simulated(lang, *chosen, words=words) for chosen in product(them, what, styles, range(count))]


def _simulated(lang: Lang, persona: str, scenario: str, style: str, seed: int, *, words: bool) -> Item:
    given: dict[str, Any] = {"lang": lang, "persona": persona, "scenario": scenario, "style": style, "seed": seed}
    from scoring.rubric import rubric

    name = f"{persona}/{scenario}/{style}/{seed}/{lang}@{rubric()['version']}"
    return Item(name, "simulate", given | {"words": words})
