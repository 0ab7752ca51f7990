"""`db copy`: a log moves into a store of another kind, or of the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .. import options
from ..exits import WrongValue
from ..session import Session
from ..settings import KEYS
from .owner import owner_command

if TYPE_CHECKING:
    from mentorcycle.engine.copying import Copied, Rehearsed


@owner_command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@options.dry_run
def copy(session: Session, source: str, target: str, dry_run: bool) -> None:
    """Copy the whole log into another store.

    FROM and TO are URLs, of a file or a PostgreSQL database each. All tenants are copied, with the words; then
    the copy is compared with its source row by row, and replayed. TO has to be empty, or not there: tables and
    file are made. For PostgreSQL it takes the role that owns the schema.

    Interrupted, the copy cannot be opened; the same command goes on where it stopped. What FROM has gained
    since is copied by the same command, too, as long as nobody wrote to TO. Exits 9 when either does not hold.

    \b
    mentorcycle db copy sqlite:///north.db postgresql://db.example.org/north
    """
    from mentorcycle.engine.copying import copy as made
    from mentorcycle.engine.copying import rehearse

    from ..columns import Column
    from ..progress import counting

    _check_flags(session)
    # Both lines are drawn where the other is not: nothing is verified before all is copied.
    with counting("events verified", quiet=session.quiet) as verified:
        if dry_run:
            _say_rehearsed(session, rehearse(source, target, verified=verified))
            return
        with counting("events copied", quiet=session.quiet) as copied:
            done = made(source, target, copied=copied, verified=verified)
    session.out.record(
        "copy/1",
        [Column(name) for name in done.__slots__],
        done,
        sentence=_sentence(done),
        footer=_next(done),
        as_of=done.events,
    )


def _say_rehearsed(session: Session, seen: Rehearsed) -> None:
    from ..columns import Column
    from ..sides import counted

    there = f"has {counted(seen.resumed_at, 'event')} of them" if seen.resumed_at else "is empty"
    onto = f"{seen.target} {'would be made' if seen.makes else there}"
    session.out.record(
        "copy-rehearsed/1",
        [Column(name) for name in seen.__slots__],
        seen,
        sentence=f"dry run: {seen.source} holds {counted(seen.events, 'event')}, all verified; {onto}",
        footer="nothing was written",
        as_of=seen.events,
        facts={"dry_run": True},
    )


def _check_flags(session: Session) -> None:
    for name in ("db", "tenant", "program"):
        if name in session.flags:
            raise WrongValue(
                f"db copy takes no {KEYS[name].flag}",
                "it copies the whole log of the first store that it is given into the second",
                "mentorcycle db copy FROM TO",
            )


def _sentence(done: Copied) -> str:
    from ..sides import counted

    events = counted(done.events, "event")
    if done.already:
        return f"already so: all {events} of {done.source} are in {done.target}, verified again"
    after = f" (those after {done.resumed_at} now)" if done.resumed_at else ""
    return f"{events} of {done.source} are in {done.target}{after}, all verified"


def _next(done: Copied) -> str:
    from ..sides import counted

    if done.gained:
        events = counted(done.gained, "event")
        return (
            f"{done.source} has gained {events} since: let nobody write to it any more, and copy again;"
            " that brings them, as long as nobody has written to the copy"
        )
    return "next: let nobody write to the source any more, and open the copy: --db, or MENTORCYCLE_DB"
