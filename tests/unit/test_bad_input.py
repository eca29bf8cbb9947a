"""What people and programs send that nobody meant: words, lines, files. Every one ends in a message, none in a crash."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gate import MAX_BODY_BYTES, Gate
from app.jsonl_commands import MAX_LINE_BYTES, MAX_TEXT_CHARS
from interview.conversation import Speaker
from interview.errors import DataFileError, InputError
from interview.library import FileLibrary, parse, read_yaml
from interview.persona import Persona
from interview.reading.transcripts import guess_lang, parse_plain_text
from simulator.rehearsal import MAX_CHARS, clean
from tests.conftest import ROOT
from tests.unit.test_cli import tandao

GOOD = (ROOT / "personas" / "people" / "expert-open" / "zh.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("你好\u3000请坐", "你好 请坐"),
        ("your\u00a0rating\u2009is B", "your rating is B"),
        ("一\r\n二\r三\u2028四\x0b五", "一\n二\n三\n四\n五"),
        ("评级\u202eB\u202c是", "评级B是"),
        ("a\x00b\x07c\x1b[31md", "abc[31md"),
        ("前\ud83d后\udc00", "前后"),
        ("\ufeff你好\u200b啊", "你好啊"),
        ("辛苦了 👨‍👩‍👧 👍🏽", "辛苦了 👨‍👩‍👧 👍🏽"),
        ("\U00031350先生好", "\U00031350先生好"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("好", "好"),
    ],
)
def test_words_are_kept_and_what_is_no_word_goes(typed, kept):
    assert clean(typed) == kept


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "error.empty_line"),
        (" \u3000\n\t\u2029", "error.empty_line"),
        ("\x00\u202e\ud800\u200d", "error.empty_line"),
        ("?", "error.short_line"),
        ("👍", "error.short_line"),
        ("长" * 20_000, "error.long_line"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason(typed, key):
    with pytest.raises(InputError) as refused:
        clean(typed)
    assert refused.value.message_key == key


@given(st.text(alphabet=st.characters(), max_size=300))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_can_be_stored_and_cleaning_twice_changes_nothing(typed):
    try:
        kept = clean(typed)
    except InputError:
        return
    assert 1 <= len(kept) <= MAX_CHARS
    assert kept.encode("utf-8")
    assert not set(kept) & set("\x00\x1b\r\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
    assert clean(kept) == kept


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_transcript_or_none(text):
    for speaker, said in parse_plain_text(text):
        assert speaker in (Speaker.MANAGER, Speaker.EMPLOYEE)
        assert "\n" not in said
    assert guess_lang(text) in ("zh", "en")


def persona_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "people" / "x" / "zh.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


BOMB = "a: &a [x, x, x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
)
BROKEN = {
    "a tag that would run": ("!!python/object/apply:os.system ['true']", "line 1", "tags"),
    "a tag in a field": ("id: x\nname: !!python/name:os.system", "line 2", "tags"),
    "anchors that multiply": (BOMB, "line 1", "anchors"),
    "lists in lists without end": ("[" * 400_000, "line 1", "nested"),
    "dashes without end": ("- " * 300_000 + "x", "line 1", "nested"),
    "mappings in mappings": ("\n".join(" " * n + "a:" for n in range(900)), "line 2", "nested"),
    "a day that is none": (GOOD.replace("id: expert-open", "born: 2026-02-30", 1), "2026-02-30", "no such date"),
    "a number of 6,000 digits": ("age: " + "9" * 6_000, "line 1", "no such date or number"),
    "not a number": (GOOD.replace("age: ", "age: .nan # ", 1), "age", "finite"),
    "a field given twice": ("id: x\nage: 3\nid: y", "line 3: id", "twice"),
    "a key that is a list": ("? [1]\n: 2", "not valid YAML", "unhashable"),
    "a null byte": ("id: \0", "not valid YAML", "#x0000"),
    "half a surrogate": ('id: "\\ud800"', "not valid YAML", "Unicode"),
    "two documents": ("a: 1\n---\nb: 2", "not valid YAML", "single document"),
    "a list": ("- a", "must be a mapping", ""),
    "nothing": ("", "must be a mapping", ""),
    "wrong types": ("id: [1]\nname: {a: 1}\nage: old\nnumbers: 5", "numbers", "correct the value"),
    "not UTF-8": (b"\xff\xfe\xfd", "UTF-8", ""),
    "50 MB": (b"x" * 50_000_000, "1,000,000 bytes", ""),
    "unknown fields by the thousand": ("\n".join(f"k{n}: 1" for n in range(20_000)), "more", "remove it"),
}


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.replace(" ", "_"))
def test_a_broken_persona_file_is_named_with_place_and_fix(case, tmp_path):
    text, *expected = BROKEN[case]
    with pytest.raises(DataFileError) as refused:
        parse(Persona, persona_file(tmp_path, text))
    said = str(refused.value)
    assert said.startswith("x/zh.yaml: ")
    assert all(part in said for part in expected), said[:400]
    assert len(said) < 20_000


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path):
    path = persona_file(tmp_path, "")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DataFileError, match="ordinary file"):
        read_yaml(path)


def test_one_broken_file_leaves_the_others_and_none_at_all_is_said(tmp_path):
    library = FileLibrary(tmp_path)
    with pytest.raises(DataFileError, match="TANDAO_PERSONAS"):
        library.personas("zh")
    persona_file(tmp_path, "[" * 100_000)
    with pytest.raises(DataFileError, match="nested"):
        library.personas("zh")
    good = tmp_path / "people" / "expert-open" / "zh.yaml"
    good.parent.mkdir()
    good.write_text(GOOD, encoding="utf-8")
    library = FileLibrary(tmp_path)
    assert [p.id for p in library.personas("zh")] == ["expert-open"]
    assert "x/zh.yaml" in library.broken("zh")[0]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=20,
    )
)
@settings(max_examples=150, deadline=None)
def test_any_yaml_is_read_or_refused(tmp_path_factory, value):
    path = persona_file(tmp_path_factory.mktemp("any"), yaml.safe_dump(value, allow_unicode=True))
    with pytest.raises(DataFileError):
        parse(Persona, path)


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory, raw):
    with pytest.raises(DataFileError):
        parse(Persona, persona_file(tmp_path_factory.mktemp("any"), raw))


def rows(done: Any) -> list[dict[str, Any]]:
    assert b"Traceback" not in done.stderr, done.stderr.decode()[-600:]
    return [json.loads(line, parse_constant=pytest.fail) for line in done.stdout.decode("utf-8").splitlines()]


def test_read_does_what_can_be_done_and_names_every_line_that_cannot(tmp_path):
    lines = {
        b'{"id": 1, "text": "hello there"}': True,
        b'{"id": NaN, "text": "hello"}': False,
        b'{"id": 1e999, "text": "hello"}': False,
        b'{"id": 2, "text": "\\ud800 hello"}': True,
        b'{"id": "\\udfff", "text": "hello"}': True,
        b"[" * 100_000: False,
        b'{"id": ' + b"[" * 800 + b"]" * 800 + b', "text": "hello"}': True,
        b'\xef\xbb\xbf{"id": 3, "text": "hello"}\r': True,
        b'\xff\xfe{"id": 4, "text": "hello"}': False,
        b'{"id": ' + b"1" * 5_000 + b', "text": "hello"}': False,
        b'{"id": 5, "id": 6, "text": "hello"}': True,
        b'{"id": 7, "text": ""}': True,
        b'{"id": 8, "text": "a\\u0000b"}': True,
        b'{"id": 9, "text": "hello", "before": [1]}': False,
        b'{"id": 10, "text": null}': False,
        b'{"id": 11, "text": "' + b"a" * (MAX_TEXT_CHARS + 1) + b'"}': False,
        b'{"id": 12, "text": "' + b"a" * (MAX_LINE_BYTES * 2 + 100) + b'"}': False,
        b"null": False,
        b'{"id": 13, "text": "the last one"}': True,
    }
    done = tandao("read", "--speaker", "manager", stdin=b"\n".join(lines), home=tmp_path, TANDAO_LANGUAGE="en")
    assert done.returncode == 3
    answered = rows(done)
    assert len(answered) == sum(lines.values())
    assert answered[0]["id"] == 1
    assert answered[-1]["id"] == 13
    said = done.stderr.decode().splitlines()
    assert [line.split(":")[0] for line in said] == [
        f"line {number}" for number, fine in enumerate(lines.values(), 1) if not fine
    ]


def test_score_takes_long_talks_and_names_wrong_ones(tmp_path):
    said = [
        {"role": "employee", "text": "我觉得不公平。"},
        {"role": "manager", "text": "听起来你觉得活没少干，结果却没人看见，能多说说吗？"},
        {"role": "HR", "text": "我来记录。"},
        {"role": "manager", "text": ""},
    ]
    half = [{"role": "manager", "text": "\ud83d 这不公平吗？你怎么看？"}] * 7
    talks: list[tuple[Any, bool]] = [
        ({"id": "long", "lang": "zh", "turns": said * 750}, True),
        ({"id": "half", "lang": "zh", "turns": half}, True),
        ({"id": "odd", "lang": ["zh"], "turns": said * 6, "persona": {"a": 1}, "scenario": 5}, True),
        ({"id": "path", "lang": "zh", "turns": said, "persona": "../../etc/passwd"}, False),
        ({"id": "none", "lang": "zh", "turns": []}, True),
        ({"id": "null", "lang": "zh", "turns": [None]}, False),
        ({"id": "text", "lang": "zh", "turns": "经理：你好"}, False),
        ({"id": "role", "lang": "zh", "turns": [{"role": {"a": 1}, "text": "x"}]}, True),
    ]
    stdin = "\n".join(json.dumps(talk) for talk, _ in talks).encode()
    done = tandao("score", stdin=stdin, home=tmp_path, TANDAO_LANGUAGE="zh")
    assert done.returncode == 3
    answered = {row["id"]: row for row in rows(done)}
    assert set(answered) == {talk["id"] for talk, fine in talks if fine}
    assert 0 <= answered["long"]["score"] <= 100
    assert answered["none"]["score"] is None
    assert [line.split(" ")[1] for line in done.stderr.decode().splitlines()] == ["4", "6", "7"]


def test_a_transcript_file_without_end_is_refused(tmp_path):
    path = tmp_path / "talk.txt"
    path.write_text("经理：" + "长" * 1_000_000, encoding="utf-8")
    done = tandao("score", str(path), home=tmp_path)
    assert done.returncode == 1
    assert "2000000" in done.stderr.decode()
    assert rows(done) == []


@pytest.mark.parametrize(
    ("args", "env", "code", "word"),
    [
        (("report", "../../etc/passwd"), {}, 1, "没有这次演练"),
        (("report", "\udcff"), {}, 1, "没有这次演练"),
        (("report", "a" * 5_000), {"TANDAO_LANGUAGE": "en"}, 1, "No such rehearsal"),
        (("rehearse", "--persona", "expert-open", "--seed", "9" * 30), {}, 2, "--seed"),
        (("rehearse", "--persona", "\udcff"), {}, 1, "没有这个人物"),
        (("rehearse", "--persona", "expert-open", "--voice", "llm"), {}, 1, "TANDAO_LLM_BASE_URL"),
        (("personas", "new", "x", "--out", "/nonexistent/x.yaml"), {}, 1, "/nonexistent/x.yaml"),
        (("personas", "list"), {"TANDAO_PERSONAS": "/nonexistent"}, 1, "TANDAO_PERSONAS"),
        (("serve",), {"TANDAO_PERSONAS": "/nonexistent", "TANDAO_PORT": "7999"}, 1, "TANDAO_PERSONAS"),
        (("serve",), {"TANDAO_PORT": "70000"}, 1, "TANDAO_PORT"),
        (("serve",), {"TANDAO_PORT": "abc"}, 1, "TANDAO_PORT"),
        (("serve",), {"TANDAO_HOST": "no.such.host.invalid"}, 1, "no.such.host.invalid"),
        (("personas", "list"), {"TANDAO_LANGUAGE": "fr"}, 1, "TANDAO_LANGUAGE"),
        (("personas", "list"), {"TANDAO_PACE_S": "nan"}, 1, "TANDAO_PACE_S"),
        (("report", "00"), {"TANDAO_MASTER_KEY_FILE": "/dev/null"}, 1, "TANDAO_MASTER_KEY_FILE"),
    ],
)
def test_wrong_settings_and_arguments_end_in_a_sentence(args, env, code, word, tmp_path):
    done = tandao(*args, home=tmp_path, **env)
    assert done.returncode == code
    assert word in done.stderr.decode()
    assert rows(done) == []


def test_an_error_nobody_foresaw_shows_no_stack_and_has_its_own_code(tmp_path):
    wrong = {"TANDAO_DATABASE_URL": "sqlite://user@host/x?nonsense=1"}
    done = tandao("report", "00", home=tmp_path, **wrong)
    assert done.returncode in (1, 70)
    assert len(done.stderr.decode().strip().splitlines()) == 1
    assert rows(done) == []


GATED = [
    ("GET", "/", {}, 200),
    ("HEAD", "/", {}, 200),
    ("GET", "/live/sound", {}, 200),
    ("POST", "/live/sound", {}, 404),
    ("GET", "/", {"host": "[::1]:7860"}, 200),
    ("GET", "/", {"host": "rooms.example.com", "origin": "https://rooms.example.com"}, 200),
    ("GET", "/", {"host": "evil.example:7860"}, 421),
    ("GET", "/", {"host": ""}, 421),
    ("GET", "/", {"host": "["}, 421),
    ("GET", "/", {"origin": "http://evil.example"}, 403),
    ("GET", "/", {"origin": "http://localhost:3000"}, 403),
    ("GET", "/", {"origin": "null"}, 403),
    ("GET", "/config", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
    ("GET", "/", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 200),
    ("GET", "/static/../../etc/passwd", {}, 404),
    ("GET", "/gradio_api/file=/etc/passwd", {}, 404),
    ("GET", "/gradio_api/info", {}, 404),
    ("POST", "/", {}, 404),
    ("DELETE", "/", {}, 404),
    ("OPTIONS", "/gradio_api/queue/join", {}, 404),
    ("POST", "/gradio_api/upload", {}, 404),
    ("POST", "/gradio_api/queue/join", {"content-type": "text/plain"}, 415),
]


async def _app_behind(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the body it was given."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"access-control-allow-origin", b"*")]})
    await send({"type": "http.response.body", "body": message.get("body", b"")})


def ask(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body as the gate lets them through; the page has one function, which takes two values."""
    sent: list[dict[str, Any]] = []
    given = {"host": "localhost:7860", "content-type": "application/json"} | headers
    scope: dict[str, Any] = {
        "type": "http", "method": method, "path": path, "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }  # fmt: skip
    pieces = [body[at : at + 65_536] for at in range(0, max(len(body), 1), 65_536)]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    gate = Gate(_app_behind, {3: 2}, "Rooms.example.com, ", "en")
    asyncio.run(gate(scope, receive, send))
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:])


