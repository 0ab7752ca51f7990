"""Brings read models up to date with the log, and lends their tables to queries.

Every model takes a batch in one transaction together with its progress, so no event is taken twice, whoever
catches up: progress is compared inside the transaction. Threads may share one object; processes share the file.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import NotFound, StoreUnavailable
from mentorcycle.projections import MODELS
from mentorcycle.projections.connection import Connection
from mentorcycle.projections.projection import ReadModel

from ..stores.pace import pace_of
from ..stores.port import Log
from ..undisturbed import undisturbed
from . import registry
from .batch import Batch, Decode, decoded
from .feeding import advance
from .letters import DeadLetter
from .registry import Generation, Lineup, lineup
from .tables import MemoryTables, Tables, tables_of
from .view import Digest, View

if TYPE_CHECKING:
    from .mending import Inspected
    from .rebuild import Progress, Rebuilt
    from .replay import Compared
    from .status import ModelStatus

FIRST_BATCH = 500
LARGEST_BATCH = 8000


class Readers:
    """The read models of one store; `clock` gives UTC microseconds.

    Batches begin with `batch` events and grow to `largest` while far behind: nobody appends during one. `told` may
    be set: it is called with the position that the hindmost read model has reached, and the one to reach.
    """

    def __init__(
        self,
        store: Log,
        *,
        decode: Decode | None = None,
        models: Sequence[ReadModel] = MODELS,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        batch: int = FIRST_BATCH,
        largest: int = LARGEST_BATCH,
    ) -> None:
        self.store = store
        self.models = tuple(models)
        self.tables: Tables = tables_of(store)
        self.clock = clock
        self.told: Callable[[int, int], None] = lambda position, head: None
        self._decode = decode
        self._batch = batch
        self.largest = largest
        self._catching_up = pace_of(store).lock()

    @contextmanager
    def view(self) -> Iterator[View]:
        """Read models that know every event up to now, all as of one moment.

        Raises `StoreUnavailable` when they tell of events that the log does not have.
        """
        head = self.store.head()
        while True:
            with self.tables.reader() as connection:
                lineups = self._lineups(connection)
                if all(one.ready(head) for one in lineups):
                    if any(one.active and one.active.position > head for one in lineups):
                        self._check_end(lineups)
                    yield View(connection, {one.model.name: one for one in lineups})
                    return
            head = self.catch_up(head)

    def catch_up(self, upto: int | None = None) -> int:
        """Let every read model take the events up to a position (default: the last); return that position.

        Raises `StoreUnavailable` when there is something to do and the store cannot be written.
        """
        head = self.store.head() if upto is None else upto
        if not self._behind(head):
            return head
        with self._catching_up, _said_if_read_only():
            size = self._batch
            # The end may also come nearer: a backup may be put in the place of the log meanwhile.
            while behind := self._behind(head := min(head, self.store.head())):
                if any(one.to_create for one in behind):
                    self._begin()
                else:
                    outdated = (one.outdated.position for one in behind if one.outdated)
                    with undisturbed():
                        self._step(behind, max([head, *outdated]), size)
                    self.told(min(row.position for one in behind for row in one.fed), head)
                    size = min(2 * size, self.largest)
            self.told(head, head)
        return head

    def beyond(self, lineups: Iterable[Lineup] | None = None) -> list[Generation]:
        """Generations that serve and have read further than the log goes: events were taken out of it."""
        found = self.lineups() if lineups is None else lineups
        serving = [one.active for one in found if one.active]
        head = self.store.head()  # asked last: others may append, and bring read models up to date
        return [generation for generation in serving if generation.position > head]

    def lineups(self) -> list[Lineup]:
        """What there is of each read model."""
        with self.tables.reader() as connection:
            return self._lineups(connection)

    def read(self, after: int, upto: int, size: int) -> tuple[Batch, int]:
        """At most `size` events after a position, decoded, and the position that is scanned with them."""
        rows = self.store.read_log(after, size, upto=upto) if upto > after else []
        return decoded(rows, self.decode), rows[-1].position if len(rows) == size else upto

    def model(self, name: str) -> ReadModel:
        """The read model of that name; raise `NotFound`."""
        for model in self.models:
            if model.name == name:
                return model
        raise NotFound("read model", name, f"there are {', '.join(model.name for model in self.models)}")

    def status(self) -> list[ModelStatus]:
        """Every read model as it is, without bringing any up to date."""
        from .status import status

        return status(self)

    def rebuild(self, name: str, progress: Progress | None = None) -> Rebuilt:
        """Build a read model anew beside the one that serves, compare, switch; goes on where it was interrupted."""
        from .rebuild import rebuild

        return rebuild(self, name, progress)

    def digests(self) -> list[Digest]:
        """The digest of every read model that serves, all as of one moment."""
        from .replay import digests

        return digests(self)

    def compare(self, name: str, progress: Progress | None = None) -> Compared:
        """Replay the log into a database of its own and compare every row of a read model with it."""
        from .replay import compare

        return compare(self, name, progress)

    def dead_letters(self) -> list[DeadLetter]:
        """Every stream that a read model has set aside."""
        from .mending import dead_letters

        return dead_letters(self)

    def inspect(self, letter: DeadLetter) -> Inspected:
        """What is known of the event that could not be taken, without what it says."""
        from .mending import inspect

        return inspect(self, letter)

    def retry(self, letter: DeadLetter) -> DeadLetter | None:
        """Take the stream's events again, from the one that failed on; give back what is left, None when mended."""
        from .mending import retry

        return retry(self, letter)

    def discard(self, letter: DeadLetter) -> DeadLetter | None:
        """Leave the event out for good, in every later rebuild too, and take those of the stream that follow."""
        from .mending import discard

        return discard(self, letter)

    @property
    def kept(self) -> bool:
        """Whether what is done to read models outlives this process."""
        return not isinstance(self.tables, MemoryTables)

    @property
    def decode(self) -> Decode:
        """The codec, loaded when something has to be decoded."""
        if self._decode is None:
            from ..codec import decode

            self._decode = decode
        return self._decode

    def _lineups(self, connection: Connection) -> list[Lineup]:
        rows = registry.read(connection)
        return [lineup(model, rows) for model in self.models]

    def _begin(self) -> None:
        """Make what is missing: the registry, and generations of read models that are new or of a new version."""
        with self.tables.writer() as connection:
            registry.create(connection)
            rows = registry.read(connection)
            for model in self.models:
                if lineup(model, rows).to_create:
                    registry.begin(connection, model, rows, self.clock())

    def _check_end(self, lineups: Sequence[Lineup]) -> None:
        if beyond := self.beyond(lineups):
            raise StoreUnavailable(
                "the read models tell of events that the log does not have",
                f"{beyond[0].name} has read up to event {beyond[0].position},"
                f" and the log ends with event {self.store.head()}",
                "run: mentorcycle audit verify; then restore a backup, or go on without them: mentorcycle db rebuild",
            )

    def _behind(self, head: int) -> list[Lineup]:
        return [one for one in self.lineups() if not one.ready(head)]

    def _step(self, behind: Sequence[Lineup], head: int, size: int) -> None:
        """Let those that are furthest behind take one batch."""
        fed = [(one.model, row) for one in behind for row in one.fed]
        low = min(row.position for _, row in fed)
        group = [(model, row) for model, row in fed if row.position == low]
        upto = min([head, *(row.position for _, row in fed if row.position > low)])
        batch, scanned = self.read(low, max(low, upto), size)
        self.advance(group, batch, max(low, scanned), head)

    def advance(
        self, group: Sequence[tuple[ReadModel, Generation]], batch: Batch, scanned: int, head: int
    ) -> bool:
        """Let generations that stand at one position take the batch that follows; False when another was first."""
        return advance(self.tables, group, batch, scanned, head, self.clock())


@contextmanager
def _said_if_read_only() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
        if code not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN) and "read-only" not in error.what:
            raise
        raise StoreUnavailable(
            "the read models are behind the log and cannot be brought up to date",
            error.what,
            "run: mentorcycle list, once, where the store can be written",
        ) from error
