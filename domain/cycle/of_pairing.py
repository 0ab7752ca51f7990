"""Which cycle a pairing has come to: its first, the one that followed, or the one opened after a cancelled one."""

from __future__ import annotations

from collections.abc import Callable

from ..ids import cycle_of_pairing
from ..people.person import Pairing
from ..vocabulary import Status
from .state import Cycle

Find = Callable[[str], Cycle]


def first_candidate(pairing: Pairing) -> str:
    """The cycle to look at first: the one that went on with this pairing after a rematch, else its own first."""
    return pairing.cycle or cycle_of_pairing(pairing.id)


def newest_cycle(pairing: Pairing, find: Find) -> Cycle:
    """The cycle that a pairing has come to, or one without history, whose id says where to open the next.

    A cancelled one makes room for another of the same pairing. One that is not this pairing's is where it ends.
    """
    cycle, ordinal = find(first_candidate(pairing)), 1
    while cycle.exists and cycle.status is Status.CANCELLED and is_of(pairing, cycle):
        ordinal += 1
        cycle = find(cycle_of_pairing(pairing.id, ordinal))
    return cycle


def is_of(pairing: Pairing, cycle: Cycle) -> bool:
    """Whether a cycle is this pairing's: ids that others gave may be the same, the people are not."""
    return cycle.pairing == pairing.id and set(cycle.participants) == set(pairing.participants)


def is_used(pairing: Pairing, find: Find) -> bool:
    """Whether the id of a pairing that is to be has led to a cycle already: it would be taken for that one's."""
    return find(cycle_of_pairing(pairing.id)).exists


def keeps_its_place(pairing: Pairing, find: Find) -> bool:
    """Whether an open pairing takes places of its mentors: its cycle is open, or was never opened yet."""
    if not find(first_candidate(pairing)).exists:
        return True
    cycle = newest_cycle(pairing, find)
    if cycle.exists and not is_of(pairing, cycle):
        return True
    while cycle.next_cycle is not None:
        cycle = find(cycle.next_cycle)
    return cycle.exists and cycle.status in (Status.ACTIVE, Status.PAUSED)
