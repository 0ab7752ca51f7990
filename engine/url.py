"""From a URL to a store: the one place that knows which stores there are."""

from __future__ import annotations

import os
from collections.abc import Callable

from mentorcycle.domain.errors import StoreUnavailable, UnknownStore

from .stores.clock import utc_microseconds
from .stores.port import Log, Store

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
MEMORY = "memory://"


def sqlite_path(url: str) -> str | None:
    """The path in `sqlite:///path.db` (four slashes for an absolute one); None for another kind of URL."""
    if not url.startswith(SQLITE) or url in (SQLITE, f"{SQLITE}:memory:"):  # a file of that name is not meant
        return None
    path = url.removeprefix(SQLITE)
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    return path


def open_store(
    url: str, *, clock: Callable[[], int] | None, patience: float, create: bool, read_only: bool
) -> Store:
    """The store at a URL; raise `UnknownStore` for a URL of no known kind and `StoreUnavailable` otherwise.

    Without a `clock` each store takes its own: the machine's, or that of the server, which all hosts share.
    """
    if url.startswith(POSTGRES):
        return _postgres(url, clock=clock, patience=patience, read_only=read_only)
    clock = clock or utc_microseconds
    if url == MEMORY:
        from .stores.memory import MemoryStore

        return MemoryStore(clock=clock)
    if path := sqlite_path(url):
        from .stores.sqlite import SQLiteStore

        return SQLiteStore(path, clock=clock, patience=patience, create=create, read_only=read_only)
    raise UnknownStore(
        f"{without_password(url)!r} names no store",
        "stores are sqlite:///path.db, postgresql://host/database and memory://",
        "for example: sqlite:///north.db",
    )


def open_reader(url: str) -> Log:
    """The store at a URL for reading and read models alone: an existing file, and quick to import.

    A file or folder that may not be written is read as it is.
    """
    if path := sqlite_path(url):
        from .stores.sqlite_reader import SQLiteReader

        return SQLiteReader(path, create=False, read_only=not _writable(path))
    return open_store(url, clock=lambda: 0, patience=30.0, create=False, read_only=False)


def _postgres(url: str, *, clock: Callable[[], int] | None, patience: float, read_only: bool) -> Store:
    """Its tables are made by `mentorcycle db init` alone, so there is no `create` here."""
    try:
        from .stores.postgres import PostgresStore
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("psycopg", "psycopg_pool"):
            raise
        raise _without_driver(error) from error
    except ImportError as error:  # psycopg is there, and libpq is not
        if "libpq" not in str(error) and "pq wrapper" not in str(error):
            raise
        raise _without_driver(error) from error
    return PostgresStore(url, clock=clock, patience=patience, read_only=read_only)


def _without_driver(error: ImportError) -> StoreUnavailable:
    return StoreUnavailable(
        "PostgreSQL stores cannot be opened here",
        f"the driver for them is not installed ({str(error).splitlines()[0]})",
        "run: pip install 'mentorcycle[postgres]'",
    )


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    head, at, tail = url.rpartition("@")
    scheme, slashes, user = head.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}:…@{tail}" if at and ":" in user else url


def _writable(path: str) -> bool:
    effective = os.access in os.supports_effective_ids
    places = (path, os.path.dirname(os.path.abspath(path)))
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in places)
