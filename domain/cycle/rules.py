"""What the rules of a cycle share: how a decider is registered, and the checks that many commands need.

The decisions themselves are in `course`, `partners` and `work`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, TypeVar

from ..commands import Command
from ..decision import Accepted, Context, Outcome, accepted, all_of, future
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

_FIXES = {
    Status.PAUSED: "resume it first",
    Status.CANCELLED: "reopen it first",
    Status.COMPLETED: "reopen it, or open the next cycle",
}


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


def record(
    cycle: Cycle,
    command: Command,
    activity: Activity,
    context: Context,
    what: str,
    checks: Iterable[Refusal],
    events: Callable[[], Iterable[Event]],
    *,
    already: bool = False,
    anywhere: bool = False,
) -> Outcome:
    """Record work of an activity: refused for every reason at once, or nothing when it is `already` so, or events.

    Work that is taken `anywhere` does not ask for the stage, if the definition knows it at all.
    """
    permission = list(work_not_permitted(cycle, activity, context, words=has_words(command), what=what))
    if already and not permission:
        return ALREADY_SO
    refusals = [
        *permission,
        *status_refusals(cycle, what),
        *time_refusals(cycle, context, what),
        *stage_refusals(cycle, activity, context, what, anywhere=anywhere),
        *checks,
    ]
    return unless(refusals, lambda: add(cycle, *events()))


def stage_refusals(
    cycle: Cycle, activity: Activity, context: Context, what: str, *, anywhere: bool = False
) -> Iterator[Refusal]:
    """A stage takes the work that its definition lists."""
    taking = context.definition.stages_accepting(activity)
    if cycle.stage not in taking and not (anywhere and taking):
        stages = ", ".join(taking) or "no stage"
        yield Refusal(
            "wrong-stage",
            what,
            f"{cycle.id} is in {cycle.stage}, and {activity.value} is recorded in {stages}",
            "advance to that stage first; a late change of what was recorded is a correction",
            {"cycle": cycle.id, "stage": cycle.stage, "activity": activity.value, "stages": stages},
        )


def status_refusals(cycle: Cycle, what: str) -> Iterator[Refusal]:
    """A cycle that is paused, cancelled or completed takes no work and does not move."""
    if cycle.status is not Status.ACTIVE:
        yield Refusal(
            f"cycle-{cycle.status.value}",
            what,
            f"{cycle.id} is {cycle.status.value}",
            _FIXES[cycle.status],
            {"cycle": cycle.id, "status": cycle.status.value},
        )


def time_refusals(cycle: Cycle, context: Context, what: str) -> Iterator[Refusal]:
    """Nothing is recorded as having happened after today or before the cycle was opened."""
    early = list(future(context, what, cycle=cycle.id))
    yield from early or before_opening(cycle, context.today, context, what)


def before_opening(cycle: Cycle, day: date, context: Context, what: str) -> Iterator[Refusal]:
    """What happened before a cycle was opened is no part of it."""
    if cycle.exists and day < (opened := context.programme.day(cycle.opened_at)):
        yield Refusal(
            "before-opening",
            what,
            f"{day} is before the cycle was opened, {opened}",
            "say when it happened; what happened earlier belongs to an earlier cycle",
            {"cycle": cycle.id, "on": str(day), "opened": str(opened)},
        )


def order_refusals(cycle: Cycle, context: Context, what: str) -> Iterator[Refusal]:
    """A cycle's course goes forward: no step lies before the stage, or before the last pause began or ended."""
    yield from time_refusals(cycle, context, what)
    latest = max((p.end or p.start for p in cycle.pauses), default=cycle.since)
    day = context.programme.day(max(latest, cycle.since))
    if context.today < day and context.today >= context.programme.day(cycle.opened_at):
        yield Refusal(
            "before-the-stage",
            what,
            f"{context.today} is before {day}, when the stage or the last pause began or ended",
            "say when it happened",
            {"cycle": cycle.id, "on": str(context.today), "since": str(day)},
        )


def were_in(cycle: Cycle, day: date, context: Context) -> tuple[str, ...]:
    """Everyone who was in the cycle on a day (before its opening: who opened it); who left or joined then was."""
    on = context.programme.day
    day = max(day, on(cycle.opened_at))
    return tuple(
        dict.fromkeys(
            m.person for m in cycle.members if on(m.joined) <= day and (m.left is None or day <= on(m.left))
        )
    )


def not_in_cycle(cycle: Cycle, person: str, day: date, context: Context, what: str, fix: str) -> Refusal:
    """Only those who were in the cycle on that day took part."""
    was = any(member.person == person for member in cycle.members)
    when = f"was not in this cycle on {day}" if was else "is not in this cycle"
    why = f"{context.name(person)} {when}"
    return Refusal("not-in-cycle", what, why, fix, {"cycle": cycle.id, "person": person})


def course_not_permitted(
    cycle: Cycle, context: Context, what: str, *, pair: bool = False, system: bool = False
) -> Iterator[Refusal]:
    """Coordinators steer a cycle's course; with `pair` its participants may as well, with `system` the system."""
    held = {c.value for c in capacities(cycle, context.actor)}
    allowed = {"coordinator"} | ({"mentee", "mentor"} if pair else set()) | ({"system"} if system else set())
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
