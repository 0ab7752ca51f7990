"""The clocks of those who write: what a log shows about them, and what a server says to ours.

The id of a command begins with the time on the clock of the host that made it; its events are recorded by the clock
of the store. Where the two are far apart, some clock is wrong. Nothing is mended by it: `recorded_at` stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mentorcycle.domain.errors import HistoryUnreadable

from .codec import decode, from_micros
from .ledger import made_at
from .stores.port import Log, StoredRow, Timed

TOLERANCE = timedelta(minutes=1)
LATE = timedelta(minutes=15)
"""A command may be made long before it is taken: in a large batch, or repeated after a failure."""
LOOKED_AT = 1000
"""How many of the last events tell how the clocks are now."""


@dataclass(frozen=True, slots=True)
class Skew:
    """A clock that does not agree with the one by which an event was recorded: so much `ahead` of it, or behind."""

    position: int
    ahead: timedelta


def skews(rows: Iterable[StoredRow]) -> list[Skew]:
    """Of the events of each direction the one that is furthest off, as far as any is."""
    found: dict[bool, Skew] = {}
    for row in rows:
        try:
            made = made_at(decode(row).command_id)
        except HistoryUnreadable:
            continue
        ahead = made - from_micros(row.recorded_at) if made is not None else timedelta()
        if ahead > TOLERANCE or -ahead > LATE:
            worst = found.get(ahead > timedelta())
            if worst is None or abs(ahead) > abs(worst.ahead):
                found[ahead > timedelta()] = Skew(row.position, ahead)
    return list(found.values())


def recent_skews(store: Log) -> list[Skew]:
    """`skews` of the last events of a log."""
    return skews(store.read_log(max(0, store.head() - LOOKED_AT), LOOKED_AT))


def ahead_of_server(store: Log, now: datetime) -> timedelta:
    """How far our clock is ahead of that of the server that the log lies on; nothing where there is none."""
    return now - from_micros(store.now()) if isinstance(store, Timed) else timedelta()
