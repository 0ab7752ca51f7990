"""The bad rows of a file that was read: a list of problems, what to do, and a file to mend and feed again.

That file holds the rows that were left out, so it is only written when the others were taken: fed alone it
would lose them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import InvalidInput

from .columns import Column
from .many import Line
from .session import Session

if TYPE_CHECKING:
    from mentorcycle.engine.roster import BadRows, Problem

    from .many import Line

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


def nothing_taken(name: str, done: str, problems: Sequence[Problem], *, partial: str = "") -> InvalidInput:
    """The error of a file of which nothing was taken; `done` is as in “imported”, `partial` another way out."""
    why = f"{_rows(problems)} cannot be taken ({_problems(problems)}); nothing was written"
    return InvalidInput(f"{name} is not {done}", why, f"mend {name}{f', or {partial}' if partial else ''}")


def good_rows_alone(bad: BadRows) -> str:
    """The other way out: the good rows first, then the others."""
    then = ", then mend the errors file that it writes and feed that" if bad.rows else ""
    return f"take the good rows with --partial{then}"


def leave_out(
    session: Session, file: Path, problems: Sequence[Problem], bad: BadRows, *, dry_run: bool
) -> None:
    """Say what was left out, and write it beside the file to be mended; nothing is written in a dry run."""
    session.talk(f"{_rows(problems)} left out ({_problems(problems)})")
    if dry_run or not bad.rows:
        return
    try:
        session.talk(f"rows to mend and feed again: {_to_mend(file, problems, bad)}")
    except OSError as error:
        session.talk(
            f"warning: they could not be written beside {file}: {error.strerror}\n"
            "  fix: run the same command on a copy of the file in a folder that can be written"
        )


def refused(line: Line, file: str, number: int) -> Iterator[Problem]:
    """What a decision had against a row."""
    from mentorcycle.engine.roster import Problem

    for refusal in line.refusals:
        yield Problem(file, number, "", "", refusal.why, refusal.fix)
    if line.error is not None:
        yield Problem(file, number, "", "", line.error.what, line.error.fix)


def _to_mend(file: Path, problems: Sequence[Problem], bad: BadRows) -> Path:
    """Write the bad rows under a free name, for what is there may be half mended; return where.

    A file that holds the same already is left as it is, so that a nightly import does not heap them up.
    """
    from mentorcycle.engine.roster import errors_file

    content = errors_file(problems, bad).encode("utf-8-sig")
    number = 1
    while True:
        path = file.with_name(f"{file.stem}-errors{f'-{number}' if number > 1 else ''}.csv")
        try:
            stream = path.open("xb")
        except FileExistsError:
            if _holds(path, content):
                return path
            number += 1
            continue
        try:
            with stream:
                stream.write(content)
        except OSError:
            with suppress(OSError):
                path.unlink()
            raise
        return path


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _rows(problems: Sequence[Problem]) -> str:
    number = len({(problem.file, problem.line) for problem in problems})
    return "1 row" if number == 1 else f"{number} rows"


def _problems(problems: Sequence[Problem]) -> str:
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"


def as_lines(problems: Sequence[Problem], called: Callable[[Problem], str]) -> Iterator[Line]:
    """A line of results for each bad row, with all its problems; `called` says what stands for its id."""
    for (_, line), same in groupby(problems, lambda problem: (problem.file, problem.line)):
        found = list(same)
        what = "; ".join(f"{one.column}: {one.what}" if one.column else one.what for one in found)
        fix = "; ".join(dict.fromkeys(one.suggestion for one in found if one.suggestion))
        error = InvalidInput(what, "", fix)
        yield Line(called(found[0]), outcome="refused", error=error, more={"line": line})
