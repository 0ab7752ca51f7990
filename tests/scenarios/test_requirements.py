"""A stage is left by an advance: refused with every unmet requirement at once, or taken."""

from datetime import UTC, date, datetime

from mentorcycle.domain.commands import Advance, RecordBaseline, SetGoal, Waive
from mentorcycle.domain.definition import COMPLETED
from mentorcycle.domain.events import (
    CelebrationHeld,
    CycleAdvanced,
    FocusAgreed,
    GoalAgreed,
    GoalAssessed,
    GoalSet,
    ObservationCompleted,
    ReflectionWritten,
    RequirementWaived,
)
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    MeasureSource,
    Mode,
    Size,
    TeachingArea,
    Unit,
    WaiverReason,
)
from mentorcycle.domain.words import Words
from mentorcycle.engine.testing import Scenario

TO_OBSERVE = CycleAdvanced(source="goal-set", target="observe", definition_version=1, due=date(2026, 3, 16))
SECOND_GOAL = GoalSet(goal="g2", area=TeachingArea.PLANNING)
LESSON = ObservationCompleted(
    observation="o1",
    observer="bo",
    observed="ada",
    start=datetime(2026, 3, 9, 9, tzinfo=UTC),
    minutes=45,
    mode=Mode.IN_PERSON,
)
FOCUS = FocusAgreed(observation="o1", observer="bo", observed="ada")
EARLY_CELEBRATION = CelebrationHeld(
    celebration="b1", stage="reflect", size=Size.SMALL, audience=Audience.PAIR
)


def test_a_cycle_without_goals_stays_in_goal_set(opened: Scenario) -> None:
    opened.when(Advance("c-1"), by="ada").then_refused("goals-set", because=["no goal is set"])


def test_goal_set_names_everything_that_is_missing_at_once(opened: Scenario) -> None:
    opened.given(SECOND_GOAL).given(GoalAgreed(goal="g2", person="ada"), by="ada").when(
        Advance("c-1"), by="ada"
    ).then_refused(
        "goals-set",
        "goals-agreed",
        "baseline-present",
        because=[
            "goal g2 has no success measure and no target",
            "Bo Karlsson has not agreed goal g2",
            "goal g2 has no baseline",
        ],
    )


def test_both_sides_agree_each_goal(opened: Scenario) -> None:
    opened.given(SECOND_GOAL).when(Advance("c-1"), by="ada").then_refused(
        "goals-set",
        "goals-agreed",
        "baseline-present",
        because=[
            "goal g2 has no success measure and no target",
            "Ada Ünal and Bo Karlsson have not agreed goal g2",
            "goal g2 has no baseline",
        ],
    )


def test_every_goal_needs_agreement_and_baseline_when_one_is_ready(agreed: Scenario) -> None:
    agreed.given(SECOND_GOAL).when(Advance("c-1"), by="ada").then_refused("goals-agreed", "baseline-present")


def test_a_goal_set_anew_is_agreed_and_measured_anew(agreed: Scenario) -> None:
    agreed.given(
        SetGoal("c-1", TeachingArea.ENGAGEMENT, "g1", unit=Unit.PERCENT, target=90, measured=True), by="ada"
    ).when(Advance("c-1"), by="ada").then_refused("goals-agreed", "baseline-present")


def test_a_baseline_is_waived_with_a_reason(agreed: Scenario) -> None:
    second = SetGoal("c-1", TeachingArea.PLANNING, unit=Unit.COUNT, target=3, measured=True)
    (
        agreed.given(second, by="ada")
        .given(GoalAgreed(goal="g2", person="ada"), GoalAgreed(goal="g2", person="bo"))
        .when(Advance("c-1"), by="bo")
        .then_refused("baseline-present", because=["goal g2 has no baseline"])
        .when(Waive("c-1", "baseline", "g2", WaiverReason.NOT_MEASURABLE_YET))
        .then(RequirementWaived(requirement="baseline", subject="g2", reason=WaiverReason.NOT_MEASURABLE_YET))
        .when(Waive("c-1", "baseline", "g2", WaiverReason.NEW_CLASS))
        .then_nothing()
        .when(Advance("c-1"), by="bo")
        .then(TO_OBSERVE)
    )


def test_a_goal_counts_with_measure_and_target_whatever_the_words(opened: Scenario) -> None:
    (
        opened.given(
            SetGoal("c-1", TeachingArea.PLANNING, unit=Unit.COUNT, target=3, measured=True),
            RecordBaseline("c-1", "g1", 1, date(2026, 3, 2), MeasureSource.RECORDS),
            GoalAgreed(goal="g1", person="ada"),
            GoalAgreed(goal="g1", person="bo"),
        )
        .when(Advance("c-1"))
        .then(TO_OBSERVE)
    )


def test_an_observation_without_a_focus_does_not_count(observing: Scenario) -> None:
    observing.when(Advance("c-1"), by="bo").then_refused(
        "observations-completed", because=["0 of 1 observations are completed"]
    ).given(LESSON).when(Advance("c-1"), by="bo").then_refused(
        "observations-completed",
        because=["0 of 1 completed observations had a focus agreed before the lesson"],
    )


