"""School days, held against a reference that walks day by day."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorcycle.domain.calendar import Calendar
from mentorcycle.domain.errors import InvalidInput

ONE = timedelta(days=1)
Pauses = Sequence[tuple[date, date]]

days = st.dates(date(2026, 1, 1), date(2026, 6, 30))
some_days = st.frozensets(days, max_size=30)
weekends = st.frozensets(st.integers(0, 6), max_size=6)
calendars = st.builds(Calendar, weekends, some_days, some_days)
pauses = st.lists(st.tuples(days, days), max_size=5)
budgets = st.integers(0, 60)


def walked(calendar: Calendar, start: date, end: date, paused: Pauses = ()) -> int:
    """The school days after `start`, up to and including `end`, that no pause covers: one by one."""
    count, day = 0, start
    while day < end:
        day += ONE
        count += calendar.is_school_day(day) and not any(since <= day < until for since, until in paused)
    return count


def test_monday_to_friday_are_school_days_unless_said_otherwise() -> None:
    assert [Calendar().is_school_day(date(2026, 3, 2) + n * ONE) for n in range(7)] == [True] * 5 + [
        False
    ] * 2


def test_a_budget_that_starts_on_a_weekend_ends_with_the_one_of_the_friday_before() -> None:
    friday, saturday, sunday = (date(2026, 3, day) for day in (6, 7, 8))
    assert {Calendar().add(start, 2) for start in (friday, saturday, sunday)} == {date(2026, 3, 10)}


def test_zero_school_days_end_the_same_day_or_on_the_next_school_day() -> None:
    assert Calendar().add(date(2026, 3, 6), 0) == date(2026, 3, 6)
    assert Calendar().add(date(2026, 3, 7), 0) == date(2026, 3, 9)


def test_a_snow_day_moves_a_due_date_to_the_next_school_day() -> None:
    assert Calendar().due(date(2026, 3, 2), 2) == date(2026, 3, 4)
    assert Calendar().closed(date(2026, 3, 4)).due(date(2026, 3, 2), 2) == date(2026, 3, 5)


def test_a_saturday_made_up_counts() -> None:
    saturday = date(2026, 3, 7)
    assert Calendar().opened(saturday).due(date(2026, 3, 5), 2) == saturday


def test_the_clock_stands_on_the_day_of_pausing_and_runs_on_the_day_of_resuming() -> None:
    monday, wednesday, friday = (date(2026, 3, day) for day in (2, 4, 6))
    assert Calendar().elapsed(monday, friday, [(wednesday, friday)]) == 2  # Tuesday and Friday
    assert Calendar().elapsed(monday, friday, [(wednesday, wednesday)]) == 4


def test_nothing_falls_due_on_a_paused_day() -> None:
    monday, wednesday, friday = (date(2026, 3, day) for day in (2, 4, 6))
    assert Calendar().due(monday, 2, [(wednesday, friday)]) == friday
    assert Calendar().due(monday, 1, [(wednesday, friday)]) == date(2026, 3, 3)
    assert Calendar().due(wednesday, 0, [(monday, friday)]) == friday


def test_a_pause_over_a_weekend_takes_no_school_day() -> None:
    friday, saturday, monday = (date(2026, 3, day) for day in (6, 7, 9))
    assert Calendar().elapsed(friday, monday, [(saturday, monday)]) == 1
    assert Calendar().due(friday, 1, [(saturday, monday)]) == monday


def test_summer_holidays_are_no_school_days() -> None:
    summer = frozenset(date(2026, 7, 1) + n * ONE for n in range(62))
    assert Calendar(closures=summer).add(date(2026, 6, 30), 1) == date(2026, 9, 1)


@pytest.mark.parametrize("weekend", [frozenset(range(7)), frozenset({7}), frozenset({-1})])
def test_a_week_without_school_or_with_an_eighth_day_is_refused(weekend: frozenset[int]) -> None:
    with pytest.raises(InvalidInput, match="cannot be used"):
        Calendar(weekend)


def test_a_budget_below_zero_is_refused() -> None:
    with pytest.raises(InvalidInput, match="-1 school days"):
        Calendar().due(date(2026, 3, 2), -1)


@pytest.mark.parametrize("school_days", [3_000_000, 10**30])
def test_a_budget_beyond_the_last_year_is_refused(school_days: int) -> None:
    with pytest.raises(InvalidInput, match="after the year 9999"):
        Calendar().add(date(2026, 3, 2), school_days)


def test_the_first_and_the_last_day_of_time_can_be_asked_about() -> None:
    assert Calendar().add(date.min, 0) == date.min
    assert Calendar().add(date.max, 0) == date.max  # a Friday
    assert Calendar().days_between(date.min, date.max) == 521_722 * 5 + 4


def test_centuries_and_a_thousand_closures_cost_a_few_looks() -> None:
    """Counted in looks, not seconds: a walk would ask a million times."""
    asked = 0

    class Watched(Calendar):
        __slots__ = ()

        def _count(self, ordinal: int) -> int:
            nonlocal asked
            asked += 1
            return super()._count(ordinal)

    closures = frozenset(date(2000 + n % 1000, 3, 1 + n // 1000) for n in range(1000))
    calendar = Watched(closures=closures)
    due = calendar.due(date(2000, 1, 3), 260_000, [(date(2100, 1, 1), date(2200, 1, 1))])
    assert calendar.elapsed(date(2000, 1, 3), due, [(date(2100, 1, 1), date(2200, 1, 1))]) == 260_000
    assert asked < 80


@given(calendars, days)
def test_a_day_is_a_school_day_when_it_counts_as_one(calendar: Calendar, day: date) -> None:
    assert calendar.days_between(day - ONE, day) == calendar.is_school_day(day)


@given(calendars, days, days)
def test_days_between_are_those_a_walk_finds(calendar: Calendar, start: date, end: date) -> None:
    assert calendar.days_between(start, end) == walked(calendar, start, end)


@given(calendars, days, budgets)
def test_adding_lands_on_the_first_day_from_which_so_many_lie_between(
    calendar: Calendar, start: date, budget: int
) -> None:
    end = calendar.add(start, budget)
    assert calendar.is_school_day(end)
    if budget:
        assert calendar.days_between(start, end) == budget
    else:
        assert walked(calendar, start - ONE, end) == 1


@given(calendars, days, budgets, budgets)
def test_two_budgets_in_a_row_are_one(calendar: Calendar, start: date, first: int, second: int) -> None:
    if first:
        assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@given(calendars, days, days, pauses)
def test_elapsed_days_are_those_a_walk_finds(
    calendar: Calendar, start: date, end: date, paused: Pauses
) -> None:
    assert calendar.elapsed(start, end, paused) == walked(calendar, start, end, paused)


@given(calendars, st.tuples(days, days, days).map(sorted), pauses)
def test_elapsed_days_add_up(calendar: Calendar, three: list[date], paused: Pauses) -> None:
    first, second, third = three
    parts = calendar.elapsed(first, second, paused) + calendar.elapsed(second, third, paused)
    assert parts == calendar.elapsed(first, third, paused)


@given(calendars, days, budgets, pauses)
def test_a_due_date_is_the_first_school_day_on_which_the_budget_has_elapsed(
    calendar: Calendar, start: date, budget: int, paused: Pauses
) -> None:
    due = calendar.due(start, budget, paused)
    assert calendar.is_school_day(due)
    assert not any(since <= due < until for since, until in paused)
    assert walked(calendar, start if budget else start - ONE, due, paused) == max(budget, 1)


@given(calendars, days, budgets, pauses, st.tuples(days, days))
def test_a_pause_never_brings_a_due_date_forward(
    calendar: Calendar, start: date, budget: int, paused: list[tuple[date, date]], more: tuple[date, date]
) -> None:
    assert calendar.due(start, budget, [*paused, more]) >= calendar.due(start, budget, paused)


@given(calendars, days, budgets, days)
def test_a_closure_never_brings_a_due_date_forward_and_an_opening_never_puts_it_off(
    calendar: Calendar, start: date, budget: int, day: date
) -> None:
    due = calendar.due(start, budget)
    assert calendar.closed(day).due(start, budget) >= due
    assert calendar.opened(day).due(start, budget) <= due


@given(calendars, days)
def test_the_last_word_on_a_day_holds(calendar: Calendar, day: date) -> None:
    assert not calendar.opened(day).closed(day).is_school_day(day)
    assert calendar.closed(day).opened(day).is_school_day(day)
