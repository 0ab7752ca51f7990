"""Commands of a cycle's course. Every one names its cycle, but `OpenCycle`, which names a mentee."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date

from ..events import FieldValue
from ..ids import MAIN_PROGRAMME
from ..vocabulary import (
    CancelReason,
    CorrectionReason,
    ExtendGround,
    PauseReason,
    ReopenReason,
    WaiverReason,
)
from .registry import Command, command, fresh


@command
class OpenCycle(Command):
    """Open the cycle of the pairing in which `mentee` is a mentee, under a published definition.

    `definition` is a name, or `name@version`; empty means the programme's latest `peer-cycle`.
    """

    mentee: str
    definition: str = ""
    programme: str = MAIN_PROGRAMME


@command
class Advance(Command):
    """Leave the stage by the forward edge, or by the edge to `stage`."""

    cycle: str
    stage: str | None = None


@command
class UndoAdvance(Command):
    """Take back the last advance; with `batch`, only if it was made by that batch."""

    cycle: str
    batch: str | None = None


@command
class Pause(Command):
    cycle: str
    reason: PauseReason


@command
class Resume(Command):
    cycle: str


@command
class Cancel(Command):
    cycle: str
    reason: CancelReason


@command
class Reopen(Command):
    """Make a completed or cancelled cycle active again, in `stage` or where it stood."""

    cycle: str
    reason: ReopenReason
    stage: str | None = None


@command
class Extend(Command):
    """Move the due date of the present stage later."""

    cycle: str
    until: date
    ground: ExtendGround


@command
class AskRematch(Command):
    """A participant asks for another partner; no reason is asked or kept."""

    cycle: str


@command
class Rematch(Command):
    """Replace participant `leaves` by person `joins`, in the same role; the cycle goes on."""

    cycle: str
    leaves: str
    joins: str
    do_not_pair_again: bool = False
    pairing: str = fresh("q", default="")


@command
class Correct(Command):
    """Replace fields of the event at `version` of the cycle's stream."""

    cycle: str
    version: int
    reason: CorrectionReason
    fields: Mapping[str, FieldValue] = field(default_factory=dict)


@command
class Waive(Command):
    """Waive `baseline` of a goal or `debrief` of an observation, with a reason."""

    cycle: str
    requirement: str
    subject: str
    reason: WaiverReason


@command
class OpenNextCycle(Command):
    """Open the cycle that follows a completed one, carrying open goals and open action steps."""

    cycle: str
