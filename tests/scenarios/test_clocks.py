"""Deadlines are budgets in school days; pauses stop the clocks, extensions move a date, lateness is recorded only."""

from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.commands import Advance, Extend, HoldDebrief, LogContact, Pause, Resume
from mentorcycle.domain.cycle.deadlines import StageClock, debrief_due, is_stalled, stage_clock
from mentorcycle.domain.events import (
    CycleAdvanced,
    CycleExtended,
    CyclePaused,
    CycleResumed,
    DebriefHeld,
    SchoolClosed,
)
from mentorcycle.domain.vocabulary import ExtendGround, Mode, PauseReason
from mentorcycle.domain.words import Words
from mentorcycle.engine.testing import Scenario

PAUSED = CyclePaused(reason=PauseReason.SCHOOL_EVENT)
RESUMED = CycleResumed()
EASTER_WEEK = SchoolClosed(days=(date(2026, 3, 11), date(2026, 3, 12), date(2026, 3, 13)))


def clock(scenario: Scenario, day: str) -> StageClock:
    found = stage_clock(scenario.cycle, scenario.definition, scenario.programme, date.fromisoformat(day))
    assert found is not None
    return found


def stalled(scenario: Scenario, day: str) -> bool:
    return is_stalled(scenario.cycle, scenario.definition, scenario.programme, date.fromisoformat(day))


def test_a_stage_is_due_when_its_school_days_are_used_up(opened: Scenario) -> None:
    assert clock(opened, "2026-03-16") == StageClock(
        since=date(2026, 3, 2), elapsed=10, budget=10, due=date(2026, 3, 16), late_by=0
    )
    assert clock(opened, "2026-03-18").late_by == 2


def test_a_snow_day_moves_the_due_date(opened: Scenario) -> None:
    assert clock(opened.given(EASTER_WEEK), "2026-03-10").due == date(2026, 3, 19)


def test_a_pause_stops_the_clock(opened: Scenario) -> None:
    paused = (
        opened.when(Pause("c-1", PauseReason.SCHOOL_EVENT), on="2026-03-04")
        .then(PAUSED)
        .when(Pause("c-1", PauseReason.SCHOOL_EVENT), on="2026-03-05")
        .then_nothing()
        .when(Pause("c-1", PauseReason.LEAVE), on="2026-03-05")
        .then_refused("other-reason")
    )
    assert clock(paused, "2026-03-31").elapsed == 1
    resumed = paused.when(Resume("c-1"), on="2026-03-11").then(RESUMED)
    assert clock(resumed, "2026-03-11").elapsed == 2
    assert clock(resumed, "2026-03-11").due == date(2026, 3, 23)
    resumed.when(Resume("c-1"), on="2026-03-12").then_nothing()


def test_nothing_is_late_while_a_cycle_is_paused(opened: Scenario) -> None:
    paused = opened.given(PAUSED, on="2026-03-20")
    assert clock(opened, "2026-03-20").late_by == 4
    assert clock(paused, "2026-06-01").late_by == 0


def test_a_paused_cycle_takes_no_work_and_does_not_move(agreed: Scenario) -> None:
    paused = agreed.given(PAUSED, on="2026-03-06")
    paused.when(Advance("c-1"), by="ada").then_refused("cycle-paused", because=["c-1 is paused"])
    paused.when(LogContact("c-1", 10), by="ada").then_refused("cycle-paused")


def test_pauses_go_forward_in_time(opened: Scenario) -> None:
    (
        opened.given(PAUSED, on="2026-03-10")
        .when(Resume("c-1"), on="2026-03-09")
        .then_refused(
            "before-the-stage",
            because=["2026-03-09 is before 2026-03-10, when the stage or the last pause began or ended"],
        )
        .given(RESUMED, on="2026-03-12")
        .when(Pause("c-1", PauseReason.LEAVE), on="2026-03-11")
        .then_refused("before-the-stage")
    )


def test_a_stage_left_late_says_by_how_many_school_days(agreed: Scenario) -> None:
    agreed.when(Advance("c-1"), by="ada", on="2026-03-19").then(
        CycleAdvanced(
            source="goal-set", target="observe", definition_version=1, due=date(2026, 3, 16), late_by=3
        )
    )


def test_a_late_entry_counts_from_when_it_happened(agreed: Scenario) -> None:
    agreed.when(Advance("c-1"), by="ada", on="2026-03-13", today="2026-03-30").then(
        CycleAdvanced(
            source="goal-set", target="observe", definition_version=1, due=date(2026, 3, 16), late_by=0
        )
    )


def test_an_extension_moves_the_date_and_says_on_what_ground(opened: Scenario) -> None:
    extended = (
        opened.when(Extend("c-1", date(2026, 3, 20), ExtendGround.ABSENCE), on="2026-03-10")
        .then(
            CycleExtended(
                stage="goal-set",
                ground=ExtendGround.ABSENCE,
                old_due=date(2026, 3, 16),
                new_due=date(2026, 3, 20),
            )
        )
        .when(Extend("c-1", date(2026, 3, 20), ExtendGround.ABSENCE))
        .then_nothing()
    )
    assert clock(extended, "2026-03-23") == StageClock(
        since=date(2026, 3, 2), elapsed=15, budget=10, due=date(2026, 3, 20), late_by=1
    )
    extended.when(Extend("c-1", date(2026, 3, 18), ExtendGround.ABSENCE)).then_refused(
        "not-later", because=["it is due 2026-03-20, and a due date is never shortened"]
    )


