"""Every command for every role: who is refused as *not permitted*, and who is not."""

from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import (
    COMMANDS,
    AddPerson,
    Advance,
    AgreeFocus,
    AgreeGoals,
    AskRematch,
    AssessGoal,
    Cancel,
    CancelObservation,
    Celebrate,
    ChangePerson,
    ChangeProgramme,
    CheckActionStep,
    CloseSchool,
    Command,
    CompleteObservation,
    Correct,
    CreateProgramme,
    EndPairing,
    Extend,
    ForbidPairing,
    GiveConsent,
    HoldDebrief,
    LogContact,
    MarkLeft,
    MarkReturned,
    MergePeople,
    NameEvaluator,
    OpenCycle,
    OpenNextCycle,
    OpenSchool,
    Pause,
    PublishDefinition,
    PublishPairing,
    RecordBaseline,
    RecordExpectations,
    Rematch,
    RemoveEvaluator,
    Reopen,
    RescheduleObservation,
    Resume,
    ScheduleObservation,
    SetGoal,
    UndoAdvance,
    Waive,
    WriteReflection,
)
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.events import Participant
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    CancelReason,
    CorrectionReason,
    ExtendGround,
    LeaveReason,
    MeasureSource,
    ObservationCancelReason,
    PauseReason,
    ReopenReason,
    StepOutcome,
    TeachingArea,
    WaiverReason,
)
from mentorcycle.engine.testing import Scenario

PAIR = (Participant("ada", mentee=True), Participant("bo", mentor=True))
OPENED = Scenario.of(["ada", "bo", "cy", "di"]).given(PublishPairing(PAIR), OpenCycle("ada"))
ID = OPENED.cycle.id
LESSON = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)

SCENARIO = OPENED.given(SetGoal(ID, TeachingArea.PLANNING), Rematch(ID, "bo", "cy"))
ROLES = {
    "mentee": Actor.participant("ada"),
    "mentor": Actor.participant("cy"),
    "former mentor": Actor.participant("bo"),
    "stranger": Actor.participant("di"),
    "coordinator": Actor.coordinator(),
    "coordinator elsewhere": Actor.coordinator("karin", programme="another"),
    "auditor": Actor.auditor(),
    "system": Actor.system(),
}
WORK = {"mentee", "mentor", "coordinator"}
OWN = {"mentee", "mentor"}
OFFICE = {"coordinator"}
CLOSING = {"coordinator", "system"}

ALLOWED: list[tuple[Command, set[str]]] = [
    (SetGoal(ID, TeachingArea.PLANNING), WORK),
    (RecordBaseline(ID, "g1", 1, TODAY, MeasureSource.RECORDS), WORK),
    (AgreeGoals(ID), OWN),
    (RecordExpectations(ID, 2), WORK),
    (AgreeFocus(ID, "ada", "cy"), OWN),
    (ScheduleObservation(ID, LESSON, "o1"), WORK),
    (RescheduleObservation(ID, "o1", LESSON), WORK),
    (CancelObservation(ID, "o1", ObservationCancelReason.ABSENCE), WORK),
    (CompleteObservation(ID, LESSON, 45, observer="cy", observed="ada"), WORK),
    (HoldDebrief(ID, 20), WORK),
    (CheckActionStep(ID, "s1", StepOutcome.DONE), WORK),
    (WriteReflection(ID, "Mine."), OWN),
    (AssessGoal(ID, "g1", Assessment.MET), WORK),
    (GiveConsent(ID, Audience.SCHOOL), OWN),
    (Celebrate(ID), WORK),
    (LogContact(ID, 20), WORK),
    (Waive(ID, "baseline", "g1", WaiverReason.NEW_CLASS), OFFICE),
    (Advance(ID), WORK),
    (AskRematch(ID), OWN),
    (Correct(ID, 2, CorrectionReason.WRONG_VALUE, {"area": "planning"}), WORK),
    (OpenCycle("ada"), OFFICE),
    (UndoAdvance(ID), OFFICE),
    (Pause(ID, PauseReason.LEAVE), OFFICE),
    (Resume(ID), OFFICE),
    (Cancel(ID, CancelReason.WITHDREW), CLOSING),
    (Reopen(ID, ReopenReason.WORK_CONTINUES), OFFICE),
    (Extend(ID, date(2026, 4, 30), ExtendGround.ABSENCE), OFFICE),
    (Rematch(ID, "cy", "di"), OFFICE),
    (OpenNextCycle(ID), OFFICE),
    (AddPerson("Eve", "p-eve"), OFFICE),
    (ChangePerson("ada", "Ada"), OFFICE),
    (NameEvaluator("ada", "di"), OFFICE),
    (RemoveEvaluator("ada", "di"), OFFICE),
    (MarkLeft("di", LeaveReason.LEAVE), OFFICE),
    (MarkReturned("di"), OFFICE),
    (MergePeople("di", "bo"), OFFICE),
    (ForbidPairing("ada", "di"), OFFICE),
    (PublishPairing((Participant("di", mentee=True), Participant("bo", mentor=True))), OFFICE),
    (EndPairing("ada", "q-2"), OFFICE),
    (CreateProgramme("Mentoring"), CLOSING),
    (ChangeProgramme("Other"), CLOSING),
    (CloseSchool((TODAY,)), CLOSING),
    (OpenSchool((TODAY,)), CLOSING),
    (PublishDefinition(shipped().source), CLOSING),
]


@pytest.mark.parametrize(("command", "allowed"), ALLOWED, ids=[c.command_name for c, _ in ALLOWED])
def test_who_may(command: Command, allowed: set[str]) -> None:
    found = {
        role
        for role, actor in ROLES.items()
        if not any(refusal.permission for refusal in SCENARIO.when(command, by=actor).refusals)
    }
    assert found == allowed


@pytest.mark.parametrize(("command", "allowed"), ALLOWED, ids=[c.command_name for c, _ in ALLOWED])
def test_who_may_not_adds_nothing(command: Command, allowed: set[str]) -> None:
    for role, actor in ROLES.items():
        if role not in allowed:
            assert not SCENARIO.when(command, by=actor).events
            assert SCENARIO.when(command, by=actor).refusals


def test_every_command_has_its_line() -> None:
    assert sorted(c.command_name for c, _ in ALLOWED) == sorted(COMMANDS)
