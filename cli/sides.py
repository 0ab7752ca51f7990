"""A cycle as lists name it: its people, mentees before mentors, and its days as short as they can be read."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mentorcycle.domain.cycle import Cycle
    from mentorcycle.projections.cycles import CycleRow

    from .store import Place

HALF_A_YEAR = 183


def people_of(row: CycleRow | Cycle, names: Mapping[str, str]) -> str:
    """`A. Ünal / B. Karlsson`; of a group `A. Ünal, C. Diaz / B. Karlsson`."""
    return in_sides(row.people, row.mentees, names)


def in_sides(people: Iterable[str], mentees: Container[str], names: Mapping[str, str]) -> str:
    """The same of people who are no cycle's yet."""
    everybody = [(person in mentees, names.get(person, person)) for person in people]
    sides = [[name for mentee, name in everybody if mentee is side] for side in (True, False)]
    if not all(sides):  # everybody is both
        return " / ".join(name for _, name in everybody)
    return " / ".join(map(", ".join, sides))


def names_of(place: Place, rows: Iterable[CycleRow]) -> dict[str, str]:
    """What everybody in these cycles is called."""
    return place.queries.names({person for row in rows for person in row.people})


def short_day(day: date | None, today: date) -> str:
    """`Tue 10 Nov`, with its year when that is not plain from today; nothing for None."""
    if day is None:
        return ""
    near = abs((day - today).days) < HALF_A_YEAR
    return f"{day:%a} {day.day} {day:%b}" if near else f"{day:%a} {day.day} {day:%b} {day.year:04}"


def school_days(number: int) -> str:
    """`8 sd`; nothing for 0."""
    return f"{number} sd" if number else ""


def late_by(days: int) -> str:
    """`1 school day late`, `2 school days late`."""
    return f"{counted(days, 'school day')} late"


def counted(number: int, noun: str) -> str:
    """`1 cycle`, `2 cycles`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
