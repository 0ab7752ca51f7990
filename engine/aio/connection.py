"""An asynchronous connection of psycopg, spoken to as to one for threads: each call lets the event loop go on.

It has what stores and read models ask of a connection, and no more. Only for what runs in a `bridge`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

import psycopg
from psycopg import AsyncConnection, AsyncCursor, sql
from psycopg.abc import Params
from psycopg.adapt import AdaptersMap

from ..stores.postgres_connections import Connection
from .bridge import wait_for

Row: TypeAlias = tuple[Any, ...]
Query: TypeAlias = str | bytes | sql.SQL | sql.Composed


class _Quiet(AsyncConnection[Row]):
    """Goes without a warning when its loop ended, or its task was cancelled, before anybody could close it."""

    def __del__(self, *_: object) -> None:
        """What libpq holds closes itself, in the process that opened it."""


def connect(conninfo: str, options: dict[str, Any]) -> Connection:
    """A new connection, whose task waits while the server works."""
    # No subclass of psycopg's, though it has those of its methods that are used; the contract suite shows that.
    return cast(Connection, Bridged(wait_for(_Quiet.connect(conninfo, **options))))


class Bridged:
    """A connection in one task at a time."""

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self._connection = connection

    def execute(
        self,
        query: Query,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool = False,
    ) -> Rows:
        """Run a statement."""
        return Rows(wait_for(self._connection.execute(query, params, prepare=prepare, binary=binary)))

    def cursor(self) -> Rows:
        """A cursor that has run nothing yet."""
        return Rows(self._connection.cursor())

    def transaction(self) -> AbstractContextManager[object]:
        """A block that is committed at its end, and rolled back by an error."""
        return _entered(self._connection.transaction())

    def pipeline(self) -> AbstractContextManager[object]:
        """A block whose statements do not wait for each other's answers."""
        return _entered(self._connection.pipeline())

    def notifies(
        self, *, timeout: float | None = None, stop_after: int | None = None
    ) -> Iterator[psycopg.Notify]:
        """What the server tells those who listen."""
        told = self._connection.notifies(timeout=timeout, stop_after=stop_after)
        try:
            while True:
                try:
                    yield wait_for(anext(told))
                except StopAsyncIteration:
                    return
        finally:
            wait_for(told.aclose())

    def commit(self) -> None:
        """Commit the open transaction."""
        wait_for(self._connection.commit())

    def rollback(self) -> None:
        """Roll back the open transaction."""
        wait_for(self._connection.rollback())

    def close(self) -> None:
        """Part from the server."""
        wait_for(self._connection.close())

    def fileno(self) -> int:
        """The number of the socket."""
        return self._connection.fileno()

    @property
    def info(self) -> psycopg.ConnectionInfo:
        """What is known of the connection without asking."""
        return self._connection.info

    @property
    def adapters(self) -> AdaptersMap:
        """How values are sent and read."""
        return self._connection.adapters

    @property
    def closed(self) -> bool:
        """Whether it can be used no more."""
        return self._connection.closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Rows:
    """A cursor, and the rows that a statement gave."""

    def __init__(self, cursor: AsyncCursor[Row]) -> None:
        self._cursor = cursor

    def execute(
        self,
        query: Query,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        """Run a statement."""
        wait_for(self._cursor.execute(query, params, prepare=prepare, binary=binary))
        return self

    def executemany(self, query: Query, params: Iterable[Params]) -> None:
        """Run a statement once for each of many values."""
        wait_for(self._cursor.executemany(query, params))

    def fetchone(self) -> Row | None:
        """The next row."""
        return wait_for(self._cursor.fetchone())

    def fetchmany(self, size: int = 0) -> list[Row]:
        """The next rows."""
        return wait_for(self._cursor.fetchmany(size))

    def fetchall(self) -> list[Row]:
        """All rows that are left."""
        return wait_for(self._cursor.fetchall())

    @property
    def rowcount(self) -> int:
        """How many rows a statement gave or changed."""
        return self._cursor.rowcount

    def close(self) -> None:
        """Forget the rows."""
        wait_for(self._cursor.close())

    def __iter__(self) -> Iterator[Row]:
        return iter(self.fetchall())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _entered(manager: AbstractAsyncContextManager[object]) -> Iterator[None]:
    """The block of an asynchronous context manager."""
    wait_for(manager.__aenter__())
    try:
        yield
    except BaseException as error:
        if not wait_for(manager.__aexit__(type(error), error, error.__traceback__)):
            raise
    else:
        wait_for(manager.__aexit__(None, None, None))
