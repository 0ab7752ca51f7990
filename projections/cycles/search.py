"""Finds the first cycles, in the order of opening, that stand in certain buckets now or stood there at a position."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ..connection import Connection, Dialect, Rows, worded
from ..moments import to_micros
from .tables import LEVELS, NOW, lanes_of

OPEN = f"""SELECT opened, valid_from FROM cycles_span_{{g}} INDEXED BY cycles_open_{{g}}
           WHERE bucket = ? AND opened > ? AND opened <= ? AND valid_from <= ? AND since <= ?
           AND valid_to = {NOW} ORDER BY opened LIMIT ?"""
OVER = """SELECT opened, valid_from FROM cycles_span_{g} INDEXED BY cycles_over_{g}
          WHERE lane = ? AND opened > ? AND opened <= ? AND valid_from <= ? AND valid_to > ? {conditions}
          ORDER BY opened LIMIT ?"""
LAST_LANE = "SELECT max(lane) FROM cycles_span_{g} INDEXED BY cycles_over_{g} WHERE lane > ? AND lane < ?"

# On PostgreSQL, where each statement is a message there and one back, all buckets and all lanes are asked at once.
# Pairs are compared, and not a bucket for being equal: then only the index that is meant has them in this order.
ALL_OPEN = f"""
SELECT s.opened, s.valid_from FROM {{numbers}} CROSS JOIN LATERAL (
  SELECT opened, valid_from FROM cycles_span_{{g}}
  WHERE (bucket, opened) > (wanted.value, ?) AND (bucket, opened) <= (wanted.value, ?)
  AND valid_from <= ? AND since <= ? AND valid_to = {NOW} ORDER BY bucket, opened LIMIT ?
) AS s ORDER BY s.opened LIMIT ?"""
ALL_OVER = f"""
SELECT s.opened, s.valid_from
FROM (SELECT ? + level AS number, CAST(1 AS bigint) << level AS reach FROM generate_series(0, {LEVELS - 2}) AS level)
  AS lanes
CROSS JOIN LATERAL (
  SELECT opened, valid_from FROM cycles_span_{{g}}
  WHERE lane IS NOT NULL AND (lane, opened) > (lanes.number, greatest(?, ? - lanes.reach))
  AND (lane, opened) <= (lanes.number, ?) AND valid_from <= ? AND valid_to > ? AND since <= ?
  AND bucket = ANY(CAST(translate(?, '[]', '{{{{}}}}') AS bigint[])) ORDER BY lane, opened LIMIT ?
) AS s ORDER BY s.opened LIMIT ?"""

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
        self._latest = NOW if since is None else to_micros(since)
        self._found: list[Key] = []
        self._at_once = connection.dialect is Dialect.POSTGRES

    def now(self, places: Sequence[Place]) -> list[Key]:
        """The spans of those that stand in one of these places."""
        self._open(places, NOW)
        return self._found

    def then(self, tenant: str, places: Sequence[Place], position: int) -> list[Key]:
        """The spans of those that stood there when that was the last position."""
        self._open(places, position)
        for status in dict.fromkeys(place.status for place in places):
            buckets = [place.bucket for place in places if place.status == status]
            if self._at_once:
                self._all_over(lanes_of(tenant, status), position, buckets)
                continue
            for lane, level in self._lanes(tenant, status):
                self._over(lane, max(self._start, position - 2**level), position, buckets)
        return self._found

    def _open(self, places: Sequence[Place], upto: int) -> None:
        if self._at_once:
            buckets = json.dumps([place.bucket for place in places])
            bounds = (self._start, upto, upto, self._latest, self._limit)
            self._ask(ALL_OPEN, (buckets, *bounds, self._limit))
            return
        for place in places:
            bounds = (self._start, self._last(upto), upto, self._latest, self._limit)
            self._ask(OPEN, (place.bucket, *bounds))

    def _all_over(self, lanes: int, position: int, buckets: Sequence[int]) -> None:
        last = self._last(position)
        bounds = (self._start, position, last, position, position, self._latest)
        self._ask(ALL_OVER, (lanes, *bounds, json.dumps(buckets), self._limit, self._limit))

    def _over(self, lane: int, start: int, position: int, buckets: Sequence[int]) -> None:
        conditions = f"AND bucket IN ({', '.join(map(str, buckets))})"
        if self._since is not None:
            conditions += f" AND since <= {self._latest}"
        bounds = (start, self._last(position), position, position, self._limit)
        self._ask(OVER.replace("{conditions}", conditions), (lane, *bounds))

    def _lanes(self, tenant: str, status: str) -> Iterator[tuple[int, int]]:
        """Lanes that have spans, with their level; those with the oldest cycles first."""
        first = lanes_of(tenant, status)
        lane = first + LEVELS
        while lane is not None:
            (lane,) = self._execute(LAST_LANE, (first, lane)).fetchone()
            if lane is not None:
                yield lane, lane - first

    def _last(self, upto: int) -> int:
        """Where a search may end: later cycles would not be among the first."""
        return min(upto, self._found[-1][0]) if len(self._found) == self._limit else upto

    def _ask(self, statement: str, values: Sequence[Any]) -> None:
        self._found = sorted((*self._found, *self._execute(statement, values)))[: self._limit]

    def _execute(self, statement: str, values: Sequence[Any]) -> Rows:
        return self._connection.execute(worded(statement, self._connection.dialect, self._generation), values)
