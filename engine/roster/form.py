"""What all CSV forms of our own share: named columns, trimmed values, and a report on every bad row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from .errors_file import PROBLEM_COLUMN, without_problem
from .model import BadRows, Problem
from .table import key, nearest, open_table
from .text import Readable


class Column(NamedTuple):
    """A column by its name, what it means, and what is asked of its cells."""

    name: str
    meaning: str
    required: bool = False
    one_line: bool = False
    longest: int = 255


class FormRow(NamedTuple):
    """A row whose `values` are trimmed and in the order of the form's columns; `found` is what is wrong."""

    line: int
    cells: list[str]
    values: list[str]
    found: list[Problem]


class Form:
    """A CSV file being read by the columns of its form; problems and refused rows gather here."""

    def __init__(
        self,
        stream: Readable,
        file: str,
        columns: Sequence[Column],
        aliases: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.file = file
        self.columns = columns
        self.problems: list[Problem] = []
        self._bad: dict[int, tuple[str, ...]] = {}
        self.table = open_table(stream, file, (PROBLEM_COLUMN, *(column.name for column in columns)))
        self.is_errors_file = PROBLEM_COLUMN in self.table.at
        self._names = without_problem(list(self.table.names), self.table.names)
        self._width = max((index + 1 for index, name in enumerate(self._names) if name), default=0)
        self._keys = [key(aliases.get(key(name), name)) for name in self._names]
        self._places = {each: self._keys.index(each) for each in self._keys if each}
        self.complete = self._check_header()

    @property
    def present(self) -> frozenset[str]:
        """The names of the form's columns that the file has."""
        return frozenset(column.name for column in self.columns if key(column.name) in self._places)

    @property
    def bad(self) -> BadRows:
        """The rows refused so far."""
        return BadRows(tuple(self._names), self.table.delimiter, dict(sorted(self._bad.items())))

    def rows(self) -> Iterator[FormRow]:
        """Every row with as many cells as the header; the others, and blank ones, are dealt with here."""
        places = [self._places.get(key(column.name)) for column in self.columns]
        for row in self.table.rows:
            cells = without_problem(row.cells, self.table.names) if self.is_errors_file else row.cells
            if row.fault:
                self.refuse(row.line, cells, [self.problem(row.line, "", "", *row.fault)])
            elif wrong := wrong_number(cells, self._width):
                if any(map(str.strip, cells)):
                    self.refuse(row.line, cells, [self.problem(row.line, "", "", *wrong)])
            elif any(map(str.strip, cells)):
                values = ["" if place is None else cells[place].strip() for place in places]
                yield FormRow(row.line, cells, values, self._check(row.line, values))

    def refuse(self, line: int, cells: Sequence[str], found: Sequence[Problem]) -> None:
        """Keep a row out, for the reasons found, and keep its cells for the errors file."""
        self._bad[line] = tuple(cells)
        self.problems.extend(found)

    def problem(self, line: int, column: str, value: str, what: str, suggestion: str) -> Problem:
        """A problem of this file; of a long value the beginning is shown."""
        shown = value if len(value) <= 80 else f"{value[:79]}…"
        return Problem(self.file, line, column, shown, what, suggestion)

    def in_order(self) -> tuple[Problem, ...]:
        """The problems so far, by line."""
        return tuple(sorted(self.problems, key=lambda problem: problem.line))

    def _check_header(self) -> bool:
        names = [column.name for column in self.columns]
        absent = [name for name in names if key(name) not in self._places]
        known = set(map(key, names))
        unknown = [
            name for name, each in zip(self._names, self._keys, strict=True) if each and each not in known
        ]
        for name in unknown:
            meant = nearest(name, absent)
            help_ = f"did you mean {meant}?" if meant else f"delete it; known are {', '.join(names)}"
            self._header_problem(name, "this column is unknown", help_)
        for each, place in self._places.items():
            if self._keys.count(each) > 1:
                self._header_problem(self._names[place], "this column occurs twice", "keep one of them")
        for index in range(self._width):
            if not self._names[index]:
                self._header_problem("", f"column {index + 1} has no name", "name it, or delete it")
        missing = [column.name for column in self.columns if column.required and column.name in absent]
        for name in missing:
            meant = nearest(name, unknown)
            help_ = f"rename {meant!r}" if meant else f"add a column {name}"
            self._header_problem(name, "this column is needed and missing", help_)
        return not missing

    def _header_problem(self, column: str, what: str, suggestion: str) -> None:
        self.problems.append(self.problem(self.table.line, column[:80], "", what, suggestion))

    def _check(self, line: int, values: list[str]) -> list[Problem]:
        found = []
        for column, value in zip(self.columns, values, strict=True):
            if not value:
                if column.required and column.name in self.present:
                    found.append(self.problem(line, column.name, "", "it is empty", f"fill in {column.name}"))
            elif len(value) > column.longest:
                what = f"it has {len(value)} characters, more than {column.longest}"
                found.append(self.problem(line, column.name, value, what, "shorten it"))
            elif column.one_line and ("\n" in value or "\r" in value):
                what = "a line break stands in it"
                found.append(self.problem(line, column.name, value, what, "delete the line break"))
        return found


def wrong_number(cells: Sequence[str], width: int) -> tuple[str, str] | None:
    """What to say of a row with another number of cells than its header; blank ones at the end do not count."""
    if len(cells) < width or any(map(str.strip, cells[width:])):
        what = f"the row has {len(cells)} cells and the header has {width}"
        if len(cells) < width:
            return (
                what,
                "give it all its cells, the empty ones too; if the file was cut off here, take a whole one",
            )
        return what, "put a cell that contains the delimiter between quotation marks"
    return None
