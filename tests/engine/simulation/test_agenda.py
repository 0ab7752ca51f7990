"""Stories go on when they said they would, on days with school, unless they are held or over."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random

from mentorcycle.engine.simulation import SimulatedClock
from mentorcycle.engine.simulation.agenda import Agenda, Later

DAYS = tuple(date(2025, 9, day) for day in (1, 2, 3, 4, 5, 8, 9, 10))


@dataclass
class Gate:
    held: bool = False
    over: bool = False


def agenda() -> Agenda:
    return Agenda(DAYS, SimulatedClock(datetime(2025, 9, 1, tzinfo=UTC)), Random(1))


def days_of(agenda: Agenda, seen: list[date], waits: list[Later]) -> Iterator[Later]:
    for wait in waits:
        seen.append(agenda.today)
        yield wait
    seen.append(agenda.today)


def test_a_story_goes_on_after_as_many_school_days_as_it_said() -> None:
    book, seen = agenda(), []
    book.add(days_of(book, seen, [Later(2), Later(3), Later(100)]), Later(0))
    book.live(None, lambda day: True)
    assert seen == [DAYS[0], DAYS[2], DAYS[5]]


def test_on_a_closed_day_only_what_comes_before_school_happens() -> None:
    book, early, late = agenda(), [], []
    book.add(days_of(book, early, []), Later(1, 5 * 60))
    book.add(days_of(book, late, []), Later(1))
    book.live(None, lambda day: day != DAYS[1])
    assert (early, late) == ([DAYS[1]], [DAYS[2]])


def test_what_is_held_waits_and_what_is_over_ends() -> None:
    book, seen, gate = agenda(), [], Gate(held=True)
    book.add(days_of(book, seen, [Later(1)]), Later(0), gate)

    def tell(day: date, done: int, total: int) -> None:
        gate.held = done < 3
        gate.over = done >= 4

    book.live(tell, lambda day: True)
    assert seen == [DAYS[3]]


def test_a_day_is_lived_by_the_minute() -> None:
    book, seen = agenda(), []

    def at(name: str) -> Iterator[Later]:
        seen.append(name)
        yield Later(100)

    book.add(at("noon"), Later(0, 720))
    book.add(at("nine"), Later(0, 540))
    book.add(at("nine too"), Later(0, 540))
    book.live(None, lambda day: True)
    assert seen == ["nine", "nine too", "noon"]


def test_days_ahead_are_counted_as_planned() -> None:
    book = agenda()
    assert book.day_in(5) == date(2025, 9, 8)
    assert book.day_in(50) == DAYS[-1]
    assert book.days_until(date(2025, 9, 8)) == 5
    assert book.days_left == 7
