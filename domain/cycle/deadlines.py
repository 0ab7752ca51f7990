"""When a stage is due and how late it is, in school days with pauses subtracted.

Lateness is a fact to record and to show; nothing is ever refused for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from ..definition import Definition
from ..programme import Programme
from ..vocabulary import Status

if TYPE_CHECKING:
    from .state import Cycle, Observation

Stretch = tuple[date, date]


class Span(Protocol):
    """A pause; `end` is None while it lasts."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime | None: ...


class Running(Protocol):
    """What a clock needs of a cycle: its state has it, and so has its row in a list."""

    @property
    def stage(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def since(self) -> datetime: ...
    @property
    def extended(self) -> date | None: ...
    @property
    def extended_at(self) -> datetime | None: ...
    @property
    def pauses(self) -> Sequence[Span]: ...


@dataclass(frozen=True, slots=True)
class StageClock:
    """Where a stage stands: school days used of its budget, its due date, and school days past it."""

    since: date
    elapsed: int
    budget: int
    due: date
    late_by: int


def pauses_until(cycle: Running, programme: Programme, day: date) -> tuple[Stretch, ...]:
    """Pauses as (paused on, resumed on); one that still lasts takes in `day`."""
    tomorrow = day + timedelta(days=1)
    return tuple(
        (programme.day(pause.start), programme.day(pause.end) if pause.end else tomorrow)
        for pause in cycle.pauses
    )


def stage_clock(cycle: Running, definition: Definition, programme: Programme, day: date) -> StageClock | None:
    """The clock of the present stage on a day; None when the cycle is over or its stage has no budget."""
    stage = definition.stage(cycle.stage)
    if stage is None or cycle.status in (Status.CANCELLED, Status.COMPLETED):
        return None
    calendar = programme.calendar
    since = programme.day(cycle.since)
    pauses = pauses_until(cycle, programme, day)
    due = calendar.due(since, stage.budget, pauses)
    if cycle.extended is not None:
        due = max(due, _extended(cycle, cycle.extended, programme, pauses))
    late = 0 if cycle.status is Status.PAUSED else calendar.elapsed(due, day, pauses)
    return StageClock(since, calendar.elapsed(since, day, pauses), stage.budget, due, late)


def _extended(cycle: Running, until: date, programme: Programme, pauses: tuple[Stretch, ...]) -> date:
    """The school day of an extension; a pause that came after it was granted moves it on."""
    calendar = programme.calendar
    day = calendar.add(until, 0)
    if cycle.extended_at is None or day <= (granted := programme.day(cycle.extended_at)):
        return day
    return calendar.due(granted, calendar.days_between(granted, day), pauses)


def is_stalled(cycle: Running, definition: Definition, programme: Programme, day: date) -> bool:
    """Open, not paused, and no stage-advancing event within the stage's allowance."""
    stage = definition.stage(cycle.stage)
    if stage is None or cycle.status is not Status.ACTIVE:
        return False
    pauses = pauses_until(cycle, programme, day)
    elapsed = programme.calendar.elapsed(programme.day(cycle.since), day, pauses)
    return elapsed > stage.stalled_after


def debrief_due(
    cycle: Cycle, observation: Observation, definition: Definition, programme: Programme, day: date
) -> date | None:
    """The school day by which a completed observation is to be debriefed, as seen on a day; None before that."""
    if observation.completion is None:
        return None
    seen = programme.day(observation.completion.start)
    return programme.calendar.due(seen, definition.debrief_within, pauses_until(cycle, programme, day))


def debrief_late_by(
    cycle: Cycle, observation: Observation, definition: Definition, programme: Programme, held: datetime
) -> int:
    """School days by which a debrief held then is past the allowance after its observation."""
    day = programme.day(held)
    due = debrief_due(cycle, observation, definition, programme, day)
    return programme.calendar.elapsed(due, day, pauses_until(cycle, programme, day)) if due else 0
