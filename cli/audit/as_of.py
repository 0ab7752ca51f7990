"""`audit as-of`: where every cycle stood at a moment, or one of them."""

from __future__ import annotations

import click

from .. import options
from ..session import Session, command


@command(name="as-of")
@click.argument("when")
@click.argument("ref", required=False)
@options.with_notes
def as_of(session: Session, when: str, ref: str | None, with_notes: bool) -> None:
    """Show where everything stood at a moment.

    Cycles are counted by stage; with REF, one cycle is shown. WHEN is a day (its end), an instant, or @N
    for the moment after event N.
    """
    from ..counts import write_counts
    from ..show import page
    from ..store import reading

    with reading(session) as place:
        if ref is not None:
            page(place, place.cycle(ref), when, with_notes=with_notes)
            return
        at = place.at(when)
        programme = place.programme.id if session.settings.program else None
        write_counts(place, at=at, programme=programme)
        position, head = place.queries.position(at), place.queries.head()
        session.talk(f"event {min(position or 0, head)} of {head}")
