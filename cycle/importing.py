"""From tables to people, numbers and key events: columns matched, every wrong cell named, all taken over or nothing."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from cycle.cells import CellError, read_day, read_month, read_number, read_text
from cycle.tables import Cell, Row, Table, shown
from cycle.team import Figure, KeyEvent, Person, key
from interview.conversation import LANGS, Lang

TableKind = Literal["people", "figures", "events"]
KINDS: tuple[TableKind, ...] = ("people", "figures", "events")
MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One cell or line that can't be used. ``why`` is the end of a key ``import.problem.*``, filled by ``params``."""

    table: str
    line: int
    column: str
    head: str
    why: str
    params: Mapping[str, str | int] = field(default_factory=dict[str, str | int])


@dataclass(frozen=True, slots=True)
class Layout:
    """What a table holds and which column holds which field (None: no column)."""

    kind: TableKind
    columns: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a file says, by staff number; ``given`` names the fields of a person that the file fills."""

    people: Mapping[str, tuple[Mapping[str, Any], str]]
    figures: Mapping[str, tuple[Figure, ...]]
    events: Mapping[str, tuple[KeyEvent, ...]]
    problems: tuple[Problem, ...]
    problem_count: int


@cache
def catalogue() -> Mapping[str, Any]:
    """Fields, heads and words of ``data/import.yaml``."""
    return yaml.safe_load(files("cycle").joinpath("data", "import.yaml").read_text(encoding="utf-8"))


def fields(kind: TableKind) -> Mapping[str, Mapping[str, Any]]:
    """A kind's fields in order."""
    return catalogue()[kind]


def guess(table: Table) -> Layout:
    """The kind whose heads fit best, with each field at the column that is called like it."""
    heads = [_bare(head) for head in table.heads]
    layouts = [Layout(kind, {name: _column(heads, spec) for name, spec in fields(kind).items()}) for kind in KINDS]

    def fit(layout: Layout) -> tuple[int, int]:
        needed = [name for name, spec in fields(layout.kind).items() if spec.get("needed")]
        found = [name for name, column in layout.columns.items() if column is not None]
        return -sum(name not in found for name in needed), len(found)

    return max(layouts, key=fit)


def layout_as(table: Table, kind: TableKind) -> Layout:
    """The guess for a kind that somebody chose."""
    heads = [_bare(head) for head in table.heads]
    return Layout(kind, {name: _column(heads, spec) for name, spec in fields(kind).items()})


def _column(heads: Sequence[str], spec: Mapping[str, Any]) -> int | None:
    names = [_bare(str(name)) for name in (*(spec[lang] for lang in LANGS), *spec.get("also", ()))]
    places = [(names.index(head), column) for column, head in enumerate(heads) if head in names]
    return min(places)[1] if places else None


def _bare(head: str) -> str:
    text = unicodedata.normalize("NFKC", head).casefold()
    return re.sub(r"\(.*?\)|（.*?）|[\s_*:：\-]", "", text)


def read(tables: Sequence[Table], layouts: Sequence[Layout], known: Mapping[str, str], lang: Lang) -> Found:
    """Everything the tables say. ``known``: staff numbers of the team (as ``team.key``) with names.

    With any problem nothing may be stored; at most ``MAX_PROBLEMS`` are told, all are counted.
    """
    reading = _Reading(lang)
    order = sorted(zip(tables, layouts, strict=True), key=lambda pair: KINDS.index(pair[1].kind))
    for table, layout in order:
        reading.table(table, layout, known)
    return Found(reading.people, reading.figures, reading.events, tuple(reading.problems), reading.count)


