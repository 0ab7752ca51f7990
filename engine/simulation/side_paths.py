"""What comes from outside into a pair's year: pauses, changes of partner, cancelling, extending, correcting, undoing.

Each function is a story beside the pair's own, told from the coordinator's desk; it waits until its moment has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from mentorcycle.domain import commands as c
from mentorcycle.domain.cycle.deadlines import stage_clock
from mentorcycle.domain.cycle.state import Cycle
from mentorcycle.domain.vocabulary import (
    Audience,
    CancelReason,
    CorrectionReason,
    ExtendGround,
    LeaveReason,
    PauseReason,
    ReopenReason,
)

from . import pairs, phrases
from .agenda import Later, Story
from .desk import OFFICE
from .pair import Pair

Stages = tuple[str, ...]
ANY: Stages = ()


def until(pair: Pair, *stages: str) -> Story:
    """Look every day whether the cycle is open and active in one of these stages."""
    while not pair.is_in(*stages):
        yield Later(1)


def paused(pair: Pair, days: int, reason: PauseReason, stages: Stages = ANY) -> Story:
    """Paused by the coordinator, after a participant tried to do it alone; work is refused meanwhile."""
    yield from until(pair, *stages)
    if pair.chance(0.3):
        pair.tries(pair.someone(), c.Pause(pair.id, reason))
    pair.desk.do(c.Pause(pair.id, reason))
    pair.held = True
    yield Later(min(3, days))
    if pair.chance(0.5):
        pair.tries(pair.someone(), c.LogContact(pair.id, 20))
    yield Later(days)
    pair.desk.do(c.Resume(pair.id))
    pair.held = False


def rematched(pair: Pair, people: Sequence[str], stages: Stages = ANY, *, apart: bool = False) -> Story:
    """Somebody asks for another partner; the coordinator finds one and the cycle goes on."""
    yield from until(pair, *stages)
    (leaves,) = pair.cycle.mentors
    asks = pair.someone()
    pair.does(asks, c.AskRematch(pair.id))
    yield Later(pair.rng.randint(2, 4))
    yield from until(pair)
    everybody = pair.desk.people(people)
    if busy := pairs.full(everybody, pair.cycle.people):
        pair.desk.would_refuse(c.Rematch(pair.id, leaves, busy.id))
    mentee = pair.desk.engine.person(pair.mentee, OFFICE)
    if joins := pairs.replacement(mentee, everybody, pair.cycle.people):
        pair.desk.do(c.Rematch(pair.id, leaves, joins.id, do_not_pair_again=apart))
        if apart:
            pair.desk.attempt(c.Rematch(pair.id, joins.id, leaves))


def paused_then_rematched(pair: Pair, people: Sequence[str]) -> Story:
    """What a cycle can come through in one year."""
    yield from paused(pair, 14, PauseReason.LEAVE, ("observe",))
    yield Later(2)
    yield from rematched(pair, people, ("observe",), apart=True)


def mentor_leaves(pair: Pair, people: Sequence[str], back_after: int) -> Story:
    """The mentor goes on leave: another one takes over; the first returns in spring.

    Whoever has come to mentor another pair meanwhile stays until that is over.
    """
    yield from until(pair)
    (leaves,) = pair.cycle.mentors
    while len(pair.desk.engine.person(leaves, OFFICE).pairings) > 1:
        yield Later(1)
        yield from until(pair)
        (leaves,) = pair.cycle.mentors
    pair.desk.do(c.MarkLeft(leaves, LeaveReason.LEAVE))
    mentee = pair.desk.engine.person(pair.mentee, OFFICE)
    if joins := pairs.replacement(mentee, pair.desk.people(people), pair.cycle.people):
        pair.desk.do(c.Rematch(pair.id, leaves, joins.id))
        pair.desk.attempt(c.Rematch(pair.id, joins.id, leaves))
    yield Later(back_after)
    pair.desk.do(c.MarkReturned(leaves))


def cancelled(pair: Pair, reason: CancelReason) -> Story:
    """The cycle ends early; who leaves the school is marked as left, and the pairing is ended."""
    yield from until(pair)
    mentee = pair.mentee
    pair.desk.do(c.Cancel(pair.id, reason))
    pair.over = True
    if reason is CancelReason.LEFT_SCHOOL:
        pair.desk.do(c.MarkLeft(mentee, LeaveReason.LEFT_SCHOOL))
    pair.desk.do(c.EndPairing(mentee, pair.cycle.pairing))


def cancelled_by_mistake(pair: Pair) -> Story:
    """Cancelled, and reopened two days later when somebody missed it."""
    yield from until(pair, "goal-set")
    pair.desk.do(c.Cancel(pair.id, CancelReason.OPENED_BY_MISTAKE))
    pair.held = True
    yield Later(1)
    pair.tries(pair.someone(), c.AgreeGoals(pair.id))
    yield Later(1)
    pair.desk.do(c.Reopen(pair.id, ReopenReason.CLOSED_BY_MISTAKE))
    pair.held = False


def reopened(pair: Pair) -> Story:
    """Completed, reopened to record what was forgotten, and completed again."""
    while not pair.wants_next:
        yield Later(1)
    pair.held = True
    pair.desk.do(c.Reopen(pair.id, ReopenReason.RECORD_INCOMPLETE))
    yield Later(1)
    who = pair.someone()
    practice = phrases.one_of("practices", pair.rng)
    pair.does(who, c.Celebrate(pair.id, audience=Audience.PAIR, achievement=practice))
    pair.does(who, c.Advance(pair.id))
    pair.held = False


def extended(pair: Pair, ground: ExtendGround) -> Story:
    """More time for a stage, after a first try that would not have given any."""
    yield from until(pair)
    yield Later(2)
    yield from until(pair)
    due = _due(pair, pair.cycle)
    if pair.chance(0.4):
        pair.desk.attempt(c.Extend(pair.id, due, ground))
    pair.desk.do(c.Extend(pair.id, due + timedelta(days=7), ground))


def corrected(pair: Pair) -> Story:
    """Minutes or a value were typed wrongly; whoever notices puts it right."""
    yield from until(pair, "debrief", "reflect")
    cycle = pair.cycle
    completion = next(o.completion for o in cycle.completed_observations)
    contact = next(iter(cycle.contacts), None)
    baseline = next((goal.baseline for goal in cycle.goals if goal.baseline), None)
    options: list[tuple[int, dict[str, str | int | float | bool | None]]] = []
    if completion is not None:
        options.append((completion.version, {"minutes": completion.minutes + 10}))
    if contact is not None:
        options.append((contact.version, {"minutes": contact.minutes + 15, "formality": "formal"}))
    if baseline is not None:
        options.append((baseline.version, {"value": baseline.value + 2}))
    version, fields = pair.rng.choice(options)
    if pair.chance(0.3):
        pair.desk.attempt(c.Correct(pair.id, version, CorrectionReason.WRONG_PERSON, {"person": pair.mentee}))
    pair.does(pair.someone(), c.Correct(pair.id, version, CorrectionReason.TYPING_ERROR, fields))


def undone(pair: Pair) -> Story:
    """An advance came too soon and is taken back; the next day it is made again."""
    yield from until(pair, "reflect", "debrief")
    pair.desk.do(c.UndoAdvance(pair.id))
    pair.held = True
    yield Later(1)
    pair.does(pair.someone(), c.Advance(pair.id))
    pair.held = False


def _due(pair: Pair, cycle: Cycle) -> date:
    engine = pair.desk.engine
    clock = stage_clock(cycle, engine.definition(cycle.id, OFFICE), engine.programme(), pair.agenda.today)
    assert clock is not None, "an active cycle has a stage with a budget"
    return clock.due
