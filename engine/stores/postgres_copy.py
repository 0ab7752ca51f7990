"""A PostgreSQL log as the source of a copy: the rows of one moment, for a role from which none are hidden.

Filling a database is `postgres_copy_target`'s part.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import psycopg

from mentorcycle.domain.errors import StoreUnavailable, VerificationFailed

from ..closing import Closing
from .port import StoredRow
from .postgres_connections import Connection
from .postgres_models import models_schema
from .postgres_owner import taking_long
from .postgres_reader import PostgresReader
from .postgres_statements import spoken_to
from .transfer import CommandRow, Discarded, WordsRow

_FETCHED = 10_000

# The settings of our connections are for single rows by index; here all rows are read. With `row_security` off a
# query fails from whose answer the server would leave rows out: half a log must not be taken for all of it.
_SETTINGS = {
    "row_security": "off",
    "idle_in_transaction_session_timeout": "0",  # the target may take its time
    "statement_timeout": "0",
    "enable_seqscan": "on",
    "enable_bitmapscan": "on",
    "enable_hashjoin": "on",
    "enable_mergejoin": "on",
    "plan_cache_mode": "auto",
}

# In the order of the index: sorting them would write all of them to the server's disk first.
_EVENTS = """
  SELECT p.first + e.n, e.tenant, e.stream, e.version, e.topic, p.recorded_at, e.state
  FROM {s}.events e JOIN {s}.positions p ON p.tx = e.tx
  WHERE e.tx >= %(tx)s AND p.first + e.n > %(after)s
  ORDER BY e.tx, e.n"""
_FIRST = """
  SELECT p.tx FROM {s}.positions p WHERE p.events > 0 AND p.first <= %(after)s + 1 ORDER BY p.first DESC LIMIT 1"""
_COMMANDS = """
  SELECT p.first + c.n, p.first + c.n + c.events - 1, c.tenant, c.command_id, c.content_hash, p.recorded_at
  FROM {s}.commands c JOIN {s}.positions p ON p.tx = c.tx
  WHERE p.first + c.n > %(after)s
  ORDER BY 1, 2, c.tenant, c.command_id"""
_WORDS = """
  SELECT p.first + e.n, w.field, w.commitment, w.salt, w.text
  FROM {s}.words w
  LEFT JOIN {s}.events e ON e.tenant = w.tenant AND e.stream = w.stream AND e.version = w.version
  LEFT JOIN {s}.positions p ON p.tx = e.tx
  WHERE e.tx IS NULL OR p.first + e.n > %(after)s
  ORDER BY 1 NULLS FIRST, w.field"""
_LEAST = -(2**62)


def discarded_events(schema: str) -> str:
    """Where it is kept what read models were told to leave out."""
    return f'"{models_schema(schema)}".discarded_events'


class PostgresMoment(Closing):
    """The rows of a log in one snapshot. It holds no transaction number, so nobody waits for it to be placed."""

    def __init__(self, store: PostgresReader) -> None:
        self.name = store.place
        self._s = f'"{store.schema}"'
        self._discarded = discarded_events(store.schema)
        self._translated = store.translated
        self._given: list[Generator[tuple[Any, ...], None, None]] = []
        store.head()  # places what others committed
        self._stack = ExitStack()
        try:
            self._connection: Connection = self._stack.enter_context(store.connection())
            self._stack.enter_context(taking_long(self._connection))
            self._stack.enter_context(self._connection.transaction())
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            self._set(**_SETTINGS)
            if self._connection.info.server_version >= 170000:
                self._set(transaction_timeout="0")
            self._check_sees_all()
            (self.head, _) = self._one(spoken_to(store.schema).head) or (0, False)
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise

    def events(self, after: int) -> Iterator[StoredRow]:
        first = self._one(_FIRST.format(s=self._s), after=after) if after else None
        self._set(enable_sort="off")
        yield from map(
            StoredRow._make, self._all("events", _EVENTS, after=after, tx=first[0] if first else _LEAST)
        )

    def commands(self, after: int) -> Iterator[CommandRow]:
        self._set(enable_sort="on")
        yield from map(CommandRow._make, self._all("commands", _COMMANDS, after=after or _LEAST))

    def words(self, after: int) -> Iterator[WordsRow]:
        self._set(enable_sort="on")
        for position, field, commitment, salt, text in self._all("words", _WORDS, after=after or _LEAST):
            if position is None:
                what = f"what {self.name} holds does not fit together"
                raise VerificationFailed(what, ("a text beside the log belongs to no event",))
            yield WordsRow(position, field, commitment, salt, text.encode())

    def discarded(self) -> list[Discarded]:
        if self._one("SELECT to_regclass(%(table)s)", table=self._discarded) in (None, (None,)):
            return []
        query = f"SELECT {', '.join(Discarded._fields)} FROM {self._discarded} ORDER BY model, position"
        with self._translated():
            return list(map(Discarded._make, self._connection.execute(query)))

    def close(self) -> None:
        for rows in self._given:
            with suppress(StoreUnavailable):  # the connection is lost, and the cursor with it
                rows.close()
        self._stack.close()

    def _all(self, name: str, query: str, **values: Any) -> Generator[tuple[Any, ...], None, None]:
        def rows() -> Generator[tuple[Any, ...], None, None]:
            with self._translated(), self._connection.cursor(name, scrollable=False) as cursor:
                cursor.itersize = _FETCHED
                cursor.execute(query.format(s=self._s), values, binary=True)
                yield from cursor

        self._given.append(given := rows())
        return given

    def _one(self, query: str, **values: Any) -> tuple[Any, ...] | None:
        with self._translated():
            return self._connection.execute(query, values).fetchone()

    def _set(self, **settings: str) -> None:
        self._one(
            "SELECT count(set_config(name, value, true))"
            " FROM unnest(%(names)s::text[], %(values)s::text[]) s(name, value)",
            names=list(settings),
            values=list(settings.values()),
        )

    def _check_sees_all(self) -> None:
        try:
            for table in ("events", "commands", "words"):
                self._connection.execute(f"SELECT FROM {self._s}.{table} LIMIT 0")
        except psycopg.errors.InsufficientPrivilege as error:
            raise not_the_owner(self.name) from error


def not_the_owner(store: str) -> StoreUnavailable:
    """The error for a role that may not see, or fill, all of a log."""
    return StoreUnavailable(
        f"{store} cannot be copied by this role",
        "copying is the owner's work: from any other role the server may hide rows, and it may not fill a log",
        "connect as the role that owns the schema",
    )
