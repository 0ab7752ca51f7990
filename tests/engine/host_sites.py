"""A host: a program with tables of its own in the database of the log, and connections that it makes itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from mentorcycle.engine import Engine


@dataclass
class Host:
    """`kind` is sqlite or postgres; `address` what its driver connects to."""

    kind: str
    address: str
    opened: list[Any] = field(default_factory=list)

    def connect(self, **options: Any) -> Any:
        """A connection of the host; in SQLite one that begins its transactions for writing."""
        if self.kind == "sqlite":
            options = {"isolation_level": "IMMEDIATE", "timeout": 0.2, **options}
            connection: Any = sqlite3.connect(self.address, **options)
        else:
            connection = psycopg.connect(self.address, **options)
        self.opened.append(connection)
        return connection

    def add(self, connection: Any, note: str) -> None:
        """A row of the host's own."""
        mark = "?" if self.kind == "sqlite" else "%s"
        connection.execute(f"INSERT INTO notes VALUES ({mark})", (note,))

    def notes(self) -> list[str]:
        """The rows that are committed."""
        with self.looking() as connection:
            return [note for (note,) in connection.execute("SELECT note FROM notes ORDER BY note")]

    @contextmanager
    def looking(self) -> Iterator[Any]:
        """A connection of somebody else."""
        connection: Any
        if self.kind == "sqlite":
            connection = sqlite3.connect(self.address, isolation_level=None)
        else:
            connection = psycopg.connect(self.address, autocommit=True)
        try:
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        for connection in self.opened:
            connection.close()


def host_of(url: str) -> Host:
    """A host in the database of a log that exists."""
    kind = "sqlite" if url.startswith("sqlite:") else "postgres"
    host = Host(kind, url.removeprefix("sqlite:///") if kind == "sqlite" else url)
    with host.looking() as connection:
        connection.execute("CREATE TABLE notes (note text PRIMARY KEY)")
    return host


def positions(engine: Engine) -> list[int]:
    """Every position of the log, in order."""
    return [row.position for row in engine.store.read_log(0, 10_000)]
