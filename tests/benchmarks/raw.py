"""The floor: the driver alone, on a copy of our file without triggers. Same rows, same indexes, WAL, FULL."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

EVENT = "INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?)"
EVENTS_OF = (
    "SELECT tenant, stream, version, topic, recorded_at, state FROM events WHERE position BETWEEN ? AND ?"
)
STREAM = "SELECT * FROM events WHERE tenant = ? AND stream = ? AND position <= ? ORDER BY version"
LOG = "SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?"
LAST = 2**63 - 1

Row = Sequence[Any]


def connect(path: Path) -> sqlite3.Connection:
    """A connection as durable as ours."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def write_raw(path: Path, ours: Path) -> None:
    """Copy our log (which nobody has open) and drop its triggers."""
    shutil.copyfile(ours, path)
    connection = connect(path)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")]
    for name in names:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def settle(path: Path) -> None:
    """Bring everything into the main file, so that a copy of it is whole."""
    connection = connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class Floor:
    """What the driver can do with these tables."""

    def __init__(self, path: Path) -> None:
        self.connection = connect(path)

    def close(self) -> None:
        self.connection.close()

    def commit_each(self, events: Iterable[Row]) -> int:
        """One row, one durable commit."""
        execute = self.connection.execute
        count = 0
        for row in events:
            execute("BEGIN IMMEDIATE")
            execute(EVENT, row)
            execute("COMMIT")
            count += 1
        return count

    def commit_all(self, tables: Sequence[tuple[str, Sequence[Row]]]) -> int:
        """Rows of several tables by `executemany` in one durable commit; how many the first table got."""
        self.connection.execute("BEGIN IMMEDIATE")
        for statement, rows in tables:
            self.connection.executemany(statement, rows)
        self.connection.execute("COMMIT")
        return len(tables[0][1])

    def stream(self, tenant: str, stream: str, upto: int = LAST) -> list[Row]:
        return self.connection.execute(STREAM, (tenant, stream, upto)).fetchall()

    def log(self, batch: int = 1000) -> int:
        """Read every row of the log, in batches; return how many there were."""
        after = count = 0
        while rows := self.connection.execute(LOG, (after, batch)).fetchall():
            after = rows[-1][0]
            count += len(rows)
        return count


class Written:
    """Rows that another file got, to be written again: the same events, commands and words."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._after = 0
        self.mark()

    def close(self) -> None:
        self._connection.close()

    def mark(self) -> None:
        """From here on."""
        self._after = self._connection.execute("SELECT max(position) FROM events").fetchone()[0] or 0

    def events(self) -> list[Row]:
        """Events since the mark, without their positions."""
        return self._connection.execute(EVENTS_OF, (self._after + 1, LAST)).fetchall()

    def tables(self) -> list[tuple[str, list[Row]]]:
        """Statements and rows of everything since the mark, in the order of the tables' keys."""
        commands = self._connection.execute(
            "SELECT * FROM commands WHERE first > ?", (self._after,)
        ).fetchall()
        events = self.events()
        words = self._connection.execute("SELECT * FROM words WHERE position > ?", (self._after,)).fetchall()
        tables = [(EVENT, events), _insert("commands", commands), _insert("words", words)]
        return [(statement, rows) for statement, rows in tables if rows]


def _insert(table: str, rows: list[Row]) -> tuple[str, list[Row]]:
    marks = ", ".join("?" * len(rows[0])) if rows else ""
    return f"INSERT INTO {table} VALUES ({marks})", rows
