"""The connections to one PostgreSQL log: lent for a while, looked over when they are made, all closed by `close`.

Knows settings, failures and the version of the schema; of transactions and tables, nothing else.
"""

from __future__ import annotations

import os
import select
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from time import monotonic
from typing import Any, TypeAlias
from weakref import WeakSet

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from mentorcycle.domain.errors import StoreUnavailable

from . import postgres_schema as schemas
from .bell import Bell
from .mark import UNFINISHED, check_finished
from .pace import THREADS, Pace
from .postgres_arrays import adapt
from .postgres_connection import (
    KEEPALIVES,
    KEEPALIVES_OF_THE_SERVER,
    MARGIN_SECONDS,
    LogConnection,
    Unanswered,
)
from .postgres_errors import closed, parsed, place_of, translated, unavailable

Connection: TypeAlias = LogConnection
Connect: TypeAlias = Callable[[str, dict[str, Any]], Connection]

DB_FUNCTIONS = "POSTGRES_ENABLE_DB_FUNCTIONS"
_TRUE = ("y", "yes", "t", "true", "on", "1")
_GLANCE_SECONDS = 1.0  # a turn that was lost to an interrupt ends unheard
_LIFETIME_SECONDS = 3600.0  # so that what lies between us and a server may change

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
    "client_min_messages": "warning",  # those that `LogConnection` listens for
}

# What is acknowledged is durable, whatever a role or a database is set to. Other choices than `off` are about standbys.
_DURABLE = "set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"


def connect(conninfo: str, options: dict[str, Any]) -> Connection:
    """A new connection, whose thread stands still while the server works."""
    return LogConnection.connect(conninfo, **options)


class _Turn:
    """The right to hold one connection. It ends when nobody refers to it, so no interrupt can lose it for ever."""

    __slots__ = ("__weakref__",)


