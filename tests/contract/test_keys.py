"""The master key: where it comes from, what is refused, and how it is changed while others write."""

import base64
import os
import secrets
import shlex
import sys
import threading
from pathlib import Path

import pytest

from interview.errors import StorageError
from storage.database import transaction
from storage.erasing import erase
from storage.master import KeyCommand, KeyFile, KeyText
from storage.tables import sealing_keys
from storage.vault import Vault, open_vault, rewrap_all


def text_of(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


def seal(engine, vault, *names: str) -> None:
    with engine.begin() as db:
        for name in names:
            db.execute(sealing_keys.insert().values(id=name, wrapped=vault.new_key(name)[1]))


def rows(engine) -> dict[str, bytes]:
    with engine.connect() as db:
        return {row.id: row.wrapped for row in db.execute(sealing_keys.select())}


def refused(source, engine) -> str:
    with pytest.raises(StorageError) as raised:
        open_vault(source, engine)
    return raised.value.message_key


def test_a_new_key_is_made_only_where_nothing_was_sealed(store, home):
    source = KeyFile(home / "one.key")
    seal(store.engine, open_vault(source, store.engine), "a")
    open_vault(source, store.engine)
    kept = source.path.read_bytes()
    source.path.unlink()
    assert refused(source, store.engine) == "error.master_key_lost"
    assert not source.path.exists()
    source.path.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    source.path.chmod(0o600)
    assert refused(source, store.engine) == "error.master_key_other"
    source.path.write_bytes(kept)
    open_vault(source, store.engine)


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(store, home, mode):
    source = KeyFile(home / "open.key")
    source.make()
    source.path.chmod(mode)
    assert refused(source, store.engine) == "error.master_key_open"


def test_the_environment_and_a_command_hold_the_key_too(store, tmp_path):
    key, other = secrets.token_bytes(32), secrets.token_bytes(32)
    seal(store.engine, open_vault(KeyText(text_of(key)), store.engine), "a")
    printing = f"{shlex.quote(sys.executable)} -c 'print(\"{text_of(key)}\")'"
    open_vault(KeyCommand(printing), store.engine).unwrap("a", rows(store.engine)["a"])
    assert refused(KeyText(text_of(other)), store.engine) == "error.master_key_other"
    for text in ("", "abc", "%%%", text_of(b"short"), text_of(*[secrets.token_bytes(32)] * 5)):
        assert refused(KeyText(text), store.engine) == "error.master_key"
    marked = tmp_path / "ran"
    for command in ("false", "/nowhere/at/all", "'", f"true; touch {marked}"):
        assert refused(KeyCommand(command), store.engine) in ("error.master_key_command", "error.master_key")
    assert not marked.exists()


def test_a_running_server_goes_on_while_the_key_is_changed_and_the_old_one_goes(store, home):
    """Servers keep their vault; each finds the new key by itself, for reading and for writing."""
    source = KeyFile(home / "turned.key")
    servers = [open_vault(source, store.engine)]
    servers.append(Vault(source))
    seal(store.engine, servers[0], *[f"k{n:04}" for n in range(450)])
    old = source.read()
    faults: list[Exception] = []
    stop = threading.Event()

    def work(vault: Vault, name: str) -> None:
        made = 0
        try:
            while not stop.is_set():
                made += 1
                seal(store.engine, vault, f"{name}{made:05}")
                for key_id, wrapped in list(rows(store.engine).items())[-40:]:
                    vault.unwrap(key_id, wrapped)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(vault, f"s{n}")) for n, vault in enumerate(servers)]
    for thread in threads:
        thread.start()
    new = secrets.token_bytes(32)
    source.replace([new, *old])
    assert rewrap_all(store.engine, Vault(source), batch=50) >= 450
    stop.set()
    for thread in threads:
        thread.join()
    rewrap_all(store.engine, Vault(source))
    source.replace([new])
    assert not faults
    alone = Vault(KeyText(text_of(new)))
    found = rows(store.engine)
    assert len(found) > 450
    for key_id, wrapped in found.items():
        alone.unwrap(key_id, wrapped)
        servers[0].unwrap(key_id, wrapped)
    with pytest.raises(StorageError):
        Vault(KeyText(text_of(*old))).unwrap("k0000", found["k0000"])


def test_cut_off_in_the_middle_both_keys_open_and_it_can_be_begun_again(store, home):
    source = KeyFile(home / "cut.key")
    seal(store.engine, open_vault(source, store.engine), *[f"k{n:03}" for n in range(30)])
    source.replace([secrets.token_bytes(32), *source.read()])
    vault, done = Vault(source), []

    class Cut(Vault):
        def rewrap(self, key_id: str, wrapped: bytes) -> bytes | None:
            if len(done) == 12:
                raise KeyboardInterrupt
            done.append(key_id)
            return super().rewrap(key_id, wrapped)

    with pytest.raises(KeyboardInterrupt):
        rewrap_all(store.engine, Cut(source), batch=5)
    for key_id, wrapped in rows(store.engine).items():
        vault.unwrap(key_id, wrapped)
    assert rewrap_all(store.engine, vault) == 20  # two batches of five had been stored
    assert rewrap_all(store.engine, vault) == 0


def test_what_is_erased_leaves_no_copy_in_the_log_of_changes(store, home):
    if store.engine.dialect.name != "sqlite":
        pytest.skip("SQLite's log")
    vault = open_vault(KeyFile(home / "log.key"), store.engine)
    seal(store.engine, vault, "gone", "kept")
    wrapped = rows(store.engine)["gone"]
    database = Path(store.engine.url.database or "")
    files = (database.with_name(f"{database.name}-wal"), database)
    assert any(wrapped in file.read_bytes() for file in files)
    with transaction(store.engine) as db:
        assert erase(db, "key", sealing_keys.c.id == "gone") == 1
    assert not any(wrapped in file.read_bytes() for file in files)
    assert rows(store.engine).keys() == {"kept"}
