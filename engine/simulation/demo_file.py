"""The file of a demo: lived in a folder beside it, put in its place when it is whole, known by a mark, and
replaced only while nobody has written to it. Not for what happens in the year.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine.stores import sqlite_care
from mentorcycle.engine.stores.sqlite_errors import unavailable
from mentorcycle.engine.stores.sqlite_reader import SQLiteReader
from mentorcycle.engine.url import SQLITE, open_reader

_KEY = "demo"
_LOCK = "lock"
_READ = "SELECT (SELECT value FROM meta WHERE key = ?), (SELECT coalesce(max(position), 0) FROM events)"
_WRITE = "INSERT INTO meta VALUES (?, ?)"
_BESIDE = ("-wal", "-shm")
_FILES = ("", "-journal", *_BESIDE)


@dataclass(frozen=True, slots=True)
class DemoMark:
    """What a demo says of itself, in its `meta`: the seed of its year, and the last position that is of the year.

    Only `finish` writes it: neither a programme of the same name nor a year that was not lived to its end has one.
    """

    seed: int
    head: int


def finish(path: str, mark: DemoMark) -> None:
    """Mark a year that was lived to its end as a demo; nobody else has its file open."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(_WRITE, (_KEY, json.dumps(asdict(mark))))
    except sqlite3.Error as error:
        raise unavailable(path, error) from error


def check_replaceable(path: str, *, yes: bool) -> None:
    """Raise `StoreUnavailable` unless a demo may be put there: in an empty place, or over a demo nobody wrote to."""
    if not _is_something(path):
        return
    mark, head = _seen(path)
    if mark is None:
        raise StoreUnavailable(
            f"the demo is not written to {path}",
            "it holds something else, or a demo of an earlier version",
            "name another file with --db",
        )
    if since := head - mark.head:
        raise StoreUnavailable(
            f"the demo in {path} is not replaced",
            f"{since} event{'s were' if since != 1 else ' was'} written to it after the demo",
            "name another file with --db",
        )
    if not yes:
        raise StoreUnavailable(
            f"{path} holds a demo already",
            "it would be replaced",
            "add --yes, or name another file with --db",
        )


@contextmanager
def room_beside(path: str) -> Iterator[str]:
    """A file to live a year in, on the same disk; whatever is still there at the end goes, and what a killed run left.

    Raises `StoreUnavailable` while another process lives a year for the same place, and where nothing can be written.
    """
    folder = f"{path}.living"
    lock = _locked(folder, path)
    fresh = os.path.join(folder, os.path.basename(path))
    try:
        _remove(fresh)
        yield fresh
    finally:
        _remove(fresh)
        with suppress(OSError):
            os.unlink(os.path.join(folder, _LOCK))  # while it is held: who waited for it looks again
            os.rmdir(folder)
        os.close(lock)


def url_of(path: str) -> str:
    """How a file is named whose path may hold anything."""
    return f"{SQLITE}{os.path.abspath(path).replace('%', '%25')}"


def put(fresh: str, path: str, stamp: str) -> str | None:
    """Put a whole year in its place; where what was written there meanwhile is kept, None when nothing was.

    Programs that have the demo open that was there go on with the new one.
    """
    aside = f"{path}.before-{stamp}"
    if _is_something(path):
        sqlite_care.renew(fresh)
        try:
            sqlite_care.overwrite(path, fresh, aside)
        finally:
            _drop_untouched(aside)
        return aside if os.path.exists(aside) else None
    # A write-ahead log without its file: SQLite would write its pages over those of the demo.
    for suffix in ("", *_BESIDE):
        with suppress(FileNotFoundError):
            os.replace(path + suffix, aside + suffix)
    with suppress(OSError):
        if os.path.getsize(aside) == 0:
            os.unlink(aside)
    _move(fresh, path)
    return None


def _move(fresh: str, path: str) -> None:
    try:
        os.link(fresh, path)  # fails where somebody made a file meanwhile
    except FileExistsError:
        raise StoreUnavailable(
            f"the demo is not written to {path}", "somebody has just made it", "name another file with --db"
        ) from None
    except OSError:  # a file system without links
        os.replace(fresh, path)


def _is_something(path: str) -> bool:
    return os.path.exists(path) and os.path.getsize(path) > 0


def _seen(path: str) -> tuple[DemoMark | None, int]:
    """The mark of a store and its head, at one moment."""
    with closing(open_reader(url_of(path))) as store:
        assert isinstance(store, SQLiteReader)
        with store.reader() as connection:
            kept, head = connection.execute(_READ, (_KEY,)).fetchone()
    return (DemoMark(**json.loads(kept)) if kept else None), head


def _drop_untouched(path: str) -> None:
    """Remove a copy of a demo that another run would give again."""
    if not os.path.exists(path):
        return
    mark, head = _seen(path)
    if mark is not None and mark.head == head:
        _remove(path)


def _locked(folder: str, path: str) -> int:
    """The folder's lock, held until it is closed; the system lets go of it for a process that was killed."""
    try:
        while True:
            with suppress(FileExistsError):
                os.mkdir(folder, mode=0o700)
            _check_ours(folder, path)
            lock = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_CREAT, 0o600)
            if not _held(lock):
                os.close(lock)
                raise StoreUnavailable(
                    f"no demo is made at {path} now", "another process is making it", "wait until it is done"
                )
            with suppress(OSError):  # who held it before may have removed it meanwhile
                if os.path.samestat(os.fstat(lock), os.stat(os.path.join(folder, _LOCK))):
                    return lock
            os.close(lock)
    except OSError as error:
        why, fix = error.strerror or str(error), "check the directory and the disk"
        raise StoreUnavailable(f"no demo can be made at {path}", why, fix) from error


def _held(lock: int) -> bool:
    try:
        import fcntl
    except ImportError:  # a system without it: whoever else lives a year there gets an error of the file
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_ours(folder: str, path: str) -> None:
    """Raise for a folder of that name that another program, or another user, made: nothing in it is touched."""
    name = os.path.basename(path)
    ours = {_LOCK, *(name + suffix for suffix in _FILES)}
    there = os.lstat(folder)
    if (
        not stat.S_ISDIR(there.st_mode)
        or (hasattr(os, "geteuid") and there.st_uid != os.geteuid())
        or not ours.issuperset(os.listdir(folder))
    ):
        raise StoreUnavailable(
            f"no demo can be made at {path}",
            f"{folder} is in the way, and no demo made it",
            "move it away, or name another file with --db",
        )


def _remove(path: str) -> None:
    for suffix in _FILES:
        with suppress(FileNotFoundError):
            os.unlink(path + suffix)
