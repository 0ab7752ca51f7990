"""Events of a cycle's course: opened, advanced, paused, handed on, put right.

What people do inside a stage is in `work`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from ..vocabulary import (
    CancelReason,
    CorrectionReason,
    ExtendGround,
    PairingKind,
    PauseReason,
    ReopenReason,
    WaiverReason,
)
from .registry import Event, event

FieldValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Participant:
    """One person in a cycle or pairing; both flags are set in a reciprocal pair."""

    person: str
    mentee: bool = False
    mentor: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """A goal (`g…`) or an open action step (`s…`) that goes on from an earlier cycle; `origin` is its id there.

    The words stay where they were written: in the earlier cycle. A step has its owner with it.
    """

    id: str
    origin: str
    owner: str | None = None
    check_back: date | None = None


@event("CycleOpened")
class CycleOpened(Event):
    programme: str
    pairing: str
    kind: PairingKind
    participants: tuple[Participant, ...]
    definition: str
    definition_version: int
    definition_digest: str
    stage: str
    follows: str | None = None
    carried: tuple[Carried, ...] = ()


@event("CycleAdvanced")
class CycleAdvanced(Event):
    """A stage was left. `due` is the school day it was due; `late_by` counts school days after it."""

    source: str
    target: str
    definition_version: int
    due: date | None = None
    late_by: int = 0


@event("AdvanceUndone")
class AdvanceUndone(Event):
    """An advance was taken back: the cycle stands where it stood, with its earlier clock."""

    source: str
    target: str
    since: datetime
    advance: int
    batch: str | None = None


@event("CyclePaused")
class CyclePaused(Event):
    reason: PauseReason


@event("CycleResumed")
class CycleResumed(Event):
    pass


@event("CycleCancelled")
class CycleCancelled(Event):
    reason: CancelReason


@event("CycleReopened")
class CycleReopened(Event):
    reason: ReopenReason
    stage: str


@event("CycleExtended")
class CycleExtended(Event):
    stage: str
    ground: ExtendGround
    old_due: date
    new_due: date


@event("RematchAsked")
class RematchAsked(Event):
    """A participant asked for another partner. There is no reason field, by design."""

    person: str


@event("PartnerChanged")
class PartnerChanged(Event):
    """The cycle goes on with another partner; hours stay with whoever gave them."""

    old_pairing: str
    new_pairing: str
    left: str
    joined: str
    kind: PairingKind
    participants: tuple[Participant, ...]


@event("CycleCorrected")
class CycleCorrected(Event):
    """Fields of event `version` of this stream are replaced in every fold from here on."""

    version: int
    event: str
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    reason: CorrectionReason


@event("RequirementWaived")
class RequirementWaived(Event):
    """`requirement` is `baseline` or `debrief`; `subject` is the goal or the observation."""

    requirement: str
    subject: str
    reason: WaiverReason


@event("CycleFollowed")
class CycleFollowed(Event):
    """The next cycle of the same people was opened."""

    next_cycle: str
