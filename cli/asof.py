"""`--as-of`: the end of a day, an instant, or a position in the log. Not for `--on` (see `dates`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from mentorcycle.domain.zones import end_of_day, local_date

from .dates import Calendar, parse, said
from .exits import WrongValue

_POSITION = re.compile(r"(@?)([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class EndOfDay:
    """Everything recorded up to and including the last microsecond of `day` in `zone`, which is `at`."""

    day: date
    zone: str
    at: datetime

    @property
    def stamp(self) -> datetime:
        """The `as_of` of JSON output."""
        return self.at

    @property
    def echo(self) -> str:
        return f"as of {said(self.day)}, end of day, {self.zone}"


@dataclass(frozen=True, slots=True)
class Instant:
    """Everything recorded up to and including that microsecond."""

    at: datetime

    @property
    def stamp(self) -> datetime:
        return self.at

    @property
    def echo(self) -> str:
        return f"as of {said(self.at.date())} {self.at:%H:%M:%S} {self.at.tzname()}"


@dataclass(frozen=True, slots=True)
class Position:
    """Everything up to and including that event."""

    position: int

    @property
    def stamp(self) -> int:
        return self.position

    @property
    def echo(self) -> str:
        return f"as of event {self.position}"


AsOf: TypeAlias = EndOfDay | Instant | Position


def parse_as_of(text: str, today: date, zone: str, calendar: Calendar | None = None) -> AsOf:
    """Read `2026-10-31`, `yesterday`, an instant, `@1882` or `1882`; raise `WrongValue`."""
    if found := _POSITION.fullmatch(text.strip()):
        return Position(_position(found[1], found[2]))
    when = parse(text, today, calendar, zone)
    if when.at is not None:
        return Instant(when.at)
    try:
        return EndOfDay(when.date, zone, end_of_day(when.date, zone))
    except OverflowError:
        raise WrongValue(f"{text!r} has no end of day", "the calendar ends with it") from None


def not_ahead(as_of: AsOf, now: datetime, zone: str, head: int, last: datetime | None) -> AsOf:
    """The same; raise `WrongValue` for what is yet to come: nothing of it is recorded, and all seems well.

    The log ends with event `head`, recorded at `last`: where a clock was ahead of `now`, that still is the past.
    """
    end, today = max(now, last or now), local_date(now, zone)
    match as_of:
        case Position(position):
            ahead = position > head
        case Instant(at):
            ahead = at > end
        case EndOfDay(day):
            ahead = day > local_date(end, zone)
    if not ahead:
        return as_of
    recorded = f", recorded on {said(local_date(last, zone))}" if last else ""
    raise WrongValue(
        f"{as_of.echo.removeprefix('as of ')} is yet to come",
        f"only what is recorded can be looked at: the last event is {head}{recorded}, and today is {said(today)}",
        f"give {today}, or @{head}",
    )


def _position(at_sign: str, digits: str) -> int:
    if not at_sign and len(digits) == 8:
        dashed = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
        try:
            date.fromisoformat(dashed)
        except ValueError:
            return int(digits)
        why = f"it could be the date {dashed} or the position of an event"
        raise WrongValue(f"{digits!r} can be read in two ways", why, f"write {dashed} or @{digits}")
    return int(digits)
