"""``tandao keys``: change the master key while the servers run."""

import secrets
import time
from collections.abc import Iterator

from app.texts import t
from app.wiring import Services, master_keys
from interview.errors import InputError
from storage.master import KEY_BYTES, KeyFile
from storage.vault import Vault, rewrap_all

GRACE_S = 60.0
"""A transaction begun under the old key is over by then."""


def rotate(services: Services) -> Iterator[str]:
    """A new master key in front of the old one, and every data key wrapped with it.

    Where the environment or a command holds the keys, their owner puts the new one in front; this wraps again.
    """
    lang, source = services.settings.language, master_keys(services.settings)
    engine = services.engine  # a start like any other: refuses a key that does not fit
    if isinstance(source, KeyFile):
        keys = source.read()
        if len(keys) == 1:
            source.replace([secrets.token_bytes(KEY_BYTES), *keys])
    yield t("cli.keys_rotated", lang, count=rewrap_all(engine, Vault(source)), path=source.where)
    if len(source.read()) > 1:
        yield t("cli.keys_kept", lang)


def retire(services: Services) -> Iterator[str]:
    """Take the older master keys away, once nothing needs them any more."""
    lang, source = services.settings.language, master_keys(services.settings)
    engine = services.engine
    if not isinstance(source, KeyFile):
        raise InputError("not ours", message_key="error.keys_not_ours", path=source.where)
    keys = source.read()
    if len(keys) == 1:
        raise InputError("one key", message_key="error.keys_one")
    wait = source.path.stat().st_mtime + GRACE_S - time.time()
    if wait > 0:
        raise InputError("too early", message_key="error.keys_early", seconds=round(wait) + 1)
    rewrap_all(engine, Vault(source))
    source.replace(keys[:1])
    yield t("cli.keys_retired", lang, path=source.where)
