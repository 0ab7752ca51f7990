"""The tables of a SQLite log, who may open it, and the triggers that keep its events as they are.

Not for read models: they live in the same file, in tables of their own, made by those who fill them.
"""

from __future__ import annotations

import sqlite3

from mentorcycle.domain.errors import StoreNeedsUpgrade, StoreUnavailable

APPLICATION_ID = 0x6D636C67  # "mclg"; what `file` shows and what tells our files from others
SCHEMA_VERSION = 1

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
         tenant TEXT NOT NULL,
         stream TEXT NOT NULL,
         version INTEGER NOT NULL,
         field TEXT NOT NULL,
         commitment BLOB NOT NULL,
         salt BLOB NOT NULL,
         text TEXT NOT NULL,
         PRIMARY KEY (tenant, stream, version, field)
       ) WITHOUT ROWID""",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)

# A seat belt, not the proof: whoever owns the file can drop them, and the audit then finds the traces.
# The insert triggers exist because INSERT OR REPLACE deletes without firing a delete trigger.
TRIGGERS = (
    """CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
       BEGIN SELECT RAISE(ABORT, 'events are append-only: no update'); END""",
    """CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
       BEGIN SELECT RAISE(ABORT, 'events are append-only: no delete'); END""",
    """CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
       WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
         OR EXISTS (SELECT 1 FROM events
                    WHERE tenant = NEW.tenant AND stream = NEW.stream AND version = NEW.version)
       BEGIN SELECT RAISE(ABORT, 'events are append-only: this position or version exists'); END""",
    """CREATE TRIGGER events_are_added_at_the_end AFTER INSERT ON events
       WHEN NEW.position < (SELECT max(position) FROM events)
       BEGIN SELECT RAISE(ABORT, 'events are append-only: only at the end'); END""",
)


def prepare(connection: sqlite3.Connection, path: str, *, create: bool) -> None:
    """Make the tables in an empty file (if `create`), or refuse a file that is not ours to use."""
    if _is_ours(connection, path):
        return
    if not create:
        raise StoreUnavailable(
            f"{path} holds no log yet", "the file is empty", "run: mentorcycle db init, or name another file"
        )
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreUnavailable(
            f"{path} cannot keep a log",
            f"its file system allows only journal mode {mode!r}",
            "use a local disk",
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _is_ours(connection, path):  # another process may have been first
            for statement in (*TABLES, *TRIGGERS):
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('format', 'mentorcycle')")
            connection.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_ours(connection: sqlite3.Connection, path: str) -> bool:
    """True for our log, False for an empty file; raises for anything else."""
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == 0:  # empty, or restored from a dump, which carries rows but no pragmas
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        if not tables:
            return False
        if {"events", "commands", "words", "meta"} <= tables:
            meta = dict(connection.execute("SELECT key, value FROM meta"))
            if meta.get("format") == "mentorcycle":
                application, version = APPLICATION_ID, int(meta.get("schema", 0))
    if application != APPLICATION_ID:
        raise StoreUnavailable(
            f"{path} is not a mentorcycle log", "it is a SQLite file of another program", "name another file"
        )
    if version != SCHEMA_VERSION:
        fix = "run: mentorcycle db upgrade" if version < SCHEMA_VERSION else "install a newer mentorcycle"
        raise StoreNeedsUpgrade(
            f"{path} has log schema {version}", f"this program speaks schema {SCHEMA_VERSION}", fix
        )
    return True
