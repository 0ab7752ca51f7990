"""`pair publish --from FILE`: every row is read, found and decided before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from mentorcycle.domain.commands import PublishPairing
from mentorcycle.domain.errors import Ambiguous, NotFound
from mentorcycle.domain.events import Participant
from mentorcycle.domain.zones import noon
from mentorcycle.engine.roster import BadRows, Pair, Problem, read_pairs

from .columns import Column
from .exits import ExitCode
from .many import GOOD, Line, Run, rehearse, report, run
from .paste import fixes_for
from .problems import as_lines, complain, good_rows_alone, leave_out, nothing_taken, refused
from .sides import in_sides
from .store import WritingPlace

Found = dict[str, str]
"""What was typed of a person, and the id it stands for."""


def publish_file(place: WritingPlace, path: str, *, partial: bool, dry_run: bool) -> ExitCode:
    """Publish the pairs of a file; with a bad row nothing is written, unless the good ones are wanted alone."""
    file = Path(path)
    read = read_pairs(file)
    for note in read.notes:
        place.session.talk(f"note: {note}")
    found, problems = _people(place, read.pairs)
    problems = [*read.problems, *problems]
    bad_lines = {problem.line for problem in problems}
    groups = read.together()
    lines = [_line(place, rows, found) for rows in groups if not _bad(rows, bad_lines)]
    _rehearse(place, lines)
    problems += [problem for line in lines for problem in refused(line, file.name, line.more["line"])]
    problems += _kept_out(groups, {problem.line for problem in problems})
    problems.sort(key=lambda problem: problem.line)
    bad = _rows_to_mend(read.bad, groups, {problem.line for problem in problems})
    if problems and not (partial and any(line.outcome in GOOD for line in lines)):
        complain(place.session, problems)
        other = "" if partial else good_rows_alone(bad)
        raise nothing_taken(file.name, "published", problems, partial=other)
    code = _publish(place, lines, problems, dry_run=dry_run)
    if problems:
        leave_out(place.session, file, problems, bad, dry_run=dry_run)
    return code


def _people(place: WritingPlace, pairs: Sequence[Pair]) -> tuple[Found, list[Problem]]:
    """Everybody who is named, and a problem for each who is nobody or could be several."""
    found: Found = {}
    problems: list[Problem] = []
    for pair in pairs:
        for column, text in (("mentee", pair.mentee_ref), ("mentor", pair.mentor_ref)):
            try:
                found[text] = found.get(text) or place.person(text)
            except (NotFound, Ambiguous) as error:
                what = "nobody is called so" if isinstance(error, NotFound) else error.why
                problems.append(
                    Problem(pair.file, pair.line, column, text, what, ", or ".join(fixes_for(error)))
                )
    return found, problems


def _bad(rows: Sequence[Pair], lines: set[int]) -> bool:
    """A group is published whole or not at all."""
    return any(row.line in lines for row in rows)


def _line(place: WritingPlace, rows: Sequence[Pair], found: Found) -> Line:
    mentees = {found[row.mentee_ref] for row in rows}
    mentors = {found[row.mentor_ref] for row in rows}
    both = rows[0].reciprocal
    everybody = dict.fromkeys(found[text] for row in rows for text in (row.mentee_ref, row.mentor_ref))
    participants = tuple(Participant(id, both or id in mentees, both or id in mentors) for id in everybody)
    names = place.queries.names(everybody)
    command = PublishPairing(participants, programme=place.programme_id)
    start = rows[0].start
    at = noon(start, place.programme.zone) if start and start != place.today else None
    more = {"line": rows[0].line, "rows": rows, "at": at}
    name = in_sides(everybody, everybody if both else mentees, names)
    return Line(rows[0].mentee_ref, name, command, more=more)


def _rehearse(place: WritingPlace, lines: Sequence[Line]) -> None:
    """Decide all of them together, so that a mentor's capacity is not used twice."""
    rehearse(place, lines)
    for line in lines:
        at = line.more["at"]
        if line.outcome == "dry-run" and at is not None and at.date() > place.today:
            run(place, [line], "checking", at=at, dry_run=True)


def _kept_out(groups: Sequence[Sequence[Pair]], lines: set[int]) -> Iterator[Problem]:
    """The good rows of groups in which another is bad."""
    for rows in groups:
        bad = [row.line for row in rows if row.line in lines]
        for row in rows:
            if bad and row.line not in lines:
                what = f"line {bad[0]} of the same group cannot be taken"
                yield Problem(row.file, row.line, "", row.mentee_ref, what, "feed it again with that line")


def _rows_to_mend(bad: BadRows, groups: Sequence[Sequence[Pair]], lines: set[int]) -> BadRows:
    """The rows that could not be read, and those that could but are refused, with the rest of their group."""
    refused = {row.line: row.cells for rows in groups if _bad(rows, lines) for row in rows}
    return BadRows(bad.header, bad.delimiter, dict(sorted({**bad.rows, **refused}.items())))


def _publish(
    place: WritingPlace, lines: Sequence[Line], problems: Sequence[Problem], *, dry_run: bool
) -> ExitCode:
    good = [line for line in lines if line.outcome in ("dry-run", "already-so")]
    starts: dict[datetime | None, list[Line]] = {}
    for line in good:
        starts.setdefault(line.more["at"], []).append(line)
        if not dry_run:
            line.outcome = "not-done"  # until its turn comes, which an interruption may keep from it
    done = Run("", [*good, *as_lines(problems, lambda problem: problem.value)])
    for at, some in () if dry_run else starts.items():
        part = run(place, some, "publishing", at=at, batch=done.batch)
        done.batch, done.interrupted = part.batch, part.interrupted
        if part.interrupted:
            break
    return report(place, done, [Column("line", right=True)], "published", dry_run=dry_run)
