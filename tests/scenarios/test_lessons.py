"""Observation and debrief: focus before the lesson, what was seen and never a judgement, strengths first."""

from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.commands import (
    AgreeFocus,
    CancelObservation,
    CheckActionStep,
    Command,
    CompleteObservation,
    HoldDebrief,
    NameEvaluator,
    RescheduleObservation,
    ScheduleObservation,
)
from mentorcycle.domain.events import (
    DebriefHeld,
    EvaluatorNamed,
    FocusAgreed,
    ObservationCancelled,
    ObservationCompleted,
    ObservationScheduled,
)
from mentorcycle.domain.vocabulary import (
    EvidenceKind,
    Mode,
    ObservationCancelReason,
    StepOutcome,
)
from mentorcycle.domain.words import Words
from mentorcycle.engine.testing import Scenario

SEEN, JUDGED = EvidenceKind.DESCRIPTION, EvidenceKind.JUDGEMENT
LESSON = datetime(2026, 3, 10, 13, tzinfo=UTC)
LATER = datetime(2026, 3, 12, 9, tzinfo=UTC)
SECOND_FOCUS = FocusAgreed(observation="o2", observer="bo", observed="ada")


def test_a_judgement_is_refused(planned: Scenario) -> None:
    planned.when(
        CompleteObservation(
            "c-1", LESSON, 45, kinds=(SEEN, JUDGED), evidence=("12 spoke.", "A weak lesson.")
        ),
        by="bo",
    ).then_refused("judgement", because=["1 of 2 pieces of evidence are judgements"])


def test_every_piece_of_evidence_is_marked_or_none(planned: Scenario) -> None:
    planned.when(
        CompleteObservation("c-1", LESSON, 45, kinds=(SEEN,), evidence=("12 spoke.", "A weak lesson.")),
        by="bo",
    ).then_refused("bad-value", because=["2 pieces of evidence have 1 marks"])


def test_the_observed_person_sets_the_focus(observing: Scenario) -> None:
    question = AgreeFocus("c-1", "ada", "bo", focus="Who speaks?")
    observing.when(question, by="bo").then_not_permitted()
    observing.given(question, by="ada")
    observing.when(AgreeFocus("c-1", "ada", "bo"), by="bo").then(
        FocusAgreed(observation="o1", observer="bo", observed="ada")
    )


def test_the_observer_is_not_the_observed(observing: Scenario) -> None:
    observing.when(AgreeFocus("c-1", "ada", "ada"), by="ada").then_refused(
        "self-observation", because=["Ada Ünal cannot observe themselves"]
    )
    observing.when(
        CompleteObservation("c-1", LESSON, 45, observer="bo", observed="bo"), by="bo", on="2026-03-10"
    ).then_refused("self-observation")


def test_the_observer_is_not_the_evaluator_of_the_observed(planned: Scenario) -> None:
    evaluated = planned.given(EvaluatorNamed(evaluator="bo"), of="ada")
    evaluated.when(CompleteObservation("c-1", LESSON, 45), by="bo").then_refused(
        "observer-is-evaluator", because=["Bo Karlsson evaluates Ada Ünal"]
    )
    evaluated.when(AgreeFocus("c-1", "ada", "bo", "o1"), by="ada").then_refused("observer-is-evaluator")
    planned.given(NameEvaluator("bo", "ada")).given(CompleteObservation("c-1", LESSON, 45), by="bo")


def test_both_are_participants_of_the_cycle(observing: Scenario) -> None:
    observing.when(AgreeFocus("c-1", "ada", "cy"), by="ada").then_refused(
        "not-in-cycle", because=["Cy Lind is not in this cycle"]
    )
    observing.when(
        CompleteObservation("c-1", LESSON, 45, observer="cy", observed="di"), by="bo", on="2026-03-10"
    ).then_refused("not-in-cycle", "not-in-cycle")


def test_a_lesson_that_was_observed_takes_no_focus_any_more(observed: Scenario) -> None:
    observed.when(AgreeFocus("c-1", "ada", "bo", "o1"), by="ada").then_refused(
        "observed-already", because=["the lesson was observed already; focus and method are agreed before it"]
    )


def test_an_observation_is_recorded_once(observed: Scenario) -> None:
    observed.when(CompleteObservation("c-1", LESSON, 45, "o1"), by="bo").then_refused(
        "observed-already", because=["observation o1 is completed"]
    )
    for command in (
        ScheduleObservation("c-1", LATER, "o1"),
        RescheduleObservation("c-1", "o1", LATER),
        CancelObservation("c-1", "o1", ObservationCancelReason.ABSENCE),
    ):
        assert "observed-already" in [r.code for r in observed.when(command, by="bo").refusals]


