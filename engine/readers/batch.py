"""One batch of the log: decoded once, and taken by a read model, with what it cannot take set aside by stream."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from mentorcycle.domain.errors import HistoryUnreadable, StoreUnavailable
from mentorcycle.projections.connection import Connection
from mentorcycle.projections.projection import ReadModel

from ..stores.port import StoredRow
from .letters import Aside, Poison

if TYPE_CHECKING:
    from mentorcycle.domain.recorded import Recorded

Decode: TypeAlias = Callable[[StoredRow], "Recorded[Any]"]

FEW = 50
"""Streams that a batch may set aside in any case; beyond that, half of its streams, or the model is broken."""


class ModelBroken(Exception):
    """A read model cannot go on at all; `error` is the type of what happened."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Batch(NamedTuple):
    """Events in order of the log, and those that could not be decoded."""

    events: Sequence[Recorded[Any]]
    unreadable: tuple[Poison, ...]


def decoded(rows: Iterable[StoredRow], decode: Decode) -> Batch:
    """Decode rows; one that cannot be read does not keep the others from it."""
    rows = list(rows)
    try:
        return Batch([decode(row) for row in rows], ())
    except HistoryUnreadable:
        events, unreadable = [], []
        for row in rows:
            try:
                events.append(decode(row))
            except HistoryUnreadable as error:
                unreadable.append(Poison(row.tenant, row.stream, row.position, type(error).__name__))
        return Batch(events, tuple(unreadable))


def take(
    connection: Connection, model: ReadModel, generation: int, batch: Batch, aside: Aside
) -> list[Poison]:
    """Let a read model take a batch within the open transaction; give back the streams to set aside.

    When it raises, the batch is bisected under savepoints until the events that it cannot take stand alone.
    Raises `ModelBroken` when that is not a matter of single streams.
    """
    poisons: dict[tuple[str, str], Poison] = {}
    for poison in batch.unreadable:
        key = (poison.tenant, poison.stream)
        if poison.position not in aside.events and key not in aside.streams and key not in poisons:
            poisons[key] = poison
    pending = [aside.readable(batch.events)]
    most = max(FEW, len({(r.tenant, r.stream) for r in pending[0]}) // 2)
    connection.execute("SAVEPOINT whole")
    while pending:
        part = pending.pop()
        if poisons:
            until = {key: poison.position for key, poison in poisons.items()}
            part = Aside(until, frozenset()).readable(part)
        error = _try(connection, model, generation, part) if part else None
        if error is None:
            continue
        if len(part) > 1:
            half = len(part) // 2
            pending += [part[half:], part[:half]]
            continue
        (poisoned,) = part
        key = (poisoned.tenant, poisoned.stream)
        poisons[key] = Poison(*key, poisoned.position, error)
        if len(poisons) > most:
            connection.execute("ROLLBACK TO whole")
            raise ModelBroken(error)
    connection.execute("RELEASE whole")
    return list(poisons.values())


def _try(
    connection: Connection, model: ReadModel, generation: int, events: Sequence[Recorded[Any]]
) -> str | None:
    """Apply events, or leave everything as it was and give back the type of the error."""
    connection.execute("SAVEPOINT part")
    try:
        model.apply(connection, generation, events)
    except Exception as error:
        if is_of_the_store(error):
            raise
        if is_of_the_model(error):
            connection.execute("ROLLBACK TO whole")
            raise ModelBroken(type(error).__name__) from error
        connection.execute("ROLLBACK TO part")
        connection.execute("RELEASE part")
        return type(error).__name__
    connection.execute("RELEASE part")
    return None


def is_of_the_store(error: Exception) -> bool:
    """Whether the medium failed, rather than a read model or an event: disk full, locked, damaged, connection lost."""
    if isinstance(error, StoreUnavailable):
        return True
    if (fault := _fault(error)) is not None:
        return fault == "medium"
    if not isinstance(error, sqlite3.DatabaseError) or isinstance(
        error, sqlite3.IntegrityError | sqlite3.DataError | sqlite3.ProgrammingError
    ):
        return False
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF != sqlite3.SQLITE_ERROR


def is_of_the_model(error: Exception) -> bool:
    """Whether no event can be taken by that read model: a table is missing, or its statements are wrong."""
    if (fault := _fault(error)) is not None:
        return fault == "model"
    return isinstance(error, sqlite3.OperationalError)


def _fault(error: Exception) -> str | None:
    """Whose fault an error of psycopg is; None for any other. The driver is not imported to ask that."""
    if not any(kind.__module__ == "psycopg" and kind.__name__ == "Error" for kind in type(error).__mro__):
        return None
    from .postgres_connection import fault_of

    return fault_of(error).value  # type: ignore[arg-type]
