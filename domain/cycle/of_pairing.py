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


def next_candidate(pairing: str, cycle: Cycle, ordinal: int) -> tuple[str, int] | None:
    """The cycle to look at after `cycle`: a cancelled one makes room for another of the same pairing."""
    if cycle.exists and cycle.status is Status.CANCELLED:
        return cycle_of_pairing(pairing, ordinal + 1), ordinal + 1
    return None


def keeps_its_place(pairing: Pairing, find: Find) -> bool:
    """Whether an open pairing takes places of its mentors: its cycle is open, or was never opened yet."""
    cycle, ordinal = find(first_candidate(pairing)), 1
    if not cycle.exists:
        return True
    while following := next_candidate(pairing.id, cycle, ordinal):
        cycle, ordinal = find(following[0]), following[1]
    while cycle.next_cycle is not None:
        cycle = find(cycle.next_cycle)
    return cycle.exists and cycle.status in (Status.ACTIVE, Status.PAUSED)
