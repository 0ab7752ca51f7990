"""Work is taken in the stages that list it, and as having happened between the opening and today."""

from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.commands import (
    AddPerson,
    Advance,
    AgreeFocus,
    AgreeGoals,
    AskRematch,
    AssessGoal,
    Cancel,
    Celebrate,
    CheckActionStep,
    CloseSchool,
    Command,
    CompleteObservation,
    Correct,
    Extend,
    GiveConsent,
    HoldDebrief,
    LogContact,
    OpenCycle,
    OpenNextCycle,
    Pause,
    RecordBaseline,
    RecordExpectations,
    Rematch,
    Reopen,
    Resume,
    ScheduleObservation,
    SetGoal,
    UndoAdvance,
    Waive,
    WriteReflection,
)
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.events import CyclePaused
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    CancelReason,
    CorrectionReason,
    ExtendGround,
    MeasureSource,
    PauseReason,
    ReopenReason,
    StepOutcome,
    TeachingArea,
    WaiverReason,
)
from mentorcycle.engine.testing import Scenario

LESSON = datetime(2026, 3, 3, 9, tzinfo=UTC)
STAGES = ("goal-set", "observe", "debrief", "reflect", "celebrate")

ACCEPTED: list[tuple[Command, tuple[str, ...]]] = [
    (SetGoal("c-1", TeachingArea.PLANNING), ("goal-set",)),
    (RecordBaseline("c-1", "g1", 1, date(2026, 3, 2), MeasureSource.RECORDS), ("goal-set",)),
    (AgreeGoals("c-1", "g7"), ("goal-set",)),
    (RecordExpectations("c-1", 2), ("goal-set",)),
    (AgreeFocus("c-1", "ada", "bo"), ("observe",)),
    (ScheduleObservation("c-1", LESSON, "o1"), ("observe",)),
    (CompleteObservation("c-1", LESSON, 45, observer="bo", observed="ada"), ("observe",)),
    (HoldDebrief("c-1", 20, strengths=("Calm.",)), ("observe", "debrief")),
    (CheckActionStep("c-1", "s1", StepOutcome.DONE), ("debrief", "reflect", "celebrate")),
    (WriteReflection("c-1", "Mine."), ("reflect",)),
    (AssessGoal("c-1", "g1", Assessment.MET), ("reflect",)),
    (Celebrate("c-1"), STAGES),
    (GiveConsent("c-1", Audience.SCHOOL), STAGES),
    (LogContact("c-1", 20), STAGES),
]


@pytest.mark.parametrize(("command", "stages"), ACCEPTED, ids=[c.command_name for c, _ in ACCEPTED])
def test_work_is_taken_in_the_stages_that_list_it(
    opened: Scenario,
    planned: Scenario,
    debriefing: Scenario,
    reflecting: Scenario,
    celebrating: Scenario,
    command: Command,
    stages: tuple[str, ...],
) -> None:
    for scenario in (opened, planned, debriefing, reflecting, celebrating):
        refusals = scenario.when(command, by="ada", on="2026-03-23").refusals
        wrong = [refusal for refusal in refusals if refusal.code == "wrong-stage"]
        assert bool(wrong) == (scenario.cycle.stage not in stages)
        for refusal in wrong:
            assert refusal.why.endswith(f"is recorded in {', '.join(stages)}")
            assert "correction" in refusal.fix


def test_waivers_are_taken_where_there_is_something_to_waive(observing: Scenario, agreed: Scenario) -> None:
    waiver = Waive("c-1", "baseline", "g1", WaiverReason.NEW_CLASS)
    agreed.given(waiver)
    observing.when(waiver).then_refused("wrong-stage")


def test_the_shipped_definition_takes_contacts_and_celebrations_everywhere() -> None:
    assert tuple(stage.name for stage in shipped().stages) == STAGES


