"""The catalogue of refusals: every code that the domain knows, an input that provokes it, and its words."""

import ast
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mentorcycle.domain import events, refusal
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
    ChangePerson,
    ChangeProgramme,
    CheckActionStep,
    CloseSchool,
    CompleteObservation,
    Correct,
    CreateProgramme,
    EndPairing,
    Extend,
    ForbidPairing,
    HoldDebrief,
    LogContact,
    MarkLeft,
    MarkReturned,
    MergePeople,
    NameEvaluator,
    OpenCycle,
    OpenNextCycle,
    Pause,
    PublishDefinition,
    PublishPairing,
    RecordBaseline,
    RecordExpectations,
    Rematch,
    Reopen,
    RescheduleObservation,
    ScheduleObservation,
    SetGoal,
    UndoAdvance,
    Waive,
    WriteReflection,
)
from mentorcycle.domain.cycle import Cycle, decide
from mentorcycle.domain.decision import Context
from mentorcycle.domain.definition import load, shipped
from mentorcycle.domain.events import CycleOpened, GoalAssessed, Participant
from mentorcycle.domain.ids import cycle_of_pairing
from mentorcycle.domain.refusal import Refusal, Refused
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    CancelReason,
    CorrectionReason,
    EvidenceKind,
    ExtendGround,
    LeaveReason,
    MeasureSource,
    PairingKind,
    PauseReason,
    ReopenReason,
    StepOutcome,
    TeachingArea,
    Unit,
    WaiverReason,
)
from mentorcycle.engine.testing import Decision, Scenario

AREA, MET, DONE, SCHOOL = TeachingArea.PLANNING, Assessment.MET, StepOutcome.DONE, Audience.SCHOOL
LEAVE, WITHDREW, ABSENCE = PauseReason.LEAVE, CancelReason.WITHDREW, ExtendGround.ABSENCE
WRONG_VALUE, WORK_CONTINUES = CorrectionReason.WRONG_VALUE, ReopenReason.WORK_CONTINUES
RETIRED, NEW_CLASS, JUDGEMENT = LeaveReason.RETIRED, WaiverReason.NEW_CLASS, EvidenceKind.JUDGEMENT
AUDITOR = Actor.auditor()
ADA, DI = Participant("ada", mentee=True), Participant("di", mentee=True)
BO, CY = Participant("bo", mentor=True), Participant("cy", mentor=True)
ID, MONDAY = cycle_of_pairing("q-ada-bo"), date(2026, 3, 2)
LESSON = datetime(2026, 3, 5, 9, tzinfo=UTC)
TOMORROW = datetime(2026, 3, 6, 9, tzinfo=UTC)
OTHER_TEXT = shipped().source.replace("mentor_capacity = 3", "mentor_capacity = 4")
LESSON_STUDY = load(Path(__file__).parent / "definition" / "data" / "lesson-study.toml")
NAMES = {"ada": "Ada Ünal", "bo": "Bo Karlsson", "cy": "Cy Lind", "di": "Di Okoro"}

PEOPLE = Scenario.of(NAMES, cycle=ID)
NOWHERE = Scenario((), {}, PEOPLE.now)
PAIRED = PEOPLE.given(PublishPairing((ADA, BO), "q-ada-bo"))


def opened(scenario: Scenario, stage: str) -> Scenario:
    definition = scenario.definition
    return scenario.given(
        CycleOpened(
            programme="main",
            pairing="q-ada-bo",
            kind=PairingKind.PAIR,
            participants=(ADA, BO),
            definition=definition.name,
            definition_version=definition.version,
            definition_digest=definition.digest,
            stage=stage,
        )
    )


OPENED = opened(PAIRED, "goal-set")
STUDYING = opened(Scenario.of(NAMES, definition=LESSON_STUDY, cycle=ID), "plan")
GOAL = OPENED.given(SetGoal(ID, AREA), by="ada", on="2026-03-02")
AGREED = (
    OPENED.given(SetGoal(ID, AREA, unit=Unit.COUNT, target=3, measured=True), by="ada", on="2026-03-03")
    .given(RecordBaseline(ID, "g1", 1, MONDAY, MeasureSource.RECORDS), AgreeGoals(ID), by="ada")
    .given(AgreeGoals(ID), by="bo")
)
OBSERVING = AGREED.given(Advance(ID), on="2026-03-04")
BATCHED = AGREED.when(Advance(ID), batch="b-1").then(
    events.CycleAdvanced(source="goal-set", target="observe", definition_version=1, due=date(2026, 3, 16))
)
PLANNED = OBSERVING.given(AgreeFocus(ID, "ada", "bo"), by="ada", on="2026-03-05")
UNFOCUSED = OBSERVING.given(
    CompleteObservation(ID, LESSON, 45, observer="bo", observed="ada"), on="2026-03-05"
)
OBSERVED = PLANNED.given(CompleteObservation(ID, LESSON, 45), by="bo")
DEBRIEFING = OBSERVED.given(Advance(ID), by="bo")
DEBRIEFED = DEBRIEFING.given(HoldDebrief(ID, 20, strengths=("Calm.",), action_step="Ask."), by="bo")
REFLECTING = DEBRIEFED.given(Advance(ID), by="bo")
CELEBRATING = REFLECTING.given(
    WriteReflection(ID, "Good."), AssessGoal(ID, "g1", Assessment.PARTLY), Advance(ID), by="ada"
)
COMPLETED = CELEBRATING.given(Celebrate(ID), Advance(ID), by="ada")
FOLLOWED = COMPLETED.given(OpenNextCycle(ID))
REMATCHED = OBSERVING.given(Rematch(ID, "bo", "cy"), on="2026-03-09")


