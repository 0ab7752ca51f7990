"""Who may do what: the table of DOMAIN.md, row by row. A refusal of this kind is *not permitted*."""

from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import (
    AddPerson,
    Advance,
    AgreeFocus,
    AgreeGoals,
    AskRematch,
    AssessGoal,
    Cancel,
    Celebrate,
    ChangeProgramme,
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
    PublishPairing,
    RecordBaseline,
    RecordExpectations,
    Rematch,
    Reopen,
    SetGoal,
    UndoAdvance,
    Waive,
    WriteReflection,
)
from mentorcycle.domain.definition import parse, shipped
from mentorcycle.domain.events import (
    GoalAgreed,
    GoalSet,
    Participant,
    ReflectionWritten,
)
from mentorcycle.domain.permission import may_read_facts, may_read_words
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    CancelReason,
    CorrectionReason,
    ExtendGround,
    MeasureSource,
    PauseReason,
    ReopenReason,
    Role,
    TeachingArea,
    WaiverReason,
)
from mentorcycle.domain.words import Words
from mentorcycle.engine.testing import Scenario

ADA, BO, STRANGER = (Actor.participant(person) for person in ("ada", "bo", "cy"))
COORDINATOR = Actor.coordinator()
ELSEWHERE = Actor.coordinator("karin", programme="another")
AUDITOR = Actor.auditor()
SYSTEM = Actor.system()
LESSON = datetime(2026, 3, 9, 11, tzinfo=UTC)

WORK: list[Command] = [
    SetGoal("c-1", TeachingArea.PLANNING),
    RecordBaseline("c-1", "g1", 40, date(2026, 3, 2), MeasureSource.RECORDS),
    RecordExpectations("c-1", 2),
    CompleteObservation("c-1", LESSON, 45),
    HoldDebrief("c-1", 20),
    AssessGoal("c-1", "g1", Assessment.MET),
    Celebrate("c-1"),
    LogContact("c-1", 20),
]
PERSONAL: list[Command] = [
    AgreeGoals("c-1"),
    AgreeFocus("c-1", "ada", "bo"),
    WriteReflection("c-1", "Mine."),
    GiveConsent("c-1", Audience.SCHOOL),
]
COURSE: list[Command] = [
    UndoAdvance("c-1"),
    Pause("c-1", PauseReason.LEAVE),
    Extend("c-1", date(2026, 4, 30), ExtendGround.ABSENCE),
    Rematch("c-1", "bo", "cy"),
]
CLOSED_COURSE: list[Command] = [Reopen("c-1", ReopenReason.WORK_CONTINUES), OpenNextCycle("c-1")]
OFFICE: list[Command] = [
    AddPerson("New"),
    PublishPairing((Participant("di", mentee=True), Participant("cy", mentor=True))),
    CloseSchool((date(2026, 3, 10),)),
    ChangeProgramme("Other"),
    OpenCycle("di"),
]


def refused_as_not_permitted(scenario: Scenario, command: Command, actor: Actor) -> bool:
    """Whether this actor may not, whatever else stands in the way."""
    return any(refusal.permission for refusal in scenario.when(command, by=actor).refusals)


def names(commands: list[Command]) -> list[str]:
    return [command.command_name for command in commands]


@pytest.mark.parametrize("command", WORK, ids=names(WORK))
def test_work_is_recorded_by_the_pair_and_without_words_by_the_coordinator(
    observing: Scenario, command: Command
) -> None:
    for actor in (ADA, BO, COORDINATOR):
        assert not refused_as_not_permitted(observing, command, actor)
    for actor in (STRANGER, AUDITOR, SYSTEM, ELSEWHERE):
        assert refused_as_not_permitted(observing, command, actor)