def test_an_extension_to_the_day_it_is_due_is_none(opened: Scenario) -> None:
    opened.when(Extend("c-1", date(2026, 3, 16), ExtendGround.ABSENCE)).then_refused("not-later")
    opened.given(Extend("c-1", date(2026, 3, 17), ExtendGround.ABSENCE))


def test_what_does_not_run_is_not_extended(opened: Scenario, completed: Scenario) -> None:
    extension = Extend("c-1", date(2026, 5, 1), ExtendGround.ABSENCE)
    opened.given(PAUSED).when(extension).then_refused("cycle-paused")
    completed.when(extension).then_refused("cycle-completed")


def test_an_extension_does_not_fall_due_on_a_closed_day(opened: Scenario) -> None:
    extended = opened.given(Extend("c-1", date(2026, 3, 21), ExtendGround.ABSENCE), on="2026-03-10")
    assert clock(extended, "2026-03-11").due == date(2026, 3, 23)


def test_a_pause_after_an_extension_moves_the_extended_date_as_well(opened: Scenario) -> None:
    extended = opened.given(Extend("c-1", date(2026, 3, 20), ExtendGround.ABSENCE), on="2026-03-10")
    resumed = extended.given(PAUSED, on="2026-03-11").given(RESUMED, on="2026-03-18")
    assert clock(resumed, "2026-03-18").due == date(2026, 3, 27)


def test_a_pause_before_an_extension_is_in_it_already(opened: Scenario) -> None:
    resumed = opened.given(PAUSED, on="2026-03-04").given(RESUMED, on="2026-03-11")
    extended = resumed.given(Extend("c-1", date(2026, 4, 1), ExtendGround.SCHEDULING), on="2026-03-12")
    assert clock(extended, "2026-03-12").due == date(2026, 4, 1)


def test_stalled_is_another_word_than_overdue(observing: Scenario) -> None:
    assert clock(observing, "2026-03-24").late_by == 0
    assert not stalled(observing, "2026-03-23")
    assert stalled(observing, "2026-03-24")


@pytest.mark.parametrize("day", ["2026-03-24", "2026-12-24"])
def test_neither_paused_nor_finished_cycles_stall(observing: Scenario, completed: Scenario, day: str) -> None:
    assert not stalled(observing.given(PAUSED, on="2026-03-10"), day)
    assert not stalled(completed, day)


def test_a_finished_cycle_has_no_clock(completed: Scenario) -> None:
    assert stage_clock(completed.cycle, completed.definition, completed.programme, date(2026, 5, 1)) is None


def test_a_debrief_is_due_two_school_days_after_its_observation(observed: Scenario) -> None:
    due = debrief_due(
        observed.cycle,
        observed.cycle.observations[0],
        observed.definition,
        observed.programme,
        date(2026, 3, 12),
    )
    assert due == date(2026, 3, 13)


@pytest.mark.parametrize(
    ("held", "late_by"), [("2026-03-13", 0), ("2026-03-14", 0), ("2026-03-16", 1), ("2026-03-20", 5)]
)
def test_a_late_debrief_is_recorded_and_never_refused(debriefing: Scenario, held: str, late_by: int) -> None:
    moment = datetime.fromisoformat(f"{held}T10:00+00:00")
    debriefing.when(HoldDebrief("c-1", 30, strengths=("Calm.",)), by="ada", on=moment).then(
        DebriefHeld(
            observation="o1",
            held=moment,
            minutes=30,
            mode=Mode.IN_PERSON,
            late_by=late_by,
            strengths=(Words(text="Calm."),),
        )
    )


def test_pauses_are_no_part_of_a_debriefs_lateness(debriefing: Scenario) -> None:
    resumed = debriefing.given(PAUSED, on="2026-03-12").given(RESUMED, on="2026-03-24")
    held = datetime(2026, 3, 25, 10, tzinfo=UTC)
    debriefing_late = resumed.when(HoldDebrief("c-1", 30, held=held), on="2026-03-25")
    debriefing_late.then(DebriefHeld(observation="o1", held=held, minutes=30, mode=Mode.IN_PERSON, late_by=0))


def test_days_are_days_of_the_programmes_zone() -> None:
    honolulu = Scenario.of(["ada"], zone="Pacific/Honolulu", on="2026-03-02")
    assert honolulu.programme.day(datetime(2026, 3, 3, 9, 59, tzinfo=UTC)) == date(2026, 3, 2)
    assert honolulu.programme.day(datetime(2026, 3, 3, 10, 0, tzinfo=UTC)) == date(2026, 3, 3)
