"""A SQLite log through a connection of a host, whose own tables lie in the same file.

What it reads and writes there are the statements of the store; only who begins and ends transactions is another.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from mentorcycle.domain.errors import CannotJoin, CommandReused, Conflict
from mentorcycle.projections.connection import Dialect, SqliteConnection

from .admission import expectations
from .bell import Bell
from .borrowed import SAVEPOINT, Mark, Recalled, Written, not_a_connection
from .port import Appended, Slice
from .sqlite_append import write_slices
from .sqlite_connections import Connections
from .sqlite_errors import cause, translated, unavailable
from .sqlite_reader import SQLiteReader

if TYPE_CHECKING:
    from .sqlite import SQLiteStore

# Takes the write lock and changes nothing. What is read after it is the newest there is, and stays so.
_LOCK = "DELETE FROM meta WHERE 0"
_BEGIN = "say BEGIN IMMEDIATE on it first, and COMMIT in the end"


class _Plain:
    """A host's connection as the store knows connections: rows are tuples, whatever the host made of them."""

    dialect = Dialect.SQLITE

    def __init__(self, host: sqlite3.Connection) -> None:
        self._host = host

    @property
    def in_transaction(self) -> bool:
        return self._host.in_transaction

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self._cursor().execute(statement, values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> sqlite3.Cursor:
        return self._cursor().executemany(statement, rows)

    def chunks(self, statement: str, size: int) -> Iterator[list[Any]]:
        rows = self.execute(statement)
        while chunk := rows.fetchmany(size):
            yield chunk

    def _cursor(self) -> sqlite3.Cursor:
        cursor = sqlite3.Cursor(self._host)
        cursor.row_factory = None
        return cursor


class _Lent(Connections):
    """The one connection of the host, in the place of those of a store."""

    def __init__(self, host: sqlite3.Connection, path: str, check: Callable[[], None]) -> None:
        self.path = path
        self.read_only = False
        self._host = host
        self._rows = _Plain(host)
        self._check_store = check

    @contextmanager
    def reading(self) -> Iterator[SqliteConnection]:
        """The connection, in the transaction that it is in."""
        given = self._host.text_factory
        self._host.text_factory = str
        try:
            with translated(self.path):
                yield cast(SqliteConnection, self._rows)
        finally:
            self._host.text_factory = given

    snapshot = reading

    @contextmanager
    def writing(self, deadline: float | None = None) -> Iterator[SqliteConnection]:
        """The connection within a savepoint, which an error goes back to."""
        with self.reading() as connection, _savepoint(self._rows, self.path):
            room = connection.execute("PRAGMA cache_size").fetchone()[0]
            try:
                yield connection
            finally:
                connection.execute(f"PRAGMA cache_size = {room}")

    def check_may_write(self) -> None:
        """Raise if nothing can be appended."""
        self._check_store()

    def close(self) -> None:
        """The host closes what is its own."""


class SQLiteBorrowed(SQLiteReader):
    """See `Borrowed`. It is a whole log: also read models can be brought up to date through it."""

    def __init__(self, store: SQLiteStore, host: object, check: Callable[[], None]) -> None:
        if not isinstance(host, sqlite3.Connection):
            raise not_a_connection(host, "a sqlite3.Connection", f"the SQLite file {store.path}")
        self.path = store.path
        self._store = store
        self._host = host
        self._connections = _Lent(host, store.path, check)
        self._bell = Bell()
        self._closed = False

    def check(self) -> None:
        """Raise `CannotJoin` unless the file of the log is the main database of the connection."""
        with self._connections.reading() as connection:
            main = next(row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main")
        with suppress(OSError):
            if main and os.path.samefile(main, self.path):
                return
        raise CannotJoin(
            "this connection leads to another database than the log",
            f"its file is {main or 'none, it is in memory'}, the log is {self.path};"
            " one transaction of SQLite is safe in one file only",
            "keep the tables of the host in the file of the log, and connect to that",
        )

    @contextmanager
    def step(self, *, writing: bool) -> Iterator[None]:
        """A savepoint, see `Borrowed`; whoever writes has the write lock before anything is read."""
        if writing:
            self._connections.check_may_write()
            self._take_lock()
        if self._host.in_transaction:
            with _savepoint(_Plain(self._host), self.path):
                yield
        else:  # nothing is written, so there is nothing to undo; and a savepoint alone would be a transaction
            yield

    def recall(self, tenant: str, command_id: str) -> Recalled | None:
        """What became of a command id."""
        known = self.find_command(tenant, command_id)
        if known is None:
            return None
        count = known.last - known.first + 1
        rows = self.read_log(known.first - 1, count, upto=known.last) if count > 0 else []
        return Recalled(known.content_hash, [row._replace(position=0) for row in rows])

    def append(self, slices: Sequence[Slice]) -> list[Written | Conflict | CommandReused]:
        """Write slices, within a step."""
        requests = [(slice_, expectations(slice_)) for slice_ in slices]
        with self._connections.writing() as connection:
            admitted = write_slices(connection, requests, self._store.clock, careful=True)
        hashes = [slice_.content_hash for slice_ in slices]
        return [
            Written((hash_, outcome.first, outcome.last, outcome.recorded_at), outcome.repeated)
            if isinstance(outcome, Appended)
            else outcome
            for hash_, outcome in zip(hashes, admitted.outcomes, strict=True)
        ]

    def assure(self) -> None:
        """There is no standby."""

    def is_durable(self, tenant: str, command_id: str, mark: Mark) -> bool:
        """Whether this append is in the log for good."""
        known = self._store.find_command(tenant, command_id)
        return known is not None and tuple(known) == mark

    def whole(self) -> SQLiteBorrowed:
        """Itself: positions are given in the append."""
        return self

    def _take_lock(self) -> None:
        host = self._host
        by_itself = host.isolation_level is not None and getattr(host, "autocommit", None) is not True
        if not host.in_transaction and not by_itself:
            raise CannotJoin(
                "this connection is in no transaction", "it begins none by itself (autocommit)", _BEGIN
            )
        try:
            _Plain(host).execute(_LOCK)  # begins a transaction where the module would
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY_SNAPSHOT:
                raise CannotJoin(
                    "the transaction of this connection can only read any more",
                    "it began by reading, and somebody has written since (SQLITE_BUSY_SNAPSHOT)",
                    "roll it back and do it again; begin with BEGIN IMMEDIATE what is going to write",
                ) from error
            raise unavailable(self.path, error) from cause(error)


@contextmanager
def _savepoint(connection: _Plain, path: str) -> Iterator[None]:
    """Within an open transaction: what the block did is undone when it ends by an error, whose text is left alone."""
    with translated(path):
        connection.execute(f"SAVEPOINT {SAVEPOINT}")
    try:
        yield
        with translated(path):
            connection.execute(f"RELEASE {SAVEPOINT}")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite may have taken everything back by itself, as on a full disk
            connection.execute(f"ROLLBACK TO {SAVEPOINT}")
            connection.execute(f"RELEASE {SAVEPOINT}")
        raise
