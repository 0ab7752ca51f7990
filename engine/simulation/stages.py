"""What a pair does in each stage of a cycle, told in order; each function is a story that waits in between.

The side paths, which come from outside and may come at any time, are in `side_paths`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from mentorcycle.domain import commands as c
from mentorcycle.domain.events import Peers
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    ContactKind,
    Formality,
    MeasureSource,
    Mode,
    Size,
    StepOutcome,
    TeachingArea,
    WaiverReason,
)

from . import lessons, phrases
from .agenda import Later, Story
from .pair import Pair


def cycles(pair: Pair) -> Story:
    """One cycle after the other, as long as the year and the pair's temperament last."""
    while True:
        yield from one_cycle(pair)
        if not pair.chance(pair.temperament.again) or pair.agenda.days_left < 25:
            return
        yield pair.wait(6, 11)
        pair.wants_next = True
        while pair.wants_next:
            yield Later(1)


def one_cycle(pair: Pair) -> Story:
    """From the opening to the end, with a second observation now and then."""
    yield from goal_set(pair)
    yield from observe(pair)
    yield from debrief(pair)
    if pair.chance(0.15):
        yield from leave(pair, "observe")
        yield from observe(pair)
        yield from debrief(pair)
    yield from reflect(pair)
    yield from celebrate(pair)


def goal_set(pair: Pair) -> Story:
    mentee = pair.mentee
    yield pair.wait(1, 3)
    if pair.chance(pair.temperament.eager):
        pair.tries(pair.someone(), c.Advance(pair.id))
    if not pair.cycle.goals:
        yield from _first_goal(pair)
    for goal in pair.cycle.goals:
        yield pair.wait(0.5, 2)
        if pair.waives == "baseline":
            pair.tries(mentee, c.Waive(pair.id, "baseline", goal.id, WaiverReason.NEW_CLASS))
            pair.desk.do(c.Waive(pair.id, "baseline", goal.id, WaiverReason.NEW_CLASS))
            continue
        low, high = phrases.of_area(goal.area).before
        value = float(pair.rng.randint(low, high))
        measured = pair.agenda.today - timedelta(days=pair.rng.randint(0, 2))
        source = pair.rng.choice(list(MeasureSource))
        pair.does(mentee, c.RecordBaseline(pair.id, goal.id, value, measured, source))
    if pair.chance(0.7):
        texts = phrases.one_of("expectations", pair.rng)
        pair.does(pair.someone(), c.RecordExpectations(pair.id, pair.rng.choice([2, 2, 3, 4]), texts))
    if pair.temperament.pace > 2 and pair.chance(0.2):
        pair.desk.attempt(c.AgreeGoals(pair.id))
    for person in pair.cycle.people:
        yield pair.wait(0.3, 1)
        if person in pair.cycle.people:
            pair.does(person, c.AgreeGoals(pair.id))
        if person != pair.cycle.people[-1] and pair.chance(pair.temperament.eager / 2):
            pair.tries(person, c.Advance(pair.id))
    yield from leave(pair)


def _first_goal(pair: Pair) -> Story:
    area = pair.rng.choice(list(TeachingArea))
    said = phrases.of_area(area)
    if pair.chance(0.2):
        pair.does(pair.mentee, c.SetGoal(pair.id, area, statement=said.statement))
        pair.tries(pair.mentee, c.Advance(pair.id))
        yield pair.wait(1, 2)
    pair.does(
        pair.mentee,
        c.SetGoal(
            pair.id,
            area,
            goal="g1",
            unit=said.unit,
            target=float(said.target),
            direction=said.direction,
            due=pair.agenda.day_in(45),
            peers=Peers(True, pair.chance(0.6), pair.chance(0.8), True, True),
            statement=said.statement,
            measure=said.measure,
        ),
    )


def observe(pair: Pair) -> Story:
    """The last lesson is debriefed in the stage of its own, those before it at once."""
    cycle = pair.cycle
    plans = list(cycle.mentees)
    for number, observed in enumerate(plans, 1):
        yield from lessons.observed(pair, observed)
        if number < len(plans):
            yield from lessons.debriefed(pair)
    yield from leave(pair, at_once=not pair.always_late and not pair.chance(pair.temperament.late))


def debrief(pair: Pair) -> Story:
    if pair.chance(pair.temperament.eager):
        yield Later(1)
        pair.tries(pair.someone(), c.Advance(pair.id))
    yield from lessons.debriefed(pair)
    yield from leave(pair)


