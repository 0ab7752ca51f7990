"""The bad rows of a file that was read: a list of problems, and a file to mend and feed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import InvalidInput

from .columns import Column
from .many import Line
from .session import Session

if TYPE_CHECKING:
    from mentorcycle.engine.roster import BadRows, Problem

COLUMNS = (
    Column("file"),
    Column("line", right=True),
    Column("column"),
    Column("value"),
    Column("what"),
    Column("suggestion"),
)


def complain(session: Session, problems: Sequence[Problem]) -> None:
    """Write a row for each problem."""
    session.out.rows("problems/1", COLUMNS, problems)


def to_mend(file: Path, problems: Sequence[Problem], bad: BadRows) -> Path | None:
    """Write the bad rows beside the file and return where; nothing is written when no row is bad."""
    from mentorcycle.engine.roster import errors_file

    text = errors_file(problems, bad)
    if not text:
        return None
    path = file.with_name(f"{file.stem}-errors.csv")
    path.write_text(text, encoding="utf-8-sig", newline="")
    return path


def as_lines(problems: Sequence[Problem], called: Callable[[Problem], str]) -> Iterator[Line]:
    """A line of results for each bad row, with all its problems; `called` says what stands for its id."""
    for (_, line), same in groupby(problems, lambda problem: (problem.file, problem.line)):
        found = list(same)
        what = "; ".join(f"{one.column}: {one.what}" if one.column else one.what for one in found)
        fix = "; ".join(dict.fromkeys(one.suggestion for one in found if one.suggestion))
        error = InvalidInput(what, "", fix)
        yield Line(called(found[0]), outcome="refused", error=error, more={"line": line})
