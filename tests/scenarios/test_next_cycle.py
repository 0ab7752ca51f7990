"""After a completed cycle comes the next: linked both ways, with the goals and action steps still open."""

from datetime import date

from mentorcycle.domain.commands import (
    AgreeGoals,
    CheckActionStep,
    EndPairing,
    OpenNextCycle,
    RecordBaseline,
)
from mentorcycle.domain.decision import Decided
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.events import (
    ActionStepChecked,
    Carried,
    CycleFollowed,
    CycleOpened,
    GoalAgreed,
    GoalAssessed,
    GoalSet,
    Participant,
    PersonLeft,
)
from mentorcycle.domain.ids import cycle_after
from mentorcycle.domain.vocabulary import (
    Assessment,
    Direction,
    LeaveReason,
    MeasureSource,
    PairingKind,
    Status,
    StepOutcome,
    TeachingArea,
    Unit,
)
from mentorcycle.engine.testing import Scenario

NEXT = cycle_after("c-1")
ADA_AND_BO = (Participant("ada", mentee=True), Participant("bo", mentor=True))
STEP = Carried("s1", "s1", "ada", date(2026, 3, 26))


def opened_with(*carried: Carried) -> CycleOpened:
    return CycleOpened(
        programme="main",
        pairing="q-ada-bo",
        kind=PairingKind.PAIR,
        participants=ADA_AND_BO,
        definition="peer-cycle",
        definition_version=1,
        definition_digest=shipped().digest,
        stage="goal-set",
        follows="c-1",
        carried=carried,
    )


def test_the_next_cycle_carries_goals_and_steps_that_are_open(completed: Scenario) -> None:
    followed = (
        completed.when(OpenNextCycle("c-1"), on="2026-04-01")
        .then(
            Decided("cycle:c-1", CycleFollowed(next_cycle=NEXT)),
            Decided(f"cycle:{NEXT}", opened_with(Carried("g1", "g1"), STEP)),
            Decided(
                f"cycle:{NEXT}",
                GoalSet(
                    goal="g1",
                    area=TeachingArea.ENGAGEMENT,
                    measured=True,
                    unit=Unit.PERCENT,
                    target=80.0,
                    direction=Direction.INCREASE,
                ),
            ),
        )
        .when(OpenNextCycle("c-1"))
        .then_nothing()
    )
    first, following = followed.cycle_of("c-1"), followed.cycle
    assert (first.next_cycle, following.id, following.follows) == (NEXT, NEXT, "c-1")
    assert (first.status, following.status) == (Status.COMPLETED, Status.ACTIVE)


def test_carried_goals_are_measured_and_agreed_anew(completed: Scenario) -> None:
    following = completed.given(OpenNextCycle("c-1"))
    assert [(g.agreed, g.baseline, g.outcome) for g in following.cycle.goals] == [((), None, None)]
    following.given(
        RecordBaseline(NEXT, "g1", 65, date(2026, 3, 24), MeasureSource.OBSERVATION), by="ada"
    ).when(AgreeGoals(NEXT), by="bo").then(GoalAgreed(goal="g1", person="bo"))


def test_what_was_met_dropped_or_done_stays_behind(completed: Scenario) -> None:
    for assessment in (Assessment.MET, Assessment.DROPPED):
        completed.given(
            GoalAssessed(goal="g1", assessment=assessment),
            ActionStepChecked(step="s1", outcome=StepOutcome.DONE),
        ).when(OpenNextCycle("c-1")).then(CycleFollowed(next_cycle=NEXT), opened_with())


def test_a_step_that_was_only_begun_goes_along(completed: Scenario) -> None:
    completed.given(
        GoalAssessed(goal="g1", assessment=Assessment.MET),
        ActionStepChecked(step="s1", outcome=StepOutcome.PARTLY),
    ).when(OpenNextCycle("c-1")).then(CycleFollowed(next_cycle=NEXT), opened_with(STEP))


def test_a_carried_step_is_checked_where_it_went(completed: Scenario) -> None:
    following = completed.given(OpenNextCycle("c-1"))
    assert [(s.id, s.owner, s.check_back) for s in following.cycle.steps] == [
        ("s1", "ada", date(2026, 3, 26))
    ]
    following.when(CheckActionStep(NEXT, "s1", StepOutcome.DONE), by="ada").then_refused("wrong-stage")


def test_only_a_completed_cycle_has_a_next(celebrating: Scenario) -> None:
    celebrating.when(OpenNextCycle("c-1")).then_refused(
        "not-completed", because=["it is active, in celebrate"]
    )


def test_the_next_cycle_does_not_begin_before_the_last_one_ended(completed: Scenario) -> None:
    completed.when(OpenNextCycle("c-1"), on="2026-03-20").then_refused("before-the-stage")


def test_without_their_pairing_there_is_no_next_cycle(completed: Scenario) -> None:
    completed.given(EndPairing("bo", "q-ada-bo")).when(OpenNextCycle("c-1")).then_refused(
        "not-paired", because=["the pairing has ended"]
    )


def test_nobody_begins_a_cycle_who_has_left(completed: Scenario) -> None:
    completed.given(PersonLeft(reason=LeaveReason.RETIRED), of="bo").when(OpenNextCycle("c-1")).then_refused(
        "person-left", because=["Bo Karlsson has left"]
    )


def test_only_a_coordinator_opens_the_next(completed: Scenario) -> None:
    completed.when(OpenNextCycle("c-1"), by="ada").then_not_permitted()
    completed.given(OpenNextCycle("c-1")).when(OpenNextCycle("c-1"), by="ada").then_not_permitted()
