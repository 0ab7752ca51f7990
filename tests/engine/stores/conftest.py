"""What tests of one store need beside a log: stores opened as other processes would, and writers that dawdle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_locks import locks

pytest.register_assert_rewrite("mentorcycle.engine.testing.store_contract")


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
