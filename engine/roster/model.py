"""What a reading of roster files hands over: people, pairs, and everything that stood in the way.

Only teachers and other staff of a school ever become values of this module. Students, parents,
passwords and telephone numbers are read past: they are in no field, problem, note or errors file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Source = Literal["csv", "oneroster"]
Role = Literal["teacher", "staff", ""]


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a row, or a whole file, cannot be taken as it is.

    `line` is the physical line of the file, counted from 1; 0 speaks of the file as a whole.
    `value` is empty where it could be somebody's private matter.
    """

    file: str
    line: int
    column: str
    value: str
    what: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class RosterPerson:
    """A teacher or another member of staff, as the roster tells it.

    `role` is empty, and so is any other field, where a delta says nothing about it; see `Roster.says`.
    `active` is false for somebody who leaves.
    """

    source: Source
    external_id: str
    given_name: str
    family_name: str
    username: str
    email: str
    school: str
    role: Role
    subjects: tuple[str, ...]
    grades: tuple[str, ...]
    areas: tuple[str, ...]
    capacity: int | None
    active: bool
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class BadRows:
    """The rows that were refused, cell for cell as they stood in the file, keyed by their line."""

    header: tuple[str, ...] = ()
    delimiter: str = ","
    rows: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who could be read, and every reason why somebody could not.

    `says` names the fields of `RosterPerson` that this form speaks about: an importer leaves the others
    as it knows them. With `delta`, people who are not mentioned stay, and an empty field is unsaid too.
    `ignored` counts rows left out on purpose, by kind ("students": 4).
    """

    people: tuple[RosterPerson, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    ignored: Mapping[str, int]
    form: str
    delta: bool
    says: frozenset[str]
    bad: BadRows = field(default_factory=BadRows)


@dataclass(frozen=True, slots=True)
class Pair:
    """One row of a file of pairs; rows with the same `group` belong to one cycle of three or more.

    The references are text as it was typed: an external id, a user name, an e-mail address or a name. `cells` are
    those of the row, for an errors file: whether a pair can be published is only found out later.
    """

    mentee_ref: str
    mentor_ref: str
    group: str
    reciprocal: bool
    start: date | None
    file: str
    line: int
    cells: tuple[str, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every pair that could be read, and every reason why one could not."""

    pairs: tuple[Pair, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    bad: BadRows = field(default_factory=BadRows)

    def together(self) -> tuple[tuple[Pair, ...], ...]:
        """The rows of each future cycle: one row for a pair, all rows of a group; in order of the file."""
        cycles: dict[tuple[str, int], list[Pair]] = {}
        for pair in self.pairs:
            key = (pair.group, 0) if pair.group else ("", pair.line)
            cycles.setdefault(key, []).append(pair)
        return tuple(tuple(rows) for rows in cycles.values())
