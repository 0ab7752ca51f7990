"""The connections to one SQLite file: a few for reading, one for writing, all closed by `close`.

Knows transactions, locks and errors; of tables, only how to open a log (`sqlite_schema`).
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import RLock, get_ident
from time import monotonic, sleep

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.projections.connection import SqliteConnection

from . import sqlite_schema, sqlite_wal
from .sqlite_errors import cause, closed, is_busy, unavailable

_IDLE_READERS = 8
_READ_ONLY_MEDIUM = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
_WRITER_PRAGMAS = (
    "busy_timeout = 0",  # `_begin` waits, where Ctrl-C is heard
    "synchronous = FULL",
    "fullfsync = ON",  # macOS flushes its disks only when told twice
    "cache_size = -16000",  # these two: 1.1 to 1.2 times the bulk speed of the defaults at 1 M events
    f"wal_autocheckpoint = {sqlite_wal.AUTOCHECKPOINT_PAGES}",
    "journal_size_limit = 67108864",
)


class Connections:
    """Lends connections to one log; `patience` is how many seconds anybody waits for a lock.

    What a copy has not finished is opened only for the copy, with `unfinished`.
    """

    def __init__(
        self, path: str, *, create: bool, read_only: bool, patience: float, unfinished: bool = False
    ) -> None:
        self.path = path
        self.read_only = read_only
        self.patience = patience
        self._unfinished = unfinished
        self._process = os.getpid()
        self._idle: deque[SqliteConnection] = deque()
        self._writer: SqliteConnection | None = None
        self._writing = RLock()  # which knows its owner; no thread takes it twice
        self._writing_thread = 0
        self._commits = 0
        self._closed = False
        self._open(create)

    @contextmanager
    def reading(self) -> Iterator[SqliteConnection]:
        """A connection for single statements, each seeing what is committed when it starts."""
        self._check_usable()
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._reader()
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if self._closed or len(self._idle) >= _IDLE_READERS:
                    connection.close()
                else:
                    self._idle.append(connection)
        except sqlite3.Error as error:
            raise unavailable(self.path, error) from cause(error)

    @contextmanager
    def snapshot(self) -> Iterator[SqliteConnection]:
        """A connection whose queries all see the same moment."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def apart(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading all of a log as it is at one moment; what it has to sort goes to the disk."""
        self._check_usable()
        try:
            with closing(self._reader()) as connection:
                connection.execute("PRAGMA temp_store = FILE")
                connection.execute("BEGIN")
                yield connection
        except sqlite3.Error as error:
            raise unavailable(self.path, error) from cause(error)

    @contextmanager
    def writing(self, deadline: float | None = None) -> Iterator[SqliteConnection]:
        """The writer inside BEGIN IMMEDIATE: committed at the end, rolled back on any error."""
        self.check_may_write()
        started = monotonic()
        if deadline is None:
            deadline = started + self.patience
        me = get_ident()
        try:  # Ctrl-C may come between any two lines, and must leave neither the lock nor a transaction
            if not self._writing.acquire(timeout=max(0.0, deadline - started)):
                raise StoreUnavailable(
                    f"the log {self.path} is busy",
                    f"another thread of this process kept the writer for {monotonic() - started:.1f} s",
                    "try again",
                )
            self._writing_thread = me
            connection = self._begin(started, deadline)
            if sqlite_wal.is_worth_it(self._commits):
                sqlite_wal.make_room(self.path)
            yield connection
            connection.execute("COMMIT")
            self._commits += 1
        except sqlite3.Error as error:
            raise unavailable(self.path, error) from cause(error)
        finally:
            try:
                if self._writing_thread == me:
                    self._end()
            finally:
                if self._writing_thread == me:
                    self._writing_thread = 0
                try:  # noqa: SIM105 -- `suppress` is Python, in which another interrupt could come
                    self._writing.release()
                except RuntimeError:  # we never had it
                    pass

    def check_may_write(self) -> None:
        """Raise if this thread cannot become the writer; also if it is: it would wait for itself."""
        self._check_usable()
        if self.read_only:
            raise StoreUnavailable(
                f"the log {self.path} was opened read-only", "this would write", "open it for writing"
            )
        if self._writing_thread == get_ident():
            raise RuntimeError("a transaction of this thread is still open: leave writer() first")

    @contextmanager
    def exclusive_of_writers(self) -> Iterator[SqliteConnection]:
        """The writer outside of a transaction, for the few things that need that."""
        with self.writing():
            pass
        with self._writing:
            self._check_usable()
            assert self._writer is not None
            try:
                yield self._writer
            except sqlite3.Error as error:
                raise unavailable(self.path, error) from cause(error)

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        self._closed = True
        if self._process != os.getpid():
            return  # they belong to the process that opened them
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
        with self._writing:
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.close()

    def _open(self, create: bool) -> None:
        """Find our log or make one; a database of somebody else is looked at and not touched."""
        if not Path(self.path).exists():
            self._make_file(create and not self.read_only)
        deadline = monotonic() + self.patience
        while True:
            try:
                self._idle.append(self._opened(create))
                return
            except sqlite3.Error as error:
                if not is_busy(error) or monotonic() > deadline:
                    raise unavailable(self.path, error) from cause(error)
            sleep(random.uniform(0.001, 0.01))  # others are opening the new file too

    def _opened(self, create: bool) -> SqliteConnection:
        ours = sqlite_schema.header_is_ours(self.path)
        if ours is None:
            with closing(self._connect("mode=ro")) as looking:
                ours = sqlite_schema.is_ours(looking, self.path)
            if not ours:
                if self.read_only or not create:
                    raise StoreUnavailable(
                        f"{self.path} holds no log yet", "the file is empty", "run: mentorcycle db init"
                    )
                with closing(self._connect("mode=rw")) as maker:
                    sqlite_schema.make_tables(maker, self.path)
        elif not ours:
            raise sqlite_schema.foreign(self.path)
        connection = self._reader()
        try:
            sqlite_schema.is_ours(connection, self.path)
            if not self._unfinished:
                sqlite_schema.check_finished(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_file(self, create: bool) -> None:
        if not create:
            raise StoreUnavailable(
                f"there is no log at {self.path}",
                "the file does not exist",
                "check the path, or run: mentorcycle db init",
            )
        try:
            # Exclusive: to close a file that SQLite has open in this process would drop its locks.
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise StoreUnavailable(
                f"no log can be made at {self.path}",
                error.strerror or str(error),
                "make the directory, or check its permissions",
            ) from error

    def _reader(self) -> SqliteConnection:
        if not self.read_only:
            # Not mode=ro: the last connection to close empties the write-ahead log, if it may write.
            return self._connect("mode=rw", "query_only = ON")
        connection = self._connect("mode=ro")
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except sqlite3.Error as error:
            connection.close()
            if error.sqlite_errorcode & 0xFF not in _READ_ONLY_MEDIUM or self._has_wal():
                raise
            # A write-ahead log needs a writable directory, unless nothing can change.
            connection = self._connect("mode=ro&immutable=1")
        return connection

    def _connect(self, query: str, *pragmas: str) -> SqliteConnection:
        connection = sqlite3.connect(
            f"{Path(self.path).absolute().as_uri()}?{query}",
            uri=True,
            isolation_level=None,  # we say BEGIN ourselves
            check_same_thread=False,  # a connection is lent to one thread at a time
            timeout=self.patience,
            factory=SqliteConnection,
        )
        for pragma in ("trusted_schema = OFF", "temp_store = MEMORY", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _has_wal(self) -> bool:
        wal = Path(self.path + "-wal")
        return wal.exists() and wal.stat().st_size > 0

    def _begin(self, started: float, deadline: float) -> SqliteConnection:
        pause = 0.0005
        self._end()  # an interrupt may have kept the one before us from doing it
        while True:
            self._check_usable()
            try:
                if self._writer is None:
                    self._writer = self._connect("mode=rw", *_WRITER_PRAGMAS)
                self._writer.execute("BEGIN IMMEDIATE")
                return self._writer
            except sqlite3.Error as error:
                now = monotonic()
                if not is_busy(error) or now + pause > deadline:
                    raise unavailable(self.path, error, waited=now - started) from error
            sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 1.5, 0.02)

    def _end(self) -> None:
        """Roll back what was not committed."""
        writer = self._writer
        if writer is None or not writer.in_transaction:
            return
        with suppress(sqlite3.Error):
            writer.execute("ROLLBACK")
        if writer.in_transaction:  # it cannot be trusted any more; the next writer opens another
            self._writer = None
            writer.close()

    def _check_usable(self) -> None:
        if self._closed:
            raise closed(self.path)
        if self._process != os.getpid():
            raise StoreUnavailable(
                f"the log {self.path} was opened before this process was forked",
                "SQLite's locks do not survive a fork",
                "open the store after forking",
            )
