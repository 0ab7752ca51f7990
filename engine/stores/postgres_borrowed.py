"""A PostgreSQL log through a connection of a host, in whose database it lies, beside the host's own tables.

Whatever the host set on its connection (kinds of rows, adapters, prepared statements, timeouts) is neither used nor
changed. Nothing has a position here: positions are given to what is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import tuple_row

from mentorcycle.domain.errors import CannotJoin, CommandReused, Conflict, StoreUnavailable

from .admission import expectations
from .borrowed import SAVEPOINT, Mark, Recalled, Written, not_a_connection
from .port import Appended, NewWords, Slice, StoredRow
from .postgres_append import check_text, judged
from .postgres_arrays import adapt, texts
from .postgres_errors import translated
from .postgres_routines import NOT_ADOPTED
from .postgres_standby import wait_for_standby
from .postgres_statements import Statements, spoken_within

if TYPE_CHECKING:
    from .postgres import PostgresStore

Values: TypeAlias = Sequence[Any] | Mapping[str, Any] | None

_LATER = "call committed() again; its hooks have not been called"
_NO_LOG = (
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedTable,
)


@runtime_checkable
class Finishing(Protocol):
    """A connection on which a task can wait for a statement although it was cancelled."""

    finishing: bool


class PostgresBorrowed:
    """See `Borrowed`."""

    def __init__(
        self,
        store: PostgresStore,
        host: object,
        *,
        sql: Statements,
        patience: float,
        check: Callable[[], None],
    ) -> None:
        if not isinstance(host, psycopg.Connection):
            raise not_a_connection(
                host, "a psycopg.Connection (of psycopg 3)", f"PostgreSQL, at {store.place}"
            )
        self._store = store
        self._host: psycopg.Connection[Any] = host
        self._within = spoken_within(store.schema)
        self._sql = replace(sql, known=self._within.known, versions=self._within.versions)
        self._patience = f"{max(1, round(patience * 1000))}ms"
        self._check_store = check
        self._incarnation = ""
        self._cursor: psycopg.Cursor[tuple[Any, ...]] | None = None

    def check(self) -> None:
        """Raise `CannotJoin` unless the connection leads to the log of the store."""
        if self._host.autocommit and self._status() == TransactionStatus.IDLE:
            self._look()
        else:
            with self.step(writing=False):
                pass

    @contextmanager
    def step(self, *, writing: bool) -> Iterator[None]:
        """A savepoint, see `Borrowed`."""
        if writing:
            self._check_store()
        self._check_transaction()
        with translated(self._place):
            self._finish(f"SAVEPOINT {SAVEPOINT}")
        try:
            if self._look() != "read committed":
                raise CannotJoin(
                    "the transaction of this connection is not READ COMMITTED",
                    "an append looks at its streams after it has locked them, and this transaction shows them"
                    " as they were before",
                    "leave the isolation level of such transactions as it is by default",
                )
            yield
            with translated(self._place):
                self._finish(f"RELEASE SAVEPOINT {SAVEPOINT}")
        except BaseException:
            with suppress(psycopg.Error):  # of a connection that is lost nothing is left to undo
                self._finish(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
                self._finish(f"RELEASE SAVEPOINT {SAVEPOINT}")
            raise

    def incarnation(self) -> str:
        """Which log this is, as the last step found it."""
        return self._incarnation

    def read_stream(
        self, tenant: str, stream: str, *, after: int = 0, position: int | None = None
    ) -> list[StoredRow]:
        """Events of one stream with version > `after`; of those up to a position the store itself knows."""
        if position is not None:
            return self._store.read_stream(tenant, stream, after=after, position=position)
        values = {"tenant": tenant, "stream": stream, "after": after}
        with translated(self._place):
            return list(map(StoredRow._make, self._rows(self._within.stream, values, binary=True)))

    def read_streams(self, tenant: str, streams: Sequence[str]) -> dict[str, list[StoredRow]]:
        """All events of many streams at once; streams without events are present and empty."""
        found: dict[str, list[StoredRow]] = {stream: [] for stream in streams}
        values = {"tenant": tenant, "streams": texts(found)}
        with translated(self._place):
            for row in map(StoredRow._make, self._rows(self._within.streams, values, binary=True)):
                found[row.stream].append(row)
        return found

    def read_words(self, tenant: str, stream: str) -> list[NewWords]:
        """All words of one stream, ordered by version and field."""
        values = {"tenant": tenant, "stream": stream}
        with translated(self._place):
            return [NewWords(stream, *row) for row in self._rows(self._sql.words, values, binary=True)]

    def recall(self, tenant: str, command_id: str) -> Recalled | None:
        """What became of a command id."""
        with translated(self._place):
            found = self._rows(self._within.command, {"tenant": tenant, "id": command_id}, binary=True)
            if not found:
                return None
            content_hash, tx, first, count = found[0]
            values = {"tenant": tenant, "tx": tx, "first": first, "end": first + count}
            rows = self._rows(self._within.of_command, values, binary=True)
            return Recalled(content_hash, list(map(StoredRow._make, rows)))

    def append(self, slices: Sequence[Slice]) -> list[Written | Conflict | CommandReused]:
        """Write slices of one tenant, within a step. Their streams stay locked until the host's transaction ends."""
        requests = [(slice_, expectations(slice_)) for slice_ in slices]
        for slice_ in slices:
            check_text(slice_)
        with translated(self._place):
            ((given, _),) = self._rows(self._within.patience, (self._patience,))
            try:
                written = judged(
                    self._ask, self._sql, requests, self._store.instant(), incarnation=self._incarnation
                )
            except psycopg.errors.UniqueViolation:
                slice_, expected = requests[0]  # another was first with an id, for a command on other streams
                raise Conflict(*next(iter(expected.items()), (slice_.command_id, 0)), actual=0) from None
            except psycopg.errors.DeadlockDetected as error:
                raise StoreUnavailable(
                    f"this transaction and another of {self._place} waited for each other",
                    "each has locked streams that the other wants, and keeps them until it ends (40P01)",
                    "roll the transaction back and do it again",
                ) from error
            except psycopg.DatabaseError as error:
                if error.sqlstate == NOT_ADOPTED:
                    with self._store.connection() as connection:
                        connection.execute(self._sql.adopt)
                raise
            self._rows(self._within.patience, (given,))
        return [
            Written(written.tx, (slice_.tenant, slice_.command_id) in written.known)
            if isinstance(outcome, Appended)
            else outcome
            for slice_, outcome in zip(slices, written.outcomes, strict=True)
        ]

    def is_durable(self, tenant: str, command_id: str, mark: Mark) -> bool:
        """Whether this append is in the log for good, placed or not."""
        with self._store.connection() as connection:
            row = connection.execute(self._within.command, {"tenant": tenant, "id": command_id}).fetchone()
            return row is not None and row[1] == mark

    def assure(self) -> None:
        """Wait for the standby, see `Borrowed`: of what the server remarked on the host's commit, nothing came here."""
        with self._store.connection() as connection:
            wait_for_standby(connection, self._sql, "what this unit appended", self._place, _LATER)

    def whole(self) -> None:
        """There is no order yet."""

    @property
    def _place(self) -> str:
        return self._store.place

    def _look(self) -> str:
        """The isolation of the transaction; raise `CannotJoin` unless it leads to the log of the store."""
        with translated(self._place):
            try:
                ((isolation, incarnation),) = self._rows(self._within.look)
            except _NO_LOG:
                raise self._elsewhere("there is no log") from None
        # A standby that took over and a log that was restored have other names, in the store too when it looks.
        known = incarnation in (self._store.incarnation(), self._incarnation)
        if not known and incarnation != self._store.look_which():
            raise self._elsewhere("there is another log")
        self._incarnation = incarnation
        return str(isolation)

    def _check_transaction(self) -> None:
        """Raise `CannotJoin` for a connection on which nothing can be done now."""
        status = self._status()
        if status == TransactionStatus.IDLE and self._host.autocommit:
            why, fix = "it is in autocommit", "open one around this: with connection.transaction():"
            raise CannotJoin("this connection is in no transaction", why, fix)
        if status == TransactionStatus.INERROR:
            why = "a statement in it failed, so all that is left is to roll it back"
            raise CannotJoin(
                "the transaction of this connection has failed", why, "roll it back, and do it again"
            )
        if status == TransactionStatus.ACTIVE or self._host.pgconn.pipeline_status != PipelineStatus.OFF:
            why = "a statement, a COPY or a pipeline is not at its end"
            raise CannotJoin("this connection is in the middle of something", why, "finish that first")
        if self._host.info.encoding != "utf-8":
            raise CannotJoin(
                f"this connection speaks {self._host.info.encoding}",
                "words of participants are any text, and most do not fit into that",
                "connect with client_encoding=UTF8",
            )

    def _status(self) -> TransactionStatus:
        if self._host.closed:
            raise CannotJoin(
                "this connection is closed", "it was used after its end", "give one that is open"
            )
        return self._host.info.transaction_status

    def _elsewhere(self, what: str) -> CannotJoin:
        return CannotJoin(
            f"this connection leads to another database than the log at {self._place}",
            f"where it leads {what} in the schema {self._store.schema!r}, and one transaction is in one database",
            "connect to the database of the log, and keep the tables of the host there",
        )

    def _ask(self, query: str, values: Values = None, *, binary: bool = False) -> Callable[[], list[Any]]:
        rows = self._rows(query, values, binary=binary)
        return lambda: rows

    def _finish(self, query: str) -> None:
        """Run a statement to its end where that can be had: whether it was done decides what has to be undone."""
        host = self._host
        if not isinstance(host, Finishing):
            self._rows(query)
            return
        host.finishing = True
        try:
            self._rows(query)
        finally:
            host.finishing = False

    def _rows(self, query: str, values: Values = None, *, binary: bool = False) -> list[Any]:
        """Run a statement on a cursor of our own ways: whatever the host's own would make of its rows."""
        if self._cursor is None:
            self._cursor = psycopg.Cursor(self._host, row_factory=tuple_row)
            adapt(self._cursor)
        self._cursor.execute(query, values, prepare=False, binary=binary)
        return self._cursor.fetchall() if self._cursor.description else []
