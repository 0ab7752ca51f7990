"""Decisions on a cycle's course: advance and undo, pause and resume, cancel and reopen, extend, waive."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from .. import commands as c
from .. import events as e
from ..decision import Context, Outcome
from ..definition import COMPLETED, Activity, Definition, Edge
from ..permission import capacities
from ..refusal import Refusal
from ..requirements import unmet
from ..vocabulary import Status
from .deadlines import stage_clock
from .partners import place_taken_again
from .rules import (
    ALREADY_SO,
    add,
    course_not_permitted,
    decides,
    order_refusals,
    record,
    refused_all,
    status_refusals,
    time_refusals,
    unless,
)
from .state import Cycle


@decides(c.Advance)
def advance(cycle: Cycle, command: c.Advance, context: Context) -> Outcome:
    target = command.stage
    here = COMPLETED if cycle.status is Status.COMPLETED else cycle.stage
    if target == here and cycle.status in (Status.ACTIVE, Status.COMPLETED) and _takes_part(cycle, context):
        return ALREADY_SO
    edge = _edge(cycle, target, context)
    what = (
        f"{cycle.id} cannot move from {cycle.stage} to {target or (edge.target if edge else 'a next stage')}"
    )

    def refusals() -> Iterator[Refusal]:
        yield from status_refusals(cycle, what)
        yield from time_refusals(cycle, context, what)
        if edge is None:
            yield from course_not_permitted(cycle, context, what, pair=True)
            yield _no_edge(cycle, target, context, what)
            return
        yield from advance_refusals(cycle, edge, context, what)

    def moved() -> Outcome:
        assert edge is not None
        clock = stage_clock(cycle, context.definition, context.programme, context.today)
        return add(
            cycle,
            e.CycleAdvanced(
                source=cycle.stage,
                target=edge.target,
                definition_version=context.definition.version,
                due=clock.due if clock else None,
                late_by=clock.late_by if clock else 0,
            ),
        )

    return unless(refusals(), moved)


def _takes_part(cycle: Cycle, context: Context) -> bool:
    return bool(capacities(cycle, context.actor))


def advance_refusals(cycle: Cycle, edge: Edge, context: Context, what: str) -> Iterator[Refusal]:
    """Why an edge cannot be taken now: the actor, the order of days, and every unmet requirement."""
    held = capacities(cycle, context.actor)
    if not held & set(edge.by):
        who = " or ".join(capacity.value for capacity in edge.by)
        yield Refusal(
            "not-permitted",
            what,
            f"only {who} of this cycle may do this; {context.actor.id} acts as {context.actor.role.value}",
            f"let a {who} do it",
            {"cycle": cycle.id, "actor": context.actor.id, "role": context.actor.role.value},
            permission=True,
        )
    if context.today < (since := context.programme.day(cycle.since)):
        yield Refusal(
            "before-the-stage",
            what,
            f"{context.today} is before the cycle came to {cycle.stage}, {since}",
            "say when it happened",
            {"cycle": cycle.id, "on": str(context.today), "since": str(since)},
        )
    for missing in unmet(edge, cycle, context.name):
        facts = {"cycle": cycle.id, "stage": cycle.stage, "target": edge.target, **missing.facts}
        yield Refusal(missing.code, what, missing.why, missing.fix, facts)


def _edge(cycle: Cycle, target: str | None, context: Context) -> Edge | None:
    if target is None:
        return context.definition.forward(cycle.stage)
    return context.definition.edge(cycle.stage, target)


def _no_edge(cycle: Cycle, target: str | None, context: Context, what: str) -> Refusal:
    targets = ", ".join(edge.target for edge in context.definition.edges_from(cycle.stage)) or "nowhere"
    known = target is None or target == COMPLETED or context.definition.stage(target) is not None
    why = (
        f"from {cycle.stage} a cycle of {context.definition.ref} moves to {targets}"
        if known
        else f"{context.definition.ref} has no stage {target!r}; from {cycle.stage} it moves to {targets}"
    )
    return Refusal(
        "no-such-move",
        what,
        why,
        f"name one of: {targets}",
        {"cycle": cycle.id, "stage": cycle.stage, "target": target, "targets": targets},
    )


@decides(c.UndoAdvance)
def undo_advance(cycle: Cycle, command: c.UndoAdvance, context: Context) -> Outcome:
    what = f"the last advance of {cycle.id} cannot be taken back"
    last = cycle.advances[-1] if cycle.advances else None

    def refusals() -> Iterator[Refusal]:
        yield from course_not_permitted(cycle, context, what)
        yield from time_refusals(cycle, context, what)
        if cycle.status in (Status.PAUSED, Status.CANCELLED):
            yield from status_refusals(cycle, what)
        if last is None:
            yield Refusal("nothing-to-undo", what, "it has not advanced", "", {"cycle": cycle.id})
        elif command.batch is not None and last.batch != command.batch:
            why = f"it has moved since: the last advance is to {last.target}, not by batch {command.batch}"
            yield Refusal("moved-since", what, why, "undo that one first", {"cycle": cycle.id})
        elif command.batch is not None and cycle.version != last.version:
            why = f"work was recorded in {last.target} since"
            yield Refusal("moved-since", what, why, "undo this cycle alone", {"cycle": cycle.id})
        if cycle.next_cycle is not None:
            why = f"the next cycle {cycle.next_cycle} was opened from it"
            yield Refusal("followed", what, why, "go on in the next cycle", {"cycle": cycle.id})
        if cycle.status is Status.COMPLETED:
            yield from place_taken_again(cycle, context, what)

    def undone() -> Outcome:
        assert last is not None
        return add(
            cycle,
            e.AdvanceUndone(
                source=last.target,
                target=last.source,
                since=last.since,
                advance=last.version,
                batch=command.batch,
            ),
        )

    return unless(refusals(), undone)


@decides(c.Pause)
def pause(cycle: Cycle, command: c.Pause, context: Context) -> Outcome:
    what = f"{cycle.id} cannot be paused"
    refused = refused_all(course_not_permitted(cycle, context, what))
    if refused is None and cycle.status is Status.PAUSED:
        known, again = cycle.pauses[-1].reason, "resume it, and pause it"
        return unless(_other_reason(cycle, known, command.reason, what, again), lambda: ALREADY_SO)
    return unless(
        [
            *(refused.refusals if refused else ()),
            *status_refusals(cycle, what),
            *order_refusals(cycle, context, what),
        ],
        lambda: add(cycle, e.CyclePaused(reason=command.reason)),
    )


@decides(c.Resume)
def resume(cycle: Cycle, command: c.Resume, context: Context) -> Outcome:
    what = f"{cycle.id} cannot be resumed"
    refused = refused_all(course_not_permitted(cycle, context, what))
    if refused is None and cycle.status is Status.ACTIVE:
        return ALREADY_SO

    def refusals() -> Iterator[Refusal]:
        yield from refused.refusals if refused else ()
        if cycle.status in (Status.CANCELLED, Status.COMPLETED):
            yield from status_refusals(cycle, what)
        yield from order_refusals(cycle, context, what)

    return unless(refusals(), lambda: add(cycle, e.CycleResumed()))


@decides(c.Cancel)
def cancel(cycle: Cycle, command: c.Cancel, context: Context) -> Outcome:
    """The only step that the system takes by itself."""
    what = f"{cycle.id} cannot be cancelled"
    refused = refused_all(course_not_permitted(cycle, context, what, system=True))
    if refused is None and cycle.status is Status.CANCELLED:
        known, again = cycle.cancelled, "reopen it, and cancel it"
        return unless(_other_reason(cycle, known, command.reason, what, again), lambda: ALREADY_SO)

    def refusals() -> Iterator[Refusal]:
        yield from refused.refusals if refused else ()
        yield from order_refusals(cycle, context, what)
        if cycle.status is Status.COMPLETED:
            yield from status_refusals(cycle, what)

    return unless(refusals(), lambda: add(cycle, e.CycleCancelled(reason=command.reason)))


def _other_reason(cycle: Cycle, known: Enum | None, wanted: Enum, what: str, again: str) -> Iterator[Refusal]:
    """What is so already is not so for another reason, which would be lost."""
    if known is not None and known is not wanted:
        why = f"it is {cycle.status.value} already, and the reason recorded is {known.value}"
        yield Refusal("other-reason", what, why, f"if that was wrong, {again}", {"cycle": cycle.id})


@decides(c.Reopen)
def reopen(cycle: Cycle, command: c.Reopen, context: Context) -> Outcome:
    what = f"{cycle.id} cannot be reopened"
    stage = command.stage or cycle.stage

    def refusals() -> Iterator[Refusal]:
        yield from course_not_permitted(cycle, context, what)
        yield from order_refusals(cycle, context, what)
        if cycle.status in (Status.ACTIVE, Status.PAUSED):
            why = f"it is {cycle.status.value}, in {cycle.stage}"
            yield Refusal("still-open", what, why, "", {"cycle": cycle.id, "status": cycle.status.value})
        else:
            yield from place_taken_again(cycle, context, what)
        if cycle.next_cycle is not None:
            why = f"the next cycle {cycle.next_cycle} was opened from it"
            yield Refusal("followed", what, why, "go on in the next cycle", {"cycle": cycle.id})
        if context.definition.stage(stage) is None:
            stages = ", ".join(s.name for s in context.definition.stages)
            why = f"{context.definition.ref} has no stage {stage!r}"
            yield Refusal("no-such-stage", what, why, f"name one of: {stages}", {"stages": stages})
        elif _comes_after(cycle.stage, stage, context.definition):
            why = f"it stood in {cycle.stage}, and {stage} comes after it"
            fix = f"reopen it in {cycle.stage} or earlier, and advance"
            yield Refusal("stage-not-reached", what, why, fix, {"cycle": cycle.id, "stage": cycle.stage})

    return unless(refusals(), lambda: add(cycle, e.CycleReopened(reason=command.reason, stage=stage)))


def _comes_after(stage: str, other: str, definition: Definition) -> bool:
    """Whether a definition names another stage after one that it knows."""
    names = [s.name for s in definition.stages]
    return stage in names and names.index(other) > names.index(stage)


@decides(c.Extend)
def extend(cycle: Cycle, command: c.Extend, context: Context) -> Outcome:
    what = f"{cycle.stage} of {cycle.id} cannot be extended to {command.until}"
    clock = stage_clock(cycle, context.definition, context.programme, context.today)
    if cycle.extended == command.until and not refused_all(course_not_permitted(cycle, context, what)):
        return ALREADY_SO

    def refusals() -> Iterator[Refusal]:
        yield from course_not_permitted(cycle, context, what)
        yield from time_refusals(cycle, context, what)
        yield from status_refusals(cycle, what)
        if clock is not None and command.until <= clock.due:
            why = f"it is due {clock.due}, and a due date is never shortened"
            yield Refusal("not-later", what, why, "name a later day", {"due": str(clock.due)})

    def extended() -> Outcome:
        assert clock is not None
        return add(
            cycle,
            e.CycleExtended(
                stage=cycle.stage, ground=command.ground, old_due=clock.due, new_due=command.until
            ),
        )

    return unless(refusals(), extended)


WAIVABLE = ("baseline", "debrief")


@decides(c.Waive)
def waive(cycle: Cycle, command: c.Waive, context: Context) -> Outcome:
    what = f"{command.requirement} of {command.subject} cannot be waived"
    subject = {"baseline": cycle.goal, "debrief": cycle.observation}.get(command.requirement)

    def checks() -> Iterator[Refusal]:
        if subject is None:
            why = f"{command.requirement!r} is no requirement that can be waived"
            yield Refusal("not-waivable", what, why, f"one of: {', '.join(WAIVABLE)}", {"cycle": cycle.id})
        elif subject(command.subject) is None:
            why = f"{cycle.id} has no {command.subject!r}"
            yield Refusal("no-such-subject", what, why, "name a goal or an observation", {"cycle": cycle.id})

    event = e.RequirementWaived(
        requirement=command.requirement, subject=command.subject, reason=command.reason
    )
    already = (command.requirement, command.subject) in cycle.waived
    return record(cycle, command, Activity.WAIVER, context, what, checks(), lambda: [event], already=already)
