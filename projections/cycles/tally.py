"""How many cycles stand in a bucket, from which position of the log on: counts of any moment are a few seeks.

Each part of the read model counts its own cycles, so that nobody who folds one part waits for another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from ..connection import Connection, each, worded

Bucket: TypeAlias = tuple[int, str, str, str, str]
"""A bucket's number, and the tenant, programme, stage and status that it stands for."""

Delta: TypeAlias = tuple[Bucket, int, int, int]
"""A bucket, a part, a position, and by how much the count changes there."""

Row: TypeAlias = tuple[int, int, int, int]
"""Bucket, part, position, count."""

LAST = each(
    "number_pairs",
    "cycles_tally_{g}",
    """t.bucket = wanted.a AND t.part = wanted.b AND t.position =
       (SELECT max(position) FROM cycles_tally_{g} WHERE bucket = wanted.a AND part = wanted.b)""",
).around("SELECT t.bucket, t.part, t.position, t.n ")
BEFORE = """SELECT n FROM cycles_tally_{g} WHERE bucket = ? AND part = ? AND position < ?
            ORDER BY position DESC LIMIT 1"""
SHIFT = "UPDATE cycles_tally_{g} SET n = n + ? WHERE bucket = ? AND part = ? AND position > ?"
BUCKET = "INSERT INTO cycles_bucket_{g} VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
TALLY = "INSERT INTO cycles_tally_{g} VALUES (?, ?, ?, ?)"


@dataclass(slots=True)
class Tallies:
    """What changes in the counts: rows to add, counts to raise from a position on, and buckets that may be new."""

    rows: list[Row] = field(default_factory=list)
    shifts: list[Row] = field(default_factory=list)
    buckets: set[Bucket] = field(default_factory=set)

    def write(self, connection: Connection, g: int) -> None:
        """Buckets come last and in order: other parts may add the same ones, and wait for each other there."""
        for statement, rows in ((SHIFT, self.shifts), (TALLY, self.rows), (BUCKET, sorted(self.buckets))):
            connection.executemany(worded(statement, connection.dialect, g), rows)


def tallies(connection: Connection, g: int, deltas: Iterable[Delta]) -> Tallies:
    """The counts after these changes; those that come late, after a mend, also raise or lower what follows them."""
    changed: dict[tuple[int, int], list[tuple[int, int]]] = {}
    buckets: dict[tuple[int, int], Bucket] = {}
    for bucket, part, position, by in deltas:
        key = bucket[0], part
        if key not in changed:
            changed[key], buckets[key] = [], bucket
        changed[key].append((position, by))
    found = connection.execute(worded(LAST, connection.dialect, g), (json.dumps(list(changed)),))
    last = {(bucket, part): (position, n) for bucket, part, position, n in found}
    result = Tallies(buckets={bucket for key, bucket in buckets.items() if key not in last})
    for key, steps in changed.items():
        end, n = last.get(key, (0, 0))
        if steps[0][0] <= end:
            _late(connection, g, key, steps, result)
            continue
        for position, by in steps:
            n += by
            result.rows.append((*key, position, n))
    return result


def _late(
    connection: Connection, g: int, key: tuple[int, int], steps: list[tuple[int, int]], result: Tallies
) -> None:
    added = 0
    for position, by in steps:
        before = connection.execute(worded(BEFORE, connection.dialect, g), (*key, position)).fetchone()
        added += by
        result.rows.append((*key, position, (before[0] if before else 0) + added))
        result.shifts.append((by, *key, position))
