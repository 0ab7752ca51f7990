"""The log is append-only: a correction names an event, replaces fields in the fold, and says who and why."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Advance, AssessGoal, CompleteObservation, Correct
from mentorcycle.domain.events import (
    CelebrationHeld,
    ContactLogged,
    CycleAdvanced,
    CycleCancelled,
    CycleCorrected,
    DebriefHeld,
    FocusAgreed,
    GoalAssessed,
    ObservationCompleted,
)
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    CancelReason,
    ContactKind,
    CorrectionReason,
    Formality,
    Mode,
    Size,
    TeachingArea,
)
from mentorcycle.engine.testing import Scenario

WRONG_VALUE = CorrectionReason.WRONG_VALUE
WRONG_DATE = CorrectionReason.WRONG_DATE
VISIT = ContactLogged(
    contact="k1",
    kind=ContactKind.VISIT,
    mode=Mode.IN_PERSON,
    formality=Formality.FORMAL,
    minutes=60,
    people=("ada", "bo"),
)
CELEBRATION_1 = CelebrationHeld(celebration="b1", stage="observe", size=Size.SMALL, audience=Audience.PAIR)
NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)


def version_of(scenario: Scenario, kind: type) -> int:
    """The version of the latest event of this kind in the cycle's stream."""
    return [r.version for r in scenario.history if isinstance(r.event, kind)][-1]


def test_a_number_is_put_right_and_the_log_keeps_both(observing: Scenario) -> None:
    logged = observing.given(VISIT)
    version = version_of(logged, ContactLogged)
    corrected = (
        logged.when(Correct("c-1", version, WRONG_VALUE, {"minutes": "45", "kind": "check-in"}), by="bo")
        .then(
            CycleCorrected(
                version=version,
                event="ContactLogged",
                fields={"minutes": 45, "kind": "check-in"},
                reason=WRONG_VALUE,
            )
        )
        .when(Correct("c-1", version, WRONG_VALUE, {"minutes": 45}), by="ada")
        .then_nothing()
    )
    contact = corrected.cycle.contacts[0]
    assert (contact.minutes, contact.kind, contact.people) == (45, ContactKind.CHECK_IN, ("ada", "bo"))
    assert VISIT in [recorded.event for recorded in corrected.history]


def test_only_the_event_that_is_named_is_put_right(observing: Scenario) -> None:
    logged = observing.given(
        VISIT, replace(VISIT, contact="k2"), CELEBRATION_1, replace(CELEBRATION_1, celebration="b2")
    )
    visit, celebration = version_of(logged, ContactLogged), version_of(logged, CelebrationHeld)
    corrected = logged.given(
        Correct("c-1", visit, WRONG_VALUE, {"minutes": 45}),
        Correct("c-1", celebration, WRONG_VALUE, {"size": "large"}),
    )
    assert [contact.minutes for contact in corrected.cycle.contacts] == [60, 45]
    assert [held.size for held in corrected.cycle.celebrations] == [Size.SMALL, Size.LARGE]


def test_nothing_met_of_some_is_an_outcome(reflecting: Scenario) -> None:
    assessed = reflecting.given(AssessGoal("c-1", "g1", Assessment.NOT_MET, met=0, assessed=4), by="ada")
    version = version_of(assessed, GoalAssessed)
    corrected = assessed.given(Correct("c-1", version, WRONG_VALUE, {"assessed": 5}))
    outcome = corrected.cycle.goals[0].outcome
    assert outcome is not None
    assert (outcome.met, outcome.assessed) == (0, 5)
    assessed.when(Correct("c-1", version, WRONG_VALUE, {"met": -1})).then_refused("bad-value")
    reflecting.when(AssessGoal("c-1", "g1", Assessment.MET, met=-1, assessed=4), by="ada").then_refused(
        "bad-value"
    )


def test_the_day_of_a_contact_is_corrected(observing: Scenario) -> None:
    logged = observing.given(VISIT, on="2026-03-11")
    corrected = logged.given(
        Correct("c-1", version_of(logged, ContactLogged), WRONG_DATE, {"occurred_at": "2026-03-10T09:00"})
    )
    assert corrected.cycle.contacts[0].occurred_at == NINE


def test_a_corrected_goal_keeps_its_agreement(agreed: Scenario) -> None:
    version = agreed.cycle.goals[0].version
    corrected = agreed.given(
        Correct("c-1", version, WRONG_VALUE, {"target": 85, "area": "questioning", "due": "2026-05-01"}),
        by="ada",
    )
    goal = corrected.cycle.goals[0]
    assert (goal.target, goal.area, goal.due) == (85.0, TeachingArea.QUESTIONING, date(2026, 5, 1))
    assert goal.agreed == ("ada", "bo")


