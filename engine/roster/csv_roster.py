"""The roster as a CSV file of our own: one line for each person who teaches."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache, partial
from pathlib import Path

from mentorcycle.domain.errors import InvalidInput
from mentorcycle.domain.people.decide import MOST_MENTEES

from .address import looks_like_email
from .files import opened_csv
from .form import Column, Form
from .model import Problem, Roster, RosterPerson
from .table import key, nearest
from .text import Readable

COLUMNS = (
    Column("external_id", "the id of the person in your own system; it stays the same", True, True),
    Column("given_name", "given name", True),
    Column("family_name", "family name", True),
    Column("email", "e-mail address", one_line=True, longest=254),
    Column("username", "name of the account at the school", one_line=True),
    Column("school", "name of the school"),
    Column("subjects", "what the person teaches, with ; between", longest=2000),
    Column("grades", "grades the person teaches, with ; between", longest=2000),
    Column("areas", "teaching areas the person can help with, with ; between", longest=2000),
    Column("capacity", "how many mentees the person takes at most"),
)


def template() -> str:
    """The header of the CSV form, ready to be filled in; `COLUMNS` says what each column means."""
    return ",".join(column.name for column in COLUMNS) + "\r\n"


def read_csv(path: Path, areas: Collection[str]) -> Roster:
    """The people in a CSV file; `areas` are the teaching areas that exist."""
    with opened_csv(path) as stream:
        return read_csv_stream(stream, path.name, areas)


def read_csv_stream(stream: Readable, file: str, areas: Collection[str]) -> Roster:
    """As `read_csv`, from open bytes."""
    form = Form(stream, file, COLUMNS)
    if key("sourcedId") in form.table.at:
        raise InvalidInput(
            f"{file} is one file of a OneRoster set",
            "its people can be told only together with manifest.csv and the other files",
            "pass the folder or the zip",
        )
    people = _People(form, areas)
    for row in form.rows():
        people.add(row.line, row.cells, row.values, row.found)
    if not people.any_row and not form.problems:
        what = "nobody stands under the header"
        form.problems.append(form.problem(form.table.line, "", "", what, "write a line for each person"))
    return Roster(
        people=people.good() if form.complete else (),
        problems=form.in_order(),
        notes=(),
        ignored={},
        form="csv, an errors file fed again" if form.is_errors_file else "csv",
        delta=form.is_errors_file,
        says=form.present | {"active"},
        bad=form.bad,
    )


class _People:
    """The rows read so far; an id that comes twice keeps both its rows out."""

    def __init__(self, form: Form, areas: Collection[str]) -> None:
        self.any_row = False
        self._form = form
        self._area = lru_cache(4096)(_Areas(areas).find)
        self._words = lru_cache(4096)(_words)
        self._lines: dict[str, int] = {}
        self._good: dict[int, tuple[RosterPerson, list[str]]] = {}
        self._told: set[int] = set()

    def add(self, line: int, cells: list[str], values: list[str], found: list[Problem]) -> None:
        self.any_row = True
        problem = partial(self._form.problem, line)
        external_id, given, family, email, username, school, subjects, grades, areas, capacity = values
        if email and not looks_like_email(email):
            found.append(problem("email", email, "it is not an e-mail address", "write name@school.org"))
        known_areas = []
        for word in self._words(areas):
            area, suggestion = self._area(word)
            known_areas.append(area)
            if not area:
                found.append(problem("areas", word, "there is no such teaching area", suggestion))
        if capacity and (what := _no_capacity(capacity)):
            found.append(problem("capacity", capacity, what, f"write a number from 0 to {MOST_MENTEES}"))
        found += self._twice(external_id, line)
        if found:
            self._form.refuse(line, cells, found)
            return
        person = RosterPerson(
            source="csv",
            external_id=external_id,
            given_name=given,
            family_name=family,
            username=username,
            email=email,
            school=school,
            role="teacher",
            subjects=self._words(subjects),
            grades=self._words(grades),
            areas=tuple(dict.fromkeys(known_areas)),
            capacity=int(capacity) if capacity else None,
            active=True,
            file=self._form.file,
            line=line,
        )
        self._good[line] = person, cells

    def good(self) -> tuple[RosterPerson, ...]:
        return tuple(person for person, _ in self._good.values())

    def _twice(self, external_id: str, line: int) -> list[Problem]:
        first = self._lines.setdefault(external_id, line) if external_id else line
        if first == line:
            return []
        if first not in self._told:
            self._told.add(first)
            _, cells = self._good.pop(first, (None, None))
            told = [self._same(first, external_id, line)]
            if cells is None:
                self._form.problems += told
            else:
                self._form.refuse(first, cells, told)
        return [self._same(line, external_id, first)]

    def _same(self, line: int, external_id: str, other: int) -> Problem:
        what = f"line {other} has the same id"
        return self._form.problem(line, "external_id", external_id, what, "give each person a line and an id")


class _Areas:
    """The closed list of teaching areas, found by whatever way they are written."""

    def __init__(self, areas: Collection[str]) -> None:
        self._by_key = {key(area): area for area in areas}
        self._names = sorted(areas)

    def find(self, word: str) -> tuple[str, str]:
        """The area, or nothing and a suggestion."""
        if found := self._by_key.get(key(word)):
            return found, ""
        meant = nearest(word, self._names)
        known = f"known are {', '.join(self._names)}; write ; between two"
        return "", f"did you mean {meant}?" if meant else known


def _words(cell: str) -> tuple[str, ...]:
    if ";" not in cell:
        return (cell,) if cell else ()
    return tuple(dict.fromkeys(word for part in cell.split(";") if (word := part.strip())))


def _no_capacity(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        return "it is not a whole number"
    digits = text.lstrip("0") or "0"
    # Python refuses to read a number of thousands of digits
    few = len(digits) <= len(str(MOST_MENTEES)) and int(digits) <= MOST_MENTEES
    return "" if few else f"it is more than {MOST_MENTEES}"
