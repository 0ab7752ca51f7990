"""Another arrangement of the same activities, lesson-study, runs from end to end: other order, extra stage."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import (
    Advance,
    AgreeFocus,
    AgreeGoals,
    AssessGoal,
    Celebrate,
    CompleteObservation,
    HoldDebrief,
    LogContact,
    OpenCycle,
    PublishPairing,
    RecordExpectations,
    SetGoal,
    WriteReflection,
)
from mentorcycle.domain.definition import load, parse
from mentorcycle.domain.events import CycleAdvanced, Participant
from mentorcycle.domain.vocabulary import Assessment, Status, TeachingArea, Unit
from mentorcycle.engine.testing import Scenario

LESSON_STUDY = load(Path(__file__).parents[1] / "domain" / "definition" / "data" / "lesson-study.toml")
GROUP = (
    Participant("ada", mentee=True),
    Participant("di", mentee=True),
    Participant("bo", mentor=True),
)
FIRST, SECOND = datetime(2026, 3, 17, 9, tzinfo=UTC), datetime(2026, 3, 18, 9, tzinfo=UTC)


@pytest.fixture
def planning(people: Scenario) -> Scenario:
    names = {person: people.person(person).name for person in ("ada", "bo", "di")}
    return Scenario.of(names, definition=LESSON_STUDY).given(
        PublishPairing(GROUP), OpenCycle("ada", "lesson-study")
    )


def test_a_lesson_study_runs_in_its_own_order(planning: Scenario) -> None:
    id = planning.cycle.id
    assert planning.cycle.stage == "plan"

    goal_setting = (
        planning.when(Advance(id))
        .then_refused(
            "expectations-recorded",
            "contacts-logged",
            because=[
                "no expectations and meeting cadence are recorded",
                "0 of 2 contacts with 0 of 180 minutes are logged",
            ],
        )
        .given(RecordExpectations(id, 4, "One question, many eyes."), by="di")
        .given(LogContact(id, 90), by="bo", on="2026-03-03")
        .given(LogContact(id, 60), by="bo", on="2026-03-04")
        .when(Advance(id))
        .then_refused("contacts-logged", because=["2 of 2 contacts with 150 of 180 minutes are logged"])
        .given(LogContact(id, 30), on="2026-03-05")
        .when(Advance(id), by="bo", on="2026-03-05")
        .then_not_permitted()
        .when(Advance(id), on="2026-03-05")
        .then(CycleAdvanced(source="plan", target="goal-set", definition_version=3, due=date(2026, 3, 30)))
    )

    observing = (
        goal_setting.when(SetGoal(id, TeachingArea.QUESTIONING), by="ada")
        .then_not_permitted()
        .given(
            SetGoal(id, TeachingArea.QUESTIONING, unit=Unit.PERCENT, target=70, measure="Answers."), by="bo"
        )
        .given(AgreeGoals(id), by="ada")
        .given(AgreeGoals(id), by="di")
        .when(Advance(id), by="bo")
        .then_refused("goals-agreed", because=["Bo Karlsson has not agreed goal g1"])
        .given(AgreeGoals(id), by="bo")
        .when(Advance(id), by=Actor.system(), on="2026-03-13")
        .then(
            CycleAdvanced(
                source="goal-set", target="observe", definition_version=3, due=date(2026, 3, 12), late_by=1
            )
        )
    )

    writing = (
        observing.given(AgreeFocus(id, "ada", "bo"), AgreeFocus(id, "ada", "di"), by="bo", on="2026-03-16")
        .given(CompleteObservation(id, FIRST, 45, "o1"), by="bo", on="2026-03-17")
        .when(Advance(id), by="bo")
        .then_refused("observations-completed", because=["1 of 2 observations are completed"])
        .given(CompleteObservation(id, SECOND, 45, "o2"), by="di", on="2026-03-18")
        .given(Advance(id), by="bo")
    )
    assert writing.cycle.stage == "reflect"

    debriefing = (
        writing.given(WriteReflection(id, "They asked more."), by="ada")
        .given(WriteReflection(id, "I saw it."), by="di")
        .when(Advance(id), by="ada")
        .then_refused("reflections-written", because=["Bo Karlsson has not written a reflection"])
        .given(WriteReflection(id, "So did I."), by="bo")
        .given(Advance(id), by="ada")
    )

    completed = (
        debriefing.when(Advance(id), by="bo")
        .then_refused(
            "observations-debriefed", "observations-debriefed", "goals-assessed", "celebrations-recorded"
        )
        .given(HoldDebrief(id, 30, "o1", strengths=("Clear.",)), by="bo")
        .given(HoldDebrief(id, 30, "o2", strengths=("Calm.",)), by="bo")
        .given(AssessGoal(id, "g1", Assessment.MET), by="ada")
        .given(Celebrate(id, achievement="It worked."), by="ada")
        .given(Advance(id), by="bo", on="2026-03-19")
    )
    assert completed.cycle.status is Status.COMPLETED
    assert [advance.target for advance in completed.cycle.advances] == [
        "goal-set",
        "observe",
        "reflect",
        "debrief",
        "completed",
    ]


def test_its_celebrations_of_earlier_stages_count(planning: Scenario) -> None:
    id = planning.cycle.id
    in_goal_set = planning.given(CycleAdvanced(source="plan", target="goal-set", definition_version=3))
    celebrated = in_goal_set.given(Celebrate(id), by="ada").given(
        CycleAdvanced(source="reflect", target="debrief", definition_version=3)
    )
    codes = [r.code for r in celebrated.when(Advance(id), by="bo").refusals]
    assert "celebrations-recorded" not in codes


def test_it_goes_back_to_the_lesson_or_to_the_plan(planning: Scenario) -> None:
    id = planning.cycle.id
    debriefing = planning.given(CycleAdvanced(source="reflect", target="debrief", definition_version=3))
    assert debriefing.given(Advance(id, "observe"), by="bo").cycle.stage == "observe"
    assert debriefing.given(Advance(id, "plan"), by="bo").cycle.stage == "plan"
    debriefing.when(Advance(id, "plan"), by="ada").then_not_permitted()


def test_its_plan_takes_no_celebration(planning: Scenario) -> None:
    planning.when(Celebrate(planning.cycle.id), by="ada").then_refused(
        "wrong-stage",
        because=[
            f"{planning.cycle.id} is in plan, "
            "and celebration is recorded in goal-set, observe, reflect, debrief"
        ],
    )


def test_what_a_definition_gives_to_nobody_is_recorded_by_nobody(people: Scenario) -> None:
    source = LESSON_STUDY.source.replace('"expectations", ', "").replace("expectations-recorded = {}\n", "")
    without = parse(source.replace('expectations = { by = ["mentee", "mentor"] }\n', ""), "without.toml")
    names = {person: people.person(person).name for person in ("ada", "bo", "di")}
    planning = Scenario.of(names, definition=without).given(
        PublishPairing(GROUP), OpenCycle("ada", "lesson-study")
    )
    planning.when(RecordExpectations(planning.cycle.id, 2), by="ada").then_refused(
        "not-permitted",
        "wrong-stage",
        because=[
            "nobody of this cycle may record expectations; ada acts as participant",
            f"{planning.cycle.id} is in plan, and expectations is recorded in no stage",
        ],
    )
