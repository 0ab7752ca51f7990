"""The port to a read model: tables that are a fold of the log, disposable, with a version.

Whoever keeps them up to date (which events, in which transaction, which generation serves) is the engine's part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from .connection import Connection, Dialect, Sql, ddl

if TYPE_CHECKING:
    from mentorcycle.domain.recorded import Recorded

CHUNK = 2000
PARTS = 8
"""Into how many parts a read model that can be folded in parts is cut."""

Apply: TypeAlias = Callable[[Connection, int, "Sequence[Recorded[Any]]"], None]

NAMES = Sql(
    "SELECT name FROM sqlite_schema WHERE type = 'table'",
    "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
)


@lru_cache(maxsize=65536)
def part_of(tenant: str, stream: str) -> int:
    """The part, from 0 on, that a stream's events belong to in a read model of `PARTS` parts."""
    return sha256(f"{tenant}\x1f{stream}".encode()).digest()[0] % PARTS


PART_OF = f"mod(get_byte(sha256(convert_to({{tenant}} || chr(31) || {{stream}}, 'UTF8')), 0), {PARTS})"
"""The same in the words of PostgreSQL, of any version: a server sends the events of some parts alone."""


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
    It raises for an event that it cannot take. It reads first and then writes.

    With `kinds`, events count only in streams whose names begin with one of these, as `cycle:`; the rows are the same
    whether it is given the others too or not.

    With `parts` > 1 events may be folded part by part (`part_of`), by several transactions at once, each part in
    order of the log however far the others are: when all have read the log to one position the rows are the same.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    apply: Apply
    parts: int = 1
    kinds: tuple[str, ...] = ()

    def create(self, connection: Connection, generation: int) -> None:
        """Make the empty tables of a generation."""
        for statement in self.statements(generation, connection.dialect):
            connection.execute(statement)

    def statements(self, generation: int, dialect: Dialect) -> list[str]:
        """What `create` says."""
        return [
            ddl(statement, dialect).format(g=generation)
            for table in self.tables
            for statement in (table.create, *table.indexes)
        ]

    def table_names(self, generation: int) -> list[str]:
        """The tables of a generation."""
        return [f"{table.name}_{generation}" for table in self.tables]

    def empty(self, connection: Connection, generation: int) -> None:
        """Take every row out of the tables of a generation."""
        names = self.table_names(generation)
        if connection.dialect is Dialect.POSTGRES:
            connection.execute(f"TRUNCATE {', '.join(names)}")
        else:
            for name in names:
                connection.execute(f"DELETE FROM {name}")

    def drop(self, connection: Connection, generation: int) -> None:
        """Remove the tables of a generation, also those that an older version had: names begin with the model's."""
        for (table,) in connection.execute(NAMES.on(connection.dialect)).fetchall():
            if table.startswith(f"{self.name}_") and table.endswith(f"_{generation}"):
                connection.execute(f"DROP TABLE {table}")

    def digest(self, connection: Connection, generation: int) -> str:
        """SHA-256 over every row in order of its key: two builds with the same rows have the same digest."""
        digest = sha256()
        for table in self.tables:
            digest.update(table.name.encode())
            rows = f"SELECT * FROM {table.name}_{generation} ORDER BY {table.key}"
            for chunk in connection.chunks(rows, CHUNK):
                digest.update(repr(chunk).encode())
        return digest.hexdigest()
