"""Writes slices to a PostgreSQL log on a connection that somebody else lends: the short way, or with care.

The short way takes all slices as new, in one message to the server and back. With care they are judged by `admission`
under the locks of their streams. Either way one commit; positions in the outcomes count from the commit's first event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import psycopg

from mentorcycle.domain.errors import InvalidInput

from .admission import Admitted, EventTuple, Key, Outcome, Request, admit
from .port import Appended, KnownCommand, Slice
from .postgres_arrays import Array, blobs, long_numbers, numbers, texts, truths
from .postgres_connections import Connection
from .postgres_locks import locks
from .postgres_routines import NOT_ADOPTED
from .postgres_statements import Statements

T = TypeVar("T")

_LONGEST_KEY = 2000  # bytes; a third of a page, less what else is in a row of an index
_TENANTS = (0, 5, 10)  # of the columns that `write` takes, those that are the same all along
_NO_WORDS = (texts(()), texts(()), numbers(()), texts(()), blobs(()), blobs(()), texts(()))


@dataclass(frozen=True, slots=True)
class Written:
    """Outcomes of one commit. `tx` is None when it wrote nothing; `base` is the position before its first event, None
    while it has none. `known` are the commands that were taken before, `incarnation` is that of the log, where
    it was looked up."""

    outcomes: Sequence[Outcome]
    tx: int | None
    base: int | None
    recorded_at: int
    known: frozenset[Key] = frozenset()
    incarnation: str | None = None


class Ask(Protocol):
    """Sends a statement, and gives what fetches its rows."""

    def __call__(
        self, query: str, values: Sequence[Any] | None = None, *, binary: bool = False
    ) -> Callable[[], list[Any]]: ...


def adopting(connection: Connection, sql: Statements, work: Callable[[], T]) -> T:
    """Do some work, and again when the log turns out to come from another cluster: now it is at home here."""
    try:
        return work()
    except psycopg.DatabaseError as error:
        if error.sqlstate != NOT_ADOPTED:
            raise
    connection.execute(sql.adopt)
    return work()


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
    keys = [slice_.command_id, *slice_.expected, *(event.stream for event in slice_.events)]
    if any(len(key.encode()) + len(slice_.tenant.encode()) > _LONGEST_KEY for key in keys):
        raise InvalidInput(
            f"command {slice_.command_id[:40]!r} holds an id that is too long",
            f"an index of PostgreSQL keeps at most {_LONGEST_KEY} bytes of tenant and id",
            "use shorter ids",
        )


def write_new(
    connection: Connection, sql: Statements, requests: Sequence[Request], at: int | None
) -> Written | None:
    """Write slices that are all new and stand where they should; None, with nothing written, when they do not."""
    expected = _first_expected(requests)
    decided_on = {slice_.incarnation for slice_, _ in requests} - {None}
    incarnation = next(iter(decided_on), None)  # that of the others is another, so they are not admitted
    admitted = admit(requests, {}, dict(expected), 0, 0, incarnation or "")
    tenant = requests[0][0].tenant
    if len(admitted.commands) < len(requests) or any(slice_.tenant != tenant for slice_, _ in requests):
        return None
    held = _held(sql, expected, {(tenant, event[2]) for event in admitted.events})
    streams = (texts([stream for _, stream in expected]), numbers(expected.values()))
    of_one_tenant = [column for number, column in enumerate(_columns(admitted)) if number not in _TENANTS]
    try:
        values = (at, *held, incarnation, tenant, *streams, *of_one_tenant)
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
    try:
        # In no pipeline: psycopg ends it with a message that stops the server's clock for who is idle in a transaction,
        # so nobody would free the locks of a writer that stands still.
        with connection.transaction():
            return judged(asking(connection), sql, requests, at)
    except psycopg.errors.UniqueViolation:
        return None


def asking(connection: Connection) -> Ask:
    """Ask a connection."""
    return lambda query, values=None, *, binary=False: (
        connection.execute(query, values, binary=binary).fetchall
    )


def judged(
    ask: Ask, sql: Statements, requests: Sequence[Request], at: int | None, *, incarnation: str | None = None
) -> Written:
    """The same within a transaction that is open; `incarnation` is that of the log, where it is known."""
    keys = _first_expected(requests)
    held = _held(sql, keys, {(s.tenant, event.stream) for s, _ in requests for event in s.events})
    commands = _pairs([(slice_.tenant, slice_.command_id) for slice_, _ in requests])
    ask(sql.hold, held)
    if incarnation is None:
        ((incarnation,),) = ask(sql.incarnation)()
    known_rows = ask(sql.known, commands, binary=True)
    version_rows = ask(sql.versions, _pairs(keys), binary=True)
    known = {(tenant, id): KnownCommand(hash, 0, 0, 0) for tenant, id, hash in known_rows()}
    versions = {(tenant, stream): version for tenant, stream, version in version_rows()}
    before = frozenset(known)
    admitted = admit(requests, known, versions, 0, 0, incarnation)
    tx: int | None = None
    if admitted.commands:
        ((tx,),) = ask(sql.write, (at, *_columns(admitted)))()
    return Written(admitted.outcomes, tx, None, 0, before, incarnation)


def insert(connection: Connection, sql: Statements, rows: Sequence[EventTuple], at: int | None) -> int | None:
    """Write events that belong to no command, and return their transaction; None if one exists."""
    keys = dict.fromkeys((row[1], row[2]) for row in rows)
    try:
        with connection.transaction():
            connection.execute(sql.hold, _held(sql, keys, set(keys)))
            row = connection.execute(sql.write, (at, *_columns(Admitted(events=list(rows))))).fetchone()
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


def _columns(admitted: Admitted) -> list[Array]:
    """What was admitted, as the arrays that `write` takes."""
    events, commands, words = admitted.events, admitted.commands, admitted.words
    columns: list[Array] = [
        texts([event[1] for event in events]),
        texts([event[2] for event in events]),
        numbers([event[3] for event in events]),
        texts([event[4] for event in events]),
        blobs([event[6] for event in events]),
        texts([command[0] for command in commands]),
        texts([command[1] for command in commands]),
        blobs([command[2] for command in commands]),
        numbers([command[3] - 1 for command in commands]),
        numbers([command[4] - command[3] + 1 for command in commands]),
    ]
    if not words:
        return [*columns, *_NO_WORDS]
    of = [events[position - 1] for position, *_ in words]  # positions count from the first event here
    return [
        *columns,
        texts([event[1] for event in of]),
        texts([event[2] for event in of]),
        numbers([event[3] for event in of]),
        texts([field for _, field, _, _, _ in words]),
        blobs([commitment for _, _, commitment, _, _ in words]),
        blobs([salt for _, _, _, salt, _ in words]),
        texts([text for _, _, _, _, text in words]),
    ]


def _held(sql: Statements, streams: Iterable[Key], written: set[Key]) -> tuple[Array, Array]:
    keys, alone = locks(sql.schema, streams, written)
    return long_numbers(keys), truths(alone)


def _pairs(keys: Collection[Key]) -> tuple[Array, Array]:
    return texts([tenant for tenant, _ in keys]), texts([name for _, name in keys])
