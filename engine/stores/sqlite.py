"""The store for one SQLite file: what a school, a command line or a test needs.

Several processes may append to the file; threads of one process share commits. Open it after `fork`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from time import monotonic

from mentorcycle.domain.errors import CommandReused, Conflict

from .admission import Outcome, expectations
from .group_commit import GroupCommit
from .port import Appended, Slice
from .sqlite_append import write_slices
from .sqlite_reader import SQLiteReader


def utc_microseconds() -> int:
    """The clock of the machine."""
    return time.time_ns() // 1000


class SQLiteStore(SQLiteReader):
    """A log that also appends; `commits` counts the transactions that wrote something."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Callable[[], int] = utc_microseconds,
        create: bool = True,
        read_only: bool = False,
        patience: float = 30.0,
    ) -> None:
        super().__init__(path, create=create, read_only=read_only, patience=patience)
        self.commits = 0
        self._clock = clock
        self._patience = patience
        self._group: GroupCommit[tuple[Slice, dict[str, int]], Outcome] = GroupCommit(self._commit)

    def append(self, slice_: Slice) -> Appended:
        """Append atomically and durably; raise `Conflict` or `CommandReused` with nothing written.

        Threads that append at the same time share a commit; one that conflicts never fails another.
        """
        self._connections.refuse_nesting()
        outcome = self._group.submit((slice_, expectations(slice_)), monotonic() + self._patience)
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    def append_many(self, slices: Sequence[Slice]) -> list[Appended | Conflict | CommandReused]:
        """Append all slices in one commit, in order; each alone is taken or answered with its error."""
        wanted = [expectations(slice_) for slice_ in slices]
        return self._write(lambda: (slices, wanted), None)

    def _commit(
        self, drain: Callable[[], list[tuple[Slice, dict[str, int]]]], deadline: float
    ) -> list[Outcome]:
        def batch() -> tuple[Sequence[Slice], Sequence[dict[str, int]]]:
            requests = drain()
            return [slice_ for slice_, _ in requests], [wanted for _, wanted in requests]

        return self._write(batch, deadline)

    def _write(
        self, batch: Callable[[], tuple[Sequence[Slice], Sequence[dict[str, int]]]], deadline: float | None
    ) -> list[Outcome]:
        with self._connections.writing(deadline) as connection:
            admitted = write_slices(connection, *batch(), self._clock)
        if admitted.commands:
            self.commits += 1
            if admitted.events:
                self._wake()
        return admitted.outcomes
