"""A log to tell facts to, and the read models that follow from it, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import Event
from mentorcycle.domain.recorded import Recorded
from mentorcycle.engine.codec import encode, to_micros
from mentorcycle.engine.readers import Readers, View
from mentorcycle.engine.stores.memory import MemoryStore
from mentorcycle.engine.stores.port import NewEvent, Slice
from mentorcycle.projections import MODELS
from mentorcycle.projections.connection import Connection, Dialect
from mentorcycle.projections.cycles import CycleQueries
from mentorcycle.projections.minutes import MinutesQueries
from mentorcycle.projections.people import PeopleQueries
from mentorcycle.projections.trail import TrailQueries

from ..conftest import Server

Fact = tuple[Any, ...]
"""Stream and event; then, as far as told: the day it happened, who did it, the batch."""


class Told:
    """A log in memory. Facts are recorded at the instant they happened, unless `clock` says otherwise."""

    def __init__(self) -> None:
        self.clock = datetime(2026, 9, 1, tzinfo=UTC)
        self.store = MemoryStore(clock=lambda: to_micros(self.clock))
        self.readers = Readers(self.store)

    def tell(self, *facts: Fact, tenant: str = "default") -> int:
        for fact in facts:
            self._append(tenant, *fact)
        return self.store.head()

    def _append(
        self,
        tenant: str,
        stream: str,
        event: Event,
        day: str | None = None,
        actor: Actor | None = None,
        batch: str | None = None,
    ) -> None:
        at = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else self.clock
        version = len(self.store.read_stream(tenant, stream)) + 1
        who, command = actor or Actor.coordinator(), f"k-{self.store.head() + 1}"
        fact = Recorded(0, tenant, stream, version, self.clock, at, who, command, None, None, batch, event)
        new = NewEvent(stream, version, type(event).topic, encode(fact))
        self.store.append(Slice(tenant, command, b"", {}, [new]))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture(scope="session")
def postgres_tables(server: Server) -> Iterator[Any]:
    """A connection to a database with empty tables of two generations of every read model."""
    import psycopg

    from mentorcycle.engine.readers.postgres_connection import PostgresConnection

    server.sql("CREATE DATABASE models")
    with psycopg.connect(server.database("models"), autocommit=True) as connection:
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "jit"):
            connection.execute(f"SET {setting} = off")
        for model in MODELS:
            for generation in (1, 2):
                model.create(PostgresConnection(connection), generation)
        yield connection


@pytest.fixture
def postgres(postgres_tables: Any) -> Iterator[Any]:
    """A connection to empty tables of two generations; what is done there is taken back."""
    from mentorcycle.engine.readers.postgres_connection import PostgresConnection

    with postgres_tables.transaction(force_rollback=True):
        yield PostgresConnection(postgres_tables)


class PostgresView:
    """The questions of a `View`, to tables in PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self.cycles = CycleQueries(connection, 1)
        self.people = PeopleQueries(connection, 1)
        self.minutes = MinutesQueries(connection, 1)
        self.trail = TrailQueries(connection, 1)


@pytest.fixture(params=Dialect, ids=lambda dialect: dialect.value)
def after(request: pytest.FixtureRequest, told: Told) -> Iterator[Callable[..., View | PostgresView]]:
    """`after(*facts)` is the view of read models that know these facts too."""
    if request.param is Dialect.POSTGRES:
        yield _after_in_postgres(told, request.getfixturevalue("postgres"))
        return
    with ExitStack() as stack:

        def view(*facts: Fact) -> View:
            told.tell(*facts)
            return stack.enter_context(told.readers.view())

        yield view


def _after_in_postgres(told: Told, connection: Connection) -> Callable[..., PostgresView]:
    folded = 0

    def view(*facts: Fact) -> PostgresView:
        nonlocal folded
        head = told.tell(*facts)
        if head > folded:
            batch, folded = told.readers.read(folded, head, 10_000)
            for model in MODELS:
                model.apply(connection, 1, batch.events)
        return PostgresView(connection)

    return view
