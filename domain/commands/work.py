"""Commands of the work in a cycle. An id left empty is the next free one (`g1`, `o1`, …)."""

from __future__ import annotations

from datetime import date, datetime

from ..events import Peers
from ..vocabulary import (
    Assessment,
    Audience,
    CollectionMethod,
    ContactKind,
    Direction,
    EvidenceKind,
    Formality,
    MeasureSource,
    Mode,
    ObservationCancelReason,
    Size,
    StepOutcome,
    TeachingArea,
    Unit,
)
from ..words import pair
from .registry import Command, command


@command
class SetGoal(Command):
    """Set a goal, or set it anew; `measured` records that a measure exists without giving its words."""

    cycle: str
    area: TeachingArea
    goal: str = ""
    unit: Unit | None = None
    target: float | None = None
    direction: Direction | None = None
    due: date | None = None
    peers: Peers | None = None
    measured: bool = False
    statement: str | None = pair(default=None)
    measure: str | None = pair(default=None)


@command
class RecordBaseline(Command):
    cycle: str
    goal: str
    value: float
    on: date
    source: MeasureSource


@command
class AgreeGoals(Command):
    """The acting participant agrees one goal, or every goal not yet agreed."""

    cycle: str
    goal: str | None = None


@command
class RecordExpectations(Command):
    cycle: str
    meetings_per_month: int | None = None
    expectations: str | None = pair(default=None)


@command
class AgreeFocus(Command):
    """Before the lesson: agree what to look at and how evidence is collected."""

    cycle: str
    observed: str
    observer: str
    observation: str = ""
    focus: str | None = pair(default=None)
    method: CollectionMethod | None = pair(default=None)


@command
class ScheduleObservation(Command):
    cycle: str
    at: datetime
    observation: str = ""
    mode: Mode = Mode.IN_PERSON


@command
class RescheduleObservation(Command):
    cycle: str
    observation: str
    at: datetime


@command
class CancelObservation(Command):
    cycle: str
    observation: str
    reason: ObservationCancelReason


@command
class CompleteObservation(Command):
    """`kinds` marks each text of `evidence`; a judgement is refused: report what was seen.

    `numbers` are the four numbers of a lesson, by name.
    """

    cycle: str
    start: datetime
    minutes: int
    observation: str = ""
    mode: Mode = Mode.IN_PERSON
    observer: str | None = None
    observed: str | None = None
    kinds: tuple[EvidenceKind, ...] = ()
    context: str | None = pair(default=None)
    evidence: tuple[str, ...] = pair(default=())
    numbers: str | None = pair(default=None)


@command
class HoldDebrief(Command):
    """Record the talk about a completed observation; `held` defaults to when it happened."""

    cycle: str
    minutes: int
    observation: str = ""
    held: datetime | None = None
    mode: Mode = Mode.IN_PERSON
    first_speaker: str | None = None
    step_owner: str | None = None
    check_back: date | None = None
    strengths: tuple[str, ...] = pair(default=())
    growth_point: str | None = pair(default=None)
    action_step: str | None = pair(default=None)
    goal_candidates: tuple[str, ...] = pair(default=())


@command
class CheckActionStep(Command):
    cycle: str
    step: str
    outcome: StepOutcome


@command
class WriteReflection(Command):
    """The acting participant's own reflection."""

    cycle: str
    reflection: str = pair()
    confidence_before: int | None = None
    confidence_after: int | None = None
    fit: bool | None = None
    survey: tuple[int, ...] = ()
    comments: str | None = pair(default=None)


@command
class AssessGoal(Command):
    cycle: str
    goal: str
    assessment: Assessment
    value: float | None = None
    met: int | None = None
    assessed: int | None = None


@command
class GiveConsent(Command):
    """The acting participant says how widely celebrations may be shared."""

    cycle: str
    audience: Audience


@command
class Celebrate(Command):
    cycle: str
    size: Size = Size.SMALL
    audience: Audience = Audience.PAIR
    number: float | None = None
    share_practice: bool = False
    achievement: str | None = pair(default=None)
    practice: str | None = pair(default=None)


@command
class LogContact(Command):
    """Minutes together; `people` defaults to everyone in the cycle."""

    cycle: str
    minutes: int
    kind: ContactKind = ContactKind.CHECK_IN
    mode: Mode = Mode.IN_PERSON
    formality: Formality = Formality.INFORMAL
    people: tuple[str, ...] = ()
    notes: str | None = pair(default=None)
