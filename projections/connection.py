"""What read models need of a database: statements with `?` for values, and rows as tuples; and which SQL it speaks.

SQL that both dialects understand is written once, the rest twice and side by side (`Sql`). Who makes connections and
begins and ends transactions is not known here; no driver but Python's own is imported.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple, Protocol


class Dialect(Enum):
    """Which SQL a database speaks."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


class Rows(Protocol):
    """What a query found: tuples of int, str, None (and bytes), alike on every database."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any: ...

    def fetchmany(self, size: int = ..., /) -> list[Any]: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """A connection in whatever transaction its lender began. Unqualified names of tables are found by its means."""

    @property
    def dialect(self) -> Dialect: ...

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Rows:
        """Run one statement; each `?` outside of quotes stands for one value."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run one statement for each row, in their order. Values of one column are of one type, or None."""

    def chunks(self, statement: str, size: int, /) -> Iterator[list[Any]]:
        """The rows of a query that may find more than fits into memory, by so many."""


class SqliteConnection(sqlite3.Connection):
    """Made by `sqlite3.connect(..., factory=SqliteConnection)`."""

    dialect = Dialect.SQLITE

    def chunks(self, statement: str, size: int, /) -> Iterator[list[Any]]:
        """The rows of a query, by so many."""
        rows = self.execute(statement)
        while chunk := rows.fetchmany(size):
            yield chunk


class Sql(NamedTuple):
    """What each database wants in words of its own."""

    sqlite: str
    postgres: str

    def on(self, dialect: Dialect) -> str:
        """The words for a dialect."""
        return self.postgres if dialect is Dialect.POSTGRES else self.sqlite

    def around(self, before: str, after: str = "") -> Sql:
        """Both, between words that both understand."""
        return Sql(before + self.sqlite + after, before + self.postgres + after)


_LISTS = {
    "texts": Sql("json_each(?) AS wanted", "jsonb_array_elements_text(CAST(? AS jsonb)) AS wanted(value)"),
    "numbers": Sql(
        "json_each(?) AS wanted",
        """(SELECT CAST(value AS bigint) AS value
            FROM jsonb_array_elements_text(CAST(? AS jsonb)) AS list(value)) AS wanted""",
    ),
    "text_pairs": Sql(
        """(SELECT json_extract(value, '$[0]') AS a, json_extract(value, '$[1]') AS b
            FROM json_each(?)) AS wanted""",
        """(SELECT value->>0 AS a, value->>1 AS b
            FROM jsonb_array_elements(CAST(? AS jsonb)) AS list(value)) AS wanted""",
    ),
    "number_pairs": Sql(
        """(SELECT json_extract(value, '$[0]') AS a, json_extract(value, '$[1]') AS b
            FROM json_each(?)) AS wanted""",
        """(SELECT CAST(value->>0 AS bigint) AS a, CAST(value->>1 AS bigint) AS b
            FROM jsonb_array_elements(CAST(? AS jsonb)) AS list(value)) AS wanted""",
    ),
}
"""Rows of a JSON list that is one value: `wanted.value`, or `wanted.a` and `wanted.b` of a list of pairs."""


def each(wanted: str, table: str, condition: str) -> Sql:
    """FROM and WHERE of a query for the rows `t` of a table that belong to one item after the other of a list.

    By index, whatever the planner knows of the table: so SQLite takes a CROSS JOIN, and PostgreSQL a LATERAL with an
    OFFSET. Both are apt to scan a table that grew since they looked.
    """
    return Sql(
        f"FROM {{{wanted}}} CROSS JOIN {table} AS t WHERE {condition}",
        f"FROM {{{wanted}}} CROSS JOIN LATERAL (SELECT * FROM {table} AS t WHERE {condition} OFFSET 0) AS t",
    )


@lru_cache(maxsize=1024)
def worded(statement: str | Sql, dialect: Dialect, generation: int) -> str:
    """A statement in the words of a dialect, with the generation for `{g}` and lists for `{texts}` and the like."""
    text = statement if isinstance(statement, str) else statement.on(dialect)
    return text.format(g=generation, **{name: words.on(dialect) for name, words in _LISTS.items()})


_TYPES = (
    (re.compile(r"\bINTEGER\b"), "bigint"),
    (re.compile(r"\bTEXT\b"), 'text COLLATE "C"'),  # ordered by bytes, as on SQLite
    (re.compile(r"\) WITHOUT ROWID"), ")"),
)


@lru_cache(maxsize=256)
def ddl(statement: str, dialect: Dialect) -> str:
    """A CREATE TABLE or CREATE INDEX that is written for SQLite, with the types of a dialect."""
    if dialect is Dialect.POSTGRES:
        for pattern, replacement in _TYPES:
            statement = pattern.sub(replacement, statement)
    return statement
