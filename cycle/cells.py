"""Days, months and numbers as cells hold them; what could be read two ways is refused, never guessed."""

import datetime as dt
import math
import re
import unicodedata

from cycle.tables import UNCALCULATED, Cell, shown

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]\d{1,2}:\d{2}.*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DAY_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3})[a-z]*\.?,?[ -](\d{4})", re.I)
_NAME_DAY = re.compile(r"([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.I)
_SHORT = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?(?:份)?")
_MONTH_COMPACT = re.compile(r"(\d{4})(\d{2})")
_NAME_MONTH = re.compile(r"([a-z]{3})[a-z]*\.?,?[ -](\d{4})", re.I)
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+")
_SERIALS = range(20_000, 80_000)
"""Excel's day numbers from 1954 to 2119."""


class CellError(ValueError):
    """Why a cell can't be used; the text is the end of a key ``import.problem.*``."""


def _plain(cell: Cell) -> str:
    text = unicodedata.normalize("NFKC", shown(cell)).strip()
    if text == UNCALCULATED or text.startswith("="):
        raise CellError("formula")
    if re.fullmatch(r"#(REF|VALUE|DIV/0|NAME\?|N/A|NUM|NULL)!?", text):
        raise CellError("formula_error")
    return text


def read_text(cell: Cell) -> str:
    """Text without a formula's remains; raises CellError."""
    _plain(cell)
    return shown(cell)


def read_day(cell: Cell) -> dt.date:
    """A day in any usual writing or as Excel's number; raises CellError for none and for 03/04/2026."""
    if isinstance(cell, dt.datetime):
        return cell.date()
    text = _plain(cell)
    try:
        if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
            return dt.date(*map(int, found.groups()))
        if found := _DAY_NAME.fullmatch(text):
            return dt.date(int(found[3]), _month(found[2]), int(found[1]))
        if found := _NAME_DAY.fullmatch(text):
            return dt.date(int(found[3]), _month(found[1]), int(found[2]))
        if found := _SHORT.fullmatch(text):
            first, second = int(found[1]), int(found[2])
            if first <= 12 and second <= 12 and first != second:
                raise CellError("ambiguous_day")
            return dt.date(int(found[3]), min(first, second) if first != second else first, max(first, second))
        if text.isdigit() and int(text) in _SERIALS:
            return dt.date(1899, 12, 30) + dt.timedelta(days=int(text))
    except CellError:
        raise
    except ValueError as error:
        raise CellError("day") from error
    raise CellError("day")


def read_month(cell: Cell) -> str:
    """``YYYY-MM`` from a month or a day; raises CellError."""
    if not isinstance(cell, dt.datetime):
        text = _plain(cell)
        found = _MONTH.fullmatch(text) or _MONTH_COMPACT.fullmatch(text)
        year, month = (int(found[1]), int(found[2])) if found else (0, 0)
        if named := _NAME_MONTH.fullmatch(text):
            year, month = int(named[2]), _month(named[1])
        if year:
            if not (1990 <= year <= 2100 and 1 <= month <= 12):
                raise CellError("month")
            return f"{year}-{month:02d}"
    try:
        day = read_day(cell)
    except CellError as error:
        raise CellError("month" if str(error) == "day" else str(error)) from error
    return f"{day.year}-{day.month:02d}"


def read_number(cell: Cell) -> float:
    """A number with thousands commas, percent or currency sign, full-width digits; raises CellError."""
    if isinstance(cell, int | float):
        number = float(cell)
    else:
        if isinstance(cell, dt.datetime):
            raise CellError("number")
        text = _plain(cell).strip("¥$€£ ").removesuffix("%").strip()
        if not _NUMBER.fullmatch(text):
            raise CellError("number")
        number = float(text.replace(",", ""))
    if not math.isfinite(number) or abs(number) > 1e15:
        raise CellError("number")
    return number


def _month(name: str) -> int:
    if name.casefold()[:3] not in _MONTHS:
        raise CellError("day")
    return _MONTHS.index(name.casefold()[:3]) + 1
