"""The connections to one SQLite file: a few for reading, one for writing, all closed by `close`.

Knows transactions, locks and errors; knows no table. Not safe across `fork`: open after forking.
"""

from __future__ import annotations

import random
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, get_ident
from time import monotonic, sleep

from mentorcycle.domain.errors import StoreUnavailable

from .sqlite_errors import closed, is_busy, translated, unavailable

_IDLE_READERS = 8


class Connections:
    """Lends connections to one file; `patience` is how many seconds a writer waits for its turn."""

    def __init__(self, path: str, *, read_only: bool, patience: float) -> None:
        self.path = path
        self.read_only = read_only
        self.patience = patience
        self._idle: deque[sqlite3.Connection] = deque()
        self._writer: sqlite3.Connection | None = None
        self._writing = Lock()
        self._writing_thread = 0
        self._closed = False

    def connect(self, *, read_only: bool) -> sqlite3.Connection:
        """A new connection in autocommit mode; whoever asks closes it."""
        mode = "ro" if self.read_only else "rw"
        connection = sqlite3.connect(
            f"{Path(self.path).absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=self.patience,
        )
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA busy_timeout = 0")  # `_begin` waits, where it can be interrupted
            connection.execute("PRAGMA synchronous = FULL")
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for single statements, each seeing what is committed when it starts."""
        if self._closed:
            raise closed(self.path)
        with translated(self.path):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self.connect(read_only=True)
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.rollback()
                if self._closed or len(self._idle) >= _IDLE_READERS:
                    connection.close()
                else:
                    self._idle.append(connection)

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection whose queries all see the same moment."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self, deadline: float | None = None) -> Iterator[sqlite3.Connection]:
        """The writer inside BEGIN IMMEDIATE: committed at the end, rolled back on any error."""
        started = monotonic()
        if deadline is None:
            deadline = started + self.patience
        self.refuse_nesting()
        if not self._writing.acquire(timeout=max(0.0, deadline - started)):
            raise StoreUnavailable(
                f"the store {self.path} is busy",
                f"another thread of this process kept the writer for {monotonic() - started:.1f} s",
                "try again",
            )
        try:
            self._writing_thread = get_ident()
            connection = self._begin(started, deadline)
            try:
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise unavailable(self.path, error) from error
            finally:
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
        finally:
            self._writing_thread = 0
            self._writing.release()

    def refuse_nesting(self) -> None:
        """A thread inside `writing` that waits for another writer would wait for itself."""
        if self._writing_thread == get_ident():
            raise RuntimeError("a transaction of this thread is still open: leave writer() first")

    def _begin(self, started: float, deadline: float) -> sqlite3.Connection:
        if self._closed:
            raise closed(self.path)
        pause = 0.0005
        while True:
            try:
                if self._writer is None:
                    self._writer = self.connect(read_only=False)
                self._writer.execute("BEGIN IMMEDIATE")
                return self._writer
            except sqlite3.Error as error:
                waited = monotonic() - started
                if not is_busy(error) or monotonic() + pause > deadline:
                    raise unavailable(self.path, error, waited=waited) from error
            sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 1.5, 0.02)

    def close(self) -> None:
        """Close what is idle now and what is lent when it comes back."""
        self._closed = True
        with self._writing:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        while self._idle:
            self._idle.pop().close()
