"""Questions about cycles, for now or as of any position of the log: lists, counts, one cycle, who may be stalled.

Lists are in the order of opening. A list for a position costs about what the list for now costs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.vocabulary import Status

from ..connection import Connection, Rows, Sql, each, worded
from ..projection import PARTS
from .row import COLUMNS, CycleRow, row_of
from .search import Place, Search
from .tables import NOW

ROWS = Sql(
    """CROSS JOIN cycles_head_{g} AS h ON h.opened = k.opened
       CROSS JOIN cycles_span_{g} AS s ON s.opened = k.opened AND s.valid_from = k.valid_from
       LEFT JOIN cycles_mark_{g} AS m ON m.opened = k.opened AND m.position =
         (SELECT max(position) FROM cycles_mark_{g}
          WHERE opened = k.opened AND position <= ? AND position < s.valid_to)
       ORDER BY k.opened, k.valid_from""",
    """CROSS JOIN LATERAL (SELECT * FROM cycles_head_{g} WHERE opened = k.opened OFFSET 0) AS h
       CROSS JOIN LATERAL (SELECT * FROM cycles_span_{g} WHERE opened = k.opened
                           AND valid_from = k.valid_from OFFSET 0) AS s
       LEFT JOIN LATERAL (SELECT * FROM cycles_mark_{g} WHERE opened = k.opened AND position <= ?
                          AND position < s.valid_to ORDER BY position DESC LIMIT 1) AS m ON true
       ORDER BY k.opened, k.valid_from""",
)
SPAN_AT = """(SELECT max(valid_from) FROM cycles_span_{g} WHERE opened = h.opened AND valid_from <= ?)
             AS valid_from"""
EVERY = f"""SELECT h.opened, {SPAN_AT} FROM cycles_head_{{g}} AS h
            WHERE h.tenant = ? AND h.opened > 0 AND h.opened > ? AND h.opened <= ?
            ORDER BY h.opened LIMIT ?"""
ONE = f"""SELECT h.opened, {SPAN_AT} FROM cycles_head_{{g}} AS h
          WHERE h.tenant = ? AND h.cycle = ? AND h.opened <= ?"""
OF_PEOPLE = each(
    "texts",
    "cycles_member_{g}",
    "t.tenant = ? AND t.person = wanted.value AND t.opened > ? AND t.opened <= ?",
).around(f"SELECT h.opened, {SPAN_AT} FROM (SELECT DISTINCT t.opened ", ") AS h")
COURSE = """SELECT h.opened, s.valid_from FROM cycles_head_{g} AS h
            JOIN cycles_span_{g} AS s ON s.opened = h.opened WHERE h.tenant = ? AND h.cycle = ?"""
KEYS = "SELECT wanted.a AS opened, wanted.b AS valid_from FROM {number_pairs}"
COUNTS = f"""
WITH parts (part) AS (VALUES {", ".join(f"({part})" for part in range(PARTS))}),
counts AS (
  SELECT b.bucket, b.programme, b.stage, b.status,
         (SELECT t.n FROM cycles_tally_{{g}} AS t WHERE t.bucket = b.bucket AND t.part = parts.part
          AND t.position <= ? ORDER BY t.position DESC LIMIT 1) AS n
  FROM cycles_bucket_{{g}} AS b CROSS JOIN parts WHERE b.tenant = ?
)
SELECT bucket, programme, stage, status, CAST(sum(n) AS bigint) FROM counts
GROUP BY bucket, programme, stage, status ORDER BY programme, status, stage"""
OPENED = "SELECT opened FROM cycles_head_{g} WHERE tenant = ? AND cycle = ?"
BEGINNING = """SELECT cycle FROM cycles_head_{g} WHERE tenant = ? AND cycle >= ? AND cycle < ?
               ORDER BY cycle LIMIT ?"""

OF_PROGRAMME = each(
    "texts", "cycles_head_{g}", "t.tenant = ? AND t.cycle = wanted.value AND t.programme = ?"
).around("SELECT t.cycle ")
TAKING_PART = each(
    "texts",
    "cycles_member_{g}",
    """t.tenant = ? AND t.person = wanted.value AND ? =
       (SELECT programme FROM cycles_head_{g} AS h WHERE h.opened = t.opened)""",
).around("SELECT DISTINCT t.person ")


class Count(NamedTuple):
    """How many cycles of a programme stand in a stage with a status."""

    programme: str
    stage: str
    status: Status
    cycles: int


class CycleQueries:
    """Questions to one generation of the tables, through one connection and so as of one moment.

    `position` None is now; otherwise the answer is what it would have been when that was the last event.
    """

    def __init__(self, connection: Connection, generation: int) -> None:
        self._connection = connection
        self._generation = generation

    def page(
        self,
        tenant: str,
        *,
        statuses: Collection[Status] = (),
        stages: Collection[str] = (),
        programme: str | None = None,
        people: Collection[str] = (),
        since: datetime | None = None,
        after: str | None = None,
        limit: int = 50,
        position: int | None = None,
    ) -> list[CycleRow]:
        """Cycles that match every filter given (an empty one lets all through), in the order of opening.

        `people` are ids of which one is in the cycle; `since` is the latest instant of entering the stage;
        `after` is the last cycle of the page before, `NotFound` when there is none of that id.
        """
        start = 0 if after is None else self._opened(tenant, after)
        if people:
            found = self._of_people(tenant, people, start, position)
            wanted = (row for row in found if _matches(row, statuses, stages, programme, people, since))
            return [row for row, _ in zip(wanted, range(limit), strict=False)]
        if not (statuses or stages or programme or since):
            upto = NOW if position is None else position
            return self._rows(EVERY, (upto, tenant, start, upto, limit), position)
        places = [
            Place(bucket, status)
            for bucket, in_programme, stage, status, _ in self._buckets(tenant, position)
            if (programme is None or in_programme == programme)
            and (not stages or stage in stages)
            and (not statuses or Status(status) in statuses)
        ]
        search = Search(self._connection, self._generation, start, limit, since)
        keys = search.now(places) if position is None else search.then(tenant, places, position)
        return self._rows(KEYS, (json.dumps(keys),), position)

    def stalled(
        self,
        tenant: str,
        since: datetime,
        *,
        programme: str | None = None,
        after: str | None = None,
        limit: int = 1000,
        position: int | None = None,
    ) -> list[CycleRow]:
        """Candidates for a list of stalled cycles: active, and in their stage at that instant already.

        Whether the allowance in school days has run out, the domain decides for each.
        """
        return self.page(
            tenant,
            statuses=(Status.ACTIVE,),
            programme=programme,
            since=since,
            after=after,
            limit=limit,
            position=position,
        )

    def counts(
        self, tenant: str, *, programme: str | None = None, position: int | None = None
    ) -> list[Count]:
        """How many cycles stand where, by programme, status and stage; empty places are left out."""
        return [
            Count(in_programme, stage, Status(status), n)
            for _, in_programme, stage, status, n in self._buckets(tenant, position)
            if programme is None or in_programme == programme
        ]

    def one(self, tenant: str, cycle: str, *, position: int | None = None) -> CycleRow | None:
        """The cycle of that id; None when there is none (yet)."""
        upto = NOW if position is None else position
        return next(iter(self._rows(ONE, (upto, tenant, cycle, upto), position)), None)

    def course(self, tenant: str, cycle: str) -> list[CycleRow]:
        """What the cycle was, one row for each time it changed; `valid_from` says from which position on."""
        return self._rows(COURSE, (tenant, cycle), None)

    def beginning(self, tenant: str, prefix: str, limit: int = 10) -> list[str]:
        """Ids that begin so."""
        bounds = (tenant, prefix, prefix + "\U0010ffff", limit)
        return [cycle for (cycle,) in self._execute(BEGINNING, bounds)]

    def of_programme(self, tenant: str, programme: str, cycles: Iterable[str]) -> set[str]:
        """Those of these cycles that belong to a programme."""
        values = (json.dumps(sorted(cycles)), tenant, programme)
        return {cycle for (cycle,) in self._execute(OF_PROGRAMME, values)}

    def taking_part(self, tenant: str, programme: str, people: Iterable[str]) -> set[str]:
        """Those of these people who are or were in a cycle of a programme."""
        values = (json.dumps(sorted(people)), tenant, programme)
        return {person for (person,) in self._execute(TAKING_PART, values)}

    def ever_with(self, tenant: str, people: Collection[str]) -> list[CycleRow]:
        """Cycles that one of these people is or was in, as they are now, in the order of opening."""
        return self._of_people(tenant, people, 0, None)

    def _execute(self, statement: str | Sql, values: Sequence[Any]) -> Rows:
        return self._connection.execute(worded(statement, self._connection.dialect, self._generation), values)

    def _rows(self, keys: str | Sql, values: Sequence[Any], position: int | None) -> list[CycleRow]:
        upto = NOW if position is None else position
        words = keys if isinstance(keys, str) else keys.on(self._connection.dialect)
        rows = self._execute(ROWS.around(f"SELECT {COLUMNS} FROM ({words}) AS k "), (*values, upto))
        return [row_of(found) for found in rows]

    def _opened(self, tenant: str, cycle: str) -> int:
        row = self._execute(OPENED, (tenant, cycle)).fetchone()
        if row is None:
            raise NotFound("cycle", cycle)
        opened: int = row[0]
        return opened

    def _of_people(
        self, tenant: str, people: Collection[str], start: int, position: int | None
    ) -> list[CycleRow]:
        upto = NOW if position is None else position
        return self._rows(OF_PEOPLE, (upto, json.dumps(sorted(people)), tenant, start, upto), position)

    def _buckets(self, tenant: str, position: int | None) -> Iterable[tuple[int, str, str, str, int]]:
        found = self._execute(COUNTS, (NOW if position is None else position, tenant))
        return (bucket for bucket in found if bucket[-1])


def _matches(
    row: CycleRow,
    statuses: Collection[Status],
    stages: Collection[str],
    programme: str | None,
    people: Collection[str],
    since: datetime | None,
) -> bool:
    return (
        (not statuses or row.status in statuses)
        and (not stages or row.stage in stages)
        and programme in (None, row.programme)
        and (since is None or row.since <= since)
        and any(person in people for person in row.people)
    )
