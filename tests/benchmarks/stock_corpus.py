"""The same history in the stock library's file: the lives lived once through its aggregates, then cast like ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from eventsourcing.domain import Aggregate
from eventsourcing.persistence import StoredEvent

from mentorcycle.domain.ids import subject_of
from mentorcycle.engine.codec import decode
from mentorcycle.engine.vault import open_words

from .corpus import Cast, played
from .lives import Commanded
from .moulds import Mould
from .stock import Mentoring, begun, envelope, given, method_of, open_stock, uuid_of

INSERT = "INSERT INTO stored_events VALUES (?, ?, ?, ?)"
COMMIT_AT = 20_000

CastRow = tuple[str, str, Mould]
"""Stream as the life knows it, topic, bytes with holes."""


def write_stock(path: Path, events: int, *, long: int, seed: int = 1) -> int:
    """Write the history that `corpus.write` writes, but for the programme's own events; return how many events."""
    open_stock(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    count = 0
    stored = stock_rows(events, long=long, seed=seed)
    while rows := list(islice(stored, COMMIT_AT)):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, [(id.hex, *rest) for id, *rest in rows])
        connection.execute("COMMIT")
        count += len(rows)
    connection.close()
    return count


def stock_rows(events: int, *, long: int, seed: int = 1) -> Iterator[tuple[UUID, int, str, bytes]]:
    """Aggregate, version, topic and state of every event, in order."""
    moulds: dict[int, list[list[CastRow]]] = {}
    versions: dict[str, int] = {}
    with TemporaryDirectory() as scratch:
        app = open_stock(Path(scratch) / "lives.db")
        for turn in played(events, long, seed):
            cast = turn.pair.cast
            if id(cast) not in moulds:
                moulds[id(cast)] = _lived(app, cast)
            for stream, topic, mould in moulds[id(cast)][turn.command.step]:
                mine = turn.pair.streams[stream]
                version = versions[mine] = versions.get(mine, 0) + 1
                yield uuid_of(subject_of(mine)), version, topic, mould.cast(turn.pair.values)
        app.close()


def _lived(app: Mentoring, cast: Cast) -> list[list[CastRow]]:
    """What each command of a life stores when stock aggregates live it."""
    aggregates: dict[str, Aggregate] = {}
    return [_commanded(app, commanded, aggregates, cast) for commanded in cast.life.commands]


def _commanded(
    app: Mentoring, commanded: Commanded, aggregates: dict[str, Aggregate], cast: Cast
) -> list[CastRow]:
    words = {(kept.version, kept.field): kept for kept in commanded.words}
    stored: list[CastRow] = []
    for row in commanded.rows:
        recorded = decode(row)
        event = open_words(recorded.event, row.version, words)
        by = envelope(recorded.actor, recorded.command_id, recorded.occurred_at)
        new = begun(event, subject_of(row.stream), by)
        if new is not None:
            aggregates[row.stream] = new
        else:
            getattr(aggregates[row.stream], method_of(event))(**given(event, by))
        (raised,) = aggregates[row.stream].collect_events()
        kept: StoredEvent = app.mapper.to_stored_event(raised)
        stored.append((row.stream, kept.topic, Mould(kept.state, cast.id_tokens)))
    return stored
