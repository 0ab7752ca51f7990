"""From a URL to a store: the one place that knows which stores there are."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import StoreUnavailable, UnknownStore

from .stores.clock import utc_microseconds
from .stores.port import Log, Store

if TYPE_CHECKING:
    from .aio.on_loop import OnLoop
    from .stores.transfer import Moment, Target

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
MEMORY = "memory://"
_USER = re.compile(r"(?:[A-Za-z][\w+.-]*:/+)?[^:]*")
_PASSWORD = re.compile(r"(pass\w*\s*=)[^&]*", re.IGNORECASE)  # misspelt, too

_NO_PORT = re.compile(r"^(\w+://[^:/?\[]*):(?!\d*(?:[,/?]|$))[^/?]*")  # a password, if the host was forgotten
_BEFORE_HOST = re.compile(r"^(\w+://[^:@/?]*):[^@/]*(?=@[^@]*$)")
_IS_PASSWORD = re.compile(r"\w*password=", re.IGNORECASE)


def sqlite_path(url: str) -> str | None:
    """The path in `sqlite:///path.db` (four slashes for an absolute one); None for another kind of URL."""
    if not url.startswith(SQLITE) or url in (SQLITE, f"{SQLITE}:memory:"):  # a file of that name is not meant
        return None
    path = url.removeprefix(SQLITE)
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    return path


def is_postgres(url: str) -> bool:
    """Whether a URL names a PostgreSQL database."""
    return url.startswith(POSTGRES)


def shown(url: str) -> str:
    """What a store is called for people: the path of its file, or a URL without its password."""
    return sqlite_path(url) or without_password(url)


def init_store(url: str, *, dry_run: bool = False) -> bool:
    """Make what a store needs before it can be opened; whether something was missing. A file needs nothing.

    Raises `StoreUnavailable` when that cannot be made. A dry run only looks.
    """
    if not is_postgres(url):
        return False
    with _driver_needed():
        from .stores.postgres_schema import init_schema
    return init_schema(url, dry_run=dry_run)


def upgrade_store(url: str, *, dry_run: bool = False) -> list[str]:
    """Bring a store up to date that an older program made; the statements for it, none when nothing was to do.

    Raises `StoreUnavailable` when that cannot be done. A dry run only says them.
    """
    if not is_postgres(url):
        return []
    with _driver_needed():
        from .stores.postgres_upgrade import upgrade_schema
    return upgrade_schema(url, dry_run=dry_run)


def open_store(
    url: str, *, clock: Callable[[], int] | None, patience: float, create: bool, read_only: bool
) -> Store:
    """The store at a URL; raise `UnknownStore` for a URL of no known kind and `StoreUnavailable` otherwise.

    Without a `clock` each store takes its own: the machine's, or that of the server, which all hosts share.
    """
    if is_postgres(url):
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
    """The store at a URL for reading and read models alone; a file must be there, and is quick to import.

    A file or folder that may not be written is read as it is.
    """
    if path := sqlite_path(url):
        from .stores.sqlite_reader import SQLiteReader

        return SQLiteReader(path, create=False, read_only=not _writable(path))
    return open_store(url, clock=lambda: 0, patience=30.0, create=False, read_only=False)


def open_target(url: str, *, create: bool) -> Target:
    """The store at a URL to be filled by a copy; with `create` it is made when there is none."""
    if path := sqlite_path(url):
        from .stores.sqlite_copy import SQLiteTarget

        return SQLiteTarget(path, create=create)
    with _driver_needed():
        from .stores.postgres_copy_target import PostgresTarget
    return PostgresTarget(url, create=create)


def moment_of(log: Log) -> Moment:
    """All rows of a store that `open_reader` opened, as they are now."""
    from .stores.sqlite_reader import SQLiteReader

    if isinstance(log, SQLiteReader):
        from .stores.sqlite_copy import SQLiteMoment

        return SQLiteMoment(log)
    from .stores.postgres_copy import PostgresMoment
    from .stores.postgres_reader import PostgresReader

    if isinstance(log, PostgresReader):
        return PostgresMoment(log)
    raise UnknownStore(
        "a store in memory cannot be copied", "it ends with its process", "name a file or database"
    )


def name_of(url: str) -> str:
    """The URL of a file or database as it may be shown, and typed from every folder."""
    if path := sqlite_path(url):
        return f"{SQLITE}{os.path.abspath(path)}"
    with _driver_needed():
        from .stores.postgres_errors import place_of
    return place_of(url)


def is_there(url: str) -> bool:
    """Whether there is a log at a URL; raise `StoreUnavailable` when that cannot be told."""
    if path := sqlite_path(url):
        return os.path.exists(path) and os.path.getsize(path) > 0
    return not init_store(url, dry_run=True)


def _postgres(url: str, *, clock: Callable[[], int] | None, patience: float, read_only: bool) -> Store:
    """Its tables are made by `mentorcycle db init` alone, so there is no `create` here."""
    with _driver_needed():
        from .stores.postgres import PostgresStore
    return PostgresStore(url, clock=clock, patience=patience, read_only=read_only)


def on_loop() -> OnLoop:
    """The runner of what `open_loop_store` opens."""
    with _driver_needed():
        from .aio.on_loop import OnLoop
    return OnLoop()


def open_loop_store(url: str, *, clock: Callable[[], int] | None, patience: float, read_only: bool) -> Store:
    """The store in PostgreSQL at a URL, for tasks; see `open_store`."""
    with _driver_needed():
        from .aio.postgres import LoopStore
    return LoopStore(url, clock=clock, patience=patience, read_only=read_only)


@contextmanager
def _driver_needed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == "greenlet":
            raise StoreUnavailable(
                "AsyncEngine cannot open PostgreSQL stores here",
                "what lets its tasks wait is not installed (greenlet)",
                "run: pip install 'mentorcycle[postgres,async]'",
            ) from error
        if missing != "psycopg":
            raise
        raise _without_driver(error) from error
    except ImportError as error:  # psycopg is there, and libpq is not
        if "libpq" not in str(error) and "pq wrapper" not in str(error):
            raise
        raise _without_driver(error) from error


def _without_driver(error: ImportError) -> StoreUnavailable:
    return StoreUnavailable(
        "PostgreSQL stores cannot be opened here",
        f"the driver for them is not installed ({str(error).splitlines()[0]})",
        "run: pip install 'mentorcycle[postgres]'",
    )


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    head, at, tail = url.rpartition("@")
    said = _USER.match(head)
    if said is not None and said.end() < len(head):
        head = f"{said[0]}:…"
    elif not at:
        head, tail = "", _NO_PORT.sub(r"\1:…", tail)
    return _PASSWORD.sub(r"\1…", f"{head}{at}{tail}")


def typed_again(url: str) -> str:
    """The URL as it can be typed again, without its password, which is then looked for where else it may stand."""
    if sqlite_path(url):
        return url
    place, _, query = url.partition("?")
    place = _BEFORE_HOST.sub(r"\1", place)
    kept = [part for part in query.split("&") if part and not _IS_PASSWORD.match(part)]
    plain = "?".join([place, *(["&".join(kept)] if kept else [])])
    return plain if without_password(plain) == plain else without_password(url)


def _writable(path: str) -> bool:
    effective = os.access in os.supports_effective_ids
    places = (path, os.path.dirname(os.path.abspath(path)))
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in places)
