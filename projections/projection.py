"""The port to a read model: tables that are a fold of the log, disposable, with a version.

Whoever keeps them up to date (which events, in which transaction, which generation serves) is the engine's part.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from mentorcycle.domain.recorded import Recorded

CHUNK = 2000

Apply: TypeAlias = Callable[[sqlite3.Connection, int, "Sequence[Recorded[Any]]"], None]


@dataclass(frozen=True, slots=True)
class Table:
    """One table and its indexes; `{g}` in the statements stands for the generation, `key` orders its rows."""

    name: str
    key: str
    create: str
    indexes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadModel:
    """Rows that follow from the log alone.

    `version` is raised whenever the tables or the fold change: the rows are then built anew. `apply(connection,
    generation, events)` takes a batch in order of the log and gives the same rows however the log is cut into
    batches; events of one stream always come in order, those of different streams may come late (after a mend).
    It raises for an event that it cannot take.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    apply: Apply

    def create(self, connection: sqlite3.Connection, generation: int) -> None:
        """Make the empty tables of a generation."""
        for table in self.tables:
            for statement in (table.create, *table.indexes):
                connection.execute(statement.format(g=generation))

    def drop(self, connection: sqlite3.Connection, generation: int) -> None:
        """Remove the tables of a generation, also those that an older version had: names begin with the model's."""
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table.startswith(f"{self.name}_") and table.endswith(f"_{generation}"):
                connection.execute(f"DROP TABLE {table}")

    def digest(self, connection: sqlite3.Connection, generation: int) -> str:
        """SHA-256 over every row in order of its key: two builds with the same rows have the same digest."""
        digest = sha256()
        for table in self.tables:
            digest.update(table.name.encode())
            rows = connection.execute(f"SELECT * FROM {table.name}_{generation} ORDER BY {table.key}")
            while chunk := rows.fetchmany(CHUNK):
                digest.update(repr(chunk).encode())
        return digest.hexdigest()
