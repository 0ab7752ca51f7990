"""A host: a program with a table of its own in the database of the log, on connections that it makes itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from mentorcycle.domain import commands as c
from mentorcycle.engine import Engine, Settings


@dataclass
class Host:
    """`url` is the engine's, `address` what the driver connects to."""

    url: str
    opened: list[Any] = field(default_factory=list)

    @property
    def on_sqlite(self) -> bool:
        return self.url.startswith("sqlite:")

    @property
    def address(self) -> str:
        return self.url.removeprefix("sqlite:///")

    @property
    def driver_error(self) -> type[Exception]:
        return sqlite3.Error if self.on_sqlite else psycopg.Error

    def connect(self, **options: Any) -> Any:
        """A connection of the host."""
        connection: Any
        if self.on_sqlite:
            connection = sqlite3.connect(self.address, **{"timeout": 0.2, **options})
        else:
            connection = psycopg.connect(self.address, **options)
        self.opened.append(connection)
        return connection

    def autocommitting(self) -> Any:
        """A connection that begins no transaction by itself."""
        return self.connect(**({"isolation_level": None} if self.on_sqlite else {"autocommit": True}))

    def note(self, connection: Any, text: str) -> None:
        """Write a row of the host's own."""
        mark = "?" if self.on_sqlite else "%s"
        connection.execute(f"INSERT INTO notes VALUES ({mark})", (text,))

    def notes(self) -> list[str]:
        """The host's rows that are committed."""
        with self.elsewhere() as connection:
            return [note for (note,) in connection.execute("SELECT note FROM notes ORDER BY note")]

    @contextmanager
    def elsewhere(self) -> Iterator[Any]:
        """Another connection, in autocommit."""
        connection: Any
        if self.on_sqlite:
            connection = sqlite3.connect(self.address, isolation_level=None)
        else:
            connection = psycopg.connect(self.address, autocommit=True)
        try:
            yield connection
        finally:
            connection.close()


def made(url: str, settings: Settings) -> Iterator[Host]:
    """A host in the database of a log."""
    Engine.open(url, settings=settings).close()
    host = Host(url)
    with host.elsewhere() as connection:
        connection.execute("CREATE TABLE notes (note text PRIMARY KEY)")
    yield host
    for connection in host.opened:
        connection.close()
    with host.elsewhere() as connection:
        connection.execute("DROP TABLE notes")  # so that the database can be used again


@pytest.fixture
def on_sqlite(file: str, settings: Settings) -> Iterator[Host]:
    yield from made(file, settings)


@pytest.fixture
def on_postgres(log_url: str, settings: Settings) -> Iterator[Host]:
    yield from made(log_url, settings)


@pytest.fixture(params=["sqlite", "postgres"])
def host(request: pytest.FixtureRequest) -> Host:
    found: Host = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def engine(host: Host, settings: Settings) -> Iterator[Engine]:
    with Engine.open(host.url, settings=settings) as engine:
        yield engine


@pytest.fixture
def story(engine: Engine, begin: Callable[..., Any]) -> Any:
    return begin(engine)


@pytest.fixture
def contact(story: Any) -> Callable[..., Any]:
    """Logs a contact of so many minutes through an engine or a unit."""
    return lambda through, minutes=30, **said: through.execute(
        c.LogContact(story.cycle, minutes), story.bo, **said
    )


@pytest.fixture
def minutes(story: Any) -> Callable[..., list[int]]:
    """The contacts that anybody sees, by their minutes."""

    def found(engine: Engine = story.engine) -> list[int]:
        history = engine.history(story.cycle, story.coordinator)
        return [r.event.minutes for r in history if r.event.topic.startswith("ContactLogged")]

    return found
