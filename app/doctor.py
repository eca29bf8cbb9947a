"""``tandao doctor``: what is right, what is wrong and how to put it right. Changes nothing."""

import contextlib
import datetime as dt
import difflib
import json
import os
import shutil
import socket
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from dotenv import dotenv_values

from app.settings import Settings, load_settings
from interview.conversation import LANGS, Lang
from interview.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

Status = Literal["ok", "warning", "broken"]
_MARK: Mapping[Status, str] = {"ok": "✓", "warning": "!", "broken": "✗"}
_LOW_GB, _FULL_GB = 1.0, 0.1
_DAY_S = 86_400
_KEY_FAULTS = {
    "error.master_key_open": "open", "error.master_key_other": "other", "error.master_key_command": "command",
}  # fmt: skip
_APART_S = 30
"""Leases and links of several machines go by their clocks; a lease is taken for two minutes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome; ``says`` names its sentence in ``locales/doctor.yaml``."""

    check: str
    status: Status
    says: str
    params: Mapping[str, str | int | float] = field(default_factory=dict[str, "str | int | float"])

    def text(self, lang: Lang) -> str:
        """The sentence, with the fix where something is wrong."""
        return str(_words()[self.check][self.says][lang]).format(**self.params)

    def line(self, lang: Lang) -> str:
        """Mark, check and sentence."""
        return f"{_MARK[self.status]} {_words()[self.check]['name'][lang]}: {self.text(lang)}"

    def record(self, lang: Lang) -> dict[str, str]:
        """For ``--json``."""
        return {"check": self.check, "status": self.status, "finding": self.says, "message": self.text(lang)}