@pytest.mark.parametrize("command", PERSONAL, ids=names(PERSONAL))
def test_agreement_focus_reflection_and_consent_are_the_participants_own(
    observing: Scenario, command: Command
) -> None:
    again = observing.given(GoalSet(goal="g1", area=TeachingArea.PLANNING))
    for actor in (ADA, BO):
        assert not refused_as_not_permitted(again, command, actor)
    for actor in (COORDINATOR, STRANGER, AUDITOR, SYSTEM, ELSEWHERE):
        assert refused_as_not_permitted(again, command, actor)


def test_a_focus_is_not_agreed_by_the_office_whatever_was_published() -> None:
    text = shipped().source
    old = text.replace(
        'focus        = { by = ["mentee", "mentor"] }', 'focus = { by = ["mentor", "coordinator"] }'
    )
    assert old != text
    pair = (Participant("ada", mentee=True), Participant("bo", mentor=True))
    paired = Scenario.of(["ada", "bo"], definition=parse(old, "old", published=True)).given(
        PublishPairing(pair), OpenCycle("ada")
    )
    focus = AgreeFocus(paired.cycle.id, "ada", "bo")
    for actor, taken in ((COORDINATOR, False), (BO, True)):
        assert refused_as_not_permitted(paired, focus, actor) is not taken


@pytest.mark.parametrize("command", COURSE, ids=names(COURSE))
def test_the_course_of_a_cycle_is_the_coordinators(observing: Scenario, command: Command) -> None:
    assert not refused_as_not_permitted(observing, command, COORDINATOR)
    for actor in (ADA, BO, STRANGER, AUDITOR, SYSTEM, ELSEWHERE):
        assert refused_as_not_permitted(observing, command, actor)


@pytest.mark.parametrize("command", CLOSED_COURSE, ids=names(CLOSED_COURSE))
def test_what_comes_after_a_cycle_is_the_coordinators(completed: Scenario, command: Command) -> None:
    completed.given(command)
    for actor in (ADA, BO, STRANGER, AUDITOR, SYSTEM, ELSEWHERE):
        completed.when(command, by=actor).then_not_permitted()


@pytest.mark.parametrize("command", OFFICE, ids=names(OFFICE))
def test_people_pairs_programme_and_opening_are_the_coordinators(
    observing: Scenario, command: Command
) -> None:
    assert not refused_as_not_permitted(observing, command, COORDINATOR)
    for actor in (ADA, STRANGER, AUDITOR, ELSEWHERE):
        assert refused_as_not_permitted(observing, command, actor)


def test_the_pair_may_advance_its_own_cycle(agreed: Scenario) -> None:
    for actor in (ADA, BO, COORDINATOR):
        assert not agreed.when(Advance("c-1"), by=actor).refusals
    for actor in (STRANGER, AUDITOR, SYSTEM, ELSEWHERE):
        agreed.when(Advance("c-1"), by=actor).then_not_permitted()


def test_only_the_pair_may_ask_for_a_rematch(observing: Scenario) -> None:
    for actor in (ADA, BO):
        assert not observing.when(AskRematch("c-1"), by=actor).refusals
    for actor in (COORDINATOR, STRANGER, AUDITOR, SYSTEM):
        observing.when(AskRematch("c-1"), by=actor).then_not_permitted()


def test_the_system_may_only_close(observing: Scenario) -> None:
    for actor in (COORDINATOR, SYSTEM):
        assert not observing.when(Cancel("c-1", CancelReason.WITHDREW), by=actor).refusals
    for actor in (ADA, BO, STRANGER, AUDITOR, ELSEWHERE):
        observing.when(Cancel("c-1", CancelReason.WITHDREW), by=actor).then_not_permitted()


def test_waivers_are_the_coordinators(agreed: Scenario) -> None:
    waiver = Waive("c-1", "baseline", "g1", WaiverReason.NEW_CLASS)
    assert not agreed.when(waiver).refusals
    for actor in (ADA, BO, STRANGER, AUDITOR, SYSTEM):
        agreed.when(waiver, by=actor).then_not_permitted()


