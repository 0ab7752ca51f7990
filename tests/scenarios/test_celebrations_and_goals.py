"""Goals, outcomes, expectations, reflections and celebrations: what makes a record whole."""

from datetime import date

import pytest

from mentorcycle.domain.commands import (
    AgreeGoals,
    AssessGoal,
    Celebrate,
    Command,
    GiveConsent,
    RecordBaseline,
    RecordExpectations,
    SetGoal,
    Waive,
    WriteReflection,
)
from mentorcycle.domain.events import (
    CelebrationHeld,
    ConsentGiven,
    GoalAssessed,
    GoalSet,
)
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    MeasureSource,
    Size,
    TeachingArea,
    Unit,
    WaiverReason,
)
from mentorcycle.engine.testing import Scenario

NAN, INFINITY = float("nan"), float("inf")


def test_a_celebration_is_for_the_pair_unless_they_consent(opened: Scenario) -> None:
    opened.given(Celebrate("c-1"), by="ada")
    opened.when(Celebrate("c-1", audience=Audience.GROUP), by="ada").then_refused(
        "no-consent",
        "no-consent",
        because=[
            "Ada Ünal has agreed to pair, not to group",
            "Bo Karlsson has agreed to pair, not to group",
        ],
    )


def test_no_audience_is_wider_than_the_narrowest_consent(opened: Scenario) -> None:
    consented = opened.given(ConsentGiven(person="ada", audience=Audience.PUBLIC)).given(
        ConsentGiven(person="bo", audience=Audience.SCHOOL)
    )
    consented.given(Celebrate("c-1", audience=Audience.SCHOOL), by="ada")
    consented.when(Celebrate("c-1", audience=Audience.PUBLIC), by="ada").then_refused(
        "no-consent", because=["Bo Karlsson has agreed to school, not to public"]
    )


def test_a_practice_is_shared_with_consent(opened: Scenario) -> None:
    shared = Celebrate("c-1", share_practice=True, practice="Ask each row.")
    (
        opened.given(ConsentGiven(person="ada", audience=Audience.GROUP))
        .when(shared, by="ada")
        .then_refused("no-consent", because=["Bo Karlsson has agreed to pair, not to share a practice"])
        .given(ConsentGiven(person="bo", audience=Audience.GROUP))
        .given(shared, by="ada")
    )


def test_a_later_consent_replaces_the_earlier(opened: Scenario) -> None:
    (
        opened.given(GiveConsent("c-1", Audience.SCHOOL), by="ada")
        .given(GiveConsent("c-1", Audience.SCHOOL), by="bo")
        .given(Celebrate("c-1", audience=Audience.SCHOOL), by="ada")
        .when(GiveConsent("c-1", Audience.SCHOOL), by="bo")
        .then_nothing()
        .given(GiveConsent("c-1", Audience.PAIR), by="bo")
        .when(Celebrate("c-1", audience=Audience.SCHOOL), by="ada")
        .then_refused("no-consent")
    )


