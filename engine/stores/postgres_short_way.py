"""The short way of one command with one event, the usual one: half the work of `write_new`, here and in the server."""

from __future__ import annotations

import psycopg

from .admission import Request
from .port import Appended
from .postgres_append import Written
from .postgres_arrays import blobs, long_numbers, numbers, texts
from .postgres_connections import Connection
from .postgres_locks import locks
from .postgres_statements import Statements
from .postgres_wire import number

_MOST = 63  # locks, one bit each
_NO_WORDS = (None, None, None, None)


def is_usual(request: Request) -> bool:
    """Whether a request can go this way."""
    slice_, wanted = request
    return len(slice_.events) == 1 and len(wanted) < _MOST and not slice_.after


def write_one(connection: Connection, sql: Statements, request: Request, at: int | None) -> Written | None:
    """Write a slice that is new and stands where it should; None, with nothing written, when it does not."""
    slice_, wanted = request
    tenant, (event,), words = slice_.tenant, slice_.events, slice_.words
    streams = {event.stream: wanted[event.stream], **wanted}
    keys, alone = locks(sql.schema, [(tenant, stream) for stream in streams], {(tenant, event.stream)})
    values = (
        number(at),
        long_numbers(keys),
        number(sum([1 << place for place, one in enumerate(alone) if one])),
        slice_.incarnation.encode() if slice_.incarnation is not None else None,
        tenant.encode(),
        slice_.command_id.encode(),
        slice_.content_hash,
        texts(streams),
        numbers(streams.values()),
        event.topic.encode(),
        event.state,
        *(
            (
                texts([one.field for one in words]),
                blobs([one.commitment for one in words]),
                blobs([one.salt for one in words]),
                texts([one.text for one in words]),
            )
            if words
            else _NO_WORDS
        ),
    )
    try:
        tx, base, recorded_at = sql.append_one.said(connection, values)
    except psycopg.errors.UniqueViolation:
        return None
    if tx is None:
        return None
    return Written((Appended(1, 1, 0),), tx, base, recorded_at or 0)
