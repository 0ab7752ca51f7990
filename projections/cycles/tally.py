"""How many cycles stand in a bucket, from which position of the log on: counts of any moment are a few seeks."""

from __future__ import annotations

import json
import sqlite3
from typing import TypeAlias

from .tables import bucket_of

Delta: TypeAlias = tuple[str, str, str, str, int, int]
"""Tenant, programme, stage, status, position, and +1 or -1."""

LAST = """
SELECT wanted.value, t.position, t.n FROM json_each(?) AS wanted
CROSS JOIN cycles_tally_{g} AS t ON t.bucket = wanted.value
  AND t.position = (SELECT max(position) FROM cycles_tally_{g} WHERE bucket = wanted.value)"""
BEFORE = "SELECT n FROM cycles_tally_{g} WHERE bucket = ? AND position < ? ORDER BY position DESC LIMIT 1"
SHIFT = "UPDATE cycles_tally_{g} SET n = n + ? WHERE bucket = ? AND position > ?"
BUCKET = "INSERT INTO cycles_bucket_{g} VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
TALLY = "INSERT INTO cycles_tally_{g} VALUES (?, ?, ?)"


def write_tallies(connection: sqlite3.Connection, g: int, deltas: list[Delta]) -> None:
    """Add changes to the counts; those that come late, after a mend, also raise or lower what follows them."""
    changed: dict[int, list[tuple[int, int]]] = {}
    names: dict[int, tuple[int, str, str, str, str]] = {}
    for tenant, programme, stage, status, position, by in deltas:
        bucket = bucket_of(tenant, programme, stage, status)
        if bucket not in changed:
            changed[bucket] = []
            names[bucket] = (bucket, tenant, programme, stage, status)
        changed[bucket].append((position, by))
    last = {
        bucket: (position, n)
        for bucket, position, n in connection.execute(LAST.format(g=g), (json.dumps(list(changed)),))
    }
    connection.executemany(BUCKET.format(g=g), [names[b] for b in names if b not in last])
    rows: list[tuple[int, int, int]] = []
    for bucket, steps in changed.items():
        end, n = last.get(bucket, (0, 0))
        if steps[0][0] <= end:
            _insert_late(connection, g, bucket, steps)
            continue
        for position, by in steps:
            n += by
            rows.append((bucket, position, n))
    connection.executemany(TALLY.format(g=g), rows)


def _insert_late(connection: sqlite3.Connection, g: int, bucket: int, steps: list[tuple[int, int]]) -> None:
    for position, by in steps:
        before = connection.execute(BEFORE.format(g=g), (bucket, position)).fetchone()
        connection.execute(SHIFT.format(g=g), (by, bucket, position))
        connection.execute(TALLY.format(g=g), (bucket, position, (before[0] if before else 0) + by))