class _Reading:
    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self.people: dict[str, tuple[dict[str, Any], str]] = {}
        self.figures: dict[str, tuple[Figure, ...]] = {}
        self.events: dict[str, tuple[KeyEvent, ...]] = {}
        self.problems: list[Problem] = []
        self.count = 0

    def table(self, table: Table, layout: Layout, known: Mapping[str, str]) -> None:
        specs = fields(layout.kind)
        missing = [name for name, spec in specs.items() if spec.get("needed") and layout.columns.get(name) is None]
        for name in missing:
            self._tell(table, 0, None, "no_column", field=str(specs[name][self.lang]))
        used = [c for c in layout.columns.values() if c is not None]
        for column in {c for c in used if used.count(c) > 1}:
            self._tell(table, 0, column, "column_twice")
        if missing or len(set(used)) < len(used):
            return
        seen: dict[str, int] = {}
        figures: dict[str, list[Figure]] = {}
        events: dict[str, list[KeyEvent]] = {}
        for row in table.rows:
            if len(row.cells) > len(table.heads):
                self._tell(table, row.line, None, "too_long", cells=len(row.cells), heads=len(table.heads))
                continue
            if (values := self._values(table, row, layout)) is None:
                continue
            number = key(values["number"])
            if number == key(catalogue()["examples"]["number"]):
                continue
            if layout.kind == "people":
                self._person(table, row, layout, number, values, seen)
                continue
            if number not in known and number not in self.people:
                self._tell(table, row.line, layout.columns["number"], "unknown_number", number=values["number"][:40])
                continue
            del values["number"]
            if layout.kind == "figures":
                place = f"{number}\n{values['metric']}\n{values['month']}"
                if place in seen:
                    self._tell(table, row.line, layout.columns["month"], "month_twice", first=seen[place])
                seen.setdefault(place, row.line)
                self._made(table, row, layout, Figure, values, figures.setdefault(number, []))
            else:
                self._made(table, row, layout, KeyEvent, values, events.setdefault(number, []))
        self.figures |= {n: self.figures.get(n, ()) + tuple(f) for n, f in figures.items()}
        self.events |= {n: self.events.get(n, ()) + tuple(e) for n, e in events.items()}

    def _person(
        self, table: Table, row: Row, layout: Layout, number: str, values: dict[str, Any], seen: dict[str, int]
    ) -> None:
        if number in seen or number in self.people:
            self._tell(table, row.line, layout.columns["number"], "number_twice", first=seen.get(number, 0))
            return
        seen[number] = row.line
        made: list[Person] = []
        self._made(table, row, layout, Person, {"lang": self.lang, **values}, made)
        if made:
            self.people[number] = (values, made[0].name)

    def _made(
        self,
        table: Table,
        row: Row,
        layout: Layout,
        shape: Callable[..., Any],
        values: Mapping[str, Any],
        into: list[Any],
    ) -> None:
        try:
            into.append(shape(**values))
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            self._tell(table, row.line, layout.columns.get(name), "too_much")

    def _values(self, table: Table, row: Row, layout: Layout) -> dict[str, Any] | None:
        """The row's fields; blank ones are left out. None where a cell was told to be wrong."""
        found: dict[str, Any] = {}
        right = True
        for name, spec in fields(layout.kind).items():
            column = layout.columns.get(name)
            cell = None if column is None else row.cells[column]
            if not shown(cell):
                if spec.get("needed"):
                    self._tell(table, row.line, column, "blank")
                    right = False
                continue
            try:
                found[_NAMES.get((layout.kind, name), name)] = _READERS.get((layout.kind, name), read_text)(cell)
            except CellError as error:
                self._tell(table, row.line, column, str(error))
                right = False
        return found if right else None

    def _tell(self, table: Table, line: int, column: int | None, why: str, **params: str | int) -> None:
        self.count += 1
        if len(self.problems) < MAX_PROBLEMS:
            letter = "" if column is None else table.letter(column)
            head = "" if column is None else table.heads[column]
            self.problems.append(Problem(table.name, line, letter, head, why, params))


def _word(group: str) -> Callable[[Cell], str]:
    def read_word(cell: Cell) -> str:
        said = unicodedata.normalize("NFKC", read_text(cell)).strip().casefold()
        for value, words in catalogue()["words"][group].items():
            if said in words:
                return value
        raise CellError(f"word_{group}")

    return read_word


def _points(cell: Cell) -> tuple[str, ...]:
    return tuple(point.strip() for point in re.split(r"[;；\n]", read_text(cell)) if point.strip())


_READERS: dict[tuple[str, str], Callable[[Cell], Any]] = {
    ("people", "lang"): _word("lang"),
    ("people", "expectations"): _points,
    ("people", "left"): read_day,
    ("figures", "month"): read_month,
    ("figures", "actual"): read_number,
    ("figures", "target"): read_number,
    ("figures", "better"): lambda cell: _word("better")(cell) == "higher",
    ("events", "date"): read_day,
    ("events", "kind"): _word("kind"),
}
_NAMES = {("figures", "better"): "higher_is_better"}
