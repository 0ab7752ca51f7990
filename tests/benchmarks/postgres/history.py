"""The history that is measured, in databases: ours, the raw driver's and the stock library's, written by COPY.

Every command is a transaction of its own in the log, as if each had been executed; only the writing is in bulk. So the
numbers of transactions are made up, and the log goes on above them, as after a restore into another cluster.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from copy import copy as copy_of
from datetime import datetime
from itertools import islice
from typing import Any

import psycopg

from mentorcycle.engine.codec import to_micros
from mentorcycle.engine.stores.port import Slice
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_schema import init_schema

from ..corpus import Corpus, lived
from ..lives import MONDAY
from ..stock_corpus import stock_rows
from .stock import open_stock

Row = Sequence[Any]
Connection = psycopg.Connection[tuple[Any, ...]]

COLUMNS = {
    "events": {
        "tx": "int8",
        "n": "int4",
        "tenant": "text",
        "stream": "text",
        "version": "int4",
        "topic": "text",
        "state": "bytea",
    },
    "commands": {
        "tx": "int8",
        "n": "int4",
        "events": "int4",
        "tenant": "text",
        "command_id": "text",
        "content_hash": "bytea",
    },
    "words": {
        "tenant": "text",
        "stream": "text",
        "version": "int4",
        "field": "text",
        "commitment": "bytea",
        "salt": "bytea",
        "text": "text",
    },
    "arrivals": {"tx": "int8", "recorded_at": "int8", "events": "int4"},
    "positions": {"tx": "int8", "first": "int8", "recorded_at": "int8", "events": "int4"},
}
COMMIT_AT = 20_000


class Loading:
    """Takes slices as they happened, each as a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        (last,) = connection.execute("SELECT coalesce(max(tx), 0) FROM mentorcycle.arrivals").fetchone() or (
            0,
        )
        (head,) = connection.execute(
            "SELECT coalesce(max(first + events - 1), 0) FROM mentorcycle.positions"
        ).fetchone() or (0,)
        self._tx, self.head = int(last), int(head)

    def append(self, at: datetime, slices: Sequence[Slice]) -> None:
        rows: dict[str, list[Row]] = {table: [] for table in COLUMNS}
        recorded_at = to_micros(at)
        for slice_ in slices:
            self._tx += 1
            tenant, count = slice_.tenant, len(slice_.events)
            rows["events"] += (
                (self._tx, n, tenant, one.stream, one.version, one.topic, one.state)
                for n, one in enumerate(slice_.events)
            )
            rows["commands"].append((self._tx, 0, count, tenant, slice_.command_id, slice_.content_hash))
            rows["words"] += (
                (tenant, w.stream, w.version, w.field, w.commitment, w.salt, w.text) for w in slice_.words
            )
            rows["arrivals"].append((self._tx, recorded_at, count))
            rows["positions"].append((self._tx, self.head + 1, recorded_at, count))
            self.head += count
        with self._connection.transaction():
            for table, columns in COLUMNS.items():
                copy(self._connection, f"mentorcycle.{table}", columns, rows[table])

    def finish(self) -> None:
        """Let the log go on above the numbers that were made up."""
        self._connection.execute("UPDATE mentorcycle.origin SET shift = %s", (self._tx,))


def write_ours(url: str, events: int, *, long: int) -> Corpus:
    """Make a log of that many events (and the programme's own) in an empty database."""
    init_schema(url)
    with psycopg.connect(url, autocommit=True) as connection:
        loading: list[Loading] = []

        def append(at: datetime, slices: list[Slice]) -> None:
            if not loading:
                loading.append(Loading(connection))
            loading[0].append(at, slices)

        store = PostgresStore(url, clock=lambda: to_micros(MONDAY))
        corpus = lived(url, store, append, events, long=long)
        loading[0].finish()
        vacuum(connection)
    return corpus


class Feed:
    """A history that comes about bit by bit: some of it at once, the rest when it is asked for."""

    def __init__(self, url: str, events: int, *, begun: int) -> None:
        self._url = url
        self._coming: deque[tuple[datetime, Slice]] = deque()
        init_schema(url)
        store = PostgresStore(url, clock=lambda: to_micros(MONDAY))
        lived(url, store, self._keep, events, long=0)
        self.more(begun)
        with psycopg.connect(url, autocommit=True) as connection:
            vacuum(connection)

    def more(self, events: int) -> int:
        """Let about so many more events happen, for others all at one moment; return the end of the log."""
        slices: list[Slice] = []
        while events > 0:
            at, slice_ = self._coming.popleft()
            slices.append(slice_)
            events -= len(slice_.events)
        with psycopg.connect(self._url, autocommit=True) as connection, connection.transaction():
            loading = Loading(connection)
            loading.append(at, slices)
            loading.finish()
            connection.execute("NOTIFY mentorcycle_placed")
        return loading.head

    def twin(self, url: str) -> Feed:
        """The same events to come, in a copy of the database as it is now."""
        other = copy_of(self)
        other._url, other._coming = url, self._coming.copy()
        return other

    def _keep(self, at: datetime, slices: list[Slice]) -> None:
        self._coming.extend((at, slice_) for slice_ in slices)


def write_floor(url: str, ours: str, *, guarded: bool = False) -> None:
    """Tables as ours, with their indexes, partitions and rows; unless `guarded`, without what guards them."""
    init_schema(url)
    with (
        psycopg.connect(ours, autocommit=True) as source,
        psycopg.connect(url, autocommit=True) as target,
    ):
        if not guarded:
            target.execute("DROP FUNCTION mentorcycle.refuse_change() CASCADE")
            for table in ("events", "commands", "words"):
                target.execute(f"ALTER TABLE mentorcycle.{table} DISABLE ROW LEVEL SECURITY")
        for table, columns in COLUMNS.items():
            names = ", ".join(columns)
            read = f"COPY (SELECT {names} FROM mentorcycle.{table}) TO STDOUT (FORMAT binary)"
            write = f"COPY mentorcycle.{table} ({names}) FROM STDIN (FORMAT binary)"
            with source.cursor().copy(read) as out, target.cursor().copy(write) as into:
                for data in out:
                    into.write(data)
        target.execute("UPDATE mentorcycle.origin SET shift = (SELECT max(tx) FROM mentorcycle.arrivals)")
        vacuum(target)


def write_stock(url: str, events: int, *, long: int) -> None:
    """The same history for the stock library, in an empty database."""
    open_stock(url, create=True).close()
    columns = {"originator_id": "uuid", "originator_version": "int8", "topic": "text", "state": "bytea"}
    stored = stock_rows(events, long=long)
    with psycopg.connect(url, autocommit=True) as connection:
        while rows := list(islice(stored, COMMIT_AT)):
            copy(connection, "mentoring_events", columns, rows)
        vacuum(connection)


def copy(connection: Connection, table: str, columns: dict[str, str], rows: Iterable[Row]) -> None:
    """Write rows by COPY."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with connection.cursor().copy(statement) as into:
        into.set_types(list(columns.values()))
        for row in rows:
            into.write_row(row)


def vacuum(connection: Connection) -> None:
    """What autovacuum would do at some time during the measures."""
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")
