"""Where read models live: in the file of the log when the store lends its connections, else in this process's memory.

Beside a log in PostgreSQL everybody who opens it makes them from the log when first asked, until workers keep them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, runtime_checkable

from mentorcycle.projections.connection import Connection, SqliteConnection

from ..stores.pace import THREADS, Pace, pace_of
from ..stores.port import Log


@runtime_checkable
class Tables(Protocol):
    """Lends connections to the tables of read models; no `sqlite3.Error` gets out, but as `StoreUnavailable`."""

    def reader(self) -> AbstractContextManager[Connection]:
        """A connection whose queries all see the same moment."""

    def writer(self) -> AbstractContextManager[Connection]:
        """A transaction that nobody else can begin meanwhile: committed at the end, rolled back on error."""


class MemoryTables:
    """Tables in a private database, for a store that has none; one thread or task at a time reads or writes.

    They are empty again once another log has taken the place of the one they tell of, which `incarnation` says.
    """

    def __init__(self, incarnation: Callable[[], str], pace: Pace = THREADS) -> None:
        self._incarnation = incarnation
        self._of = incarnation()
        self._connection = _database()
        self._lock = pace.rlock()
        self._lent = 0

    @contextmanager
    def reader(self) -> Iterator[SqliteConnection]:
        """The connection, while no other thread reads or writes."""
        with self._lock:
            self._forget_another_log()
            self._lent += 1
            try:
                yield self._connection
            finally:
                self._lent -= 1

    @contextmanager
    def writer(self) -> Iterator[SqliteConnection]:
        """The connection in a transaction: committed at the end, rolled back on error."""
        with self.reader() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _forget_another_log(self) -> None:
        if self._lent == 0 and (now := self._incarnation()) != self._of:
            self._connection.close()
            self._connection = _database()
            self._of = now


def tables_of(store: Log) -> Tables:
    """The store's own connections, or a private database beside a log elsewhere."""
    return store if isinstance(store, Tables) else MemoryTables(store.incarnation, pace_of(store))


def _database() -> SqliteConnection:
    return sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, factory=SqliteConnection
    )
