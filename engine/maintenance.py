"""Care of a store as a whole: how it is, copies of it, and putting a copy back.

Read models are the readers' part, the proof that history is whole the audit's.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mentorcycle.domain.errors import InvalidInput, StoreUnavailable, UnknownStore, VerificationFailed

from .audit import verify
from .codec import from_micros
from .queries import Queries
from .readers.status import ModelStatus
from .stores import sqlite_care, sqlite_schema
from .stores.port import Log, Placed
from .stores.sqlite_errors import unavailable
from .stores.sqlite_reader import SQLiteReader
from .url import is_postgres, sqlite_path, without_password

Progress = Callable[[int, int], None]
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """A store as it is, nothing brought up to date. `path` is of a file, or the address of a database.

    A store in memory has no path and no size. Read models that are not `kept` are made anew by each process.
    """

    path: str | None
    bytes: int | None
    wal_bytes: int | None
    schema: int | None
    journal_mode: str | None
    events: int
    first_at: datetime | None
    last_at: datetime | None
    models: tuple[ModelStatus, ...]
    kept: bool = True

    @property
    def dead_letters(self) -> int:
        """Streams that read models have set aside."""
        return sum(model.dead_letters for model in self.models)


def status(queries: Queries) -> StoreStatus:
    """How a store is; reading this writes nothing."""
    store = queries.store
    head = store.head()
    first = store.read_log(0, 1)
    return StoreStatus(
        *_place(store),
        head,
        from_micros(first[0].recorded_at) if first else None,
        queries.recorded_at(head),
        tuple(queries.readers.status()),
        queries.readers.kept,
    )


@dataclass(frozen=True, slots=True)
class Copied:
    """A backup: a whole log in one file, checked after it was written."""

    path: str
    events: int
    bytes: int


def file_of(url: str) -> str:
    """The file of the store at a URL; raise `UnknownStore` for one that has none, and what copies it instead."""
    path = sqlite_path(url)
    if path is not None:
        return path
    if is_postgres(url):
        dump = "pg_dump --format=custom --schema='mentorcycle*' --file=FILE URL"
        raise UnknownStore(
            f"{without_password(url)} is no file",
            "backup and restore are for SQLite files; PostgreSQL has its own",
            f"{dump} copies the log; pg_restore --dbname=URL FILE puts it back, into a database that has none",
        )
    raise UnknownStore(f"{without_password(url)!r} is no file", "", "for example: --db sqlite:///north.db")


def backup(queries: Queries, to: str, *, replace: bool = False) -> Copied:
    """Copy the store to a file while others go on; with `replace`, in place of the file that is there."""
    store = queries.store
    if not isinstance(store, SQLiteReader):
        raise UnknownStore(
            "a store that is no file has no backup", "there is nothing to copy", "pg_dump copies PostgreSQL"
        )
    if Path(to).exists():
        if Path(to).samefile(store.path):
            raise InvalidInput(f"{to} is the store itself", "a backup is another file", "name another file")
        if Path(f"{to}-wal").exists():
            raise StoreUnavailable(
                f"no backup was made at {to}",
                "a program has that file open as its store",
                "name another file",
            )
    fresh = f"{to}.new" if replace else to
    with suppress(FileNotFoundError):
        os.unlink(f"{to}.new")
    try:
        events = store.backup(fresh)
        _check_file(fresh, to)
        if replace:
            os.replace(fresh, to)
    finally:
        if replace:
            with suppress(FileNotFoundError):
                os.unlink(fresh)
    return Copied(to, events, Path(to).stat().st_size)


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that became the store. `kept` is where the log that was there before lies now."""

    path: str
    events: int
    before: int | None
    kept: str | None


def checked(path: str, progress: Progress | None = None) -> int:
    """How many events a backup holds, after file and log were verified; raise `VerificationFailed`."""
    with SQLiteReader(path, create=False, read_only=True) as store:
        findings = store.findings()
        if not findings:
            found = verify(store, progress=progress)
            findings = [f"event {one.position}: {one.what}" for one in found.findings]
            findings += [f"{untold} findings more"] if (untold := found.found.total() - len(findings)) else []
        if findings:
            what = f"{path} is not restored: it does not hold"
            raise VerificationFailed(what, tuple(findings), "take another backup")
        return store.head()


def restore(url: str, source: str, stamp: str) -> Restored:
    """Make a backup the store at a URL; the log that was there is kept beside it under a name with `stamp`.

    Programs that have the store open go on with the restored one: it is another incarnation of the log, so that what
    they keep of the old one is dropped, and what they were deciding on it is decided anew. Check the backup first
    (`checked`).
    """
    path = file_of(url)
    if Path(path).exists() and Path(path).samefile(source):
        raise InvalidInput(f"{source} is the store itself", "there is nothing to restore", "name a backup")
    before, kept, aside = None, None, f"{path}.before-{stamp}"
    if Path(path).exists() and Path(path).stat().st_size:
        if sqlite_schema.header_is_ours(path) is False:
            raise sqlite_schema.foreign(path)
        kept = aside
    fresh = f"{path}.restoring"
    try:
        events = _renewed(source, fresh)
        if kept is not None:
            before = _replace(path, fresh, kept)
        if before is None:
            # Also a write-ahead log without its file: SQLite would write its pages over the restored ones.
            for suffix in ("", "-wal", "-shm") if kept else ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.replace(path + suffix, aside + suffix)
            os.replace(fresh, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(fresh)
    _set_wal(path)
    return Restored(path, events, before, kept)


def _renewed(source: str, fresh: str) -> int:
    """A copy of the backup that is an incarnation of its own; its head."""
    with suppress(FileNotFoundError):
        os.unlink(fresh)
    with SQLiteReader(source, create=False, read_only=True) as backup:
        events = backup.backup(fresh)
    sqlite_care.renew(fresh)
    return events


def _replace(path: str, fresh: str, kept: str) -> int | None:
    """Put a log over the one that is there; its head, or None when that is damaged and can only be moved away."""
    try:
        return sqlite_care.overwrite(path, fresh, kept)
    except StoreUnavailable as error:
        if getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise
    return None


def _set_wal(path: str) -> None:
    try:
        with closing(sqlite3.connect(path, timeout=30.0)) as connection:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.Error as error:
        raise unavailable(path, error) from error


def _check_file(path: str, named: str) -> None:
    with SQLiteReader(path, create=False, read_only=True) as copy:
        if findings := copy.findings(quick=True):
            raise StoreUnavailable(
                f"the backup {named} is not whole", findings[0], "run: mentorcycle doctor, then try again"
            )


def _place(store: Log) -> tuple[str | None, int | None, int | None, int | None, str | None]:
    """Path, bytes, those of the write-ahead log, schema and journal mode, as far as a store has them."""
    if isinstance(store, SQLiteReader):
        return store.path, _size(store.path), _size(f"{store.path}-wal"), *_pragmas(store)
    if isinstance(store, Placed):
        return store.place, store.size(), None, store.version, None
    return None, None, None, None, None


def _pragmas(store: SQLiteReader) -> tuple[int, str]:
    with store.reader() as connection:
        schema: int = connection.execute("PRAGMA user_version").fetchone()[0]
        mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return schema, mode


def _size(path: str) -> int | None:
    try:
        return Path(path).stat().st_size
    except OSError:
        return None
