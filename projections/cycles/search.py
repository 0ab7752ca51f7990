"""Finds the first cycles, in the order of opening, that stand in certain buckets now or stood there at a position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from ..connection import Connection, Rows
from ..moments import to_micros
from .tables import LEVELS, NOW, lanes_of

OPEN = f"""SELECT opened, valid_from FROM cycles_span_{{g}} INDEXED BY cycles_open_{{g}}
           WHERE bucket = ? AND opened > ? AND opened <= ? AND valid_from <= ? AND since <= ?
           AND valid_to = {NOW} ORDER BY opened LIMIT ?"""
OVER = """SELECT opened, valid_from FROM cycles_span_{g} INDEXED BY cycles_over_{g}
          WHERE lane = ? AND opened > ? AND opened <= ? AND valid_from <= ? AND valid_to > ? {conditions}
          ORDER BY opened LIMIT ?"""
LAST_LANE = "SELECT max(lane) FROM cycles_span_{g} INDEXED BY cycles_over_{g} WHERE lane > ? AND lane < ?"

Key = tuple[int, int]
"""`opened` and `valid_from` of a span."""


class Place(NamedTuple):
    """A bucket, and the status of those who stand in it."""

    bucket: int
    status: str


class Search:
    """The first `limit` cycles opened after the position `start`, in their stage at the instant `since` already."""

    def __init__(
        self, connection: Connection, generation: int, start: int, limit: int, since: datetime | None
    ) -> None:
        self._connection = connection
        self._generation = generation
        self._start = start
        self._limit = limit
        self._since = since
        self._found: list[Key] = []

    def now(self, places: Sequence[Place]) -> list[Key]:
        """The spans of those that stand in one of these places."""
        self._open(places, NOW)
        return self._found

    def then(self, tenant: str, places: Sequence[Place], position: int) -> list[Key]:
        """The spans of those that stood there when that was the last position."""
        self._open(places, position)
        for status in dict.fromkeys(place.status for place in places):
            buckets = ", ".join(str(place.bucket) for place in places if place.status == status)
            for lane, level in self._lanes(tenant, status):
                self._over(lane, max(self._start, position - 2**level), position, buckets)
        return self._found

    def _open(self, places: Sequence[Place], upto: int) -> None:
        statement = OPEN.format(g=self._generation)
        latest = NOW if self._since is None else to_micros(self._since)
        for place in places:
            values = (place.bucket, self._start, self._last(upto), upto, latest, self._limit)
            self._take(self._connection.execute(statement, values))

    def _over(self, lane: int, start: int, position: int, buckets: str) -> None:
        conditions = f"AND bucket IN ({buckets})"
        if self._since is not None:
            conditions += f" AND since <= {to_micros(self._since)}"
        statement = OVER.format(g=self._generation, conditions=conditions)
        values = (lane, start, self._last(position), position, position, self._limit)
        self._take(self._connection.execute(statement, values))

    def _lanes(self, tenant: str, status: str) -> Iterator[tuple[int, int]]:
        """Lanes that have spans, with their level; those with the oldest cycles first."""
        first = lanes_of(tenant, status)
        lane = first + LEVELS
        while lane is not None:
            (lane,) = self._connection.execute(LAST_LANE.format(g=self._generation), (first, lane)).fetchone()
            if lane is not None:
                yield lane, lane - first

    def _last(self, upto: int) -> int:
        """Where a search may end: later cycles would not be among the first."""
        return min(upto, self._found[-1][0]) if len(self._found) == self._limit else upto

    def _take(self, keys: Rows) -> None:
        self._found = sorted((*self._found, *keys))[: self._limit]
