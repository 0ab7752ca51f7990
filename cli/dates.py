"""Dates as people write them, read without guessing; today comes from outside.

`2026-11-27`, `today`, `yesterday`, `tomorrow`, `friday` (today or the nearest to come), `next friday` (after today),
`last friday` (before today), `-3d`, `+2w`, `3 days ago`, `+5 school days` or `5sd`, and instants
`2026-11-27T10:15+01:00`. Anything that can be read in two ways is refused with both readings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from mentorcycle.domain.errors import InvalidInput
from mentorcycle.domain.zones import local_date, zone_of

from .exits import WrongValue

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORDS = {"today": 0, "yesterday": -1, "tomorrow": 1}
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[t ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r" ?(z|[+-][0-9]{2}:[0-9]{2})?"
)
_WEEKDAY = re.compile(r"(?:(this|next|last) )?([a-z]{3,9})")
_STEPS = re.compile(r"([+-]?) ?([0-9]{1,7}) ?(d|days?|w|weeks?|sd|school days?)( ago)?")
_BACKWARDS = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})")
_UNPADDED = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})")
_EXAMPLES = "write 2026-11-27, yesterday, next friday, -3d or +5sd"


class Calendar(Protocol):
    """What counts school days."""

    def add(self, start: date, school_days: int, /) -> date:
        """The school day that many after `start`."""


@dataclass(frozen=True, slots=True)
class When:
    """A day, and the instant when a time was given."""

    date: date
    at: datetime | None = None

    @property
    def echo(self) -> str:
        """For stderr: what was understood."""
        time = f" {self.at:%H:%M} {self.at.tzname()}" if self.at else ""
        return f"resolved: {said(self.date)}{time}"


def said(day: date) -> str:
    """A date with its weekday: `Fri 27 Nov 2026`."""
    return f"{day:%a} {day.day} {day:%b} {day.year:04}"


def parse(text: str, today: date, calendar: Calendar | None = None, zone: str | None = None) -> When:
    """Read a day or an instant; raise `WrongValue`.

    A time without an offset is one of `zone`; without a zone it is refused.
    """
    plain = " ".join(text.casefold().split())
    try:
        if found := _INSTANT.fullmatch(plain):
            return _instant(text, found, zone)
        return When(_day(text, plain, today, calendar))
    except OverflowError:
        raise WrongValue(f"{text!r} is no date that can be counted", "years go from 1 to 9999") from None


def _day(text: str, plain: str, today: date, calendar: Calendar | None) -> date:
    if found := _ISO.fullmatch(plain):
        return _real(text, *map(int, found.groups()))
    if plain in _WORDS:
        return today + timedelta(days=_WORDS[plain])
    if found := _STEPS.fullmatch(plain):
        return _counted(text, found, today, calendar)
    if (found := _WEEKDAY.fullmatch(plain)) and (number := _weekday(found[2])) is not None:
        return _nearest(found[1], number, today)
    raise _refusal(text, plain)


def _weekday(word: str) -> int | None:
    return next((number for number, name in enumerate(_DAYS) if name.startswith(word)), None)


def _nearest(which: str | None, weekday: int, today: date) -> date:
    ahead = (weekday - today.weekday()) % 7
    if which == "last":
        return today - timedelta(days=7 - ahead)
    return today + timedelta(days=ahead or (7 if which == "next" else 0))


def _counted(text: str, found: re.Match[str], today: date, calendar: Calendar | None) -> date:
    sign, number, unit, ago = found.groups()
    if ago and sign:
        raise WrongValue(
            f"{text!r} goes two ways at once", "it has a sign and “ago”", "leave one of them out"
        )
    steps = -int(number) if sign == "-" or ago else int(number)
    if unit[0] != "s":
        return today + timedelta(days=steps * (7 if unit[0] == "w" else 1))
    if calendar is None:
        raise WrongValue(f"{text!r} needs a calendar", "no school calendar is known here", "write the date")
    if steps < 0:
        raise WrongValue(f"{text!r} cannot be counted", "school days are counted forward", "write the date")
    try:
        return calendar.add(today, steps)
    except InvalidInput as error:
        raise WrongValue(f"{text!r} cannot be counted", error.what, "write the date") from None


def _instant(text: str, found: re.Match[str], zone: str | None) -> When:
    day, time, offset = found.groups()
    _real(text, *map(int, day.split("-")))
    try:
        at = datetime.fromisoformat(f"{day}T{time}{(offset or '').upper()}")
    except ValueError:
        why = "hours end at 23, minutes and seconds at 59"
        raise WrongValue(f"{text!r} is no time of day", why, f"write {day}T10:15") from None
    if at.tzinfo is None:
        if zone is None:
            fix = f"write {day}T{time}Z or {day}T{time}+01:00"
            raise WrongValue(f"{text!r} is no instant", "it says no offset from UTC", fix)
        at = _placed(text, at, zone)
    return When(local_date(at, zone) if zone else at.date(), at)


def _placed(text: str, wall: datetime, zone: str) -> datetime:
    """The instant of a wall clock, which when clocks change may come twice or not at all."""
    first, second = (wall.replace(tzinfo=zone_of(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    twice = first.astimezone(UTC) < second.astimezone(UTC)
    why = f"the clocks of {zone} change then, and it comes {'twice' if twice else 'not at all'}"
    fix = f"write {first.isoformat()} or {second.isoformat()}" if twice else "write another time"
    raise WrongValue(f"{text!r} is no single instant", why, fix)


def _real(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:  # its message names the range and holds nothing but numbers
        raise WrongValue(f"{text!r} is no day of the calendar", str(error), _EXAMPLES) from None


def _refusal(text: str, plain: str) -> WrongValue:
    if found := _BACKWARDS.fullmatch(plain):
        one, separator, two, year = found.groups()
        if len(year) == 2:
            return WrongValue(f"{text!r} is not read", "the year needs four digits", _EXAMPLES)
        orders = [(two, one)] if separator == "." else [(two, one), (one, two)]
        readings = [day for month, day_ in orders if (day := _maybe(int(year), int(month), int(day_)))]
        return _not_iso(text, list(dict.fromkeys(readings)))
    if found := _UNPADDED.fullmatch(plain):
        day = _maybe(*(int(part) for part in found.groups() if part))
        return _not_iso(text, [day] if day else [])
    from difflib import get_close_matches

    meant = get_close_matches(plain.split(" ")[-1], [*_WORDS, *_DAYS], n=1)
    fix = f"did you mean {meant[0]}?" if meant else _EXAMPLES
    return WrongValue(f"{text!r} is no date", "nothing that can be read as a date looks like that", fix)


def _not_iso(text: str, readings: list[date]) -> WrongValue:
    match readings:
        case []:
            return WrongValue(
                f"{text!r} is no day of the calendar", "no order of its parts makes one", _EXAMPLES
            )
        case [only]:
            return WrongValue(f"{text!r} is not read", f"it seems to be {said(only)}", f"write {only}")
        case [first, second, *_]:
            why = f"it could be {said(first)} or {said(second)}"
            return WrongValue(f"{text!r} can be read in two ways", why, f"write {first} or {second}")
    raise AssertionError


def _maybe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
