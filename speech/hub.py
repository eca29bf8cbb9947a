"""A speech model by its name on the Hugging Face hub: taken from the local cache, fetched only when asked for."""

from pathlib import Path
from typing import Any, cast

from interview.errors import StorageError


def is_hub_name(name: str) -> bool:
    """Whether a setting names a repository of the hub (``owner/name``) rather than a model of our own list."""
    owner, slash, rest = name.partition("/")
    return bool(slash and owner and rest) and not name.startswith((".", "~", "/")) and "/" not in rest


def hub_folder(name: str, cache: Path, *, fetch: bool = False) -> Path:
    """The folder of a faster-whisper model in ``cache``; with ``fetch`` it is downloaded first.

    Raises StorageError: ``error.model_missing`` where it is not here, ``error.model_hub`` where it could not be fetched.
    """
    from faster_whisper.utils import download_model  # pyright: ignore[reportMissingTypeStubs]

    try:
        found = str(cast(Any, download_model)(name, cache_dir=str(cache), local_files_only=not fetch))
    except Exception as error:  # the hub's client raises OSError, ValueError and errors of its transport
        key = "error.model_hub" if fetch else "error.model_missing"
        raise StorageError(type(error).__name__, message_key=key, model=name) from error
    return Path(found)