class Connections:
    """Lends at most `size` connections at a time; `patience` is how many seconds anybody waits for one, or a lock.

    A server that says nothing is waited for a little longer, see `LogConnection`. What a copy has not finished is
    opened only for the copy, with `unfinished`.

    Not psycopg's pool: an interrupt between two lines of that leaves it waiting for a connection that never comes,
    and what is wrong with the server is known to its threads and not to who asks.
    """

    _settings: Mapping[str, str] = _SETTINGS

    def __init__(
        self,
        conninfo: str,
        *,
        schema: str,
        size: int,
        patience: float,
        read_only: bool,
        unfinished: bool = False,
        connect: Connect = connect,
        pace: Pace = THREADS,
    ) -> None:
        refuse_db_functions()
        self.conninfo = conninfo
        self.schema = schemas.checked(schema)
        self.patience = patience
        self.read_only = read_only
        self.incarnation = ""
        self._unfinished = unfinished
        self.size = size
        self._connect = connect
        self._process = os.getpid()
        self._closed = False
        given = parsed(conninfo)
        self._options: dict[str, Any] = {
            "autocommit": True,
            "application_name": given.get("application_name") or "mentorcycle",
            "connect_timeout": given.get("connect_timeout") or max(2, min(10, round(patience))),
            **{name: given.get(name) or seconds for name, seconds in KEEPALIVES.items()},
        }
        self._lock = Lock()
        self._turns: WeakSet[_Turn] = WeakSet()
        self._given_back = Bell(pace)
        self._idle: deque[tuple[Connection, float]] = deque([(self.single(), monotonic())])

    @contextmanager
    def lend(self, deadline: float | None = None) -> Iterator[Connection]:
        """A connection in autocommit; what the block leaves open is rolled back."""
        handled = sys.exception()
        turn = self._turn(monotonic() + self.patience if deadline is None else deadline)
        try:
            connection, since = self._rested() or (self.single(), monotonic())
            try:
                yield connection
            finally:
                self._take_back(connection, since)
        except psycopg.Error as error:
            _raise_interrupt_behind(error, upto=handled)
            if isinstance(error, Unanswered):
                self._part_with_idle()  # they lead the same way, and nothing shows that of one that lies idle
            raise unavailable(self.conninfo, error) from error
        finally:
            self._turns.discard(turn)
            self._given_back.ring()

    def single(self, **parameters: str | int) -> Connection:
        """A connection of its own, that the caller closes; `parameters` are those of libpq."""
        self.check_usable()
        with translated(self.conninfo, connecting=True):
            connection = self._connect(self.conninfo, self._options | parameters)
            try:
                connection.silence = self.patience + MARGIN_SECONDS
                connection.hear_remarks()
                self._configure(connection)
            except BaseException:
                connection.close()
                raise
            return connection

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
        self._given_back.ring()
        self._part_with_idle()

    def _part_with_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop()[0].close()

    def _turn(self, deadline: float) -> _Turn:
        while True:
            self.check_usable()
            rings = self._given_back.rings
            with self._lock:
                if len(self._turns) < self.size:
                    turn = _Turn()
                    self._turns.add(turn)
                    return turn
            left = deadline - monotonic()
            if left <= 0:
                raise StoreUnavailable(
                    f"the store {place_of(self.conninfo)} is busy",
                    f"all {self.size} connections of this process were in use for {self.patience:g} s",
                    "try again, or open the store with more connections",
                )
            self._given_back.wait(rings, min(left, _GLANCE_SECONDS))

    def _rested(self) -> tuple[Connection, float] | None:
        """A connection that was lent before and can be lent again."""
        with suppress(IndexError):
            while True:
                connection, since = self._idle.pop()
                if monotonic() - since < _LIFETIME_SECONDS and _alive(connection):
                    return connection, since
                connection.close()
        return None

    def _take_back(self, connection: Connection, since: float) -> None:
        status = connection.info.transaction_status
        if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            with suppress(psycopg.Error):
                connection.rollback()
            status = connection.info.transaction_status
        if status == TransactionStatus.IDLE and not self._closed:
            self._idle.append((connection, since))
        else:
            connection.close()

    def _configure(self, connection: Connection) -> None:
        """Give a new connection our settings, and look it over."""
        wait = f"{max(1, round(self.patience * 1000))}ms"
        settings = {
            **KEEPALIVES_OF_THE_SERVER,
            **self._settings,
            "lock_timeout": wait,
            "idle_in_transaction_session_timeout": wait,
        }
        if self.read_only:
            settings["default_transaction_read_only"] = "on"
        adapt(connection)
        self._set(connection, settings)
        self._look_over(connection)

    def _set(self, connection: Connection, settings: Mapping[str, str]) -> None:
        names, values = list(settings), list(settings.values())
        connection.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) s(name, value)"
            + ("" if "synchronous_commit" in settings else f" UNION ALL SELECT {_DURABLE}"),
            (names, values),
        )

    def _look_over(self, connection: Connection) -> None:
        """The schema that we speak, and the cluster that it was left in."""
        schema = sql.Identifier(self.schema)
        schemas.check_encoding(self.conninfo, connection)
        try:
            row = connection.execute(
                sql.SQL(
                    "SELECT (SELECT value FROM {0}.meta WHERE key = 'schema'), o.cluster <> c.system_identifier::text"
                    " OR coalesce((SELECT max(tx) FROM {0}.arrivals), 0)"
                    "  >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + o.shift"
                    ", (SELECT value FROM {0}.meta WHERE key = {1})"
                    " FROM {0}.origin o, pg_control_system() c"
                ).format(schema, UNFINISHED)
            ).fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            self._say_what_is_there(connection)
            raise
        version, moved, copying = row or (None, False, None)
        schemas.check_version(self.conninfo, self.schema, version)
        if not self._unfinished:
            check_finished(copying, place_of(self.conninfo), place_of(self.conninfo))
        if moved and not self.read_only:
            connection.execute(sql.SQL("SELECT {}.adopt()").format(schema))
        (self.incarnation,) = connection.execute(
            sql.SQL("SELECT {}.incarnation()").format(schema)
        ).fetchone() or ("",)

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


def _raise_interrupt_behind(error: BaseException, *, upto: BaseException | None) -> None:
    """Raise the Ctrl-C that an error came of: interrupted in a pipeline, psycopg says only that it cannot leave it.

    What the caller was handling before, from `upto` on, is over.
    """
    behind = error.__context__
    while behind is not None and behind is not upto:
        if not isinstance(behind, Exception | GeneratorExit):
            raise behind
        behind = behind.__context__
