"""Which cycles a bulk command is about: words on the command line, lines of stdin, a CSV file, or all in a stage.

Everything typed must be found before anything is done; what comes from a file or a pipe gets a line with its error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import Ambiguous, NotFound

from .exits import WrongValue
from .many import Line
from .words import STDIN, stdin_text

if TYPE_CHECKING:
    from .store import WritingPlace

_COLUMNS = ("cycle", "id")
_ALL = 1_000_000


def chosen(
    place: WritingPlace, words: tuple[str, ...], stage: str | None, source: str | None, file: str | None
) -> tuple[list[Line], str | None]:
    """A line for each cycle, each once, with its state; and the stage that is meant."""
    refs = list(words)
    if file is not None:
        lines = _lines(place, _of_csv(file))
    elif source is not None:
        lines = _in_stage(place, source)
    else:
        if stage is None and len(refs) > 1 and refs[-1] in _stages(place):
            stage = refs.pop()
        typed = _typed(place, [ref for ref in refs if ref != STDIN])
        lines = [*typed, *(_lines(place, _of_stdin()) if STDIN in refs else ())]
    return _once(place, lines), stage


def _stages(place: WritingPlace) -> set[str]:
    """The names of all stages that cycles of the programme can be in, and of the end."""
    from mentorcycle.domain.definition import COMPLETED

    return {COMPLETED, *(s.name for d in place.queries.published(place.programme) for s in d.stages)}


def _typed(place: WritingPlace, refs: list[str]) -> list[Line]:
    try:
        return [_line(place, place.cycle(ref)) for ref in refs]
    except NotFound as error:
        from difflib import get_close_matches

        if error.reference == refs[-1] and (meant := get_close_matches(error.reference, _stages(place), n=1)):
            raise NotFound("cycle", error.reference, f"did you mean the stage {meant[0]}?") from None
        raise


def _line(place: WritingPlace, cycle: str) -> Line:
    state = place.engine.cycle(cycle, place.actor)
    return Line(cycle, more={"state": state, "people": state.people})


def _lines(place: WritingPlace, refs: Iterable[str]) -> list[Line]:
    """A line for each reference; one that names nothing carries its error."""
    lines = []
    for ref in refs:
        try:
            lines.append(_line(place, place.cycle(ref)))
        except (NotFound, Ambiguous) as error:
            lines.append(Line(ref))
            lines[-1].fail(error)
    if not lines:
        raise NotFound("cycle", STDIN, "give at least one reference")
    return lines


def _in_stage(place: WritingPlace, stage: str) -> list[Line]:
    """Every active cycle in a stage; those that are paused there are said to be left out."""
    from mentorcycle.domain.vocabulary import Status

    if stage not in (known := sorted(_stages(place))):
        raise WrongValue(f"there is no stage {stage!r}", f"stages are {', '.join(known)}", "name one of them")
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
        fix = "mentorcycle list shows where cycles are"
        raise NotFound("active cycle", f"in {stage}", fix)
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


def _of_csv(path: str) -> list[str]:
    import csv

    with open(path, encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        column = next((name for name in _COLUMNS if name in (rows.fieldnames or ())), None)
        if column is None:
            why = f"its columns are {', '.join(rows.fieldnames or ()) or 'none'}"
            raise WrongValue(f"{path} has no column cycle or id", why, "name the column cycle")
        return [ref for row in rows if (ref := (row[column] or "").strip())]
