"""Instants and local dates: the one place that knows time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import InvalidInput

NOON = time(12)


@cache
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name; raise `InvalidInput` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"{name!r} is no time zone", "names come from the IANA list", "for example: Europe/Stockholm"
        ) from None


@lru_cache(maxsize=8192)  # one decision asks for the same few dates many times
def local_date(moment: datetime, zone: str) -> date:
    """The date of an instant in a zone."""
    return moment.astimezone(UTC if zone == "UTC" else zone_of(zone)).date()


def noon(day: date, zone: str) -> datetime:
    """The instant that stands for a day when only the day is known."""
    return datetime.combine(day, NOON, zone_of(zone)).astimezone(UTC)


def end_of_day(day: date, zone: str) -> datetime:
    """The last microsecond of a day in a zone."""
    after = datetime.combine(day + timedelta(days=1), time(0), zone_of(zone))
    return after.astimezone(UTC) - timedelta(microseconds=1)
