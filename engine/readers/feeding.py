"""One batch of the log into the tables of read models, together with their progress, in one transaction.

Progress is compared inside the transaction, so whoever comes second takes nothing. Where others may write at the same
time, only what nobody else feeds is fed, and a large batch goes into one read model after the other, each in a
transaction of its own: what is written is open for a short time then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from mentorcycle.projections.connection import Connection, Dialect
from mentorcycle.projections.projection import part_of

from . import registry
from .batch import Batch, ModelBroken, is_of_the_store, take
from .letters import Aside, aside, set_aside
from .registry import Fed, Generation, lineup
from .tables import Tables

LARGE = 1000
ROOM = "PRAGMA cache_size = -65536"
"""64 MB for pages of a large batch; with SQLite's own 2 MB it writes many of them twice."""
FEW = 64
"""Events that go into all read models in one transaction, wherever they are."""


CAREFULLY = 500
"""Events of a batch that was not taken at once which are tried carefully in one transaction."""


class Advanced(NamedTuple):
    """What became of a batch: who took it and where the last of them stands then, and whom somebody else feeds.

    The rest had moved meanwhile.
    """

    taken: Sequence[Fed]
    owned: Sequence[Fed]
    scanned: int


class _NotTaken(Exception):
    """A read model raised for a batch: it is to be taken once more, carefully."""


class _Moved(Exception):
    """Somebody else was first."""


def advance(tables: Tables, fed: Sequence[Fed], batch: Batch, scanned: int, head: int, now: int) -> Advanced:
    """Let those that stand at one position take the batch that follows.

    `scanned` is the position they stand at then. At `head`, one that is built to serve begins to serve.
    """
    taken: list[Fed] = []
    owned: list[Fed] = []
    reached = scanned
    for some in _transactions(tables, fed, batch):
        try:
            done = _advance(tables, some, batch, scanned, head, now, carefully=bool(batch.unreadable))
        except _NotTaken:
            part, upto = _beginning(batch, scanned) if tables.shared else (batch, scanned)
            done = _advance(tables, some, part, upto, head, now, carefully=True)
        taken += done.taken
        owned += done.owned
        reached = min(reached, done.scanned)
    return Advanced(taken, owned, reached)


def _beginning(batch: Batch, scanned: int) -> tuple[Batch, int]:
    """As much of a batch as can be tried half by half without holding others up for long, and where it ends."""
    if len(batch.events) <= CAREFULLY:
        return batch, scanned
    upto = batch.events[CAREFULLY - 1].position
    return Batch(
        batch.events[:CAREFULLY], tuple(one for one in batch.unreadable if one.position <= upto)
    ), upto


def _transactions(tables: Tables, fed: Sequence[Fed], batch: Batch) -> Iterator[Sequence[Fed]]:
    """Who takes a batch together: those for whom there is nothing in it, and for the rest each read model alone."""
    if not tables.shared or len(batch.events) + len(batch.unreadable) <= FEW:
        yield fed
        return
    by_key = sorted(fed, key=lambda one: (one.row.name, one.row.generation))
    for _, some in groupby(by_key, key=lambda one: (one.row.name, one.row.generation)):
        yield list(some)


def _advance(
    tables: Tables, fed: Sequence[Fed], batch: Batch, scanned: int, head: int, now: int, *, carefully: bool
) -> Advanced:
    try:
        with tables.writer() as connection:
            claimed = tables.claim(connection, fed)
            mine = [one for one, is_mine in zip(fed, claimed, strict=True) if is_mine]
            owned = [one for one, is_mine in zip(fed, claimed, strict=True) if not is_mine]
            rows = registry.read(connection)
            known = {(row.name, row.generation): row for row in rows}
            mine = [one for one in mine if _stands(one, known.get((one.row.name, one.row.generation)))]
            if not tables.shared and len(mine) < len(fed):
                return Advanced((), owned, scanned)
            _room(connection, batch)
            taken = _take(connection, mine, batch, now, carefully=carefully)
            if taken and not registry.advance(connection, taken, scanned, now):
                raise _Moved
            if scanned >= head:
                _serve(connection, taken, rows, head, now)
            return Advanced(taken, owned, scanned)
    except _Moved:
        return Advanced((), (), scanned)


def _stands(one: Fed, row: Generation | None) -> bool:
    return (
        row is not None
        and row.state == one.row.state
        and row.positions[one.part : one.part + 1] == (one.position,)
    )


def _room(connection: Connection, batch: Batch) -> None:
    if connection.dialect is Dialect.SQLITE and len(batch.events) > LARGE:
        connection.execute(ROOM)


def _take(
    connection: Connection, fed: Sequence[Fed], batch: Batch, now: int, *, carefully: bool
) -> list[Fed]:
    """Let each generation take the events of its parts; give back those that could."""
    taken: list[Fed] = []
    for _, group in groupby(fed, key=lambda one: (one.row.name, one.row.generation)):
        parts = list(group)
        mine = _of(parts, batch)
        if mine.events or mine.unreadable:
            left_out = aside(connection, parts[0].row.name, parts[0].row.generation)
            if not carefully:
                _take_at_once(connection, parts[0], mine, left_out)
            elif not _take_carefully(connection, parts[0], mine, left_out, now):
                continue
        taken += parts
    return taken


def _of(parts: Collection[Fed], batch: Batch) -> Batch:
    """What of a batch is for some parts of one generation."""
    first = next(iter(parts))
    events, unreadable = batch
    if kinds := first.model.kinds:
        unreadable = tuple(poison for poison in unreadable if poison.stream.startswith(kinds))
    if len(parts) == len(first.row.positions):
        return Batch(events, unreadable)

    theirs = {one.part for one in parts}
    return Batch(
        [r for r in events if part_of(r.tenant, r.stream) in theirs],
        tuple(poison for poison in unreadable if part_of(poison.tenant, poison.stream) in theirs),
    )


def _take_at_once(connection: Connection, one: Fed, batch: Batch, left_out: Aside) -> None:
    events = left_out.readable(batch.events)
    if not events:
        return
    try:
        one.model.apply(connection, one.row.generation, events)
    except Exception as error:
        if is_of_the_store(error):
            raise
        raise _NotTaken from error


def _take_carefully(connection: Connection, one: Fed, batch: Batch, left_out: Aside, now: int) -> bool:
    try:
        poisons = take(connection, one.model, one.row.generation, batch, left_out)
    except ModelBroken as broken:
        registry.fail(connection, one.row, broken.error, now)
        return False
    set_aside(connection, one.row.name, one.row.generation, poisons, now)
    return True


def _serve(
    connection: Connection, taken: Sequence[Fed], rows: Sequence[Generation], head: int, now: int
) -> None:
    """Let a generation begin to serve that is needed and has read everything, in all its parts."""
    for _, group in groupby(taken, key=lambda one: (one.row.name, one.row.generation)):
        parts = list(group)
        model, row = parts[0].model, parts[0].row
        there = {one.part for one in parts}
        known = next(one for one in rows if (one.name, one.generation) == (row.name, row.generation))
        others = [position for part, position in enumerate(known.positions) if part not in there]
        if all(position >= head for position in others) and lineup(model, rows).serves_next:
            registry.switch(connection, model, row, rows, now)
