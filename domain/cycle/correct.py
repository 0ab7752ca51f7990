"""The decision to correct what was recorded: which event, which fields, and that they can be right.

What may be corrected and how it is folded is in `correction`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from .. import commands as c
from .. import events as e
from ..decision import Context, Outcome, future
from ..refusal import Refusal
from ..typed import plain
from .correction import CORRECTABLE, Correctable, correctable_at, corrected, replacements
from .deadlines import debrief_late_by
from .rules import ALREADY_SO, add, before_opening, course_not_permitted, decides, unless
from .state import Assessed, Completion, Cycle, Debrief, Goal, Observation
from .values import bad, bad_minutes


@decides(c.Correct)
def correct(cycle: Cycle, command: c.Correct, context: Context) -> Outcome:
    what = f"event {command.version} of {cycle.id} cannot be corrected so"
    found = correctable_at(cycle, command.version)
    refusals = [
        *course_not_permitted(cycle, context, what, pair=True),
        *future(context, what, cycle=cycle.id),
    ]
    values: dict[str, Any] = {}
    if found is None:
        names = ", ".join(kind.event_name for kind in CORRECTABLE)
        why = "nothing that can be corrected was recorded there, or it was replaced since"
        refusals.append(
            Refusal("not-correctable", what, why, f"corrections are for: {names}", {"cycle": cycle.id})
        )
    else:
        refusals.extend(_fields(found, command, what))
        if not refusals:
            try:
                values = replacements(found.event, command.fields)
            except ValueError as error:
                refusals.append(bad(what, str(error), "give a value of that kind"))
            else:
                refusals.extend(_values(cycle, found, values, context, what))

    def decided() -> Outcome:
        assert found is not None
        if all(getattr(found.record, name) == value for name, value in values.items()):
            return ALREADY_SO
        return add(cycle, *_corrections(cycle, command, found, values, context))

    return unless(refusals, decided)


def _fields(found: Correctable, command: c.Correct, what: str) -> Iterator[Refusal]:
    allowed = CORRECTABLE[found.event]
    name = found.event.event_name
    wrong = [field for field in command.fields if field not in allowed]
    if wrong or not command.fields:
        why = f"{', '.join(wrong)} of {name} cannot be corrected" if wrong else "no field is named"
        yield Refusal("no-such-field", what, why, f"fields: {', '.join(allowed)}", {"event": name})


def _values(
    cycle: Cycle, found: Correctable, values: Mapping[str, Any], context: Context, what: str
) -> Iterator[Refusal]:
    """A correction does not record what could not have been recorded."""
    record: Any = replace(found.record, **values)
    if "minutes" in values:
        yield from bad_minutes(what, record.minutes)
    for name in ("on", "start", "held", "occurred_at"):
        if name in values:
            yield from _day(cycle, name, _date(values[name], context), context, what)
    match record:
        case Goal(target=target, unit=unit) if target is not None and unit is None:
            yield bad(what, "a target needs a unit", "say what the number counts")
        case Assessed(met=met, assessed=assessed) if (met is None) != (assessed is None):
            yield bad(what, "n met needs n assessed", "give both numbers")
        case Assessed(met=int(met), assessed=int(assessed)) if not 0 <= met <= assessed:
            yield bad(what, f"{met} met of {assessed} assessed cannot be right", "give met <= assessed")
        case Completion() | Debrief():
            yield from _talked_over_after(cycle, record, context, what)


def _date(value: date | datetime, context: Context) -> date:
    return context.programme.day(value) if isinstance(value, datetime) else value


def _day(cycle: Cycle, name: str, day: date, context: Context, what: str) -> Iterator[Refusal]:
    if day > context.programme.day(context.now):
        yield bad(what, f"{day} is in the future", "say when it was")
    if name in ("start", "occurred_at"):
        yield from before_opening(cycle, day, context, what)


def _talked_over_after(
    cycle: Cycle, record: Completion | Debrief, context: Context, what: str
) -> Iterator[Refusal]:
    observation = _observation_of(cycle, record.version)
    seen = record.start if isinstance(record, Completion) else _start(observation)
    debrief = record if isinstance(record, Debrief) else observation.debrief
    day = context.programme.day
    if debrief is not None and seen is not None and day(debrief.held) < day(seen):
        yield bad(what, "a debrief is not held before its observation", "say when each of them was")


def _observation_of(cycle: Cycle, version: int) -> Observation:
    return next(
        o
        for o in cycle.observations
        if version in (o.completion.version if o.completion else 0, o.debrief.version if o.debrief else 0)
    )


def _start(observation: Observation) -> datetime | None:
    return observation.completion.start if observation.completion else None


def _corrections(
    cycle: Cycle, command: c.Correct, found: Correctable, values: Mapping[str, Any], context: Context
) -> Iterator[e.CycleCorrected]:
    """The correction, and with it how late a debrief was when the days it hangs on were wrong."""
    fields = {name: plain(value) for name, value in values.items()}
    first = e.CycleCorrected(
        version=command.version, event=found.event.event_name, fields=fields, reason=command.reason
    )
    after = corrected(cycle, first)
    late = _lateness(after, command.version, context) if {"start", "held"} & set(values) else None
    if late is not None and late[0] == command.version:
        first = replace(first, fields={**fields, "late_by": late[1]})
    yield first
    if late is not None and late[0] != command.version:
        yield e.CycleCorrected(
            version=late[0],
            event=e.DebriefHeld.event_name,
            fields={"late_by": late[1]},
            reason=command.reason,
        )


def _lateness(cycle: Cycle, version: int, context: Context) -> tuple[int, int] | None:
    """Version of the debrief and its lateness, when that is not what was recorded."""
    observation = _observation_of(cycle, version)
    debrief = observation.debrief
    if debrief is None:
        return None
    late = debrief_late_by(cycle, observation, context.definition, context.programme, debrief.held)
    return (debrief.version, late) if late != debrief.late_by else None
