"""A SQLite log as its readers see it; enough for lists and completion, and quick to import.

Appends nothing (see `sqlite`) and decodes nothing. Must never import `eventsourcing`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from time import monotonic
from typing import Any

from mentorcycle.projections.connection import SqliteConnection

from ..closing import Closing
from . import sqlite_care
from .bell import Bell
from .port import KnownCommand, NewWords, StoredRow
from .sqlite_connections import Connections
from .sqlite_errors import closed

_ROW = "e.position, e.tenant, e.stream, e.version, e.topic, e.recorded_at, e.state"
_HEAD = "SELECT coalesce(max(position), 0) FROM events"
_AT_OR_BEFORE = "SELECT position, recorded_at FROM events WHERE position <= ? ORDER BY position DESC LIMIT 1"
_INCARNATION = "SELECT coalesce((SELECT value FROM meta WHERE key = 'incarnation'), '')"
_LAST_POSITION = 2**63 - 1

_row: Callable[[tuple[Any, ...]], StoredRow] = partial(
    tuple.__new__, StoredRow
)  # `_make`, four times as fast


class SQLiteReader(Closing):
    """One log file, open for reading and for read models. Open it after `fork`, not before.

    `create` makes a log where there is none; `read_only` writes nothing at all, not even read models;
    `patience` is how many seconds to wait for others that write; `unfinished` is for who makes a copy of a log in it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        create: bool = True,
        read_only: bool = False,
        patience: float = 30.0,
        unfinished: bool = False,
    ) -> None:
        self.path = os.fspath(path)
        self._connections = Connections(
            self.path, create=create, read_only=read_only, patience=patience, unfinished=unfinished
        )
        self._bell = Bell()
        self._closed = False

    def reader(self) -> AbstractContextManager[SqliteConnection]:
        """A connection for queries that all see the same moment; it cannot write."""
        return self._connections.snapshot()

    def all_rows(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection of its own for reading everything as of one moment, however much that is."""
        return self._connections.apart()

    def writer(self) -> AbstractContextManager[SqliteConnection]:
        """A transaction for read models: committed at the end, rolled back on error.

        While it is open nobody appends; to append inside it is a RuntimeError.
        """
        return self._connections.writing()

    def incarnation(self) -> str:
        """Which log this is: another text once a backup has taken its place, empty before the first time."""
        with self._connections.reading() as connection:
            name: str = connection.execute(_INCARNATION).fetchone()[0]
            return name

    def head(self) -> int:
        """Position of the last event; 0 when there is none."""
        with self._connections.reading() as connection:
            return _number(connection, _HEAD)

    def read_stream(
        self, tenant: str, stream: str, *, after: int = 0, position: int | None = None
    ) -> list[StoredRow]:
        """Events of one stream with version > `after` (and position <= `position`), in order."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {_ROW} FROM events AS e WHERE tenant = ? AND stream = ? AND version > ?"
                " AND position <= ? ORDER BY version",
                (tenant, stream, after, _LAST_POSITION if position is None else position),
            )
            return list(map(_row, rows))

    def read_streams(self, tenant: str, streams: Sequence[str]) -> dict[str, list[StoredRow]]:
        """All events of many streams at once; streams without events are present and empty."""
        found: dict[str, list[StoredRow]] = {stream: [] for stream in streams}
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {_ROW} FROM json_each(?) AS wanted CROSS JOIN events AS e"
                " ON e.tenant = ? AND e.stream = wanted.value ORDER BY wanted.key, e.version",
                (json.dumps(list(found)), tenant),
            )
            for row in map(_row, rows):
                found[row.stream].append(row)
        return found

    def read_log(
        self, after: int, limit: int, *, upto: int | None = None, tenant: str | None = None
    ) -> list[StoredRow]:
        """At most `limit` events with `after` < position (<= `upto`), in order of position."""
        query = f"SELECT {_ROW} FROM events AS e WHERE position > ? AND position <= ?"
        values: tuple[int | str, ...] = (after, _LAST_POSITION if upto is None else upto)
        if tenant is not None:
            query += " AND +tenant = ?"  # the plus keeps SQLite from sorting a whole tenant by its index
            values = (*values, tenant)
        with self._connections.reading() as connection:
            rows = connection.execute(f"{query} ORDER BY position LIMIT ?", (*values, limit))
            return list(map(_row, rows))

    def position_at(self, recorded_at: int) -> int:
        """Last position recorded at or before that UTC microsecond; 0 when there is none."""
        with self._connections.snapshot() as connection:
            low, high = 0, _number(connection, _HEAD)
            while low < high:  # the answer, or the gap after it, lies in low..high
                middle = (low + high + 1) // 2
                row = connection.execute(_AT_OR_BEFORE, (middle,)).fetchone()
                if row is None or row[0] <= low or row[1] <= recorded_at:
                    low = middle
                else:
                    high = row[0] - 1
            row = connection.execute(_AT_OR_BEFORE, (low,)).fetchone()
            return row[0] if row else 0

    def find_command(self, tenant: str, command_id: str) -> KnownCommand | None:
        """The accepted command of that id."""
        with self._connections.reading() as connection:
            row = connection.execute(
                "SELECT content_hash, first, last, recorded_at FROM commands"
                " WHERE tenant = ? AND command_id = ?",
                (tenant, command_id),
            ).fetchone()
            return KnownCommand(*row) if row else None

    def read_words(self, tenant: str, stream: str) -> list[NewWords]:
        """All words of one stream, ordered by version and field."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT e.stream, e.version, w.field, w.commitment, w.salt, CAST(w.text AS BLOB)"
                " FROM events AS e CROSS JOIN words AS w ON w.position = e.position"
                " WHERE e.tenant = ? AND e.stream = ? ORDER BY e.version, w.field",
                (tenant, stream),
            )
            return [
                NewWords(stream, version, field, commitment, salt, text.decode(errors="surrogateescape"))
                for stream, version, field, commitment, salt, text in rows
            ]

    def wait(self, after: int, timeout: float) -> int:
        """Wait at most `timeout` seconds for the head to pass `after`; return the head."""
        return self.wait_unless(after, timeout, lambda: False)

    def wait_unless(self, after: int, timeout: float, stopped: Callable[[], bool]) -> int:
        """`wait`, which also ends when `stopped()` is true after `wake()`.

        Appends of this process wake it at once; those of others are seen by asking SQLite 20 to 100
        times a second whether the file changed, which reads no page.
        """
        deadline = monotonic() + timeout
        pause = 0.01
        with self._connections.reading() as connection:
            while True:
                rings = self._bell.rings
                changes = _number(connection, "PRAGMA data_version")
                head = _number(connection, _HEAD)
                while rings == self._bell.rings and changes == _number(connection, "PRAGMA data_version"):
                    left = deadline - monotonic()
                    if head > after or left <= 0 or stopped():
                        return head
                    self._bell.wait(rings, min(pause, left))
                    pause = min(pause * 1.3, 0.05)
                if self._closed:
                    raise closed(self.path)

    def wake(self) -> None:
        """Let those who wait look again."""
        self._bell.ring()

    def backup(self, to: str | os.PathLike[str]) -> int:
        """Write a copy of this moment to a new file, while others go on; return its head."""
        with self._connections.reading() as connection:
            return sqlite_care.backup(connection, os.fspath(to))

    def findings(self, *, quick: bool = False) -> list[str]:
        """What is wrong with the file, in words; `quick` does not compare indexes with tables."""
        with self._connections.reading() as connection:
            return sqlite_care.findings(connection, quick=quick)

    def scrub(self) -> None:
        """Leave no trace of deleted rows in the file and its write-ahead log."""
        with self._connections.exclusive_of_writers() as connection:
            sqlite_care.scrub(connection, self.path, self._connections.patience)

    def close(self) -> None:
        """Give back every connection this store opened; a second call does nothing."""
        self._closed = True
        self.wake()
        self._connections.close()


def _number(connection: sqlite3.Connection, query: str) -> int:
    number: int = connection.execute(query).fetchone()[0]
    return number