def reflect(pair: Pair) -> Story:
    yield pair.wait(1, 2)
    if pair.chance(pair.temperament.eager):
        pair.tries(pair.someone(), c.Advance(pair.id))
    for person in _who_reflects(pair):
        yield pair.wait(1, 2.5)
        if person not in pair.cycle.people:
            continue
        before = pair.rng.randint(3, 6)
        words = phrases.one_of("reflections", pair.rng)
        comments = phrases.one_of("comments", pair.rng) if pair.chance(0.3) else None
        after, fit = before + pair.rng.randint(0, 3), pair.chance(0.9)
        survey = tuple(pair.rng.randint(5, 10) for _ in range(3))
        pair.does(person, c.WriteReflection(pair.id, words, before, after, fit, survey, comments))
    yield pair.wait(0.5, 2)
    for goal in pair.cycle.goals:
        low, high = phrases.of_area(goal.area).before
        target = goal.target if goal.target is not None else high
        options = {
            Assessment.MET: float(target),
            Assessment.PARTLY: float((target + (low + high) / 2) // 2),
            Assessment.NOT_MET: float(high if target > high else low),
        }
        assessment = pair.rng.choices(list(options), [6, 3, 1])[0]
        met = {"met": pair.rng.randint(12, 20), "assessed": 24} if pair.chance(0.3) else {}
        pair.does(pair.mentee, c.AssessGoal(pair.id, goal.id, assessment, options[assessment], **met))
    _check_steps(pair)
    yield from leave(pair)


def _who_reflects(pair: Pair) -> Iterator[str]:
    """Every mentee, and sometimes those who only mentor."""
    cycle = pair.cycle
    yield from cycle.mentees
    yield from (person for person in cycle.mentors if person not in cycle.mentees and pair.chance(0.4))


def _check_steps(pair: Pair) -> None:
    for step in pair.cycle.steps:
        if step.outcome is None and pair.chance(0.7):
            outcome = pair.rng.choices(list(StepOutcome), [6, 3, 1])[0]
            pair.does(pair.someone(), c.CheckActionStep(pair.id, step.id, outcome))


def celebrate(pair: Pair) -> Story:
    yield pair.wait(1, 3)
    audience = pair.rng.choice([Audience.PAIR, Audience.PAIR, Audience.GROUP, Audience.SCHOOL])
    if pair.chance(0.7):
        _consent(pair, audience)
    celebration = c.Celebrate(
        pair.id,
        pair.rng.choice([Size.SMALL, Size.SMALL, Size.LARGE]),
        audience,
        float(pair.rng.randint(10, 90)) if pair.chance(0.5) else None,
        share_practice=audience is not Audience.PAIR and pair.chance(0.5),
        achievement=phrases.of_area(pair.cycle.goals[0].area).achievement,
        practice=phrases.one_of("practices", pair.rng),
    )
    if not pair.tries(pair.mentee, celebration):
        yield pair.wait(0.5, 1)
        _consent(pair, audience)
        pair.does(pair.mentee, celebration)
    yield from leave(pair)


def _consent(pair: Pair, audience: Audience) -> None:
    for person in pair.cycle.people if audience is not Audience.PAIR else ():
        pair.does(person, c.GiveConsent(pair.id, audience))


def leave(pair: Pair, stage: str | None = None, *, at_once: bool = False) -> Story:
    """Out of the stage: at once, some days later on their own, or with the coordinator's next round."""
    if pair.cycle.stage == pair.stops_in:
        yield Later(len(pair.agenda.days))  # from here on nobody does anything
    if not at_once:
        yield pair.wait(0.3, 1)
    mend(pair)
    if at_once or stage is not None or pair.chance(pair.temperament.alone):
        pair.does(pair.someone(), c.Advance(pair.id, stage))
        return
    pair.ready = True
    while pair.ready:
        yield Later(1)
        mend(pair)


def mend(pair: Pair) -> None:
    """After a change of partner the goals are agreed anew, in whichever stage the cycle stands."""
    cycle = pair.cycle
    rematched = any(member.until for member in cycle.members)
    if pair.is_in() and (cycle.stage == "goal-set" or rematched):
        open_ = [goal for goal in cycle.goals if goal.outcome is None or goal.anew]
        for person in cycle.people:
            if any(person not in goal.agreed for goal in open_):
                pair.does(person, c.AgreeGoals(pair.id))


def contacts(pair: Pair) -> Story:
    """Check-ins, visits and calls through the weeks; some are recorded a day or two later, some on paper."""
    while True:
        yield pair.wait(4, 7)
        if not pair.is_in():
            continue
        kind = pair.rng.choice([kind for kind in ContactKind if kind is not ContactKind.OTHER])
        video = kind is ContactKind.VIRTUAL_MEETING
        contact = c.LogContact(
            pair.id,
            pair.rng.choice([15, 20, 25, 30, 30, 40, 45, 60]),
            kind,
            pair.rng.choice([Mode.LIVE_VIDEO, Mode.PHONE]) if video else Mode.IN_PERSON,
            Formality.FORMAL if pair.chance(0.4) else Formality.INFORMAL,
        )
        if pair.on_paper:
            pair.sheet.append(contact)
            continue
        if pair.chance(0.6):
            contact = replace(contact, notes=phrases.one_of("contacts", pair.rng))
        happened = pair.desk.clock() - timedelta(days=pair.rng.choice([0, 0, 0, 1, 2]))
        pair.does(pair.someone(), contact, occurred_at=max(happened, pair.cycle.opened_at))
