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
from .stores import sqlite_schema
from .stores.sqlite_errors import unavailable
from .stores.sqlite_reader import SQLiteReader
from .url import sqlite_path

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """A store as it is, nothing brought up to date. A store in memory has no path and no size."""

    path: str | None
    bytes: int | None
    wal_bytes: int | None
    schema: int | None
    journal_mode: str | None
    events: int
    first_at: datetime | None
    last_at: datetime | None
    models: tuple[ModelStatus, ...]

    @property
    def dead_letters(self) -> int:
        """Streams that read models have set aside."""
        return sum(model.dead_letters for model in self.models)


def status(queries: Queries) -> StoreStatus:
    """How a store is; reading this writes nothing."""
    store = queries.store
    path = store.path if isinstance(store, SQLiteReader) else None
    schema, mode = _pragmas(store) if isinstance(store, SQLiteReader) else (None, None)
    head = store.head()
    first = store.read_log(0, 1)
    return StoreStatus(
        path,
        _size(path),
        _size(f"{path}-wal") if path else None,
        schema,
        mode,
        head,
        from_micros(first[0].recorded_at) if first else None,
        queries.recorded_at(head),
        tuple(queries.readers.status()),
    )


@dataclass(frozen=True, slots=True)
class Copied:
    """A backup: a whole log in one file, checked after it was written."""

    path: str
    events: int
    bytes: int


def backup(queries: Queries, to: str, *, replace: bool = False) -> Copied:
    """Copy the store to a file while others go on; with `replace`, in place of the file that is there."""
    store = queries.store
    if not isinstance(store, SQLiteReader):
        raise InvalidInput("a store in memory has no backup", "there is no file", "copy it to a sqlite store")
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
        if findings:
            what = f"{path} is not restored: it does not hold"
            raise VerificationFailed(what, tuple(findings), "take another backup")
        return store.head()


def restore(url: str, source: str, stamp: str) -> Restored:
    """Make a backup the store at a URL; the log that was there is kept beside it under a name with `stamp`.

    Programs that have the store open see the restored one from then on. Check the backup first (`checked`).
    """
    path = sqlite_path(url)
    if path is None:
        raise UnknownStore(
            f"{url!r} cannot be restored", "it is no file", "for example: --db sqlite:///north.db"
        )
    if Path(path).exists() and Path(path).samefile(source):
        raise InvalidInput(f"{source} is the store itself", "there is nothing to restore", "name a backup")
    before, kept = None, None
    if Path(path).exists() and Path(path).stat().st_size:
        if sqlite_schema.header_is_ours(path) is False:
            raise sqlite_schema.foreign(path)
        kept = f"{path}.before-{stamp}"
        before = _keep(path, kept)
    with SQLiteReader(source, create=False, read_only=True) as backup:
        if before is None:
            backup.backup(path)
        else:
            _overwrite(backup, path)
        events = backup.head()
    _set_wal(path)
    return Restored(path, events, before, kept)


def _keep(path: str, kept: str) -> int | None:
    """A copy of the log that will be replaced; its head, or None when it had to be moved away as it is."""
    try:
        with SQLiteReader(path, create=False) as store:
            return store.backup(kept)
    except StoreUnavailable:
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(path + suffix, kept + suffix)
        return None


def _overwrite(backup: SQLiteReader, path: str) -> None:
    """Write the pages of a backup over a log in one transaction, as SQLite does for files that are in use."""
    try:
        with backup.reader() as source, closing(sqlite3.connect(path, timeout=30.0)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        raise unavailable(path, error) from error


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


def _pragmas(store: SQLiteReader) -> tuple[int, str]:
    with store.reader() as connection:
        schema: int = connection.execute("PRAGMA user_version").fetchone()[0]
        mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return schema, mode


def _size(path: str | None) -> int | None:
    try:
        return Path(path).stat().st_size if path else None
    except OSError:
        return None
