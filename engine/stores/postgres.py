"""The store for a PostgreSQL database: what a platform with many processes on many hosts needs.

Any number of them may append; threads of one process share commits. Open it after `fork`, and make the tables first
(`postgres_schema.init_schema`). Nobody ever locks a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import CommandReused, Conflict, StoreUnavailable

from .admission import Key, Outcome, Request, expectations
from .clock import Clock
from .group_commit import Drain, GroupCommit
from .port import Appended, KnownCommand, Slice
from .postgres_append import (
    Written,
    adopting,
    check_text,
    insert,
    placed,
    write_carefully,
    write_new,
)
from .postgres_connection import LogConnection
from .postgres_reader import PostgresReader
from .postgres_schema import DEFAULT_SCHEMA
from .postgres_short_way import is_usual, write_one
from .postgres_standby import check_replicated, wait_for_standby

if TYPE_CHECKING:
    from .postgres_borrowed import PostgresBorrowed
    from .postgres_recorder import PostgresLogRecorder


class PostgresStore(PostgresReader):
    """A log that also takes events; `commits` counts the transactions that wrote some.

    Without a `clock` the server's is used: one for all hosts, whatever theirs say.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        schema: str = DEFAULT_SCHEMA,
        clock: Clock | None = None,
        patience: float = 30.0,
        connections: int = 8,
        read_only: bool = False,
    ) -> None:
        super().__init__(
            conninfo, schema=schema, patience=patience, connections=connections, read_only=read_only
        )
        self.commits = 0
        self.clock = clock
        self._group: GroupCommit[Request, tuple[Written, int]] = GroupCommit(self._shared, self.pace)

    def append(self, slice_: Slice) -> Appended:
        """Append atomically and durably; raise `Conflict` or `CommandReused` with nothing written.

        Threads that append at the same time share a commit; one that conflicts never fails another.
        """
        request = self._request(slice_)
        self._connections.check_may_write()
        deadline = monotonic() + self._patience
        written, number = self._group.submit(request, deadline)
        if written.base is not None:  # the short way: all of it was new, and has its positions
            self.wake()
            outcome = placed(written.outcomes[number], written.base, written.recorded_at)
        else:
            (outcome,) = self._answers(written, [slice_], written.outcomes[number : number + 1], deadline)
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    def append_many(self, slices: Sequence[Slice]) -> list[Appended | Conflict | CommandReused]:
        """Append all slices in one commit, in order; each alone is taken or answered with its error."""
        requests = [self._request(slice_) for slice_ in slices]
        self._connections.check_may_write()
        if not requests:
            return []
        deadline = monotonic() + self._patience
        written = self._commit(lambda: requests, deadline)
        return self._answers(written, slices, written.outcomes, deadline)

    def borrow(self, connection: object) -> PostgresBorrowed:
        """The log through a connection of a host; raise `CannotJoin` for one that is not of psycopg."""
        from .postgres_borrowed import PostgresBorrowed

        check = self._connections.check_may_write
        return PostgresBorrowed(self, connection, sql=self._sql, patience=self._patience, check=check)

    def recorder(self, tenant: str) -> PostgresLogRecorder:
        """The log of one tenant as a recorder of the `eventsourcing` library."""
        from .postgres_recorder import PostgresLogRecorder

        return PostgresLogRecorder(self, tenant)

    def record(self, tenant: str, events: Sequence[tuple[str, int, str, bytes]]) -> list[int] | None:
        """Add events (stream, version, topic, state) that no command stands for; None if one exists."""
        self._connections.check_may_write()
        if not events:
            return []
        deadline = monotonic() + self._patience
        with self._connections.lend(deadline) as connection:
            rows = [(0, tenant, stream, version, topic, 0, state) for stream, version, topic, state in events]
            connection.unreplicated = False
            tx = adopting(connection, self._sql, lambda: insert(connection, self._sql, rows, self.instant()))
            check_replicated(connection, f"a slice of {len(events)} events", self.place)
        if tx is None:
            return None
        self.commits += 1
        base, _ = self._settled(tx, deadline, recorded=f"a slice of {len(events)} events")
        self.wake()
        return list(range(base + 1, base + 1 + len(events)))

    def instant(self) -> int | None:
        """What the next events are recorded at; None leaves it to the server."""
        return None if self.clock is None else self.clock()

    def _request(self, slice_: Slice) -> Request:
        wanted = expectations(slice_)
        check_text(slice_)
        return slice_, wanted

    def _shared(self, drain: Drain[Request], deadline: float) -> list[tuple[Written, int]]:
        written = self._commit(drain, deadline)
        return [(written, number) for number in range(len(written.outcomes))]

    def _commit(self, drain: Drain[Request], deadline: float) -> Written:
        with self._connections.lend(deadline) as connection:
            requests = drain()
            connection.unreplicated = False
            written = adopting(connection, self._sql, lambda: self._written_as_new(connection, requests))
            while written is None:
                written = adopting(
                    connection,
                    self._sql,
                    lambda: write_carefully(connection, self._sql, requests, self.instant()),
                )
                if written is None and monotonic() > deadline:
                    raise StoreUnavailable(
                        "the commands could not be appended",
                        "others took the same command ids again and again",
                        "send them again",
                    )
            check_replicated(connection, _named([slice_ for slice_, _ in requests]), self.place)
        if written.tx is not None:
            self.commits += 1
        if written.incarnation is not None:
            self._connections.incarnation = written.incarnation
        return written

    def _written_as_new(self, connection: LogConnection, requests: Sequence[Request]) -> Written | None:
        if len(requests) == 1 and is_usual(requests[0]):
            return write_one(connection, self._sql, requests[0], self.instant())
        return write_new(connection, self._sql, requests, self.instant())

    def _answers(
        self, written: Written, slices: Sequence[Slice], outcomes: Sequence[Outcome], deadline: float
    ) -> list[Outcome]:
        """Outcomes with the positions that their events have in the log."""
        keyed = [
            ((slice_.tenant, slice_.command_id), outcome)
            for slice_, outcome in zip(slices, outcomes, strict=True)
        ]
        before = [key for key, outcome in keyed if isinstance(outcome, Appended) and key in written.known]
        taken = any(isinstance(outcome, Appended) and key not in written.known for key, outcome in keyed)
        base, recorded_at = written.base, written.recorded_at
        if taken and written.tx is not None:
            if (
                base is None
            ):  # mates that conflict do not wait for it, and are not told that they are recorded
                base, recorded_at = self._settled(written.tx, deadline, recorded=_named(slices))
            self.wake()
        repeated = self._repeated(before, deadline)
        return [
            repeated[key]
            if isinstance(outcome, Appended) and key in repeated
            else placed(outcome, base or 0, recorded_at)
            for key, outcome in keyed
        ]

    def _repeated(self, commands: Sequence[Key], deadline: float) -> dict[Key, Appended]:
        """The first results of commands that were taken before."""
        ids: dict[str, list[str]] = {}
        for tenant, id in commands:
            ids.setdefault(tenant, []).append(id)
        return {
            (tenant, id): Appended(known.first, known.last, known.recorded_at, repeated=True)
            for tenant, wanted in ids.items()
            for id, known in self._known(tenant, wanted, deadline).items()
        }

    def _known(self, tenant: str, command_ids: Sequence[str], deadline: float) -> dict[str, KnownCommand]:
        """As the reader says it, and on the standby that the server waits for, as when it was first acknowledged.

        Who asks may not have been answered the first time: a server that came back after a crash shows what its
        standby may never have had.
        """
        known = super()._known(tenant, command_ids, deadline)
        if known and not self._connections.read_only:
            with self._connections.lend(deadline) as connection:
                wait_for_standby(connection, self._sql, f"command {next(iter(known))!r}", self.place)
        return known


def _named(slices: Sequence[Slice]) -> str:
    if len(slices) == 1:
        return f"command {slices[0].command_id!r}"
    return f"what was taken of {len(slices)} commands (the first is {slices[0].command_id!r})"
