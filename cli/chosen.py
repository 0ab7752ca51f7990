"""Which cycles a bulk command is about: words on the command line, lines of stdin, a CSV file, or all in a stage.

Everything typed must be found before anything is done; what comes from a file or a pipe gets a line with its error,
but a file with a row that cannot be read is not taken at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import Ambiguous, MentorcycleError, NotFound
from mentorcycle.domain.refusal import Refused, RefusedError

from .choices import meant
from .exits import WrongValue
from .labels import is_id
from .many import Line
from .progress import progress
from .words import STDIN, stdin_text

if TYPE_CHECKING:
    from .store import WritingPlace

_COLUMNS = ("cycle", "id")
_ALL = 1_000_000


class NothingChosen(NotFound):
    """What was asked for stands for no cycle at all: that is told, and never taken for success."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        MentorcycleError.__init__(self, what, why, fix)


def chosen(
    place: WritingPlace, words: tuple[str, ...], stage: str | None, source: str | None, file: str | None
) -> tuple[list[Line], str | None]:
    """A line for each cycle, each once, with its state; and the stage that is meant."""
    refs = list(words)
    if file is not None:
        lines = _lines(place, _of_csv(place, Path(file)))
    elif source is not None:
        lines = _in_stage(place, source)
    else:
        if stage is None and len(refs) > 1 and meant(refs[-1], stages_of(place)):
            stage = refs.pop()
        typed = _typed(place, [ref for ref in refs if ref != STDIN])
        lines = [*typed, *(_lines(place, _of_stdin()) if STDIN in refs else ())]
    return _once(place, lines), stage and (meant(stage, stages_of(place)) or stage)


def stages_of(place: WritingPlace) -> set[str]:
    """The names of all stages that cycles of the programme can be in, and of the end."""
    from mentorcycle.domain.definition import COMPLETED

    return {COMPLETED, *(s.name for d in place.queries.published(place.programme) for s in d.stages)}


def _typed(place: WritingPlace, refs: list[str]) -> list[Line]:
    try:
        return [_line(place, place.cycle(ref)) for ref in refs]
    except NotFound as error:
        from difflib import get_close_matches

        if (
            len(refs) > 1
            and error.reference == refs[-1]
            and (close := get_close_matches(error.reference, stages_of(place), n=1))
        ):
            raise NotFound("cycle", error.reference, f"did you mean the stage {close[0]}?") from None
        raise


def _line(place: WritingPlace, cycle: str) -> Line:
    state = place.engine.cycle(cycle, place.actor)
    return Line(cycle, more={"state": state, "people": state.people})


def _lines(place: WritingPlace, refs: Iterable[str]) -> list[Line]:
    """A line for each reference; one that names nothing carries its error."""
    lines: list[Line] = []
    known = list(refs)
    for ref in progress(known, len(known), "looking up", quiet=place.session.quiet):
        try:
            lines.append(_line(place, ref if is_id(ref) else place.cycle(ref)))
        except (NotFound, Ambiguous) as error:
            lines.append(Line(ref))
            lines[-1].fail(error)
        except RefusedError as error:
            lines.append(Line(ref))
            lines[-1].refuse(Refused(error.refusals))
    if not lines:
        raise NothingChosen("no cycle was named", "the input holds no reference", "give at least one")
    return lines


def _in_stage(place: WritingPlace, typed: str) -> list[Line]:
    """Every active cycle in a stage; those that are paused there are said to be left out."""
    from mentorcycle.domain.vocabulary import Status

    known = sorted(stages_of(place))
    if (stage := meant(typed, known) or "") == "":
        raise WrongValue(f"there is no stage {typed!r}", f"stages are {', '.join(known)}", "name one of them")
    rows = place.queries.cycles(
        place.actor,
        stages=[stage],
        programme=place.programme_id,
        statuses=(Status.ACTIVE, Status.PAUSED),
        limit=_ALL,
    ).rows
    active = [row.cycle for row in rows if row.status is Status.ACTIVE]
    if paused := len(rows) - len(active):
        place.session.talk(f"{paused} paused in {stage} left out")
    if not active:
        raise NothingChosen(f"no active cycle is in {stage}", "so none could advance", "mentorcycle list")
    return [_line(place, cycle) for cycle in active]


def _once(place: WritingPlace, lines: list[Line]) -> list[Line]:
    """Each cycle once: the second time it would move on by another stage."""
    unique = {line.id: line for line in lines}
    if twice := len(lines) - len(unique):
        place.session.talk(f"{twice} named more than once, taken once")
    return list(unique.values())


def _of_stdin() -> list[str]:
    """The first field of every line that is not empty."""
    fields = (line.partition("\t")[0].strip() for line in stdin_text().splitlines())
    return [field for field in fields if field]


def _of_csv(place: WritingPlace, path: Path) -> Sequence[str]:
    """The references in the column `cycle` or `id`; a guess at a damaged one could name another cycle."""
    from mentorcycle.engine.roster import read_references

    from .problems import complain, nothing_taken

    read = read_references(path, _COLUMNS)
    if read.problems:
        complain(place.session, read.problems)
        raise nothing_taken(path.name, "taken", read.problems)
    return read.refs
