"""One batch of the log into the tables of read models, together with their progress, in one transaction.

Progress is compared inside the transaction, so whoever comes second takes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from mentorcycle.projections.connection import Connection
from mentorcycle.projections.projection import ReadModel

from . import registry
from .batch import Batch, ModelBroken, is_of_the_store, take
from .letters import aside, set_aside
from .registry import Generation, lineup
from .tables import Tables

LARGE = 1000
ROOM = "PRAGMA cache_size = -65536"
"""64 MB for pages of a large batch; with SQLite's own 2 MB it writes many of them twice."""

Fed: TypeAlias = Sequence[tuple[ReadModel, Generation]]


def advance(tables: Tables, fed: Fed, batch: Batch, scanned: int, head: int, now: int) -> bool:
    """Let generations that stand at one position take the batch that follows; False when another was first.

    `scanned` is the position they stand at then. At `head`, one that is built to serve begins to serve.
    """
    try:
        return _advance(tables, fed, batch, scanned, head, now, carefully=bool(batch.unreadable))
    except _NotTaken:
        return _advance(tables, fed, batch, scanned, head, now, carefully=True)


class _NotTaken(Exception):
    """A read model raised for a batch: it is to be taken once more, carefully."""


def _advance(
    tables: Tables, fed: Fed, batch: Batch, scanned: int, head: int, now: int, *, carefully: bool
) -> bool:
    with tables.writer() as connection:
        rows = registry.read(connection)
        standing = {(row.name, row.generation): (row.state, row.position) for row in rows}
        for _, row in fed:
            if standing.get((row.name, row.generation)) != (row.state, row.position):
                return False
        if len(batch.events) > LARGE:
            connection.execute(ROOM)
        for model, row in fed:
            if not carefully:
                _take_at_once(connection, model, row, batch)
            elif not _take_carefully(connection, model, row, batch, now):
                continue
            connection.execute(registry.PROGRESS, (scanned, now, row.name, row.generation))
            if scanned >= head and lineup(model, rows).serves_next:
                registry.switch(connection, model, row, rows, now)
    return True


def _take_at_once(connection: Connection, model: ReadModel, row: Generation, batch: Batch) -> None:
    events = aside(connection, model.name, row.generation).readable(batch.events)
    if not events:
        return
    try:
        model.apply(connection, row.generation, events)
    except Exception as error:
        if is_of_the_store(error):
            raise
        raise _NotTaken from error


def _take_carefully(
    connection: Connection, model: ReadModel, row: Generation, batch: Batch, now: int
) -> bool:
    left_out = aside(connection, model.name, row.generation)
    try:
        poisons = take(connection, model, row.generation, batch, left_out)
    except ModelBroken as broken:
        connection.execute(registry.STATE, (registry.FAILED, broken.error, now, row.name, row.generation))
        return False
    set_aside(connection, model.name, row.generation, poisons, now)
    return True
