"""The school calendar: which days count, days that are closed or opened, and how many lie between two dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from mentorcycle.domain.commands import Command

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@command()
def show(session: Session) -> None:
    """Show the weekend and the days that differ."""
    from .columns import Column
    from .dates import said
    from .store import reading

    with reading(session) as place:
        programme = place.programme
        calendar = programme.calendar
        closed = [(day, "closed") for day in calendar.closures if day.weekday() not in calendar.weekend]
        opened = [
            (day, "open")
            for day in calendar.openings
            if day.weekday() in calendar.weekend and calendar.is_school_day(day)
        ]
        weekend = " and ".join(_WEEKDAYS[day] for day in sorted(calendar.weekend)) or "no day"
        session.out.rows(
            "calendar/1",
            [Column("date", human=said), Column("school")],
            sorted(closed + opened),
            title=f"{programme.name or programme.id} · {programme.zone} · weekend: {weekend}",
            empty="no day differs from the week",
            facts={
                "programme": programme.id,
                "zone": programme.zone,
                "weekend": sorted(calendar.weekend),
                "version": programme.version,
            },
        )


@command()
@click.argument("dates", nargs=-1, required=True)
@options.dry_run
def close(session: Session, dates: tuple[str, ...], dry_run: bool) -> None:
    """Say that there is no school on some days.

    Due dates follow.
    """
    _change(session, dates, dry_run=dry_run, closing=True)


@command(name="open")
@click.argument("dates", nargs=-1, required=True)
@options.dry_run
def open_(session: Session, dates: tuple[str, ...], dry_run: bool) -> None:
    """Say that there is school on some days.

    Weekends too. Due dates follow.
    """
    _change(session, dates, dry_run=dry_run, closing=False)


def _change(session: Session, dates: tuple[str, ...], *, dry_run: bool, closing: bool) -> None:
    from mentorcycle.domain.commands import CloseSchool, OpenSchool

    from .dates import said
    from .sides import counted
    from .store import writing
    from .taken import take

    with writing(session) as place:
        days = tuple(sorted({place.day(text) for text in dates}))
        kind = CloseSchool if closing else OpenSchool
        asked: Command = kind(days, programme=place.programme.id)
        taken = take(place, asked, dry_run=dry_run)
        which = said(days[0]) if len(days) == 1 else counted(len(days), "day")
        state = "closed" if closing else "open"
        taken.say(f"school is {state} on {which}; due dates follow", already=f"school is {state} on {which}")


@command()
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="TO")
def days(session: Session, start: str, end: str) -> None:
    """Count school days between two dates.

    Those after the first, up to and including the second.
    """
    from .columns import Column
    from .dates import said
    from .exits import WrongValue
    from .sides import counted
    from .store import reading

    with reading(session) as place:
        first, last = place.day(start), place.day(end)
        if last < first:
            raise WrongValue(f"{said(last)} is before {said(first)}", "days are counted forward", "swap them")
        calendar = place.programme.calendar
        number = calendar.days_between(first, last)
        closed = "" if calendar.is_school_day(last) else ", which is none"
        session.out.record(
            "days/1",
            [Column("start"), Column("end"), Column("school_days")],
            {"start": first, "end": last, "school_days": number},
            sentence=f"{counted(number, 'school day')} after {said(first)}, up to {said(last)}{closed}",
        )
