"""Brings read models up to date with the log, and lends their tables to queries.

Every model takes a batch in one transaction together with its progress, so no event is taken twice, whoever
catches up: progress is compared inside the transaction. Threads may share one object; processes share the file.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import NotFound, StoreUnavailable
from mentorcycle.projections import MODELS
from mentorcycle.projections.connection import Connection
from mentorcycle.projections.projection import ReadModel

from ..stores.pace import THREADS, pace_of
from ..stores.port import Log
from ..stores.sifting import EVERYTHING, Wanted, read_wanted
from ..undisturbed import undisturbed
from . import registry
from .batch import Batch, Decode, decoded
from .feeding import Advanced, advance
from .letters import DeadLetter, LeftOut
from .registry import Fed, Generation, Key, Lineup, lineup, wanted_by
from .steps import Due, Pause, due, next_group
from .tables import Tables, tables_of
from .view import Digest, View

if TYPE_CHECKING:
    from .mending import Inspected
    from .rebuild import Progress, Rebuilt
    from .replay import Compared
    from .status import ModelStatus
    from .working import Working

FIRST_BATCH = 500
LARGEST_BATCH = 8000
SMALLEST_BATCH = 50
LONGEST_WRITE = 0.1
"""Seconds; see `Tables.written`."""
KEPT_SECONDS = 1.0
"""For so long it is taken for granted that who moves things on will go on with it."""
LOOKS = 8
"""How often it is looked whether an owner moves on, before it is tried again whether there still is one."""


class Readers:
    """The read models of one store; `clock` gives UTC microseconds.

    Batches begin with `batch` events and grow to `largest` while far behind: nobody appends during one, and where tasks
    share it none grows, since their loop waits for it. `told` may be set: it is called with the position that the
    hindmost read model has reached, and the one to reach.
    """

    def __init__(
        self,
        store: Log,
        *,
        decode: Decode | None = None,
        models: Sequence[ReadModel] = MODELS,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        batch: int = FIRST_BATCH,
        largest: int | None = None,
        tables: Tables | None = None,
    ) -> None:
        self.store = store
        self.models = tuple(models)
        self.clock = clock
        self.told: Callable[[int, int], None] = lambda position, head: None
        self._decode = decode
        self._batch = batch
        self._pace = pace_of(store)
        self.largest = largest or (LARGEST_BATCH if self._pace is THREADS else FIRST_BATCH)
        self._tables = tables
        self._finding_tables = self._pace.lock()
        self._catching_up = self._pace.lock()
        self._kept_until = 0.0

    @property
    def tables(self) -> Tables:
        """Where the read models live; looked for when they are first asked."""
        if self._tables is None:
            # Not a cached_property: in Python 3.11 one lock is that of all engines, and would stop the loops of others.
            with self._finding_tables:
                self._tables = self._tables or tables_of(self.store)
        return self._tables

    @contextmanager
    def view(self) -> Iterator[View]:
        """Read models that know every event up to now, all as of one moment.

        Raises `StoreUnavailable` when they tell of events that the log does not have, and when somebody else keeps
        them who does not get there in time.
        """
        head = self.store.head()
        while True:
            with self.tables.reader() as connection:
                lineups = self._lineups(connection)
                if all(one.ready(head) for one in lineups):
                    if any(one.active and max(one.active.positions) > head for one in lineups):
                        self._check_end(lineups)
                    yield View(connection, {one.model.name: one for one in lineups})
                    return
            head = self.catch_up(head)

    def catch_up(self, upto: int | None = None, *, timeout: float | None = None) -> int:
        """Let every read model take the events up to a position (default: the last); return that position.

        What somebody else keeps up to date is waited for, at most `timeout` seconds (default: `patience`). Raises
        `StoreUnavailable` then, and when there is something to do and the store cannot be written.
        """
        head = self.store.head() if upto is None else upto
        waited = self.pause(timeout)
        with self._turn(waited) as had, _said_if_read_only():
            if not had:
                if behind := self._behind(head):
                    left = [one for one, _ in due(behind, head)]
                    raise waited.used_up(self._keeper(left, head) if left else "they are only being made")
                return head
            while True:
                owned: list[Fed] = []
                if monotonic() < self._kept_until:  # it was not long ago that somebody kept all of it
                    owned = [one for one, _ in due(self._behind(head), head)]
                if not owned:
                    head, owned = self.take_free(head)
                if not owned:
                    return head
                moved = self._wait_for_owners(owned, head, waited)
                self._kept_until = monotonic() + KEPT_SECONDS if moved else 0.0

    def pause(self, patience: float | None = None) -> Pause:
        """So many seconds of patience with others (default: those of the store), spent as its users wait."""
        return Pause(self.tables.patience if patience is None else patience, self._pace.sleep)

    def wait_for(self, position: int, timeout: float | None = None) -> int:
        """Wait for the log to have a position, and for every read model to know it; return the head."""
        timeout = self.tables.patience if timeout is None else timeout
        waited = self.pause(timeout)
        head = self.store.wait(position - 1, timeout)
        if head < position:
            raise not_there_yet(position, head, timeout)
        self.catch_up(position, timeout=waited.left)
        return head

    def take_free(self, upto: int) -> tuple[int, list[Fed]]:
        """Let everything take the events up to a position that nobody else feeds; also return what somebody does.

        The position may be an earlier one: a backup may be put in the place of the log meanwhile.
        """
        head, size = upto, self._batch
        owned: set[Key] = set()
        while behind := self._behind(head):
            if any(one.to_create for one in behind):
                self.begin()
                continue
            left = due(behind, head)
            if not self.tables.may_write and left:
                return head, [one for one, _ in left]
            free = [one for one in left if one[0].key not in owned]
            if not free:
                return head, [one for one, _ in left]
            with undisturbed():
                done = self.step(free, size)
            owned |= {one.key for one in done.owned}
            self.told(min(row.position for one in behind for row in one.fed), head)
            if len(done.taken) == len(left) and done.scanned >= max(end for _, end in left):
                break
            size = self.next_size(size)
            head = min(head, self.store.head())
        self.told(head, head)
        return head, []

    def beyond(self, lineups: Iterable[Lineup] | None = None) -> list[Generation]:
        """Generations that serve and have read further than the log goes: events were taken out of it."""
        found = self.lineups() if lineups is None else lineups
        serving = [one.active for one in found if one.active]
        head = self.store.head()  # asked last: others may append, and bring read models up to date
        return [generation for generation in serving if max(generation.positions) > head]

    def lineups(self) -> list[Lineup]:
        """What there is of each read model."""
        with self.tables.glance() as connection:
            return self._lineups(connection)

    def read(self, after: int, upto: int, size: int, wanted: Wanted = EVERYTHING) -> tuple[Batch, int]:
        """About the next `size` events after a position, those that are wanted, and the position scanned with them."""
        rows, scanned = read_wanted(self.store, after, upto, size, wanted)
        return decoded(rows, self.decode), scanned

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

    def working(self) -> Working:
        """Every part with who feeds it, and every worker."""
        from .working import working

        return working(self)

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

    def left_out(self) -> list[LeftOut]:
        """Every event that a read model leaves out for good."""
        from .mending import left_out

        return left_out(self)

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
        return self.tables.kept

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

    def write(self, work: Callable[[Connection], None]) -> None:
        """Do something in a transaction, again and again while others are only in the way."""
        pause = self.pause()
        while True:
            try:
                with self.tables.writer() as connection:
                    work(connection)
                return
            except StoreUnavailable as error:
                if not self.tables.in_the_way(error) or pause.over:
                    raise
                pause.wait()

    def empty(self, model: ReadModel) -> None:
        """Empty the tables of a model that do not serve any more; whoever needs them will, if it cannot be done now."""
        with suppress(StoreUnavailable):
            self.tables.empty(model)

    def begin(self) -> None:
        """Make what is missing: the registry, and generations of read models that are new or of a new version."""

        def begin(connection: Connection) -> None:
            registry.create(connection)
            for model in self.models:
                self.tables.alone(connection, model)
                rows = registry.read(connection)
                if lineup(model, rows).to_create:
                    registry.begin(connection, model, rows, self.clock())

        self.write(begin)

    @contextmanager
    def _turn(self, waited: Pause) -> Iterator[bool]:
        """One of those who share this catches up, for all; whether the turn came while there was patience."""
        had = False
        try:
            had = self._catching_up.acquire(timeout=waited.left)
            yield had
        finally:
            if had:
                self._catching_up.release()

    def _wait_for_owners(self, owned: Sequence[Fed], head: int, waited: Pause) -> bool:
        """Wait for those to move on whom somebody else feeds; False after a while, since they may be free by then."""
        for _ in range(LOOKS):
            if waited.over:
                raise waited.used_up(self._keeper(owned, head))
            waited.wait()
            now = {one.key: one for lineup in self.lineups() for one in lineup.fed}
            if any(now.get(one.key) != one for one in owned):
                return True
        return False

    def _keeper(self, owned: Sequence[Fed], head: int) -> str:
        return self.kept_by(min(owned, key=lambda one: one.position), head)

    def kept_by(self, one: Fed, head: int) -> str:
        """How far something has read, and who keeps it."""
        part = f", part {one.part + 1}" if len(one.row.positions) > 1 else ""
        owner = self.tables.workers(self.models).owners.get((one.row.name, one.part))
        who = owner.words if owner else "another process"
        return f"{one.row.name}{part} stands at event {one.position} of {head}, and is kept by {who}"

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

    def step(self, due: Sequence[Due], size: int) -> Advanced:
        """Let those that are furthest behind take one batch."""
        group, upto = next_group(due)
        head = max(end for _, end in due)
        batch, scanned = self.read(group[0].position, upto, size, wanted_by(group))
        return self.advance(group, batch, max(group[0].position, scanned), head)

    def next_size(self, size: int) -> int:
        """How many events to read next time: more and more, as long as nobody is held up by the writing."""
        written, self.tables.written = self.tables.written, 0.0
        if written > LONGEST_WRITE:
            return max(SMALLEST_BATCH, round(size * LONGEST_WRITE / written))
        return size if written > LONGEST_WRITE / 2 else min(2 * size, self.largest)

    def advance(self, group: Sequence[Fed], batch: Batch, scanned: int, head: int) -> Advanced:
        """Let those that stand at one position take the batch that follows."""
        return advance(self.tables, group, batch, scanned, head, self.clock())


def not_there_yet(position: int, head: int, waited: float) -> StoreUnavailable:
    """The error for a position that the log did not have in time."""
    return StoreUnavailable(
        f"the log has no event {position} yet",
        f"it ends with event {head}; waited {waited:g} s",
        "ask for a position that a receipt gave, or wait longer",
    )


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