def opened_beside() -> tuple[Refusal, ...]:
    """Opening a cycle for a rematched pairing, by somebody who does not look for the one that goes on."""
    known = {id: REMATCHED.person(id) for id in NAMES}
    context = Context(
        REMATCHED.now, REMATCHED.now, Actor.coordinator(), REMATCHED.programme, shipped(), known
    )
    pairing = REMATCHED.cycle.pairing
    outcome = decide(Cycle(id=cycle_of_pairing(pairing)), OpenCycle("ada"), context)
    assert isinstance(outcome, Refused)
    return outcome.refusals


CASES: list[tuple[str, Decision | tuple[Refusal, ...], str, str, str]] = [
    (
        "actor-left",
        OPENED.given(MarkLeft("bo", RETIRED)).when(LogContact(ID, 20), by="bo"),
        "nothing is recorded in c-1",
        "Bo Karlsson has left the programme",
        "a coordinator can record the return, or what happened before",
    ),
    (
        "already-in-cycle",
        OBSERVING.when(Rematch(ID, "bo", "ada")),
        "Bo Karlsson cannot be replaced by Ada Ünal in c-1",
        "Ada Ünal is in this cycle already",
        "name somebody else",
    ),
    (
        "already-paired",
        PAIRED.when(PublishPairing((ADA, CY))),
        "Ada Ünal and Cy Lind cannot be paired",
        "Ada Ünal is a mentee in another open pairing",
        "end that pairing first, or change the partner in its cycle",
    ),
    (
        "bad-definition",
        PAIRED.when(PublishDefinition("version = 1")),
        "the definition as given cannot be used",
        (
            "it has 7 problems:\n"
            "  as given: the key 'name' is missing; add name = …\n"
            "  as given: the key 'title' is missing; add title = …\n"
            "  as given: the key 'initial' is missing; add initial = …\n"
            "  as given: the key 'debrief_within' is missing; add debrief_within = …\n"
            "  as given: the key 'mentor_capacity' is missing; add mentor_capacity = …\n"
            "  as given: the key 'stage' is missing; add stage = …\n"
            "  as given: the key 'edge' is missing; add edge = …"
        ),
        "correct the text and publish it again",
    ),
    (
        "bad-id",
        PEOPLE.when(AddPerson("Eve", "c-eve")),
        "the person is not added",
        "its id is not p- and then at most 100 letters (a-z, A-Z), digits, or any of _ . : -",
        "give such an id, or leave it out",
    ),
    (
        "bad-id",
        NOWHERE.when(CreateProgramme("South", "UTC", programme="p-south")),
        "the programme is not created",
        "its id is not of letters, digits, or any of _ . : -, or begins as that of a cycle or a person",
        "give another id, for example south",
    ),
    (
        "bad-value",
        OPENED.when(LogContact(ID, 0), by="ada"),
        "this contact of c-1 cannot be logged",
        "0 minutes cannot be right",
        "give 1 to 600 minutes",
    ),
    (
        "bad-value",
        OPENED.when(SetGoal(ID, AREA, target=3), by="ada"),
        "goal g1 of c-1 cannot be set",
        "a target needs a unit",
        "say what the number counts",
    ),
    (
        "bad-value",
        OPENED.when(RecordExpectations(ID), by="ada"),
        "expectations of c-1 cannot be recorded",
        "neither expectations nor meetings are given",
        "say how often you mean to meet",
    ),
    (
        "bad-value",
        REFLECTING.when(WriteReflection(ID, "Good.", 11), by="ada"),
        "this reflection of c-1 cannot be recorded",
        "confidence and survey answers go from 1 to 10",
        "give 1 to 10",
    ),
    (
        "bad-value",
        PLANNED.when(CompleteObservation(ID, TOMORROW, 45), by="bo"),
        "the observation of c-1 cannot be recorded",
        "2026-03-06 is in the future",
        "say when it was",
    ),
    (
        "bad-value",
        PAIRED.when(ChangePerson("bo", "Bo Karlsson", capacity=-1)),
        "Bo Karlsson is not changed",
        "a capacity of -1 cannot be right",
        "give 0 to 100",
    ),
    (
        "bad-value",
        PAIRED.when(ChangeProgramme("North", weekend=(9,))),
        "the programme is not changed",
        "a weekend names days 0 (Monday) to 6 (Sunday), and leaves a school day",
        "for example 5 and 6",
    ),
    (
        "bad-value",
        AGREED.when(Correct(ID, 2, WRONG_VALUE, {"target": "many"}), by="ada"),
        "event 2 of c-1 cannot be corrected so",
        "target: 'many' is not a number",
        "give a value of that kind",
    ),
    (
        "baseline-present",
        GOAL.when(Advance(ID), by="ada"),
        "c-1 cannot move from goal-set to observe",
        "goal g1 has no baseline",
        "record the baseline, or waive it with a reason",
    ),
    (
        "before-opening",
        OPENED.when(LogContact(ID, 20), by="ada", on="2026-02-27"),
        "this contact of c-1 cannot be logged",
        "2026-02-27 is before the cycle was opened, 2026-03-02",
        "say when it happened; what happened earlier belongs to an earlier cycle",
    ),
    (
        "before-pairing",
        OPENED.when(EndPairing("ada", "q-ada-bo"), on="2026-02-01"),
        "the pairing is not ended",
        "2026-02-01 is before it was published, 2026-03-02",
        "say when it ended",
    ),
    (
        "before-the-stage",
        OBSERVING.when(Advance(ID), by="ada", on="2026-03-03"),
        "c-1 cannot move from observe to debrief",
        "2026-03-03 is before the cycle came to observe, 2026-03-04",
        "say when it happened",
    ),
    (
        "before-the-stage",
        OBSERVING.when(Pause(ID, LEAVE), on="2026-03-03"),
        "c-1 cannot be paused",
        "2026-03-03 is before 2026-03-04, when the stage or the last pause began or ended",
        "say when it happened",
    ),
    (
        "celebrations-recorded",
        CELEBRATING.when(Advance(ID), by="ada"),
        "c-1 cannot move from celebrate to completed",
        "0 of 1 celebrations are recorded in celebrate",
        "record what is celebrated",
    ),
    (
        "completed",
        COMPLETED.when(OpenCycle("ada")),
        "no cycle can be opened for Ada Ünal",
        "the cycle c-1 of this pairing is completed",
        "open the next cycle",
    ),
    (
        "completed",
        FOLLOWED.when(OpenCycle("ada")),
        "no cycle can be opened for Ada Ünal",
        "the cycle c-1 of this pairing is completed",
        "go on in the next, c-e9g00pp1p6nwxc7z",
    ),
    (
        "contacts-logged",
        STUDYING.when(Advance(ID)),
        "c-1 cannot move from plan to goal-set",
        "0 of 2 contacts with 0 of 180 minutes are logged",
        "log the contact",
    ),
    (
        "cycle-cancelled",
        OPENED.given(Cancel(ID, WITHDREW)).when(LogContact(ID, 20), by="ada"),
        "this contact of c-1 cannot be logged",
        "c-1 is cancelled",
        "reopen it first",
    ),
    (
        "cycle-completed",
        COMPLETED.when(LogContact(ID, 20), by="ada"),
        "this contact of c-1 cannot be logged",
        "c-1 is completed",
        "reopen it, or open the next cycle",
    ),
    (
        "cycle-of-others",
        PAIRED.given(PublishPairing((DI, CY), "q-ada-bo"), OpenCycle("di")).when(OpenCycle("ada")),
        "no cycle can be opened for Ada Ünal",
        "another pairing had the id q-ada-bo as well, and a cycle was opened for that one",
        "end this pairing, and publish it anew without an id",
    ),
    (
        "cycle-paused",
        OPENED.given(Pause(ID, LEAVE)).when(LogContact(ID, 20), by="ada"),
        "this contact of c-1 cannot be logged",
        "c-1 is paused",
        "resume it first",
    ),
    (
        "debriefed-already",
        DEBRIEFED.when(HoldDebrief(ID, 20, "o1", strengths=("Calm.",)), by="bo"),
        "the debrief of c-1 cannot be recorded",
        "observation o1 is debriefed already",
        "correct that one",
    ),
    (
        "expectations-recorded",
        STUDYING.when(Advance(ID)),
        "c-1 cannot move from plan to goal-set",
        "no expectations and meeting cadence are recorded",
        "record what you expect of each other and how often you meet",
    ),
    (
        "focus-of-observed",
        OBSERVING.when(AgreeFocus(ID, "ada", "bo", focus="Who speaks?"), by="bo"),
        "the focus of observation o1 cannot be agreed",
        "the focus question is set by the observed person",
        "let Ada Ünal set it",
    ),
    (
        "followed",
        FOLLOWED.when(Reopen(ID, WORK_CONTINUES)),
        "c-1 cannot be reopened",
        "the next cycle c-e9g00pp1p6nwxc7z was opened from it",
        "go on in the next cycle",
    ),
    (
        "followed",
        FOLLOWED.when(UndoAdvance(ID)),
        "the last advance of c-1 cannot be taken back",
        "the next cycle c-e9g00pp1p6nwxc7z was opened from it",
        "go on in the next cycle",
    ),
    (
        "goal-assessed",
        GOAL.given(GoalAssessed(goal="g1", assessment=MET), of=ID).when(SetGoal(ID, AREA, "g1"), by="ada"),
        "goal g1 of c-1 cannot be set",
        "it is assessed already",
        "set another goal",
    ),
    (
        "goals-agreed",
        GOAL.when(Advance(ID), by="ada"),
        "c-1 cannot move from goal-set to observe",
        "Ada Ünal and Bo Karlsson have not agreed goal g1",
        "Ada Ünal and Bo Karlsson can agree it",
    ),
    (
        "goals-assessed",
        REFLECTING.when(Advance(ID), by="ada"),
        "c-1 cannot move from reflect to celebrate",
        "goal g1 is not assessed",
        "say whether the goal was met, partly met, not met or dropped",
    ),
    (
        "goals-set",
        OPENED.when(Advance(ID), by="ada"),
        "c-1 cannot move from goal-set to observe",
        "no goal is set",
        "set a goal with a measure and a target",
    ),
    (
        "goals-set",
        GOAL.when(Advance(ID), by="ada"),
        "c-1 cannot move from goal-set to observe",
        "goal g1 has no success measure and no target",
        "set a goal with a measure and a target",
    ),
    (
        "goes-on",
        opened_beside(),
        "no cycle can be opened for Ada Ünal",
        "the cycle c-1 went on with this pairing after a rematch",
        "use that cycle",
    ),
    (
        "in-the-future",
        OPENED.when(LogContact(ID, 20), by="ada", on="2026-03-03", today="2026-03-02"),
        "this contact of c-1 cannot be logged",
        "2026-03-03 is after today, 2026-03-02",
        "say when it happened",
    ),
    (
        "judgement",
        PLANNED.when(CompleteObservation(ID, LESSON, 45, kinds=(JUDGEMENT,), evidence=("Weak.",)), by="bo"),
        "the observation of c-1 cannot be recorded",
        "1 of 1 pieces of evidence are judgements",
        "report what was seen and heard",
    ),
    (
        "evaluator-is-mentor",
        PAIRED.when(NameEvaluator("ada", "bo")),
        "the evaluator of Ada Ünal is not named",
        "Bo Karlsson mentors Ada Ünal in an open pairing",
        "change the partner in its cycle, or end the pairing, first",
    ),
    (
        "mentor-is-evaluator",
        PEOPLE.given(NameEvaluator("ada", "bo")).when(PublishPairing((ADA, BO))),
        "Ada Ünal and Bo Karlsson cannot be paired",
        "Bo Karlsson evaluates Ada Ünal",
        "choose a mentor who does not evaluate them",
    ),
    (
        "moved-since",
        OBSERVING.when(UndoAdvance(ID, "b-7")),
        "the last advance of c-1 cannot be taken back",
        "it has moved since: the last advance is to observe, not by batch b-7",
        "undo that one first",
    ),
    (
        "moved-since",
        BATCHED.given(LogContact(ID, 20)).when(UndoAdvance(ID, "b-1")),
        "the last advance of c-1 cannot be taken back",
        "work was recorded in observe since",
        "undo this cycle alone",
    ),
    (
        "no-consent",
        OPENED.when(Celebrate(ID, audience=SCHOOL), by="ada"),
        "this celebration of c-1 cannot be recorded",
        "Ada Ünal has agreed to pair, not to school",
        "Ada Ünal can give consent, or choose a narrower audience",
    ),
    (
        "no-name",
        PEOPLE.when(AddPerson(" ", "p-eve")),
        "the person is not added",
        "the name is empty",
        "give a name",
    ),
    (
        "no-name",
        PEOPLE.when(ChangeProgramme(" ")),
        "the programme is not changed",
        "the name is empty",
        "give a name",
    ),
    (
        "no-roles",
        PEOPLE.when(PublishPairing((BO, CY))),
        "Bo Karlsson and Cy Lind cannot be paired",
        "a pairing has a mentee and a mentor, and everybody in it is one of them",
        "say who is which",
    ),
    (
        "no-strength",
        DEBRIEFING.when(HoldDebrief(ID, 20), by="bo"),
        "the debrief of c-1 cannot be recorded",
        "no strength is named; strengths come first",
        "name at least one strength",
    ),
    (
        "no-such-field",
        AGREED.when(Correct(ID, 2, WRONG_VALUE, {"goal": "g2"}), by="ada"),
        "event 2 of c-1 cannot be corrected so",
        "goal of GoalSet cannot be corrected",
        "fields: area, unit, target, direction, due",
    ),
    (
        "no-such-goal",
        AGREED.when(AgreeGoals(ID, "g7"), by="ada"),
        "goals of c-1 cannot be agreed",
        "there is no goal 'g7'",
        "goals here: g1",
    ),
    (
        "no-such-move",
        OBSERVING.when(Advance(ID, "celebrate"), by="ada"),
        "c-1 cannot move from observe to celebrate",
        "from observe a cycle of peer-cycle v1 moves to debrief",
        "name one of: debrief",
    ),
    (
        "no-such-move",
        OBSERVING.when(Advance(ID, "review"), by="ada"),
        "c-1 cannot move from observe to review",
        "peer-cycle v1 has no stage 'review'; from observe it moves to debrief",
        "name one of: debrief",
    ),
    (
        "no-such-observation",
        OBSERVING.when(ScheduleObservation(ID, LESSON), by="ada"),
        "the observation of c-1 cannot be scheduled",
        "no observation is planned",
        "begin with its focus",
    ),
    (
        "no-such-observation",
        PLANNED.given(AgreeFocus(ID, "ada", "bo"), by="bo").when(ScheduleObservation(ID, LESSON), by="ada"),
        "the observation of c-1 cannot be scheduled",
        "o1, o2 are planned, and none is named",
        "name one of them",
    ),
    (
        "no-such-observation",
        OBSERVED.given(Advance(ID), HoldDebrief(ID, 20)).when(HoldDebrief(ID, 20)),
        "the debrief of c-1 cannot be recorded",
        "no observation is completed and not debriefed",
        "record the observation first",
    ),
    (
        "no-such-observation",
        PLANNED.when(CompleteObservation(ID, LESSON, 45, "o7"), by="bo"),
        "the observation of c-1 cannot be recorded",
        "there is no observation 'o7'",
        "observations here: o1",
    ),
    (
        "no-such-person",
        PEOPLE.when(MarkLeft("nobody", RETIRED)),
        "no leave is recorded",
        "nobody has the id nobody",
        "add the person first",
    ),
    (
        "no-such-programme",
        NOWHERE.when(CloseSchool((MONDAY,))),
        "programme main is not changed",
        "there is no such programme",
        "create it first",
    ),
    (
        "no-such-pairing",
        PAIRED.when(EndPairing("ada", "q-7", do_not_pair_again=True)),
        "nobody is kept apart",
        "Ada Ünal was in no pairing q-7",
        "name the two to keep apart",
    ),
    (
        "no-such-stage",
        COMPLETED.when(Reopen(ID, WORK_CONTINUES, "review")),
        "c-1 cannot be reopened",
        "peer-cycle v1 has no stage 'review'",
        "name one of: goal-set, observe, debrief, reflect, celebrate",
    ),
    (
        "no-such-step",
        DEBRIEFED.when(CheckActionStep(ID, "s7", DONE), by="ada"),
        "action step s7 cannot be checked",
        "there is no step 's7'",
        "steps here: s1",
    ),
    (
        "no-such-subject",
        AGREED.when(Waive(ID, "baseline", "g7", NEW_CLASS)),
        "baseline of g7 cannot be waived",
        "c-1 has no 'g7'",
        "name a goal or an observation",
    ),
    (
        "not-completed",
        OBSERVING.when(OpenNextCycle(ID)),
        "no cycle can follow c-1 yet",
        "it is active, in observe",
        "complete it first",
    ),
    (
        "not-correctable",
        AGREED.when(Correct(ID, 1, WRONG_VALUE, {"stage": "observe"})),
        "event 1 of c-1 cannot be corrected so",
        "nothing that can be corrected was recorded there, or it was replaced since",
        (
            "corrections are for: GoalSet, BaselineRecorded, FocusAgreed, ObservationCompleted, "
            "DebriefHeld, GoalAssessed, CelebrationHeld, ContactLogged"
        ),
    ),
    (
        "not-in-cycle",
        OPENED.when(LogContact(ID, 20, people=("ada", "cy")), by="ada"),
        "this contact of c-1 cannot be logged",
        "Cy Lind is not in this cycle",
        "name those who took part",
    ),
    (
        "not-in-cycle",
        REMATCHED.when(LogContact(ID, 20, people=("ada", "bo")), by="ada", on="2026-03-10"),
        "this contact of c-1 cannot be logged",
        "Bo Karlsson was not in this cycle on 2026-03-10",
        "name those who took part",
    ),
    (
        "not-in-cycle",
        OPENED.when(Rematch(ID, "cy", "di")),
        "Cy Lind cannot be replaced by Di Okoro in c-1",
        "Cy Lind is not in this cycle",
        "those in it are Ada Ünal, Bo Karlsson",
    ),
    (
        "not-in-cycle",
        DEBRIEFING.when(HoldDebrief(ID, 20, step_owner="cy")),
        "the debrief of c-1 cannot be recorded",
        "Cy Lind is not in this cycle",
        "name an owner who is",
    ),
    (
        "not-later",
        OPENED.when(Extend(ID, date(2026, 3, 10), ABSENCE)),
        "goal-set of c-1 cannot be extended to 2026-03-10",
        "it is due 2026-03-16, and a due date is never shortened",
        "name a later day",
    ),
    (
        "not-observed",
        PLANNED.when(HoldDebrief(ID, 20, "o1", strengths=("Calm.",)), by="bo"),
        "the debrief of c-1 cannot be recorded",
        "observation o1 is not completed",
        "record the observation first",
    ),
    (
        "not-paired",
        PEOPLE.when(OpenCycle("ada")),
        "no cycle can be opened for Ada Ünal",
        "Ada Ünal is a mentee in no open pairing",
        "publish the pairing first",
    ),
    (
        "not-paired",
        COMPLETED.given(EndPairing("ada", "q-ada-bo")).when(OpenNextCycle(ID)),
        "no cycle can follow c-1 yet",
        "the pairing has ended",
        "publish a pairing and open its cycle",
    ),
    (
        "not-permitted",
        OPENED.when(Pause(ID, LEAVE), by="ada"),
        "c-1 cannot be paused",
        "only a coordinator of this cycle may do this; ada acts as participant",
        "let a coordinator do it",
    ),
    (
        "not-permitted",
        AGREED.when(Advance(ID), by="cy"),
        "c-1 cannot move from goal-set to observe",
        "only mentee or mentor or coordinator of this cycle may do this; cy acts as participant",
        "let a mentee or mentor or coordinator do it",
    ),
    (
        "not-permitted",
        GOAL.when(AgreeGoals(ID)),
        "goals of c-1 cannot be agreed",
        "only mentee or mentor of this cycle may record agreement; local acts as coordinator",
        "each participant does this for themselves",
    ),
    (
        "not-permitted",
        OPENED.when(SetGoal(ID, AREA), by=AUDITOR),
        "goal g1 of c-1 cannot be set",
        "only mentee or mentor or coordinator of this cycle may record goal; local acts as auditor",
        "let a mentee or mentor or coordinator do it",
    ),
    (
        "not-permitted",
        PEOPLE.when(MarkLeft("ada", RETIRED), by="ada"),
        "people and pairings are not changed",
        "only a coordinator does this; ada acts as participant",
        "let a coordinator do it",
    ),
    (
        "not-permitted",
        PEOPLE.when(CloseSchool((MONDAY,)), by="ada"),
        "programme main is not changed",
        "only a coordinator does this; ada acts as participant",
        "let a coordinator do it",
    ),
    (
        "not-permitted",
        PAIRED.when(OpenCycle("ada"), by="ada"),
        "no cycle can be opened for Ada Ünal",
        "only a coordinator opens cycles",
        "let a coordinator open it",
    ),
    (
        "not-permitted",
        OPENED.when(AskRematch(ID)),
        "a rematch of c-1 cannot be asked for",
        "only a participant of this cycle asks for a rematch",
        "let a participant ask",
    ),
    (
        "not-scheduled",
        PLANNED.when(RescheduleObservation(ID, "o1", LESSON), by="bo"),
        "observation o1 cannot be rescheduled",
        "observation o1 is not scheduled",
        "schedule it",
    ),
    (
        "not-to-be-paired",
        PEOPLE.given(ForbidPairing("ada", "bo")).when(PublishPairing((ADA, BO))),
        "Ada Ünal and Bo Karlsson cannot be paired",
        "Ada Ünal and Bo Karlsson are not to be paired",
        "choose somebody else",
    ),
    (
        "not-waivable",
        AGREED.when(Waive(ID, "reflection", "ada", NEW_CLASS)),
        "reflection of ada cannot be waived",
        "'reflection' is no requirement that can be waived",
        "one of: baseline, debrief",
    ),
    (
        "nothing-to-undo",
        OPENED.when(UndoAdvance(ID)),
        "the last advance of c-1 cannot be taken back",
        "it has not advanced",
        "",
    ),
    (
        "observations-completed",
        OBSERVING.when(Advance(ID), by="ada"),
        "c-1 cannot move from observe to debrief",
        "0 of 1 observations are completed",
        "agree a focus, observe a lesson and record it",
    ),
    (
        "observations-completed",
        UNFOCUSED.when(Advance(ID), by="ada"),
        "c-1 cannot move from observe to debrief",
        "0 of 1 completed observations had a focus agreed before the lesson",
        "agree a focus before the next lesson, or correct the day on which one was agreed",
    ),
    (
        "observations-debriefed",
        DEBRIEFING.when(Advance(ID), by="ada"),
        "c-1 cannot move from debrief to reflect",
        "observation o1 is not debriefed",
        "hold the debrief and record it, or waive it with a reason",
    ),
    (
        "observed-already",
        OBSERVED.when(AgreeFocus(ID, "ada", "bo", "o1"), by="ada"),
        "the focus of observation o1 cannot be agreed",
        "the lesson was observed already; focus and method are agreed before it",
        "agree the focus of another one",
    ),
    (
        "observed-already",
        OBSERVED.when(CompleteObservation(ID, LESSON, 45, "o1"), by="bo"),
        "the observation of c-1 cannot be recorded",
        "observation o1 is completed",
        "record another one, or correct this one",
    ),
    (
        "observed-already",
        OBSERVED.when(ScheduleObservation(ID, LESSON, "o1"), by="bo"),
        "the observation of c-1 cannot be scheduled",
        "observation o1 is completed",
        "plan another one",
    ),
    (
        "observer-is-evaluator",
        PLANNED.given(events.EvaluatorNamed(evaluator="bo"), of="ada").when(
            CompleteObservation(ID, LESSON, 45), by="bo"
        ),
        "the observation of c-1 cannot be recorded",
        "Bo Karlsson evaluates Ada Ünal",
        "name an observer who does not evaluate them",
    ),
    (
        "over-capacity",
        PEOPLE.given(ChangePerson("bo", "Bo Karlsson", capacity=0)).when(PublishPairing((ADA, BO))),
        "Ada Ünal and Bo Karlsson cannot be paired",
        "Bo Karlsson would have 1 mentee and takes 0",
        "choose another mentor, or raise their capacity",
    ),
    (
        "pairing-exists",
        PAIRED.when(PublishPairing((DI, BO), "q-ada-bo")),
        "Di Okoro and Bo Karlsson cannot be paired",
        "q-ada-bo is an open pairing already",
        "leave the id out",
    ),
    (
        "no-such-programme",
        NOWHERE.when(PublishPairing((ADA, BO), programme="nowhere")),
        "ada and bo cannot be paired",
        "there is no programme nowhere",
        "create it first",
    ),
    (
        "opened-otherwise",
        OPENED.when(OpenCycle("ada", programme="south")),
        "no cycle can be opened for Ada Ünal",
        "its cycle c-1 was opened in the programme main",
        "go on in that cycle",
    ),
    (
        "other-reason",
        OPENED.given(Cancel(ID, WITHDREW)).when(Cancel(ID, CancelReason.LEFT_SCHOOL)),
        "c-1 cannot be cancelled",
        "it is cancelled already, and the reason recorded is withdrew",
        "if that was wrong, reopen it, and cancel it",
    ),
    (
        "other-reason",
        PEOPLE.given(MarkLeft("bo", RETIRED)).when(MarkLeft("bo", LeaveReason.LEAVE)),
        "that Bo Karlsson has left is not recorded again",
        "it is recorded already, and the reason is retired",
        "if that was wrong, record the return, and that they leave",
    ),
    (
        "pairing-id-used",
        OPENED.when(PublishPairing((DI, CY), "q-ada-bo")),
        "Di Okoro and Cy Lind cannot be paired",
        "q-ada-bo is the id of another pairing, which has a cycle",
        "leave the id out",
    ),
    (
        "person-exists",
        PEOPLE.when(AddPerson("Ada Demir", "ada")),
        "Ada Demir is not added",
        "Ada Ünal has that id",
        "change that person",
    ),
    (
        "person-left",
        PEOPLE.given(MarkLeft("bo", RETIRED)).when(PublishPairing((ADA, BO))),
        "Ada Ünal and Bo Karlsson cannot be paired",
        "Bo Karlsson has left",
        "record the return first",
    ),
    (
        "person-left",
        PAIRED.given(MarkLeft("bo", RETIRED)).when(OpenCycle("ada")),
        "no cycle can be opened for Ada Ünal",
        "Bo Karlsson has left",
        "record the return first, or pair the others anew",
    ),
    (
        "person-merged",
        PEOPLE.given(MergePeople("bo", "cy")).when(PublishPairing((ADA, CY))),
        "Ada Ünal and Cy Lind cannot be paired",
        "Cy Lind was merged into bo",
        "name that person",
    ),
    (
        "person-merged",
        PEOPLE.given(MergePeople("bo", "cy")).when(MarkReturned("cy")),
        "the return of Cy Lind is not recorded",
        "they were merged into bo",
        "name that person",
    ),
    (
        "person-merged",
        PEOPLE.given(MergePeople("bo", "cy")).when(MergePeople("ada", "cy")),
        "Cy Lind is not merged into Ada Ünal",
        "Cy Lind was merged into bo",
        "name that person",
    ),
    (
        "programme-exists",
        PEOPLE.when(CreateProgramme("South")),
        "programme main is not created",
        "Mentoring (UTC) has that id",
        "change that one",
    ),
    (
        "reflections-written",
        REFLECTING.when(Advance(ID), by="ada"),
        "c-1 cannot move from reflect to celebrate",
        "Ada Ünal has not written a reflection",
        "Ada Ünal writes it; nobody else can",
    ),
    (
        "same-person",
        PEOPLE.when(MergePeople("ada", "ada")),
        "Ada Ünal is not merged into Ada Ünal",
        "both are the same id",
        "name two ids",
    ),
    (
        "same-person",
        PEOPLE.when(ForbidPairing("ada", "ada")),
        "the two are not kept apart",
        "both are the same person",
        "name two people",
    ),
    (
        "self-evaluation",
        PEOPLE.when(NameEvaluator("ada", "ada")),
        "the evaluator of Ada Ünal is not named",
        "nobody evaluates themselves",
        "name somebody else",
    ),
    (
        "self-mentoring",
        PEOPLE.when(PublishPairing((ADA, Participant("ada", mentor=True)))),
        "Ada Ünal and Ada Ünal cannot be paired",
        "nobody is their own mentor",
        "name two different people",
    ),
    (
        "self-observation",
        OBSERVING.when(AgreeFocus(ID, "ada", "ada"), by="ada"),
        "the focus of observation o1 cannot be agreed",
        "Ada Ünal cannot observe themselves",
        "name another observer",
    ),
    (
        "stage-not-reached",
        OBSERVING.given(Cancel(ID, WITHDREW)).when(Reopen(ID, WORK_CONTINUES, "reflect")),
        "c-1 cannot be reopened",
        "it stood in observe, and reflect comes after it",
        "reopen it in observe or earlier, and advance",
    ),
    (
        "still-open",
        OPENED.when(Reopen(ID, WORK_CONTINUES)),
        "c-1 cannot be reopened",
        "it is active, in goal-set",
        "",
    ),
    (
        "still-paired",
        PAIRED.when(MergePeople("cy", "bo")),
        "Bo Karlsson is not merged into Cy Lind",
        "Bo Karlsson is in an open pairing",
        "end it, or change the partner in its cycle, first",
    ),
    (
        "version-taken",
        PEOPLE.when(PublishDefinition(OTHER_TEXT)),
        "peer-cycle v1 is not published",
        "another text was published as peer-cycle v1; running cycles are pinned to it",
        "raise the version number",
    ),
    (
        "words-of-others",
        OPENED.when(LogContact(ID, 20, notes="Hello.")),
        "this contact of c-1 cannot be logged",
        "a coordinator records that and when something happened, never the words",
        "leave the texts out, or let a participant record it",
    ),
    (
        "wrong-stage",
        OPENED.when(AgreeFocus(ID, "ada", "bo"), by="ada"),
        "the focus of observation o1 cannot be agreed",
        "c-1 is in goal-set, and focus is recorded in observe",
        "advance to that stage first; a late change of what was recorded is a correction",
    ),
]


