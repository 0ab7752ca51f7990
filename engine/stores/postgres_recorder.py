"""The PostgreSQL log as a recorder of the `eventsourcing` library, for applications written with it.

What was wrong with the library's own statements is replaced: the table lock, its function without one, and order by a
sequence. The engine's own commands do not come this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    OperationalError,
    StoredEvent,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from mentorcycle.domain.errors import StoreUnavailable

from .subscription import Subscribable

if TYPE_CHECKING:
    from .postgres import PostgresStore


class StoreDatastore(PostgresDatastore):
    """The store's own connections; the library's pool is never opened."""

    def __init__(self, store: PostgresStore) -> None:
        super().__init__("", "", "", "", "", schema=store.schema, originator_id_type="text")
        self._store = store

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[DictRow]]:
        """A connection that gives rows as the library wants them; errors are the library's."""
        try:
            with self._store.connection() as connection:
                given = connection.row_factory
                connection.row_factory = dict_row  # type: ignore[assignment]  # as the library wants it, while lent
                try:
                    yield connection  # type: ignore[misc]
                finally:
                    connection.row_factory = given
        except StoreUnavailable as error:
            raise OperationalError(error) from error


class PostgresLogRecorder(Subscribable, PostgresApplicationRecorder):
    """What the library inserts and selects are the events of the store, of one tenant."""

    _store: PostgresStore

    def __init__(self, store: PostgresStore, tenant: str) -> None:
        super().__init__(StoreDatastore(store), events_table_name="events")
        self.sql_create_statements.clear()  # the store's tables are made by `init_schema`
        self.select_events_statement = sql.SQL(
            "SELECT stream AS originator_id, version AS originator_version, topic, state"
            " FROM {}.events WHERE tenant = {} AND stream = %s"
        ).format(sql.Identifier(store.schema), sql.Literal(tenant))
        self._store = store
        self._tenant = tenant

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        rows = [(str(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
        try:
            positions = self._store.record(self._tenant, rows)
        except StoreUnavailable as error:
            raise OperationalError(error) from error
        if positions is None:
            raise IntegrityError(f"a stored event exists already, or is given twice: {stored_events}")
        return positions

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = (start or 0) - (1 if start and inclusive_of_start else 0)
        try:
            rows = self._store.read_log(after, limit, upto=stop, tenant=self._tenant, topics=topics)
        except StoreUnavailable as error:
            raise OperationalError(error) from error
        return [Notification(row.stream, row.version, row.topic, row.state, row.position) for row in rows]

    def max_notification_id(self) -> int | None:
        try:
            return self._store.last_of(self._tenant)
        except StoreUnavailable as error:
            raise OperationalError(error) from error
