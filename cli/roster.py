"""Rosters: read a file of people, show what it would change, and do it.

Reading is `engine.roster`'s part, the diff `engine.enrolment`'s. Nothing is written while a row is bad, whether that
shows in reading or only in deciding, unless `--partial` asks for the good ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from mentorcycle.engine.enrolment import Entry
    from mentorcycle.engine.roster import Problem, Roster

    from .columns import Column
    from .many import Line, Run
    from .store import WritingPlace

_file = click.argument("file", type=click.Path(path_type=Path))
_partial = click.option(
    "--partial", is_flag=True, help="Take the good rows (exit 6); the others go to an errors file beside it."
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
    from .many import report
    from .problems import as_lines, complain, good_rows_alone, leave_out
    from .store import writing

    with writing(session, create=True) as place:
        roster, problems = _read(place, file, end_roles=end_roles)
        if problems and not (partial and roster.people):
            complain(session, problems)
            _refuse(file, problems, good_rows_alone(roster.bad) if roster.people else "")
        entries = place.engine.enrolment(roster, place.actor)
        done = _done(place, file, _lines(entries), partial=partial, dry_run=dry_run)
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
        if problems:
            leave_out(session, file, problems, roster.bad, dry_run=dry_run)
        return ExitCode.PARTIAL if problems and code == ExitCode.DONE else code


@command()
@_file
@_end_roles
def diff(session: Session, file: Path, end_roles: bool) -> None:
    """Show what importing a roster would change.

    \b
    mentorcycle roster diff teachers.csv
    """
    from .store import writing

    with writing(session, asks=True) as place:
        roster, problems = _read(place, file, end_roles=end_roles)
        _refuse_bad(session, file, problems)
        _differences(session, place.engine.enrolment(roster, place.actor))


@command()
@_file
def check(session: Session, file: Path) -> None:
    """Check a roster without importing it.

    \b
    mentorcycle roster check teachers.csv
    """
    from mentorcycle.engine.roster.files import called

    roster = _roster(file, session)
    _refuse_bad(session, file, roster.problems)
    session.out.record(
        "roster-check/1",
        _check_columns(),
        {
            "file": called(file),
            "form": roster.form,
            "people": len(roster.people),
            "ignored": dict(roster.ignored),
        },
        sentence=f"{called(file)}: {roster.form}, {_people(len(roster.people))}, nothing to mend",
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
    from mentorcycle.engine.roster.files import called

    roster = read(file, [area.value for area in TeachingArea], today, known)
    session.talk(f"{called(file)}: {roster.form}, {_people(len(roster.people))}")
    for note in roster.notes:
        session.talk(f"note: {note}")
    return roster


def _read(place: WritingPlace, file: Path, *, end_roles: bool) -> tuple[Roster, Sequence[Problem]]:
    known = place.queries.external_ids(place.actor, source="oneroster")
    roster = _roster(file, place.session, known, place.today if end_roles else None)
    return roster, roster.problems


def _refuse_bad(session: Session, file: Path, problems: Sequence[Problem]) -> None:
    from .problems import complain

    if problems:
        complain(session, problems)
        _refuse(file, problems)


def _refuse(file: Path, problems: Sequence[Problem], partial: str = "") -> NoReturn:
    from mentorcycle.engine.roster.files import called

    from .problems import nothing_taken

    raise nothing_taken(called(file), "imported", problems, partial=partial)


def _done(place: WritingPlace, file: Path, lines: Sequence[Line], *, partial: bool, dry_run: bool) -> Run:
    """Have it done, after all of it was decided: one bad row found there keeps every row out as well."""
    from .many import rehearse, run

    if not partial or dry_run:
        rehearsed = rehearse(place, lines)
        if not partial:
            _refuse_refused(place.session, file, lines)
        if dry_run:
            return rehearsed
    return run(place, lines, "importing")


def _refuse_refused(session: Session, file: Path, lines: Sequence[Line]) -> None:
    from mentorcycle.domain.refusal import RefusedError

    from .many import GOOD
    from .problems import complain, refused

    bad = [line for line in lines if line.outcome not in GOOD]
    if bad and all(line.outcome == "not-permitted" for line in bad):
        raise RefusedError(bad[0].refusals)  # that is no row's fault
    rows = [(line, line.more["row"]) for line in bad]
    problems = [problem for line, row in rows for problem in refused(line, row.file, row.line)]
    if problems:
        complain(session, problems)
        _refuse(file, problems, "take the good rows with --partial" if len(bad) < len(lines) else "")


def _lines(entries: Iterable[Entry]) -> list[Line]:
    from mentorcycle.engine.enrolment import Change

    from .many import Line

    lines: list[Line] = []
    for entry in entries:
        if Change.MERGED in entry.changes:
            told = {"change": Change.MERGED.value, "fields": _pairs(entry)}
            lines.append(Line(entry.person, entry.name, outcome="merged", more=told, note=_merged(entry)))
            continue
        changes = [change for change in entry.changes if change not in (Change.NONE, Change.SKIP)]
        for change, one in zip(changes, entry.commands, strict=True):
            fields = _pairs(entry) if change is Change.CHANGE else {}
            more = {"change": change.value, "fields": fields, "row": entry.row}
            lines.append(Line(entry.person, entry.name, one, more=more))
    return lines


def _pairs(entry: Entry) -> dict[str, list[str]]:
    return {name: list(pair) for name, pair in entry.fields.items()}


def _merged(entry: Entry) -> str:
    return f"merged into {entry.survivor}, not changed"


def _differences(session: Session, entries: Sequence[Entry]) -> None:
    from mentorcycle.engine.enrolment import Change

    from .columns import Column

    rows = [
        (
            entry.row.external_id,
            entry.name,
            _merged(entry) if change is Change.MERGED else change.value,
            _fields(entry) if change in (Change.CHANGE, Change.MERGED) else "",
        )
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
