"""Draw a cycle's definition with the place where the cycle is now."""

from __future__ import annotations

import click

from ..session import Session, command


@command()
@click.argument("ref")
@click.option("--dot", is_flag=True, help="DOT for Graphviz, in place of Mermaid.")
def diagram(session: Session, ref: str, dot: bool) -> None:
    """Draw the cycle's definition, its stage marked.

    \b
    mentorcycle cycle diagram c-7f3k > cycle.mmd
    mentorcycle cycle diagram c-7f3k --dot | dot -Tsvg > cycle.svg
    """
    from mentorcycle.domain.definition import COMPLETED, to_dot, to_mermaid
    from mentorcycle.domain.vocabulary import Status

    from ..store import reading

    with reading(session) as place:
        row = place.queries.cycle(place.cycle(ref), place.actor)
        definition = place.queries.definition(row, place.queries.programme(row.programme))
        present = COMPLETED if row.status is Status.COMPLETED else row.stage
        session.talk(f"{place.label(row.cycle)} · {definition.ref} · {present}, {row.status.value}")
        session.out.text((to_dot if dot else to_mermaid)(definition, present))
