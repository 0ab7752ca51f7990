"""The SQLite log as a recorder of the `eventsourcing` library, for applications written with it.

The library's own statements read our table; what was wrong with them on SQLite is replaced: positions that
are used again, a plain BEGIN before writing, no subscriptions. The only module here that needs the library
to append, and the engine's own commands do not come this way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from eventsourcing.persistence import (
    IntegrityError,
    OperationalError,
    StoredEvent,
)
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore

from mentorcycle.domain.errors import StoreUnavailable

from .sqlite_append import end_of_log, insert_events
from .subscription import Subscribable

if TYPE_CHECKING:
    from .sqlite import SQLiteStore

_COLUMNS = "stream AS originator_id, version AS originator_version, topic, state"


class StoreDatastore(SQLiteDatastore):
    """Transactions on the store's own connections; the library's pool stays empty."""

    def __init__(self, store: SQLiteStore) -> None:
        super().__init__(store.path, originator_id_type="text")
        self._store = store

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """The writer inside BEGIN IMMEDIATE, or a reader; errors are the library's."""
        try:
            with self._store.writer() if commit else self._store.reader() as connection:
                cursor = connection.cursor()
                cursor.row_factory = sqlite3.Row
                try:
                    yield SQLiteCursor(cursor)
                except sqlite3.IntegrityError as error:
                    raise IntegrityError(error) from error
        except StoreUnavailable as error:
            raise OperationalError(error) from error
        if commit:
            self._store.wake()


class SQLiteLogRecorder(Subscribable, SQLiteApplicationRecorder):
    """What the library inserts and selects are the events of the store, of one tenant."""

    _store: SQLiteStore

    def __init__(self, store: SQLiteStore, tenant: str) -> None:
        name = "'" + tenant.replace("'", "''") + "'"
        super().__init__(
            StoreDatastore(store),
            # The plus keeps SQLite from sorting a whole tenant by its index.
            events_table_name=f"(SELECT position AS rowid, {_COLUMNS} FROM events WHERE +tenant = {name})",
        )
        self.select_events_statement = f"SELECT {_COLUMNS} FROM events WHERE tenant = {name} AND stream = ? "
        self._store = store
        self._tenant = tenant

    def construct_create_table_statements(self) -> list[str]:
        return []  # the store makes its tables

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any
    ) -> Sequence[int]:
        connection = c.sqlite_cursor.connection
        last, recorded_at, _incarnation = end_of_log(connection, self._store.clock())
        insert_events(
            connection,
            [
                (
                    last + n,
                    self._tenant,
                    str(e.originator_id),
                    e.originator_version,
                    e.topic,
                    recorded_at,
                    e.state,
                )
                for n, e in enumerate(stored_events, 1)
            ],
        )
        return list(range(last + 1, last + 1 + len(stored_events)))
