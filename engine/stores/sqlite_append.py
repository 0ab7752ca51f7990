"""Writes slices to a SQLite log, inside a transaction that somebody else opened and will commit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

from .admission import Admitted, EventTuple, Key, admit
from .port import KnownCommand, Slice

_SET_QUERIES_FROM = 4

LAST = """SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0),
                     coalesce((SELECT max(position) FROM events), 0)),
                 coalesce((SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1), 0)"""
COMMAND = "SELECT content_hash, first, last, recorded_at FROM commands WHERE tenant = ? AND command_id = ?"
COMMANDS = """SELECT c.command_id, c.content_hash, c.first, c.last, c.recorded_at
              FROM json_each(?) AS wanted CROSS JOIN commands AS c
              ON c.tenant = ? AND c.command_id = wanted.value"""
VERSION = "SELECT max(version) FROM events WHERE tenant = ? AND stream = ?"
VERSIONS = """SELECT wanted.value,
                     (SELECT max(version) FROM events WHERE tenant = ? AND stream = wanted.value)
              FROM json_each(?) AS wanted"""
INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)"
INSERT_COMMAND = "INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?)"
INSERT_WORDS = "INSERT INTO words VALUES (?, ?, ?, ?, ?, ?, ?)"


def end_of_log(connection: sqlite3.Connection, now: int) -> tuple[int, int]:
    """The highest position ever given (also to events since deleted), and the instant to record next."""
    last, recorded_at = connection.execute(LAST).fetchone()
    return last, max(now, recorded_at)


def insert_events(connection: sqlite3.Connection, rows: Sequence[EventTuple]) -> None:
    """Add rows at the end of the log."""
    connection.executemany(INSERT_EVENT, rows)


def write_slices(
    connection: sqlite3.Connection,
    slices: Sequence[Slice],
    wanted: Sequence[dict[str, int]],
    clock: Callable[[], int],
) -> Admitted:
    """Write the slices that can be taken; the outcomes are true once the transaction commits."""
    known, versions = _what_is_known(connection, slices, wanted)
    last, recorded_at = end_of_log(connection, clock())
    admitted = admit(slices, wanted, known, versions, last, recorded_at)
    insert_events(connection, admitted.events)
    connection.executemany(INSERT_COMMAND, admitted.commands)
    if admitted.words:
        connection.executemany(INSERT_WORDS, admitted.words)
    return admitted


def _what_is_known(
    connection: sqlite3.Connection, slices: Sequence[Slice], wanted: Sequence[dict[str, int]]
) -> tuple[dict[Key, KnownCommand], dict[Key, int]]:
    """The commands and stream versions that a batch must be judged by."""
    execute = connection.execute
    known: dict[Key, KnownCommand] = {}
    versions: dict[Key, int] = {}
    if len(slices) < _SET_QUERIES_FROM:
        for slice_, expected in zip(slices, wanted, strict=True):
            key = (slice_.tenant, slice_.command_id)
            if row := execute(COMMAND, key).fetchone():
                known[key] = KnownCommand(*row)
            for stream in expected:
                versions[slice_.tenant, stream] = execute(VERSION, (slice_.tenant, stream)).fetchone()[0] or 0
        return known, versions
    commands: dict[str, list[str]] = {}
    streams: dict[str, set[str]] = {}
    for slice_, expected in zip(slices, wanted, strict=True):
        commands.setdefault(slice_.tenant, []).append(slice_.command_id)
        streams.setdefault(slice_.tenant, set()).update(expected)
    for tenant, ids in commands.items():
        for command_id, *row in execute(COMMANDS, (json.dumps(ids), tenant)):
            known[tenant, command_id] = KnownCommand(*row)
    for tenant, names in streams.items():
        for stream, version in execute(VERSIONS, (tenant, json.dumps(sorted(names)))):
            versions[tenant, stream] = version or 0
    return known, versions
