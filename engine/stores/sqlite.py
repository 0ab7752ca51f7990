"""The store for one SQLite file: what a school, a command line or a test needs.

Several processes may append to the file; threads of one process share commits. Open it after `fork`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import CommandReused, Conflict

from .admission import Outcome, Request, expectations
from .clock import Clock, utc_microseconds
from .group_commit import Drain, GroupCommit
from .port import Appended, Slice
from .sqlite_append import NotAllNew, write_slices
from .sqlite_reader import SQLiteReader

if TYPE_CHECKING:
    from .sqlite_borrowed import SQLiteBorrowed
    from .sqlite_recorder import SQLiteLogRecorder


class SQLiteStore(SQLiteReader):
    """A log that also takes events; `commits` counts the transactions that wrote some."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Clock = utc_microseconds,
        create: bool = True,
        read_only: bool = False,
        patience: float = 30.0,
    ) -> None:
        super().__init__(path, create=create, read_only=read_only, patience=patience)
        self.commits = 0
        self.clock = clock
        self._patience = patience
        self._group: GroupCommit[Request, Outcome] = GroupCommit(self._commit)

    def append(self, slice_: Slice) -> Appended:
        """Append atomically and durably; raise `Conflict` or `CommandReused` with nothing written.

        Threads that append at the same time share a commit; one that conflicts never fails another.
        """
        self._connections.check_may_write()
        outcome = self._group.submit((slice_, expectations(slice_)), monotonic() + self._patience)
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    def append_many(self, slices: Sequence[Slice]) -> list[Appended | Conflict | CommandReused]:
        """Append all slices in one commit, in order; each alone is taken or answered with its error."""
        requests = [(slice_, expectations(slice_)) for slice_ in slices]
        return self._commit(lambda: requests, monotonic() + self._patience)

    def borrow(self, connection: object) -> SQLiteBorrowed:
        """The log through a connection of a host; raise `CannotJoin` for one that is not of sqlite3."""
        from .sqlite_borrowed import SQLiteBorrowed

        return SQLiteBorrowed(self, connection, self._connections.check_may_write)

    def recorder(self, tenant: str) -> SQLiteLogRecorder:
        """The log of one tenant as a recorder of the `eventsourcing` library."""
        from .sqlite_recorder import SQLiteLogRecorder

        return SQLiteLogRecorder(self, tenant)

    def _commit(self, drain: Drain[Request], deadline: float) -> list[Outcome]:
        try:
            with self._connections.writing(deadline) as connection:
                requests = drain()
                admitted = write_slices(connection, requests, self.clock, careful=False)
        except NotAllNew:
            with self._connections.writing(deadline) as connection:
                admitted = write_slices(connection, requests, self.clock, careful=True)
        if admitted.commands:
            self.commits += 1
        if admitted.events:
            self.wake()
        return admitted.outcomes