def test_a_corrected_debrief_carries_its_lateness(debriefing: Scenario) -> None:
    late = debriefing.given(
        DebriefHeld(
            observation="o1",
            held=datetime(2026, 3, 18, 10, tzinfo=UTC),
            minutes=30,
            mode=Mode.IN_PERSON,
            late_by=3,
        ),
        on="2026-03-18",
    )
    version = version_of(late, DebriefHeld)
    corrected = late.when(
        Correct("c-1", version, WRONG_DATE, {"held": "2026-03-12T10:00+00:00"}), by="bo"
    ).then(
        CycleCorrected(
            version=version,
            event="DebriefHeld",
            fields={"held": "2026-03-12T10:00:00+00:00", "late_by": 0},
            reason=WRONG_DATE,
        )
    )
    debrief = corrected.cycle.observations[0].debrief
    assert debrief is not None
    assert debrief.late_by == 0


def test_a_corrected_lesson_carries_the_lateness_of_its_debrief(debriefed: Scenario) -> None:
    lesson, debrief = version_of(debriefed, ObservationCompleted), version_of(debriefed, DebriefHeld)
    corrected = debriefed.when(
        Correct("c-1", lesson, WRONG_DATE, {"start": "2026-03-05T09:00+00:00"}), by="bo"
    ).then(
        CycleCorrected(
            version=lesson,
            event="ObservationCompleted",
            fields={"start": "2026-03-05T09:00:00+00:00"},
            reason=WRONG_DATE,
        ),
        CycleCorrected(version=debrief, event="DebriefHeld", fields={"late_by": 3}, reason=WRONG_DATE),
    )
    observation = corrected.cycle.observations[0]
    assert observation.debrief is not None
    assert observation.debrief.late_by == 3


def test_a_lesson_is_corrected_beside_others_that_are_planned(planned: Scenario) -> None:
    second = FocusAgreed(observation="o2", observer="bo", observed="ada")
    lesson = CompleteObservation("c-1", datetime(2026, 3, 10, 13, tzinfo=UTC), 45, "o2")
    seen = planned.given(second).given(lesson, by="bo")
    version = version_of(seen, ObservationCompleted)
    corrected = seen.given(Correct("c-1", version, WRONG_DATE, {"start": "2026-03-10T14:00"}))
    assert [o.completion and o.completion.start.hour for o in corrected.cycle.observations] == [None, 14]


def test_a_debrief_that_stays_in_time_is_corrected_alone(debriefed: Scenario) -> None:
    version = version_of(debriefed, DebriefHeld)
    fields: dict[str, str | int | float | None] = {"held": "2026-03-13T09:00:00+00:00"}
    debriefed.when(Correct("c-1", version, WRONG_DATE, fields), by="ada", on="2026-03-13").then(
        CycleCorrected(version=version, event="DebriefHeld", fields=fields, reason=WRONG_DATE)
    )


def test_a_lesson_corrected_to_before_its_focus_counts_no_more(observed: Scenario) -> None:
    version = version_of(observed, ObservationCompleted)
    corrected = observed.given(Correct("c-1", version, WRONG_DATE, {"start": "2026-03-09T09:00+00:00"}))
    corrected.when(Advance("c-1"), by="ada").then_refused("observations-completed")
    focus = version_of(corrected, FocusAgreed)
    corrected.given(Correct("c-1", focus, WRONG_DATE, {"occurred_at": "2026-03-09T08:00+00:00"})).when(
        Advance("c-1"), by="ada"
    ).then(CycleAdvanced(source="observe", target="debrief", definition_version=1, due=date(2026, 3, 30)))


def test_an_event_that_was_replaced_is_not_corrected(agreed: Scenario) -> None:
    before = agreed.cycle.goals[0]
    assert before.baseline is not None
    agreed.when(Correct("c-1", 1, WRONG_VALUE, {"stage": "observe"})).then_refused("not-correctable")
    again = agreed.given(GoalAssessed(goal="g1", assessment=Assessment.MET)).given(
        GoalAssessed(goal="g1", assessment=Assessment.PARTLY)
    )
    first = version_of(again, GoalAssessed) - 1
    again.when(Correct("c-1", first, WRONG_VALUE, {"assessment": "not-met"})).then_refused(
        "not-correctable",
        because=["nothing that can be corrected was recorded there, or it was replaced since"],
    )


def test_a_finished_cycle_is_corrected_as_well(debriefed: Scenario, completed: Scenario) -> None:
    cancelled = debriefed.given(CycleCancelled(reason=CancelReason.LEFT_SCHOOL))
    for scenario in (cancelled, completed):
        version = version_of(scenario, DebriefHeld)
        corrected = scenario.given(Correct("c-1", version, WRONG_VALUE, {"minutes": 20}), by="ada")
        debrief = corrected.cycle.observations[0].debrief
        assert debrief is not None
        assert debrief.minutes == 20


