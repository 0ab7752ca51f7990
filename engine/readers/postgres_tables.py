"""Read models in PostgreSQL, shared by every process that opens the log.

Whoever writes the rows of a part of a read model holds advisory locks: on the part, which is kept for as long as its
owner lives or as one batch lasts, and on its rows of that generation, which nobody keeps longer than a transaction. The
database gives them back when a session ends. No transaction has a number before its first write: one that has holds
back the positions of all events that are appended meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import Any

import psycopg

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.projections.connection import Connection
from mentorcycle.projections.projection import ReadModel

from ..stores.postgres_locks import lock_number
from ..stores.postgres_model_connections import ModelConnections
from . import registry
from .postgres_connection import PostgresConnection
from .registry import Fed
from .sharing import Workers
from .tables import Session, Tables

STALLED_SECONDS = 8
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE gate IN ACCESS SHARE MODE"
# Rows that are changed are looked up by index, whatever the planner thinks of a table that it does not know yet.
BEGIN = (
    "BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
)
# Only a holder that has stalled is ended: of its locks nobody else could make anything.
WRITE = f"{BEGIN}; SET LOCAL idle_in_transaction_session_timeout = '{STALLED_SECONDS}s'"


def unit_lock(where: str, model: str, version: int, part: int) -> int:
    """The number of the lock that says who feeds a part of a version of a read model."""
    return lock_number(where, "unit", model, str(version), str(part))


class Watched(PostgresConnection):
    """Notes when it first writes."""

    wrote_at: float | None = None

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Any:
        if self.wrote_at is None and not statement.lstrip().startswith("SELECT"):
            self.wrote_at = monotonic()
        return super().execute(statement, values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        if self.wrote_at is None:
            self.wrote_at = monotonic()
        super().executemany(statement, rows)


class PostgresTables(Tables):
    """The read models in one schema."""

    shared = True

    def __init__(self, connections: ModelConnections) -> None:
        self.connections = connections
        self.where = connections.where
        self.patience = connections.patience

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection whose queries all see the same moment; it holds nobody up."""
        with self.connections.lend() as connection:
            connection.execute(READ)
            yield PostgresConnection(connection)

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection without a transaction: one message there and one back."""
        with self.connections.lend() as connection:
            yield PostgresConnection(connection)

    @contextmanager
    def writer(self) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on error."""
        self.connections.check_may_write()
        with self.connections.lend() as connection:
            connection.execute(WRITE)
            adapted = Watched(connection)
            yield adapted
            connection.execute("COMMIT")
            self._note(adapted)

    def claim(self, connection: Connection, fed: Sequence[Fed]) -> list[bool]:
        """Which of these nobody else feeds until the transaction ends."""
        if not fed:
            return []
        keys = [key for one in fed for key in (self._part(one), self.rows(one))]
        both = "CASE WHEN pg_try_advisory_xact_lock(?::bigint) THEN pg_try_advisory_xact_lock(?::bigint) ELSE false END"
        return list(connection.execute(f"SELECT {', '.join([both] * len(fed))}", keys).fetchone())

    def alone(self, connection: Connection, model: ReadModel, fed: Sequence[Fed] = ()) -> None:
        """Until the transaction ends nobody else begins or mends generations of a model, or feeds any of these."""
        keys = sorted({lock_number(self.where, "begin", model.name), *(self.rows(one) for one in fed)})
        for key in keys:
            connection.execute("SELECT pg_advisory_xact_lock(?::bigint)::text", (key,))

    def empty(self, model: ReadModel) -> None:
        """Empty the tables of a model that do not serve any more, where that has not been done."""
        with self.writer() as connection:
            self.alone(connection, model)
            used = {row.generation for row in registry.read(connection) if row.name == model.name}
            for slot in registry.slots(model.version):
                if slot not in used:
                    registry.empty(connection, model, slot)

    def session(
        self, models: Sequence[ReadModel], name: str, lease: float
    ) -> AbstractContextManager[Session]:
        """A place among the workers of these tables, until the end of the block."""
        from .postgres_session import PostgresSession

        self.connections.check_may_write()
        return PostgresSession(self, models, name=name, lease=lease)

    @property
    def may_write(self) -> bool:
        """Whether anything can be brought up to date from here."""
        return not self.connections.read_only

    def in_the_way(self, error: StoreUnavailable) -> bool:
        """Whether it was only somebody who reads or writes just now, so that it can be tried again."""
        return isinstance(error.__cause__, psycopg.errors.LockNotAvailable)

    def rows(self, one: Fed) -> int:
        """The number of the lock on the rows of a part in one generation."""
        return lock_number(self.where, "rows", one.row.name, str(one.row.generation), str(one.part))

    def _part(self, one: Fed) -> int:
        """The lock of whoever feeds it; what is built beside what serves belongs to nobody for long."""
        return (
            self.rows(one) if one.beside else unit_lock(self.where, one.row.name, one.row.version, one.part)
        )

    def workers(self, models: Sequence[ReadModel]) -> Workers:
        """Who works for these read models, and who feeds which part of them for as long as they live."""
        from .postgres_workers import workers

        with self.connections.lend() as connection:
            return workers(connection, self.where, models)

    def _note(self, adapted: Watched) -> None:
        if adapted.wrote_at is not None:
            self.written = max(self.written, monotonic() - adapted.wrote_at)

    def close(self) -> None:
        """Give back every connection; a second call does nothing."""
        self.connections.close()
