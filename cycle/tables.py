"""Reads what people keep in Excel and CSV: values only, every cell with its place, bounded in size, nothing evaluated."""

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries

from interview.errors import InputError

MAX_BYTES = 5_000_000  # what the page may send in one piece
MAX_UNPACKED = 150_000_000
MAX_ROWS = 150_000
MAX_COLUMNS = 60
MAX_CELL = 2_000
Cell = str | float | dt.datetime | None
UNCALCULATED = "=?"
"""Stands where a formula was saved without its value."""
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_NO_VALUE = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]{0,60}><f[^>]{0,200}>[^<]{0,8200}</f>(?:<v ?/>|<v></v>)?</c>')


@dataclass(frozen=True, slots=True)
class Row:
    """One line as the file numbers it (from 1), with a value a column; more than heads where the line is too long."""

    line: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet or a CSV file: the heads of its columns and what stands below them."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]

    def letter(self, column: int) -> str:
        """The column as Excel names it."""
        return str(get_column_letter(column + 1))


def read_tables(data: bytes, name: str) -> tuple[Table, ...]:
    """Every table with a head and at least one row below it.

    Raises InputError for what is no Excel or CSV file, is broken, too large, or has nothing in it.
    """
    if len(data) > MAX_BYTES:
        raise InputError("file", message_key="error.table_size", size=MAX_BYTES // 1_000_000)
    if data[:4] == b"PK\x03\x04":
        found = _workbook(data)
    elif data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise InputError("old Excel or protected", message_key="error.table_old")
    else:
        found = [_table(name.rsplit(".", 1)[0][:60], _csv_lines(decoded(data)))]
    tables = tuple(table for table in found if table is not None)
    if not tables:
        raise InputError("nothing in it", message_key="error.table_empty")
    return tables


def decoded(data: bytes) -> str:
    """Text from UTF-8 (with or without BOM), UTF-16 with BOM, or GB 18030, which holds GBK and GB 2312."""
    encodings = ["utf-16"] if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise InputError("not text", message_key="error.table_kind")


def _csv_lines(text: str) -> Iterator[tuple[int, Sequence[Cell]]]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    mark = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        last = 0
        for cells in reader:
            yield last + 1, cells
            last = reader.line_num
    except csv.Error as error:
        raise InputError(str(error), message_key="error.table_broken") from error


def _workbook(data: bytes) -> list[Table | None]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            _check_parts(parts)
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            return [
                _table(str(sheet.title)[:60], _sheet_lines(sheet, parts))
                for sheet in book.worksheets[:20]
                if sheet.sheet_state == "visible"
            ]
    except InputError:
        raise
    except Exception as error:  # the library meets a made-up archive with whatever breaks first
        raise InputError("broken workbook", message_key="error.table_broken") from error


def _check_parts(parts: zipfile.ZipFile) -> None:
    """Refuse bombs by what the parts say they unpack to; zipfile never unpacks more than it says."""
    entries = parts.infolist()
    if len(entries) > 2_000 or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise InputError("unpacks too large", message_key="error.table_bomb", size=MAX_UNPACKED // 1_000_000)
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            with parts.open(entry) as part:
                if b"<!DOCTYPE" in part.read(2_000):  # Excel writes none; entities could grow without end
                    raise InputError("doctype", message_key="error.table_broken")


def _sheet_lines(sheet: Any, parts: zipfile.ZipFile) -> Iterator[tuple[int, Sequence[Cell]]]:
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    raw = parts.read(str(getattr(sheet, "_worksheet_path", "")))
    empty = {(int(row), str(column, "ascii")) for column, row in _NO_VALUE.findall(raw)}
    spans = [range_boundaries(ref.decode()) for ref in _MERGED.findall(raw)[:20_000]]
    del raw
    starts = {(s[1], s[0]): s for s in spans}
    open_spans: list[tuple[Any, Cell]] = []
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = [_cell(v) for v in values[:MAX_COLUMNS]]
        if empty:
            cells = [
                UNCALCULATED if c is None and (number, get_column_letter(n)) in empty else c
                for n, c in enumerate(cells, 1)
            ]
        if starts:
            open_spans = [(s, v) for s, v in open_spans if s[3] >= number]
            open_spans += [(starts[number, n], c) for n, c in enumerate(cells, 1) if (number, n) in starts]
            for (left, _, right, _), value in open_spans:
                cells += [None] * (min(right, MAX_COLUMNS) - len(cells))
                for n in range(left, min(right, MAX_COLUMNS) + 1):
                    cells[n - 1] = value
        yield number, cells


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, str | dt.datetime):
        return value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return float(value)
    return dt.datetime.combine(value, dt.time()) if isinstance(value, dt.date) else str(value)


def _table(name: str, lines: Iterable[tuple[int, Sequence[Cell]]]) -> Table | None:
    heads: tuple[str, ...] = ()
    rows: list[Row] = []
    for line, cells in lines:
        if line > MAX_ROWS + 100:
            raise InputError("rows", message_key="error.table_rows", rows=MAX_ROWS)
        if not any(c is not None and str(c).strip() for c in cells):
            continue
        if not heads:
            if sum(c is not None and bool(str(c).strip()) for c in cells) < 2 or len(set(map(str, cells))) < 2:
                continue  # a title over the table, perhaps merged across it
            heads = tuple(shown(c)[:80] for c in cells)
            continue
        width = max((n for n, c in enumerate(cells, 1) if c is not None and str(c).strip()), default=0)
        rows.append(Row(line, (*cells[: max(width, len(heads))], *[None] * (len(heads) - len(cells)))))
    return Table(name, heads, tuple(rows)) if rows else None


def shown(cell: Cell) -> str:
    """A cell as text: whole numbers without a point, days without a time, at most ``MAX_CELL`` characters."""
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return f"{cell:.0f}" if float(cell).is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return cell.strip()[:MAX_CELL]
