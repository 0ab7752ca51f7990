"""One statement said to PostgreSQL many times, in the form in which it goes over the wire.

psycopg's cursors look at the statement and at every value anew each time, which for the append costs as much as all
that the connection itself does. Whatever is not said for every command is better said through a cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from struct import Struct
from weakref import WeakKeyDictionary

from psycopg import errors
from psycopg.generators import execute
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from .postgres_connections import Connection

_LONG_NUMBER = Struct("!q")
_prepared: WeakKeyDictionary[Connection, set[bytes]] = WeakKeyDictionary()


class Wired:
    """A statement whose parameters are `$1`, `$2` … with casts to their types, and whose one row is of `bigint`s."""

    def __init__(self, name: str, statement: str) -> None:
        self._name = name.encode()
        self._statement = statement.encode()

    def said(self, connection: Connection, values: Sequence[bytes | None]) -> list[int | None]:
        """Have it executed with values in binary form; raises what a cursor would raise."""
        known = _prepared.setdefault(connection, set())
        try:
            return self._said(connection, values, known)
        except errors.InvalidSqlStatementName:  # a pooler, or psycopg itself, has thrown all of them away
            known.clear()
            return self._said(connection, values, known)

    def _said(
        self, connection: Connection, values: Sequence[bytes | None], known: set[bytes]
    ) -> list[int | None]:
        pgconn = connection.pgconn
        if self._name not in known:
            pgconn.send_prepare(self._name, self._statement)
            # It is there when whoever had it prepared was cancelled before the answer.
            with suppress(errors.DuplicatePreparedStatement):
                _answer(connection)
            known.add(self._name)
        pgconn.send_query_prepared(self._name, values, [1] * len(values), result_format=1)
        answer = _answer(connection)
        fields = [answer.get_value(0, column) for column in range(answer.nfields)]
        return [None if field is None else int.from_bytes(field, "big", signed=True) for field in fields]


def number(value: int | None) -> bytes | None:
    """A `bigint`."""
    return None if value is None else _LONG_NUMBER.pack(value)


def _answer(connection: Connection) -> PGresult:
    answer: PGresult
    (answer,) = connection.wait(execute(connection.pgconn))
    if answer.status == ExecStatus.FATAL_ERROR:
        raise errors.error_from_result(answer, "utf-8")
    return answer
