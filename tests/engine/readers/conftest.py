"""A log in memory or in a file, facts to tell it, and read models made for a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import Event, PersonAdded
from mentorcycle.domain.recorded import Recorded
from mentorcycle.engine.codec import encode
from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.memory import MemoryStore
from mentorcycle.engine.stores.port import NewEvent, Slice
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.projections import ReadModel
from mentorcycle.projections.connection import Connection
from mentorcycle.projections.projection import Table

from ...conftest import Logs

NOW = datetime(2026, 9, 1, tzinfo=UTC)


class Story:
    """A log and the streams told to it."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def tell(self, stream: str, *events: Event) -> int:
        known = len(self.store.read_stream("default", stream))
        for version, event in enumerate(events, known + 1):
            at, actor = self.store.head() + 1, Actor.coordinator()
            fact = Recorded(
                at, "default", stream, version, NOW, NOW, actor, f"k{at}", None, None, None, event
            )
            self.append(stream, version, type(event).topic, encode(fact))
        return self.store.head()

    def append(self, stream: str, version: int, topic: str, state: bytes) -> None:
        command = f"k{self.store.head() + 1}"
        self.store.append(Slice("default", command, b"", {}, [NewEvent(stream, version, topic, state)]))

    def names(self, *names: str) -> int:
        """People called so, one each: `ada` is `person:ada`."""
        for name in names:
            self.tell(f"person:{name}", PersonAdded(name=name))
        return self.store.head()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    if request.param == "postgres":
        yield request.getfixturevalue("shared")
        return
    store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "log.db")
    yield Story(store)
    store.close()


@pytest.fixture(scope="session")
def furnished(server: Any) -> Any:
    """Logs in PostgreSQL that have tables for the read models of `Seen` too."""
    from mentorcycle.engine.stores.postgres_upgrade import upgrade_schema

    return Logs(server, lambda url: upgrade_schema(url, models=[Seen().model(1)]))


@pytest.fixture
def shared_url(furnished: Any) -> Iterator[str]:
    """The URL of a log in PostgreSQL."""
    with furnished.one() as url:
        yield url


@pytest.fixture
def shared(shared_url: str) -> Iterator[Story]:
    """A story in PostgreSQL."""
    from mentorcycle.engine.stores.postgres import PostgresStore

    with PostgresStore(shared_url) as store:
        yield Story(store)


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Story]:
    """A story in a file."""
    store = SQLiteStore(tmp_path / "log.db")
    yield Story(store)
    store.close()


class Seen:
    """A read model that keeps what it saw, in the order in which it saw it.

    It raises for people in `poison`, events at `poison_positions`, and for all when `broken`.
    """

    def __init__(self) -> None:
        self.poison: set[str] = set()
        self.poison_positions: set[int] = set()
        self.broken = False
        self.batches: list[int] = []

    def model(self, version: int = 1) -> ReadModel:
        create = "CREATE TABLE seen_event_{g} (position INTEGER NOT NULL, stream TEXT NOT NULL)"
        return ReadModel("seen", version, (Table("seen_event", "position", create),), self._apply)

    def _apply(self, connection: Connection, g: int, events: Sequence[Recorded[Any]]) -> None:
        self.batches.append(len(events))
        for r in events:
            name = r.stream.removeprefix("person:")
            if self.broken or name in self.poison or r.position in self.poison_positions:
                raise ValueError(f"cannot take {r.event}")
            connection.execute(f"INSERT INTO seen_event_{g} VALUES (?, ?)", (r.position, r.stream))


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def rows() -> Callable[..., list[tuple[int, str]]]:
    """The rows of `Seen` that a query gets now, in order of the log or of another column."""

    def read(readers: Readers, order: str = "position") -> list[tuple[int, str]]:
        with readers.view() as view:
            g = view.serving("seen").generation
            by = "ctid" if order == "rowid" and readers.tables.shared else order
            found = view.connection.execute(f"SELECT position, stream FROM seen_event_{g} ORDER BY {by}")
            return [(position, stream.removeprefix("person:")) for position, stream in found]

    return read
