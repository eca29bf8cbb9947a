"""What any rehearsal repository must do, on every database."""

import os
import threading
from dataclasses import replace

import pytest
from sqlalchemy import event, func, select, text

from interview.errors import ConflictError, NotFoundError, StorageError
from interview.ports import RehearsalRecord, TurnRecord
from storage.repositories import SqlRehearsals
from storage.tables import rehearsals, reply_sentences, sealing_keys, turns
from storage.vault import Vault
from tests.contract.conftest import NOW


@pytest.fixture
def repository(store):
    return store.rehearsals


def record(name: str = "r1", owner: str = "local") -> RehearsalRecord:
    return RehearsalRecord(
        id=name, owner_id=owner, persona_id="p", scenario_id="s", lang="zh", mode="practice", seed=1, variant="a",
        voice="authored", created_at=NOW, updated_at=NOW, versions={"persona": "1"},
    )  # fmt: skip


def test_what_is_created_comes_back(repository):
    repository.create(record(), {"line": "王总，您找我？"})
    assert repository.get("r1") == record()
    assert repository.opening("r1") == {"line": "王总，您找我？"}


def test_a_rehearsal_can_begin_with_turns(repository):
    begun = [
        TurnRecord(i, {"text": f"第{i}句", "voice": {"name": "authored"}}, (f"答{i}",), True, NOW) for i in range(2)
    ]
    repository.create(replace(record(), turn_count=2, parent_id="r0", branch_turn=2), {"line": "您好"}, begun)
    assert repository.turns("r1") == tuple(begun)
    repository.add_turn("r1", TurnRecord(2, {"text": "接着说"}))
    assert repository.get("r1").turn_count == 3


def test_an_unknown_id_is_not_found(repository):
    for call in (repository.get, repository.opening, repository.turns, repository.report, repository.delete):
        with pytest.raises(NotFoundError):
            call("nothing")


def test_turns_and_sentences_come_back_in_order(repository):
    repository.create(record(), {})
    for index in range(3):
        repository.add_turn("r1", TurnRecord(index, {"text": f"第{index}句"}))
        for number in range(12):
            repository.add_sentence("r1", index, number, f"答{index}.{number}")
        repository.finish_reply("r1", index, {"name": "authored"})
    turns = repository.turns("r1")
    assert [t.payload["text"] for t in turns] == ["第0句", "第1句", "第2句"]
    assert turns[1].reply == tuple(f"答1.{n}" for n in range(12))
    assert all(t.reply_done and t.payload["voice"] == {"name": "authored"} for t in turns)
    assert repository.last_turns("r1", 2) == turns[1:]
    assert repository.get("r1").turn_count == 3


def test_two_writers_of_one_turn_conflict(repository):
    repository.create(record(), {})
    repository.add_turn("r1", TurnRecord(0, {"text": "先"}))
    with pytest.raises(ConflictError):
        repository.add_turn("r1", TurnRecord(0, {"text": "后"}))
    with pytest.raises(ConflictError):
        repository.add_turn("r1", TurnRecord(2, {"text": "跳"}))
    assert repository.turns("r1")[0].payload["text"] == "先"


def test_a_sentence_is_committed_once(repository):
    repository.create(record(), {})
    repository.add_turn("r1", TurnRecord(0, {}))
    repository.add_sentence("r1", 0, 0, "一")
    repository.add_sentence("r1", 0, 0, "一")
    with pytest.raises(ConflictError):
        repository.add_sentence("r1", 0, 0, "二")


def test_a_cut_reply_takes_no_more_sentences(repository):
    repository.create(record(), {})
    repository.add_turn("r1", TurnRecord(0, {}))
    repository.add_sentence("r1", 0, 0, "一")
    repository.finish_reply("r1", 0, {"cut_after": 1})
    with pytest.raises(ConflictError):
        repository.add_sentence("r1", 0, 1, "二")


def test_an_ended_talk_takes_no_turn_and_keeps_its_first_reason(repository):
    repository.create(record(), {})
    repository.end("r1", "walked_out")
    repository.end("r1", "finished")
    assert repository.get("r1").ended == "walked_out"
    with pytest.raises(ConflictError):
        repository.add_turn("r1", TurnRecord(0, {}))


