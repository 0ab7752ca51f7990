"""An asynchronous connection of psycopg with the face of one for threads: whatever waits on it lets the loop go on.

Both speak over one link to the server. The one for threads says what goes over it, the asynchronous one waits for the
answers, and cancels in the server what its task need not wait for any more.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg.abc import PQGen

from ..stores.postgres_connection import LogConnection
from ..stores.postgres_connections import Connection
from .bridge import wait_for

Row: TypeAlias = tuple[Any, ...]
RV = TypeVar("RV")


class _Link(psycopg.AsyncConnection[Row]):
    """Goes without a warning when its loop ended, or its task was cancelled, before anybody could close it."""

    def __del__(self, *_: object) -> None:
        """What libpq holds closes itself, in the process that opened it."""


class LoopConnection(LogConnection):
    """A connection for one task at a time, with cursors, transactions and all else that one for threads has."""

    _link: psycopg.AsyncConnection[Any]

    def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        """Let what psycopg does on the wire go on until it is done."""
        return wait_for(self._link.wait(self.heard(gen), *args, **kwargs))

    @classmethod
    def over(cls, link: _Link) -> LoopConnection:
        """The same connection with this face."""
        connection = cls(link.pgconn)
        connection._link = link
        connection.autocommit = link.autocommit
        return connection


def connect(conninfo: str, options: dict[str, Any]) -> Connection:
    """A new connection, whose task waits while the server works."""
    return LoopConnection.over(wait_for(_Link.connect(conninfo, **options)))
