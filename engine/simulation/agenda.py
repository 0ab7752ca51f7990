"""Who does something when: stories that go on some school days later, at some minute of the day.

A story is a generator: it acts, then yields how long it waits. The agenda moves the clock, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple, Protocol

from . import term
from .clock import SimulatedClock


class Later(NamedTuple):
    """Go on that many school days later; at a minute of the day, or at any time between eight and four."""

    days: int
    minute: int | None = None


Story = Iterator[Later]


class Gate(Protocol):
    """What a story belongs to: while it is held the story waits, when it is over the story ends."""

    held: bool
    over: bool


class Entry(NamedTuple):
    """A story that waits for a day; entries of one day go by minute, then by who came first."""

    minute: int
    number: int
    story: Story
    gate: Gate | None


class Agenda:
    """Every story of the year, by the planned school day on which it goes on."""

    def __init__(self, days: Sequence[date], clock: SimulatedClock, rng: Random) -> None:
        self.days = days
        self._clock = clock
        self._rng = rng
        self._index = 0
        self._number = 0
        self._waiting: list[list[Entry]] = [[] for _ in days]

    @property
    def today(self) -> date:
        return self.days[self._index]

    def day_in(self, days: int) -> date:
        """The school day that many days from today, as planned; the last one when there are not so many left."""
        return self.days[min(self._index + days, len(self.days) - 1)]

    def days_until(self, day: date) -> int:
        """School days from today until `day`; 0 when that is not later."""
        return sum(self.today < known <= day for known in self.days)

    @property
    def days_left(self) -> int:
        return len(self.days) - 1 - self._index

    def add(self, story: Story, wait: Later, gate: Gate | None = None) -> None:
        """Let a story begin after a wait; one that would go on after the last day never does."""
        index = self._index + wait.days
        if index < len(self.days):
            minute = self._rng.randrange(8 * 60, 16 * 60) if wait.minute is None else wait.minute
            self._number += 1
            heappush(self._waiting[index], Entry(minute, self._number, story, gate))

    def live(self, on_day: Callable[[date, int, int], None] | None, is_open: Callable[[date], bool]) -> None:
        """Day by day until the last; on a day that turns out closed everything waits for the next."""
        for index, day in enumerate(self.days):
            self._index = index
            entries = self._waiting[index]
            while entries:
                entry = heappop(entries)
                if is_open(day) or entry.minute < 8 * 60:
                    self._go_on(day, entry)
                else:
                    self._again(entry)
            if on_day is not None:
                on_day(day, index + 1, len(self.days))

    def _go_on(self, day: date, entry: Entry) -> None:
        gate = entry.gate
        if gate is not None and gate.over:
            return
        if gate is not None and gate.held:
            self._again(entry)
            return
        self._clock.to(max(self._clock(), term.local(day, entry.minute)))
        wait = next(entry.story, None)
        if wait is not None:
            self.add(entry.story, wait, gate)

    def _again(self, entry: Entry) -> None:
        self.add(entry.story, Later(1, entry.minute), entry.gate)
