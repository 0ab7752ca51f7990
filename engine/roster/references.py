"""References from a CSV file: one column of it, among any others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mentorcycle.domain.errors import InvalidInput

from .files import opened_csv
from .form import wrong_number
from .model import Problem
from .table import Row, Table, key, open_table


class References(NamedTuple):
    """What stands in the column, in the order of the file, and why a row cannot be taken."""

    refs: tuple[str, ...]
    problems: tuple[Problem, ...]


def read_references(path: Path, columns: Sequence[str]) -> References:
    """The references in the first of `columns` that a CSV file has; whom they name is for the caller to find."""
    with opened_csv(path) as stream:
        table = open_table(stream, path.name, columns)
        column = next((name for name in columns if key(name) in table.at), None)
        if column is None:
            why = f"its columns are {', '.join(table.names)}"
            raise InvalidInput(
                f"{path.name} has no column {' or '.join(columns)}", why, f"name the column {columns[0]}"
            )
        place = table.at[key(column)]
        problems = []
        if key(column) in map(key, table.twice()):
            what = "this column occurs twice"
            problems.append(Problem(table.file, table.line, column, "", what, "keep one of them"))
        refs = []
        for row in table.rows:
            wrong = _wrong(table, row, place)
            if wrong is not None:
                at = column if wrong[0] is _EMPTY else ""
                problems.append(Problem(table.file, row.line, at, "", *wrong))
            elif any(map(str.strip, row.cells)):
                refs.append(row.cells[place].strip())
    return References(tuple(refs), tuple(problems))


_EMPTY = "it is empty"


def _wrong(table: Table, row: Row, place: int) -> tuple[str, str] | None:
    """Why the row cannot be taken, and what to do; a blank row is only passed over."""
    if row.fault is not None:
        return row.fault
    if not any(map(str.strip, row.cells)):
        return None
    if wrong := wrong_number(row.cells, table.width):
        return wrong
    return None if row.cells[place].strip() else (_EMPTY, "write a reference, or delete the row")
