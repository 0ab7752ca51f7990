"""`audit replay`: the state rebuilt from the log alone, beside the read model."""

from __future__ import annotations

from typing import Any

import click

from ..session import Session, command


@command()
@click.argument("ref")
def replay(session: Session, ref: str) -> object:
    """Rebuild a state from the log and compare.

    A cycle, a person or the programme is rebuilt from the log alone, and compared with the read model.
    Exits 9 when they differ.
    """
    from mentorcycle.engine.replay import replay as rebuilt

    from ..columns import Column
    from ..exits import ExitCode
    from ..sides import counted
    from ..store import reading
    from .subject import called, subject

    with reading(session) as place:
        found = rebuilt(place.queries, subject(place, ref), place.actor)
        named = called(place, {found.ref})
        title = f"{named.get(found.ref, found.ref)} · {counted(found.events, 'event')} up to {found.position}"
        differing = [one.field for one in found.fields if not one.equal]
        said = f"{len(differing)} of {counted(len(found.fields), 'field')} differ: {', '.join(differing)}"
        fix = "\nfix: mentorcycle db rebuild, then mentorcycle audit verify"
        equal = f"the read model says the same in all {counted(len(found.fields), 'field')}"
        nothing = "the programme has no read model: it is always read from the log"
        session.out.rows(
            "replay/1",
            [
                Column("field", keep=True),
                Column("log", "from the log alone", human=_short),
                Column("read_model", "read model", human=_short),
                Column("equal", "same", human=lambda e: "✓" if e else "✗", colour=_colour, keep=True),
            ],
            found.fields,
            title=title,
            footer=(said + fix if differing else equal) if found.fields else "",
            empty=nothing,
            as_of=found.position,
            facts={"ref": found.ref, "events": found.events, "equal": found.equal},
        )
    return ExitCode.VERIFICATION_FAILED if differing else None


def _short(value: Any) -> str:
    from ..columns import text_of

    return text_of(value)


def _colour(equal: bool) -> str:
    return "green" if equal else "red"
