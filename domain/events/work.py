"""Events of the work in a cycle: goals, observations, debriefs, reflections, celebrations, contacts.

Free text and anything about a lesson is for the pair; numbers, dates, yes and no are activity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ..vocabulary import (
    Assessment,
    Audience,
    ContactKind,
    Direction,
    Formality,
    MeasureSource,
    Mode,
    ObservationCancelReason,
    Size,
    StepOutcome,
    TeachingArea,
    Unit,
)
from ..words import Words, pair
from .registry import Event, event


@dataclass(frozen=True, slots=True)
class Peers:
    """The five questions a goal should pass."""

    powerful: bool
    easy: bool
    emotionally_compelling: bool
    reachable: bool
    student_focused: bool


@event("GoalSet")
class GoalSet(Event):
    """A goal was set, or set anew under the same id: then it must be agreed again.

    `measured` says that it has a success measure, whose words may be kept elsewhere.
    """

    goal: str
    area: TeachingArea
    measured: bool = False
    unit: Unit | None = None
    target: float | None = None
    direction: Direction | None = None
    due: date | None = None
    peers: Peers | None = None
    statement: Words | None = pair(default=None)
    measure: Words | None = pair(default=None)


@event("BaselineRecorded")
class BaselineRecorded(Event):
    """Where the goal's own measure stood on a day."""

    goal: str
    value: float
    on: date
    source: MeasureSource


@event("GoalAgreed")
class GoalAgreed(Event):
    goal: str
    person: str


@event("ExpectationsRecorded")
class ExpectationsRecorded(Event):
    """Expectations of each other, and how often the participants mean to meet."""

    meetings_per_month: int | None = None
    expectations: Words | None = pair(default=None)


@event("FocusAgreed")
class FocusAgreed(Event):
    """Before the lesson: what to look at, and how evidence will be collected."""

    observation: str
    observer: str
    observed: str
    focus: Words | None = pair(default=None)
    method: Words | None = pair(default=None)


@event("ObservationScheduled")
class ObservationScheduled(Event):
    observation: str
    at: datetime
    mode: Mode


@event("ObservationRescheduled")
class ObservationRescheduled(Event):
    observation: str
    at: datetime


@event("ObservationCancelled")
class ObservationCancelled(Event):
    observation: str
    reason: ObservationCancelReason


@event("ObservationCompleted")
class ObservationCompleted(Event):
    observation: str
    observer: str
    observed: str
    start: datetime
    minutes: int
    mode: Mode
    context: Words | None = pair(default=None)
    evidence: tuple[Words, ...] = pair(default=())
    numbers: Words | None = pair(default=None)


@event("DebriefHeld")
class DebriefHeld(Event):
    """A completed observation was talked over. `late_by` counts school days past the allowance."""

    observation: str
    held: datetime
    minutes: int
    mode: Mode
    first_speaker: str | None = None
    late_by: int = 0
    step: str | None = None
    step_owner: str | None = None
    check_back: date | None = None
    strengths: tuple[Words, ...] = pair(default=())
    growth_point: Words | None = pair(default=None)
    action_step: Words | None = pair(default=None)
    goal_candidates: tuple[Words, ...] = pair(default=())


@event("ActionStepChecked")
class ActionStepChecked(Event):
    step: str
    outcome: StepOutcome


@event("ReflectionWritten")
class ReflectionWritten(Event):
    """Confidence and survey answers are 1 to 10; `fit` is whether the pairing fits."""

    person: str
    confidence_before: int | None = None
    confidence_after: int | None = None
    fit: bool | None = None
    survey: tuple[int, ...] = ()
    reflection: Words = pair()
    comments: Words | None = pair(default=None)


@event("GoalAssessed")
class GoalAssessed(Event):
    """The outcome on the goal's own measure: a value, or `met` of `assessed`."""

    goal: str
    assessment: Assessment
    value: float | None = None
    met: int | None = None
    assessed: int | None = None


@event("ConsentGiven")
class ConsentGiven(Event):
    """The widest audience a participant agrees to; a later consent replaces the earlier."""

    person: str
    audience: Audience


@event("CelebrationHeld")
class CelebrationHeld(Event):
    celebration: str
    stage: str
    size: Size
    audience: Audience
    number: float | None = None
    share_practice: bool = False
    achievement: Words | None = pair(default=None)
    practice: Words | None = pair(default=None)


@event("ContactLogged")
class ContactLogged(Event):
    contact: str
    kind: ContactKind
    mode: Mode
    formality: Formality
    minutes: int
    people: tuple[str, ...]
    notes: Words | None = pair(default=None)
