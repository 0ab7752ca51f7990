"""Rounds: contestants take turns, each turn is timed, medians are compared turn by turn.

A machine that is busy for a second is busy for all contestants of a round; the order changes from round to round.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter

Turn = Callable[[int], tuple[int, float]]
"""Takes the number of the round; gives how many operations it did and how many seconds they took."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds an operation, one number a round."""

    seconds: tuple[float, ...]

    @property
    def typical(self) -> float:
        return median(self.seconds)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a share of the median."""
        if len(self.seconds) < 2:
            return 0.0
        low, _, high = quantiles(self.seconds, n=4, method="inclusive")
        return (high - low) / 2 / self.typical

    def faster_than(self, other: Sample) -> float:
        """How many times as fast as another, round by round where both took part in the same rounds."""
        if len(self.seconds) != len(other.seconds):
            return other.typical / self.typical
        return median(theirs / mine for mine, theirs in zip(self.seconds, other.seconds, strict=True))


def timed(work: Callable[[], int]) -> tuple[int, float]:
    """Operations that `work` says it did, and the seconds it took."""
    start = perf_counter()
    count = work()
    return count, perf_counter() - start


def rounds(count: int, contestants: Mapping[str, Turn]) -> dict[str, Sample]:
    """Let all contestants take a turn in each of `count` rounds.

    What the benchmark itself keeps in memory is taken out of the collector's sight.
    """
    gc.collect()
    gc.freeze()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(count):
        for name in _order(list(contestants), number):
            gc.collect()
            done, took = contestants[name](number)
            seconds[name].append(took / max(done, 1))
    return {name: Sample(tuple(taken)) for name, taken in seconds.items()}


def _order(names: Sequence[str], number: int) -> Sequence[str]:
    turned = number % len(names)
    return [*names[turned:], *names[:turned]]
