"""Decisions on lessons: the focus agreed before, the observation, the debrief after it.

Evidence is what was seen; a judgement is refused. An observer is never the observed person nor their evaluator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from .. import commands as c
from .. import events as e
from ..decision import Context, Outcome
from ..definition import Activity
from ..refusal import Refusal
from ..vocabulary import EvidenceKind, Role
from ..words import words_of, words_or_none
from .deadlines import debrief_late_by
from .rules import before_opening, decides, not_in_cycle, record, were_in
from .state import Cycle, Observation
from .values import bad, bad_instant, bad_minutes, bad_zone, missing, next_id


def _observers(
    cycle: Cycle, observer: str, observed: str, day: date, context: Context, what: str
) -> Iterator[Refusal]:
    """Who observes whom on a day: both were in the cycle then, and they are two people without power."""
    there = were_in(cycle, day, context)
    for person in dict.fromkeys((observer, observed)):
        if person not in there:
            people = ", ".join(context.name(person) for person in there)
            yield not_in_cycle(cycle, person, day, context, what, f"those in it are {people}")
    if observer == observed:
        why = f"{context.name(observer)} cannot observe themselves"
        yield Refusal("self-observation", what, why, "name another observer", {"person": observer})
    evaluators = context.person(observed).evaluators
    if evaluators and evaluators & context.person(observer).ids:
        why = f"{context.name(observer)} evaluates {context.name(observed)}"
        fix = "name an observer who does not evaluate them"
        yield Refusal("observer-is-evaluator", what, why, fix, {"person": observer})


@decides(c.AgreeFocus)
def agree_focus(cycle: Cycle, command: c.AgreeFocus, context: Context) -> Outcome:
    id = command.observation or next_id("o", (o.id for o in cycle.observations))
    known = cycle.observation(id)
    what = f"the focus of observation {id} cannot be agreed"

    def checks() -> Iterator[Refusal]:
        yield from _observers(cycle, command.observer, command.observed, context.today, context, what)
        if known is not None and known.completion is not None:
            why = "the lesson was observed already; focus and method are agreed before it"
            yield Refusal(
                "observed-already", what, why, "agree the focus of another one", {"observation": id}
            )
        actor = context.actor
        if actor.role is Role.PARTICIPANT and actor.id != command.observed and command.focus:
            why = "the focus question is set by the observed person"
            yield Refusal(
                "focus-of-observed",
                what,
                why,
                f"let {context.name(command.observed)} set it",
                {"observation": id, "person": command.observed},
                permission=True,
            )

    event = e.FocusAgreed(
        observation=id,
        observer=command.observer,
        observed=command.observed,
        focus=words_or_none(command.focus),
        method=words_or_none(command.method.value if command.method else None),
    )
    return record(cycle, command, Activity.FOCUS, context, what, checks(), lambda: [event])


def _planned(cycle: Cycle, id: str, what: str) -> tuple[Observation | None, list[Refusal]]:
    """The observation that is meant (the only planned one when no id is given), or why there is none."""
    found = _meant(cycle, id)
    if found is None and not id:
        return None, [_unnamed(what, "planned", _open(cycle), "begin with its focus")]
    if found is None:
        return None, [missing(what, "observation", id, (o.id for o in cycle.observations))]
    if found.completion is not None:
        why = f"observation {found.id} is completed"
        return found, [Refusal("observed-already", what, why, "plan another one", {"observation": found.id})]
    return found, []


def _meant(cycle: Cycle, id: str) -> Observation | None:
    if id:
        return cycle.observation(id)
    planned = _open(cycle)
    return planned[0] if len(planned) == 1 else None


def _open(cycle: Cycle) -> list[Observation]:
    return [o for o in cycle.observations if o.completion is None and not o.cancelled]


def _unnamed(what: str, state: str, those: Sequence[Observation], fix: str) -> Refusal:
    """No observation was named, and not exactly one can be meant."""
    ids = ", ".join(observation.id for observation in those)
    why = f"{ids} are {state}, and none is named" if len(those) > 1 else f"no observation is {state}"
    fix = "name one of them" if len(those) > 1 else fix
    return Refusal("no-such-observation", what, why, fix, {"kind": "observation", "known": ids})


@decides(c.ScheduleObservation)
def schedule_observation(cycle: Cycle, command: c.ScheduleObservation, context: Context) -> Outcome:
    what = f"the observation of {cycle.id} cannot be scheduled"
    found, checks = _planned(cycle, command.observation, what)
    so = found and (found.scheduled, found.mode, found.cancelled)
    already = so == (command.at, command.mode, False)
    checks.extend(bad_zone(what, command.at))
    event = e.ObservationScheduled(observation=found.id if found else "", at=command.at, mode=command.mode)
    return record(cycle, command, Activity.SCHEDULE, context, what, checks, lambda: [event], already=already)


@decides(c.RescheduleObservation)
def reschedule_observation(cycle: Cycle, command: c.RescheduleObservation, context: Context) -> Outcome:
    what = f"observation {command.observation} cannot be rescheduled"
    found, checks = _planned(cycle, command.observation, what)
    if found and found.scheduled is None:
        why = f"observation {found.id} is not scheduled"
        checks.append(Refusal("not-scheduled", what, why, "schedule it", {"observation": found.id}))
    checks.extend(bad_zone(what, command.at))
    already = found is not None and found.scheduled == command.at and not found.cancelled
    event = e.ObservationRescheduled(observation=found.id if found else "", at=command.at)
    return record(cycle, command, Activity.SCHEDULE, context, what, checks, lambda: [event], already=already)


@decides(c.CancelObservation)
def cancel_observation(cycle: Cycle, command: c.CancelObservation, context: Context) -> Outcome:
    what = f"observation {command.observation} cannot be cancelled"
    found, checks = _planned(cycle, command.observation, what)
    already = found is not None and found.cancelled
    event = e.ObservationCancelled(observation=found.id if found else "", reason=command.reason)
    return record(cycle, command, Activity.SCHEDULE, context, what, checks, lambda: [event], already=already)


@decides(c.CompleteObservation)
def complete_observation(cycle: Cycle, command: c.CompleteObservation, context: Context) -> Outcome:
    what = f"the observation of {cycle.id} cannot be recorded"
    known = _meant(cycle, command.observation)
    id = known.id if known else (command.observation or next_id("o", (o.id for o in cycle.observations)))
    observer = command.observer or (known.observer if known else "")
    observed = command.observed or (known.observed if known else "")

    def checks() -> Iterator[Refusal]:
        if known is None and command.observation:
            yield missing(what, "observation", id, (o.id for o in cycle.observations))
        elif not (observer and observed):
            why = "nobody is named as observer and observed, and no single planned observation says who"
            yield bad(what, why, "name the observation, or observer and observed")
        else:
            day = context.programme.day(command.start)
            yield from _observers(cycle, observer, observed, day, context, what)
        if known is not None and known.completion is not None:
            why = f"observation {id} is completed"
            fix = "record another one, or correct this one"
            yield Refusal("observed-already", what, why, fix, {"observation": id})
        yield from bad_minutes(what, command.minutes)
        yield from bad_instant(what, command.start, context, "say when it was")
        yield from before_opening(cycle, context.programme.day(command.start), context, what)
        if command.kinds and len(command.kinds) != len(command.evidence):
            why = f"{len(command.evidence)} pieces of evidence have {len(command.kinds)} marks"
            yield bad(what, why, "mark each as description or judgement")
        judged = sum(kind is EvidenceKind.JUDGEMENT for kind in command.kinds)
        if judged:
            why = f"{judged} of {len(command.kinds)} pieces of evidence are judgements"
            yield Refusal("judgement", what, why, "report what was seen and heard", {"judged": judged})

    return record(
        cycle,
        command,
        Activity.OBSERVATION,
        context,
        what,
        checks(),
        lambda: [
            e.ObservationCompleted(
                observation=id,
                observer=observer,
                observed=observed,
                start=command.start,
                minutes=command.minutes,
                mode=command.mode,
                context=words_or_none(command.context),
                evidence=words_of(command.evidence),
                numbers=words_or_none(command.numbers),
            )
        ],
    )


@decides(c.HoldDebrief)
def hold_debrief(cycle: Cycle, command: c.HoldDebrief, context: Context) -> Outcome:
    what = f"the debrief of {cycle.id} cannot be recorded"
    undebriefed = [o for o in cycle.completed_observations if o.debrief is None]
    if command.observation:
        known = cycle.observation(command.observation)
    else:
        known = undebriefed[0] if len(undebriefed) == 1 else None
    held = command.held or context.occurred_at
    step = next_id("s", (s.id for s in cycle.steps)) if command.action_step or command.step_owner else None
    owner = command.step_owner or (known.observed if known and step else None)
    late = debrief_late_by(cycle, known, context.definition, context.programme, held) if known else 0

    def checks() -> Iterator[Refusal]:
        if known is None and not command.observation:
            fix = "record the observation first"
            yield _unnamed(what, "completed and not debriefed", undebriefed, fix)
        elif known is None:
            yield missing(what, "observation", command.observation, (o.id for o in undebriefed))
        elif known.completion is None:
            why = f"observation {known.id} is not completed"
            yield Refusal(
                "not-observed", what, why, "record the observation first", {"observation": known.id}
            )
        elif known.debrief is not None:
            why = f"observation {known.id} is debriefed already"
            yield Refusal("debriefed-already", what, why, "correct that one", {"observation": known.id})
        elif context.programme.day(held) < context.programme.day(known.completion.start):
            yield bad(what, "a debrief is not held before its observation", "say when it was held")
        yield from bad_minutes(what, command.minutes)
        yield from bad_instant(what, held, context, "say when it was held")
        if context.actor.role is Role.PARTICIPANT and not words_of(command.strengths):
            why = "no strength is named; strengths come first"
            yield Refusal("no-strength", what, why, "name at least one strength", {"cycle": cycle.id})
        if command.first_speaker is not None:
            day = context.programme.day(held)
            if command.first_speaker not in were_in(cycle, day, context):
                yield not_in_cycle(cycle, command.first_speaker, day, context, what, "name somebody who was")
        if owner is not None and owner not in cycle.people:
            why = f"{context.name(owner)} is not in this cycle"
            yield Refusal("not-in-cycle", what, why, "name an owner who is", {"person": owner})

    return record(
        cycle,
        command,
        Activity.DEBRIEF,
        context,
        what,
        checks(),
        lambda: [
            e.DebriefHeld(
                observation=known.id if known else "",
                held=held,
                minutes=command.minutes,
                mode=command.mode,
                first_speaker=command.first_speaker,
                late_by=late,
                step=step,
                step_owner=owner,
                check_back=command.check_back if step else None,
                strengths=words_of(command.strengths),
                growth_point=words_or_none(command.growth_point),
                action_step=words_or_none(command.action_step),
                goal_candidates=words_of(command.goal_candidates),
            )
        ],
    )
