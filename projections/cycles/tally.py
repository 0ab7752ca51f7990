"""How many cycles stand in a bucket, from which position of the log on: counts of any moment are a few seeks."""

from __future__ import annotations

import json
from typing import TypeAlias

from ..connection import Connection

Bucket: TypeAlias = tuple[int, str, str, str, str]
"""A bucket's number, and the tenant, programme, stage and status that it stands for."""

Delta: TypeAlias = tuple[Bucket, int, int]
"""A bucket, a position, and by how much its count changes there."""

LAST = """
SELECT wanted.value, t.position, t.n FROM json_each(?) AS wanted
CROSS JOIN cycles_tally_{g} AS t ON t.bucket = wanted.value
  AND t.position = (SELECT max(position) FROM cycles_tally_{g} WHERE bucket = wanted.value)"""
BEFORE = "SELECT n FROM cycles_tally_{g} WHERE bucket = ? AND position < ? ORDER BY position DESC LIMIT 1"
SHIFT = "UPDATE cycles_tally_{g} SET n = n + ? WHERE bucket = ? AND position > ?"
BUCKET = "INSERT INTO cycles_bucket_{g} VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
TALLY = "INSERT INTO cycles_tally_{g} VALUES (?, ?, ?)"


def write_tallies(connection: Connection, g: int, deltas: list[Delta]) -> None:
    """Add changes to the counts; those that come late, after a mend, also raise or lower what follows them."""
    changed: dict[int, list[tuple[int, int]]] = {}
    buckets: dict[int, Bucket] = {}
    for bucket, position, by in deltas:
        number = bucket[0]
        if number not in changed:
            changed[number], buckets[number] = [], bucket
        changed[number].append((position, by))
    last = {
        number: (position, n)
        for number, position, n in connection.execute(LAST.format(g=g), (json.dumps(list(changed)),))
    }
    connection.executemany(
        BUCKET.format(g=g), [bucket for bucket in buckets.values() if bucket[0] not in last]
    )
    rows: list[tuple[int, int, int]] = []
    for number, steps in changed.items():
        end, n = last.get(number, (0, 0))
        if steps[0][0] <= end:
            _insert_late(connection, g, number, steps)
            continue
        for position, by in steps:
            n += by
            rows.append((number, position, n))
    connection.executemany(TALLY.format(g=g), rows)


def _insert_late(connection: Connection, g: int, bucket: int, steps: list[tuple[int, int]]) -> None:
    for position, by in steps:
        before = connection.execute(BEFORE.format(g=g), (bucket, position)).fetchone()
        connection.execute(SHIFT.format(g=g), (by, bucket, position))
        connection.execute(TALLY.format(g=g), (bucket, position, (before[0] if before else 0) + by))
