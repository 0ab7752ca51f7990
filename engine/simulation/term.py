"""The simulated school year 2025/26: its programme, its days, and the morning on which it snows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from mentorcycle.domain.zones import zone_of

PROGRAMME = "North cohort"
ZONE = "Europe/Stockholm"

START = date(2025, 8, 13)
"""The coordinator begins; teachers come back on the same day, students on the 18th."""
END = date(2026, 6, 12)

SNOW = date(2026, 1, 21)
"""Closed in the early morning, and the day after as well; that one is opened again before school."""

_BREAKS = (
    (date(2025, 10, 27), date(2025, 10, 31)),  # autumn
    (date(2025, 12, 22), date(2026, 1, 9)),  # winter
    (date(2026, 2, 23), date(2026, 2, 27)),  # sports week
    (date(2026, 4, 3), date(2026, 4, 10)),  # Easter
    (date(2026, 5, 1), date(2026, 5, 1)),
    (date(2026, 5, 14), date(2026, 5, 15)),  # Ascension Day and the Friday after
)


def closures() -> tuple[date, ...]:
    """The weekdays without school that are known before the year begins."""
    return tuple(day for first, last in _BREAKS for day in _weekdays(first, last))


def school_days() -> tuple[date, ...]:
    """The days that are planned as school days, in order."""
    closed = set(closures())
    return tuple(day for day in _weekdays(START, END) if day not in closed)


def local(day: date, minute: int) -> datetime:
    """The instant at a minute of a day in the programme's zone."""
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone_of(ZONE))
    return wall.astimezone(UTC)


def _weekdays(first: date, last: date) -> Iterator[date]:
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        if day.weekday() < 5:
            yield day
