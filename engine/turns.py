"""Fairness after a conflict: who lost a race decides again in turn, so that nobody loses for ever.

Threads or tasks of one engine come one after the other; other processes are given a random moment to finish.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from mentorcycle.domain.errors import Conflict

from .stores.pace import Pace

_LOCKS = 64
_AT_ONCE = 2
_SHORTEST, _LONGEST = 0.001, 0.05


class Turns:
    """The turns of one engine, by the stream that was fought for."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._locks = tuple(pace.lock() for _ in range(_LOCKS))

    def give_way(self, stream: str) -> None:
        """Let those go first who have lost a race for a stream and decide again now."""
        turn = self._locks[hash(stream) % _LOCKS]
        if turn.locked():
            with turn:
                pass

    @contextmanager
    def after(self, conflict: Conflict | None, times: int) -> Iterator[None]:
        """Within, it is the caller's turn, after it lost `times` times; without a conflict everybody goes at once."""
        if conflict is None:
            yield
            return
        pause(times, self._pace)
        with self._locks[hash(conflict.stream) % _LOCKS]:
            yield


def pause(times: int, pace: Pace) -> None:
    """Wait a random moment, longer the more often somebody else was first."""
    if times > _AT_ONCE:
        pace.sleep(random.uniform(0, min(_LONGEST, _SHORTEST * 2**times)))
