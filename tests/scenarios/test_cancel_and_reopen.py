"""A cycle may end early or go on after its end; work done keeps its credit and its hours."""

from datetime import date

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Advance, Cancel, LogContact, OpenCycle, Pause, Reopen, Resume
from mentorcycle.domain.cycle.deadlines import stage_clock
from mentorcycle.domain.cycle.state import Pause as Stretch
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.events import (
    ContactLogged,
    CycleCancelled,
    CycleOpened,
    CyclePaused,
    CycleReopened,
    PairingPublished,
    Participant,
)
from mentorcycle.domain.ids import cycle_of_pairing
from mentorcycle.domain.vocabulary import (
    CancelReason,
    ContactKind,
    Formality,
    Mode,
    PairingKind,
    PauseReason,
    ReopenReason,
    Status,
)
from mentorcycle.engine.testing import Scenario

CANCELLED = CycleCancelled(reason=CancelReason.LEFT_SCHOOL)
PAUSED = CyclePaused(reason=PauseReason.LEAVE)
CONTACT = ContactLogged(
    contact="k1",
    kind=ContactKind.VISIT,
    mode=Mode.IN_PERSON,
    formality=Formality.FORMAL,
    minutes=60,
    people=("ada", "bo"),
)
ADA_AND_BO = (Participant("ada", mentee=True), Participant("bo", mentor=True))


def test_a_cancelled_cycle_keeps_its_work_and_hours(debriefed: Scenario) -> None:
    cancelled = (
        debriefed.given(CONTACT)
        .when(Cancel("c-1", CancelReason.LEFT_SCHOOL), on="2026-03-16")
        .then(CANCELLED)
        .when(Cancel("c-1", CancelReason.LEFT_SCHOOL))
        .then_nothing()
        .when(Cancel("c-1", CancelReason.WITHDREW))
        .then_refused("other-reason")
    )
    assert cancelled.cycle.status is Status.CANCELLED
    assert cancelled.cycle.stage == "debrief"
    assert sum(contact.minutes for contact in cancelled.cycle.contacts) == 60
    assert len(cancelled.cycle.completed_observations) == 1


def test_nothing_is_skipped_by_reopening_in_a_later_stage(debriefed: Scenario) -> None:
    cancelled = debriefed.given(CANCELLED)
    for later in ("reflect", "celebrate"):
        cancelled.when(Reopen("c-1", ReopenReason.WORK_CONTINUES, later)).then_refused("stage-not-reached")
    for stage in ("debrief", "observe", "goal-set"):
        cancelled.when(Reopen("c-1", ReopenReason.WORK_CONTINUES, stage)).then(
            CycleReopened(reason=ReopenReason.WORK_CONTINUES, stage=stage)
        )


def test_a_cancelled_cycle_takes_nothing_until_it_is_reopened(opened: Scenario) -> None:
    cancelled = opened.given(CANCELLED)
    cancelled.when(LogContact("c-1", 10), by="ada").then_refused(
        "cycle-cancelled", because=["c-1 is cancelled"]
    )
    cancelled.when(Advance("c-1"), by="ada").then_refused("cycle-cancelled", "goals-set")
    cancelled.when(Pause("c-1", PauseReason.LEAVE)).then_refused("cycle-cancelled")
    cancelled.when(Resume("c-1")).then_refused("cycle-cancelled")


def test_cancelling_a_paused_cycle_ends_the_pause(opened: Scenario) -> None:
    cancelled = opened.given(PAUSED, on="2026-03-04").given(
        Cancel("c-1", CancelReason.WITHDREW), on="2026-03-09"
    )
    start, end = cancelled.history[-2].occurred_at, cancelled.history[-1].occurred_at
    assert cancelled.cycle.pauses == (Stretch(start, end, PauseReason.LEAVE),)


def test_a_paused_cycle_is_not_cancelled_before_its_pause(opened: Scenario) -> None:
    opened.given(PAUSED, on="2026-03-10").when(
        Cancel("c-1", CancelReason.WITHDREW), on="2026-03-04"
    ).then_refused("before-the-stage")