def test_an_observation_may_be_unplanned(observing: Scenario) -> None:
    observing.when(
        CompleteObservation("c-1", LESSON, 30, mode=Mode.LIVE_VIDEO, observer="bo", observed="ada"),
        by="bo",
        on="2026-03-10",
    ).then(
        ObservationCompleted(
            observation="o1",
            observer="bo",
            observed="ada",
            start=LESSON,
            minutes=30,
            mode=Mode.LIVE_VIDEO,
        )
    )
    observing.when(CompleteObservation("c-1", LESSON, 30), by="bo", on="2026-03-10").then_refused(
        "bad-value",
        because=["nobody is named as observer and observed, and no single planned observation says who"],
    )


@pytest.mark.parametrize("named", [{"observer": "bo"}, {"observed": "ada"}])
def test_an_unplanned_observation_names_both(observing: Scenario, named: dict[str, str]) -> None:
    lesson = CompleteObservation("c-1", LESSON, 30, **named)  # type: ignore[arg-type]
    observing.when(lesson, by="bo", on="2026-03-10").then_refused("bad-value")


def test_an_observation_is_planned_moved_and_called_off(planned: Scenario) -> None:
    at, moved = datetime(2026, 3, 16, 9, tzinfo=UTC), datetime(2026, 3, 17, 9, tzinfo=UTC)
    (
        planned.when(RescheduleObservation("c-1", "o1", moved), by="bo")
        .then_refused("not-scheduled", because=["observation o1 is not scheduled"])
        .when(ScheduleObservation("c-1", at), by="ada")
        .then(ObservationScheduled(observation="o1", at=at, mode=Mode.IN_PERSON))
        .when(ScheduleObservation("c-1", at), by="ada")
        .then_nothing()
        .given(RescheduleObservation("c-1", "o1", moved), by="bo")
        .when(RescheduleObservation("c-1", "o1", moved), by="bo")
        .then_nothing()
        .when(CancelObservation("c-1", "o1", ObservationCancelReason.SCHOOL_CLOSED), by="bo")
        .then(ObservationCancelled(observation="o1", reason=ObservationCancelReason.SCHOOL_CLOSED))
        .when(CancelObservation("c-1", "o1", ObservationCancelReason.ABSENCE), by="bo")
        .then_nothing()
        .when(ScheduleObservation("c-1", moved, "o1"), by="ada")
        .then(ObservationScheduled(observation="o1", at=moved, mode=Mode.IN_PERSON))
    )


def test_an_observation_left_unnamed_is_the_only_planned_one(planned: Scenario) -> None:
    called_off = planned.given(CancelObservation("c-1", "", ObservationCancelReason.ABSENCE), by="bo")
    assert [o.cancelled for o in called_off.cycle.observations] == [True]
    second = called_off.given(SECOND_FOCUS)
    assert second.given(CompleteObservation("c-1", LESSON, 45), by="bo").cycle.observations[1].completion


def test_of_two_planned_observations_one_is_named(planned: Scenario) -> None:
    two = planned.given(SECOND_FOCUS)
    two.when(ScheduleObservation("c-1", LATER), by="bo").then_refused(
        "no-such-observation", because=["o1, o2 are planned, and none is named"]
    )
    two.when(CompleteObservation("c-1", LESSON, 45), by="bo").then_refused("bad-value")
    two.given(CompleteObservation("c-1", LESSON, 45, "o2"), by="bo")


@pytest.mark.parametrize(
    "command",
    [
        ScheduleObservation("c-1", LATER, "o9"),
        RescheduleObservation("c-1", "o9", LATER),
        CancelObservation("c-1", "o9", ObservationCancelReason.ABSENCE),
        CompleteObservation("c-1", LESSON, 45, "o9"),
        HoldDebrief("c-1", 20, "o9", strengths=("Calm.",)),
    ],
)
def test_an_observation_that_is_named_exists(planned: Scenario, command: Command) -> None:
    planned.when(command, by="bo").then_refused(
        "no-such-observation", because=["there is no observation 'o9'"]
    )