def examine(environment: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Every check in turn; a wrong setting ends it, because nothing else can be looked at then."""
    yield from _unknown_settings(os.environ if environment is None else environment)
    try:
        settings = load_settings()
    except SettingsError as error:
        yield Finding("settings", "broken", "wrong", {"problem": str(error)})
        return
    yield Finding("settings", "ok", "ok")
    from app.doctor_hearing import microphone, service, speech
    from app.doctor_llm import judge, llm
    from app.doctor_messages import messages

    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        home,
        key,
        database,
        disk,
        personas,
        clock,
        port,
        speech,
        service,
        microphone,
        llm,
        judge,
        messages,
    )
    for check in checks:
        yield from check(settings)


def report(lang: Lang | None, as_json: bool) -> Iterator[tuple[bool, str]]:
    """Lines as they are found, each with whether it is about something broken."""
    tongue: Lang = lang or ("en" if os.environ.get("TANDAO_LANGUAGE", _from_file("TANDAO_LANGUAGE")) == "en" else "zh")
    if as_json:
        found = list(examine())
        yield (
            any(f.status == "broken" for f in found),
            json.dumps([f.record(tongue) for f in found], ensure_ascii=False),
        )
        return
    for finding in examine():
        yield finding.status == "broken", finding.line(tongue)


def home(settings: Settings) -> Iterator[Finding]:
    """The data folder can be written, by us alone."""
    path = settings.home
    at = {"path": str(path)}
    if not path.exists():
        above = next(parent for parent in path.absolute().parents if parent.exists())
        writable = os.access(above, os.W_OK | os.X_OK) and above.is_dir()
        yield Finding("home", "ok" if writable else "broken", "new" if writable else "closed", at)
        return
    try:
        with tempfile.NamedTemporaryFile(dir=path, prefix=".doctor-"):
            pass
    except OSError:
        yield Finding("home", "broken", "closed", at)
        return
    shared = os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077
    yield Finding("home", "warning" if shared else "ok", "open" if shared else "ok", at)


def key(settings: Settings) -> Iterator[Finding]:
    """The master key is there, private, and the one that opens what is stored."""
    from app.wiring import master_keys
    from storage.vault import Vault

    try:
        source = master_keys(settings)
    except SettingsError:
        yield Finding("key", "broken", "twice")
        return
    at = {"path": source.where}
    wrapped = _one_wrapped_key(settings)
    try:
        if not source.read():
            lost = wrapped is not None
            yield Finding("key", "broken" if lost else "ok", "lost" if lost else "new", at)
            return
        if wrapped is not None:
            Vault(source).unwrap(*wrapped)
    except StorageError as error:
        yield Finding("key", "broken", _KEY_FAULTS.get(error.message_key, "wrong"), at)
        return
    older = len(source.read()) > 1
    yield Finding("key", "warning" if older else "ok", "older" if older else "ok", at)


def database(settings: Settings) -> Iterator[Finding]:
    """It can be reached, is sound and of a structure we know."""
    from storage.tables import HEAD

    path = _sqlite_path(settings)
    if path is not None and not path.exists():
        yield Finding("database", "ok", "new")
        return
    try:
        version = _version(settings, path)
    except sqlite3.DatabaseError:
        yield Finding("database", "broken", "damaged")
    except Exception as error:  # any driver of any database may be behind the URL
        yield Finding("database", "broken", "closed", {"problem": type(error).__name__})
    else:
        known = version or "0"
        says = "new" if version is None else "ok" if known == HEAD else "old" if known < HEAD else "newer"
        statuses: Mapping[str, Status] = {"old": "warning", "newer": "broken"}
        yield Finding("database", statuses.get(says, "ok"), says, {"version": known})


def disk(settings: Settings) -> Iterator[Finding]:
    """Room where the data is kept."""
    folder = next(p for p in (settings.home.absolute(), *settings.home.absolute().parents) if p.exists())
    free = shutil.disk_usage(folder).free / 1e9
    says = "full" if free < _FULL_GB else "low" if free < _LOW_GB else "ok"
    statuses: Mapping[str, Status] = {"full": "broken", "low": "warning", "ok": "ok"}
    yield Finding("disk", statuses[says], says, {"free": f"{free:.1f}"})


def personas(settings: Settings) -> Iterator[Finding]:
    """Every persona and scenario file is right."""
    from app.wiring import personas_folder
    from interview.library import FileLibrary

    library = FileLibrary(personas_folder(settings))
    problems = list(library.problems())
    if problems:
        yield Finding("personas", "broken", "wrong", {"count": len(problems), "first": problems[0][:300]})
    else:
        yield Finding("personas", "ok", "ok", {"count": len(library.personas("zh"))})


def clock(settings: Settings) -> Iterator[Finding]:
    """The clock is neither behind what was written before nor apart from the database server's."""
    now = dt.datetime.now(dt.UTC)
    written = [Path(__file__), *settings.home.glob("tandao.db*")]
    newest = max(path.stat().st_mtime for path in written)
    back = now.timestamp() < newest - _DAY_S
    at: dict[str, str | int | float] = {"now": now.strftime("%Y-%m-%d %H:%M")}
    apart = 0.0 if _sqlite_path(settings) is not None else _apart_s(settings)
    if not back and abs(apart) > _APART_S:
        yield Finding("clock", "broken", "apart", at | {"seconds": round(abs(apart))})
        return
    yield Finding("clock", "broken" if back else "ok", "back" if back else "ok", at)


def _apart_s(settings: Settings) -> float:
    """Seconds by which this machine is ahead of the database server; 0 where that can't be asked."""
    try:
        with _looking_at(settings) as db:
            began = dt.datetime.now(dt.UTC).timestamp()
            theirs = float(db.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())
            return (began + dt.datetime.now(dt.UTC).timestamp()) / 2 - theirs
    except Exception:  # said by the check of the database
        return 0.0


def port(settings: Settings) -> Iterator[Finding]:
    """The page's port is free."""
    at: dict[str, str | int | float] = {"host": settings.host, "port": settings.port}
    try:
        socket.create_server((settings.host, settings.port)).close()
    except OSError:
        yield Finding("port", "warning", "taken", at)
    else:
        yield Finding("port", "ok", "ok", at)


def _unknown_settings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Variables with our prefix that no setting reads, which are mostly slips of the pen."""
    known = [f"TANDAO_{name.upper()}" for name in Settings.model_fields]
    given = {*environment, *dotenv_values(".env")}
    for name in sorted(n for n in given if n.upper().startswith("TANDAO_") and n.upper() not in known):
        meant = difflib.get_close_matches(name.upper(), known, 1) or ["TANDAO_…"]
        yield Finding("settings", "warning", "unknown", {"names": name[:60], "meant": meant[0]})


def _sqlite_path(settings: Settings) -> Path | None:
    """The file behind a SQLite URL, or None for another database."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(settings.url)
    except ArgumentError:
        return None
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _version(settings: Settings, path: Path | None) -> str | None:
    """The structure's version, None for a database without any; a damaged SQLite file raises DatabaseError."""
    if path is not None:
        with _read_only(path) as db:
            if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("quick_check")
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                return None
            return str(db.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    from sqlalchemy import inspect, text

    with _looking_at(settings) as db:
        there = inspect(db).has_table("alembic_version")
        return db.execute(text("SELECT version_num FROM alembic_version")).scalar() if there else None


@contextlib.contextmanager
def _looking_at(settings: Settings) -> "Generator[Connection]":
    """A connection to a database server, which is not made to wait for long and changes nothing."""
    from storage.database import plain_engine

    engine = plain_engine(settings.url)
    try:
        with engine.connect() as db:
            yield db
            db.rollback()
    finally:
        engine.dispose()


class _read_only:
    """A SQLite file opened without changing anything, closed at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        self._db = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        return self._db

    def __exit__(self, *_: Any) -> None:
        self._db.close()


def _one_wrapped_key(settings: Settings) -> tuple[str, bytes] | None:
    """A stored key as it lies in the database, if there is one to try the master key on."""
    path, query = _sqlite_path(settings), "SELECT id, wrapped FROM sealing_keys LIMIT 1"
    if path is not None and not path.exists():
        return None
    try:
        if path is not None:
            with _read_only(path) as db:
                row = db.execute(query).fetchone()
        else:
            with _looking_at(settings) as server:
                row = server.exec_driver_sql(query).fetchone()
    except Exception:  # said by the check of the database
        return None
    return (str(row[0]), bytes(row[1])) if row else None


def _from_file(name: str) -> str | None:
    return dotenv_values(".env").get(name)


@cache
def _words() -> Mapping[str, Mapping[str, Mapping[Lang, str]]]:
    return yaml.safe_load(files("app").joinpath("locales", "doctor.yaml").read_text(encoding="utf-8"))


def sentences() -> Iterator[tuple[str, str, Lang, str]]:
    """Every sentence with its check, name and language, for the tests."""
    for check, says in _words().items():
        for name, texts in says.items():
            for lang in LANGS:
                yield check, name, lang, texts[lang]
