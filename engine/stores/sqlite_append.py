"""Writes slices to a SQLite log, inside a transaction that somebody else opened and will commit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from .admission import Admitted, EventTuple, Key, Request, admit
from .clock import Clock
from .port import KnownCommand

LAST = """SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0),
                     coalesce((SELECT max(position) FROM events), 0)),
                 coalesce((SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1), 0),
                 coalesce((SELECT value FROM meta WHERE key = 'incarnation'), '')"""
COMMANDS = """SELECT c.command_id, c.content_hash, c.first, c.last, c.recorded_at
              FROM json_each(?) AS wanted CROSS JOIN commands AS c
              ON c.tenant = ? AND c.command_id = wanted.value"""
VERSIONS = """SELECT wanted.value,
                     coalesce((SELECT max(version) FROM events
                               WHERE tenant = ? AND stream = wanted.value), 0)
              FROM json_each(?) AS wanted"""
INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)"
INSERT_COMMAND = "INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?)"
INSERT_WORDS = "INSERT INTO words VALUES (?, ?, ?, ?, ?)"


def end_of_log(connection: sqlite3.Connection, now: int) -> tuple[int, int, str]:
    """The highest position ever given, also to events since deleted; the instant to record next; which log it is."""
    last, recorded_at, incarnation = connection.execute(LAST).fetchone()
    return last, max(now, recorded_at), incarnation


def insert_events(connection: sqlite3.Connection, rows: Sequence[EventTuple]) -> None:
    """Add rows at the end of the log."""
    connection.executemany(INSERT_EVENT, rows)


class NotAllNew(Exception):
    """A command or a stream that was taken as new exists: roll back and write with care."""


def write_slices(
    connection: sqlite3.Connection,
    requests: Sequence[Request],
    clock: Clock,
    *,
    careful: bool,
) -> Admitted:
    """Write the slices that can be taken; the outcomes are true once the transaction commits.

    Without `careful`, commands and streams said to be new are not looked up, which halves the reading;
    the unique keys tell if one is not, and then this raises `NotAllNew`.
    """
    known = _known_commands(connection, requests) if careful else {}
    versions = _versions(connection, requests, careful=careful)
    last, recorded_at, incarnation = end_of_log(connection, clock())
    admitted = admit(requests, known, versions, last, recorded_at, incarnation)
    if not careful and len(admitted.commands) < len(requests):
        raise NotAllNew
    try:
        insert_events(connection, admitted.events)
        connection.executemany(INSERT_COMMAND, admitted.commands)
    except sqlite3.IntegrityError:
        if careful:
            raise
        raise NotAllNew from None
    if admitted.words:
        connection.executemany(INSERT_WORDS, admitted.words)
    return admitted


def _known_commands(connection: sqlite3.Connection, requests: Sequence[Request]) -> dict[Key, KnownCommand]:
    by_tenant: dict[str, list[str]] = {}
    for slice_, _ in requests:
        by_tenant.setdefault(slice_.tenant, []).append(slice_.command_id)
    return {
        (tenant, command_id): KnownCommand(*row)
        for tenant, ids in by_tenant.items()
        for command_id, *row in connection.execute(COMMANDS, (json.dumps(sorted(ids)), tenant))
    }


def _versions(
    connection: sqlite3.Connection, requests: Sequence[Request], *, careful: bool
) -> dict[Key, int]:
    """The versions of the streams that the slices expect; without care, not of those that they begin."""
    by_tenant: dict[str, set[str]] = {}
    for slice_, expected in requests:
        streams = by_tenant.setdefault(slice_.tenant, set())
        for stream, version in expected.items():
            if version or careful or stream not in [event.stream for event in slice_.events]:
                streams.add(stream)
    return {
        (tenant, stream): version
        for tenant, streams in by_tenant.items()
        if streams
        for stream, version in connection.execute(VERSIONS, (tenant, json.dumps(sorted(streams))))
    }
