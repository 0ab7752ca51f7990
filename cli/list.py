"""`list`: cycles and where they stand, or how many stand where; now and as of any moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from mentorcycle.domain.vocabulary import Status

from . import options
from .choices import choice, folded, meant
from .counts import STATUSES, nothing, write_counts
from .session import Session, command
from .sides import counted

if TYPE_CHECKING:
    from datetime import date

    from mentorcycle.engine.queries import Listing
    from mentorcycle.projections.cycles import CycleRow

    from .store import Place

At = Any
_COLOURS = {"paused": "yellow", "cancelled": "dim", "completed": "dim"}


@command(name="list")
@choice("--status", "statuses", of=Status, multiple=True, help="Only these")
@click.option("--stage", "stages", multiple=True, metavar="STAGE", help="Only in this stage.")
@click.option("--person", "people", multiple=True, metavar="PERSON", help="Only with this person.")
@click.option("--mine", is_flag=True, help="Only those of whoever acts.")
@options.as_of
@options.limit
@click.option("--after", metavar="REF", help="The last cycle of the page before.")
@click.option("--counts", is_flag=True, help="Count by stage, and list none.")
def list_(
    session: Session,
    statuses: tuple[Status, ...],
    stages: tuple[str, ...],
    people: tuple[str, ...],
    mine: bool,
    as_of: str | None,
    limit: int,
    after: str | None,
    counts: bool,
) -> None:
    """List cycles and where they stand.

    They come in the order in which they were opened. LATE counts school days past the due date of the
    stage. Ids in plain, CSV and JSON output are whole, so `mentorcycle list --stage observe | mentorcycle
    advance -` works.
    """
    from .store import reading

    with reading(session) as place:
        at = place.at(as_of)
        wanted: dict[str, Any] = {
            "programme": place.programme.id if session.settings.program else None,
            "people": [*map(place.person, people), *([_self(place)] if mine else ())],
            "at": at,
        }
        filters: dict[str, Any] = {
            "statuses": statuses,
            "stages": tuple(_stage(place, stage) for stage in stages),
        }
        if counts:
            write_counts(place, **wanted, **filters)
            return
        last = place.cycle(after, remember=False) if after else None
        listing = place.queries.cycles(place.actor, **wanted, **filters, after=last, limit=limit)
        total = place.queries.total(place.actor, **wanted, **filters)
        filtered = any([statuses, stages, people, mine, session.settings.program])
        _write(place, at, listing, total, filtered=filtered)


def _self(place: Place) -> str:
    from mentorcycle.domain.vocabulary import Role

    if place.actor.role is not Role.PARTICIPANT:
        raise click.UsageError("--mine asks who you are: add --as PERSON.", click.get_current_context())
    return place.actor.id


def _stage(place: Place, typed: str) -> str:
    """The stage of that name in a definition of the programme."""
    from difflib import get_close_matches

    from .exits import WrongValue

    known = dict.fromkeys(s.name for d in place.queries.published(place.programme) for s in d.stages)
    if stage := meant(typed, known):
        return stage
    if not known:
        return typed
    if folded(typed) in STATUSES:
        raise WrongValue(f"{typed} is a status, not a stage", "", f"write --status {typed}")
    close = get_close_matches(folded(typed), known, n=1)
    why = f"stages are {', '.join(known)}"
    raise WrongValue(
        f"there is no stage {typed!r}", why, f"did you mean {close[0]}?" if close else "name one of them"
    )


def _write(place: Place, at: At, listing: Listing, total: int, *, filtered: bool) -> None:
    from .columns import Column
    from .sides import names_of, people_of, school_days, short_day

    session, shown = place.session, place.labels
    day = place.day_of(at)
    names = names_of(place, listing.rows)
    labels = shown(row.cycle for row in listing.rows) if session.out.format == "table" else {}
    columns = [
        Column("id", "cycle", keep=True, human=lambda id: labels[id]),
        Column("name", "mentee / mentor", of=lambda row: people_of(row["row"], names)),
        Column("stage", keep=True),
        Column("status", keep=True, colour=_COLOURS.get),
        Column("since", human=lambda since: short_day(since, day), keep=True),
        Column("due", human=lambda due: short_day(due, day), keep=True),
        Column("late_by", "late", True, True, human=school_days, colour=lambda n: "yellow" if n else None),
        Column("mentees", in_table=False, of=lambda row: row["row"].mentees),
        Column("mentors", in_table=False, of=lambda row: row["row"].mentors),
        Column("programme", in_table=False, of=lambda row: row["row"].programme),
        Column("elapsed", in_table=False),
        Column("budget", in_table=False),
    ]
    last = listing.rows[-1].cycle if listing.more else None
    page = f" · next page: --after {place.label(last)}" if last else ""
    session.out.rows(
        "list/1",
        columns,
        _rows(place, at, listing.rows, day),
        footer=f"{len(listing.rows)} of {counted(total, 'cycle')}{page}" if listing.rows else "",
        empty=nothing(at, total, filtered=filtered),
        as_of=session.now() if at is None else at,
        facts={"position": listing.position, "total": total, "more": listing.more, "after": last},
    )


def _rows(place: Place, at: At, rows: tuple[CycleRow, ...], day: date) -> Iterator[dict[str, Any]]:
    """Fields with the clock of each cycle under its own programme; nothing is due while paused."""
    programmes = {id: place.queries.programme(id, at=at) for id in {row.programme for row in rows}}
    for row in rows:
        programme = programmes[row.programme]
        clock = place.queries.clock(row, programme, day)
        running = clock is not None and row.status is Status.ACTIVE
        yield {
            "row": row,
            "id": row.cycle,
            "stage": row.stage,
            "status": row.status.value,
            "since": programme.day(row.since),
            "due": clock.due if clock and running else None,
            "late_by": clock.late_by if clock else None,
            "elapsed": clock.elapsed if clock else None,
            "budget": clock.budget if clock else None,
        }
