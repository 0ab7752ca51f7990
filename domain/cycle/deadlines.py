"""When a stage is due and how late it is, in school days with pauses subtracted.

Lateness is a fact to record and to show; nothing is ever refused for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ..definition import Definition
from ..programme import Programme
from ..vocabulary import Status
from .state import Cycle, Observation

Stretch = tuple[date, date]


@dataclass(frozen=True, slots=True)
class StageClock:
    """Where a stage stands: school days used of its budget, its due date, and school days past it."""

    since: date
    elapsed: int
    budget: int
    due: date
    late_by: int


def pauses_until(cycle: Cycle, programme: Programme, day: date) -> tuple[Stretch, ...]:
    """Pauses as (paused on, resumed on); one that still lasts takes in `day`."""
    return tuple(
        (programme.day(pause.start), programme.day(pause.end) if pause.end else day + timedelta(days=1)) for pause in cycle.pauses
    )


def stage_clock(cycle: Cycle, definition: Definition, programme: Programme, day: date) -> StageClock | None:
    """The clock of the present stage on a day; None when the cycle is over or its stage has no budget."""
    stage = definition.stage(cycle.stage)
    if stage is None or cycle.status in (Status.CANCELLED, Status.COMPLETED):
        return None
    calendar = programme.calendar
    since = programme.day(cycle.since)
    pauses = pauses_until(cycle, programme, day)
    due = calendar.due(since, stage.budget, pauses)
    if cycle.extended is not None and cycle.extended > due:
        due = cycle.extended
    late = 0 if cycle.status is Status.PAUSED else calendar.elapsed(due, day, pauses)
    return StageClock(since, calendar.elapsed(since, day, pauses), stage.budget, due, late)


def is_stalled(cycle: Cycle, definition: Definition, programme: Programme, day: date) -> bool:
    """Open, not paused, and no stage-advancing event within the stage's allowance."""
    stage = definition.stage(cycle.stage)
    if stage is None or cycle.status is not Status.ACTIVE:
        return False
    pauses = pauses_until(cycle, programme, day)
    elapsed = programme.calendar.elapsed(programme.day(cycle.since), day, pauses)
    return elapsed > stage.stalled_after


def debrief_late_by(
    cycle: Cycle, observation: Observation, definition: Definition, programme: Programme, held: datetime
) -> int:
    """School days by which a debrief held then is past the allowance after its observation."""
    if observation.completion is None:
        return 0
    seen = programme.day(observation.completion.start)
    day = programme.day(held)
    elapsed = programme.calendar.elapsed(seen, day, pauses_until(cycle, programme, day))
    return max(0, elapsed - definition.debrief_within)
