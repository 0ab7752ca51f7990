"""The errors file: refused rows with a reason in front, to be mended in a spreadsheet and fed again."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from io import StringIO

from .model import BadRows, Problem
from .table import key

PROBLEM_COLUMN = "problem"
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r\n]")


def errors_file(problems: Iterable[Problem], bad: BadRows) -> str:
    """CSV of the refused rows with a `problem` column in front, or nothing when no row was refused.

    No spreadsheet takes a cell of it for a formula: such a cell gets an apostrophe, which the import of a
    file with a `problem` column takes off again. Excel needs it written with encoding utf-8-sig, newline "".
    """
    if not bad.rows:
        return ""
    reasons: dict[int, list[str]] = {}
    for problem in problems:
        reasons.setdefault(problem.line, []).append(_reason(problem))
    out = StringIO()
    writer = csv.writer(out, delimiter=bad.delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([PROBLEM_COLUMN, *map(neutralised, bad.header)])
    for line, cells in sorted(bad.rows.items()):
        writer.writerow(map(neutralised, ["; ".join(reasons.get(line, [])), *cells]))
    return out.getvalue()


def neutralised(cell: str) -> str:
    """The cell as no spreadsheet computes it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """The cell as it was before `neutralised`."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


def without_problem(cells: list[str], names: tuple[str, ...]) -> list[str]:
    """The cells of a row of an errors file as they stood in the file before it; others as they are."""
    places = [index for index, name in enumerate(names) if key(name) == PROBLEM_COLUMN]
    if not places:
        return cells
    return [restored(cell) for index, cell in enumerate(cells) if index not in places]


def _reason(problem: Problem) -> str:
    text = f"{problem.column}: {problem.what}" if problem.column else problem.what
    return f"{text} ({problem.suggestion})" if problem.suggestion else text
