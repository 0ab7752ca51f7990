"""The bad rows of a file that was read: a list of problems, and a file to mend and feed again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .columns import Column
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
