"""Where read models live: in the file of the log when the store lends its connections, else in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Protocol, runtime_checkable

from ..stores.port import Log


@runtime_checkable
class Tables(Protocol):
    """Lends connections to the tables of read models; no `sqlite3.Error` gets out, but as `StoreUnavailable`."""

    def reader(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection whose queries all see the same moment."""

    def writer(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction that nobody else can begin meanwhile: committed at the end, rolled back on error."""


class MemoryTables:
    """Tables in a private database, for a store that has none; one thread at a time reads or writes."""

    def __init__(self, path: str = ":memory:") -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = RLock()

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """The connection, while no other thread writes."""
        with self._lock:
            yield self._connection

    @contextmanager
    def writer(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction: committed at the end, rolled back on error."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._connection.close()


def tables_of(store: Log) -> Tables:
    """The store's own connections, or a private database."""
    return store if isinstance(store, Tables) else MemoryTables()
