"""One whole cycle as it ships, told from the pairing to its completion."""

from datetime import UTC, date, datetime

from mentorcycle.domain.commands import (
    Advance,
    AgreeFocus,
    AgreeGoals,
    AssessGoal,
    Celebrate,
    CheckActionStep,
    CompleteObservation,
    GiveConsent,
    HoldDebrief,
    LogContact,
    OpenCycle,
    PublishPairing,
    RecordBaseline,
    RecordExpectations,
    RescheduleObservation,
    ScheduleObservation,
    SetGoal,
    WriteReflection,
)
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.events import (
    ActionStepChecked,
    BaselineRecorded,
    CelebrationHeld,
    ConsentGiven,
    ContactLogged,
    CycleAdvanced,
    CycleOpened,
    DebriefHeld,
    ExpectationsRecorded,
    FocusAgreed,
    GoalAgreed,
    GoalAssessed,
    GoalSet,
    ObservationCompleted,
    ObservationRescheduled,
    ObservationScheduled,
    PairingPublished,
    Participant,
    Peers,
    ReflectionWritten,
)
from mentorcycle.domain.ids import cycle_of_pairing
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    CollectionMethod,
    ContactKind,
    Direction,
    EvidenceKind,
    Formality,
    MeasureSource,
    Mode,
    PairingKind,
    Size,
    Status,
    StepOutcome,
    TeachingArea,
    Unit,
)
from mentorcycle.domain.words import Words
from mentorcycle.engine.testing import Scenario

ADA_AND_BO = (Participant("ada", mentee=True), Participant("bo", mentor=True))
CYCLE = cycle_of_pairing("q-1")
PEERS = Peers(powerful=True, easy=True, emotionally_compelling=False, reachable=True, student_focused=True)
FIRST_PLAN = datetime(2026, 3, 16, 9, tzinfo=UTC)
LESSON = datetime(2026, 3, 17, 9, tzinfo=UTC)
TALK = datetime(2026, 3, 18, 15, tzinfo=UTC)


