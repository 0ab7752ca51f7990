"""Writes slices to a PostgreSQL log on a connection that somebody else lends: the short way, or with care.

The short way takes all slices as new, in one message to the server and back. With care they are judged by `admission`
under the locks of their streams. Either way one commit; positions in the outcomes count from the commit's first event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from mentorcycle.domain.errors import InvalidInput

from .admission import Admitted, Key, Outcome, Request, admit
from .port import Appended, KnownCommand, Slice
from .postgres_connections import Connection
from .postgres_statements import Statements


@dataclass(frozen=True, slots=True)
class Written:
    """Outcomes of one commit. `tx` is None when it wrote nothing; `base` is the position before its first event, None
    while it has none. `known` are the commands that were taken before."""

    outcomes: Sequence[Outcome]
    tx: int | None
    base: int | None
    recorded_at: int
    known: frozenset[Key] = frozenset()


def check_text(slice_: Slice) -> None:
    """Raise for text that PostgreSQL cannot keep, before it has commit mates."""
    texts = [slice_.tenant, slice_.command_id, *slice_.expected]
    texts += [text for event in slice_.events for text in (event.stream, event.topic)]
    texts += [text for words in slice_.words for text in (words.field, words.text)]
    if any("\0" in text for text in texts):
        raise InvalidInput(
            f"command {slice_.command_id!r} holds a text with a zero byte",
            "PostgreSQL keeps none",
            "leave the character U+0000 out",
        )


def write_new(
    connection: Connection, sql: Statements, requests: Sequence[Request], at: int | None
) -> Written | None:
    """Write slices that are all new and stand where they should; None, with nothing written, when they do not."""
    expected = _first_expected(requests)
    admitted = admit(requests, {}, dict(expected), 0, 0)
    if len(admitted.commands) < len(requests):
        return None
    written = {(event[1], event[2]) for event in admitted.events}
    streams = [
        [tenant for tenant, _ in expected],
        [stream for _, stream in expected],
        list(expected.values()),
        [key in written for key in expected],
    ]
    values = (at, *(column or None for column in streams), *_columns(admitted, requests))
    try:
        row = connection.execute(sql.append, values, prepare=True, binary=True).fetchone()
    except psycopg.errors.UniqueViolation:
        return None
    if row is None or row[0] is None:
        return None
    tx, base, recorded_at = row
    return Written(admitted.outcomes, tx, base, recorded_at or 0)


def write_carefully(
    connection: Connection, sql: Statements, requests: Sequence[Request], at: int | None
) -> Written | None:
    """Judge slices one by one and write those that can be taken; None when another was first with a command id."""
    keys = _first_expected(requests)
    written = {(slice_.tenant, event.stream) for slice_, _ in requests for event in slice_.events}
    tenants, streams = [tenant for tenant, _ in keys], [stream for _, stream in keys]
    ids = [(slice_.tenant, slice_.command_id) for slice_, _ in requests]
    try:
        with connection.transaction():
            with connection.pipeline():
                held = (tenants or None, streams or None, [key in written for key in keys] or None)
                connection.execute(sql.hold, held)
                known_rows = connection.execute(
                    sql.known, (list(_firsts(ids)), list(_seconds(ids))), binary=True
                )
                version_rows = connection.execute(sql.versions, held[:2], binary=True)
            known = {
                (tenant, id): KnownCommand(content_hash, 0, 0, 0)
                for tenant, id, content_hash in known_rows.fetchall()
            }
            versions = {(tenant, stream): version for tenant, stream, version in version_rows.fetchall()}
            before = frozenset(known)
            admitted = admit(requests, known, versions, 0, 0)
            tx: int | None = None
            if admitted.commands:
                row = connection.execute(sql.write, (at, *_columns(admitted, requests))).fetchone()
                tx = row[0] if row else None
    except psycopg.errors.UniqueViolation:
        return None
    return Written(admitted.outcomes, tx, None, 0, before)


def insert(
    connection: Connection, sql: Statements, rows: Sequence[tuple[str, str, int, str, bytes]], at: int | None
) -> int | None:
    """Write events (tenant, stream, version, topic, state) that belong to no command; None if one exists."""
    keys = list(dict.fromkeys((tenant, stream) for tenant, stream, *_ in rows))
    values = (at, *_transposed(rows, 5), *[None] * 12)
    try:
        with connection.transaction():
            connection.execute(sql.hold, (list(_firsts(keys)), list(_seconds(keys)), [True] * len(keys)))
            row = connection.execute(sql.write, values).fetchone()
    except psycopg.errors.UniqueViolation:
        return None
    return int(row[0]) if row else None


def placed(outcome: Outcome, base: int, recorded_at: int) -> Outcome:
    """An outcome with the positions that its events got."""
    if not isinstance(outcome, Appended):
        return outcome
    return outcome._replace(first=base + outcome.first, last=base + outcome.last, recorded_at=recorded_at)


def _first_expected(requests: Sequence[Request]) -> dict[Key, int]:
    """Every stream that matters, with the version that the first slice to name it expects."""
    expected: dict[Key, int] = {}
    for slice_, wanted in requests:
        for stream, version in wanted.items():
            expected.setdefault((slice_.tenant, stream), version)
    return expected


def _columns(admitted: Admitted, requests: Sequence[Request]) -> list[list[Any] | None]:
    """What was admitted, as the arrays that `write` takes."""
    events = [
        (tenant, stream, version, topic, state)
        for _, tenant, stream, version, topic, _, state in admitted.events
    ]
    commands = [
        (tenant, id, content_hash, first - 1, last - first + 1)
        for tenant, id, content_hash, first, last, _ in admitted.commands
    ]
    taken = {(tenant, id) for tenant, id, *_ in admitted.commands} if admitted.words else set()
    words = [
        (slice_.tenant, w.stream, w.version, w.field, w.commitment, w.salt, w.text)
        for slice_, _ in requests
        if (slice_.tenant, slice_.command_id) in taken
        for w in slice_.words
    ]
    return [*_transposed(events, 5), *_transposed(commands, 5), *_transposed(words, 7)]


def _transposed(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any] | None]:
    columns: list[list[Any] | None] = [list(column) for column in zip(*rows, strict=True)]
    return columns or [None] * width


def _firsts(keys: Iterable[Key]) -> Iterable[str]:
    return (first for first, _ in keys)


def _seconds(keys: Iterable[Key]) -> Iterable[str]:
    return (second for _, second in keys)