@pytest.mark.parametrize(("code", "provoked", "what", "why", "fix"), CASES, ids=[c[0] for c in CASES])
def test_a_refusal_says_what_why_and_what_would_help(
    code: str, provoked: Decision | tuple[Refusal, ...], what: str, why: str, fix: str
) -> None:
    refusals = provoked if isinstance(provoked, tuple) else provoked.refusals
    found = [(r.what, r.why, r.fix) for r in refusals if r.code == code]
    assert (what, why, fix) in [tuple(text.replace(ID, "c-1") for text in texts) for texts in found]


def codes_in(tree: ast.AST) -> set[str]:
    """Codes of refusals that a module makes: first arguments of the calls that make one."""
    codes: set[str] = set()
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            continue
        match call.func.id, call.args:
            case (("Refusal" | "refused" | "Unmet"), [ast.Constant(value=str(code)), *_]):
                codes.add(code)
            case "Refusal", [ast.JoinedStr() as built, *_]:
                codes |= BUILT[ast.unparse(built)]
            case "Refusal", [ast.Name(id="code"), *_]:
                codes.add("not-permitted")  # `forbidden`, whose code is always the default
            case "Refusal", [ast.Attribute(attr="code"), *_]:
                pass  # of an unmet requirement, which is read where it is made
            case (("Refusal" | "refused" | "Unmet"), arguments):
                raise AssertionError(f"a code that cannot be read: {arguments}")
            case "missing", [_, ast.Constant(value=str(kind)), *_]:
                codes.add(f"no-such-{kind}")
            case "bad", _:
                codes.add("bad-value")
    return codes


BUILT = {
    "f'cycle-{cycle.status.value}'": {"cycle-paused", "cycle-cancelled", "cycle-completed"},
    "f'no-such-{kind}'": {"no-such-goal", "no-such-observation", "no-such-step"},
}


def test_every_code_in_the_domain_is_in_the_catalogue_and_no_other() -> None:
    domain = Path(refusal.__file__).parent
    found = set[str]()
    for path in domain.rglob("*.py"):
        found |= codes_in(ast.parse(path.read_text(encoding="utf-8")))
    assert {code for code, *_ in CASES} == found


def test_permission_is_marked_where_it_is_one_and_nowhere_else() -> None:
    marked = {"actor-left", "not-permitted", "words-of-others", "focus-of-observed"}
    for code, provoked, *_ in CASES:
        for one in provoked if isinstance(provoked, tuple) else provoked.refusals:
            assert one.permission == (one.code in marked), code


def test_codes_are_kebab_case_and_sentences_do_not_end_in_a_stop() -> None:
    for code, _, *sentences in CASES:
        assert code == code.lower().replace("_", "-").strip()
        for sentence in sentences:
            assert not sentence.endswith((".", ";", ","))