def test_a_completed_cycle_is_not_cancelled(completed: Scenario) -> None:
    completed.when(Cancel("c-1", CancelReason.OPENED_BY_MISTAKE)).then_refused("cycle-completed")


def test_a_cancelled_cycle_goes_on_where_it_stood_with_a_new_clock(observing: Scenario) -> None:
    reopened = (
        observing.given(CANCELLED, on="2026-03-10")
        .when(Reopen("c-1", ReopenReason.CLOSED_BY_MISTAKE), on="2026-03-23")
        .then(CycleReopened(reason=ReopenReason.CLOSED_BY_MISTAKE, stage="observe"))
    )
    assert (reopened.cycle.status, reopened.cycle.stage) == (Status.ACTIVE, "observe")
    clock = stage_clock(reopened.cycle, reopened.definition, reopened.programme, date(2026, 3, 24))
    assert clock is not None
    assert (clock.since, clock.elapsed) == (date(2026, 3, 23), 1)


def test_a_completed_cycle_is_reopened_in_a_stage_that_is_named(completed: Scenario) -> None:
    (
        completed.when(Reopen("c-1", ReopenReason.WORK_CONTINUES, "observe"), on="2026-03-25")
        .then(CycleReopened(reason=ReopenReason.WORK_CONTINUES, stage="observe"))
        .when(Reopen("c-1", ReopenReason.WORK_CONTINUES))
        .then_refused("still-open", because=["it is active, in observe"])
    )
    completed.when(Reopen("c-1", ReopenReason.WORK_CONTINUES, "celebration")).then_refused(
        "no-such-stage", because=["peer-cycle v1 has no stage 'celebration'"]
    )


def test_a_cycle_is_not_reopened_before_it_was_completed(completed: Scenario) -> None:
    completed.when(Reopen("c-1", ReopenReason.WORK_CONTINUES), on="2026-03-20").then_refused(
        "before-the-stage"
    )


def test_only_a_coordinator_reopens(completed: Scenario) -> None:
    for actor in ("ada", "bo", Actor.system(), Actor.auditor()):
        completed.when(Reopen("c-1", ReopenReason.WORK_CONTINUES), by=actor).then_not_permitted()


def test_the_system_closes_a_cycle_and_does_nothing_else(opened: Scenario) -> None:
    opened.when(Cancel("c-1", CancelReason.WITHDREW), by=Actor.system()).then(
        CycleCancelled(reason=CancelReason.WITHDREW)
    )
    opened.when(Pause("c-1", PauseReason.LEAVE), by=Actor.system()).then_not_permitted()


def test_after_a_cancelled_cycle_the_pair_opens_another(people: Scenario) -> None:
    pairing = PairingPublished(pairing="q-7", kind=PairingKind.PAIR, participants=ADA_AND_BO)
    first = people.given(pairing, OpenCycle("ada"))
    assert first.cycle.id == cycle_of_pairing("q-7")
    second = (
        first.when(OpenCycle("ada"))
        .then_nothing()
        .given(Cancel(first.cycle.id, CancelReason.OPENED_BY_MISTAKE))
    )
    again = second.when(OpenCycle("ada")).then(
        CycleOpened(
            programme="main",
            pairing="q-7",
            kind=PairingKind.PAIR,
            participants=ADA_AND_BO,
            definition="peer-cycle",
            definition_version=1,
            definition_digest=shipped().digest,
            stage="goal-set",
        )
    )
    assert again.cycle.id == cycle_of_pairing("q-7", 2)
    third = again.given(Cancel(again.cycle.id, CancelReason.OPENED_BY_MISTAKE), OpenCycle("ada"))
    assert third.cycle.id == cycle_of_pairing("q-7", 3)


def test_a_cycle_that_was_reopened_is_cancelled_for_another_reason(opened: Scenario) -> None:
    wrong = Cancel("c-1", CancelReason.LEFT_SCHOOL)
    reopened = opened.given(wrong, Reopen("c-1", ReopenReason.CLOSED_BY_MISTAKE))
    reopened.when(Cancel("c-1", CancelReason.WITHDREW)).then(CycleCancelled(reason=CancelReason.WITHDREW))
