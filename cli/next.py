"""`next`: every move out of a cycle's stage; what stands in its way, who can act, and the command to paste."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from mentorcycle.domain.cycle import Cycle, Move


@command()
@click.argument("ref")
@options.exit_code
def next_(session: Session, ref: str, exit_code: bool) -> object:
    """Show what can be done now, and if not, why not.

    With --exit-code it exits 8 when the way forward is blocked.
    """
    from .columns import Column
    from .exits import ExitCode
    from .labels import ids_in, shortened
    from .sides import people_of
    from .store import writing

    with writing(session, asks=True) as place:
        cycle = place.engine.cycle(place.cycle(ref), place.actor)
        moves = place.engine.can(cycle.id, place.actor)
        names = place.queries.names(cycle.people)
        rows = [
            {**row, "fix": session.completed(row["fix"])}
            for move in moves
            for row in _rows(names, cycle, move)
        ]
        labels = place.labels(dict.fromkeys(id for row in rows for id in ids_in(row["fix"])))

        def short(text: str) -> str:
            return shortened(text, labels)

        columns = [
            Column("target", "move", keep=True),
            Column("trigger", in_table=False),
            Column(
                "can",
                human=lambda can: "yes" if can else "no",
                colour=lambda can: "green" if can else "yellow",
            ),
            Column("code", in_table=False),
            Column("why", human=short),
            Column("who", "waiting on", human=lambda who: ", ".join(names.get(id, id) for id in who)),
            Column("fix", "do", keep=True, human=short),
        ]
        people = people_of(cycle, names)
        status = "" if cycle.status.value == "active" else f", {cycle.status.value}"
        session.out.rows(
            "next/1",
            columns,
            rows,
            title=f"{place.label(cycle.id)}  {people} · {cycle.stage}{status}",
            empty="nothing leads on from here",
            footer=_asked(cycle, names, place.label(cycle.id)),
            facts={"cycle": cycle.id, "stage": cycle.stage, "status": cycle.status.value},
        )
    blocked = bool(moves) and bool(moves[0].refusals)
    return ExitCode.ATTENTION if exit_code and blocked else None


def _asked(cycle: Cycle, names: Mapping[str, str], label: str) -> str:
    """Who asks for another partner, and how they get one."""
    who = " and ".join(names.get(person, person) for person in cycle.rematch_asked)
    fix = f"mentorcycle cycle rematch {label} --leaves … --joins …"
    return (
        f"{who} {'ask' if len(cycle.rematch_asked) > 1 else 'asks'} for another partner: {fix}" if who else ""
    )


def _rows(names: Mapping[str, str], cycle: Cycle, move: Move) -> Iterator[dict[str, Any]]:
    """One row for a move that can be made, else one for every reason against it."""
    from mentorcycle.domain.requirements import unmet

    from .paste import remedy

    target = move.edge.target
    head = {"target": target, "trigger": move.edge.trigger.value, "can": not move.refusals}
    if not move.refusals:
        fix = f"mentorcycle advance {cycle.id} {target}"
        yield {**head, "code": None, "why": "", "who": [], "fix": fix}
    missing = unmet(move.edge, cycle, lambda person: names.get(person, person))
    waiting = {(one.code, one.why): one.who for one in missing}
    for refusal in move.refusals:
        who = list(waiting.get((refusal.code, refusal.why), ()))
        yield {**head, "code": refusal.code, "why": refusal.why, "who": who, "fix": remedy(refusal)}
