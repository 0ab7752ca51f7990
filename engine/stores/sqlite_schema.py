"""The tables of a SQLite log, who may open it, and the triggers that keep its events as they are.

Not for read models: they live in the same file, in tables of their own, made by those who fill them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from mentorcycle.domain.errors import StoreNeedsUpgrade, StoreUnavailable

from . import mark
from .sqlite_errors import is_busy

APPLICATION_ID = 0x6D636C67  # "mclg", in the header of the file
SCHEMA_VERSION = 2

# Keys that grow with the log (positions; command ids begin with the time) make a commit write few pages, and
# always the last ones: every page is one frame of the write-ahead log.
TABLES = (
    """CREATE TABLE events (
         position INTEGER PRIMARY KEY AUTOINCREMENT,
         tenant TEXT NOT NULL,
         stream TEXT NOT NULL,
         version INTEGER NOT NULL,
         topic TEXT NOT NULL,
         recorded_at INTEGER NOT NULL,
         state BLOB NOT NULL,
         UNIQUE (tenant, stream, version)
       )""",
    """CREATE TABLE commands (
         tenant TEXT NOT NULL,
         command_id TEXT NOT NULL,
         content_hash BLOB NOT NULL,
         first INTEGER NOT NULL,
         last INTEGER NOT NULL,
         recorded_at INTEGER NOT NULL,
         PRIMARY KEY (tenant, command_id)
       ) WITHOUT ROWID""",
    """CREATE TABLE words (
         position INTEGER NOT NULL,
         field TEXT NOT NULL,
         commitment BLOB NOT NULL,
         salt BLOB NOT NULL,
         text TEXT NOT NULL,
         PRIMARY KEY (position, field)
       ) WITHOUT ROWID""",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)

# A seat belt, not the proof: whoever owns the file can drop them, and the audit then finds the traces.
# The insert trigger exists because INSERT OR REPLACE deletes without firing a delete trigger. Calling a
# trigger costs more than what it asks (about 2 µs an event), hence one for both questions.
TRIGGERS = {
    "events_are_never_updated": """CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
       BEGIN SELECT RAISE(ABORT, 'events are append-only: no update'); END""",
    "events_are_never_deleted": """CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
       BEGIN SELECT RAISE(ABORT, 'events are append-only: no delete'); END""",
    "events_are_added_at_the_end": """CREATE TRIGGER events_are_added_at_the_end BEFORE INSERT ON events
       WHEN EXISTS (SELECT 1 FROM events WHERE position >= NEW.position)
         OR EXISTS (SELECT 1 FROM events
                    WHERE tenant = NEW.tenant AND stream = NEW.stream AND version = NEW.version)
       BEGIN SELECT RAISE(ABORT, 'events are append-only: only new versions, only at the end'); END""",
}


def header_is_ours(path: str) -> bool | None:
    """What the file says without its write-ahead log: ours, not ours, or None when it cannot tell.

    It cannot tell for an empty file, one whose header is still in the write-ahead log, or one that was restored
    from a dump. SQLite does the reading: whoever else opens a database and closes it again drops the locks that
    this process has on it, and the next to leave then takes the log away under those who still write.
    """
    try:
        with closing(
            sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as file:
            application: int = file.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.DatabaseError as error:
        code = error.sqlite_errorcode & 0xFF
        if code == sqlite3.SQLITE_CORRUPT:
            return None
        if code == sqlite3.SQLITE_NOTADB:
            raise StoreUnavailable(
                f"{path} is not a mentorcycle log", "it is not a SQLite database at all", "name another file"
            ) from None
        raise StoreUnavailable(
            f"the log {path} cannot be read",
            _why_unreadable(path, error),
            "check the path and its permissions",
        ) from error
    return application == APPLICATION_ID if application else None


def _why_unreadable(path: str, error: sqlite3.Error) -> str:
    if os.path.isdir(path):
        return "Is a directory"
    return str(error) if os.access(path, os.R_OK) else "Permission denied"


def is_ours(connection: sqlite3.Connection, path: str) -> bool:
    """True for a log of this version, False for an empty file; raises for anything else."""
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == 0:  # empty, or restored from a dump, which carries rows but no pragmas
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not tables:
            return False
        if {"events", "commands", "words", "meta"} <= tables:
            meta = dict(connection.execute("SELECT key, value FROM meta"))
            if meta.get("format") == "mentorcycle":
                application, version = APPLICATION_ID, int(meta["schema"])
    if application != APPLICATION_ID:
        raise foreign(path)
    if version != SCHEMA_VERSION:
        fix = (
            "open it with the mentorcycle that wrote it"
            if version < SCHEMA_VERSION
            else "install a newer mentorcycle"
        )
        raise StoreNeedsUpgrade(
            f"the log {path} has schema {version}", f"this program speaks schema {SCHEMA_VERSION}", fix
        )
    return True


def check_finished(connection: sqlite3.Connection, path: str) -> None:
    """Raise `CopyUnfinished` for a log that a copy is still to fill."""
    try:
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (mark.UNFINISHED,)).fetchone()
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise
        return  # a damaged file is opened, so that it can be said what is wrong with it
    mark.check_finished(row and row[0], path, url_of(path))


def url_of(path: str) -> str:
    """How a file is named from every folder."""
    return f"sqlite:///{os.path.abspath(path)}"


def foreign(path: str) -> StoreUnavailable:
    """The error for a database of another program; it has not been touched."""
    return StoreUnavailable(
        f"{path} is not a mentorcycle log", "it is a database of another program", "name another file"
    )


def make_tables(connection: sqlite3.Connection, path: str) -> None:
    """Make an empty file a log; does nothing if another process was first."""
    mode: str = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreUnavailable(
            f"no log can be kept at {path}",
            f"its file system allows no WAL, only {mode!r}",
            "use a local disk",
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not is_ours(connection, path):
            for statement in (*TABLES, *TRIGGERS.values()):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO meta VALUES ('format', 'mentorcycle'), ('schema', ?)", (str(SCHEMA_VERSION),)
            )
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
