"""Where read models live: in the file of the log when the store lends its connections, or in memory.

Beside a log elsewhere there are none yet, and here is where that is decided.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Never, Protocol, runtime_checkable

from mentorcycle.domain.errors import StoreUnavailable

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


class ReadModelsUnavailable(StoreUnavailable):
    """The question needs read models, and this kind of store keeps none."""


@runtime_checkable
class WithoutReadModels(Protocol):
    """A log that outlives the process, and beside which there are no read models; `kind` is what it is called."""

    kind_without_read_models: str


class NoTables:
    """Tells whoever asks for read models that there are none."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def reader(self) -> AbstractContextManager[sqlite3.Connection]:
        """Raise `ReadModelsUnavailable`."""
        self._refuse()

    def writer(self) -> AbstractContextManager[sqlite3.Connection]:
        """Raise `ReadModelsUnavailable`."""
        self._refuse()

    def _refuse(self) -> Never:
        raise ReadModelsUnavailable(
            f"this question is not available on {self._kind}",
            "it is answered from read models, and they are kept in SQLite files only",
            "ask for a cycle, its history or its state as of a moment, which come from the log itself",
        )


def tables_of(store: Log) -> Tables:
    """The store's own connections, a private database beside a log in memory, or nothing."""
    if isinstance(store, Tables):
        return store
    if isinstance(store, WithoutReadModels):
        return NoTables(store.kind_without_read_models)
    return MemoryTables()
