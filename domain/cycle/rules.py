"""What the rules of a cycle share: how a decider is registered, and the checks that many commands need.

The decisions themselves are in `course`, `partners` and `work`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ..commands import Command
from ..decision import Accepted, Context, Outcome, accepted, all_of
from ..definition import Activity
from ..events import Event
from ..ids import cycle_stream
from ..permission import capacities, work_not_permitted
from ..refusal import Refusal, Refused
from ..vocabulary import Status
from .state import Cycle

Decider = Callable[[Cycle, Any, Context], Outcome]
DECIDERS: dict[type[Command], Decider] = {}
D = TypeVar("D", bound=Decider)

ALREADY_SO = Accepted()


def decides(kind: type[Command]) -> Callable[[D], D]:
    """Register the decider of a command."""

    def register(decider: D) -> D:
        DECIDERS[kind] = decider
        return decider

    return register


def add(cycle: Cycle, *events: Event) -> Accepted:
    """Accepted with events of this cycle."""
    return accepted(cycle_stream(cycle.id), *events)


def has_words(command: Command) -> bool:
    """Whether the command carries any text that only the pair may read."""
    return any(getattr(command, name) for name in command.pair_fields)


def work_refusals(
    cycle: Cycle, command: Command, activity: Activity, context: Context, what: str
) -> Iterator[Refusal]:
    """Why this work cannot be recorded now by this actor, whatever its content."""
    yield from work_not_permitted(cycle, activity, context, words=has_words(command), what=what)
    yield from status_refusals(cycle, what)
    yield from time_refusals(cycle, context, what)
    if not context.definition.accepts(cycle.stage, activity):
        stages = ", ".join(context.definition.stages_accepting(activity)) or "no stage"
        yield Refusal(
            "wrong-stage",
            what,
            f"{cycle.id} is in {cycle.stage}, and {activity.value} is recorded in {stages}",
            "advance to that stage first; a late change of what was recorded is a correction",
            {"cycle": cycle.id, "stage": cycle.stage, "activity": activity.value, "stages": stages},
        )


def status_refusals(cycle: Cycle, what: str) -> Iterator[Refusal]:
    """A cycle that is paused, cancelled or completed takes no work and does not move."""
    fixes = {
        Status.PAUSED: "resume it first",
        Status.CANCELLED: "reopen it first",
        Status.COMPLETED: "reopen it, or open the next cycle",
    }
    if cycle.status is not Status.ACTIVE:
        yield Refusal(
            f"cycle-{cycle.status.value}",
            what,
            f"{cycle.id} is {cycle.status.value}",
            fixes[cycle.status],
            {"cycle": cycle.id, "status": cycle.status.value},
        )


def time_refusals(cycle: Cycle, context: Context, what: str) -> Iterator[Refusal]:
    """Nothing is recorded as having happened after today or before the cycle was opened."""
    today = context.programme.day(context.now)
    if context.today > today:
        yield Refusal(
            "in-the-future",
            what,
            f"{context.today} is after today, {today}",
            "say when it happened",
            {"cycle": cycle.id, "on": str(context.today), "today": str(today)},
        )
    elif cycle.exists and context.today < (opened := context.programme.day(cycle.opened_at)):
        yield Refusal(
            "before-opening",
            what,
            f"{context.today} is before the cycle was opened, {opened}",
            "say when it happened; what happened earlier belongs to an earlier cycle",
            {"cycle": cycle.id, "on": str(context.today), "opened": str(opened)},
        )


def course_not_permitted(
    cycle: Cycle, context: Context, what: str, *, pair: bool = False
) -> Iterator[Refusal]:
    """Coordinators steer a cycle's course; with `pair`, its participants may as well."""
    held = {c.value for c in capacities(cycle, context.actor)}
    allowed = {"coordinator", "system"} | ({"mentee", "mentor"} if pair else set())
    if not held & allowed:
        who = "a participant or a coordinator" if pair else "a coordinator"
        yield Refusal(
            "not-permitted",
            what,
            f"only {who} of this cycle may do this; {context.actor.id} acts as {context.actor.role.value}",
            f"let {who} do it",
            {"cycle": cycle.id, "actor": context.actor.id, "role": context.actor.role.value},
            permission=True,
        )


def unless(refusals: Iterable[Refusal], decide: Callable[[], Outcome]) -> Outcome:
    """The refusals, all of them, or else what is decided."""
    return all_of(refusals) or decide()


def refused_all(refusals: Iterable[Refusal]) -> Refused | None:
    """The refusals as an outcome, when there are any."""
    return all_of(refusals)
