"""Streams that a read model set aside, and events that it was told to leave out.

Only the type of an error is kept: neither payload nor words can get here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from mentorcycle.projections.connection import Connection

if TYPE_CHECKING:
    from mentorcycle.domain.recorded import Recorded

ASIDE = """SELECT tenant, stream, position FROM dead_letters WHERE model = ? AND generation = ?
           UNION ALL SELECT NULL, NULL, position FROM discarded_events WHERE model = ?"""
SET_ASIDE = "INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?)"
LIST = """SELECT d.model, d.tenant, d.stream, d.position, d.error, d.since
          FROM dead_letters AS d JOIN read_models AS r ON r.name = d.model AND r.generation = d.generation
          WHERE r.state = 'active' ORDER BY d.model, d.position"""

LEFT_OUT = "SELECT model, tenant, stream, position, error FROM discarded_events ORDER BY model, position"

StreamKey = tuple[str, str]


class DeadLetter(NamedTuple):
    """A stream that a read model no longer follows, from the event at `position` on, which it could not take."""

    model: str
    tenant: str
    stream: str
    position: int
    error: str
    since: datetime


class LeftOut(NamedTuple):
    """An event that a read model leaves out for good: it was told to, or somebody wrote so into its tables."""

    model: str
    tenant: str
    stream: str
    position: int
    error: str


class Poison(NamedTuple):
    """The event at which a stream is set aside."""

    tenant: str
    stream: str
    position: int
    error: str


class Aside(NamedTuple):
    """What a generation does not read: streams from a position on, and single events."""

    streams: dict[StreamKey, int]
    events: frozenset[int]

    def readable(self, events: Sequence[Recorded[Any]]) -> Sequence[Recorded[Any]]:
        """The events that are left."""
        if not self.streams and not self.events:
            return events
        streams, single = self.streams, self.events
        return [
            r
            for r in events
            if r.position not in single and r.position < streams.get((r.tenant, r.stream), r.position + 1)
        ]


def aside(connection: Connection, model: str, generation: int) -> Aside:
    """What this generation was told to leave out."""
    found = connection.execute(ASIDE, (model, generation, model)).fetchall()
    streams = {(tenant, stream): position for tenant, stream, position in found if stream is not None}
    return Aside(streams, frozenset(position for _, stream, position in found if stream is None))


def set_aside(
    connection: Connection, model: str, generation: int, poisons: Iterable[Poison], now: int
) -> None:
    """Keep a dead letter for each stream."""
    connection.executemany(SET_ASIDE, [(model, generation, *poison, now) for poison in poisons])