def test_strengths_come_first(debriefing: Scenario) -> None:
    debriefing.when(HoldDebrief("c-1", 20, growth_point="The back row."), by="bo").then_refused(
        "no-strength", because=["no strength is named; strengths come first"]
    )
    debriefing.when(HoldDebrief("c-1", 20, strengths=("  ",)), by="bo").then_refused("no-strength")


def test_a_coordinator_records_that_a_debrief_was_held(debriefing: Scenario) -> None:
    held = datetime(2026, 3, 12, 14, tzinfo=UTC)
    debriefing.when(
        HoldDebrief("c-1", 20, held=held, step_owner="ada", check_back=date(2026, 3, 20)), on="2026-03-12"
    ).then(
        DebriefHeld(
            observation="o1",
            held=held,
            minutes=20,
            mode=Mode.IN_PERSON,
            step="s1",
            step_owner="ada",
            check_back=date(2026, 3, 20),
        )
    )


def test_the_action_step_is_the_observed_persons_unless_said_otherwise(debriefing: Scenario) -> None:
    talk = HoldDebrief("c-1", 20, strengths=("Calm.",), action_step="Ask each row.")
    assert [(s.id, s.owner) for s in debriefing.given(talk, by="bo").cycle.steps] == [("s1", "ada")]
    shared = HoldDebrief("c-1", 20, strengths=("Calm.",), action_step="Bring the chart.", step_owner="bo")
    assert [s.owner for s in debriefing.given(shared, by="bo").cycle.steps] == ["bo"]


def test_without_an_action_step_there_is_no_check_back(debriefing: Scenario) -> None:
    talk = HoldDebrief("c-1", 20, check_back=date(2026, 3, 20), strengths=("Calm.",))
    debriefing.when(talk, by="bo").then(
        DebriefHeld(
            observation="o1",
            held=datetime(2026, 3, 11, 12, tzinfo=UTC),
            minutes=20,
            mode=Mode.IN_PERSON,
            strengths=(Words(text="Calm."),),
        )
    )


def test_an_observation_is_debriefed_once_and_after_it_was_seen(
    planned: Scenario, debriefing: Scenario, debriefed: Scenario
) -> None:
    talk = HoldDebrief("c-1", 20, "o1", strengths=("Calm.",))
    planned.when(talk, by="bo").then_refused("not-observed", because=["observation o1 is not completed"])
    debriefed.when(talk, by="bo").then_refused(
        "debriefed-already", because=["observation o1 is debriefed already"]
    )
    debriefed.when(HoldDebrief("c-1", 20, strengths=("Calm.",)), by="bo").then_refused("no-such-observation")
    debriefing.when(talk, by="bo", on="2026-03-10").then_refused(
        "bad-value", because=["a debrief is not held before its observation"]
    )


def test_those_who_spoke_and_who_act_are_in_the_cycle(debriefing: Scenario) -> None:
    debriefing.when(
        HoldDebrief("c-1", 20, first_speaker="cy", step_owner="di", strengths=("Calm.",)), by="bo"
    ).then_refused(
        "not-in-cycle",
        "not-in-cycle",
        because=["Cy Lind is not in this cycle", "Di Okoro is not in this cycle"],
    )


def test_an_action_step_is_followed_up(debriefed: Scenario) -> None:
    (
        debriefed.given(CheckActionStep("c-1", "s1", StepOutcome.PARTLY), by="bo")
        .when(CheckActionStep("c-1", "s1", StepOutcome.PARTLY), by="ada")
        .then_nothing()
        .given(CheckActionStep("c-1", "s1", StepOutcome.DONE), by="ada")
        .when(CheckActionStep("c-1", "s2", StepOutcome.DONE), by="ada")
        .then_refused("no-such-step", because=["there is no step 's2'"])
    )


def test_minutes_can_be_right(planned: Scenario, debriefing: Scenario) -> None:
    for minutes in (0, -5, 601):
        planned.when(CompleteObservation("c-1", LESSON, minutes), by="bo").then_refused(
            "bad-value", because=[f"{minutes} minutes cannot be right"]
        )
        debriefing.when(HoldDebrief("c-1", minutes, strengths=("Calm.",)), by="bo").then_refused("bad-value")


def test_an_instant_has_a_zone(planned: Scenario) -> None:
    naive = datetime(2026, 3, 10, 9)  # noqa: DTZ001 - the mistake that is refused
    for command in (CompleteObservation("c-1", naive, 45), ScheduleObservation("c-1", naive)):
        planned.when(command, by="bo").then_refused(
            "bad-value", because=["2026-03-10 09:00 has no time zone"]
        )
