"""`audit diff`: what changed between two moments, field by field."""

from __future__ import annotations

from typing import Any

import click

from ..session import Session, command


@command()
@click.argument("ref")
@click.option(
    "--from", "start", required=True, metavar="DATE", help="As known at the end of that day, or @N."
)
@click.option("--to", "end", metavar="DATE", help="The same for the later moment. [default: now]")
def diff(session: Session, ref: str, start: str, end: str | None) -> None:
    """Show what changed between two moments.

    Of a cycle, a person or `programme`, field by field and without words.
    """
    from mentorcycle.domain.errors import NotFound
    from mentorcycle.engine.difference import difference

    from ..columns import Column, text_of
    from ..labels import ids_in, shortened
    from ..sides import counted
    from ..store import reading
    from .subject import called, kind, subject

    with reading(session) as place:
        about = subject(place, ref)
        head = place.queries.head()
        first, last = (_position(place, text, head) for text in (start, end))
        _check(first, last)
        before, after = (place.queries.as_of(about, at, place.actor) for at in (first, last))
        if not (before.exists or after.exists):
            raise NotFound(kind(place, about), ref, f"it began after event {last}: name a later moment")
        changes = difference(before, after)
        events = [r for r in place.queries.history(about, place.actor, upto=last) if r.position > first]
        everything = " ".join(f"{one.field} {text_of(one.before)} {text_of(one.after)}" for one in changes)
        named = called(place, {about, *ids_in(everything)})

        def short(value: Any) -> str:
            return "–" if value is None else shortened(text_of(value), named)

        session.out.rows(
            "diff/1",
            [
                Column("field", keep=True, human=short),
                Column("before", human=short),
                Column("after", human=short),
            ],
            changes,
            title=f"{named.get(about, about)} · {_span(first, last)}",
            footer=f"{counted(len(changes), 'field')} changed by {counted(len(events), 'event')}",
            empty="nothing changed",
            as_of=last,
            facts={"ref": about, "from": first, "to": last, "events": len(events)},
        )


def _position(place: Any, text: str | None, head: int) -> int:
    at = place.at(text)
    return head if at is None else place.queries.position(at)


def _span(first: int, last: int) -> str:
    return f"events {first + 1} to {last}" if last > first else f"event {last}"


def _check(first: int, last: int) -> None:
    from ..exits import WrongValue

    if last < first:
        raise WrongValue(f"event {last} is before event {first}", "--to is earlier than --from", "swap them")
