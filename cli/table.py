"""Columns of text for a terminal, written as rows arrive. Not for machines (see `formats`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TypeAlias

from .columns import Column, Row, values
from .text import cut, harmless, pad, paint, width

SAMPLE = 500
"""Rows that decide the widths; later ones are fitted to them, so a long list starts at once."""
_GAP = "  "
_NARROWEST = 6
_NARROW = 60
"""Cells of a terminal below which a table that does not fit is no table any more."""

Cell: TypeAlias = tuple[str, str | None]
"""Text and colour."""


def table(columns: Sequence[Column], rows: Iterable[Row], *, room: int | None, colour: bool) -> Iterator[str]:
    """Heading and lines; nothing at all for no rows. `room` is the terminal's width, None for no limit.

    On a narrow terminal, where what is to be kept is wider by more than a quarter, each row is a block of lines.
    """
    source = iter(rows)
    sample = list(islice(source, SAMPLE))
    if not sample:
        return
    places = [place for place, column in enumerate(columns) if column.in_table]
    shown = [columns[place] for place in places]
    cells = (_cells(shown, [all_[place] for place in places]) for all_ in _each(columns, sample, source))
    first = list(islice(cells, len(sample)))
    widest = [
        max(width(column.name.upper()), *(width(row[place][0]) for row in first))
        for place, column in enumerate(shown)
    ]
    widths = fitted(widest, shown, room)
    if room is not None and room < _NARROW and 4 * (sum(widths) + len(_GAP) * (len(widths) - 1)) > 5 * room:
        yield from _blocks(shown, chain(first, cells), colour=colour)
        return
    headings = [
        pad(cut(column.name.upper(), cells), cells, right=column.right)
        for column, cells in zip(shown, widths, strict=True)
    ]
    yield paint(_GAP.join(headings).rstrip(), "dim", on=colour)
    for row in chain(first, cells):
        yield _line(shown, row, widths, cutting=room is not None, colour=colour)


def fitted(widest: Sequence[int], columns: Sequence[Column], room: int | None) -> list[int]:
    """Widths that fit the room: the widest give first, those to keep never."""
    space = None if room is None else room - len(_GAP) * (len(widest) - 1)
    widths = list(widest)
    while space is not None and sum(widths) > space:
        giving = [place for place, column in enumerate(columns) if not column.keep]
        place = max(giving, key=lambda at: widths[at], default=None)
        if place is None or widths[place] <= _NARROWEST:
            break
        widths[place] -= 1
    return widths


def _blocks(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, colour: bool) -> Iterator[str]:
    """`NAME  value` for all that a row has, an empty line between rows."""
    names = [column.name.upper() for column in columns]
    margin = max(map(width, names))
    for number, row in enumerate(rows):
        if number:
            yield ""
        for name, (text, chosen) in zip(names, row, strict=True):
            if text:
                yield f"{paint(pad(name, margin), 'dim', on=colour)}{_GAP}{paint(text, chosen, on=colour)}"


def _each(columns: Sequence[Column], *sources: Iterable[Row]) -> Iterator[list[Any]]:
    return (values(columns, row) for row in chain(*sources))


def _cells(columns: Sequence[Column], row: Sequence[Any]) -> list[Cell]:
    return [
        (harmless(column.shown(value)), column.colour(value) if column.colour else None)
        for column, value in zip(columns, row, strict=True)
    ]


def _line(
    columns: Sequence[Column], row: Sequence[Cell], widths: Sequence[int], *, cutting: bool, colour: bool
) -> str:
    parts = []
    for column, (text, chosen), cells in zip(columns, row, widths, strict=True):
        fitting = cut(text, cells) if cutting and not column.keep else text
        space, painted = " " * (cells - width(fitting)), paint(fitting, chosen, on=colour)
        parts.append(space + painted if column.right else painted + space)
    return _GAP.join(parts).rstrip()
