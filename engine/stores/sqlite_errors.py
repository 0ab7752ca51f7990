"""Says in our words what SQLite reports: every `sqlite3.Error` becomes a `StoreUnavailable`.

Not for conflicts between writers of one stream: those are decided before SQLite is asked to insert.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from mentorcycle.domain.errors import StoreUnavailable

BEING_COPIED = "a copy is being made into this log"
DAMAGED = "run: mentorcycle doctor; if it confirms the damage, restore the last backup"

# Primary result code -> why, and what to do. https://www.sqlite.org/rescode.html
_REASONS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: (
        "another process holds the write lock",
        "try again; if it lasts, look for a program that keeps the file open in a transaction",
    ),
    sqlite3.SQLITE_LOCKED: ("another connection of this process holds a lock", "try again"),
    sqlite3.SQLITE_FULL: (
        "the disk is full, so this write was taken back; everything written before is safe",
        "make room and send the command again",
    ),
    sqlite3.SQLITE_READONLY: (
        "the file or its directory may not be written",
        "check the permissions of the file and its directory, or open it read-only",
    ),
    sqlite3.SQLITE_PERM: ("access was denied", "check the permissions of the file and its directory"),
    sqlite3.SQLITE_CANTOPEN: (
        "the file cannot be opened",
        "check that the path names a file, its directory exists and you may read and write both",
    ),
    sqlite3.SQLITE_NOTADB: ("the file is not a SQLite database", "check the path"),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", DAMAGED),
    sqlite3.SQLITE_IOERR: ("the file system reported an error", "check the disk, then try again"),
    sqlite3.SQLITE_CONSTRAINT: ("the rows in it contradict each other", DAMAGED),
    sqlite3.SQLITE_ERROR: ("its tables are not as this program made them", DAMAGED),
}


def unavailable(path: str, error: sqlite3.Error, *, waited: float | None = None) -> StoreUnavailable:
    """The error of ours for one of SQLite's, with the words and the code of SQLite in it."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if _quotes(error):
        return StoreUnavailable(f"the store {path} is damaged", "a text in it is not UTF-8", DAMAGED)
    if code is None and "closed" in str(error):
        return closed(path)
    if BEING_COPIED in str(error):
        return StoreUnavailable(
            f"the log {path} takes nothing now", BEING_COPIED, "open it again when the copy is finished"
        )
    why, fix = _REASONS.get((code or 0) & 0xFF, ("SQLite refused the operation", "try again"))
    facts = f"{getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}"
    if waited is not None:
        facts += f"; waited {waited:.1f} s"
    return StoreUnavailable(f"the store {path} is unavailable", f"{why} ({facts})", fix)


def cause(error: sqlite3.Error) -> sqlite3.Error | None:
    """The error to name as a cause; None for one that quotes what is stored, which may be words."""
    return None if _quotes(error) else error


def _quotes(error: sqlite3.Error) -> bool:
    return "with text" in str(error)


def closed(path: str) -> StoreUnavailable:
    """The error for the use of a closed store."""
    return StoreUnavailable(f"the store {path} is closed", "it was used after close()", "open it again")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether waiting can help."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Within the block no `sqlite3.Error` gets out."""
    try:
        yield
    except sqlite3.Error as error:
        raise unavailable(path, error) from cause(error)
