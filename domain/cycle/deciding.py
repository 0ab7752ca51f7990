"""The one place with rules: a command on a cycle is taken, refused with every reason, or already so.

The same function answers doing it, asking whether it can be done, and a dry run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .. import commands as c
from ..commands import Command
from ..decision import Accepted, Context, Outcome
from ..definition import Edge
from ..errors import NotFound
from ..people.person import survivor
from ..refusal import Refusal, Refused
from ..vocabulary import Role
from . import correct, course, goals, lessons, partners, work
from .rules import DECIDERS, status_refusals
from .state import Cycle

__all__ = ["Move", "decide", "moves"]

_REGISTERED = (correct, course, goals, lessons, partners, work)


def decide(cycle: Cycle, command: Command, context: Context) -> Outcome:
    """What a command on this cycle comes to; raise `NotFound` for a cycle that was never opened."""
    if not cycle.exists and not isinstance(command, c.OpenCycle):
        raise NotFound("cycle", cycle.id or str(getattr(command, "cycle", "")))
    outcome = DECIDERS[type(command)](cycle, command, context)
    if context.actor.role is not Role.PARTICIPANT or (isinstance(outcome, Accepted) and not outcome.events):
        return outcome
    return _unless_left(cycle, outcome, context)


def _unless_left(cycle: Cycle, outcome: Outcome, context: Context) -> Outcome:
    """Who has left the programme reads what was, and adds nothing to it."""
    person = survivor(context.person(context.actor.id), context.person)
    if person.active:
        return outcome
    others = outcome.refusals if isinstance(outcome, Refused) else ()
    return Refused(
        (
            Refusal(
                "actor-left",
                others[0].what if others else f"nothing is recorded in {cycle.id}",
                f"{person.name} has left the programme",
                "a coordinator can record the return, or what happened before",
                {"cycle": cycle.id, "person": person.id},
                permission=True,
            ),
            *others,
        )
    )


@dataclass(frozen=True, slots=True)
class Move:
    """One edge out of the present stage, and why it cannot be taken now (empty: it can)."""

    edge: Edge
    refusals: tuple[Refusal, ...]


def moves(cycle: Cycle, context: Context) -> tuple[Move, ...]:
    """Every edge out of the present stage with what stands in its way, forward edges first."""

    def asked() -> Iterator[Move]:
        for edge in sorted(context.definition.edges_from(cycle.stage), key=lambda e: e.trigger.value):
            outcome = decide(cycle, c.Advance(cycle.id, edge.target), context)
            yield Move(edge, _against(cycle, edge, outcome))

    return tuple(asked())


def _against(cycle: Cycle, edge: Edge, outcome: Outcome) -> tuple[Refusal, ...]:
    """Why an edge cannot be taken; one that was taken already (the cycle is completed) is no move either."""
    if isinstance(outcome, Accepted):
        return (
            () if outcome.events else tuple(status_refusals(cycle, f"{cycle.id} is in {edge.target} already"))
        )
    return outcome.refusals
