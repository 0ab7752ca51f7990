"""A psycopg connection as read models use it: placeholders, rows, many rows at once, and whose fault an error is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from time import monotonic, sleep

import psycopg
import pytest

from mentorcycle.engine.readers.postgres_connection import FEW, Fault, PostgresConnection, fault_of

TABLE = 'CREATE TEMPORARY TABLE note (id bigint PRIMARY KEY, text text COLLATE "C", more bigint)'
UPSERT = """INSERT INTO note SELECT * FROM unnest(?::bigint[], ?::text[], ?::bigint[])
            ON CONFLICT (id) DO UPDATE SET text = excluded.text, more = excluded.more"""

PLAIN = "INSERT INTO note VALUES (?, ?, ?)"
STATEMENTS = (PLAIN, f"{PLAIN}\n ON CONFLICT DO NOTHING", UPSERT)


@pytest.fixture
def connection(database: str) -> Iterator[PostgresConnection]:
    with closing(psycopg.connect(database, autocommit=True)) as raw:
        raw.execute(TABLE)
        yield PostgresConnection(raw)


def test_a_question_mark_is_a_value_outside_of_quotes_alone(connection):
    rows = connection.execute(
        "SELECT '?', 'it''s ?', \"a?\".\"b\", ?, 5 % 3 FROM (SELECT 1 AS b) AS \"a?\"", ("x",)
    )
    assert rows.fetchall() == [("?", "it's ?", 1, "x", 2)]


def test_rows_are_read_while_other_statements_run(connection):
    rows = connection.execute("SELECT n FROM generate_series(1, 3) AS n")
    assert rows.fetchone() == (1,)
    assert connection.execute("SELECT ?", (7,)).fetchone() == (7,)
    assert rows.fetchmany(1) == [(2,)]
    assert list(rows) == [(3,)]
    assert rows.fetchone() is None
    assert rows.fetchall() == []


def test_one_statement_is_one_prepared_statement_whatever_the_length_of_its_numbers(connection):
    for number in (1, 70_000, 2**40, 2**63 - 1):
        assert connection.execute("SELECT ?", (number,)).fetchone() == (number,)
    prepared = connection.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1'")
    assert prepared.fetchone() == (1,)


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 3000])
@pytest.mark.parametrize("statement", STATEMENTS, ids=["plain", "nothing", "columns"])
def test_many_rows_are_written_as_they_are(connection, statement, count):
    texts = ("", "Ünal\t\\N", None, "a'b\n", "{1,2}", "\U0010ffff")
    rows = [(n, texts[n % len(texts)], None if n % 2 else -n) for n in range(count)]
    connection.executemany(statement, iter(rows))
    assert connection.execute("SELECT * FROM note ORDER BY id").fetchall() == rows
    connection.executemany(statement, [])
    connection.executemany("DELETE FROM note WHERE id = ?", [(row[0],) for row in rows])
    assert connection.execute("SELECT count(*) FROM note").fetchone() == (0,)


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 3000])
def test_many_rows_are_changed_each_as_it_says(connection, count):
    connection.executemany(PLAIN, [(n, "old", n) for n in range(count + 1)])
    change = "UPDATE note SET text = ?,\n more = ? WHERE id = ? AND more = ?"
    connection.executemany(change, [(None if n % 2 else f"new {n}", -n, n, n) for n in range(count)])
    wanted = [(n, None if n % 2 else f"new {n}", -n) for n in range(count)]
    assert connection.execute("SELECT * FROM note ORDER BY id").fetchall() == [*wanted, (count, "old", count)]


def test_a_column_of_nothing_has_the_type_that_the_statement_says(connection):
    connection.executemany(UPSERT, [(1, None, None), (2, None, None)])
    assert connection.execute("SELECT * FROM note").fetchall() == [(1, None, None), (2, None, None)]


def test_named_columns_of_a_plain_insert_may_be_in_another_order(connection):
    connection.executemany("INSERT INTO note (text, id) VALUES (?, ?)", [(f"t{n}", n) for n in range(100)])
    assert connection.execute("SELECT * FROM note WHERE id = ?", (99,)).fetchone() == (99, "t99", None)


def test_what_does_not_fit_into_memory_comes_in_chunks(connection):
    with connection.raw.transaction():
        chunks = connection.chunks("SELECT n FROM generate_series(1, 25) AS n", 10)
        assert [len(chunk) for chunk in chunks] == [10, 10, 5]
        unread = connection.chunks("SELECT n FROM generate_series(1, 25) AS n", 10)
        assert next(unread)[0] == (1,)
        unread.close()
        assert connection.execute("SELECT count(*) FROM pg_cursors WHERE name = 'chunks'").fetchone() == (0,)


def error_of(connection, *statements) -> psycopg.Error:
    try:
        with connection.raw.transaction():
            for statement in statements:
                connection.execute(statement)
    except psycopg.Error as error:
        return error
    raise AssertionError("this went well")


WRONG = {
    "INSERT INTO note VALUES (1), (1)": Fault.EVENT,
    "SELECT 1 / 0": Fault.EVENT,
    "SELECT 'x'::bigint": Fault.EVENT,
    "SELECT nothing": Fault.MODEL,
    "SELECT * FROM nowhere": Fault.MODEL,
    "SELEC": Fault.MODEL,
    "SET LOCAL statement_timeout = 1; SELECT pg_sleep(9)": Fault.MEDIUM,
    "SELECT pg_terminate_backend(pg_backend_pid())": Fault.MEDIUM,
}


@pytest.mark.parametrize("statement", WRONG)
def test_an_error_is_the_fault_of_the_medium_the_event_or_the_model(connection, statement):
    assert fault_of(error_of(connection, *statement.split("; "))) is WRONG[statement]


def test_a_text_that_postgres_cannot_keep_is_the_fault_of_its_event(connection):
    with pytest.raises(psycopg.Error) as raised:
        connection.executemany("INSERT INTO note VALUES (?, ?, ?)", [(n, "a\0b", n) for n in range(100)])
    assert fault_of(raised.value) is Fault.EVENT
    with pytest.raises(psycopg.Error) as raised:
        connection.executemany(UPSERT, [(1, "a\0b", 1)])
    assert fault_of(raised.value) is Fault.EVENT
    with pytest.raises(psycopg.Error) as raised:
        connection.execute("SELECT ?", ("a\0b",))
    assert fault_of(raised.value) is Fault.EVENT


def test_what_is_refused_to_a_role_is_the_fault_of_the_medium(connection):
    connection.execute("CREATE ROLE nobody_at_all")
    try:
        error = error_of(connection, "SET LOCAL ROLE nobody_at_all", "SELECT * FROM note")
        assert fault_of(error) is Fault.MEDIUM
    finally:
        connection.execute("DROP ROLE nobody_at_all")


@pytest.mark.parametrize("count", [3, FEW + 1])
@pytest.mark.parametrize("statement", STATEMENTS, ids=["plain", "nothing", "columns"])
def test_who_stands_still_after_writing_many_rows_is_parted_with(connection, database, statement, count):
    """And loses its locks: otherwise no other worker could take over from it."""
    pid = connection.raw.info.backend_pid
    connection.execute("SET idle_in_transaction_session_timeout = '100ms'")
    connection.execute("BEGIN")
    connection.executemany(statement, [(n, "", n) for n in range(count)])
    deadline = monotonic() + 60
    with psycopg.connect(database, autocommit=True) as looking:
        while looking.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchall():
            assert monotonic() < deadline, "its session never ended"
            sleep(0.02)
