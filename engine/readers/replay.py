"""Compares a read model with a replay: the same rows, made anew from the log alone, in a database of their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from mentorcycle.projections.connection import Connection, SqliteConnection
from mentorcycle.projections.projection import CHUNK, ReadModel, part_of

from ..stores.sifting import Wanted
from .batch import Batch, take
from .letters import Aside, aside
from .view import Digest

if TYPE_CHECKING:
    from .readers import Readers
    from .rebuild import Progress

MOST_DIFFERENCES = 20


class Difference(NamedTuple):
    """A row that is not what the log says: its table and key, and whether it is missing, extra or other."""

    table: str
    key: tuple[object, ...]
    kind: str


class Compared(NamedTuple):
    """A read model beside its replay; `differences` names the first rows that differ."""

    name: str
    position: int
    stored: str
    replayed: str
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        """Whether every row is what the log says."""
        return self.stored == self.replayed


def digests(readers: Readers) -> list[Digest]:
    """The digest of every read model that serves, all as of one moment."""
    with readers.view() as view:
        return [view.digest(model.name) for model in readers.models if view.serves(model.name)]


def compare(readers: Readers, name: str, progress: Progress | None = None) -> Compared:
    """Replay the log up to where a read model stands and compare every row; other processes may go on meanwhile."""
    model = readers.model(name)
    with readers.view() as view:
        stored = view.digest(name)
        serving = view.serving(name)
        discarded = aside(view.connection, name, serving.generation).events
    with closing(_database()) as replayed:
        left_out = Aside({}, discarded)
        model.create(replayed, 1)
        reached = serving.positions
        nothing = (0,) * len(reached)
        left_out = _replay(readers, model, replayed, nothing, reached, left_out, progress)
        digest = model.digest(replayed, 1)
        if digest == stored.sha256:
            return Compared(name, stored.position, stored.sha256, digest, ())
        with readers.view() as view:
            serving = view.serving(name)
            if serving.positions != reached:
                _replay(readers, model, replayed, reached, serving.positions, left_out)
            with closing(differences(model, view.connection, serving.generation, replayed)) as rows:
                first = tuple(islice(rows, MOST_DIFFERENCES))
            return Compared(
                name, serving.position, view.digest(name).sha256, model.digest(replayed, 1), first
            )


def made_anew(
    readers: Readers,
    name: str,
    upto: tuple[int, ...],
    discarded: frozenset[int],
    progress: Progress | None = None,
) -> str:
    """The digest of a read model whose parts have read so far, made from the log alone, without some events."""
    model = readers.model(name)
    with closing(_database()) as replayed:
        model.create(replayed, 1)
        _replay(readers, model, replayed, (0,) * len(upto), upto, Aside({}, discarded), progress)
        return model.digest(replayed, 1)


def _database() -> SqliteConnection:
    """An empty database in memory that moves to a temporary file when it grows."""
    connection = sqlite3.connect("", isolation_level=None, factory=SqliteConnection)
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _replay(
    readers: Readers,
    model: ReadModel,
    connection: Connection,
    after: tuple[int, ...],
    upto: tuple[int, ...],
    left_out: Aside,
    progress: Progress | None = None,
) -> Aside:
    """Take the events between two places, of which there are one for each part."""

    def theirs(tenant: str, stream: str, position: int) -> bool:
        part = part_of(tenant, stream) if len(upto) > 1 else 0
        return after[part] < position <= upto[part]

    wanted = Wanted(frozenset(model.kinds))
    streams = dict(left_out.streams)
    position, end = min(after), max(upto)
    uneven = len({*after}) > 1 or len({*upto}) > 1
    while position < end:
        if progress is not None:
            progress(position, end)
        batch, position = readers.read(position, end, readers.largest, wanted)
        if uneven:
            batch = Batch(
                [r for r in batch.events if theirs(r.tenant, r.stream, r.position)],
                tuple(p for p in batch.unreadable if theirs(p.tenant, p.stream, p.position)),
            )
        connection.execute("BEGIN")
        for poison in take(connection, model, 1, batch, Aside(streams, left_out.events)):
            streams[poison.tenant, poison.stream] = poison.position
        connection.execute("COMMIT")
    return Aside(streams, left_out.events)


def differences(
    model: ReadModel, stored: Connection, generation: int, replayed: Connection, size: int = CHUNK
) -> Generator[Difference, None, None]:
    """Every row that differs, by table and key; of each side no more than `size` rows are in memory at a time.

    Within a transaction, and to be closed before other rows are read in it.
    """
    for table in model.tables:
        order = f"SELECT {table.key}, * FROM {{}} ORDER BY {table.key}"
        width = table.key.count(",") + 1
        with (
            closing(_rows(stored, order.format(f"{table.name}_{generation}"), size)) as found,
            closing(_rows(replayed, order.format(f"{table.name}_1"), size)) as wanted,
        ):
            there: Any = next(found, None)
            here: Any = next(wanted, None)
            while there is not None or here is not None:
                if here is None or (there is not None and there[:width] < here[:width]):
                    yield Difference(table.name, there[:width], "extra")
                    there = next(found, None)
                elif there is None or here[:width] < there[:width]:
                    yield Difference(table.name, here[:width], "missing")
                    here = next(wanted, None)
                else:
                    if there != here:
                        yield Difference(table.name, here[:width], "other")
                    there, here = next(found, None), next(wanted, None)


def _rows(connection: Connection, query: str, size: int) -> Generator[Any, None, None]:
    chunks = connection.chunks(query, size)
    try:
        for chunk in chunks:
            yield from chunk
    finally:
        if isinstance(chunks, Generator):
            chunks.close()  # the server has a cursor open for it