def test_a_pair_goes_through_a_whole_cycle(people: Scenario) -> None:
    opened = (
        people.when(PublishPairing(ADA_AND_BO))
        .then(
            PairingPublished(pairing="q-1", kind=PairingKind.PAIR, participants=ADA_AND_BO),
            PairingPublished(pairing="q-1", kind=PairingKind.PAIR, participants=ADA_AND_BO),
        )
        .when(OpenCycle("ada"), on="2026-03-02")
        .then(
            CycleOpened(
                programme="main",
                pairing="q-1",
                kind=PairingKind.PAIR,
                participants=ADA_AND_BO,
                definition="peer-cycle",
                definition_version=1,
                definition_digest=shipped().digest,
                stage="goal-set",
            )
        )
    )
    assert (opened.cycle.id, opened.cycle.stage, opened.cycle.status) == (CYCLE, "goal-set", Status.ACTIVE)

    agreed = (
        opened.when(RecordExpectations(CYCLE, 2, "We are frank."), by="bo", on="2026-03-03")
        .then(ExpectationsRecorded(meetings_per_month=2, expectations=Words(text="We are frank.")))
        .when(
            SetGoal(
                CYCLE,
                TeachingArea.ENGAGEMENT,
                unit=Unit.PERCENT,
                target=80,
                direction=Direction.INCREASE,
                due=date(2026, 4, 30),
                peers=PEERS,
                statement="More pupils speak.",
                measure="Pupils who speak.",
            ),
            by="ada",
            on="2026-03-04",
        )
        .then(
            GoalSet(
                goal="g1",
                area=TeachingArea.ENGAGEMENT,
                measured=True,
                unit=Unit.PERCENT,
                target=80,
                direction=Direction.INCREASE,
                due=date(2026, 4, 30),
                peers=PEERS,
                statement=Words(text="More pupils speak."),
                measure=Words(text="Pupils who speak."),
            )
        )
        .when(
            RecordBaseline(CYCLE, "g1", 45, date(2026, 3, 4), MeasureSource.OBSERVATION),
            by="ada",
        )
        .then(BaselineRecorded(goal="g1", value=45, on=date(2026, 3, 4), source=MeasureSource.OBSERVATION))
        .when(AgreeGoals(CYCLE), by="ada", on="2026-03-05")
        .then(GoalAgreed(goal="g1", person="ada"))
        .when(AgreeGoals(CYCLE, "g1"), by="bo", on="2026-03-06")
        .then(GoalAgreed(goal="g1", person="bo"))
        .when(Advance(CYCLE), by="ada", on="2026-03-09")
        .then(CycleAdvanced(source="goal-set", target="observe", definition_version=1, due=date(2026, 3, 16)))
    )

    observed = (
        agreed.when(
            AgreeFocus(CYCLE, "ada", "bo", focus="Who speaks?", method=CollectionMethod.VERBAL_FLOW),
            by="ada",
            on="2026-03-11",
        )
        .then(
            FocusAgreed(
                observation="o1",
                observer="bo",
                observed="ada",
                focus=Words(text="Who speaks?"),
                method=Words(text="verbal-flow"),
            )
        )
        .when(ScheduleObservation(CYCLE, FIRST_PLAN), by="bo")
        .then(ObservationScheduled(observation="o1", at=FIRST_PLAN, mode=Mode.IN_PERSON))
        .when(RescheduleObservation(CYCLE, "o1", LESSON), by="bo", on="2026-03-13")
        .then(ObservationRescheduled(observation="o1", at=LESSON))
        .when(LogContact(CYCLE, 20, ContactKind.CO_PLANNING, notes="Seating plan."), by="bo")
        .then(
            ContactLogged(
                contact="k1",
                kind=ContactKind.CO_PLANNING,
                mode=Mode.IN_PERSON,
                formality=Formality.INFORMAL,
                minutes=20,
                people=("ada", "bo"),
                notes=Words(text="Seating plan."),
            )
        )
        .when(
            CompleteObservation(
                CYCLE,
                LESSON,
                45,
                kinds=(EvidenceKind.DESCRIPTION, EvidenceKind.DESCRIPTION),
                context="Year 7, 24 pupils.",
                evidence=("12 pupils spoke.", "The back row did not."),
                numbers="time on task 80 %",
            ),
            by="bo",
            on="2026-03-17",
        )
        .then(
            ObservationCompleted(
                observation="o1",
                observer="bo",
                observed="ada",
                start=LESSON,
                minutes=45,
                mode=Mode.IN_PERSON,
                context=Words(text="Year 7, 24 pupils."),
                evidence=(Words(text="12 pupils spoke."), Words(text="The back row did not.")),
                numbers=Words(text="time on task 80 %"),
            )
        )
        .when(Advance(CYCLE), by="bo")
        .then(CycleAdvanced(source="observe", target="debrief", definition_version=1, due=date(2026, 3, 30)))
    )

    reflecting = (
        observed.when(
            HoldDebrief(
                CYCLE,
                30,
                held=TALK,
                first_speaker="ada",
                check_back=date(2026, 4, 1),
                strengths=("You waited.",),
                growth_point="The back row.",
                action_step="Ask each row.",
                goal_candidates=("Cold calling.",),
            ),
            by="bo",
            on="2026-03-18",
        )
        .then(
            DebriefHeld(
                observation="o1",
                held=TALK,
                minutes=30,
                mode=Mode.IN_PERSON,
                first_speaker="ada",
                late_by=0,
                step="s1",
                step_owner="ada",
                check_back=date(2026, 4, 1),
                strengths=(Words(text="You waited."),),
                growth_point=Words(text="The back row."),
                action_step=Words(text="Ask each row."),
                goal_candidates=(Words(text="Cold calling."),),
            )
        )
        .when(Advance(CYCLE), by="ada", on="2026-03-18")
        .then(CycleAdvanced(source="debrief", target="reflect", definition_version=1, due=date(2026, 3, 19)))
    )

    celebrating = (
        reflecting.when(
            WriteReflection(
                CYCLE, "I wait longer now.", 4, 8, fit=True, survey=(9, 10), comments="Thank you."
            ),
            by="ada",
            on="2026-03-25",
        )
        .then(
            ReflectionWritten(
                person="ada",
                confidence_before=4,
                confidence_after=8,
                fit=True,
                survey=(9, 10),
                reflection=Words(text="I wait longer now."),
                comments=Words(text="Thank you."),
            )
        )
        .when(AssessGoal(CYCLE, "g1", Assessment.MET, met=20, assessed=24), by="ada")
        .then(GoalAssessed(goal="g1", assessment=Assessment.MET, met=20, assessed=24))
        .when(CheckActionStep(CYCLE, "s1", StepOutcome.DONE), by="bo", on="2026-03-31")
        .then(ActionStepChecked(step="s1", outcome=StepOutcome.DONE))
        .when(Advance(CYCLE), by="ada", on="2026-03-31")
        .then(
            CycleAdvanced(
                source="reflect", target="celebrate", definition_version=1, due=date(2026, 4, 1), late_by=0
            )
        )
    )

    completed = (
        celebrating.when(GiveConsent(CYCLE, Audience.SCHOOL), by="ada", on="2026-04-01")
        .then(ConsentGiven(person="ada", audience=Audience.SCHOOL))
        .when(GiveConsent(CYCLE, Audience.PUBLIC), by="bo")
        .then(ConsentGiven(person="bo", audience=Audience.PUBLIC))
        .when(
            Celebrate(
                CYCLE,
                Size.LARGE,
                Audience.SCHOOL,
                number=20,
                share_practice=True,
                achievement="Every row speaks.",
                practice="Ask each row.",
            ),
            by="bo",
        )
        .then(
            CelebrationHeld(
                celebration="b1",
                stage="celebrate",
                size=Size.LARGE,
                audience=Audience.SCHOOL,
                number=20,
                share_practice=True,
                achievement=Words(text="Every row speaks."),
                practice=Words(text="Ask each row."),
            )
        )
        .when(Advance(CYCLE), by="ada", on="2026-04-16")
        .then(
            CycleAdvanced(
                source="celebrate",
                target="completed",
                definition_version=1,
                due=date(2026, 4, 14),
                late_by=2,
            )
        )
    )
    assert (completed.cycle.stage, completed.cycle.status) == ("celebrate", Status.COMPLETED)


