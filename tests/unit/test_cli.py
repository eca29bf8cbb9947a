"""The command line as another program uses it: names, keys, exit codes, messages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

STATE_KEYS = {"tension", "trust", "commitment", "step", "concerns"}


def tandao(*args: str, stdin: bytes = b"", home: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *args],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "TANDAO_HOME": str(home), "PYTHONWARNINGS": "error", **env},
        timeout=120,
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_script_gives_the_promised_json(home, tmp_path):
    script = tmp_path / "lines.txt"
    script.write_text("今天主要聊三件事。\n\n你怎么看这一年？\n你今年的评级是B。\n", encoding="utf-8-sig")
    done = tandao(
        "rehearse", "--persona", "challenger-defensive", "--scenario", "year-end-below", "--lang", "zh",
        "--script", str(script), "--json", home=home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    talk = json.loads(done.stdout)
    assert set(talk) == {"persona", "scenario", "lang", "voice", "turns", "ended"}
    assert len(talk["turns"]) == 3
    for turn in talk["turns"]:
        assert set(turn) == {
            "text", "moves", "state_before", "state_after", "reasons", "intent", "reply", "voice",
        }  # fmt: skip
        for state in (turn["state_before"], turn["state_after"]):
            assert set(state) >= STATE_KEYS
            assert all(0 <= state[k] <= 1 for k in ("tension", "trust", "commitment"))
        assert turn["reply"].strip()
    assert talk["turns"][0]["state_after"] == talk["turns"][1]["state_before"]


def test_the_same_script_gives_the_same_talk(home, tmp_path):
    script = tmp_path / "lines.txt"
    script.write_text("How do you see the year?\nIn July you missed two reviews.\n", encoding="utf-8")
    args = ("rehearse", "--persona", "burnt-out-star", "--lang", "en", "--script", str(script), "--json")
    assert tandao(*args, home=home).stdout == tandao(*args, home=home).stdout


def test_lines_that_cannot_be_said_are_named_and_the_others_go_on(home, tmp_path):
    script = tmp_path / "lines.txt"
    script.write_text("?\n" + "长" * 20_000 + "\n你怎么看这一年？\n", encoding="utf-8")
    done = tandao("rehearse", "--persona", "expert-open", "--script", str(script), "--json", home=home)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["turns"]) == 1
    assert b"lines.txt:1" in done.stderr
    assert b"lines.txt:2" in done.stderr
    assert b"Traceback" not in done.stderr


def test_personas_list_and_show(home):
    listed = json.loads(tandao("personas", "list", "--json", home=home).stdout)
    assert all(set(row) == {"id", "situation", "style", "langs"} for row in listed)
    assert len(listed) >= 12
    assert all(row["langs"] == ["zh", "en"] for row in listed)
    shown = json.loads(tandao("personas", "show", listed[0]["id"], "--lang", "zh", "--json", home=home).stdout)
    assert {"id", "name", "numbers", "incidents", "concerns"} <= set(shown)
    assert {"month", "metric", "target", "actual"} == set(shown["numbers"][0])
    assert {"date", "kind", "what"} == set(shown["incidents"][0])
    assert {"id", "text"} == set(shown["concerns"][0])


def test_personas_check_names_file_field_and_fix(home, tmp_path):
    done = tandao("personas", "check", home=home)
    assert done.returncode == 0, done.stderr.decode()
    folder = tmp_path / "mine"
    (folder / "people" / "x").mkdir(parents=True)
    (folder / "people" / "x" / "zh.yaml").write_text("id: y\nhobby: chess\n", encoding="utf-8")
    done = tandao("personas", "check", str(folder), home=home)
    assert done.returncode == 1
    assert "x/zh.yaml: hobby: Extra inputs are not permitted: remove it" in done.stderr.decode()


def test_a_new_template_passes_the_check(home, tmp_path):
    folder = tmp_path / "mine"
    for lang in ("zh", "en"):
        (folder / "people" / "my-person").mkdir(parents=True, exist_ok=True)
        out = folder / "people" / "my-person" / f"{lang}.yaml"
        assert tandao("personas", "new", "my-person", "--lang", lang, "--out", str(out), home=home).returncode == 0
    done = tandao("personas", "check", str(folder), home=home)
    assert done.returncode == 0, done.stderr.decode()


def test_read_gives_quotes_and_places_and_names_bad_lines(home):
    lines = [
        '{"id": 1, "text": "这不公平，我不接受。"}',
        "not json",
        '{"id": 2, "text": 5}',
        '{"id": 3, "text": "好的"}',
    ]
    done = tandao(
        "read",
        "--speaker",
        "employee",
        "--lang",
        "zh",
        stdin="\n".join(lines).encode(),
        home=home,
        TANDAO_LANGUAGE="en",
    )
    assert done.returncode == 3
    out = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [row["id"] for row in out] == [1, 3]
    for cue in out[0]["cues"]:
        assert set(cue) == {"kind", "strength", "quote", "start", "end"}
        assert "这不公平，我不接受。"[cue["start"] : cue["end"]] == cue["quote"]
    assert "unfairness" in [cue["kind"] for cue in out[0]["cues"]]
    assert b"line 2" in done.stderr
    assert b"line 3" in done.stderr


def test_score_takes_what_can_be_scored(home):
    turns = [
        {"role": "employee", "text": "我觉得不公平。"},
        {"role": "manager", "text": "听起来你觉得活没少干，结果却没人看见，能多说说吗？"},
    ] * 6
    lines = [
        json.dumps({"id": "a", "lang": "zh", "turns": turns}),
        json.dumps({"id": "b", "lang": "zh", "turns": turns[:2]}),
        json.dumps({"id": "c", "lang": "zh", "turns": [t for t in turns if t["role"] == "employee"]}),
        "{",
        json.dumps({"id": "d", "lang": "zh", "turns": turns, "persona": "expert-open", "scenario": "year-end-below"}),
    ]
    done = tandao("score", stdin="\n".join(lines).encode(), home=home)
    assert done.returncode == 3
    out = {row["id"]: row for row in map(json.loads, done.stdout.decode().splitlines())}
    assert all(set(row) == {"id", "score", "dimensions", "findings", "unscorable_reason"} for row in out.values())
    assert 0 <= out["a"]["score"] <= 100
    assert out["b"]["score"] is None
    assert out["b"]["unscorable_reason"] == "too_short"
    assert out["c"]["unscorable_reason"] == "no_manager"
    assert out["a"]["dimensions"]["message"] is None
    assert out["d"]["dimensions"]["message"] is not None


def test_score_reads_plain_text_and_report_reads_what_was_rehearsed(home, tmp_path):
    text = tmp_path / "talk.txt"
    text.write_text("经理：你怎么看这一年？\n员工：还行吧。\n" * 7, encoding="utf-8")
    assert json.loads(tandao("score", str(text), home=home).stdout)["id"] == "talk"
    script = tmp_path / "lines.txt"
    script.write_text("你怎么看这一年？\n", encoding="utf-8")
    done = tandao("rehearse", "--persona", "expert-open", "--script", str(script), "--json", home=home)
    rehearsal_id = done.stderr.decode().split()[-1]
    report = json.loads(tandao("report", rehearsal_id, "--json", home=home).stdout)
    assert report["unscorable_reason"] == "too_short"
    shown = tandao("report", rehearsal_id, "--lang", "en", home=home)
    assert shown.returncode == 0
    missing = tandao("report", "nothing", home=home)
    assert missing.returncode == 1
    assert b"Traceback" not in missing.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("rehearse", "--persona", "nobody"),
        ("rehearse", "--persona", "../../etc/passwd"),
        ("rehearse", "--persona", "expert-open", "--scenario", "nowhere"),
        ("rehearse", "--persona", "expert-open", "--script", "/nonexistent"),
        ("personas", "show", "nobody"),
        ("personas", "new", "Bad Id!"),
    ],
)
def test_wrong_arguments_give_one_clear_line(args, home):
    done = tandao(*args, home=home)
    assert done.returncode == 1
    assert done.stderr.strip()
    assert b"Traceback" not in done.stderr
    assert not done.stdout


def test_a_home_that_cannot_be_written_is_said(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    script = tmp_path / "l.txt"
    script.write_text("你好，请坐。\n", encoding="utf-8")
    done = tandao("rehearse", "--persona", "expert-open", "--script", str(script), home=blocked / "home")
    assert done.returncode == 1
    assert "TANDAO_HOME" in done.stderr.decode()


def test_delete_asks_first_and_then_nothing_is_left(home, tmp_path):
    script = tmp_path / "lines.txt"
    script.write_text("你怎么看这一年？\n", encoding="utf-8")
    done = tandao("rehearse", "--persona", "expert-open", "--script", str(script), "--json", home=home)
    rehearsal_id = done.stderr.decode().split()[-1]
    kept = tandao("delete", rehearsal_id, stdin=b"n\n", home=home)
    assert kept.returncode == 1
    assert "彻底删除" in kept.stderr.decode()
    assert "没有删除" in kept.stderr.decode()
    silent = tandao("delete", rehearsal_id, home=home)
    assert silent.returncode == 1
    assert tandao("report", rehearsal_id, home=home).returncode == 0
    gone = tandao("delete", rehearsal_id, "--yes", home=home, TANDAO_LANGUAGE="en")
    assert gone.returncode == 0
    assert "key is destroyed" in gone.stderr.decode()
    for args in (("report", rehearsal_id), ("delete", rehearsal_id, "--yes"), ("delete", "../x", "--yes")):
        missing = tandao(*args, home=home, TANDAO_LANGUAGE="en")
        assert missing.returncode == 1
        assert "No such rehearsal" in missing.stderr.decode()


@pytest.mark.parametrize("url", ["nonsense", "oracle+nothing://x/y", "sqlite+missing:///x.db"])
def test_a_database_nobody_can_open_is_said_in_a_sentence(home, tmp_path, url):
    script = tmp_path / "lines.txt"
    script.write_text("你好，请坐。\n", encoding="utf-8")
    made = tandao(
        "rehearse", "--persona", "expert-open", "--script", str(script), home=home, TANDAO_DATABASE_URL=url
    )  # fmt: skip
    assert made.returncode == 1
    assert "TANDAO_DATABASE_URL" in made.stderr.decode()
    assert "Traceback" not in made.stderr.decode()
