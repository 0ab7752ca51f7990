"""The same history in the stock library's file: the lives lived once through its aggregates, then cast like ours."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

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
    moulds: dict[int, list[list[CastRow]]] = {}
    with TemporaryDirectory() as scratch:
        app = open_stock(Path(scratch) / "lives.db")
        connection = sqlite3.connect(path, isolation_level=None)
        versions: dict[str, int] = {}
        rows: list[tuple[str, int, str, bytes]] = []
        count = 0
        for turn in played(events, long, seed):
            cast = turn.pair.cast
            if id(cast) not in moulds:
                moulds[id(cast)] = _lived(app, cast)
            for stream, topic, mould in moulds[id(cast)][turn.command.step]:
                mine = turn.pair.streams[stream]
                version = versions[mine] = versions.get(mine, 0) + 1
                rows.append((uuid_of(subject_of(mine)).hex, version, topic, mould.cast(turn.pair.values)))
                count += 1
            if len(rows) >= COMMIT_AT:
                _insert(connection, rows)
                rows = []
        _insert(connection, rows)
        connection.close()
        app.close()
    return count


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


def _insert(connection: sqlite3.Connection, rows: list[tuple[str, int, str, bytes]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(INSERT, rows)
    connection.execute("COMMIT")
