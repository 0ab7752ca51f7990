"""What is missing names who can do something about it: the list of what is due says whose turn it is."""

from datetime import UTC, date, datetime

from mentorcycle.domain.commands import (
    Advance,
    AgreeFocus,
    AgreeGoals,
    CancelObservation,
    CompleteObservation,
    HoldDebrief,
    OpenCycle,
    PublishPairing,
    RecordBaseline,
    Rematch,
    SetGoal,
)
from mentorcycle.domain.events import Participant
from mentorcycle.domain.requirements import unmet
from mentorcycle.domain.vocabulary import MeasureSource, ObservationCancelReason, TeachingArea, Unit
from mentorcycle.engine.testing import Scenario

PEOPLE = {"ada": "Ada", "bo": "Bo", "cy": "Cy", "di": "Di"}
GROUP = (Participant("ada", mentee=True), Participant("di", mentee=True), Participant("bo", mentor=True))
EVERYBODY = ("ada", "di", "bo")
OPENED = Scenario.of(PEOPLE).given(PublishPairing(GROUP), OpenCycle("ada"))
ID = OPENED.cycle.id
AGREED = (
    OPENED.given(
        SetGoal(ID, TeachingArea.PLANNING, unit=Unit.COUNT, target=3, measured=True),
        RecordBaseline(ID, "g1", 1, date(2026, 3, 2), MeasureSource.RECORDS),
    )
    .given(AgreeGoals(ID), by="ada")
    .given(AgreeGoals(ID), by="di")
    .given(AgreeGoals(ID), by="bo")
)
OBSERVING = AGREED.given(Advance(ID))
FOCUS = AgreeFocus(ID, observed="di", observer="bo")
LESSON = CompleteObservation(ID, datetime(2026, 3, 2, 13, tzinfo=UTC), 45)
DEBRIEFING = OBSERVING.given(FOCUS, by="di").given(LESSON, Advance(ID))
REFLECTING = DEBRIEFING.given(HoldDebrief(ID, 20), Advance(ID))


def turns(scenario: Scenario) -> list[tuple[str, tuple[str, ...]]]:
    """What the forward edge lacks, and who must act."""
    edge = scenario.definition.forward(scenario.cycle.stage)
    assert edge is not None
    missing = unmet(edge, scenario.cycle, lambda id: scenario.person(id).name)
    return [(one.code, one.who) for one in missing]


def test_mentees_set_goals_and_baselines_and_everybody_agrees() -> None:
    assert turns(OPENED) == [("goals-set", ("ada", "di"))]
    goal = OPENED.given(SetGoal(ID, TeachingArea.PLANNING)).given(AgreeGoals(ID), by="di")
    assert turns(goal) == [
        ("goals-set", ("ada", "di")),
        ("goals-agreed", ("ada", "bo")),
        ("baseline-present", ("ada", "di")),
    ]
    assert turns(AGREED) == []


def test_the_observer_observes_once_a_lesson_is_planned() -> None:
    assert turns(OBSERVING) == [("observations-completed", EVERYBODY)]
    assert turns(OBSERVING.given(FOCUS, by="di")) == [("observations-completed", ("bo",))]
    called_off = OBSERVING.given(FOCUS, CancelObservation(ID, "o1", ObservationCancelReason.ABSENCE), by="di")
    assert turns(called_off) == [("observations-completed", EVERYBODY)]


def test_a_lesson_that_was_planned_with_somebody_who_left_is_nobodys_turn() -> None:
    gone = OBSERVING.given(FOCUS, by="di").given(Rematch(ID, "bo", "cy"))
    assert turns(gone)[1] == ("observations-completed", ("ada", "di", "cy"))


def test_both_sides_of_an_observation_hold_its_debrief() -> None:
    assert turns(DEBRIEFING) == [("observations-debriefed", ("di", "bo"))]


def test_after_a_rematch_it_is_everybodys_turn_to_agree_anew() -> None:
    lesson = OBSERVING.given(FOCUS, by="di").given(LESSON)
    rematched = lesson.given(Rematch(ID, "bo", "cy"))
    assert turns(rematched) == [("goals-agreed", ("ada", "di", "cy"))]
    assert turns(rematched.given(AgreeGoals(ID), by="di")) == [("goals-agreed", ("ada", "cy"))]


def test_each_mentee_reflects_and_everybody_assesses() -> None:
    assert turns(REFLECTING) == [
        ("reflections-written", ("ada",)),
        ("reflections-written", ("di",)),
        ("goals-assessed", EVERYBODY),
    ]
