"""What a cycle is at one moment: the fold of its events. It holds no words and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from ..definition import DefinitionRef
from ..events import Carried, Participant
from ..vocabulary import (
    Assessment,
    Audience,
    CancelReason,
    ContactKind,
    Direction,
    Formality,
    MeasureSource,
    Mode,
    PairingKind,
    PauseReason,
    Size,
    Status,
    StepOutcome,
    TeachingArea,
    Unit,
)

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Baseline:
    version: int
    value: float
    on: date
    source: MeasureSource


@dataclass(frozen=True, slots=True)
class Assessed:
    version: int
    assessment: Assessment
    value: float | None
    met: int | None
    assessed: int | None


@dataclass(frozen=True, slots=True)
class Goal:
    """`measured`: it has a success measure; `version` is that of the event that set it.

    `anew`: everybody had agreed it when somebody's place was taken by another, so it is to be agreed again.
    `statement` and `measure` are the versions at which these words were last said, 0 when they never were: a goal
    that is set anew without them keeps them.
    """

    id: str
    version: int
    area: TeachingArea
    measured: bool
    unit: Unit | None
    target: float | None
    direction: Direction | None
    due: date | None
    agreed: tuple[str, ...] = ()
    baseline: Baseline | None = None
    outcome: Assessed | None = None
    anew: bool = False
    statement: int = 0
    measure: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    version: int
    start: datetime
    minutes: int
    mode: Mode
    focus_first: bool


@dataclass(frozen=True, slots=True)
class Debrief:
    version: int
    held: datetime
    minutes: int
    mode: Mode
    late_by: int


@dataclass(frozen=True, slots=True)
class Observation:
    """`focus` is the version at which focus and method were agreed, 0 when they were not; `focus_at` is when."""

    id: str
    observer: str
    observed: str
    focus: int = 0
    scheduled: datetime | None = None
    mode: Mode | None = None
    cancelled: bool = False
    completion: Completion | None = None
    debrief: Debrief | None = None
    focus_at: datetime | None = None


def agreed_first(focus_at: datetime | None, start: datetime) -> bool:
    """Whether a focus was agreed before the lesson. Noon may stand for its day, so half a day is allowed."""
    return focus_at is not None and focus_at - start < HALF_A_DAY


@dataclass(frozen=True, slots=True)
class Step:
    id: str
    owner: str
    check_back: date | None
    version: int
    outcome: StepOutcome | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    id: str
    version: int
    occurred_at: datetime
    kind: ContactKind
    mode: Mode
    formality: Formality
    minutes: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Celebration:
    id: str
    version: int
    stage: str
    size: Size
    audience: Audience
    number: float | None


@dataclass(frozen=True, slots=True)
class Pause:
    """`end` is None while the pause lasts."""

    start: datetime
    end: datetime | None = None
    reason: PauseReason | None = None


@dataclass(frozen=True, slots=True)
class Advanced:
    """An advance that can be taken back: where it came from, and that stage's clock."""

    version: int
    source: str
    target: str
    since: datetime
    extended: date | None
    batch: str | None
    extended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's time in the cycle, by stream versions and by instants; without an end for those in it now."""

    person: str
    mentee: bool
    mentor: bool
    since: int
    until: int | None = None
    joined: datetime = NEVER
    left: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle that was never opened is the default value. Times are aware UTC.

    `extended` is the due date that was set by hand in this stage, `extended_at` when.
    """

    id: str = ""
    version: int = 0
    programme: str = ""
    definition: DefinitionRef = DefinitionRef("", 0, "")  # noqa: RUF009 - frozen
    kind: PairingKind = PairingKind.PAIR
    pairing: str = ""
    members: tuple[Membership, ...] = ()
    stage: str = ""
    status: Status = Status.ACTIVE
    opened_at: datetime = NEVER
    since: datetime = NEVER
    extended: date | None = None
    pauses: tuple[Pause, ...] = ()
    advances: tuple[Advanced, ...] = ()
    goals: tuple[Goal, ...] = ()
    observations: tuple[Observation, ...] = ()
    steps: tuple[Step, ...] = ()
    expectations: bool = False
    reflections: tuple[str, ...] = ()
    consents: Mapping[str, Audience] = field(default_factory=dict)
    celebrations: tuple[Celebration, ...] = ()
    contacts: tuple[Contact, ...] = ()
    waived: frozenset[tuple[str, str]] = frozenset()
    rematch_asked: tuple[str, ...] = ()
    follows: str | None = None
    next_cycle: str | None = None
    carried: tuple[Carried, ...] = ()
    extended_at: datetime | None = None
    cancelled: CancelReason | None = None

    @property
    def exists(self) -> bool:
        return self.version > 0

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Those in the cycle now."""
        return tuple(Participant(m.person, m.mentee, m.mentor) for m in self.members if m.until is None)

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(m.person for m in self.members if m.until is None)

    @property
    def mentees(self) -> tuple[str, ...]:
        return tuple(m.person for m in self.members if m.mentee and m.until is None)

    @property
    def mentors(self) -> tuple[str, ...]:
        return tuple(m.person for m in self.members if m.mentor and m.until is None)

    def goal(self, id: str) -> Goal | None:
        return next((goal for goal in self.goals if goal.id == id), None)

    def observation(self, id: str) -> Observation | None:
        return next((observation for observation in self.observations if observation.id == id), None)

    def step(self, id: str) -> Step | None:
        return next((step for step in self.steps if step.id == id), None)

    @property
    def completed_observations(self) -> tuple[Observation, ...]:
        return tuple(o for o in self.observations if o.completion is not None)

    @property
    def paused_since(self) -> datetime | None:
        return self.pauses[-1].start if self.status is Status.PAUSED and self.pauses else None
