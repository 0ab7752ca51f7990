"""Rosters: read a file of people, show what it would change, and do it.

Reading is `engine.roster`'s part, the diff `engine.enrolment`'s. Nothing is written while a row is bad, unless
`--partial` asks for the good ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from mentorcycle.engine.enrolment import Entry
    from mentorcycle.engine.roster import Problem, Roster

    from .columns import Column
    from .many import Line
    from .store import WritingPlace

_file = click.argument("file", type=click.Path(path_type=Path))
_partial = click.option(
    "--partial", is_flag=True, help="Take the good rows although others are bad (exit 6)."
)
_end_roles = click.option(
    "--end-roles",
    is_flag=True,
    help="OneRoster: whoever has only staff roles whose end date has passed leaves, or is not added.",
)


@command()
@_file
@_partial
@_end_roles
@options.dry_run
def import_(session: Session, file: Path, partial: bool, end_roles: bool, dry_run: bool) -> int:
    """Import people from a roster.

    FILE is our own CSV (see `mentorcycle roster template`), or OneRoster 1.1 or 1.2 as a folder or a zip.
    Only teachers and other staff become people; pupils, parents and passwords are read past. Importing the
    same file again changes nothing.

    \b
    mentorcycle import teachers.csv
    mentorcycle import oneroster.zip --dry-run
    """
    from dataclasses import asdict

    from .columns import Column
    from .exits import ExitCode
    from .many import report, run
    from .problems import as_lines, complain, to_mend
    from .store import writing

    with writing(session, create=True) as place:
        roster, problems = _read(place, file, end_roles=end_roles)
        mend = to_mend(file, problems, roster.bad) if problems and not dry_run else None
        if problems and not (partial and roster.people):
            complain(session, problems)
            _refuse(file, problems, mend, can_be_partial=bool(roster.people))
        entries = place.engine.enrolment(roster)
        done = run(place, _lines(entries), "importing", dry_run=dry_run)
        code = done.ending
        unchanged = "" if done.lines else f"nothing to do: {_unchanged(entries)}"
        done.lines = [*done.lines, *as_lines(problems, lambda problem: f"{problem.file}:{problem.line}")]
        report(
            place,
            done,
            [Column("change"), Column("fields", in_table=False)],
            "imported",
            dry_run=dry_run,
            empty=unchanged,
            fixes=True,
            facts={"problems": [asdict(problem) for problem in problems]} if partial else None,
        )
        if mend:
            session.talk(f"rows to mend: {mend}")
        return ExitCode.PARTIAL if problems and code == ExitCode.DONE else code


@command()
@_file
@_end_roles
def diff(session: Session, file: Path, end_roles: bool) -> None:
    """Show what importing a roster would change.

    \b
    mentorcycle roster diff teachers.csv
    """
    from .problems import complain
    from .store import writing

    with writing(session) as place:
        roster, problems = _read(place, file, end_roles=end_roles)
        if problems:
            complain(session, problems)
            _refuse(file, problems, None, can_be_partial=False)
        _differences(session, place.engine.enrolment(roster))


@command()
@_file
def check(session: Session, file: Path) -> None:
    """Check a roster without importing it.

    \b
    mentorcycle roster check teachers.csv
    """
    from .problems import complain

    roster = _roster(file, session)
    if roster.problems:
        complain(session, roster.problems)
        _refuse(file, roster.problems, None, can_be_partial=False)
    session.out.record(
        "roster-check/1",
        _check_columns(),
        {
            "file": file.name,
            "form": roster.form,
            "people": len(roster.people),
            "ignored": dict(roster.ignored),
        },
        sentence=f"{file.name}: {roster.form}, {_people(len(roster.people))}, nothing to mend",
    )


@command()
@click.option("--pairs", is_flag=True, help="The file of pairs for `pair publish --from`.")
def template(session: Session, pairs: bool) -> None:
    """Print the header of the roster CSV.

    \b
    mentorcycle roster template > teachers.csv
    """
    from mentorcycle.engine import roster

    columns = roster.PAIR_COLUMNS if pairs else roster.COLUMNS
    session.out.text((roster.pairs_template() if pairs else roster.template()).rstrip("\r\n"))
    for column in columns:
        session.talk(f"{column.name:<14} {column.meaning}")


def _check_columns() -> list[Column]:
    from .columns import Column

    return [Column("file"), Column("form"), Column("people"), Column("ignored")]


def _roster(
    file: Path, session: Session, known: frozenset[str] = frozenset(), today: date | None = None
) -> Roster:
    from mentorcycle.domain.vocabulary import TeachingArea
    from mentorcycle.engine.roster import read

    roster = read(file, [area.value for area in TeachingArea], today, known)
    session.talk(f"{file.name}: {roster.form}, {_people(len(roster.people))}")
    for note in roster.notes:
        session.talk(f"note: {note}")
    return roster


def _read(place: WritingPlace, file: Path, *, end_roles: bool) -> tuple[Roster, Sequence[Problem]]:
    known = place.queries.external_ids(place.actor, source="oneroster")
    roster = _roster(file, place.session, known, place.today if end_roles else None)
    return roster, roster.problems


def _refuse(file: Path, problems: Sequence[Problem], written: Path | None, *, can_be_partial: bool) -> None:
    from mentorcycle.domain.errors import InvalidInput

    rows = len({problem.line for problem in problems})
    mended = f"mend the rows in {written} and import that file" if written else "mend the file"
    partial = ", or take the good rows with --partial" if can_be_partial else ""
    raise InvalidInput(
        f"{file.name} is not imported",
        f"{rows} of its rows cannot be taken ({len(problems)} problems); nothing was written",
        f"{mended}{partial}",
    )


def _lines(entries: Iterable[Entry]) -> list[Line]:
    from mentorcycle.engine.enrolment import Change

    from .many import Line

    lines: list[Line] = []
    for entry in entries:
        changes = [change for change in entry.changes if change not in (Change.NONE, Change.SKIP)]
        for change, one in zip(changes, entry.commands, strict=True):
            fields = (
                {name: list(pair) for name, pair in entry.fields.items()} if change is Change.CHANGE else {}
            )
            lines.append(Line(entry.person, entry.name, one, more={"change": change.value, "fields": fields}))
    return lines


def _differences(session: Session, entries: Sequence[Entry]) -> None:
    from mentorcycle.engine.enrolment import Change

    from .columns import Column

    rows = [
        (entry.row.external_id, entry.name, change.value, _fields(entry) if change is Change.CHANGE else "")
        for entry in entries
        for change in entry.changes
        if change is not Change.NONE
    ]
    same = sum(entry.changes == (Change.NONE,) for entry in entries)
    columns = [Column("external_id"), Column("name"), Column("change"), Column("fields")]
    session.out.rows(
        "roster-diff/1", columns, rows, footer=f"{_people(same)} unchanged", empty="nothing would change"
    )


def _fields(entry: Entry) -> str:
    return "; ".join(f"{name}: {old or '–'} → {new or '–'}" for name, (old, new) in entry.fields.items())


def _unchanged(entries: Sequence[Entry]) -> str:
    from mentorcycle.engine.enrolment import Change

    skipped = sum(entry.changes == (Change.SKIP,) for entry in entries)
    said = f"{_people(len(entries) - skipped)} as they are known"
    return f"{said}, {skipped} not known here and not active" if skipped else said


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"
