"""A SQLite log as its readers see it; enough for lists and completion, and quick to import.

Appends nothing (see `sqlite`) and decodes nothing. Must never import `eventsourcing`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Condition, Lock
from time import monotonic
from types import TracebackType
from typing import Self

from mentorcycle.domain.errors import StoreUnavailable

from . import sqlite_schema
from .port import KnownCommand, NewWords, StoredRow
from .sqlite_append import COMMAND
from .sqlite_connections import Connections
from .sqlite_errors import closed, translated

_ROW = "e.position, e.tenant, e.stream, e.version, e.topic, e.recorded_at, e.state"
_LAST_POSITION = 2**63 - 1


class SQLiteReader:
    """One log file, open for reading and for read models.

    `create` makes a log where there is none; `read_only` never writes, not even read models; `patience`
    is how many seconds to wait for other writers.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        create: bool = True,
        read_only: bool = False,
        patience: float = 30.0,
    ) -> None:
        self.path = os.fspath(path)
        self._connections = Connections(self.path, read_only=read_only, patience=patience)
        self._grown = Condition(Lock())
        self._growth = 0
        self._closed = False
        create = create and not read_only
        with translated(self.path):
            if not Path(self.path).exists():
                self._make_file(create)
            connection = self._connections.connect(read_only=False)
            try:
                connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
                sqlite_schema.prepare(connection, self.path, create=create)
            finally:
                connection.close()

    def _make_file(self, create: bool) -> None:
        if not create:
            raise StoreUnavailable(
                f"there is no log at {self.path}",
                "the file does not exist",
                "run: mentorcycle db init, or check the path",
            )
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreUnavailable(
                f"no log can be made at {self.path}",
                error.strerror or str(error),
                "make the directory, or check its permissions",
            ) from error

    def reader(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection for queries that all see the same moment; it cannot write."""
        return self._connections.snapshot()

    def writer(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction for read models: committed at the end, rolled back on error.

        While it is open nobody appends; appending inside it is a RuntimeError.
        """
        return self._connections.writing()

    def head(self) -> int:
        """Position of the last event; 0 when there is none."""
        with self._connections.reading() as connection:
            return _head(connection)

    def read_stream(
        self, tenant: str, stream: str, *, after: int = 0, position: int | None = None
    ) -> list[StoredRow]:
        """Events of one stream with version > `after` (and position <= `position`), in order."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {_ROW} FROM events e WHERE tenant = ? AND stream = ? AND version > ?"
                " AND position <= ? ORDER BY version",
                (tenant, stream, after, _LAST_POSITION if position is None else position),
            )
            return list(map(StoredRow._make, rows))

    def read_streams(self, tenant: str, streams: Sequence[str]) -> dict[str, list[StoredRow]]:
        """All events of many streams at once; streams without events are present and empty."""
        found: dict[str, list[StoredRow]] = {stream: [] for stream in streams}
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {_ROW} FROM json_each(?) AS wanted CROSS JOIN events AS e"
                " ON e.tenant = ? AND e.stream = wanted.value ORDER BY wanted.id, e.version",
                (json.dumps(list(found)), tenant),
            )
            for row in map(StoredRow._make, rows):
                found[row.stream].append(row)
        return found

    def read_log(
        self, after: int, limit: int, *, upto: int | None = None, tenant: str | None = None
    ) -> list[StoredRow]:
        """At most `limit` events with `after` < position (<= `upto`), in order of position."""
        upto = _LAST_POSITION if upto is None else upto
        query = f"SELECT {_ROW} FROM events e WHERE position > ? AND position <= ?"
        values: tuple[object, ...] = (after, upto)
        if tenant is not None:
            query += " AND +tenant = ?"  # the plus keeps SQLite from sorting a whole tenant by its index
            values = (*values, tenant)
        with self._connections.reading() as connection:
            rows = connection.execute(f"{query} ORDER BY position LIMIT ?", (*values, limit))
            return list(map(StoredRow._make, rows))

    def position_at(self, recorded_at: int) -> int:
        """Last position recorded at or before that UTC microsecond; 0 when there is none."""
        probe = "SELECT position, recorded_at FROM events WHERE position <= ? ORDER BY position DESC LIMIT 1"
        with self._connections.snapshot() as connection:
            low, high = 0, _head(connection)
            while low < high:  # the answer lies in low..high
                row = connection.execute(probe, ((low + high + 1) // 2,)).fetchone()
                if row is None or row[0] <= low or row[1] <= recorded_at:
                    low = (low + high + 1) // 2
                else:
                    high = row[0] - 1
            row = connection.execute(probe, (low,)).fetchone()
            return row[0] if row else 0

    def find_command(self, tenant: str, command_id: str) -> KnownCommand | None:
        """The accepted command of that id."""
        with self._connections.reading() as connection:
            row = connection.execute(COMMAND, (tenant, command_id)).fetchone()
            return KnownCommand(*row) if row else None

    def read_words(self, tenant: str, stream: str) -> list[NewWords]:
        """All words of one stream, ordered by version and field."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT stream, version, field, commitment, salt, text FROM words"
                " WHERE tenant = ? AND stream = ? ORDER BY version, field",
                (tenant, stream),
            )
            return [NewWords(*row) for row in rows]

    def wait(self, after: int, timeout: float) -> int:
        """Wait at most `timeout` seconds for the head to pass `after`; return the head."""
        deadline = monotonic() + timeout
        pause = 0.01
        with self._connections.reading() as connection:
            while True:
                growth = self._growth
                seen: int = connection.execute("PRAGMA data_version").fetchone()[0]
                head = _head(connection)
                while head <= after:
                    if self._closed:
                        raise closed(self.path)
                    left = deadline - monotonic()
                    if left <= 0:
                        return head
                    with self._grown:
                        if self._growth == growth:
                            self._grown.wait(min(pause, left))
                    pause = min(pause * 1.3, 0.05)
                    now: int = connection.execute("PRAGMA data_version").fetchone()[0]
                    if now != seen or self._growth != growth:
                        break
                else:
                    return head

    def _wake(self) -> None:
        with self._grown:
            self._growth += 1
            self._grown.notify_all()

    def close(self) -> None:
        """Give back every connection this store opened; a second call does nothing."""
        self._closed = True
        self._wake()
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _head(connection: sqlite3.Connection) -> int:
    head: int | None = connection.execute("SELECT max(position) FROM events").fetchone()[0]
    return head or 0
