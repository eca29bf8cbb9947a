"""Parsers and doors under generated input: what comes in is read or refused with a reason, and nothing else happens."""

import contextlib
import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from unittest import mock
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from app.settings import load_settings
from app.texts import t
from cycle.importing import guess, read
from cycle.resources import read_catalogue
from cycle.tables import decoded, read_tables
from interview.errors import InputError, SettingsError, TandaoError
from tests.unit.test_audio_socket import BOSS, begin, ears, frame, tokens
from tests.unit.test_audio_socket import client as audio_client
from tests.unit.test_employee_page import client as employee_client
from tests.unit.test_employee_page import secret, talk

__all__ = ["audio_client", "ears", "employee_client", "secret", "talk", "tokens"]
BOUNDED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

HEADS = (
    "姓名",
    "工号",
    "部门",
    "邮箱",
    "Name",
    "月份",
    "指标",
    "实际",
    "目标",
    "日期",
    "类型",
    "说明",
    "Month",
    "Date",
)
CELLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["=1+1", "=HYPERLINK(\"http://x\")", "@SUM(A1)", "-2+3", "+1", "2026-02-30", "31/02/2026", "1e999", "NaN",
                     "٣", "१२", "1,2,3", "\ud800", "\u202e反", "\x00", "9" * 400, "00001", "=cmd|' /C calc'!A0", "年月"]),
    st.floats().map(str), st.dates().map(str), st.integers().map(str),
)  # fmt: skip


def read_or_refused(data: bytes, name: str) -> None:
    """Tables are read and their lines go through the importer; a refusal has a sentence in both languages."""
    try:
        tables = read_tables(data, name)
    except InputError as error:
        assert t(error.message_key or "", "zh", **error.params) and t(error.message_key or "", "en", **error.params)
        return
    for lang in ("zh", "en"):
        found = read(tables, [guess(table) for table in tables], {}, lang)
        assert found.problem_count >= len(found.problems)
        assert all(problem for problem in found.problems)


@given(st.lists(st.sampled_from(HEADS), min_size=1, max_size=8), st.lists(st.lists(CELLS, max_size=9), max_size=6))
@BOUNDED
def test_any_csv(heads: list[str], rows: list[list[str]]):
    lines = [",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in (heads, *rows)]
    read_or_refused("\r\n".join(lines).encode("utf-8", "surrogatepass"), "team.csv")


@given(st.binary(max_size=400))
@BOUNDED
def test_any_bytes_as_a_table(data: bytes):
    read_or_refused(data, "team.csv")
    read_or_refused(b"PK\x03\x04" + data, "team.xlsx")
    with contextlib.suppress(InputError):
        assert isinstance(decoded(data), str)


def workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["姓名", "工号", "月份", "实际"], ["林", "007", "2026-03", 12.5], ["=1+1", "8", "3月", "x"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


GOOD_BOOK = workbook()


@given(st.integers(0, 2**32), st.integers(1, 12))
@BOUNDED
def test_a_workbook_with_some_bytes_changed(seed: int, changes: int):
    rng = random.Random(seed)
    data = bytearray(GOOD_BOOK)
    for _ in range(changes):
        data[rng.randrange(4, len(data))] = rng.randrange(256)
    read_or_refused(bytes(data), "team.xlsx")


@given(st.integers(0, 2**32))
@BOUNDED
def test_a_workbook_whose_parts_say_something_else(seed: int):
    """Valid as an archive; the XML inside is cut, repeated or another part's."""
    rng = random.Random(seed)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD_BOOK)) as good, zipfile.ZipFile(out, "w") as bad:
        parts = {name: good.read(name) for name in good.namelist()}
        for name, body in parts.items():
            deed = rng.randrange(5)
            other = parts[rng.choice(sorted(parts))]
            at = rng.randrange(len(body) + 1)
            written = [body, body, body[:at], body[:at] + body, other][deed]
            bad.writestr(name, written)
    read_or_refused(out.getvalue(), "team.xlsx")


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.sampled_from(
        ["schema", "resources", "id", "kind", "title", "skills", "lang"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON_LIKE)
@BOUNDED
def test_any_catalogue(value: object):
    try:
        read_catalogue(json.dumps(value))
    except InputError as error:
        assert t(error.message_key or "", "zh", **error.params)


VARIABLES = ("HOME", "PORT", "LANGUAGE", "LLM_TIMEOUT_S", "PACE_S", "SMTP_PORT", "LLM_PROVIDER", "SERVE_EVERYBODY",
             "WEBHOOK_KIND", "DATABASE_URL", "PUBLIC_URL", "ALLOWED_HOSTS", "MASTER_KEY_FILE")  # fmt: skip
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=40)


@given(st.dictionaries(st.sampled_from(VARIABLES), TEXT | st.integers().map(str), max_size=5))
@BOUNDED
def test_any_settings(values: dict[str, str]):
    """Taken or refused by name; a refusal never repeats a value, which may be a secret."""
    with mock.patch.dict(os.environ, {f"TANDAO_{name}": value for name, value in values.items()}):
        try:
            load_settings()
        except SettingsError as error:
            assert any(f"TANDAO_{name}" in str(error) for name in values)


@given(st.lists(st.tuples(st.sampled_from(["what", "version", "proud-1-what", "number", "page", "for_practice", "text"]),
                          st.binary(max_size=30)), max_size=9))  # fmt: skip
@settings(parent=BOUNDED, max_examples=60)
def test_any_form_on_the_employees_page(employee_client, secret, talk, fields: list[tuple[str, bytes]]):
    body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields)
    how = {"content-type": "application/x-www-form-urlencoded"}
    answer = employee_client.post(f"/me/{secret}", content=body, headers=how)
    assert answer.status_code < 500
    assert "Traceback" not in answer.text
    assert employee_client.get(f"/me/{secret}").status_code == 200


def mangled(rng: random.Random, number: int) -> bytes | str:
    """A frame as it should be, or one that somebody made up."""
    good = frame(number)
    deeds: list[Callable[[], bytes | str]] = [
        lambda: good, lambda: good, lambda: good[: rng.randrange(len(good))], lambda: good + b"\x00" * rng.randrange(1, 9),
        lambda: rng.randbytes(rng.randrange(0, 9)), lambda: (2**32 - 1).to_bytes(4, "little") + good[4:],
        lambda: json.dumps({"type": rng.choice(["speaker", "end", "enrol", "x", ""]), "who": rng.choice(["manager", 7, None])}),
        lambda: "{" * rng.randrange(1, 900), lambda: "[]", lambda: "null", lambda: '{"type":' + "9" * 5_000 + "}",
    ]  # fmt: skip
    return rng.choice(deeds)()


@pytest.mark.parametrize("seed", range(25))
def test_any_frames_on_the_socket(audio_client, services, ears, tokens, seed: int):
    """Whatever is sent, the connection goes on or ends with a reason, and the next one works."""
    interview, _ = begin(services)
    rng = random.Random(seed)
    with audio_client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        for number in range(12):
            sent = mangled(rng, number)
            socket.send_bytes(sent) if isinstance(sent, bytes) else socket.send_text(sent)
    for _, channel in ears.fed:
        assert channel in (0, 1)
    with audio_client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        assert socket.receive_json()["type"] in ("ready", "stopped")


@given(
    st.text(max_size=60)
    | st.sampled_from(["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "a" * 5_000, "\r\nX: y"])
)
@BOUNDED
def test_any_secret_opens_nothing(services, guess_at: str):
    with pytest.raises(TandaoError):
        services.consents.linked(guess_at)
    with pytest.raises(TandaoError):
        services.visits.open(guess_at)
