"""A PostgreSQL log that a copy fills, batch by batch: what it writes is as if transactions of that log had written it.

Their numbers are given here, in order of position, and `origin.shift` rises with them: so they lie below those of all
transactions that write the log later. The work of the owner: no other role may write positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from mentorcycle.domain.errors import InvalidInput

from ..closing import Closing
from .mark import FINISHED, UNFINISHED, Mark
from .postgres_connections import Connection
from .postgres_copy import PostgresMoment, discarded_events, not_the_owner
from .postgres_owner import taking_long
from .postgres_reader import PostgresReader
from .postgres_schema import PARTITIONED, init_schema
from .postgres_standby import wait_for_standby
from .postgres_statements import spoken_to
from .transfer import Batch, CommandRow, Discarded, State, another_at_work

# Lets nobody but the copy add anything, also not through a connection from before: every append writes one arrival.
_GUARD = (
    """CREATE OR REPLACE FUNCTION {s}.refuse_all_but_the_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('mentorcycle.copier', true), '') <> 'yes' THEN
    RAISE EXCEPTION 'a copy is being made into this log' USING ERRCODE = 'MC001';
  END IF;
  RETURN NULL;
END $$""",
    "REVOKE ALL ON FUNCTION {s}.refuse_all_but_the_copy() FROM PUBLIC",
    """CREATE OR REPLACE TRIGGER arrivals_are_added_by_the_copy BEFORE INSERT ON {s}.arrivals
       FOR EACH STATEMENT EXECUTE FUNCTION {s}.refuse_all_but_the_copy()""",
)
_UNGUARD = (
    "DROP TRIGGER arrivals_are_added_by_the_copy ON {s}.arrivals",
    "DROP FUNCTION {s}.refuse_all_but_the_copy()",
)
_STATE = """
  SELECT (SELECT value FROM {s}.meta WHERE key = %s), (SELECT value FROM {s}.meta WHERE key = %s),
         coalesce((SELECT max(tx) FROM {s}.arrivals), 0),
         coalesce((SELECT p.first + p.events - 1 FROM {s}.positions p ORDER BY p.tx DESC LIMIT 1), 0),
         EXISTS (SELECT FROM {s}.arrivals) OR EXISTS (SELECT FROM {s}.events),
         EXISTS (SELECT FROM {s}.commands) OR EXISTS (SELECT FROM {s}.words)"""
_KEEP = "INSERT INTO {s}.meta VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_WHERE = " WHERE key = %s AND value = %s"
_KNOWN = """
  SELECT c.tenant, c.command_id FROM unnest(%s::text[], %s::text[]) w(tenant, id)
  JOIN {s}.commands c ON c.tenant = w.tenant AND c.command_id = w.id"""


class Transaction(NamedTuple):
    """What stands for one transaction: consecutive events of one instant, or commands that had none."""

    tx: int
    first: int
    recorded_at: int
    events: int


class PostgresTarget(Closing):
    """A database that a copy fills; with `create` its tables are made when there are none."""

    def __init__(self, conninfo: str, *, create: bool = True) -> None:
        if create:
            init_schema(conninfo)
        self.log = PostgresReader(conninfo, unfinished=True)
        self.name = self.log.place
        self._s = f'"{self.log.schema}"'

    def state(self) -> State:
        with self._transaction() as run:
            return self._state(run)

    def begin(self, before: Mark | None, mark: Mark) -> None:
        with self._transaction() as run:
            for statement in _GUARD:  # the trigger waits for those who write, and they for it
                run(statement)
            found = self._state(run)
            if found.mark != before or (before is None and not found.empty):
                raise another_at_work(self.name)
            run("DELETE FROM {s}.meta WHERE key = %s", FINISHED)
            run(_KEEP, UNFINISHED, mark.text())
            run("UPDATE {s}.origin SET shift = greatest(shift, %s) + 1", mark.last)  # another incarnation

    def write(self, batch: Batch, before: Mark, of: int) -> Mark:
        _check_text(batch)
        made = as_transactions(batch, before.last)
        last = made[-1].tx if made else before.last
        mark = Mark(before.source, before.founded, batch.upto, of, last)
        with self._transaction() as run, run.connection.cursor() as cursor:
            run("SELECT set_config('mentorcycle.copier', 'yes', true)")
            self._step(run, "UPDATE {s}.meta SET value = %s" + _WHERE, mark.text(), UNFINISHED, before.text())
            for table, columns, types, rows in _tables(batch, made):
                with cursor.copy(f"COPY {self._s}.{table} ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
                    copy.set_types(types.split())
                    for row in rows:
                        copy.write_row(row)
            run("UPDATE {s}.origin SET shift = greatest(shift, %s)", last)
        return mark

    def known(self, commands: list[CommandRow]) -> set[tuple[str, str]]:
        tenants, ids = [c.tenant for c in commands], [c.command_id for c in commands]
        with self.log.connection() as connection:
            rows = connection.execute(_KNOWN.format(s=self._s), (tenants, ids)).fetchall()
        return {(tenant, id) for tenant, id in rows}

    def finish(self, before: Mark, discarded: list[Discarded]) -> None:
        with self._transaction() as run:
            self._step(run, "DELETE FROM {s}.meta" + _WHERE, UNFINISHED, before.text())
            for statement in _UNGUARD:
                run(statement)
            run(_KEEP, FINISHED, before.text())
            left_out = discarded_events(self.log.schema)
            run(f"DELETE FROM {left_out}")
            if discarded:
                with run.connection.cursor() as cursor:
                    cursor.executemany(f"INSERT INTO {left_out} VALUES (%s, %s, %s, %s, %s, %s)", discarded)
            run("UPDATE {s}.origin SET shift = shift + 1")
        with self.log.connection() as connection, taking_long(connection):
            for table in (*PARTITIONED, "arrivals", "positions"):
                connection.execute(f"ANALYZE {self._s}.{table}")

    def moment(self) -> PostgresMoment:
        return PostgresMoment(self.log)

    def assure(self) -> None:
        fix = "run the same db copy again, as soon as the standby is there"
        with self.log.connection() as connection:
            wait_for_standby(connection, spoken_to(self.log.schema), "the copy", self.name, fix)

    def close(self) -> None:
        self.log.close()

    def _step(self, run: _Run, statement: str, *values: str) -> None:
        """Change the mark, if it is the one that this copy left; nobody else can then, until the transaction ends."""
        if run(statement, *values).rowcount != 1:
            raise another_at_work(self.name)

    def _state(self, run: _Run) -> State:
        row = run(_STATE, UNFINISHED, FINISHED).fetchone()
        unfinished, finished, last, head, events, other = row or (None, None, 0, 0, False, False)
        if unfinished is not None:
            return State(Mark.read(unfinished), True, head, int(other))
        mark = Mark.read(finished) if finished is not None else None
        if mark is not None and (mark.position, mark.last) == (head, last):
            return State(mark, False, head, int(other))
        return State(None, False, max(head, int(events)), int(other))

    @contextmanager
    def _transaction(self) -> Iterator[_Run]:
        """Runs statements of this log's schema in one transaction; a role that may not is told so."""
        with self.log.connection() as connection:
            try:
                with connection.transaction():
                    yield _Run(connection, self._s)
            except psycopg.errors.InsufficientPrivilege as error:
                raise not_the_owner(self.name) from error


