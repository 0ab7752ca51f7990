"""A worker's place among the workers of a PostgreSQL database: one session of the server, and what it holds.

The locks that say who feeds what belong to the very session that writes the rows: when it ends, for whatever reason,
they are free and what it had not committed is undone. So nobody can write any more who has been replaced. A worker that
stands still (stopped, cut off, in an endless loop) says nothing to the server for longer than its `lease`, and the
server ends its session.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

import psycopg

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.projections.connection import Connection
from mentorcycle.projections.projection import ReadModel

from ..closing import Closing
from ..stores.postgres_connection import LogConnection
from ..stores.postgres_errors import unavailable
from .postgres_connection import PostgresConnection
from .postgres_tables import BEGIN, READ, PostgresTables, Watched, unit_lock
from .postgres_workers import picture, willing_lock
from .registry import SERVER_CLOCK, Fed
from .sharing import Unit, shared_out

BEAT_SECONDS = 1.0
LONG_GONE = 60_000_000
_JOIN = f"INSERT INTO workers VALUES (%s, %s, %s, %s, {SERVER_CLOCK}, {SERVER_CLOCK})"
_BEAT = f"UPDATE workers SET heartbeat_at = {SERVER_CLOCK} WHERE id = %s"
_LEAVE = "DELETE FROM workers WHERE id = %s"
_TIDY = f"DELETE FROM workers WHERE heartbeat_at < {SERVER_CLOCK} - {LONG_GONE} AND NOT backend = ANY (%s)"


class OwnershipLost(StoreUnavailable):
    """The session of a worker has ended, and with it the right to write; others may have taken over."""


class PostgresSession(PostgresTables, Closing):
    """The read models as one worker writes them: what it holds, and over its own session alone.

    For one thread. `lease` is how many seconds the server waits for a sign of life.
    """

    def __init__(
        self, tables: PostgresTables, models: Sequence[ReadModel], *, name: str = "", lease: float = 8.0
    ) -> None:
        super().__init__(tables.connections)
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self.models = tuple(models)
        self.held: set[Unit] = set()
        self.pulse = min(BEAT_SECONDS, lease / 4)
        self._units = {
            (model.name, part): unit_lock(self.where, model.name, model.version, part)
            for model in models
            for part in range(model.parts)
        }
        self._lease = lease
        self._id = f"{self.name}/{os.urandom(6).hex()}"
        self._beaten = 0.0
        self._session = tables.connections.single(
            application_name=f"mentorcycle worker {self.name}"[:63],
            keepalives_idle=max(1, round(lease / 3)),
            keepalives_interval=max(1, round(lease / 3)),
            keepalives_count=2,
            tcp_user_timeout=round(lease * 1000),
        )
        try:
            with self._lent() as connection:
                self._join(connection)
        except BaseException:
            self._session.close()
            raise

    @property
    def backend(self) -> int:
        """The number of the server's process for this session."""
        return self._session.info.backend_pid

    @property
    def tables(self) -> PostgresSession:
        """What it writes through: itself."""
        return self

    def feeds(self, one: Fed) -> bool:
        """Whether it holds the part, or may help with what is built beside it."""
        return (one.row.name, one.part) in self.held

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection whose queries all see the same moment."""
        with self._lent() as connection:
            connection.execute(READ)
            yield PostgresConnection(connection)
            connection.execute("COMMIT")

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection without a transaction, which is a sign of life too."""
        with self._lent() as connection:
            yield PostgresConnection(connection)

    @contextmanager
    def writer(self) -> Iterator[Connection]:
        """A transaction of the session that holds the locks: it is undone when they are lost."""
        with self._lent() as connection:
            connection.execute(BEGIN)
            adapted = Watched(connection)
            yield adapted
            connection.execute("COMMIT")
            self._note(adapted)

    def claim(self, connection: Connection, fed: Sequence[Fed]) -> list[bool]:
        """Which of these it holds; what is built beside what serves is held by nobody for longer than this."""
        if not fed:
            return []
        keys = [self.rows(one) for one in fed]
        one_by_one = ", ".join(["pg_try_advisory_xact_lock(?::bigint)"] * len(fed))
        free = connection.execute(f"SELECT {one_by_one}", keys).fetchone()
        mine = [one.beside or (one.row.name, one.part) in self.held for one in fed]
        return [is_free and is_mine for is_free, is_mine in zip(free, mine, strict=True)]

    def beat(self, *, now: bool = False) -> bool:
        """Give a sign of life and take or give up its share, if it is time to; whether it was."""
        if not now and monotonic() - self._beaten < self.pulse:
            return False
        with self._lent() as connection:
            connection.execute(_BEAT, (self._id,))
            self._share(connection)
        self._beaten = monotonic()
        return True

    def close(self) -> None:
        """Give up everything, and the session too; a second call does nothing."""
        self.held.clear()
        if not self._session.closed:
            try:
                self._session.execute(_LEAVE, (self._id,))
            except psycopg.Error:
                pass  # then whoever comes next removes it
            finally:
                self._session.close()

    def _join(self, connection: LogConnection) -> None:
        lease, third = f"{max(100, round(self._lease * 1000))}ms", f"{max(1, round(self._lease / 3))}s"
        # Beyond its patience the connection takes a server that waits for one that is lost.
        lock = f"{max(100, round(min(self._lease, self.patience) * 1000))}ms"
        for setting, value in (
            ("idle_session_timeout", lease),
            ("idle_in_transaction_session_timeout", lease),
            ("lock_timeout", lock),
            ("tcp_keepalives_idle", third),
            ("tcp_keepalives_interval", third),
            ("tcp_keepalives_count", "2"),
            ("tcp_user_timeout", lease),
        ):
            connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
        names = " ".join(model.name for model in self.models)
        for model in self.models:
            connection.execute("SELECT pg_advisory_lock_shared(%s)::text", (willing_lock(self.where, model),))
        connection.execute(_TIDY, (list(picture(connection, self.where, self.models).willing),))
        connection.execute(_JOIN, (self._id, self.backend, self.name, names))
        self._share(connection)

    def _share(self, connection: LogConnection) -> None:
        seen = picture(connection, self.where, self.models)
        held = {unit: worker for unit, worker in seen.held.items() if worker in seen.willing}
        wanted = shared_out(self._units, seen.willing, held)
        mine = {unit for unit, worker in wanted.items() if worker == self.backend}
        for unit in sorted(self.held - mine):
            self.held.discard(unit)
            connection.execute("SELECT pg_advisory_unlock(%s)", (self._units[unit],))
        for unit in sorted(mine - self.held):
            query = "SELECT pg_try_advisory_lock(%s)"
            (taken,) = connection.execute(query, (self._units[unit],)).fetchone() or (False,)
            if taken:
                self.held.add(unit)

    @contextmanager
    def _lent(self) -> Iterator[LogConnection]:
        try:
            yield self._session
        except psycopg.Error as error:
            self._clear()
            if self._session.closed:
                raise self._lost(error) from error
            raise unavailable(self.connections.conninfo, error) from error
        except BaseException:
            self._clear()
            raise

    def _clear(self) -> None:
        """Leave no transaction open."""
        try:
            if not self._session.closed:
                self._session.rollback()
        except psycopg.Error:
            self._session.close()
        if self._session.closed:
            self.held.clear()

    def _lost(self, error: psycopg.Error) -> OwnershipLost:
        return OwnershipLost(
            f"worker {self.name} is no longer among the workers",
            f"its session has ended: {' '.join(str(error).split())}",
            "nothing has to be done: what it had not finished is undone, and it takes part again",
        )
