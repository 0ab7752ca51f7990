"""Statements that are said in the form of the wire: whatever became of them before on a connection."""

from __future__ import annotations

from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_wire import Wired, number

TWICE = Wired("twice", "SELECT 2 * $1::bigint")


def test_a_statement_is_prepared_when_it_is_first_said(log_url: str) -> None:
    with PostgresStore(log_url) as store, store.connection() as connection:
        assert [TWICE.said(connection, [number(value)]) for value in (21, None)] == [[42], [None]]


def test_one_that_was_prepared_unheard_can_be_said(log_url: str) -> None:
    with PostgresStore(log_url) as store, store.connection() as connection:
        connection.pgconn.prepare(
            b"twice", b"SELECT 2 * $1::bigint"
        )  # by somebody cancelled before the answer
        assert TWICE.said(connection, [number(21)]) == [42]


def test_one_that_was_thrown_away_is_prepared_anew(log_url: str) -> None:
    with PostgresStore(log_url) as store, store.connection() as connection:
        TWICE.said(connection, [number(21)])
        connection.execute("DEALLOCATE ALL")
        assert TWICE.said(connection, [number(21)]) == [42]
