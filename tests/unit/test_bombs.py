"""Files that claim, unpack to or go on for more than they are: refused or read within bounds, never believed."""

import gzip
import io
import struct
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from cycle.tables import MAX_UNPACKED, read_tables
from interview.errors import InputError, TandaoError
from speech.audio import RATE, blocks
from tests.fakes.grants import granted

MB = 1_000_000


def workbook(sheet: bytes | None = None, more: int = 0) -> bytes:
    """A small workbook, its sheet replaced, with further entries."""
    kept = io.BytesIO()
    Workbook().save(kept)
    out = io.BytesIO()
    with zipfile.ZipFile(kept) as good, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in good.namelist():
            made.writestr(name, sheet if sheet is not None and "sheet1" in name else good.read(name))
        for n in range(more):
            made.writestr(f"xl/media/{n}.png", b"")
    return out.getvalue()


def lying(data: bytes, name: bytes, says: int) -> bytes:
    """The archive with another unpacked size for an entry, both in its header and in the list at the end."""
    found = bytearray(data)
    for signature, at_name, at_size in ((b"PK\x03\x04", 30, 22), (b"PK\x01\x02", 46, 24)):
        place = found.find(signature)
        while place >= 0:
            if found[place + at_name : place + at_name + len(name)] == name:
                struct.pack_into("<I", found, place + at_size, says)
            place = found.find(signature, place + 4)
    return bytes(found)


def refused(data: bytes, name: str = "x.xlsx") -> str | None:
    """The key of the sentence, or None where it was read; memory stays small and the answer comes soon."""
    tracemalloc.start()
    began = time.monotonic()
    try:
        read_tables(data, name)
    except InputError as error:
        return error.message_key
    else:
        return None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 80 * MB
        assert time.monotonic() - began < 30


def test_a_table_that_unpacks_to_too_much_is_refused_by_its_list():
    assert refused(workbook(b"0" * (MAX_UNPACKED + 1))) == "error.table_bomb"
    assert refused(workbook(more=2_001)) == "error.table_bomb"


def test_a_table_that_lies_about_its_size_is_not_unpacked_beyond_it():
    bomb = workbook(b"<worksheet>" + b"0" * (100 * MB))
    assert refused(lying(bomb, b"xl/worksheets/sheet1.xml", 1_000)) == "error.table_broken"


@pytest.mark.parametrize("name", ["x.csv", "x.xlsx", "x.csv.gz", "x.zip"])
def test_nothing_packed_otherwise_is_unpacked_at_all(name: str):
    assert refused(gzip.compress(b"0" * (50 * MB)), name) == "error.table_kind"


def test_a_zip_in_a_zip_is_no_table():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as outer:
        outer.writestr("inner.zip", workbook(b"0" * (20 * MB)))
    assert refused(out.getvalue()) == "error.table_broken"


def wav(claimed: int, rate: int, real: int) -> bytes:
    """A WAV that says it holds ``claimed`` bytes at ``rate``, and holds ``real``."""
    head = b"RIFF" + struct.pack("<I", (claimed + 36) & 0xFFFFFFFF) + b"WAVEfmt "
    head += (
        struct.pack("<IHHIIHH", 16, 1, 1, rate, (rate * 2) & 0xFFFFFFFF, 2, 16)
        + b"data"
        + struct.pack("<I", claimed & 0xFFFFFFFF)
    )
    return head + bytes(real)


@pytest.mark.parametrize(
    ("claimed", "rate", "real"),
    [
        (0xFFFF_FFF0, 16_000, 2_000), (0, 16_000, 0), (2_000, 0, 2_000), (2_000, 0xFFFF_FFFF, 2_000),
        (40_000, 16_000, 2_000), (0x7FFF_FFF0, 8_000, 32_000),
    ],
)  # fmt: skip
def test_sound_that_claims_more_than_it_holds(claimed: int, rate: int, real: int):
    """Read as far as it goes, or refused with a sentence; either way at once and in little memory."""
    tracemalloc.start()
    began = time.monotonic()
    seconds = 0.0
    try:
        for block in blocks(granted(), io.BytesIO(wav(claimed, rate, real))):
            seconds += len(block.samples) / RATE
    except TandaoError as error:
        assert error.message_key
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 80 * MB
    assert seconds < 60
    assert time.monotonic() - began < 30


def test_a_playlist_is_no_sound_and_opens_no_file(tmp_path: Path):
    """A text that names another file, which a decoder might go and read."""
    (tmp_path / "secret.wav").write_bytes(wav(32_000, 16_000, 32_000))
    for text in (
        f"#EXTM3U\n#EXTINF:1,\nfile://{tmp_path}/secret.wav\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {tmp_path}/secret.wav\n",
        f"[playlist]\nFile1={tmp_path}/secret.wav\nNumberOfEntries=1\n",
    ):
        for name in ("list.m3u8", "list.wav", "list.ffconcat"):
            (tmp_path / name).write_text(text, encoding="utf-8")
            with pytest.raises(InputError):
                list(blocks(granted(), tmp_path / name))
        with pytest.raises(InputError):
            list(blocks(granted(), io.BytesIO(text.encode())))