TOMORROW: list[tuple[str, Command]] = [
    ("agreed", Advance("c-1")),
    ("observing", UndoAdvance("c-1")),
    ("opened", Pause("c-1", PauseReason.LEAVE)),
    ("opened", Cancel("c-1", CancelReason.WITHDREW)),
    ("completed", Reopen("c-1", ReopenReason.WORK_CONTINUES)),
    ("completed", OpenNextCycle("c-1")),
    ("opened", Extend("c-1", date(2026, 4, 30), ExtendGround.ABSENCE)),
    ("opened", Rematch("c-1", "bo", "cy")),
    ("agreed", Correct("c-1", 2, CorrectionReason.WRONG_VALUE, {"target": 70})),
    ("agreed", Waive("c-1", "baseline", "g1", WaiverReason.NEW_CLASS)),
    ("opened", SetGoal("c-1", TeachingArea.PLANNING)),
    ("opened", LogContact("c-1", 20)),
    ("opened", Celebrate("c-1")),
    ("paired", OpenCycle("ada")),
    ("people", AddPerson("New")),
    ("people", CloseSchool((date(2026, 12, 24),))),
]


@pytest.mark.parametrize(("begin", "command"), TOMORROW, ids=[c.command_name for _, c in TOMORROW])
def test_nothing_has_happened_tomorrow(request: pytest.FixtureRequest, begin: str, command: Command) -> None:
    scenario: Scenario = request.getfixturevalue(begin)
    today = scenario.now.date()
    tomorrow = date.fromordinal(today.toordinal() + 1)
    scenario.when(command, on=tomorrow, today=today).then_refused(
        "in-the-future", because=[f"{tomorrow} is after today, {today}"]
    )
    assert not scenario.when(command, on=tomorrow, today=tomorrow).refusals


@pytest.mark.parametrize(
    "command", [AgreeGoals("c-1"), GiveConsent("c-1", Audience.SCHOOL), AskRematch("c-1")]
)
def test_nobody_agrees_tomorrow(opened: Scenario, command: Command) -> None:
    agreed = opened.given(SetGoal("c-1", TeachingArea.PLANNING))
    agreed.when(command, by="ada", on="2026-03-03", today="2026-03-02").then_refused("in-the-future")


def test_a_pause_does_not_end_tomorrow(opened: Scenario) -> None:
    opened.given(CyclePaused(reason=PauseReason.LEAVE)).when(
        Resume("c-1"), on="2026-03-03", today="2026-03-02"
    ).then_refused("in-the-future")


def test_a_lesson_or_debrief_lies_in_the_past(planned: Scenario, debriefing: Scenario) -> None:
    tomorrow = datetime(2026, 3, 20, 9, tzinfo=UTC)
    planned.when(CompleteObservation("c-1", tomorrow, 45), by="bo").then_refused(
        "bad-value", because=["2026-03-20 is in the future"]
    )
    debriefing.when(HoldDebrief("c-1", 20, held=tomorrow, strengths=("Calm.",)), by="bo").then_refused(
        "bad-value", because=["2026-03-20 is in the future"]
    )


def test_nothing_happened_before_the_cycle_was_opened(planned: Scenario, opened: Scenario) -> None:
    why = "2026-02-27 is before the cycle was opened, 2026-03-02"
    opened.when(LogContact("c-1", 20), by="ada", on="2026-02-27").then_refused(
        "before-opening", because=[why]
    )
    opened.when(SetGoal("c-1", TeachingArea.PLANNING), by="ada", on="2026-02-27").then_refused(
        "before-opening", because=[why]
    )
    planned.when(CompleteObservation("c-1", datetime(2026, 2, 27, 9, tzinfo=UTC), 45), by="bo").then_refused(
        "before-opening", because=[why]
    )


def test_a_stage_is_not_left_before_it_was_entered(observed: Scenario) -> None:
    observed.when(Advance("c-1"), by="ada", on="2026-03-06").then_refused(
        "before-the-stage", because=["2026-03-06 is before the cycle came to observe, 2026-03-09"]
    )


def test_what_was_done_earlier_is_recorded_later(observing: Scenario) -> None:
    observing.given(LogContact("c-1", 20), by="ada", on="2026-03-04")
    assert observing.when(LogContact("c-1", 20), by="ada", on="2026-03-04").now == observing.now
