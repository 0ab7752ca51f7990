"""The fold of a cycle: what each event does to its state.

No checks, no clock, no rule: what happened has happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .. import events as e
from ..change import change, maker
from ..definition import COMPLETED, DefinitionRef
from ..ids import subject_of
from ..recorded import Recorded
from ..vocabulary import Status
from .correction import corrected
from .state import (
    Advanced,
    Assessed,
    Baseline,
    Celebration,
    Completion,
    Contact,
    Cycle,
    Debrief,
    Goal,
    Membership,
    Observation,
    Pause,
    Step,
    agreed_first,
)

Handler = Callable[[Cycle, Any, Recorded[Any]], Cycle]
HANDLERS: dict[type[e.Event], Handler] = {}
H = TypeVar("H", bound=Handler)


def evolve(cycle: Cycle, recorded: Recorded[Any]) -> Cycle:
    """The cycle after one more event of its stream; raises KeyError for an event of another kind of stream."""
    return HANDLERS[type(recorded.event)](cycle, recorded.event, recorded)


def fold(history: Iterable[Recorded[Any]], cycle: Cycle | None = None) -> Cycle:
    """The cycle after a whole history, from `cycle` or from nothing."""
    state = cycle or Cycle()
    for recorded in history:
        state = HANDLERS[type(recorded.event)](state, recorded.event, recorded)
    return state


_NOTHING = Cycle()
_advance = maker(Advanced)
_membership = maker(Membership)


def _on(kind: type[e.Event]) -> Callable[[H], H]:
    def register(handler: H) -> H:
        HANDLERS[kind] = handler
        return handler

    return register


@_on(e.CycleOpened)
def _opened(cycle: Cycle, event: e.CycleOpened, r: Recorded[Any]) -> Cycle:
    return change(
        _NOTHING,
        id=subject_of(r.stream),
        version=r.version,
        programme=event.programme,
        definition=DefinitionRef(event.definition, event.definition_version, event.definition_digest),
        kind=event.kind,
        pairing=event.pairing,
        members=tuple([_member(p, r) for p in event.participants]),
        stage=event.stage,
        opened_at=r.occurred_at,
        since=r.occurred_at,
        follows=event.follows,
        carried=event.carried,
        steps=tuple([Step(s.id, s.owner, s.check_back, r.version) for s in event.carried if s.owner]),
    )


@_on(e.CycleAdvanced)
def _advanced(cycle: Cycle, event: e.CycleAdvanced, r: Recorded[Any]) -> Cycle:
    left = _advance(
        r.version, event.source, event.target, cycle.since, cycle.extended, r.batch, cycle.extended_at
    )
    done = event.target == COMPLETED
    return change(
        cycle,
        version=r.version,
        stage=cycle.stage if done else event.target,
        status=Status.COMPLETED if done else cycle.status,
        since=r.occurred_at,
        extended=None,
        extended_at=None,
        advances=(*cycle.advances, left),
    )


@_on(e.AdvanceUndone)
def _advance_undone(cycle: Cycle, event: e.AdvanceUndone, r: Recorded[Any]) -> Cycle:
    last = cycle.advances[-1]
    return change(
        cycle,
        version=r.version,
        stage=event.target,
        status=Status.ACTIVE if cycle.status is Status.COMPLETED else cycle.status,
        since=event.since,
        extended=last.extended,
        extended_at=last.extended_at,
        advances=cycle.advances[:-1],
    )


@_on(e.CyclePaused)
def _paused(cycle: Cycle, event: e.CyclePaused, r: Recorded[Any]) -> Cycle:
    pauses = (*cycle.pauses, Pause(r.occurred_at, reason=event.reason))
    return change(cycle, version=r.version, status=Status.PAUSED, pauses=pauses)


@_on(e.CycleResumed)
def _resumed(cycle: Cycle, event: e.CycleResumed, r: Recorded[Any]) -> Cycle:
    pauses = (*cycle.pauses[:-1], change(cycle.pauses[-1], end=r.occurred_at))
    return change(cycle, version=r.version, status=Status.ACTIVE, pauses=pauses)


@_on(e.CycleCancelled)
def _cancelled(cycle: Cycle, event: e.CycleCancelled, r: Recorded[Any]) -> Cycle:
    pauses = cycle.pauses
    if pauses and pauses[-1].end is None:
        pauses = (*pauses[:-1], change(pauses[-1], end=r.occurred_at))
    return change(cycle, version=r.version, status=Status.CANCELLED, pauses=pauses, cancelled=event.reason)


@_on(e.CycleReopened)
def _reopened(cycle: Cycle, event: e.CycleReopened, r: Recorded[Any]) -> Cycle:
    return change(
        cycle,
        version=r.version,
        status=Status.ACTIVE,
        cancelled=None,
        stage=event.stage,
        since=r.occurred_at,
        extended=None,
        extended_at=None,
        advances=(),
    )


@_on(e.CycleExtended)
def _extended(cycle: Cycle, event: e.CycleExtended, r: Recorded[Any]) -> Cycle:
    return change(cycle, version=r.version, extended=event.new_due, extended_at=r.occurred_at)


@_on(e.RematchAsked)
def _rematch_asked(cycle: Cycle, event: e.RematchAsked, r: Recorded[Any]) -> Cycle:
    return change(cycle, version=r.version, rematch_asked=_with(cycle.rematch_asked, event.person))


@_on(e.PartnerChanged)
def _partner_changed(cycle: Cycle, event: e.PartnerChanged, r: Recorded[Any]) -> Cycle:
    here = {p.person: p for p in event.participants}
    members: list[Membership] = []
    for member in cycle.members:
        now = here.pop(member.person, None) if member.until is None else None
        if member.until is None and (
            now is None or (now.mentee, now.mentor) != (member.mentee, member.mentor)
        ):
            members.append(change(member, until=r.version, left=r.occurred_at))
            if now is not None:
                members.append(_member(now, r))
        else:
            members.append(member)
    members.extend(_member(p, r) for p in here.values())
    return change(
        cycle,
        version=r.version,
        kind=event.kind,
        pairing=event.new_pairing,
        members=tuple(members),
        goals=tuple([_not_agreed_any_more(g, cycle.people) for g in cycle.goals]),
        rematch_asked=(),
    )


def _not_agreed_any_more(goal: Goal, people: tuple[str, ...]) -> Goal:
    """Who had not all agreed before has nothing to agree anew: the definition may never have asked for it."""
    if goal.outcome is not None:
        return goal
    return change(goal, agreed=(), anew=goal.anew or all(person in goal.agreed for person in people))


@_on(e.CycleCorrected)
def _corrected(cycle: Cycle, event: e.CycleCorrected, r: Recorded[Any]) -> Cycle:
    return change(corrected(cycle, event), version=r.version)


@_on(e.RequirementWaived)
def _waived(cycle: Cycle, event: e.RequirementWaived, r: Recorded[Any]) -> Cycle:
    return change(cycle, version=r.version, waived=cycle.waived | {(event.requirement, event.subject)})


@_on(e.CycleFollowed)
def _followed(cycle: Cycle, event: e.CycleFollowed, r: Recorded[Any]) -> Cycle:
    return change(cycle, version=r.version, next_cycle=event.next_cycle)


@_on(e.GoalSet)
def _goal_set(cycle: Cycle, event: e.GoalSet, r: Recorded[Any]) -> Cycle:
    known = cycle.goal(event.goal)
    statement, measure = (known.statement, known.measure) if known is not None else (0, 0)
    goal = Goal(
        event.goal,
        r.version,
        event.area,
        event.measured,
        event.unit,
        event.target,
        event.direction,
        event.due,
        anew=known is not None and known.anew,
        statement=statement if event.statement is None else r.version,
        measure=measure if event.measure is None else r.version,
    )
    return change(cycle, version=r.version, goals=_put(cycle.goals, goal))


@_on(e.BaselineRecorded)
def _baseline(cycle: Cycle, event: e.BaselineRecorded, r: Recorded[Any]) -> Cycle:
    baseline = Baseline(r.version, event.value, event.on, event.source)
    return change(
        cycle,
        version=r.version,
        goals=_alter(cycle.goals, event.goal, lambda g: change(g, baseline=baseline)),
    )


@_on(e.GoalAgreed)
def _agreed(cycle: Cycle, event: e.GoalAgreed, r: Recorded[Any]) -> Cycle:
    return change(
        cycle,
        version=r.version,
        goals=_alter(cycle.goals, event.goal, lambda g: change(g, agreed=_with(g.agreed, event.person))),
    )


@_on(e.ExpectationsRecorded)
def _expectations(cycle: Cycle, event: e.ExpectationsRecorded, r: Recorded[Any]) -> Cycle:
    return change(cycle, version=r.version, expectations=True)


@_on(e.FocusAgreed)
def _focus(cycle: Cycle, event: e.FocusAgreed, r: Recorded[Any]) -> Cycle:
    known = cycle.observation(event.observation)
    known = known or Observation(event.observation, event.observer, event.observed)
    observation = change(
        known, observer=event.observer, observed=event.observed, focus=r.version, focus_at=r.occurred_at
    )
    return change(cycle, version=r.version, observations=_put(cycle.observations, observation))


@_on(e.ObservationScheduled)
def _scheduled(cycle: Cycle, event: e.ObservationScheduled, r: Recorded[Any]) -> Cycle:
    return _observe(
        cycle,
        r,
        event.observation,
        lambda o: change(o, scheduled=event.at, mode=event.mode, cancelled=False),
    )


@_on(e.ObservationRescheduled)
def _rescheduled(cycle: Cycle, event: e.ObservationRescheduled, r: Recorded[Any]) -> Cycle:
    return _observe(cycle, r, event.observation, lambda o: change(o, scheduled=event.at, cancelled=False))


@_on(e.ObservationCancelled)
def _observation_cancelled(cycle: Cycle, event: e.ObservationCancelled, r: Recorded[Any]) -> Cycle:
    return _observe(cycle, r, event.observation, lambda o: change(o, cancelled=True))


@_on(e.ObservationCompleted)
def _observed(cycle: Cycle, event: e.ObservationCompleted, r: Recorded[Any]) -> Cycle:
    known = cycle.observation(event.observation) or Observation(
        event.observation, event.observer, event.observed
    )
    first = agreed_first(known.focus_at, event.start)
    completion = Completion(r.version, event.start, event.minutes, event.mode, first)
    observation = change(
        known, observer=event.observer, observed=event.observed, cancelled=False, completion=completion
    )
    return change(cycle, version=r.version, observations=_put(cycle.observations, observation))


@_on(e.DebriefHeld)
def _debriefed(cycle: Cycle, event: e.DebriefHeld, r: Recorded[Any]) -> Cycle:
    debrief = Debrief(r.version, event.held, event.minutes, event.mode, event.late_by)
    debriefed = _observe(cycle, r, event.observation, lambda o: change(o, debrief=debrief))
    if event.step is None or event.step_owner is None:
        return debriefed
    step = Step(event.step, event.step_owner, event.check_back, r.version)
    return change(debriefed, steps=_put(cycle.steps, step))


@_on(e.ActionStepChecked)
def _step_checked(cycle: Cycle, event: e.ActionStepChecked, r: Recorded[Any]) -> Cycle:
    steps = _alter(cycle.steps, event.step, lambda s: change(s, outcome=event.outcome))
    return change(cycle, version=r.version, steps=steps)


@_on(e.ReflectionWritten)
def _reflected(cycle: Cycle, event: e.ReflectionWritten, r: Recorded[Any]) -> Cycle:
    return change(cycle, version=r.version, reflections=_with(cycle.reflections, event.person))


@_on(e.GoalAssessed)
def _assessed(cycle: Cycle, event: e.GoalAssessed, r: Recorded[Any]) -> Cycle:
    outcome = Assessed(r.version, event.assessment, event.value, event.met, event.assessed)
    return change(
        cycle, version=r.version, goals=_alter(cycle.goals, event.goal, lambda g: change(g, outcome=outcome))
    )


@_on(e.ConsentGiven)
def _consented(cycle: Cycle, event: e.ConsentGiven, r: Recorded[Any]) -> Cycle:
    return change(cycle, version=r.version, consents={**cycle.consents, event.person: event.audience})


@_on(e.CelebrationHeld)
def _celebrated(cycle: Cycle, event: e.CelebrationHeld, r: Recorded[Any]) -> Cycle:
    held = Celebration(event.celebration, r.version, event.stage, event.size, event.audience, event.number)
    return change(cycle, version=r.version, celebrations=(*cycle.celebrations, held))


@_on(e.ContactLogged)
def _contact(cycle: Cycle, event: e.ContactLogged, r: Recorded[Any]) -> Cycle:
    contact = Contact(
        event.contact,
        r.version,
        r.occurred_at,
        event.kind,
        event.mode,
        event.formality,
        event.minutes,
        event.people,
    )
    return change(cycle, version=r.version, contacts=(*cycle.contacts, contact))


Item = TypeVar("Item", Goal, Observation, Step)


def _member(participant: e.Participant, r: Recorded[Any]) -> Membership:
    return _membership(
        participant.person, participant.mentee, participant.mentor, r.version, None, r.occurred_at, None
    )


def _put(items: tuple[Item, ...], item: Item) -> tuple[Item, ...]:
    by_id = {known.id: known for known in items}
    by_id[item.id] = item
    return tuple(by_id.values())


def _alter(items: tuple[Item, ...], id: str, altered: Callable[[Item], Item]) -> tuple[Item, ...]:
    return tuple([altered(item) if item.id == id else item for item in items])


def _observe(cycle: Cycle, r: Recorded[Any], id: str, altered: Callable[[Observation], Observation]) -> Cycle:
    return change(cycle, version=r.version, observations=_alter(cycle.observations, id, altered))


def _with(people: tuple[str, ...], person: str) -> tuple[str, ...]:
    return people if person in people else (*people, person)
