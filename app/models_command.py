"""``tandao models``: which weights there are, fetching them, checking them."""

import json
from collections.abc import Iterator

from app.settings import Settings
from app.texts import t
from interview.conversation import Lang
from llms import weights
from speech.hub import hub_folder, is_hub_name


def listing(settings: Settings, lang: Lang, as_json: bool) -> Iterator[str]:
    """A line for each model: name, size, licence, whether it is in the cache."""
    rows = [
        {
            "name": name, "title": found.title, "licence": found.licence, "origin": found.origin, "bytes": found.bytes,
            "there": weights.is_there(name, settings.models), "path": str(settings.models / name),
        }
        for name, found in weights.registry().items()
    ]  # fmt: skip
    if as_json:
        yield json.dumps(rows, ensure_ascii=False)
        return
    for row in rows:
        there = t("models.there" if row["there"] else "models.not_there", lang)
        yield f"{row['name']:20} {int(row['bytes']) / 1e6:6.0f} MB  {row['licence']:10}  {there}  {row['title']}"


def pull(settings: Settings, lang: Lang, names: tuple[str, ...]) -> Iterator[str]:
    """Fetch the models that are not there yet; raises StorageError or NotFoundError."""
    for name in names:
        if is_hub_name(name):
            yield t("models.pulling_hub", lang, model=name)
            yield t("models.ready", lang, path=str(hub_folder(name, settings.models, fetch=True)))
            continue
        yield t("models.pulling", lang, model=name, mb=round(weights.find(name).bytes / 1e6))
        path = weights.pull(name, settings.models, weights.any_fetch)
        yield t("models.ready", lang, path=str(path))


def verify(settings: Settings, lang: Lang, names: tuple[str, ...]) -> Iterator[tuple[bool, str]]:
    """Each file with whether it is as it should be; without names, of every model that is there."""
    chosen = names or tuple(name for name in weights.registry() if (settings.models / name).is_dir())
    for name in chosen:
        for file, state in weights.states(name, settings.models).items():
            yield state == "ok", f"{t('models.' + state, lang)}  {name}/{file}"
