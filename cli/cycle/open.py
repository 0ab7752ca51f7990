"""Open cycles: for the mentees who are named, or for every pairing that has none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .. import options
from ..session import Session, command

if TYPE_CHECKING:
    from ..store import WritingPlace


@command()
@click.argument("mentees", nargs=-1, metavar="MENTEE…")
@click.option("--all-paired", is_flag=True, help="For every open pairing that has no cycle yet.")
@click.option(
    "--definition", default="", metavar="NAME[@V]", help="Under which. [default: the latest peer-cycle]"
)
@options.on
@options.dry_run
@options.yes
def open_(
    session: Session,
    mentees: tuple[str, ...],
    all_paired: bool,
    definition: str,
    on: str | None,
    dry_run: bool,
    yes: bool,
) -> object:
    """Open the cycle of a pairing, or of many.

    With several mentees, or --all-paired, everybody gets a result and all belong to one batch.
    """
    from mentorcycle.domain.commands import OpenCycle

    from ..store import writing
    from ..taken import people, take

    if bool(mentees) == all_paired:
        raise click.UsageError("Name the mentees, or say --all-paired.", click.get_current_context())
    with writing(session) as place:
        if len(mentees) == 1:
            mentee = place.person(mentees[0])
            taken = take(place, OpenCycle(mentee, definition, place.programme_id), on=on, dry_run=dry_run)
            name = people(place, [mentee])
            taken.say(f"{taken.label} is open for {name}", already=f"{taken.label} is there for {name}")
            if not dry_run:
                session.remember(taken.receipt.subject)
            return None
        return _many(place, mentees, definition, on, dry_run=dry_run, yes=yes)


def _many(
    place: WritingPlace,
    mentees: tuple[str, ...],
    definition: str,
    on: str | None,
    *,
    dry_run: bool,
    yes: bool,
) -> object:
    from mentorcycle.domain.commands import OpenCycle

    from ..columns import Column
    from ..confirm import confirm
    from ..many import Line, report, run

    named = [place.person(text) for text in mentees] if mentees else _paired_without_cycle(place)
    people = dict.fromkeys(named)
    names = place.queries.names(people)
    lines = [Line(id, names[id], OpenCycle(id, definition, place.programme_id)) for id in people]
    if not lines:
        place.session.talk("every open pairing has its cycle")
    at = place.when(on)
    if not dry_run:
        confirm(f"Open {len(lines)} cycles?", action="open", cycles=len(lines), yes=yes)
    done = run(place, lines, "opening", at=at, dry_run=dry_run)
    for line in lines:
        line.more["cycle"] = line.receipt.subject if line.receipt else None
    return report(place, done, [Column("cycle")], "opened", dry_run=dry_run)


def _paired_without_cycle(place: WritingPlace) -> list[str]:
    """A mentee of every open pairing that never had a cycle."""
    having = {row.pairing for row in place.queries.cycles(place.actor, limit=_ALL).rows}
    people = place.queries.people(place.actor, limit=_ALL)
    pairings = {row.pairing_as_mentee.id: row.id for row in people if row.pairing_as_mentee}
    return [mentee for pairing, mentee in pairings.items() if pairing not in having]


_ALL = 1_000_000
