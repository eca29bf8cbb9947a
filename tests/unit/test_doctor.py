"""``tandao doctor``: every fault is found, said in both languages with its fix, and nothing is changed by looking."""

import gc
import json
import os
import sqlite3
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app import doctor
from app.cli import main
from app.doctor import Finding, examine, sentences
from app.settings import Settings, load_settings
from app.wiring import Services, single_user, speech_folder
from interview.conversation import LANGS
from llms import weights
from tests.fakes.llm_server import Server, llm_server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with llm_server() as running:
        yield running


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A data folder in use, and no other setting than that."""
    for name in list(os.environ):
        if name.startswith("TANDAO_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "home"
    monkeypatch.setenv("TANDAO_HOME", str(folder))
    monkeypatch.setenv("TANDAO_MODELS", str(tmp_path / "models"))
    services = Services(Settings(home=folder))
    services.rehearsals.start(single_user("zh"), "expert-open", lang="zh")
    del services
    gc.collect()  # closes the database, so that later changes of its file are the doctor's
    return folder


def said(check: str) -> tuple[str, str]:
    """Status and finding of one check; its sentences must be complete in both languages."""
    found = [f for f in examine() if f.check == check]
    assert all("{" not in f.text(lang) for f in found for lang in LANGS)
    return found[-1].status, found[-1].says


def test_a_sound_installation(home):
    before = {p.name: p.stat().st_mtime_ns for p in home.iterdir() if not p.name.endswith(("-shm", "-wal"))}
    assert {f.check: f.says for f in examine() if f.check != "port"} == {
        "settings": "ok", "home": "ok", "key": "ok", "database": "ok", "disk": "ok", "personas": "ok", "clock": "ok",
        "speech": "carried", "microphone": "ok", "llm": "none", "mail": "none",
    }  # fmt: skip
    after = {p.name: p.stat().st_mtime_ns for p in home.iterdir() if not p.name.endswith(("-shm", "-wal"))}
    assert after == before


def test_before_the_first_start_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("TANDAO_HOME", str(tmp_path / "new" / "home"))
    assert said("home") == said("key") == said("database") == ("ok", "new")
    assert not (tmp_path / "new").exists()


def test_settings(home, monkeypatch):
    monkeypatch.setenv("TANDAO_LLM_MODLE", "x")
    found = next(f for f in examine() if f.says == "unknown")
    assert "TANDAO_LLM_MODEL" in found.text("en")
    monkeypatch.setenv("TANDAO_PORT", "many")
    assert said("settings") == ("broken", "wrong")
    assert [f.check for f in examine()][-1] == "settings"


def test_a_folder_that_is_open_or_closed(home, monkeypatch):
    home.chmod(0o755)
    assert said("home") == ("warning", "open")
    monkeypatch.setenv("TANDAO_HOME", str(home / "tandao.db"))
    assert said("home") == ("broken", "closed")


def test_a_key_that_is_open_wrong_another_or_lost(home):
    path = home / "master.key"
    right = path.read_bytes()
    path.chmod(0o644)
    assert said("key") == ("broken", "open")
    path.chmod(0o600)
    path.write_bytes(b"no key")
    assert said("key") == ("broken", "wrong")
    Services(Settings(home=home / "other")).rehearsals.start(single_user("zh"), "expert-open", lang="zh")
    path.write_bytes((home / "other" / "master.key").read_bytes())
    assert said("key") == ("broken", "other")
    path.unlink()
    assert said("key") == ("broken", "lost")
    assert not path.exists()
    path.write_bytes(right)
    path.chmod(0o600)
    assert said("key") == ("ok", "ok")


def test_a_database_that_is_old_newer_damaged_or_away(home, monkeypatch):
    def at(version: str) -> None:
        db = sqlite3.connect(home / "tandao.db")
        with db:
            db.execute("UPDATE alembic_version SET version_num = ?", (version,))
        db.close()

    at("0001")
    assert said("database") == ("warning", "old")
    at("9999")
    assert said("database") == ("broken", "newer")
    for extra in ("-wal", "-shm"):
        (home / f"tandao.db{extra}").unlink(missing_ok=True)
    (home / "tandao.db").write_bytes(b"SQLite format 3\0" + b"garbage" * 999)
    assert said("database") == ("broken", "damaged")
    for url in ("nonsense", "postgresql://u:p@127.0.0.1:1/x", "sqlite:////no/such/folder/x.db"):
        monkeypatch.setenv("TANDAO_DATABASE_URL", url)
        assert said("database") in (("broken", "closed"), ("ok", "new"))
    monkeypatch.setenv("TANDAO_DATABASE_URL", "nonsense")
    assert said("database") == ("broken", "closed")


@pytest.mark.parametrize(("free", "found"), [(5e9, "ok"), (0.5e9, "low"), (1e6, "full")])
def test_room_on_the_disk(home, monkeypatch, free, found):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    assert said("disk")[1] == found


def test_personas_clock_and_port(home, tmp_path, monkeypatch):
    broken = tmp_path / "personas" / "people" / "x"
    broken.mkdir(parents=True)
    (broken / "zh.yaml").write_text("id: x")
    monkeypatch.setenv("TANDAO_PERSONAS", str(tmp_path / "personas"))
    assert said("personas") == ("broken", "wrong")
    os.utime(home / "tandao.db", (4e9, 4e9))
    assert said("clock") == ("broken", "back")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("TANDAO_PORT", str(taken.getsockname()[1]))
        assert said("port") == ("warning", "taken")


@pytest.fixture
def llm(home, server, monkeypatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TANDAO_LLM_BASE_URL", server.url)
    monkeypatch.setenv("TANDAO_LLM_MODEL", "m")
    monkeypatch.setenv("TANDAO_LLM_TIMEOUT_S", "1")
    return monkeypatch


def test_a_model_that_does_all_its_provider_promises(llm, server):
    llm.setenv("TANDAO_LLM_TIMEOUT_S", "30")  # the machine may be busy
    server.play("今天天气不错，挺晴的。", '{"yes": true}')
    llm.setenv("TANDAO_LLM_PROVIDER", "vllm")
    assert [said(c) for c in ("llm",)] == [("ok", "ok")]
    server.play("今天天气不错，挺晴的。", '{"yes": true}')
    assert {f.check: f.says for f in examine() if f.check in ("llm", "streaming", "json")} == {
        "llm": "ok", "streaming": "ok", "json": "ok",
    }  # fmt: skip


def test_a_model_that_does_less(llm, server):
    server.play("今天天气不错，挺晴的。", piece_chars=500)
    assert said("streaming") == ("warning", "once")
    assert said("json") == ("ok", "none")
    llm.setenv("TANDAO_LLM_PROVIDER", "llamacpp")
    assert said("json") == ("warning", "wrong")


@pytest.mark.parametrize(
    ("mode", "found"),
    [(404, "url"), ("html", "url"), (401, "key"), (429, "busy"), (500, "failed"), ("silent", "slow"), (400, "failed")],
)
def test_a_model_that_fails(llm, server, mode, found):
    server.play("", mode=mode)
    assert said("llm") == ("broken", found)


def test_a_model_half_set_or_away(llm, server):
    llm.setenv("TANDAO_LLM_PROVIDER", "openai")
    assert said("llm") == ("broken", "nokey")
    llm.setenv("TANDAO_LLM_BASE_URL", "http://127.0.0.1:1/v1")
    llm.setenv("TANDAO_LLM_API_KEY", "sk-secret")
    assert said("llm") == ("broken", "connection")
    llm.setenv("TANDAO_LLM_MODEL", "")
    assert said("llm") == ("broken", "model")


def test_the_command_says_it_in_the_users_language_and_exits_1(home, monkeypatch):
    run = CliRunner().invoke(main, ["doctor"])
    assert run.exit_code == 0
    assert "主密钥" in run.output
    (home / "master.key").chmod(0o644)
    monkeypatch.setenv("TANDAO_LLM_API_KEY", "sk-secret")
    monkeypatch.setenv("TANDAO_LANGUAGE", "en")
    run = CliRunner().invoke(main, ["doctor"])
    assert run.exit_code == 1
    assert f"chmod 600 {home / 'master.key'}" in run.output
    assert "sk-secret" not in run.output
    run = CliRunner().invoke(main, ["doctor", "--json", "--lang", "zh"])
    assert run.exit_code == 1
    found = json.loads(run.output)
    assert {"check": "key", "status": "broken", "finding": "open"}.items() <= next(
        f for f in found if f["check"] == "key"
    ).items()


def test_every_sentence_is_there_in_both_languages_with_the_same_places():
    places: dict[tuple[str, str], set[str | None]] = {}
    for check, name, lang, text in sentences():
        assert text.strip()
        fields = {field for _, field, _, _ in string.Formatter().parse(text) if field}
        assert places.setdefault((check, name), fields) == fields, (check, name, lang)
    assert Finding("disk", "ok", "ok", {"free": "3.0"}).line("en").startswith("✓ disk")


def test_what_hears(home, tmp_path, monkeypatch):
    assert said("speech") == ("ok", "carried")
    assert not (tmp_path / "models").exists()
    folder = tmp_path / "models" / "whisper-base"
    folder.mkdir(parents=True)
    for file in weights.find("whisper-base").files:
        with (folder / file.name).open("wb") as empty:
            empty.truncate(file.bytes)
    assert said("speech") == ("broken", "damaged")
    monkeypatch.setenv("TANDAO_SPEECH_MODEL", "whisper-huge")
    assert said("speech") == ("warning", "unknown")
    monkeypatch.setenv("TANDAO_SPEECH_MODEL", str(folder))
    assert said("speech") == ("ok", "ok")
    monkeypatch.setenv("TANDAO_SPEECH_MODEL", "some/model")
    assert said("speech") == ("warning", "missing")


def test_sound_that_leaves_the_machine_is_said(home, monkeypatch):
    assert not [f for f in examine() if f.check == "speech_service"], "nothing to say where none is set"
    for url, status, says in (
        ("https://stt.example/v1", "ok", "set"), ("http://127.0.0.1:9/v1", "ok", "set"),
        ("http://stt.example/v1", "warning", "open"),
    ):  # fmt: skip
        monkeypatch.setenv("TANDAO_SPEECH_URL", url)
        (found,) = [f for f in examine() if f.check == "speech_service"]
        assert (found.status, found.says) == (status, says)
        assert all("whisper-1" in found.text(lang) for lang in LANGS)


def test_a_speech_model_by_its_hub_name(home, tmp_path, monkeypatch):
    """Laid out as the hub's client keeps it, which then finds it without a network."""
    kept = tmp_path / "models" / "models--some--model"
    (kept / "snapshots" / "abc").mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    (kept / "snapshots" / "abc" / "config.json").write_text("{}")
    monkeypatch.setenv("TANDAO_SPEECH_MODEL", "some/model")
    assert said("speech") == ("ok", "ok")
    assert speech_folder(load_settings()) == kept / "snapshots" / "abc"


def test_where_browsers_give_the_microphone(home, monkeypatch):
    assert said("microphone") == ("ok", "ok")
    monkeypatch.setenv("TANDAO_HOST", "0.0.0.0")
    assert said("microphone") == ("warning", "insecure")
    monkeypatch.setenv("TANDAO_PUBLIC_URL", "https://talk.example")
    assert said("microphone") == ("ok", "ok")
