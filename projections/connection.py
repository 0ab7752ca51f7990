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
        """Run one statement for each row, in their order."""


class SqliteConnection(sqlite3.Connection):
    """Made by `sqlite3.connect(..., factory=SqliteConnection)`."""

    dialect = Dialect.SQLITE


class Sql(NamedTuple):
    """A statement that each database wants in words of its own."""

    sqlite: str
    postgres: str

    def on(self, dialect: Dialect) -> str:
        """The words for a dialect."""
        return self.postgres if dialect is Dialect.POSTGRES else self.sqlite


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
