"""What a correction may replace, and how it is folded: as if the event had been right from the start.

Corrections never touch who was in a cycle, which stage it is in, or words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .. import events as e
from ..change import change
from ..typed import hints_of, typed
from .state import (
    Assessed,
    Baseline,
    Celebration,
    Completion,
    Contact,
    Cycle,
    Debrief,
    Goal,
    Observation,
    agreed_first,
)

CORRECTABLE: Mapping[type[e.Event], tuple[str, ...]] = {
    e.GoalSet: ("area", "unit", "target", "direction", "due"),
    e.BaselineRecorded: ("value", "on", "source"),
    e.FocusAgreed: ("occurred_at",),
    e.ObservationCompleted: ("start", "minutes", "mode"),
    e.DebriefHeld: ("held", "minutes", "mode"),
    e.GoalAssessed: ("assessment", "value", "met", "assessed"),
    e.CelebrationHeld: ("size", "number"),
    e.ContactLogged: ("kind", "mode", "formality", "minutes", "occurred_at"),
}
"""Event class to the fields of it that may be corrected; `occurred_at` is the envelope's."""

RECORDS: Mapping[str, type[e.Event]] = {kind.event_name: kind for kind in CORRECTABLE}


@dataclass(frozen=True, slots=True)
class Focus:
    """When a focus was agreed, as far as it may be corrected."""

    version: int
    occurred_at: datetime | None


Record = Goal | Baseline | Focus | Completion | Debrief | Assessed | Celebration | Contact


@dataclass(frozen=True, slots=True)
class Correctable:
    """The event that may be corrected at a version, and what the state holds of it."""

    event: type[e.Event]
    record: Record


def correctable_at(cycle: Cycle, version: int) -> Correctable | None:
    """What the event at this version of the stream left in the state; None when it cannot be corrected."""
    for goal in cycle.goals:
        if goal.version == version:
            return Correctable(e.GoalSet, goal)
        if goal.baseline and goal.baseline.version == version:
            return Correctable(e.BaselineRecorded, goal.baseline)
        if goal.outcome and goal.outcome.version == version:
            return Correctable(e.GoalAssessed, goal.outcome)
    for observation in cycle.observations:
        if observation.focus == version > 0:
            return Correctable(e.FocusAgreed, Focus(version, observation.focus_at))
        if observation.completion and observation.completion.version == version:
            return Correctable(e.ObservationCompleted, observation.completion)
        if observation.debrief and observation.debrief.version == version:
            return Correctable(e.DebriefHeld, observation.debrief)
    for celebration in cycle.celebrations:
        if celebration.version == version:
            return Correctable(e.CelebrationHeld, celebration)
    for contact in cycle.contacts:
        if contact.version == version:
            return Correctable(e.ContactLogged, contact)
    return None


def replacements(event: type[e.Event], fields: Mapping[str, e.FieldValue]) -> dict[str, Any]:
    """Typed values of a correction's fields; raise ValueError naming the field that cannot be read."""
    hints = {**hints_of(event), "occurred_at": hints_of(Contact)["occurred_at"]}
    values = {}
    for name, value in fields.items():
        try:
            values[name] = typed(hints[name], value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return values


def corrected(cycle: Cycle, correction: e.CycleCorrected) -> Cycle:
    """The cycle as if the corrected event had carried the new values."""
    values = replacements(RECORDS[correction.event], correction.fields)
    version = correction.version
    return change(
        cycle,
        goals=tuple(_goal(goal, version, values) for goal in cycle.goals),
        observations=tuple(_observation(o, version, values) for o in cycle.observations),
        celebrations=tuple(replace(c, **values) if c.version == version else c for c in cycle.celebrations),
        contacts=tuple(replace(c, **values) if c.version == version else c for c in cycle.contacts),
    )


def _goal(goal: Goal, version: int, values: dict[str, Any]) -> Goal:
    if goal.version == version:
        return replace(goal, **values)
    if goal.baseline and goal.baseline.version == version:
        return replace(goal, baseline=replace(goal.baseline, **values))
    if goal.outcome and goal.outcome.version == version:
        return replace(goal, outcome=replace(goal.outcome, **values))
    return goal


def _observation(observation: Observation, version: int, values: dict[str, Any]) -> Observation:
    completion, debrief = observation.completion, observation.debrief
    if debrief and debrief.version == version:
        return replace(observation, debrief=replace(debrief, **values))
    if observation.focus == version:
        observation = replace(observation, focus_at=values["occurred_at"])
    elif completion and completion.version == version:
        completion = replace(completion, **values)
    if completion:
        first = agreed_first(observation.focus_at, completion.start)
        observation = replace(observation, completion=replace(completion, focus_first=first))
    return observation
