"""School days: which days count, how many lie between two dates, and when a budget of them runs out.

For deadlines and durations. Not for clocks or time zones: whoever asks has already turned an instant
into a date of the programme. Days are *counted after* a date, up to and including another, so a
budget that starts on Saturday ends with the one that starts on the Friday before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from .errors import InvalidInput

Pause = tuple[date, date]
"""(paused on, resumed on): the clock stands on the first day and runs again on the second.

A pause that goes on is given as resumed tomorrow.
"""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A weekly pattern (ISO, Monday is 0) with exceptions; where closures and openings disagree, closed wins.

    Every answer costs a few bisections of the exceptions, however many years lie between.
    """

    weekend: frozenset[int] = frozenset({5, 6})
    closures: frozenset[date] = frozenset()
    openings: frozenset[date] = frozenset()
    _within: tuple[int, ...] = field(init=False, repr=False, compare=False)  # school days in a week's first n
    _closed: tuple[int, ...] = field(init=False, repr=False, compare=False)  # ordinals lost to the pattern
    _opened: tuple[int, ...] = field(init=False, repr=False, compare=False)  # ordinals added to it

    def __post_init__(self) -> None:
        if not self.weekend < frozenset(range(7)):
            raise InvalidInput(
                f"the weekend {sorted(self.weekend)} cannot be used",
                "it holds days from 0 (Monday) to 6 (Sunday) and leaves at least one school day a week",
                "name fewer days, for example 5 and 6",
            )
        lost = (day.toordinal() for day in self.closures if day.weekday() not in self.weekend)
        added = (day.toordinal() for day in self.openings - self.closures if day.weekday() in self.weekend)
        within = tuple(sum(day not in self.weekend for day in range(length)) for length in range(8))
        object.__setattr__(self, "_within", within)
        object.__setattr__(self, "_closed", tuple(sorted(lost)))
        object.__setattr__(self, "_opened", tuple(sorted(added)))

    def is_school_day(self, day: date) -> bool:
        """Whether school is held on `day`."""
        return day not in self.closures and (day.weekday() not in self.weekend or day in self.openings)

    def add(self, start: date, school_days: int) -> date:
        """The school day `school_days` after `start`; for 0, `start` itself or the next school day."""
        return date.fromordinal(self._after(*_anchor(start, school_days)))

    def days_between(self, start: date, end: date) -> int:
        """School days after `start`, up to and including `end`; 0 when `end` is not later."""
        return max(0, self._count(end.toordinal()) - self._count(start.toordinal()))

    def elapsed(self, start: date, end: date, pauses: Sequence[Pause] = ()) -> int:
        """`days_between` without the paused days; a day paused twice is taken off once."""
        first, last = start.toordinal(), end.toordinal()
        if last <= first:
            return 0
        stopped = sum(
            self._count(min(until, last)) - self._count(max(since, first))
            for since, until in _merged(pauses)
            if since < last and until > first
        )
        return self.days_between(start, end) - stopped

    def due(self, start: date, budget: int, pauses: Sequence[Pause] = ()) -> date:
        """The first unpaused school day on which `budget` school days have elapsed since `start`."""
        first, budget = _anchor(start, budget)
        day = self._after(first, budget)
        for since, until in _merged(pauses):
            if day <= since:
                break
            budget += max(0, self._count(until) - self._count(max(since, first)))
            day = self._after(first, budget)
        return date.fromordinal(day)

    def closed(self, day: date) -> Calendar:
        """The same calendar without school on `day`."""
        return replace(self, closures=self.closures | {day}, openings=self.openings - {day})

    def opened(self, day: date) -> Calendar:
        """The same calendar with school on `day`, weekend or not."""
        return replace(self, closures=self.closures - {day}, openings=self.openings | {day})

    def _count(self, ordinal: int) -> int:
        """School days from the first day of year 1 to this one: weeks, corrected by the exceptions."""
        weeks, days = divmod(ordinal, 7)  # ordinal 1 is a Monday
        exceptions = bisect_right(self._opened, ordinal) - bisect_right(self._closed, ordinal)
        return weeks * self._within[7] + self._within[days] + exceptions

    def _after(self, start: int, school_days: int) -> int:
        """The ordinal of the `school_days`-th (1 or more) school day after `start`."""
        closures = len(self._closed) - bisect_right(self._closed, start)
        weeks = -(-(school_days + closures) // self._within[7])
        last = min(start + 7 * weeks, date.max.toordinal())
        days = range(start + 1, last + 1)
        found = bisect_left(days, self._count(start) + school_days, key=self._count)
        if found == len(days):
            raise InvalidInput(f"{school_days} school days end after the year 9999", fix="use fewer days")
        return days[found]


def _anchor(start: date, school_days: int) -> tuple[int, int]:
    """The same question with at least one day to count: the day itself is one day after the day before."""
    if school_days < 0:
        raise InvalidInput(f"{school_days} school days cannot be counted", "a budget is 0 or more")
    return (start.toordinal(), school_days) if school_days else (start.toordinal() - 1, 1)


def _merged(pauses: Iterable[Pause]) -> list[tuple[int, int]]:
    """Pauses as disjoint stretches in order, each from after its first ordinal to its second."""
    merged: list[tuple[int, int]] = []
    for since, until in sorted((since.toordinal() - 1, until.toordinal() - 1) for since, until in pauses):
        if until <= since:
            continue
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
        else:
            merged.append((since, until))
    return merged
