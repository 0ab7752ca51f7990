"""The stages that a cycle went through: how long it stayed in each, and how late it left, in school days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from .. import events as e
from ..definition import Definition
from ..programme import Programme
from ..recorded import Recorded
from .deadlines import stage_clock
from .evolving import evolve
from .state import Cycle


@dataclass(frozen=True, slots=True)
class Visit:
    """A time in a stage; without `until` it goes on. `elapsed`, `budget` and `late_by` are school days."""

    stage: str
    since: date
    until: date | None
    elapsed: int
    budget: int
    due: date
    late_by: int


def visits(
    history: Iterable[Recorded[Any]], definition: Definition, programme: Programme, day: date
) -> tuple[Visit, ...]:
    """Every time in a stage, in order, as seen on a day; what was taken back was no visit."""
    left: list[Visit] = []
    cycle = Cycle()
    for recorded in history:
        before, cycle = cycle, evolve(cycle, recorded)
        match recorded.event:
            case e.CycleAdvanced() | e.CycleCancelled():
                until = programme.day(recorded.occurred_at)
                left += _visit(before, definition, programme, until, until)
            case e.AdvanceUndone() if left:
                left.pop()
    return (*left, *_visit(cycle, definition, programme, day, None))


def _visit(
    cycle: Cycle, definition: Definition, programme: Programme, day: date, until: date | None
) -> list[Visit]:
    clock = stage_clock(cycle, definition, programme, day)
    if clock is None:
        return []
    return [Visit(cycle.stage, clock.since, until, clock.elapsed, clock.budget, clock.due, clock.late_by)]
