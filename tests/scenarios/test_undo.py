"""An advance is taken back by an event of its own; nothing is deleted."""

from datetime import date, datetime

from mentorcycle.domain.commands import Advance, Extend, OpenNextCycle, UndoAdvance
from mentorcycle.domain.cycle.deadlines import stage_clock
from mentorcycle.domain.events import (
    AdvanceUndone,
    CycleAdvanced,
    CycleCancelled,
    CyclePaused,
    CycleReopened,
)
from mentorcycle.domain.vocabulary import (
    CancelReason,
    ExtendGround,
    PauseReason,
    ReopenReason,
    Status,
)
from mentorcycle.engine.testing import Scenario

TO_OBSERVE = CycleAdvanced(source="goal-set", target="observe", definition_version=1, due=date(2026, 3, 16))


def since(scenario: Scenario) -> datetime:
    return scenario.cycle.since


def test_an_advance_taken_back_gives_the_stage_its_clock_and_extension_again(agreed: Scenario) -> None:
    extended = agreed.given(Extend("c-1", date(2026, 3, 20), ExtendGround.ABSENCE), on="2026-03-06")
    advanced = extended.given(Advance("c-1"), by="ada", on="2026-03-17")
    undone = advanced.when(UndoAdvance("c-1"), on="2026-03-18").then(
        AdvanceUndone(
            source="observe", target="goal-set", since=since(extended), advance=advanced.cycle.version
        )
    )
    assert (undone.cycle.stage, undone.cycle.status) == ("goal-set", Status.ACTIVE)
    clocks = [stage_clock(s.cycle, s.definition, s.programme, date(2026, 3, 23)) for s in (extended, undone)]
    assert clocks[0] == clocks[1]
    assert undone.cycle.advances == extended.cycle.advances


def test_an_undone_completion_makes_the_cycle_active(completed: Scenario) -> None:
    undone = completed.given(UndoAdvance("c-1"))
    assert (undone.cycle.stage, undone.cycle.status) == ("celebrate", Status.ACTIVE)


def test_every_advance_can_be_taken_back_down_to_the_first(celebrating: Scenario) -> None:
    undone = celebrating.given(*[UndoAdvance("c-1")] * 4)
    assert undone.cycle.stage == "goal-set"
    undone.when(UndoAdvance("c-1")).then_refused("nothing-to-undo", because=["it has not advanced"])


def test_a_batch_takes_back_only_what_it_moved_and_nobody_touched_since(agreed: Scenario) -> None:
    advanced = agreed.when(Advance("c-1"), batch="b-1", on="2026-03-09").then(TO_OBSERVE)
    advanced.when(UndoAdvance("c-1", "b-1")).then(
        AdvanceUndone(
            source="observe",
            target="goal-set",
            since=since(agreed),
            advance=advanced.cycle.version,
            batch="b-1",
        )
    )
    advanced.when(UndoAdvance("c-1", "b-2")).then_refused(
        "moved-since", because=["it has moved since: the last advance is to observe, not by batch b-2"]
    )
    advanced.given(CyclePaused(reason=PauseReason.LEAVE)).when(UndoAdvance("c-1", "b-1")).then_refused(
        "moved-since", "cycle-paused", because=["work was recorded in observe since", "c-1 is paused"]
    )


def test_what_was_reopened_has_nothing_to_undo(completed: Scenario) -> None:
    reopened = completed.given(
        CycleReopened(reason=ReopenReason.WORK_CONTINUES, stage="observe"), on="2026-03-25"
    )
    reopened.when(UndoAdvance("c-1")).then_refused("nothing-to-undo")


def test_a_cycle_with_a_next_one_stays_completed(completed: Scenario) -> None:
    followed = completed.given(OpenNextCycle("c-1"))
    following = followed.cycle.id
    followed.when(UndoAdvance("c-1")).then_refused(
        "followed", because=[f"the next cycle {following} was opened from it"]
    )


def test_a_cancelled_cycle_is_reopened_first(observing: Scenario) -> None:
    observing.given(CycleCancelled(reason=CancelReason.WITHDREW)).when(UndoAdvance("c-1")).then_refused(
        "cycle-cancelled"
    )


def test_only_a_coordinator_takes_back(observing: Scenario) -> None:
    for actor in ("ada", "bo", "cy"):
        observing.when(UndoAdvance("c-1"), by=actor).then_not_permitted()
