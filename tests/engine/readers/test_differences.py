"""What differs between the rows of a read model and those of its replay, read side by side and never all at once."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentorcycle.engine.readers.postgres_connection import PostgresConnection
from mentorcycle.engine.readers.replay import MOST_DIFFERENCES, Difference, differences
from mentorcycle.projections.connection import SqliteConnection
from mentorcycle.projections.projection import ReadModel, Table

NOTES = Table(
    "notes",
    "word, number",
    "CREATE TABLE notes_{g} (text TEXT, number INTEGER NOT NULL, word TEXT NOT NULL, PRIMARY KEY (word, number))",
)
MARKS = Table("marks", "number", "CREATE TABLE marks_{g} (number INTEGER PRIMARY KEY)")
MODEL = ReadModel("notes", 1, (NOTES, MARKS), lambda connection, g, events: None)

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=2)
KEYS = st.tuples(WORDS | st.sampled_from(["a", "A", "ä", "", "\U0001f600"]), st.integers(-3, 3))
ROWS = st.dictionaries(KEYS, st.none() | st.sampled_from(["x", "y"]), max_size=8)
NUMBERS = st.sets(st.integers(0, 9))

Rows = dict[tuple[str, int], str | None]


@pytest.fixture
def replayed() -> Iterator[SqliteConnection]:
    with closing(sqlite3.connect("", isolation_level=None, factory=SqliteConnection)) as connection:
        yield connection


@pytest.fixture(params=["sqlite", "postgres"])
def stored(request: pytest.FixtureRequest) -> Iterator[SqliteConnection | PostgresConnection]:
    if request.param == "sqlite":
        with closing(sqlite3.connect("", isolation_level=None, factory=SqliteConnection)) as connection:
            yield connection
        return
    with closing(psycopg.connect(request.getfixturevalue("database"), autocommit=True)) as raw:
        yield PostgresConnection(raw)


def fill(connection, generation: int, rows: Rows, numbers: set[int]) -> None:
    MODEL.create(connection, generation)
    notes = [(text, number, word) for (word, number), text in rows.items()]
    connection.executemany(f"INSERT INTO notes_{generation} VALUES (?, ?, ?)", notes)
    connection.executemany(f"INSERT INTO marks_{generation} VALUES (?)", [(number,) for number in numbers])


def naive(table: str, found: dict, wanted: dict) -> list[Difference]:
    said = []
    for key in sorted({*found, *wanted}):
        if key not in wanted:
            said.append(Difference(table, key, "extra"))
        elif key not in found:
            said.append(Difference(table, key, "missing"))
        elif found[key] != wanted[key]:
            said.append(Difference(table, key, "other"))
    return said


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=ROWS, wanted=ROWS, some=NUMBERS, others=NUMBERS, size=st.integers(1, 4))
def test_they_are_those_of_a_comparison_of_everything(stored, replayed, found, wanted, some, others, size):
    both = {**found, **wanted} if size % 2 else wanted  # so that most rows are often the same
    for connection in (stored, replayed):
        connection.execute("BEGIN")
    try:
        fill(stored, 2, both, some)
        fill(replayed, 1, wanted, others)
        said = list(differences(MODEL, stored, 2, replayed, size))
    finally:
        for connection in (stored, replayed):
            connection.execute("ROLLBACK")
    numbers = ({(number,): 0 for number in found} for found in (some, others))
    assert said == [*naive("notes", both, wanted), *naive("marks", *numbers)]


def test_most_rows_of_a_large_table_are_never_in_memory(stored, replayed):
    rows: Rows = {("w", number): f"{number:0100}" for number in range(20_000)}
    for connection, generation in ((stored, 2), (replayed, 1)):
        connection.execute("BEGIN")
        fill(connection, generation, rows, set())
    stored.execute("DELETE FROM notes_2 WHERE number = 19999")
    tracemalloc.start()
    try:
        assert list(differences(MODEL, stored, 2, replayed, 100)) == [
            Difference("notes", ("w", 19_999), "missing")
        ]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000  # all rows of one side take five times as much


def test_who_has_read_enough_of_them_can_go_on_in_the_same_transaction(stored, replayed):
    for connection in (stored, replayed):
        connection.execute("BEGIN")
    fill(stored, 2, {("w", number): None for number in range(3 * MOST_DIFFERENCES)}, set())
    fill(replayed, 1, {}, {1})
    with closing(differences(MODEL, stored, 2, replayed, 1)) as rows:
        assert next(rows) == ("notes", ("w", 0), "extra")
    assert len(list(differences(MODEL, stored, 2, replayed, 1))) == 3 * MOST_DIFFERENCES + 1
