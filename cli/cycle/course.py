"""The course of a cycle: pause and resume, cancel and reopen, extend, waive, undo."""

from __future__ import annotations

import click

from mentorcycle.domain.vocabulary import CancelReason, ExtendGround, PauseReason, ReopenReason, WaiverReason

from .. import options
from ..choices import choice
from ..confirm import confirm
from ..dates import said
from .deed import Deed, on_cycle


@on_cycle()
@choice("--reason", of=PauseReason, required=True, help="Why, without anything about health")
def pause(deed: Deed, reason: PauseReason) -> None:
    """Stop a cycle's clocks.

    Nothing is due while it is paused, and no work is recorded.
    """
    from mentorcycle.domain.commands import Pause

    deed.take(Pause(deed.cycle, reason)).say(f"{deed.label} is paused")


@on_cycle()
def resume(deed: Deed) -> None:
    """Let a paused cycle go on.

    Its due date moves by the school days of the pause.
    """
    from mentorcycle.domain.commands import Resume

    deed.take(Resume(deed.cycle)).say(f"{deed.label} goes on", already=f"{deed.label} is not paused")


@on_cycle()
@choice("--reason", of=CancelReason, required=True, help="Why")
@options.yes
def cancel(deed: Deed, reason: CancelReason, yes: bool) -> None:
    """End a cycle before it is completed.

    The work that was done keeps its credit and its hours.
    """
    from mentorcycle.domain.commands import Cancel

    asked = Cancel(deed.cycle, reason)
    if not deed.dry_run and not deed.take(asked, dry_run=True).receipt.already_so:
        confirm(f"Cancel {deed.label} ({deed.names(deed.state.people)})?", action="cancel", yes=yes)
    deed.take(asked).say(f"{deed.label} is cancelled: {reason.value}", already=f"{deed.label} is cancelled")


@on_cycle()
@choice("--reason", of=ReopenReason, required=True, help="Why")
@click.option("--stage", metavar="STAGE", help="Where it goes on. [default: where it stood]")
def reopen(deed: Deed, reason: ReopenReason, stage: str | None) -> None:
    """Make a completed or cancelled cycle active again."""
    from mentorcycle.domain.commands import Reopen
    from mentorcycle.domain.events import CycleReopened

    from ..choices import meant
    from ..chosen import stages_of

    where = stage and (meant(stage, stages_of(deed.place)) or stage)
    taken = deed.take(Reopen(deed.cycle, reason, where))
    event = taken.event(CycleReopened)
    taken.say(f"{deed.label} is active again, in {event.stage if event else stage}")


@on_cycle()
@click.option("--until", required=True, metavar="DATE", help="The new due date; never an earlier one.")
@choice("--ground", of=ExtendGround, required=True, help="Why")
def extend(deed: Deed, until: str, ground: ExtendGround) -> None:
    """Give the stage a later due date.

    A due date is never shortened.
    """
    from mentorcycle.domain.commands import Extend
    from mentorcycle.domain.events import CycleExtended

    day = deed.place.day(until)
    taken = deed.take(Extend(deed.cycle, day, ground))
    event = taken.event(CycleExtended)
    stage, before = (event.stage, f", not {said(event.old_due)}") if event else ("its stage", "")
    taken.say(f"{stage} of {deed.label} is due {said(day)}{before}")


@on_cycle()
@click.argument("requirement", type=click.Choice(["baseline", "debrief"]))
@click.argument("subject", metavar="ID")
@choice("--reason", of=WaiverReason, required=True, help="Why")
def waive(deed: Deed, requirement: str, subject: str, reason: WaiverReason) -> None:
    """Do without a baseline or a debrief.

    ID is the goal (g1) or the observation (o1).
    """
    from mentorcycle.domain.commands import Waive

    taken = deed.take(Waive(deed.cycle, requirement, subject, reason))
    taken.say(f"the {requirement} of {subject} in {deed.label} is waived: {reason.value}", part=subject)


@on_cycle()
def undo(deed: Deed) -> None:
    """Take back the last advance.

    The cycle stands where it stood, with its earlier clock; the log keeps both.
    """
    from mentorcycle.domain.commands import UndoAdvance
    from mentorcycle.domain.events import AdvanceUndone

    taken = deed.take(UndoAdvance(deed.cycle))
    event = taken.event(AdvanceUndone)
    back = f"is back in {event.target}, not in {event.source}" if event else "stands where it stood"
    taken.say(f"{deed.label} {back}")