def test_participants_and_coordinators_correct_and_nobody_else(observing: Scenario) -> None:
    correction = Correct("c-1", observing.cycle.goals[0].version, WRONG_VALUE, {"target": 70})
    for actor in (Actor.auditor(), Actor.system(), Actor.participant("cy")):
        observing.when(correction, by=actor).then_not_permitted()
    observing.given(correction, by="ada")
    observing.given(correction)


LESSON, DEBRIEF, GOAL, BASELINE, ASSESSED, CONTACT, CELEBRATION, FOCUS = (
    "lesson", "debrief", "goal", "baseline", "assessed", "contact", "celebration", "focus",
)  # fmt: skip


@pytest.mark.parametrize(
    ("what", "fields", "why"),
    [
        (LESSON, {"minutes": 0}, "0 minutes cannot be right"),
        (LESSON, {"minutes": 601}, "601 minutes cannot be right"),
        (LESSON, {"minutes": "many"}, "minutes: 'many' is not a number"),
        (LESSON, {"minutes": 10.5}, "minutes: 10.5 is not a whole number"),
        (LESSON, {"start": "soon"}, "start: 'soon' is no instant; for example 2026-03-02T09:00+01:00"),
        (LESSON, {"start": "2026-03-13T09:00"}, "a debrief is not held before its observation"),
        (LESSON, {"mode": "zoom"}, "mode: 'zoom' is none of: in-person, live-video, recording, phone, written"),
        (DEBRIEF, {"held": "2026-03-10T09:00"}, "a debrief is not held before its observation"),
        (DEBRIEF, {"held": "2026-04-01T09:00"}, "2026-04-01 is in the future"),
        (GOAL, {"unit": None}, "a target needs a unit"),
        (GOAL, {"target": "nan"}, "target: 'nan' is not a number"),
        (GOAL, {"due": "30/04/2026"}, "due: '30/04/2026' is no date; for example 2026-03-02"),
        (GOAL, {"area": None}, "area: a value is needed"),
        (BASELINE, {"on": "2026-04-01"}, "2026-04-01 is in the future"),
        (ASSESSED, {"met": 5}, "n met needs n assessed"),
        (ASSESSED, {"met": 5, "assessed": 4}, "5 met of 4 assessed cannot be right"),
        (CONTACT, {"occurred_at": "2026-04-01T09:00"}, "2026-04-01 is in the future"),
        (CELEBRATION, {"number": "inf"}, "number: 'inf' is not a number"),
    ],
)  # fmt: skip
def test_a_correction_records_nothing_that_could_not_have_been_recorded(
    debriefed: Scenario, what: str, fields: dict[str, str | int | float | None], why: str
) -> None:
    scenario = debriefed.given(
        GoalAssessed(goal="g1", assessment=Assessment.MET),
        VISIT,
        CelebrationHeld(celebration="b1", stage="debrief", size=Size.SMALL, audience=Audience.PAIR),
        on="2026-03-16",
    )
    observation, goal = scenario.cycle.observations[0], scenario.cycle.goals[0]
    assert observation.completion is not None
    assert observation.debrief is not None
    assert goal.baseline is not None
    assert goal.outcome is not None
    versions = {
        LESSON: observation.completion.version,
        DEBRIEF: observation.debrief.version,
        GOAL: goal.version,
        BASELINE: goal.baseline.version,
        ASSESSED: goal.outcome.version,
        CONTACT: scenario.cycle.contacts[0].version,
        CELEBRATION: scenario.cycle.celebrations[0].version,
        FOCUS: observation.focus,
    }
    scenario.when(Correct("c-1", versions[what], WRONG_VALUE, fields), by="ada").then_refused(
        "bad-value", because=[why]
    )


def test_a_lesson_may_be_corrected_to_the_day_of_its_debrief(debriefed: Scenario) -> None:
    version = version_of(debriefed, ObservationCompleted)
    debriefed.given(Correct("c-1", version, WRONG_DATE, {"start": "2026-03-12T16:00"}), by="ada")


def test_who_was_there_and_what_was_said_is_not_corrected(observed: Scenario) -> None:
    version = version_of(observed, ObservationCompleted)
    observed.when(Correct("c-1", version, WRONG_VALUE, {"observer": "cy", "evidence": "…"})).then_refused(
        "no-such-field", because=["observer, evidence of ObservationCompleted cannot be corrected"]
    )
    observed.when(Correct("c-1", version, WRONG_VALUE)).then_refused(
        "no-such-field", because=["no field is named"]
    )


def test_nothing_is_corrected_to_before_the_cycle_was_opened(observed: Scenario) -> None:
    version = version_of(observed, ObservationCompleted)
    observed.when(Correct("c-1", version, WRONG_DATE, {"start": "2026-02-27T09:00"})).then_refused(
        "before-opening", because=["2026-02-27 is before the cycle was opened, 2026-03-02"]
    )
