"""What is to be done next to bring read models up to date, and how long to wait for others. No store is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import TypeAlias

from mentorcycle.domain.errors import StoreUnavailable

from .registry import Fed, Lineup

SHORTEST, LONGEST = 0.003, 0.05

Due: TypeAlias = tuple[Fed, int]
"""Somebody to feed, and up to which position."""


def due(behind: Iterable[Lineup], head: int) -> list[Due]:
    """Who has to read on before a query can be answered: what serves up to the head, or is to serve next.

    What an older version of a read model has told already must be read before its successor may serve.
    """
    behind = list(behind)
    head = max([head, *(one.outdated.position for one in behind if one.outdated)])
    return [
        (one, head)
        for lineup in behind
        for one in lineup.fed
        if one.position < head or (lineup.serves_next and one.row.position >= head)
    ]


def next_group(due: Sequence[Due]) -> tuple[list[Fed], int]:
    """Those that are furthest behind, and up to where they may read before they meet others."""
    low = min(one.position for one, _ in due)
    group = [one for one, _ in due if one.position == low]
    ends = [upto for one, upto in due if one.position == low]
    others = [one.position for one, _ in due if one.position > low]
    return group, max(low, min([*ends, *others]))


class Pause:
    """A little patience, with waits that become longer; `sleep` lets some seconds pass."""

    def __init__(self, patience: float, sleep: Callable[[float], None]) -> None:
        self._patience = patience
        self._sleep = sleep
        self.begin()

    def begin(self) -> None:
        """From here on."""
        self._deadline = monotonic() + self._patience
        self._next = SHORTEST

    @property
    def over(self) -> bool:
        """Whether all of it is used up."""
        return monotonic() >= self._deadline

    @property
    def left(self) -> float:
        """Seconds until then."""
        return max(0.0, self._deadline - monotonic())

    def wait(self) -> None:
        """Wait a moment."""
        self._sleep(self._next)
        self._next = min(self._next * 1.5, LONGEST)

    def used_up(self, why: str) -> StoreUnavailable:
        """The error for then."""
        return StoreUnavailable(
            "the read models are not up to date",
            f"{why}; waited {round(self._patience, 1):g} s",
            "see: mentorcycle worker status",
        )
