"""From physical lines to a table: delimiter, header, quoted cells; one broken row never hides the next."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from typing import NamedTuple

from mentorcycle.domain.errors import InvalidInput

from .text import Fault, Line, Readable, physical_lines

MOST_LINES_OF_A_ROW = 100
MOST_COLUMNS = 1000
_DELIMITERS = ",;\t"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_EXCEL_HINT = re.compile(r"(?i)sep=(.)\s*$")


class Row(NamedTuple):
    """The cells of one row and the line on which it starts.

    With a fault they are a guess: the whole line in one cell where the quotation marks do not tell.
    """

    line: int
    cells: list[str]
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Table:
    """A header that was read and rows that are still to come; `at` finds a column by its `key`."""

    file: str
    line: int
    names: tuple[str, ...]
    at: dict[str, int]
    delimiter: str
    rows: Iterator[Row]

    @property
    def width(self) -> int:
        """How many columns there are, up to the last that has a name."""
        return max((index + 1 for index, name in enumerate(self.names) if name), default=0)

    def twice(self) -> list[str]:
        """Names of columns that occur more than once."""
        counted = Counter(key(name) for name in self.names if key(name))
        return [self.names[self.at[each]] for each, count in counted.items() if count > 1]


def key(name: str) -> str:
    """What a name is found by: letter case, blanks, hyphens and underscores do not matter."""
    return re.sub(r"[\s_\-]+", "", name).casefold()


def nearest(word: str, choices: Collection[str]) -> str:
    """The choice that a misspelt word most probably means, or nothing."""
    by_key = {key(choice): choice for choice in choices}
    found = get_close_matches(key(word)[:100], list(by_key), n=1, cutoff=0.6)
    return by_key[found[0]] if found else ""


def open_table(stream: Readable, file: str, known: Collection[str]) -> Table:
    """The table in a CSV file, whose delimiter is the one that finds most `known` columns in its header."""
    lines = physical_lines(stream, file)
    first = _first_line(lines, file)
    hint = _EXCEL_HINT.match(first.text)
    if hint and hint[1] in _DELIMITERS:
        delimiter, first = hint[1], _first_line(lines, file)
    else:
        delimiter = _delimiter(first.text, {key(name) for name in known})
    if first.fault:
        raise InvalidInput(f"{file} line {first.number}: {first.fault.what}", "", first.fault.suggestion)
    rows = _rows(chain((first,), lines), delimiter)
    header = next(rows, None)
    if header is None:
        raise _no_header(file)
    if header.fault:
        raise InvalidInput(f"{file} line {header.line}: {header.fault.what}", "", header.fault.suggestion)
    if len(header.cells) > MOST_COLUMNS:
        what = f"{file} line {header.line} has {len(header.cells)} columns"
        raise InvalidInput(what, "a roster has a few", "check that this is a CSV file with a header")
    names = tuple(name.strip() for name in header.cells)
    at: dict[str, int] = {}
    for index, name in enumerate(names):
        if name:
            at.setdefault(key(name), index)
    return Table(file, header.line, names, at, delimiter, rows)


def _first_line(lines: Iterator[Line], file: str) -> Line:
    for line in lines:
        if line.text.strip(' \t\r\n,;"'):
            return line
    raise _no_header(file)


def _no_header(file: str) -> InvalidInput:
    return InvalidInput(f"{file} has no header", "there are only blank cells in it", "check the export")


def _delimiter(header: str, known: set[str]) -> str:
    def score(delimiter: str) -> tuple[int, int]:
        cells = _cells(header, delimiter)
        return sum(key(cell) in known for cell in cells), len(cells)

    return max(_DELIMITERS, key=score)


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return text.split(delimiter)


class _NeverClosedError(Exception):
    """A quotation mark is open for longer than any row goes on."""


class _Feed:
    """Hands lines to the CSV reader and remembers those of the present row, to take them back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._again: deque[Line] = deque()
        self.taken: list[Line] = []

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self.taken) == MOST_LINES_OF_A_ROW:
            raise _NeverClosedError
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line.text

    def keep_first(self) -> Line:
        """Take all lines of the present row back but the first."""
        self._again.extendleft(reversed(self.taken[1:]))
        return self.taken[0]


def _rows(lines: Iterator[Line], delimiter: str) -> Iterator[Row]:
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        feed.taken = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (_NeverClosedError, csv.Error) as error:
            why = _why(error, len(feed.taken))
            first = feed.keep_first()
            yield Row(first.number, [first.text.rstrip("\r\n")], first.fault or why)
            continue
        if cells and (len(cells) > 1 or cells[0].strip()):
            yield Row(feed.taken[0].number, cells, _fault(feed.taken))


def _why(error: Exception, lines: int) -> Fault:
    said = str(error)
    if isinstance(error, _NeverClosedError) or lines > 1 or "end of data" in said:
        return Fault("a quotation mark is opened and never closed", 'close it, or write "" for a mark inside')
    if "expected after" in said:
        return Fault("text stands behind a closing quotation mark", 'write "" for a mark inside a cell')
    if "field limit" in said:
        return Fault("a cell is longer than 100,000 characters", "look for a quotation mark never closed")
    return Fault(f"the row is not CSV: {said}", "look at its quotation marks")


def _fault(lines: list[Line]) -> Fault | None:
    for line in lines:
        if line.fault:
            return line.fault
        if "\ufffd" in line.text:
            return Fault(
                "a character was lost and replaced by “\ufffd”", "type it again, or export the file again"
            )
        if found := _CONTROL.search(line.text):
            named = "a NUL character" if found[0] == "\0" else f"the control character U+{ord(found[0]):04X}"
            return Fault(f"{named} stands in the row", "delete it, or export the file again")
    return None
