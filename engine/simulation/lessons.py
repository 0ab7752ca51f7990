"""How a lesson is observed and talked about: focus, appointment, what may come between, evidence, debrief."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from mentorcycle.domain import commands as c
from mentorcycle.domain.cycle.state import Observation
from mentorcycle.domain.vocabulary import EvidenceKind, Mode, ObservationCancelReason, WaiverReason

from . import phrases, term
from .agenda import Later, Story
from .pair import Pair

MODES = (Mode.IN_PERSON,) * 7 + (Mode.LIVE_VIDEO, Mode.RECORDING)
LESSON_HOURS = (8, 9, 10, 11, 13, 14)


def observed(pair: Pair, person: str) -> Story:
    """One lesson of a person, from the focus question to the evidence."""
    yield pair.wait(1, 2)
    number = f"o{len(pair.cycle.observations) + 1}"
    _agree_focus(pair, person, number)
    yield pair.wait(0.5, 1)
    planned = pair.agenda.day_in(pair.rng.randint(2, 5))
    pair.does(
        pair.someone(),
        c.ScheduleObservation(
            pair.id,
            term.local(planned, pair.rng.choice(LESSON_HOURS) * 60 + 10),
            number,
            pair.rng.choice(MODES),
        ),
    )
    yield from _until_the_lesson(pair, number)
    _complete(pair, number)


def _agree_focus(pair: Pair, person: str, number: str) -> None:
    """The observed person sets the focus; now and then the observer would like to."""
    said = phrases.of_area(pair.cycle.goals[0].area)
    focus, method = pair.rng.choice(said.focus), pair.rng.choice(said.methods)
    observer = pair.observer_of(person)
    command = c.AgreeFocus(pair.id, person, observer, number, focus, method)
    if pair.chance(0.08):
        pair.tries(observer, command)
    pair.does(person, command)


def _until_the_lesson(pair: Pair, number: str) -> Story:
    """The day comes, or does not: somebody is away, the school is closed, the pair has paused."""
    yield Later(max(1, _days_to(pair, number) // 2))
    if pair.chance(0.15) and _days_to(pair, number) > 0:
        _move(pair, number, 1 + pair.rng.randint(1, 4))
    elif pair.chance(0.05) and _days_to(pair, number) > 0:
        pair.does(
            pair.someone(), c.CancelObservation(pair.id, number, ObservationCancelReason.SCHEDULE_CHANGE)
        )
        yield pair.wait(1, 2)
        day = pair.agenda.day_in(3)
        pair.does(pair.someone(), c.ScheduleObservation(pair.id, term.local(day, 9 * 60 + 10), number))
    while True:
        yield Later(_days_to(pair, number), 15 * 60 + pair.rng.randrange(15, 60))
        plan = _plan(pair, number)
        if plan.observer not in pair.cycle.people:
            _agree_focus(pair, plan.observed, number)
            _move(pair, number, pair.rng.randint(2, 4))
        elif _day(plan) == pair.agenda.today:
            return
        else:
            yield from _missed(pair, number)


def _missed(pair: Pair, number: str) -> Story:
    """The planned day has passed without the lesson: a day without school, or a pause."""
    plan = _plan(pair, number)
    if _day(plan) == term.SNOW and not plan.cancelled:
        pair.does(pair.someone(), c.CancelObservation(pair.id, number, ObservationCancelReason.SCHOOL_CLOSED))
        yield Later(1)
    _move(pair, number, pair.rng.randint(1, 3))


def _move(pair: Pair, number: str, days: int) -> None:
    day = pair.agenda.day_in(days)
    at = term.local(day, pair.rng.choice(LESSON_HOURS) * 60 + 10)
    pair.does(pair.someone(), c.RescheduleObservation(pair.id, number, at))


def _plan(pair: Pair, number: str) -> Observation:
    found = pair.cycle.observation(number)
    assert found is not None, "it was planned"
    return found


def _day(plan: Observation) -> date:
    assert plan.scheduled is not None, "it was scheduled"
    return plan.scheduled.date()


def _days_to(pair: Pair, number: str) -> int:
    return pair.agenda.days_until(_day(_plan(pair, number)))


def _complete(pair: Pair, number: str) -> None:
    plan = _plan(pair, number)
    observer = plan.observer
    said = phrases.of_area(pair.cycle.goals[0].area)
    seen = tuple(phrases.filled(text, pair.rng) for text in phrases.some(said.evidence, pair.rng, 3))
    record = c.CompleteObservation(
        pair.id,
        plan.scheduled or pair.desk.clock(),
        pair.rng.choice([35, 40, 40, 45, 50, 55, 60]),
        number,
        plan.mode or Mode.IN_PERSON,
        kinds=(EvidenceKind.DESCRIPTION,) * len(seen),
        context=phrases.one_of("context", pair.rng),
        evidence=seen,
        numbers=phrases.one_of("numbers", pair.rng) if pair.chance(0.4) else None,
    )
    if pair.chance(0.12):
        judgement = phrases.one_of("judgements", pair.rng)
        kinds = (*record.kinds, EvidenceKind.JUDGEMENT)
        pair.tries(observer, replace(record, kinds=kinds, evidence=(*seen, judgement)))
    if not pair.cycle.completed_observations and pair.chance(pair.temperament.eager):
        pair.tries(pair.someone(), c.Advance(pair.id))
    pair.does(observer, record)


def debriefed(pair: Pair) -> Story:
    """Every completed observation is talked about, in time or late, or the coordinator waives it."""
    for observation in pair.cycle.completed_observations:
        if observation.debrief is not None:
            continue
        late = pair.always_late or pair.chance(pair.temperament.late)
        yield Later(pair.rng.randint(3, 9) if late else pair.rng.randint(1, 2))
        if pair.waives == "debrief" and pair.cycle.stage == "debrief":
            pair.desk.do(c.Waive(pair.id, "debrief", observation.id, WaiverReason.ABSENCE))
            pair.waives = ""
            continue
        _hold(pair, observation)


def _hold(pair: Pair, observation: Observation) -> None:
    said = phrases.of_area(pair.cycle.goals[0].area)
    speaker = pair.observer_of(observation.observed)
    step = pair.rng.choice(said.steps) if pair.chance(0.8) else None
    record = c.HoldDebrief(
        pair.id,
        pair.rng.choice([15, 20, 20, 25, 30, 40]),
        observation.id,
        mode=pair.rng.choice([Mode.IN_PERSON, Mode.IN_PERSON, Mode.IN_PERSON, Mode.LIVE_VIDEO, Mode.PHONE]),
        first_speaker=observation.observed if pair.chance(0.8) else speaker,
        step_owner=observation.observed if step else None,
        check_back=pair.agenda.day_in(10) if step else None,
        strengths=phrases.some(said.strengths, pair.rng, 2),
        growth_point=pair.rng.choice(said.growth),
        action_step=step,
        goal_candidates=(phrases.one_of("candidates", pair.rng),) if pair.chance(0.3) else (),
    )
    if pair.chance(0.06):
        pair.tries(speaker, replace(record, strengths=()))
    if pair.chance(0.04):
        pair.desk.attempt(record)
    pair.does(speaker, record)
