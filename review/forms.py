"""A persona or scenario as a flat form: one field for each value, tables for lists of things, and back again.

The form is made from the file model itself, so that a new field of the files is at once a field of the form.
"""

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import yaml
from pydantic import BaseModel

from interview.conversation import Lang

Shape = Literal["text", "number", "flag", "choice", "lines", "table"]
BAR = "｜"
"""Between several entries in one cell of a table."""
FIXED = ("provenance", "lang")


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. ``path``: keys from the outside in; ``options`` for a choice; ``columns`` of a table, dotted if nested."""

    path: tuple[str, ...]
    shape: Shape
    optional: bool = False
    options: tuple[str, ...] = ()
    columns: tuple["FormField", ...] = ()

    @property
    def name(self) -> str:
        """``address.calls_manager``."""
        return ".".join(self.path)


def form_of(model: type[BaseModel], path: tuple[str, ...] = ()) -> tuple[FormField, ...]:
    """The fields of a model, nested models flattened into dotted ones."""
    return tuple(_fields(model, path, optional=False))


def _fields(model: type[BaseModel], path: tuple[str, ...], *, optional: bool) -> Iterator[FormField]:
    for name, info in model.model_fields.items():
        here = (*path, name)
        kind, none = _without_none(_plain(info.annotation))
        none = none or optional
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _fields(kind, here, optional=none)
            continue
        if get_origin(kind) is dict:
            yield FormField(here, "table", none, (), (FormField(("key",), "text"), FormField(("value",), "lines")))
            continue
        if get_origin(kind) is tuple:
            item = _plain(get_args(kind)[0])
            if isinstance(item, type) and issubclass(item, BaseModel):
                yield FormField(here, "table", none, (), form_of(item))
            else:
                yield FormField(here, "lines", none, _options(item))
            continue
        options = _options(kind)
        shape: Shape = "flag" if kind is bool else "number" if kind in (int, float) else "choice" if options else "text"
        yield FormField(here, shape, none, options)


def _plain(kind: Any) -> Any:
    return _plain(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


def _without_none(kind: Any) -> tuple[Any, bool]:
    if get_origin(kind) in (Union, types.UnionType):
        rest = [a for a in get_args(kind) if a is not type(None)]
        return _plain(rest[0]), len(rest) < len(get_args(kind))
    return kind, False


def _options(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return tuple(str(a) for a in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(str(member) for member in kind)
    return ()


def values_of(raw: Mapping[str, Any], form: Sequence[FormField]) -> list[Any]:
    """What each field of the form holds for a value given as plain JSON."""
    return [_shown(_get(raw, field.path), field) for field in form]


def _get(raw: Any, path: Sequence[str]) -> Any:
    for key in path:
        raw = cast("Mapping[str, Any]", raw).get(key) if isinstance(raw, Mapping) else None
    return raw


def _shown(value: Any, field: FormField) -> Any:
    if field.shape == "table":
        if isinstance(value, Mapping):  # a mapping of texts by key
            pairs = cast("Mapping[str, Sequence[str]]", value).items()
            return [[key, BAR.join(entries)] for key, entries in pairs]
        rows = cast("Sequence[Mapping[str, Any]]", value or ())
        return [[_cell(_get(row, column.path)) for column in field.columns] for row in rows]
    if field.shape == "lines":
        return "\n".join(str(entry) for entry in cast("Sequence[Any]", value or ()))
    return ("" if field.shape in ("text", "choice") else value) if value is None else value


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return BAR.join(str(entry) for entry in cast("Sequence[Any]", value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def raw_of(values: Sequence[Any], form: Sequence[FormField]) -> dict[str, Any]:
    """The plain value a filled form stands for; nothing is checked here. An optional part left empty is left out."""
    raw: dict[str, Any] = {}
    for field, value in zip(form, values, strict=True):
        read = _read(value, field)
        if read is None or (field.optional and read in ("", [])):
            continue
        _put(raw, field.path, read)
    return raw


def _put(raw: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for key in path[:-1]:
        raw = raw.setdefault(key, {})
    raw[path[-1]] = value


def _read(value: Any, field: FormField) -> Any:
    if field.shape == "table":
        rows = [row for row in cast("Sequence[Sequence[Any]]", value or ()) if any(str(c or "").strip() for c in row)]
        if [c.name for c in field.columns] == ["key", "value"]:
            return {str(row[0]).strip(): _entries(row[1], BAR) for row in rows}
        return [_row(row, field.columns) for row in rows]
    return _scalar(value, field, "\n")


def _row(row: Sequence[Any], columns: Sequence[FormField]) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for column, cell in zip(columns, row, strict=False):
        read = _scalar(cell, column, BAR)
        if read is not None and not (read == "" and column.shape != "text"):
            _put(raw, column.path, read)
    return raw


def _scalar(value: Any, field: FormField, between: str) -> Any:
    if field.shape == "lines":
        return _entries(value, between)
    if field.shape == "flag":
        return value if isinstance(value, bool) else str(value or "").strip().lower() in ("true", "1", "yes", "是")
    if field.shape == "number":
        return _number(value)
    return None if value is None else str(value).strip()


def _number(value: Any) -> Any:
    if isinstance(value, int | float):
        return int(value) if float(value).is_integer() else value
    text = str(value or "").strip()
    try:
        number = float(text)
    except ValueError:
        return text or None  # the check names the field and says what is wrong
    return int(number) if number.is_integer() else number


def _entries(value: Any, between: str) -> list[str]:
    return [entry.strip() for entry in str(value or "").split(between) if entry.strip()]


@cache
def _labels() -> Mapping[str, Mapping[str, str]]:
    return yaml.safe_load(files("review").joinpath("fields.yaml").read_text(encoding="utf-8"))


def label_of(name: str, lang: Lang) -> str:
    """What a field is called on the page; its parts are named one by one."""
    table = _labels()
    parts = [str(table[part][lang]) if part in table else part for part in name.split(".")]
    return " · ".join(parts)