def test_a_celebration_is_recorded_with_the_stage_it_happened_in(observing: Scenario) -> None:
    observing.when(Celebrate("c-1", Size.LARGE, number=3), by="bo").then(
        CelebrationHeld(celebration="b1", stage="observe", size=Size.LARGE, audience=Audience.PAIR, number=3)
    )


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (SetGoal("c-1", TeachingArea.PLANNING, target=3), "a target needs a unit"),
        (SetGoal("c-1", TeachingArea.PLANNING, unit=Unit.COUNT, target=NAN), "the target is not a number"),
        (
            RecordBaseline("c-1", "g1", INFINITY, date(2026, 3, 2), MeasureSource.RECORDS),
            "the baseline is not a number",
        ),
        (
            RecordBaseline("c-1", "g1", 1, date(2026, 3, 6), MeasureSource.RECORDS),
            "2026-03-06 is in the future",
        ),
        (Celebrate("c-1", number=NAN), "the evidence number is not a number"),
        (RecordExpectations("c-1", 0), "0 meetings a month cannot be right"),
        (RecordExpectations("c-1", 32), "32 meetings a month cannot be right"),
        (RecordExpectations("c-1"), "neither expectations nor meetings are given"),
    ],
)  # fmt: skip
def test_a_value_can_be_right(agreed: Scenario, command: Command, why: str) -> None:
    agreed.when(command, by="ada").then_refused("bad-value", because=[why])


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (AssessGoal("c-1", "g1", Assessment.MET, met=3), "n met needs n assessed"),
        (AssessGoal("c-1", "g1", Assessment.MET, assessed=3), "n met needs n assessed"),
        (
            AssessGoal("c-1", "g1", Assessment.MET, met=4, assessed=3),
            "4 met of 3 assessed cannot be right",
        ),
        (AssessGoal("c-1", "g1", Assessment.MET, value=NAN), "the outcome is not a number"),
        (WriteReflection("c-1", " "), "it is empty"),
        (WriteReflection("c-1", "Good.", 0), "confidence and survey answers go from 1 to 10"),
        (
            WriteReflection("c-1", "Good.", survey=(11,)),
            "confidence and survey answers go from 1 to 10",
        ),
    ],
)  # fmt: skip
def test_an_outcome_can_be_right(reflecting: Scenario, command: Command, why: str) -> None:
    reflecting.when(command, by="ada").then_refused("bad-value", because=[why])


def test_the_scale_goes_from_one_to_ten(reflecting: Scenario) -> None:
    reflecting.given(WriteReflection("c-1", "Good.", 1, 10, survey=(1, 10)), by="ada")


@pytest.mark.parametrize(
    "command",
    [
        AgreeGoals("c-1", "g7"),
        RecordBaseline("c-1", "g7", 1, date(2026, 3, 2), MeasureSource.RECORDS),
        SetGoal("c-1", TeachingArea.PLANNING, "g7"),
    ],
)
def test_a_goal_that_is_named_exists(agreed: Scenario, command: Command) -> None:
    agreed.when(command, by="ada").then_refused("no-such-goal", because=["there is no goal 'g7'"])


def test_without_goals_there_is_nothing_to_agree(opened: Scenario) -> None:
    opened.when(AgreeGoals("c-1"), by="ada").then_refused("no-such-goal", because=["there is no goal 'g1'"])


def test_goals_are_numbered_in_their_order(agreed: Scenario) -> None:
    agreed.when(SetGoal("c-1", TeachingArea.PLANNING), by="ada").then(
        GoalSet(goal="g2", area=TeachingArea.PLANNING)
    )
    agreed.when(SetGoal("c-1", TeachingArea.PLANNING, "g2"), by="ada").then(
        GoalSet(goal="g2", area=TeachingArea.PLANNING)
    )


def test_an_assessed_goal_is_not_set_anew(agreed: Scenario) -> None:
    agreed.given(GoalAssessed(goal="g1", assessment=Assessment.MET)).when(
        SetGoal("c-1", TeachingArea.PLANNING, "g1"), by="ada"
    ).then_refused("goal-assessed", because=["it is assessed already"])


def test_an_outcome_names_a_goal_of_the_cycle(reflecting: Scenario) -> None:
    reflecting.when(AssessGoal("c-1", "g7", Assessment.MET), by="ada").then_refused("no-such-goal")


def test_only_a_baseline_and_a_debrief_are_waived(agreed: Scenario) -> None:
    agreed.when(Waive("c-1", "reflection", "ada", WaiverReason.ABSENCE)).then_refused(
        "not-waivable", because=["'reflection' is no requirement that can be waived"]
    )
    agreed.when(Waive("c-1", "baseline", "o1", WaiverReason.ABSENCE)).then_refused(
        "no-such-subject", because=["c-1 has no 'o1'"]
    )
    agreed.when(Waive("c-1", "debrief", "g1", WaiverReason.ABSENCE)).then_refused("no-such-subject")
