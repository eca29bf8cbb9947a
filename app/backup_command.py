"""``tandao backup`` and ``tandao restore``: a copy of everything but the master key, and the way back."""

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from app.settings import Settings
from app.texts import t
from app.wiring import Services, master_keys
from interview.errors import SettingsError
from storage.backup import back_up, restore


def backup(services: Services, to: Path) -> str:
    """Write the copy; a line that says what is in it and what is not."""
    try:
        count = back_up(services.engine, to.absolute())
    finally:
        services.engine.dispose()
    return t("cli.backed_up", services.settings.language, path=str(to), count=count)


def put_back(settings: Settings, file: Path, *, replace: bool) -> str:
    """Restore; a line that says from when it is and what was erased again."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = master_keys(settings)
    try:
        into = make_url(settings.url)
    except SQLAlchemyError as error:
        raise SettingsError("URL", message_key="error.database_url") from error
    found = restore(file, into, keys, settings.receipts, settings.ledger_head, replace=replace)
    return t("cli.restored", settings.language, made_at=found.made_at, count=found.keys, again=found.again)
