"""A PostgreSQL log as its readers see it: events in their positions, and nothing that has none yet.

Appends nothing (see `postgres`) and decodes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from mentorcycle.domain.errors import StoreUnavailable

from ..closing import Closing
from .bell import Bell, head_past
from .pace import THREADS, Pace
from .port import KnownCommand, NewWords, StoredRow
from .postgres_connections import Connect, Connection, Connections, connect
from .postgres_errors import place_of, translated
from .postgres_horizon import held_back, holder
from .postgres_listener import Listener
from .postgres_schema import DEFAULT_SCHEMA, SCHEMA_VERSION, channel, listen_lock
from .postgres_statements import spoken_to
from .sifting import Wanted

if TYPE_CHECKING:
    from ..readers.postgres_tables import PostgresTables

_LOOK_SECONDS = 1.0
_SHORTEST, _LONGEST = 0.0005, 0.02

_row: Callable[[tuple[Any, ...]], StoredRow] = partial(tuple.__new__, StoredRow)  # quicker than `_make`


class PostgresReader(Closing):
    """One log, open for reading. Open it after `fork`, not before.

    It places what others committed and did not live to place; with `read_only` (for a standby, or a role that may
    not) it waits for others to do so. `patience` is how many seconds to wait for that, for locks and connections.
    `unfinished` is for who makes a copy of a log in it.
    """

    pace: Pace = THREADS
    _connect: Connect = staticmethod(connect)

    def __init__(
        self,
        conninfo: str,
        *,
        schema: str = DEFAULT_SCHEMA,
        patience: float = 30.0,
        connections: int = 8,
        read_only: bool = False,
        unfinished: bool = False,
    ) -> None:
        self._connections = Connections(
            conninfo,
            schema=schema,
            size=connections,
            patience=patience,
            read_only=read_only,
            unfinished=unfinished,
            connect=self._connect,
            pace=self.pace,
        )
        self.schema = schema
        self._sql = spoken_to(schema)
        self._patience = patience
        self._bell = Bell(self.pace)
        self._listener = Listener(
            self._connections.single, channel(schema), listen_lock(schema), self._bell, self.pace
        )
        self._tables: PostgresTables | None = None
        self._making_tables = self.pace.lock()

    def incarnation(self) -> str:
        """Which log this is, as the last connection that was made found it; nothing is asked now.

        A log that is replaced takes its connections with it, but for a dump that is restored over the tables of an
        open one: the append notices that, and from then on it is known here.
        """
        self._connections.check_usable()
        return self._connections.incarnation

    def look_which(self) -> str:
        """Which log this is, asked of the server now."""
        with self._connections.lend() as connection:
            (incarnation,) = _one(connection, self._sql.incarnation)
            self._connections.incarnation = incarnation
            return str(incarnation)

    version = SCHEMA_VERSION

    @property
    def place(self) -> str:
        """The database as it may be shown."""
        return place_of(self._connections.conninfo)

    def size(self) -> int:
        """Bytes that the log takes in the database, with its indexes."""
        with self._connections.lend() as connection:
            return int(_one(connection, self._sql.size, {"schema": f'"{self.schema}"'})[0])

    def now(self) -> int:
        """What time it is on the server, in UTC microseconds since 1970."""
        with self._connections.lend() as connection:
            return int(_one(connection, self._sql.now)[0])

    def shows_all(self) -> bool:
        """Whether the server shows this role every event, and not those of one tenant alone."""
        with self._connections.lend() as connection:
            return bool(_one(connection, self._sql.shows_all)[0])

    def held_up_by(self, seconds: float) -> tuple[str, str] | None:
        """Who has been in the way of new positions for so long, and what can be done."""
        with self._connections.lend() as connection:
            return holder(connection, seconds)

    def head(self) -> int:
        """Position of the last event; 0 when there is none."""
        with self._connections.lend() as connection:
            head, unplaced = _one(connection, self._sql.head)
            if unplaced and not self._connections.read_only:
                self._place(connection)
                head, _ = _one(connection, self._sql.head)
            return int(head)

    def read_stream(
        self, tenant: str, stream: str, *, after: int = 0, position: int | None = None
    ) -> list[StoredRow]:
        """Events of one stream with version > `after` (and position <= `position`), in order.

        Waits for events that are committed and have no position yet.
        """
        values = {"tenant": tenant, "stream": stream, "after": after, "position": position}
        return self._rows(self._sql.stream, values)

    def read_streams(self, tenant: str, streams: Sequence[str]) -> dict[str, list[StoredRow]]:
        """All events of many streams at once; streams without events are present and empty."""
        found: dict[str, list[StoredRow]] = {stream: [] for stream in streams}
        for row in self._rows(self._sql.streams, {"tenant": tenant, "streams": list(found)}):
            found[row.stream].append(row)
        return found

    def read_log(
        self,
        after: int,
        limit: int,
        *,
        upto: int | None = None,
        tenant: str | None = None,
        topics: Sequence[str] = (),
    ) -> list[StoredRow]:
        """At most `limit` events with `after` < position (<= `upto`), in order of position.

        Of one tenant, also those of some topics alone.
        """
        if limit <= 0:
            return []
        values: dict[str, Any] = {"after": max(after, 0), "limit": limit, "upto": upto}
        query = self._sql.log
        if tenant is not None:
            query = self._sql.log_of_tenant
            values |= {"tenant": tenant, "topics": list(topics) or None}
        with self._connections.lend() as connection:
            return list(map(_row, connection.execute(query, values, prepare=True, binary=True).fetchall()))

    def read_wanted(self, after: int, upto: int, wanted: Wanted) -> list[StoredRow]:
        """All wanted events with `after` < position <= `upto`, in order of position."""
        values = {
            "after": max(after, 0),
            "limit": max(upto - after, 0),
            "upto": upto,
            "kinds": sorted(wanted.kinds) or None,
            "parts": sum(1 << part for part in wanted.parts) or None,
        }
        with self._connections.lend() as connection:
            rows = connection.execute(self._sql.log_wanted, values, prepare=True, binary=True)
            return list(map(_row, rows.fetchall()))

    def last_of(self, tenant: str) -> int | None:
        """Position of the last event of one tenant; None when it has none."""
        with self._connections.lend() as connection:
            row = connection.execute(self._sql.last_of_tenant, {"tenant": tenant}, prepare=True).fetchone()
            return int(row[0]) if row else None

    def position_at(self, recorded_at: int) -> int:
        """Last position recorded at or before that UTC microsecond; 0 when there is none."""
        with self._connections.lend() as connection:
            (position,) = _one(connection, self._sql.position_at, {"at": recorded_at})
            return int(position)

    def find_command(self, tenant: str, command_id: str) -> KnownCommand | None:
        """The accepted command of that id."""
        return self._known(tenant, [command_id], monotonic() + self._patience).get(command_id)

    def read_words(self, tenant: str, stream: str) -> list[NewWords]:
        """All words of one stream, ordered by version and field."""
        values = {"tenant": tenant, "stream": stream}
        with self._connections.lend() as connection:
            rows = connection.execute(self._sql.words, values, prepare=True, binary=True)
            return [NewWords(stream, *row) for row in rows]

    def wait(self, after: int, timeout: float) -> int:
        """Wait at most `timeout` seconds for the head to pass `after`; return the head."""
        return self.wait_unless(after, timeout, lambda: False)

    def wait_unless(self, after: int, timeout: float, stopped: Callable[[], bool]) -> int:
        """`wait`, which also ends when `stopped()` is true after `wake()`.

        The server tells when anybody's events were placed; once a second it is looked, also for events of writers
        that died before they could place them.
        """
        listen = self._listener.start
        return head_past(self._bell, self.head, after, timeout, stopped, _LOOK_SECONDS, listen)

    def tables(self) -> PostgresTables | None:
        """The read models of this log in the database; None when this role may not use any.

        Raises `StoreNeedsUpgrade` when there are none.
        """
        from ..readers.postgres_tables import PostgresTables
        from .postgres_model_connections import ModelConnections, whereabouts

        ours = self._connections
        with self._making_tables:
            if self._tables is None:
                with ours.lend() as connection:
                    where = whereabouts(connection, ours.conninfo, self.schema)
                if where is not None:
                    self._tables = PostgresTables(
                        ModelConnections(
                            ours.conninfo,
                            schema=self.schema,
                            where=where,
                            size=ours.size,
                            patience=self._patience,
                            read_only=ours.read_only,
                            connect=self._connect,
                            pace=self.pace,
                        )
                    )
            return self._tables

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection of the store, in autocommit."""
        return self._connections.lend()

    def translated(self) -> AbstractContextManager[None]:
        """Within the block what the server and its driver report is said in our words."""
        return translated(self._connections.conninfo)

    def wake(self) -> None:
        """Let those who wait look again."""
        self._bell.ring()

    def close(self) -> None:
        """Give back every connection this store opened; a second call does nothing."""
        self._connections.close()
        if self._tables is not None:
            self._tables.close()
        self.wake()
        self._listener.stop()

    def _rows(self, query: str, values: dict[str, Any]) -> list[StoredRow]:
        """Events of streams; those that have no position yet are waited for."""
        deadline = monotonic() + self._patience
        while True:
            with self._connections.lend() as connection:
                rows = connection.execute(query, values, prepare=True, binary=True).fetchall()
            unplaced = [row[7] for row in rows if row[0] is None]
            if not unplaced:
                return [StoredRow._make(row[:7]) for row in rows]
            self._settled(max(unplaced), deadline, recorded=None)

    def _known(self, tenant: str, command_ids: Sequence[str], deadline: float) -> dict[str, KnownCommand]:
        """The commands of these ids that are known, with the positions that their events have."""
        while True:
            with self._connections.lend(deadline) as connection:
                values = {"tenant": tenant, "ids": list(command_ids)}
                rows = connection.execute(self._sql.commands, values, prepare=True, binary=True).fetchall()
            unplaced = [tx for _, _, first, _, _, tx in rows if first is None]
            if not unplaced:
                return {id: KnownCommand(hash, first, last, at) for id, hash, first, last, at, _ in rows}
            self._settled(max(unplaced), deadline, recorded=None)

    def _settled(self, tx: int, deadline: float, *, recorded: str | None) -> tuple[int, int]:
        """The position before the first event of a committed transaction, and its instant; place it if need be.

        It waits for every older transaction in the cluster to end. `recorded` names what is durable although this
        fails.
        """
        started, pause = monotonic(), _SHORTEST
        query = self._sql.settled if self._connections.read_only else self._sql.settle
        while True:
            with self._connections.lend(deadline) as connection:
                row = connection.execute(query, (tx,), prepare=True).fetchone()
                if row is not None and row[0] is not None:
                    return row
                if monotonic() >= deadline:
                    raise held_back(
                        connection, self._connections.conninfo, tx, monotonic() - started, recorded=recorded
                    )
            self.pace.sleep(pause)
            pause = min(pause * 1.5, _LONGEST)

    def _place(self, connection: Connection) -> None:
        """Give positions to all that is settled."""
        while _one(connection, self._sql.place)[0] >= self._sql.batch:
            pass


def _one(connection: Connection, query: str, values: dict[str, Any] | None = None) -> tuple[Any, ...]:
    row = connection.execute(query, values, prepare=True).fetchone()
    if row is None:
        raise StoreUnavailable(
            "the log gave no answer", "a table of it lost its only row", "restore the last backup"
        )
    return row