def test_every_step_can_be_said_twice(completed: Scenario) -> None:
    (
        completed.when(Advance("c-1", "completed"), by="ada").then_nothing()
        .when(Advance("c-1", "completed"), by="bo").then_nothing()
    )  # fmt: skip


def test_another_observation_is_one_stage_back(debriefing: Scenario) -> None:
    (
        debriefing.when(Advance("c-1", "observe"), by="bo")
        .then(CycleAdvanced(source="debrief", target="observe", definition_version=1, due=date(2026, 3, 13)))
        .when(AgreeFocus("c-1", "ada", "bo"), by="ada")
        .then(FocusAgreed(observation="o2", observer="bo", observed="ada"))
    )


def test_the_coordinator_records_a_whole_cycle_but_for_what_is_the_participants_own(opened: Scenario) -> None:
    (
        opened.given(
            RecordExpectations("c-1", 2),
            SetGoal("c-1", TeachingArea.PLANNING, unit=Unit.COUNT, target=3, measured=True),
            RecordBaseline("c-1", "g1", 1, date(2026, 3, 2), MeasureSource.RECORDS),
        )
        .given(AgreeGoals("c-1"), by="ada")
        .given(AgreeGoals("c-1"), by="bo")
        .given(Advance("c-1"))
        .given(AgreeFocus("c-1", "ada", "bo"), by="bo")
        .given(
            CompleteObservation("c-1", datetime(2026, 3, 2, 13, tzinfo=UTC), 45),
            Advance("c-1"),
            HoldDebrief("c-1", 20),
            Advance("c-1"),
            AssessGoal("c-1", "g1", Assessment.MET, value=3),
        )
        .when(Advance("c-1"))
        .then_refused("reflections-written", because=["Ada Ünal has not written a reflection"])
        .given(WriteReflection("c-1", "Done."), by="ada")
        .given(Advance("c-1"), Celebrate("c-1"), Advance("c-1"))
        .when(Advance("c-1", "completed"))
        .then_nothing()
    )
