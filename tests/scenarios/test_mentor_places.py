"""A mentor's places are taken by open cycles: one that is over gives its place back, and asks for it to go on."""

import pytest

from mentorcycle.domain.commands import (
    Cancel,
    ChangePerson,
    Command,
    OpenCycle,
    OpenNextCycle,
    Pause,
    PublishPairing,
    Rematch,
    Reopen,
    UndoAdvance,
)
from mentorcycle.domain.definition import COMPLETED
from mentorcycle.domain.events import CycleAdvanced, Participant
from mentorcycle.domain.ids import cycle_after, cycle_of_pairing
from mentorcycle.domain.vocabulary import CancelReason, PauseReason, ReopenReason
from mentorcycle.engine.testing import Scenario

ADA, DI = Participant("ada", mentee=True), Participant("di", mentee=True)
BO, CY = Participant("bo", mentor=True), Participant("cy", mentor=True)
OTHER = PublishPairing((DI, BO), "q-di-bo")
ID = cycle_of_pairing("q-ada-bo")
WITHDREW, AGAIN = CancelReason.WITHDREW, ReopenReason.WORK_CONTINUES
DONE = CycleAdvanced(source="celebrate", target=COMPLETED, definition_version=1)
CANCELLED = Cancel(ID, WITHDREW)
FULL = "Bo Karlsson would have 2 mentees and takes 1"


@pytest.fixture
def busy(people: Scenario) -> Scenario:
    """Bo takes one mentee, who is Ada, and their cycle is open."""
    one = people.given(ChangePerson("bo", "Bo Karlsson", capacity=1), PublishPairing((ADA, BO), "q-ada-bo"))
    return one.given(OpenCycle("ada"))


def test_a_pairing_keeps_its_place_before_its_cycle_is_opened(people: Scenario) -> None:
    one = people.given(ChangePerson("bo", "Bo Karlsson", capacity=1), PublishPairing((ADA, BO)))
    one.when(OTHER).then_refused("over-capacity", because=[FULL])


def test_an_open_or_paused_cycle_keeps_its_place(busy: Scenario) -> None:
    busy.when(OTHER).then_refused("over-capacity", because=[FULL])
    busy.given(Pause(ID, PauseReason.LEAVE)).when(OTHER).then_refused("over-capacity")


@pytest.mark.parametrize("over", [DONE, CANCELLED], ids=["completed", "cancelled"])
def test_a_cycle_that_is_over_gives_its_place_back(busy: Scenario, over: CycleAdvanced | Cancel) -> None:
    busy.given(over).given(OTHER).given(OpenCycle("di"))


def test_a_next_cycle_keeps_the_place_until_it_is_over(busy: Scenario) -> None:
    following = busy.given(DONE).given(OpenNextCycle(ID))
    following.when(OTHER).then_refused("over-capacity")
    following.given(Cancel(cycle_after(ID), WITHDREW)).given(OTHER)


def test_another_cycle_after_a_cancelled_one_keeps_the_place(busy: Scenario) -> None:
    again = busy.given(CANCELLED).given(OpenCycle("ada"))
    assert again.cycle.id != ID
    again.when(OTHER).then_refused("over-capacity")
    again.given(Cancel(again.cycle.id, WITHDREW)).given(OTHER)


def test_after_a_rematch_the_place_is_the_new_mentors(busy: Scenario) -> None:
    none_left = busy.given(ChangePerson("cy", "Cy Lind", capacity=1), Rematch(ID, "bo", "cy"))
    none_left.given(OTHER)
    with_cy = PublishPairing((DI, CY))
    none_left.when(with_cy).then_refused("over-capacity")
    none_left.given(DONE).given(with_cy)


def test_a_change_of_partner_counts_open_cycles_too(busy: Scenario) -> None:
    elsewhere = busy.given(PublishPairing((DI, CY), "q-di-cy")).given(OpenCycle("di"))
    to_bo = Rematch(cycle_of_pairing("q-di-cy"), "cy", "bo")
    elsewhere.when(to_bo).then_refused("over-capacity", because=[FULL])
    busy.given(DONE).given(PublishPairing((DI, CY), "q-di-cy")).given(OpenCycle("di"), to_bo)


@pytest.mark.parametrize(
    ("over", "goes_on"),
    [
        (DONE, OpenNextCycle(ID)),
        (DONE, Reopen(ID, AGAIN)),
        (DONE, UndoAdvance(ID)),
        (CANCELLED, Reopen(ID, AGAIN)),
        (CANCELLED, OpenCycle("ada")),
    ],
    ids=["next cycle", "reopened", "completion undone", "cancelled and reopened", "opened again"],
)
def test_what_was_over_goes_on_only_while_there_is_room(
    busy: Scenario, over: CycleAdvanced | Cancel, goes_on: Command
) -> None:
    free = busy.given(over)
    free.given(goes_on).when(OTHER).then_refused("over-capacity")
    given_away = free.given(OTHER)
    given_away.when(goes_on).then_refused("over-capacity", because=[FULL])
    given_away.given(ChangePerson("bo", "Bo Karlsson", capacity=2)).given(goes_on)


def test_undoing_an_advance_within_a_cycle_asks_for_no_room(busy: Scenario) -> None:
    on = busy.given(CycleAdvanced(source="goal-set", target="observe", definition_version=1))
    none = on.given(ChangePerson("bo", "Bo Karlsson", capacity=0))
    none.given(UndoAdvance(ID))


def test_a_published_pairing_is_opened_although_its_mentor_takes_fewer_since(people: Scenario) -> None:
    paired = people.given(PublishPairing((ADA, BO)), ChangePerson("bo", "Bo Karlsson", capacity=0))
    paired.given(OpenCycle("ada"))
