"""What a row is made of: named columns, and how a value is written for machines.

The same columns serve every format, so a table and its CSV cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from math import isfinite
from typing import Any

_PLAIN = frozenset({str, int, bool, type(None)})

Row = Any
"""A mapping, a sequence in the order of the columns, or an object with the columns as attributes."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `key` is its stable name in JSON and CSV; `title` its heading in a table (None: the key).

    `human` writes a value for the table only; `of` takes the value from the row when the key does not;
    `keep` forbids cutting it; `in_table=False` leaves it to the other formats; `colour` picks one by value.
    """

    key: str
    title: str | None = None
    right: bool = False
    keep: bool = False
    in_table: bool = True
    human: Callable[[Any], str] | None = None
    of: Callable[[Row], Any] | None = None
    colour: Callable[[Any], str | None] | None = None

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.key.replace("_", " ") if self.title is None else self.title

    def shown(self, value: Any) -> str:
        """The value as a person reads it in a table."""
        return text_of(value) if self.human is None else self.human(value)


def values(columns: Sequence[Column], row: Row) -> list[Any]:
    """The values of a row in the order of the columns; a missing one raises."""
    if type(row) is tuple and len(row) == len(columns) and not any(column.of for column in columns):
        return [*row]
    if isinstance(row, Mapping):
        return [row[column.key] if column.of is None else column.of(row) for column in columns]
    if isinstance(row, Sequence) and not hasattr(row, "_fields"):
        given = list(zip(columns, row, strict=True))
        return [value if column.of is None else column.of(row) for column, value in given]
    return [getattr(row, column.key) if column.of is None else column.of(row) for column in columns]


def text_of(value: Any) -> str:
    """A value as plain text: ISO dates, `true` and `false`, nothing for None, lists with commas."""
    if type(value) is str:
        return value
    match value:
        case None:
            return ""
        case Enum():
            return text_of(value.value)
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return ", ".join(f"{key}={text_of(inner)}" for key, inner in value.items())
        case list() | tuple() | set() | frozenset():
            return ", ".join(map(text_of, _ordered(value)))
        case _:
            return str(value)


def json_of(value: Any) -> Any:
    """A value as JSON has it; what JSON cannot hold becomes text."""
    if type(value) in _PLAIN:
        return value
    match value:
        case Enum():
            return json_of(value.value)
        case None | str() | bool() | int():
            return value
        case float():
            return value if isfinite(value) else None
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {text_of(key): json_of(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [json_of(inner) for inner in _ordered(value)]
        case _:
            return str(value)


def _ordered(value: Any) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else value
