"""The connections to one PostgreSQL log: lent for a while, looked over when they are made, all closed by `close`.

Knows settings, failures and the version of the schema; of transactions and tables, nothing else.
"""

from __future__ import annotations

import logging
import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from mentorcycle.domain.errors import StoreUnavailable

from . import postgres_schema as schemas
from .postgres_arrays import adapt
from .postgres_errors import closed, place_of, unavailable, unreadable

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

DB_FUNCTIONS = "POSTGRES_ENABLE_DB_FUNCTIONS"
_TRUE = ("y", "yes", "t", "true", "on", "1")
_FIRST_GLANCE, _LONGEST_GLANCE = 0.5, 5.0
_RECONNECT_SECONDS = 1.0

# Every statement here has one right plan: by index, from the outside in. One that suits the tables while they are
# small, and is kept, must not meet them when they are large.
_SETTINGS = {
    "default_transaction_isolation": "read committed",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "client_encoding": "UTF8",
}

# The pool reports what it cannot connect to, and so does every error here; without a handler it would go to stderr.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())


class Connections:
    """Lends at most `size` connections at a time; `patience` is how many seconds anybody waits for one, or a lock."""

    def __init__(self, conninfo: str, *, schema: str, size: int, patience: float, read_only: bool) -> None:
        refuse_db_functions()
        self.conninfo = conninfo
        self.schema = schemas.checked(schema)
        self.patience = patience
        self.read_only = read_only
        self._size = size
        self._process = os.getpid()
        self._closed = False
        self._kwargs: dict[str, Any] = {
            "autocommit": True,
            "connect_timeout": max(2, min(10, round(patience))),
        }
        try:
            given = conninfo_to_dict(conninfo)
        except psycopg.Error as error:
            raise unreadable(error) from None
        self._kwargs["application_name"] = given.get("application_name") or "mentorcycle"
        self.single().close()  # says at once, and in the words of the server, why it cannot be used
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            conninfo,
            kwargs=self._kwargs,
            min_size=0,
            max_size=size,
            open=True,
            configure=self._configure,
            reconnect_timeout=_RECONNECT_SECONDS,
            num_workers=1,
            name=f"mentorcycle {place_of(conninfo)}",
        )

    @contextmanager
    def lend(self, deadline: float | None = None) -> Iterator[Connection]:
        """A connection in autocommit; what the block leaves open is rolled back."""
        try:
            connection = self._get(monotonic() + self.patience if deadline is None else deadline)
            try:
                yield connection
            finally:
                _leave(connection)
                self._pool.putconn(connection)
        except psycopg.Error as error:
            raise unavailable(self.conninfo, error) from error

    def single(self) -> Connection:
        """A connection of its own, that the caller closes."""
        self.check_usable()
        try:
            connection: Connection = psycopg.connect(self.conninfo, **self._kwargs)
            try:
                self._configure(connection)
            except BaseException:
                connection.close()
                raise
            return connection
        except psycopg.Error as error:
            raise unavailable(self.conninfo, error) from error

    def check_may_write(self) -> None:
        """Raise if nothing can be appended."""
        self.check_usable()
        if self.read_only:
            raise StoreUnavailable(
                f"the log {place_of(self.conninfo)} was opened read-only",
                "this would write",
                "open it for writing",
            )

    def check_usable(self) -> None:
        """Raise if the store was closed, or taken through a fork."""
        if self._closed:
            raise closed(self.conninfo)
        if self._process != os.getpid():
            raise StoreUnavailable(
                f"the log {place_of(self.conninfo)} was opened before this process was forked",
                "two processes cannot share one connection",
                "open the store after forking",
            )

    def close(self) -> None:
        """Give back all connections; those that are lent are closed when they come back."""
        if self._closed or self._process != os.getpid():
            return  # they belong to the process that opened them
        self._closed = True
        self._pool.close()

    def _get(self, deadline: float) -> Connection:
        glance = _FIRST_GLANCE
        while True:
            self.check_usable()
            left = deadline - monotonic()
            try:
                connection = self._pool.getconn(timeout=max(0.001, min(left, glance)))
            except PoolClosed:
                raise closed(self.conninfo) from None
            except PoolTimeout:
                self.single().close()  # is it the server? then this says so
                if monotonic() >= deadline:
                    raise self._exhausted() from None
                glance = min(2 * glance, _LONGEST_GLANCE)
                continue
            if _alive(connection):
                return connection
            connection.close()
            self._pool.putconn(connection)

    def _exhausted(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"the store {place_of(self.conninfo)} is busy",
            f"all {self._size} connections of this process were in use for {self.patience:g} s",
            "try again, or open the store with more connections",
        )

    def _configure(self, connection: Connection) -> None:
        """Look a new connection over: our settings, the schema that we speak, and the cluster that it was left in."""
        wait = f"{max(1, round(self.patience * 1000))}ms"
        settings = {**_SETTINGS, "lock_timeout": wait, "idle_in_transaction_session_timeout": wait}
        if self.read_only:
            settings["default_transaction_read_only"] = "on"
        adapt(connection)
        names, values = list(settings), list(settings.values())
        connection.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) s(name, value)",
            (names, values),
        )
        schema = sql.Identifier(self.schema)
        try:
            row = connection.execute(
                sql.SQL(
                    "SELECT (SELECT value FROM {0}.meta WHERE key = 'schema'), o.cluster <> c.system_identifier::text"
                    " OR coalesce((SELECT max(tx) FROM {0}.arrivals), 0)"
                    "  >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + o.shift"
                    " FROM {0}.origin o, pg_control_system() c"
                ).format(schema)
            ).fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            self._say_what_is_there(connection)
            raise
        version, moved = row or (None, False)
        schemas.check_version(self.conninfo, self.schema, version)
        if moved and not self.read_only:
            connection.execute(sql.SQL("SELECT {}.adopt()").format(schema))

    def _say_what_is_there(self, connection: Connection) -> None:
        """Raise what is wrong with a schema that lacks tables of ours."""
        schema = sql.Identifier(self.schema)
        with suppress(psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            row = connection.execute(
                sql.SQL("SELECT value FROM {}.meta WHERE key = 'schema'").format(schema)
            ).fetchone()
            schemas.check_version(self.conninfo, self.schema, row[0] if row else None)
        tables = connection.execute(
            "SELECT FROM pg_class WHERE relnamespace = to_regnamespace(%s)", (f'"{self.schema}"',)
        ).rowcount
        raise (
            schemas.foreign(self.conninfo, self.schema)
            if tables
            else schemas.missing(self.conninfo, self.schema)
        )


def refuse_db_functions() -> None:
    """Raise when the environment switches on what makes readers of the foundation's own tables lose events."""
    if os.environ.get(DB_FUNCTIONS, "").strip().lower() in _TRUE:
        raise StoreUnavailable(
            f"the environment has {DB_FUNCTIONS} switched on",
            "with it, applications of `eventsourcing` in this process insert without any order that readers can"
            " follow, and a reader that tails such a log loses about one event in ten",
            f"unset {DB_FUNCTIONS}; this store takes no notice of it otherwise",
        )


def _alive(connection: Connection) -> bool:
    """Whether a connection that lay idle can be used; no round trip, since a server speaks unasked only to part."""
    try:
        if not _has_something_to_say(connection.fileno()):
            return True
        connection.execute("SELECT 1")
    except (psycopg.Error, ValueError, OSError):
        return False
    return True


def _has_something_to_say(socket: int) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([socket], [], [], 0)[0])
    poll = select.poll()  # unlike select(), it takes a socket of any number
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def _leave(connection: Connection) -> None:
    """Roll back what was left open."""
    if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        with suppress(psycopg.Error):  # then it is broken, and the pool sees it
            connection.rollback()
