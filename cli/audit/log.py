"""`audit log`: who did what and when, without what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .. import options
from ..session import Session, command

if TYPE_CHECKING:
    from datetime import datetime

    from ..store import Place


@command()
@click.argument("ref", required=False)
@click.option("--newest", is_flag=True, help="The newest first.")
@click.option("--by", metavar="PERSON", help="Only what this person did; `local` is the local coordinator.")
@click.option("--event", "events", multiple=True, metavar="NAME", help="Only events of this name.")
@click.option("--since", metavar="DATE", help="Recorded on that day or later.")
@click.option("--until", metavar="DATE", help="Recorded up to the end of that day.")
@click.option("--batch", metavar="REF", help="Only what this batch did.")
@options.limit
@click.option(
    "--after",
    type=click.IntRange(0, options.LAST_POSITION),
    metavar="N",
    help="The last position of the page before.",
)
def log(
    session: Session,
    ref: str | None,
    newest: bool,
    by: str | None,
    events: tuple[str, ...],
    since: str | None,
    until: str | None,
    batch: str | None,
    limit: int,
    after: int | None,
) -> None:
    """List events: who did what and when.

    REF is a cycle, a person or `programme`; without it, everything is listed. POSITION counts the whole
    log, for --after and for @N; IN CYCLE counts the events of one cycle, for `cycle correct`. Times are
    those of recording; OCCURRED is when it happened. No event shows what was said.
    """
    from ..columns import Column
    from ..store import reading
    from .subject import called, subject

    with reading(session) as place:
        about = subject(place, ref) if ref else None
        rows = place.queries.trail(
            place.actor,
            ref=about,
            by=_actor(place, by),
            names=[_event(name) for name in events],
            batch=place.batch(batch) if batch else None,
            since=_start(place, since),
            until=_end(place, until),
            after=0 if newest or after is None else after,
            before=after if newest else None,
            newest_first=newest,
            limit=limit + 1,
        )
        shown, more = rows[:limit], len(rows) > limit
        named = called(
            place, {row.actor for row in shown} | {_subject(row) for row in shown} | _batches(shown)
        )

        def name(id: str | None) -> str:
            return named.get(id, id) if id else ""

        def moment(at: datetime) -> str:
            return f"{place.programme.day(at)} {_local(place, at):%H:%M}"

        session.out.rows(
            "log/1",
            [
                Column("position", right=True, keep=True),
                Column("version", "in cycle", right=True, keep=True, in_table=_is_cycle(about)),
                Column("recorded_at", "recorded", keep=True, human=moment),
                Column("occurred_at", "occurred", keep=True, human=lambda at: str(place.programme.day(at))),
                Column("name", "what", keep=True),
                Column("subject", "ref", of=_subject, keep=True, human=name),
                Column("actor", "by", human=name),
                Column("role", in_table=False),
                Column("known", in_table=False),
                Column("batch", human=name, keep=True),
                Column("command", in_table=False),
            ],
            shown,
            footer=f"more: --after {shown[-1].position}" if more else "",
            empty="no such events",
            facts={"more": more, "head": place.queries.head()},
        )


def _subject(row: Any) -> str:
    from mentorcycle.domain.ids import subject_of

    return subject_of(row.stream)


def _is_cycle(about: str | None) -> bool:
    return about is not None and about.startswith("c-")


def _batches(rows: list[Any]) -> set[str]:
    return {row.batch for row in rows if row.batch}


def _actor(place: Place, text: str | None) -> str | None:
    """The id of an actor: a person, or the stable name of a coordinator, auditor or the system."""
    from mentorcycle.domain.errors import NotFound

    if text is None:
        return None
    try:
        return place.person(text)
    except NotFound:
        if place.queries.trail(place.actor, by=text, limit=1):
            return text
        raise


def _event(name: str) -> str:
    """The stored name, whatever its case."""
    from difflib import get_close_matches

    from mentorcycle.domain.events import EVENTS

    from ..exits import WrongValue

    folded = {known.casefold(): known for known in EVENTS}
    found = folded.get(name.casefold())
    if found is None:
        meant = [folded[close] for close in get_close_matches(name.casefold(), folded, n=3)]
        fix = f"did you mean {' or '.join(meant)}?" if meant else f"for example {next(iter(EVENTS))}"
        raise WrongValue(f"no event is called {name!r}", "names are those of the log", fix)
    return found


def _start(place: Place, text: str | None) -> datetime | None:
    """The first instant of the day that was typed, or the instant."""
    from datetime import timedelta

    from mentorcycle.domain.zones import end_of_day

    if text is None:
        return None
    zone = place.programme.zone
    when = place.session.when(text, zone, place.programme.calendar)
    return when.at or end_of_day(when.date - timedelta(days=1), zone) + timedelta(microseconds=1)


def _end(place: Place, text: str | None) -> datetime | None:
    """The first instant after the day that was typed, or after the instant."""
    from datetime import timedelta

    from mentorcycle.domain.zones import end_of_day

    if text is None:
        return None
    zone = place.programme.zone
    when = place.session.when(text, zone, place.programme.calendar)
    return (when.at or end_of_day(when.date, zone)) + timedelta(microseconds=1)


def _local(place: Place, at: datetime) -> datetime:
    from mentorcycle.domain.zones import zone_of

    return at.astimezone(zone_of(place.programme.zone))