@pytest.mark.parametrize(("method", "path", "headers", "status"), GATED)
def test_the_gate_lets_in_what_the_page_asks_for_and_nothing_else(method, path, headers, status):
    answered, found, body = ask(method, path, headers)
    assert answered == status
    assert found["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in found["content-security-policy"]
    assert not any(name.startswith("access-control-") for name in found)
    assert status == 200 or body.decode().endswith((".", "here."))


CALL = {"data": ["x", None], "fn_index": 3, "session_hash": "abc", "trigger_id": 1}
MALFORMED = [
    b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff\xfe",
    *(json.dumps(CALL | wrong).encode() for wrong in (
        {"fn_index": -1}, {"fn_index": 4}, {"fn_index": "3"}, {"fn_index": True}, {"fn_index": None},
        {"data": []}, {"data": ["x"] * 3}, {"data": "xy"}, {"data": None}, {"data": {"0": 1, "1": 2}},
        {"session_hash": ""}, {"session_hash": "../x"}, {"session_hash": "\ud800"}, {"session_hash": 5},
        {"session_hash": "a" * 65}, {"data": [float("nan"), None]}, {"trigger_id": float("inf")},
        {"data": [json.loads("[" * 30 + "]" * 30), None]}, {"event_data": json.loads("[" * 30 + "]" * 30)},
    )),
]  # fmt: skip


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_call_never_reaches_the_page(body):
    status, _, said = ask("POST", "/gradio_api/queue/join", {}, body)
    assert status == 400
    assert b"Reload the page" in said


def test_a_call_is_passed_on_without_what_the_page_never_sends():
    extra = {"simple_format": True, "batched": True, "event_id": "x", "api_name": "delete"}
    status, _, body = ask("POST", "/gradio_api/queue/join", {}, json.dumps(CALL | extra).encode())
    assert status == 200
    assert json.loads(body) == CALL
    large = json.dumps(CALL | {"data": ["a" * MAX_BODY_BYTES, None]}).encode()
    assert ask("POST", "/gradio_api/queue/join", {}, large)[0] == 413
