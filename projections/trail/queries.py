"""Questions to the audit trail: who did what and when, newest or oldest first, and which batches there were."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.vocabulary import Known, Role

from ..connection import Connection, Dialect, Rows, Sql, worded
from ..moments import from_micros, to_micros
from .tables import heaps_of, who_is

END = 2**63 - 1
Window: TypeAlias = tuple[int, int, int]
"""Positions after the first and before the second, and how many at most."""

COLUMNS = """t.position, t.stream, t.version, t.name, t.actor, t.role, t.known, t.occurred_at, t.recorded_at,
             t.batch, t.command"""
EVENTS = f"SELECT {COLUMNS} {{source}} AND {{conditions}} ORDER BY {{by}} {{order}} LIMIT ?"
ALL = Sql(*["FROM trail_event_{g} AS t WHERE true"] * 2)
AT_POSITIONS = Sql(
    "FROM trail_event_{g} AS t WHERE t.position IN (SELECT wanted.value FROM {numbers})",
    """FROM {numbers} CROSS JOIN LATERAL (SELECT * FROM trail_event_{g} WHERE position = wanted.value OFFSET 0) AS t
       WHERE true""",
)
BETWEEN = "t.position > ? AND t.position < ?"
NO_WAY_IN = "({condition}) IS TRUE"
"""The same condition, and no index leads to it."""
OF_KIND = """SELECT position FROM trail_event_{{g}} WHERE kind = ? AND position > ? AND position < ?
             ORDER BY position {order} LIMIT ?"""
OF_ACTOR = """SELECT position FROM trail_event_{{g}} WHERE heap = ? AND position > ? AND position < ?
              AND who = ? AND (tenant = ?) IS TRUE AND actor = ? {names} ORDER BY position {order} LIMIT ?"""

# On PostgreSQL, where each statement is a message there and one back, all kinds or heaps are asked at once. Pairs are
# compared, and not a kind for being equal: then only the index that is meant has them in this order.
AT_ONCE = """
SELECT e.position FROM {{numbers}} CROSS JOIN LATERAL (
  SELECT position FROM trail_event_{{g}}
  WHERE ({key}, position) > (wanted.value, ?) AND ({key}, position) < (wanted.value, ?) {conditions}
  ORDER BY {key} {order}, position {order} LIMIT ?
) AS e ORDER BY e.position {order} LIMIT ?"""
KINDS = "SELECT kind, name FROM trail_kind_{g} WHERE tenant = ?"
OTHERS = "SELECT EXISTS (SELECT 1 FROM trail_kind_{g} WHERE tenant <> ?)"
SCAN = "SELECT position, recorded_at FROM trail_event_{g} WHERE position <= ? ORDER BY position DESC LIMIT 1"
LAST = "SELECT max(position) FROM trail_event_{g}"
BATCHES = """SELECT batch, first, last, events, actor, recorded_at FROM trail_batch_{g}
             WHERE tenant = ? AND first > 0 AND first < ? ORDER BY first DESC LIMIT ?"""
BATCH = """SELECT batch, first, last, events, actor, recorded_at FROM trail_batch_{g}
           WHERE tenant = ? AND batch = ?"""
BATCHES_BEGINNING = """SELECT batch FROM trail_batch_{g} WHERE tenant = ? AND batch >= ? AND batch < ?
                       ORDER BY batch LIMIT ?"""
MEMBERS = """SELECT stream, min(position), max(position), count(*) FROM trail_event_{g}
             WHERE tenant = ? AND batch = ? GROUP BY stream ORDER BY min(position)"""


class TrailRow(NamedTuple):
    """An event without what it says."""

    position: int
    stream: str
    version: int
    name: str
    actor: str
    role: Role
    known: Known
    occurred_at: datetime
    recorded_at: datetime
    batch: str | None
    command: str


class BatchRow(NamedTuple):
    """A batch from its first position to its last; other events may lie between. `actor` began it."""

    batch: str
    first: int
    last: int
    events: int
    actor: str
    recorded_at: datetime


class BatchMember(NamedTuple):
    """A stream that a batch touched."""

    stream: str
    first: int
    last: int
    events: int


class TrailQueries:
    """Questions to one generation of the tables, through one connection and so as of one moment."""

    def __init__(self, connection: Connection, generation: int) -> None:
        self._connection = connection
        self._generation = generation

    def page(
        self,
        tenant: str,
        *,
        positions: Sequence[int] | None = None,
        actor: str | None = None,
        batch: str | None = None,
        names: Collection[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
        before: int | None = None,
        newest_first: bool = True,
        limit: int = 50,
    ) -> list[TrailRow]:
        """Events that match every filter given, in order of the log or against it.

        `positions` are those of a stream's events, which the log knows. `since` and `until` bound the instant
        of recording (`since` <= it < `until`). The next page starts `before` (newest first) or `after` the last
        position of this one.
        """
        if since is not None:
            after = max(after, self.position_before(since))
        end = END if before is None else before
        if until is not None:
            end = min(end, self.position_before(until) + 1)
        window = (after, end, limit)
        order = "DESC" if newest_first else "ASC"
        if positions is None and batch is None:
            if actor is not None:
                positions = self._of_actor(tenant, actor, names, window, order)
            elif names or self._others(tenant):
                positions = self._of_kinds(tenant, names, window, order)
        return [_event(*row) for row in self._rows(tenant, positions, actor, batch, names, window, order)]

    def _rows(
        self,
        tenant: str,
        positions: Sequence[int] | None,
        actor: str | None,
        batch: str | None,
        names: Collection[str],
        window: Window,
        order: str,
    ) -> Rows:
        """Whatever leads to few events does so alone: the positions, else the batch, else the window."""
        *bounds, limit = window
        source, by, between, values = ALL, "t.position", BETWEEN, [tenant]
        conditions = [NO_WAY_IN.format(condition="t.tenant = ?")]
        if batch is not None:
            condition, of_batch = "t.tenant = ? AND t.batch = ?", [tenant, batch]
            if positions is None:
                by, between = "t.position + 0", NO_WAY_IN.format(condition=BETWEEN)
            else:
                condition = NO_WAY_IN.format(condition=condition)
            conditions.append(condition)
            values += of_batch
        if positions is not None:
            source, values = AT_POSITIONS, [json.dumps(positions), *values]
        if actor is not None:
            conditions.append("t.actor = ?")
            values.append(actor)
        if names:
            conditions.append(_among("t.name", names))
            values += names
        text = EVENTS.format(
            source=source.on(self._connection.dialect),
            conditions=" AND ".join([*conditions, between]),
            by=by,
            order=order,
        )
        return self._execute(text, (*values, *bounds, limit))

    def _others(self, tenant: str) -> bool:
        """Whether the log holds events of another tenant too."""
        return bool(self._execute(OTHERS, (tenant,)).fetchone()[0])

    def _of_kinds(self, tenant: str, names: Collection[str], window: Window, order: str) -> list[int]:
        """The first or last positions of events of these names (default: all) in a window."""
        kinds = [kind for kind, name in self._execute(KINDS, (tenant,)) if not names or name in names]
        return self._merged(OF_KIND, "kind", kinds, (), "", window, order)

    def _of_actor(
        self, tenant: str, actor: str, names: Collection[str], window: Window, order: str
    ) -> list[int]:
        """The first or last positions of an actor's events in a window."""
        who = who_is(tenant, actor)
        among = f"AND {_among('name', names)}" if names else ""
        return self._merged(
            OF_ACTOR, "heap", heaps_of(who), (who, tenant, actor, *names), among, window, order
        )

    def _merged(
        self,
        statement: str,
        key: str,
        keys: Sequence[int],
        values: Sequence[Any],
        among: str,
        window: Window,
        order: str,
    ) -> list[int]:
        """The first or last positions that a statement gives for any of these kinds or heaps."""
        *bounds, limit = window
        if self._connection.dialect is Dialect.POSTGRES:
            conditions = f"AND who = ? AND (tenant = ?) IS TRUE AND actor = ? {among}" if values else ""
            text = AT_ONCE.format(key=key, conditions=conditions, order=order)
            found = self._execute(text, (json.dumps(keys), *bounds, *values, limit, limit))
            return [position for (position,) in found]
        text = statement.format(names=among, order=order)
        each = [self._execute(text, (one, *bounds, *values, limit)) for one in keys]
        return sorted((position for rows in each for (position,) in rows), reverse=order == "DESC")[:limit]

    def position_before(self, moment: datetime) -> int:
        """The last position recorded before an instant; 0 when there is none."""
        wanted = to_micros(moment)
        low, high = 0, self._execute(LAST, ()).fetchone()[0] or 0
        while low < high:  # the answer lies in low..high
            middle = (low + high + 1) // 2
            row = self._execute(SCAN, (middle,)).fetchone()
            if row is None or row[0] <= low or row[1] < wanted:
                low = middle
            else:
                high = row[0] - 1
        row = self._execute(SCAN, (low,)).fetchone()
        return row[0] if row else 0

    def batches(self, tenant: str, *, before: int | None = None, limit: int = 50) -> list[BatchRow]:
        """Batches, the newest first; the next page starts `before` the first position of this one's last."""
        rows = self._execute(BATCHES, (tenant, END if before is None else before, limit))
        return [_batch(*row) for row in rows]

    def batch(self, tenant: str, batch: str) -> BatchRow:
        """The batch of that id; `NotFound` when there is none."""
        row = self._execute(BATCH, (tenant, batch)).fetchone()
        if row is None:
            raise NotFound("batch", batch)
        return _batch(*row)

    def batches_beginning(self, tenant: str, prefix: str, limit: int = 10) -> list[str]:
        """Ids of batches that begin so."""
        bounds = (tenant, prefix, prefix + "\U0010ffff", limit)
        return [batch for (batch,) in self._execute(BATCHES_BEGINNING, bounds)]

    def members(self, tenant: str, batch: str) -> list[BatchMember]:
        """The streams that a batch touched, in order of the log."""
        return [BatchMember(*row) for row in self._execute(MEMBERS, (tenant, batch))]

    def _execute(self, statement: str, values: Sequence[Any]) -> Rows:
        return self._connection.execute(worded(statement, self._connection.dialect, self._generation), values)


def _among(column: str, names: Collection[str]) -> str:
    return f"{column} IN ({', '.join('?' * len(names))})"


def _event(
    position: int,
    stream: str,
    version: int,
    name: str,
    actor: str,
    role: str,
    known: str,
    occurred_at: int,
    recorded_at: int,
    batch: str | None,
    command: str,
) -> TrailRow:
    return TrailRow(
        position,
        stream,
        version,
        name,
        actor,
        Role(role),
        Known(known),
        from_micros(occurred_at),
        from_micros(recorded_at),
        batch,
        command,
    )


def _batch(batch: str, first: int, last: int, events: int, actor: str, recorded_at: int) -> BatchRow:
    return BatchRow(batch, first, last, events, actor, from_micros(recorded_at))