def test_a_focus_agreed_after_the_lesson_does_not_count(observing: Scenario) -> None:
    observing.given(FOCUS, on="2026-03-10").given(LESSON, on="2026-03-10").when(
        Advance("c-1"), by="bo"
    ).then_refused(
        "observations-completed",
        because=["0 of 1 completed observations had a focus agreed before the lesson"],
    )


def test_a_focus_agreed_on_the_day_of_the_lesson_counts(observing: Scenario) -> None:
    observing.given(FOCUS, on="2026-03-09").given(LESSON, on="2026-03-09").when(
        Advance("c-1", "debrief"), by="bo"
    ).then(CycleAdvanced(source="observe", target="debrief", definition_version=1, due=date(2026, 3, 30)))


def test_every_completed_observation_is_debriefed_or_waived(debriefing: Scenario) -> None:
    second = ObservationCompleted(
        observation="o2",
        observer="bo",
        observed="ada",
        start=datetime(2026, 3, 11, 11, tzinfo=UTC),
        minutes=45,
        mode=Mode.IN_PERSON,
    )
    (
        debriefing.given(second)
        .when(Advance("c-1"), by="ada")
        .then_refused(
            "observations-debriefed",
            "observations-debriefed",
            because=["observation o1 is not debriefed", "observation o2 is not debriefed"],
        )
        .given(Waive("c-1", "debrief", "o1", WaiverReason.ABSENCE))
        .given(Waive("c-1", "debrief", "o2", WaiverReason.ABSENCE))
        .when(Advance("c-1"), by="ada")
        .then(CycleAdvanced(source="debrief", target="reflect", definition_version=1, due=date(2026, 3, 13)))
    )


def test_reflect_asks_for_the_mentees_reflection_and_every_goal_assessed(reflecting: Scenario) -> None:
    reflecting.given(SECOND_GOAL).when(Advance("c-1"), by="ada").then_refused(
        "reflections-written",
        "goals-assessed",
        "goals-assessed",
        because=[
            "Ada Ünal has not written a reflection",
            "goal g1 is not assessed",
            "goal g2 is not assessed",
        ],
    )


def test_the_mentors_reflection_does_not_stand_for_the_mentees(reflecting: Scenario) -> None:
    reflecting.given(
        ReflectionWritten(person="bo", reflection=Words(text="It went well.")),
        GoalAssessed(goal="g1", assessment=Assessment.DROPPED),
    ).when(Advance("c-1"), by="bo").then_refused("reflections-written")


def test_a_celebration_of_an_earlier_stage_does_not_count_in_the_last(celebrating: Scenario) -> None:
    celebrating.given(EARLY_CELEBRATION).when(Advance("c-1"), by="bo").then_refused(
        "celebrations-recorded", because=["0 of 1 celebrations are recorded in celebrate"]
    )


def test_going_back_asks_for_nothing_but_the_edge(debriefing: Scenario, reflecting: Scenario) -> None:
    debriefing.when(Advance("c-1", "observe"), by="ada").then(
        CycleAdvanced(source="debrief", target="observe", definition_version=1, due=date(2026, 3, 13))
    )
    reflecting.when(Advance("c-1", "observe"), by="ada").then(
        CycleAdvanced(source="reflect", target="observe", definition_version=1, due=date(2026, 3, 27))
    )


def test_a_move_that_the_definition_does_not_know_is_refused_with_those_it_knows(
    debriefing: Scenario,
) -> None:
    debriefing.when(Advance("c-1", "celebrate"), by="ada").then_refused(
        "no-such-move", because=["from debrief a cycle of peer-cycle v1 moves to reflect, observe"]
    )
    debriefing.when(Advance("c-1", "celebration"), by="ada").then_refused(
        "no-such-move",
        because=["peer-cycle v1 has no stage 'celebration'; from debrief it moves to reflect, observe"],
    )


def test_a_cycle_says_what_stands_in_the_way_of_every_move(debriefing: Scenario) -> None:
    moves = debriefing.can(by="ada")
    assert [(move.edge.target, [r.code for r in move.refusals]) for move in moves] == [
        ("reflect", ["observations-debriefed"]),
        ("observe", []),
    ]


def test_a_stranger_hears_who_may_move_and_what_is_missing(opened: Scenario) -> None:
    opened.when(Advance("c-1"), by="cy").then_refused(
        "not-permitted",
        "goals-set",
        because=[
            "only mentee or mentor or coordinator of this cycle may do this; cy acts as participant",
            "no goal is set",
        ],
    )


def test_a_cycle_that_stands_there_already_does_not_move(observing: Scenario) -> None:
    observing.when(Advance("c-1", "observe"), by="ada").then_nothing()


def test_a_completed_cycle_moves_no_more(completed: Scenario) -> None:
    completed.when(Advance("c-1"), by="ada").then_refused("cycle-completed")
    completed.when(Advance("c-1", COMPLETED), by="ada").then_nothing()
