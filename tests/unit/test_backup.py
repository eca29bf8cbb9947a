"""A copy of everything but the key, the way back, and that what was forgotten stays forgotten."""

import datetime as dt
import sqlite3
import zipfile

import pytest
from click.testing import CliRunner

from app.cli import main
from app.settings import Settings
from app.texts import t
from app.wiring import Services, single_user
from cycle.records import Kind, Record
from interview.errors import NotFoundError
from storage.database import open_database
from storage.erasing import erase, receipts_in, receipts_of
from storage.tables import sealing_keys

ME = single_user("zh")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TANDAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def opened(home) -> Services:
    return Services(Settings(home=home))


def talk(services: Services) -> str:
    made = services.rehearsals.start(ME, "expert-open", lang="zh")
    list(services.rehearsals.say(ME, made.id, "今天想听听你自己怎么看这一年。"))
    return made.id


def run(*words: str):
    return CliRunner().invoke(main, list(words))


def record(key_id: str, record_id: str) -> Record:
    return Record(record_id, Kind.PACK, "local", key_id, {"text": "蓝鲸"})


def ids(home) -> list[str]:
    services = opened(home)
    try:
        return sorted(r.id for r in services.rehearsals.mine(ME))
    finally:
        services.engine.dispose()


def test_a_copy_opens_with_the_key_only_and_what_was_erased_since_stays_erased(home, tmp_path):
    services = opened(home)
    kept, gone = talk(services), talk(services)
    services.capture_links.add(record("person-a", "pack-1"), record("person-a", "pack-2"), record("person-b", "pack-3"))
    copy = tmp_path / "copy.zip"
    done = run("backup", str(copy))
    assert done.exit_code == 0, done.output
    assert copy.stat().st_mode & 0o777 == 0o600
    assert run("backup", str(copy)).exit_code == 1  # never over another
    with zipfile.ZipFile(copy) as packed:
        assert (home / "master.key").read_bytes() not in b"".join(packed.read(n) for n in packed.namelist())

    later = talk(services)
    services.rehearsals.delete(ME, gone)
    services.capture_links.drop("pack-1")
    services.capture_links.forget("person-b")
    assert "已经有" in run("restore", str(copy)).output
    assert "还在运行" in run("restore", str(copy), "--replace").output
    assert ids(home) == sorted([kept, later])
    services.engine.dispose()

    for way in ("with the newer database there", "with the database lost"):
        if way == "with the database lost":
            (home / "tandao.db").unlink()
        done = run("restore", str(copy), "--replace")
        assert done.exit_code == 0, done.output
        assert "3 项" in done.output
        services = opened(home)
        assert [r.id for r in services.rehearsals.mine(ME)] == [kept]
        assert len(services.rehearsals.turns(ME, kept)) == 1
        assert services.capture_links.get(Kind.PACK, "pack-2").body == {"text": "蓝鲸"}
        for lost in ("pack-1", "pack-3"):
            with pytest.raises(NotFoundError):
                services.capture_links.get(Kind.PACK, lost)
        with pytest.raises(NotFoundError):
            services.rehearsals.get(ME, gone)
        again = talk(services)
        services.rehearsals.delete(ME, again)  # numbers go on where they were
        services.engine.dispose()
    key = home / "master.key"
    right = key.read_bytes()
    (home / "tandao.db").unlink()
    key.unlink()
    assert run("restore", str(copy)).exit_code == 1
    assert not (home / "tandao.db").exists() and not key.exists()
    opened(tmp_path / "other").accounts  # noqa: B018
    talk(opened(tmp_path / "other"))
    key.write_bytes((tmp_path / "other" / "master.key").read_bytes())
    key.chmod(0o600)
    assert "打不开" in run("restore", str(copy)).output
    key.write_bytes(right)
    assert run("restore", str(copy)).exit_code == 0
    assert ids(home) == [kept]


def test_a_database_put_back_by_hand_forgets_again_at_the_start(home, tmp_path):
    services = opened(home)
    kept, gone = talk(services), talk(services)
    old = tmp_path / "old.db"
    with sqlite3.connect(home / "tandao.db") as source, sqlite3.connect(old) as target:
        source.backup(target)
    source.close()
    target.close()
    services.rehearsals.delete(ME, gone)
    services.engine.dispose()
    for end in ("", "-wal", "-shm"):
        (home / f"tandao.db{end}").unlink(missing_ok=True)
    old.rename(home / "tandao.db")
    assert ids(home) == [kept]


