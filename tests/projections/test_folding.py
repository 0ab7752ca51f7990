"""How a batch is folded, beside what comes of it: it reads before it writes, and parts let each other through."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from mentorcycle.projections import CYCLES, MODELS
from mentorcycle.projections.connection import SqliteConnection

from .histories import long_history
from .test_laws import built, streams
from .test_partitions import parts_of

HISTORY = long_history(600, seed=11)


class Telling(SqliteConnection):
    """Keeps the first word of every statement that did something, and the rows that were written to each table."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.words: list[str] = []
        self.rows: dict[str, list[Any]] = {}

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> sqlite3.Cursor:
        self.words.append(statement.split()[0])
        return super().execute(statement, values)

    def executemany(self, statement: str, rows: Any, /) -> sqlite3.Cursor:
        rows = list(rows)
        if rows:
            self.words.append(statement.split()[0])
            self.rows[statement.split()[2]] = rows
        return super().executemany(statement, rows)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_batch_reads_all_it_needs_before_it_writes(model):
    late = next(events for _, stream, events in streams(HISTORY) if stream.startswith("cycle:"))
    others = [r for r in HISTORY if r not in late]
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Telling)) as connection:
        model.create(connection, 1)
        for batch in (others[:300], others[300:], late):
            connection.words.clear()
            model.apply(connection, 1, batch)
            writing = [word in ("INSERT", "UPDATE", "DELETE") for word in connection.words]
            assert writing == sorted(writing)
            assert any(writing) == (model.name != "people" or batch is not late)


def test_what_parts_share_is_written_last_and_in_one_order():
    """Two transactions that add the same buckets then wait for each other in one direction only."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Telling)) as connection:
        CYCLES.create(connection, 1)
        CYCLES.apply(connection, 1, HISTORY)
        buckets = connection.rows["cycles_bucket_1"]
    assert len(buckets) > 10
    assert buckets == sorted(buckets)
    assert list(connection.rows)[-1] == "cycles_bucket_1"


def test_parts_are_folded_by_transactions_that_overlap(database):
    import psycopg

    from mentorcycle.engine.readers.postgres_connection import PostgresConnection

    parts = parts_of(HISTORY)
    first = [r for part in parts[::2] for r in part]
    second = [r for part in parts[1::2] for r in part]
    with (
        psycopg.connect(database, autocommit=True) as one,
        psycopg.connect(database, autocommit=True) as other,
        ThreadPoolExecutor(1) as thread,
    ):
        CYCLES.create(PostgresConnection(one), 1)
        other.execute("SET lock_timeout = '30s'")

        def fold() -> None:
            with other.transaction():
                CYCLES.apply(PostgresConnection(other), 1, second)

        with one.transaction():
            CYCLES.apply(PostgresConnection(one), 1, first)
            folding = thread.submit(fold)
            while not one.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0]:
                assert not folding.done(), "nothing is shared, so this test shows nothing"
        folding.result()
        with one.transaction():
            assert CYCLES.digest(PostgresConnection(one), 1) == CYCLES.digest(built(CYCLES, HISTORY), 1)
