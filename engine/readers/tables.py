"""Where read models live: where the log is when its store has room for them, else in this process's memory."""

from __future__ import annotations

import os
import socket
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.projections.connection import Connection, SqliteConnection
from mentorcycle.projections.projection import ReadModel

from ..stores.pace import THREADS, Pace, pace_of
from ..stores.port import Log
from .sharing import Workers

if TYPE_CHECKING:
    from .registry import Fed


class Session(Protocol):
    """The place of one worker among those who feed the same tables."""

    name: str

    @property
    def tables(self) -> Tables:
        """What it writes through."""

    pulse: float
    """The seconds after which it is time to give a sign of life again."""

    def beat(self) -> bool:
        """Give a sign of life, and take or give up its share, if it is time to."""

    def feeds(self, one: Fed) -> bool:
        """Whether something is its to feed."""


class Tables(ABC):
    """Lends connections to the tables of read models; no error of a driver gets out, but as `StoreUnavailable`."""

    shared = False
    """Whether others may write at the same time, each what they have claimed."""

    kept = True
    """Whether what is written outlives this process."""

    written = 0.0
    """Seconds that the longest transaction was open after it wrote: it holds others up for so long."""

    patience = 30.0
    """Seconds to wait for others."""

    @property
    def may_write(self) -> bool:
        """Whether anything can be brought up to date from here; False where others do it who are not seen here."""
        return True

    @abstractmethod
    def reader(self) -> AbstractContextManager[Connection]:
        """A connection whose queries all see the same moment."""

    def glance(self) -> AbstractContextManager[Connection]:
        """A connection for one question to the registry alone."""
        return self.reader()

    @abstractmethod
    def writer(self) -> AbstractContextManager[Connection]:
        """A transaction: committed at the end, rolled back on error. Unless `shared`, there is one at a time."""

    def claim(self, connection: Connection, fed: Sequence[Fed]) -> list[bool]:
        """Which of these nobody else feeds until the transaction ends; asked for before anything is written."""
        return [True] * len(fed)

    def alone(self, connection: Connection, model: ReadModel, fed: Sequence[Fed] = ()) -> None:
        """Until the transaction ends nobody else begins or mends generations of a model, or feeds any of these."""
        return

    def empty(self, model: ReadModel) -> None:
        """Empty the tables of a model that do not serve any more, where that has not been done."""
        return

    def workers(self, models: Sequence[ReadModel]) -> Workers:
        """Who works for these read models, and who feeds which part of them for as long as they live."""
        return Workers()

    def session(
        self, models: Sequence[ReadModel], name: str, lease: float
    ) -> AbstractContextManager[Session]:
        """A place among the workers of these tables, until the end of the block."""
        return nullcontext(Alone(self, name))

    def in_the_way(self, error: StoreUnavailable) -> bool:
        """Whether it was only somebody who reads or writes just now, so that it can be tried again."""
        return False


class Alone:
    """The place of a worker where there are no others to share with: those who write take turns, batch by batch."""

    def __init__(self, tables: Tables, name: str) -> None:
        self.tables = tables
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"

    pulse = 1.0

    def beat(self) -> bool:
        """Nobody waits for a sign of life."""
        return False

    def feeds(self, one: Fed) -> bool:
        """Everything."""
        return True


@runtime_checkable
class Roomy(Protocol):
    """A store whose own connections have the tables of read models."""

    def reader(self) -> AbstractContextManager[SqliteConnection]:
        """A connection whose queries all see the same moment."""

    def writer(self) -> AbstractContextManager[SqliteConnection]:
        """A transaction that nobody else can begin meanwhile: committed at the end, rolled back on error."""


@runtime_checkable
class Housed(Protocol):
    """A store in a database that may have tables of read models beside the log."""

    def tables(self) -> Tables | None:
        """Those tables; None when this role has none."""


class FileTables(Tables):
    """Tables in the file of the log."""

    def __init__(self, store: Roomy) -> None:
        self._store = store

    def reader(self) -> AbstractContextManager[Connection]:
        """A connection whose queries all see the same moment; it cannot write."""
        return self._store.reader()

    def writer(self) -> AbstractContextManager[Connection]:
        """The writer of the log: while it is open nobody appends."""
        return self._store.writer()


class MemoryTables(Tables):
    """Tables in a private database, for a store that has none; one thread or task at a time reads or writes.

    They are empty again once another log has taken the place of the one they tell of, which `incarnation` says.
    """

    kept = False

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
    """The store's own tables, or a private database beside a log that has none."""
    if isinstance(store, Roomy):
        return FileTables(store)
    found = store.tables() if isinstance(store, Housed) else None
    return found or MemoryTables(store.incarnation, pace_of(store))


def _database() -> SqliteConnection:
    return sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, factory=SqliteConnection
    )
