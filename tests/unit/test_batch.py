"""Batch work: each item told exactly once over killed workers, a rerun goes on, and no recording without both consents."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from app.batch.jobs import recorded, rescored
from app.batch.journal import kept
from app.batch.pools import Item, LocalPool, RayPool
from app.batch.tasks import TASKS, perform
from app.cli import main
from app.settings import Settings
from app.texts import t
from app.wiring import Services
from consent.notices import Purpose
from interview.actor import Actor, Role
from interview.errors import ConflictError, InputError, SettingsError
from speech.worker import Transcriber
from tests.fakes import chores
from tests.fakes.recognizer import Here, Loud
from tests.fakes.transcription_server import transcription_server
from tests.unit.test_live import begin
from tests.unit.test_speech_audio import written

ROOT = Path(__file__).parent.parent.parent
HAS_RAY = importlib.util.find_spec("ray") is not None
LOCAL = Actor("local", Role.MANAGER, "zh")


def items(tmp_path: Path, count: int, **given: object) -> list[Item]:
    return [Item(str(n), "mark", {"marks": str(tmp_path / "marks"), **given}) for n in range(count)]


def made(where: str, workers: int = 2) -> LocalPool | RayPool:
    return LocalPool(workers, chores.perform) if where == "local" else RayPool(workers, chores.perform)


POOLS = [
    "local",
    pytest.param("ray", marks=[pytest.mark.real, pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed")]),
]


@pytest.mark.parametrize("where", POOLS)
def test_a_killed_worker_costs_no_item_and_none_is_told_twice(tmp_path, where):
    todo = items(tmp_path, 12)
    (tmp_path / "once").touch()
    todo[4] = Item("4", "mark", {**todo[4].given, "dies": str(tmp_path / "once")})
    told = list(made(where).run(todo))
    assert Counter(item.id for item, _ in told) == Counter(str(n) for n in range(12))
    assert all(said["state"] == "done" for _, said in told)
    assert (tmp_path / "marks").read_text().count("4 ") >= 2, "it really ran again"


@pytest.mark.parametrize("where", POOLS)
def test_an_item_that_kills_every_worker_is_given_up_and_the_others_are_done(tmp_path, where):
    todo = items(tmp_path, 6)
    todo[2] = Item("2", "mark", {**todo[2].given, "dies": "always"})
    told = {item.id: said for item, said in made(where).run(todo)}
    assert told.pop("2") == {"state": "failed", "why": "error.batch_died"}
    assert len(told) == 5 and {said["state"] for said in told.values()} == {"done"}


def test_a_worker_killed_from_outside(tmp_path):
    pids, told = list[int](), list[str]()
    for item, said in LocalPool(2, chores.perform).run(items(tmp_path, 16, wait_s=0.05)):
        told.append(item.id)
        pids.append(said["pid"])
        if len(told) == 3:
            os.kill(pids[-1], signal.SIGKILL)
    assert sorted(told, key=int) == [str(n) for n in range(16)]
    assert len(set(pids)) > 2


def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError) as caught:
        list(RayPool(1, chores.perform).run(items(tmp_path, 1)))
    assert "tandao[cluster]" in t(caught.value.message_key, "zh") and "tandao[cluster]" in t(
        caught.value.message_key, "en"
    )


def run_batch(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"TANDAO_HOME": str(home), "TANDAO_LANGUAGE": "en"}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "batch", *arguments],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_command_itself_is_killed_and_a_rerun_does_each_item_exactly_once(tmp_path):
    out = tmp_path / "out.jsonl"
    arguments = ("simulate", "--count", "1", "--style", "vague", "--scenario", "mid-year-check", "--out", str(out))
    first = run_batch(tmp_path / "home", *arguments)
    until = time.monotonic() + 120
    while (not out.exists() or out.read_bytes().count(b"\n") < 3) and time.monotonic() < until:
        time.sleep(0.01)
    first.kill()
    first.communicate()
    there = out.read_bytes().count(b"\n")
    with out.open("ab") as file:
        file.write(b'{"item": "half a li')  # what a kill in mid-write leaves
    second = run_batch(tmp_path / "home", *arguments)
    _, told = second.communicate()
    assert second.returncode == 0 and f"{there} done before" in told, told
    found = lines(out)
    assert len(found) == 12 and max(Counter(line["item"] for line in found).values()) == 1
    assert {line["state"] for line in found} == {"done"}
    third = run_batch(tmp_path / "home", *arguments)
    assert "0 to do, 12 done before" in third.communicate()[1] and third.returncode == 0
    assert lines(out) == found


def test_two_runs_do_not_write_one_journal_and_no_other_file_is_touched(tmp_path):
    with kept(tmp_path / "out") as journal:
        journal.note("a", {"state": "failed"})
        with pytest.raises(ConflictError), kept(tmp_path / "out"):
            pass
    with kept(tmp_path / "out") as journal:
        assert journal.done == frozenset(), "what failed is tried again"
        journal.note("a", {"state": "done"})
    with kept(tmp_path / "out") as journal:
        assert journal.done == {"a"}
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
    other = tmp_path / "letter.txt"
    other.write_text("Dear all\nno journal\n")
    with pytest.raises(InputError), kept(other):
        pass
    assert other.read_text() == "Dear all\nno journal\n"


def test_a_changed_rubric_scores_every_stored_talk_again_once(tmp_path, monkeypatch):
    monkeypatch.setenv("TANDAO_HOME", str(tmp_path / "home"))
    services = Services(Settings(home=tmp_path / "home", pace_s=0))
    from app.reports import build_report

    ids = []
    for owner in ("local", "somebody"):
        actor = Actor(owner, Role.MANAGER, "zh")
        record = services.rehearsals.start(actor, "expert-open", lang="zh", seed=3)
        for line in ("你怎么看这一年？", "从下周起，你每两周把进度写一页发我。") * 3:
            list(services.rehearsals.say(actor, record.id, line))
        old = dict(build_report(services, actor, record.id)) | {"rubric_version": 1, "score": 99.0}
        services.rehearsals.save_report(actor, record.id, old)
        ids.append(record.id)
    services.rehearsals.start(LOCAL, "expert-open", lang="zh", seed=4)  # has no report
    found = {item.given["rehearsal"]: TASKS["rescore"](services, item.given) for item in rescored(services)}
    assert set(found) == set(ids) and {told["was"] for told in found.values()} == {"older"}
    assert found[ids[0]]["before"] == 99.0 and found[ids[0]]["after"] != 99.0
    assert "after" not in found[ids[1]], "another person's score is not told"
    again = [TASKS["rescore"](services, item.given) for item in rescored(services)]
    assert again == [{"was": "current"}] * 2
    assert services.rehearsals.saved_report(LOCAL, ids[0])["score"] == found[ids[0]]["after"]
    services.rehearsals.delete(LOCAL, ids[0])
    monkeypatch.setattr("app.batch.tasks._services", lambda: services)
    gone = perform(Item("x", "rescore", {"rehearsal": ids[0], "owner": "local"}))
    assert gone["state"] == "gone"


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """A folder, and ears that hear two sentences in every file and note which files were opened."""
    speech = pytest.importorskip("speech.listening", reason="the speech extra is not installed")
    heard = list[Path]()

    def transcribe(grant, path, transcriber, lang, *, split, cancelled, hotwords, known):
        heard.append(path)
        for channel, text in enumerate(("你先说说看。", "这对我不公平。")):
            yield SimpleNamespace(
                kind="committed", text=text, start_s=2.0 * channel, end_s=2.0 * channel + 1, channel=channel, doubtful=False
            )  # fmt: skip

    monkeypatch.setattr(speech, "transcribe_file", transcribe)
    monkeypatch.setattr(Services, "transcriber", object())
    folder = tmp_path / "sounds"
    folder.mkdir()
    return folder, heard


def mine(services: Services, *more: Purpose) -> tuple[str, str]:
    purposes = (Purpose.TRANSCRIBE, Purpose.CUES, *more)
    interview, secret = services.consents.invite(LOCAL, "面谈", "zh")
    services.consents.manager_grants(LOCAL, interview.id, purposes, "王岚")
    services.consents.answer(secret, purposes, "李工", "zh")
    return interview.id, secret


def test_recordings_of_a_folder_are_heard_once_in_order_and_none_without_both_consents(tmp_path, sounds, monkeypatch):
    folder, heard = sounds
    services = Services(Settings(home=tmp_path / "home"))
    monkeypatch.setattr("app.batch.tasks._services", lambda: services)
    granted, secret = mine(services)
    refused, _ = services.consents.invite(LOCAL, "没有同意", "zh")
    services.consents.manager_grants(LOCAL, refused.id, ("transcribe",), "王岚")
    foreign, _, _ = begin(services)
    for name in (
        f"{granted}-2.wav",
        f"{granted}-1.wav",
        f"{refused.id}.wav",
        f"{foreign}.wav",
        f"{'0' * 16}.wav",
        "memo.wav",
    ):
        (folder / name).write_bytes(name.encode())
    (folder / f"{granted}-3.wav").symlink_to("/etc/hostname")
    opened = list[str]()
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: (opened.append(self.name), real(self, *a, **k))[1])
    todo, strange = recorded(services, folder, split=True)
    assert strange == ["memo.wav"] and len(todo) == 4 and not opened
    told = {item.given["interview"]: perform(item) for item in todo}
    assert told[granted] == {"state": "done", "files": 2, "new": 2, "lines": 4}
    assert told[refused.id] == {"state": "refused", "why": "error.no_grant"}
    assert told[foreign]["state"] == "gone" and told["0" * 16]["state"] == "gone"
    assert [path.name for path in heard] == [f"{granted}-1.wav", f"{granted}-2.wav"]
    assert {name for name in opened if name.endswith(".wav")} == {f"{granted}-1.wav", f"{granted}-2.wav"}
    words = services.live.heard(LOCAL, granted)
    assert [u.start_s for u in words] == [0.0, 2.0, 3.0, 5.0] and words[1].cues[0]["kind"] == "unfairness"
    again = perform(todo[[item.given["interview"] for item in todo].index(granted)])
    assert again == {"state": "done", "files": 2, "new": 0, "lines": 0}
    services.consents.withdraw(secret)
    heard.clear()
    assert perform(next(i for i in todo if i.given["interview"] == granted))["state"] == "refused" and not heard


def test_the_command_line_says_what_was_refused_and_ends_with_three(tmp_path, sounds, monkeypatch):
    folder, _ = sounds
    (folder / f"{'0' * 16}.wav").write_bytes(b"RIFF")
    monkeypatch.setenv("TANDAO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        "app.batch.command.LocalPool", lambda _n, do: SimpleNamespace(run=lambda all_: ((i, do(i)) for i in all_))
    )
    found = CliRunner().invoke(main, ["batch", "transcribe", str(folder), "--out", str(tmp_path / "out")])
    assert found.exit_code == 3 and '{"gone": 1}' in found.output
    (line,) = lines(tmp_path / "out")
    assert line["state"] == "gone" and str(folder) not in json.dumps(line)


@pytest.fixture
def heard_elsewhere(tmp_path, monkeypatch):
    """A folder with one recording of two sentences each for two interviews, and a service over HTTP that hears them."""
    speech = pytest.importorskip("speech.listening", reason="the speech extra is not installed")
    monkeypatch.setattr(speech, "transcribe_file", partial(speech.transcribe_file, vad=Loud))
    with transcription_server() as server:
        services = Services(
            Settings(
                home=tmp_path / "home", models=tmp_path / "none", speech_model="nobody/none", speech_url=server.url
            )
        )
        monkeypatch.setattr("app.batch.tasks._services", lambda: services)
        folder = tmp_path / "sounds"
        folder.mkdir()
        yield services, folder, server
        services.close()


def sound(path: Path) -> None:
    levels = np.repeat(np.array([0, 1000, 0, 2000, 0], np.int16), 16_000)
    written(path, [levels], 16_000)


def test_a_folder_is_heard_by_the_service_only_where_both_agreed_to_it(heard_elsewhere):
    services, folder, server = heard_elsewhere
    agreed, _ = mine(services, Purpose.SPEECH_SERVICE)
    local, _ = mine(services)
    for interview in (agreed, local):
        sound(folder / f"{interview}.wav")
    todo, _ = recorded(services, folder, split=False)
    told = {item.given["interview"]: perform(item) for item in todo}
    assert told[agreed] == {"state": "done", "files": 1, "new": 1, "lines": 2}
    assert [u.text for u in services.live.heard(LOCAL, agreed)] == ["1000 说", "2000 说"]
    assert told[local] == {"state": "failed", "why": "error.speech_not_agreed"}
    assert len(server.sound_s) == 3, "a silent second and two sentences; nothing of the other recording"
    assert all("李工" in fields["prompt"] for fields in server.asked[1:])
    assert perform(next(i for i in todo if i.given["interview"] == agreed))["new"] == 0
    assert len(server.sound_s) == 3, "what was heard does not go out again"


@pytest.mark.parametrize(("mode", "why"), [(401, "error.speech_key"), (503, "error.speech_service")])
def test_a_recording_whose_service_fails_is_told_and_is_done_by_a_rerun(heard_elsewhere, monkeypatch, mode, why):
    services, folder, server = heard_elsewhere
    monkeypatch.setattr("speech.worker.FILE_PATIENCE_S", 0.2)
    interview, _ = mine(services, Purpose.SPEECH_SERVICE)
    sound(folder / f"{interview}.wav")
    ((item,), _) = recorded(services, folder, split=False)
    server.modes, server.mode = ["good", "good"], mode
    assert perform(item) == {"state": "failed", "why": why}
    server.mode = "good"
    assert perform(item) == {"state": "done", "files": 1, "new": 1, "lines": 2}
    assert [u.text for u in services.live.heard(LOCAL, interview)] == ["1000 说", "2000 说"]


@pytest.mark.parametrize("local", [True, False])
def test_taking_back_the_service_while_a_folder_is_heard_keeps_the_rest_here(heard_elsewhere, local):
    services, folder, server = heard_elsewhere
    interview, secret = mine(services, Purpose.SPEECH_SERVICE)
    sound(folder / f"{interview}.wav")
    if local:
        services.__dict__["transcriber"] = Transcriber(Here())
        services.transcriber.start()
    hear = server.hear

    def take_back(samples, fields):
        if samples.max() == 1000:
            services.consents.answer(secret, (Purpose.TRANSCRIBE, Purpose.CUES), "李工", "zh")
        return hear(samples, fields)

    server.hear = take_back
    ((item,), _) = recorded(services, folder, split=False)
    told = perform(item)
    assert len(server.sound_s) == 2, "a silent second and the sentence during which it was taken back"
    words = [u.text for u in services.live.heard(LOCAL, interview)]
    if local:
        assert told["state"] == "done" and words == ["本机 1000", "本机 2000"]
    else:
        assert told == {"state": "failed", "why": "error.speech_not_agreed"} and words == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_simulated_managers_are_told_apart_by_the_score_and_are_the_same_every_time(services, lang):
    given = {"lang": lang, "scenario": "year-end-below", "seed": 1}
    scores = dict[str, list[float]]()
    for style in ("skilled", "vague", "harsh"):
        for persona in ("expert-open", "stuck-defensive", "challenger-open"):
            told = TASKS["simulate"](services, {**given, "style": style, "persona": persona, "words": True})
            assert told == TASKS["simulate"](services, {**given, "style": style, "persona": persona, "words": True})
            assert not any("{" in text for _, text in told["words"])
            scores.setdefault(style, []).append(told["score"] or 0.0)
    assert min(scores["skilled"]) > 40 > max(scores["vague"] + scores["harsh"])
    assert not list(services.rehearsals.mine(LOCAL))