def test_lists_are_per_owner(repository):
    repository.create(record("a", "one"), {})
    repository.create(record("b", "two"), {})
    assert [r.id for r in repository.owned_by("one")] == ["a"]


def test_reports_are_kept_with_their_score(repository):
    repository.create(record(), {})
    assert repository.report("r1") is None
    repository.save_report("r1", {"score": 61.5}, 61.5)
    assert repository.report("r1") == {"score": 61.5}
    assert repository.get("r1").score == 61.5


def test_no_word_lies_open_on_disk(repository, home):
    secret = "委屈得说不出口的一句话"
    repository.create(record(), {"line": secret})
    repository.add_turn("r1", TurnRecord(0, {"text": secret}))
    repository.add_sentence("r1", 0, 0, secret)
    repository.save_report("r1", {"title": secret, "score": 1}, 1.0)
    for path in home.iterdir():
        assert secret.encode() not in path.read_bytes(), path.name
        assert b"\\u59d4" not in path.read_bytes(), path.name


def test_deleting_destroys_key_and_rows(repository, store):
    repository.create(record(), {"line": "x"})
    repository.add_turn("r1", TurnRecord(0, {"text": "y"}))
    repository.add_sentence("r1", 0, 0, "z")
    repository.delete("r1")
    with store.engine.connect() as db:
        for table in (rehearsals, turns, reply_sentences, sealing_keys):
            assert db.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_rows_cannot_be_swapped(repository, store):
    repository.create(record("a"), {"line": "一"})
    repository.create(record("b"), {"line": "二"})
    with store.engine.begin() as db:
        db.execute(text("update rehearsals set opening = (select opening from rehearsals where id='a') where id='b'"))
    with pytest.raises(StorageError):
        repository.opening("b")


def test_another_master_key_opens_nothing(repository, store, home, clock):
    repository.create(record(), {"line": "x"})
    with pytest.raises(StorageError) as raised:
        SqlRehearsals(store.engine, Vault.from_file(home / "two.key"), clock).opening("r1")
    assert raised.value.message_key == "error.master_key_other"


def at_once(*calls):
    """Run them together; what each returned or raised."""
    gate, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number):
        gate.wait()
        try:
            found[number] = calls[number]()
        except (ConflictError, NotFoundError) as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_many_writers_at_once_each_turn_has_one(repository):
    repository.create(record(), {})
    for index in range(4):

        def write(who, index=index):
            return lambda: repository.add_turn("r1", TurnRecord(index, {"text": who}))

        found = at_once(*[write(f"w{n}") for n in range(6)])
        assert sum(isinstance(one, ConflictError) for one in found) == 5
        assert repository.turns("r1")[index].payload["text"] == f"w{found.index(None)}"
    assert repository.get("r1").turn_count == len(repository.turns("r1")) == 4


def test_nobody_finishes_a_reply_while_a_sentence_is_put_into_it(repository, store):
    repository.create(record(), {})
    repository.add_turn("r1", TurnRecord(0, {}))
    finisher = threading.Thread(target=repository.finish_reply, args=("r1", 0, {"cut_after": 0}))
    waited = []

    def meanwhile(_connection, _cursor, statement, *_):
        if statement.startswith("INSERT INTO reply_sentences"):
            finisher.start()
            finisher.join(0.3)
            waited.append(finisher.is_alive())

    event.listen(store.engine, "before_cursor_execute", meanwhile)
    repository.add_sentence("r1", 0, 0, "一")
    event.remove(store.engine, "before_cursor_execute", meanwhile)
    finisher.join()
    assert waited == [True]
    assert repository.turns("r1")[0].reply == ("一",)


def test_the_key_file_is_private_and_made_once(home):
    Vault.from_file(home / "master.key")
    first = (home / "master.key").read_bytes()
    Vault.from_file(home / "master.key")
    assert (home / "master.key").read_bytes() == first
    if os.name == "posix":
        assert (home / "master.key").stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_file_is_a_clear_error(home):
    (home / "master.key").write_text("not a key")
    (home / "master.key").chmod(0o600)
    with pytest.raises(StorageError) as raised:
        Vault.from_file(home / "master.key")
    assert raised.value.message_key == "error.master_key"