def test_participants_correct_what_was_recorded_in_their_own_cycle(agreed: Scenario) -> None:
    correction = Correct("c-1", 2, CorrectionReason.TYPING_ERROR, {"target": 75})
    for actor in (ADA, BO, COORDINATOR):
        assert not agreed.when(correction, by=actor).refusals
    for actor in (STRANGER, AUDITOR, SYSTEM, ELSEWHERE):
        agreed.when(correction, by=actor).then_not_permitted()


@pytest.mark.parametrize(
    "command",
    [
        SetGoal("c-1", TeachingArea.PLANNING, statement="Words."),
        SetGoal("c-1", TeachingArea.PLANNING, measure="Words."),
        RecordExpectations("c-1", expectations="Words."),
        CompleteObservation("c-1", LESSON, 45, context="Words."),
        CompleteObservation("c-1", LESSON, 45, evidence=("Words.",)),
        CompleteObservation("c-1", LESSON, 45, numbers="80 %"),
        HoldDebrief("c-1", 20, strengths=("Words.",)),
        HoldDebrief("c-1", 20, growth_point="Words."),
        HoldDebrief("c-1", 20, action_step="Words."),
        HoldDebrief("c-1", 20, goal_candidates=("Words.",)),
        Celebrate("c-1", achievement="Words."),
        Celebrate("c-1", practice="Words."),
        LogContact("c-1", 20, notes="Words."),
    ],
)
def test_a_coordinator_never_records_words(observing: Scenario, command: Command) -> None:
    codes = [refusal.code for refusal in observing.when(command).refusals if refusal.permission]
    assert codes == ["words-of-others"]


def test_a_refusal_for_permission_alone_is_told_from_one_with_other_reasons(opened: Scenario) -> None:
    opened.when(Pause("c-1", PauseReason.LEAVE), by="ada").then_not_permitted()
    mixed = opened.when(Advance("c-1"), by="cy")
    assert {refusal.permission for refusal in mixed.refusals} == {True, False}


def test_only_the_mentee_writes_the_mentees_reflection(reflecting: Scenario) -> None:
    (
        reflecting.when(WriteReflection("c-1", "Mine."), by="bo")
        .then(ReflectionWritten(person="bo", reflection=Words(text="Mine.")))
        .when(Advance("c-1"), by="bo")
        .then_refused("reflections-written", "goals-assessed")
    )


def test_each_agrees_for_themselves(opened: Scenario) -> None:
    opened.given(GoalSet(goal="g1", area=TeachingArea.PLANNING)).when(AgreeGoals("c-1"), by="ada").then(
        GoalAgreed(goal="g1", person="ada")
    )


@pytest.mark.parametrize(
    "command",
    [
        Advance("c-1", "observe"),
        AgreeGoals("c-1"),
        GiveConsent("c-1", Audience.PAIR),
        Waive("c-1", "baseline", "g1", WaiverReason.NEW_CLASS),
    ],
)
@pytest.mark.parametrize("actor", [AUDITOR, STRANGER])
def test_who_may_not_is_not_told_that_it_is_so_already(
    observing: Scenario, command: Command, actor: Actor
) -> None:
    assert refused_as_not_permitted(observing, command, actor)


def test_facts_are_read_by_their_own_and_by_the_programme(observing: Scenario) -> None:
    readers = [ADA, BO, COORDINATOR, AUDITOR, SYSTEM, STRANGER, ELSEWHERE]
    assert [may_read_facts(observing.cycle, actor) for actor in readers] == [
        True, True, True, True, True, False, False,
    ]  # fmt: skip
    bound = Actor.auditor(programme="another")
    assert not may_read_facts(observing.cycle, bound)


def test_words_are_read_by_the_pair_and_never_by_anybody_else(observing: Scenario) -> None:
    assert may_read_words(observing.cycle, ADA)
    assert may_read_words(observing.cycle, BO)
    for role in Role:
        if role is not Role.PARTICIPANT:
            assert not may_read_words(observing.cycle, Actor("ada", role))
    assert not may_read_words(observing.cycle, STRANGER)