def test_what_was_made_anew_after_an_erasure_is_not_taken_away_with_it(home, tmp_path):
    """An edited persona has the same key id each time."""
    services = opened(home)
    links = services.capture_links
    for _ in range(2):
        links.add(record("person-a", "pack-1"))
        links.forget("person-a")
    links.add(record("person-a", "pack-1"))
    run("backup", str(tmp_path / "copy.zip"))
    services.engine.dispose()
    assert "0 项" in run("restore", str(tmp_path / "copy.zip"), "--replace").output
    services = opened(home)
    assert services.capture_links.get(Kind.PACK, "pack-1").body
    services.engine.dispose()


def test_a_receipt_that_a_fault_kept_from_the_file_gets_there_at_the_next_start(home):
    services = opened(home)
    made = talk(services)
    services.rehearsals.delete(ME, made)
    file = home / "erased.receipts"
    (first,) = receipts_in(file)
    assert (first.number, first.kind) == (1, "key")
    assert made not in file.read_text() and dt.datetime.fromisoformat(first.at)
    file.write_text(file.read_text()[:40])  # cut off in the middle of the line
    services.engine.dispose()
    services = opened(home)
    services.rehearsals.delete(ME, talk(services))
    with services.engine.connect() as db:
        assert list(receipts_in(file)) == receipts_of(db)
    services.engine.dispose()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_whole_copy_changes_nothing(home, tmp_path, content):
    services = opened(home)
    kept = talk(services)
    services.engine.dispose()
    bad = tmp_path / "bad.zip"
    bad.write_bytes(content)
    done = run("restore", str(bad), "--replace")
    assert done.exit_code == 1 and "不是完整的备份" in done.output
    assert run("restore", str(tmp_path / "none.zip"), "--replace").exit_code == 1
    assert ids(home) == [kept]
    assert sorted(f.name for f in home.iterdir() if f.name.startswith(".")) == []


def test_a_copy_that_was_cut_or_changed_is_refused(home, tmp_path):
    services = opened(home)
    kept = talk(services)
    copy = tmp_path / "copy.zip"
    run("backup", str(copy))
    services.engine.dispose()
    raw = copy.read_bytes()
    copy.write_bytes(raw[: len(raw) // 2])
    assert "不是完整的备份" in run("restore", str(copy), "--replace").output
    middle = len(raw) // 2
    copy.write_bytes(raw[:middle] + bytes([raw[middle] ^ 0xFF]) + raw[middle + 1 :])
    assert run("restore", str(copy), "--replace").exit_code == 1
    assert ids(home) == [kept]


def test_a_server_that_is_away_is_said_and_nothing_is_left(home, tmp_path, monkeypatch):
    opened(home).engine.dispose()
    assert run("backup", str(tmp_path / "copy.zip")).exit_code == 0
    monkeypatch.setenv("TANDAO_DATABASE_URL", "postgresql://u:p@127.0.0.1:1/x")
    done = run("restore", str(tmp_path / "copy.zip"))
    assert done.exit_code == 1 and t("error.storage", "zh") in done.output
    assert not [path for path in home.iterdir() if path.name.startswith(".")]
    monkeypatch.setenv("TANDAO_DATABASE_URL", "no url at all")
    assert t("error.database_url", "zh") in run("restore", str(tmp_path / "copy.zip")).output


def test_the_copy_is_whole_while_others_write(home, tmp_path):
    services = opened(home)
    with services.engine.begin() as db:
        db.execute(sealing_keys.insert().values(id="unfinished", wrapped=b"x" * 60))
        run("backup", str(tmp_path / "copy.zip"))
        erase(db, "key", sealing_keys.c.id == "unfinished")
    services.engine.dispose()
    run("restore", str(tmp_path / "copy.zip"), "--replace")
    engine = open_database(f"sqlite:///{home / 'tandao.db'}")
    with engine.connect() as db:
        assert list(db.execute(sealing_keys.select())) == []
    engine.dispose()
