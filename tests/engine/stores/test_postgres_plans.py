"""By which ways the log is read in PostgreSQL: what a batch costs must not grow with the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from mentorcycle.engine.stores.postgres_connections import Connections
from mentorcycle.engine.stores.postgres_schema import DEFAULT_SCHEMA
from mentorcycle.engine.stores.postgres_statements import spoken_to

LONG = 20_000
SQL = spoken_to(DEFAULT_SCHEMA)
READINGS = {
    "the log": (SQL.log, {}),
    "one tenant": (SQL.log_of_tenant, {"tenant": "t", "topics": None}),
    "what is wanted": (SQL.log_wanted, {"kinds": ["s"], "parts": 5}),
}


@pytest.fixture
def long(log_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of a store to a log of many transactions, which the server knows well."""
    with psycopg.connect(log_url, autocommit=True) as connection:
        connection.execute("SET search_path = mentorcycle")
        for insert in (
            "events SELECT n, 1, 0, 't', 's' || n, 'A.1', '' FROM",
            "arrivals SELECT n, 1, 1 FROM",
            "positions SELECT n, n, 1, 1 FROM",
        ):
            connection.execute(f"INSERT INTO {insert} generate_series(1, {LONG}) n")
        connection.execute("VACUUM ANALYZE")
    connections = Connections(log_url, schema=DEFAULT_SCHEMA, size=1, patience=30, read_only=False)
    with connections.single() as connection:
        yield connection
    connections.close()


@pytest.mark.parametrize("batch", [1, 500])
@pytest.mark.parametrize("what", READINGS)
def test_a_batch_is_read_without_going_over_more_of_the_log(long, what, batch):
    query, more = READINGS[what]
    values = {"after": LONG - batch - 100, "upto": LONG - 100, "limit": batch, **more}
    long.execute("PREPARE reading AS " + query % {name: f"${n}" for n, name in enumerate(values, 1)})
    with psycopg.ClientCursor(long) as cursor:
        placeholders = ", ".join(["%s"] * len(values))
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE reading ({placeholders})"
        (found,) = cursor.execute(explain, list(values.values())).fetchone()
    assert max(_rows(found[0]["Plan"])) <= 2 * batch


def _rows(plan: dict[str, Any]) -> Iterator[int]:
    """How many rows each step of a plan looked at."""
    yield plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    for part in plan.get("Plans", ()):
        yield from _rows(part)
