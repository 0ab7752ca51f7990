"""Care of a log's file: copies, checks, and leaving no trace of what was deleted.

Not for the proof that history is whole (that is the audit's), only for the file it lies in.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, sleep

from mentorcycle.domain.errors import StoreUnavailable

from .sqlite_errors import unavailable
from .sqlite_schema import TRIGGERS

_PATIENCE = 30.0


def backup(connection: sqlite3.Connection, to: str) -> int:
    """Copy the file as it is at this moment to a new file; return the head of the copy.

    The copy appears under its name only when it is whole and on the disk.
    """
    if Path(to).exists():
        raise StoreUnavailable(
            f"no backup was made at {to}",
            "the file exists, and a backup never overwrites",
            "name another file",
        )
    partial = f"{to}.partial"
    try:
        Path(partial).touch(mode=0o600)
        with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            head: int = copy.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()[0]
        _to_disk(partial)
        os.replace(partial, to)
        _to_disk(str(Path(to).absolute().parent))
    except sqlite3.Error as error:
        raise unavailable(to, error) from error
    except OSError as error:
        raise StoreUnavailable(
            f"no backup can be made at {to}", error.strerror or str(error), "check the directory and the disk"
        ) from error
    finally:
        with suppress(OSError):
            os.unlink(partial)
    return head


def renew(path: str) -> None:
    """Make the log in a file another incarnation, so that nobody takes it for the one whose place it will take."""
    # Not from the injected entropy, which may repeat: two incarnations must never have the same name.
    named = "INSERT INTO meta VALUES ('incarnation', ?) ON CONFLICT DO UPDATE SET value = excluded.value"
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(named, (os.urandom(16).hex(),))
    except sqlite3.Error as error:
        raise unavailable(path, error) from error


def overwrite(path: str, fresh: str, kept: str) -> int:
    """Write the pages of another log over this one, in one transaction; return the head of what was there.

    What was there is copied to `kept` under the same lock, so that whatever was acknowledged is in the copy, or comes
    after and is in the new log. Those who have the file open see the new log from then on.
    """
    before: list[int] = []

    def keep(status: int, _left: int, _pages: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreUnavailable(
                f"the store {path} is not replaced", "another process keeps it busy", "try again"
            )
        if not before:  # some pages are copied, none is visible, and nobody else writes until all are
            with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as connection:
                before.append(backup(connection, kept))

    try:
        with (
            closing(sqlite3.connect(path, timeout=_PATIENCE)) as target,
            closing(sqlite3.connect(fresh)) as source,
        ):
            target.execute(
                "PRAGMA journal_mode = WAL"
            ).fetchone()  # in which others can read what is overwritten
            source.backup(target, pages=1, progress=keep)
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
    return before[0]


def findings(connection: sqlite3.Connection, *, quick: bool) -> list[str]:
    """What is wrong with the file, a sentence each; empty when all is well."""
    wrong: list[str] = []
    for look in (_damage(quick), _changed_triggers, _missing_events, _cut_tail):
        try:
            wrong += look(connection)
        except sqlite3.DatabaseError as error:
            wrong.append(f"the file is damaged: {error}")
    return wrong


def _damage(quick: bool) -> Callable[[sqlite3.Connection], list[str]]:
    check = "quick_check" if quick else "integrity_check"

    def look(connection: sqlite3.Connection) -> list[str]:
        said = [row[0] for row in connection.execute(f"PRAGMA {check}")]
        return [f"the file is damaged: {line}" for line in said if line != "ok"]

    return look


def _changed_triggers(connection: sqlite3.Connection) -> list[str]:
    stored = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return [
        f"the trigger {name} is {'changed' if name in stored else 'missing'}: events are not protected"
        for name, sql in TRIGGERS.items()
        if stored.get(name) != sql
    ]


def _missing_events(connection: sqlite3.Connection) -> list[str]:
    head, count = connection.execute("SELECT coalesce(max(position), 0), count(*) FROM events").fetchone()
    return [f"{head - count} of {head} events are missing: positions have gaps"] if head != count else []


_TRACES = """SELECT (SELECT coalesce(max(position), 0) FROM events),
                    (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'),
                    (SELECT coalesce(max(last), 0) FROM commands),
                    (SELECT coalesce(max(position), 0) FROM words)"""


def _cut_tail(connection: sqlite3.Connection) -> list[str]:
    """What speaks of events after the last one: a seat belt too, whoever owns the file can edit these rows as well."""
    head, given, answered, told = connection.execute(_TRACES).fetchone()
    traces = {"positions were given": given, "commands were answered": answered, "texts are kept": told}
    return [
        f"events after {head} are missing: {what} up to {last}"
        for what, last in traces.items()
        if last > head
    ]


def scrub(connection: sqlite3.Connection, path: str, patience: float) -> None:
    """Write the file anew without what was deleted from it, and empty the write-ahead log."""
    connection.execute("VACUUM")
    deadline = monotonic() + patience
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if monotonic() > deadline:
            raise StoreUnavailable(
                f"traces of deleted rows may be left in {path}-wal",
                f"somebody has been reading the log for {patience:.0f} s",
                "close other programs that use the file and try again",
            )
        sleep(0.01)


def _to_disk(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
