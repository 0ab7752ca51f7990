"""An asynchronous connection of a host with the face of one for threads, for as long as a unit needs it.

The host's own has everything: transactions, settings, handlers, the lock that keeps its tasks apart. Nothing of it is
changed, and what begins a transaction is left to it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from mentorcycle.domain.errors import CannotJoin

from ..stores.borrowed import not_a_connection
from .bridge import finish, wait_for
from .connection import LoopConnection

Host: TypeAlias = psycopg.AsyncConnection[Any]
RV = TypeVar("RV")


class HostConnection(LoopConnection):
    """The face of a host's connection. While it is `finishing`, what is under way goes on to its end when the task is
    cancelled, which hears of that afterwards: so it is known whether it was done."""

    finishing = False

    def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        """Let what psycopg does on the wire go on until it is done."""
        if not self.finishing:
            return super().wait(gen, *args, **kwargs)
        return finish(self._link.wait(self.heard(gen), *args, **kwargs))

    @classmethod
    def of(cls, host: Host) -> HostConnection:
        """The same connection with this face."""
        handlers = host.pgconn.notice_handler, host.pgconn.notify_handler
        connection = cls(host.pgconn)
        host.pgconn.notice_handler, host.pgconn.notify_handler = handlers
        connection._link = host
        connection.lock = _Shared(host)  # type: ignore[assignment]  # all that is asked of it is to be entered
        return connection

    def follow(self) -> None:
        """Take notice that the host is in autocommit, and in no transaction, so that none is begun here."""
        if self.info.transaction_status == TransactionStatus.IDLE:
            self.set_autocommit(True)


class _Shared:
    """The lock of a host's connection."""

    def __init__(self, host: Host) -> None:
        self._lock = host.lock

    def __enter__(self) -> None:
        wait_for(self._lock.acquire())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


def host_of(given: object, place: str) -> Host:
    """The connection that a host gave; raise `CannotJoin` for one that is not for tasks."""
    if isinstance(given, psycopg.AsyncConnection):
        return given
    raise not_a_connection(given, "a psycopg.AsyncConnection (of psycopg 3)", f"PostgreSQL, at {place}")


async def begun(host: Host) -> None:
    """Let a host's connection begin its transaction, in its own way, if its next statement would."""
    if host.closed:
        raise CannotJoin("this connection is closed", "it was used after its end", "give one that is open")
    if not host.autocommit and host.info.transaction_status == TransactionStatus.IDLE:
        await host.execute("")
