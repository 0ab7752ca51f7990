"""Decisions on goals: set, baseline, agreed, assessed; and what the participants expect of each other.

Whether the stage takes such work, and from whom, is the definition's; what makes a record whole is here.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import commands as c
from .. import events as e
from ..decision import Context, Outcome
from ..definition import Activity
from ..refusal import Refusal
from ..words import words_or_none
from .rules import decides, has_words, record
from .state import Cycle
from .values import bad, bad_number, missing, next_id


@decides(c.SetGoal)
def set_goal(cycle: Cycle, command: c.SetGoal, context: Context) -> Outcome:
    goal = command.goal or next_id("g", (g.id for g in cycle.goals))
    what = f"goal {goal} of {cycle.id} cannot be set"

    def checks() -> Iterator[Refusal]:
        known = cycle.goal(goal)
        if command.goal and known is None and command.goal != next_id("g", (g.id for g in cycle.goals)):
            yield missing(what, "goal", goal, (g.id for g in cycle.goals))
        if known is not None and known.outcome is not None:
            yield Refusal("goal-assessed", what, "it is assessed already", "set another goal", {"goal": goal})
        if command.target is not None and command.unit is None:
            yield bad(what, "a target needs a unit", "say what the number counts", goal=goal)
        yield from bad_number(what, "target", command.target)

    return record(
        cycle,
        command,
        Activity.GOAL,
        context,
        what,
        checks(),
        lambda: [
            e.GoalSet(
                goal=goal,
                area=command.area,
                measured=command.measured or bool(command.measure),
                unit=command.unit,
                target=command.target,
                direction=command.direction,
                due=command.due,
                peers=command.peers,
                statement=words_or_none(command.statement),
                measure=words_or_none(command.measure),
            )
        ],
    )


@decides(c.RecordBaseline)
def record_baseline(cycle: Cycle, command: c.RecordBaseline, context: Context) -> Outcome:
    what = f"the baseline of {command.goal} cannot be recorded"

    def checks() -> Iterator[Refusal]:
        if cycle.goal(command.goal) is None:
            yield missing(what, "goal", command.goal, (g.id for g in cycle.goals))
        if command.on > context.programme.day(context.now):
            yield bad(what, f"{command.on} is in the future", "say when it was measured", on=str(command.on))
        yield from bad_number(what, "baseline", command.value)

    event = e.BaselineRecorded(goal=command.goal, value=command.value, on=command.on, source=command.source)
    return record(cycle, command, Activity.BASELINE, context, what, checks(), lambda: [event])


@decides(c.AgreeGoals)
def agree_goals(cycle: Cycle, command: c.AgreeGoals, context: Context) -> Outcome:
    """After a rematch goals are agreed anew, in whichever stage the cycle stands."""
    who = context.actor.id
    what = f"goals of {cycle.id} cannot be agreed"
    asked = [g for g in cycle.goals if command.goal in (None, g.id)]
    open_ = [g for g in asked if who not in g.agreed]
    rematched = any(member.until is not None for member in cycle.members)

    def checks() -> Iterator[Refusal]:
        if not asked:
            yield missing(what, "goal", command.goal or "g1", (g.id for g in cycle.goals))

    return record(
        cycle,
        command,
        Activity.AGREEMENT,
        context,
        what,
        checks(),
        lambda: [e.GoalAgreed(goal=g.id, person=who) for g in open_],
        already=bool(asked) and not open_,
        anywhere=rematched,
    )


@decides(c.RecordExpectations)
def record_expectations(cycle: Cycle, command: c.RecordExpectations, context: Context) -> Outcome:
    what = f"expectations of {cycle.id} cannot be recorded"
    often = command.meetings_per_month
    checks = []
    if often is not None and not 0 < often <= 31:
        checks = [bad(what, f"{often} meetings a month cannot be right", "give 1 to 31")]
    elif often is None and not has_words(command):
        checks = [bad(what, "neither expectations nor meetings are given", "say how often you mean to meet")]
    event = e.ExpectationsRecorded(meetings_per_month=often, expectations=words_or_none(command.expectations))
    return record(cycle, command, Activity.EXPECTATIONS, context, what, checks, lambda: [event])


@decides(c.AssessGoal)
def assess_goal(cycle: Cycle, command: c.AssessGoal, context: Context) -> Outcome:
    what = f"goal {command.goal} cannot be assessed"

    def checks() -> Iterator[Refusal]:
        if cycle.goal(command.goal) is None:
            yield missing(what, "goal", command.goal, (g.id for g in cycle.goals))
        met, assessed = command.met, command.assessed
        if (met is None) != (assessed is None):
            yield bad(what, "n met needs n assessed", "give both numbers")
        elif met is not None and assessed is not None and not 0 <= met <= assessed:
            yield bad(what, f"{met} met of {assessed} assessed cannot be right", "give met <= assessed")
        yield from bad_number(what, "outcome", command.value)

    event = e.GoalAssessed(
        goal=command.goal,
        assessment=command.assessment,
        value=command.value,
        met=command.met,
        assessed=command.assessed,
    )
    return record(cycle, command, Activity.ASSESSMENT, context, what, checks(), lambda: [event])
