"""A SQLite log as either end of a copy: the rows of one moment, and a file that a copy fills.

While it does, triggers keep everybody else from adding to the file, also those who had it open before; a row in
`meta`, there only inside its own transactions, lets the copy through.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from mentorcycle.projections.connection import SqliteConnection

from ..closing import Closing
from .mark import FINISHED, UNFINISHED, Mark
from .port import StoredRow
from .sqlite_append import INSERT_COMMAND, INSERT_EVENT, INSERT_WORDS
from .sqlite_errors import BEING_COPIED, translated
from .sqlite_reader import SQLiteReader
from .sqlite_schema import url_of
from .transfer import Batch, CommandRow, Discarded, State, WordsRow, another_at_work

_EVENTS = """SELECT position, tenant, stream, version, topic, recorded_at, state FROM events
             WHERE position > ? ORDER BY position"""
_COMMANDS = """SELECT first, last, tenant, command_id, content_hash, recorded_at FROM commands
               WHERE first > ? ORDER BY first, last, tenant, command_id"""
_WORDS = """SELECT position, field, commitment, salt, CAST(text AS BLOB) FROM words
            WHERE position > ? ORDER BY position, field"""
_DISCARDED = "SELECT model, position, tenant, stream, error, since FROM discarded_events ORDER BY 1, 2"
_KEPT = "SELECT value FROM meta WHERE key = ?"
_KEEP = "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
_FORGET = "DELETE FROM meta WHERE key = ?"
_COUNTS = """SELECT (SELECT coalesce(max(position), 0) FROM events), (SELECT count(*) FROM commands),
                    EXISTS (SELECT 1 FROM words)"""
_LEAST = -(2**63)

_COPIER = "copier"
GUARDS = {
    f"{table}_are_added_by_the_copy": f"""CREATE TRIGGER {table}_are_added_by_the_copy BEFORE INSERT ON {table}
       WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = '{_COPIER}')
       BEGIN SELECT RAISE(ABORT, '{BEING_COPIED}'); END"""
    for table in ("events", "commands")
}


class SQLiteMoment(Closing):
    """The rows of a file in one snapshot."""

    def __init__(self, store: SQLiteReader) -> None:
        self.name = url_of(store.path)
        self._path = store.path
        self._given: list[Generator[tuple[Any, ...], None, None]] = []
        self._stack = ExitStack()
        self._connection = self._stack.enter_context(store.all_rows())
        try:
            self.head: int = next(self._all("SELECT coalesce(max(position), 0) FROM events"))[0]
        except BaseException:
            self.close()
            raise

    def events(self, after: int) -> Iterator[StoredRow]:
        return map(StoredRow._make, self._all(_EVENTS, after or _LEAST))

    def commands(self, after: int) -> Iterator[CommandRow]:
        return map(CommandRow._make, self._all(_COMMANDS, after or _LEAST))

    def words(self, after: int) -> Iterator[WordsRow]:
        return map(WordsRow._make, self._all(_WORDS, after or _LEAST))

    def discarded(self) -> list[Discarded]:
        there = "SELECT 1 FROM sqlite_master WHERE name = 'discarded_events'"
        return [Discarded._make(row) for _ in self._all(there) for row in self._all(_DISCARDED)]

    def close(self) -> None:
        for rows in self._given:
            rows.close()
        self._stack.close()

    def _all(self, query: str, *values: int) -> Generator[tuple[Any, ...], None, None]:
        def rows() -> Generator[tuple[Any, ...], None, None]:
            with translated(self._path):
                yield from self._connection.execute(query, values)

        self._given.append(given := rows())
        return given


class SQLiteTarget(Closing):
    """A file that a copy fills; with `create` it is made when there is none."""

    def __init__(self, path: str, *, create: bool = True) -> None:
        self.log = SQLiteReader(path, create=create, unfinished=True)
        self.name = url_of(path)

    def state(self) -> State:
        with self.log.reader() as connection:
            return _state(connection)

    def begin(self, before: Mark | None, mark: Mark) -> None:
        with self.log.writer() as connection:
            found = _state(connection)
            if found.mark != before or (before is None and not found.empty):
                raise another_at_work(self.name)
            for name, trigger in GUARDS.items():
                connection.execute(f"DROP TRIGGER IF EXISTS {name}")
                connection.execute(trigger)
            connection.execute(_FORGET, (FINISHED,))
            connection.execute(_KEEP, (UNFINISHED, mark.text()))
            connection.execute(_KEEP, ("incarnation", os.urandom(16).hex()))

    def write(self, batch: Batch, before: Mark, of: int) -> Mark:
        mark = Mark(before.source, before.founded, batch.upto, of, before.last + len(batch.commands))
        words = [(*row[:4], row.text.decode()) for row in batch.words]
        with self._adding(before) as connection:
            connection.executemany(INSERT_EVENT, batch.events)
            connection.executemany(
                INSERT_COMMAND,
                [
                    (c.tenant, c.command_id, c.content_hash, c.first, c.last, c.recorded_at)
                    for c in batch.commands
                ],
            )
            connection.executemany(INSERT_WORDS, words)
            connection.execute(_KEEP, (UNFINISHED, mark.text()))
        return mark

    def known(self, commands: list[CommandRow]) -> set[tuple[str, str]]:
        there = "SELECT 1 FROM commands WHERE tenant = ? AND command_id = ?"
        with self.log.reader() as connection:
            keys = [(command.tenant, command.command_id) for command in commands]
            return {key for key in keys if connection.execute(there, key).fetchone()}

    def finish(self, before: Mark, discarded: list[Discarded]) -> None:
        from ..readers import registry

        with self._adding(before) as connection:
            if discarded:
                registry.create(connection)
                connection.execute("DELETE FROM discarded_events")
                connection.executemany("INSERT INTO discarded_events VALUES (?, ?, ?, ?, ?, ?)", discarded)
            for name in GUARDS:
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(_FORGET, (UNFINISHED,))
            connection.execute(_KEEP, (FINISHED, before.text()))
            connection.execute(_KEEP, ("incarnation", os.urandom(16).hex()))

    def moment(self) -> SQLiteMoment:
        return SQLiteMoment(self.log)

    def assure(self) -> None:
        """There is no standby."""

    def close(self) -> None:
        self.log.close()

    @contextmanager
    def _adding(self, before: Mark) -> Iterator[SqliteConnection]:
        """A transaction of the copy, if the file is as the copy left it."""
        with self.log.writer() as connection:
            if connection.execute(_KEPT, (UNFINISHED,)).fetchone() != (before.text(),):
                raise another_at_work(self.name)
            connection.execute(_KEEP, (_COPIER, ""))
            yield connection
            connection.execute(_FORGET, (_COPIER,))


def _state(connection: sqlite3.Connection) -> State:
    events, commands, words = connection.execute(_COUNTS).fetchone()
    for key in (UNFINISHED, FINISHED):
        row = connection.execute(_KEPT, (key,)).fetchone()
        if row is None:
            continue
        mark = Mark.read(row[0])
        if key == UNFINISHED or (mark.position, mark.last) == (events, commands):
            return State(mark, key == UNFINISHED, events, commands)
    return State(None, False, events, commands + words)
