"""Tables to take along, as CSV or Excel; a cell that a spreadsheet would run as a formula is made plain text."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

from cycle.importing import KINDS, TableKind, catalogue, fields
from interview.conversation import Lang

Value = str | float | None


def safe(value: Value) -> Value:
    """The value, with an apostrophe before text that begins like a formula.

    Spreadsheets run cells beginning with =, +, -, @, tab or line break; some also their full-width forms (OWASP, CSV
    Injection).
    """
    if not isinstance(value, str):
        return value
    start = unicodedata.normalize("NFKC", value.lstrip(" \u00a0\u3000\ufeff"))[:1]
    return f"'{value}" if start in {"=", "+", "-", "@"} or value[:1] in {"\t", "\r", "\n"} else value


def csv_bytes(rows: Sequence[Sequence[Value]]) -> bytes:
    """UTF-8 with BOM, as Excel expects it."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[safe(value) for value in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def xlsx_bytes(sheets: Sequence[tuple[str, Sequence[Sequence[Value]]]]) -> bytes:
    """One sheet for each name; the first row is the head. Text is stored as text, whatever it begins with."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet: Any = book.create_sheet(name[:31])
        for line, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                cell = sheet.cell(line, column, safe(value))
                if isinstance(value, str):
                    cell.data_type = "s"
                    cell.number_format = "@"
                if line == 1:
                    cell.font = Font(bold=True)
        for letter in "ABCDEFG":
            sheet.column_dimensions[letter].width = 18
        sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def template_rows(kind: TableKind, lang: Lang) -> list[list[Value]]:
    """Heads and one example line, which is left out when read."""
    examples = catalogue()["examples"]
    return [[str(spec[lang]) for spec in fields(kind).values()], [examples["number"], *examples[kind][lang]]]


SHEETS: dict[Lang, dict[TableKind, str]] = {
    "zh": {"people": "人员", "figures": "月度指标", "events": "关键事件"},
    "en": {"people": "People", "figures": "Monthly figures", "events": "Key events"},
}


def template(lang: Lang, kind: TableKind | None = None) -> bytes:
    """A workbook with a sheet for each kind, or the CSV of one kind."""
    if kind is not None:
        return csv_bytes(template_rows(kind, lang))
    return xlsx_bytes([(SHEETS[lang][kind], template_rows(kind, lang)) for kind in KINDS])