@dataclass(frozen=True, slots=True)
class _Run:
    """Runs statements in which `{s}` stands for the schema."""

    connection: Connection
    schema: str

    def __call__(self, statement: str, *values: object) -> psycopg.Cursor[tuple[Any, ...]]:
        return self.connection.execute(statement.replace("{s}", self.schema), values or None)


def as_transactions(batch: Batch, last: int) -> list[Transaction]:
    """The rows of a batch as transactions that follow number `last`: one for each stretch of events of one instant.

    A command without events has an instant of its own, so it cuts a stretch in two and stands between.
    """
    alone: dict[int, set[int]] = {}
    for command in batch.commands:
        if command.last < command.first:
            alone.setdefault(command.first, set()).add(command.recorded_at)
    made: list[Transaction] = []

    def add(first: int, recorded_at: int, events: int) -> None:
        made.append(Transaction(last + len(made) + 1, first, recorded_at, events))

    begun, instant = batch.after + 1, 0
    for event in batch.events:
        if event.recorded_at != instant or event.position in alone:
            if event.position > begun:
                add(begun, instant, event.position - begun)
            begun, instant = event.position, event.recorded_at
            for at in sorted(alone.get(event.position, ())):
                add(event.position, at, 0)
    if batch.upto >= begun:
        add(begun, instant, batch.upto + 1 - begun)
    for at in sorted(alone.get(batch.upto + 1, ())):
        add(batch.upto + 1, at, 0)
    return made


def _tables(
    batch: Batch, made: Sequence[Transaction]
) -> Iterator[tuple[str, str, str, Iterable[tuple[object, ...]]]]:
    """Table, columns, types and rows of everything in a batch."""
    begun = batch.after + 1
    events = batch.events
    places = [(one.tx, n) for one in made for n in range(one.events)]
    alone = {(one.first, one.recorded_at): (one.tx, 0) for one in made if not one.events}

    def place(c: CommandRow) -> tuple[int, int]:
        return alone[c.first, c.recorded_at] if c.last < c.first else places[c.first - begun]

    yield "positions", "tx, first, recorded_at, events", "int8 int8 int8 int4", made
    yield (
        "arrivals",
        "tx, recorded_at, events",
        "int8 int8 int4",
        ((one.tx, one.recorded_at, one.events) for one in made),
    )
    yield (
        "events",
        "tx, n, tenant, stream, version, topic, state",
        "int8 int4 text text int4 text bytea",
        (
            (*at, e.tenant, e.stream, e.version, e.topic, e.state)
            for at, e in zip(places, events, strict=True)
        ),
    )
    yield (
        "commands",
        "tx, n, events, tenant, command_id, content_hash",
        "int8 int4 int4 text text bytea",
        ((*place(c), c.last - c.first + 1, c.tenant, c.command_id, c.content_hash) for c in batch.commands),
    )
    yield (
        "words",
        "tenant, stream, version, field, commitment, salt, text",
        "text text int4 text bytea bytea text",
        (
            (e.tenant, e.stream, e.version, w.field, w.commitment, w.salt, w.text.decode())
            for w in batch.words
            for e in (events[w.position - begun],)
        ),
    )


def _check_text(batch: Batch) -> None:
    """Raise for text that PostgreSQL cannot keep; it is not shown, because it may be words."""
    for event in batch.events:
        if "\0" in event.stream or "\0" in event.tenant or "\0" in event.topic:
            raise _zero(f"event {event.position}")
    for command in batch.commands:
        if "\0" in command.command_id or "\0" in command.tenant:
            raise _zero(f"the id of the command before event {command.last + 1}")
    for words in batch.words:
        if b"\0" in words.text or "\0" in words.field:
            raise _zero(f"a text of event {words.position}")


def _zero(what: str) -> InvalidInput:
    return InvalidInput(
        f"{what} cannot be copied to PostgreSQL",
        "it holds a zero byte, and PostgreSQL keeps none in texts",
        "stay with SQLite for this log",
    )
