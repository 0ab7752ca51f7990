"""Decisions on the work in a cycle: goals, agreement, observations, debriefs, reflections, celebrations, contacts.

Whether the stage takes such work, and from whom, is the definition's; what makes a record whole is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .. import commands as c
from .. import events as e
from ..commands import Command
from ..decision import Context, Outcome
from ..definition import Activity
from ..events import Event
from ..refusal import Fact, Refusal
from ..vocabulary import Audience, EvidenceKind, Role
from ..words import Words, words_of, words_or_none
from .deadlines import debrief_late_by
from .rules import ALREADY_SO, add, decides, unless, work_refusals
from .state import Cycle, Observation

LESSON_MINUTES = 600
"""No single meeting or lesson is longer, in minutes: a longer one is a slip of the keyboard."""


def _record(
    cycle: Cycle,
    command: Command,
    activity: Activity,
    context: Context,
    what: str,
    checks: Iterable[Refusal],
    events: Callable[[], Iterable[Event]],
) -> Outcome:
    """Record work of an activity: refused for every reason at once, or these events."""
    refusals = [*work_refusals(cycle, command, activity, context, what), *checks]
    return unless(refusals, lambda: add(cycle, *events()))


def _missing(what: str, kind: str, id: str, known: Iterable[str]) -> Refusal:
    names = ", ".join(known) or "none yet"
    facts: dict[str, Fact] = {"kind": kind, "id": id, "known": names}
    return Refusal(f"no-such-{kind}", what, f"there is no {kind} {id!r}", f"{kind}s here: {names}", facts)


def _bad(what: str, why: str, fix: str, **facts: Fact) -> Refusal:
    return Refusal("bad-value", what, why, fix, facts)


def _minutes(what: str, minutes: int) -> Iterator[Refusal]:
    if not 0 < minutes <= LESSON_MINUTES:
        why = f"{minutes} minutes cannot be right"
        yield _bad(what, why, f"give 1 to {LESSON_MINUTES} minutes", minutes=minutes)


def _next(letter: str, taken: Iterable[str]) -> str:
    known = set(taken)
    return next(f"{letter}{n}" for n in range(1, len(known) + 2) if f"{letter}{n}" not in known)


@decides(c.SetGoal)
def set_goal(cycle: Cycle, command: c.SetGoal, context: Context) -> Outcome:
    goal = command.goal or _next("g", (g.id for g in cycle.goals))
    what = f"goal {goal} of {cycle.id} cannot be set"

    def checks() -> Iterator[Refusal]:
        known = cycle.goal(goal)
        if command.goal and known is None and command.goal != _next("g", (g.id for g in cycle.goals)):
            yield _missing(what, "goal", goal, (g.id for g in cycle.goals))
        if known is not None and known.outcome is not None:
            yield Refusal("goal-assessed", what, "it is assessed already", "set another goal", {"goal": goal})
        if command.target is not None and command.unit is None:
            yield _bad(what, "a target needs a unit", "say what the number counts", goal=goal)

    return _record(
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
            yield _missing(what, "goal", command.goal, (g.id for g in cycle.goals))
        if command.on > context.programme.day(context.now):
            yield _bad(what, f"{command.on} is in the future", "say when it was measured", on=str(command.on))

    event = e.BaselineRecorded(goal=command.goal, value=command.value, on=command.on, source=command.source)
    return _record(cycle, command, Activity.BASELINE, context, what, checks(), lambda: [event])


@decides(c.AgreeGoals)
def agree_goals(cycle: Cycle, command: c.AgreeGoals, context: Context) -> Outcome:
    who = context.actor.id
    what = f"goals of {cycle.id} cannot be agreed"
    asked = [g for g in cycle.goals if command.goal in (None, g.id)]
    open_ = [g for g in asked if who not in g.agreed]
    if asked and not open_:
        return ALREADY_SO

    def checks() -> Iterator[Refusal]:
        if not asked:
            yield _missing(what, "goal", command.goal or "g1", (g.id for g in cycle.goals))

    return _record(
        cycle,
        command,
        Activity.AGREEMENT,
        context,
        what,
        checks(),
        lambda: [e.GoalAgreed(goal=g.id, person=who) for g in open_],
    )


@decides(c.RecordExpectations)
def record_expectations(cycle: Cycle, command: c.RecordExpectations, context: Context) -> Outcome:
    what = f"expectations of {cycle.id} cannot be recorded"
    often = command.meetings_per_month
    checks = []
    if often is not None and not 0 < often <= 31:
        checks = [_bad(what, f"{often} meetings a month cannot be right", "give 1 to 31")]
    event = e.ExpectationsRecorded(meetings_per_month=often, expectations=words_or_none(command.expectations))
    return _record(cycle, command, Activity.EXPECTATIONS, context, what, checks, lambda: [event])


def _observers(cycle: Cycle, observer: str, observed: str, context: Context, what: str) -> Iterator[Refusal]:
    for person in (observer, observed):
        if person not in cycle.people:
            people = ", ".join(context.name(p) for p in cycle.people)
            why = f"{context.name(person)} is not in this cycle"
            yield Refusal("not-in-cycle", what, why, f"those in it are {people}", {"person": person})
    if observer == observed:
        why = f"{context.name(observer)} cannot observe themselves"
        yield Refusal("self-observation", what, why, "name another observer", {"person": observer})
    if observer in context.person(observed).evaluators:
        why = f"{context.name(observer)} evaluates {context.name(observed)}"
        fix = "name an observer who does not evaluate them"
        yield Refusal("observer-is-evaluator", what, why, fix, {"person": observer})


@decides(c.AgreeFocus)
def agree_focus(cycle: Cycle, command: c.AgreeFocus, context: Context) -> Outcome:
    id = command.observation or _next("o", (o.id for o in cycle.observations))
    known = cycle.observation(id)
    what = f"the focus of observation {id} cannot be agreed"

    def checks() -> Iterator[Refusal]:
        yield from _observers(cycle, command.observer, command.observed, context, what)
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
    return _record(cycle, command, Activity.FOCUS, context, what, checks(), lambda: [event])


def _planned(cycle: Cycle, id: str, what: str) -> tuple[Observation | None, list[Refusal]]:
    """The observation that is meant (the only open one when no id is given), or why there is none."""
    open_ = [o for o in cycle.observations if o.completion is None]
    found = cycle.observation(id) if id else (open_[0] if len(open_) == 1 else None)
    if found is None:
        return None, [_missing(what, "observation", id or "?", (o.id for o in cycle.observations))]
    if found.completion is not None:
        why = f"observation {found.id} is completed"
        return found, [Refusal("observed-already", what, why, "plan another one", {"observation": found.id})]
    return found, []


@decides(c.ScheduleObservation)
def schedule_observation(cycle: Cycle, command: c.ScheduleObservation, context: Context) -> Outcome:
    what = f"the observation of {cycle.id} cannot be scheduled"
    found, checks = _planned(cycle, command.observation, what)
    if found and found.scheduled == command.at and found.mode is command.mode and not found.cancelled:
        return ALREADY_SO
    id = found.id if found else ""
    event = e.ObservationScheduled(observation=id, at=command.at, mode=command.mode)
    return _record(cycle, command, Activity.SCHEDULE, context, what, checks, lambda: [event])


@decides(c.RescheduleObservation)
def reschedule_observation(cycle: Cycle, command: c.RescheduleObservation, context: Context) -> Outcome:
    what = f"observation {command.observation} cannot be rescheduled"
    found, checks = _planned(cycle, command.observation, what)
    if found and found.scheduled is None:
        why = f"observation {found.id} is not scheduled"
        checks = [*checks, Refusal("not-scheduled", what, why, "schedule it", {"observation": found.id})]
    if found and found.scheduled == command.at and not found.cancelled:
        return ALREADY_SO
    event = e.ObservationRescheduled(observation=command.observation, at=command.at)
    return _record(cycle, command, Activity.SCHEDULE, context, what, checks, lambda: [event])


@decides(c.CancelObservation)
def cancel_observation(cycle: Cycle, command: c.CancelObservation, context: Context) -> Outcome:
    what = f"observation {command.observation} cannot be cancelled"
    found, checks = _planned(cycle, command.observation, what)
    if found and found.cancelled:
        return ALREADY_SO
    event = e.ObservationCancelled(observation=command.observation, reason=command.reason)
    return _record(cycle, command, Activity.SCHEDULE, context, what, checks, lambda: [event])


@decides(c.CompleteObservation)
def complete_observation(cycle: Cycle, command: c.CompleteObservation, context: Context) -> Outcome:
    what = f"the observation of {cycle.id} cannot be recorded"
    open_ = [o for o in cycle.observations if o.completion is None]
    known = cycle.observation(command.observation) if command.observation else None
    if known is None and not command.observation and len(open_) == 1:
        known = open_[0]
    id = known.id if known else (command.observation or _next("o", (o.id for o in cycle.observations)))
    observer = command.observer or (known.observer if known else "")
    observed = command.observed or (known.observed if known else "")

    def checks() -> Iterator[Refusal]:
        if known is None and command.observation:
            yield _missing(what, "observation", id, (o.id for o in cycle.observations))
        elif not (observer and observed):
            why = "nobody is named as observer and observed, and no single planned observation says who"
            yield _bad(what, why, "name the observation, or observer and observed")
        else:
            yield from _observers(cycle, observer, observed, context, what)
        if known is not None and known.completion is not None:
            why = f"observation {id} is completed"
            fix = "record another one, or correct this one"
            yield Refusal("observed-already", what, why, fix, {"observation": id})
        yield from _minutes(what, command.minutes)
        if context.programme.day(command.start) > context.programme.day(context.now):
            yield _bad(what, f"{command.start:%Y-%m-%d %H:%M} UTC is in the future", "say when it was")
        judged = sum(kind is EvidenceKind.JUDGEMENT for kind in command.kinds)
        if judged:
            why = f"{judged} of {len(command.kinds)} pieces of evidence are judgements"
            yield Refusal("judgement", what, why, "report what was seen and heard", {"judged": judged})

    return _record(
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
    step = _next("s", (s.id for s in cycle.steps)) if command.action_step or command.step_owner else None
    owner = command.step_owner or (known.observed if known and step else None)
    late = debrief_late_by(cycle, known, context.definition, context.programme, held) if known else 0

    def checks() -> Iterator[Refusal]:
        if known is None:
            ids = (o.id for o in undebriefed)
            yield _missing(what, "observation", command.observation or "?", ids)
        elif known.completion is None:
            why = f"observation {known.id} is not completed"
            yield Refusal(
                "not-observed", what, why, "record the observation first", {"observation": known.id}
            )
        elif known.debrief is not None:
            why = f"observation {known.id} is debriefed already"
            yield Refusal("debriefed-already", what, why, "correct that one", {"observation": known.id})
        elif context.programme.day(held) < context.programme.day(known.completion.start):
            yield _bad(what, "a debrief is not held before its observation", "say when it was held")
        yield from _minutes(what, command.minutes)
        if context.programme.day(held) > context.programme.day(context.now):
            yield _bad(what, f"{held:%Y-%m-%d} is in the future", "say when it was held")
        if context.actor.role is Role.PARTICIPANT and not words_of(command.strengths):
            why = "no strength is named; strengths come first"
            yield Refusal("no-strength", what, why, "name at least one strength", {"cycle": cycle.id})
        for person in (command.first_speaker, owner):
            if person is not None and person not in cycle.people:
                why = f"{context.name(person)} is not in this cycle"
                yield Refusal("not-in-cycle", what, why, "name somebody who is", {"person": person})

    return _record(
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


@decides(c.CheckActionStep)
def check_action_step(cycle: Cycle, command: c.CheckActionStep, context: Context) -> Outcome:
    what = f"action step {command.step} cannot be checked"
    known = cycle.step(command.step)
    if known is not None and known.outcome is command.outcome:
        return ALREADY_SO
    checks = [] if known else [_missing(what, "step", command.step, (s.id for s in cycle.steps))]
    event = e.ActionStepChecked(step=command.step, outcome=command.outcome)
    return _record(cycle, command, Activity.ACTION_STEP, context, what, checks, lambda: [event])


@decides(c.WriteReflection)
def write_reflection(cycle: Cycle, command: c.WriteReflection, context: Context) -> Outcome:
    what = f"this reflection of {cycle.id} cannot be recorded"

    def checks() -> Iterator[Refusal]:
        if not command.reflection.strip():
            yield _bad(what, "it is empty", "write the reflection")
        answers = (command.confidence_before, command.confidence_after, *command.survey)
        if any(answer is not None and not 1 <= answer <= 10 for answer in answers):
            yield _bad(what, "confidence and survey answers go from 1 to 10", "give 1 to 10")

    event = e.ReflectionWritten(
        person=context.actor.id,
        confidence_before=command.confidence_before,
        confidence_after=command.confidence_after,
        fit=command.fit,
        survey=command.survey,
        reflection=Words(text=command.reflection),
        comments=words_or_none(command.comments),
    )
    return _record(cycle, command, Activity.REFLECTION, context, what, checks(), lambda: [event])


@decides(c.AssessGoal)
def assess_goal(cycle: Cycle, command: c.AssessGoal, context: Context) -> Outcome:
    what = f"goal {command.goal} cannot be assessed"

    def checks() -> Iterator[Refusal]:
        if cycle.goal(command.goal) is None:
            yield _missing(what, "goal", command.goal, (g.id for g in cycle.goals))
        met, assessed = command.met, command.assessed
        if (met is None) != (assessed is None):
            yield _bad(what, "n met needs n assessed", "give both numbers")
        elif met is not None and assessed is not None and not 0 <= met <= assessed:
            yield _bad(what, f"{met} met of {assessed} assessed cannot be right", "give met <= assessed")

    event = e.GoalAssessed(
        goal=command.goal,
        assessment=command.assessment,
        value=command.value,
        met=command.met,
        assessed=command.assessed,
    )
    return _record(cycle, command, Activity.ASSESSMENT, context, what, checks(), lambda: [event])


@decides(c.GiveConsent)
def give_consent(cycle: Cycle, command: c.GiveConsent, context: Context) -> Outcome:
    what = f"consent in {cycle.id} cannot be recorded"
    if cycle.consents.get(context.actor.id) is command.audience:
        return ALREADY_SO
    event = e.ConsentGiven(person=context.actor.id, audience=command.audience)
    return _record(cycle, command, Activity.CONSENT, context, what, (), lambda: [event])


@decides(c.Celebrate)
def celebrate(cycle: Cycle, command: c.Celebrate, context: Context) -> Outcome:
    what = f"this celebration of {cycle.id} cannot be recorded"

    def checks() -> Iterator[Refusal]:
        for person in cycle.people:
            consent = cycle.consents.get(person, Audience.PAIR)
            if command.audience.width > consent.width:
                name = context.name(person)
                yield Refusal(
                    "no-consent",
                    what,
                    f"{name} has agreed to {consent.value}, not to {command.audience.value}",
                    f"{name} can give consent, or choose a narrower audience",
                    {"cycle": cycle.id, "person": person, "audience": command.audience.value},
                )

    return _record(
        cycle,
        command,
        Activity.CELEBRATION,
        context,
        what,
        checks(),
        lambda: [
            e.CelebrationHeld(
                celebration=_next("b", (b.id for b in cycle.celebrations)),
                stage=cycle.stage,
                size=command.size,
                audience=command.audience,
                number=command.number,
                share_practice=command.share_practice,
                achievement=words_or_none(command.achievement),
                practice=words_or_none(command.practice),
            )
        ],
    )


@decides(c.LogContact)
def log_contact(cycle: Cycle, command: c.LogContact, context: Context) -> Outcome:
    what = f"this contact of {cycle.id} cannot be logged"
    people = command.people or cycle.people

    def checks() -> Iterator[Refusal]:
        yield from _minutes(what, command.minutes)
        for person in people:
            if person not in cycle.people:
                why = f"{context.name(person)} is not in this cycle"
                yield Refusal("not-in-cycle", what, why, "name those who took part", {"person": person})

    return _record(
        cycle,
        command,
        Activity.CONTACT,
        context,
        what,
        checks(),
        lambda: [
            e.ContactLogged(
                contact=_next("k", (k.id for k in cycle.contacts)),
                kind=command.kind,
                mode=command.mode,
                formality=command.formality,
                minutes=command.minutes,
                people=people,
                notes=words_or_none(command.notes),
            )
        ],
    )
